"""Quotes through the Windows broker: from the control's slot through Qt, the bridge, gRPC, to a client elsewhere.

Both sides get the same strings from the same emulated control, half trades and half books, at the same pace, and a
client in a process of its own notes when it has each one decoded.
"""

import cProfile
import pstats
import statistics
import tempfile
import time
from dataclasses import dataclass
from importlib.util import find_spec

from bench import win_side, win_single
from bench.outcome import Line, Size, say
from bench.quotes import HELD_EVERY, Job
from bench.reports import Side, percentile
from bench.reports import measure as run_sides
from bench.win_feed import make_events
from bench.win_side import Sent, Taken
from broker_win.realtime.auctions import Auctions
from broker_win.realtime.quotes import QuoteMaker
from broker_win.realtime.stamps import Stamps
from domain.types import UnixNanos

OURS = Side("hantrade", win_side.source, win_side.sink)
SINGLE = Side("koapy's way: a call per field, a message per event", win_single.source, win_single.sink)
RATE = 12_000  # events a second: a fifth above the aim
AIM_RATE, AIM_P99_MS = 10_000.0, 20.0
NS_PER_MS, NS_PER_S, NS_PER_US = 1_000_000, 1_000_000_000, 1_000
PROFILED = 50_000
TOP = 25


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured."""

    rounds: int
    quotes: int  # ours, of one round
    peer_quotes: int
    rate: int = RATE


PLANS = {
    Size.SMALL: Plan(1, 2_000, 200, 2_000),
    Size.USUAL: Plan(3, 60_000, 5_000),
    Size.FULL: Plan(5, 240_000, 10_000),
}


@dataclass(frozen=True, slots=True)
class Round:
    """One round of one side."""

    rate: float  # quotes a second that arrived, from the first slot to the last arrival
    from_slot: list[int]  # ns, of every quote that arrived
    from_due: list[int]
    conflated: int


def measure(size: Size) -> list[Line]:
    """Measure both sides. Raises RuntimeError when a quote is lost; gives nothing where PyQt5 is not installed."""
    if find_spec("PyQt5") is None or find_spec("pykiwoom") is None:
        say("left out: PyQt5 and pykiwoom are not installed")
        return []
    plan = PLANS[size]
    ours = [one(OURS, plan.quotes, plan.rate) for _ in range(plan.rounds)]
    theirs = [one(SINGLE, plan.peer_quotes, plan.rate) for _ in range(min(plan.rounds, 2))]
    return lines(plan.rate, ours, theirs)


def one(side: Side, quotes: int, rate: int) -> Round:
    """Run one round of one side."""
    with tempfile.TemporaryDirectory(prefix="hantrade-bench-") as folder:
        sent, taken = run_sides(side, Job(quotes, HELD_EVERY, rate, False, folder))
    found = evaluate(side, sent, taken)
    p50, p99, longest = (percentile(found.from_slot, share) / NS_PER_MS for share in (0.5, 0.99, 1.0))
    say(
        f"{side.name}: {found.rate:,.0f} quotes/s of {rate:,} offered, p50 {p50:.2f} ms, p99 {p99:.2f} ms,"
        f" longest {longest:.1f} ms, {found.conflated:,} conflated"
    )
    return found


def evaluate(side: Side, sent: Sent, taken: Taken) -> Round:
    """Pair departures with arrivals. Raises RuntimeError when one is missing that was not conflated."""
    came = [(at, slot, due) for at, slot, due in zip(taken.arrived, sent.sent, sent.due_at, strict=True) if at]
    if len(came) + taken.conflated != len(sent.sent):
        raise RuntimeError(
            f"{side.name}: {len(came):,} quotes arrived and {taken.conflated:,} were conflated of {len(sent.sent):,}"
        )
    seconds = (max(at for at, _, _ in came) - min(slot for _, slot, _ in came)) / NS_PER_S
    return Round(
        len(came) / seconds,
        [at - slot for at, slot, _ in came],
        [at - due for at, _, due in came],
        taken.conflated,
    )


def lines(rate: int, ours: list[Round], theirs: list[Round]) -> list[Line]:
    """Pair our figures with the peer's, medians over rounds."""

    def figure(rounds: list[Round], share: float, *, due: bool = False) -> float:
        found = [percentile(one.from_due if due else one.from_slot, share) for one in rounds]
        return statistics.median(found) / NS_PER_MS

    offered = f"{rate:,} offered"
    peer = statistics.median(one.rate for one in theirs)
    made = [
        Line(
            f"Windows broker, Qt to client, {offered}",
            "quotes/s",
            statistics.median(one.rate for one in ours),
            AIM_RATE,
            ((SINGLE.name, peer),),
        )
    ]
    for word, share, aim in (("p50", 0.50, None), ("p99", 0.99, AIM_P99_MS)):
        for due, name in ((False, "from the control's slot"), (True, "from when it was due")):
            beside = ((SINGLE.name, figure(theirs, share, due=due)),)
            told = f"Windows broker, {name}, {word}, {offered}"
            made.append(Line(told, "ms", figure(ours, share, due=due), None if due else aim, beside, True, 3))
    return made


def profile(size: Size) -> None:
    """Print what reading costs: µs per trade and per book, and cProfile of both."""
    events = make_events(Job(2_000 if size is Size.SMALL else PROFILED, HELD_EVERY, 0, False, ""))
    now = UnixNanos(time.time_ns())
    maker = QuoteMaker(Stamps(), Auctions())
    for word, chosen in (("trade", events[::2]), ("book of ten levels", events[1::2])):
        begin = time.thread_time_ns()
        for event in chosen:
            maker.hear(*event, now)
        print(f"{(time.thread_time_ns() - begin) / len(chosen) / NS_PER_US:8.2f} µs per {word}, read and made a row")
    profiler = cProfile.Profile()
    profiler.enable()
    for event in events:
        maker.hear(*event, now)
    profiler.disable()
    pstats.Stats(profiler).sort_stats("tottime").print_stats(TOP)
