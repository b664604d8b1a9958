"""Signs of life on the order session, both ends, on clocks that move only when told."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest

from broker.client import BrokerClient
from broker.client_orders import OrderSessionHandle, SessionListener
from broker.order_session import OrderSession
from broker.server import BrokerServerThread
from broker.session_pulse import Promise, Pulse, Rhythm
from broker.statuses import read_error
from broker.translate import broker as wire
from domain.errors import BrokerOutcomeUnknown, BrokerUnavailable, RequestRefused
from domain.messages.orders import OrderAccepted
from domain.types import Gate, RequestOutcome, UnixNanos
from hantrade.v1 import broker_pb2 as pb
from hantrade.v1 import broker_pb2_grpc, types_pb2
from tests.broker.builders import a_guard, a_submit
from tests.broker.contract import WAIT_S, Heard
from tests.broker.fake_backend import FakeBackend, open_fake
from tests.broker.metronome import Metronome


@pytest.fixture
def server(tmp_path: Path) -> Iterator[BrokerServerThread]:
    made = BrokerServerThread(lambda: open_fake(tmp_path / "orders.db", lambda: UnixNanos(time.time_ns())))
    yield made.start()
    made.stop()


# ---- the rules -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("interval", "promise"), [(1.0, 5.0), (0.001, 0.1), (30.0, 60.0)])
def test_given_a_rhythm_when_promised_then_it_is_five_beats_within_what_the_contract_allows(
    interval: float, promise: float
) -> None:
    assert Rhythm(interval).promise_s == promise


def test_given_a_pulse_when_echoes_stop_then_it_is_dead_after_the_promise_and_not_before() -> None:
    clock = Metronome()
    pulse = Pulse(clock.rhythm)
    clock.now += 100.0
    assert not pulse.is_dead, "nothing was sent yet"
    assert [pulse.beat(), pulse.beat()] == [1, 2]
    clock.now += 5.0
    assert not pulse.is_dead
    clock.now += 0.1
    assert pulse.is_dead
    pulse.echo()
    assert not pulse.is_dead


def test_given_a_caller_without_a_promise_when_silent_then_nothing_is_counted() -> None:
    clock = Metronome()
    promise = Promise(lambda: clock.now)
    clock.now += 1_000.0
    assert promise.left_s is None
    promise.give(5.0)
    clock.now += 4.0
    assert promise.left_s == 1.0
    promise.heard()
    assert promise.left_s == 5.0


@pytest.mark.parametrize(
    ("heartbeat", "field"),
    [
        (pb.SessionHeartbeat(seq=2, next_within=wire.duration(1)), "heartbeat.seq"),
        (pb.SessionHeartbeat(next_within=wire.duration(1)), "heartbeat.seq"),
        (pb.SessionHeartbeat(seq=1), "heartbeat.next_within"),
        (pb.SessionHeartbeat(seq=1, next_within=wire.duration(0.05)), "next_within"),
        (pb.SessionHeartbeat(seq=1, next_within=wire.duration(61)), "next_within"),
    ],
)
def test_given_a_heartbeat_against_the_contract_when_sent_then_the_session_ends_and_names_the_field(
    server: BrokerServerThread, heartbeat: pb.SessionHeartbeat, field: str
) -> None:
    said = [pb.OrderSessionRequest(open=pb.OpenOrderSession()), pb.OrderSessionRequest(heartbeat=heartbeat)]
    with grpc.insecure_channel(server.address) as channel, pytest.raises(grpc.RpcError) as failed:
        list(broker_pb2_grpc.BrokerServiceStub(channel).OrderSession(iter(said)))
    refused = read_error(failed.value, "here")
    assert isinstance(refused, RequestRefused)
    assert refused.field == field


# ---- the caller's end ----------------------------------------------------------------------------------------


def test_given_a_rhythm_when_beats_are_echoed_then_the_session_lives_on(server: BrokerServerThread) -> None:
    client, heard, metronome = BrokerClient(server.address, WAIT_S), Heard(), Metronome()
    session = heard.listen(client, rhythm=metronome.rhythm)
    opened = heard.opened()
    for _ in range(20):
        metronome.beat()
        # A receipt behind the heartbeat is proof that its echo was heard before.
        session.set_gate(f"g-{metronome.now}", Gate.OPEN)
        assert heard.receipt().outcome is RequestOutcome.SENT
    assert not session.ended
    session.submit(a_submit(), a_guard(opened.journal_id, opened.epoch))
    assert heard.event(OrderAccepted)
    closing = threading.Thread(target=client.close)
    closing.start()
    metronome.last_beat(0.0)
    closing.join(WAIT_S)
    assert heard.ends == [(None, ())]


def test_given_a_connection_that_echoes_nothing_when_the_promise_is_over_then_it_ends_and_strands_what_flies() -> None:
    metronome, heard = Metronome(), Heard()
    far = HalfOpen()
    on_event, on_receipt, on_opened, on_end = heard.callbacks()
    listener = SessionListener(on_event, on_receipt, on_opened, on_end)
    session = OrderSessionHandle(far, "nowhere:1", pb.OpenOrderSession(), listener, metronome.rhythm)
    heard.opened()
    session.submit(a_submit(), a_guard("J", 1))
    for _ in range(5):
        metronome.beat()
    assert not heard.ended.is_set()
    metronome.beat(1.0)
    metronome.last_beat(1.0)
    assert heard.ended.wait(WAIT_S)
    [(reason, unanswered)] = heard.ends
    assert isinstance(reason, BrokerOutcomeUnknown)
    assert "half open" in str(reason)
    assert unanswered == ("o-1",)
    with pytest.raises(BrokerUnavailable, match="over"):
        session.set_gate("g", Gate.OPEN)
    session.close()
    assert not session._beating.is_alive()


class HalfOpen:
    """A call that opens, takes all that is said, and says nothing more until it is cancelled."""

    def __init__(self) -> None:
        self._cancelled = threading.Event()

    def __call__(self, requests: Iterator[Any]) -> "HalfOpen":
        threading.Thread(target=lambda: list(requests), daemon=True).start()
        return self

    def __iter__(self) -> Iterator[pb.OrderSessionResponse]:
        yield pb.OrderSessionResponse(opened=pb.OrderSessionOpened(journal_id="J", epoch=1, gate=types_pb2.GATE_OPEN))
        assert self._cancelled.wait(WAIT_S)

    def cancel(self) -> None:
        self._cancelled.set()


# ---- the broker's end ----------------------------------------------------------------------------------------


class Caller:
    """A caller played by the test, on the broker's loop; the broker's waits only move the test's clock."""

    def __init__(self, backend: FakeBackend) -> None:
        self.now = 10.0
        self.said: asyncio.Queue[pb.OrderSessionRequest | None] = asyncio.Queue()
        self.heard: asyncio.Queue[pb.OrderSessionResponse] = asyncio.Queue()
        self.sleeps: asyncio.Queue[tuple[float, asyncio.Event]] = asyncio.Queue()
        self.session = OrderSession(backend, self.heard.put, now=lambda: self.now, sleep=self._sleep)
        self.running = asyncio.ensure_future(self.session.run(self._requests()))
        self.say(pb.OrderSessionRequest(open=pb.OpenOrderSession()))

    async def _sleep(self, seconds: float) -> None:
        over = asyncio.Event()
        await self.sleeps.put((seconds, over))
        await over.wait()

    async def _requests(self) -> AsyncIterator[pb.OrderSessionRequest]:
        while (message := await self.said.get()) is not None:
            yield message

    def say(self, message: pb.OrderSessionRequest | None) -> None:
        self.said.put_nowait(message)

    def beat(self, seq: int, within: float = 5.0) -> None:
        self.say(pb.OrderSessionRequest(heartbeat=pb.SessionHeartbeat(seq=seq, next_within=wire.duration(within))))

    async def kind(self) -> str:
        return str((await asyncio.wait_for(self.heard.get(), WAIT_S)).WhichOneof("response"))

    async def pass_time(self) -> float:
        """Let the broker's wait for a sign of life end; give how long it was."""
        seconds, over = await asyncio.wait_for(self.sleeps.get(), WAIT_S)
        self.now += seconds
        over.set()
        return seconds


