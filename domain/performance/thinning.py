"""Fewer points for a chart, with every extreme still there."""

from collections.abc import Sequence
from typing import NamedTuple

from domain.performance.drawdown import Course, course_of
from domain.performance.model import EquityPoint
from domain.performance.series import Series
from domain.types import Krw, UnixNanos

LEAST = 8  # points a thinned series may have: both ends, both extremes, the deepest fall


class Thinned(NamedTuple):
    """Points to draw, and how far below the peak each is, as a fraction; no depths where they cannot be told."""

    points: tuple[EquityPoint, ...]
    depths: tuple[tuple[UnixNanos, float], ...]


def thinned(points: Sequence[EquityPoint], most: int, course: Course | None = None) -> Thinned:
    """Give at most `most` (>= LEAST) points of a series.

    It keeps the first and the last, the lowest and the highest of every stretch (so of the whole), and where the
    deepest fall began, ended and was made good. Money that came at a point left out is told with the next one that
    stays. Depths are those of the whole series; `course` is that of the points, where it is known.
    """
    course, series = course or course_of(points), Series.of(points)
    kept = _kept(series, course, max(most, LEAST))
    thin, since = [], 0
    for index in kept:
        flow = Krw(sum(series.flow[since : index + 1]))
        thin.append(EquityPoint(series.at[index], series.equity[index], flow))
        since = index + 1
    if course.worths is None:
        return Thinned(tuple(thin), ())
    return Thinned(tuple(thin), tuple((series.at[index], course.depths[index]) for index in kept))


def _kept(points: Series, course: Course, most: int) -> list[int]:
    """Choose where to keep points."""
    if len(points) <= most:
        return list(range(len(points)))
    kept = {0, len(points) - 1, *(index for index in course.deepest or () if index is not None)}
    stretches = (most - 5) // 2
    for turn in range(stretches):
        stretch = range(turn * len(points) // stretches, (turn + 1) * len(points) // stretches)
        kept |= {min(stretch, key=points.equity.__getitem__), max(stretch, key=points.equity.__getitem__)}
    return sorted(kept)
