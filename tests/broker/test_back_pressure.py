"""Who does not read makes nothing grow: every queue between a broker and a trader is counted while somebody stalls."""

import asyncio
import itertools
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from pathlib import Path
from queue import Queue
from typing import Any

import pytest

from broker import event_feed, servicer
from broker.client import BrokerClient
from broker.client_orders import MOST_WAITING, OrderSessionHandle, SessionListener
from broker.event_feed import OrderEventFeed
from broker.journal import OrderJournal
from broker.order_session import MOST_QUEUED, MOST_UNDER_WAY, OrderSession
from broker.server import BrokerServerThread
from broker.subscription import Subscription
from broker.translate import broker as wire
from domain.errors import BrokerUnavailable
from domain.messages.orders import OrderAccepted, OrderFact
from domain.quotes import Depth, QuoteBatch
from domain.types import ClientOrderId, Gate, Krw, Side, UnixNanos, VenueOrderId
from hantrade.v1 import broker_pb2 as pb
from hantrade.v1 import types_pb2
from tests.broker.builders import a_batch, a_guard, a_submit
from tests.broker.contract import WAIT_S
from tests.broker.fake_backend import VENUE_TIME, FakeBackend, open_fake
from tests.broker_sim.builders import SYMBOL, a_quote, at

EVENTS = 5_000
WINDOW_EVENTS = 2_048  # what the HTTP/2 window of 64 KB and buffers of gRPC hold of the smallest event, generously


def an_event(number: int) -> OrderAccepted:
    order, leg = ClientOrderId(f"o-{number}"), VenueOrderId(f"{number:07d}")
    return OrderAccepted("", 0, VENUE_TIME, order, leg, SYMBOL, Side.BUY, 1, Krw(9_000))


def fill(journal: OrderJournal, count: int) -> None:
    for start in range(0, count, 1_000):
        journal.append([an_event(number) for number in range(start, min(count, start + 1_000))])


# ---- the server's end of an order session, with a writer that stalls -----------------------------------------


class Stalled:
    """A session whose caller reads nothing until `flow`."""

    def __init__(self, backend: FakeBackend) -> None:
        self.flows = asyncio.Event()
        self.written: list[pb.OrderSessionResponse] = []
        self.taken = 0
        self.most_queued = 0
        self.said: asyncio.Queue[pb.OrderSessionRequest | None] = asyncio.Queue()
        self.session = OrderSession(backend, self._write)
        self.say(pb.OrderSessionRequest(open=pb.OpenOrderSession()))
        self.running = asyncio.ensure_future(self.session.run(self._requests()))

    async def _write(self, answer: pb.OrderSessionResponse) -> None:
        self.most_queued = max(self.most_queued, self.session.queued)
        await self.flows.wait()
        self.written.append(answer)

    async def _requests(self) -> AsyncIterator[pb.OrderSessionRequest]:
        while (message := await self.said.get()) is not None:
            self.taken += 1
            yield message

    def say(self, *messages: pb.OrderSessionRequest) -> None:
        for message in messages:
            self.said.put_nowait(message)

    async def spin(self, until: Callable[[], bool] = lambda: False, turns: int = 3_000) -> None:
        """Let everybody on the loop do what they can, `turns` times or until it holds."""
        for _ in range(turns):
            if until():
                return
            self.most_queued = max(self.most_queued, self.session.queued)
            await asyncio.sleep(0)

    async def end(self) -> None:
        self.running.cancel()
        await asyncio.gather(self.running, return_exceptions=True)

    def events(self) -> list[int]:
        return [one.event.seq for one in self.written if one.HasField("event")]


def play(folder: Path, script: Callable[[Stalled, FakeBackend], Any], events: int = 0) -> None:
    async def all_of_it() -> None:
        async with open_fake(folder / "orders.db", lambda: UnixNanos(time.time_ns())) as backend:
            fill(backend.journal, events)
            stalled = Stalled(backend)
            await script(stalled, backend)
            await stalled.end()

    asyncio.run(all_of_it())


def test_given_a_reader_that_stalls_when_events_wait_then_few_are_held_and_none_is_dropped(tmp_path: Path) -> None:
    async def script(stalled: Stalled, _: FakeBackend) -> None:
        stalled.flows.set()
        await stalled.spin(lambda: bool(stalled.written))  # open
        stalled.flows.clear()
        await stalled.spin(lambda: stalled.session.queued >= MOST_QUEUED)
        await stalled.spin()
        assert stalled.most_queued <= MOST_QUEUED
        assert len(stalled.written) < EVENTS
        stalled.flows.set()
        await stalled.spin(lambda: len(stalled.events()) == EVENTS, turns=100_000)
        assert stalled.events() == list(range(1, EVENTS + 1))
        assert stalled.most_queued <= MOST_QUEUED

    play(tmp_path, script, EVENTS)