def play(folder: Path, script: Any) -> None:
    async def all_of_it() -> None:
        async with open_fake(folder / "orders.db", lambda: UnixNanos(time.time_ns())) as backend:
            caller = Caller(backend)
            assert await caller.kind() == "opened"
            await script(caller, backend)
            caller.running.cancel()
            await asyncio.gather(caller.running, return_exceptions=True)

    asyncio.run(all_of_it())


def test_given_a_promise_when_the_caller_falls_silent_then_the_session_ends_unavailable(tmp_path: Path) -> None:
    async def script(caller: Caller, _: FakeBackend) -> None:
        caller.beat(1)
        assert await caller.kind() == "heartbeat"
        assert await caller.pass_time() == 5.0
        with pytest.raises(BrokerUnavailable, match="within 5 s"):
            await asyncio.wait_for(caller.running, WAIT_S)

    play(tmp_path, script)


def test_given_a_promise_when_anything_is_said_in_time_then_it_goes_on(tmp_path: Path) -> None:
    async def script(caller: Caller, backend: FakeBackend) -> None:
        caller.beat(1)
        assert await caller.kind() == "heartbeat"
        _, over = await asyncio.wait_for(caller.sleeps.get(), WAIT_S)
        caller.now += 3.0
        caller.say(wire.write_set_gate("g-1", Gate.OPEN))
        assert await caller.kind() == "receipt"
        caller.now += 2.0
        over.set()
        assert await caller.pass_time() == 3.0, "five from what was said last"
        with pytest.raises(BrokerUnavailable):
            await asyncio.wait_for(caller.running, WAIT_S)

    play(tmp_path, script)


