"""What the two processes of a measurement tell, and how they are run."""

import multiprocessing
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any

from bench.quotes import Job

ANSWER_S = 120.0


@dataclass(slots=True)
class SourceReport:
    """Of the process the quotes come from and the orders go to. Times in ns, one per order that came back."""

    from_tick: list[int] = field(default_factory=list)  # the row was there -> its order arrived
    from_sent: list[int] = field(default_factory=list)  # its message left -> its order arrived
    journaled: list[int] = field(default_factory=list)  # the row was there -> its order was journaled (ours)
    asked: int = 0  # rows that asked for an order


@dataclass(slots=True)
class SinkReport:
    """Of the process that takes the quotes."""

    quotes: int = 0  # taken between the first and the last moment
    seconds: float = 0.0
    facts: dict[str, int] = field(default_factory=dict)  # ours: counted in the log
    stages: dict[str, float] = field(default_factory=dict)  # ours: thread seconds by stage
    cpu_s: float = 0.0  # ours: of the whole process

    @property
    def rate(self) -> float:
        """Give quotes per second."""
        return self.quotes / self.seconds


@dataclass(frozen=True, slots=True)
class Side:
    """One way of doing it."""

    name: str
    source: Callable[[Connection, Job], None]
    sink: Callable[[Connection, Job, str], None]


class Arrivals:
    """When marks were there, left, and came back as orders. Filled by the threads of one process."""

    def __init__(self) -> None:
        """Start empty."""
        self.ticked: dict[tuple[str, int], int] = {}
        self.sent: dict[tuple[str, int], int] = {}
        self.orders: list[tuple[tuple[str, int], int, int]] = []  # mark, arrived, journaled

    def report(self) -> SourceReport:
        """Pair orders with their marks; an order that no mark asked for (the warm-up's) is left out."""
        made = SourceReport(asked=len(self.sent))  # a mark that was conflated away asks for nothing
        for key, arrived, journaled in self.orders:
            if key in self.sent:
                made.from_tick.append(arrived - self.ticked[key])
                made.from_sent.append(arrived - self.sent[key])
                made.journaled.append(journaled - self.ticked[key])
        return made


def measure(side: Side, job: Job, answer_s: float = ANSWER_S) -> tuple[Any, Any]:
    """Run one side's two processes to the end; give what source and sink report.

    Raises RuntimeError when one of them dies or says nothing for `answer_s`.
    """
    context = multiprocessing.get_context("spawn")
    near_source, far_source = context.Pipe()
    near_sink, far_sink = context.Pipe()
    source = context.Process(target=side.source, args=(far_source, job), name=f"{side.name} source", daemon=True)
    source.start()
    far_source.close()
    children = [source]
    try:
        address = _hear(near_source, side.name, answer_s)
        sink = context.Process(target=side.sink, args=(far_sink, job, address), name=f"{side.name} sink", daemon=True)
        sink.start()
        far_sink.close()
        children.append(sink)
        _hear(near_sink, side.name, answer_s)  # ready
        near_source.send("go")
        taken = _hear(near_sink, side.name, answer_s)
        near_source.send("stop")
        sent = _hear(near_source, side.name, answer_s)
        for child in children:
            child.join(10)
    finally:
        for child in children:
            if child.is_alive():
                child.kill()
                child.join()
    return sent, taken


def _hear(pipe: Connection, name: str, answer_s: float) -> Any:
    if not pipe.poll(answer_s):
        raise RuntimeError(f"{name}: no word for {answer_s:.0f} s")
    try:
        return pipe.recv()
    except EOFError:
        raise RuntimeError(f"{name}: a process died; its error is above") from None


def percentile(values: Iterable[int], share: float) -> float:
    """Give the value below which `share` (0 to 1) of the values lie. Raises ValueError without values."""
    ordered = sorted(values)
    if not ordered:
        raise ValueError("a percentile needs at least one value")
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
