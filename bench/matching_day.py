"""A day of 2,700 books: whether memory and pace hold. 15 million events with `--full`, otherwise a part of them.

8 to 12 million prints and half as many rows are a day of the whole market; one order per 1,000 events. Events are made
and fed in blocks, so that only the books grow; CPU counts the feeding alone. A garbage collector that never ran would
hide a leak, so it runs as usual.
"""

import statistics
import time
from itertools import islice
from typing import NamedTuple

import psutil

from bench.fresh import apart
from bench.market_data import Mix, events, feed
from bench.outcome import Size, say
from broker_sim.order_book import OrderBook

BOOKS, BLOCK = 2_700, 20_000
MIX = Mix(rows=0.33, orders=0.001)
TIMEOUT_S = 3_600  # the whole day takes some minutes
EVENTS = {Size.SMALL: 60_000, Size.USUAL: 1_500_000, Size.FULL: 15_000_000}


class Day(NamedTuple):
    """What a day did."""

    events: int
    executions: int
    open_orders: int  # at the end
    cpu_s: float  # of feeding
    rss: list[int]  # bytes, after the first row of each book and then after each block

    @property
    def growth(self) -> float:
        """Give the median of the last third over that of the first, of the samples after a block."""
        rss = self.rss[1:]
        third = max(1, len(rss) // 3)
        return statistics.median(rss[-third:]) / statistics.median(rss[:third])

    @property
    def end_mb(self) -> float:
        """Give the resident memory at the end."""
        return self.rss[-1] / 1e6


def measured(size: Size) -> Day:
    """Run a day, or a part of one, in a process of its own."""
    done = apart(run, EVENTS[size], timeout_s=TIMEOUT_S)
    say(
        f"2,700 books, {done.events:,} events of 15,000,000: {done.events / done.cpu_s:,.0f} events/s of CPU,"
        f" {done.executions:,} executions, {done.open_orders:,} orders open; memory {done.rss[0] / 1e6:.1f} MB when"
        f" every book has its first row, {done.end_mb:.1f} MB at the end, at most {max(done.rss) / 1e6:.1f} MB"
    )
    return done


def run(count: int) -> Day:
    """Feed so many events."""
    process = psutil.Process()
    books = [OrderBook() for _ in range(BOOKS)]
    coming = events(BOOKS, MIX)
    feed(books, list(islice(coming, BOOKS)))
    rss, executions, spent, done = [process.memory_info().rss], 0, 0.0, 0
    while done < count:
        block = list(islice(coming, min(BLOCK, count - done)))
        cpu = time.process_time()
        executions += feed(books, block)
        spent += time.process_time() - cpu
        done += len(block)
        del block
        rss.append(process.memory_info().rss)
    return Day(done, executions, sum(len(book.orders) for book in books), spent, rss)
