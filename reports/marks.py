"""Marks of equity as columns: a year has hundreds of thousands, and most are only summed up or drawn."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from domain.types import Krw, UnixNanos
from reports.rows import Mark


@dataclass(slots=True)
class Marks:
    """One column for each field; the lists are equally long and in the order of the log."""

    at: list[UnixNanos] = field(default_factory=list)  # venue time, UTC ns; 0: not told
    equity: list[Krw] = field(default_factory=list)
    cash: list[Krw] = field(default_factory=list)
    unrealized: list[Krw] = field(default_factory=list)
    positions: list[int] = field(default_factory=list)

    @classmethod
    def of(cls, marks: Iterable[Mark]) -> "Marks":
        """Give the columns of marks."""
        rows = list(marks)
        return cls(
            [one.venue_time for one in rows],
            [one.equity for one in rows],
            [one.cash for one in rows],
            [one.unrealized_pnl for one in rows],
            [one.positions for one in rows],
        )

    def __len__(self) -> int:
        """Give the number of marks."""
        return len(self.at)

    def __getitem__(self, index: int) -> Mark:
        """Give one mark; -1 is the last."""
        return Mark(
            cash=self.cash[index],
            equity=self.equity[index],
            unrealized_pnl=self.unrealized[index],
            positions=self.positions[index],
            venue_time=self.at[index],
        )

    def append(self, mark: Mark) -> None:
        """Put one at the end."""
        self.at.append(mark.venue_time)
        self.equity.append(mark.equity)
        self.cash.append(mark.cash)
        self.unrealized.append(mark.unrealized_pnl)
        self.positions.append(mark.positions)

    def extend(self, other: "Marks", begin: int, end: int) -> None:
        """Put those of another from `begin` up to `end` (not included) at the end."""
        self.at += other.at[begin:end]
        self.equity += other.equity[begin:end]
        self.cash += other.cash[begin:end]
        self.unrealized += other.unrealized[begin:end]
        self.positions += other.positions[begin:end]
