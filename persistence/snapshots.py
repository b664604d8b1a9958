"""A snapshot beside a log: every role's state at one commit, so that a start reads only what came after.

    NAME.db.snapshot = "hantrade snapshot 1 " + sha256 of the body, hex + "\n" + body
    body             = zlib of the JSON of a Snapshot

The log is the truth: a snapshot that does not fit it in every respect is left aside with a reason, and the log is
folded from its first event. Deleting a snapshot is always safe.
"""

import contextlib
import errno
import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import msgspec

from domain.messages.run import RoleState
from persistence.reader import LogReader

FORMAT = 1
MAGIC = b"hantrade snapshot "
MAX_BYTES = 1 << 30  # of JSON; a file that unpacks to more is none of ours
KEEP_FREE_BYTES = 32 << 20  # the last room of a disk belongs to the log
_LEVEL = 1  # of zlib: fast; the rest gains little


class Commit(NamedTuple):
    """One transaction of a log."""

    last_seq: int
    hash: str  # hex


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a fold gave behind one commit of a log."""

    log_id: str
    last_seq: int  # of the commit
    commit_hash: str  # of that commit in the log, hex
    roles: dict[str, RoleState]
    benched: dict[str, str]  # role -> error
    told: dict[str, list[str]]  # role -> errors reported since the run began


@dataclass(frozen=True, slots=True)
class Found:
    """What stands beside a log."""

    snapshot: Snapshot | None = None
    data: bytes = b""  # the file, when the snapshot is one
    problem: str = ""  # why there is a file but no snapshot


def path_of(log: Path) -> Path:
    """Give where the snapshot of a log stands."""
    return log.with_name(log.name + ".snapshot")


def pack(snapshot: Snapshot) -> bytes:
    """Give the bytes of a file."""
    body = zlib.compress(msgspec.json.encode(snapshot), _LEVEL)
    return MAGIC + f"{FORMAT} {sha256(body).hexdigest()}\n".encode() + body


def unpack(data: bytes) -> Snapshot:
    """Read the bytes of a file. Raises ValueError with the reason when they are not whole or of another format."""
    head, _, body = data.partition(b"\n")
    if not head.startswith(MAGIC):
        raise ValueError("it is no snapshot")
    form, _, digest = head.removeprefix(MAGIC).decode("ascii", "replace").partition(" ")
    if form != str(FORMAT):
        raise ValueError(f"it has format {form[:20]}, this hantrade reads {FORMAT}")
    if sha256(body).hexdigest() != digest:
        raise ValueError("its digest is wrong: it is damaged or was changed")
    try:
        unpacker = zlib.decompressobj()
        text = unpacker.decompress(body, MAX_BYTES)
        if not unpacker.eof:
            raise ValueError("it is cut off, or larger than any snapshot")
        return msgspec.json.decode(text, type=Snapshot)
    except (zlib.error, ValueError, RecursionError) as error:  # msgspec's errors are ValueErrors
        raise ValueError(f"it cannot be read: {error}") from error


def find(reader: LogReader) -> Found:
    """Read the snapshot beside a log and hold it against the log's commits. Raises LogError only for the log."""
    path = path_of(reader.path)
    try:
        data = path.read_bytes()
        snapshot = unpack(data)
    except FileNotFoundError:
        return Found()
    except OSError as error:
        return Found(problem=f"{path} cannot be read: {error.strerror or error}")
    except ValueError as error:
        return Found(problem=f"{path}: {error}")
    problem = _misfit(reader, snapshot)
    return Found(problem=f"{path}: {problem}") if problem else Found(snapshot, data)


def _misfit(reader: LogReader, snapshot: Snapshot) -> str:
    """Say why a sound snapshot is not of this log; empty when it is."""
    if snapshot.log_id != reader.log_id:
        return f"it is of log {snapshot.log_id}, this is {reader.log_id}"
    commit = commit_at(reader, snapshot.last_seq)
    if commit is None or commit.last_seq != snapshot.last_seq:
        return f"the log has no commit that ends at {snapshot.last_seq}"
    if commit.hash != snapshot.commit_hash:
        return f"the log's commit at {snapshot.last_seq} is another one"
    return ""


def commit_at(reader: LogReader, seq: int) -> Commit | None:
    """Give the commit an event is in; behind the end the last one, None for an empty log. Raises LogError."""
    found = reader.rows(
        "SELECT last_seq, hash FROM commits WHERE first_seq <= ? ORDER BY first_seq DESC LIMIT 1", (seq,)
    )
    return Commit(int(found[0][0]), str(found[0][1])) if found else None


def head_of(reader: LogReader) -> Commit | None:
    """Give the last commit, None for an empty log. Raises LogError."""
    return commit_at(reader, (1 << 63) - 1)


def write(log: Path, data: bytes) -> None:
    """Put a snapshot beside a log so that a reader finds the old one or the new one, whole. Raises OSError.

    Takes nothing of the last room of a disk.
    """
    path = path_of(log)
    space = os.statvfs(path.parent)
    if space.f_bavail * space.f_frsize < KEEP_FREE_BYTES + len(data):
        raise OSError(errno.ENOSPC, f"less than {KEEP_FREE_BYTES >> 20} MB would be left")
    draft = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        with draft.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    with _folder(path.parent) as fd:
        os.fsync(fd)


def tidy(log: Path) -> None:
    """Remove drafts that writers left behind when they were killed."""
    for draft in log.parent.glob(f"{path_of(log).name}.*.tmp"):
        with contextlib.suppress(OSError):
            draft.unlink()


@contextlib.contextmanager
def _folder(path: Path) -> Iterator[int]:
    fd = os.open(path, os.O_RDONLY)
    try:
        yield fd
    finally:
        os.close(fd)
