"""The emulated servers in another place: real gRPC on loopback; the control's thread is the test's own."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest

from broker.journal import OrderJournal
from broker.port import AccountState, Receipt
from broker.server import BrokerServerThread
from broker_sim.recording import Recording
from broker_win.emulator.remote_house import RemoteHouse
from broker_win.emulator.venue_clock import VenueClock
from domain.errors import BrokerUnavailable, InvariantError
from domain.messages.orders import OrderAccepted, OrderFact
from domain.quotes import Quote
from domain.types import ClientOrderId, Krw, RequestOutcome, Side, VenueOrderId, VenuePhase
from tests.broker.test_contract_sim import recorded
from tests.broker_sim.builders import CASH, SYMBOL, a_cancel, a_day, a_file, a_submit, at

WAIT_S = 10.0


class ControlThread:
    """What is posted, run here; and everything the house said."""

    def __init__(self) -> None:
        self.posted: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self.facts: list[tuple[OrderFact, bool]] = []  # and whether it was replayed
        self.rows: list[Quote] = []
        self.phases: list[VenuePhase] = []
        self.receipts: list[Receipt] = []
        self.answers: list[Any] = []
        self.downs = 0

    def until(self, reached: Callable[[], object]) -> None:
        ends = time.monotonic() + WAIT_S
        while not reached():
            self.posted.get(timeout=max(0.0, ends - time.monotonic()))()

    def down(self) -> None:
        self.downs += 1

    def open(self, address: str) -> RemoteHouse:
        return RemoteHouse(address, self.posted.put, on_down=self.down, backoff_s=(0.05, 0.1))

    def listen(self, house: RemoteHouse) -> None:
        self.until(lambda: house._opened)
        house.hear(
            lambda fact: self.facts.append((fact, house.is_replaying)),
            lambda rows, depths: self.rows.extend(rows),
            self.phases.append,
        )

    def read(self, house: RemoteHouse, what: str, symbol: str = "") -> Any:
        house.read(what, self.answers.append, symbol)
        self.until(lambda: self.answers)
        return self.answers.pop()

    def kinds(self) -> list[str]:
        return [type(fact).__name__ for fact, _ in self.facts]


@contextmanager
def served(folder: Path, port: int = 0) -> Iterator[BrokerServerThread]:
    path = folder / "bars.parquet"
    recording = Recording.load(path if path.exists() else a_file(folder, a_day(prev_close=10_000)))
    server = BrokerServerThread(lambda: recorded(recording, folder / "orders.db"), port=port).start()
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture
def control() -> ControlThread:
    return ControlThread()


def test_given_servers_when_asked_then_listings_clock_and_lists_are_theirs(
    tmp_path: Path, control: ControlThread
) -> None:
    with served(tmp_path) as server:
        house = control.open(server.address)
        try:
            assert house.is_up  # as soon as it is made: a log-in may follow at once
            assert list(house.instruments) == [SYMBOL]
            assert house.phase() is VenuePhase.CONTINUOUS
            assert at(9, 0) < house.now() < at(15, 30)
            control.listen(house)
            account = control.read(house, "account")
            assert isinstance(account, AccountState)
            assert account.cash == CASH
            assert control.read(house, "positions") == control.read(house, "fills") == []
            assert control.read(house, "day_orders") == []
            with pytest.raises(InvariantError):
                house.read("weather", control.answers.append)
        finally:
            house.close()


def test_given_codes_that_are_watched_when_rows_come_then_those_are_heard(
    tmp_path: Path, control: ControlThread
) -> None:
    with served(tmp_path) as server:
        house = control.open(server.address)
        try:
            control.listen(house)
            house.watch([SYMBOL])
            control.until(lambda: control.rows)
            assert {row.symbol for row in control.rows} == {SYMBOL}
            assert house.now() >= control.rows[-1].venue_time
            assert [quote.symbol for quote in control.read(house, "quotes", SYMBOL)] == [SYMBOL]
            control.until(lambda: control.rows[-1].venue_time > at(9, 15))
            assert control.read(house, "candles", SYMBOL)[0].open == 10_000
        finally:
            house.close()


def test_given_an_order_when_placed_and_cancelled_then_receipts_and_facts_come_in_order(
    tmp_path: Path, control: ControlThread
) -> None:
    with served(tmp_path) as server:
        house = control.open(server.address)
        try:
            control.listen(house)
            house.place(a_submit(10, 9_000, name="kw-1"), control.receipts.append)
            control.until(lambda: control.facts)
            house.place(a_cancel("0000001", name="kw-1", request="kw-2"), control.receipts.append)
            control.until(lambda: len(control.facts) == 3)
            assert control.kinds() == ["OrderAccepted", "ChangeReceived", "OrderCancelled"]
            assert not any(replayed for _, replayed in control.facts)
            assert [(one.request_id, one.outcome) for one in control.receipts] == [
                ("kw-1", RequestOutcome.SENT),
                ("kw-2", RequestOutcome.SENT),
            ]
            house.place(a_submit(1, None, name="kw-3"), control.receipts.append)
            control.until(lambda: "OrderFilled" in control.kinds())
            assert house.held(SYMBOL).quantity == 1
        finally:
            house.close()


def test_given_servers_that_go_and_come_when_reached_again_then_what_was_missed_is_replayed_once(
    tmp_path: Path, control: ControlThread
) -> None:
    with served(tmp_path) as server:
        port = server.port
        house = control.open(server.address)
        control.listen(house)
        house.place(a_submit(10, 9_000, name="kw-1"), control.receipts.append)
        control.until(lambda: control.facts)
    try:
        control.until(lambda: control.downs)
        assert not house.is_up
        with pytest.raises(BrokerUnavailable):
            house.place(a_submit(name="kw-2"), control.receipts.append)
        assert isinstance(control.read(house, "account"), BrokerUnavailable)
        journal = OrderJournal(tmp_path / "orders.db")
        number, price = VenueOrderId("0000002"), Krw(9_000)
        missed = OrderAccepted("", 0, house.now(), ClientOrderId("hts"), number, SYMBOL, Side.BUY, 1, price)
        journal.append([missed])
        journal.close()
        with served(tmp_path, port):
            control.until(lambda: len(control.facts) == 2 and house._opened)
            assert [(fact.client_order_id, replayed) for fact, replayed in control.facts] == [
                ("kw-1", False),
                ("hts", True),
            ]
            assert house.is_up
            assert control.downs == 1
            house.place(a_submit(1, 9_000, name="kw-3"), control.receipts.append)
            control.until(lambda: len(control.facts) == 3)
            assert control.facts[-1][1] is False
    finally:
        house.close()


def test_given_a_second_process_when_it_listens_then_it_hears_the_day_as_replayed_and_knows_what_is_held(
    tmp_path: Path, control: ControlThread
) -> None:
    with served(tmp_path) as server:
        first = control.open(server.address)
        control.listen(first)
        first.place(a_submit(3, None, name="kw-1"), control.receipts.append)
        control.until(lambda: "OrderFilled" in control.kinds())
        first.close()
        second = ControlThread()
        house = second.open(server.address)
        try:
            second.listen(house)
            second.until(lambda: "OrderFilled" in second.kinds())
            assert all(replayed for _, replayed in second.facts)
            assert house.held(SYMBOL).quantity == 3
        finally:
            house.close()


def test_given_nobody_there_when_made_then_it_is_down_and_says_so(control: ControlThread) -> None:
    house = control.open("127.0.0.1:1")
    try:
        assert not house.is_up
        assert house.instruments == {}
        assert house.now() == 0
        assert isinstance(control.read(house, "positions"), BrokerUnavailable)
        assert control.downs == 0
    finally:
        house.close()


class TestVenueClock:
    """It runs on between heartbeats, not without them, and does not go back."""

    def test_given_a_source_that_moves_when_time_passes_then_the_clock_runs_at_its_speed(self) -> None:
        nanos = [0]
        clock = VenueClock(lambda: nanos[0])
        assert clock.now() == 0
        clock.beat(1_000_000_000_000, 60_000, 0)
        nanos[0] = 500_000_000
        assert clock.now() == 1_000_000_000_000 + 30_000_000_000
        nanos[0] = 5_000_000_000  # no heartbeat for long: it waits
        assert clock.now() == 1_000_000_000_000 + 30_000_000_000

    def test_given_a_source_that_stands_when_two_beats_tell_then_the_clock_stands(self) -> None:
        nanos = [0]
        clock = VenueClock(lambda: nanos[0])
        clock.beat(5_000_000_000, None, 0)
        clock.beat(5_000_000_000, None, 0)
        nanos[0] = 900_000_000
        assert clock.now() == 5_000_000_000

    def test_given_a_row_ahead_when_a_beat_lags_then_the_clock_does_not_go_back(self) -> None:
        clock = VenueClock(lambda: 0)
        clock.beat(5_000_000_000, None, 0)
        clock.see(6_000_000_000)
        clock.beat(5_200_000_000, None, 0)
        assert clock.now() == 6_000_000_000

    def test_given_a_source_that_begins_its_day_again_when_beats_tell_then_the_clock_goes_back(self) -> None:
        clock = VenueClock(lambda: 0)
        clock.beat(at(15, 0), None, 0)
        assert clock.now() == at(15, 0)
        clock.beat(at(9, 0), None, 0)
        assert clock.now() == at(9, 0)
