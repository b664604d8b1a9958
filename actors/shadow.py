"""The shadow: a process beside the trader that folds the same log from its first event and writes its snapshots.

    python -m actors.shadow LOG [--every-events N] [--every-s S] [--written SEQ]

So every snapshot is the fold itself, whatever an earlier one said, and the core never waits for one. On the way it
compares the snapshot that the trader began from. It has the lowest priority and reads in short pages. It is told over
stdin: how many bytes of a snapshot follow, those bytes, later `end`; at the end of stdin it ends, so nothing is left
of it when the trader dies. It tells over stdout, one JSON object a line.
"""

import argparse
import contextlib
import json
import os
import select
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from actors.core.difference import state_differences
from actors.core.kernel import Kernel
from actors.recovery import fold, restored, snapshot_of
from actors.roster import make_roles
from broker.translate.quotes import decode_batch
from domain.errors import HantradeError, LogError
from persistence import snapshots
from persistence.codec import MessageCodec
from persistence.reader import LogReader
from persistence.snapshots import Snapshot

STRETCH = 2_000  # events between two looks at stdin
POLL_S = 0.25  # between two looks at the log
END_S = 1.5  # to reach the end of the log once told to end
MAX_DIFFERENCES = 5
LOWEST = 19

Tell = Callable[[dict[str, Any]], None]


