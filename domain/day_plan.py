"""What one trading day is planned to be, and which gate level a state of the day allows."""

from datetime import date

from domain.krx.sessions import regular_session
from domain.messages.trading import SessionPlanned
from domain.time import kst_date
from domain.types import NANOS_PER_SECOND, Gate, UnixNanos
from fsm.trading_day import State

LATE_PRINTS_NS = 35 * NANOS_PER_SECOND  # closing crosses come up to 35 s after the nominal close (facts: krx.md 2)
GATES = {State.TRADING: Gate.OPEN, State.PAUSED: Gate.EXITS_ONLY}  # every other state: cancels only


def plan_session(day: date, overrides: dict[str, tuple[str, str]]) -> SessionPlanned:
    """Give the session of a day from the calendar, late openings included. Raises ConfigError for bad overrides."""
    session = regular_session(day, overrides)
    if session is None:
        zero = UnixNanos(0)
        return SessionPlanned(day.isoformat(), False, zero, zero, zero, False)
    times = (session.open, session.close_auction, session.close)
    return SessionPlanned(day.isoformat(), True, *times, session.late)


def is_of_day(plan: SessionPlanned, venue_time: int) -> bool:
    """Tell whether a venue time lies on the Korean date planned for."""
    return kst_date(venue_time).isoformat() == plan.trading_date


def is_closing_time(plan: SessionPlanned, venue_time: int) -> bool:
    """Tell whether the closing auction has begun: nothing new is worth sending."""
    return venue_time >= plan.close_auction_time


def is_over(plan: SessionPlanned, venue_time: int) -> bool:
    """Tell whether nothing of the session can come any more; also when the venue's clock shows another day."""
    return venue_time >= plan.close_time + LATE_PRINTS_NS or not is_of_day(plan, venue_time)


def gate_for(state: State, is_reducing: bool = False) -> Gate:
    """Give the gate level of a state of the day; what reduces trading lets no entry pass in any."""
    level = GATES.get(state, Gate.CANCELS_ONLY)
    return Gate.EXITS_ONLY if is_reducing and level is Gate.OPEN else level
