"""One reader of the quotes: its rows and order books waiting to be read, conflated when it is slow."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, NamedTuple

from domain.quotes import Depth, Quote, QuoteKind

CAPACITY: Final = 8_192  # rows a reader may be behind before its rows are conflated


class Taken(NamedTuple):
    """What a reader takes at once."""

    rows: list[Quote]
    conflated: int  # rows dropped since the batch before
    ended: bool  # nothing follows
    depths: list[Depth]  # of the moments of these rows


class Subscription:
    """Rows of some symbols on their way to one reader. Used on one event loop."""

    def __init__(
        self,
        symbols: frozenset[str] | None,
        max_rows: int,
        max_delay_s: float,
        sleep: Callable[[float], Awaitable[object]],
        capacity: int = CAPACITY,
        depth: bool = False,
    ) -> None:
        """Read `symbols` (None: all) in batches of at most `max_rows`, waiting up to `max_delay_s` for one to fill.

        `depth`: order books too.
        """
        self.max_rows = max_rows
        self._symbols = symbols
        self._max_delay_s = max_delay_s
        self._sleep = sleep
        self._capacity = max(capacity, max_rows)
        self._depth = depth
        self._rows: list[Quote] = []
        self._depths: list[Depth] = []
        self._conflated = 0
        self._ended = False
        self._error: BaseException | None = None
        self._filled = asyncio.Event()
        self._emptied = asyncio.Event()
        self._emptied.set()

    def offer(self, rows: Sequence[Quote], depths: Sequence[Depth] = ()) -> None:
        """Add rows and order books; beyond the capacity everything that waits is conflated."""
        wanted = self._symbols
        self._rows += rows if wanted is None else [row for row in rows if row.symbol in wanted]
        if self._depth and depths:
            self._depths += depths if wanted is None else [depth for depth in depths if depth.symbol in wanted]
        if len(self._rows) > self._capacity:
            kept = conflate(self._rows)
            self._conflated += len(self._rows) - len(kept)
            self._rows = kept
            self._depths = latest_depths(self._depths)
        elif len(self._depths) > self._capacity:  # books come without rows, too
            self._depths = latest_depths(self._depths)
        if self._rows:
            self._filled.set()
            if len(self._rows) >= self.max_rows:
                self._emptied.clear()

    def end(self) -> None:
        """Say that nothing follows."""
        self._ended = True
        self._filled.set()
        self._emptied.set()

    def fail(self, error: BaseException) -> None:
        """Make the reader raise once it has read what waits."""
        self._error = error
        self.end()

    async def room(self) -> None:
        """Wait until less than one batch waits here, or the reader has gone."""
        await self._emptied.wait()

    async def take(self) -> Taken:
        """Give the next batch, waiting for one. Raises what the feed failed with."""
        await self._filled.wait()
        if len(self._rows) < self.max_rows and not self._ended and self._max_delay_s > 0:
            await self._sleep(self._max_delay_s)
        rows, self._rows = self._rows[: self.max_rows], self._rows[self.max_rows :]
        depths = self._depths_of_batch() if self._depths else []
        conflated, self._conflated = self._conflated, 0
        if len(self._rows) < self.max_rows:
            self._emptied.set()
        if not self._rows and not self._ended:
            self._filled.clear()
        if self._error is not None and not rows:
            raise self._error
        return Taken(rows, conflated, self._ended and not self._rows and self._error is None, depths)

    def _depths_of_batch(self) -> list[Depth]:
        """Take the books whose moment is over with the rows taken: a book stands behind all rows of its moment."""
        waiting = self._rows[0].venue_time if self._rows else None
        count = sum(1 for depth in self._depths if waiting is None or depth.venue_time < waiting)
        depths, self._depths = self._depths[:count], self._depths[count:]
        return depths


def conflate(rows: Sequence[Quote]) -> list[Quote]:
    """Keep the latest row of each symbol with the shares of all its trades, in order of venue time."""
    latest: dict[str, Quote] = {}
    for row in rows:
        before = latest.pop(row.symbol, None)  # popped, so that the new one goes to the end
        latest[row.symbol] = row if before is None else _merge(before, row)
    return list(latest.values())


def latest_depths(depths: Sequence[Depth]) -> list[Depth]:
    """Keep the latest order book of each symbol, in order of venue time."""
    latest = {depth.symbol: depth for depth in depths}
    return sorted(latest.values(), key=lambda depth: depth.venue_time)


def _merge(before: Quote, row: Quote) -> Quote:
    if not before.last_qty:
        return row
    kind = QuoteKind.TRADE if row.kind == QuoteKind.BOOK else row.kind
    return row._replace(last_qty=row.last_qty + before.last_qty, kind=int(kind))
