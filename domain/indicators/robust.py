"""Middle and spread of values that a few outliers do not move: median and median absolute deviation (MAD).

    sigma = 1.4826 · MAD, which is the standard deviation where the values are normally distributed

Source: Rousseeuw, Croux, Alternatives to the Median Absolute Deviation, JASA 1993 (the constant).
"""

from collections.abc import Iterable, Sequence

MAD_TO_SIGMA = 1.4826  # of a normal distribution


def middle(ordered: Sequence[float]) -> float:
    """Give the median of values in ascending order, at least one: the mean of the middle two of an even number."""
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def sigma(values: Iterable[float], around: float) -> float:
    """Give 1.4826 times the median distance of values, at least one, from `around`, in their unit."""
    return MAD_TO_SIGMA * middle(sorted([abs(value - around) for value in values]))
