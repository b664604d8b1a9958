"""The inline core on quotes, as a back-test will use it, beside NautilusTrader on the same ticks and the same averages.

Ours: every role (quality rules, minute bars, risk, books to the won, Korean costs) in the kernel, orders met by the
simulated exchange; each order is judged by every risk rule. A batch of 256 rows is decided at once: an order goes out
behind its batch. Theirs: each tick is decided alone and matched in the engine's own book; market orders, no risk
limits but those of the account, nothing kept on disk. Both sides run in fresh processes with data made beforehand.
"""

import cProfile
import gc
import pstats
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path

from actors.core.kernel import Kernel
from actors.roles.strategist import Strategist
from actors.roster import make_roles
from bench.fresh import TOP, apart
from bench.house import House, Tally, Venue, wide_config
from bench.outcome import Line, Size, say
from bench.strategy import EmaCross
from bench.tested import PYTHON, Tested, nautilus
from bench.traffic import OPEN, batches, listed, symbols, walk
from broker.translate.quotes import encode_batch
from domain.config import StrategyConfig
from domain.quotes import Quote, QuoteBatch
from domain.types import NANOS_PER_SECOND
from persistence.event_log import EventLog
from persistence.verify import verify

AIM_QUOTES = 150_000
INSTRUMENTS, RATE = 50, 1_000  # quotes per venue second
FAST, SLOW = 100, 500  # quotes
PEER = "NautilusTrader 1.221"
BEGIN = OPEN + 60 * NANOS_PER_SECOND


@dataclass(frozen=True, slots=True)
class Way:
    """One way of running ours."""

    name: str
    rows: int = 256  # of a batch
    matches_all: bool = False  # every row goes through the simulated exchange
    logs: bool = False
    share: int = 1  # of the quotes: 1/share


WAYS = (
    Way("inline core, all roles, EMA cross"),
    Way("the same with every row matched by the exchange", matches_all=True),
    Way("the same with the log on disk, rows not matched", logs=True),
    Way("the same without log, one row per batch", rows=1, share=4),
)


@dataclass(frozen=True, slots=True)
class Done:
    """What one run did."""

    tally: Tally
    seconds: float
    cpu_s: float


def measure(size: Size) -> list[Line]:
    """Run ours and theirs in turns. Theirs is left out when it is not installed."""
    quotes, rounds = {Size.SMALL: (40_000, 1), Size.USUAL: (400_000, 2), Size.FULL: (1_000_000, 5)}[size]
    if not PYTHON.exists():
        say(f"{PEER} is not here: `make bench-peer` gets it")
    ours: dict[str, list[float]] = {way.name: [] for way in WAYS}
    theirs: list[float] = []
    for number in range(rounds):
        for way in WAYS:
            done = apart(run, way, quotes if size is Size.SMALL else quotes // way.share)
            ours[way.name].append(done.tally.quotes / done.seconds)
            say(_told(f"{way.name}, round {number + 1}", done.tally.quotes, done.tally.orders, done))
        if PYTHON.exists():
            tested = nautilus(quotes, INSTRUMENTS, RATE, BEGIN, FAST, SLOW)
            theirs.append(tested.quotes / tested.seconds)
            say(_told(f"{PEER}, round {number + 1}", tested.quotes, tested.orders, tested))
    peers = ((PEER, statistics.median(theirs)),) if theirs else ()
    return [
        Line(way.name, "quotes/s", statistics.median(ours[way.name]), AIM_QUOTES if way is WAYS[0] else None, peers)
        for way in WAYS
    ]


def _told(what: str, quotes: int, orders: int, done: Done | Tested) -> str:
    return (
        f"{what}: {quotes / done.seconds:,.0f} quotes/s, {done.cpu_s * 1e6 / quotes:.2f} µs of CPU per quote,"
        f" {orders:,} orders, one per {quotes / max(1, orders):,.0f} quotes"
    )


def run(way: Way, quotes: int) -> Done:
    """Run ours once over so many quotes, in this process."""
    with tempfile.TemporaryDirectory(prefix="hantrade-bench-") as folder:
        log = None
        if way.logs:
            log = EventLog.open(Path(folder) / "events.db", create_id=lambda: "bench", now=lambda: BEGIN)
        house, chunks = prepared(way, quotes, log)
        raws = [_raw(number, rows) for number, rows in enumerate(chunks, 1)] if way.logs else repeat(b"")
        gc.collect()
        gc.freeze()  # data made beforehand are nobody's garbage
        begin, cpu = time.monotonic(), time.process_time()
        for rows, raw in zip(chunks, raws, strict=False):
            house.quotes(rows, raw)
        seconds, spent = time.monotonic() - begin, time.process_time() - cpu
        tally = house.end()
        if log is not None:
            log.close()
            found = verify(Path(folder) / "events.db")
            if not found.ok or found.events != tally.events:
                raise RuntimeError(f"the log of the run is not whole: {found}")
    check(quotes, tally)
    return Done(tally, seconds, spent)


def check(quotes: int, tally: Tally) -> None:
    """Raise RuntimeError when a quote or a fill is missing, or nothing was traded."""
    if tally.quotes != quotes or tally.fills != tally.orders or not tally.orders:
        raise RuntimeError(f"{quotes} quotes and a fill per order expected, was {tally}")


def prepared(way: Way, quotes: int, log: EventLog | None) -> tuple[House, list[list[Quote]]]:
    """Give a house that trades, and its batches."""
    codes = symbols(INSTRUMENTS)
    known = {EmaCross.NAME: EmaCross}
    roles = [Strategist(known) if isinstance(role, Strategist) else role for role in make_roles()]
    house = House(Kernel(roles, "bench"), Venue(listed(codes), matches_all=way.matches_all), log)
    strategy = StrategyConfig(EmaCross.NAME, {"fast": FAST, "slow": SLOW})
    house.begin(wide_config(strategies=(strategy,)), BEGIN - 30 * NANOS_PER_SECOND)
    return house, list(batches(walk(codes, quotes, RATE, begin=BEGIN), repeat(way.rows)))


def _raw(number: int, rows: Sequence[Quote]) -> bytes:
    return encode_batch(QuoteBatch("bench", number, rows, 0, False, rows[-1].venue_time))


def profile(size: Size) -> None:
    """Print where the time of the first two ways goes."""
    quotes = 20_000 if size is Size.SMALL else 200_000
    for way in WAYS[:2]:
        house, chunks = prepared(way, quotes, None)
        profiler = cProfile.Profile()
        profiler.runcall(_feed, house, chunks)
        say(f"{way.name}: {quotes:,} quotes under the profiler")
        pstats.Stats(profiler).sort_stats("tottime").print_stats(TOP)


def _feed(house: House, chunks: Sequence[Sequence[Quote]]) -> None:
    for rows in chunks:
        house.quotes(rows)
