"""Rows as columns of a recorded file, and files that appear whole or not at all."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from broker_sim.data_file import CONFLATED_META, GAPS_META, INSTRUMENTS_META
from broker_sim.recorded_instruments import read_instruments, write_instruments
from domain.errors import DataError
from domain.instruments import Instrument
from domain.quotes import Depth, Quote, QuoteKind
from domain.types import NANOS_PER_SECOND

if TYPE_CHECKING:
    import polars as pl

LEVELS: Final = 10  # columns written; a deeper book makes more
KIND_NAMES: Final = {QuoteKind.TRADE: "trade", QuoteKind.AUCTION_TRADE: "auction", QuoteKind.BOOK: "book"}
SOURCE_META: Final = "hantrade.source"
UNTIL_META: Final = "hantrade.until"  # venue time of the last row, UTC ns
_KST_NS: Final = 9 * 3_600 * NANOS_PER_SECOND
_FIRST: Final = ("code", "date", "time", "at")


def tick_frame(rows: Sequence[Quote]) -> "pl.DataFrame":
    """Give rows as the columns of a tick file."""
    import polars as pl

    names = ("code", "at", "price", "volume", "cumulative_volume", "bid", "ask", "bid_qty", "ask_qty", "kind")
    frame = pl.DataFrame(
        [tuple(row) for row in rows],
        schema={name: pl.String if name == "code" else pl.Int64 for name in names},
        orient="row",
    )
    kinds = pl.col("kind").replace_strict(
        {int(kind): name for kind, name in KIND_NAMES.items()}, default="unknown", return_dtype=pl.String
    )
    return _with_time(frame.with_columns(kinds))


def book_frame(depths: Sequence[Depth]) -> "pl.DataFrame":
    """Give order books as the columns of an order-book file; levels that are not there are 0."""
    import polars as pl

    levels = max(LEVELS, *(max(len(depth.bids), len(depth.asks)) for depth in depths))
    columns: dict[str, list[object]] = {"code": [d.symbol for d in depths], "at": [d.venue_time for d in depths]}
    nothing = (0, 0)
    for level in range(levels):
        for name, sides in (("bid", [d.bids for d in depths]), ("ask", [d.asks for d in depths])):
            shown = [side[level] if level < len(side) else nothing for side in sides]
            columns[f"{name}{level + 1}"] = [price for price, _ in shown]
            columns[f"{name}_qty{level + 1}"] = [size for _, size in shown]
    return _with_time(pl.DataFrame(columns))


def join_parts(parts: Sequence[Path], path: Path) -> None:
    """Write the rows of parts, in order of name, as one file; it appears whole or not at all."""
    import polars as pl

    metas = [meta_of(part) for part in parts]
    instruments: dict[str, Instrument] = {}
    for part, meta in zip(parts, metas, strict=True):
        instruments |= read_instruments(part, meta.get(INSTRUMENTS_META, "[]"))
    frame = pl.concat([pl.read_parquet(part, glob=False) for part in parts], how="diagonal")
    frame = frame.with_columns(pl.col(pl.Int64).fill_null(0))  # levels only a later part has
    joined = {
        INSTRUMENTS_META: write_instruments(instruments[code] for code in sorted(instruments)),
        SOURCE_META: metas[-1].get(SOURCE_META, ""),
        CONFLATED_META: str(sum(int(meta.get(CONFLATED_META, 0)) for meta in metas)),
        GAPS_META: json.dumps([gap for meta in metas for gap in json.loads(meta.get(GAPS_META, "[]"))]),
        UNTIL_META: max(meta.get(UNTIL_META, "0") for meta in metas),
    }
    write_whole(path, frame, joined)


def _with_time(frame: "pl.DataFrame") -> "pl.DataFrame":
    """Replace the moment `at` (UTC ns) by date and time of day in KST."""
    import polars as pl

    whole_micros = not frame.height or bool((frame["at"] % 1_000 == 0).all())
    local = pl.from_epoch(pl.col("at") + _KST_NS, time_unit="ns")
    form = "%H:%M:%S%.6f" if whole_micros else "%H:%M:%S%.9f"
    frame = frame.with_columns(local.dt.strftime("%Y-%m-%d").alias("date"), local.dt.strftime(form).alias("time"))
    return frame.select("code", "date", "time", *(name for name in frame.columns if name not in _FIRST))


def write_whole(path: Path, frame: "pl.DataFrame", meta: dict[str, str]) -> None:
    """Write a file beside and rename it into place, on the disk before it can be seen. Raises OSError."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        frame.write_parquet(beside, metadata=meta)
        with beside.open("rb+") as file:
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def meta_of(path: Path) -> dict[str, str]:
    """Give the metadata of a part. Raises DataError when it cannot be read."""
    import polars as pl

    try:
        with path.open("rb") as file:
            return dict(pl.read_parquet_metadata(file))
    except (OSError, pl.exceptions.PolarsError) as error:
        raise DataError(f"{path}: part of a recording expected readable, cannot be read: {error}") from None
