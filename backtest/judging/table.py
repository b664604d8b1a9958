"""Reads tables that strangers made: what cannot be used is told in one line with file, row, column, value, allowed."""

import gzip
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from domain.errors import DataError

if TYPE_CHECKING:
    import polars as pl

ENDINGS: Final = (".parquet", ".csv", ".csv.gz")
ALLOWED: Final = ".parquet, .csv or .csv.gz"
SHOWN: Final = 60  # characters of a value that are told


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
            frame = pl.read_parquet(path) if path.name.endswith(".parquet") else _csv(path)
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
        shown = repr(value)
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
        """Give a column of days, written YYYY-MM-DD or YYYYMMDD, a time of day behind ignored. Raises DataError."""
        import polars as pl

        values = self.frame[column]
        if values.dtype.is_temporal():
            days = values.cast(pl.Date, strict=False)
        else:
            digits = values.cast(pl.String).str.strip_chars().str.slice(0, 10).str.replace_all("[-/.]", "")
            digits = pl.select(pl.when(digits.str.len_chars() == 8).then(digits)).to_series()
            days = digits.str.to_date("%Y%m%d", strict=False)
        return self._checked(column, days, days.is_null(), "a day as YYYY-MM-DD")

    def minutes(self, column: str) -> "pl.Series":
        """Give a column of times of day, written HH:MM or HH:MM:SS, as minutes of the day. Raises DataError."""
        import polars as pl

        values = self.frame[column]
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
        found = values.cast(pl.Float64, strict=False)
        found = pl.select(pl.when(~found.is_nan()).then(found)).to_series()  # how pandas writes what is missing
        given = ~values.is_null() if values.dtype == pl.String else found.is_not_null()
        wrong = given & (found.is_null() | found.is_infinite() | (found < 0) | (found > most)).fill_null(True)
        return self._checked(column, found, wrong, allowed)

    def _checked(self, column: str, values: "pl.Series", wrong: "pl.Series", allowed: str) -> "pl.Series":
        at = wrong.arg_true()
        if len(at):
            raise self.bad(int(at[0]), column, self.frame[column][int(at[0])], allowed)
        return values.alias(column)


def _csv(path: Path) -> "pl.DataFrame":
    import polars as pl

    if path.name.endswith(".gz"):
        with gzip.open(path) as packed:  # the gzip module notices a file cut short
            raw = packed.read()
    else:
        raw = path.read_bytes()
    raw.decode("utf-8")
    return pl.read_csv(raw.removeprefix(b"\xef\xbb\xbf"), infer_schema=False)
