"""Attention by its formulas, day by day and without a thought for speed: what the fast one is held against."""

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from statistics import median

DAY, WEEK = timedelta(days=1), timedelta(days=7)
MAD, EPSILON = 1.4826, 0.01
Found = tuple[float | None, float | None]


def daily(series: Sequence[Mapping[date, float]], on: date) -> Found:
    """Give asvi and z of a trading date; several series are joined by the mean of their logs."""
    window = [on - back * DAY for back in range(1, 126)]
    return _found(_mean([_week_logs(_kept(ratios, window)) for ratios in series]), window[0], DAY, 28, 90)


def weekly(ratios: Mapping[date, float], on: date, begins: int) -> Found:
    """Give asvi and z of a trading date from weeks that begin on a weekday (0: Monday)."""
    last = next(day for day in (on - WEEK - back * DAY for back in range(7)) if day.weekday() == begins)
    window = [last - back * WEEK for back in range(22)]
    kept = _kept(ratios, window)
    floor = min((ratio for ratio in kept.values() if ratio > 0), default=None)
    logs = {} if floor is None else {day: math.log(max(ratio, floor)) for day, ratio in kept.items()}
    return _found(logs, last, WEEK, 8, 13)


def _kept(ratios: Mapping[date, float], window: Iterable[date]) -> dict[date, float]:
    return {day: ratios[day] for day in window if day in ratios}


def _week_logs(ratios: Mapping[date, float]) -> dict[date, float]:
    floor = min((ratio for ratio in ratios.values() if ratio > 0), default=None)
    logs = {}
    for day in ratios:
        week = [ratios.get(day - back * DAY) for back in range(7)]
        if floor is not None and None not in week:
            logs[day] = math.log(max(math.fsum(ratio or 0.0 for ratio in week), floor))
    return logs


def _mean(series: Sequence[Mapping[date, float]]) -> dict[date, float]:
    days = set.intersection(*(set(logs) for logs in series))
    return {day: math.fsum(logs[day] for logs in series) / len(series) for day in days}


def _found(logs: Mapping[date, float], last: date, step: timedelta, norm: int, spread: int) -> Found:
    asvi = _abnormal(logs, last, step, norm)
    before = [_abnormal(logs, last - back * step, step, norm) for back in range(1, spread + 1)]
    known = [value for value in before if value is not None]
    if asvi is None or len(known) < spread:
        return asvi, None
    return asvi, asvi / (MAD * median(abs(value - median(known)) for value in known) + EPSILON)


def _abnormal(logs: Mapping[date, float], day: date, step: timedelta, norm: int) -> float | None:
    before = [logs.get(day - back * step) for back in range(1, norm + 1)]
    known = [value for value in before if value is not None]
    return logs[day] - median(known) if day in logs and len(known) == norm else None
