"""Broker process to trader process: quotes a second, and the time from a quote to its durable order. Sides in turns."""

import pstats
import statistics
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from bench import grpc_single, ours_broker, ours_trader, zeromq
from bench.outcome import Line, Size, say
from bench.quotes import HELD, Job
from bench.reports import Side, SinkReport, SourceReport, measure, percentile

OURS = Side("hantrade", ours_broker.source, ours_trader.sink)
ZEROMQ = Side("ZeroMQ PUB/SUB with pickle", zeromq.source, zeromq.sink)
SINGLE = Side("one gRPC message per quote", grpc_single.source, grpc_single.sink)
PEERS = (ZEROMQ, SINGLE)
SIDES = (OURS, *PEERS)
NS_PER_MS = 1_000_000
AIM_RATES = {1_000: 100_000.0, 100: 60_000.0}  # quotes per order -> quotes per second
AIM_MS = {(5_000, "p50"): 2.0, (5_000, "p99"): 10.0}  # at quotes per second
SATURATED = 20_000  # quotes per second that one message per quote cannot follow: an eighth of the orders shows it
PROFILED_QUOTES = 100_000
TOP = 25

Paced = dict[tuple[str, int], SourceReport]  # side, rate


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured."""

    rounds: int = 2  # of quotes per second
    flat_out: tuple[tuple[int, int], ...] = ((1_000, 150_000), (100, 100_000))  # ours: quotes per order, quotes
    peer_quotes: tuple[tuple[str, int], ...] = ((ZEROMQ.name, 200_000), (SINGLE.name, 20_000))
    paced: tuple[tuple[int, int], ...] = ((1_000, 1), (5_000, 1), (50_000, 1))  # quotes per second, rounds
    orders: int = 520  # of one paced round, about a hundred a second


PLANS = {
    Size.SMALL: Plan(1, ((100, 3_000),), ((ZEROMQ.name, 3_000), (SINGLE.name, 1_000)), ((1_000, 1),), 20),
    Size.USUAL: Plan(),
    Size.FULL: Plan(rounds=5, paced=((1_000, 2), (5_000, 10), (50_000, 2))),  # 5,200 orders at 5,000 quotes/s
}


@dataclass(slots=True)
class Measured:
    """Everything that was measured, before it becomes a table."""

    rates: dict[tuple[str, int], list[float]] = field(default_factory=dict)  # side, quotes per order (0: none)
    paced: Paced = field(default_factory=dict)  # all rounds together
    sinks: list[tuple[Side, Job, SourceReport, SinkReport]] = field(default_factory=list)


def measure_rates(size: Size) -> list[Line]:
    """Measure quotes per second. Raises RuntimeError when a side loses a quote or an order, or dies."""
    done = Measured()
    run_rates(PLANS[size], done)
    return rate_lines(done)


def measure_times(size: Size) -> list[Line]:
    """Measure the time from a quote to its order. Raises as `measure_rates`."""
    done = Measured()
    run_times(PLANS[size], done)
    for (name, rate), report in done.paced.items():
        say(f"{name} at {rate:,} quotes/s: {len(report.from_sent):,} orders for {report.asked:,} asked")
    return time_lines(done)


def run_rates(plan: Plan, done: Measured) -> None:
    """Send as fast as it is read."""
    for number in range(plan.rounds):
        for every, quotes in plan.flat_out:
            _, taken = one(done, OURS, Job(quotes, every, 0, True, ""))
            done.rates.setdefault((OURS.name, every), []).append(taken.rate)
            say(
                f"1 order per {every:,} quotes, round {number + 1} of {plan.rounds}: {taken.rate:,.0f} quotes/s,"
                f" {taken.facts['commits']:,} commits, {taken.cpu_s * 1e6 / quotes:.1f} µs of CPU per quote in the"
                " trader, its start and warm-up included"
            )
        for side, (_, quotes) in zip(PEERS, plan.peer_quotes, strict=True):
            _, taken = one(done, side, Job(quotes, 1_000, 0, False, ""))
            done.rates.setdefault((side.name, 0), []).append(taken.rate)


def run_times(plan: Plan, done: Measured) -> None:
    """Send at the pace of each rate."""
    for rate, rounds in plan.paced:
        every = max(10, rate // 100)
        for number in range(rounds):
            say(f"tick to order at {rate:,} quotes/s, round {number + 1} of {rounds}")
            for side in SIDES:
                orders = plan.orders // 8 if side is SINGLE and rate > SATURATED else plan.orders
                sent, _ = one(done, side, Job(orders * every, every, rate, True, ""))
                pool = done.paced.setdefault((side.name, rate), SourceReport())
                pool.asked += sent.asked
                pool.from_tick += sent.from_tick
                pool.from_sent += sent.from_sent
                pool.journaled += sent.journaled


def one(done: Measured, side: Side, job: Job) -> tuple[SourceReport, SinkReport]:
    """Run one job of one side in a folder of its own, check it, and keep what it told."""
    with tempfile.TemporaryDirectory(prefix="hantrade-bench-") as folder:
        placed = replace(job, folder=folder)
        sent, taken = measure(side, placed)
    check(side, placed, sent, taken)
    done.sinks.append((side, placed, sent, taken))
    return sent, taken


def check(side: Side, job: Job, sent: SourceReport, taken: SinkReport) -> None:
    """Hold both ends against each other. Raises RuntimeError when an order was lost or came twice."""
    came = len(sent.from_sent)
    if side is OURS:  # a mark may go unanswered while an order of its symbol is open; what was sent must arrive
        facts = taken.facts
        said = {name: facts.get(name, 0) for name in ("SubmitOrder", "OrderAccepted", "OrderFilled")}
        if set(said.values()) != {len(HELD) + came} or not came or facts["quotes"] + facts["conflated"] != job.quotes:
            raise RuntimeError(f"{side.name}: {came} orders arrived behind the warm-up's {len(HELD)}, the log: {facts}")
    elif job.orders and came != sent.asked:
        raise RuntimeError(f"{side.name}: {came} orders arrived, {sent.asked} were sent")


def rate_lines(done: Measured) -> list[Line]:
    """Pair our rates with each peer's, who trades nothing here."""
    peers = tuple((peer.name, statistics.median(done.rates[peer.name, 0])) for peer in PEERS)
    return [
        Line(f"end to end, 1 order per {every:,} quotes", "quotes/s", statistics.median(rates), AIM_RATES[every], peers)
        for (name, every), rates in done.rates.items()
        if name == OURS.name
    ]


