"""One day of the venue: its sessions, which orders live in which, and when something turns by the clock alone. Pure.

Every order lives in one session and ends with it. The regular session lasts until 35 s after its nominal close, because
the closing cross comes at a random moment; the after-market (since 2026-09-14) is a market of its own to which nothing
is carried over. Source: `domain.krx.sessions`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Final, NamedTuple

from domain.krx.calendar import NO_OVERRIDES
from domain.krx.order_phases import OrderDay, OrderPhase, order_day
from domain.krx.sessions import RANDOM_END, RegularSession, phase_at, regular_session
from domain.time import NANOS_PER_DAY, from_kst, kst_date
from domain.types import OrderKind, UnixNanos, Venue, VenuePhase


class Session(Enum):
    """What an order lives in."""

    PRE_OPEN = "PRE_OPEN"  # off-hours at the previous close
    REGULAR = "REGULAR"  # opening auction to closing cross
    POST_CLOSE = "POST_CLOSE"  # off-hours at today's close
    SINGLE = "SINGLE"  # off-hours single price, until 2026-09-13
    AFTER_MARKET = "AFTER_MARKET"


class Turn(Enum):
    """What the clock does to the books."""

    DAY_BEGINS = "DAY_BEGINS"  # orders of an earlier day are still open: their own end was never journaled
    OPENING_OVER = "OPENING_OVER"  # the latest moment of the opening cross has passed
    CLOSING_BEGINS = "CLOSING_BEGINS"  # the closing auction collects orders
    SESSION_ENDS = "SESSION_ENDS"
    HALT_ENDS = "HALT_ENDS"  # of a circuit breaker: its auction begins


class Item(NamedTuple):
    """One turn of the day."""

    at: int  # first venue time it holds
    stamp: int  # venue time of the facts it makes
    turn: Turn
    session: Session


OWN_SESSION: Final = {
    OrderKind.PRE_OPEN_CLOSE: Session.PRE_OPEN,
    OrderKind.POST_CLOSE: Session.POST_CLOSE,
    OrderKind.OFF_HOURS_SINGLE: Session.SINGLE,
}
_SESSIONS: Final = {
    OrderPhase.PRE_OPEN_OFF_HOURS: Session.PRE_OPEN,
    OrderPhase.POST_CLOSE_TRADING: Session.POST_CLOSE,
    OrderPhase.OFF_HOURS_SINGLE: Session.SINGLE,
    OrderPhase.AFTER_MARKET: Session.AFTER_MARKET,
}
_SHOWN: Final = {
    OrderPhase.POST_CLOSE_ENTRY: VenuePhase.OFF_HOURS_CLOSE,
    OrderPhase.POST_CLOSE_TRADING: VenuePhase.OFF_HOURS_CLOSE,
    OrderPhase.OFF_HOURS_SINGLE: VenuePhase.OFF_HOURS_CLOSE,
    OrderPhase.AFTER_MARKET: VenuePhase.AFTER_MARKET,
}


@dataclass(frozen=True, slots=True)
class VenueDay:
    """Sessions of one trading date in KST; `regular` is None when the exchange is closed."""

    day: date
    begin: UnixNanos  # midnight in KST
    regular: RegularSession | None
    orders: OrderDay
    trades: Mapping[Session, tuple[int, int]]  # venue times from, to (exclusive) in which its prints are told

    def __contains__(self, now: int) -> bool:
        """Tell whether a moment lies in the day."""
        return self.begin <= now < self.begin + NANOS_PER_DAY

    def phase(self, now: int) -> VenuePhase:
        """Give the phase the venue tells of."""
        if self.regular is None:
            return VenuePhase.CLOSED
        shown = phase_at(self.regular, now)
        if shown is VenuePhase.CLOSED:
            later = [_SHOWN[phase] for phase in self.orders.at(now, Venue.KRX) if phase in _SHOWN]
            return later[-1] if later else shown
        return shown

    def session_of(self, kind: OrderKind, accepted_at: int) -> Session:
        """Give the session an order lives in: that of its kind, else the one it was sent in."""
        if kind in OWN_SESSION:
            return OWN_SESSION[kind]
        window = self.trades.get(Session.AFTER_MARKET)
        return Session.AFTER_MARKET if window and accepted_at >= window[0] else Session.REGULAR

    def prints_of(self, session: Session, now: int) -> bool:
        """Tell whether a print of this moment is one of the session."""
        window = self.trades.get(session)
        return window is not None and window[0] <= now < window[1]

    def turns(self) -> list[Item]:
        """List what turns by the clock, in order of time."""
        if self.regular is None:
            return []
        over, begins = self.regular.open + RANDOM_END + 1, self.regular.close_auction
        items = [
            Item(over, over, Turn.OPENING_OVER, Session.REGULAR),
            Item(begins, begins, Turn.CLOSING_BEGINS, Session.REGULAR),
        ]
        for session, (_, end) in self.trades.items():
            stamp = end - 1 if session is Session.REGULAR else end
            items.append(Item(end, stamp, Turn.SESSION_ENDS, session))
        return sorted(items, key=lambda item: item.at)


def venue_day(now: int, overrides: Mapping[str, tuple[str, str]] = NO_OVERRIDES) -> VenueDay:
    """Give the day of a moment (UTC ns). Raises ConfigError like `regular_session`."""
    day = kst_date(now)
    regular = regular_session(day, overrides)
    orders = order_day(day, overrides)
    trades = {_SESSIONS[span.phase]: (span.start, span.end) for span in orders.spans if span.phase in _SESSIONS}
    windows: dict[Session, tuple[int, int]] = {session: (start, end) for session, (start, end) in trades.items()}
    if regular is not None:
        windows[Session.REGULAR] = (regular.open, regular.close + RANDOM_END + 1)
    return VenueDay(day, from_kst(day, 0, 0), regular, orders, windows)
