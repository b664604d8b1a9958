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
T = TypeVar("T")


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

    def payloads(self, name: str, stretch: Stretch, stream: str = "") -> list[tuple[int, bytes]]:
        """Give (sequence, payload) of the events of one rare type, of one stream or any. Raises LogError."""
        wanted, args = ("e.stream = ? AND +e.type = ?", (stream, name)) if stream else ("e.type = ?", (name,))
        sql = (
            f"SELECT e.seq, CAST(e.payload AS BLOB) FROM events e WHERE {wanted} AND e.{RARE}"
            f" AND e.seq BETWEEN ? AND ? ORDER BY e.seq LIMIT {PAGE}"
        )
        return self._paged(sql, args, stretch)

    def decoded(self, name: str, kind: type[T], stretch: Stretch, stream: str = "") -> list[tuple[int, T]]:
        """Give (sequence, message) of one rare type. Raises LogError, LogCorrupt for what cannot be decoded."""
        rows = self.payloads(name, stretch, stream)
        return list(zip([row[0] for row in rows], self.whole([row[1] for row in rows], kind), strict=True))

    def whole(self, payloads: Iterable[bytes], kind: type[T]) -> list[T]:
        """Decode payloads of one type at once. Raises LogCorrupt."""
        try:
            found: list[T] = _decoder(kind).decode(  # type: ignore[arg-type]  # a class is hashable
                b"[" + b",".join(payloads) + b"]"
            )
        except ValueError as error:  # msgspec's errors are ValueErrors
            raise LogCorrupt(f"{self._reader.path} holds a {kind.__name__} that cannot be read: {error}") from error
        return found

    def streams(self, names: Sequence[str], stretch: Stretch) -> set[str]:
        """Give the orders that rare events of these types are about. Raises LogError."""
        marks = ", ".join("?" * len(names))
        rows = self._reader.rows(
            f"SELECT DISTINCT substr(e.stream, 7) FROM events e WHERE e.type IN ({marks}) AND e.{RARE}"
            " AND e.seq BETWEEN ? AND ? AND e.stream >= 'order/' AND e.stream < 'order0'",
            (*names, stretch.low, stretch.high),
        )
        return {row[0] for row in rows if row[0]}

    def asked(self, stretch: Stretch) -> list[Asked]:
        """Give the orders that risk let pass. Raises LogError, LogCorrupt.

        What asked for an order (a signal, a stop) follows from judged quotes, these from a batch received.
        """
        rows = self._paged(
            "SELECT e.seq, CAST(e.payload AS BLOB), CAST(CASE a.type WHEN 'SignalFormed' THEN a.payload END AS BLOB),"
            " CAST(CASE 'QuotesReceived' WHEN b.type THEN b.payload WHEN c.type THEN c.payload END AS BLOB)"
            " FROM events e LEFT JOIN events a ON a.seq = e.causation_seq"
            " LEFT JOIN events b ON b.seq = a.causation_seq LEFT JOIN events c ON c.seq = b.causation_seq"
            f" WHERE e.type = 'OrderApproved' AND e.{RARE} AND e.seq BETWEEN ? AND ? ORDER BY e.seq LIMIT {PAGE}",
            (),
            stretch,
        )
        orders = self.whole([row[1] for row in rows], Approved)
        signals = self.whole([row[2] or b"{}" for row in rows], Reference)
        batches = self.whole([row[3] or b"{}" for row in rows], Received)
        return [
            Asked(row[0], order, signal.reference_price, batch.received_at)
            for row, order, signal, batch in zip(rows, orders, signals, batches, strict=True)
        ]

    def numbered(self, names: Sequence[str], stretch: Stretch) -> list[Numbered]:
        """Give the events of several rare types in order. Raises LogError, LogCorrupt."""
        return self._numbered(f"e.type IN ({', '.join('?' * len(names))})", tuple(names), stretch)

    def states(self, order: str, stretch: Stretch) -> list[Numbered]:
        """Give how one order's state moved. Raises LogError, LogCorrupt."""
        return self._numbered("e.stream = ? AND +e.type = 'OrderStateChanged'", (f"order/{order}",), stretch)

    def _numbered(self, wanted: str, args: tuple[str, ...], stretch: Stretch) -> list[Numbered]:
        rows = self._paged(
            "SELECT e.seq, e.type, coalesce(e.venue_time, e.recorded_at), CAST(e.payload AS BLOB) FROM events e"
            f" WHERE {wanted} AND e.{RARE} AND e.seq BETWEEN ? AND ? ORDER BY e.seq LIMIT {PAGE}",
            args,
            stretch,
        )
        found = []
        for seq, name, at, payload in rows:
            kind: Any = MESSAGES[name]
            try:
                found.append(Numbered(seq, at, _one(kind).decode(payload)))
            except ValueError as error:
                raise LogCorrupt(f"{self._reader.path} event {seq}: {name} cannot be read: {error}", seq) from error
        return found

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
