"""Recorded rows of one day in order of venue time: trades, best prices and, where they were recorded, order books."""

from array import array
from collections.abc import Iterator, Mapping
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

from broker_sim.data_file import LEVEL
from broker_sim.touch import Touch
from domain.instruments import Instrument
from domain.krx.sessions import RegularSession
from domain.quotes import Depth, Quote, QuoteKind

if TYPE_CHECKING:
    import polars as pl

CHUNK: Final = 1 << 16  # rows turned into objects at once
QUOTE_COLUMNS: Final = (
    "code", "time", "price", "volume", "cumulative_volume", "bid", "ask", "bid_qty", "ask_qty", "kind",
)  # fmt: skip
TYPICAL_PART: Final = 256  # of the day's volume, a made-up displayed size; see `depth_model.py`


class Moments:
    """One day of recorded rows. Kept as columns; objects are made as they are asked for."""

    __slots__ = ("books", "levels", "made_up", "quotes")

    def __init__(self, quotes: "pl.DataFrame", books: "pl.DataFrame", levels: int, made_up: frozenset[str]) -> None:
        """Take `quotes` (QUOTE_COLUMNS) and `books` (code, time, and LEVEL columns), both in order of time (UTC ns).

        `made_up` names the symbols whose best prices were not recorded: `rows` makes them up.
        """
        self.quotes = quotes
        self.books = books
        self.levels = levels
        self.made_up = made_up

    def rows(self, seed: int, instruments: Mapping[str, Instrument], session: RegularSession) -> Iterator[Quote]:
        """Give every row in order of venue time; rows of one moment in the order of the file."""
        touches = {code: Touch(instruments[code], session.day, seed) for code in self.made_up if code in instruments}
        last: dict[str, int] = {}
        for start in range(0, self.quotes.height, CHUNK):
            for values in self.quotes.slice(start, CHUNK).select(QUOTE_COLUMNS).iter_rows():
                row = Quote._make(values)
                if row.symbol not in instruments:
                    continue
                touch = touches.get(row.symbol)
                if touch is not None and row.price:
                    price, before = row.price, last.get(row.symbol, 0)
                    typical = row.cumulative_volume // TYPICAL_PART + 1
                    best = touch.around(price, before, typical, touch.draws(row.venue_time, row.cumulative_volume))
                    row = row._replace(bid_price=best[0], ask_price=best[1], bid_qty=best[2], ask_qty=best[3])
                    last[row.symbol] = price
                yield row

    def depths(self) -> Iterator[Depth]:
        """Give every recorded order book in order of venue time, empty levels left out."""
        names = [[f"{name}{level}" for level in range(1, self.levels + 1)] for name in LEVEL]
        bids, bid_qtys, asks, ask_qtys = (slice(2 + i * self.levels, 2 + (i + 1) * self.levels) for i in range(4))
        columns = ["code", "time", *(name for group in names for name in group)]
        for start in range(0, self.books.height, CHUNK):
            for values in self.books.slice(start, CHUNK).select(columns).iter_rows():
                yield Depth(
                    values[0],
                    values[1],
                    _levels(values[bids], values[bid_qtys]),
                    _levels(values[asks], values[ask_qtys]),
                )

    def digest(self) -> bytes:
        """Give a digest of all rows."""
        found = blake2b(digest_size=16)
        for frame in (self.quotes, self.books):
            for name in frame.columns:
                found.update(f"{name} {frame.height}".encode())
                for start in range(0, frame.height, CHUNK):
                    values = frame[name].slice(start, CHUNK).to_list()
                    found.update("\n".join(values).encode() if name == "code" else array("q", values).tobytes())
        return found.digest()


def merged(
    ticks: "pl.DataFrame | None", books: "pl.DataFrame | None", levels: int, *, has_touch: bool
) -> tuple[Moments, int]:
    """Join rows of tick and order-book files of one day; give them and how many ticks are older than the one before.

    An order book is a BOOK row too (best prices, the last trade's price and volume), unless a tick of the same symbol
    and moment already tells the best prices (`has_touch`: ticks have them). Ticks without best prices get those of the
    latest book of their symbol; of symbols without any book they are made up when the rows are read.
    """
    import polars as pl

    quotes: list[pl.DataFrame] = []
    late = 0
    made_up: frozenset[str] = frozenset()
    book_codes = set(books["code"].unique().to_list()) if books is not None else set()
    if ticks is not None:
        late = int(ticks.select((pl.col("time").diff().over("code") < 0).sum()).item())
        ticks = ticks.sort("time", maintain_order=True)
        if not has_touch:
            made_up = frozenset(set(ticks["code"].unique().to_list()) - book_codes)
            if books is not None:
                ticks = _touch_of_books(ticks, books)
        quotes.append(ticks.select(QUOTE_COLUMNS))
    if books is not None:
        books = books.sort("time", maintain_order=True)
        quotes.append(_book_rows(books, ticks, has_touch=has_touch))
    joined = pl.concat(quotes).sort("time", maintain_order=True)
    empty = pl.DataFrame(schema={"code": pl.String, "time": pl.Int64})
    return Moments(joined, books if books is not None else empty, levels if books is not None else 0, made_up), late


def _book_rows(books: "pl.DataFrame", ticks: "pl.DataFrame | None", *, has_touch: bool) -> "pl.DataFrame":
    import polars as pl

    told = books.with_columns(
        pl.col("bid1").alias("bid"),
        pl.col("ask1").alias("ask"),
        pl.col("bid_qty1").alias("bid_qty"),
        pl.col("ask_qty1").alias("ask_qty"),
        pl.lit(0, pl.Int64).alias("volume"),
        pl.lit(int(QuoteKind.BOOK), pl.Int64).alias("kind"),
    )
    if ticks is None:
        told = told.with_columns(price=pl.lit(0, pl.Int64), cumulative_volume=pl.lit(0, pl.Int64))
        return told.select(QUOTE_COLUMNS)
    if has_touch:
        told = told.join(ticks.select("code", "time").unique(), on=["code", "time"], how="anti", maintain_order="left")
    traded = ticks.filter(pl.col("price") > 0).select("code", "time", "price", "cumulative_volume")
    told = told.join_asof(traded, on="time", by="code", check_sortedness=False)
    return told.with_columns(pl.col("price", "cumulative_volume").fill_null(0)).select(QUOTE_COLUMNS)


def _touch_of_books(ticks: "pl.DataFrame", books: "pl.DataFrame") -> "pl.DataFrame":
    import polars as pl

    names = ("bid", "ask", "bid_qty", "ask_qty")
    best = books.sort("time", maintain_order=True).select("code", "time", *(pl.col(f"{n}1").alias(n) for n in names))
    found = ticks.drop(names).join_asof(best, on="time", by="code", check_sortedness=False)
    return found.with_columns(pl.col(names).fill_null(0))


def _levels(prices: tuple[int, ...], sizes: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
    return tuple((price, size) for price, size in zip(prices, sizes, strict=True) if price and size)
