"""The quotes link against a broker that the test plays: never far ahead of the core, and nothing left running."""

import threading
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from actors.edges.quote_link import MAX_UNHANDLED, QuoteLink, QuoteTap
from domain.errors import BrokerUnavailable
from domain.instruments import Instrument
from domain.messages.link import (
    CloseLink,
    HeartbeatReceived,
    InstrumentsReceived,
    LinkFailed,
    LinkLost,
    LinkOpened,
    ReconcileLink,
    SessionInfo,
    SubscribeQuotes,
)
from domain.messages.market import QuotesEnded, QuotesReceived
from domain.quotes import Depth, QuoteBatch
from domain.types import LinkName, UnixNanos
from tests.actors.link_builders import (
    SYMBOL,
    WAIT_S,
    FakeClient,
    FakeDoor,
    FakeStream,
    T,
    a_batch,
    a_session,
    an_opening,
    settle,
)


class KeptTap(QuoteTap):
    def __init__(self) -> None:
        self.heard: list[Any] = []

    def on_session(self, session: SessionInfo) -> None:
        self.heard.append("session")

    def on_instruments(self, instruments: Sequence[Instrument]) -> None:
        self.heard.append("instruments")

    def on_batch(self, batch: QuoteBatch) -> None:
        self.heard.append(batch.seq)

    def on_beat(self, venue_time: UnixNanos) -> None:
        self.heard.append(("beat", venue_time - T))

    def on_end(self) -> None:
        self.heard.append("end")


class House:
    def __init__(self, tap: KeptTap | None = None) -> None:
        self.door, self.tap, self.client = FakeDoor(), tap or KeptTap(), FakeClient()
        self.ref: Any = QuoteLink.start(self.door, lambda _: self.client, self.tap)

    def tell(self, *messages: Any) -> None:
        for message in messages:
            self.ref.tell(message)
        settle(self.ref)

    def subscribe(self) -> FakeStream:
        self.tell(an_opening(LinkName.QUOTES), ReconcileLink(LinkName.QUOTES, (SYMBOL,)), SubscribeQuotes((SYMBOL,)))
        assert [type(self.door.next()) for _ in range(2)] == [LinkOpened, InstrumentsReceived]
        return self.client.streams[-1]


@pytest.fixture
def house() -> Iterator[House]:
    made = House()
    yield made
    made.ref.stop(timeout=WAIT_S)
    assert [thread for thread in threading.enumerate() if thread.name == "quotes"] == []


def test_given_a_core_that_is_slow_when_batches_come_then_at_most_two_are_unhandled(house: House) -> None:
    stream = house.subscribe()
    for seq in range(1, 6):
        stream.feed.put(a_batch(seq))
    for handled in range(5):
        assert isinstance(house.door.next(), QuotesReceived)
        ahead = len(house.door.of(QuotesReceived)) - handled
        assert ahead <= MAX_UNHANDLED
        house.door.commit()
    assert house.tap.heard == ["session", "instruments", 1, 2, 3, 4, 5]


def test_given_unhandled_batches_when_more_come_then_they_are_left_with_the_broker(house: House) -> None:
    stream = house.subscribe()
    for seq in range(1, 9):
        stream.feed.put(a_batch(seq))
    house.door.next()
    house.door.next()
    house.tell(CloseLink(LinkName.QUOTES, "stop"))
    assert len(house.door.of(QuotesReceived)) == MAX_UNHANDLED
    assert stream.taken <= MAX_UNHANDLED + 1


@pytest.mark.parametrize("rows", [0, 3])
def test_given_the_last_batch_when_it_is_handled_then_the_end_follows_it(house: House, rows: int) -> None:
    stream = house.subscribe()
    stream.feed.put(a_batch(1, rows, end=True))
    if rows:
        assert isinstance(house.door.next(), QuotesReceived)
    ended = house.door.next()
    assert isinstance(ended, QuotesEnded)
    assert ended.venue_time == (T + 1 if rows else T)
    while house.door.uncommitted:
        house.door.commit()
    assert house.tap.heard == ["session", "instruments", *([1] if rows else []), "end"]
    house.tell(CloseLink(LinkName.QUOTES, "done"))
    assert house.door.of(LinkLost) == []


def test_given_batches_without_rows_when_they_come_then_the_core_is_not_bothered(house: House) -> None:
    stream = house.subscribe()
    for seq in range(1, 5):
        stream.feed.put(a_batch(seq, rows=0))
    stream.feed.put(a_batch(5))
    assert isinstance(house.door.next(), QuotesReceived)
    assert len(house.door.of(QuotesReceived)) == 1


