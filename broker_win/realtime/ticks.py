"""What Kiwoom tells of trades and best prices, read. Pure.

Prices carry the sign of the direction since the previous close, quantities that of who took: both are read as they
are without it. Source: kiwoom.md 2.1 to 2.3.
"""

from functools import cache
from typing import Final, NamedTuple

from broker_win.realtime.layouts import Dropped, Layout, Values, layout
from broker_win.text import price, quantity

TRADE: Final = "주식체결"
BEST: Final = "주식우선호가"
STANDING: Final = "주식시세"  # a change without a trade, no time of its own
EXPECTED: Final = "주식예상체결"


class Trade(NamedTuple):
    """One 주식체결. Prices in KRW, 0 when there is none."""

    time: str  # HHMMSS, as received
    price: int
    quantity: int  # shares of this trade
    volume: int  # shares today, this trade included
    ask: int  # best, after this trade
    bid: int


class Best(NamedTuple):
    """Best prices (KRW), 0 when there is none: 주식우선호가, and 주식시세, whose other fields tell of no trade."""

    ask: int
    bid: int


class Expected(NamedTuple):
    """What a call auction would trade now: 주식예상체결. Never a trade."""

    time: str
    price: int  # KRW, 0 when nothing would trade
    quantity: int


def read_trade(values: Values) -> Trade:
    """Read one trade. Raises Dropped when price, quantity or volume are missing, or no shares traded."""
    time, last, traded, volume, ask, bid = _trade_fields().read(values)
    try:
        found = Trade(
            time, price(last) or 0, quantity(traded) or 0, quantity(volume) or 0, price(ask) or 0, price(bid) or 0
        )
    except ValueError as error:
        raise Dropped("bad_value", str(error)) from None
    if not found.price:
        raise Dropped("bad_value", f"price expected, was {last!r}")
    if not found.quantity:
        raise Dropped("no_volume", f"shares of a trade expected, was {traded!r}")
    if found.volume < found.quantity:  # blank too: the day's volume has this trade in it
        raise Dropped("bad_value", f"volume of the day expected at least {found.quantity}, was {volume!r}")
    return found


def read_best(real_type: str, values: Values) -> Best:
    """Read best prices of 주식우선호가 or 주식시세. Raises Dropped."""
    ask, bid = _best_fields(real_type).read(values)
    try:
        return Best(price(ask) or 0, price(bid) or 0)
    except ValueError as error:
        raise Dropped("bad_value", str(error)) from None


def read_expected(values: Values) -> Expected:
    """Read what an auction would trade. Raises Dropped."""
    time, last, traded = _expected_fields().read(values)
    try:
        return Expected(time, price(last) or 0, quantity(traded) or 0)
    except ValueError as error:
        raise Dropped("bad_value", str(error)) from None


@cache
def _trade_fields() -> Layout:
    return layout(TRADE, 20, 10, 15, 13, 27, 28)


@cache
def _best_fields(real_type: str) -> Layout:
    return layout(real_type, 27, 28)


@cache
def _expected_fields() -> Layout:
    return layout(EXPECTED, 20, 10, 15)
