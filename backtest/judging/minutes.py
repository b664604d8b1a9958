"""Bars of minutes: checked, and put together to sessions."""

from typing import TYPE_CHECKING, Final

from backtest.judging.sessions import hours_of
from backtest.judging.table import Table
from domain.time import NANOS_PER_MINUTE, from_kst

if TYPE_CHECKING:
    import polars as pl

SLOTS: Final = 391  # minutes of a regular session, the closing print's included


def checked_minutes(table: Table, rows: "pl.DataFrame") -> "pl.DataFrame | None":
    """Give the rows with `minute` (of the day, 0 to 1,439), in order; None when no symbol has two on a day.

    Raises DataError for a time that is none.
    """
    import polars as pl

    minutes = table.minutes("time")
    timed = rows.with_columns(minutes.alias("minute")).unique(
        ["code", "date", "minute"], keep="last", maintain_order=True
    )
    if not timed.select(pl.struct("code", "date").is_duplicated().any()).item():
        return None
    return timed.sort("code", "date", "minute")


def daily_of(minutes: "pl.DataFrame") -> "pl.DataFrame":
    """Put minutes together to sessions: first open, highest high, lowest low, last close, sum of volume.

    Only minutes of the regular session: before and after it others trade, at prices that are none of the day's.
    """
    import polars as pl

    days = minutes["date"].unique().sort()
    begins = [(hours_of(day).open_time - from_kst(day, 0, 0)) // NANOS_PER_MINUTE for day in days.to_list()]
    opened = pl.DataFrame([days, pl.Series("opened", begins, pl.Int64)])
    slot = pl.col("minute") - pl.col("opened")
    dealt = minutes.join(opened, on="date", maintain_order="left").filter((slot >= 0) & (slot < SLOTS))
    dealt = dealt.filter(pl.all_horizontal(pl.col("open", "high", "low", "close") > 0))
    return dealt.group_by("code", "date", maintain_order=True).agg(
        pl.col("open").first(),
        pl.col("high").max(),
        pl.col("low").min(),
        pl.col("close").last(),
        pl.col("volume").sum(),
    )
