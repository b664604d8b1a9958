"""A new identity for a log that goes on from a copy of itself: one restored from a backup, or copied to another host.

Ids of orders and requests are made of the log's identity and a sequence. A copy lacks the tail that was written after
it was made; going on under the same identity would make the tail's ids again, for other orders, and the broker's
journal would answer for the wrong ones. So the copy is closed for ever and a file with another identity follows it, as
at the roll of a day (docs/decisions/0016): here it is made, empty; the next start fills it with every role's state.
"""

import time
import uuid
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from domain.errors import ConfigError, HantradeError, LogError
from persistence.event_log import EventLog
from persistence.files import LogFile, read_log_file

BESIDE = ("-wal", "-shm", "")  # what SQLite keeps beside a log, and the log


@dataclass(frozen=True, slots=True)
class Renewal:
    """Which file goes on for which."""

    path: Path  # of the new log
    log_id: str  # of the new log
    previous_path: Path  # of the copy
    previous_log_id: str
    previous_seq: int  # the last event of the copy; 0 when it held none


def renew_identity(
    path: Path,
    why: str,
    *,
    create_id: Callable[[], str] = lambda: uuid.uuid4().hex[:10],
    now: Callable[[], int] = time.time_ns,
) -> Renewal:
    """Close a log for ever and make the file that goes on from its end under another identity, in the same folder.

    `why` goes into the new log (StateCarried.renewed). A log that holds no event yet is set aside as `*.unused`, and
    the new one follows what it followed. Raises ConfigError without a reason or a file, LogBusy while the log is being
    written, LogError when another log follows it already or it cannot be read. Done once or not at all.
    """
    if not why.strip():
        raise ConfigError("why expected the reason for a new identity, was empty")
    with closing(EventLog.open(path, create_id=None, reserve_bytes=0)):  # nobody goes on with it meanwhile
        old = read_log_file(path)
        _refuse_follower(old)
        new_id = _new_id(create_id, old)
        new = _free(path, new_id)
        previous = (old.head_hash, old.last_seq) if old.last_seq else _turned(old)
        making = new.with_name(f"{new.name}.making")
        EventLog.open(
            making, create_id=lambda: new_id, now=now, previous=previous, renewed=why.strip(), reserve_bytes=0
        ).close()
        making.rename(new)  # a file of this name is complete
        making.with_name(f"{making.name}.lock").unlink(missing_ok=True)
        making.with_name(f"{making.name}.reserve").unlink(missing_ok=True)
    if not old.last_seq:
        _set_aside(path)
    return Renewal(new, new_id, path, old.log_id, old.last_seq)


def _turned(old: LogFile) -> tuple[str, int] | None:
    return None if old.previous is None else (old.previous[1], old.previous[0])


def _refuse_follower(old: LogFile) -> None:
    """The log at the end of a chain is the one that goes on: what is before it mints nothing any more."""
    if not old.last_seq:
        return
    for path in sorted(old.path.parent.glob("*.db")):
        try:
            other = read_log_file(path)
        except (HantradeError, OSError):
            continue  # not a log, or broken: `hantrade log verify` says so
        if other.path != old.path and other.previous == (old.last_seq, old.head_hash):
            raise LogError(f"{old.path} is followed by {path.name}: that one goes on, renew its identity")


def _new_id(create_id: Callable[[], str], old: LogFile) -> str:
    new_id = create_id()
    if new_id == old.log_id:
        raise LogError(f"{old.path} expected a new identity, was {new_id} again")
    return new_id


def _free(path: Path, new_id: str) -> Path:
    """Give a name no file has; it begins like the old one, so that a start of the same mode finds it."""
    return path.with_name(f"{path.stem}-{new_id}{path.suffix}")


def _set_aside(path: Path) -> None:
    for suffix in BESIDE:
        file = path.with_name(path.name + suffix)
        if file.exists():
            file.rename(path.with_name(f"{path.name}.unused{suffix}"))
