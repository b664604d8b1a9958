"""The gated read: what counts as one state of the account, and who reads when. Every clock and wait is the test's."""

import threading
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.edges.broker_lists import DayMemory
from actors.edges.gated_read import GatedReader, ReadPlan
from domain.errors import BrokerUnavailable, RequestRefused
from domain.messages.link import (
    BrokerDayOrder,
    BrokerOpenOrder,
    BrokerPosition,
    BrokerStateReceived,
    CloseLink,
    LinkFailed,
    ReadBroker,
    ReadBrokerFailed,
    ReconcileLink,
)
from domain.messages.orders import HoldingAdjusted
from domain.types import ClientOrderId, DayOrderAction, DayOrderState, Krw, LinkName, Side, UnixNanos, VenueOrderId
from tests.actors.link_builders import SYMBOL, WAIT_S, FakeClient, T, a_cancel, a_session, an_event, settle
from tests.actors.test_order_link import House, house

__all__ = ["house"]

PRICE = 100


def a_row(number: str = "1", filled: int = 0, quantity: int = 10, **changes: Any) -> BrokerDayOrder:
    row = BrokerDayOrder(
        venue_order_id=number,
        original_venue_order_id="",
        client_order_id="",
        request_id="",
        symbol=SYMBOL,
        side=Side.BUY,
        action=DayOrderAction.NEW,
        state=DayOrderState.RECEIVED,
        quantity=quantity,
        leaves_qty=quantity - filled,
        filled_qty=filled,
        filled_notional=Krw(filled * PRICE),
        limit_price=Krw(PRICE),
        commission=None,
        tax=None,
        order_time=T,
    )
    return replace(row, **changes)


def an_open(number: str = "1", leaves: int = 10, side: Side = Side.BUY) -> BrokerOpenOrder:
    return BrokerOpenOrder(number, "", SYMBOL, side, 10, leaves, Krw(PRICE))


def held(quantity: int, symbol: str = SYMBOL) -> BrokerPosition:
    return BrokerPosition(symbol, quantity, Krw(quantity * PRICE), Krw(0), quantity)


def a_split() -> HoldingAdjusted:
    order, leg = ClientOrderId(""), VenueOrderId("")
    return HoldingAdjusted("J", 1, T, order, leg, SYMBOL, "SPLIT", 4, 20, Krw(0), Krw(0), "5 for 1")


class Run:
    """A reader over a fake broker; lists are set as one reading after another, the last one stays."""

    def __init__(self, reads: int = 5) -> None:
        self.client, self.now, self.delivered, self.pauses = FakeClient(), 0, list[int](), 0
        self.reader = GatedReader(ReadPlan(reads, self._clock, self._pause))
        self.abandoned = threading.Event()

    def _clock(self) -> UnixNanos:
        self.now += 1
        return UnixNanos(self.now)

    def _pause(self, _: threading.Event, __: float) -> None:
        self.pauses += 1

    def lists(self, day: list[Any], positions: list[Any], open_orders: list[Any]) -> None:
        self.client.lists = {"day_orders": day, "positions": positions, "open_orders": open_orders}

    def read(self, run: str = "r") -> BrokerStateReceived:
        return self.reader.read(self.client, "J", self.delivered.append, self.abandoned, run)


# ---- one run -------------------------------------------------------------------------------------------------


def test_given_lists_that_agree_when_read_then_the_state_is_filled_and_the_gate_has_its_order() -> None:
    run, asked = Run(), list[str]()
    run.client.on_read = asked.append
    run.client.settled = (Krw(700), Krw(800), Krw(600))
    row, order, position = a_row(filled=4), an_open(leaves=6), held(4)
    run.lists([[row]], [[position]], [[order]])
    state = run.read()
    assert asked == ["day_orders", "open_orders", "positions", "day_orders", "positions"]
    assert (state.day_orders, state.positions, state.open_orders) == ((row,), (position,), (order,))
    assert (state.cash, state.orderable_cash, state.deposit) == (1_000, 1_000, 700)
    assert (state.run, state.reads, state.asked_at, state.read_at) == ("r", 1, 1, 2)
    assert (state.venue_time, state.as_of_seq, run.delivered) == (T, 0, [0])
    assert state.positions[0].sellable == 4


