"""A recorded search series, moved in time so that a demo day has one.

No recorded series overlaps the recorded prices. Moving by whole weeks keeps the weekdays; what used it is marked
`shifted-demo` wherever it shows.
"""

import csv
import gzip
import io
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from importlib import resources

from domain.errors import DataError
from domain.messages.market import TrendPoint, TrendReceived
from domain.types import UnixNanos

DAYS_GIVEN = 180  # newest days of a series handed on; attention needs 125
PACKAGED = {"120110": "naver_120110.csv.gz"}  # 헨리코튼, a brand of 코오롱인더; origin: trends/data/README.md
KEYWORD_VERSION = 1


@dataclass(frozen=True, slots=True)
class RecordedSeries:
    """Daily search ratios of one symbol as they were recorded, oldest first."""

    symbol: str
    days: tuple[date, ...]
    ratios: tuple[float, ...]

    def shift_days(self, trading_date: date) -> int:
        """Give the smallest multiple of 7, not negative, that makes the series reach the day before a trading date."""
        missing = (trading_date - timedelta(days=1) - self.days[-1]).days
        return max(0, -(-missing // 7) * 7)

    def before(self, trading_date: date) -> tuple[TrendPoint, ...]:
        """Give the moved series up to the day before a trading date, at most DAYS_GIVEN days."""
        shift = timedelta(days=self.shift_days(trading_date))
        moved = [
            TrendPoint((day + shift).isoformat(), ratio)
            for day, ratio in zip(self.days, self.ratios, strict=True)
            if day + shift < trading_date
        ]
        return tuple(moved[-DAYS_GIVEN:])


class RecordedTrends:
    """Recorded series by symbol."""

    def __init__(self, series: Mapping[str, RecordedSeries]) -> None:
        """Serve these series and no others."""
        self.series = dict(series)

    @property
    def name(self) -> str:
        """Give the name under which settings know it."""
        return "shifted-demo"

    def fetch(self, symbols: Sequence[str], trading_date: date, fetched_at: UnixNanos) -> Iterator[TrendReceived]:
        """Give the moved series of the symbols that have one."""
        for symbol in symbols:
            series = self.series.get(symbol)
            points = series.before(trading_date) if series else ()
            if series is not None and points:
                source = "shifted-demo" if series.shift_days(trading_date) else "naver"
                yield TrendReceived(symbol, source, KEYWORD_VERSION, fetched_at, points)


def read_series(symbol: str, packed: bytes, name: str) -> RecordedSeries:
    """Read a gzip-compressed CSV with the columns day (YYYY-MM-DD) and ratio.

    Raises DataError naming file, line and value; days must ascend and ratios must not be negative.
    """
    try:
        text = gzip.decompress(packed).decode("utf-8")
    except (OSError, EOFError, UnicodeDecodeError, zlib.error) as error:
        raise DataError(f"{name} expected gzip-compressed CSV: {error}") from error
    days: list[date] = []
    ratios: list[float] = []
    for number, row in enumerate(csv.DictReader(io.StringIO(text)), start=2):
        try:
            day, ratio = date.fromisoformat(row["day"]), float(row["ratio"])
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(f"{name} line {number} expected day and ratio, was {row!r}") from error
        if (days and day <= days[-1]) or not 0 <= ratio < float("inf"):
            raise DataError(f"{name} line {number} expected an ascending day and a ratio >= 0, was {row!r}")
        days.append(day)
        ratios.append(ratio)
    if not days:
        raise DataError(f"{name} expected at least one row, was empty")
    return RecordedSeries(symbol, tuple(days), tuple(ratios))


def packaged_trends() -> RecordedTrends:
    """Give the recorded series shipped with hantrade. Raises DataError when a file is missing or damaged."""
    found = {}
    for symbol, name in PACKAGED.items():
        try:
            packed = resources.files("trends").joinpath("data", name).read_bytes()
        except FileNotFoundError as error:
            raise DataError(f"trends/data/{name} is not part of this installation") from error
        found[symbol] = read_series(symbol, packed, name)
    return RecordedTrends(found)
