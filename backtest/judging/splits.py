"""Cuts time into windows: everything before a window may be learned from, the window itself is only tested on."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final, NamedTuple

WINDOWS: Final = 4
TRAIN_PARTS: Final = 2  # parts of the size of a window before the first one
LEAST_SESSIONS: Final = 20  # of a window: about a month


class Split(NamedTuple):
    """One step of the walk forward. Indices of points in time; the ends are exclusive."""

    number: int  # from 1
    train_from: int  # learning always begins at the first point
    test_from: int  # and ends here, claims still open then left out
    test_to: int


def splits_of(points: Sequence[int], windows: int = WINDOWS) -> tuple[Split, ...]:
    """Cut ascending points in time, at which something could be claimed, into windows of equally many points.

    Fewer windows when there are not LEAST_SESSIONS points for each, none when not even one can be tested.
    """
    parts = min(windows + TRAIN_PARTS, len(points) // LEAST_SESSIONS)
    if parts <= TRAIN_PARTS:
        return ()
    bounds = [points[len(points) * part // parts] for part in range(parts)] + [points[-1] + 1]
    tests = list(pairwise(bounds))[TRAIN_PARTS:]
    return tuple(Split(number, bounds[0], start, end) for number, (start, end) in enumerate(tests, start=1))
