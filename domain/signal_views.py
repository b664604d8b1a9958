"""Questions about attention, strategies and how signals turned out, and their answers."""

from dataclasses import dataclass

from domain.config import ParamValue
from domain.messages.market import AttentionMeasured
from domain.messages.trading import BaselineScored, SignalScored


@dataclass(frozen=True, slots=True)
class AttentionQuery:
    """What do people search for? Answered by the trend analyst with a tuple of AttentionMeasured, by symbol."""


AttentionView = tuple[AttentionMeasured, ...]


@dataclass(frozen=True, slots=True)
class ScoresQuery:
    """How did signals turn out? Answered by the scorekeeper."""

    baselines: bool = True  # False: without them, of which there may be tens of thousands


@dataclass(frozen=True, slots=True)
class ScoresView:
    """Every scored signal of the log (the last SCORES_KEPT), what always being in brought, and what is still open."""

    scored: tuple[SignalScored, ...]  # oldest first
    # One a symbol, date and horizon, those of a day under way included; empty when they were not asked for.
    baselines: tuple[BaselineScored, ...]
    waiting: int  # signals whose horizon has not passed
    scores: bool  # whether this run scores its signals


@dataclass(frozen=True, slots=True)
class StrategiesQuery:
    """Which strategies are there? Answered by the strategist."""


@dataclass(frozen=True, slots=True)
class ParamView:
    """One parameter of one strategy of this run."""

    name: str
    value: ParamValue
    default: ParamValue
    least: int | float
    most: int | float
    choices: tuple[str, ...]
    meaning: str
    sweep: tuple[ParamValue, ...]


@dataclass(frozen=True, slots=True)
class StrategyView:
    """One strategy of this run."""

    name: str
    code: str  # distribution and version
    error: str  # what it raised when it was benched; empty: it runs
    symbols: tuple[str, ...]  # it sees; empty: all that are watched
    searches: str  # ignored, optional, required
    warm_up: dict[int, int]  # length of bar (s) -> bars
    params: tuple[ParamView, ...]
    signals: int  # formed since the log began
    withheld: int  # arguments withheld by agreement or confidence
