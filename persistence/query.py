"""What a reader may filter by, as SQL. Texts of a caller only ever go in as arguments."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from domain.messages import MESSAGES
from persistence.schema import RARE

Clock = Literal["venue", "recorded"]
Rows = Callable[[str, tuple[Any, ...]], list[tuple[Any, ...]]]
_BULK_STREAMS = ("quotes", "clock")  # those outside the partial indexes
_LAST = chr(0x10FFFF)  # sorts after every text with the same beginning
_MAX_SEQ = 2**63 - 1
# An order's cancel or fate names the order, not the instrument, so a symbol brings in the whole stream of its orders.
_SYMBOL = (
    "(instr(e.payload, ?) > 0 OR e.stream IN (SELECT o.stream FROM events o WHERE o.stream >= 'order/'"
    f" AND o.stream < 'order0' AND o.{RARE} AND instr(o.payload, ?) > 0))"
)


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which events are wanted; None means any."""

    type: str | None = None
    stream_prefix: str | None = None
    since: int | None = None  # UTC ns, inclusive
    until: int | None = None  # UTC ns, exclusive
    clock: Clock = "venue"
    symbol: str | None = None

    def where(self) -> tuple[str, list[Any]]:
        """Give conditions on `events e` (each begins with AND) and their arguments."""
        parts: list[str] = []
        args: list[Any] = []
        if self.type is not None:
            parts.append("AND e.type = ?")
            args.append(self.type)
        if self.stream_prefix:
            parts.append("AND e.stream >= ? AND e.stream < ?")
            args += [self.stream_prefix, self.stream_prefix + _LAST]
        if self._uses_index():
            parts.append(f"AND e.{RARE}")
        column = self._column()
        if self.since is not None:
            parts.append(f"AND ({column} IS NULL OR {column} >= ?)")
            args.append(self.since)
        if self.until is not None:
            parts.append(f"AND ({column} IS NULL OR {column} < ?)")
            args.append(self.until)
        if self.symbol is not None:
            parts.append(f"AND {_SYMBOL}")
            args += [f'"{self.symbol}"'] * 2  # a symbol is a JSON string of its own wherever it occurs
        return " ".join(parts), args

    def index_hint(self) -> str:
        """Name the index, or none: for a wide prefix SQLite would sort all matches again for every page."""
        if not self._uses_index():
            return "NOT INDEXED"
        return "INDEXED BY events_stream" if self.type is None else "INDEXED BY events_type"

    def span(self, rows: Rows) -> tuple[int, int]:
        """Give the sequences between which the wanted times lie; records without a time count by their place."""
        column, low, high = self._column(), 1, _MAX_SEQ
        if self.since is not None:
            sql = f"SELECT e.seq FROM events e NOT INDEXED WHERE {column} >= ? ORDER BY e.seq LIMIT 1"
            found = rows(sql, (self.since,))
            low = found[0][0] if found else _MAX_SEQ
        if self.until is not None:
            sql = f"SELECT e.seq FROM events e NOT INDEXED WHERE {column} < ? ORDER BY e.seq DESC LIMIT 1"
            found = rows(sql, (self.until,))
            # Those without a time right behind the last one before `until` still belong to it.
            after = (
                rows(
                    f"SELECT e.seq FROM events e NOT INDEXED WHERE e.seq > ? AND {column} >= ? ORDER BY e.seq LIMIT 1",
                    (found[0][0], self.until),
                )
                if found
                else []
            )
            high = 0 if not found else after[0][0] - 1 if after else _MAX_SEQ
        return low, high

    def _column(self) -> str:
        return "e.venue_time" if self.clock == "venue" else "e.recorded_at"

    def _uses_index(self) -> bool:
        """Tell whether an index holds what is wanted: a rare type, or one subject of a kind (`order/…`)."""
        if self.type is not None:
            kind = MESSAGES.get(self.type)
            return kind is not None and kind.STREAM not in _BULK_STREAMS
        prefix = self.stream_prefix or ""
        return "/" in prefix and not prefix.endswith("/")
