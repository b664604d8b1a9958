"""The parent: carries out what `watch.py` decides. It touches neither Qt nor Kiwoom, so any Python will do.

It starts the host as a process of its own group, reads beats from a pipe, looks at the desktop, ends the whole tree
when that is decided, logs each decision with its reason as one line, and keeps a small file for `hantrade doctor`.
While it lives it holds the host's stdin; when it dies, however that happens, the host hears the end of it and ends.
"""

import contextlib
import json
import logging
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import IO, Final, Protocol

from broker_win.beats import Beat, beat_of
from broker_win.desktop import Desktop
from broker_win.exit_codes import ExitCode
from broker_win.watch import Decision, Watch, What
from domain.time import kst_full_text
from fsm.win_host import State

STEP_S: Final = 0.25
STATE_EVERY_NS: Final = 5_000_000_000
KEPT_ALERTS: Final = 20
KILLED_WITHIN_S: Final = 2.0
LONGEST_LINE: Final = 65_536  # of a host that went mad
logger = logging.getLogger("broker_win.supervisor")
of_host = logging.getLogger("host")


class HostProcess(Protocol):
    """A host as its parent holds it."""

    @property
    def pid(self) -> int:
        """Give its number."""

    def lines(self) -> list[str]:
        """Give what it wrote to stdout since the last call."""

    def exit_code(self) -> int | None:
        """Give how it ended, None while it runs."""

    def ask(self) -> None:
        """Ask it to end in order."""

    def kill(self) -> None:
        """End it and everything it started, at once."""


class RealProcess:
    """A host as a process of the system."""

    def __init__(
        self, command: Sequence[str], environment: Mapping[str, str], woken: threading.Event, folder: Path | None = None
    ) -> None:
        """Start it. `woken` is set whenever it says something, or ends."""
        self._child: subprocess.Popen[bytes] = subprocess.Popen(
            list(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONUTF8": "1", "PYTHONUNBUFFERED": "1", **environment},
            cwd=folder,
            start_new_session=os.name == "posix",  # Ctrl-C is the parent's; it asks the host itself
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        )
        self._woken = woken
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        assert self._child.stdout is not None
        assert self._child.stderr is not None
        for pipe, take in ((self._child.stdout, self._lines.put), (self._child.stderr, of_host.info)):
            threading.Thread(target=self._read, args=(pipe, take), name="host-pipe", daemon=True).start()

    @property
    def pid(self) -> int:
        """Give its number."""
        return self._child.pid

    def lines(self) -> list[str]:
        """Give what it wrote to stdout since the last call."""
        found = []
        while not self._lines.empty():
            found.append(self._lines.get())
        return found

    def exit_code(self) -> int | None:
        """Give how it ended, None while it runs."""
        code = self._child.poll()
        if code is not None and self._child.stdin is not None:
            with contextlib.suppress(OSError):
                self._child.stdin.close()
        return code

    def ask(self) -> None:
        """Ask it to end in order, by a line and by closing its stdin behind it."""
        if self._child.stdin is None or self._child.stdin.closed:
            return
        try:
            self._child.stdin.write(b"stop\n")
            self._child.stdin.close()
        except OSError:
            return  # it is gone already

    def kill(self) -> None:
        """End the whole tree: OpenAPI+ starts programs of its own, which keep files of the control open."""
        if sys.platform == "win32":
            command = ["taskkill", "/T", "/F", "/PID", str(self._child.pid)]
            with contextlib.suppress(OSError, subprocess.TimeoutExpired):  # the host itself ends below all the same
                subprocess.run(command, capture_output=True, check=False, timeout=30)
        else:
            with contextlib.suppress(ProcessLookupError, PermissionError):  # it ended this moment
                os.killpg(self._child.pid, signal.SIGKILL)
        self._child.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):  # whatever is left is seen at the next look
            self._child.wait(KILLED_WITHIN_S)

    def _read(self, pipe: IO[bytes], take: Callable[[str], object]) -> None:
        with pipe:
            while line := pipe.readline(LONGEST_LINE):
                take(line.decode("utf-8", "replace").rstrip())
                self._woken.set()
        self._woken.set()


