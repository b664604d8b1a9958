"""The parent put together: from settings to a supervisor that runs until it is asked to stop."""

import logging
import logging.handlers
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from broker.security.redaction import redacted
from broker_win.beats import Beat
from broker_win.config_file import WinSettings
from broker_win.desktop import Desktop, desktop_here
from broker_win.rest_plan import RestPlan
from broker_win.supervisor import RealProcess, Supervisor
from broker_win.update import HOLD_NAME, is_held, restore_left_over
from broker_win.watch import Watch

FORMAT: Final = "%(asctime)s %(levelname)s %(name)s: %(message)s"
LOG_BYTES: Final = 10_000_000
LOG_FILES: Final = 5
logger = logging.getLogger("broker_win")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What differs between the real PC and the emulated one, and who wants to hear."""

    arguments: tuple[str, ...] = ()  # more of `python -m broker_win host`
    environment: Mapping[str, str] = field(default_factory=dict)
    desktop: Callable[[], Desktop] = desktop_here
    venue: Callable[[], int] = time.time_ns
    on_beat: Callable[[Beat], None] = lambda _beat: None
    folder: Path | None = None  # the host runs there; None: where its parent does


def host_command(settings: WinSettings, arguments: tuple[str, ...] = ()) -> list[str]:
    """Give the command line of a host."""
    python = settings.host.python or sys.executable
    return [python, "-m", "broker_win", "host", "--config", str(settings.path), *arguments]


def make_supervisor(settings: WinSettings, around: Surroundings, woken: threading.Event) -> Supervisor:
    """Give a supervisor that has started nothing yet. Raises ConfigError."""
    hold = settings.beside(HOLD_NAME)
    if done := restore_left_over(hold, time.time()):
        logger.warning("%s", done)

    def held() -> str:
        if not hold.exists():
            return ""
        if is_held(hold, time.time()):
            return "an update of OpenAPI+ is under way (`python -m broker_win update`)"
        logger.warning("%s", restore_left_over(hold, time.time()))
        return ""

    command = host_command(settings, around.arguments)
    return Supervisor(
        Watch(settings.watch, RestPlan(settings.broker.rest_windows), settings.rules),
        lambda: RealProcess(command, around.environment, woken, around.folder),
        around.desktop(),
        venue=around.venue,
        held=held,
        state_file=settings.beside(settings.host.state),
        on_beat=around.on_beat,
    )


def serve(settings: WinSettings, around: Surroundings) -> int:
    """Run the parent until SIGTERM or Ctrl-C; give the exit code. Belongs to the main thread."""
    settings.security().check_host(settings.broker.host)
    ended, woken = threading.Event(), threading.Event()

    def end(*_: object) -> None:
        ended.set()
        woken.set()

    for name in ("SIGTERM", "SIGINT", "SIGBREAK"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), end)
    supervisor = make_supervisor(settings, around, woken)
    try:
        return int(supervisor.run(ended, woken))
    finally:
        supervisor.kill()


def log_here(file: Path | None) -> None:
    """Log to stderr, and to a file that is turned over."""
    handlers: list[logging.Handler] = [logging.StreamHandler()]
    formatter = RedactedFormatter(FORMAT)
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        handlers.append(
            logging.handlers.RotatingFileHandler(file, maxBytes=LOG_BYTES, backupCount=LOG_FILES, encoding="utf-8")
        )
    for handler in handlers:
        handler.setFormatter(formatter)
    logging.basicConfig(level=logging.INFO, handlers=handlers)


class RedactedFormatter(logging.Formatter):
    """Writes lines without account numbers and secrets, tracebacks included."""

    def format(self, record: logging.LogRecord) -> str:
        """Give the line."""
        return redacted(super().format(record))
