"""The log as flat rows for other tools: events, decoded quotes, or one of the views."""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import msgspec

from domain.errors import LogCorrupt
from domain.quotes import Quote
from domain.time import kst_datetime
from persistence import views
from persistence.codec import MessageCodec
from persistence.query import EventFilter
from persistence.reader import LogReader
from persistence.record import Record
from persistence.tables import Columns, Format, Row

_PAGE = 2_000
_NUMBERS: dict[type, int] = {bool: 0, int: 1, float: 2, str: 3}  # a column is of the widest type found in it

# As `log show --json` names them. CSV and Parquet also give the times as ISO text in KST.
EVENT_COLUMNS: dict[str, type] = {
    "seq": int,
    "run_id": str,
    "recorded_at": int,
    "venue_time": int,
    "type": str,
    "stream": str,
    "causation_seq": int,
    "role": str,
    "payload": str,
}
FLAT_COLUMNS: dict[str, type] = EVENT_COLUMNS | {"recorded_kst": str, "venue_kst": str}
QUOTE_COLUMNS: dict[str, type] = {"seq": int} | {name: str if name == "symbol" else int for name in Quote._fields}

Pages = Iterator[list[Row]]


def kst_iso(ns: int | None) -> str | None:
    """Give a time (UTC ns) as ISO text in KST to the millisecond, as the views do; None stays None."""
    return None if ns is None else kst_datetime(ns).isoformat(timespec="milliseconds")


def events(found: Iterator[Record], kind: Format) -> tuple[Pages, Columns]:
    """Give events as pages of rows with their columns; JSON lines have the payload unpacked."""
    if kind == "jsonl":
        return _paged(map(_object, found)), EVENT_COLUMNS
    return _paged(map(_flat, found)), FLAT_COLUMNS


def quotes(reader: LogReader, wanted: EventFilter, codec: MessageCodec) -> tuple[Pages, Columns]:
    """Give quotes, one row each, with the sequence of their batch. Raises LogError; LogCorrupt for broken bytes."""
    return _paged(_quote_rows(reader, wanted, codec)), QUOTE_COLUMNS


def view(reader: LogReader, name: str) -> tuple[Pages, Columns]:
    """Give the rows of a view as this version defines it, also of a log that has none. Raises LogError."""
    for sql in views.temporary():
        reader.rows(sql)
    rows: list[Row] = [*reader.rows(f"SELECT * FROM temp.{name}")]
    names = views.columns()[name]
    columns = {column: _type_of(row[index] for row in rows) for index, column in enumerate(names)}
    return iter([rows]), columns


def _paged(rows: Iterator[Row]) -> Pages:
    while page := list(islice(rows, _PAGE)):
        yield page


def _object(record: Record) -> Row:
    try:
        payload = msgspec.json.decode(record.payload)
    except ValueError:  # no JSON: as text
        payload = record.payload.decode("utf-8", "replace")
    return (*record[:8], payload)


def _flat(record: Record) -> Row:
    payload = record.payload.decode("utf-8", "replace")
    return (*record[:8], payload, kst_iso(record.recorded_at), kst_iso(record.venue_time))


def _quote_rows(reader: LogReader, wanted: EventFilter, codec: MessageCodec) -> Iterator[Row]:
    is_wanted = _quote_filter(wanted)
    # A batch counts by its last row, so its first ones may be before an `until` that the batch itself is not.
    until = None if wanted.clock == "venue" else wanted.until
    batches = reader.events(
        type="QuotesReceived", since=wanted.since, until=until, clock=wanted.clock, symbol=wanted.symbol
    )
    for record in batches:
        try:
            rows = codec.batch(record).rows
        except ValueError as error:
            raise LogCorrupt(f"{reader.path}: {error}", record.seq) from error
        for row in rows:
            if is_wanted(row):
                yield (record.seq, *row)


def _quote_filter(wanted: EventFilter) -> Callable[[Quote], bool]:
    low = wanted.since if wanted.clock == "venue" and wanted.since is not None else 0
    high = wanted.until if wanted.clock == "venue" and wanted.until is not None else 2**63
    symbol = wanted.symbol
    return lambda row: (symbol is None or row.symbol == symbol) and low <= row.venue_time < high


def _type_of(values: Iterator[Any]) -> type:
    kinds = {type(value) for value in values if value is not None} or {str}
    return max(kinds, key=lambda kind: _NUMBERS[kind])
