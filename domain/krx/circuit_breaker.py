"""Circuit breakers of a market (서킷브레이커) as a pure state machine over its index, and the sidecar as data."""

from dataclasses import dataclass, replace
from typing import Final

from domain.errors import InvariantError
from domain.krx.sessions import RegularSession
from domain.time import NANOS_PER_MINUTE
from domain.types import Market, UnixNanos


@dataclass(frozen=True, slots=True)
class BreakerStage:
    """When one stage trips and what it does."""

    number: int
    drop_percent: int  # from the previous close
    further_percent: int  # below the index at which the stage before tripped; 0 for the first
    ends_day: bool
    barred_minutes: int  # not within so many minutes of the nominal close


# Source: KRX by eToday and Seoul Finance 2024-08-05; in force since 2015-06-15; read 2026-11-22 and 2026-11-23.
STAGES: Final = (
    BreakerStage(1, 8, 0, ends_day=False, barred_minutes=40),
    BreakerStage(2, 15, 1, ends_day=False, barred_minutes=40),
    BreakerStage(3, 20, 1, ends_day=True, barred_minutes=0),
)
HELD_NS: Final = NANOS_PER_MINUTE  # how long the index must stay there
HALT_NS: Final = 20 * NANOS_PER_MINUTE  # no trades, no new orders
AUCTION_NS: Final = 10 * NANOS_PER_MINUTE  # then orders are collected, one cross


@dataclass(frozen=True, slots=True)
class Sidecar:
    """Futures move that holds program orders back. Retail orders are not program trading (unconfirmed)."""

    market: Market
    futures_percent: int
    index_percent: int | None  # the index must move with them by this much
    held_minutes: int
    delay_minutes: int
    times_a_day: int
    source: str


SIDECARS: Final = (
    Sidecar(Market.KOSPI, 5, None, 1, 5, 1, "Seoul Finance 2024-08-05; read 2026-11-22"),
    Sidecar(Market.KOSDAQ, 6, 3, 1, 5, 1, "Seoul Finance 2024-08-05; read 2026-11-22"),
)


@dataclass(frozen=True, slots=True)
class MarketHalt:
    """One stage tripping. Moments are UTC ns."""

    stage: int
    at: UnixNanos
    index: int  # hundredths of a point
    halt_end: UnixNanos  # trading stops until here; for stage 3 the nominal close
    auction_end: UnixNanos  # orders are collected from `halt_end` to here, nominally; equal to it for stage 3
    ends_day: bool


@dataclass(frozen=True, slots=True)
class BreakerState:
    """What the rule remembers of one market and day."""

    previous_close: int  # hundredths of a point
    halts: tuple[MarketHalt, ...] = ()
    below_since: UnixNanos | None = None  # since when the index has been at or under the next stage's level

    @property
    def stage(self) -> int:
        """Give the last stage that tripped, 0 for none."""
        return self.halts[-1].stage if self.halts else 0


def breaker_of_day(previous_close: int) -> BreakerState:
    """Give the state at the start of a day, from the index's previous close (hundredths of a point, > 0)."""
    if previous_close <= 0:
        raise InvariantError(f"previous close expected > 0 hundredths of a point, was {previous_close!r}")
    return BreakerState(previous_close)


def next_stage(state: BreakerState) -> BreakerStage | None:
    """Give the stage that may trip next; each trips once a day, in order. None after stage 3."""
    return STAGES[state.stage] if state.stage < len(STAGES) else None


def is_at_level(state: BreakerState, stage: BreakerStage, index: int) -> bool:
    """Tell whether an index (hundredths of a point) is as low as a stage asks for."""
    if (state.previous_close - index) * 100 < stage.drop_percent * state.previous_close:
        return False
    if not state.halts:
        return True
    before = state.halts[-1].index
    return (before - index) * 100 >= stage.further_percent * before


def on_index(
    state: BreakerState, session: RegularSession, index: int, at: int
) -> tuple[BreakerState, MarketHalt | None]:
    """Take one value of the index (hundredths of a point) at a moment (UTC ns); give the state and the halt it causes.

    The level must hold for a minute without a value above it. Values outside the regular session and during a halt or
    its auction do not count. Stages 1 and 2 do not trip in the last 40 minutes.
    Raises InvariantError for an index that is not positive.
    """
    if index <= 0:
        raise InvariantError(f"index expected > 0 hundredths of a point, was {index!r}")
    stage = next_stage(state)
    resumed = state.halts[-1].auction_end if state.halts else session.open
    if stage is None or not resumed <= at < session.close:
        return state, None
    barred = at >= session.close - stage.barred_minutes * NANOS_PER_MINUTE
    if barred or not is_at_level(state, stage, index):
        return replace(state, below_since=None), None
    since = UnixNanos(at) if state.below_since is None else state.below_since
    if at - since < HELD_NS:
        return replace(state, below_since=since), None
    halt_end = session.close if stage.ends_day else UnixNanos(at + HALT_NS)
    auction_end = halt_end if stage.ends_day else UnixNanos(halt_end + AUCTION_NS)
    halt = MarketHalt(stage.number, UnixNanos(at), index, halt_end, auction_end, stage.ends_day)
    return replace(state, halts=(*state.halts, halt), below_since=None), halt


def is_halted(state: BreakerState, at: int) -> bool:
    """Tell whether the market stands still at a moment: inside a halt, or after stage 3."""
    return any(halt.at <= at and (halt.ends_day or at < halt.halt_end) for halt in state.halts)


def is_in_auction(state: BreakerState, at: int) -> bool:
    """Tell whether the market collects orders after a halt, by the nominal end."""
    return any(not halt.ends_day and halt.halt_end <= at < halt.auction_end for halt in state.halts)
