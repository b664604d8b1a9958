"""Read an event log, also one that a trader is writing.

Every query is a short page: an open cursor would keep the writer from resetting its WAL, which grows without bound.
"""

import json
import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from domain.errors import ConfigError, LogCorrupt, LogError
from domain.messages import Message
from domain.messages.market import QuotesReceived
from domain.quotes import QuoteBatch
from persistence import schema
from persistence.codec import MessageCodec, UnknownEvent
from persistence.folding import JUDGED, OTHER, RECEIVED, Folding, Raws, Row, folding
from persistence.query import Clock, EventFilter
from persistence.record import Record

_PAGE = 2_000
_MAX_SEQ = 2**63 - 1
_COLUMNS = (
    "e.seq, e.run_id, e.recorded_at, e.venue_time, e.type, e.stream, e.causation_seq, e.role, CAST(e.payload AS BLOB)"
)

_LEAN = (
    f"SELECT e.seq, e.recorded_at, CASE e.type WHEN 'QuotesReceived' THEN {RECEIVED} WHEN 'QuotesJudged' THEN {JUDGED}"
    f" ELSE {OTHER} END AS kind, CASE e.type WHEN 'QuotesJudged' THEN e.role END,"
    " CASE e.stream WHEN 'quotes' THEN CAST(e.payload AS BLOB) END"
    " FROM events e NOT INDEXED WHERE e.seq BETWEEN ? AND ? ORDER BY e.seq"
)

_KINDS: tuple[set[type], ...] = (  # of the columns of an event
    {int},
    {str},
    {int},
    {int, type(None)},
    {str},
    {str},
    {int},
    {str},
    {bytes},
)


def connect_read_only(path: Path) -> sqlite3.Connection:
    """Open the file of a log without any right to change it. Raises ConfigError, LogCorrupt, LogTooNew, LogError."""
    if not path.is_file():
        raise ConfigError(f"log expected an existing file, was {str(path)!r}")
    uri = f"{path.resolve().as_uri()}?mode=ro"
    if not path.with_name(path.name + "-wal").exists() and not os.access(path.parent, os.W_OK):
        uri += "&immutable=1"  # a finished log where SQLite may not make its index of the WAL, e.g. on read-only media
    try:
        conn = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
    except sqlite3.OperationalError as error:  # no right to read it
        raise LogError(f"{path} cannot be read: {error}") from error
    try:
        if schema.is_new(conn):
            raise LogCorrupt("not an event log of hantrade: the file is empty")
        schema.check_version(conn)
    except LogError as error:
        conn.close()
        error.args = (f"{path}: {error}",)
        raise
    return conn


