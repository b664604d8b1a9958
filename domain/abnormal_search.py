"""Abnormal search volume of evenly spaced logs: how far the last lies from its norm, and whether that is unusual.

    asvi_t = x_t - median(x_{t-k} … x_{t-1})                            log units; t is not part of its own norm
    z      = asvi_t / (1.4826 · MAD(asvi_{t-s} … asvi_{t-1}) + EPSILON)  robust standard deviations

The paper takes the log of the median, this the median of logs: equal for an odd k, close for an even one.
Source: Da, Engelberg, Gao, In Search of Attention, Journal of Finance 2011 (abnormal search volume).
"""

import math
from bisect import bisect_left, insort
from collections.abc import Sequence
from operator import sub
from typing import NamedTuple

from domain.indicators.robust import middle, sigma

EPSILON = 0.01  # log units; keeps z of a flat series finite
COARSE = 0.05  # of the median: steps of a source above it are told


class Abnormal(NamedTuple):
    """What the last of some logs is worth; None where too few came before it."""

    asvi: float | None  # log units
    z: float | None  # robust standard deviations


def abnormal(logs: Sequence[float], norm: int, spread: int) -> Abnormal:
    """Measure the last of consecutive logs, oldest first: k is `norm`, s is `spread`; those before are not looked at.

    Costs one look-up and two moves within a list of k for each of the s.
    """
    needed = spread + norm + 1
    if len(logs) <= norm:
        return Abnormal(None, None)
    if len(logs) < needed:
        return Abnormal(logs[-1] - middle(sorted(logs[-1 - norm : -1])), None)
    logs = logs[-needed:]
    window = sorted(logs[:norm])
    found: list[float] = []
    half, is_odd = norm // 2, norm % 2
    for oldest, newest in zip(logs, logs[norm:], strict=False):
        found.append(newest - (window[half] if is_odd else (window[half - 1] + window[half]) / 2))
        del window[bisect_left(window, oldest)]
        insort(window, newest)
    asvi = found.pop()
    found.sort()
    return Abnormal(asvi, asvi / (sigma(found, middle(found)) + EPSILON))


def floored_logs(values: Sequence[float], floor: float) -> list[float]:
    """Give the log of each value, of the floor (> 0) where it is below."""
    if not values or min(values) >= floor:
        return list(map(math.log, values))
    return [math.log(max(value, floor)) for value in values]


def resolution(ratios: Sequence[float], unit: str) -> str:
    """Say what the source may have rounded away of ratios >= 0, at least one; ok when nothing shows.

    A later peak pushes small ratios toward 0, and with them go their differences. Two signs of that do not depend on
    the scale: ratios that are 0, and neighbouring ratios far apart (one step is then one search or a few).
    """
    ordered = sorted(ratios)
    if not ordered[0]:
        return f"floored: the ratio of {ordered.count(0)} of {len(ordered)} {unit} is 0"
    step = min(filter(None, map(sub, ordered[1:], ordered)), default=0.0)
    if step > COARSE * middle(ordered):
        return f"coarse: different ratios lie {step / middle(ordered):.0%} of the median or more apart"
    return "ok"
