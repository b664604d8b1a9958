"""Our source: the simulated broker with pre-made quotes, behind the real BrokerServicer."""

import asyncio
import gc
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from bench.quotes import BATCH_ROWS, MARK, WARM_UP_BEGIN, Job, instruments, make_rows, marks, warm_up_rows
from bench.reports import Arrivals
from broker.port import Guard, OrderRequest, Receipt
from broker.server import BrokerServerThread
from broker.subscription import Subscription
from broker_sim.backend import SimBackend
from cli.compose import running
from domain.messages.orders import SubmitOrder
from domain.quotes import Quote, QuoteBatch
from domain.types import NANOS_PER_SECOND, UnixNanos

CASH = 1_000_000_000_000
WARM_UP_EVERY_S = 0.1
MOST_WARM_UPS = 150  # minutes of the venue's day


class BenchBackend(SimBackend):
    """Journal, exchange and order session are the simulator's; only the quotes come from a list."""

    job: Job
    arrivals: Arrivals
    go: asyncio.Event

    def prepare(self, job: Job) -> "BenchBackend":
        """Make everything before anyone asks."""
        self.job, self.arrivals, self.go = job, Arrivals(), asyncio.Event()
        self._rows = make_rows(job)
        self._marks = marks(self._rows)
        self._marked_at = sorted(self._marks)
        self.on_instruments(instruments())
        self.on_venue_time(UnixNanos(WARM_UP_BEGIN))
        return self

    def stream_quotes(
        self, symbols: Sequence[str], max_rows: int, max_delay_s: float, depth: bool = False
    ) -> AsyncIterator[QuoteBatch]:
        """Stream warm-up minutes until `go`, then the rows of the job, then nothing."""
        return self._serve(max_rows or BATCH_ROWS, max_delay_s)

    async def request(self, request: OrderRequest, guard: Guard) -> Receipt:
        """Note when the request came, and when it was durable here."""
        arrived = time.monotonic_ns()
        receipt = await super().request(request, guard)
        if isinstance(request, SubmitOrder):
            key = (request.symbol, int(request.limit_price or 0))
            self.arrivals.orders.append((key, arrived, time.monotonic_ns()))
        return receipt

    async def _serve(self, max_rows: int, max_delay_s: float) -> AsyncIterator[QuoteBatch]:
        seq = 0
        for minute in range(MOST_WARM_UPS):
            if self.go.is_set():
                break
            minute_rows = warm_up_rows(minute)
            self.on_batch(minute_rows)
            for start in range(0, len(minute_rows), max_rows):
                seq += 1
                yield self._batch(seq, minute_rows[start : start + max_rows])
            await asyncio.sleep(WARM_UP_EVERY_S)
        await self.go.wait()
        source: AsyncIterator[tuple[Sequence[Quote], int]]
        source = self._paced(max_rows, max_delay_s) if self.job.rate else self._flat_out(max_rows)
        async for rows, conflated in source:
            seq += 1
            yield self._batch(seq, rows, conflated)
            self.on_batch(self._for_exchange(rows))
        await asyncio.Event().wait()

    def _for_exchange(self, rows: Sequence[Quote]) -> Sequence[Quote]:
        return rows[-1:]  # it needs its clock, not every row: this broker makes load

    def _batch(self, seq: int, rows: Sequence[Quote], conflated: int = 0) -> QuoteBatch:
        return QuoteBatch(self._run_id, seq, rows, conflated, False, self._now())

    async def _flat_out(self, max_rows: int) -> AsyncIterator[tuple[Sequence[Quote], int]]:
        for start in range(0, len(self._rows), max_rows):
            now = time.monotonic_ns()
            self._stamp(self.arrivals.ticked, start, start + max_rows, now)
            self._stamp(self.arrivals.sent, start, start + max_rows, now)
            yield self._rows[start : start + max_rows], 0

    async def _paced(self, max_rows: int, max_delay_s: float) -> AsyncIterator[tuple[Sequence[Quote], int]]:
        """Offer each row when it is due to the simulator's own subscription, which batches."""
        reader = Subscription(None, max_rows, max_delay_s, asyncio.sleep)
        pacing = asyncio.create_task(self._pace(reader))
        done = 0
        while done < len(self._rows):
            taken = await reader.take()
            now = time.monotonic_ns()
            for row in taken.rows:  # by what they carry: conflated rows have no place in the list any more
                if row[3] == MARK:
                    self.arrivals.sent[row[0], row[2]] = now
            done += len(taken.rows) + taken.conflated
            yield taken.rows, taken.conflated
        await pacing

    async def _pace(self, reader: Subscription) -> None:
        rows, rate, begin, done = self._rows, self.job.rate, time.monotonic_ns(), 0
        while done < len(rows):
            now = time.monotonic_ns()
            due = min(len(rows), (now - begin) * rate // NANOS_PER_SECOND + 1)
            if due > done:
                self._stamp(self.arrivals.ticked, done, due, now)
                reader.offer(rows[done:due])
                done = due
            wait = begin + done * NANOS_PER_SECOND // rate - time.monotonic_ns()
            await asyncio.sleep(max(0.0, wait / NANOS_PER_SECOND))

    def _stamp(self, stamps: dict[tuple[str, int], int], start: int, end: int, at: int) -> None:
        """Note a time for the marks among the rows from start to end."""
        every = self.job.every
        for index in range(start + (every - 1 - start) % every, min(end, len(self._rows)), every):
            stamps[self._marks[index]] = at


def source(pipe: Connection, job: Job) -> None:
    """Run the broker's process."""

    def open_backend() -> AbstractAsyncContextManager[Any]:
        path = Path(job.folder) / "journal.db"
        return running(lambda: BenchBackend.paper(path, cash=CASH, commission_ppm=150).prepare(job))  # type: ignore[attr-defined]

    server = BrokerServerThread(open_backend).start(timeout_s=60)
    gc.freeze()  # rows made beforehand are not the broker's garbage
    backend: Any = server.backend
    pipe.send(server.address)
    pipe.recv()  # go
    server.loop.call_soon_threadsafe(backend.go.set)
    pipe.recv()  # stop
    pipe.send(backend.arrivals.report())
    server.stop()
