"""The trend, alert and clock edges: they do their one thing and survive what they cannot help."""

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from actors.edges.alert_sender import AlertSender
from actors.edges.clock import ClockEdge
from actors.edges.trend_source import TrendEdge
from domain.attention import attention
from domain.errors import DataError
from domain.messages import Message
from domain.messages.market import AttentionFetched, FetchTrends, TrendPoint, TrendReceived, TrendsMissing
from domain.messages.run import ClockTicked
from domain.messages.trading import NoticeRaised
from domain.opinions import remark
from domain.types import Severity, UnixNanos
from trends.recorded import packaged_trends

WAIT_S = 5.0
SYMBOL = "120110"
ON = date(2026, 1, 13)
FETCH = FetchTrends((SYMBOL, "000250"), ON.isoformat())


class Inbox:
    def __init__(self) -> None:
        self.came: queue.Queue[tuple[str, Any]] = queue.Queue()

    def __call__(
        self, message: Message, *, source: str, urgent: bool = False, on_committed: Callable[[], None] | None = None
    ) -> None:
        self.came.put((source, message))

    def take(self, count: int) -> list[Any]:
        found = [self.came.get(timeout=WAIT_S) for _ in range(count)]
        assert {sender for sender, _ in found} == {"trends"}
        return [message for _, message in found]


def a_series(symbol: str = SYMBOL, days: int = 130, last: date = ON - timedelta(days=1)) -> TrendReceived:
    points = [TrendPoint((last - timedelta(days=back)).isoformat(), 5.0 + back % 9) for back in reversed(range(days))]
    return TrendReceived(symbol, "naver", 1, UnixNanos(1), tuple(points))


class Source:
    """Gives what it is told to; raises what is an exception."""

    def __init__(self, *answers: Any, name: str = "naver") -> None:
        self.name = name
        self.answers = answers
        self.asked: list[tuple[tuple[str, ...], date]] = []
        self.threads: set[int] = set()

    def fetch(self, symbols: Sequence[str], trading_date: date, fetched_at: UnixNanos) -> Iterator[Any]:
        self.asked.append((tuple(symbols), trading_date))
        self.threads.add(threading.get_ident())
        for answer in self.answers:
            if isinstance(answer, BaseException):
                raise answer
            yield answer


class Hanging(Source):
    """Answers once, then waits until it is let go."""

    def __init__(self) -> None:
        super().__init__(a_series("000250"), name="slow")
        self.go, self.done = threading.Event(), threading.Event()

    def fetch(self, symbols: Sequence[str], trading_date: date, fetched_at: UnixNanos) -> Iterator[Any]:
        self.asked.append((tuple(symbols), trading_date))
        yield self.answers[0]
        self.go.wait(WAIT_S)
        yield a_series(SYMBOL)
        self.done.set()


@contextmanager
def an_edge(inbox: Inbox, *sources: Any, **options: Any) -> Iterator[Any]:
    edge: Any = TrendEdge.start(inbox, sources, **options)
    try:
        yield edge
        assert edge.ask("ping", timeout=WAIT_S) == "pong"
    finally:
        edge.stop(timeout=WAIT_S)


def test_given_symbols_when_fetched_then_known_series_come_and_the_others_are_missing() -> None:
    inbox = Inbox()
    with an_edge(inbox, packaged_trends()) as edge:
        edge.tell(FetchTrends(("000250", SYMBOL, "999999"), "2026-01-13"))
        series, missing = inbox.take(2)
    assert series.symbol == SYMBOL
    assert series.points[-1].day < "2026-01-13"
    assert (missing.source, missing.symbols, missing.again) == ("shifted-demo", ("000250", "999999"), False)
    assert inbox.came.empty()


@pytest.mark.parametrize("error", [DataError("the file is broken"), ZeroDivisionError("a bug")])
def test_given_a_source_that_raises_when_fetched_then_the_rest_is_missing_and_the_others_answer(
    error: Exception,
) -> None:
    inbox = Inbox()
    with an_edge(inbox, Source(a_series(), error), Source(a_series(), name="google")) as edge:
        edge.tell(FETCH)
        found = inbox.take(4)
    [broken] = [item for item in found if isinstance(item, TrendsMissing) and item.source == "naver"]
    assert (broken.symbols, broken.again) == (("000250",), True)
    assert str(error) in broken.reason
    assert len([item for item in found if isinstance(item, TrendReceived)]) == 2


