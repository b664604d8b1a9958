"""A day of 2,700 symbols: 1,000 quotes a second, in the last second of each minute 10,000, sent 20 times as fast.

Broker process, gRPC, trader process with every role and the log on disk, as in `end-to-end`; one order per 1,000
quotes. `--full` runs all eight hours (33 million quotes), otherwise a part of the same shape. The session is planned
longer than a real one, so that no row falls outside. What must hold: every order event is at both ends, the fold of the
log is the live state, the log is whole. What is told: conflation at the steady pace and in bursts, memory, sizes.
"""

import asyncio
import gc
import logging
import statistics
import tempfile
import threading
import time
import uuid
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from itertools import islice
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import psutil
import structlog

from bench.fresh import state_digest
from bench.ours_broker import CASH, BenchBackend
from bench.ours_trader import CountingTap, await_held, await_settled, facts_of, start
from bench.outcome import Line, Size, say
from bench.quotes import BEGIN, DAY, HELD, WARM_UP_BEGIN, Job
from bench.reports import Side
from bench.reports import measure as measure_side
from bench.strategy import OrderThroughMark
from bench.traffic import listed, moves, symbols
from broker.port import Guard, OrderRequest, Receipt
from broker.server import BrokerServerThread
from broker.subscription import Subscription
from cli.compose import codec, running
from domain.messages.orders import SubmitOrder
from domain.quotes import Quote
from domain.types import NANOS_PER_SECOND, UnixNanos
from persistence.event_log import EventLog
from persistence.reader import LogReader

INSTRUMENTS = 2_700
STEADY, BURST = 1_000, 10_000  # quotes per venue second
PER_MINUTE = 59 * STEADY + BURST
SPEED = 20  # venue seconds per second
ORDER_EVERY = 1_000  # quotes
OVERRIDES = {DAY.isoformat(): ("08:00", "20:30")}  # the quotes run from 12:00 to 20:00
MINUTES = {Size.SMALL: 1, Size.USUAL: 22, Size.FULL: 480}
SAMPLE_S = 0.25
AIM_GROWTH, AIM_WAL_MB = 1.10, 64.0
OF_EXCHANGE = frozenset(HELD)


