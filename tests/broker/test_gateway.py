"""Every request passes the gateway once."""

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from broker.gateway import AwaitingGateway, LastStep, OrderGateway, content_hash
from broker.journal import OrderJournal
from broker.port import OrderRequest
from domain.errors import BrokerOutcomeUnknown, InvariantError, RequestRefused
from domain.messages.orders import OrderAccepted, OrderFact
from domain.types import Gate, Purpose, RequestOutcome, Side, UnixNanos
from tests.broker.builders import a_cancel, a_guard, a_modify, a_submit
from tests.broker.fake_backend import FakeVenue


class Setting:
    """A gateway over a journal, a venue and a clock that tests move."""

    def __init__(self, path: Path, atomic: bool) -> None:
        self.journal = OrderJournal(path)
        self.venue = FakeVenue(atomic)
        self.time = UnixNanos(1_000)
        self.gateway = OrderGateway(self.journal, self.venue, lambda: self.time)
        self.guard = a_guard(self.journal.journal_id, self.journal.epoch, UnixNanos(2_000))


@pytest.fixture(params=[True, False], ids=["atomic", "not atomic"])
def at(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Setting]:
    made = Setting(tmp_path / "orders.db", request.param)
    yield made
    made.journal.close()


def test_given_a_request_when_handled_then_it_is_sent_once_and_remembered(at: Setting) -> None:
    receipt, [accepted] = at.gateway.handle(a_submit(), at.guard)
    assert (receipt.outcome, receipt.as_of_seq) == (RequestOutcome.SENT, 1)
    assert isinstance(accepted, OrderAccepted)
    assert (accepted.event_seq, accepted.journal_id) == (1, at.journal.journal_id)
    assert at.gateway.handle(a_submit(), at.guard) == (receipt, [])
    assert len(at.venue.placed) == 1


def test_given_a_first_outcome_when_the_id_comes_again_after_its_deadline_then_it_is_the_same(at: Setting) -> None:
    first, _ = at.gateway.handle(a_submit(), at.guard)
    at.time = UnixNanos(9_000)
    again = a_submit(valid_until=UnixNanos(9_500))
    assert at.gateway.handle(again, replace(at.guard, epoch=99)) == (first, [])


def test_given_an_id_when_it_comes_with_other_content_then_the_first_stays(at: Setting) -> None:
    first, _ = at.gateway.handle(a_submit(), at.guard)
    for other in (a_submit(quantity=11), a_submit(price=None), a_submit(side=Side.SELL), a_cancel("o-1")):
        receipt, facts = at.gateway.handle(other, at.guard)
        assert (receipt.outcome, receipt.code, facts) == (RequestOutcome.REFUSED, "ID_REUSED", [])
    assert at.gateway.handle(a_submit(), at.guard) == (first, [])
    assert len(at.venue.placed) == 1


def test_given_a_void_id_when_it_comes_then_it_is_refused_for_ever(at: Setting) -> None:
    at.journal.resolve("o-1")
    for _ in range(2):
        assert at.gateway.handle(a_submit(), at.guard)[0].code == "VOIDED"
    assert at.journal.resolve("o-1").outcome is RequestOutcome.VOID
    assert at.venue.placed == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"journal_id": "other"}, "WRONG_JOURNAL"),
        ({"epoch": 0}, "STALE_EPOCH"),
        ({"epoch": 2}, "STALE_EPOCH"),
        ({"valid_until": UnixNanos(999)}, "EXPIRED"),
    ],
)
def test_given_a_guard_that_does_not_hold_when_handled_then_the_refusal_is_final(
    at: Setting, change: dict[str, object], code: str
) -> None:
    receipt, facts = at.gateway.handle(a_submit(), replace(at.guard, **change))  # type: ignore[arg-type]
    assert (receipt.outcome, receipt.code, facts) == (RequestOutcome.REFUSED, code, [])
    assert at.gateway.handle(a_submit(), at.guard)[0] == receipt
    assert at.venue.placed == []


@pytest.mark.parametrize("level", list(Gate))
@pytest.mark.parametrize("purpose", list(Purpose))
def test_given_a_gate_when_handled_then_only_what_may_pass_passes(at: Setting, level: Gate, purpose: Purpose) -> None:
    at.journal.set_gate("g", level)
    passes = level is Gate.OPEN or (level is Gate.EXITS_ONLY and purpose is Purpose.EXIT)
    for request in (a_submit(purpose=purpose), replace(a_modify(), purpose=purpose)):
        receipt, _ = at.gateway.handle(request, at.guard)
        assert receipt.code == ("" if passes else "GATE_CLOSED")
    assert at.gateway.handle(a_cancel(), at.guard)[0].outcome is RequestOutcome.SENT