def test_given_what_a_source_says_is_missing_when_fetched_then_it_is_passed_on_for_what_was_asked() -> None:
    inbox, told = Inbox(), TrendsMissing("x", ("000250", "999999"), "2020-01-01", "quota spent", False)
    with an_edge(inbox, Source(a_series(), told)) as edge:
        edge.tell(FETCH)
        _, missing = inbox.take(2)
    assert missing == TrendsMissing("naver", ("000250",), "2026-01-13", "quota spent", False)


class Mute(Exception):
    """Cannot say itself."""

    def __str__(self) -> str:
        raise RuntimeError("no words")


@pytest.mark.parametrize(
    ("problem", "reason"),
    [
        (TrendsMissing("x", (SYMBOL,), "", "half \ud800 of it", True), "half ? of it"),
        (TrendsMissing("x", (SYMBOL,), "", "x" * 10_000, True), "x" * 300),
        (ValueError("half \ud800 of it"), "ValueError: half ? of it"),
        (Mute(), "Mute: (it raises when asked what it says)"),
        (SystemExit(3), "SystemExit: 3"),
    ],
    ids=["half a character", "without end", "raised", "mute", "leaving"],
)
def test_given_words_no_log_can_keep_when_a_source_says_them_then_they_are_mended_and_it_is_asked_again(
    problem: Any, reason: str
) -> None:
    inbox = Inbox()
    with an_edge(inbox, Source(problem)) as edge:
        edge.tell(FetchTrends((SYMBOL,), "2026-01-13"))
        edge.tell(FetchTrends((SYMBOL,), "2026-01-14"))
        said = inbox.take(2)
    assert [(item.trading_date, item.reason, item.again) for item in said] == [
        ("2026-01-13", reason, True),
        ("2026-01-14", reason, True),
    ]


