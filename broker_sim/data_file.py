"""Recorded market data as files: which kind a file is, which days it holds, and the rows of one day.

A file is parquet or csv.gz; its columns tell its kind. A folder stands for all such files in it. Polars is loaded only
when a file is read. What rows mean, and which are refused, is in the reader of the kind.
"""

import gzip
import re
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from domain.errors import DataError

if TYPE_CHECKING:
    import polars as pl

T = TypeVar("T")


class DataKind(StrEnum):
    """What one row of a file is."""

    BARS = "bars"  # a bar of minutes
    DAILY = "daily"  # a bar of a day
    TICKS = "ticks"  # a trade, or a change of the best prices
    BOOKS = "books"  # the displayed order book
    INDEX = "index"  # a value of a market's index


PRICES: Final = ("open", "high", "low", "close")
REQUIRED: Final = ("code", "date", "time", *PRICES, "volume")
DAILY_REQUIRED: Final = ("code", "date", *PRICES, "volume")
TICK_REQUIRED: Final = ("code", "date", "time", "price", "volume")
TICK_OPTIONAL: Final = ("cumulative_volume", "bid", "ask", "bid_qty", "ask_qty", "kind")
BOOK_REQUIRED: Final = ("code", "date", "time", "bid1", "bid_qty1", "ask1", "ask_qty1")
INDEX_REQUIRED: Final = ("market", "date", "time", "value")
LEVEL: Final = ("bid", "bid_qty", "ask", "ask_qty")  # columns of one level, with its number behind
OPTIONAL: Final = ("prev_close",)
SUFFIXES: Final = (".parquet", ".csv.gz")
ALLOWED_NAMES: Final = ".parquet or .csv.gz"
# Metadata of a recorded file, see `recorder.py`.
INSTRUMENTS_META: Final = "hantrade.instruments"
CONFLATED_META: Final = "hantrade.conflated"
GAPS_META: Final = "hantrade.gaps"
MOST_LEVELS: Final = 50
_PART: Final = re.compile(r"\.part-\d+(?=\.parquet$)")


@dataclass(frozen=True, slots=True)
class DataFile:
    """One file, opened. Rows are read day by day."""

    path: Path
    kind: DataKind
    columns: tuple[str, ...]  # those that mean something here
    meta: dict[str, str]  # what a recorder wrote beside the rows
    _rows: "pl.LazyFrame"  # date as YYYYMMDD, code as text
    _days: list[date] = field(default_factory=list, compare=False)  # once they were asked for

    @classmethod
    def open(cls, path: Path) -> "DataFile":
        """Look at a file. Raises DataError naming file, field, value and what is allowed."""
        import polars as pl

        if not path.name.endswith(SUFFIXES):
            raise DataError(f"{path}: file name expected {ALLOWED_NAMES}, was {path.name!r}")
        meta: dict[str, str] = {}
        if path.name.endswith(".parquet"):
            meta, lazy = _guarded(path, lambda: _scan(path))
        else:
            lazy = _guarded(path, lambda: pl.read_csv(_unpacked(path), infer_schema=False).lazy())
        schema = _guarded(path, lazy.collect_schema)
        kind, columns = _kind_of(path, schema.names())
        subject = "market" if kind is DataKind.INDEX else "code"
        if subject == "code" and schema["code"].is_numeric():
            raise DataError(
                f"{path}: field code expected text (leading zeros and letters matter), was {schema['code']}"
            )
        day = pl.col("date")
        if schema["date"].is_temporal():
            day = day.dt.strftime("%Y%m%d")
        tidy = lazy.select(columns).with_columns(
            pl.col(subject).cast(pl.String).str.strip_chars(),
            day.cast(pl.String).str.replace_all("-", "").str.strip_chars(),
        )
        return cls(path, kind, columns, meta, tidy)

    def days(self) -> list[date]:
        """Give the days of the file in order. Raises DataError when no row has one."""
        import polars as pl

        if self._days:
            return self._days
        frame = _guarded(self.path, self._rows.select(pl.col("date").unique().sort(), pl.len().alias("n")).collect)
        if not frame.height or not frame["n"][0]:
            raise DataError(f"{self.path}: rows expected at least one, was an empty table")
        days = [day for text in frame["date"].to_list() if (day := as_date(text)) is not None]
        if not days:
            count = frame["n"][0]
            raise DataError(
                f"{self.path}: field date expected YYYY-MM-DD in at least one row, found none in {count} rows"
            )
        self._days.extend(days)
        return self._days

    def codes(self) -> dict[date, set[str]]:
        """Give the codes of each day; an index has none."""
        import polars as pl

        if self.kind is DataKind.INDEX:
            return {}
        by_day = self._rows.group_by("date").agg(pl.col("code").drop_nulls().unique())
        frame = _guarded(self.path, by_day.collect)
        return {day: set(codes) for text, codes in frame.iter_rows() if (day := as_date(text)) is not None}

    def of(self, code: str) -> "pl.DataFrame":
        """Give the rows of one code on every day, as `day` does, with `date` (of type Date, never null).

        Raises DataError.
        """
        import polars as pl

        frame = _guarded(self.path, self._rows.filter(pl.col("code") == code).collect)
        if "time" in self.columns:
            frame = frame.with_columns(_nanos_of_day(frame.schema["time"]).alias("nanos")).drop("time")
        return frame.with_columns(pl.col("date").str.to_date("%Y%m%d", strict=False)).drop_nulls("date")

    def day(self, day: date) -> "pl.DataFrame":
        """Give the rows of one day: `columns` less date and time, with `nanos` (time of day in ns, null when bad)."""
        import polars as pl

        frame = _guarded(self.path, self._rows.filter(pl.col("date") == f"{day:%Y%m%d}").collect)
        if "time" not in self.columns:
            return frame.drop("date")
        return frame.with_columns(_nanos_of_day(frame.schema["time"]).alias("nanos")).drop("date", "time")


