"""Daily prices of a file as one table of sessions by symbols.

Stranger's files are taken as they are, and what is odd in them is counted and told: a row of a day without trading is
left out, the newest of two rows of one day counts, a fraction of a won is rounded, a high below the close is the close.
A session in which a symbol did not trade (no row, no volume, a price of 0) holds 0: nothing could be bought or sold.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from backtest.judging.sessions import sessions_of
from backtest.judging.table import Table
from domain.errors import DataError
from domain.krx.calendar import is_session

if TYPE_CHECKING:
    import polars as pl

Grid = npt.NDArray[np.int64]  # sessions by symbols

PRICES: Final = ("open", "high", "low", "close")
COLUMNS: Final = ("code", "date", *PRICES, "volume")
CODE: Final = re.compile(r"[0-9A-Z]{6}")
FIRST: Final = date(1996, 1, 3)  # the taxes of sales before are not known
LAST: Final = date(2100, 12, 31)
MOST_KRW: Final = 10**10
MOST_SHARES: Final = 10**13


@dataclass(frozen=True, slots=True)
class Panel:
    """Prices in KRW and shares traded; 0 everywhere in a session in which a symbol did not trade."""

    name: str  # of the file
    sessions: tuple[date, ...]  # ascending, every session of the exchange from the first to the last
    codes: tuple[str, ...]  # ascending
    open: Grid
    high: Grid
    low: Grid
    close: Grid
    volume: Grid
    remarks: Mapping[str, int] = field(default_factory=dict)  # what was odd -> rows


@dataclass(frozen=True, slots=True)
class Bars:
    """What a file of prices holds."""

    panel: Panel
    minutes: "pl.DataFrame | None"  # code, date, minute, prices and volume in order; None: the file is daily


def read_prices(path: Path) -> Bars:
    """Read daily bars, or bars of minutes (a column `time`), which are put together to sessions as well.

    Raises DataError naming file, row, column, value and what is allowed.
    """
    table = Table(path, COLUMNS, ("time",))
    rows = _rows(table)
    if "time" in table.frame.columns:
        from backtest.judging.minutes import checked_minutes, daily_of

        minutes = checked_minutes(table, rows)
        if minutes is not None:
            return Bars(panel_of(path.name, daily_of(minutes)), minutes)
    return Bars(panel_of(path.name, rows), None)


def _rows(table: Table) -> "pl.DataFrame":
    """Give the checked columns."""
    import polars as pl

    codes = table.text("code")
    wrong = (~codes.str.contains(r"^[0-9A-Z]{6}$")).arg_true()
    if len(wrong):
        at = int(wrong[0])
        raise table.bad(at, "code", codes[at], "six digits or capitals, leading zeros kept")
    days = table.dates("date")
    wrong = ((days < FIRST) | (days > LAST)).arg_true()
    if len(wrong):
        at = int(wrong[0])
        raise table.bad(at, "date", str(days[at]), f"a day from {FIRST} to {LAST}")
    prices = [table.numbers(name, MOST_KRW, f"a price from 0 to {MOST_KRW} KRW") for name in PRICES]
    volume = table.numbers("volume", MOST_SHARES, f"shares from 0 to {MOST_SHARES}")
    return pl.DataFrame([codes, days, *prices, volume])


def panel_of(name: str, rows: "pl.DataFrame") -> Panel:
    """Put checked rows (code, date, prices and volume as floats or null) on the grid. Raises DataError."""
    import polars as pl

    remarks: dict[str, int] = {}
    days = [day for day in rows["date"].unique().to_list() if is_session(day)]
    kept = rows.filter(pl.col("date").is_in(days))
    _count(remarks, "of days without a session, left out", rows.height - kept.height)
    if not kept.height:
        raise DataError(f"{name}: dates expected a session of the exchange in at least one row, found none")
    once = kept.unique(["code", "date"], keep="last", maintain_order=True)
    _count(remarks, "twice for a symbol and day, the last counts", kept.height - once.height)
    _count(
        remarks,
        "without a price or volume, taken as no trading",
        once.filter(pl.any_horizontal(pl.all().is_null())).height,
    )
    whole = once.with_columns(pl.col(*PRICES, "volume").fill_null(0.0).round().cast(pl.Int64))
    odd = pl.any_horizontal(pl.col(name) != pl.col(name).round() for name in PRICES)
    _count(remarks, "with fractions of a won, rounded", once.filter(odd).height)
    trades = pl.all_horizontal(pl.col("open", "close", "volume") > 0)
    dealt = whole.filter(trades)
    _count(remarks, "of halted or untraded days", whole.height - dealt.height)
    top = pl.max_horizontal("open", "high", "close")
    bottom = pl.min_horizontal("open", pl.when(pl.col("low") > 0).then("low"), "close")
    _count(remarks, "whose high or low contradicts open or close, widened",
           dealt.filter((top != pl.col("high")) | (bottom != pl.col("low"))).height)  # fmt: skip
    dealt = dealt.with_columns(high=top, low=bottom)
    return _gridded(name, sessions_of(days), whole["code"].unique().to_list(), dealt, remarks)


def _gridded(
    name: str, sessions: tuple[date, ...], codes: list[str], rows: "pl.DataFrame", remarks: Mapping[str, int]
) -> Panel:
    codes = sorted(codes)
    row_of, column_of = ({key: at for at, key in enumerate(keys)} for keys in (sessions, codes))
    at = [row_of[day] for day in rows["date"].to_list()], [column_of[code] for code in rows["code"].to_list()]

    def grid(column: str) -> Grid:
        values: Grid = np.zeros((len(sessions), len(codes)), np.int64)
        values[at] = rows[column].to_numpy()
        return values

    opened, high, low, close, volume = (grid(column) for column in (*PRICES, "volume"))
    return Panel(name, sessions, tuple(codes), opened, high, low, close, volume, remarks)


def _count(remarks: dict[str, int], what: str, rows: int) -> None:
    if rows:
        remarks[what] = rows
