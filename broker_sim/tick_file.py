"""Ticks: one row a trade or a change of the best prices. Which rows are refused, and what is worked out where a column
is missing.

Columns: code, date, time, price (won), volume (shares of the trade, 0 for a change of the book); optional
cumulative_volume, bid, ask, bid_qty, ask_qty and kind (trade, auction, book).
*Without kind* a row without volume is a change of the book; the first trade of a symbol within 35 s of the open, and
those within 35 s of the close, are the crosses of the auctions. *Without cumulative_volume* it is summed up.
*Hours*: KRX, the regular session with its auctions, and the after-market. Nothing trades while an auction collects
orders; off-hours trades at a close are no market and are left out.
A price of half a won (the middle of a 5-won tick) is cut to whole won, as recorded bars have it (000400, 2025-09-19).
"""

from typing import TYPE_CHECKING, Final

from broker_sim.data_file import keep, whole
from domain.krx.calendar import NO_OVERRIDES, Overrides
from domain.krx.sessions import OPENING_AUCTION_MINUTES, RANDOM_END, RegularSession, phases
from domain.quotes import QuoteKind
from domain.time import NANOS_PER_MINUTE, from_kst

if TYPE_CHECKING:
    import polars as pl

KINDS: Final = {"trade": QuoteKind.TRADE, "auction": QuoteKind.AUCTION_TRADE, "book": QuoteKind.BOOK}
TOUCH: Final = ("bid", "ask", "bid_qty", "ask_qty")
_BOOK: Final = int(QuoteKind.BOOK)
_AUCTION: Final = int(QuoteKind.AUCTION_TRADE)


def check_ticks(
    rows: "pl.DataFrame", session: RegularSession, overrides: Overrides = NO_OVERRIDES
) -> tuple["pl.DataFrame", dict[str, int]]:
    """Give rows with the columns of `moments.QUOTE_COLUMNS` (time in UTC ns), in the order of the file, and how many
    were refused by reason.
    """
    import polars as pl

    refused: dict[str, int] = {}
    given = set(rows.columns)
    kinds, trade = _kind(given), pl.col("kind") != _BOOK
    bare = pl.when(kinds == _BOOK).then(pl.col("cut").fill_null(0)).otherwise(pl.col("cut"))
    rows = rows.with_columns(
        _cut_half_won("price").alias("cut"),
        whole("volume").alias("volume"),
        *(whole(name).alias(name) for name in ("cumulative_volume",) if name in given),
        *(_or_none(name) for name in TOUCH if name in given),
        time=pl.col("nanos") + from_kst(session.day, 0, 0),
    ).with_columns(kinds.alias("kind"))
    rows = rows.with_columns(bare.alias("price"))
    rows = keep(
        rows,
        (
            ("no code", pl.col("code").is_null() | (pl.col("code") == "")),
            ("time not HH:MM:SS", pl.col("nanos").is_null()),
            ("kind not trade, auction or book", pl.col("kind").is_null()),
            ("price or volume not a whole number", pl.any_horizontal(pl.col("price", "volume").is_null())),
            ("price <= 0", (pl.col("price") < 0) | ((pl.col("price") == 0) & (pl.col("kind") != _BOOK))),
            ("volume < 0", pl.col("volume") < 0),
            *(
                (f"{name} not a whole number >= 0", pl.col(name).is_null() | (pl.col(name) < 0))
                for name in ("cumulative_volume", *TOUCH)
                if name in given
            ),
            hours(session, overrides),
            ("a trade before the open", trade & (pl.col("time") < session.open)),
            (
                "a trade in the closing auction",
                trade & pl.col("time").is_between(session.close_auction, session.close, "left"),
            ),
        ),
        refused,
    )
    if "cumulative_volume" in given:
        rows = _without_twins(rows, refused)
    else:
        rows = rows.with_columns(cumulative_volume=pl.col("volume").cum_sum().over("code"))
    if "kind" not in given:
        rows = _with_crosses(rows, session)
    for name in TOUCH:
        if name not in given:
            rows = rows.with_columns(pl.lit(0, pl.Int64).alias(name))
    return rows, refused


def has_touch(columns: tuple[str, ...]) -> bool:
    """Tell whether a file records best prices."""
    return "bid" in columns and "ask" in columns


def _kind(given: set[str]) -> "pl.Expr":
    import polars as pl

    if "kind" not in given:
        return pl.when(pl.col("volume") == 0).then(_BOOK).otherwise(int(QuoteKind.TRADE)).cast(pl.Int64)
    text = pl.col("kind").cast(pl.String).str.strip_chars().str.to_lowercase()
    return text.replace_strict({name: int(kind) for name, kind in KINDS.items()}, default=None, return_dtype=pl.Int64)


def _cut_half_won(name: str) -> "pl.Expr":
    import polars as pl

    doubled = pl.col(name).cast(pl.Float64, strict=False) * 2
    fits = doubled.is_finite() & (doubled == doubled.floor()) & (doubled.abs() < 10**15)
    return pl.when(fits).then((doubled / 2).floor()).otherwise(None).cast(pl.Int64)


def _or_none(name: str) -> "pl.Expr":
    """A missing best price or size is none."""
    import polars as pl

    empty = pl.col(name).is_null() | (pl.col(name).cast(pl.String).str.strip_chars() == "")
    return pl.when(empty).then(pl.lit(0, pl.Int64)).otherwise(whole(name)).alias(name)


def hours(session: RegularSession, overrides: Overrides) -> "tuple[str, pl.Expr]":
    """Give the rule that refuses rows outside KRX's regular session, its auctions, and the after-market."""
    import polars as pl

    time = pl.col("time")
    inside = time.is_between(session.open - OPENING_AUCTION_MINUTES * NANOS_PER_MINUTE, session.close + RANDOM_END)
    for phase in phases(session.day, overrides):
        if phase.venue == "KRX" and phase.name == "after_market":
            inside |= time.is_between(phase.start, phase.end)
    return "outside the regular session and the after-market", ~inside


def _without_twins(rows: "pl.DataFrame", refused: dict[str, int]) -> "pl.DataFrame":
    """Drop trades that repeat time and cumulative volume of the one before them: they were received twice."""
    import polars as pl

    trades = rows.with_row_index("at").filter(pl.col("kind") != _BOOK)
    same = (pl.col("time") == pl.col("time").shift().over("code")) & (
        pl.col("cumulative_volume") == pl.col("cumulative_volume").shift().over("code")
    )
    twins = trades.filter(same.fill_null(False))["at"]
    if twins.len():
        refused["same trade twice"] = twins.len()
        rows = rows.with_row_index("at").filter(~pl.col("at").is_in(twins.implode())).drop("at")
    return rows


def _with_crosses(rows: "pl.DataFrame", session: RegularSession) -> "pl.DataFrame":
    """Say which trades are the crosses of the auctions, where the file does not."""
    import polars as pl

    time, trade = pl.col("time"), pl.col("kind") != _BOOK
    first = trade & (trade.cum_sum().over("code") == 1) & (time <= session.open + RANDOM_END)
    closing = trade & time.is_between(session.close, session.close + RANDOM_END)
    return rows.with_columns(kind=pl.when(first | closing).then(pl.lit(_AUCTION, pl.Int64)).otherwise(pl.col("kind")))
