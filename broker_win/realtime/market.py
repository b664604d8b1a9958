"""What Kiwoom tells of the market itself: phases of the day, interruptions of single issues, and indices. Pure.

Source: kiwoom.md 2.3.
"""

import re
from functools import cache
from typing import Final

from broker.port import IndexMoved, PhaseChanged, VolatilityInterruption
from broker_win.realtime.layouts import Dropped, Layout, Values, layout
from broker_win.realtime.stamps import Stamps
from broker_win.text import code as read_code
from broker_win.text import number, price
from domain.krx.sessions import AFTER_MARKET_OPENED
from domain.time import kst_date
from domain.types import Krw, Market, UnixNanos, VenuePhase

SESSION: Final = "장시작시간"
INTERRUPTION: Final = "VI발동/해제"
INDEX: Final = "업종지수"
INDICES: Final = {"001": Market.KOSPI, "101": Market.KOSDAQ}

# FID 215. The phase of the market for shares that begins with a code.
PHASES: Final = {
    "0": VenuePhase.OPENING_AUCTION,  # told again and again before the open
    "3": VenuePhase.CONTINUOUS,
    "2": VenuePhase.CLOSING_AUCTION,  # told again and again before the close
    "4": VenuePhase.CLOSED,
    "8": VenuePhase.CLOSED,  # said by the exchange
    "9": VenuePhase.CLOSED,  # everything is over
    "a": VenuePhase.OFF_HOURS_CLOSE,
    "b": VenuePhase.CLOSED,
    "c": VenuePhase.AFTER_MARKET,  # until 2026-09-13 the off-hours single price: see `_phase`
    "d": VenuePhase.CLOSED,
}
DERIVATIVES: Final = frozenset("efos")
NXT: Final = frozenset("PQRSTUVW")  # the other exchange's day; orders here go to KRX
TRIGGERED, RELEASED = "1", "2"  # FID 9068 (unconfirmed)
_POINTS: Final = re.compile(r"([+-]?) *(\d+)\.(\d\d)")


def read_session(values: Values, now: UnixNanos, stamps: Stamps) -> PhaseChanged | None:
    """Read 장시작시간; None for a code about another market.

    A time that is none (some codes come with 888888) is taken as `now`: the phase matters more than its second.
    Raises Dropped `session_code` for an unknown code.
    """
    letter, time = (text.strip() for text in _session_fields().read(values))
    if letter in DERIVATIVES or letter in NXT:
        return None
    phase = PHASES.get(letter)
    if phase is None:
        raise Dropped("session_code", f"session code (FID 215) expected one of {' '.join(PHASES)}, was {letter!r}")
    at = _moment(time, now, stamps)
    return PhaseChanged(at, _phase(phase, at), letter)


def read_interruption(code: str, values: Values, now: UnixNanos, stamps: Stamps) -> VolatilityInterruption:
    """Read VI발동/해제 of the issue it names, else of the event's code. A time that is none is taken as `now`.

    Raises Dropped.
    """
    named, kind, trigger, began, ended, reason, times = (text.strip() for text in _interruption_fields().read(values))
    if kind not in (TRIGGERED, RELEASED):
        raise Dropped("interruption_kind", f"VI (FID 9068) expected {TRIGGERED} or {RELEASED}, was {kind!r}")
    try:
        symbol, at_price, count = read_code(named or code), price(trigger), number(times)
    except ValueError as error:
        raise Dropped("bad_value", str(error)) from None
    is_active = kind == TRIGGERED
    at = _moment(began if is_active else ended, now, stamps)
    return VolatilityInterruption(at, symbol, is_active, at_price or Krw(0), reason, count or 0)


def read_index(code: str, values: Values, now: UnixNanos, stamps: Stamps) -> IndexMoved | None:
    """Read 업종지수; None for an index that is not a market's.

    Values are taken as points with two decimals behind a sign that tells the direction, changes (FID 11) with their own
    sign; both are unconfirmed, so a text without two decimals is not guessed at. Raises Dropped.
    """
    market = INDICES.get(code.strip())
    if market is None:
        return None
    time, value, change = (text.strip() for text in _index_fields().read(values))
    hundredths = abs(_hundredths(value, 10))
    if not hundredths:
        raise Dropped("bad_value", f"index (FID 10) expected above 0, was {value!r}")
    previous = hundredths - _hundredths(change, 11) if change else 0
    return IndexMoved(stamps.moment(time, now), market, hundredths, max(previous, 0))


def _hundredths(text: str, fid: int) -> int:
    found = _POINTS.fullmatch(text)
    if found is None:
        raise Dropped("bad_value", f"index points (FID {fid}) expected two decimals, was {text!r}")
    sign, whole, rest = found.groups()
    return int(whole + rest) * (-1 if sign == "-" else 1)


def _phase(phase: VenuePhase, at: UnixNanos) -> VenuePhase:
    """Give the phase by the regime of the day: before the after-market there were auctions every ten minutes."""
    if phase is VenuePhase.AFTER_MARKET and kst_date(at) < AFTER_MARKET_OPENED:
        return VenuePhase.CLOSED
    return phase


def _moment(time: str, now: UnixNanos, stamps: Stamps) -> UnixNanos:
    try:
        return stamps.moment(time, now)
    except Dropped:
        return now


@cache
def _session_fields() -> Layout:
    return layout(SESSION, 215, 20)


@cache
def _index_fields() -> Layout:
    return layout(INDEX, 20, 10, 11)


@cache
def _interruption_fields() -> Layout:
    return layout(INTERRUPTION, 9001, 9068, 1221, 1223, 1224, 1225, 1490)