@pytest.mark.parametrize("code", ["NOT_OFFERED", "UNIMPLEMENTED"])
def test_given_a_broker_without_the_list_when_read_then_it_is_null_and_holdings_must_agree(code: str) -> None:
    run = Run()
    run.client.fails["day_orders"] = RequestRefused(code, "no")
    run.client.lists = {"positions": [[held(1)], [held(2)], [held(2)]], "open_orders": [[an_open()]]}
    state = run.read()
    assert (state.day_orders, state.reads, run.pauses) == (None, 2, 1)
    assert state.positions == (held(2),)


@pytest.mark.parametrize("name", ["day_orders", "open_orders", "positions", "account"])
@pytest.mark.parametrize("error", [BrokerUnavailable("a page did not come"), RequestRefused("DENIED", "no")])
def test_given_a_list_that_does_not_come_when_read_then_the_whole_run_fails_at_once(name: str, error: Any) -> None:
    run = Run()
    run.lists([[a_row()]], [[]], [[an_open()]])
    run.client.fails[name] = error
    if name == "day_orders":
        run.client.lists.pop("day_orders")
    with pytest.raises(type(error)):
        run.read()
    assert (run.pauses, run.delivered) == (0, [])


def test_given_lists_of_different_events_when_read_then_they_are_read_again_until_reads_run_out() -> None:
    run = Run(reads=3)
    run.client.account_seqs = [1]
    run.lists([[a_row()]], [[]], [[an_open()]])
    with pytest.raises(BrokerUnavailable, match="did not agree in 3 reads: they include events up to 0, 1"):
        run.read()
    assert (run.pauses, run.delivered) == (2, [])


def test_given_events_not_heard_yet_when_read_then_the_run_waits_for_them_or_fails() -> None:
    run = Run()

    def deliver(_: int) -> None:
        raise BrokerUnavailable("order events stop at 3")

    with pytest.raises(BrokerUnavailable, match="stop at 3"):
        run.reader.read(run.client, "J", deliver, run.abandoned)


def test_given_a_run_that_is_abandoned_when_it_asks_next_then_it_ends() -> None:
    run, asked = Run(), list[str]()
    run.lists([[a_row()]], [[]], [[an_open()]])

    def on_read(name: str) -> None:
        asked.append(name)
        run.abandoned.set()

    run.client.on_read = on_read
    with pytest.raises(BrokerUnavailable, match="given up"):
        run.read()
    assert asked == ["day_orders"]


# ---- cut lists -----------------------------------------------------------------------------------------------

WHOLE = [a_row("1", 4), a_row("2", 0)]
OPEN = [an_open("1", 6), an_open("2", 10)]


@pytest.mark.parametrize(
    "cut",
    [
        {"day_orders": [WHOLE[:1], WHOLE, WHOLE]},
        {"day_orders": [WHOLE, WHOLE[:1], WHOLE]},
        {"day_orders": [WHOLE[:1], WHOLE[:1], WHOLE]},
        {"open_orders": [OPEN[:1], OPEN]},
        {"positions": [[], [held(4)], [held(4)]]},
        {"positions": [[held(4)], [], [held(4)]]},
        {"positions": [[], [], [held(4)]]},
    ],
)
def test_given_a_list_that_comes_cut_when_read_then_it_is_read_again(cut: dict[str, list[Any]]) -> None:
    run = Run()
    run.lists([WHOLE], [[held(4)]], [OPEN])
    run.client.lists |= cut
    state = run.read()
    assert state.reads == 2
    assert (state.day_orders, state.open_orders, state.positions) == (tuple(WHOLE), tuple(OPEN), (held(4),))


