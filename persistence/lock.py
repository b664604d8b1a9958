"""One writer per log: an exclusive lock the operating system drops when the process ends, however it ends."""

import contextlib
import fcntl
import os
from pathlib import Path

from domain.errors import LogBusy


class WriterLock:
    """Hold `<log>.lock`; the holder's pid stands in it for people and for error messages."""

    def __init__(self, path: Path) -> None:
        """Take the lock. Raises LogBusy with the pid of the holder; OSError when the file cannot be made."""
        # The file is never deleted: a second process could lock the deleted file while a third makes a new one.
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(self._fd, 32).decode("ascii", "replace").strip() or "unknown"
            os.close(self._fd)
            raise LogBusy(f"{path.with_suffix('')} is being written by the process with pid {holder}") from None
        except OSError:
            os.close(self._fd)
            raise
        with contextlib.suppress(OSError):  # on a full disk the pid stays untold, the lock holds all the same
            os.ftruncate(self._fd, 0)
            os.pwrite(self._fd, f"{os.getpid()}\n".encode("ascii"), 0)

    def release(self) -> None:
        """Give the lock back. Harmless when done twice."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
