"""Write rows to a file page by page, as JSON lines, CSV or Parquet. Memory stays flat, a file appears whole or not."""

import csv
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, TextIO

from domain.errors import ConfigError, LogError

Format = Literal["jsonl", "csv", "parquet"]
FORMATS: tuple[Format, ...] = ("jsonl", "csv", "parquet")
Row = Sequence[Any]
Pages = Iterable[Sequence[Row]]
Columns = Mapping[str, type]  # name -> int, float, str, bool or bytes; every column may hold None

ROW_GROUP = 20_000  # rows of a Parquet row group: what a reader holds at a time


def write_jsonl(pages: Pages, columns: Columns, sink: TextIO) -> int:
    """Write one object a line; give the number of rows."""
    names, count = tuple(columns), 0
    for page in pages:
        for row in page:
            sink.write(json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False) + "\n")
        count += len(page)
    return count


def write_csv(pages: Pages, columns: Columns, sink: TextIO) -> int:
    """Write CSV with a heading; nothing stands for null. Give the number of rows."""
    writer, count = csv.writer(sink, lineterminator="\n"), 0
    writer.writerow(columns)
    for page in pages:
        writer.writerows(page)
        count += len(page)
    return count


def write_parquet(pages: Pages, columns: Columns, path: Path) -> int:
    """Write a Parquet file, compressed with zstd; give the number of rows. Raises what `pages` raises, and OSError."""
    import polars as pl
    from polars.io.plugins import register_io_source

    kinds: dict[type, Any] = {int: pl.Int64, float: pl.Float64, str: pl.String, bool: pl.Boolean, bytes: pl.Binary}
    schema = {name: kinds[kind] for name, kind in columns.items()}
    count = 0

    def frames(_columns: Any, _predicate: Any, _n_rows: Any, _batch_size: Any) -> Iterator[pl.DataFrame]:
        nonlocal count
        for page in pages:
            count += len(page)
            yield pl.DataFrame(page, schema=schema, orient="row", strict=True)

    try:
        register_io_source(frames, schema=schema).sink_parquet(path, compression="zstd", row_group_size=ROW_GROUP)
    except pl.exceptions.ComputeError as error:
        number = re.search(r"\(os error (\d+)\)", str(error))
        if number is None:
            raise
        raise OSError(int(number[1]), os.strerror(int(number[1])), str(path)) from error
    return count


def read_parquet(path: Path, rows: int) -> Iterator[tuple[Any, ...]]:
    """Give the rows of a Parquet file of that many rows, in order, a row group at a time."""
    import polars as pl

    for offset in range(0, rows, ROW_GROUP):
        yield from pl.scan_parquet(path, glob=False).slice(offset, ROW_GROUP).collect().iter_rows()


def write(pages: Pages, columns: Columns, kind: Format, path: Path) -> int:
    """Write one file of a kind; give the number of rows."""
    if kind == "parquet":
        return write_parquet(pages, columns, path)
    with path.open("w", encoding="utf-8", newline="") as sink:
        return text_writer(kind)(pages, columns, sink)


def text_writer(kind: Format) -> Callable[[Pages, Columns, TextIO], int]:
    """Give what writes a text format to a stream. Raises ConfigError for Parquet, which is no text."""
    if kind == "parquet":
        raise ConfigError("--out expected a file name: parquet is no text to print")
    return write_csv if kind == "csv" else write_jsonl


@contextmanager
def appearing(path: Path, *, force: bool = False, option: str = "--out") -> Iterator[Path]:
    """Give a temporary name to write to; when all went well it becomes `path`, else it is removed.

    Raises ConfigError naming the option when the folder is missing, or the file exists and `force` is not given, and
    LogError when it cannot be written.
    """
    if not path.parent.is_dir():
        raise ConfigError(f"{option} expected a file in a folder that exists, was {str(path)!r}")
    if path.is_dir():
        raise ConfigError(f"{option} expected a file, {str(path)!r} is a folder")
    if path.exists() and not force:
        hint = "; --force replaces it" if option == "--out" else ""
        raise ConfigError(f"{option} expected a file that is not there yet, {str(path)!r} is{hint}")
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield part
        sync(part)
        part.replace(path)
    except OSError as error:
        raise LogError(f"{path} cannot be written: {error.strerror or error}") from error
    finally:
        part.unlink(missing_ok=True)


def sync(path: Path) -> None:
    """Bring a file or a folder's list of names to the disk."""
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
