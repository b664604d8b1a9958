"""Requests that wait for their turn: in order of weight, never too many, never past a gate, a deadline or a void id."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from broker.gateway import OrderGateway, identity
from broker.journal import OrderJournal
from broker.paced_orders import PacedOrders, weight_of
from broker.pacer import WINDOW_NS, Pacer, Weight
from broker.port import Guard, OrderRequest, Receipt
from broker.refusals import refuse
from domain.errors import BrokerUnavailable, LogFull
from domain.messages.orders import CancelOrder, OrderFact
from domain.types import Gate, Purpose, RequestOutcome, UnixNanos
from tests.broker.builders import a_cancel, a_modify, a_submit

PER_SECOND = 5
MS = 1_000_000
TTL = 3_000 * MS


class Clock:
    """System time that tests move; whoever sleeps wakes when it is due."""

    def __init__(self) -> None:
        self.now = 1_000 * WINDOW_NS
        self._sleepers: list[tuple[int, asyncio.Future[None]]] = []

    async def sleep(self, seconds: float) -> None:
        due = asyncio.get_running_loop().create_future()
        self._sleepers.append((self.now + round(seconds * 1e9), due))
        await due

    async def advance(self, ns: int) -> None:
        """Move on by `ns`, stopping wherever somebody wakes."""
        end = self.now + ns
        await settle()
        while next_at := min((at for at, due in self._sleepers if not due.done() and at <= end), default=None):
            self.now = max(self.now, next_at)
            for at, due in self._sleepers:
                if at <= self.now and not due.done():
                    due.set_result(None)
            self._sleepers = [(at, due) for at, due in self._sleepers if not due.done()]
            await settle()
        self.now = end
        await settle()


async def settle() -> None:
    """Let everything run that does not wait for the clock."""
    for _ in range(60):
        await asyncio.sleep(0)


class Broker:
    """The paced way of requests to a venue that notes what reaches it, and when."""

    def __init__(self, path: Path, room: int = 256, per_second: int = PER_SECOND, one_by_one: bool = False) -> None:
        self.loop = asyncio.new_event_loop()
        self.clock = Clock()
        self.journal = OrderJournal(path, durable=False)
        self.gateway = OrderGateway(self.journal, self, lambda: UnixNanos(self.clock.now))
        self.reached: list[tuple[int, OrderRequest]] = []
        self.tasks: dict[str, asyncio.Task[Receipt]] = {}
        self.held_up_s = 0.0  # how long a sending takes before it reaches the venue
        times: dict[str, Any] = {"clock": lambda: self.clock.now, "now": lambda: self.clock.now}
        self.paced = PacedOrders(
            per_second,
            self.gateway.look,
            partial(refuse, self.journal),
            self._send,
            room=room,
            one_by_one=one_by_one,
            sleep=self.clock.sleep,
            **times,
        )

    atomic = True

    def place(self, request: OrderRequest) -> list[OrderFact]:
        self.reached.append((self.clock.now, request))
        return []

    async def _send(self, request: OrderRequest, guard: Guard) -> Receipt:
        if self.held_up_s:
            await self.clock.sleep(self.held_up_s)
        return self.gateway.handle(request, guard)[0]

    def ask(self, request: OrderRequest) -> "asyncio.Task[Receipt]":
        """Let a request come; it is answered in its turn."""
        request = replace(request, valid_until=UnixNanos(self.clock.now + TTL))

        async def come() -> asyncio.Task[Receipt]:
            guard = Guard(self.journal.journal_id, self.journal.epoch, request.valid_until)
            task = asyncio.create_task(self.paced.request(request, guard))
            await settle()
            return task

        task = self.tasks[identity(request)] = self.loop.run_until_complete(come())
        return task

    def wait(self, ms: int) -> None:
        self.loop.run_until_complete(self.clock.advance(ms * MS))

    def set_gate(self, name: str, level: Gate) -> None:
        self.journal.set_gate(name, level)
        self.paced.look_again()

    def resolve(self, request_id: str) -> Receipt:
        receipt = self.journal.resolve(request_id)
        self.paced.look_again()
        return receipt

    def code(self, request_id: str) -> str:
        task = self.tasks[request_id]
        if not task.done():
            return "waiting"
        receipt = task.result()
        return receipt.code or str(receipt.outcome)

    @property
    def order(self) -> list[str]:
        return [identity(request) for _, request in self.reached]

    def close(self) -> None:
        async def end() -> None:
            await self.paced.close()
            await asyncio.gather(*self.tasks.values(), return_exceptions=True)

        self.loop.run_until_complete(end())
        self.loop.close()
        self.journal.close()


@contextmanager
def a_broker(path: Path, **options: Any) -> Iterator[Broker]:
    broker = Broker(path, **options)
    try:
        yield broker
    finally:
        broker.close()


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Broker]:
    with a_broker(tmp_path / "orders.db") as broker:
        yield broker


def fill_window(at: Broker) -> None:
    for n in range(PER_SECOND):
        at.ask(a_submit(f"full-{n}"))
    assert len(at.reached) == PER_SECOND


# ---- the queue -------------------------------------------------------------------------------------------------


def test_given_a_burst_when_asked_then_five_go_at_once_and_five_more_each_second(at: Broker) -> None:
    for n in range(12):
        at.ask(a_submit(f"o-{n:02}"))
    assert at.order == [f"o-{n:02}" for n in range(5)]
    at.wait(999)
    assert len(at.reached) == 5
    at.wait(1)
    assert len(at.reached) == 10
    at.wait(1_000)
    assert at.order == [f"o-{n:02}" for n in range(12)]
    assert {at.code(name) for name in at.tasks} == {"SENT"}


def test_given_others_that_wait_when_a_cancel_comes_then_it_goes_first(at: Broker) -> None:
    fill_window(at)
    at.ask(a_submit("entry"))
    at.ask(a_submit("exit", purpose=Purpose.EXIT))
    at.ask(a_modify("modify"))
    at.ask(a_cancel("cancel"))
    at.wait(1_000)
    assert at.order[PER_SECOND:] == ["cancel", "modify", "exit", "entry"]


def test_given_a_halt_when_requests_wait_then_they_are_refused_and_only_cancels_go(at: Broker) -> None:
    fill_window(at)
    at.ask(a_submit("entry"))
    at.ask(a_submit("exit", purpose=Purpose.EXIT))
    at.ask(a_cancel("cancel"))
    at.set_gate("halt", Gate.CANCELS_ONLY)
    at.wait(0)
    assert (at.code("entry"), at.code("exit"), at.code("cancel")) == ("GATE_CLOSED", "GATE_CLOSED", "waiting")
    at.wait(2_000)
    assert at.order[PER_SECOND:] == ["cancel"]


def test_given_a_gate_for_exits_when_requests_wait_then_exits_go(at: Broker) -> None:
    fill_window(at)
    at.ask(a_submit("entry"))
    at.ask(a_submit("exit", purpose=Purpose.EXIT))
    at.set_gate("flatten", Gate.EXITS_ONLY)
    at.wait(1_000)
    assert at.order[PER_SECOND:] == ["exit"]


def test_given_requests_whose_time_runs_out_when_they_wait_then_they_are_refused_without_a_turn(at: Broker) -> None:
    names = [f"o-{n:02}" for n in range(22)]
    for name in names:
        at.ask(a_submit(name))
    at.wait(3_000)  # the last moment of all of them
    assert at.order == names[:20]
    assert [at.code(name) for name in names[20:]] == ["waiting", "waiting"]
    at.wait(1)  # long before the next turn
    assert [at.code(name) for name in names[20:]] == ["EXPIRED", "EXPIRED"]
    at.wait(10_000)
    assert at.order == names[:20]


def test_given_a_request_that_waits_when_it_is_resolved_then_it_is_void_and_never_sent(at: Broker) -> None:
    fill_window(at)
    at.ask(a_submit("o"))
    assert at.resolve("o").outcome is RequestOutcome.VOID
    at.wait(5_000)
    assert at.code("o") == "VOIDED"
    assert "o" not in at.order
    assert at.resolve("o").outcome is RequestOutcome.VOID


def test_given_an_id_that_waits_when_it_comes_again_then_it_is_sent_once_and_both_get_the_receipt(at: Broker) -> None:
    fill_window(at)
    first = at.ask(a_submit("o"))
    second = at.ask(a_submit("o"))
    other = at.ask(a_submit("o", quantity=99))
    at.wait(1_000)
    assert first.result() == second.result()
    assert other.result().code == "ID_REUSED"
    assert at.order.count("o") == 1


def test_given_a_known_id_when_it_comes_then_it_takes_no_turn(at: Broker) -> None:
    fill_window(at)
    at.ask(a_submit("full-0"))
    assert at.code("full-0") == "SENT"


def test_given_no_room_when_more_come_then_the_last_of_the_least_weight_is_refused(tmp_path: Path) -> None:
    with a_broker(tmp_path / "orders.db", room=2) as at:
        fill_window(at)
        for name in ("a", "b", "c"):
            at.ask(a_submit(name))
        assert (at.code("b"), at.code("c")) == ("waiting", "QUEUE_FULL")
        at.ask(a_cancel("cancel"))
        assert (at.code("a"), at.code("b"), at.code("cancel")) == ("waiting", "QUEUE_FULL", "waiting")
        known = at.journal.outcome("b")
        assert known is not None
        assert known.code == "QUEUE_FULL"


def test_given_requests_that_wait_when_the_broker_closes_then_they_are_not_sent_and_in_no_journal(
    tmp_path: Path,
) -> None:
    with a_broker(tmp_path / "orders.db") as at:
        fill_window(at)
        task = at.ask(a_submit("o"))
        at.loop.run_until_complete(at.paced.close())
        at.wait(5_000)
        assert isinstance(task.exception(), BrokerUnavailable)
        assert at.journal.outcome("o") is None
        assert "o" not in at.order
        late = at.ask(a_submit("late"))
        assert isinstance(late.exception(), BrokerUnavailable)


def test_given_a_full_disk_when_a_turn_comes_then_whoever_waits_hears_of_it_and_the_others_go_on(at: Broker) -> None:
    fill_window(at)
    record = at.journal.record

    def full(request_id: str, *rest: Any) -> Any:
        if request_id == "o":
            raise LogFull("no space left")
        return record(request_id, *rest)

    at.journal.record = full  # type: ignore[assignment, method-assign]
    task = at.ask(a_submit("o"))
    at.ask(a_submit("p"))
    at.wait(1_000)
    assert isinstance(task.exception(), LogFull)
    assert at.code("p") == "SENT"


def test_given_a_wire_that_is_held_up_when_it_goes_on_then_what_takes_back_goes_next_and_no_burst_comes(
    tmp_path: Path,
) -> None:
    with a_broker(tmp_path / "orders.db", one_by_one=True) as broker:
        broker.held_up_s = 2.0
        for n in range(12):
            broker.ask(a_submit(f"o-{n:02}"))
        broker.ask(a_cancel("cancel"))
        broker.wait(1_999)
        assert broker.order == []
        broker.held_up_s = 0.0
        broker.wait(1)
        assert broker.order == ["o-00", "cancel", "o-01", "o-02", "o-03"]
        broker.wait(999)
        assert len(broker.order) == 5
        broker.wait(1)
        assert len(broker.order) == 10


def test_given_a_wire_that_is_held_up_when_a_deadline_passes_then_it_is_told_at_once(tmp_path: Path) -> None:
    with a_broker(tmp_path / "orders.db", one_by_one=True) as broker:
        broker.held_up_s = 10.0
        broker.ask(a_submit("first"))
        broker.ask(a_submit("second"))
        broker.wait(3_001)
        assert (broker.code("first"), broker.code("second")) == ("waiting", "EXPIRED")
        broker.wait(7_000)
        assert broker.order == []


def test_given_weights_when_compared_then_what_takes_back_goes_first() -> None:
    exits = a_submit(purpose=Purpose.EXIT)
    weights = [weight_of(request) for request in (a_cancel(), a_modify(), exits, a_submit())]
    assert weights == sorted(Weight)


def test_given_no_limit_when_taken_then_nothing_waits() -> None:
    pacer: Pacer[int] = Pacer(0)
    for n in range(9):
        pacer.put(str(n), Weight.ENTRY, n)
    taken = [pacer.take(0) for _ in range(9)]
    assert [waiting.item for waiting in taken if waiting] == list(range(9))


# ---- whatever comes --------------------------------------------------------------------------------------------

MAKERS: list[Callable[[str], OrderRequest]] = [
    a_submit,
    lambda name: a_submit(name, purpose=Purpose.EXIT),
    a_modify,
    a_cancel,
]


class PacedMachine(RuleBasedStateMachine):
    """Requests, gates, resolves and time in any order."""

    @initialize()
    def begin(self) -> None:
        import tempfile

        self.folder = tempfile.TemporaryDirectory()
        self.at = Broker(Path(self.folder.name) / "orders.db", room=6, per_second=2)
        self.made, self.void, self.shut_at = 0, set[str](), dict[str, int]()
        self.gates = 0

    @rule(make=st.sampled_from(MAKERS), count=st.integers(1, 4))
    def asks(self, make: Callable[[str], OrderRequest], count: int) -> None:
        for _ in range(count):
            self.made += 1
            self.at.ask(make(f"r-{self.made}"))

    @rule(ms=st.sampled_from([1, 300, 999, 1_000, 1_001, 4_000]))
    def waits(self, ms: int) -> None:
        self.at.wait(ms)

    @rule(level=st.sampled_from(list(Gate)))
    def sets_gate(self, level: Gate) -> None:
        self.gates += 1
        self.at.set_gate(f"gate-{self.gates}", level)
        reached = len(self.at.reached)
        self.at.wait(0)
        passed = [request for _, request in self.at.reached[reached:]]
        assert all(isinstance(one, CancelOrder) or level.passes(one.purpose) for one in passed)
        left = [waiting.item.request for waiting in self.at.paced._pacer]
        assert all(isinstance(one, CancelOrder) or level.passes(one.purpose) for one in left), "told at once"

    @rule(back=st.integers(0, 6))
    def resolves(self, back: int) -> None:
        name = f"r-{self.made - back}"
        if self.at.resolve(name).outcome is RequestOutcome.VOID:
            assert name not in self.at.order
            self.void.add(name)

    @invariant()
    def nothing_is_sent_twice_late_or_void(self) -> None:
        at = self.at
        assert len(set(at.order)) == len(at.order)
        assert not self.void & set(at.order)
        assert all(when <= request.valid_until for when, request in at.reached)

    @invariant()
    def no_second_holds_too_many(self) -> None:
        times = [when for when, _ in self.at.reached]
        assert all(later - first >= WINDOW_NS for first, later in zip(times, times[2:], strict=False))

    def teardown(self) -> None:
        if not hasattr(self, "at"):
            return
        self.at.wait(10_000)
        for name in self.at.tasks:
            assert self.at.code(name) != "waiting"
            known = self.at.journal.outcome(name)
            assert known is not None
            assert (known.outcome is RequestOutcome.SENT) is (name in self.at.order)
        self.at.close()
        self.folder.cleanup()


PacedMachine.TestCase.settings = settings(max_examples=25, stateful_step_count=15, deadline=None)
TestPaced = PacedMachine.TestCase
