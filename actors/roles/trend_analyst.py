"""The trend analyst: search series in, attention out."""

from collections.abc import Iterable
from datetime import date
from typing import Any, ClassVar

from actors.core.role import Role
from actors.roles.trend_answers import SourceAnswer
from domain.attention import attention
from domain.config import RunConfig, TrendConfig
from domain.messages import Message, Stamp
from domain.messages.link import InstrumentsReceived
from domain.messages.market import (
    AttentionFetched,
    AttentionMeasured,
    FetchTrends,
    Opinion,
    TrendReceived,
    TrendsMissing,
)
from domain.messages.run import ClockTicked, RunStarted
from domain.messages.trading import SessionPlanned
from domain.opinions import NO_SERIES, UNKNOWN, together, unknown
from domain.signal_views import AttentionQuery
from domain.time import from_kst
from domain.types import UnixNanos

NANOS_PER_MS = 1_000_000
AS_BEFORE = TrendConfig()  # of runs before 0.6.0: one source, asked once a date, every series measured anew


class TrendAnalyst(Role):
    """Measure attention to every watched symbol for each trading date, from what was known before it.

    Of several sources the first in the order of the configuration that knows is used, whoever answers first. What is
    unknown and may be known later is asked for again until a time of the day. A new run asks for what it does not
    know: the question of a run that was cut off got lost, and a person may have mended what was missing.

    Hears: RunStarted, InstrumentsReceived, SessionPlanned, TrendReceived, AttentionFetched, TrendsMissing, ClockTicked.
    Says: FetchTrends at the begin of a trading date, of a run, and again where that may help; AttentionMeasured once
        per watched symbol and trading date, and again when something about it changed.
    Keeps: the watched symbols, the last answer of each source about each of them, the trading date, what was measured
        for it, what was asked for.
    """

    NAME: ClassVar[str] = "trend_analyst"
    STATE_VERSION: ClassVar[int] = 2  # 2: several sources, what was measured
    HEARS: ClassVar[tuple[type[Message], ...]] = (
        RunStarted,
        InstrumentsReceived,
        TrendReceived,
        AttentionFetched,
        TrendsMissing,
        SessionPlanned,
        ClockTicked,
    )
    SAYS: ClassVar[tuple[type[Message], ...]] = (FetchTrends, AttentionMeasured)

    def __init__(self) -> None:
        """Start knowing nothing."""
        super().__init__()
        self._config = AS_BEFORE
        self._versions: dict[str, int] = {}  # symbol -> version of its configured keywords
        self._wanted: tuple[str, ...] = ()  # of the configuration; empty means all served
        self._served: tuple[str, ...] = ()
        self._watched: dict[str, None] = {}  # in order
        self._answers: dict[str, dict[str, SourceAnswer]] = {}  # symbol -> source -> its last word
        self._trading_date: date | None = None
        self._measured: dict[str, AttentionMeasured] = {}  # for the trading date
        self._asked: set[str] = set()  # in this run for the trading date; looked up, never iterated
        self._asked_at = UnixNanos(0)  # system time
        self._again: set[str] = set()  # unknown, and asking again may help; looked up, never iterated

    # ---- fold ----------------------------------------------------------------------------------------------------

    def evolve(self, message: Any, stamp: Stamp) -> None:
        """Fold one message into the state."""
        match message:
            case ClockTicked():
                pass
            case TrendReceived() | AttentionFetched():
                self._take(message)
            case TrendsMissing():
                self._miss(message)
            case AttentionMeasured(symbol=symbol):
                self._measured[symbol] = message
                self._note(symbol)
            case FetchTrends(symbols=symbols):
                self._asked.update(symbols)
                self._again.difference_update(symbols)  # not again before it was answered
                self._asked_at = stamp.system_time
            case RunStarted(config=config):
                self._begin(config)
            case InstrumentsReceived(instruments=instruments):
                self._served = tuple(instrument.symbol for instrument in instruments)
                self._watched = dict.fromkeys(self._wanted or self._served)
            case SessionPlanned():
                self._plan(message)

    @property
    def _is_as_before(self) -> bool:
        return self._config == AS_BEFORE

    def _begin(self, config: RunConfig) -> None:
        versions = {item.symbol: item.version for item in config.keywords}
        if config.trends != AS_BEFORE and (config.trends, versions) != (self._config, self._versions):
            self._measured = {}  # by other rules or from other words
        self._config, self._versions, self._wanted = config.trends, versions, config.symbols
        self._watched = dict.fromkeys(self._wanted or self._served)
        self._asked, self._again = set(), set()

    def _plan(self, plan: SessionPlanned) -> None:
        planned = date.fromisoformat(plan.trading_date) if plan.is_session else None
        if planned != self._trading_date:
            self._measured, self._asked, self._again = {}, set(), set()
        self._trading_date = planned

    def _take(self, series: TrendReceived | AttentionFetched) -> None:
        symbol = series.symbol
        if self._is_as_before:
            self._answers[symbol] = {series.source: SourceAnswer(series)}
            return
        answer = self._answers.setdefault(symbol, {}).setdefault(series.source, SourceAnswer())
        answer.take(series, self._trading_date, self._versions.get(symbol))
        self._note(symbol)

    def _miss(self, missing: TrendsMissing) -> None:
        on = self._trading_date
        if self._is_as_before or on is None or missing.trading_date != on.isoformat():
            return
        for symbol in missing.symbols:
            answer = self._answers.setdefault(symbol, {}).setdefault(missing.source, SourceAnswer())
            answer.miss(on, missing.reason, missing.again)
            self._note(symbol)

    def _note(self, symbol: str) -> None:
        """Keep in mind whether asking for a symbol again may help."""
        measured, on = self._measured.get(symbol), self._trading_date
        is_unknown = measured is None or measured.z is None
        answers = self._answers.get(symbol, {}).values()
        if is_unknown and on is not None and any(item.again and item.on == on.isoformat() for item in answers):
            self._again.add(symbol)
        else:
            self._again.discard(symbol)

    # ---- answer --------------------------------------------------------------------------------------------------

    def decide(self, message: Any, stamp: Stamp) -> Iterable[Message]:
        """Measure what has not been measured for this date, or what an answer changes; ask for what is not known."""
        on = self._trading_date
        if on is None:
            return ()
        if isinstance(message, ClockTicked):
            return self._ask_again(on, stamp.system_time)
        if self._is_as_before:
            return self._as_before(message, on)
        if isinstance(message, TrendReceived | AttentionFetched):
            return self._changed((message.symbol,), on)
        if isinstance(message, TrendsMissing):
            return self._changed(message.symbols, on)
        if isinstance(message, RunStarted):
            return ()  # the date may be one of the past: the links tell
        said = self._changed([symbol for symbol in self._watched if symbol not in self._measured], on)
        now = self._measured | {item.symbol: item for item in said}
        wanted = tuple(s for s in self._watched if s not in self._asked and self._is_open(now[s], on))
        return [FetchTrends(wanted, on.isoformat()), *said] if wanted else said

    def _as_before(self, message: Any, on: date) -> list[Message]:
        if isinstance(message, TrendReceived):
            return [self._measure_one(message.symbol, on)] if message.symbol in self._watched else []
        if isinstance(message, AttentionFetched | TrendsMissing):
            return []
        fresh = tuple(symbol for symbol in self._watched if symbol not in self._measured)
        if not fresh:
            return []
        return [FetchTrends(fresh, on.isoformat()), *(self._measure_one(symbol, on) for symbol in fresh)]

    def _measure_one(self, symbol: str, on: date) -> AttentionMeasured:
        """Give attention from the series that came last, as before 0.6.0."""
        for answer in self._answers.get(symbol, {}).values():
            if isinstance(answer.series, TrendReceived):
                found = attention(answer.series.points, on)
                source = answer.series.source if found.asvi is not None else UNKNOWN
                return AttentionMeasured(symbol, source, found.as_of, found.asvi, found.z, found.reason)
        return AttentionMeasured(symbol, UNKNOWN, "", None, None, NO_SERIES)

    def _changed(self, symbols: Iterable[str], on: date) -> list[AttentionMeasured]:
        """Measure watched symbols; give those about which something changed."""
        found = [self._measure(symbol, on) for symbol in symbols if symbol in self._watched]
        return [item for item in found if item != self._measured.get(item.symbol)]

    def _measure(self, symbol: str, on: date) -> AttentionMeasured:
        """Give attention to one symbol for a date from all sources; unknown says why."""
        return together(symbol, self._opinions(symbol, on), self._config.contradiction_z)

    def _opinions(self, symbol: str, on: date) -> list[Opinion]:
        """Give what each source says, in the order of preference; one that is not configured comes behind."""
        answers, version = self._answers.get(symbol, {}), self._versions.get(symbol)
        found = []
        for source in self._config.sources:
            answer = answers.get(source, SourceAnswer())
            found.append(answer.opinion(source, on, version))
        for source in sorted(answers.keys() - set(self._config.sources)):
            item = answers[source].opinion(source, on, version)
            if item.asvi is not None or answers[source].on == on.isoformat():
                found.append(item)
        return found if found else [unknown(UNKNOWN, NO_SERIES)]

    def _is_open(self, measured: AttentionMeasured, on: date) -> bool:
        """Tell whether a source that should have answered has not, or nobody knew."""
        answers = self._answers.get(measured.symbol, {})
        silent = [s for s in self._config.sources if s not in answers or answers[s].on != on.isoformat()]
        return measured.z is None or bool(silent)

    def _ask_again(self, on: date, now: UnixNanos) -> Iterable[Message]:
        """Ask once for everything that may be known by now."""
        retry_ms = self._config.retry_ms
        if not retry_ms or not self._again or now - self._asked_at < retry_ms * NANOS_PER_MS:
            return ()
        hour, minute = map(int, self._config.retry_until.split(":"))
        if now >= from_kst(on, hour, minute):
            return ()
        wanted = tuple(symbol for symbol in self._watched if symbol in self._again)
        return (FetchTrends(wanted, on.isoformat()),) if wanted else ()

    def view(self, query: Any) -> Any:
        """Answer AttentionQuery."""
        if not isinstance(query, AttentionQuery):
            return super().view(query)
        return tuple(self._measured[symbol] for symbol in sorted(self._measured))
