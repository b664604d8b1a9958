"""Open a file of recorded bars and give one day of it as checked rows. Polars is loaded only when a file is read."""

import gzip
import zlib
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final

from domain.errors import DataError

if TYPE_CHECKING:
    import polars as pl

PRICES: Final = ("open", "high", "low", "close")
REQUIRED: Final = ("code", "date", "time", *PRICES, "volume")
OPTIONAL: Final = ("prev_close",)
ALLOWED_NAMES: Final = ".parquet or .csv.gz"
_BIGGEST: Final = 10**15  # won or shares; anything above is not a price or a volume of one bar


@dataclass(frozen=True, slots=True)
class DayRows:
    """Rows of one day in order of code and second; `frame` has REQUIRED less date and time, `second` and OPTIONAL."""

    day: date
    codes: tuple[str, ...]  # all codes of that day, sorted
    frame: "pl.DataFrame"
    refused: dict[str, int]  # why rows were refused -> how many


def read_day(path: Path, day: date | None) -> DayRows:
    """Read one day (None: the last one). Raises DataError naming file, field, value and what is allowed."""
    frame = _tidy(_read(path), path)
    days = [text for text in frame["date"].unique().sort().to_list() if _as_date(text) is not None]
    if not days:
        raise DataError(
            f"{path}: field date expected YYYY-MM-DD in at least one row, found none in {frame.height} rows"
        )
    wanted = days[-1] if day is None else f"{day:%Y%m%d}"
    if wanted not in days:
        raise DataError(_unknown_day(path, wanted, days))
    chosen = _as_date(wanted)
    assert chosen is not None
    rows = frame.filter(frame["date"] == wanted)
    checked, refused = _check(rows)
    return DayRows(chosen, tuple(rows["code"].unique().sort().to_list()), checked, refused)


def _read(path: Path) -> "pl.DataFrame":
    import polars as pl

    if not path.name.endswith((".parquet", ".csv.gz")):
        raise DataError(f"{path}: file name expected {ALLOWED_NAMES}, was {path.name!r}")
    try:
        if path.name.endswith(".parquet"):
            with path.open("rb") as file:
                schema = pl.read_parquet_schema(file)
            names = _columns(path, list(schema))
            frame = pl.read_parquet(path, columns=names)
        else:
            with gzip.open(path) as packed:  # the gzip module notices a file cut short
                raw = packed.read()
            head = pl.read_csv(raw, n_rows=0, infer_schema=False)
            frame = pl.read_csv(raw, columns=_columns(path, head.columns), infer_schema=False)
    except FileNotFoundError:
        raise DataError(f"{path}: file expected to exist, was not found") from None
    except (OSError, EOFError, zlib.error, pl.exceptions.PolarsError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise DataError(f"{path}: file expected readable {ALLOWED_NAMES}, cannot be read: {reason}") from None
    return frame


def _columns(path: Path, names: list[str]) -> list[str]:
    missing = [name for name in REQUIRED if name not in names]
    if missing == ["time"]:
        raise DataError(f"{path}: column time is missing: daily bars cannot be replayed, expected minute bars")
    if missing:
        raise DataError(f"{path}: columns expected {', '.join(REQUIRED)}, missing {', '.join(missing)}")
    return [*REQUIRED, *(name for name in OPTIONAL if name in names)]


def _tidy(frame: "pl.DataFrame", path: Path) -> "pl.DataFrame":
    """Bring code, date (YYYYMMDD) and time (HHMMSS) to text, whatever the file keeps them as."""
    import polars as pl

    if not frame.height:
        raise DataError(f"{path}: rows expected at least one, was an empty table")
    if frame.schema["code"].is_numeric():
        raise DataError(
            f"{path}: field code expected text (leading zeros and letters matter), was {frame.schema['code']}"
        )
    day, time = pl.col("date"), pl.col("time")
    if frame.schema["date"].is_temporal():
        day = day.dt.strftime("%Y%m%d")
    if frame.schema["time"].is_temporal():
        time = time.dt.strftime("%H%M%S")
    text = time.cast(pl.String).str.replace_all(":", "").str.strip_chars()
    padded = pl.when(text.str.len_chars() <= 4).then(text.str.zfill(4) + "00").otherwise(text.str.zfill(6))
    return frame.with_columns(
        pl.col("code").cast(pl.String).str.strip_chars(),
        day.cast(pl.String).str.replace_all("-", "").str.strip_chars(),
        padded,
    )


def _check(rows: "pl.DataFrame") -> tuple["pl.DataFrame", dict[str, int]]:
    """Refuse rows that cannot be bars, counted by reason; the rest become integers."""
    import polars as pl

    def whole(name: str) -> "pl.Expr":
        number = pl.col(name).cast(pl.Float64, strict=False)
        fits = number.is_finite() & (number == number.floor()) & (number.abs() < _BIGGEST)
        return pl.when(fits).then(number).otherwise(None).cast(pl.Int64)

    numbers = [*PRICES, "volume", *(name for name in OPTIONAL if name in rows.columns)]
    hour, minute, second = (pl.col("time").str.slice(at, 2).cast(pl.Int64, strict=False) for at in (0, 2, 4))
    in_day = pl.col("time").str.contains(r"^\d{6}$") & (hour < 24) & (minute < 60) & (second < 60)
    rows = rows.with_columns(
        *(whole(name).alias(name) for name in numbers),
        second=pl.when(in_day).then(hour * 3600 + minute * 60 + second).otherwise(None),
    )
    refused: dict[str, int] = {}
    for reason, bad in (
        ("no code", pl.col("code").is_null() | (pl.col("code") == "")),
        ("time not HH:MM:SS", pl.col("second").is_null()),
        ("price or volume not a whole number", pl.any_horizontal(pl.col(*PRICES, "volume").is_null())),
        ("price <= 0", pl.min_horizontal(*PRICES) <= 0),
        ("volume < 0", pl.col("volume") < 0),
        (
            "open, high, low, close contradict",
            (pl.max_horizontal("open", "low", "close") > pl.col("high"))
            | (pl.min_horizontal("open", "close") < pl.col("low")),
        ),
    ):
        kept = rows.filter(~bad.fill_null(True))
        if kept.height < rows.height:
            refused[reason] = rows.height - kept.height
        rows = kept
    unique = rows.unique(subset=["code", "second"], keep="first", maintain_order=True)
    if unique.height < rows.height:
        refused["same code and time twice"] = rows.height - unique.height
    return unique.drop("date", "time").sort("code", "second"), refused


def _as_date(text: str | None) -> date | None:
    if text is None or len(text) != 8 or not text.isdecimal():
        return None
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return None


def _unknown_day(path: Path, wanted: str, days: list[str]) -> str:
    day = _as_date(wanted)
    known = [found for text in days if (found := _as_date(text)) is not None]
    assert day is not None
    nearest = min(known, key=lambda found: (abs((found - day).days), found))
    return f"{path}: day expected one of {len(known)} from {known[0]} to {known[-1]}, was {day} (nearest {nearest})"
