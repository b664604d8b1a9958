"""What SQLite's errors about the order journal mean: which file, what is wrong, what to do."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from domain.errors import LogBusy, LogCorrupt, LogError, LogFull

NEAR_FULL_BYTES: Final = 1 << 20  # a write that failed with less space than this failed for want of it
_LOCKED = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_NOT_WRITABLE = (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM)


@contextmanager
def in_words(path: Path) -> Iterator[None]:
    """Raise what SQLite says of a file as a LogError. A bug of ours, such as a closed connection, is not the file's."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        if not hasattr(error, "sqlite_errorcode"):  # said by Python's module, not by SQLite
            raise
        raise _translated(error, path) from error


def _translated(error: sqlite3.DatabaseError, path: Path) -> LogError:
    code = error.sqlite_errorcode & 0xFF  # the rest of the bits says more of the same
    said = f"order journal {path}"
    if code == sqlite3.SQLITE_FULL or (code == sqlite3.SQLITE_IOERR and _is_full(path.parent)):
        return LogFull(f"{said} cannot be written: no space is left on its disk; free some")
    if code in _LOCKED:
        return LogBusy(f"{said} cannot be written: another program holds it locked; end that program")
    if code == sqlite3.SQLITE_IOERR:
        return LogError(f"{said} cannot be used: its disk failed ({error.sqlite_errorname}); check the disk")
    if code in _NOT_WRITABLE:
        return LogError(f"{said} cannot be used: {error}; check that this user may write it and its folder")
    return LogCorrupt(f"{said} cannot be read: {error}")


def _is_full(folder: Path) -> bool:
    try:
        return shutil.disk_usage(folder).free < NEAR_FULL_BYTES
    except OSError:  # the folder itself is gone
        return False
