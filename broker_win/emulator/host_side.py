"""The emulated Kiwoom as a host sees it: the control's engine over servers in a process of their own."""

import os
import time
from collections.abc import Callable
from pathlib import Path

from broker_win.control import Event
from broker_win.emulator.desktop import WINDOWS, FolderWindows
from broker_win.emulator.engine import KiwoomEngine
from broker_win.emulator.inject import install
from broker_win.emulator.plan import EmulatorPlan
from broker_win.emulator.plan_file import load_plan
from broker_win.emulator.remote_house import RemoteHouse
from broker_win.host import Kiwoom, Loop, real_kiwoom
from domain.types import UnixNanos

Job = Callable[[], None]


class Posted:
    """The way to the control's thread for what is made before the thread: it keeps jobs until there is one."""

    def __init__(self) -> None:
        """Begin without a thread."""
        self._kept: list[Job] = []
        self._post: Callable[[Job], None] | None = None

    def __call__(self, job: Job) -> None:
        """Run a job there, soon. From any thread."""
        if self._post is None:
            self._kept.append(job)
        else:
            self._post(job)

    def open(self, post: Callable[[Job], None]) -> None:
        """Send what was kept, and from now on everything. On the control's thread, once."""
        self._post = post
        while self._kept:
            post(self._kept.pop(0))


class EmulatedKiwoom:
    """Makes engine and house when pykiwoom makes the control."""

    def __init__(self, address: str, plan: EmulatorPlan, folder: Path) -> None:
        """Take the servers' address, what goes wrong, and the folder that plays the PC's disk and desktop."""
        self._address, self._plan, self._folder = address, plan, folder
        self._posted = Posted()
        self._house: RemoteHouse | None = None

    def make_loop(self, hear: Callable[[Event], None], on_beat: Callable[[], None], split_real_data: bool) -> Loop:
        """Give the control's loop with the emulated control in it. Raises ConfigError without PyQt5 or pykiwoom."""
        install(self._make_engine)
        loop = real_kiwoom().make(hear, on_beat, split_real_data)
        self._posted.open(loop.post)
        return loop

    def venue(self) -> UnixNanos:
        """Give the venue's clock; the PC's own while no server was reached."""
        return UnixNanos(time.time_ns()) if self._house is None else self._house.now()

    def speed_milli(self) -> int | None:
        """Give venue seconds per 1,000 s."""
        return None if self._house is None else self._house.speed_milli

    def close(self) -> None:
        """Hang up."""
        if self._house is not None:
            self._house.close()

    def _make_engine(self) -> KiwoomEngine:
        self._house = RemoteHouse(self._address, self._posted)
        desktop = FolderWindows(self._folder / WINDOWS)
        name = f"{os.getpid():x}-{time.time_ns():x}"
        return KiwoomEngine(self._house, self._plan, time.monotonic_ns, self._folder, desktop, run=name)


def emulated_kiwoom(address: str, faults: Path | None, folder: Path) -> Kiwoom:
    """Give the emulated Kiwoom. Raises ConfigError for a plan that cannot be used."""
    played = EmulatedKiwoom(address, load_plan(faults) if faults is not None else EmulatorPlan(), folder)
    return Kiwoom(played.make_loop, played.venue, played.speed_milli, played.close)