class Shadow:
    """Folds a log bit by bit."""

    def __init__(
        self,
        reader: LogReader,
        start: Snapshot | None,
        tell: Tell,
        *,
        every_events: int,
        every_s: float,
        written: int = 0,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take the snapshot to check, and where the last one good stands: none is written before either."""
        self.kernel = Kernel(make_roles(), reader.log_id)
        self._reader = reader
        self._start = start
        self._tell = tell
        self._every_events = every_events
        self._every_s = every_s
        self._written = written
        self._now = now
        self._tried, self._tried_at = written, now()  # where and when a snapshot was written last, or could not be

    def step(self) -> bool:
        """Fold one stretch, compare and write what is due; False when nothing was new. Raises LogError."""
        commit = snapshots.commit_at(self._reader, self.kernel.last_seq + STRETCH)
        if commit is None or commit.last_seq == self.kernel.last_seq:
            self._write_if_due(self.kernel.last_seq)
            return False
        to_seq = commit.last_seq
        if self._start is not None:
            to_seq = min(to_seq, self._start.last_seq)  # both are ends of commits
        fold(self.kernel, self._reader, to_seq)
        if self._start is not None and self.kernel.last_seq == self._start.last_seq:
            self._check(self._start)
        self._write_if_due(to_seq)
        return True

    def finish(self, patience_s: float = END_S) -> None:
        """Go to the end of the log, as far as patience reaches, and write the last snapshot."""
        deadline = self._now() + patience_s
        while self._now() < deadline and self.step():
            pass
        if self._may_write(self.kernel.last_seq):
            self._write()
        self._tell({"ended": self.kernel.last_seq})

    def _check(self, start: Snapshot) -> None:
        """Hold the snapshot against the fold. A wrong one is replaced before anybody is told."""
        self._start = None
        differences = differences_of(start, self.kernel)
        if differences:
            if self.kernel.benched or not self._write():
                with contextlib.suppress(OSError):
                    snapshots.path_of(self._reader.path).unlink(missing_ok=True)
        else:
            self._written = self._tried = start.last_seq
        self._tell({"checked": start.last_seq, "agreed": not differences, "differences": differences})

    def _write_if_due(self, at: int) -> None:
        is_due = at - self._tried >= self._every_events or self._now() - self._tried_at >= self._every_s
        if is_due and self._may_write(at):
            self._write()

    def _may_write(self, at: int) -> bool:
        """Tell whether a snapshot here is new, and not before the check of the one this run began from.

        A role that failed is in none: a start with its bug mended must fold all of the log.
        """
        return self._start is None and at > self._written and not self.kernel.benched

    def _write(self) -> bool:
        """Write the fold as the snapshot; on a disk without room the one before stays."""
        at, began = self.kernel.last_seq, self._now()
        self._tried, self._tried_at = at, began
        commit = snapshots.commit_at(self._reader, at)
        if commit is None or commit.last_seq != at:
            raise LogError(f"{self._reader.path}: expected a commit that ends at {at}")
        data = snapshots.pack(snapshot_of(self.kernel, commit.hash))
        try:
            snapshots.write(self._reader.path, data)
        except OSError as error:
            self._tell({"unwritten": at, "error": str(error)})
            return False
        self._written = at
        self._tell({"written": at, "bytes": len(data), "ms": round((self._now() - began) * 1000)})
        return True


def differences_of(snapshot: Snapshot, truth: Kernel) -> list[str]:
    """Say where a snapshot differs from the fold at the same event: role, attribute, both values; the first few."""
    try:
        told = restored(snapshot)
    except HantradeError as error:
        return [str(error)]
    found = [
        f"{one.role}.{one.attribute}: {brief(one.replayed)} in the snapshot, {brief(one.folded)} in the log"
        for one in state_differences(told, truth)
    ]
    mine = truth.dump().told
    if snapshot.told != mine:
        found.append(f"failures told: {brief(snapshot.told)} in the snapshot, {brief(mine)} in the log")
    more = [f"and {len(found) - MAX_DIFFERENCES} more"] if len(found) > MAX_DIFFERENCES else []
    return found[:MAX_DIFFERENCES] + more


def brief(value: Any) -> str:
    """Give a JSON value as a short text."""
    text = "nothing" if value is None else str(value)
    return text if len(text) <= 80 else f"{text[:79]}…"


def main(arguments: list[str] | None = None) -> int:
    """Run until told to end or left alone. Gives the exit code."""
    options = _options(arguments)
    os.nice(LOWEST)
    for number in (signal.SIGINT, signal.SIGTERM):  # they are the trader's; stdin tells when it ends
        signal.signal(number, signal.SIG_IGN)
    try:
        snapshots.tidy(options.log)
        start = _given(0)
        with LogReader(options.log, MessageCodec(decode_batch, joins=True)) as reader:
            return _follow(_shadow(reader, start, options))
    except (EOFError, BrokenPipeError):
        return 0  # nobody is there any more
    except Exception as error:  # noqa: BLE001  # the outermost loop: the trader logs it and starts another
        with contextlib.suppress(OSError):
            tell({"failed": f"{type(error).__name__}: {error}"})
        return 1


def tell(fact: dict[str, Any]) -> None:
    """Tell the trader one fact. Raises BrokenPipeError when it is gone."""
    os.write(sys.stdout.fileno(), json.dumps(fact, ensure_ascii=False).encode() + b"\n")


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="actors.shadow", description="Write snapshots of a log that is being written."
    )
    parser.add_argument("log", type=Path)
    parser.add_argument("--every-events", type=int, default=50_000)
    parser.add_argument("--every-s", type=float, default=120.0)
    parser.add_argument("--written", type=int, default=0, help="where a snapshot stands already that was checked")
    return parser.parse_args(arguments)


def _shadow(reader: LogReader, start: Snapshot | None, options: argparse.Namespace) -> Shadow:
    named = {"every_events": options.every_events, "every_s": options.every_s, "written": options.written}
    return Shadow(reader, start, tell, **named)


def _follow(shadow: Shadow) -> int:
    while True:
        moved = shadow.step()
        if not select.select([0], [], [], 0 if moved else POLL_S)[0]:
            continue
        if not os.read(0, 4096):
            return 0
        shadow.finish()
        return 0


def _given(fd: int) -> Snapshot | None:
    """Read the snapshot to check: its size in a line, its bytes. Raises EOFError."""
    size = b""
    while not size.endswith(b"\n"):
        size += _read(fd, 1)
    data = b""
    while len(data) < int(size):
        data += _read(fd, int(size) - len(data))
    return snapshots.unpack(data) if data else None


def _read(fd: int, count: int) -> bytes:
    found = os.read(fd, count)
    if not found:
        raise EOFError
    return found


if __name__ == "__main__":
    sys.exit(main())
