"""The history edge: daily bars as the broker has them, one instrument after the other, or a reason."""

import queue
import threading
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from actors.edges.history import HistoryEdge
from broker.port import Candle
from domain.errors import BrokerUnavailable, HantradeError, RequestRefused
from domain.krx.calendar import previous_session
from domain.messages import Message
from domain.messages.market import DayBar, FetchHistory, HistoryReceived
from domain.time import from_kst, kst_date
from domain.types import CandleInterval, Krw, UnixNanos
from tests.actors.builders import DAY

WAIT_S = 5.0
REFUSED = RequestRefused("NOT_OFFERED", "no adjusted prices", field="adjusted")


class Broker:
    """Has the sessions of a week, and what a test says is wrong with it."""

    def __init__(self, *faults: HantradeError | None, offers_adjusted: bool = True, days: Sequence[int] = (8, 9, 12)):
        self.faults = list(faults)  # of the next calls
        self.offers_adjusted, self.days = offers_adjusted, days
        self.asked: list[tuple[str, bool]] = []
        self.gate = threading.Event()  # closed: an answer is under way
        self.gate.set()
        self.spans: list[tuple[Any, Any]] = []

    def candles(
        self,
        symbol: str,
        since: UnixNanos | None = None,
        until: UnixNanos | None = None,
        interval: CandleInterval | None = None,
        adjusted: bool = False,
    ) -> list[Candle]:
        assert interval is CandleInterval.DAY
        assert self.gate.wait(WAIT_S)
        self.asked.append((symbol, adjusted))
        self.spans.append((since, until))
        fault = self.faults.pop(0) if self.faults else None
        if fault is not None:
            raise fault
        if adjusted and not self.offers_adjusted:
            raise REFUSED
        return [
            Candle(from_kst(DAY.replace(day=day), 0, 0), Krw(10), Krw(12), Krw(9), Krw(11), day) for day in self.days
        ]


def answers(
    broker: Callable[[], Any],
    *requests: FetchHistory,
    waits: list[float] | None = None,
    then: Callable[[], object] = lambda: None,
) -> list[Any]:
    """Give what the edge posts about the requests, in order."""
    came: queue.Queue[Message] = queue.Queue()

    def post(message: Message, *, source: str, urgent: bool = False, on_committed: Any = None) -> None:
        assert source == "history"
        came.put(message)

    edge: Any = HistoryEdge.start(post, broker, 0.25, (waits if waits is not None else []).append)
    for request in requests:
        edge.tell(request)
    then()
    found: list[Any] = []
    while len(found) < len(requests[-1].symbols):
        found.append(came.get(timeout=WAIT_S))
        found = [item for item in found if item.trading_date == requests[-1].trading_date]
    assert edge.ask("ping", timeout=WAIT_S) == "pong"
    edge.stop(timeout=WAIT_S)
    assert came.empty()
    return found


def a_request(*symbols: str, days: int = 120, on: str = "2026-01-13") -> FetchHistory:
    return FetchHistory(symbols, on, days)


def a_bar(day: int) -> DayBar:
    return DayBar(f"2026-01-{day:02d}", Krw(10), Krw(12), Krw(9), Krw(11), day)


def test_given_a_broker_with_adjusted_prices_when_asked_then_each_instrument_is_told_oldest_first_with_pauses() -> None:
    broker, waits = Broker(), list[float]()
    found = answers(lambda: broker, a_request("005930", "120110"), waits=waits)
    bars = (a_bar(8), a_bar(9), a_bar(12))
    assert found == [HistoryReceived(symbol, "2026-01-13", bars, "") for symbol in ("005930", "120110")]
    assert broker.asked == [("005930", True), ("120110", True)]
    assert waits == [0.25], "between the two, not behind the last"


def test_given_a_broker_that_gives_the_day_and_more_when_asked_then_nothing_of_it_or_later_is_told() -> None:
    broker = Broker(days=(12, 13, 14, 9))
    [told] = answers(lambda: broker, a_request("005930", days=1))
    assert told.bars == (a_bar(12),)
    [(since, until)] = broker.spans
    assert until == from_kst(DAY, 0, 0)
    assert (DAY - kst_date(since)).days >= 12, "a session a day is too much to hope for"


@pytest.mark.parametrize("sessions", [1, 20, 120, 260])
def test_given_so_many_sessions_when_asked_for_then_the_calendar_days_hold_them(sessions: int) -> None:
    broker = Broker()
    answers(lambda: broker, a_request("005930", days=sessions))
    oldest = DAY
    for _ in range(sessions):
        oldest = previous_session(oldest)
    assert kst_date(broker.spans[0][0]) <= oldest


def test_given_a_broker_without_adjusted_prices_when_asked_then_plain_ones_are_taken_and_it_is_asked_once() -> None:
    broker = Broker(offers_adjusted=False)
    found = answers(lambda: broker, a_request("005930", "120110"))
    assert [len(told.bars) for told in found] == [3, 3]
    assert broker.asked == [("005930", True), ("005930", False), ("120110", False)]


def test_given_a_broker_without_daily_bars_when_asked_then_each_is_told_empty_with_the_reason() -> None:
    refused = RequestRefused("NOT_OFFERED", "the paper broker keeps no bars")
    broker = Broker(refused, refused)
    found = answers(lambda: broker, a_request("005930", "120110"))
    assert [(told.bars, told.reason) for told in found] == [((), "NOT_OFFERED: the paper broker keeps no bars")] * 2
    assert broker.asked == [("005930", True), ("005930", False)], "what it does not offer is not asked for again"


def test_given_one_instrument_refused_when_asked_then_the_others_are_still_told() -> None:
    broker = Broker(RequestRefused("UNKNOWN_SYMBOL", "who is that"))
    first, second = answers(lambda: broker, a_request("999999", "005930"))
    assert (first.bars, first.reason) == ((), "UNKNOWN_SYMBOL: who is that")
    assert len(second.bars) == 3


def test_given_a_dead_broker_when_asked_then_all_are_told_at_once_and_the_edge_lives_for_the_next_request() -> None:
    broker = Broker(BrokerUnavailable("nobody there"))
    found = answers(lambda: broker, a_request("005930", "120110", "000660"))
    assert [(told.symbol, told.bars, told.reason) for told in found] == [
        (symbol, (), "nobody there") for symbol in ("005930", "120110", "000660")
    ]
    assert broker.asked == [("005930", True)]
    assert [len(told.bars) for told in answers(lambda: broker, a_request("005930"))] == [3]


def test_given_no_client_at_all_when_asked_then_the_reason_is_told() -> None:
    def nobody() -> Any:
        raise BrokerUnavailable("the link is down")

    [told] = answers(nobody, a_request("005930"))
    assert (told.bars, told.reason) == ((), "the link is down")


def test_given_a_broker_with_no_session_when_asked_then_that_is_the_reason() -> None:
    broker = Broker(days=())
    [told] = answers(lambda: broker, a_request("005930"))
    assert (told.bars, told.reason) == ((), "the broker has no session before this date")


def test_given_a_request_of_another_date_when_it_comes_then_what_is_left_of_the_first_is_not_asked_for() -> None:
    broker = Broker()
    many = a_request(*(f"{number:06d}" for number in range(50)), on="2026-01-12")
    broker.gate.clear()
    [told] = answers(lambda: broker, many, a_request("005930"), then=broker.gate.set)
    assert (told.symbol, told.trading_date) == ("005930", "2026-01-13")
    assert len(broker.asked) <= 2, "the one under way, if the edge was quick, and the new one"
