"""Abnormal search attention, known before the trading day it is used on.

    v_t  = sum of the search ratio over the 7 days up to t      weekends differ; every sum holds each weekday once
    x_t  = ln(max(v_t, floor))                                  floor = smallest positive ratio in the window
    asvi = x_t - median(x_{t-28} … x_{t-1})                     today is not part of its own norm
    z    = asvi / (1.4826 · MAD(asvi of the 90 days before) + EPSILON)

Ratios are relative, so only features that do not change when a series is multiplied by a constant are used. A day
that is missing makes everything built on it unknown: it is never taken for zero.

Source: Da, Engelberg, Gao, In Search of Attention, Journal of Finance 2011 (abnormal search volume).
"""

import math
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from statistics import median
from typing import NamedTuple

from domain.indicators import MAD_TO_SIGMA
from domain.messages.market import TrendPoint

WEEK = 7  # days summed
NORM_DAYS = 28  # k
SPREAD_DAYS = 90
WINDOW_DAYS = SPREAD_DAYS + NORM_DAYS + WEEK  # days that decide z, the last one included
EPSILON = 0.01  # log units; keeps z of a flat series finite


class Attention(NamedTuple):
    """Attention at the end of one day. `reason` says why something is unknown, else it is empty."""

    as_of: str  # last day used, YYYY-MM-DD; empty when asvi is unknown
    asvi: float | None  # log units
    z: float | None  # robust standard deviations
    reason: str


def attention(points: Iterable[TrendPoint], trading_date: date) -> Attention:
    """Measure attention for a trading date (KST) from the days before it.

    The value of day d is usable from 09:00 on d + 1, so the last day used is the one before the trading date.
    """
    last = trading_date - timedelta(days=1)
    days = [last - timedelta(days=back) for back in range(WINDOW_DAYS)]
    wanted = {day.isoformat(): day for day in days}
    ratios = {wanted[point.day]: point.ratio for point in points if point.day in wanted}
    if last not in ratios:
        return Attention("", None, None, f"no search ratio for {last}")
    floor = min((ratio for ratio in ratios.values() if ratio > 0), default=None)
    if floor is None:
        return Attention("", None, None, f"no searches at all in the {WINDOW_DAYS} days to {last}")
    logs = _week_logs(ratios, days, floor)
    now = _abnormal(logs, last)
    if now is None:
        return Attention("", None, None, f"search ratios missing in the {NORM_DAYS + WEEK} days to {last}")
    before = [_abnormal(logs, day) for day in days[1 : SPREAD_DAYS + 1]]
    known = [value for value in before if value is not None]
    if len(known) < SPREAD_DAYS:
        return Attention(last.isoformat(), now, None, f"search ratios missing in the {WINDOW_DAYS} days to {last}")
    middle = median(known)
    spread = MAD_TO_SIGMA * median([abs(value - middle) for value in known])
    return Attention(last.isoformat(), now, now / (spread + EPSILON), "")


def _week_logs(ratios: Mapping[date, float], days: Iterable[date], floor: float) -> dict[date, float]:
    """Give x of every day whose whole week is known."""
    logs: dict[date, float] = {}
    for day in days:
        week = [ratios.get(day - timedelta(days=back)) for back in range(WEEK)]
        known = [ratio for ratio in week if ratio is not None]
        if len(known) == WEEK:
            logs[day] = math.log(max(math.fsum(known), floor))
    return logs


def _abnormal(logs: Mapping[date, float], day: date) -> float | None:
    """Give asvi of one day, None when a day it needs is unknown."""
    norm = [logs.get(day - timedelta(days=back)) for back in range(1, NORM_DAYS + 1)]
    known = [value for value in norm if value is not None]
    return logs[day] - median(known) if day in logs and len(known) == NORM_DAYS else None