def test_given_a_list_that_always_comes_cut_when_read_then_the_run_fails() -> None:
    run = Run()
    run.lists([WHOLE], [[]], [OPEN])
    for _ in range(2):
        with pytest.raises(BrokerUnavailable, match="leave -4 shares of 005930 before the day"):
            run.read()


def test_given_holdings_of_before_the_day_when_they_come_cut_later_then_the_run_fails_once_and_then_believes() -> None:
    run = Run()
    run.lists([WHOLE], [[held(4), held(7, "000660")]], [OPEN])
    assert run.read().reads == 1
    run.lists([WHOLE], [[held(4)]], [OPEN])
    with pytest.raises(BrokerUnavailable, match="leave 0 shares of 000660 before the day, it was 7"):
        run.read()
    assert run.read().positions == (held(4),)


def test_given_holdings_of_before_the_day_when_one_reading_is_cut_then_the_next_is_taken() -> None:
    run = Run()
    whole = [held(4), held(7, "000660")]
    run.lists([WHOLE], [whole], [OPEN])
    run.read()
    run.lists([WHOLE], [[held(4)], [held(4)], whole], [OPEN])
    state = run.read()
    assert (state.reads, state.positions) == (2, tuple(whole))


def test_given_numbers_of_the_day_when_they_come_cut_later_then_the_run_fails() -> None:
    run = Run()
    done = a_row("3", 10)
    run.lists([[*WHOLE, done]], [[held(14)]], [OPEN])
    run.read()
    run.lists([WHOLE], [[held(14)]], [OPEN])
    with pytest.raises(BrokerUnavailable, match="order number 3 of the day, 10 filled, is not in the list as it was"):
        run.read()


@pytest.mark.parametrize("change", ["another day", "another journal", "a corporate action"])
def test_given_a_memory_when_it_does_not_count_any_more_then_holdings_are_learned_anew(change: str) -> None:
    run = Run()
    run.lists([[]], [[held(4)]], [[]])
    run.read()
    run.lists([[]], [[held(20)]], [[]])
    journal = "J"
    match change:
        case "another day":
            run.client.info = a_session(venue_time=UnixNanos(T + 86_400 * 10**9))
        case "another journal":
            journal = "K"
        case _:
            run.reader.heard(a_split())
    state = run.reader.read(run.client, journal, run.delivered.append, run.abandoned)
    assert (state.reads, state.positions) == (1, (held(20),))


def test_given_a_number_an_event_told_of_when_the_day_lacks_it_then_it_is_read_again() -> None:
    run = Run()
    run.reader.heard(replace(an_event(0), venue_order_id=VenueOrderId("3")))
    whole = [*WHOLE, a_row("3", 10)]
    run.lists([WHOLE, WHOLE, whole], [[held(14)]], [OPEN])
    state = run.read()
    assert (state.reads, state.day_orders) == (2, tuple(whole))


@pytest.mark.parametrize(
    "changes", [{"journal_id": "K"}, {"venue_time": UnixNanos(T - 10**14)}, {"event_seq": 1}], ids=str
)
def test_given_a_number_of_another_day_or_journal_or_later_when_the_day_lacks_it_then_nothing_is_missing(
    changes: dict[str, Any],
) -> None:
    run = Run()
    run.reader.heard(replace(an_event(0), **changes))
    run.lists([WHOLE], [[held(4)]], [OPEN])
    assert run.read().reads == 1


def test_given_events_of_many_days_when_heard_then_numbers_of_the_last_are_remembered() -> None:
    memory = DayMemory()
    for day in range(3):
        for number in range(5):
            at_day = UnixNanos(T + day * 86_400 * 10**9)
            memory.hear(replace(an_event(1), venue_order_id=VenueOrderId(f"{number}"), venue_time=at_day))
    assert len(memory._heard) == 5
    assert {of[1] for of in memory._heard.values()} == {"2026-01-15"}


TRUE_DAY = [*WHOLE, a_row("3", 10), a_row("4", 5, 5, symbol="000660", side=Side.SELL)]
TRUE_HELD = [held(14), held(2, "000660"), held(7, "035720")]
CUTS = st.lists(st.integers(0, 4), min_size=1, max_size=6)


