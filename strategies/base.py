"""The strategy contract.

A strategy declares a name and parameters and implements hooks. It is deterministic: no clock, no randomness, no I/O,
no state outside itself; time is the venue time in what it is handed. Hooks are the only place where its state
changes. It argues, it does not order: risk sizes and may refuse every argument. A hook that raises, or
argues for another instrument than it was shown, gets the whole strategy benched for the run; the others go on.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from types import UnionType
from typing import ClassVar, NamedTuple

from domain.bars import Bar
from domain.errors import ConfigError
from domain.instruments import Instrument
from domain.messages.market import AttentionMeasured
from domain.messages.trading import SignalInput
from domain.quotes import Quote
from domain.types import Krw, Purpose, Side, UnixNanos


@dataclass(frozen=True, slots=True)
class Param:
    """One parameter: its type is that of the default, its range is inclusive."""

    name: str
    default: int | float
    least: int | float
    most: int | float
    meaning: str  # unit included


class Day(NamedTuple):
    """Session times of the trading day, UTC ns."""

    trading_date: date  # KST
    open_time: UnixNanos
    close_auction_time: UnixNanos
    close_time: UnixNanos


class Scene:
    """What is known about one symbol. Kept by the strategist, read by strategies."""

    __slots__ = ("attention", "cost_basis", "instrument", "quantity", "quote")

    def __init__(self, instrument: Instrument) -> None:
        """Start without a quote, a holding or known attention."""
        self.instrument = instrument
        self.quote: Quote | None = None  # the latest good row, already set when a hook is called
        self.attention: AttentionMeasured | None = None
        self.quantity = 0  # shares held
        self.cost_basis = Krw(0)  # of the shares held


@dataclass(frozen=True, slots=True)
class Argument:
    """What a strategy argues for. Raises ValueError when a number is not one the log could keep."""

    symbol: str
    side: Side
    purpose: Purpose
    strength: float  # 0 to 1
    confidence: float  # 0 to 1
    horizon_s: int  # venue seconds it is meant to hold
    limit_price: Krw  # on tick
    attention: str  # source of the attention used, else unknown
    inputs: tuple[SignalInput, ...]
    rationale: str

    def __post_init__(self) -> None:
        """Refuse what is of another type, and numbers outside their range, NaN included."""
        for kind, names in ARGUMENT_TYPES.items():
            for name in names:
                value = getattr(self, name)
                if not isinstance(value, kind) or isinstance(value, bool):
                    raise ValueError(f"{name} expected {getattr(kind, '__name__', kind)}, was {value!r}")
        if not (0 <= self.strength <= 1 and 0 <= self.confidence <= 1):
            raise ValueError(f"strength and confidence expected 0 to 1, were {self.strength!r}, {self.confidence!r}")
        if self.limit_price <= 0 or self.horizon_s < 0:
            raise ValueError(f"limit price expected > 0, horizon >= 0, were {self.limit_price!r}, {self.horizon_s!r}")
        if not all(item.value is None or math.isfinite(item.value) for item in self.inputs):
            raise ValueError(f"inputs expected finite values, were {self.inputs!r}")


ARGUMENT_TYPES: Mapping[type | UnionType, tuple[str, ...]] = {
    str: ("symbol", "attention", "rationale"),
    Side: ("side",),
    Purpose: ("purpose",),
    int | float: ("strength", "confidence"),
    int: ("horizon_s", "limit_price"),
    tuple: ("inputs",),
}


class Strategy:
    """Base of every strategy: names, parameters, hooks that do nothing."""

    NAME: ClassVar[str]  # as in the configuration and the log
    PARAMS: ClassVar[tuple[Param, ...]] = ()

    def __init__(self, params: Mapping[str, float]) -> None:
        """Resolve the parameters. Raises ConfigError naming strategy, parameter, value and what is allowed."""
        self.params = resolve(self.NAME, self.PARAMS, params)

    @property
    def warm_up_bars(self) -> int:
        """Give how many completed bars of a symbol are needed before it is traded."""
        return 0

    def on_day(self, day: Day) -> None:
        """Forget what belongs to another trading day."""

    def on_bar(self, bar: Bar, scene: Scene, day: Day) -> Iterable[Argument]:
        """Take a completed minute bar of a watched symbol; `scene.quote` is the row that ended it."""
        return ()

    def on_quote(self, quote: Quote, scene: Scene, day: Day) -> Iterable[Argument]:
        """Take a quote of a symbol this strategy holds. Called for every good row: keep it cheap."""
        return ()

    def on_attention(self, measured: AttentionMeasured, scene: Scene) -> None:
        """Take attention to a watched symbol."""

    def on_position(self, scene: Scene, venue_time: UnixNanos) -> None:
        """Take a fill of this strategy's own orders; `scene` has the holding after it."""


def resolve(strategy: str, declared: Iterable[Param], given: Mapping[str, float]) -> dict[str, float]:
    """Give every declared parameter its value. Raises ConfigError on an unknown name or a value that is not allowed."""
    known = {param.name: param for param in declared}
    for name, value in given.items():
        if name not in known:
            raise ConfigError(f"strategy {strategy} parameter {name}={value!r} is unknown, allowed: {', '.join(known)}")
    return {name: _value(strategy, param, given.get(name, param.default)) for name, param in known.items()}


def _value(strategy: str, param: Param, value: object) -> float:
    """Give one checked value, whole when the default is."""
    whole = isinstance(param.default, int)
    kind = "a whole number" if whole else "a number"
    allowed = f"{kind} from {param.least} to {param.most} ({param.meaning})"
    if isinstance(value, int | float) and not isinstance(value, bool) and param.least <= value <= param.most:
        if not whole:
            return float(value)
        if value == int(value):
            return int(value)
    raise ConfigError(f"strategy {strategy} parameter {param.name} expected {allowed}, was {value!r}")
