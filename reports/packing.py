"""One date of one log on its way between two processes: what there is much of as MessagePack, the rest pickled.

Pickling every fill, signal and line of a trade would take longer than reading them again.
"""

from functools import cache
from typing import Any, NamedTuple

import msgspec

from domain.messages.trading import FillBooked, SignalScored
from domain.performance.trades import Movement
from reports.model import TradeLine
from reports.queries import Asked
from reports.reading import DayFacts

_encode = msgspec.msgpack.Encoder().encode


class Packed(NamedTuple):
    """A date, and apart from it the lists it is without meanwhile."""

    facts: DayFacts
    fills: bytes | None  # None: other movements are among them, and all are in `facts`
    approved: bytes
    scored: bytes
    lines: bytes


def pack(facts: DayFacts) -> Packed:
    """Make a date ready to travel; it loses its longest lists."""
    fills = None
    if all(isinstance(moved, FillBooked) for _, moved in facts.moved):
        fills, facts.moved = _encode(facts.moved), []
    approved, facts.approved = _encode(facts.approved), []
    scored, facts.scored = _encode(facts.scored), []
    lines = b""
    if facts.rounds is not None:
        lines, facts.rounds.lines = _encode(facts.rounds.lines), []
    return Packed(facts, fills, approved, scored, lines)


def unpack(packed: Packed) -> DayFacts:
    """Give the date as it was."""
    facts = packed.facts
    if packed.fills is not None:
        fills: list[tuple[int, Movement]] = _decoder(tuple[int, FillBooked]).decode(packed.fills)
        facts.moved = fills
    facts.approved = _decoder(Asked).decode(packed.approved)
    facts.scored = _decoder(SignalScored).decode(packed.scored)
    if facts.rounds is not None:
        facts.rounds.lines = _decoder(TradeLine).decode(packed.lines)
    return facts


@cache
def _decoder(kind: Any) -> msgspec.msgpack.Decoder[Any]:
    return msgspec.msgpack.Decoder(list[kind])