RUBBISH = {
    "of the trading date": replace(a_series(), points=(TrendPoint("2026-01-13", 1.0),)),
    "later": replace(a_series(), points=(*a_series().points, TrendPoint("2026-02-01", 1.0))),
    "not a number": replace(a_series(), points=(TrendPoint("2026-01-12", float("nan")),)),
    "negative": replace(a_series(), points=(TrendPoint("2026-01-12", -1.0),)),
    "a text": replace(a_series(), points=(TrendPoint("2026-01-12", "5"),)),  # type: ignore[arg-type]
    "unordered": replace(a_series(), points=tuple(reversed(a_series().points))),
    "twice": replace(a_series(), points=(a_series().points[0],) * 2),
    "no day": replace(a_series(), points=(TrendPoint("yesterday", 1.0),)),
    "another spelling": replace(a_series(), points=(TrendPoint("20260112", 1.0),)),
    "empty": replace(a_series(), points=()),
    "no points": replace(a_series(), points=(5.0,)),  # type: ignore[arg-type]
    "a whole number": replace(a_series(), points=(TrendPoint("2026-01-12", 5),)),
    "beyond any float": replace(a_series(), points=(TrendPoint("2026-01-12", 10**400),)),
    "a source in half characters": replace(a_series(), source="naver\ud800"),
    "no source": replace(a_series(), source=""),
    "no version": replace(a_series(), keyword_version="one"),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("rubbish", RUBBISH.values(), ids=RUBBISH.keys())
@pytest.mark.parametrize("keep_series", [True, False])
def test_given_rubbish_when_fetched_then_it_is_missing_and_never_let_through(rubbish: Any, keep_series: bool) -> None:
    inbox = Inbox()
    with an_edge(inbox, Source(rubbish), keep_series=keep_series) as edge:
        edge.tell(FetchTrends((SYMBOL,), "2026-01-13"))
        [said] = inbox.take(1)
    assert isinstance(said, TrendsMissing)
    assert said.reason.startswith("refused: it gave ")


@pytest.mark.parametrize("rubbish", [a_series("999999"), None, "series", 5])
def test_given_something_not_asked_for_when_fetched_then_only_what_was_asked_is_missing(rubbish: Any) -> None:
    inbox = Inbox()
    with an_edge(inbox, Source(rubbish)) as edge:
        edge.tell(FETCH)
        [said] = inbox.take(1)
    assert (said.symbols, said.reason) == (FETCH.symbols, "the source has no series of this symbol")


def test_given_a_source_that_hangs_when_fetched_then_it_is_missing_and_what_it_says_later_is_dropped() -> None:
    inbox, slow = Inbox(), Hanging()
    with an_edge(inbox, slow, patience_s=0.01) as edge:
        edge.tell(FetchTrends((SYMBOL,), "2026-01-13"))
        [missing] = inbox.take(1)
        assert (missing.source, missing.symbols, missing.again) == ("slow", (SYMBOL,), True)
        assert "no answer within" in missing.reason
        edge.tell(FetchTrends((SYMBOL,), "2026-01-13"))  # it is not asked on top of what hangs
        [missing] = inbox.take(1)
        assert "hangs" in missing.reason
        assert len(slow.asked) == 1
        slow.go.set()
    assert inbox.came.empty()


def test_given_a_slow_source_when_fetched_then_the_others_answer_meanwhile_and_the_edge_stops_without_it() -> None:
    inbox, slow = Inbox(), Hanging()
    with an_edge(inbox, slow, Source(a_series(), name="google")) as edge:
        edge.tell(FetchTrends((SYMBOL,), "2026-01-13"))
        [said] = inbox.take(1)
    assert (said.symbol, said.source) == (SYMBOL, "naver")  # the series names its own source
    slow.go.set()


def test_given_a_question_under_way_when_asked_again_then_nothing_is_asked_twice_and_the_rest_comes_behind_it() -> None:
    inbox, slow = Inbox(), Hanging()
    with an_edge(inbox, slow) as edge:
        edge.tell(FETCH)
        [first] = inbox.take(1)  # 000250 is answered, 120110 is not
        assert first.symbol == "000250"
        edge.tell(FetchTrends((SYMBOL, "005930"), "2026-01-13"))
        edge.tell(FetchTrends((SYMBOL, "000660"), "2026-01-13"))
        edge.ask("ping", timeout=WAIT_S)
        slow.go.set()
        inbox.take(2)
    assert slow.asked == [(FETCH.symbols, ON), (("005930", "000660"), ON)]


def test_given_many_questions_when_asked_then_a_source_is_always_called_on_the_same_thread() -> None:
    inbox, source = Inbox(), Source(a_series())
    with an_edge(inbox, source) as edge:
        for _ in range(3):
            edge.tell(FetchTrends((SYMBOL,), "2026-01-13"))
            inbox.take(1)
    assert len(source.asked) == 3
    assert len(source.threads) == 1


def test_given_no_series_may_be_kept_when_fetched_then_only_what_was_measured_is_told() -> None:
    inbox, series = Inbox(), a_series()
    with an_edge(inbox, Source(series), keep_series=False) as edge:
        edge.tell(FetchTrends((SYMBOL,), "2026-01-13"))
        [said] = inbox.take(1)
    found = attention(series.points, ON)
    assert found.z is not None
    measured = (found.as_of, found.asvi, found.z, remark(found))
    assert said == AttentionFetched(SYMBOL, "naver", 1, UnixNanos(1), "2026-01-13", *measured)


def test_given_a_late_series_that_may_not_be_kept_when_fetched_then_it_is_missing_for_now() -> None:
    inbox = Inbox()
    with an_edge(inbox, Source(a_series(last=ON - timedelta(days=2))), keep_series=False) as edge:
        edge.tell(FetchTrends((SYMBOL,), "2026-01-13"))
        [said] = inbox.take(1)
    assert (said.again, said.reason) == (True, "its newest day is 2026-01-11, not 2026-01-12")


@pytest.mark.parametrize("problem", [None, OSError("the disk is full"), ValueError("closed file")])
def test_given_a_notice_when_it_cannot_be_shown_then_the_edge_lives(problem: Exception | None) -> None:
    shown: list[str] = []

    def show(notice: NoticeRaised) -> None:
        shown.append(notice.text)
        if problem is not None:
            raise problem

    edge: Any = AlertSender.start(show)
    edge.tell(NoticeRaised(Severity.ALERT, "t", "look"))
    assert edge.ask("ping", timeout=WAIT_S) == "pong"
    edge.stop(timeout=WAIT_S)
    assert shown == ["look"]


def test_given_a_clock_when_it_runs_then_it_ticks_until_it_is_stopped() -> None:
    inbox = Inbox()
    edge: Any = ClockEdge.start(inbox, 0.001)
    first, second = (inbox.came.get(timeout=WAIT_S)[1] for _ in range(2))
    edge.stop(timeout=WAIT_S)
    assert isinstance(first, ClockTicked)
    assert second.system_time >= first.system_time
    assert not second.stepped_back
