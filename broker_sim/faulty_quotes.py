"""What a quote stream meets on its way: it breaks, or nothing comes for a while and nobody says so."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from typing import TypeVar

from broker_sim.fates import Fates
from broker_sim.line import LOST, Line
from domain.errors import BrokerUnavailable
from domain.quotes import QuoteBatch

T = TypeVar("T")


class FaultyQuotes:
    """Judges batches. Their numbers begin anew with each process, so their draws are named by its epoch too."""

    def __init__(self, fates: Fates, line: Line, epoch: int, now: Callable[[], int]) -> None:
        """Keep the plan, the session and the system clock."""
        self._fates = fates
        self._faults = fates.plan.quotes
        self._line = line
        self._epoch = epoch
        self._now = now
        self._batches = 0
        self._muted_until = 0

    async def stream(self, batches: AsyncIterator[QuoteBatch], broken: asyncio.Event) -> AsyncIterator[QuoteBatch]:
        """Pass batches on, numbered without gaps. Raises BrokerUnavailable when the stream breaks."""
        seq = 0
        async with aclosing(until_broken(batches, broken)) as stream:
            async for batch in stream:
                if self._is_lost() and not batch.end_of_data:
                    continue
                seq += 1
                yield batch._replace(seq=seq)

    def _is_lost(self) -> bool:
        self._batches += 1
        now, number = self._now(), f"{self._epoch} {self._batches}"
        if self._fates.strikes("dropped", "quotes", self._faults.dropped_ppm, 0, number, 0):
            self._fates.done("dropped", "quotes")
            raise BrokerUnavailable(f"{LOST}: the quote stream broke")
        if now >= self._muted_until and self._fates.strikes("muted", "quotes", self._faults.muted_ppm, 0, number, 0):
            self._fates.done("muted", "quotes")
            self._muted_until = now + self._fates.wait("muted", self._faults.muted_ms, number)
        return now < self._muted_until or not self._line.up


async def until_broken(source: AsyncIterator[T], broken: asyncio.Event) -> AsyncGenerator[T, None]:
    """Pass on what comes until the event is set; then raise BrokerUnavailable, whatever is waited for."""
    ending = asyncio.ensure_future(broken.wait())
    step: asyncio.Future[T] | None = None
    try:
        while True:
            step = asyncio.ensure_future(anext(source))
            await asyncio.wait({step, ending}, return_when=asyncio.FIRST_COMPLETED)
            if ending.done():
                raise BrokerUnavailable(f"{LOST}: the session with Kiwoom ended")
            try:
                item = step.result()
            except StopAsyncIteration:
                return
            yield item
    finally:
        tasks = [task for task in (ending, step) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await source.aclose()  # type: ignore[attr-defined]  # every backend gives an async generator
