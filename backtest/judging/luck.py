"""Is it skill? Random entries of the same frequency, a bootstrap by blocks of time, the price of asking several times.

p-value: the calendar of all claims is moved in time as a whole, around the end of the test windows back to their
begin, by the same number of sessions for every symbol. What hangs together (a week in which many symbols signal, a
symbol that signals in a row) stays together, symbol and frequency stay the same, only the timing is random:

    p = (1 + moves at least as precise as the claims) / (1 + moves)

Interval: months of the calendar (weeks, for claims within a session) are drawn with replacement, each with all its
claims, because claims of one month rise and fall together; the 2.5 % and 97.5 % quantiles, as much wider as Student's t
is for so many months. That of a share is never narrower than Wilson's; that of a mean is not given for fewer than
LEAST_BLOCKS.
Sources: Politis, Romano 1992 (circular blocks); Phipson, Smyth 2010 (the +1); Wilson 1927; Holm 1979.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from domain.scoring.chance import widening, wilson

DRAWS: Final = 2_000
LEAST_BLOCKS: Final = 6
SEED: Final = 20_240_930
CHUNK: Final = 2_000_000  # moved claims looked at together
TIE: Final = 1e-12

Floats = npt.NDArray[np.float64]


class Placed(NamedTuple):
    """Claims that share an outcome grid: where they are in the test windows, and what an entry anywhere brings."""

    rows: npt.NDArray[np.int64]  # points in time, counted from the begin of the first window
    columns: npt.NDArray[np.int64]
    lengths: npt.NDArray[np.int64]  # points in time of each column, around which it is moved
    values: npt.NDArray[np.floating[Any]]  # points by columns: 1 won, 0 lost, NaN no outcome


class Interval(NamedTuple):
    """Ends of a 95 % confidence interval."""

    low: float
    high: float


def shares(groups: Sequence[Placed], moves: npt.NDArray[np.int64]) -> Floats:
    """Give the share of wins after each move (in points of time); NaN where nothing has an outcome."""
    wins, counts = np.zeros(len(moves)), np.zeros(len(moves))
    for group in groups:
        step = max(1, CHUNK // max(1, len(group.rows)))
        lengths = group.lengths[group.columns]
        for start in range(0, len(moves), step):
            part = slice(start, start + step)
            rows = (group.rows[None, :] + moves[part, None]) % lengths[None, :]
            found = group.values[rows, group.columns[None, :]]
            wins[part] += np.nansum(found, axis=1, dtype=np.float64)
            counts[part] += np.sum(~np.isnan(found), axis=1)
    found_shares: Floats = np.divide(wins, counts, out=np.full(len(moves), np.nan), where=counts > 0)
    return found_shares


def p_value(groups: Sequence[Placed], points: int, step: int = 1) -> float | None:
    """Give the one-sided p-value of the claims' precision; None when there is nothing to compare with.

    `points` is the length of the test windows, moves are multiples of `step`. Every move is tried when there are no
    more than DRAWS, else DRAWS of them are drawn; a move after which nothing has an outcome counts against the claims.
    """
    places = points // step
    if places < 2 or not any(len(group.rows) for group in groups):
        return None
    every = np.arange(1, places, dtype=np.int64)
    moves = every if len(every) <= DRAWS else np.random.default_rng(SEED).integers(1, places, DRAWS)
    own = shares(groups, np.zeros(1, np.int64))[0]
    if np.isnan(own):
        return None
    moved = shares(groups, moves * step)
    as_good = np.count_nonzero(np.isnan(moved) | (moved >= own - TIE))
    return float((1 + as_good) / (1 + len(moves)))


def holm(p_values: Mapping[str, float | None]) -> dict[str, float | None]:
    """Adjust p-values for having asked several times (Holm 1979); what has none stays without."""
    known = sorted((p, name) for name, p in p_values.items() if p is not None)
    adjusted: dict[str, float | None] = dict.fromkeys(p_values)
    highest = 0.0
    for rank, (p, name) in enumerate(known):
        highest = max(highest, min(1.0, p * (len(known) - rank)))
        adjusted[name] = highest
    return adjusted


def interval_of_share(blocks: Sequence[str], won: Sequence[bool]) -> Interval:
    """Give the 95 % interval of a share of wins; `blocks` are those of the claims."""
    low, high = wilson(sum(won), len(won))
    if not won:
        return Interval(low, high)
    drawn = _drawn_means(blocks, np.array(won, float))
    ends = np.clip(np.quantile(drawn, (0.025, 0.975)), 0.0, 1.0)
    return Interval(min(low, float(ends[0])), max(high, float(ends[1])))


def interval_of_mean(blocks: Sequence[str], values: Sequence[float]) -> Interval | None:
    """Give the 95 % interval of a mean; None with claims of too few blocks to say something about the next."""
    if len(set(blocks)) < LEAST_BLOCKS:
        return None
    drawn = _drawn_means(blocks, np.array(values, float))
    return Interval(float(np.quantile(drawn, 0.025)), float(np.quantile(drawn, 0.975)))


def _drawn_means(blocks: Sequence[str], values: Floats) -> Floats:
    """Give the mean over claims of DRAWS draws of as many blocks as there are, spread as Student's t asks of so few."""
    names, at = np.unique(np.array(blocks), return_inverse=True)
    sums, counts = np.bincount(at, values, len(names)), np.bincount(at, minlength=len(names))
    drawn = np.random.default_rng(SEED).integers(0, len(names), (DRAWS, len(names)))
    means: Floats = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    own = float(values.mean())
    # Draws of a few blocks lie closer together than the blocks themselves do.
    wide: Floats = own + (means - own) * (math.sqrt(widening(len(names))) if len(names) > 1 else 1.0)
    return wide
