"""Abnormal search attention of a weekly series, known before the trading day it is used on.

    x_t  = ln(max(v_t, floor))                  v_t = ratio of a week; floor = smallest positive ratio in the window
    asvi = x_t - median(x_{t-8} … x_{t-1})      log units; this week is not part of its own norm
    z    = asvi / (1.4826 · MAD(asvi of the 13 weeks before) + EPSILON)

A week is known once its last day is: the value of day d is usable from 09:00 on d + 1, so that of the week from Monday
on may be used on the Monday after it, and the week under way never. Weeks begin on the weekday their source gives
(Naver: Monday; Google: Sunday). For daily series see `domain/attention.py`; what is said there of scale, of missing
values and of several series holds here too.

Source: Da, Engelberg, Gao, In Search of Attention, Journal of Finance 2011 (abnormal search volume, 8 weeks).
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta

from domain.abnormal_search import abnormal, floored_logs, resolution
from domain.attention import Attention, Logs, as_attention, joined_logs, ratios_by_day
from domain.messages.market import TrendPoint

NORM_WEEKS = 8  # k
SPREAD_WEEKS = 13  # a quarter, as the 90 days of the daily measure
WINDOW_WEEKS = SPREAD_WEEKS + NORM_WEEKS + 1  # weeks that decide z, the last one included
WEEK = timedelta(days=7)


def weekly_attention(points: Iterable[TrendPoint], trading_date: date) -> Attention:
    """Measure attention for a trading date (KST) from the weeks that ended before it; `day` is a week's first day.

    `as_of` is the last day of the last week used.
    """
    return combined_weekly_attention([ratios_by_day(points)], trading_date)


def combined_weekly_attention(series: Sequence[Mapping[str, float]], trading_date: date) -> Attention:
    """Measure attention from several series of one symbol, ratios by first day of the week (YYYY-MM-DD).

    Each has a scale of its own; all must begin their weeks on the same weekday. Raises ValueError without a series.
    """
    if not series:
        raise ValueError("series expected one or more, was none")
    known = [[day for day in map(date.fromisoformat, ratios) if day + WEEK <= trading_date] for ratios in series]
    begins = {day.weekday() for days in known for day in days}
    if len(begins) > 1:
        return Attention("", None, None, f"search ratios of weeks that begin on different days before {trading_date}")
    if not all(known):
        return Attention("", None, None, f"no search ratio of a week that ended before {trading_date}")
    last = trading_date - WEEK
    last -= timedelta(days=(last.weekday() - begins.pop()) % 7)  # first day of the last week that has ended
    logs = joined_logs([_weekly_logs(ratios, last) for ratios in series])
    near, far = f"{NORM_WEEKS + 1} weeks from {last} back", f"{WINDOW_WEEKS} weeks from {last} back"
    as_of = (last + WEEK - timedelta(days=1)).isoformat()
    return as_attention(abnormal(logs.values, NORM_WEEKS, SPREAD_WEEKS), logs, as_of, near, far)


def _weekly_logs(ratios: Mapping[str, float], last: date) -> Logs:
    """Give x of the weeks up to the one that begins on `last`, back to the first hole."""
    window = [ratios.get((last - back * WEEK).isoformat()) for back in range(WINDOW_WEEKS)]
    found = [ratio if ratio is not None and 0 <= ratio < math.inf else None for ratio in window]
    if found[0] is None:
        return Logs([], f"no search ratio for the week from {last}", "ok")
    known = [ratio for ratio in found if ratio is not None]
    floor = min([ratio for ratio in known if ratio > 0], default=0.0)
    if not floor:
        return Logs([], f"no searches at all in the {WINDOW_WEEKS} weeks from {last} back", "ok")
    run = known[: found.index(None)] if None in found else known
    return Logs(floored_logs(run[::-1], floor), "", resolution(known, "weeks"))
