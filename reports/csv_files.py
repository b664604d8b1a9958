"""CSV that spreadsheets and tax offices read: UTF-8 with BOM (Excel shows Korean), RFC 4180, whole files or none.

Source of the format: RFC 4180 (commas, quotes doubled, CRLF). Source of the guard: OWASP, CSV Injection.
"""

import csv
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from domain.errors import ConfigError
from persistence.tables import appearing
from reports.model import Report
from reports.objects import PARTS

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")  # how text begins that a spreadsheet would calculate


def write_csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[Any]], *, force: bool = False) -> int:
    """Write one file with a heading; give the number of rows. The file appears whole or not at all.

    None is an empty cell, True and False are `true` and `false`, text that begins like a formula gets an apostrophe.
    Raises ConfigError when the file is there and `force` is not given, LogError when it cannot be written, and what
    `rows` raises.
    """
    refuse_to_replace([path], force=force)
    count = 0
    with (
        appearing(path, force=force, option="--csv") as part,
        part.open("w", encoding="utf-8-sig", newline="") as sink,
    ):
        writer = csv.writer(sink)
        writer.writerow(columns)
        for count, row in enumerate(rows, 1):  # noqa: B007 - the last number is the count
            writer.writerow([cell(value) for value in row])
    return count


def write_folder(report: Report, folder: Path, *, force: bool = False) -> Iterator[tuple[Path, int]]:
    """Write every part of a report as a file of a folder, which is made; give each file with its rows.

    Raises ConfigError before anything is written when one of the files is there and `force` is not given.
    """
    if folder.exists() and not folder.is_dir():
        raise ConfigError(f"--csv expected a folder, {str(folder)!r} is a file")
    if not folder.parent.is_dir():
        raise ConfigError(f"--csv expected a folder in one that exists, was {str(folder)!r}")
    paths = [folder / f"{part.file}.csv" for part in PARTS]
    refuse_to_replace(paths, force=force)
    folder.mkdir(exist_ok=True)
    for part, path in zip(PARTS, paths, strict=True):
        yield path, write_csv(path, part.columns, part.rows(report), force=force)


def refuse_to_replace(paths: Iterable[Path], *, force: bool) -> None:
    """Refuse files that are there. Raises ConfigError naming the first."""
    for path in paths:
        if path.exists() and not path.is_dir() and not force:
            raise ConfigError(f"--csv expected a file that is not there yet, {str(path)!r} is; --force replaces it")


def cell(value: object) -> object:
    """Give what a cell holds: numbers plain, text guarded against being calculated."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str) and value.startswith(FORMULA):
        return f"'{value}"
    return value
