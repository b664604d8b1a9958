"""How far a back-test is: a bar on a terminal, a line now and then elsewhere, nothing with --json."""

import signal
import sys
import threading
import time
from types import FrameType
from typing import TYPE_CHECKING, Any

from cli.output import krw, note
from domain.time import kst_text
from domain.types import PPM

if TYPE_CHECKING:
    from backtest.run import Glance

LINE_EVERY_S = 5.0
LOOK_EVERY_S = 0.1


class Progress:
    """Shows what a back-test tells; on stderr."""

    def __init__(self, days: int, *, quiet: bool) -> None:
        """Take how many days there are."""
        self._days = days
        self._quiet = quiet
        self._bar: Any = None
        self._task: Any = None
        self._began = self._looked = self._said = time.monotonic()

    def __enter__(self) -> "Progress":
        """Begin."""
        if not self._quiet and sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
            from rich.progress import Progress as Bar

            columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
            self._bar = Bar(*columns, console=Console(stderr=True))
            self._bar.start()
            self._task = self._bar.add_task("reading", total=self._days * PPM)
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the last picture standing."""
        if self._bar is not None:
            self._bar.stop()

    def update(self, glance: "Glance") -> None:
        """Hear how far it is. Called after every batch, so it looks at the clock first."""
        now = time.monotonic()
        if self._quiet or now - self._looked < LOOK_EVERY_S:
            return
        self._looked = now
        if self._bar is not None:
            done = (glance.day_number - 1) * PPM + glance.share_ppm
            self._bar.update(self._task, completed=done, description=self._line(glance, now))
        elif now - self._said >= LINE_EVERY_S:
            self._said = now
            note(self._line(glance, now))

    def _line(self, glance: "Glance", now: float) -> str:
        rate = glance.quotes / max(now - self._began, 0.001)
        return (
            f"{glance.day} {kst_text(glance.venue_time)} (day {glance.day_number} of {self._days})  {rate:,.0f} "
            f"quotes/s  fills {krw(glance.fills)} today  equity {krw(glance.equity)}"
        )


class StopFlag:
    """Ctrl-C and SIGTERM ask for an orderly end; the second one ends the process at once."""

    def __init__(self) -> None:
        """Start unasked."""
        self._asked = False
        self._before: dict[int, Any] = {}

    def __enter__(self) -> "StopFlag":
        """Take over the signals; not possible off the main thread."""
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._on) for number in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(self, *_: object) -> None:
        """Give the signals back."""
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def is_set(self) -> bool:
        """Tell whether it is to end."""
        return self._asked

    def _on(self, number: int, frame: FrameType | None) -> None:
        if self._asked:
            raise KeyboardInterrupt
        self._asked = True
        note("hantrade: stopping in order; once more ends it at once")