def time_lines(done: Measured) -> list[Line]:
    """Pair our times with each peer's."""
    lines: list[Line] = []
    for rate in dict.fromkeys(rate for _, rate in done.paced):
        for share, word in ((0.50, "p50"), (0.99, "p99")):
            at, ours = f"{word} at {rate:,} quotes/s", done.paced[OURS.name, rate]
            peers = tuple((peer.name, _ms(done.paced[peer.name, rate].from_sent, share)) for peer in PEERS)
            aim = AIM_MS.get((rate, word))
            lines.append(_time(f"tick to durable order, {at}", _ms(ours.from_sent, share), aim, peers))
            lines.append(_time(f"the same with the wait for the batch, {at}", _ms(ours.from_tick, share), None, peers))
    return lines


def _time(name: str, ours: float, aim: float | None, peers: tuple[tuple[str, float], ...]) -> Line:
    return Line(name, "ms", ours, aim, peers, lower=True, digits=3)


def _ms(times: Iterable[int], share: float) -> float:
    return percentile(times, share) / NS_PER_MS


def profile(size: Size) -> None:
    """Print our CPU time per quote by stage and the core's cProfile, at one order per 1,000 and per 100 quotes."""
    quotes = 5_000 if size is Size.SMALL else PROFILED_QUOTES
    for every in (1_000, 100):
        _, taken = one(Measured(), OURS, Job(quotes, every, 0, True, "", stages=True))
        print(f"\none order per {every:,} quotes: {taken.rate:,.0f} quotes/s; µs per quote by stage")
        for name, seconds in taken.stages.items():
            print(f"{seconds * 1e6 / quotes:8.2f}  {name}")
        with tempfile.NamedTemporaryFile(suffix=".prof") as file:
            one(Measured(), OURS, Job(quotes, every, 0, True, "", profile=file.name))
            pstats.Stats(file.name).sort_stats("tottime").print_stats(TOP)
