"""What a measurement gives: a figure of ours, its aim, and the same of peers in the same run."""

import resource
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from rich.console import Console
from rich.table import Table


class Size(Enum):
    """How much is measured."""

    SMALL = "small"  # does it work, not how fast is it
    USUAL = "usual"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class Line:
    """One figure. A rate is better when higher, a time or a size when lower."""

    name: str
    unit: str
    ours: float
    aim: float | None = None
    peers: tuple[tuple[str, float], ...] = ()
    lower: bool = False  # lower is better
    digits: int = 0  # kept in the results

    def ratio(self, theirs: float) -> float:
        """Give how many times better ours is; above 1 is better for us."""
        return theirs / self.ours if self.lower else self.ours / theirs

    @property
    def is_met(self) -> bool:
        """Tell whether the aim is reached; True without one."""
        return self.aim is None or (self.ours <= self.aim if self.lower else self.ours >= self.aim)

    def results(self) -> list[dict[str, Any]]:
        """Give the rows of bench/results.json: one per peer, one with nulls when there is none."""
        ours = round(self.ours, self.digits)
        alone = {"name": self.name, "ours": ours, "peer": None, "peer_name": "–", "unit": self.unit, "ratio": None}
        found = [
            alone | {"peer": round(theirs, self.digits), "peer_name": peer, "ratio": round(self.ratio(theirs), 3)}
            for peer, theirs in self.peers
        ]
        return found or [alone]


def show(lines: Sequence[Line]) -> None:
    """Print one row per figure."""
    table = Table("", "unit", title="ratios above 1 are better for us; figures belong to this machine and this run")
    for column in ("hantrade", "aim", "beside", "ratio"):
        table.add_column(column, justify="right")
    for line in lines:
        sign = "" if line.aim is None else ("≤ " if line.lower else "≥ ")
        aim = "–" if line.aim is None else f"{sign}{number(line.aim)} {'met' if line.is_met else 'MISSED'}"
        beside = "\n".join(f"{peer}: {number(theirs)}" for peer, theirs in line.peers) or "–"
        ratios = "\n".join(f"{line.ratio(theirs):.2f}" for _, theirs in line.peers) or "–"
        table.add_row(line.name, line.unit, number(line.ours), aim, beside, ratios)
    Console(width=max(150, Console().width)).print(table)


def number(value: float) -> str:
    """Give a figure for people."""
    return f"{value:,.0f}" if abs(value) >= 1_000 or value == int(value) else f"{value:,.2f}"


def say(text: str) -> None:
    """Tell how far it is, and what does not fit into the table."""
    print(text, file=sys.stderr, flush=True)


def children_cpu_s() -> float:
    """Give the CPU seconds of all child processes that ended so far."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
