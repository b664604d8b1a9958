"""Naver's search trend as a source: four instruments and the anchor a call, on the anchor's scale, kept for a while.

Values are relative to the anchor's mean in the window (trends/joining.py). A day that Naver does not have yet is
absent, so unknown; the next fetch asks again. A refused batch is asked again one by one, so that words Naver does not
like cost only their own instrument the series. What fails for all ends the fetch, and the rest is missing.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import structlog

from domain.attention import WINDOW_DAYS
from domain.config import KeywordSet
from domain.errors import ConfigError
from domain.messages.market import TrendPoint, TrendReceived, TrendsMissing
from domain.time import kst_date
from domain.types import UnixNanos
from trends.cache import SeriesCache
from trends.joining import join
from trends.naver.client import NaverClient
from trends.naver.errors import NaverError, WrongRequest
from trends.naver.request import FIRST_DAY, DataLabAnswer
from trends.plan import TARGETS, Batch, batches
from trends.store import Answer, Window

NAME: Final = "naver"
ANCHOR: Final = "anchor"  # its symbol in plans
DAYS_ASKED: Final = WINDOW_DAYS + 35  # five weeks more than attention needs: a floor that lasts, an overlap of 30 days
NO_WORDS: Final = "no keywords in watchlist.toml; `hantrade trends suggest SYMBOL` writes some"
NOBODY: Final = "nobody searched its words in the window, or too few for Naver to show"

logger = structlog.get_logger("trends")


@dataclass(frozen=True, slots=True)
class _Asked:
    """One fetch."""

    first: date
    last: date
    trading_date: date
    fetched_at: UnixNanos


class NaverTrends:
    """Naver's series of the instruments that have words."""

    def __init__(
        self,
        sets: Iterable[KeywordSet],
        anchor: Sequence[str],
        client: Callable[[], AbstractContextManager[NaverClient]],
        cache: SeriesCache,
        days: int = DAYS_ASKED,
    ) -> None:
        """Take words, those of the anchor, what makes a client (it may raise ConfigError), and what is kept.

        `days` up to the day before the trading date are asked for. Nothing is asked or opened yet.
        """
        self._sets = {one.symbol: one for one in sets if one.keywords}
        self._anchor = KeywordSet(ANCHOR, 1, tuple(anchor))
        self._client = client
        self._cache = cache
        self._days = days

    @property
    def name(self) -> str:
        """Give its name in messages and settings."""
        return NAME

    def fetch(
        self, symbols: Sequence[str], trading_date: date, fetched_at: UnixNanos
    ) -> Iterator[TrendReceived | TrendsMissing]:
        """Give what is kept and new enough, then what Naver says, batch by batch. See TrendSource."""
        last = min(trading_date, kst_date(fetched_at)) - timedelta(days=1)
        asked = _Asked(max(FIRST_DAY, last - timedelta(days=self._days - 1)), last, trading_date, fetched_at)
        waiting: list[KeywordSet] = []
        wordless = [symbol for symbol in symbols if symbol not in self._sets]
        if wordless:
            yield _missing(wordless, asked, NO_WORDS, again=False)
        window = Window(asked.first.isoformat(), (trading_date - timedelta(days=1)).isoformat())
        for words in (self._sets[symbol] for symbol in dict.fromkeys(symbols) if symbol in self._sets):
            kept = self._cache.usable(words, NAME, window)
            if kept is None:
                waiting.append(words)
            else:
                yield kept
        if waiting:
            yield from self._ask(waiting, asked)

    def _ask(self, waiting: Sequence[KeywordSet], asked: _Asked) -> Iterator[TrendReceived | TrendsMissing]:
        left = [words.symbol for words in waiting]
        try:
            plan = batches(waiting, self._anchor, first=left)
            with self._client() as client:
                if client.warning:
                    logger.warning("the host of search trends", warning=client.warning)
                for answer in self._batches(client, plan, asked):
                    told = [answer.symbol] if isinstance(answer, TrendReceived) else answer.symbols
                    left = [symbol for symbol in left if symbol not in told]
                    yield answer
        except ConfigError as error:
            yield _missing(left, asked, str(error), again=False)
        except NaverError as error:
            yield _missing(left, asked, str(error), again=error.again)

    def _batches(
        self, client: NaverClient, plan: Sequence[Batch], asked: _Asked
    ) -> Iterator[TrendReceived | TrendsMissing]:
        """Make the calls. Raises NaverError when no other call would do better."""
        calls, refused, answered = deque(plan), 0, False
        while calls:
            batch = calls.popleft()
            try:
                answer = client.ratios(batch.request(asked.first, asked.last))
            except WrongRequest as error:
                refused += 1
                if refused > TARGETS and not answered:
                    raise  # what they share is refused: the anchor, or how we ask
                if len(batch.targets) == 1:
                    yield _missing(batch.symbols, asked, str(error), again=error.again)
                else:
                    calls.extendleft(Batch(batch.anchor, (one,)) for one in reversed(batch.targets))
            except ConfigError as error:
                yield _missing(batch.symbols, asked, str(error), again=False)
            except NaverError as error:
                if error.concerns_all:
                    raise
                yield _missing(batch.symbols, asked, str(error), again=error.again)
            else:
                answered = True
                yield from self._told(batch, answer, asked)

    def _told(self, batch: Batch, answer: DataLabAnswer, asked: _Asked) -> Iterator[TrendReceived | TrendsMissing]:
        """Put one answer on the anchor's scale and hand out its series."""
        for note in answer.notes:
            logger.info("search series", note=note, symbols=batch.symbols)
        joined = join([answer.response()], ANCHOR)
        if joined.unjoined:
            why = f"{joined.unjoined[0]}; other words for [trends] anchor are needed"
            yield _missing(batch.symbols, asked, why, again=False)
            return
        newest = min(asked.last, answer.newest or asked.last)
        found: list[Answer] = []
        used: list[KeywordSet] = []
        for words in batch.targets:
            group = joined.groups[words.symbol]
            if not group.values:
                yield _missing([words.symbol], asked, NOBODY, again=False)
            elif group.is_drowned:
                why = "more than a tenth of its values drown beside a larger group; a smaller [trends] anchor is needed"
                yield _missing([words.symbol], asked, why, again=False)
            else:
                points = tuple(TrendPoint(day.isoformat(), value) for day, value in group.values.items())
                received = TrendReceived(words.symbol, NAME, words.version, asked.fetched_at, points)
                found.append(Answer(received, Window(asked.first.isoformat(), newest.isoformat())))
                used.append(words)
        self._cache.keep(found, used)
        yield from (one.received for one in found)


def _missing(symbols: Sequence[str], asked: _Asked, why: str, *, again: bool) -> TrendsMissing:
    return TrendsMissing(NAME, tuple(symbols), asked.trading_date.isoformat(), why, again)
