"""Builders of logs and messages for tests."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from domain.messages import MESSAGES, Message
from domain.messages.market import QuotesJudged, QuotesReceived, QuoteVerdict
from domain.messages.run import RoleState
from domain.quotes import Quote, QuoteBatch
from persistence.codec import MessageCodec
from persistence.event_log import EventLog
from persistence.record import Record

T0 = 1_768_262_400_000_000_000  # 2026-01-13 09:00:00 KST


def a_quote(symbol: str = "120110", venue_time: int = T0, price: int = 12_300, **values: int) -> Quote:
    fields = {"last_qty": 10, "cumulative_volume": 100, "bid_price": 12_290, "ask_price": 12_310}
    fields |= {"bid_qty": 5, "ask_qty": 7, "kind": 1} | values
    return Quote(symbol, venue_time, price, **fields)


def a_batch(*rows: Quote, seq: int = 1) -> QuoteBatch:
    return QuoteBatch("sim-1", seq, rows, 0, False, T0)


def to_bytes(batch: QuoteBatch) -> bytes:
    """Stand in for the broker's wire format, which the log must not know."""
    return json.dumps(batch).encode()


def from_bytes(raw: bytes) -> QuoteBatch:
    run_id, seq, rows, conflated, end_of_data, sent_at, _ = json.loads(raw)
    return QuoteBatch(run_id, seq, tuple(Quote(*row) for row in rows), conflated, end_of_data, sent_at)


def a_codec() -> MessageCodec:
    return MessageCodec(from_bytes)


def quotes_received(*rows: Quote) -> QuotesReceived:
    batch = a_batch(*rows)
    return QuotesReceived(batch, to_bytes(batch))


def open_log(path: Path, **options: Any) -> EventLog:
    options = dict[str, Any](create_id=lambda: "L1", now=lambda: T0, reserve_bytes=4096) | options
    return EventLog.open(path, **options)


def a_record(seq: int, **values: Any) -> Record:
    fields: dict[str, Any] = {
        "run_id": "r1",
        "recorded_at": T0 + seq,
        "venue_time": T0 + seq,
        "type": "NoticeRaised",
        "stream": "notice",
        "causation_seq": 0,
        "role": "notifier",
        "payload": b'{"severity":"INFO","topic":"t","text":"n%d"}' % seq,
    }
    return Record(seq=seq, **(fields | values))


def add(log: EventLog, *messages: tuple[Message, int], at: int = T0, run_id: str = "r1") -> None:
    """Commit messages with their causes as one commit."""
    codec = a_codec()
    log.commit(
        [
            codec.record(message, seq=seq, run_id=run_id, recorded_at=at + seq, causation_seq=cause, role="test")
            for seq, (message, cause) in enumerate(messages, log.last_seq + 1)
        ],
        durable=False,
    )


_NUMBERS = st.integers(-(2**62), 2**62)
_QUOTES = st.builds(
    Quote, st.sampled_from(["005930", "0001A0", '1"0']), *[st.integers(0, 2**60)] * 8, kind=st.sampled_from([1, 2, 3])
)
_BATCHES = st.builds(
    QuoteBatch,
    st.text(),
    _NUMBERS,
    st.lists(_QUOTES).map(tuple),
    st.integers(0, 9),
    st.booleans(),
    _NUMBERS,
    st.just(()),
)
_RECEIVED = st.builds(lambda batch, at: QuotesReceived(batch, to_bytes(batch), at), _BATCHES, _NUMBERS)


@st.composite
def judged(draw: st.DrawFn, received: QuotesReceived, source_seq: int) -> QuotesJudged:
    """Draw a judgement on a batch."""
    rows = received.batch.rows
    verdicts = [
        QuoteVerdict(index, row.symbol, draw(st.text()), draw(st.text()), draw(st.booleans()))
        for index, row in enumerate(rows)
        if draw(st.booleans())
    ]
    refused = {verdict.row for verdict in verdicts if verdict.refused}
    return QuotesJudged(source_seq, tuple(r for i, r in enumerate(rows) if i not in refused), tuple(verdicts))


st.register_type_strategy(float, st.floats(allow_nan=False, allow_infinity=False))
st.register_type_strategy(int, _NUMBERS)
st.register_type_strategy(str, st.text(st.characters(codec="utf-8"), max_size=12))
PLAIN = [kind for name, kind in sorted(MESSAGES.items()) if name not in ("QuotesReceived", "QuotesJudged")]
RECEIVED = _RECEIVED
# A state is any JSON object.
st.register_type_strategy(
    RoleState,
    st.builds(
        RoleState,
        st.integers(1, 9),
        st.dictionaries(
            st.text(max_size=8), st.none() | st.booleans() | st.integers(-9, 9) | st.lists(st.text(max_size=4))
        ),
    ),
)
instances: Callable[[type[Message]], st.SearchStrategy[Message]] = st.from_type
