"""How deep equity fell from a peak before it: in won as the account stood, or free of what came and left."""

from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

from domain.performance.model import Drawdown, EquityPoint
from domain.performance.returns import unit_values
from domain.types import PPM, Krw

SAME = 1e-12  # worths so close, relative, differ by rounding alone


def max_drawdown(equity: Sequence[tuple[int, Krw]]) -> tuple[Krw, int]:
    """Give the deepest fall of equity from a peak before it: won, and ppm of that peak; each the largest there was.

    `equity` is in order of time, across days, flows of money left in. A peak of 0 or less has no ppm.
    """
    peak = deepest = deepest_ppm = 0
    for index, (_, value) in enumerate(equity):
        peak = value if index == 0 else max(peak, value)
        deepest = max(deepest, peak - value)
        if peak > 0:
            deepest_ppm = max(deepest_ppm, (peak - value) * PPM // peak)
    return Krw(deepest), deepest_ppm


def depths_of(worths: Sequence[float]) -> list[float]:
    """Give how far below the highest so far each worth of a unit is, as a fraction of that: 0 to 1."""
    return [1 - worth / peak if peak > 0 else 0.0 for worth, peak in zip(worths, accumulate(worths, max), strict=True)]


def deepest_fall(worths: Sequence[float], depths: Sequence[float] | None = None) -> tuple[int, int, int | None] | None:
    """Give where the deepest fall began (the last moment at its peak), ended and was made good; None of no series.

    The first of equally deep ones. A series that never fell gives its first moment for all three. None at the end: not
    made good yet. `depths` are those of `depths_of`, where they are known.
    """
    if not worths:
        return None
    depths = depths_of(worths) if depths is None else depths
    trough = depths.index(max(depths))
    if depths[trough] <= SAME:
        return 0, 0, 0
    high = max(worths[: trough + 1]) * (1 - SAME)
    peak = next(index for index in range(trough - 1, -1, -1) if worths[index] >= high)
    again = next((index for index in range(trough, len(worths)) if worths[index] >= high), None)
    return peak, trough, again


class Fall(NamedTuple):
    """The deepest fall, as told and as a fraction of the peak that was not cut to ppm."""

    told: Drawdown
    share: float


class Course(NamedTuple):
    """Worths of a unit at every point, how deep each is below the peak before it, and where the deepest fall was.

    None for worths: they cannot be told.
    """

    worths: Sequence[float] | None
    depths: Sequence[float]
    deepest: tuple[int, int, int | None] | None


def course_of(points: Sequence[EquityPoint]) -> Course:
    """Give them; a year has hundreds of thousands of points, so who needs them twice keeps them."""
    worths = unit_values(points)
    if worths is None:
        return Course(None, (), None)
    depths = depths_of(worths)
    return Course(worths, depths, deepest_fall(worths, depths))


def fall_of(points: Sequence[EquityPoint], course: Course | None = None) -> Fall | None:
    """Give the deepest fall, free of flows; ppm cut to whole ones. None without points or where it cannot be told.

    `course` is that of the points, where it is known.
    Source: Magdon-Ismail, Atiya, Maximum drawdown, Risk Magazine 17 (2004), of the worths of a unit (`returns.py`).
    """
    worths, _, found = course or course_of(points)
    if worths is None or found is None:
        return None
    peak, trough, again = found
    share = 1 - worths[trough] / worths[peak] if worths[peak] else 0.0
    told = Drawdown(
        ppm=int(share * PPM + 1e-6),  # a fall of exactly 20 % is 199999.99999 in binary
        peak_at=points[peak].at,
        trough_at=points[trough].at,
        recovered_at=None if again is None else points[again].at,
    )
    return Fall(told, share)
