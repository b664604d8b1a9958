"""Reads a file of daily or minute bars for `krx check`, and the lists beside it. Polars is loaded only then."""

import gzip
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from domain.errors import DataError
from domain.krx.codes import ALLOWED, is_code
from domain.krx.limit_check import BarHistory, DayBar, leverage_in
from domain.krx.limits import base_of_close
from domain.types import Market

if TYPE_CHECKING:
    import polars as pl

PRICES: Final = ("open", "high", "low", "close")
REQUIRED: Final = ("code", "date", *PRICES, "volume")
BASES: Final = ("change", "prev_close")  # either gives the base price
OPTIONAL: Final = ("name", "market", "listed_shares", "time")
LIST_COLUMNS: Final = ("list_date", "market", "kind", "name", "issue", "file")  # taken from lists where they are
ENDINGS: Final = (".parquet", ".csv.gz")
_BIGGEST: Final = 10**15

Listing = Mapping[str, tuple[str, Market]]  # code -> (name, market)


@dataclass(frozen=True, slots=True)
class Lists:
    """What is known from outside the file."""

    listing: Listing  # names and markets
    listed_on: Mapping[str, date]
    delisted: frozenset[str]
    complete_on: date  # day of which `listing` is complete: who traded before and is not in it has left since
    defects: Mapping[str, Mapping[date, str]]


@dataclass(frozen=True, slots=True)
class BarFile:
    """A checked file: one row per code and day, sorted."""

    path: Path
    rows: "pl.DataFrame"  # code, day, prices, volume, base, and name, market, listed_shares where the file has them
    bars: int  # rows of the file itself
    is_minute: bool
    days: tuple[date, date]


def read_bars(path: Path) -> BarFile:
    """Read and check a file. Raises DataError naming file, field, value and what is allowed."""
    import polars as pl

    frame = _with_known_columns(path)
    if not frame.height:
        raise DataError(f"{path}: rows expected at least one, was an empty table")
    is_minute = "time" in frame.columns
    if frame.schema["code"].is_numeric():
        kind = frame.schema["code"]
        raise DataError(f"{path}: field code expected text (leading zeros and letters matter), was {kind}")
    day = pl.col("date") if frame.schema["date"].is_temporal() else _parsed_date()
    numbers = [name for name in (*PRICES, "volume", *BASES, "listed_shares") if name in frame.columns]
    tidy = frame.with_columns(
        pl.col("code").cast(pl.String).str.strip_chars(),
        day.cast(pl.Date).alias("day"),
        *(_whole(name) for name in numbers),
    )
    _refuse_first(path, frame, tidy, ["day", *PRICES, "volume"])
    rows = _days_of_minutes(tidy) if is_minute else tidy
    rows = rows.sort("code", "day")
    twice = rows.filter(rows.select("code", "day").is_duplicated())
    if twice.height:
        raise DataError(f"{path}: rows expected one per code and date, {twice['code'][0]} has two on {twice['day'][0]}")
    first, last = rows["day"].min(), rows["day"].max()
    assert isinstance(first, date)
    assert isinstance(last, date)
    return BarFile(path, rows, frame.height, is_minute, (first, last))


def histories(file: BarFile, lists: Lists, fallback: Market) -> Iterator[BarHistory]:
    """Give each code's history. The market is the file's, else the list's, else `fallback`.

    A fund is told by the list even where the file has a market: exchanges file ETF under KOSPI.
    Raises DataError for a market that is not known.
    """
    for (code,), rows in file.rows.group_by("code", maintain_order=True):
        known = lists.listing.get(str(code))
        rows_dicts = rows.to_dicts()
        named = str(rows_dicts[-1].get("name") or (known[0] if known else ""))
        market = _market(file.path, str(code), rows_dicts[-1], known, fallback)
        yield BarHistory(
            str(code),
            named,
            market,
            tuple(_bar(row, market) for row in rows_dicts),
            file.days,
            not file.is_minute,
            leverage_in(named, market),
            lists.listed_on.get(str(code)),
            str(code) in lists.delisted or (known is None and file.days[1] < lists.complete_on),
            lists.defects.get(str(code), {}),
        )


def read_list(path: Path, needed: tuple[str, ...]) -> list[dict[str, Any]]:
    """Read a list (defects, instruments, delisted codes) as rows of text. Raises DataError like `read_bars`."""
    return _read(path, lambda names: _pick(path, names, needed, LIST_COLUMNS)).to_dicts()


def bad_codes(file: BarFile) -> list[str]:
    """Name codes of the file that do not have the form of one."""
    return [code for code in file.rows["code"].unique().sort().to_list() if not is_code(code)]


def bad_codes_text(codes: list[str]) -> str:
    """Say it in one line."""
    return f"codes expected {ALLOWED}, {len(codes)} are not, the first {codes[0]!r}"


def _bar(row: dict[str, Any], market: Market) -> DayBar:
    close, day = row["close"], row["day"]
    if "change" in row:
        base = None if row["change"] is None else close - row["change"]
    else:
        before = row["prev_close"]
        base = base_of_close(before, market, day) if before else None
    opened, high, low = row["open"], row["high"], row["low"]
    return DayBar(day, opened, high, low, close, row["volume"], base, row.get("listed_shares"))


