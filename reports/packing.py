"""One date of one log on its way between two processes: what there is much of as MessagePack, the rest pickled.

Pickling every fill, signal and line of a trade would take longer than reading them again.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple, TypeVar

import msgspec

from domain.messages.trading import FillBooked
from domain.performance.trades import Movement
from reports.model import TradeLine
from reports.queries import Asked
from reports.reading import DayFacts

T = TypeVar("T")
_encode = msgspec.msgpack.Encoder().encode


class Packed(NamedTuple):
    """A date, and apart from it the lists it is without meanwhile."""

    facts: DayFacts
    fills: bytes | None  # None: other movements are among them, and all are in `facts`
    approved: bytes
    lines: bytes


def pack(facts: DayFacts) -> Packed:
    """Make a date ready to travel; it loses its longest lists."""
    fills = None
    if all(isinstance(moved, FillBooked) for _, moved in facts.moved):
        fills, facts.moved = pack_list(facts.moved), []
    approved, facts.approved = pack_list(facts.approved), []
    lines = b""
    if facts.rounds is not None:
        lines, facts.rounds.lines = pack_list(facts.rounds.lines), []
    return Packed(facts, fills, approved, lines)


def unpack(packed: Packed) -> DayFacts:
    """Give the date as it was."""
    facts = packed.facts
    if packed.fills is not None:
        facts.moved = list[tuple[int, Movement]](unpack_list(tuple[int, FillBooked], packed.fills))
    facts.approved = unpack_list(Asked, packed.approved)
    if facts.rounds is not None:
        facts.rounds.lines = unpack_list(TradeLine, packed.lines)
    return facts


def pack_list(items: Sequence[object]) -> bytes:
    """Give values as bytes."""
    return _encode(items)


def unpack_list(kind: type[T], packed: bytes) -> list[T]:
    """Give values of one type as they were."""
    found: list[T] = _decoder(kind).decode(packed)  # type: ignore[arg-type]  # a class is hashable
    return found


@cache
def _decoder(kind: Any) -> msgspec.msgpack.Decoder[Any]:
    return msgspec.msgpack.Decoder(list[kind])
