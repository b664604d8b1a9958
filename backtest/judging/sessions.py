"""The axis of time everything is judged on: sessions of the exchange, with their hours."""

from collections.abc import Iterable
from datetime import date, timedelta
from functools import lru_cache

from domain.krx.calendar import is_session
from domain.krx.sessions import HOURS_KNOWN_FROM, regular_session
from domain.time import NANOS_PER_MINUTE, from_kst
from domain.types import UnixNanos
from strategies.base import Day

AUCTION_MINUTES = 10


def sessions_of(days: Iterable[date]) -> tuple[date, ...]:
    """Give every session from the first to the last of some days, those without a row included."""
    known = sorted(set(days))
    if not known:
        return ()
    span = (known[-1] - known[0]).days
    return tuple(day for back in range(span + 1) if is_session(day := known[0] + timedelta(days=back)))


@lru_cache(maxsize=8192)
def hours_of(day: date) -> Day:
    """Give the hours of a session; before they are known, those of an ordinary day (09:00 to 15:30)."""
    found = regular_session(day) if day >= HOURS_KNOWN_FROM else None
    if found is not None:
        return Day(day, found.open, found.close_auction, found.close)
    close = from_kst(day, 15, 30)
    return Day(day, from_kst(day, 9, 0), UnixNanos(close - AUCTION_MINUTES * NANOS_PER_MINUTE), close)
