"""Correlation of daily returns of two instruments, in integers: the same bars give the same number everywhere."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from math import isqrt
from operator import mul
from typing import NamedTuple

from domain.types import PPM

LEAST_RETURNS = 10  # days on which both moved; fewer say nothing


class Series(NamedTuple):
    """Closes of one instrument, oldest first, and what correlations need of them."""

    days: tuple[str, ...]  # YYYY-MM-DD
    closes: tuple[int, ...]  # won, > 0
    deviations: tuple[int, ...]  # of each return from their mean, ppm times the number of returns
    squares: int  # sum of their squares


def series(bars: Iterable[tuple[str, int]]) -> Series:
    """Make a series of (day, close), oldest first; days without a price are left out."""
    known = [(day, close) for day, close in bars if close > 0]
    closes = tuple(close for _, close in known)
    deviations = _deviations(closes)
    return Series(tuple(day for day, _ in known), closes, deviations, sum(map(mul, deviations, deviations)))


def correlation(one: Series, other: Series) -> int | None:
    """Give Pearson's correlation (ppm) of daily returns over the days both have; None when it is not known.

    A return spans two days that follow each other among those both have, so both are looked at over the same time.
    Not known: fewer than ten such returns, or one of the two did not move.
    """
    if one.days == other.days:
        return _ppm(one.deviations, other.deviations, one.squares, other.squares)
    closes = dict(zip(other.days, other.closes, strict=True))
    both = [(close, closes[day]) for day, close in zip(one.days, one.closes, strict=True) if day in closes]
    first, second = (_deviations([pair[place] for pair in both]) for place in (0, 1))
    return _ppm(first, second, sum(map(mul, first, first)), sum(map(mul, second, second)))


def _deviations(closes: Sequence[int]) -> tuple[int, ...]:
    returns = [(now - before) * PPM // before for before, now in pairwise(closes)]
    total, count = sum(returns), len(returns)
    return tuple(count * value - total for value in returns)


def _ppm(one: Sequence[int], other: Sequence[int], squares: int, other_squares: int) -> int | None:
    if len(one) < LEAST_RETURNS or not squares or not other_squares:
        return None
    found: int = sum(map(mul, one, other)) * PPM // isqrt(squares * other_squares)
    return max(-PPM, min(PPM, found))  # the root is cut
