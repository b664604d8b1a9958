"""What limits on concentration need beside holdings: volumes, and returns that move together.

From daily bars before the trading date. Correlations are made when bars come and when a position begins, never while an
order is judged: that only looks them up. They count in whole percent, rounded up: twenty sessions do not tell more, and
small numbers are looked up four times as fast.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
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
    unknown_percent: int = 100  # counted where a correlation is not known
    volumes: dict[str, int] = field(default_factory=dict)  # symbol -> average of a session, cut to shares
    series: dict[str, Series] = field(default_factory=dict)
    # All that was held or being bought on the trading date -> won it counts, 0 when it is gone; never out of order.
    counted: dict[str, int] = field(default_factory=dict)
    rows: dict[str, list[int]] = field(default_factory=dict)  # symbol -> percent, at least 0, for each of `counted`

    def fold(self, message: Any) -> None:
        """Take one message in."""
        match message:
            case HistoryReceived():
                self._receive(message)
            case RunStarted(config=config):
                limits = config.risk
                self.sessions, self.is_paired = limits.adv_days, bool(limits.max_correlated_ppm)
                self.unknown_percent = _percent(limits.unknown_correlation_ppm)
                self.restart(self.counted)

    def restart(self, counted: Mapping[str, int]) -> None:
        """Begin anew with what is held and being bought (won by symbol)."""
        self.counted = {symbol: won for symbol, won in counted.items() if won} if self.is_paired else {}
        self.rows = {symbol: self._row(symbol) for symbol in self.series} if self.is_paired else {}

    def count(self, symbol: str, won: int) -> None:
        """Take in what an instrument counts now. At the first time, learn how all others move with it."""
        if not self.is_paired:
            return
        is_new = symbol not in self.counted
        self.counted[symbol] = won
        if is_new:
            for name, row in self.rows.items():
                row.append(self._weight(name, symbol))

    def correlated(self, symbol: str) -> int:
        """Give the won of other instruments by their correlation with one: those that move against it count nothing.

        Rounded up, so that a limit is never passed by a fraction of a won.
        """
        row, won = self.rows.get(symbol), self.counted.values()
        if row is None:
            weighed = self.unknown_percent * (sum(won) - self.counted.get(symbol, 0))
        else:
            weighed = sum(map(mul, won, row))
        return -(-weighed // 100)

    def _receive(self, history: HistoryReceived) -> None:
        bars = [bar for bar in history.bars if bar.day < history.trading_date]
        if not bars:
            return
        symbol, newest = history.symbol, bars[-self.sessions :]
        self.volumes[symbol] = sum(bar.volume for bar in newest) // len(newest)
        self.series[symbol] = series((bar.day, bar.close) for bar in bars[-self.sessions - 1 :])
        if not self.is_paired:
            return
        self.rows[symbol] = self._row(symbol)
        if symbol in self.counted:
            place = list(self.counted).index(symbol)
            for name, row in self.rows.items():
                row[place] = self._weight(name, symbol)

    def _row(self, symbol: str) -> list[int]:
        return [self._weight(symbol, other) for other in self.counted]

    def _weight(self, symbol: str, other: str) -> int:
        if symbol == other:
            return 0  # it counts whole, elsewhere
        first, second = self.series.get(symbol), self.series.get(other)
        ppm = correlation(first, second) if first is not None and second is not None else None
        return self.unknown_percent if ppm is None else _percent(max(0, ppm))


def _percent(ppm: int) -> int:
    return -(-ppm * 100 // PPM)