def test_given_a_reader_that_stalls_when_it_asks_on_then_no_more_requests_are_taken_than_may_wait(
    tmp_path: Path,
) -> None:
    async def script(stalled: Stalled, backend: FakeBackend) -> None:
        stalled.flows.set()
        await stalled.spin(lambda: bool(stalled.written))
        stalled.flows.clear()
        asked = 3 * MOST_UNDER_WAY
        stalled.say(*(wire.write_set_gate(f"g-{number}", Gate.OPEN) for number in range(asked)))
        await stalled.spin(lambda: stalled.taken > MOST_UNDER_WAY)
        await stalled.spin()
        assert stalled.taken <= MOST_UNDER_WAY + 2  # the opening, and the one that waits
        assert backend.journal.outcome(f"g-{MOST_UNDER_WAY + 2}") is None
        stalled.flows.set()
        await stalled.spin(lambda: len(stalled.written) == asked + 1, turns=100_000)
        receipts = [one.receipt.request_id for one in stalled.written if one.HasField("receipt")]
        assert receipts == [f"g-{number}" for number in range(asked)]

    play(tmp_path, script)


def test_given_a_reader_that_stalls_when_it_beats_on_then_one_echo_waits(tmp_path: Path) -> None:
    async def script(stalled: Stalled, _: FakeBackend) -> None:
        stalled.flows.set()
        await stalled.spin(lambda: bool(stalled.written))
        stalled.flows.clear()
        stalled.say(*(wire.write_heartbeat(seq, 60.0) for seq in range(1, 1_001)))
        await stalled.spin(lambda: stalled.taken == 1_001)
        assert stalled.taken == 1_001, "signs of life are heard all the same"
        assert stalled.most_queued <= 2

    play(tmp_path, script)


def test_given_a_day_of_events_when_a_feed_is_read_then_it_holds_a_page_and_gives_them_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages: list[int] = []
    real = itertools.islice

    def counting(source: Iterator[OrderFact], most: int) -> Iterator[OrderFact]:
        page = list(real(source, most))
        pages.append(len(page))
        return iter(page)

    monkeypatch.setattr(event_feed, "islice", counting)

    async def read() -> list[int]:
        journal = OrderJournal(tmp_path / "orders.db", durable=False)
        fill(journal, EVENTS)
        events, seqs = OrderEventFeed(journal).after(0), []
        async for fact in events:
            seqs.append(fact.event_seq)
            if fact.event_seq == EVENTS:
                break
        journal.close()
        return seqs

    assert asyncio.run(read()) == list(range(1, EVENTS + 1))
    assert max(pages) == event_feed.PAGE


# ---- the trader's end ----------------------------------------------------------------------------------------


def test_given_a_broker_that_takes_nothing_when_requests_pile_up_then_the_last_one_is_refused_here() -> None:
    class Deaf:
        """An order session that opens and never takes a request."""

        def __init__(self) -> None:
            self._over = threading.Event()

        def __call__(self, _: Iterator[Any]) -> "Deaf":
            return self

        def __iter__(self) -> Iterator[pb.OrderSessionResponse]:
            yield pb.OrderSessionResponse(
                opened=pb.OrderSessionOpened(journal_id="J", epoch=1, gate=types_pb2.GATE_OPEN)
            )
            self._over.wait(WAIT_S)

        def cancel(self) -> None:
            self._over.set()

    opened: Queue[Any] = Queue()
    ends: list[tuple[str, ...]] = []
    nothing: Callable[[Any], None] = lambda _: None  # noqa: E731  # heard by nobody
    listener = SessionListener(nothing, nothing, opened.put, lambda _, unanswered: ends.append(unanswered))
    handle = OrderSessionHandle(Deaf(), "nowhere:1", pb.OpenOrderSession(), listener)
    opened.get(timeout=WAIT_S)
    with pytest.raises(BrokerUnavailable, match="takes no requests"):
        for number in range(MOST_WAITING + 1):
            handle.submit(a_submit(f"o-{number}"), a_guard("J", 1))
    handle._sent_all.set()  # nobody drains the sending side here
    handle.close()
    [unanswered] = ends
    assert len(unanswered) <= MOST_WAITING
    assert f"o-{len(unanswered)}" not in unanswered, "what was refused here never left"


