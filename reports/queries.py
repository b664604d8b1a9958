"""One log, asked by type over the partial index; payloads of a type are decoded together.

A year of 100,000 trades is some millions of events, so payloads are put together into one JSON array and decoded at
once, into no more fields than are needed.
"""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, NamedTuple, TypeVar

import msgspec

from domain.errors import LogCorrupt
from domain.messages import MESSAGES, Message
from domain.types import UnixNanos
from persistence.reader import LogReader
from persistence.views import RARE
from reports.logs import Stretch
from reports.rows import Approved, Received, Reference

PAGE = 20_000  # rows of one query: it must end soon where a trader writes the log
CACHE_KB = 65_536  # of pages SQLite keeps, against 2,000 by default
MAPPED = 1 << 30  # bytes of a log that are mapped instead of copied: half the page faults, a sixth of the time
T = TypeVar("T")


Fetched = tuple[bytes, ...]  # columns of events as JSON arrays: sequences, then payloads


class Raw(NamedTuple):
    """An event that is not decoded yet."""

    seq: int
    type: str
    at: UnixNanos  # venue time where it has one, else system time
    payload: bytes


class Numbered(NamedTuple):
    """A message with its place."""

    seq: int
    at: UnixNanos  # venue time where it has one, else system time
    message: Message


class Asked(NamedTuple):
    """An order that risk let pass, with its place and what led to it."""

    seq: int
    order: Approved
    reference: int | None  # won, the mark when its signal was formed; None: no signal asked for it
    received_at: int  # system time (UTC ns) at which the quotes behind it came; 0: not told, or no quote led to it


