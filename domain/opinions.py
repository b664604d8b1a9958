"""What several sources say of attention to one instrument, put together.

The first source that knows is used; the others stand beside it. A mean would mix scales and samples that have nothing
to do with each other, and a second opinion that is silent says nothing against the first.
"""

from collections.abc import Sequence
from datetime import date, timedelta

from domain.attention import Attention, attention
from domain.messages.market import AttentionFetched, AttentionMeasured, Opinion, TrendReceived

UNKNOWN, OK, CONTRADICTED = "unknown", "ok", "contradicted"
NO_ANSWER = "no answer yet"
NO_SERIES = "no search series for this symbol"


def newest_day(series: TrendReceived | AttentionFetched) -> str:
    """Give the last day a series reaches, YYYY-MM-DD; empty when there is none."""
    if isinstance(series, AttentionFetched):
        return series.as_of
    return series.points[-1].day if series.points else ""


def day_before(on: date) -> str:
    """Give the day a series must reach to be known on a trading date (KST), YYYY-MM-DD."""
    return (on - timedelta(days=1)).isoformat()


def opinion_of(series: TrendReceived | AttentionFetched, on: date, version: int | None) -> Opinion:
    """Measure one source's series for a trading date (KST); unknown says why.

    `version` is that of the configured keyword set, None when there is none: searches of other words are another
    series, however much they look alike. What was measured for another date, or from older days, is unknown.
    """
    if version is not None and series.keyword_version != version:
        reason = f"its series is of version {series.keyword_version} of the keywords, configured is {version}"
        return unknown(series.source, reason)
    if isinstance(series, TrendReceived):
        found = attention(series.points, on)
        return Opinion(series.source, found.as_of, found.asvi, found.z, remark(found))
    if series.trading_date != on.isoformat():
        return unknown(series.source, f"it was measured for {series.trading_date}")
    if series.asvi is not None and series.as_of != day_before(on):
        return unknown(series.source, f"its newest day is {series.as_of}, not {day_before(on)}")
    return Opinion(series.source, series.as_of, series.asvi, series.z, series.reason)


def remark(found: Attention) -> str:
    """Say why something is unknown, or else what is doubtful; empty when all is well."""
    return found.reason or ("" if found.quality == OK else found.quality)


def unknown(source: str, reason: str) -> Opinion:
    """Give the opinion of a source that has none."""
    return Opinion(source, "", None, None, reason)


def together(symbol: str, opinions: Sequence[Opinion], contradiction_z: float) -> AttentionMeasured:
    """Give attention from what the sources say, in the order of preference.

    Contradicted: one stands at or above `contradiction_z` robust deviations, another at or below its negative; 0 does
    not judge that.
    """
    known = [item for item in opinions if item.z is not None] or [item for item in opinions if item.asvi is not None]
    if not known:
        told = opinions if len(opinions) > 1 else ()
        return AttentionMeasured(symbol, UNKNOWN, "", None, None, _reasons(opinions), UNKNOWN, tuple(told))
    used = known[0]
    ordered = (used, *(item for item in opinions if item is not used)) if len(opinions) > 1 else ()
    quality, reason = (OK if used.z is not None else UNKNOWN), used.reason
    zs = [(item.source, item.z) for item in opinions if item.z is not None]
    high, low = max(zs, key=lambda item: item[1], default=None), min(zs, key=lambda item: item[1], default=None)
    if contradiction_z > 0 and high and low and high[1] >= contradiction_z and low[1] <= -contradiction_z:
        quality = CONTRADICTED
        reason = f"{high[0]} has z {high[1]:+.2f}, {low[0]} {low[1]:+.2f}"
    return AttentionMeasured(symbol, used.source, used.as_of, used.asvi, used.z, reason, quality, ordered)


def _reasons(opinions: Sequence[Opinion]) -> str:
    if len(opinions) == 1:
        return opinions[0].reason
    return "; ".join(f"{item.source}: {item.reason}" for item in opinions) or NO_SERIES
