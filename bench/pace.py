"""Rows one by one when they are due, for the peers."""

import time
from collections.abc import Iterator, Sequence

from domain.quotes import Quote
from domain.types import NANOS_PER_SECOND


def paced(rows: Sequence[Quote], rate: int) -> Iterator[tuple[Quote, int]]:
    """Give each row with the monotonic time (ns) it was there; `rate` a second, 0 as fast as they are taken."""
    if not rate:
        yield from ((row, 0) for row in rows)
        return
    begin = now = time.monotonic_ns()
    for index, row in enumerate(rows):
        due = begin + index * NANOS_PER_SECOND // rate
        while now < due:
            time.sleep((due - now) / NANOS_PER_SECOND)
            now = time.monotonic_ns()
        yield row, now