@dataclass(slots=True)
class Memory:
    """RSS of this process over time, in bytes, and the largest size of a file."""

    rss: list[int] = field(default_factory=list)
    largest: int = 0

    def watch(self, over: threading.Event, file: Path | None = None) -> None:
        """Sample until `over`. Runs on a thread of its own."""
        process = psutil.Process()
        while not over.wait(SAMPLE_S):
            self.rss.append(process.memory_info().rss)
            if file is not None and file.exists():
                self.largest = max(self.largest, file.stat().st_size)

    @property
    def growth(self) -> float:
        """Give the median of the last third over that of the first."""
        third = max(1, len(self.rss) // 3)
        return statistics.median(self.rss[-third:]) / statistics.median(self.rss[:third])


@dataclass(slots=True)
class Sent:
    """What the broker's process tells."""

    orders: list[str] = field(default_factory=list)  # client order ids, as they came
    facts: int = 0  # order events in its journal
    fills: int = 0
    steady_conflated: int = 0
    burst_conflated: int = 0
    memory: Memory = field(default_factory=Memory)
    cpu_s: float = 0.0


@dataclass(slots=True)
class Taken:
    """What the trader's process tells."""

    seconds: float = 0.0
    facts: dict[str, int] = field(default_factory=dict)  # counted in the log
    orders: list[str] = field(default_factory=list)
    last_event_seq: int = 0  # of the broker's journal, as the log has it
    is_fold: bool = False  # the fold of the log is the live state
    memory: Memory = field(default_factory=Memory)
    log_bytes: int = 0
    cpu_s: float = 0.0


def due(seconds: float) -> int:
    """Give how many quotes of a day are there after so many venue seconds."""
    minute, rest = divmod(seconds, 60)
    return int(minute * PER_MINUTE + min(rest, 59) * STEADY + max(0.0, rest - 59) * BURST)


def times(minutes: int) -> Iterator[int]:
    """Give the venue time (UTC ns) of every quote."""
    for second in range(minutes * 60):
        rate = BURST if second % 60 == 59 else STEADY
        at, step = BEGIN + second * NANOS_PER_SECOND, NANOS_PER_SECOND // rate
        yield from range(at, at + NANOS_PER_SECOND, step)


class DayBackend(BenchBackend):
    """Sends a day; keeps which orders came."""

    def prepare(self, job: Job) -> "DayBackend":
        """List the instruments; rows are made on the way."""
        self.job, self.go, self.sent = job, asyncio.Event(), Sent()
        codes = symbols(INSTRUMENTS)
        self.on_instruments(listed(codes))
        self.on_venue_time(UnixNanos(WARM_UP_BEGIN))
        self._moves = moves(codes, times(job.quotes // PER_MINUTE), marked=HELD, every=job.every)
        return self

    async def request(self, request: OrderRequest, guard: Guard) -> Receipt:
        """Note which order came."""
        if isinstance(request, SubmitOrder):
            self.sent.orders.append(request.client_order_id)
        return await super(BenchBackend, self).request(request, guard)

    def told(self) -> Sent:
        """Count what is in the journal. Loop's thread."""
        self.sent.facts, self.sent.fills = self.last_event_seq(), len(self._venue.fills)
        return self.sent

    def _for_exchange(self, rows: Sequence[Quote]) -> Sequence[Quote]:
        return [row for row in rows if row[0] in OF_EXCHANGE] or rows[-1:]

    async def _paced(self, max_rows: int, max_delay_s: float) -> AsyncIterator[tuple[Sequence[Quote], int]]:
        reader, done = Subscription(None, max_rows, max_delay_s, asyncio.sleep), 0
        self._offered, self._in_burst = 0, False
        pacing = asyncio.create_task(self._pace(reader))
        while done < self.job.quotes:
            rows, conflated, *_ = await reader.take()
            if self._in_burst:  # a backlog of a burst is worked off behind it
                self.sent.burst_conflated += conflated
            else:
                self.sent.steady_conflated += conflated
            done += len(rows) + conflated
            if self._is_over and done == self._offered:
                self._in_burst = False
            yield rows, conflated
        await pacing

    async def _pace(self, reader: Subscription) -> None:
        begin = time.monotonic()
        while self._offered < self.job.quotes:
            at = (time.monotonic() - begin) * self.job.rate
            self._is_over = at % 60 < 59
            self._in_burst = self._in_burst or not self._is_over
            wanted = min(self.job.quotes, due(at) + 1)
            if wanted > self._offered:
                reader.offer(list(islice(self._moves, wanted - self._offered)))
                self._offered = wanted
            await asyncio.sleep(0.001)


def source(pipe: Connection, job: Job) -> None:
    """Run the broker's process."""

    def open_backend() -> AbstractAsyncContextManager[Any]:
        path = Path(job.folder) / "journal.db"
        made: Any = DayBackend
        return running(lambda: made.paper(path, cash=CASH, commission_ppm=150, overrides=OVERRIDES).prepare(job))

    server = BrokerServerThread(open_backend).start(timeout_s=60)
    gc.freeze()
    backend: Any = server.backend
    over = threading.Event()
    pipe.send(server.address)
    pipe.recv()  # go
    watching = threading.Thread(target=backend.sent.memory.watch, args=(over,), daemon=True)
    watching.start()
    cpu = time.process_time()
    server.loop.call_soon_threadsafe(backend.go.set)
    pipe.recv()  # stop
    over.set()
    watching.join()
    sent: Sent = asyncio.run_coroutine_threadsafe(_told(backend), server.loop).result(30)
    sent.cpu_s = time.process_time() - cpu
    pipe.send(sent)
    server.stop()


async def _told(backend: DayBackend) -> Sent:
    return backend.told()


def sink(pipe: Connection, job: Job, address: str) -> None:
    """Run the trader's process."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    path, tap, taken, over = Path(job.folder) / "events.db", CountingTap(job.quotes), Taken(), threading.Event()
    log = EventLog.open(path, create_id=lambda: uuid.uuid4().hex[:10])
    system = start(log, address, tap, OrderThroughMark, session_overrides=OVERRIDES)
    await_held(system)
    wal = path.with_name(path.name + "-wal")
    watching = threading.Thread(target=taken.memory.watch, args=(over, wal), daemon=True)
    pipe.send("ready")
    watching.start()
    begin, cpu = time.monotonic(), time.process_time()
    if not tap.done.wait(60 + 4 * job.quotes / PER_MINUTE * 60 / SPEED):
        raise RuntimeError(f"only {tap.rows:,} of {job.quotes:,} quotes were handled, {tap.lost:,} conflated")
    taken.seconds, taken.cpu_s = time.monotonic() - begin, time.process_time() - cpu
    over.set()
    watching.join()
    await_settled(system)
    system.stop("measured")
    log.close()
    taken.facts = facts_of(path, tap)
    taken.log_bytes = path.stat().st_size
    _read_back(path, system.kernel, taken)
    pipe.send(taken)


def _read_back(path: Path, live: Any, taken: Taken) -> None:
    """Ask the log what it knows of orders, and fold it."""
    from actors.core import state
    from actors.core.kernel import Kernel
    from actors.recovery import fold
    from actors.roles.strategist import Strategist
    from actors.roster import make_roles

    setattr(state, "PACKAGES", (*state.PACKAGES, "bench"))  # noqa: B010  # the bench's strategy is part of the state here
    with LogReader(path, codec()) as reader:
        taken.orders = [stream.partition("/")[2] for (stream,) in reader.rows(_SUBMITTED)]
        taken.last_event_seq = reader.rows(_LAST_FACT)[0][0]
        known = {OrderThroughMark.NAME: OrderThroughMark}
        roles = [Strategist(known) if isinstance(role, Strategist) else role for role in make_roles()]
        folded = Kernel(roles, reader.log_id)
        fold(folded, reader)
    taken.is_fold = state_digest(folded) == state_digest(live)


_SUBMITTED = "SELECT stream FROM events WHERE type = 'SubmitOrder' ORDER BY seq"
_LAST_FACT = (
    "SELECT coalesce(max(json_extract(payload, '$.event_seq')), 0) FROM events"
    " WHERE type IN ('OrderAccepted', 'OrderFilled', 'OrderCancelled', 'OrderExpired', 'OrderRejected',"
    " 'OrderReplaced')"
)
SIDE = Side("a day", source, sink)


def measure(size: Size) -> list[Line]:
    """Run a day, or a part of one. Raises RuntimeError when an order event was lost or the log does not hold."""
    minutes = MINUTES[size]
    quotes, wall = minutes * PER_MINUTE, minutes * 60 / SPEED
    rates = f"{STEADY * SPEED:,} and in bursts {BURST * SPEED:,} a second"
    say(f"{minutes} of 480 minutes of the day, {quotes:,} quotes in {wall:,.0f} s: {rates}")
    with tempfile.TemporaryDirectory(prefix="hantrade-bench-") as folder:
        sent, taken = measure_side(SIDE, Job(quotes, ORDER_EVERY, SPEED, True, folder), 300 + 6 * wall)
    check(quotes, sent, taken)
    say(
        f"{len(sent.orders):,} orders and {sent.facts:,} order events at both ends, {taken.facts['commits']:,} commits;"
        f" CPU {taken.cpu_s:.1f} s in the trader, {sent.cpu_s:.1f} s in the broker, of {taken.seconds:.1f} s;"
        f" peak memory {max(taken.memory.rss) / 1e6:.0f} and {max(sent.memory.rss) / 1e6:.0f} MB"
    )
    return lines(quotes, sent, taken)


def check(quotes: int, sent: Sent, taken: Taken) -> None:
    """Hold both ends against each other. Raises RuntimeError."""
    facts, conflated = taken.facts, sent.steady_conflated + sent.burst_conflated
    fills = facts.get("OrderFilled", 0)
    problems = [
        text
        for holds, text in (
            (len(set(sent.orders)) == len(sent.orders), "an order came twice"),
            (sent.orders and set(sent.orders) == set(taken.orders), "the orders of both ends differ"),
            (taken.last_event_seq == sent.facts, f"the log ends at order event {taken.last_event_seq} of {sent.facts}"),
            (fills == sent.fills, f"{fills} of {sent.fills} fills are in the log"),
            (facts["conflated"] == conflated, f"{facts['conflated']} conflated quotes were told, {conflated} were"),
            (facts["quotes"] + conflated == quotes, f"{facts['quotes']} quotes came and {conflated} were conflated"),
            (taken.is_fold, "the fold of the log is not the live state"),
        )
        if not holds
    ]
    if problems:
        raise RuntimeError("; ".join(problems))


def lines(quotes: int, sent: Sent, taken: Taken) -> list[Line]:
    """Give the figures."""
    kept = taken.facts["quotes"]
    return [
        Line("a day: quotes conflated at the steady pace", "quotes", sent.steady_conflated, 0.0, lower=True),
        Line("a day: quotes conflated in bursts", "% of all", 100 * sent.burst_conflated / quotes, digits=2),
        Line("a day: quotes sent", "quotes/s", quotes / taken.seconds),
        Line("a day: CPU of the trader", "µs/quote", taken.cpu_s * 1e6 / kept, lower=True, digits=2),
        Line("a day: trader's memory, last third / first", "×", taken.memory.growth, AIM_GROWTH, lower=True, digits=3),
        Line("a day: broker's memory, last third / first", "×", sent.memory.growth, AIM_GROWTH, lower=True, digits=3),
        Line("a day: largest WAL", "MB", taken.memory.largest / 1e6, AIM_WAL_MB, lower=True, digits=1),
        Line("a day: log per million quotes", "MB", taken.log_bytes / kept, lower=True, digits=1),
    ]


def profile(_: Size) -> None:
    """Say where the profile of the same path is."""
    print("the day takes the way of end-to-end; its profile: make bench ARGS='--profile --only end-to-end'")
