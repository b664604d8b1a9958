"""Returns free of flows: what a won that stayed in the account earned, whatever came or left meanwhile.

Time-weighted: each stretch between flows earns on what the account held when it began, and stretches are chained:

    1 + r = Π (equity before the flow that ends the stretch / equity after the flow that began it)

Source: CFA Institute, Global Investment Performance Standards (GIPS) 2020, 2.A.21; Bacon, Practical Portfolio
Performance Measurement and Attribution, 2nd ed. 2008, 2.4.
"""

import math
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from datetime import timedelta
from itertools import pairwise

from domain.performance.model import DayLine, EquityPoint
from domain.performance.series import Series
from domain.time import from_kst
from domain.types import UnixNanos


def unit_values(points: Sequence[EquityPoint]) -> list[float] | None:
    """Give the worth of one unit of the account at each point, oldest first; the first is 1.

    Money that comes buys units at their worth just before it, money that leaves sells some: neither changes the worth.
    None where it cannot be told: equity below 0, or something earned on nothing.
    """
    series = Series.of(points)
    equities, flows = series.equity, series.flow
    worths: list[float] = []
    worth, equity = 1.0, 0
    since_worth, since_equity = 1.0, 0  # where the stretch without flows began: one division, rounding does not add up
    turns = [at for at, (held, flow) in enumerate(zip(equities, flows, strict=True)) if flow or held <= 0 or not at]
    for at, until in pairwise([*turns, len(equities)]):
        before = equities[at] - flows[at]
        if equities[at] < 0 or (at and before < 0):
            return None
        if at and equity:
            worth = since_worth * (before / since_equity)
        elif at and before:
            return None
        if flows[at] or not equity:
            since_worth, since_equity = worth, equities[at]
        worths.append(worth)
        equity = equities[at]
        if until == at + 1:
            continue
        if not equity:
            return None  # then something was earned on nothing
        worths += [since_worth * (held / since_equity) for held in equities[at + 1 : until]]
        worth, equity = worths[-1], equities[until - 1]
    return worths


def time_weighted(points: Sequence[EquityPoint]) -> float | None:
    """Give the return from the first point to the last; None with fewer than two, or where it cannot be told."""
    worths = unit_values(points) if len(points) > 1 else None
    return worths[-1] - 1 if worths else None


def day_return(line: DayLine) -> float | None:
    """Give the return of a date of which only sums are known: what came, came at the opening; what left, at the end.

    So money that could have earned all day counts in full, and what left cannot make the rest look like more than it
    was. None on a date that began with nothing or ended below it.
    Source: Bacon 2008, 2.6 (inflows at the start of the day, outflows at its end).
    """
    base, end = line.start_equity + max(line.flow, 0), line.end_equity - min(line.flow, 0)
    return end / base - 1 if base > 0 and end >= 0 else None


def daily_returns(lines: Iterable[DayLine], points: Sequence[EquityPoint] = ()) -> list[float | None]:
    """Give the return of each date.

    Where the points of a date (all points, oldest first) hold all of its flows they are chained, which is exact; else
    `day_return` has the rule.
    """
    return [_chained_within(line, points) if line.flow and points else day_return(line) for line in lines]


def _chained_within(line: DayLine, points: Sequence[EquityPoint]) -> float | None:
    since, until = from_kst(line.day, 0, 0), from_kst(line.day + timedelta(days=1), 0, 0)
    within = points[bisect_left(points, since, key=_at) : bisect_left(points, until, key=_at)]
    if not within or sum(point.flow for point in within) != line.flow or within[-1].equity != line.end_equity:
        return day_return(line)
    return time_weighted([EquityPoint(since, line.start_equity), *within])


def _at(point: EquityPoint) -> UnixNanos:
    return point.at


def chained(returns: Iterable[float | None]) -> float | None:
    """Give the return of all of them one after the other; None without any, or where one cannot be told."""
    factors = []
    for one in returns:
        if one is None:
            return None
        factors.append(1 + one)
    return math.prod(factors) - 1 if factors else None
