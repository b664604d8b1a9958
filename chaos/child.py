"""`hantrade` with a clock and a disk that a driver can spoil: python -m chaos.child CONTROL ARGUMENTS…

Nothing of hantrade is replaced. Below it, `time.time_ns`, the one clock hantrade reads, is ahead by what the control
file says (not `time.time`: gRPC makes deadlines of it that its core judges by the machine's own clock). And SQLite
finds no new page while the control file says that the disk is full: as on a real one, what fits into pages that are
there still goes through, and deleting the log's reserve makes room for as many pages as it had.
"""

import ctypes
import signal
import sqlite3
import sys
import time
from pathlib import Path
from typing import Any

from chaos.control import Control

NO_LIMIT = 2**31 - 2
PR_SET_PDEATHSIG = 1
RESERVE_ENDING = ".reserve"


def die_with_parent() -> None:
    """End when the driver does, also by kill -9. Linux only: elsewhere a driver that is killed leaves us behind."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def spoil_clock(control: Control) -> None:
    """Put the control's lead on top of the machine's clock."""
    real_ns = time.time_ns

    def time_ns() -> int:
        return real_ns() + control.clock_ns

    setattr(time, "time_ns", time_ns)  # noqa: B010


def spoil_disk(control: Control) -> None:
    """Let SQLite's files grow only while there is room."""
    real_connect = sqlite3.connect

    class OnThatDisk(sqlite3.Connection):
        """A connection that looks at the disk before each transaction."""

        was_full = False
        reserve_bytes = 0

        def execute(self, sql: str, *args: Any) -> sqlite3.Cursor:
            """Execute; a transaction begins with the limits of its moment."""
            if sql.startswith("BEGIN"):
                self._look()
            return super().execute(sql, *args)

        def _look(self) -> None:
            is_full = control.disk_full
            if is_full and not self.was_full:
                self.reserve_bytes = self._reserve()
                self._limit(super().execute("PRAGMA page_count").fetchone()[0])
            elif is_full and self._reserve() < self.reserve_bytes:
                page_bytes = super().execute("PRAGMA page_size").fetchone()[0]
                pages = super().execute("PRAGMA page_count").fetchone()[0]
                self._limit(pages + self.reserve_bytes // page_bytes)
                self.reserve_bytes = 0
            elif self.was_full and not is_full:
                self._limit(NO_LIMIT)
            self.was_full = is_full

        def _limit(self, pages: int) -> None:
            super().execute(f"PRAGMA max_page_count = {pages}")

        def _reserve(self) -> int:
            file = super().execute("PRAGMA database_list").fetchone()[2]
            reserve = Path(file + RESERVE_ENDING)
            return reserve.stat().st_size if reserve.exists() else 0

    def connect(*args: Any, **named: Any) -> sqlite3.Connection:
        made: sqlite3.Connection = real_connect(*args, **({"factory": OnThatDisk} | named))
        return made

    setattr(sqlite3, "connect", connect)  # noqa: B010


def main() -> None:
    """Spoil what is below, then be `hantrade`."""
    die_with_parent()
    control = Control(Path(sys.argv.pop(1)))
    spoil_clock(control)  # before anything is imported that takes the function by its name
    spoil_disk(control)
    from cli.main import run

    run()


if __name__ == "__main__":
    main()
