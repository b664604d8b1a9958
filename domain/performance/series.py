"""The equity of a period as columns: a year has hundreds of thousands of points, and most are only summed up."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import overload

from domain.performance.model import EquityPoint
from domain.types import Krw, UnixNanos


@dataclass(slots=True)
class Series(Sequence[EquityPoint]):
    """Points oldest first, a column for each field of `EquityPoint`; a point is made when it is asked for."""

    at: list[UnixNanos] = field(default_factory=list)
    equity: list[Krw] = field(default_factory=list)
    flow: list[Krw] = field(default_factory=list)

    @classmethod
    def of(cls, points: Iterable[EquityPoint]) -> "Series":
        """Give the columns of points; a series as it is."""
        if isinstance(points, Series):
            return points
        rows = list(points)
        return cls([one.at for one in rows], [one.equity for one in rows], [one.flow for one in rows])

    def __len__(self) -> int:
        """Give the number of points."""
        return len(self.at)

    @overload
    def __getitem__(self, index: int) -> EquityPoint: ...

    @overload
    def __getitem__(self, index: slice) -> list[EquityPoint]: ...

    def __getitem__(self, index: int | slice) -> EquityPoint | list[EquityPoint]:
        """Give one point, or those of a slice."""
        if isinstance(index, slice):
            return list(map(EquityPoint, self.at[index], self.equity[index], self.flow[index]))
        return EquityPoint(self.at[index], self.equity[index], self.flow[index])

    def append(self, at: UnixNanos, equity: Krw, flow: Krw) -> None:
        """Put a point at the end."""
        self.at.append(at)
        self.equity.append(equity)
        self.flow.append(flow)

    def extend(self, at: Sequence[UnixNanos], equity: Sequence[Krw]) -> None:
        """Put points at the end at which nothing came or left."""
        self.at += at
        self.equity += equity
        self.flow += [Krw(0)] * len(at)
