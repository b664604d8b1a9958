"""The matching core alone: one book per issue, no account, no messages, no journal.

*Full market data*: ten-level rows of both sides, prints with the side that waited, limit and market orders, cancels, on
100 books. *Best quotes and orders*, beside others: the stream of `matching_stream.py`, the same fills required of all.
*A day of 2,700 books*: how memory and pace hold (`matching_day.py`). Streams are made before the clock runs, each run
has a process of its own. What the peers do besides matching is said in docs/performance.md.
"""

import cProfile
import gc
import json
import pstats
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench import matching_day
from bench.fresh import TOP, apart, run
from bench.market_data import Event, feed, market_data
from bench.matching_stream import SHARES, SHOWN, TICK, Done, Step, events_of, steps
from bench.outcome import Line, Size, say
from broker_sim.order_book import OrderBook

ROOT = Path(__file__).parent.parent
BIN = "Scripts" if sys.platform == "win32" else "bin"
AIM_EVENTS, AIM_GROWTH = 200_000, 1.10
BOOKS = 100
# name, Python of `make bench-peer`, module, how many times fewer quotes: the slow one gets a shorter stream
PEERS = (
    ("NautilusTrader 1.221 matching engine", ROOT / ".venv" / "nautilus" / BIN / "python", "matching_nautilus", 1),
    ("basana 1.11 back-testing exchange", ROOT / ".venv" / "basana" / BIN / "python", "matching_basana", 10),
)
SIZES = {Size.SMALL: (10_000, 1), Size.USUAL: (200_000, 3), Size.FULL: (500_000, 5)}


def measure(size: Size) -> list[Line]:
    """Run all in turns. A peer that is not installed is left out. Raises RuntimeError when outcomes differ."""
    count, rounds = SIZES[size]
    rates: dict[str, list[float]] = {}
    for number in range(1, rounds + 1):
        for name, rate in one_round(count, number):
            rates.setdefault(name, []).append(rate)
    middle = {name: statistics.median(found) for name, found in rates.items()}
    peers = tuple((name, middle[name]) for name, *_ in PEERS if name in middle)
    day = matching_day.measured(size)
    return [
        Line("matching core: ten-level rows, prints, orders", "events/s", middle["full"], AIM_EVENTS),
        Line("matching core: best quotes and orders", "events/s", middle["best"], peers=peers),
        Line("matching core: a day of 2,700 books", "events/s", day.events / day.cpu_s),
        Line(
            "matching core: memory of 2,700 books, last third / first",
            "×",
            day.growth,
            AIM_GROWTH,
            lower=True,
            digits=3,
        ),
        Line("matching core: memory of 2,700 books at the end", "MB", day.end_mb, lower=True, digits=1),
    ]


def one_round(count: int, number: int) -> list[tuple[str, float]]:
    """Run each side once; give events a second. A peer's outcome is held against ours on its own stream."""
    seconds, cpu, executions = apart(full, count)
    found = [("full", count / seconds)]
    say(f"ten-level rows, round {number}: {found[0][1]:,.0f} events/s, CPU {cpu:.2f} s, {executions:,} executions")
    ours = apart(best_quotes, count)
    found.append(("best", _told("best quotes and orders", number, ours)))
    for name, python, module, fewer in PEERS:
        if not python.exists():
            if number == 1:
                say(f"{name} is not here: `make bench-peer` gets it")
            continue
        theirs = Done(*json.loads(run([str(python), "-m", f"bench.{module}", str(count // fewer)]).splitlines()[-1]))
        check(name, theirs, ours if fewer == 1 else apart(best_quotes, count // fewer))
        found.append((name, _told(name, number, theirs)))
    return found


def check(name: str, theirs: Done, ours: Done) -> None:
    """Raise RuntimeError when a peer made something else of the stream than we did, or nothing was traded."""
    if theirs.outcome != ours.outcome or not ours.fills or not ours.cancelled:
        raise RuntimeError(f"{name} and hantrade were to fill the same orders, was {theirs} and {ours}")


def _told(name: str, number: int, done: Done) -> float:
    say(
        f"{name}, round {number}: {done.events / done.seconds:,.0f} events/s, {done.fills:,} fills of"
        f" {done.shares:,} shares, {done.cancelled:,} cancelled, {done.still_open:,} open at the end"
    )
    return done.events / done.seconds


def full(count: int) -> tuple[float, float, int]:
    """Feed full market data to 100 books; give seconds, CPU seconds, executions."""
    return _timed(market_data(count, BOOKS), BOOKS)


def _timed(events: Sequence[Event], books: int) -> tuple[float, float, int]:
    own = [OrderBook() for _ in range(books)]
    gc.collect()
    gc.freeze()  # data made beforehand are nobody's garbage
    begin, cpu = time.monotonic(), time.process_time()
    executions = feed(own, events)
    return time.monotonic() - begin, time.process_time() - cpu, executions


def best_quotes(quotes: int) -> Done:
    """Run the peers' stream on one book."""
    made = steps(quotes)
    gc.collect()
    gc.freeze()
    begin, cpu = time.monotonic(), time.process_time()
    fills, shares, cancelled, still_open = match(made)
    return Done(
        events_of(made), fills, shares, cancelled, still_open, time.monotonic() - begin, time.process_time() - cpu
    )


def match(made: Sequence[Step]) -> tuple[int, int, int, int]:
    """Give fills, shares filled, orders cancelled and still open."""
    book = OrderBook()
    shares = fills = cancelled = 0
    for bid, order_id, side, limit, cancel in made:
        found: list[Any] = book.show_side(1, ((bid, SHOWN),))
        found += book.show_side(-1, ((bid + TICK, SHOWN),))
        if order_id:
            found += book.add(order_id, side, limit, SHARES) if limit else book.take(order_id, side, SHARES)
        elif cancel and book.cancel(cancel):
            cancelled += 1
        for one in found:
            fills += 1
            shares += one.quantity
    return fills, shares, cancelled, len(book.orders)


def profile(size: Size) -> None:
    """Print where the time goes with full market data, and with best quotes."""
    count = SIZES[size][0]
    events, made = market_data(count, BOOKS), steps(count)
    for name, work in (
        ("full", lambda: feed([OrderBook() for _ in range(BOOKS)], events)),
        ("best", lambda: match(made)),
    ):
        profiler = cProfile.Profile()
        profiler.runcall(work)
        say(f"{name}: {count:,} under the profiler")
        pstats.Stats(profiler).sort_stats("tottime").print_stats(TOP)
