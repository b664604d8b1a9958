"""The home folder: settings, logs, and who runs."""

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from domain.errors import ConfigError

DEFAULT_HOME = Path(".hantrade")


class AlreadyRunning(ConfigError):
    """Another process of the same kind runs in this home."""


@dataclass(frozen=True, slots=True)
class Running:
    """A long-lived process of this home, as it wrote itself down."""

    pid: int
    address: str  # desk or broker, HOST:PORT
    log_path: str  # event log or journal
    run_id: str
    mode: str

    @property
    def alive(self) -> bool:
        """Tell whether the process exists."""
        return _alive(self.pid)


@dataclass(frozen=True, slots=True)
class Home:
    """Paths of one home folder."""

    root: Path

    @property
    def logs(self) -> Path:
        """Event logs, one file a trading day or run."""
        return self.root / "logs"

    @property
    def paper(self) -> Path:
        """Journal and account of the paper simulator."""
        return self.root / "paper"

    @property
    def broker_sim(self) -> Path:
        """Journals of `broker serve sim`."""
        return self.root / "broker_sim"

    def _file(self, role: str, ending: str) -> Path:
        folder = self.root / "run"
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigError(f"home {self.root} cannot be used: {error.strerror or error}") from None
        return folder / f"{role}.{ending}"

    @contextlib.contextmanager
    def claim(self, role: str) -> Iterator[None]:
        """Hold the home for one process of a role (`trader`, `broker`). Raises AlreadyRunning with its pid."""
        path = self._file(role, "lock")
        with path.open("a+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                file.seek(0)
                pid = file.read().strip() or "unknown"
                raise AlreadyRunning(
                    f"a {role} already runs in {self.root} (pid {pid}); `hantrade stop` ends a trader"
                ) from None
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
            try:
                yield
            finally:
                self._file(role, "json").unlink(missing_ok=True)
                file.truncate(0)

    def announce(self, role: str, running: Running) -> None:
        """Write down where this process can be reached; readers never see half of it."""
        path = self._file(role, "json")
        draft = path.with_suffix(".tmp")
        draft.write_text(json.dumps(asdict(running)))
        draft.replace(path)

    def running(self, role: str) -> Running | None:
        """Give the living process of a role, None when there is none."""
        try:
            data: dict[str, Any] = json.loads(self._file(role, "json").read_text())
            found = Running(**data)
        except (FileNotFoundError, json.JSONDecodeError, TypeError):
            return None
        return found if found.alive else None


def newest_log(home: Path) -> Path:
    """Give the event log written to last. Raises ConfigError when there is none."""
    logs = sorted((home / "logs").glob("*.db"), key=_changed_at)
    if not logs:
        raise ConfigError(
            f"no event log in {home / 'logs'}; run `hantrade demo` or `hantrade start` first, or give --log"
        )
    return logs[-1]


def _changed_at(path: Path) -> float:
    wal = path.with_name(path.name + "-wal")
    return max(p.stat().st_mtime for p in (path, wal) if p.exists())


def new_log(home: Home, mode: str) -> Path:
    """Give a fresh path for an event log, named by mode and the machine's time."""
    home.logs.mkdir(parents=True, exist_ok=True)
    stem = f"{mode}-{time.strftime('%Y%m%d-%H%M%S')}"
    path = home.logs / f"{stem}.db"
    count = 1
    while path.exists():
        count += 1
        path = home.logs / f"{stem}-{count}.db"
    return path


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
