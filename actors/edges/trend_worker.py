"""One source of search trends on a thread of its own: slow ones hold nobody up, and one that hangs is left behind."""

import contextlib
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import structlog

from actors.edges.clock import system_now
from domain.attention import attention
from domain.described import described, storable
from domain.errors import HantradeError
from domain.messages import Message
from domain.messages.market import AttentionFetched, FetchTrends, TrendReceived, TrendsMissing
from domain.opinions import day_before, newest_day, remark
from trends.answers import complaint
from trends.source import TrendSource

PATIENCE_S = 180.0  # between two answers; above what any source's own deadlines and retries add up to

logger = structlog.get_logger("trends")


@dataclass(eq=False)
class _Question:
    """What is being asked."""

    symbols: dict[str, None]  # asked for, in order
    trading_date: date
    left: dict[str, None]  # not answered yet
    answers: int = 0  # so far; the watch sees by it whether the source moves


class TrendWorker:
    """Ask one source, check what it says, and pass on an answer about every symbol asked for."""

    def __init__(
        self, source: TrendSource, say: Callable[[Message], None], keep_series: bool, patience_s: float = PATIENCE_S
    ) -> None:
        """Take the source, where answers go (called on this worker's threads), and what to keep."""
        self._source, self._say, self._keep_series = source, say, keep_series
        self._patience_s = patience_s
        self._lock = threading.Lock()
        self._asking: _Question | None = None  # given up and None while the source still hangs in it
        self._next: _Question | None = None  # waits for the one under way; later ones join it
        self._hangs = False
        self._stopped = False
        self._timer = threading.Timer(0, lambda: None)
        self._inbox: queue.SimpleQueue[_Question | None] = queue.SimpleQueue()
        # One thread for good: a source may keep connections that belong to a thread.
        self._thread = threading.Thread(target=self._work, name=f"trends {source.name}", daemon=True)

    def start(self) -> None:
        """Begin to take questions."""
        self._thread.start()

    def stop(self) -> None:
        """Take no more and say no more. Does not wait: a source that hangs would hold everything up."""
        with self._lock:
            self._stopped, self._asking, self._next = True, None, None
            self._timer.cancel()
        self._inbox.put(None)

    def ask(self, message: FetchTrends) -> None:
        """Ask, unless the same is being asked; while another question is under way this one waits."""
        on, symbols = date.fromisoformat(message.trading_date), dict.fromkeys(message.symbols)
        with self._lock:
            if self._stopped:
                return
            if self._hangs:
                text = "it hangs since an earlier question"
                self._say(TrendsMissing(self._source.name, tuple(symbols), message.trading_date, text, True))
                return
            under_way = self._asking
            if under_way is not None:
                if under_way.trading_date == on:
                    symbols = {symbol: None for symbol in symbols if symbol not in under_way.left}
                self._join(symbols, on)
                return
            self._begin(_Question(symbols, on, dict(symbols)))

    def _join(self, symbols: dict[str, None], on: date) -> None:
        if self._next is not None and self._next.trading_date == on:  # nobody waits for one of another date
            symbols = self._next.symbols | symbols
        if symbols:
            self._next = _Question(symbols, on, dict(symbols))

    def _begin(self, question: _Question) -> None:
        self._asking = question
        self._inbox.put(question)
        self._watch(question, 0)

    def _watch(self, question: _Question, answers: int) -> None:
        """Look again after a while whether the source has moved."""
        self._timer = threading.Timer(self._patience_s, self._look, (question, answers))
        self._timer.daemon = True
        self._timer.start()

    def _look(self, question: _Question, answers: int) -> None:
        with self._lock:
            if self._asking is not question:
                return
            if question.answers != answers:
                self._watch(question, question.answers)
                return
            logger.error("a source of search trends hangs; it is left behind", source=self._source.name)
            self._hangs, self._asking = True, None
            self._missing(question, f"no answer within {self._patience_s:g} s", again=True)
            if self._next is not None:
                self._missing(self._next, "it hangs since an earlier question", again=True)
                self._next = None

    # ---- the thread of the source --------------------------------------------------------------------------------

    def _work(self) -> None:
        while True:
            question = self._inbox.get()
            if question is None:
                return
            reason, again = self._ask_source(question)
            with self._lock:
                self._hangs = False
                if self._asking is not question:  # given up: what it says now comes too late
                    continue
                self._timer.cancel()
                self._missing(question, reason, again)
                self._asking = None
                if self._next is not None:
                    following, self._next = self._next, None
                    self._begin(following)

    def _ask_source(self, question: _Question) -> tuple[str, bool]:
        """Pass on what the source gives; say why it gave nothing about the rest, and whether asking again may help."""
        try:
            for answer in self._source.fetch(tuple(question.symbols), question.trading_date, system_now()):
                with self._lock:
                    if self._asking is not question:
                        return "", False
                    question.answers += 1
                    self._pass_on(question, answer)
        except BaseException as error:  # noqa: BLE001  # whatever a source raises, the house goes on without it
            said = described(error)
            level = logger.warning if isinstance(error, HantradeError) else logger.exception
            with contextlib.suppress(UnicodeError):  # the traceback has the words as they are
                level("no search series; attention stays unknown", source=self._source.name, error=said)
            return said, True
        return "the source has no series of this symbol", False

    def _pass_on(self, question: _Question, answer: Any) -> None:
        on, name = question.trading_date, self._source.name
        if isinstance(answer, TrendsMissing):
            about = tuple(symbol for symbol in answer.symbols if symbol in question.left)
            if about:
                self._say(TrendsMissing(name, about, on.isoformat(), storable(str(answer.reason)), bool(answer.again)))
                self._tick_off(question, about)
            return
        if not isinstance(answer, TrendReceived):
            logger.error("a source of search trends gave something else", source=name, was=f"{answer!r:.100}")
            return
        wrong = complaint(answer, question.symbols, on)
        if wrong:
            logger.error("a search series is refused", source=name, symbol=f"{answer.symbol!r:.50}", gave=wrong)
            if answer.symbol in question.left:
                self._say(TrendsMissing(name, (answer.symbol,), on.isoformat(), f"refused: it gave {wrong}", False))
                self._tick_off(question, (answer.symbol,))
            return
        self._say(answer if self._keep_series else _measured(answer, name, on))
        self._tick_off(question, (answer.symbol,))

    @staticmethod
    def _tick_off(question: _Question, symbols: tuple[str, ...]) -> None:
        for symbol in symbols:
            question.left.pop(symbol, None)

    def _missing(self, question: _Question, reason: str, again: bool) -> None:
        if question.left:
            on = question.trading_date.isoformat()
            self._say(TrendsMissing(self._source.name, tuple(question.left), on, reason, again))
            question.left = {}


def _measured(series: TrendReceived, name: str, on: date) -> AttentionFetched | TrendsMissing:
    """Measure a series that may not be kept; one that is late is missing, so that it is asked for again."""
    if newest_day(series) < day_before(on):
        reason = f"its newest day is {newest_day(series)}, not {day_before(on)}"
        return TrendsMissing(name, (series.symbol,), on.isoformat(), reason, True)
    found = attention(series.points, on)
    return AttentionFetched(
        symbol=series.symbol,
        source=series.source,
        keyword_version=series.keyword_version,
        fetched_at=series.fetched_at,
        trading_date=on.isoformat(),
        as_of=found.as_of,
        asvi=found.asvi,
        z=found.z,
        reason=remark(found),
    )
