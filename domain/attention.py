"""Abnormal search attention, known before the trading day it is used on.

    v_t  = sum of the search ratio over the 7 days up to t      weekends differ; every sum holds each weekday once
    x_t  = ln(max(v_t, floor))                                  floor = smallest positive ratio in the window
    asvi = x_t - median(x_{t-28} … x_{t-1})                     today is not part of its own norm
    z    = asvi / (1.4826 · MAD(asvi of the 90 days before) + EPSILON)

Ratios are relative, so only features that do not change when a series is multiplied by a constant are used. A day
that is missing makes everything built on it unknown: it is never taken for zero. What a later peak changes in a
source's answer is not seen here: a series is what was fetched at the time.

Several series of one symbol (other words, another source) have scales of their own, so their ratios are never summed:
x_t is then the mean of the x_t of each, which is the log of the geometric mean of their floored sums.
Weekly series: `domain/weekly_attention.py`.

Source: Da, Engelberg, Gao, In Search of Attention, Journal of Finance 2011 (abnormal search volume).
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from functools import lru_cache
from itertools import takewhile
from typing import NamedTuple

from domain.abnormal_search import Abnormal, abnormal, floored_logs, resolution
from domain.messages.market import TrendPoint

WEEK = 7  # days summed
NORM_DAYS = 28  # k
SPREAD_DAYS = 90
WINDOW_DAYS = SPREAD_DAYS + NORM_DAYS + WEEK  # days that decide z, the last one included
MOST_RATIO = 1e300  # what is larger is no ratio: a window of them would have no finite sum


class Attention(NamedTuple):
    """Attention at the end of one day. `reason` says why something is unknown, else it is empty."""

    as_of: str  # last day used, YYYY-MM-DD; empty when asvi is unknown
    asvi: float | None  # log units
    z: float | None  # robust standard deviations
    reason: str
    quality: str = "ok"  # of the ratios: ok, or what the source may have rounded away ("floored: …", "coarse: …")


class Logs(NamedTuple):
    """x of consecutive days or weeks up to the last that counts, oldest first; none when `reason` says why."""

    values: list[float]
    reason: str
    quality: str


def attention(points: Iterable[TrendPoint], trading_date: date) -> Attention:
    """Measure attention for a trading date (KST) from the days before it.

    The value of day d is usable from 09:00 on d + 1, so the last day used is the one before the trading date. The
    order of points does not matter, nor does what comes later. A day told twice with different ratios is missing, and
    so is one whose ratio is no finite number >= 0.
    """
    return attention_from(ratios_by_day(points), trading_date)


def attention_from(ratios: Mapping[str, float], trading_date: date) -> Attention:
    """Do the same from ratios by day (YYYY-MM-DD): for who measures many dates of one series."""
    return _measured([_daily_logs(ratios, trading_date)], trading_date)


def combined_attention(series: Sequence[Mapping[str, float]], trading_date: date) -> Attention:
    """Measure attention from several series of one symbol, ratios by day, each on a scale of its own.

    A day missing in one is missing in all; one without any searches makes the whole unknown. The order of series does
    not matter, nor does a constant one of them is multiplied by. Raises ValueError without a series.
    """
    if not series:
        raise ValueError("series expected one or more, was none")
    return _measured([_daily_logs(ratios, trading_date) for ratios in series], trading_date)


def ratios_by_day(points: Iterable[TrendPoint]) -> dict[str, float]:
    """Give the ratio of each day (YYYY-MM-DD); days told twice with different ratios are left out."""
    kept = tuple(points)
    ratios = {point.day: point.ratio for point in kept}
    if len(ratios) < len(kept):
        for day in {point.day for point in kept if point.ratio != ratios[point.day]}:
            del ratios[day]
    return ratios


def joined_logs(series: Sequence[Logs]) -> Logs:
    """Give the mean of the logs of each day or week that all have; the first reason and quality that tell something."""
    reason = next((logs.reason for logs in series if logs.reason), "")
    quality = next((logs.quality for logs in series if logs.quality != "ok"), "ok")
    if len(series) == 1 or reason:
        return Logs(series[0].values if not reason else [], reason, quality)
    shortest = min(len(logs.values) for logs in series)
    newest = [logs.values[len(logs.values) - shortest :] for logs in series]
    return Logs([math.fsum(values) / len(series) for values in zip(*newest, strict=True)], "", quality)


def as_attention(found: Abnormal, logs: Logs, last: str, near: str, far: str) -> Attention:
    """Say what was found as of a day; `near` and `far` name the stretches asvi and z need, for the reason."""
    if found.asvi is None:
        return Attention("", None, None, logs.reason or f"search ratios missing in the {near}", logs.quality)
    reason = "" if found.z is not None else f"search ratios missing in the {far}"
    return Attention(last, found.asvi, found.z, reason, logs.quality)


def _measured(series: Sequence[Logs], trading_date: date) -> Attention:
    logs = joined_logs(series)
    last = _window(trading_date)[-1]
    near, far = f"{NORM_DAYS + WEEK} days to {last}", f"{WINDOW_DAYS} days to {last}"
    return as_attention(abnormal(logs.values, NORM_DAYS, SPREAD_DAYS), logs, last, near, far)


def _daily_logs(ratios: Mapping[str, float], trading_date: date) -> Logs:
    """Give x of the days up to the one before the trading date, back to the first whose week has a hole."""
    window = _window(trading_date)
    known = run = _all_of(ratios, window)
    if not run:
        found = [_told(ratios.get(day)) for day in window]
        if found[-1] is None:
            return Logs([], f"no search ratio for {window[-1]}", "ok")
        known = [ratio for ratio in found if ratio is not None]
        run = _behind_the_last_hole(found)
    floor = min(known) or min([ratio for ratio in known if ratio > 0], default=0.0)
    if not floor:
        return Logs([], f"no searches at all in the {WINDOW_DAYS} days to {window[-1]}", "ok")
    # fsum of each week, not a sum that slides: it is the same whatever came before, and exact
    sums = list(map(math.fsum, zip(*(run[back:] for back in range(WEEK)), strict=False)))
    return Logs(floored_logs(sums, floor), "", resolution(known, "days"))


def _all_of(ratios: Mapping[str, float], window: Iterable[str]) -> list[float]:
    """Give the ratios of a window without a hole, none when there is one: the usual case, without a step in Python."""
    try:
        found = list(map(ratios.__getitem__, window))
    except KeyError:
        return []
    return found if min(found) >= 0 and math.isfinite(sum(found)) else []


def _told(ratio: float | None) -> float | None:
    return ratio if ratio is not None and 0 <= ratio <= MOST_RATIO else None


def _behind_the_last_hole(found: Sequence[float | None]) -> list[float]:
    run = list(takewhile(lambda ratio: ratio is not None, reversed(found)))
    return [ratio for ratio in reversed(run) if ratio is not None]


@lru_cache(maxsize=64)
def _window(trading_date: date) -> tuple[str, ...]:
    """Give the days that count for a trading date, oldest first."""
    return tuple((trading_date - timedelta(days=back)).isoformat() for back in range(WINDOW_DAYS, 0, -1))
