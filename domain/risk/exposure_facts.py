"""What limits on concentration need beside holdings: volumes, and returns that move together.

From daily bars before the trading date. Correlations are made when bars come and when a position begins, never while an
order is judged: that only looks them up.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import repeat
from operator import mul
from typing import Any

from domain.messages.market import HistoryReceived
from domain.messages.run import RunStarted
from domain.risk.correlation import Series, correlation, series
from domain.types import PPM


@dataclass(slots=True)
class ExposureFacts:
    """Average volumes and correlations, from daily bars before the trading date.

    Other settings for the number of sessions count from the bars that come next.
    """

    sessions: int = 20  # of averages and correlations
    is_paired: bool = False  # correlations are wanted
    volumes: dict[str, int] = field(default_factory=dict)  # symbol -> average of a session, cut to shares
    series: dict[str, Series] = field(default_factory=dict)
    paired: set[str] = field(default_factory=set)  # symbols all others know their correlation with; never iterated
    pairs: dict[str, dict[str, int]] = field(default_factory=dict)  # symbol -> one of `paired` -> ppm, at least 0

    def fold(self, message: Any) -> None:
        """Take one message in."""
        match message:
            case HistoryReceived():
                self._receive(message)
            case RunStarted(config=config):
                self.sessions = config.risk.adv_days
                self.is_paired = bool(config.risk.max_correlated_ppm)
                if not self.is_paired:
                    self.paired, self.pairs = set(), {}

    def begin(self, symbol: str) -> None:
        """Learn how all others move with an instrument that is held or being bought from now on."""
        if not self.is_paired or symbol in self.paired:
            return
        self.paired.add(symbol)
        for name in self.series:
            self._pair(name, symbol)

    def keep(self, symbols: Iterable[str]) -> None:
        """Forget what others have to do with instruments that are none of these."""
        kept = {symbol for symbol in symbols if symbol in self.paired}
        if len(kept) != len(self.paired):
            self.paired = kept
            self.pairs = {
                name: {key: ppm for key, ppm in row.items() if key in kept} for name, row in self.pairs.items()
            }

    def correlated(self, symbol: str, values: Mapping[str, int], total: int, unknown_ppm: int) -> int:
        """Give the won of other instruments by their correlation with one: those against it count nothing.

        `values` are won by symbol, `total` their sum; `unknown_ppm` counts where a correlation is not known. Rounded
        up, so that a limit is never passed by a fraction of a won.
        """
        unknown, counted = total - values.get(symbol, 0), 0
        row = self.pairs.get(symbol)
        if row:
            known = list(map(values.get, row, repeat(0)))
            unknown -= sum(known)
            counted = sum(map(mul, known, row.values()))
        return -(-(counted + unknown_ppm * unknown) // PPM)

    def _receive(self, history: HistoryReceived) -> None:
        bars = [bar for bar in history.bars if bar.day < history.trading_date]
        if not bars:
            return
        symbol, newest = history.symbol, bars[-self.sessions :]
        self.volumes[symbol] = sum(bar.volume for bar in newest) // len(newest)
        self.series[symbol] = series((bar.day, bar.close) for bar in bars[-self.sessions - 1 :])
        if not self.is_paired:
            return
        self.pairs.pop(symbol, None)
        for name in self.series:
            if name in self.paired:
                self._pair(symbol, name)
            if symbol in self.paired:
                self._pair(name, symbol)

    def _pair(self, symbol: str, other: str) -> None:
        first, second = self.series.get(symbol), self.series.get(other)
        if symbol == other or first is None or second is None:
            return
        ppm = correlation(first, second)
        row = self.pairs.setdefault(symbol, {})
        row.pop(other, None)
        if ppm is not None:
            row[other] = max(0, ppm)
