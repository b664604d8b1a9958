"""Fewer points for a chart, with every extreme still there."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from domain.performance.drawdown import Course, course_of
from domain.performance.model import EquityPoint
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
    course = course or course_of(points)
    kept = _kept(points, course, max(most, LEAST))
    thin, since = [], 0
    for index in kept:
        flow = sum([point.flow for point in points[since : index + 1]])
        thin.append(replace(points[index], flow=Krw(flow)) if flow != points[index].flow else points[index])
        since = index + 1
    if course.worths is None:
        return Thinned(tuple(thin), ())
    return Thinned(tuple(thin), tuple((points[index].at, course.depths[index]) for index in kept))


def _kept(points: Sequence[EquityPoint], course: Course, most: int) -> list[int]:
    """Choose where to keep points."""
    if len(points) <= most:
        return list(range(len(points)))
    kept = {0, len(points) - 1, *(index for index in course.deepest or () if index is not None)}
    stretches = (most - 5) // 2
    values = [point.equity for point in points]
    for turn in range(stretches):
        stretch = range(turn * len(points) // stretches, (turn + 1) * len(points) // stretches)
        kept |= {min(stretch, key=values.__getitem__), max(stretch, key=values.__getitem__)}
    return sorted(kept)
