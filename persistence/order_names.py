"""Which order a person means: an id, the beginning of one, a number of the venue, a sequence of the log.

An order's id is the log it began in and the sequence of what asked for it, so its beginning is found by its name also
when a day was rolled to another file meanwhile.
"""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from difflib import get_close_matches

import msgspec

from domain.errors import ConfigError, LogError
from domain.messages.orders import ChangeReceived, OrderAccepted, OrderReplaced
from persistence.codec import MessageCodec
from persistence.reader import LogReader
from persistence.record import Record
from persistence.schema import RARE

OWN_ID = re.compile(r"(\w+)-(\d+)(-.+)?")  # {log_id}-{seq}, of a flatten with -{symbol}
_SHOWN = 8  # candidates of an ambiguous name
_SEARCHED = 5_000  # newest ids looked at for names like a wrong one


def find_order(reader: LogReader, name: str, codec: MessageCodec) -> str:
    """Give the id of the order meant: an id or the unique beginning of one, a number of the venue, a sequence.

    A whole id may also be of another log in the folder. Raises ConfigError with the candidates, or with what is near.
    """
    text = name.strip().replace(",", "")
    if text and rows_of(reader, text, 1):
        return text
    found: dict[str, str] = {}  # id -> read as what
    if re.fullmatch(r"#?[1-9]\d{0,17}", text):
        found |= dict.fromkeys(_orders_at(reader, int(text.lstrip("#"))), "of that sequence")
    if text and not text.startswith("#"):
        for order_id in _by_venue_number(reader, text):
            found.setdefault(order_id, "of that number at the venue")
        for order_id in _by_prefix(reader, text):
            found.setdefault(order_id, "by its beginning")
    if found.pop("", None) and not found:  # the venue told of it without an id of ours
        raise ConfigError(
            f"ORDER {name!r} was placed elsewhere and has no story here; `hantrade log grep --text {text}`"
        )
    if len(found) == 1:
        return next(iter(found))
    if found:
        shown = [f"{order_id} ({how})" for order_id, how in list(found.items())[:_SHOWN]]
        more = f" and {len(found) - _SHOWN:,} more" if len(found) > _SHOWN else ""
        raise ConfigError(f"ORDER {name!r} fits {len(found):,} orders: {', '.join(shown)}{more}; '#N' means a sequence")
    if OWN_ID.fullmatch(text):
        with ExitStack() as stack:
            if any(stack.enter_context(other) for other in beside(reader, text, codec)):
                return text
    raise ConfigError(f"ORDER {name!r} {_not_found(reader, text)}")


def _not_found(reader: LogReader, text: str) -> str:
    if text.startswith("#") and text[1:].isdecimal():
        record = reader.record(int(text[1:])) if len(text) < 19 else None
        if record is None:
            return f"expected a sequence from 1 to {reader.last_seq():,} of {reader.path}"
        return f"is a {record.type} that belongs to no order; `hantrade log show {record.seq}` shows it"
    known = [row[0].removeprefix("order/") for row in _newest(reader)]
    near = [i for i in known if text and text in i][:3] or get_close_matches(text, known, 3, cutoff=0.5)
    hint = f"near: {', '.join(near)}" if near else "`hantrade orders list` shows all" if known else "it holds no orders"
    return f"is not in {reader.path}; {hint}"


def orders_of(reader: LogReader, record: Record) -> list[str]:
    """Give the orders an event belongs to: its own, or those it led to directly."""
    own = _order_of(record)
    if own:
        return [own]
    direct = (r for r in reader.consequences(record.seq) if r.causation_seq == record.seq)
    return list(dict.fromkeys(found for r in direct if (found := _order_of(r))))


def _orders_at(reader: LogReader, seq: int) -> list[str]:
    record = reader.record(seq)
    return orders_of(reader, record) if record is not None else []


def _order_of(record: Record) -> str:
    if record.stream.startswith("order/"):
        return record.stream.removeprefix("order/")
    return str(field_of(record, "client_order_id"))


def field_of(record: Record, name: str) -> object:
    """Give one field of a payload, an empty text where it has none or cannot be read."""
    try:
        payload = msgspec.json.decode(record.payload)
    except ValueError:
        return ""
    return payload.get(name) or "" if isinstance(payload, dict) else ""


def _by_venue_number(reader: LogReader, number: str) -> list[str]:
    names = ("venue_order_id", "new_venue_order_id", "change_venue_order_id")
    return list(
        dict.fromkeys(
            _order_of(record)
            for kind in (OrderAccepted, OrderReplaced, ChangeReceived)
            for record in reader.events(type=kind.__name__, raw=False)
            if f'"{number}"'.encode() in record.payload and number in [field_of(record, name) for name in names]
        )
    )


def _by_prefix(reader: LogReader, prefix: str) -> list[str]:
    sql = f"SELECT DISTINCT stream FROM events WHERE stream >= ? AND stream < ? AND {RARE} ORDER BY 1"
    rows = reader.rows(sql, (f"order/{prefix}", f"order/{prefix}{chr(0x10FFFF)}"))
    return [row[0].removeprefix("order/") for row in rows]


def _newest(reader: LogReader) -> list[tuple[str, ...]]:
    sql = (
        "SELECT stream FROM events WHERE stream >= 'order/' AND stream < 'order0'"
        f" AND {RARE} GROUP BY stream ORDER BY max(seq) DESC LIMIT {_SEARCHED}"
    )
    return reader.rows(sql)


def rows_of(reader: LogReader, order_id: str, limit: int = -1) -> list[int]:
    """Give the sequences of an order's own events."""
    sql = f"SELECT seq FROM events WHERE stream = ? AND {RARE} ORDER BY seq LIMIT ?"
    return [row[0] for row in reader.rows(sql, (f"order/{order_id}", limit))]


def beside(reader: LogReader, order_id: str, codec: MessageCodec) -> Iterator[LogReader]:
    """Give the other logs of the folder that hold something of the order; what cannot be read holds nothing."""
    for path in sorted(reader.path.parent.glob("*.db")):
        if path.resolve() == reader.path.resolve():
            continue
        try:
            other = LogReader(path, codec)
        except (ConfigError, LogError):
            continue
        try:
            has = other.log_id != reader.log_id and bool(rows_of(other, order_id, 1))
        except LogError:
            has = False
        if has:
            yield other
        else:
            other.close()
