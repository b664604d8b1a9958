"""Read a log for the fold, quotes in runs: most events of a day are batches in which nothing happened.

Between two other events a log holds pairs of a batch and its judgement. Folding them one by one or all rows at once
leads to the same state (tests/actors/test_fold_runs.py holds every role to it), as long as nothing was conflated or
flagged. So such a run comes as one batch and one judgement. Its last pair comes by itself: it may leave a trace that
the next pair wipes out, such as the arguments a strategy made on it.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, Protocol

from domain.messages import Message
from domain.messages.market import QuotesJudged, QuotesReceived
from domain.quotes import QuoteBatch
from persistence.codec import MessageCodec, UnknownEvent
from persistence.record import Record

PAGE = 4_000  # events read at a time, and the longest run
SHORTEST = 3  # pairs; a shorter run gains nothing
_RECEIVED, _JUDGED = QuotesReceived.__name__, QuotesJudged.__name__
_PLAIN = b'"conflated":0,'


class Folding(NamedTuple):
    """One step of a fold: events `first_seq` to `seq`, of which the last is described."""

    first_seq: int
    seq: int
    recorded_at: int  # UTC ns
    role: str
    message: Message | UnknownEvent


Row = tuple[Any, ...]  # columns of Record but the last; a Record of each would cost as much as reading it
Raws = dict[int, bytes]  # sequence -> bytes of a quote batch
_SEQ, _RUN, _AT, _TYPE, _ROLE, _PAYLOAD = 0, 1, 2, 4, 7, 8  # places of columns in a row


class Pages(Protocol):
    """What is needed of a reader."""

    def page(self, from_seq: int, to_seq: int | None, limit: int) -> tuple[list[Row], Raws]:
        """Give up to `limit` events and the bytes of the quotes among them."""

    def decode(self, record: Record) -> Message | UnknownEvent:
        """Give the message of one record."""


def folding(reader: Pages, codec: MessageCodec, from_seq: int, to_seq: int | None) -> Iterator[Folding]:
    """Give the steps of a fold from one event to another (None: the end). Raises LogError."""
    while to_seq is None or from_seq <= to_seq:
        rows, raws = reader.page(from_seq, to_seq, PAGE)
        yield from _steps(reader, codec, rows, raws)
        if len(rows) < PAGE:
            return
        from_seq = rows[-1][_SEQ] + 1


def _steps(reader: Pages, codec: MessageCodec, rows: list[Row], raws: Raws) -> Iterator[Folding]:
    at = looked = 0
    while at < len(rows):
        end = _end_of_run(rows, at) if at >= looked and codec.joins and rows[at][_TYPE] == _RECEIVED else at
        looked = max(looked, end)  # a run that cannot be read together is gone through once, not once from each pair
        if end - at >= 2 * SHORTEST:
            merged = _merged(codec, rows[at : end - 2], raws)
            if merged is not None:
                yield from merged
                at = end - 2
        row = rows[at]
        seq = row[_SEQ]
        yield Folding(seq, seq, row[_AT], row[_ROLE], reader.decode(Record._make((*row, raws.get(seq)))))
        at += 1


def _end_of_run(rows: list[Row], at: int) -> int:
    """Give the index behind the longest run of plain pairs that begins at an index."""
    last, seq, run_id = len(rows) - 1, rows[at][_SEQ], rows[at][_RUN]
    while at < last:
        received, judged = rows[at], rows[at + 1]
        if received[_TYPE] != _RECEIVED or judged[_TYPE] != _JUDGED:
            break
        if received[_SEQ] != seq or judged[_SEQ] != seq + 1 or run_id != judged[_RUN]:
            break
        payload = received[_PAYLOAD]
        # The exact text that a judgement without a verdict on this batch has; anything else is looked at by itself.
        rest = b'{"source_seq":%d,"rows":%b,"verdicts":[]}' % (seq, payload[8 : payload.find(b",")])
        if judged[_PAYLOAD] != rest or _PLAIN not in payload:
            break
        at += 2
        seq += 2
    return at


def _merged(codec: MessageCodec, run: Sequence[Row], raws: Raws) -> tuple[Folding, Folding] | None:
    """Give a run of pairs as one; None when its batches cannot be read together."""
    received, judged = run[-2], run[-1]
    batches = [raws.get(row[_SEQ]) for row in run[::2]]
    said = sum([int(row[_PAYLOAD][8 : row[_PAYLOAD].find(b",")]) for row in run[::2]])
    batch = codec.joined(batches)
    if batch is None or len(batch.rows) != said or batch.end_of_data:
        return None
    together = QuotesReceived(QuoteBatch(batch.run_id, batch.seq, batch.rows, 0, False, batch.sent_at), b"")
    return (
        Folding(run[0][_SEQ], received[_SEQ], received[_AT], received[_ROLE], together),
        Folding(judged[_SEQ], judged[_SEQ], judged[_AT], judged[_ROLE], QuotesJudged(received[_SEQ], batch.rows, ())),
    )
