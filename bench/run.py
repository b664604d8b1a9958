"""The whole measurement: rounds of all sides in turn, medians, pairs of ours and a peer's."""

import statistics
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from bench import grpc_single, ours_broker, ours_trader, zeromq
from bench.quotes import Job
from bench.reports import Side, SinkReport, SourceReport, measure, percentile

OURS = Side("hantrade", ours_broker.source, ours_trader.sink)
ZEROMQ = Side("ZeroMQ PUB/SUB with pickle", zeromq.source, zeromq.sink)
SINGLE = Side("one gRPC message per quote", grpc_single.source, grpc_single.sink)
PEERS = (ZEROMQ, SINGLE)
SIDES = (OURS, *PEERS)
NS_PER_MS = 1_000_000

Say = Callable[[str], None]
Paced = dict[tuple[str, int], SourceReport]  # side, rate


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured."""

    rounds: int = 3  # of quotes per second
    flat_out: tuple[tuple[int, int], ...] = ((1_000, 150_000), (100, 100_000))  # ours: quotes per order, quotes
    peer_quotes: tuple[tuple[str, int], ...] = ((ZEROMQ.name, 200_000), (SINGLE.name, 20_000))
    paced_rounds: int = 2
    rates: tuple[int, ...] = (1_000, 5_000, 10_000)
    orders: int = 520  # of one paced round, about a hundred a second


SMALL = Plan(1, ((100, 3_000),), ((ZEROMQ.name, 3_000), (SINGLE.name, 1_000)), 1, (1_000,), 20)


@dataclass(slots=True)
class Measured:
    """Everything that was measured, before it becomes a table."""

    rates: dict[tuple[str, int], list[float]] = field(default_factory=dict)  # side, quotes per order (0: none)
    paced: Paced = field(default_factory=dict)  # all rounds together
    sinks: list[tuple[Side, Job, SourceReport, SinkReport]] = field(default_factory=list)


def run(plan: Plan, say: Say) -> Measured:
    """Measure. Raises RuntimeError when a side loses a quote or dies."""
    done = Measured()
    for number in range(plan.rounds):
        say(f"quotes per second, round {number + 1} of {plan.rounds}")
        for every, quotes in plan.flat_out:
            _flat_out(done, OURS, Job(quotes, every, 0, True, ""), every)
        for side, (_, quotes) in zip(PEERS, plan.peer_quotes, strict=True):
            _flat_out(done, side, Job(quotes, 1_000, 0, False, ""), 0)
    for number in range(plan.paced_rounds):
        for rate in plan.rates:
            say(f"tick to order at {rate:,} quotes/s, round {number + 1} of {plan.paced_rounds}")
            every = max(10, rate // 100)
            for side in SIDES:
                sent, _ = one(done, side, Job(plan.orders * every, every, rate, True, ""))
                pool = done.paced.setdefault((side.name, rate), SourceReport())
                pool.asked += sent.asked
                pool.from_tick += sent.from_tick
                pool.from_sent += sent.from_sent
                pool.journaled += sent.journaled
    return done


def _flat_out(done: Measured, side: Side, job: Job, every: int) -> None:
    _, taken = one(done, side, job)
    done.rates.setdefault((side.name, every), []).append(taken.rate)


def one(done: Measured, side: Side, job: Job) -> tuple[SourceReport, SinkReport]:
    """Run one job of one side in a folder of its own, and keep what it told."""
    with tempfile.TemporaryDirectory(prefix="hantrade-bench-") as folder:
        placed = Job(job.quotes, job.every, job.rate, job.orders, folder, job.profile, job.stages)
        sent, taken = measure(side, placed)
    done.sinks.append((side, placed, sent, taken))
    return sent, taken


def results(done: Measured) -> list[dict[str, Any]]:
    """Pair ours with each peer's. A ratio above 1 is better for us: ours/peer for rates, peer/ours for times."""
    rows: list[dict[str, Any]] = []
    for (name, every), rates in done.rates.items():
        if name == OURS.name:
            ours = statistics.median(rates)
            peers = [(peer.name, statistics.median(done.rates[peer.name, 0])) for peer in PEERS]
            rows += _pairs(f"end to end, 1 order per {every:,} quotes", ours, peers, "quotes/s", times=False)
    for rate in dict.fromkeys(rate for _, rate in done.paced):
        for share, word in ((0.50, "p50"), (0.99, "p99")):
            peers = [(peer.name, _ms(done.paced[peer.name, rate].from_sent, share)) for peer in PEERS]
            ours_here = done.paced[OURS.name, rate]
            at = f"{word} at {rate:,} quotes/s"
            rows += _pairs(f"tick to durable order, {at}", _ms(ours_here.from_sent, share), peers, "ms", times=True)
            waited = _ms(ours_here.from_tick, share)
            rows += _pairs(f"the same with the wait for the batch, {at}", waited, peers, "ms", times=True)
    return rows


def _pairs(
    name: str, ours: float, peers: Sequence[tuple[str, float]], unit: str, *, times: bool
) -> list[dict[str, Any]]:
    digits = 3 if times else 0
    return [
        {
            "name": name,
            "ours": round(ours, digits),
            "peer": round(theirs, digits),
            "peer_name": peer,
            "unit": unit,
            "ratio": round(theirs / ours if times else ours / theirs, 3),
        }
        for peer, theirs in peers
    ]


def _ms(times: Iterable[int], share: float) -> float:
    return percentile(times, share) / NS_PER_MS
