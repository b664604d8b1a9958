"""What a source's answer must be like before anybody believes it."""

import math
from collections.abc import Container
from datetime import date
from typing import Any

from domain.messages.market import TrendPoint, TrendReceived


def complaint(series: TrendReceived, asked: Container[str], trading_date: date) -> str:
    """Say what is wrong with a series asked for a trading date (KST); empty when nothing is.

    Days must ascend and lie before the trading date, ratios must be finite and not negative, the symbol must be one
    that was asked for.
    """
    if series.symbol not in asked:
        return f"a series of {series.symbol!r:.50}, which was not asked for"
    if not _is_text(series.source) or not _is_whole(series.keyword_version) or not _is_whole(series.fetched_at):
        return "a series without source, version of its keywords or time of the call"
    if not isinstance(series.points, tuple) or not series.points:
        return "a series without a point"
    before = date.min
    for point in series.points:
        day = _day(point)
        if day is None:
            return f"a point that is no day and ratio, {point!r:.100}"
        if day >= trading_date:
            return f"a value of {day}, which is not over on the morning of {trading_date}"
        if day <= before:
            return f"days that do not ascend at {day}"
        before = day
    return ""


def _day(point: Any) -> date | None:
    """Give the day of a point whose ratio is one, else None."""
    if not isinstance(point, TrendPoint) or not isinstance(point.ratio, float):
        return None  # a whole number would come back from the log as another value than it was
    if not math.isfinite(point.ratio) or point.ratio < 0:
        return None
    try:
        day = date.fromisoformat(point.day)
    except (TypeError, ValueError):
        return None
    return day if day.isoformat() == point.day else None  # other spellings of a day would not be found again


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value) and value.isprintable()  # half characters are not


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
