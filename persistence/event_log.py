"""The append side of the event log: one writer, one transaction per commit, a hash chain over commits."""

import errno
import os
import sqlite3
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from domain.errors import ConfigError, InvariantError, LogCorrupt, LogError
from persistence import schema
from persistence.chain import commit_hash, genesis_hash
from persistence.disk import RESERVE_BYTES, Place, Reserve, translated
from persistence.lock import WriterLock
from persistence.record import Record
from persistence.wal import prepare_wal

_CHECKPOINT_PAGES = 4_000  # 16 MB: the WAL goes into the database about every 16 MB, and stays about that size
WAL_BYTES = 17 << 20  # a little more than that, with the frames' headers
_WAL_KEEP_BYTES = 64 << 20  # what stays of a WAL that grew behind a slow reader
_LOOK_EVERY = 64  # events between two looks whether the files are still where they were opened
_INSERT_EVENT = (
    "INSERT INTO events(seq, run_id, recorded_at, venue_time, type, stream, causation_seq, role, payload)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, CAST(? AS TEXT))"
)
_SELECT_COMMIT = (
    "SELECT e.seq, e.run_id, e.recorded_at, e.venue_time, e.type, e.stream, e.causation_seq, e.role,"
    " CAST(e.payload AS BLOB), q.raw FROM events e LEFT JOIN quotes q ON q.seq = e.seq"
    " WHERE e.seq BETWEEN ? AND ? ORDER BY e.seq"
)