def test_given_a_caller_that_never_promised_when_silent_then_it_is_served_as_before(tmp_path: Path) -> None:
    async def script(caller: Caller, _: FakeBackend) -> None:
        caller.now += 10_000.0
        caller.say(wire.write_set_gate("g-1", Gate.OPEN))
        assert await caller.kind() == "receipt"
        assert caller.sleeps.empty()
        caller.say(None)
        await asyncio.wait_for(caller.running, WAIT_S)

    play(tmp_path, script)


def test_given_a_request_that_takes_long_when_beats_and_gates_come_then_they_do_not_wait_for_it(tmp_path: Path) -> None:
    async def script(caller: Caller, backend: FakeBackend) -> None:
        reached, go_on, real = asyncio.Event(), asyncio.Event(), backend.request

        async def slowly(*arguments: Any) -> Any:
            reached.set()
            await go_on.wait()
            return await real(*arguments)

        backend.request = slowly  # type: ignore[method-assign, assignment]
        caller.say(wire.write_request(a_submit(), a_guard(backend.journal.journal_id, backend.journal.epoch)))
        await asyncio.wait_for(reached.wait(), WAIT_S)
        caller.beat(1)
        assert await caller.kind() == "heartbeat"
        caller.say(wire.write_set_gate("g-1", Gate.EXITS_ONLY))
        assert await caller.kind() == "receipt"
        assert backend.journal.gate is Gate.EXITS_ONLY
        go_on.set()
        assert await caller.kind() == "receipt"
        assert backend.journal.outcome("o-1").code == "GATE_CLOSED"  # type: ignore[union-attr]

    play(tmp_path, script)


def test_given_a_caller_that_has_said_all_when_time_passes_then_its_last_answers_still_come(tmp_path: Path) -> None:
    async def script(caller: Caller, backend: FakeBackend) -> None:
        reached, go_on, real = asyncio.Event(), asyncio.Event(), backend.request

        async def slowly(*arguments: Any) -> Any:
            reached.set()
            await go_on.wait()
            return await real(*arguments)

        backend.request = slowly  # type: ignore[method-assign, assignment]
        caller.beat(1)
        assert await caller.kind() == "heartbeat"
        caller.say(wire.write_request(a_submit(), a_guard(backend.journal.journal_id, backend.journal.epoch)))
        caller.say(None)
        await asyncio.wait_for(reached.wait(), WAIT_S)
        while caller.session._listening:
            await asyncio.sleep(0)
        for _ in range(3):
            await caller.pass_time()
        go_on.set()
        assert await caller.kind() == "receipt"
        await asyncio.wait_for(caller.running, WAIT_S)

    play(tmp_path, script)
