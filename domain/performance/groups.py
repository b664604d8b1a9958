"""Closed trades by what they share, and whether what they earned differs from nothing by more than luck.

Each group's average is tested against 0 (two-sided one-sample t test; Student, The probable error of a mean, Biometrika
6, 1908). Who looks at many groups finds a lucky one, so p-values are corrected for all groups of all tables looked at
together (Holm, A simple sequentially rejective multiple test procedure, Scandinavian Journal of Statistics 6, 1979).
Trades of one day rise and fall together, which the test does not know: its p is rather too small.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

from domain.performance.model import ClosedTrade, GroupLine
from domain.scoring.chance import student_above
from domain.time import NANOS_PER_MINUTE, kst_date, kst_text
from domain.types import Krw

NANOS_PER_HOUR = 60 * NANOS_PER_MINUTE


class Groups(NamedTuple):
    """The tables. By hour and weekday in their order, the others with the largest result first."""

    by_symbol: tuple[GroupLine, ...]
    by_strategy: tuple[GroupLine, ...]
    by_hour: tuple[GroupLine, ...]  # of the entry, KST: 09
    by_reason: tuple[GroupLine, ...]  # of the exit
    by_weekday: tuple[GroupLine, ...]  # of the entry: 1 is Monday, 7 Sunday


def reason_of(trade: ClosedTrade) -> str:
    """Give the rule by which a trade was ended: the part of the first reason before its first colon."""
    return _rule_of(trade.exit_reason)


@lru_cache(maxsize=256)  # a year has many trades and few reasons
def _rule_of(reason: str) -> str:
    return reason.split(";", 1)[0].split(":", 1)[0].strip()


@lru_cache(maxsize=8_192)  # as above; hours and dates of KST begin with hours of UTC
def _hour_of(hours: int) -> str:
    return kst_text(hours * NANOS_PER_HOUR)[:2]


@lru_cache(maxsize=8_192)
def _weekday_of(hours: int) -> str:
    return str(kst_date(hours * NANOS_PER_HOUR).isoweekday())


KEYS: tuple[Callable[[ClosedTrade], str], ...] = (
    lambda trade: trade.symbol,
    lambda trade: trade.strategy,
    lambda trade: _hour_of(trade.opened_at // NANOS_PER_HOUR),
    reason_of,
    lambda trade: _weekday_of(trade.opened_at // NANOS_PER_HOUR),
)
IN_ORDER = (2, 4)  # of KEYS: by their key, not by their result


class Tally(NamedTuple):
    """Sums of closed trades that share a key; won, exact."""

    trades: int
    wins: int
    realized: int
    squares: int  # of what each realised
    costs: int


Tallies = tuple[dict[str, Tally], ...]  # of each of KEYS


def tallied(trades: Sequence[ClosedTrade]) -> Tallies:
    """Sum closed trades up by every key."""
    sums = [(trade.realized, trade.costs) for trade in trades]
    return tuple(_tally(map(key_of, trades), sums) for key_of in KEYS)


def _tally(keys: Iterable[str], sums: Iterable[tuple[Krw, Krw]]) -> dict[str, Tally]:
    """Give the sums of each key; `sums` are result and costs of each trade, in the order of the keys."""
    held: defaultdict[str, list[tuple[Krw, Krw]]] = defaultdict(list)
    for key, both in zip(keys, sums, strict=True):
        held[key].append(both)
    return {key: _sums(members) for key, members in held.items()}


def _sums(members: Sequence[tuple[Krw, Krw]]) -> Tally:
    results = [realized for realized, _ in members]
    wins, squares = sum([one > 0 for one in results]), sum([one * one for one in results])
    return Tally(len(results), wins, sum(results), squares, sum([costs for _, costs in members]))


def groups_of(trades: Sequence[ClosedTrade], apart: Iterable[Tallies] = ()) -> Groups:
    """Group closed trades in every way, with p-values corrected over all lines; `apart`: others, summed up already."""
    parts = [tallied(trades), *apart]
    tables = [_table([part[at] for part in parts]) for at in range(len(KEYS))]
    adjusted = iter(holm([line.p_value for table in tables for line in table]))
    tables = [[replace(line, p_adjusted=next(adjusted)) for line in table] for table in tables]
    for at, table in enumerate(tables):
        if at in IN_ORDER:
            table.sort(key=lambda line: line.key)
        else:
            table.sort(key=lambda line: (-line.realized, line.key))
    return Groups(*(tuple(table) for table in tables))


def _table(parts: Iterable[dict[str, Tally]]) -> list[GroupLine]:
    held: defaultdict[str, list[Tally]] = defaultdict(list)
    for part in parts:
        for key, tally in part.items():
            held[key].append(tally)
    return [_line(key, Tally(*map(sum, zip(*found, strict=True)))) for key, found in held.items()]


def _line(key: str, tally: Tally) -> GroupLine:
    return GroupLine(
        key=key,
        trades=tally.trades,
        wins=tally.wins,
        realized=Krw(tally.realized),
        costs=Krw(tally.costs),
        average_krw=tally.realized / tally.trades,
        p_value=_chance(tally.trades, tally.realized, tally.squares),
        p_adjusted=None,
    )


def chance_of_mean(results: Sequence[int]) -> float | None:
    """Give the two-sided chance of a mean so far from 0 if trades earned nothing on average.

    t = mean / sqrt(variance / n), n - 1 degrees of freedom. None below 2 results, and where all are the same: then
    nothing tells how far they scatter. Sums are exact.
    """
    return _chance(len(results), sum(results), sum([one * one for one in results]))


def _chance(n: int, total: int, squares: int) -> float | None:
    if n < 2:
        return None
    spread = n * squares - total * total  # n (n - 1) times the sample variance
    if spread <= 0:
        return None
    return 2 * student_above(abs(total) * math.sqrt((n - 1) / spread), n - 1)


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Correct p-values for having been looked at together: the k-th smallest of m times (m - k + 1), never falling.

    None stays None and counts as no look.
    """
    known = sorted((p, at) for at, p in enumerate(p_values) if p is not None)
    adjusted: list[float | None] = [None] * len(p_values)
    highest = 0.0
    for rank, (p, at) in enumerate(known):
        highest = max(highest, min(1.0, p * (len(known) - rank)))
        adjusted[at] = highest
    return adjusted
