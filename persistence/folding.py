"""Read a log for the fold, quotes in runs: most events of a day are batches in which nothing happened.

Between two other events a log holds pairs of a batch and its judgement. Folding them one by one or all rows at once
leads to the same state (tests/actors/test_fold_runs.py holds every role to it), as long as nothing was conflated or
flagged. So such a run comes as one batch and one judgement. Its last pair comes by itself: it may leave a trace that
the next pair wipes out, such as the arguments a strategy made on it.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

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


class Pages(Protocol):
    """What is needed of a reader."""

    def page(self, from_seq: int, to_seq: int | None, limit: int) -> list[Record]:
        """Give up to `limit` records with their raw bytes."""

    def decode(self, record: Record) -> Message | UnknownEvent:
        """Give the message of one record."""


def folding(reader: Pages, codec: MessageCodec, from_seq: int, to_seq: int | None) -> Iterator[Folding]:
    """Give the steps of a fold from one event to another (None: the end). Raises LogError."""
    while to_seq is None or from_seq <= to_seq:
        page = reader.page(from_seq, to_seq, PAGE)
        yield from _steps(reader, codec, page)
        if len(page) < PAGE:
            return
        from_seq = page[-1].seq + 1


def _steps(reader: Pages, codec: MessageCodec, page: list[Record]) -> Iterator[Folding]:
    at = 0
    while at < len(page):
        end = _end_of_run(page, at) if page[at].type == _RECEIVED else at
        if end - at >= 2 * SHORTEST:
            merged = _merged(codec, page[at : end - 2])
            if merged is not None:
                yield from merged
                at = end - 2
        record = page[at]
        yield Folding(record.seq, record.seq, record.recorded_at, record.role, reader.decode(record))
        at += 1


def _end_of_run(page: list[Record], at: int) -> int:
    """Give the index behind the longest run of plain pairs that begins at an index."""
    last = len(page) - 1
    while at < last:
        received, judged = page[at], page[at + 1]
        if received.type != _RECEIVED or judged.type != _JUDGED or judged.seq != received.seq + 1:
            break
        payload = received.payload
        # The exact text that a judgement without a verdict on this batch has; anything else is looked at by itself.
        rows = payload[8 : payload.find(b",")]
        if judged.payload != b'{"source_seq":%d,"rows":%b,"verdicts":[]}' % (received.seq, rows):
            break
        if _PLAIN not in payload or page[at].run_id != judged.run_id:
            break
        at += 2
        if at < last and page[at].seq != judged.seq + 1:
            break
    return at


def _merged(codec: MessageCodec, run: Sequence[Record]) -> tuple[Folding, Folding] | None:
    """Give a run of pairs as one; None when its batches cannot be read together."""
    received, judged = run[-2], run[-1]
    batch = codec.joined(run[::2])
    if batch is None:
        return None
    together = QuotesReceived(QuoteBatch(batch.run_id, batch.seq, batch.rows, 0, False, batch.sent_at), b"")
    verdict = QuotesJudged(received.seq, batch.rows, ())
    return (
        Folding(run[0].seq, received.seq, received.recorded_at, received.role, together),
        Folding(judged.seq, judged.seq, judged.recorded_at, judged.role, verdict),
    )
