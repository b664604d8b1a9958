"""The event log for DeskService: pages of records, and orders by hand of earlier runs."""

import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

from broker.translate.quotes import decode_batch
from broker.translate.values import bad_field, timestamp, unix_nanos
from domain.errors import RequestRefused
from domain.messages import MESSAGES, Message
from domain.messages.operator import CommandAnswered, ManualOrderRequested
from domain.types import UnixNanos
from hantrade.v1 import desk_pb2
from persistence.codec import MessageCodec
from persistence.reader import LogReader
from persistence.record import Record
from persistence.schema import RARE

POLL_S = 0.1
AHEAD_POLLS = 10  # looks until a sequence behind the head is refused: its commit may be on the way to the disk
WINDOW = 10_000  # events looked through in one go: an open query keeps the writer from resetting its WAL
M = TypeVar("M", bound=Message)
_END = 2**63 - 1
_SYMBOL = re.compile(r"[0-9A-Z]{6}")
_NAMED_BEFORE = (
    f"SELECT 1 FROM events INDEXED BY events_stream WHERE stream = ? AND {RARE} AND seq <= ?"
    " AND instr(payload, ?) > 0 LIMIT 1"
)


class DeskLog:
    """Reads the log the trader writes, read-only, with a connection for each question."""

    def __init__(self, path: str) -> None:
        """Take the path."""
        self._path = Path(path)

    def read(self, request: desk_pb2.ReadLogRequest, left: threading.Event) -> Iterator[desk_pb2.ReadLogResponse]:
        """Give records; with `follow` for ever, looking for new ones every 100 ms, until `left` is set.

        A slow caller holds one page of records here and nothing of the file. Raises RequestRefused naming a field,
        LogError.
        """
        types = _checked(request)
        with LogReader(self._path, MessageCodec(decode_batch)) as reader:
            next_seq, last = _first_seq(reader, request, left), request.until_seq or _END
            told = -1  # the caller knows of everything up to here
            while not left.is_set():
                head = reader.last_seq()
                end = min(head, last)
                while True:
                    upto = min(next_seq + WINDOW - 1, end)
                    for record in _page(reader, request, types, next_seq, upto):
                        told = record.seq
                        yield written(record, reader.log_id, head)
                        if left.is_set():
                            return
                    next_seq = max(next_seq, upto + 1)
                    if request.progress and told < next_seq - 1:
                        told = next_seq - 1
                        yield desk_pb2.ReadLogResponse(log_id=reader.log_id, scanned_seq=told, head_seq=head)
                    if left.is_set() or next_seq > end:
                        break
                if not request.follow or next_seq > last:
                    return
                left.wait(POLL_S)

    def order_by_hand(self, command_id: str) -> tuple[ManualOrderRequested, CommandAnswered | None] | None:
        """Find an order by hand and its answer, None when this log holds none of that id. Raises LogError."""
        with LogReader(self._path, MessageCodec(decode_batch)) as reader:
            for record, asked in reader.messages(type=ManualOrderRequested.__name__):
                if not isinstance(asked, ManualOrderRequested) or asked.command_id != command_id:
                    continue
                answers = (reader.decode(found) for found in reader.consequences(record.seq))
                for answer in answers:
                    if isinstance(answer, CommandAnswered) and answer.command_id == command_id:
                        return asked, answer
                return asked, None
        return None

    def newest(self, kind: type[M], **fields: str) -> M:
        """Give the newest message of a type whose fields have these values. Raises RequestRefused NOT_FOUND, LogError.

        For what a command has just led to: it is on the disk before the command is answered.
        """
        with LogReader(self._path, MessageCodec(decode_batch)) as reader:
            for _, message in reader.messages(type=kind.__name__, reverse=True):
                if isinstance(message, kind) and all(getattr(message, name) == is_ for name, is_ in fields.items()):
                    return message
        told = ", ".join(f"{name} {value}" for name, value in fields.items())
        raise RequestRefused("NOT_FOUND", f"the log holds no {kind.__name__} of {told}")