class Supervisor:
    """Watches one host. Everything but the pipes' readers runs in the thread that calls `step`."""

    def __init__(
        self,
        watch: Watch,
        launch: Callable[[], HostProcess],
        desktop: Desktop,
        *,
        monotonic: Callable[[], int] = time.monotonic_ns,
        venue: Callable[[], int] = time.time_ns,
        system: Callable[[], int] = time.time_ns,
        held: Callable[[], str] = lambda: "",
        state_file: Path | None = None,
        on_beat: Callable[[Beat], None] = lambda _beat: None,
    ) -> None:
        """Take what decides, how a host is started, clocks (UTC ns but for `monotonic`) and who else hears beats.

        `held` says why nothing may run now, empty when it may.
        """
        self.watch = watch
        self._launch, self._desktop, self._on_beat = launch, desktop, on_beat
        self._monotonic, self._venue, self._system = monotonic, venue, system
        self._held, self._state_file = held, state_file
        self._process: HostProcess | None = None
        self._alerts: deque[dict[str, str]] = deque(maxlen=KEPT_ALERTS)
        self._written: tuple[str, str, int] = ("", "", 0)
        self.told: list[Decision] = []  # of the last step

    @property
    def pid(self) -> int | None:
        """Give the number of the host's process, None without one."""
        return None if self._process is None else self._process.pid

    def step(self) -> None:
        """Look at everything once and do what that calls for."""
        now = self._monotonic()
        self.told = []
        if self._process is not None:
            self._hear(self._process, now)
        if self._process is not None:
            self._carry_out(self.watch.sees(self._desktop.windows(self._process.pid), now))
        self._carry_out(self.watch.decide(now, self._venue(), self._held()))
        self._keep(now)

    def stop(self, why: str) -> None:
        """End the host for good; `step` until `is_over`."""
        self._carry_out(self.watch.stop(why, self._monotonic()))

    @property
    def is_over(self) -> bool:
        """Tell whether nothing runs and nothing will be started."""
        return self.watch.state is State.STOPPED and self.watch.starts > 0 and self._process is None

    def run(self, ended: threading.Event, woken: threading.Event) -> int:
        """Step until `ended` is set and the host is gone, or nothing is left to watch; give the exit code."""
        while not self.is_over:
            if ended.is_set() and self.watch.state is not State.STOPPED:
                self.stop("asked to stop")
            self.step()
            woken.wait(STEP_S)
            woken.clear()
            if ended.is_set() and self._process is None:
                break
        self._keep(self._monotonic(), at_once=True)
        return ExitCode.ENDED if ended.is_set() else ExitCode.CONFIG

    def kill(self) -> None:
        """End the host at once, e.g. because its parent fails."""
        if self._process is not None:
            self._process.kill()
            self._process.exit_code()

    def _hear(self, process: HostProcess, now: int) -> None:
        code = process.exit_code()  # before its last lines are read
        for line in process.lines():
            beat = beat_of(line)
            if beat is None:
                of_host.info("%s", line)
                continue
            self.watch.heard(beat, now)
            self._on_beat(beat)
        if code is not None:
            self._process = None
            self._carry_out(self.watch.exited(code, now))

    def _carry_out(self, decisions: Sequence[Decision]) -> None:
        for decision in decisions:
            self.told.append(decision)
            level = logging.ERROR if decision.what is What.ALERT else logging.INFO
            logger.log(level, "%s: %s", decision.what, decision.why)
            if decision.what is What.ALERT:
                self._alerts.append({"at": kst_full_text(self._system()), "text": decision.why})
            elif decision.what is What.START:
                self._start()
            elif self._process is not None:
                self._act(self._process, decision)

    def _act(self, process: HostProcess, decision: Decision) -> None:
        if decision.what is What.ASK:
            process.ask()
        elif decision.what is What.KILL:
            process.kill()
        elif decision.what is What.PRESS and decision.deed is not None:
            self._desktop.press(decision.deed.window, decision.deed.button)

    def _start(self) -> None:
        try:
            self._process = self._launch()
        except OSError as error:
            logger.error("the host cannot be started: %s", error)
            self._carry_out(self.watch.exited(ExitCode.CONFIG, self._monotonic()))

    def _keep(self, now: int, *, at_once: bool = False) -> None:
        """Write down how things stand, when they changed and now and then."""
        watch = self.watch
        changed = (str(watch.state), watch.why) != self._written[:2] or self.told
        if self._state_file is None or not (at_once or changed or now - self._written[2] > STATE_EVERY_NS):
            return
        self._written = (str(watch.state), watch.why, now)
        picture = {
            "state": str(watch.state),
            "why": watch.why,
            "at": kst_full_text(self._system()),
            "supervisor_pid": os.getpid(),
            "pid": self.pid,
            "starts": watch.starts,
            "beat": None if watch.beat is None else asdict(watch.beat),
            "alerts": list(self._alerts),
        }
        draft = self._state_file.with_name(self._state_file.name + ".tmp")
        try:
            draft.write_text(json.dumps(picture, ensure_ascii=False, indent=1), encoding="utf-8")
            draft.replace(self._state_file)
        except OSError as error:  # a full disk must not end the watch
            logger.warning("%s cannot be written: %s", self._state_file, error)
