"""Backups: consistent copies of SQLite files while they are written, with a list that tells whether they are whole.

A copy is made by SQLite's own online backup, so a trader goes on meanwhile. The list (`backup.json`) is written last: a
folder without one is no backup.
"""

import hashlib
import json
import os
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path

from domain.errors import ConfigError, LogCorrupt, LogError

LIST_NAME = "backup.json"
DATABASES = (".db", ".sqlite")
_BESIDE = ("-wal", "-shm")  # of a database that was open: of another copy they would be read as this one's
_PAGES = 2_000  # copied at a time (8 MB): in between a writer of the file goes on
_PAUSE_S = 0.005


@dataclass(frozen=True, slots=True)
class Copied:
    """One file of a backup."""

    name: str  # below the home folder, with forward slashes
    size: int  # bytes
    sha256: str


def back_up(
    root: Path, names: Iterable[str], target: Path, *, now: Callable[[], int] = time.time_ns
) -> tuple[Copied, ...]:
    """Copy files of a home folder in this order into a new folder; give what was copied.

    Event logs must stand before the journals of their brokers: a journal may know of more than the log, never of less.
    Raises ConfigError when the target is not empty, LogError when a database cannot be read or the disk is full.
    """
    if target.exists() and any(target.iterdir()):
        raise ConfigError(f"{target} must be a new or empty folder, it holds files")
    copied = []
    try:
        for name in names:
            made = target / name
            made.parent.mkdir(parents=True, exist_ok=True)
            _copy(root / name, made)
            copied.append(Copied(name, made.stat().st_size, _digest(made)))
        listed = {"made_at_ns": now(), "files": [asdict(item) for item in copied]}
        (target / LIST_NAME).write_text(json.dumps(listed, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise LogError(f"backup to {target}: {error.strerror or error}") from None
    return tuple(copied)


def read_backup(folder: Path) -> tuple[Copied, ...]:
    """Give the files of a backup once each is proven to be what was copied.

    Raises ConfigError when it is no backup, LogCorrupt naming the first file that is missing or changed.
    """
    path = folder / LIST_NAME
    try:
        listed = tuple(Copied(**item) for item in json.loads(path.read_text(encoding="utf-8"))["files"])
    except FileNotFoundError:
        raise ConfigError(f"{folder} is no backup: it holds no {LIST_NAME}") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise LogCorrupt(f"{path} cannot be read: {error}") from None
    for item in listed:
        if Path(item.name).is_absolute() or ".." in Path(item.name).parts:
            raise LogCorrupt(f"{path} names {item.name!r}, which is outside the backup")
        file = folder / item.name
        if not file.is_file():
            raise LogCorrupt(f"{file} is missing, the backup lists it")
        if file.stat().st_size != item.size or _digest(file) != item.sha256:
            raise LogCorrupt(f"{file} is not the file that was copied: its contents changed")
    return listed


def put_back(folder: Path, files: Iterable[Copied], root: Path) -> None:
    """Copy files of a proven backup into a home folder; what stands beside a database of an earlier try goes.

    Raises LogError when one cannot be written.
    """
    for item in files:
        made = root / item.name
        try:
            made.parent.mkdir(parents=True, exist_ok=True)
            for suffix in _BESIDE:
                made.with_name(made.name + suffix).unlink(missing_ok=True)
            shutil.copyfile(folder / item.name, made)
            with made.open("rb") as file:
                os.fsync(file.fileno())
        except OSError as error:
            raise LogError(f"{made} cannot be written: {error.strerror or error}") from None


def write_durably(path: Path, text: str) -> None:
    """Write a small file that is on the disk before anything that follows. Raises LogError."""
    try:
        with path.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise LogError(f"{path} cannot be written: {error.strerror or error}") from None


def _copy(source: Path, target: Path) -> None:
    if source.suffix not in DATABASES:
        shutil.copyfile(source, target)
        return
    try:
        from_file = sqlite3.connect(f"{source.resolve().as_uri()}?mode=ro", uri=True)
        with closing(from_file) as there, closing(sqlite3.connect(target)) as here:
            there.backup(here, pages=_PAGES, sleep=_PAUSE_S)
            here.execute("PRAGMA journal_mode=DELETE")  # one file, nothing beside it
    except sqlite3.Error as error:
        raise LogError(f"{source} cannot be copied: {error}") from None


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