@pytest.mark.parametrize("wanted", [False, True])
def test_given_who_listens_when_subscribed_then_depth_is_asked_for_only_if_it_is_wanted(wanted: bool) -> None:
    house = House(type("Tap", (KeptTap,), {"wants_depth": wanted})())
    house.subscribe()
    house.ref.stop(timeout=WAIT_S)
    assert house.client.asked_depth == [wanted]


def test_given_order_books_without_rows_when_they_come_then_they_go_the_way_of_rows(house: House) -> None:
    stream = house.subscribe()
    raw, batch = a_batch(1, rows=0)
    book = Depth(SYMBOL, T, ((99, 5),), ((100, 5),))
    stream.feed.put((raw, batch._replace(depths=(book,))))
    came = house.door.next()
    assert isinstance(came, QuotesReceived)
    assert came.batch.depths == (book,)
    assert house.tap.heard[-1] == "instruments"
    house.door.commit()
    assert house.tap.heard[-1] == 1


@pytest.mark.parametrize("end", [BrokerUnavailable("gone"), None])
def test_given_a_stream_that_breaks_or_just_ends_when_read_then_the_loss_is_told_once(
    house: House, end: BrokerUnavailable | None
) -> None:
    house.subscribe().feed.put(end)
    lost = house.door.next()
    assert isinstance(lost, LinkLost)
    house.client.watches[0].on_end(BrokerUnavailable("heartbeats too"))
    settle(house.ref)
    assert len(house.door.of(LinkLost)) == 1


def test_given_a_reader_waiting_for_the_core_when_closed_then_its_thread_ends(house: House) -> None:
    stream = house.subscribe()
    for seq in range(1, 5):
        stream.feed.put(a_batch(seq))
    house.door.next()
    house.door.next()
    house.tell(CloseLink(LinkName.QUOTES, "stop"))
    assert [thread for thread in threading.enumerate() if thread.name == "quotes"] == []
    assert house.door.of(LinkLost) == []


def test_given_a_closed_link_when_opened_again_then_quotes_flow_again(house: House) -> None:
    house.subscribe()
    house.tell(CloseLink(LinkName.QUOTES, "stop"))
    stream = house.subscribe()
    stream.feed.put(a_batch(1))
    assert isinstance(house.door.next(), QuotesReceived)


def test_given_a_late_commit_of_an_old_connection_when_it_comes_then_the_new_one_keeps_its_room(house: House) -> None:
    old = house.subscribe()
    old.feed.put(a_batch(1))
    house.door.next()
    house.tell(CloseLink(LinkName.QUOTES, "stop"))
    stream = house.subscribe()
    house.door.commit()
    for seq in range(1, 5):
        stream.feed.put(a_batch(seq))
    house.door.next()
    house.door.next()
    house.tell(CloseLink(LinkName.QUOTES, "stop"))
    assert len(house.door.of(QuotesReceived)) == 1 + MAX_UNHANDLED


def test_given_a_broker_that_refuses_when_subscribed_then_the_step_is_told(house: House) -> None:
    house.client.fails["quotes"] = BrokerUnavailable("no")
    house.tell(an_opening(LinkName.QUOTES), SubscribeQuotes((SYMBOL,)))
    [failed] = house.door.of(LinkFailed)
    assert failed.step == "subscribe"


def test_given_a_quiet_stream_when_heartbeats_come_then_the_tap_hears_the_clock_of_the_one_before(
    house: House,
) -> None:
    stream = house.subscribe()
    beat = house.client.watches[0].on_beat
    beat(a_session(venue_time=T + 10))
    beat(a_session(venue_time=T + 20))
    assert house.tap.heard[2:] == [("beat", 10)]
    stream.feed.put(a_batch(1))
    while not house.door.of(QuotesReceived):
        pass
    beat(a_session(venue_time=T + 30))  # the core has not handled the batch
    house.door.commit()
    beat(a_session(venue_time=T + 40))  # it came since the last one
    beat(a_session(venue_time=T + 50))
    assert house.tap.heard[3:] == [1, ("beat", 40)]
    assert len(house.door.of(HeartbeatReceived)) == 5


def test_given_a_core_that_is_slow_when_batches_come_then_each_says_when_it_was_received() -> None:
    clock = iter(range(T + 100, T + 200))
    door, client = FakeDoor(), FakeClient()
    ref: Any = QuoteLink.start(door, lambda _: client, KeptTap(), lambda: UnixNanos(next(clock)))
    for message in (an_opening(LinkName.QUOTES), SubscribeQuotes((SYMBOL,))):
        ref.tell(message)
    settle(ref)
    for seq in range(1, 4):
        client.streams[0].feed.put(a_batch(seq))
    for _ in range(3):
        door.next_of(QuotesReceived)
        door.commit()
    ref.stop(timeout=WAIT_S)
    assert [message.received_at - T for message in door.of(QuotesReceived)] == [100, 101, 102]