class EventLog:
    """Append records in commits. One instance per file and machine; used by one thread at a time."""

    def __init__(self, path: Path, conn: sqlite3.Connection, lock: WriterLock, reserve: Reserve) -> None:
        """Use `open`. Reads identity and head of the log; raises LogCorrupt when they do not fit."""
        self._path = path
        self._conn = conn
        self._lock = lock
        self._reserve = reserve
        self._is_full_sync = False
        meta = schema.read_meta(conn)
        self.log_id = str(meta["log_id"])
        self._genesis = genesis_hash(*(meta[key] or "" for key in schema.META_KEYS))
        self.last_seq, self.last_hash = self._read_head()
        self._place = Place(path)

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        create_id: Callable[[], str] | None,
        now: Callable[[], int] = time.time_ns,
        previous: tuple[str, int] | None = None,
        renewed: str = "",
        reserve_bytes: int = RESERVE_BYTES,
        wal_bytes: int = 0,
        max_page_count: int | None = None,
    ) -> "EventLog":
        """Open a log for writing; make it when it is not there and `create_id` gives its identity.

        `previous` is the last hash and sequence of the file this one follows, `renewed` why it does where that is no
        ordinary roll (see persistence/identity.py). `wal_bytes` gives the write-ahead log its
        size beforehand (WAL_BYTES for a trader: faster commits). `max_page_count` bounds the database in pages. Raises
        LogBusy, LogTooNew, LogCorrupt, LogFull; ConfigError when there is no log and none may be made.
        """
        try:
            if create_id is None and not path.exists():
                raise ConfigError(f"log expected an existing file, was {str(path)!r}")
            if path.is_dir():  # before anything is put beside it
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
            path.parent.mkdir(parents=True, exist_ok=True)
            lock = WriterLock(path.with_name(path.name + ".lock"))
        except OSError as error:
            raise translated(error, path, "opened") from error
        conn = None
        try:
            prepare_wal(path, wal_bytes)
            conn = _connect(path)
            if schema.is_new(conn):
                if create_id is None:
                    raise LogCorrupt(f"{path} is empty")
                _set_up(conn, max_page_count)
                last_hash, last_seq = previous or (None, None)
                schema.create(
                    conn,
                    {
                        "log_id": create_id(),
                        "created_at": str(now()),
                        "previous_hash": last_hash,
                        "previous_seq": None if last_seq is None else str(last_seq),
                    },
                    renewed,
                )
                if wal_bytes:  # a database that is not there yet throws it away
                    conn.close()
                    prepare_wal(path, wal_bytes)
                    conn = _connect(path)
                    _set_up(conn, max_page_count)
            else:
                schema.check_version(conn)  # before anything is written to a log that is not for us
                _set_up(conn, max_page_count)
                schema.upgrade(conn)
            conn.execute("DELETE FROM meta WHERE 0")  # a file that may not be written opens all the same: to read it
            reserve = Reserve(path.with_name(path.name + ".reserve"), reserve_bytes)
            return cls(path, conn, lock, reserve)
        except BaseException as error:
            if conn is not None:
                conn.close()
            lock.release()
            if isinstance(error, LogError) and isinstance(error.__cause__, sqlite3.OperationalError):
                error = error.__cause__  # found while reading the schema
            if isinstance(error, (sqlite3.Error, OSError)):
                raise translated(error, path, "opened") from error
            if isinstance(error, LogError) and str(path) not in str(error):
                error.args = (f"{path}: {error}",)
            raise

    def commit(self, records: Sequence[Record], *, durable: bool) -> None:
        """Append records in one transaction; with `durable` they are on the disk when this returns.

        All or nothing. Raises LogFull when there is no space (then `release_reserve` and try again), InvariantError
        when the sequence has a gap, LogError on anything else that went wrong.
        """
        if not records:
            return
        for expected, record in enumerate(records, self.last_seq + 1):
            if record.seq != expected or not 0 <= record.causation_seq < expected:
                raise InvariantError(
                    f"log expected seq {expected} caused by an earlier one, was {record.seq} by {record.causation_seq}"
                )
        new_hash = commit_hash(self.last_hash, records)
        last_seq = records[-1].seq
        if durable or last_seq % _LOOK_EVERY < len(records):
            self._place.check()
        conn = self._conn
        try:
            if durable is not self._is_full_sync:  # cannot change inside a transaction
                conn.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
                self._is_full_sync = durable
            conn.execute("BEGIN IMMEDIATE")
            conn.executemany(_INSERT_EVENT, [record[:9] for record in records])
            raws = [(record.seq, record.raw) for record in records if record.raw is not None]
            if raws:
                conn.executemany("INSERT INTO quotes(seq, raw) VALUES (?, ?)", raws)
            conn.execute(
                "INSERT INTO commits(first_seq, last_seq, prev_hash, hash) VALUES (?, ?, ?, ?)",
                (records[0].seq, last_seq, self.last_hash.hex(), new_hash.hex()),
            )
            conn.execute("COMMIT")
        except BaseException as error:
            self._roll_back()
            if isinstance(error, (sqlite3.Error, OSError)):
                raise translated(error, self._path, "appended to") from error
            raise
        self.last_seq, self.last_hash = last_seq, new_hash

    def release_reserve(self) -> bool:
        """Free the reserve on a full disk. True once; False when there is nothing left to free.

        From then on the WAL is not folded into the database before the log is closed: that would use up the space.
        """
        self._conn.execute("PRAGMA wal_autocheckpoint = 0")
        return self._reserve.release()

    @property
    def has_reserve(self) -> bool:
        """Tell whether a full disk would leave room for the last commits."""
        return self._reserve.is_held

    def close(self) -> None:
        """Fold the WAL into the database, close it and give the lock back. Harmless when done twice."""
        try:
            self._conn.close()
        finally:
            self._lock.release()

    def _roll_back(self) -> None:
        """Undo a failed commit and make sure that nothing of it stands."""
        try:
            if self._conn.in_transaction:  # SQLite rolls back by itself on some errors
                self._conn.execute("ROLLBACK")
            seq = self._conn.execute("SELECT coalesce(max(last_seq), 0) FROM commits").fetchone()[0]
        except sqlite3.Error as error:
            first = error.__context__  # what made the append fail
            cause = first if isinstance(first, (sqlite3.Error, OSError)) else error
            raise LogError(str(translated(cause, self._path, "appended to"))) from error
        if seq != self.last_seq:
            raise LogError(f"{self._path} took an append that failed, its end is {seq}: start again")

    def _read_head(self) -> tuple[int, bytes]:
        """Give last sequence and hash after checking the last commit. Raises LogCorrupt."""
        conn = self._conn
        found = conn.execute(
            "SELECT first_seq, last_seq, prev_hash, hash FROM commits ORDER BY first_seq DESC LIMIT 1"
        ).fetchone()
        last_event = conn.execute("SELECT coalesce(max(seq), 0) FROM events").fetchone()[0]
        first_seq, last_seq, prev_hash, last_hash = found or (0, 0, "", self._genesis.hex())
        if last_event != last_seq:
            raise LogCorrupt(f"{self._path} expected its last event at {last_seq}, was {last_event}", last_seq + 1)
        if found is None:
            return 0, self._genesis
        try:
            rows = [Record(*row) for row in conn.execute(_SELECT_COMMIT, (first_seq, last_seq))]
            is_good = commit_hash(bytes.fromhex(prev_hash), rows).hex() == last_hash
        except (TypeError, ValueError, sqlite3.OperationalError):
            is_good = False
        if not is_good:
            raise LogCorrupt(f"{self._path} was changed after it was written: commit {first_seq}", first_seq)
        return last_seq, bytes.fromhex(last_hash)


def _connect(path: Path) -> sqlite3.Connection:
    # The core commits in a thread of its own; that only one thread uses the connection is the core's promise.
    return sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5.0)


def _set_up(conn: sqlite3.Connection, max_page_count: int | None) -> None:
    conn.execute("PRAGMA journal_mode = WAL")
    conn.execute("PRAGMA synchronous = NORMAL")
    if sys.platform == "darwin":  # there fsync alone leaves the data in the drive's cache
        conn.execute("PRAGMA fullfsync = ON")
        conn.execute("PRAGMA checkpoint_fullfsync = ON")
    conn.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
    conn.execute(f"PRAGMA journal_size_limit = {_WAL_KEEP_BYTES}")
    if max_page_count is not None:
        conn.execute(f"PRAGMA max_page_count = {max_page_count}")
