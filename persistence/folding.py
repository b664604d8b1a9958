"""Read a log for the fold, quotes in runs: most events of a day are batches in which nothing happened.

Between two other events a log holds pairs of a batch and its judgement. Folding them one by one or all rows at once
leads to the same state (tests/actors/test_fold_runs.py holds every role to it), as long as nothing was conflated or
flagged. So such a run comes as one batch and one judgement. Its last pair comes by itself: it may leave a trace that
the next pair wipes out, such as the arguments a strategy made on it. No run goes over a minute of the venue's clock:
sessions begin and end at one, and what begins or ends there does so at the system time of the pair that says so.
"""

from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise
from typing import Any, NamedTuple, Protocol

from domain.messages import Message
from domain.messages.market import QuotesJudged, QuotesReceived
from domain.quotes import QuoteBatch
from persistence.codec import MessageCodec, UnknownEvent
from persistence.record import Record

PAGE = 4_000  # events read at a time, and the longest run
SHORTEST = 3  # pairs; a shorter run gains nothing
MINUTE = 60_000_000_000  # ns
_PLAIN = b'"conflated":0,'


class Folding(NamedTuple):
    """One step of a fold: events `first_seq` to `seq`, of which the last is described."""

    first_seq: int
    seq: int
    recorded_at: int  # UTC ns
    role: str
    message: Message | UnknownEvent


# seq, recorded_at, RECEIVED, JUDGED or OTHER, role of a judgement, payload of quotes: what is not read costs nothing
Row = tuple[Any, ...]
Raws = dict[int, bytes]  # sequence -> bytes of a quote batch
OTHER, RECEIVED, JUDGED = 0, 1, 2
_SEQ, _AT, _KIND, _ROLE, _PAYLOAD = range(5)


class Pages(Protocol):
    """What is needed of a reader."""

    def page(self, from_seq: int, to_seq: int | None, limit: int) -> tuple[list[Row], Raws]:
        """Give up to `limit` events and the bytes of the quotes among them."""

    def some(self, seqs: Sequence[int]) -> Iterator[Record]:
        """Give the whole records of these sequences, in order."""

    def decode(self, record: Record) -> Message | UnknownEvent:
        """Give the message of one record."""


def folding(reader: Pages, codec: MessageCodec, from_seq: int, to_seq: int | None) -> Iterator[Folding]:
    """Give the steps of a fold from one event to another (None: the end). Raises LogError."""
    while to_seq is None or from_seq <= to_seq:
        rows, raws = reader.page(from_seq, to_seq, PAGE)
        singles: list[int] = []
        for part in _parts(codec, rows, raws):
            if isinstance(part, int):
                singles.append(part)
                continue
            yield from _singly(reader, singles)
            singles = []
            yield from part
        yield from _singly(reader, singles)
        if len(rows) < PAGE:
            return
        from_seq = rows[-1][_SEQ] + 1


def _singly(reader: Pages, seqs: Sequence[int]) -> Iterator[Folding]:
    for record in reader.some(seqs) if seqs else ():
        yield Folding(record.seq, record.seq, record.recorded_at, record.role, reader.decode(record))


def _parts(codec: MessageCodec, rows: list[Row], raws: Raws) -> Iterator[int | tuple[Folding, Folding]]:
    """Give runs as one step each, and the sequences of what is between them."""
    at = looked = 0
    while at < len(rows):
        end = _end_of_run(rows, at) if at >= looked and codec.joins and rows[at][_KIND] == RECEIVED else at
        looked = max(looked, end)  # a run that cannot be read together is gone through once, not once from each pair
        if end - at >= 2 * SHORTEST:
            pieces = _merged(codec, rows[at : end - 2], raws)
            if pieces is not None:
                yield from pieces
                at = end - 2
        yield rows[at][_SEQ]
        at += 1


def _end_of_run(rows: list[Row], at: int) -> int:
    """Give the index behind the longest run of plain pairs that begins at an index."""
    last, expected, speaker = len(rows) - 1, rows[at][_SEQ], rows[at + 1][_ROLE] if at + 1 < len(rows) else None
    while at < last:
        seq, _, kind, _, payload = rows[at]
        judged_seq, _, judged_kind, role, judged = rows[at + 1]
        if kind != RECEIVED or judged_kind != JUDGED or seq != expected or judged_seq != seq + 1 or role != speaker:
            break
        # The exact text that a judgement without a verdict on this batch has; anything else is looked at by itself.
        # One without rows tells no clock: what was told last, and when, would look later than it was.
        if payload is None or _PLAIN not in payload or payload.startswith(b'{"rows":0,'):
            break
        if judged != b'{"source_seq":%d,"rows":%b,"verdicts":[]}' % (seq, payload[8 : payload.find(b",")]):
            break
        at += 2
        expected += 2
    return at


def _merged(codec: MessageCodec, run: Sequence[Row], raws: Raws) -> list[int | tuple[Folding, Folding]] | None:
    """Give a run of pairs as one step for each minute, and what begins one by itself; None when it cannot be read."""
    counts = [int(row[_PAYLOAD][8 : row[_PAYLOAD].find(b",")]) for row in run[::2]]
    batch = codec.joined([raws.get(row[_SEQ]) for row in run[::2]])
    if batch is None or len(batch.rows) != sum(counts) or batch.end_of_data:
        return None
    if any(later.venue_time < earlier.venue_time for earlier, later in pairwise(batch.rows)):
        return None  # the last row would hide the newest
    ends = list(accumulate(counts))
    minutes = [batch.rows[end - 1].venue_time // MINUTE for end in ends]
    first = [at for at, minute in enumerate(minutes) if at == 0 or minute != minutes[at - 1]]
    pieces: list[int | tuple[Folding, Folding]] = []
    for begin, end in pairwise([*first, len(ends)]):
        pieces += [run[2 * begin][_SEQ], run[2 * begin + 1][_SEQ]]
        if begin + 1 < end:
            pieces.append(_as_one(batch, slice(ends[begin], ends[end - 1]), run[2 * begin + 2 : 2 * end]))
    return pieces


def _as_one(batch: QuoteBatch, rows: slice, run: Sequence[Row]) -> tuple[Folding, Folding]:
    """Give pairs as one batch of these rows and one judgement."""
    received, judged, part = run[-2], run[-1], batch.rows[rows]
    together = QuotesReceived(QuoteBatch(batch.run_id, batch.seq, part, 0, False, batch.sent_at), b"")
    return (
        Folding(run[0][_SEQ], received[_SEQ], received[_AT], "", together),  # an input: no role said it
        Folding(judged[_SEQ], judged[_SEQ], judged[_AT], judged[_ROLE] or "", QuotesJudged(received[_SEQ], part, ())),
    )
