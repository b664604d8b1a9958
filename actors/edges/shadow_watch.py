"""The edge that keeps a shadow beside the trader: starts it, hears what it tells, ends it."""

import contextlib
import json
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pykka
import structlog

from actors.edges.post import Post
from domain.messages.run import StateChecked

MAX_STARTS = 4  # of the process in one run
BACKOFF_S = 2.0  # before the second, twice as long each time
END_S = 2.0  # to write the last snapshot

logger = structlog.get_logger("snapshots")


@dataclass(frozen=True, slots=True)
class SnapshotPlan:
    """How often a snapshot is written."""

    every_events: int = 50_000
    every_s: float = 120.0  # when anything is new


class ShadowWatch(pykka.ThreadingActor):
    """Keep the process that writes snapshots; tell the core whether the one this run began from was right.

    Whatever becomes of the process, trading goes on: it is started again a few times, then the run has no snapshots.
    After a crash nothing is redone: the next shadow folds the log from its first event.
    """

    use_daemon_thread = True

    def __init__(
        self, post: Post, log: Path, start: bytes, plan: SnapshotPlan, *, backoff_s: float = BACKOFF_S, module: str = ""
    ) -> None:
        """Take the door, the log, the snapshot this run began from (empty: none) and the plan."""
        super().__init__()
        self._post = post
        self._log = log
        self._start = start
        self._plan = plan
        self._backoff_s = backoff_s
        self._module = module or "actors.shadow"
        self._written = 0
        self._stopping = threading.Event()
        self._pipe = threading.Lock()  # one writer to the process at a time
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._run, name="shadow", daemon=True)

    def on_start(self) -> None:
        """Start the process from a thread of its own, which then listens to it."""
        self._thread.start()

    def on_stop(self) -> None:
        """Ask for the last snapshot, wait a moment, kill."""
        deadline = time.monotonic() + END_S
        self._stopping.set()
        if self._pipe.acquire(timeout=END_S):
            with contextlib.suppress(OSError, ValueError):
                self._send(b"end\n")
            self._pipe.release()
        self._thread.join(max(0.0, deadline - time.monotonic()))
        process = self._process
        if process is not None and self._thread.is_alive():
            logger.warning("no last snapshot: the shadow did not come to the end of the log in time")
            process.kill()
            self._thread.join(END_S)

    def on_receive(self, message: Any) -> Any:
        """Answer `ping`, the supervisor's question after start."""
        return "pong"

    def _run(self) -> None:
        wait = self._backoff_s
        for attempt in range(MAX_STARTS):
            last_words = self._once()
            if self._stopping.is_set():
                return
            again = attempt + 1 < MAX_STARTS
            logger.warning("the shadow ended", said=last_words, starts_again_in_s=wait if again else None)
            if again and self._stopping.wait(wait):
                return
            wait *= 2
        logger.error("no snapshots any more in this run; trading goes on, the next start may take longer")

    def _once(self) -> str:
        """Run one process to its end; give the last thing it said that was no news."""
        said = ""
        try:
            with self._open() as process:
                self._process = process
                with self._pipe, contextlib.suppress(OSError):
                    self._send(f"{len(self._start)}\n".encode() + self._start)
                    if self._stopping.is_set():
                        self._send(b"end\n")
                said = self._listen(process.stdout)
                self._close(process.stdin)
        except Exception as error:  # the edge lives on without it
            logger.exception("the shadow cannot be watched")
            said = f"{type(error).__name__}: {error}"
        return said

    def _open(self) -> "subprocess.Popen[bytes]":
        plan = self._plan
        every = ["--every-events", str(plan.every_events), "--every-s", str(plan.every_s)]
        command = [sys.executable, "-m", self._module, str(self._log), *every, "--written", str(self._written)]
        # In a group of its own: Ctrl-C in a terminal is for the trader, which ends the shadow in order.
        return subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, process_group=0
        )

    def _send(self, data: bytes) -> None:
        process = self._process
        if process is not None and process.stdin is not None:
            process.stdin.write(data)
            process.stdin.flush()

    def _close(self, pipe: IO[bytes] | None) -> None:
        with self._pipe, contextlib.suppress(OSError):
            if pipe is not None:
                pipe.close()

    def _listen(self, pipe: IO[bytes] | None) -> str:
        said = ""
        for line in pipe or ():
            text = line.decode(errors="replace").strip()
            try:
                fact: Any = json.loads(text)
                self._news(fact)
                said = str(fact.get("failed", said))
            except (ValueError, KeyError, TypeError, AttributeError):  # not ours: an interpreter's last words
                said = text or said
        return said

    def _news(self, fact: dict[str, Any]) -> None:
        if "checked" in fact:
            self._checked(int(fact["checked"]), bool(fact["agreed"]), tuple(map(str, fact["differences"])))
        elif "written" in fact:
            self._written = max(self._written, int(fact["written"]))
            logger.debug("snapshot written", **fact)
        elif "unwritten" in fact:
            logger.warning("a snapshot could not be written", error=fact["error"])

    def _checked(self, at: int, agreed: bool, differences: tuple[str, ...]) -> None:
        self._start, self._written = b"", max(self._written, at)
        self._post(StateChecked(at, agreed, differences), source="snapshots", urgent=not agreed)
        if agreed:
            logger.info("the snapshot this run began from agrees with the log", at_seq=at)
        else:
            logger.error("the snapshot this run began from was wrong", at_seq=at, differences=differences)