@given(CUTS, CUTS, CUTS)
def test_for_any_cuts_a_run_behind_a_whole_one_gives_the_truth_or_nothing(
    day: list[int], positions: list[int], open_orders: list[int]
) -> None:
    run = Run(reads=3)
    run.lists([TRUE_DAY], [TRUE_HELD], [OPEN])
    run.read()
    run.lists(
        [TRUE_DAY[:count] for count in day],
        [TRUE_HELD[:count] for count in positions],
        [OPEN[:count] for count in open_orders],
    )
    try:
        state = run.read()
    except BrokerUnavailable:
        return
    assert (state.day_orders, state.positions, state.open_orders) == (tuple(TRUE_DAY), tuple(TRUE_HELD), tuple(OPEN))


# ---- orders that trade meanwhile -----------------------------------------------------------------------------


def test_given_a_fill_between_two_readings_when_read_then_it_is_read_again_until_they_are_alike() -> None:
    run = Run()
    run.lists([[a_row()], [a_row(filled=3)]], [[], [held(3)]], [[an_open(leaves=10)], [an_open(leaves=7)]])
    state = run.read()
    assert (state.reads, state.positions, state.open_orders) == (2, (held(3),), (an_open(leaves=7),))


def test_given_fills_between_all_readings_when_reads_run_out_then_the_later_lists_are_taken() -> None:
    run = Run(reads=2)
    rows = [[a_row(filled=count)] for count in range(4)]
    run.lists(rows, [[held(count)] for count in range(4)], [[an_open(leaves=10)], [an_open(leaves=8)]])
    state = run.read()
    assert (state.reads, state.positions) == (2, (held(3),))
    assert state.day_orders == (a_row(filled=3),)
    assert state.open_orders == (an_open(leaves=7),), "as the later list of the day has it"


@given(st.integers(1, 9), st.integers(-20, 20).filter(bool))
def test_for_any_move_of_a_holding_beyond_the_fills_the_two_readings_do_not_count(filled: int, beyond: int) -> None:
    run = Run(reads=1)
    moved = filled + beyond if beyond > 0 else -filled + beyond
    run.lists([[a_row()], [a_row(filled=filled)]], [[held(50)], [held(50 + moved)]], [[an_open()]])
    with pytest.raises(BrokerUnavailable, match="differ by more than fills"):
        run.read()


# ---- the link ------------------------------------------------------------------------------------------------


def read_broker(run: str = "a-1") -> ReadBroker:
    return ReadBroker(run, "audit")


class Stalled:
    """Holds a list back until it is let go."""

    def __init__(self, client: FakeClient, name: str = "positions") -> None:
        self.reached, self.go_on = threading.Event(), threading.Event()
        self._name, self._client = name, client
        client.on_read = self._on_read

    def _on_read(self, name: str) -> None:
        if name == self._name and not self.reached.is_set():
            self.reached.set()
            assert self.go_on.wait(WAIT_S)


def test_given_an_open_link_when_a_reading_is_asked_for_then_the_state_names_its_run(house: House) -> None:
    house.connect()
    house.ref.tell(read_broker())
    state = house.door.next_of(BrokerStateReceived)
    assert (state.run, state.reads, state.journal_id) == ("a-1", 1, "J")
    assert 0 < state.asked_at < state.read_at


def test_given_a_link_that_is_down_when_a_reading_is_asked_for_then_it_fails(house: House) -> None:
    house.tell(read_broker())
    [failed] = house.door.of(ReadBrokerFailed)
    assert (failed.run, failed.kind, failed.reason) == ("a-1", "audit", "the orders link is down")


def test_given_a_reading_under_way_when_a_cancel_comes_then_it_does_not_wait(house: House) -> None:
    session = house.connect()
    stalled = Stalled(house.client)
    house.ref.tell(read_broker())
    assert stalled.reached.wait(WAIT_S)
    house.tell(a_cancel())
    assert len(session.sent) == 1
    stalled.go_on.set()
    assert house.door.next_of(BrokerStateReceived).run == "a-1"


