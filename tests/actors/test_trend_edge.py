"""The trend, alert and clock edges: they do their one thing and survive what they cannot help."""

import queue
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import Any

import pytest

from actors.edges.alert_sender import AlertSender
from actors.edges.clock import ClockEdge
from actors.edges.trend_source import TrendEdge
from domain.errors import DataError
from domain.messages import Message
from domain.messages.market import FetchTrends, TrendReceived
from domain.messages.run import ClockTicked
from domain.messages.trading import NoticeRaised
from domain.types import Severity, UnixNanos
from trends.recorded import packaged_trends

WAIT_S = 5.0
SYMBOL = "120110"


class Inbox:
    def __init__(self) -> None:
        self.came: queue.Queue[tuple[str, Any]] = queue.Queue()

    def __call__(
        self, message: Message, *, source: str, urgent: bool = False, on_committed: Callable[[], None] | None = None
    ) -> None:
        self.came.put((source, message))


class Refusing:
    """A source that breaks behind its first answer."""

    name = "refusing"

    def fetch(self, symbols: Sequence[str], trading_date: date, fetched_at: UnixNanos) -> Iterator[TrendReceived]:
        yield from packaged_trends().fetch(symbols, trading_date, fetched_at)
        raise DataError("the file is broken")


@pytest.mark.parametrize("source", [packaged_trends(), Refusing()])
def test_given_symbols_when_fetched_then_known_series_come_and_others_stay_unknown(source: Any) -> None:
    inbox = Inbox()
    edge: Any = TrendEdge.start(inbox, source)
    edge.tell(FetchTrends(("000250", SYMBOL, "999999"), "2026-01-13"))
    assert edge.ask("ping", timeout=WAIT_S) == "pong"
    edge.stop(timeout=WAIT_S)
    sender, series = inbox.came.get_nowait()
    assert (sender, series.symbol, inbox.came.empty()) == ("trends", SYMBOL, True)
    assert series.points[-1].day < "2026-01-13"


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
