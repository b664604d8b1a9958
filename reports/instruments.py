"""Names and listing markets of the instruments a report is about, as the broker told them last."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date

import msgspec

from domain.errors import HantradeError
from domain.types import Market
from persistence.codec import MessageCodec
from persistence.reader import LogReader
from persistence.views import RARE
from reports.logs import LogHead


class Listed(msgspec.Struct, gc=False):
    """Of one instrument of InstrumentsReceived."""

    symbol: str
    name: str
    market: Market


class _Received(msgspec.Struct):
    instruments: tuple[Listed, ...]


_RECEIVED = msgspec.json.Decoder(_Received)


def listed(
    heads: Sequence[LogHead], codec: MessageCodec, symbols: Collection[str], last: date | None = None
) -> dict[str, Listed]:
    """Give what is known of these symbols, from the newest logs that begin no later than a date.

    Looks back only until all are found; a log that cannot be read says nothing.
    """
    found: dict[str, Listed] = {}
    wanted = set(symbols)
    for head in reversed(heads):
        if not wanted:
            break
        if last is not None and head.stretches[0].day > last:
            continue
        try:
            for one in _of(head, codec):
                if one.symbol in wanted:
                    found[one.symbol] = one
        except (HantradeError, ValueError):
            continue
        wanted -= found.keys()
    return found


def _of(head: LogHead, codec: MessageCodec) -> Iterable[Listed]:
    with LogReader(head.path, codec) as reader:
        rows = reader.rows(
            "SELECT CAST(e.payload AS BLOB) FROM events e WHERE e.type = 'InstrumentsReceived'"
            f" AND e.{RARE} ORDER BY e.seq"
        )
    return [one for (payload,) in rows for one in _RECEIVED.decode(payload).instruments]