def data_files(path: Path) -> list[DataFile]:
    """Open a file, or every data file of a folder in order of name. Raises DataError."""
    if not path.is_dir():
        return [DataFile.open(path)]
    names = {one.name for one in path.iterdir() if one.name.endswith(SUFFIXES) and not one.name.startswith(".")}
    # Parts of a recording beside the finished file: the recorder was killed before it removed them.
    found = sorted(path / name for name in names if _PART.sub("", name) == name or _PART.sub("", name) not in names)
    if not found:
        raise DataError(f"{path}: folder expected at least one file {ALLOWED_NAMES}, has none")
    return [DataFile.open(one) for one in found]


def days_in(path: Path) -> list[date]:
    """Give every day of a file or folder in order, sessions or not. Raises DataError."""
    return sorted({day for file in traded(path, data_files(path)) for day in file.days()})


def traded(path: Path, files: Sequence[DataFile]) -> list[DataFile]:
    """Give the files that tell what was traded: all but those of an index. Raises DataError when there is none."""
    found = [file for file in files if file.kind is not DataKind.INDEX]
    if not found:
        raise DataError(f"{path}: files expected bars, ticks or order books, was an index alone; it goes beside them")
    return found


def whole(name: str, biggest: int = 10**15) -> "pl.Expr":
    """Give a column as Int64, null where it is not a whole number (won or shares) below `biggest`."""
    import polars as pl

    number = pl.col(name).cast(pl.Float64, strict=False)
    fits = number.is_finite() & (number == number.floor()) & (number.abs() < biggest)
    return pl.when(fits).then(number).otherwise(None).cast(pl.Int64)


def keep(rows: "pl.DataFrame", rules: Sequence[tuple[str, "pl.Expr"]], refused: dict[str, int]) -> "pl.DataFrame":
    """Drop the rows a rule says are bad (null counts as bad), counting each by the first rule it breaks."""
    for reason, bad in rules:
        kept = rows.filter(~bad.fill_null(True))
        if kept.height < rows.height:
            refused[reason] = refused.get(reason, 0) + rows.height - kept.height
        rows = kept
    return rows


def as_date(text: str | None) -> date | None:
    """Read YYYYMMDD; None when it is no date."""
    if text is None or len(text) != 8 or not text.isdecimal():
        return None
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return None


