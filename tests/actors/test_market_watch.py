"""News of the market over the quotes link: conflated indices, interruptions, and a stream that breaks or is not there.

The test is the broker: it speaks on the streams the link opened, and says when a heartbeat comes.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.edges.market_watch import AGAIN_NS, APART_NS, MarketWatch
from actors.edges.quote_link import QuoteLink, QuoteTap
from broker.client import BrokerClient
from broker.port import IndexMoved, PhaseChanged, VolatilityInterruption
from broker.server import BrokerServerThread
from broker_sim.recording import Recording
from domain.errors import BrokerUnavailable, RequestRefused
from domain.messages.link import CloseLink, HeartbeatReceived, LinkLost, ReconcileLink, SubscribeQuotes
from domain.messages.market import IndexReceived, SymbolInterrupted
from domain.types import Krw, LinkName, Market, UnixNanos, VenuePhase
from tests.actors.link_builders import SYMBOL, FakeClient, FakeDoor, T, a_session, an_opening, settle
from tests.actors.test_quote_link import House
from tests.broker.test_contract_sim import paper, recorded
from tests.broker_sim.builders import DAY, a_day, a_file, at
from tests.broker_sim.builders import SYMBOL as DAYS_SYMBOL


def an_index(value: int, at: int = 0, market: Market = Market.KOSPI) -> IndexMoved:
    return IndexMoved(UnixNanos(T + at), market, value, 250_000)


def told(value: int, at: int = 0, market: Market = Market.KOSPI) -> IndexReceived:
    return IndexReceived(market, value, 250_000, UnixNanos(T + at))


class Watched:
    """A watch over one connection, its clock and its door."""

    def __init__(self) -> None:
        self.client, self.door, self.now = FakeClient(), FakeDoor(), 0
        self.watch = MarketWatch(self.client, self._post, lambda: self.now)
        self.watch.begin()

    def _post(self, message: Any, *, on_committed: Any = None) -> None:
        self.door(message, source="link/quotes", on_committed=on_committed)

    def says(self, *news: Any) -> None:
        for one in news:
            self.client.markets[-1].on_news(one)


def test_given_values_in_quick_succession_when_heard_then_the_newest_goes_a_moment_later() -> None:
    made = Watched()
    made.says(an_index(250_100, 1), an_index(250_200, 2), an_index(250_300, 3))
    assert made.door.all == [told(250_100, 1)]
    made.door.commit()
    made.now += APART_NS - 1
    made.watch.beat()
    assert made.door.all == [told(250_100, 1)]
    made.now += 1
    made.watch.beat()
    assert made.door.all == [told(250_100, 1), told(250_300, 3)]


def test_given_a_core_that_is_slow_when_values_come_then_one_of_a_market_waits_for_it() -> None:
    made = Watched()
    made.says(an_index(250_100), an_index(90_000, market=Market.KOSDAQ))
    made.now += APART_NS
    made.says(an_index(250_200), an_index(250_300))
    assert made.door.all == [told(250_100), told(90_000, market=Market.KOSDAQ)]
    made.door.commit()
    made.watch.beat()
    assert made.door.all[2:] == [told(250_300)]


def test_given_interruptions_and_phases_when_heard_then_each_interruption_is_told_and_no_phase() -> None:
    made = Watched()
    began = VolatilityInterruption(T, SYMBOL, True, Krw(11_000), "정적", 1)
    ended = VolatilityInterruption(UnixNanos(T + 1), SYMBOL, False, Krw(11_000), "정적", 1)
    made.says(PhaseChanged(T, VenuePhase.CONTINUOUS, "3"), began, ended)
    assert made.door.all == [
        SymbolInterrupted(SYMBOL, True, Krw(11_000), "정적", T),
        SymbolInterrupted(SYMBOL, False, Krw(11_000), "정적", UnixNanos(T + 1)),
    ]


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=40))
def test_for_any_pace_values_are_told_in_order_apart_and_the_newest_in_the_end(steps: list[tuple[int, bool]]) -> None:
    made, told_at = Watched(), []
    for number, (waits, handled) in enumerate(steps, 1):
        made.now += waits * APART_NS // 3
        before = len(made.door.all)
        made.says(an_index(number))
        told_at += [made.now] * (len(made.door.all) - before)
        if handled and made.door.uncommitted:
            made.door.commit()
    for _ in range(2):  # one that is at the core, then one that waits
        if made.door.uncommitted:
            made.door.commit()
        made.now += APART_NS
        made.watch.beat()
    values = [message.value for message in made.door.all]
    assert values == sorted(set(values))
    assert all(later - earlier >= APART_NS for earlier, later in pairwise(told_at))
    assert values[-1:] == ([len(steps)] if steps else [])


@pytest.mark.parametrize("code", ["NOT_OFFERED", "UNIMPLEMENTED", "PERMISSION_DENIED"])
def test_given_a_broker_that_refuses_the_news_when_time_passes_then_it_is_not_asked_again(code: str) -> None:
    made = Watched()
    made.client.markets[0].on_end(RequestRefused(code, "no news of the market"))
    made.now += 100 * AGAIN_NS
    assert not made.watch.beat()


def test_given_a_stream_that_breaks_when_a_while_has_passed_then_it_is_opened_again_once() -> None:
    made = Watched()
    made.client.markets[0].on_end(BrokerUnavailable("too far behind"))
    made.now += AGAIN_NS - 1
    assert not made.watch.beat()
    made.now += 1
    assert made.watch.beat()
    made.watch.begin_again()
    made.watch.begin_again()
    assert len(made.client.markets) == 2
    assert not made.watch.beat()


def test_given_a_watch_that_is_closed_when_its_stream_still_speaks_then_nothing_is_told() -> None:
    made = Watched()
    made.says(an_index(1), an_index(2))
    made.watch.close()
    made.door.commit()
    made.now += AGAIN_NS
    made.says(an_index(3), VolatilityInterruption(T, SYMBOL, True, Krw(1), "", 0))
    made.client.markets[0].on_end(BrokerUnavailable("gone"))
    assert made.door.all == [told(1)]
    assert not made.watch.beat()


# ---- within the link -------------------------------------------------------------------------------------------


@pytest.fixture
def house() -> Iterator[House]:
    made = House()
    yield made
    made.ref.stop(timeout=5)
    assert [thread for thread in threading.enumerate() if thread.name == "quotes"] == []


def test_given_a_link_that_subscribes_when_news_comes_then_the_core_hears_it(house: House) -> None:
    house.subscribe()
    house.client.markets[0].on_news(an_index(250_100))
    assert house.door.next() == told(250_100)


def test_given_a_closed_link_when_opened_again_then_the_old_stream_is_not_heard_and_a_new_one_is(house: House) -> None:
    house.subscribe()
    house.tell(CloseLink(LinkName.QUOTES, "failover"))
    house.subscribe()
    old, new = house.client.markets
    old.on_news(an_index(1))
    new.on_news(an_index(2))
    assert house.door.next() == told(2)


def test_given_news_that_cannot_be_had_when_subscribed_then_quotes_go_on(house: House) -> None:
    house.client.fails["watch_market"] = BrokerUnavailable("no")
    house.tell(an_opening(LinkName.QUOTES), ReconcileLink(LinkName.QUOTES, (SYMBOL,)), SubscribeQuotes((SYMBOL,)))
    house.client.watches[0].on_beat(a_session())
    settle(house.ref)
    assert house.door.of(LinkLost) == []
    assert len(house.client.streams) == 1


# ---- over real gRPC ----------------------------------------------------------------------------------------------


@contextmanager
def a_link(serve: Any) -> Iterator[FakeDoor]:
    """Subscribe to a broker served on loopback; give what comes through the door."""
    server, door = BrokerServerThread(serve).start(), FakeDoor()
    ref: Any = QuoteLink.start(door, lambda _: BrokerClient(server.address, call_timeout_s=5.0), QuoteTap())
    try:
        for message in (an_opening(LinkName.QUOTES), SubscribeQuotes((DAYS_SYMBOL,))):
            ref.tell(message)
        settle(ref)
        yield door
    finally:
        ref.stop(timeout=5)
        server.stop()
    assert [thread for thread in threading.enumerate() if thread.name.startswith(("listen", "quotes"))] == []


def test_given_a_recorded_index_when_served_then_the_trader_hears_it_in_order(tmp_path: Path) -> None:
    a_file(tmp_path, a_day(prev_close=10_000))
    same = {"market": "KOSPI", "date": f"{DAY}", "prev_close": 2_500}
    times = [(minute, f"{9 + minute // 60:02d}:{minute % 60:02d}:00") for minute in range(380)]
    values = [same | {"time": time, "value": 2_500 + minute} for minute, time in times]
    recording = Recording.load(a_file(tmp_path, values, "index.parquet").parent)
    with a_link(lambda: recorded(recording, tmp_path / "orders.db")) as door:
        told = [door.next_of(IndexReceived)]
        door.commit_all()
        told.append(door.next_of(IndexReceived))
    assert [(one.market, one.previous_close) for one in told] == [(Market.KOSPI, 250_000)] * 2
    assert told[0].venue_time < told[1].venue_time
    assert all(one.value == 250_000 + 100 * ((one.venue_time - at(9, 0)) // (60 * 10**9)) for one in told)


def test_given_a_broker_without_news_when_subscribed_then_the_link_is_not_lost_for_it(tmp_path: Path) -> None:
    with a_link(lambda: paper(tmp_path / "orders.db")) as door:
        door.next_of(HeartbeatReceived)
        assert door.of(IndexReceived) == []