def _checked(request: desk_pb2.ReadLogRequest) -> frozenset[str]:
    """Give the types wanted, none for all. Raises RequestRefused naming the field that cannot be."""
    for field in ("from_seq", "until_seq"):
        value = getattr(request, field)
        if value < 0:
            raise bad_field(field, value, "0 (the whole log) or above")
    if 0 < request.until_seq < request.from_seq:
        raise bad_field("until_seq", request.until_seq, f"0 or from from_seq ({request.from_seq}) on")
    for field, names in (("type", [request.type] if request.type else []), ("types", request.types)):
        for name in names:
            if name not in MESSAGES:
                raise bad_field(field, name, "the name of an event type, e.g. OrderFilled")
    if request.symbol and not _SYMBOL.fullmatch(request.symbol):
        raise bad_field("symbol", request.symbol, "a KRX short code, e.g. 005930")
    return frozenset([*request.types, *([request.type] if request.type else [])])


def _first_seq(reader: LogReader, request: desk_pb2.ReadLogRequest, left: threading.Event) -> int:
    """Give where to begin. Raises RequestRefused when the caller speaks of another log than this."""
    if request.log_id not in ("", reader.log_id):
        text = f"the trader writes log {reader.log_id} now, log_id was {request.log_id!r}; its sequences are others"
        raise RequestRefused("WRONG_LOG", text, field="log_id", value=request.log_id, allowed=reader.log_id)
    first = max(request.from_seq, 1)
    since = unix_nanos(request.since, "since") if request.HasField("since") else None
    for _ in range(AHEAD_POLLS):
        head = reader.last_seq()
        if first <= head + 1 or left.wait(POLL_S):
            return first if since is None else max(first, _recorded_since(reader, since, head))
    allowed = f"0 to {head + 1:,}, one behind the last of log {reader.log_id}"
    text = f"from_seq must be {allowed}, was {first:,}; a sequence of another log?"
    raise RequestRefused("AHEAD_OF_LOG", text, field="from_seq", value=str(first), allowed=allowed)


def _recorded_since(reader: LogReader, since: int, head: int) -> int:
    """Give the sequence where the recording clock reached a time, by halving: a scan would read the whole log."""
    low, high = 1, head + 1
    while low < high:
        middle = (low + high) // 2
        found = reader.rows("SELECT recorded_at FROM events WHERE seq = ?", (middle,))
        if found and found[0][0] >= since:
            high = middle
        else:
            low = middle + 1
    return low


def _page(
    reader: LogReader, request: desk_pb2.ReadLogRequest, types: frozenset[str], first: int, last: int
) -> Iterator[Record]:
    """Give what fits among the events from `first` to `last`."""
    # One type goes by the index of the log. Whether an event fits depends on nothing behind it: a reading that was cut
    # and resumed gives what one without a cut gives.
    only = next(iter(types)) if len(types) == 1 else None
    needle = f'"{request.symbol}"'  # a symbol is a JSON string of its own wherever it occurs
    for record in reader.events(first, last, type=only, stream_prefix=request.stream or None, raw=False):
        if types and record.type not in types:
            continue
        if request.symbol and needle.encode() not in record.payload:
            is_order = record.stream.startswith("order/")
            if not is_order or not reader.rows(_NAMED_BEFORE, (record.stream, record.seq, needle)):
                continue
        yield record


def written(record: Record, log_id: str, head: int) -> desk_pb2.ReadLogResponse:
    """Put one record on the wire."""
    return desk_pb2.ReadLogResponse(
        seq=record.seq,
        run_id=record.run_id,
        recorded_at=timestamp(UnixNanos(record.recorded_at)),
        venue_time=None if record.venue_time is None else timestamp(UnixNanos(record.venue_time)),
        type=record.type,
        stream=record.stream,
        causation_seq=record.causation_seq,
        role=record.role,
        payload=record.payload.decode("utf-8", "replace"),
        log_id=log_id,
        scanned_seq=record.seq,
        head_seq=head,
    )
