"""The orders link against a simulated Kiwoom that hears badly, over gRPC: what it reads is whole, or it says so."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from actors.edges.gate import WireGate
from actors.edges.gated_read import ReadPlan
from actors.edges.order_link import OrderLink
from broker.client import BrokerClient
from broker.retries import Budget
from broker.server import BrokerServerThread
from broker_sim.backend import SimBackend
from broker_sim.faulty import FaultyBackend
from domain.messages.link import BrokerStateReceived, OpenLink, ReadBroker, ReadBrokerFailed, ReconcileLink
from domain.messages.orders import OrderAccepted, OrderFilled, RequestAnswered
from domain.types import Gate, LinkName, RequestOutcome, UnixNanos
from tests.actors.link_builders import WAIT_S, FakeDoor
from tests.broker_sim.builders import CASH, SYMBOL, a_quote, a_submit, an_instrument, at
from tests.broker_sim.faulty_house import a_plan

NO_REPAIR = "[repair]\nrecover_after_ms = 0\non_read = false\n"


class Pair:
    """A link and its broker."""

    def __init__(self, server: BrokerServerThread, link: Any, door: FakeDoor) -> None:
        self.server, self.link, self.door = server, link, door

    def on_loop(self, step: Callable[[SimBackend, FaultyBackend], None]) -> None:
        backend = self.server.backend
        assert isinstance(backend, FaultyBackend)

        async def run() -> None:
            step(backend._inner, backend)

        self.server.call(run)

    def pass_to(self, hh: int, mm: int, price: int = 10_000) -> None:
        def step(sim: SimBackend, backend: FaultyBackend) -> None:
            sim.on_batch([a_quote(price, at(hh, mm))])
            backend.venue.tick()

        self.on_loop(step)

    def connect(self, after_seq: int = 0, journal_id: str = "") -> BrokerStateReceived:
        self.link.tell(OpenLink(LinkName.ORDERS, "", 1, after_seq, journal_id))
        self.link.tell(ReconcileLink(LinkName.ORDERS, ()))
        state: BrokerStateReceived = self.door.next_of(BrokerStateReceived)
        return state

    def submit(self, name: str, price: int | None, quantity: int = 10) -> RequestOutcome:
        self.link.tell(a_submit(quantity, price, name=name))
        answer = self.door.next_of(RequestAnswered)
        assert answer.request_id == name
        return RequestOutcome(answer.outcome)

    def read(self, run: str) -> BrokerStateReceived:
        self.link.tell(ReadBroker(run, "audit"))
        state: BrokerStateReceived = self.door.next_of(BrokerStateReceived)
        assert state.run == run
        return state


@asynccontextmanager
async def a_broker(folder: Path, plan: str) -> AsyncIterator[FaultyBackend]:
    sim = SimBackend.paper(folder / "venue.db", cash=CASH, commission_ppm=150)
    await sim.start()
    sim.on_venue_time(at(9, 59))
    sim.on_instruments([an_instrument()])
    sim.on_batch([a_quote()])
    backend = FaultyBackend(sim, folder / "told.db", a_plan(plan))
    await backend.start()
    try:
        yield backend
    finally:
        await backend.close()
        await sim.close()


@contextmanager
def a_pair(folder: Path, plan: str = "") -> Iterator[Pair]:
    server = BrokerServerThread(lambda: a_broker(folder, plan)).start()

    def dial(_: str) -> BrokerClient:
        return BrokerClient(server.address, WAIT_S, Budget(attempts=1))

    door = FakeDoor()
    reading = ReadPlan(now=lambda: UnixNanos(1), pause=lambda _, __: None)
    link = OrderLink.start(door, dial, WireGate(Gate.OPEN), plan=reading)
    try:
        yield Pair(server, link, door)
    finally:
        link.stop(timeout=WAIT_S)
        server.stop()


def test_given_a_careful_process_when_read_then_the_state_is_whole_and_its_own(tmp_path: Path) -> None:
    with a_pair(tmp_path) as pair:
        first = pair.connect()
        assert (first.day_orders, first.positions, first.reads) == ((), (), 1)
        assert pair.submit("c1", 9_900) is RequestOutcome.SENT
        assert pair.submit("c2", None) is RequestOutcome.SENT
        state = pair.read("a-1")
        assert state.day_orders is not None
        assert [(row.client_order_id, row.filled_qty) for row in state.day_orders] == [("c1", 0), ("c2", 10)]
        assert [(one.quantity, one.sellable) for one in state.positions] == [(10, 10)]
        assert state.orderable_cash == state.cash - 9_900 * 10 - 14
        assert (state.as_of_seq, state.reads, state.asked_at) == (3, 1, 1)


def test_given_a_list_that_comes_cut_once_when_reconciled_then_it_is_read_again(tmp_path: Path) -> None:
    cut = "[reads]\npage_rows = 2\n" + "".join(
        f'[[script]]\nwhat = "truncated"\nkind = "{kind}"\nnth = {nth}\n'
        for kind, nth in (("day_orders", 3), ("open_orders", 2))
    )
    with a_pair(tmp_path, cut) as pair:
        pair.connect()  # two readings of the day, one of open orders
        for number in range(3):
            assert pair.submit(f"c{number}", 9_900 - number * 10, 1) is RequestOutcome.SENT
        state = pair.read("a-1")
        assert state.day_orders is not None
        assert (len(state.day_orders), len(state.open_orders), state.reads) == (3, 3, 2)


def test_given_a_page_that_does_not_come_when_read_then_the_run_fails_and_the_next_one_counts(tmp_path: Path) -> None:
    plan = '[reads]\npage_rows = 1\n[[script]]\nwhat = "page_failed"\nkind = "day_orders"\nnth = 4\n'
    with a_pair(tmp_path, plan) as pair:
        pair.connect()
        for number in range(2):
            pair.submit(f"c{number}", 9_900, 1)
        pair.link.tell(ReadBroker("a-1", "audit"))
        failed = pair.door.next_of(ReadBrokerFailed)
        assert (failed.run, "rows after the first 1" in failed.reason) == ("a-1", True)
        assert pair.read("a-2").reads == 1


def test_given_an_order_by_hand_when_it_trades_then_events_and_state_show_it_as_nobodys(tmp_path: Path) -> None:
    by_hand = '[[external]]\nat = "10:05"\nsymbol = "120110"\nside = "BUY"\nquantity = 7\nprice = 9900\n'
    with a_pair(tmp_path, by_hand) as pair:
        pair.connect()
        pair.submit("c1", 9_800)
        pair.pass_to(10, 5)
        accepted = pair.door.next_of(OrderAccepted)
        while accepted.client_order_id:
            accepted = pair.door.next_of(OrderAccepted)
        assert accepted.quantity == 7
        pair.pass_to(10, 6, price=9_890)
        assert pair.door.next_of(OrderFilled).client_order_id == ""
        state = pair.read("a-1")
        assert state.day_orders is not None
        assert {row.client_order_id: row.filled_qty for row in state.day_orders} == {"c1": 0, "": 7}
        assert [(one.symbol, one.quantity) for one in state.positions] == [(SYMBOL, 7)]


def test_given_a_fill_nobody_tells_of_when_read_then_the_lists_prove_it_at_the_same_event(tmp_path: Path) -> None:
    lost = NO_REPAIR + '[[script]]\nwhat = "lost"\nkind = "filled"\nnth = 1\n'
    with a_pair(tmp_path, lost + "[reads]\ncosts_untold = true\n") as pair:
        pair.connect()
        pair.submit("c1", None)
        state = pair.read("a-1")
        assert state.day_orders is not None
        [row] = state.day_orders
        assert (row.client_order_id, row.filled_qty, row.filled_notional, row.commission) == ("c1", 10, 100_000, None)
        assert ([one.quantity for one in state.positions], state.as_of_seq, state.reads) == ([10], 1, 1)
        assert pair.door.of(OrderFilled) == []


def test_given_a_journal_that_vanished_when_reconnected_then_events_begin_anew_and_orders_are_nobodys(
    tmp_path: Path,
) -> None:
    with a_pair(tmp_path) as pair:
        before = pair.connect()
        pair.submit("c1", 9_900)
        pair.on_loop(lambda sim, _: sim._venue.keep_clock())
    for file in tmp_path.glob("told.db*"):
        file.unlink()
    with a_pair(tmp_path) as pair:
        state = pair.connect(1, before.journal_id)
        assert state.journal_id != before.journal_id
        assert state.as_of_seq == 0
        assert [(order.client_order_id, order.leaves_qty) for order in state.open_orders] == [("", 10)]
        assert pair.door.of(OrderAccepted) == []
