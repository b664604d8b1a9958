"""Order books: one row the displayed levels of one symbol at one moment.

Columns: code, date, time, then bid1, bid_qty1, ask1, ask_qty1 and deeper levels alike, best first. An empty level has
price 0 or nothing. Levels may skip prices (a thin issue has empty ones between), never go back.
"""

from typing import TYPE_CHECKING

from broker_sim.data_file import LEVEL, keep, whole
from broker_sim.tick_file import hours
from domain.krx.calendar import NO_OVERRIDES, Overrides
from domain.krx.sessions import RegularSession
from domain.time import from_kst

if TYPE_CHECKING:
    import polars as pl


def check_books(
    rows: "pl.DataFrame", session: RegularSession, overrides: Overrides = NO_OVERRIDES
) -> tuple["pl.DataFrame", int, dict[str, int]]:
    """Give rows (code, time in UTC ns, the level columns as numbers), how many levels, and what was refused."""
    import polars as pl

    refused: dict[str, int] = {}
    levels = sum(1 for name in rows.columns if name.startswith("bid") and name[3:].isdecimal())
    names = [f"{name}{level}" for name in LEVEL for level in range(1, levels + 1)]
    rows = rows.with_columns(
        *(_level(rows, name) for name in names), time=pl.col("nanos") + from_kst(session.day, 0, 0)
    )
    sorted_bids = _in_order(levels, "bid", -1)
    sorted_asks = _in_order(levels, "ask", 1)
    rows = keep(
        rows,
        (
            ("no code", pl.col("code").is_null() | (pl.col("code") == "")),
            ("time not HH:MM:SS", pl.col("nanos").is_null()),
            ("level not a whole number", pl.any_horizontal(pl.col(names).is_null())),
            ("level price or shares < 0", pl.min_horizontal(names) < 0),
            ("levels not in order of price", ~(sorted_bids & sorted_asks)),
            hours(session, overrides),
        ),
        refused,
    )
    return rows.select("code", "time", *names), levels, refused


def _level(rows: "pl.DataFrame", name: str) -> "pl.Expr":
    import polars as pl

    empty = pl.col(name).is_null()
    if rows.schema[name] == pl.String:
        empty |= pl.col(name).str.strip_chars() == ""
    return pl.when(empty).then(pl.lit(0, pl.Int64)).otherwise(whole(name)).alias(name)


def _in_order(levels: int, side: str, way: int) -> "pl.Expr":
    """Tell whether each level that is there lies beyond the one before, none behind an empty one."""
    import polars as pl

    good = pl.lit(True)
    for level in range(2, levels + 1):
        before, price = pl.col(f"{side}{level - 1}"), pl.col(f"{side}{level}")
        good &= (price == 0) | ((before > 0) & ((price - before) * way > 0))
    return good
