"""Find the files of a chain of logs in a folder: each may follow another, named by identity and head hash.

Nothing is written. Other files are left out; names do not matter, only what stands in the files.
"""

import sqlite3
from dataclasses import dataclass
from pathlib import Path

import msgspec

from domain.errors import LogCorrupt, LogError
from domain.messages.run import StateCarried
from persistence import schema
from persistence.chain import genesis_hash
from persistence.reader import connect_read_only

_MAGIC = b"SQLite format 3\0"


class Carried(msgspec.Struct, frozen=True):
    """What the first event of a log says about the file before it."""

    previous_log_id: str
    previous_seq: int
    previous_hash: str  # hex


@dataclass(frozen=True, slots=True)
class LogFile:
    """Who a log is, where it ends, and what it follows, as it says itself: nothing of it is proven here."""

    path: Path
    log_id: str
    last_seq: int
    head_hash: str  # hex
    previous: tuple[int, str] | None  # sequence and hash it follows by its table meta; None for the first of a chain
    carried: Carried | None  # the same by its first event, with the identity; None when that is no StateCarried

    @property
    def begins(self) -> str:
        """Say what it begins after."""
        seq, hash_ = self.previous or (0, "")
        name = f" of log {self.carried.previous_log_id}" if self.carried else ""
        return f"event {seq:,}, hash {hash_}{name}"


@dataclass(frozen=True, slots=True)
class LogChain:
    """The files that lead up to a log."""

    files: tuple[LogFile, ...]  # oldest first; the last is the one asked for
    missing: str  # empty when the first file follows no other; else what is not there
    notes: tuple[str, ...]  # what a person should know besides: copies, files that cannot be read


def read_log_file(path: Path) -> LogFile:
    """Read what a log says of itself. Raises ConfigError, LogCorrupt, LogTooNew, LogError."""
    conn = connect_read_only(path)
    try:
        meta = schema.read_meta(conn)
        head = conn.execute("SELECT last_seq, hash FROM commits ORDER BY first_seq DESC LIMIT 1").fetchone()
        first = conn.execute("SELECT type, CAST(payload AS BLOB) FROM events WHERE seq = 1").fetchone()
        carried = None
        if first is not None and first[0] == StateCarried.__name__:
            carried = msgspec.json.decode(first[1], type=Carried)
        genesis = genesis_hash(*(meta[key] or "" for key in schema.META_KEYS)).hex()
        last_seq, head_hash = head or (0, genesis)
        previous = None
        if meta["previous_hash"] is not None or meta["previous_seq"] is not None:
            previous = (int(meta["previous_seq"] or 0), str(meta["previous_hash"] or ""))
        return LogFile(path, str(meta["log_id"]), int(last_seq), str(head_hash), previous, carried)
    except (sqlite3.Error, ValueError, TypeError) as error:  # msgspec's errors are ValueErrors
        raise LogCorrupt(f"{path}: {error}") from error
    finally:
        conn.close()


def has_commit(path: Path, last_seq: int, hash_: str) -> bool:
    """Tell whether a log has a commit that ends at this sequence with this hash. Raises LogError."""
    conn = connect_read_only(path)
    try:
        found = conn.execute("SELECT 1 FROM commits WHERE last_seq = ? AND hash = ?", (last_seq, hash_)).fetchone()
    except sqlite3.Error as error:
        raise LogCorrupt(f"{path}: {error}") from error
    finally:
        conn.close()
    return found is not None


def find_chain(path: Path) -> LogChain:
    """Find the files before a log in its own folder. Raises as `read_log_file` for the log itself only."""
    start = read_log_file(path)
    if start.previous is None and start.carried is None:
        return LogChain((start,), "", _copies(start, _scan(path)[0]))
    others, unreadable = _scan(path)
    files, notes = [start], list(_copies(start, others))
    while (log := files[0]).previous is not None or log.carried is not None:
        found = _before(log, [other for other in others if other.path not in {file.path for file in files}])
        if found is None:
            return LogChain(tuple(files), f"{log.path.name} begins after {log.begins}", (*notes, *unreadable))
        notes += _copies(found, others)
        files.insert(0, found)
    return LogChain(tuple(files), "", tuple(notes))


def _scan(path: Path) -> tuple[list[LogFile], list[str]]:
    """Give the other logs of the folder, by name, and words on files that look like one and cannot be read."""
    found, unreadable = list[LogFile](), list[str]()
    try:
        files = sorted(path.absolute().parent.iterdir())
    except OSError as error:
        return [], [f"the folder {path.parent} cannot be listed: {error.strerror}"]
    for file in files:
        if not file.is_file() or not _may_be_log(file) or file.samefile(path):
            continue
        try:
            found.append(read_log_file(path.with_name(file.name)))
        except LogError as error:
            unreadable.append(f"{file.name} cannot be read as a log: {str(error).removeprefix(f'{path.parent}/')}")
    return found, unreadable


def _may_be_log(file: Path) -> bool:
    if file.suffix == ".db":
        return True
    try:
        with file.open("rb") as content:
            return content.read(len(_MAGIC)) == _MAGIC
    except OSError:
        return False


def _before(log: LogFile, others: list[LogFile]) -> LogFile | None:
    """Give the file a log follows: by identity, or by hash where the log names none. Of copies the one that fits."""
    wanted = log.previous
    if log.carried is not None:
        fitting = [other for other in others if other.log_id == log.carried.previous_log_id]
    else:
        fitting = [other for other in others if wanted is not None and _holds(other, *wanted)]
    return min(fitting, key=lambda other: ((other.last_seq, other.head_hash) != wanted, other.path), default=None)


def _holds(log: LogFile, seq: int, hash_: str) -> bool:
    if (log.last_seq, log.head_hash) == (seq, hash_):
        return True
    try:
        return has_commit(log.path, seq, hash_)
    except LogError:
        return False


def _copies(log: LogFile, others: list[LogFile]) -> tuple[str, ...]:
    return tuple(
        f"{other.path.name} is log {log.log_id} too, up to event {other.last_seq:,}"
        f"{'' if other.head_hash == log.head_hash else ' with another head'}; {log.path.name} was checked"
        for other in others
        if other.log_id == log.log_id and other.path != log.path
    )
