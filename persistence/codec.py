"""Messages to log records and back. Payloads are JSON, so any tool reads them; quote batches stay the bytes received.

The decoder of quote bytes is handed in: it knows the broker's wire format, the log does not.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import msgspec

from domain.messages import MESSAGES, Message
from domain.messages.finite import refuse_non_finite
from domain.messages.market import QuotesJudged, QuotesReceived, QuoteVerdict
from domain.quotes import QuoteBatch
from domain.types import UnixNanos
from persistence.record import Record

BatchSource = Callable[[int], QuoteBatch | None]  # sequence of a QuotesReceived -> its batch, None when it is not there


@dataclass(frozen=True, slots=True)
class UnknownEvent:
    """A record this version cannot turn into a message: shown as it is, never fatal to a reader.

    A fold must not skip one whose type it hears.
    """

    seq: int
    type: str
    stream: str
    payload: bytes
    reason: str


class _QuotesPayload(msgspec.Struct, frozen=True):
    """What the log shows of a batch beside its bytes."""

    rows: int
    symbols: list[str]
    conflated: int
    batch_seq: int
    run_id: str
    end_of_data: bool
    first_venue_time: int | None  # UTC ns
    last_venue_time: int | None  # UTC ns
    received_at: int = 0  # system time, UTC ns; not in logs before 0.7.0


class _Received(msgspec.Struct, frozen=True):
    """What of a batch's payload its bytes do not say."""

    received_at: int = 0


class _JudgedPayload(msgspec.Struct, frozen=True):
    """Verdicts on a batch; the rows are those of the batch less the refused ones."""

    source_seq: int
    rows: int
    verdicts: tuple[QuoteVerdict, ...]


class MessageCodec:
    """Encode messages for the log and decode records of it."""

    def __init__(self, decode_batch: Callable[[bytes], QuoteBatch], *, joins: bool = False) -> None:
        """Take the decoder of quote bytes; `joins` when it reads batches put end to end as one with all their rows."""
        self._decode_batch = decode_batch
        self.joins = joins
        self._encode = msgspec.json.Encoder().encode

    def encode(self, message: Message) -> tuple[bytes, bytes | None]:
        """Give payload and, for a quote batch, its raw bytes. Raises ValueError on what JSON cannot hold (NaN, inf)."""
        if isinstance(message, QuotesReceived):
            return self._encode(_quotes_payload(message)), message.raw
        if isinstance(message, QuotesJudged):
            return self._encode(_JudgedPayload(message.source_seq, len(message.rows), message.verdicts)), None
        refuse_non_finite(message)
        try:
            return self._encode(message), None
        except (TypeError, OverflowError, ValueError) as error:
            raise ValueError(f"{type(message).__name__} expected values that JSON can hold, {error}") from error

    def record(
        self, message: Message, *, seq: int, run_id: str, recorded_at: int, causation_seq: int, role: str
    ) -> Record:
        """Make the record of one message. Times in UTC ns. Raises ValueError as `encode` does."""
        payload, raw = self.encode(message)
        name, stream, when = type(message).__name__, message.stream(), message.when()
        return Record(seq, run_id, recorded_at, when, name, stream, causation_seq, role, payload, raw)

    def batch(self, record: Record) -> QuoteBatch:
        """Decode the quote batch of a QuotesReceived record. Raises ValueError when its bytes are missing or broken."""
        if record.raw is None:
            raise ValueError(f"event {record.seq} expected the bytes of a quote batch, found none")
        try:
            return self._decode_batch(record.raw)
        except Exception as error:  # whatever the handed-in decoder raises on broken bytes
            raise ValueError(f"event {record.seq} expected a quote batch, {error}") from error

    def joined(self, raws: Sequence[bytes | None]) -> QuoteBatch | None:
        """Decode several batches as one with the rows of all; None when that cannot be done with these."""
        if not self.joins or None in raws:
            return None
        try:
            return self._decode_batch(b"".join(raws))  # type: ignore[arg-type]  # no None among them
        except Exception:  # noqa: BLE001  # one by one they say which is broken
            return None

    def decode(self, record: Record, source: BatchSource | None = None) -> Message | UnknownEvent:
        """Give the message of a record; `source` finds the batch a QuotesJudged speaks of.

        What cannot be decoded comes back as UnknownEvent with the reason.
        """
        kind: Any = MESSAGES.get(record.type)
        if kind is None:
            return _unknown(record, "this version does not know the type")
        try:
            if kind is QuotesReceived:
                received: _Received = _decoder(_Received).decode(record.payload)
                return QuotesReceived(self.batch(record), record.raw or b"", UnixNanos(received.received_at))
            if kind is QuotesJudged:
                return _judged(record, source)
            message: Message = _decoder(kind).decode(record.payload)
        except ValueError as error:  # msgspec's errors are ValueErrors
            return _unknown(record, str(error))
        return message


def _unknown(record: Record, reason: str) -> UnknownEvent:
    return UnknownEvent(record.seq, record.type, record.stream, record.payload, reason)


def _quotes_payload(message: QuotesReceived) -> _QuotesPayload:
    batch = message.batch
    rows = batch.rows
    return _QuotesPayload(
        rows=len(rows),
        symbols=sorted({row[0] for row in rows}),
        conflated=batch.conflated,
        batch_seq=batch.seq,
        run_id=batch.run_id,
        end_of_data=batch.end_of_data,
        first_venue_time=rows[0].venue_time if rows else None,
        last_venue_time=rows[-1].venue_time if rows else None,
        received_at=message.received_at,
    )


def _judged(record: Record, source: BatchSource | None) -> QuotesJudged:
    payload: _JudgedPayload = _decoder(_JudgedPayload).decode(record.payload)
    batch = source(payload.source_seq) if source is not None else None
    if batch is None:
        raise ValueError(f"the batch at {payload.source_seq} is not at hand")
    refused = {verdict.row for verdict in payload.verdicts if verdict.refused}
    rows = batch.rows
    if refused:
        rows = tuple(row for index, row in enumerate(rows) if index not in refused)
    if len(rows) != payload.rows:
        raise ValueError(f"expected {payload.rows} rows from the batch at {payload.source_seq}, found {len(rows)}")
    return QuotesJudged(payload.source_seq, rows, payload.verdicts)


@cache
def _decoder(kind: type[Any]) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind)
