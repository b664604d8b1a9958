"""A halt while quotes and orders run: from the request at the desk to its answer, which means in force at the broker.

Broker and trader are the processes of `ours_*.py`, the trader with a desk; the caller is a thread beside it and pays
for that. Quotes come at 10,000 a second, a hundred of them ask for an order. After each answer no order may reach the
venue until the resume; once also with five requests a second let through, so that orders wait in the broker's queue.
"""

import itertools
import logging
import tempfile
import time
import uuid
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import grpc
import structlog

from actors.edges.desk_commands import Handled
from actors.edges.desk_reader import DeskReader, RunFacts
from actors.edges.desk_server import DeskServer
from actors.system import Effects, TraderSystem
from bench.ours_broker import CASH, BenchBackend
from bench.ours_trader import CountingTap, await_held, facts_of, start
from bench.outcome import Line, Size, say
from bench.quotes import Job
from bench.reports import Side, percentile
from bench.reports import measure as run_side
from bench.strategy import OrderOnMark
from broker.paced_orders import PacedOrders
from broker.port import Guard, OrderRequest, Receipt
from broker.refusals import refuse
from broker.server import BrokerServerThread
from cli.compose import running
from domain.messages.operator import CommandAnswered
from domain.messages.orders import SubmitOrder
from domain.types import RequestOutcome
from hantrade.v1 import desk_pb2, desk_pb2_grpc, types_pb2
from persistence.event_log import WAL_BYTES, EventLog

RATE, EVERY = 10_000, 100  # quotes per second, quotes per order
BEFORE_S, AFTER_S = 0.25, 0.15  # trading before a halt, silence after it
PER_HALT_S = 0.6  # both, the halt and the resume
AIM_MS = 50.0
HALTS = {Size.SMALL: 3, Size.USUAL: 120, Size.FULL: 500}
LIMITS = (0, 5)  # requests a second the broker lets through; 0: all
READY_S = 20.0
NS_PER_MS = 1_000_000


@dataclass(frozen=True, slots=True)
class HaltJob(Job):
    """A job with halts in it."""

    halts: int = 0
    limit: int = 0  # requests a second the broker lets through once it is measured


@dataclass(slots=True)
class Halts:
    """What the caller saw, in monotonic ns of this machine: asked, answered, and when the resume was asked for."""

    times: list[tuple[int, int, int]] = field(default_factory=list)
    unconfirmed: list[str] = field(default_factory=list)  # answers that did not mean in force at the broker
    facts: dict[str, int] = field(default_factory=dict)  # counted in the log


@dataclass(slots=True)
class Reached:
    """What the broker saw, in monotonic ns."""

    placed: list[int] = field(default_factory=list)  # orders that reached the venue
    stopped: int = 0  # orders the broker's gate refused


# ---- the broker's process --------------------------------------------------------------------------------------


class HaltBackend(BenchBackend):
    """Notes when an order reaches the venue."""

    reached: Reached

    async def _send(self, request: OrderRequest, guard: Guard) -> Receipt:
        before = time.monotonic_ns()
        receipt = await super()._send(request, guard)
        if isinstance(request, SubmitOrder) and receipt.outcome is RequestOutcome.SENT:
            self.reached.placed.append(before)
        return receipt

    async def request(self, request: OrderRequest, guard: Guard) -> Receipt:
        """Count what the gate refuses here, at once or in the queue."""
        receipt = await super().request(request, guard)
        self.reached.stopped += receipt.code == "GATE_CLOSED"
        return receipt

    def limit(self, per_second: int) -> None:
        """Let so many through from now on; what the warm-up needed went at once."""
        venue = self._venue
        self._turns = PacedOrders(per_second, venue.look, partial(refuse, venue.journal), self._send)


def source(pipe: Connection, job: HaltJob) -> None:
    """Run the broker's process."""

    def open_backend() -> AbstractAsyncContextManager[Any]:
        def make() -> Any:
            backend: Any = HaltBackend.paper(Path(job.folder) / "journal.db", cash=CASH, commission_ppm=150)
            backend.reached = Reached()
            return backend.prepare(job)

        return running(make)

    server = BrokerServerThread(open_backend).start(timeout_s=60)
    backend: Any = server.backend
    pipe.send(server.address)
    pipe.recv()  # go
    if job.limit:
        server.loop.call_soon_threadsafe(backend.limit, job.limit)
    server.loop.call_soon_threadsafe(backend.go.set)
    pipe.recv()  # stop
    pipe.send(backend.reached)
    server.stop()


# ---- the trader's process, and the caller ----------------------------------------------------------------------


