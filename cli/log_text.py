"""How records of the event log are printed: one line each for people, one object each for machines."""

import json
from datetime import date, datetime, time
from typing import Any

import msgspec

from domain.errors import ConfigError
from domain.messages.market import QuotesJudged, QuotesReceived
from domain.time import from_kst, kst_date, kst_full_text, kst_text
from persistence.codec import UnknownEvent
from persistence.order_names import orders_of
from persistence.reader import LogReader
from persistence.record import Record

LINE_CHARS = 160  # of a summary; `show` prints all of it
_ROWS_SHOWN = 20
_TIMES = ("_time", "_until", "_at")  # endings of fields that hold UTC ns


def as_object(record: Record) -> dict[str, Any]:
    """Give a record as a JSON object: the columns of the log, times in UTC ns, the payload unpacked."""
    shown: dict[str, Any] = record._asdict()
    del shown["raw"]
    shown["payload"] = payload_of(record)
    return shown


def payload_of(record: Record) -> Any:
    """Unpack a payload; one that is no JSON is given as text."""
    try:
        return msgspec.json.decode(record.payload)
    except ValueError:
        return record.payload.decode("utf-8", "replace")


def as_line(record: Record) -> str:
    """Give a record as one line: sequence, recorded and venue time in KST, type, stream, what it says."""
    payload = payload_of(record)
    if isinstance(payload, dict):
        said = {
            name: value for name, value in payload.items() if name != "venue_time" and not _in_stream(value, record)
        }
        text = " ".join(f"{name}={_brief(name, value)}" for name, value in said.items())
    else:
        text = str(payload)
    text = text if len(text) <= LINE_CHARS else text[: LINE_CHARS - 1] + "…"
    venue = "" if record.venue_time is None else kst_full_text(record.venue_time)[5:]
    recorded = kst_text(record.recorded_at)
    return f"{record.seq:>11,}  {recorded}  {venue:<14}  {record.type:<20}  {record.stream:<24}  {text}".replace(
        "\n", " "
    )


def _brief(name: str, value: Any) -> str:
    """Give a value on one line; of lists of objects and of objects in objects only how many there are."""
    if isinstance(value, dict) or (isinstance(value, list) and value and isinstance(value[0], dict)):
        return f"({len(value):,})"
    return shown(name, value)


def shown(name: str, value: Any) -> str:
    """Give a value of a payload for people: times in KST, numbers with separators, texts in quotes where needed."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return kst_full_text(value).replace(" ", "T") if name.endswith(_TIMES) and value else f"{value:,}"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, str):
        return value if value and " " not in value else json.dumps(value, ensure_ascii=False)
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def detail(reader: LogReader, record: Record) -> list[str]:
    """Give everything about one record: columns, message, what led to it and what it led to."""
    venue = "-" if record.venue_time is None else kst_full_text(record.venue_time) + " KST"
    return [
        f"{record.type}  #{record.seq:,}",
        f"  stream    {record.stream}",
        f"  said by   {record.role}",
        f"  run       {record.run_id}",
        f"  recorded  {kst_full_text(record.recorded_at)} KST",
        f"  venue     {venue}",
        "",
        *_message_lines(reader, record),
        "",
        "led here by",
        *([f"  {as_line(cause)}" for cause in reader.causes(record.seq)] or ["  nothing: it is an input"]),
        "",
        "led to",
        *(_tree(record.seq, reader.consequences(record.seq)) or ["  nothing"]),
        *_pointers(reader, record),
    ]


def detail_object(reader: LogReader, record: Record) -> dict[str, Any]:
    """Give everything about one record as one JSON object."""
    rows, reason = _rows(reader, record)
    found = as_object(record)
    if rows is not None:
        found["rows"] = rows
    found["unknown"] = reason
    found["causes"] = [cause.seq for cause in reader.causes(record.seq)]
    found["consequences"] = [effect.seq for effect in reader.consequences(record.seq)]
    found["orders"] = orders_of(reader, record)
    return found


def moment(text: str, option: str, latest: int | None) -> int:
    """Read a Korean date, time of day, or both, as UTC ns; a bare time is of the day of `latest`.

    Raises ConfigError naming the option.
    """
    try:
        if ":" in text and "-" not in text:
            clock = time.fromisoformat(f"0{text}" if text[1:2] == ":" else text)  # 9:30 is 09:30
            if latest is None:
                raise ConfigError(f"{option} {text!r} needs a date: the log has no times on this clock")
            return from_kst(kst_date(latest), clock.hour, clock.minute, clock.second)
        both = datetime.fromisoformat(text)
    except ValueError:
        both = None
    if both is None or both.tzinfo is not None:
        raise ConfigError(f"{option} expected HH:MM[:SS], YYYY-MM-DD or YYYY-MM-DDTHH:MM[:SS] in KST, was {text!r}")
    return from_kst(date(both.year, both.month, both.day), both.hour, both.minute, both.second)


def _pointers(reader: LogReader, record: Record) -> list[str]:
    """Point to the stories an event is a part of."""
    found = orders_of(reader, record)
    return ["", *(f"hantrade log why {order_id} tells the whole story" for order_id in found)] if found else []


def _in_stream(value: Any, record: Record) -> bool:
    """Tell whether the stream already says this value."""
    return isinstance(value, str) and bool(value) and record.stream.endswith(f"/{value}")


def _rows(reader: LogReader, record: Record) -> tuple[list[dict[str, Any]] | None, str]:
    """Give the quotes of a batch or a judgement (None for anything else) and why a record cannot be read."""
    message = reader.decode(record)
    if isinstance(message, UnknownEvent):
        return None, message.reason
    if isinstance(message, QuotesReceived):
        return [row._asdict() for row in message.batch.rows], ""
    if isinstance(message, QuotesJudged):
        return [row._asdict() for row in message.rows], ""
    return None, ""


def _message_lines(reader: LogReader, record: Record) -> list[str]:
    rows, reason = _rows(reader, record)
    payload = payload_of(record)
    lines = [f"  shown as it is: {reason}"] if reason else []
    if isinstance(payload, dict):
        lines += _fields(payload, "  ")
    else:
        lines.append(f"  {payload}")
    if rows:
        lines += ["", "  " + "  ".join(rows[0])]
        lines += ["  " + "  ".join(shown(name, value) for name, value in row.items()) for row in rows[:_ROWS_SHOWN]]
        if len(rows) > _ROWS_SHOWN:
            lines.append(f"  … {len(rows) - _ROWS_SHOWN:,} more rows (all with --json)")
    return lines


def _fields(payload: dict[str, Any], indent: str) -> list[str]:
    """Give a field a line; objects in it below its name."""
    width = max(map(len, payload), default=0)
    lines = []
    for name, value in payload.items():
        if isinstance(value, dict) and value:
            lines += [f"{indent}{name}", *_fields(value, indent + "  ")]
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            lines.append(f"{indent}{name}")
            for item in value:
                inside = " ".join(f"{key}={shown(key, each)}" for key, each in item.items())
                lines.append(f"{indent}  {inside}")
        else:
            lines.append(f"{indent}{name:<{width}}  {shown(name, value)}")
    return lines


def _tree(seq: int, effects: list[Record]) -> list[str]:
    """Indent each consequence below its cause."""
    depth = {seq: 0}
    lines = []
    for effect in effects:
        depth[effect.seq] = depth[effect.causation_seq] + 1
        lines.append("  " * depth[effect.seq] + as_line(effect))
    return lines