def test_given_a_refusal_by_the_venue_when_handled_then_it_is_final(at: Setting) -> None:
    at.venue.failure = RequestRefused("OFF_TICK", "9,001 is off tick")
    first, _ = at.gateway.handle(a_submit(), at.guard)
    assert (first.outcome, first.code, first.text) == (RequestOutcome.REFUSED, "OFF_TICK", "9,001 is off tick")
    assert at.gateway.handle(a_submit(), at.guard)[0] == first
    assert at.venue.placed == []


def test_given_an_unknown_fate_when_handled_then_it_stays_in_doubt_and_is_not_sent_again(at: Setting) -> None:
    at.venue.failure = BrokerOutcomeUnknown("no answer in 5 s")
    for _ in range(2):
        assert at.gateway.handle(a_submit(), at.guard)[0].outcome is RequestOutcome.IN_DOUBT
    assert at.journal.resolve("o-1").outcome is RequestOutcome.IN_DOUBT
    assert at.venue.placed == []


def test_given_a_slow_disk_when_the_deadline_passes_before_the_wire_then_nothing_is_sent(tmp_path: Path) -> None:
    at = Setting(tmp_path / "orders.db", atomic=False)
    begin = at.journal.begin

    def slow_begin(request_id: str, request_hash: str) -> bool:
        noted = begin(request_id, request_hash)
        at.time = UnixNanos(2_001)
        return noted

    at.journal.begin = slow_begin  # type: ignore[method-assign]
    assert at.gateway.handle(a_submit(), at.guard)[0].code == "EXPIRED"
    assert at.venue.placed == []
    at.journal.close()


def test_given_a_wire_that_is_not_atomic_when_sending_then_the_request_is_on_disk_first(tmp_path: Path) -> None:
    at = Setting(tmp_path / "orders.db", atomic=False)
    seen: list[object] = []
    at.venue.before_sending = lambda: seen.append(at.journal.outcome("o-1"))
    at.gateway.handle(a_submit(), at.guard)
    assert [one.outcome for one in seen] == [RequestOutcome.IN_DOUBT]  # type: ignore[attr-defined]
    at.journal.close()


def test_given_a_bug_on_a_wire_that_is_not_atomic_when_sent_then_the_request_is_in_doubt(tmp_path: Path) -> None:
    at = Setting(tmp_path / "orders.db", atomic=False)
    at.venue.failure = InvariantError("bug")
    with pytest.raises(InvariantError):
        at.gateway.handle(a_submit(), at.guard)
    assert at.gateway.handle(a_submit(), at.guard)[0].outcome is RequestOutcome.IN_DOUBT
    assert at.venue.placed == []
    at.journal.close()


def test_given_two_deadlines_when_hashed_then_the_content_is_the_same() -> None:
    assert content_hash(a_submit(valid_until=UnixNanos(1))) == content_hash(a_submit(valid_until=UnixNanos(2)))
    assert content_hash(a_modify()) != content_hash(a_cancel("m-1"))


# ---- others resolve and set the gate meanwhile, on threads of their own ----------------------------------------


def meanwhile(call: Callable[[], object]) -> threading.Thread:
    """Let another thread make a call; it is under way when this returns."""
    begun = threading.Event()

    def run() -> None:
        begun.set()
        call()

    thread = threading.Thread(target=run)
    thread.start()
    begun.wait()
    return thread


def test_given_a_request_at_the_wire_when_another_thread_resolves_it_then_it_is_never_void_and_sent(
    at: Setting,
) -> None:
    found: list[object] = []
    others: list[threading.Thread] = []
    at.venue.before_sending = lambda: others.append(meanwhile(lambda: found.append(at.journal.resolve("o-1").outcome)))
    receipt, _ = at.gateway.handle(a_submit(), at.guard)
    others[0].join()
    assert receipt.outcome is RequestOutcome.SENT
    assert found == [RequestOutcome.SENT]
    assert at.journal.resolve("o-1").outcome is RequestOutcome.SENT


