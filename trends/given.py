"""Series somebody gives for a back-test: served as they are, up to the day before each trading date."""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from domain.messages.market import TrendPoint, TrendReceived
from domain.types import UnixNanos
from trends.recorded import DAYS_GIVEN, KEYWORD_VERSION


class GivenTrends:
    """Daily series by symbol, oldest day first. Nothing is moved; a date behind the last day has no attention."""

    def __init__(self, series: Mapping[str, Sequence[TrendPoint]]) -> None:
        """Serve these series and no others."""
        self._series = {symbol: tuple(points) for symbol, points in series.items()}
        self._days = {symbol: [point.day for point in points] for symbol, points in self._series.items()}

    @property
    def name(self) -> str:
        """Give the name in messages."""
        return "file"

    def fetch(self, symbols: Sequence[str], trading_date: date, fetched_at: UnixNanos) -> Iterator[TrendReceived]:
        """Give what lies before the trading date of the symbols that have a series."""
        for symbol in symbols:
            until = bisect_left(self._days.get(symbol, []), trading_date.isoformat())
            points = self._series[symbol][max(0, until - DAYS_GIVEN) : until] if until else ()
            if points:
                yield TrendReceived(symbol, self.name, KEYWORD_VERSION, fetched_at, points)
