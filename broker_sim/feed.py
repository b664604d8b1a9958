"""Replays rows on asyncio as a live market would send them, against a virtual venue clock.

At speed N > 0 the clock runs N venue seconds per second and waits for nobody: a slow reader's rows are conflated. At
speed 0 the feed goes as fast as its slowest reader takes the rows, loses none, and stands still while nobody reads.
The clock starts with the first reader, so that a trader who connects late misses nothing, unless told to start at once.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import Final

from broker.subscription import Subscription
from domain.quotes import Depth, Quote
from domain.types import NANOS_PER_SECOND, UnixNanos

SHORTEST_SLEEP_S: Final = 0.001
LONGEST_SLEEP_S: Final = 0.2  # so that the clock's listeners hear of it in quiet times too
MOST_ROWS: Final = 512  # handed on at once

Rows = Iterator[Quote]
Listener = Callable[[UnixNanos, list[Quote], list[Depth]], None]
Sleep = Callable[[float], Awaitable[object]]


class Feed:
    """One replay. `on_rows` hears the clock and each chunk of rows, with its order books, before any reader does."""

    def __init__(
        self,
        rows: Iterable[Quote],
        begin: UnixNanos,
        speed: float,
        on_rows: Listener,
        on_end: Callable[[], None],
        clock: Callable[[], int],
        sleep: Sleep,
        depths: Iterable[Depth] = (),
    ) -> None:
        """Take rows in order of venue time, all later than `begin`, and a monotonic system clock in ns.

        `depths` are in order too; each goes with the rows of its moment, or with the next ones.
        """
        self.venue_time = begin
        self.speed = speed
        self.ended = False
        self._rows: Rows = iter(rows)
        self._next: Quote | None = next(self._rows, None)
        self._depths = iter(depths)
        self._next_depth: Depth | None = next(self._depths, None)
        self._on_rows = on_rows
        self._on_end = on_end
        self._clock = clock
        self._sleep = sleep
        self._started = asyncio.Event()
        self._readers: set[Subscription] = set()
        self._joined = asyncio.Event()

    def start_now(self) -> None:
        """Start the clock without a reader."""
        self._started.set()

    def join(self, reader: Subscription) -> None:
        """Add a reader: it gets rows from the clock on."""
        self._readers.add(reader)
        self._joined.set()
        self._started.set()
        if self.ended:
            reader.end()

    def leave(self, reader: Subscription) -> None:
        """Take a reader off."""
        reader.end()
        self._readers.discard(reader)
        if not self._readers:
            self._joined.clear()

    async def run(self) -> None:
        """Replay to the end. A failure reaches every reader."""
        try:
            await self._started.wait()
            if self.speed > 0:
                await self._run_by_clock()
            else:
                await self._run_by_readers()
            self.ended = True
            self._on_end()
        except Exception as error:
            for reader in self._readers:
                reader.fail(error)
            raise
        for reader in self._readers:
            reader.end()

    async def _run_by_clock(self) -> None:
        begin_system, begin_venue = self._clock(), self.venue_time
        while self._next is not None:
            due = begin_venue + int((self._clock() - begin_system) * self.speed)
            rows = self._take(MOST_ROWS, due)
            behind = len(rows) >= MOST_ROWS
            # The clock never runs past the data, nor past rows that were not handed on.
            now = rows[-1].venue_time if rows and (behind or self._next is None) else due
            self._hand_on(UnixNanos(max(self.venue_time, now)), rows)
            if behind:
                await asyncio.sleep(0)  # others on this loop get their turn
            elif self._next is not None:
                wait = (self._next.venue_time - due) / self.speed / NANOS_PER_SECOND
                await self._sleep(min(max(wait, SHORTEST_SLEEP_S), LONGEST_SLEEP_S))

    async def _run_by_readers(self) -> None:
        while self._next is not None:
            await self._joined.wait()
            for reader in list(self._readers):
                await reader.room()
            if not self._readers:
                continue
            rows = self._take(min(MOST_ROWS, *(reader.max_rows for reader in self._readers)), None)
            self._hand_on(UnixNanos(max(self.venue_time, rows[-1].venue_time)), rows)
            await asyncio.sleep(0)

    def _take(self, most: int, until: int | None) -> list[Quote]:
        rows: list[Quote] = []
        row = self._next
        while row is not None and (until is None or row.venue_time <= until):
            # Rows of one moment stay together: the clock says exactly which rows were handed on.
            if len(rows) >= most and row.venue_time > rows[-1].venue_time:
                break
            rows.append(row)
            row = next(self._rows, None)
        self._next = row
        return rows

    def _take_depths(self, until: int) -> list[Depth]:
        depths: list[Depth] = []
        depth = self._next_depth
        while depth is not None and depth.venue_time <= until:
            depths.append(depth)
            depth = next(self._depths, None)
        self._next_depth = depth
        return depths

    def _hand_on(self, venue_time: UnixNanos, rows: list[Quote]) -> None:
        self.venue_time = venue_time
        depths = self._take_depths(rows[-1].venue_time) if rows and self._next_depth is not None else []
        self._on_rows(venue_time, rows, depths)
        if rows:
            for reader in self._readers:
                reader.offer(rows, depths)
