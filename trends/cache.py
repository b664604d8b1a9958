"""The store as sources use it: what is new enough is not asked for again, and trouble with the file stops nobody."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

import structlog

from domain.config import KeywordSet
from domain.messages.market import TrendReceived, TrendsMissing
from domain.types import UnixNanos
from trends.source import TrendSource
from trends.store import Answer, SeriesStore, StoreUnusable, Window

logger = structlog.get_logger("trends")


class SeriesCache:
    """Answers of one home. A file that cannot be used means: nothing is kept, and the log of the process says so."""

    def __init__(self, store: SeriesStore) -> None:
        """Take the file."""
        self._store = store
        self._told: set[str] = set()

    def usable(self, words: KeywordSet, source: str, window: Window) -> TrendReceived | None:
        """Give the newest answer that covers a window, without what comes after it; None when it must be asked for."""
        try:
            found = self._store.newest(words, source, window)
        except StoreUnusable as error:
            self._tell(str(error))
            return None
        if found is None:
            return None
        points = tuple(point for point in found.received.points if point.day <= window.last)
        return replace(found.received, points=points)

    def keep(self, answers: Sequence[Answer], sets: Sequence[KeywordSet]) -> None:
        """Keep answers as far as settings allow."""
        try:
            self._store.keep(answers, sets)
        except StoreUnusable as error:
            self._tell(str(error))

    def _tell(self, error: str) -> None:
        """Log a trouble once, not for each of thousands of instruments."""
        if error not in self._told:
            self._told.add(error)
            logger.warning("search series are not kept", error=error)


class CachedTrends:
    """A source that is asked only for what is not kept. What it says of its newest day is taken as its window."""

    def __init__(self, source: TrendSource, sets: Mapping[str, KeywordSet], cache: SeriesCache, days: int) -> None:
        """Take a source, its words by symbol, and how many days up to the trading date an answer must cover."""
        self._source = source
        self._sets = dict(sets)
        self._cache = cache
        self._days = days

    @property
    def name(self) -> str:
        """Give the name of the source."""
        return self._source.name

    def fetch(
        self, symbols: Sequence[str], trading_date: date, fetched_at: UnixNanos
    ) -> Iterator[TrendReceived | TrendsMissing]:
        """Give what is kept, then what the source says."""
        last = trading_date - timedelta(days=1)
        window = Window((last - timedelta(days=self._days - 1)).isoformat(), last.isoformat())
        asked = []
        for symbol in symbols:
            words = self._sets.get(symbol)
            kept = self._cache.usable(words, self.name, window) if words is not None else None
            if kept is None:
                asked.append(symbol)
            else:
                yield kept
        for answer in self._source.fetch(asked, trading_date, fetched_at) if asked else ():
            if isinstance(answer, TrendReceived) and answer.points and answer.symbol in self._sets:
                told = Window(answer.points[0].day, answer.points[-1].day)
                self._cache.keep([Answer(answer, told)], [self._sets[answer.symbol]])
            yield answer
