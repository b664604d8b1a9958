"""Reads tables that strangers made: what cannot be used is told in one line with file, row, column, value, allowed."""

import gzip
import zlib
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from domain.errors import DataError

if TYPE_CHECKING:
    import polars as pl

ENDINGS: Final = (".parquet", ".csv", ".csv.gz")
ALLOWED: Final = ".parquet, .csv or .csv.gz"
SHOWN: Final = 60  # characters of a value that are told
SEOUL: Final = "Asia/Seoul"
SEOUL_MINUTES: Final = 9 * 60  # ahead of UTC
DAY_MINUTES: Final = 24 * 60
# A moment with its time zone, behind ten characters of date: 2024-01-02T15:00:00+00:00
MOMENT: Final = r"^.{10}[T ]\s*(\d{1,2}):(\d{2})(?::\d{2}(?:\.\d+)?)?\s*(?:Z|UTC|([+-])(\d{2}):?(\d{2})?)$"


class Table:
    """One file. Rows are numbered as a person counts them: of a CSV the line, of parquet from 1."""

    def __init__(self, path: Path, needed: Sequence[str], optional: Sequence[str] = ()) -> None:
        """Read the columns that are needed and those that may be there, others are ignored. Raises DataError."""
        import polars as pl

        if not path.name.endswith(ENDINGS):
            raise DataError(f"{path}: file name expected {ALLOWED}, was {path.name!r}")
        self.path = path
        self._first = 1 if path.name.endswith(".parquet") else 2
        try:
            frame = pl.read_parquet(path, glob=False) if path.name.endswith(".parquet") else _csv(path)
        except FileNotFoundError:
            raise DataError(f"{path}: file expected to exist, was not found") from None
        except UnicodeDecodeError as error:
            raise DataError(f"{path}: text expected UTF-8, byte {error.start} is not") from None
        except (OSError, EOFError, zlib.error, pl.exceptions.PolarsError) as error:
            said = (str(error).strip().splitlines() or [type(error).__name__])[0]
            raise DataError(f"{path}: file expected readable {ALLOWED}, cannot be read: {said:.200}") from None
        frame = frame.rename({name: name.strip() for name in frame.columns if name.strip() not in frame.columns})
        missing = [name for name in needed if name not in frame.columns]
        if missing:
            have = ", ".join(frame.columns) or "none"
            raise DataError(f"{path}: columns expected {', '.join(needed)}, missing {', '.join(missing)}, has {have}")
        self.frame = frame.select([name for name in (*needed, *optional) if name in frame.columns])
        if not self.frame.height:
            raise DataError(f"{path}: rows expected at least one, was an empty table")

    def bad(self, row: int, column: str, value: object, allowed: str) -> DataError:
        """Give the error of one value; `row` counts from 0."""
        shown = " ".join(repr(value).split())  # of some values it has several lines
        shown = shown if len(shown) <= SHOWN else f"{shown[:SHOWN]}…"
        return DataError(f"{self.path}: row {row + self._first} column {column} expected {allowed}, was {shown}")

    def text(self, column: str, *, empty: bool = False) -> "pl.Series":
        """Give a column of texts without blanks around, composed (NFC). Raises DataError for a missing one."""
        import polars as pl

        values = self.frame[column]
        if values.dtype.is_numeric():
            raise self.bad(0, column, values[0], "text (leading zeros and letters matter)")
        # Some systems write 가 as two characters; names and options have it as one.
        values = values.cast(pl.String).str.strip_chars().str.normalize("NFC")
        return values if empty else self._checked(column, values, values.fill_null("") == "", "a text")

    def dates(self, column: str) -> "pl.Series":
        """Give a column of days, written YYYY-MM-DD or YYYYMMDD. Raises DataError.

        A time of day behind is ignored, unless it tells its time zone: then the day is that in Seoul.
        """
        import polars as pl

        values = self._in_seoul(column)
        if values.dtype.is_temporal():
            days = values.cast(pl.Date, strict=False)
        else:
            text = values.cast(pl.String, strict=False).str.strip_chars()
            digits = text.str.slice(0, 10).str.replace_all("[-/.]", "")
            digits = pl.select(pl.when(digits.str.len_chars() == 8).then(digits)).to_series()
            days = digits.str.to_date("%Y%m%d", strict=False)
            days = days + _days_later_in_seoul(text) * timedelta(days=1)
        return self._checked(column, days, days.is_null(), "a day as YYYY-MM-DD")

    def minutes(self, column: str) -> "pl.Series":
        """Give a column of times of day, written HH:MM or HH:MM:SS, as minutes of the day. Raises DataError."""
        import polars as pl

        values = self._in_seoul(column)
        if values.dtype.is_temporal():
            clock = values.cast(pl.Time, strict=False)
            found = clock.dt.hour().cast(pl.Int64) * 60 + clock.dt.minute()
        else:
            text = values.cast(pl.String).str.strip_chars()
            parts = text.str.extract_groups(r"^([01]?\d|2[0-3]):?([0-5]\d)(?::?[0-5]\d(?:\.\d+)?)?$").struct
            found = parts.field("1").cast(pl.Int64) * 60 + parts.field("2").cast(pl.Int64)
        return self._checked(column, found, found.is_null(), "a time of day as HH:MM or HH:MM:SS")

    def numbers(self, column: str, most: float, allowed: str) -> "pl.Series":
        """Give a column of numbers from 0 to `most` as floats, null where there is none. Raises DataError."""
        import polars as pl

        values = self.frame[column]
        if values.dtype == pl.String:
            values = values.str.strip_chars()
            values = pl.select(pl.when(values != "").then(values)).to_series()
        elif not values.dtype.is_numeric():
            raise self.bad(0, column, values[0], allowed)
        found = values.cast(pl.Float64, strict=False)
        found = pl.select(pl.when(~found.is_nan()).then(found)).to_series()  # how pandas writes what is missing
        given = ~values.is_null() if values.dtype == pl.String else found.is_not_null()
        wrong = given & (found.is_null() | found.is_infinite() | (found < 0) | (found > most)).fill_null(True)
        return self._checked(column, found, wrong, allowed)

    def _in_seoul(self, column: str) -> "pl.Series":
        """Give a column; moments of a time zone as what the clock in Seoul shows."""
        values = self.frame[column]
        zone: str | None = getattr(values.dtype, "time_zone", None)
        return values.dt.convert_time_zone(SEOUL).dt.replace_time_zone(None) if zone else values

    def _checked(self, column: str, values: "pl.Series", wrong: "pl.Series", allowed: str) -> "pl.Series":
        at = wrong.arg_true()
        if len(at):
            raise self.bad(int(at[0]), column, self.frame[column][int(at[0])], allowed)
        return values.alias(column)


def _days_later_in_seoul(text: "pl.Series") -> "pl.Series":
    """Give how many days later it is in Seoul than a text's own date says; 0 where it names no time zone."""
    import polars as pl

    parts = text.str.extract_groups(MOMENT).struct
    hour, minute, ahead_h, ahead_m = (parts.field(name).cast(pl.Int64) for name in ("1", "2", "4", "5"))
    sign = (parts.field("3") == "-").fill_null(False).cast(pl.Int64) * -2 + 1
    ahead = sign * (ahead_h.fill_null(0) * 60 + ahead_m.fill_null(0))
    return ((hour * 60 + minute - ahead + SEOUL_MINUTES) // DAY_MINUTES).fill_null(0)


def _csv(path: Path) -> "pl.DataFrame":
    import polars as pl

    if path.name.endswith(".gz"):
        with gzip.open(path) as packed:  # the gzip module notices a file cut short
            raw = packed.read()
    else:
        raw = path.read_bytes()
    raw.decode("utf-8")
    return pl.read_csv(raw.removeprefix(b"\xef\xbb\xbf"), infer_schema=False)