def sink(pipe: Connection, job: HaltJob, address: str) -> None:
    """Run the trader's process."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    path, tap = Path(job.folder) / "events.db", CountingTap(job.quotes)
    log = EventLog.open(path, create_id=lambda: uuid.uuid4().hex[:10], wal_bytes=WAL_BYTES)
    system = start(log, address, tap, OrderOnMark)
    await_held(system)
    desk = a_desk(system, str(path))
    halts = Halts()
    try:
        pipe.send("ready")
        with grpc.insecure_channel(desk.ask("ping", timeout=READY_S)) as channel:
            caller: Any = desk_pb2_grpc.DeskServiceStub(channel)
            for _ in range(job.halts):
                halt_once(caller, halts)
    finally:
        desk.stop()
        system.stop("measured")
        log.close()
    halts.facts = facts_of(path, tap)
    pipe.send(halts)


def a_desk(system: TraderSystem, log_path: str) -> Any:
    """Put a desk before a running trader."""
    facts = RunFacts("paper", system.run_id, log_path)
    reader = DeskReader(system.ask, facts, system.clock.now, lambda: system.kernel.last_seq)
    desk = DeskServer.start(system.core.post, reader, "127.0.0.1", 0, None, system.gate)
    routes = {**system.effects.routes, CommandAnswered: desk, Handled: desk}
    system.effects = Effects(routes, system.effects.link_of)
    return desk


def halt_once(caller: Any, halts: Halts) -> None:
    """Let it trade, halt, wait, and lead it back to trading."""
    time.sleep(BEFORE_S)
    asked = time.monotonic_ns()
    answer = caller.Halt(desk_pb2.HaltRequest(caller="bench", note="measured"), timeout=READY_S)
    answered = time.monotonic_ns()
    time.sleep(AFTER_S)
    halts.times.append((asked, answered, time.monotonic_ns()))
    halts.unconfirmed += [answer.unconfirmed] if answer.unconfirmed else []
    caller.Resume(desk_pb2.ResumeRequest(caller="bench", note="measured"), timeout=READY_S)
    deadline = time.monotonic() + READY_S
    while caller.GetStatus(desk_pb2.GetStatusRequest(), timeout=READY_S).status.gate != types_pb2.GATE_OPEN:
        if time.monotonic() > deadline:
            raise RuntimeError("the gate did not open again after a halt")
        time.sleep(0.01)


# ---- the measurement -------------------------------------------------------------------------------------------


def measure(size: Size) -> list[Line]:
    """Halt again and again. Raises RuntimeError when an order reaches the venue after an answer."""
    return list(itertools.chain.from_iterable(lines(limit, *one(HALTS[size], limit)) for limit in LIMITS))


def one(count: int, limit: int) -> tuple[Halts, Reached]:
    """Run both processes and hold what they saw against each other. Raises as `measure`."""
    quotes = int((count + 4) * PER_HALT_S * RATE)
    with tempfile.TemporaryDirectory(prefix="hantrade-bench-") as folder:
        job = HaltJob(quotes, EVERY, RATE, True, "", halts=count, limit=limit)
        wait_s = 60 + 4 * count * PER_HALT_S
        reached, halts = run_side(Side("halts", source, sink), replace(job, folder=folder), wait_s)  # type: ignore[arg-type]
    check(halts, reached, limit)
    return halts, reached


def check(halts: Halts, reached: Reached, limit: int) -> None:
    """Tell a halt that was none, or that had nothing to stop. Raises RuntimeError."""
    if halts.unconfirmed:
        raise RuntimeError(f"{len(halts.unconfirmed)} halts were not in force at the broker: {halts.unconfirmed[0]}")
    if limit and not reached.stopped:
        raise RuntimeError("no order waited at the broker when it was halted: it proves nothing")
    begin = 0
    for asked, answered, resumed in halts.times:
        late = [at for at in reached.placed if answered < at < resumed]
        if late:
            after = (late[0] - answered) / NS_PER_MS
            raise RuntimeError(f"an order reached the venue {after:.1f} ms after a halt was answered")
        if not limit and not any(begin < at < asked for at in reached.placed):
            raise RuntimeError("nothing was traded before a halt: it proves nothing")
        begin = resumed


def lines(limit: int, halts: Halts, reached: Reached) -> list[Line]:
    """Give the figures of one run."""
    times = [answered - asked for asked, answered, _ in halts.times]
    how = f"{RATE:,} quotes/s" + (f", {limit} requests/s pass" if limit else "")
    say(
        f"{len(times)} halts at {how}: {len(reached.placed):,} orders reached the venue, none behind an answer;"
        f" {reached.stopped:,} were stopped by the broker's gate"
    )
    shares = ((0.50, "p50"), (0.99, "p99"), (1.0, "max"))
    return [
        Line(
            f"halt to its answer, {word}, {how}",
            "ms",
            percentile(times, share) / NS_PER_MS,
            AIM_MS,
            lower=True,
            digits=3,
        )
        for share, word in shares
    ]
