"""One row of the event log."""

from typing import NamedTuple


class Record(NamedTuple):
    """What the log keeps of one message. A NamedTuple because thousands a second are made on the hot path."""

    seq: int  # place in the log, from 1, no gaps
    run_id: str
    recorded_at: int  # UTC ns, system time of the input that led here
    venue_time: int | None  # UTC ns, None when the message has none
    type: str  # class name of the message
    stream: str  # subject, e.g. `order/…`
    causation_seq: int  # message that led to this one; 0 for an input
    role: str  # who said it; for an input the edge it came from
    payload: bytes  # JSON, UTF-8
    raw: bytes | None = None  # quote batches only: the bytes as received
