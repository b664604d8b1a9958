"""The trend analyst: search series in, attention out."""

from collections.abc import Iterable
from datetime import date
from typing import Any, ClassVar

from actors.core.role import Role
from domain.attention import attention
from domain.messages import Message, Stamp
from domain.messages.link import InstrumentsReceived
from domain.messages.market import AttentionMeasured, FetchTrends, TrendReceived
from domain.messages.run import RunStarted
from domain.messages.trading import SessionPlanned

UNKNOWN = "unknown"


class TrendAnalyst(Role):
    """Measure attention to every watched symbol once a day, from what was known before it.

    Hears: RunStarted, InstrumentsReceived, TrendReceived, SessionPlanned.
    Says: FetchTrends at the begin of a trading date; AttentionMeasured, once per watched symbol and trading date, and
        again when a series arrives later.
    Keeps: the watched symbols, the newest series of each, the trading date, which symbols have been measured.
    """

    NAME: ClassVar[str] = "trend_analyst"
    HEARS: ClassVar[tuple[type[Message], ...]] = (RunStarted, InstrumentsReceived, TrendReceived, SessionPlanned)
    SAYS: ClassVar[tuple[type[Message], ...]] = (FetchTrends, AttentionMeasured)

    def __init__(self) -> None:
        """Start knowing nothing."""
        super().__init__()
        self._wanted: tuple[str, ...] = ()  # of the configuration; empty means all served
        self._served: tuple[str, ...] = ()
        self._series: dict[str, TrendReceived] = {}
        self._trading_date: date | None = None
        self._measured: set[str] = set()  # for the trading date; looked up, never iterated

    def evolve(self, message: Any, stamp: Stamp) -> None:
        """Fold one message into the state."""
        match message:
            case RunStarted():
                self._wanted = message.config.symbols
            case InstrumentsReceived():
                self._served = tuple(instrument.symbol for instrument in message.instruments)
            case TrendReceived():
                self._series[message.symbol] = message
            case SessionPlanned():
                planned = date.fromisoformat(message.trading_date) if message.is_session else None
                if planned != self._trading_date:
                    self._measured = set()
                self._trading_date = planned
            case AttentionMeasured():
                self._measured.add(message.symbol)
            case _:
                pass

    def decide(self, message: Any, stamp: Stamp) -> Iterable[Message]:
        """Measure what has not been measured for this date, or what a new series changes."""
        on = self._trading_date
        watched = self._wanted or self._served
        if on is None:
            return ()
        if isinstance(message, TrendReceived):
            return [self._measure(message.symbol, on)] if message.symbol in watched else ()
        fresh = tuple(symbol for symbol in watched if symbol not in self._measured)
        if not fresh:
            return ()
        return [FetchTrends(fresh, on.isoformat()), *(self._measure(symbol, on) for symbol in fresh)]

    def _measure(self, symbol: str, on: date) -> AttentionMeasured:
        """Give attention to one symbol for a date; unknown says why."""
        series = self._series.get(symbol)
        if series is None:
            return AttentionMeasured(symbol, UNKNOWN, "", None, None, "no search series for this symbol")
        found = attention(series.points, on)
        source = series.source if found.asvi is not None else UNKNOWN
        return AttentionMeasured(symbol, source, found.as_of, found.asvi, found.z, found.reason)
