"""Does 0.8 confidence win 80 %? Confidence that was claimed beside what came."""

import math
from collections.abc import Iterable
from typing import NamedTuple

from domain.scoring.chance import wilson

BINS = 10  # of equal width from 0 to 1


class Bin(NamedTuple):
    """Signals of similar confidence."""

    from_confidence: float
    to_confidence: float  # exclusive, but for the last
    signals: int
    mean_confidence: float
    precision: float
    precision_low: float  # of the 95 % confidence interval
    precision_high: float


def calibration(items: Iterable[tuple[float, bool]]) -> tuple[Bin, ...]:
    """Give the bins that hold anything, lowest first, of (confidence 0 to 1, won)."""
    held: dict[int, list[tuple[float, bool]]] = {}
    for confidence, won in items:
        held.setdefault(min(int(confidence * BINS), BINS - 1), []).append((confidence, won))
    return tuple(_bin(index, held[index]) for index in sorted(held))


def _bin(index: int, items: list[tuple[float, bool]]) -> Bin:
    n, wins = len(items), sum(won for _, won in items)
    low, high = wilson(wins, n)
    mean = math.fsum(confidence for confidence, _ in items) / n
    return Bin(index / BINS, (index + 1) / BINS, n, mean, wins / n, low, high)
