"""Bars of minutes: checked, and put together to sessions."""

from typing import TYPE_CHECKING

from backtest.judging.table import Table

if TYPE_CHECKING:
    import polars as pl


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
    """Put minutes together to sessions: first open, highest high, lowest low, last close, sum of volume."""
    import polars as pl

    dealt = minutes.filter(pl.all_horizontal(pl.col("open", "high", "low", "close") > 0))
    return dealt.group_by("code", "date", maintain_order=True).agg(
        pl.col("open").first(),
        pl.col("high").max(),
        pl.col("low").min(),
        pl.col("close").last(),
        pl.col("volume").sum(),
    )