def test_given_a_request_at_the_wire_when_another_thread_shuts_the_gate_then_the_gate_comes_after_it(
    at: Setting,
) -> None:
    said: list[str] = []
    others: list[threading.Thread] = []

    def shut() -> None:
        at.journal.set_gate("g", Gate.CANCELS_ONLY)
        said.append(f"gate in force, {len(at.venue.placed)} placed")

    at.venue.before_sending = lambda: others.append(meanwhile(shut))
    at.gateway.handle(a_submit(), at.guard)
    others[0].join()
    assert said == ["gate in force, 1 placed"]


class SlowWire:
    """A wire that takes its time before and after its last step; tests let it go on."""

    def __init__(self) -> None:
        self.reached, self.may_send, self.may_end = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self.venue = FakeVenue(atomic=False)

    async def place(self, request: OrderRequest, last_step: LastStep) -> Sequence[OrderFact]:
        self.reached.set()
        await self.may_send.wait()
        with last_step():
            facts = self.venue.place(request)
        await self.may_end.wait()
        return facts


class Slow:
    """An awaiting gateway over a slow wire."""

    def __init__(self, path: Path) -> None:
        self.journal, self.wire, self.time = OrderJournal(path), SlowWire(), UnixNanos(1_000)
        self.gateway = AwaitingGateway(self.journal, self.wire, lambda: self.time)
        self.guard = a_guard(self.journal.journal_id, self.journal.epoch, UnixNanos(2_000))

    async def begun(self) -> "asyncio.Task[tuple[object, list[OrderFact]]]":
        task = asyncio.create_task(self.gateway.handle(a_submit(), self.guard))
        await self.wire.reached.wait()
        return task

    async def ended(self, task: "asyncio.Task[tuple[object, list[OrderFact]]]") -> tuple[str, str]:
        self.wire.may_send.set()
        self.wire.may_end.set()
        receipt, _ = await task
        return str(receipt.outcome), receipt.code  # type: ignore[attr-defined]


def slowly(path: Path, story: Callable[[Slow], object]) -> Slow:
    async def run() -> Slow:
        at = Slow(path)
        await story(at)  # type: ignore[misc]  # a coroutine
        return at

    return asyncio.run(run())


def test_given_a_slow_wire_when_a_request_is_resolved_meanwhile_then_it_is_in_doubt_until_it_ends(
    tmp_path: Path,
) -> None:
    async def story(at: Slow) -> None:
        task = await at.begun()
        assert at.journal.resolve("o-1").outcome is RequestOutcome.IN_DOUBT
        again, facts = await at.gateway.handle(a_submit(), at.guard)
        assert (again.outcome, facts) == (RequestOutcome.IN_DOUBT, [])
        assert await at.ended(task) == ("SENT", "")
        assert at.journal.resolve("o-1").outcome is RequestOutcome.SENT
        assert len(at.wire.venue.placed) == 1

    slowly(tmp_path / "orders.db", story)


@pytest.mark.parametrize("change", ["gate", "time"])
def test_given_a_slow_wire_when_a_request_may_not_go_any_more_then_its_last_step_refuses_it(
    tmp_path: Path, change: str
) -> None:
    async def story(at: Slow) -> None:
        task = await at.begun()
        if change == "gate":
            at.journal.set_gate("g", Gate.CANCELS_ONLY)
        else:
            at.time = UnixNanos(2_001)
        assert await at.ended(task) == ("REFUSED", "GATE_CLOSED" if change == "gate" else "EXPIRED")
        assert at.wire.venue.placed == []

    slowly(tmp_path / "orders.db", story)


def test_given_a_slow_wire_when_its_task_is_cancelled_then_the_request_stays_in_doubt(tmp_path: Path) -> None:
    async def story(at: Slow) -> None:
        task = await at.begun()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert at.journal.resolve("o-1").outcome is RequestOutcome.IN_DOUBT

    slowly(tmp_path / "orders.db", story)


def test_given_a_slow_wire_when_several_are_sent_then_none_waits_for_another(tmp_path: Path) -> None:
    async def story(at: Slow) -> None:
        tasks = [asyncio.create_task(at.gateway.handle(a_submit(f"o-{n}"), at.guard)) for n in range(3)]
        at.wire.may_send.set()
        while len(at.wire.venue.placed) < 3:
            await asyncio.sleep(0)
        at.wire.may_end.set()
        assert [(await task)[0].outcome for task in tasks] == [RequestOutcome.SENT] * 3

    slowly(tmp_path / "orders.db", story)