def _market(path: Path, code: str, row: dict[str, Any], known: tuple[str, Market] | None, fallback: Market) -> Market:
    if known is not None and known[1] in (Market.ETF, Market.ETN):
        return known[1]
    text = row.get("market")
    if text:
        try:
            return Market(str(text).split()[0].upper())  # KOSDAQ GLOBAL is a segment of KOSDAQ
        except (ValueError, IndexError):
            allowed = ", ".join(market.value for market in Market)
            raise DataError(f"{path}: field market of {code} expected one of {allowed}, was {text!r}") from None
    return known[1] if known is not None else fallback


def _with_known_columns(path: Path) -> "pl.DataFrame":
    def columns(names: list[str]) -> list[str]:
        picked = _pick(path, names, REQUIRED, (*BASES, *OPTIONAL))
        base = [name for name in BASES if name in picked]
        if not base:
            what = "minute bars" if "time" in picked else "bars"
            wanted = "prev_close" if "time" in picked else "change or prev_close"
            raise DataError(
                f"{path}: column {wanted} expected, without it the base price of {what} is not known; "
                "adjusted prices cannot be checked"
            )
        if "time" in picked and "prev_close" not in base:
            raise DataError(f"{path}: column prev_close expected in minute bars, has only change")
        drop = "change" if "time" in picked else "prev_close" if len(base) == 2 else ""
        return [name for name in picked if name != drop]

    return _read(path, columns)


def _pick(path: Path, names: list[str], required: tuple[str, ...], optional: tuple[str, ...]) -> list[str]:
    missing = [name for name in required if name not in names]
    if missing:
        raise DataError(f"{path}: columns expected {', '.join(required)}, missing {', '.join(missing)}")
    return [name for name in names if name in required or name in optional]


def _read(path: Path, columns: Any) -> "pl.DataFrame":
    import polars as pl

    if not path.name.endswith(ENDINGS):
        raise DataError(f"{path}: file name expected {' or '.join(ENDINGS)}, was {path.name!r}")
    try:
        if path.name.endswith(".parquet"):
            with path.open("rb") as file:
                names = columns(list(pl.read_parquet_schema(file)))
            return pl.read_parquet(path, columns=names)
        with gzip.open(path) as packed:  # the gzip module notices a file cut short
            raw = packed.read()
        head = pl.read_csv(raw, n_rows=0, infer_schema=False)
        return pl.read_csv(raw, columns=columns(head.columns), infer_schema=False)
    except FileNotFoundError:
        raise DataError(f"{path}: file expected to exist, was not found") from None
    except (OSError, EOFError, zlib.error, pl.exceptions.PolarsError) as error:
        said = str(error).strip().splitlines()
        raise DataError(f"{path}: file expected readable, cannot be read: {said[0] if said else error!r}") from None


def _parsed_date() -> "pl.Expr":
    import polars as pl

    text = pl.col("date").cast(pl.String).str.strip_chars().str.replace_all("-", "")
    return text.str.to_date("%Y%m%d", strict=False)


def _whole(name: str) -> "pl.Expr":
    import polars as pl

    number = pl.col(name).cast(pl.Float64, strict=False)
    fits = number.is_finite() & (number == number.floor()) & (number.abs() < _BIGGEST)
    return pl.when(fits).then(number).otherwise(None).cast(pl.Int64).alias(name)


def _refuse_first(path: Path, raw: "pl.DataFrame", tidy: "pl.DataFrame", names: list[str]) -> None:
    for name in names:
        bad = tidy[name].is_null()
        if bad.any():
            row = bad.to_list().index(True)
            source = "date" if name == "day" else name
            allowed = "YYYY-MM-DD" if name == "day" else "a whole number"
            raise DataError(f"{path}: field {source} of row {row + 1} expected {allowed}, was {raw[source][row]!r}")


def _days_of_minutes(bars: "pl.DataFrame") -> "pl.DataFrame":
    """Fold minute bars into days; bars without a price are left out."""
    import polars as pl

    kept = [name for name in ("name", "market", "listed_shares") if name in bars.columns]
    times = bars.with_columns(pl.col("time").cast(pl.String).str.replace_all(":", "").str.zfill(6))
    return (
        times.filter(pl.min_horizontal(*PRICES) > 0)
        .sort("code", "day", "time")
        .group_by("code", "day", maintain_order=True)
        .agg(
            pl.col("open").first(),
            pl.col("high").max(),
            pl.col("low").min(),
            pl.col("close").last(),
            pl.col("volume").sum(),
            pl.col("prev_close").drop_nulls().first(),
            *(pl.col(name).first() for name in kept),
        )
    )


def dates_of(rows: list[dict[str, Any]], path: Path, key: str) -> Iterator[tuple[str, date, dict[str, Any]]]:
    """Give (code, date, row) of a list, rows without a date left out. Raises DataError for a malformed date."""
    for row in rows:
        text = row[key]
        if text is None or text == "":
            continue
        try:
            day = text if isinstance(text, date) else date.fromisoformat(str(text))
        except ValueError:
            raise DataError(f"{path}: field {key} of {row['code']} expected YYYY-MM-DD, was {text!r}") from None
        yield str(row["code"]), day, row