class Rows:
    """One log, asked by type."""

    def __init__(self, reader: LogReader) -> None:
        """Take the open log; its pages are read again and again, once for each type."""
        self._reader = reader
        reader.rows(f"PRAGMA cache_size = -{CACHE_KB}")
        reader.rows(f"PRAGMA mmap_size = {MAPPED}")

    def fetch(self, name: str, stretch: Stretch, stream: str = "") -> Fetched:
        """Read the events of one rare type, of one stream or any. Raises LogError."""
        wanted, args = ("e.stream = ? AND +e.type = ?", (stream, name)) if stream else ("e.type = ?", (name,))
        return self._fetched(
            f"SELECT e.seq, e.payload FROM events e WHERE {wanted} AND e.{RARE}"
            " AND e.seq BETWEEN ? AND ? ORDER BY e.seq",
            ("seq", "payload"),
            (*args, stretch.low, stretch.high),
        )

    def decoded(self, name: str, kind: type[T], stretch: Stretch, stream: str = "") -> list[tuple[int, T]]:
        """Give (sequence, message) of one rare type. Raises LogError, LogCorrupt for what cannot be decoded."""
        return self.decode(self.fetch(name, stretch, stream), kind)

    def decode(self, fetched: Fetched, kind: type[T]) -> list[tuple[int, T]]:
        """Give (sequence, message) of what was read, in order. Raises LogCorrupt for what cannot be decoded."""
        seqs, payloads = fetched
        return list(zip(self._array(seqs, int), self._array(payloads, kind), strict=True))

    def _array(self, json: bytes, kind: type[T]) -> list[T]:
        try:
            found: list[T] = _decoder(kind).decode(json)  # type: ignore[arg-type]  # a class is hashable
        except ValueError as error:  # msgspec's errors are ValueErrors
            raise LogCorrupt(f"{self._reader.path} holds a {kind.__name__} that cannot be read: {error}") from error
        return found

    def _fetched(self, select: str, columns: Sequence[str], args: tuple[Any, ...]) -> tuple[bytes, ...]:
        """Read columns as one JSON array each, in one step of SQLite: no other thread of Python waits for it."""
        arrays = ", ".join(f"CAST('[' || coalesce(group_concat({name}), '') || ']' AS BLOB)" for name in columns)
        [row] = self._reader.rows(f"SELECT {arrays} FROM ({select})", args)
        return tuple(row)

    def whole(self, payloads: Iterable[bytes], kind: type[T]) -> list[T]:
        """Decode payloads of one type at once. Raises LogCorrupt."""
        return self._array(b"[" + b",".join(payloads) + b"]", kind)

    def streams(self, names: Sequence[str], stretch: Stretch) -> list[tuple[str, str]]:
        """Give (type, order) of the orders that rare events of these types are about. Raises LogError."""
        marks = ", ".join("?" * len(names))
        rows = self._reader.rows(
            f"SELECT DISTINCT e.type, substr(e.stream, 7) FROM events e WHERE e.type IN ({marks}) AND e.{RARE}"
            " AND e.seq BETWEEN ? AND ? AND e.stream > 'order/' AND e.stream < 'order0' ORDER BY 1, 2",
            (*names, stretch.low, stretch.high),
        )
        return [(name, order) for name, order in rows]

    def fetch_alone(self, name: str, stretch: Stretch) -> bytes:
        """Read the same without sequences, where nobody asks for them. Raises LogError."""
        select = (
            f"SELECT e.payload FROM events e WHERE e.type = ? AND e.{RARE} AND e.seq BETWEEN ? AND ? ORDER BY e.seq"
        )
        [found] = self._fetched(select, ("payload",), (name, stretch.low, stretch.high))
        return found

    def decode_alone(self, fetched: bytes, kind: type[T]) -> list[T]:
        """Give the messages, in order. Raises LogCorrupt for what cannot be decoded."""
        return self._array(fetched, kind)

    def fetch_asked(self, stretch: Stretch) -> tuple[bytes, ...]:
        """Read the orders that risk let pass with what led to them. Raises LogError.

        What asked for an order (a signal, a stop) follows from judged quotes, these from a batch received.
        """
        select = (
            "SELECT e.seq, e.payload, CASE a.type WHEN 'SignalFormed' THEN a.payload ELSE '{}' END AS signal,"
            " CASE 'QuotesReceived' WHEN b.type THEN b.payload WHEN c.type THEN c.payload ELSE '{}' END AS batch"
            " FROM events e LEFT JOIN events a ON a.seq = e.causation_seq"
            " LEFT JOIN events b ON b.seq = a.causation_seq LEFT JOIN events c ON c.seq = b.causation_seq"
            f" WHERE e.type = 'OrderApproved' AND e.{RARE} AND e.seq BETWEEN ? AND ? ORDER BY e.seq"
        )
        return self._fetched(select, ("seq", "payload", "signal", "batch"), (stretch.low, stretch.high))

    def asked(self, fetched: tuple[bytes, ...]) -> list[Asked]:
        """Give them, in order. Raises LogCorrupt."""
        seqs, orders, signals, batches = fetched
        rows = zip(
            self._array(seqs, int),
            self._array(orders, Approved),
            self._array(signals, Reference),
            self._array(batches, Received),
            strict=True,
        )
        return [Asked(seq, order, signal.reference_price, batch.received_at) for seq, order, signal, batch in rows]

    def some(self, names: Sequence[str], stretch: Stretch) -> list[Raw]:
        """Read the events of several rare types in order. Raises LogError."""
        return self._rare(f"e.type IN ({', '.join('?' * len(names))})", tuple(names), stretch)

    def states(self, order: str, stretch: Stretch) -> list[Raw]:
        """Read how one order's state moved. Raises LogError."""
        return self._rare("e.stream = ? AND +e.type = 'OrderStateChanged'", (f"order/{order}",), stretch)

    def _rare(self, wanted: str, args: tuple[str, ...], stretch: Stretch) -> list[Raw]:
        rows = self._paged(
            "SELECT e.seq, e.type, coalesce(e.venue_time, e.recorded_at), CAST(e.payload AS BLOB) FROM events e"
            f" WHERE {wanted} AND e.{RARE} AND e.seq BETWEEN ? AND ? ORDER BY e.seq LIMIT {PAGE}",
            args,
            stretch,
        )
        return [Raw(*row) for row in rows]

    def numbered(self, raw: Raw) -> Numbered:
        """Decode one of them. Raises LogCorrupt."""
        kind: Any = MESSAGES[raw.type]
        try:
            return Numbered(raw.seq, raw.at, _one(kind).decode(raw.payload))
        except ValueError as error:
            what = f"{self._reader.path} event {raw.seq}: {raw.type} cannot be read"
            raise LogCorrupt(f"{what}: {error}", raw.seq) from error

    def _paged(self, sql: str, args: tuple[Any, ...], stretch: Stretch) -> list[tuple[Any, ...]]:
        low, found = stretch.low, []
        while True:
            page = self._reader.rows(sql, (*args, low, stretch.high))
            found += page
            if len(page) < PAGE:
                return found
            low = page[-1][0] + 1


@cache
def _decoder(kind: type[Any]) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(list[kind])  # type: ignore[valid-type]  # made at run time


@cache
def _one(kind: type[Any]) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind)