@pytest.fixture
def sessions(monkeypatch: pytest.MonkeyPatch) -> list[OrderSession]:
    """Give the order sessions a server opens."""
    made: list[OrderSession] = []

    class Seen(OrderSession):
        def __init__(self, *arguments: Any, **more: Any) -> None:
            super().__init__(*arguments, **more)
            made.append(self)

    monkeypatch.setattr(servicer, "OrderSession", Seen)
    return made


def test_given_a_trader_that_stalls_when_events_wait_then_they_wait_in_the_journal_and_all_come_in_the_end(
    tmp_path: Path, sessions: list[OrderSession]
) -> None:
    count = 3 * WINDOW_EVENTS
    server = BrokerServerThread(lambda: open_fake(tmp_path / "orders.db", lambda: UnixNanos(time.time_ns()))).start()
    assert isinstance(server.backend, FakeBackend)
    fill(server.backend.journal, count)
    client, seqs = BrokerClient(server.address, WAIT_S), list[int]()
    reached, go_on, all_came = threading.Event(), threading.Event(), threading.Event()

    def on_event(fact: OrderFact) -> None:
        reached.set()
        assert go_on.wait(60)
        seqs.append(fact.event_seq)
        if fact.event_seq == count:
            all_came.set()

    client.order_session(0, "", on_event, lambda _: None, lambda _: None, lambda _, __: None)
    assert reached.wait(WAIT_S)
    for _ in range(50):  # each answer is a turn of the server's loop: it does meanwhile what it can
        client.session()
        assert sessions[0].queued <= MOST_QUEUED
        assert sessions[0]._queued_seq <= WINDOW_EVENTS + MOST_QUEUED
    go_on.set()
    assert all_came.wait(60)
    assert seqs == list(range(1, count + 1))
    client.close()
    server.stop()


def test_given_a_trader_that_reads_no_quotes_when_they_come_then_the_broker_stops_taking_batches(
    tmp_path: Path,
) -> None:
    server = BrokerServerThread(lambda: open_fake(tmp_path / "orders.db", lambda: UnixNanos(time.time_ns()))).start()
    taken = 0

    async def endless(_: Sequence[str], max_rows: int, *__: Any) -> AsyncIterator[QuoteBatch]:
        nonlocal taken
        while True:
            taken += 1
            yield a_batch(taken, rows=max_rows)
            await asyncio.sleep(0)

    server.backend.stream_quotes = endless  # type: ignore[method-assign, assignment]
    client = BrokerClient(server.address, WAIT_S)
    stream = client.quotes(["120110"], max_rows=4_096)
    first = next(stream)[1]
    for _ in range(50):
        client.session()
        assert taken <= 32, "a batch is about 200 KB: the window of 64 KB and gRPC's own buffers hold a few"
    assert first.seq == 1
    assert [next(stream)[1].seq for _ in range(40)] == list(range(2, 42)), "none was lost on the way"
    stream.close()
    client.close()
    server.stop()


# ---- the source of quotes ------------------------------------------------------------------------------------


@pytest.mark.parametrize("symbols", [1, 300])
def test_given_a_reader_of_quotes_that_stalls_when_a_day_passes_then_a_row_a_symbol_is_held_and_the_rest_counted(
    symbols: int,
) -> None:
    reader = Subscription(None, 256, 0.0, asyncio.sleep, capacity=1_024)
    offered = 20_000
    most = 0
    for number in range(offered):
        reader.offer([a_quote(10_000, at(10, 0) + number, symbol=f"{number % symbols:06d}", last_qty=1)])
        most = max(most, len(reader._rows))
    assert most <= 1_024

    async def drain() -> tuple[int, int, int]:
        rows = conflated = shares = 0
        while rows + conflated < offered:
            taken = await reader.take()
            rows, conflated = rows + len(taken.rows), conflated + taken.conflated
            shares += sum(row.last_qty for row in taken.rows)
        return rows, conflated, shares

    rows, conflated, shares = asyncio.run(drain())
    assert (rows + conflated, shares) == (offered, offered), "every row was given or counted, and every share told"


def test_given_books_without_rows_when_nobody_reads_then_a_book_a_symbol_is_held() -> None:
    reader = Subscription(None, 256, 0.0, asyncio.sleep, capacity=256, depth=True)
    for number in range(5_000):
        reader.offer((), [Depth(SYMBOL, at(10, 0) + number, ((9_990, 5),), ((10_000, 6),))])
        assert len(reader._depths) <= 256, "what one batch may hold"
