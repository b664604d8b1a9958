"""The home folder: settings, logs, and who runs."""

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from domain.errors import ConfigError

DEFAULT_HOME = Path(".hantrade")
LOCK_TRIES, LOCK_PAUSE_S = 10, 0.05
UNFINISHED = "restore.unfinished"  # stands in a home while a backup is brought back into it; holds where it is from


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
        """Give where a role's note or lock is; reading makes no folder."""
        return self.root / "run" / f"{role}.{ending}"

    def _own_file(self, role: str, ending: str) -> Path:
        folder = self.root / "run"
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _unusable(self.root, error) from None
        return folder / f"{role}.{ending}"

    @property
    def unfinished(self) -> Path:
        """Mark of a restore that is not done: until then logs may go on under an identity that is not theirs."""
        return self.root / UNFINISHED

    @contextlib.contextmanager
    def claim(self, role: str, *, restores: bool = False) -> Iterator[None]:
        """Hold the home for one process of a role (`trader`, `broker`).

        Raises AlreadyRunning with its pid, ConfigError where a restore was cut off, unless this process restores.
        """
        path = self._own_file(role, "lock")
        try:
            opened = path.open("a+")
        except OSError as error:
            raise _unusable(self.root, error) from None
        with opened as file:
            if not _lock(file):
                file.seek(0)
                pid = file.read().strip() or "unknown"
                way_out = "`hantrade stop` ends it" if role == "trader" else "end it with Ctrl-C or SIGTERM"
                raise AlreadyRunning(f"a {role} already runs in {self.root} (pid {pid}); {way_out}")
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
            try:
                if not restores:
                    self._refuse_unfinished()
                yield
            finally:
                with contextlib.suppress(OSError):  # read-only by now: the lock counts, and it goes with the process
                    self._file(role, "json").unlink(missing_ok=True)
                    file.truncate(0)

    def _refuse_unfinished(self) -> None:
        try:
            source = self.unfinished.read_text(encoding="utf-8")
        except FileNotFoundError:
            return
        except OSError as error:
            raise _unusable(self.root, error) from None
        raise ConfigError(
            f"a restore into {self.root} was cut off; do it again: `hantrade restore {source} --home {self.root}`"
        )

    def announce(self, role: str, running: Running) -> None:
        """Write down where this process can be reached; readers never see half of it."""
        path = self._own_file(role, "json")
        draft = path.with_suffix(".tmp")
        draft.write_text(json.dumps(asdict(running)))
        draft.replace(path)

    def running(self, role: str) -> Running | None:
        """Give the living process of a role, None when there is none.

        It lives while it holds its lock: the note of a killed process stays, and its pid may be another's by now.
        """
        if not _is_locked(self._file(role, "lock")):
            return None
        try:
            data: dict[str, Any] = json.loads(self._file(role, "json").read_text())
            found = Running(**data)
        except (FileNotFoundError, json.JSONDecodeError, TypeError):
            return None
        except OSError as error:
            raise _unusable(self.root, error) from None
        return found if found.alive else None  # a process that was forked off may hold the lock a moment longer


def _unusable(root: Path, error: OSError) -> ConfigError:
    return ConfigError(f"home {root} cannot be used: {error.strerror or error}")


def newest_log(home: Path) -> Path:
    """Give the event log written to last. Raises ConfigError when there is none."""
    logs = sorted((home / "logs").glob("*.db"), key=changed_at)
    if not logs:
        raise ConfigError(
            f"no event log in {home / 'logs'}; run `hantrade demo` or `hantrade start` first, or give --log"
        )
    return logs[-1]


def changed_at(path: Path) -> float:
    """Give when a log was written to last; what is new may stand in its WAL only (an empty one a reader made)."""
    wal = path.with_name(path.name + "-wal")
    return max(p.stat().st_mtime for p in (path, wal) if p == path or (p.exists() and p.stat().st_size > 0))


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


def _lock(file: IO[str]) -> bool:
    """Lock a file for one process; patient, because readers hold the lock for an instant to see whether it is free."""
    for attempt in range(LOCK_TRIES):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            if attempt + 1 < LOCK_TRIES:
                time.sleep(LOCK_PAUSE_S)
        else:
            return True
    return False


def _is_locked(path: Path) -> bool:
    try:
        with path.open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:  # a process that ended counts as alive until its parent collects it, which in a container may be never
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (OSError, IndexError):
        return True
