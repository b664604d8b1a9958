"""The event log for DeskService: pages of records, and orders by hand of earlier runs."""

import threading
from collections.abc import Iterator
from pathlib import Path

from broker.translate.quotes import decode_batch
from broker.translate.values import bad_field, timestamp
from domain.messages import MESSAGES
from domain.messages.operator import CommandAnswered, ManualOrderRequested
from domain.types import UnixNanos
from hantrade.v1 import desk_pb2
from persistence.codec import MessageCodec
from persistence.reader import LogReader
from persistence.record import Record

POLL_S = 0.1


class DeskLog:
    """Reads the log the trader writes, read-only, with a connection for each question."""

    def __init__(self, path: str) -> None:
        """Take the path."""
        self._path = Path(path)

    def read(self, request: desk_pb2.ReadLogRequest, left: threading.Event) -> Iterator[desk_pb2.ReadLogResponse]:
        """Give records; with `follow` for ever, looking for new ones every 100 ms, until `left` is set.

        Raises RequestRefused naming a field, LogError.
        """
        if request.from_seq < 0:
            raise bad_field("from_seq", request.from_seq, "0 (the first there is) or above")
        if request.type and request.type not in MESSAGES:
            raise bad_field("type", request.type, "the name of an event type, e.g. OrderFilled")
        with LogReader(self._path, MessageCodec(decode_batch)) as reader:
            next_seq, wanted = max(request.from_seq, 1), (request.type or None, request.stream or None)
            while not left.is_set():
                head = reader.last_seq()
                if head >= next_seq:
                    for record in reader.events(next_seq, head, type=wanted[0], stream_prefix=wanted[1], raw=False):
                        yield written(record)
                        if left.is_set():
                            return
                    next_seq = head + 1
                if not request.follow:
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


def written(record: Record) -> desk_pb2.ReadLogResponse:
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
        payload=record.payload.decode(),
    )
