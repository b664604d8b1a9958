"""Why attention is unknown, in words for who reads a series: missing inside it, or begun too late."""

from collections.abc import Iterable
from datetime import date, timedelta

from domain.attention import NORM_DAYS, WEEK, WINDOW_DAYS, Attention
from domain.messages.market import TrendPoint


def quality_and_reason(measured: Attention, points: Iterable[TrendPoint], end: date) -> tuple[str, str]:
    """Give quality and reason of what was measured at the end of a day; without z no quality is ok.

    A series without a hole that is shorter than attention needs misses nothing: it begins too late.
    """
    if measured.z is not None:
        return measured.quality, measured.reason
    quality = "unknown" if measured.quality == "ok" else measured.quality
    low = end - timedelta(days=WINDOW_DAYS - 1)
    days = {point.day for point in points if low.isoformat() <= point.day <= end.isoformat()}
    if not days or measured.reason.startswith("no search"):
        return quality, measured.reason
    first = date.fromisoformat(min(days))
    if first == low or len(days) <= (end - first).days:
        return quality, measured.reason
    needs = f"asvi needs {NORM_DAYS + WEEK}" if measured.asvi is None else f"z needs {WINDOW_DAYS}"
    return quality, f"the series begins too late, on {first}: {needs} days to {end}"
