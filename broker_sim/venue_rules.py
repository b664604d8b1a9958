"""What the simulated venue rejects, and why. Codes are stable; texts are for people."""

from datetime import date
from typing import Final, NamedTuple

from domain.instruments import Instrument
from domain.krx.ticks import is_on_tick
from domain.types import OrderKind, Venue


class Rejection(NamedTuple):
    """A code and a text with value and what is allowed."""

    code: str
    text: str


SINGLE_PRICE_PERCENT: Final = 10  # off-hours single prices around the close; KRX rule until 2026-09-13


def judge_venue(venue: Venue) -> Rejection | None:
    """Reject what is meant for NXT alone: no feed here tells its quotes. SOR goes to KRX."""
    if venue is Venue.NXT:
        return Rejection("VENUE_NOT_SERVED", "venue expected KRX or SOR, was NXT: its quotes are not known here")
    return None


def judge_instrument(symbol: str, instrument: Instrument | None) -> Rejection | None:
    """Reject what is not listed or suspended."""
    if instrument is None:
        return Rejection("UNKNOWN_SYMBOL", f"symbol {symbol!r} is not served here")
    if not instrument.tradable:
        return Rejection("NOT_TRADABLE", f"{symbol} is suspended")
    return None


def judge_quantity(quantity: int, most: int | None = None) -> Rejection | None:
    """Reject no shares, or more than `most`."""
    if quantity <= 0:
        return Rejection("BAD_QUANTITY", f"quantity expected > 0 shares, was {quantity}")
    if most is not None and quantity > most:
        return Rejection("BAD_QUANTITY", f"quantity expected at most {most} open shares, was {quantity}")
    return None


def judge_price(price: int, instrument: Instrument, on: date) -> Rejection | None:
    """Reject a limit price (won) off the tick grid or, where the day's limits are known, outside them."""
    if not is_on_tick(price, instrument.market, on):
        return Rejection("BAD_TICK", f"price {price} is not on the tick grid of {instrument.market}")
    lower, upper = instrument.lower_limit, instrument.upper_limit
    if (lower is not None and price < lower) or (upper is not None and price > upper):
        return Rejection("OUTSIDE_LIMITS", f"price expected {lower} to {upper} today, was {price}")
    return None


def judge_form(kind: OrderKind, limit_price: int | None, stop_price: int | None) -> Rejection | None:
    """Reject a limit or stop price where the kind has none, and the lack of one where it has."""
    if kind.has_limit_price != (limit_price is not None):
        return Rejection("BAD_PRICE", f"a {kind} order with limit price {limit_price} makes no sense")
    if (kind is OrderKind.STOP_LIMIT) != (stop_price is not None):
        return Rejection("BAD_PRICE", f"a {kind} order with stop price {stop_price} makes no sense")
    return None


def judge_single_price(price: int, close: int | None) -> Rejection | None:
    """Reject an off-hours single-price order further than 10 % from the close (won; None: not known)."""
    if close is not None and abs(price - close) * 100 > SINGLE_PRICE_PERCENT * close:
        return Rejection("OUTSIDE_LIMITS", f"price expected within 10 % of the close {close}, was {price}")
    return None


def judge_cash(needed: int, orderable: int) -> Rejection | None:
    """Reject a buy that cash does not cover."""
    if needed > orderable:
        return Rejection("INSUFFICIENT_CASH", f"{needed} KRW needed with commission, {orderable} KRW orderable")
    return None


def judge_shares(quantity: int, sellable: int) -> Rejection | None:
    """Reject a sale of more than is held and not in another sell order."""
    if quantity > sellable:
        return Rejection("INSUFFICIENT_SHARES", f"{quantity} shares to sell, {sellable} sellable")
    return None