class LogReader:
    """Ask one log. Used by one thread at a time; close it, or use it in a `with`."""

    def __init__(self, path: Path, codec: MessageCodec) -> None:
        """Open the log read-only. Raises ConfigError when there is none, LogCorrupt, LogTooNew."""
        self.path = path
        self._codec = codec
        self._conn = connect_read_only(path)
        self.meta = schema.read_meta(self._conn)
        self.log_id = str(self.meta["log_id"])
        self._last_batch: tuple[int, QuoteBatch] | None = None

    def __enter__(self) -> "LogReader":
        """Give the reader."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._conn.close()

    def beside(self, path: Path) -> "LogReader":
        """Open another log the same way. Raises as the constructor does."""
        return LogReader(path, self._codec)

    def rows(self, sql: str, args: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        """Run one query to its end. Raises LogCorrupt when the file is broken, LogError when it cannot be read."""
        try:
            return self._conn.execute(sql, args).fetchall()
        except sqlite3.OperationalError as error:
            raise LogError(f"{self.path} cannot be read: {error}") from error
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
            raise LogCorrupt(f"{self.path} cannot be read: {error}") from error

    def last_seq(self) -> int:
        """Give the newest sequence, 0 for an empty log."""
        return int(self.rows("SELECT coalesce(max(last_seq), 0) FROM commits")[0][0])

    def events(
        self,
        from_seq: int = 1,
        to_seq: int | None = None,
        *,
        type: str | None = None,
        stream_prefix: str | None = None,
        since: int | None = None,
        until: int | None = None,
        clock: Clock = "venue",
        symbol: str | None = None,
        reverse: bool = False,
        raw: bool = True,
    ) -> Iterator[Record]:
        """Give records in sequence, filtered. What is appended while this runs may come too.

        `since` (inclusive) and `until` (exclusive) are UTC ns on the venue's or on the recording clock; a record
        without a venue time counts by its place between the others. `symbol` finds what names it, and whole orders
        of it. With `raw=False` the bytes of quote batches are left out. Raises LogError.
        """
        wanted = EventFilter(type, stream_prefix, since, until, clock, symbol)
        low, high = wanted.span(self.rows)
        low, high = max(low, from_seq), min(high, to_seq if to_seq is not None else high)
        where, args = wanted.where()
        raw_column, join = ("q.raw", "LEFT JOIN quotes q ON q.seq = e.seq") if raw else ("NULL", "")
        sql = (
            f"SELECT {_COLUMNS}, {raw_column} FROM events e {wanted.index_hint()} {join}"
            f" WHERE e.seq BETWEEN ? AND ? {where} ORDER BY e.seq {'DESC' if reverse else 'ASC'} LIMIT {_PAGE}"
        )
        while low <= high:
            page = self.rows(sql, (low, high, *args))
            yield from self._records(page)
            if len(page) < _PAGE:
                return
            low, high = (low, page[-1][0] - 1) if reverse else (page[-1][0] + 1, high)

    def messages(
        self,
        from_seq: int = 1,
        to_seq: int | None = None,
        *,
        type: str | None = None,
        stream_prefix: str | None = None,
        symbol: str | None = None,
        reverse: bool = False,
    ) -> Iterator[tuple[Record, Message | UnknownEvent]]:
        """Give records with their messages, in sequence; filters as in `events`. Raises LogError."""
        for record in self.events(
            from_seq, to_seq, type=type, stream_prefix=stream_prefix, symbol=symbol, reverse=reverse
        ):
            yield record, self.decode(record)

    def folding(self, from_seq: int = 1, to_seq: int | None = None) -> Iterator[Folding]:
        """Give the log for the fold, quotes in runs. Raises LogError."""
        return folding(self, self._codec, from_seq, to_seq)

    def page(self, from_seq: int, to_seq: int | None, limit: int) -> tuple[list[Row], Raws]:
        """Give up to `limit` events, as little of each as a fold needs, and the bytes of quotes. Raises LogError."""
        rows: Any = self.rows(f"{_LEAN} LIMIT {limit}", (from_seq, _MAX_SEQ if to_seq is None else to_seq))
        if not rows:
            return rows, {}
        # Two scans side by side: a join would look every event up in the quotes.
        return rows, dict(self.rows("SELECT seq, raw FROM quotes WHERE seq BETWEEN ? AND ?", (rows[0][0], rows[-1][0])))

    def some(self, seqs: Sequence[int]) -> Iterator[Record]:
        """Give the whole records of these sequences, in order. Raises LogError."""
        sql = (
            f"SELECT {_COLUMNS}, q.raw FROM json_each(?) w JOIN events e ON e.seq = w.value"
            " LEFT JOIN quotes q ON q.seq = e.seq ORDER BY w.key"
        )
        return (Record(*row) for row in self.rows(sql, (json.dumps(seqs),)))

    def decode(self, record: Record) -> Message | UnknownEvent:
        """Give the message of one record; the batch of a QuotesJudged is looked up when it is not the one just read."""
        message = self._codec.decode(record, self._batch_at)
        if isinstance(message, QuotesReceived):
            self._last_batch = (record.seq, message.batch)
        return message

    def record(self, seq: int) -> Record | None:
        """Give one record, None when there is none."""
        return next(self.events(seq, seq), None)

    def causes(self, seq: int) -> list[Record]:
        """Give what led to an event, nearest first, up to the input."""
        chain: list[Record] = []
        found = self.record(seq)
        # A cause comes before its effect; a broken log must not lead in circles.
        while found is not None and 0 < found.causation_seq < found.seq:
            found = self.record(found.causation_seq)
            if found is not None:
                chain.append(found)
        return chain

    def consequences(self, seq: int) -> list[Record]:
        """Give everything an event led to, directly or not, in sequence. It is all in the commit of the event."""
        commit = self.rows("SELECT last_seq FROM commits WHERE first_seq <= ? ORDER BY first_seq DESC LIMIT 1", (seq,))
        known, found = {seq}, []
        for record in self.events(seq + 1, commit[0][0] if commit else seq, raw=False):
            if record.causation_seq in known:
                known.add(record.seq)
                found.append(record)
        return found

    def follow(
        self,
        poll_s: float,
        sleep: Callable[[float], None],
        from_seq: int = 1,
        *,
        type: str | None = None,
        stream_prefix: str | None = None,
        symbol: str | None = None,
    ) -> Iterator[Record]:
        """Give records as they are committed, for ever; `sleep` is called with `poll_s` when there is nothing new."""
        while True:
            head = self.last_seq()
            if head < from_seq:
                sleep(poll_s)
                continue
            yield from self.events(from_seq, head, type=type, stream_prefix=stream_prefix, symbol=symbol, raw=False)
            from_seq = head + 1

    def _records(self, page: list[tuple[Any, ...]]) -> Iterator[Record]:
        # SQLite holds any value in any column. By column, since this is asked for every event.
        columns = zip(zip(*page, strict=True), _KINDS, strict=False)
        if all(set(map(type, column)) <= kinds for column, kinds in columns):
            return map(Record._make, page)
        bad = next(
            row[0] for row in page for value, kinds in zip(row, _KINDS, strict=False) if type(value) not in kinds
        )
        raise LogCorrupt(f"{self.path} is damaged at event {bad}: a column holds no value of its kind", bad)

    def _batch_at(self, seq: int) -> QuoteBatch | None:
        if self._last_batch is None or self._last_batch[0] != seq:
            record = self.record(seq)
            if record is None or record.type != QuotesReceived.__name__:
                return None
            self._last_batch = (seq, self._codec.batch(record))
        return self._last_batch[1]