def test_given_a_reading_under_way_when_another_is_asked_for_then_that_one_fails(house: House) -> None:
    house.connect()
    stalled = Stalled(house.client)
    house.ref.tell(read_broker())
    assert stalled.reached.wait(WAIT_S)
    house.tell(read_broker("a-2"))
    assert [one.run for one in house.door.of(ReadBrokerFailed)] == ["a-2"]
    stalled.go_on.set()
    assert house.door.next_of(BrokerStateReceived).run == "a-1"
    house.ref.tell(read_broker("a-3"))
    assert house.door.next_of(BrokerStateReceived).run == "a-3"


def test_given_a_list_that_fails_when_read_beside_then_the_run_fails_and_the_link_lives(house: House) -> None:
    house.connect()
    house.client.fails["positions"] = BrokerUnavailable("the rows after the first 30 did not come")
    house.ref.tell(read_broker())
    failed = house.door.next_of(ReadBrokerFailed)
    assert "after the first 30" in failed.reason
    del house.client.fails["positions"]
    house.ref.tell(read_broker("a-2"))
    assert house.door.next_of(BrokerStateReceived).run == "a-2"
    assert house.door.of(LinkFailed) == []


def test_given_a_bug_in_a_reading_when_it_comes_then_the_run_fails_and_the_next_one_may_read(house: House) -> None:
    house.connect()
    house.client.fails["positions"] = KeyError("a bug")
    house.ref.tell(read_broker())
    assert "KeyError" in house.door.next_of(ReadBrokerFailed).reason
    del house.client.fails["positions"]
    house.ref.tell(read_broker("a-2"))
    assert house.door.next_of(BrokerStateReceived).run == "a-2"


@pytest.mark.parametrize("name", ["positions", "day_orders"])
def test_given_a_connection_that_ends_when_a_reading_comes_late_then_its_state_is_dropped(
    house: House, name: str
) -> None:
    house.connect()
    house.client.lists["day_orders"] = [[]]
    stalled = Stalled(house.client, name)
    house.ref.tell(read_broker())
    assert stalled.reached.wait(WAIT_S)
    closed = house.client.closed
    house.ref.tell(CloseLink(LinkName.ORDERS, "test"))
    assert closed.wait(WAIT_S)
    stalled.go_on.set()
    settle(house.ref)
    assert [one.run for one in house.door.of(ReadBrokerFailed)] == ["a-1"]
    assert house.door.of(BrokerStateReceived) == []


def test_given_a_reading_under_way_when_the_link_reconciles_then_it_gives_way(house: House) -> None:
    house.connect()
    pausing = threading.Event()

    def pause(abandoned: threading.Event) -> None:
        pausing.set()
        assert abandoned.wait(WAIT_S)

    house.pause = pause
    house.client.lists["positions"] = [[held(1)], [held(2)]]
    house.ref.tell(read_broker())
    assert pausing.wait(WAIT_S)
    house.tell(ReconcileLink(LinkName.ORDERS, ()))
    failed, state = house.door.next_of(ReadBrokerFailed), house.door.next_of(BrokerStateReceived)
    assert (failed.run, "given up" in failed.reason) == ("a-1", True)
    assert (state.run, state.positions) == ("", (held(2),))


def test_given_a_corporate_action_when_heard_then_holdings_of_before_the_day_are_learned_anew(house: House) -> None:
    session = house.connect()
    house.client.lists |= {"day_orders": [[]], "positions": [[held(4)]]}
    house.ref.tell(read_broker())
    house.door.next_of(BrokerStateReceived)
    session.listener["event"](a_split())
    house.client.lists["positions"] = [[held(20)]]
    house.ref.tell(read_broker("a-2"))
    assert house.door.next_of(BrokerStateReceived).positions == (held(20),)
