"""Rows as they travel: cut into batches, never within one moment of venue time."""

from collections.abc import Iterable, Iterator

from backtest.plan import NANOS_PER_MS, Pace
from domain.quotes import Depth, Quote


def batches(rows: Iterable[Quote], pace: Pace) -> Iterator[list[Quote]]:
    """Cut rows (in order of venue time) by count and venue time."""
    span = pace.batch_ms * NANOS_PER_MS
    batch: list[Quote] = []
    begin = last = 0
    for row in rows:
        when = row.venue_time
        if batch and when > last and (len(batch) >= pace.batch_rows or when - begin >= span):
            yield batch
            batch = []
        if not batch:
            begin = when
        batch.append(row)
        last = when
    if batch:
        yield batch


def batches_at(rows: Iterable[Quote], ends: Iterable[int]) -> Iterator[list[Quote]]:
    """Cut rows where batches of another run ended: `ends` are the venue times (UTC ns) of their last rows, ascending.

    Rows behind the last end make one more batch.
    """
    batch: list[Quote] = []
    waiting = iter(ends)
    end = next(waiting, None)
    for row in rows:
        while end is not None and row.venue_time > end:
            if batch:
                yield batch
                batch = []
            end = next(waiting, None)
        batch.append(row)
    if batch:
        yield batch


class Books:
    """Recorded order books (in order of venue time), handed on with the rows of their moment or the next ones."""

    def __init__(self, depths: Iterable[Depth]) -> None:
        """Take the books of a day."""
        self._depths = iter(depths)
        self._next = next(self._depths, None)

    def until(self, when: int) -> tuple[Depth, ...]:
        """Give the books up to a moment (UTC ns) that were not given before."""
        found: list[Depth] = []
        while self._next is not None and self._next.venue_time <= when:
            found.append(self._next)
            self._next = next(self._depths, None)
        return tuple(found)