def _scan(path: Path) -> "tuple[dict[str, str], pl.LazyFrame]":
    import polars as pl

    with path.open("rb") as file:  # a missing file is told as such, not as polars tells it
        meta = {key: value for key, value in pl.read_parquet_metadata(file).items() if key.startswith("hantrade.")}
    return meta, pl.scan_parquet(path, glob=False)


def _unpacked(path: Path) -> bytes:
    with gzip.open(path) as packed:  # the gzip module notices a file cut short
        return packed.read()


def _guarded(path: Path, read: Callable[[], T]) -> T:
    import polars as pl

    try:
        return read()
    except FileNotFoundError:
        raise DataError(f"{path}: file expected to exist, was not found") from None
    except (OSError, EOFError, zlib.error, pl.exceptions.PolarsError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise DataError(f"{path}: file expected readable {ALLOWED_NAMES}, cannot be read: {reason}") from None


def _kind_of(path: Path, names: Sequence[str]) -> tuple[DataKind, tuple[str, ...]]:
    """Tell the kind by the columns, and which of them are read."""
    have = set(names)
    if "code" not in have and have.intersection(("market", "value")):
        extra = tuple(name for name in OPTIONAL if name in have)
        return DataKind.INDEX, (*_need(path, INDEX_REQUIRED, have), *extra)
    if "bid1" in have or "ask1" in have:
        return DataKind.BOOKS, (*_need(path, BOOK_REQUIRED, have), *_deeper_levels(path, have))
    if "price" in have:
        optional = tuple(name for name in (*TICK_OPTIONAL, *OPTIONAL) if name in have)
        return DataKind.TICKS, (*_need(path, TICK_REQUIRED, have), *optional)
    extra = tuple(name for name in OPTIONAL if name in have)
    if "time" not in have and have.issuperset(DAILY_REQUIRED):
        return DataKind.DAILY, (*DAILY_REQUIRED, *extra)
    # "amount" is the day's turnover so far; only `quality` looks at it.
    extra += tuple(name for name in ("amount",) if name in have)
    return DataKind.BARS, (*_need(path, REQUIRED, have), *extra)


def _need(path: Path, required: tuple[str, ...], have: set[str]) -> tuple[str, ...]:
    if missing := [name for name in required if name not in have]:
        others = "" if required is not REQUIRED else " (or those of daily bars, ticks, order books or an index)"
        raise DataError(f"{path}: columns expected {', '.join(required)}{others}, missing {', '.join(missing)}")
    return required


def _deeper_levels(path: Path, have: set[str]) -> list[str]:
    found: list[str] = []
    for level in range(2, MOST_LEVELS + 1):
        names = [f"{name}{level}" for name in LEVEL]
        given = [name for name in names if name in have]
        if not given:
            break
        if len(given) < len(names):
            missing = ", ".join(name for name in names if name not in have)
            raise DataError(f"{path}: columns of book level {level} expected {', '.join(names)}, missing {missing}")
        found += names
    return found


def _nanos_of_day(dtype: "pl.DataType") -> "pl.Expr":
    """Read HH:MM[:SS[.fraction]], HHMM or HHMMSS, numbers and times alike, as ns of the day; null when it is none."""
    import polars as pl

    time = pl.col("time")
    if dtype.is_temporal():
        time = time.dt.strftime("%H%M%S%.9f")
    parts = time.cast(pl.String).str.replace_all(":", "").str.strip_chars().str.splitn(".", 2)
    text, fraction = parts.struct.field("field_0"), parts.struct.field("field_1").fill_null("")
    padded = pl.when(text.str.len_chars() <= 4).then(text.str.zfill(4) + "00").otherwise(text.str.zfill(6))
    hour, minute, second = (padded.str.slice(at, 2).cast(pl.Int64, strict=False) for at in (0, 2, 4))
    nanos = fraction.str.pad_end(9, "0").cast(pl.Int64, strict=False)
    good = (
        padded.str.contains(r"^\d{6}$")
        & fraction.str.contains(r"^\d{0,9}$")
        & (hour < 24)
        & (minute < 60)
        & (second < 60)
    )
    return pl.when(good).then(((hour * 60 + minute) * 60 + second) * 1_000_000_000 + nanos).otherwise(None)
