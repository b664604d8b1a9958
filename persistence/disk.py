"""The disk under the log: which errors mean that it is full, and a reserve to free when it is."""

import errno
import os
import sqlite3
from pathlib import Path

RESERVE_BYTES = 1 << 20
_FULL_CODES = {
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR_SHMSIZE,  # the WAL index could not grow
    sqlite3.SQLITE_IOERR_WRITE,
    sqlite3.SQLITE_IOERR_FSYNC,  # delayed allocation reports a full disk only here
}


def is_full(error: Exception, folder: Path) -> bool:
    """Tell whether an error means that no space is left. A write error counts only when the disk is indeed full."""
    if isinstance(error, OSError):
        return error.errno in (errno.ENOSPC, errno.EDQUOT)
    code = getattr(error, "sqlite_errorcode", None)
    if code == sqlite3.SQLITE_FULL:
        return True
    if code not in _FULL_CODES:
        return False
    space = os.statvfs(folder)
    return space.f_bavail * space.f_frsize < RESERVE_BYTES


class Reserve:
    """A file of real bytes beside the log; deleting it makes room for the last commits (halts, cancels)."""

    def __init__(self, path: Path, size: int = RESERVE_BYTES) -> None:
        """Write the file unless it is there. On a disk that is full already there is none."""
        self._path = path
        try:
            if size > 0 and (not path.exists() or path.stat().st_size < size):
                path.write_bytes(os.urandom(size))  # random: a file system that compresses would keep zeros for free
        except OSError as error:
            path.unlink(missing_ok=True)
            if not is_full(error, path.parent):
                raise

    @property
    def is_held(self) -> bool:
        """Tell whether there is something to free."""
        return self._path.exists()

    def release(self) -> bool:
        """Delete the file. False when it is gone already."""
        if not self._path.exists():
            return False
        self._path.unlink()
        return True
