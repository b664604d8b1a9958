"""The disk under the log: what its errors mean to a person, a reserve to free when it is full, files that vanish."""

import errno
import os
import sqlite3
from pathlib import Path

from domain.errors import LogCorrupt, LogError, LogFull

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


def translated(error: Exception, path: Path, verb: str) -> LogError:
    """Give our error for one of SQLite's or the system's: which file, what is wrong, what to do."""
    said = f"{path} cannot be {verb}: "
    try:
        if is_full(error, path.parent):
            return LogFull(f"{said}no space is left on its disk; free some, then start again")
    except OSError:  # the folder itself is gone
        pass
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return LogError(f"{said}another program holds it locked; end that program (`fuser` names it), then start again")
    if code == sqlite3.SQLITE_CONSTRAINT:
        return LogCorrupt(f"{said}another program has written to it ({error}); `hantrade log verify` checks it")
    reason = _reason(error, code, path)
    if reason:
        return LogError(f"{said}{reason}")
    if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError):
        return LogCorrupt(f"{said}{error}; `hantrade log verify` names what is damaged")
    return LogError(f"{said}{error}")


def _reason(error: Exception, code: int, path: Path) -> str:
    """Say why a file cannot be used; empty when only the error itself can tell."""
    number = getattr(error, "errno", None)
    place = Path(getattr(error, "filename", None) or path)
    if _is_folder(place) and code in (0, sqlite3.SQLITE_CANTOPEN) and number not in (errno.EROFS, errno.EACCES):
        return f"{place} is a folder, a file is needed"
    if number in (errno.ENOTDIR, errno.EEXIST):
        return f"{place} is a file, a folder is needed"
    is_write = code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR)
    if number == errno.EROFS or (is_write and _is_read_only(path)):
        return "its file system is read-only; make it writable (a disk with errors becomes so), then start again"
    if number in (errno.EACCES, errno.EPERM):
        return f"no right to write {place}; give it to the user who runs this, then start again"
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN):
        for file in (path.parent, path, *_beside(path)):
            if file.exists() and not os.access(file, os.W_OK, effective_ids=os.access in os.supports_effective_ids):
                return f"no right to write {file}; give it to the user who runs this, then start again"
    if number == errno.EIO or code == sqlite3.SQLITE_IOERR:
        name = getattr(error, "sqlite_errorname", "EIO")
        return f"its disk failed ({name}); look at the system's messages, check the disk, then start again"
    return os.strerror(number) if number is not None else ""


def _is_folder(place: Path) -> bool:
    try:
        return place.is_dir()
    except OSError:  # no name of a file at all, or behind a folder that may not be entered
        return False


def _is_read_only(path: Path) -> bool:
    """Tell whether the file system takes no writes. Tries the lock file: opening the log would drop SQLite's locks."""
    try:
        if os.statvfs(path.parent).f_flag & os.ST_RDONLY:
            return True
        os.close(os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CLOEXEC))
    except OSError as error:
        return error.errno == errno.EROFS
    return False


def _beside(path: Path) -> list[Path]:
    return [path.with_name(path.name + ending) for ending in ("-wal", "-shm", ".lock")]


class Place:
    """Where the open files of a log lie. A deleted or replaced file takes commits that nobody will ever see."""

    def __init__(self, path: Path) -> None:
        """Remember the files of an open log as they are now. Raises LogError when one is not there."""
        path = path.absolute()  # the working folder may change
        self._files = {file: _identity(file) for file in (path, *_beside(path))}
        self.check()

    def check(self) -> None:
        """Raise LogError when a file is no longer where it was opened. About 2 us a file."""
        for file, identity in self._files.items():
            found = _identity(file)
            if found is None or found != identity:
                what = "was deleted or moved" if found is None else "was replaced by another file"
                raise LogError(
                    f"{file} {what} while the log was being written: what is appended now would be lost;"
                    " put the file back, then start again"
                )


def _identity(file: Path) -> tuple[int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


class Reserve:
    """A file of real bytes beside the log; deleting it makes room for the last commits (halts, cancels)."""

    def __init__(self, path: Path, size: int = RESERVE_BYTES) -> None:
        """Write the file unless it is there. On a disk that is full already there is none."""
        self._path = path
        try:
            if size > 0 and not (path.is_file() and path.stat().st_size >= size):
                path.write_bytes(os.urandom(size))  # random: a file system that compresses would keep zeros for free
        except OSError as error:
            if not is_full(error, path.parent):
                raise
            path.unlink(missing_ok=True)

    @property
    def is_held(self) -> bool:
        """Tell whether there is something to free."""
        return self._path.exists()

    def release(self) -> bool:
        """Delete the file. False when it is gone already or cannot be deleted."""
        try:
            self._path.unlink()
        except OSError:
            return False
        return True
