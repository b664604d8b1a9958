"""The strategy contract.

A strategy declares a name, parameters, what it needs (bars of which length, attention, quotes of what) and implements
hooks. It is deterministic: no clock, no randomness, no I/O, no state outside itself; time is the venue time in what it
is handed. Hooks are the only place where its state changes. It argues, it does not order: risk sizes and may refuse
every argument. A hook that raises, or argues for another instrument than it was shown, gets the whole strategy benched
for the run; the others go on.

    on_day     session times, at the begin of every trading date and after a correction
    on_trend   attention to a watched symbol, once a date and again when a source answers later
    on_bar     a completed bar of a watched symbol, of the lengths in INTERVALS
    on_quote   every good row of what SEES names; the only hook on the hot path
    on_reset   the bars of a symbol begin anew (a corporate action, a gap)
    on_fill    a fill of its own order, or another change of its holding
    on_clock   the first good row of a new venue minute, whichever symbol it is of

Its state must be plain (numbers, text, lists, dicts, dataclasses of its package), because snapshots keep it, and belong
to the instance. What hooks are handed is shared with the house: it is for reading.
How to write one: docs/strategies.md.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import UnionType
from typing import ClassVar, NamedTuple

from domain.bars import MINUTE_S, Bar
from domain.config import ParamValue
from domain.indicators import AGAINST, FOR, NEUTRAL, UNKNOWN
from domain.instruments import Instrument
from domain.messages.market import AttentionMeasured
from domain.messages.trading import SignalInput
from domain.quotes import Quote
from domain.types import Krw, Purpose, Side, UnixNanos
from strategies.params import Param, resolve

__all__ = ["Argument", "Day", "Fill", "Param", "Scene", "Searches", "Sees", "Strategy", "resolve"]


class Searches(StrEnum):
    """What a strategy does with search attention."""

    IGNORED = "ignored"  # price only
    OPTIONAL = "optional"  # used where it is known
    REQUIRED = "required"  # no entry without it


class Sees(StrEnum):
    """Whose quotes `on_quote` is given."""

    OWN_HOLDINGS = "own holdings"
    EVERY_HOLDING = "every holding"  # of any strategy: exit strategies
    WATCHED = "watched"  # every watched symbol: costs time at each row


class Day(NamedTuple):
    """Session times of the trading day, UTC ns."""

    trading_date: date  # KST
    open_time: UnixNanos
    close_auction_time: UnixNanos
    close_time: UnixNanos


class Fill(NamedTuple):
    """A change of a holding: a fill, or what the broker or a person booked."""

    symbol: str
    side: Side
    last_qty: int  # shares
    last_px: Krw | None  # KRW a share; None when it was no trade
    venue_time: UnixNanos


class Scene:
    """What is known about one symbol. Kept by the strategist, read by strategies."""

    __slots__ = ("attention", "cost_basis", "instrument", "owner", "quantity", "quote")

    def __init__(self, instrument: Instrument) -> None:
        """Start without a quote, a holding or known attention."""
        self.instrument = instrument
        self.quote: Quote | None = None  # the latest good row, already set when a hook is called
        self.attention: AttentionMeasured | None = None
        self.quantity = 0  # shares held
        self.cost_basis = Krw(0)  # of the shares held
        self.owner = ""  # strategy whose entry led to the holding or open order; empty when there is none


@dataclass(frozen=True, slots=True)
class Argument:
    """What a strategy argues for. Raises ValueError when a number is not one the log could keep."""

    symbol: str
    side: Side
    purpose: Purpose
    strength: float  # 0 to 1
    confidence: float  # 0 to 1
    horizon_s: int  # venue seconds it is meant to hold; 0 for an exit that claims nothing about what comes next
    limit_price: Krw  # on tick
    attention: str  # source of the attention used, else unknown
    inputs: tuple[SignalInput, ...]
    rationale: str
    horizon_sessions: int = 0  # > 0: held to the close of so many sessions on, and `horizon_s` does not count
    regime: str = ""  # volatility of the instrument: calm, normal, wild, unknown; empty: not judged

    def __post_init__(self) -> None:
        """Refuse what is of another type, and numbers outside their range, NaN included; keep what a log gives back."""
        for kind, names in ARGUMENT_TYPES.items():
            for name in names:
                value = getattr(self, name)
                if not isinstance(value, kind) or isinstance(value, bool):
                    raise ValueError(f"{name} expected {getattr(kind, '__name__', kind)}, was {value!r}")
        for name in ARGUMENT_TYPES[str]:
            _check_text(name, getattr(self, name))
        if not (0 <= self.strength <= 1 and 0 <= self.confidence <= 1):
            raise ValueError(f"strength and confidence expected 0 to 1, were {self.strength!r}, {self.confidence!r}")
        if len(self.inputs) > MOST_INPUTS:
            raise ValueError(f"inputs expected at most {MOST_INPUTS}, were {len(self.inputs)}")
        for name, most in MOST.items():
            if getattr(self, name) > most:
                raise ValueError(f"{name} expected at most {most}, was {getattr(self, name):.6g}")
        if self.limit_price <= 0 or min(self.horizon_s, self.horizon_sessions) < 0:
            horizons = f"{self.horizon_s!r}, {self.horizon_sessions!r}"
            raise ValueError(f"limit price expected > 0, horizons >= 0, were {self.limit_price!r}, {horizons}")
        # A whole number where the log keeps a float would come back as another value than it was, and so would a text
        # or number of a class of its own.
        for name in ARGUMENT_TYPES[int | float]:
            object.__setattr__(self, name, float(getattr(self, name)))
        for name in ARGUMENT_TYPES[int]:
            object.__setattr__(self, name, int.__int__(getattr(self, name)))
        for name in ARGUMENT_TYPES[str]:
            object.__setattr__(self, name, str.__str__(getattr(self, name)))
        object.__setattr__(self, "inputs", tuple(_kept(item) for item in self.inputs))


def _check_text(name: str, text: object) -> None:
    """Refuse what is no text, too long a one, and half characters, which no log can keep, with ValueError."""
    if not isinstance(text, str) or len(text) > MOST_TEXT:
        raise ValueError(f"{name} expected a text of at most {MOST_TEXT} characters, was {text!r:.100}")
    text.encode("utf-8")  # raises UnicodeEncodeError, a ValueError


def _kept(item: SignalInput) -> SignalInput:
    """Give an input as the log keeps it. Raises ValueError when it could not."""
    if not isinstance(item, SignalInput):
        raise ValueError(f"inputs expected SignalInput, was {item!r}")
    for text in (item.name, item.verdict, item.quality):
        _check_text("text of an input", text)
    if item.verdict not in VERDICTS:
        raise ValueError(f"input {item.name} verdict expected one of {', '.join(VERDICTS)}, was {item.verdict!r}")
    if item.value is None or type(item.value) is float:
        value = item.value
    elif isinstance(item.value, int | float) and not isinstance(item.value, bool):
        value = float(item.value)
    else:
        raise ValueError(f"input {item.name} expected a number or None, was {item.value!r}")
    if value is not None and not math.isfinite(value):
        raise ValueError(f"input {item.name} expected a finite value, was {value!r}")
    texts = (item.name, item.verdict, item.quality)
    if type(item) is SignalInput and value is item.value and all(type(text) is str for text in texts):
        return item
    name, verdict, quality = map(str.__str__, texts)
    return SignalInput(name, value, verdict, quality)


VERDICTS = (FOR, AGAINST, NEUTRAL, UNKNOWN)
MOST_TEXT = 2_000  # characters of a rationale, a name, a quality
MOST_INPUTS = 100
# KRW, seconds (30 years), sessions (ten years: the end of a horizon is counted out session by session).
MOST: Mapping[str, int] = {"limit_price": 10**15, "horizon_s": 10**9, "horizon_sessions": 2_520}
ARGUMENT_TYPES: Mapping[type | UnionType, tuple[str, ...]] = {
    str: ("symbol", "attention", "rationale", "regime"),
    Side: ("side",),
    Purpose: ("purpose",),
    int | float: ("strength", "confidence"),
    int: ("horizon_s", "limit_price", "horizon_sessions"),
    tuple: ("inputs",),
}


class Strategy:
    """Base of every strategy: names, parameters, hooks that do nothing."""

    NAME: ClassVar[str]  # as in the configuration and the log
    PARAMS: ClassVar[tuple[Param, ...]] = ()
    INTERVALS: ClassVar[tuple[int, ...]] = (MINUTE_S,)  # lengths of bars it takes: MINUTE_S, DAY_S
    SEARCHES: ClassVar[Searches] = Searches.OPTIONAL
    SEES: ClassVar[Sees] = Sees.OWN_HOLDINGS

    def __init__(self, params: Mapping[str, ParamValue]) -> None:
        """Resolve the parameters. Raises ConfigError naming strategy, parameter, value and what is allowed."""
        self.params = resolve(self.NAME, self.PARAMS, params)

    @property
    def warm_up(self) -> Mapping[int, int]:
        """Give how many completed bars of a symbol it needs before it argues for an entry, by length of bar (s)."""
        return {}

    def on_day(self, day: Day) -> None:
        """Forget what belongs to another trading day."""

    def on_trend(self, measured: AttentionMeasured, scene: Scene) -> None:
        """Take attention to a watched symbol; `scene.attention` is the same."""

    def on_bar(self, bar: Bar, scene: Scene, day: Day) -> Iterable[Argument]:
        """Take a completed bar of a watched symbol, see INTERVALS; bars come in order and none comes twice.

        Of a minute: `scene.quote` is the row that ended it. Of a session: the bar of the session before `day`, at the
        first good row of `day`, which is `scene.quote`. Older sessions come before it, when a history is received:
        `scene.quote` is then None, and what is argued for is dropped.
        """
        return ()

    def on_reset(self, symbol: str, interval_s: int) -> None:
        """Forget the bars of a symbol: prices were adjusted or sessions are missing; its history comes anew."""

    def on_quote(self, quote: Quote, scene: Scene, day: Day) -> Iterable[Argument]:
        """Take a good row of a symbol, see SEES. Keep it cheap."""
        return ()

    def on_fill(self, fill: Fill, scene: Scene) -> None:
        """Take a change of a holding this strategy sees (its own, see SEES); `scene` has the holding after it."""

    def on_clock(self, now: UnixNanos, scenes: Mapping[str, Scene], day: Day) -> Iterable[Argument]:
        """Take the begin of a venue minute; `scenes` are those of the watched symbols, by symbol."""
        return ()
