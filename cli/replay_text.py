"""How a replay's findings and the states of roles are printed."""

from collections.abc import Iterator, Sequence
from typing import Any

from actors.core.difference import Difference, Kind
from actors.core.replay import ReplayReport
from actors.core.state import TAG
from cli.log_text import as_object, payload_of, shown
from cli.output import console, krw
from domain.messages.run import RoleState
from domain.time import kst_full_text
from hantrade import __version__
from persistence.record import Record

LABEL_CHARS = 18
MANY = 12  # entries of a list or a table of a state; the rest is counted
CHARS = 96  # of one text
NEVER = 2**63 - 1  # a time that does not come
TIMES = range(10**18, 3 * 10**18)  # whole numbers of this size are UTC ns (2001 to 2065); no amount of won is so large
_SEQUENCES = ("tuple", "set", "frozenset", "deque")

Cells = tuple[str, str | None, str | None]  # field, recorded, replayed; None: not there


# ---- the answer ------------------------------------------------------------------------------------------------


def answer(report: ReplayReport, written_by: Sequence[str]) -> dict[str, Any]:
    """Give a report, and the versions that wrote the log, as the last JSON line of `log replay`."""
    difference = report.difference
    return {
        "events": report.events,
        "outputs": report.outputs,
        "identical": report.identical,
        "first_difference_seq": report.first_difference_seq,
        "written_by": list(written_by),
        "replayed_by": __version__,
        "kind": difference.kind.value if difference else None,
        "text": difference.text if difference else None,
        "recorded": _object(difference.recorded) if difference else None,
        "replayed": _object(difference.replayed) if difference else None,
        "fields": [name for name, one, two in _fields(difference) if one != two] if difference else [],
        "causes": [as_object(cause) for cause in difference.causes] if difference else [],
        "replayed_causes": [as_object(cause) for cause in difference.replayed_causes] if difference else [],
        "states": [
            {"role": one.role, "attribute": one.attribute, "replayed": one.replayed, "folded": one.folded}
            for one in report.states
        ],
    }


def versions_text(written_by: Sequence[str]) -> str:
    """Say that another version than this one wrote a log, or a part of it; empty when this one wrote it all."""
    if not set(written_by) - {__version__}:
        return ""
    return f", written by hantrade {', '.join(written_by)}, replayed by {__version__}"


def _object(record: Record | None) -> dict[str, Any] | None:
    return None if record is None else as_object(record)


# ---- the first difference --------------------------------------------------------------------------------------


def difference_lines(report: ReplayReport) -> list[str]:
    """Show what differs first: both sides field by field, and what led there."""
    found = report.difference
    if found is None:
        return []
    lines = [f"  {found.text}"]
    if found.kind is Kind.STATE:
        lines += [f"  {one}" for one in report.states[:MANY]]
        return [*lines, "  A state may change in `evolve` only; after a restart the role would go on from the fold's."]
    if found.recorded is None and found.replayed is None:
        return lines
    if found.recorded is not None and found.replayed is not None:
        width = max(24, (console().width - LABEL_CHARS - 8) // 2)
        lines += ["", f"    {'':<{LABEL_CHARS}}  {'recorded':<{width}}  replayed"]
        lines += [_side_by_side(cells, width) for cells in _fields(found)]
    else:
        side = "recorded" if found.recorded is not None else "replayed"
        lines += ["", f"    {'':<{LABEL_CHARS}}  {side} alone"]
        lines += [_alone(name, one or two or "") for name, one, two in _fields(found)]
    if found.causes:
        lines += ["", "  led here by", *(f"    {cause_line(cause)}" for cause in found.causes)]
    if found.replayed_causes:
        lines += ["", "  in the replay led here by", *(f"    {cause_line(cause)}" for cause in found.replayed_causes)]
    return lines


def cause_line(record: Record) -> str:
    """Give a record in one line: sequence, who said it, its type, what it says."""
    payload = payload_of(record)
    said = (
        " ".join(f"{name}={shown(name, value)}" for name, value in payload.items())
        if isinstance(payload, dict)
        else str(payload)
    )
    line = f"{record.seq:>9,}  {record.role:<21}  {record.type:<17}  {said}".replace("\n", " ")
    return _cut(line, max(60, console().width - 4))


def _fields(found: Difference | None) -> list[Cells]:
    """Give every field of both sides; payloads with their inner fields."""
    if found is None:
        return []
    one, two = _flat(found.recorded), _flat(found.replayed)
    return [(name, one.get(name), two.get(name)) for name in dict.fromkeys((*one, *two))]


def _flat(record: Record | None) -> dict[str, str]:
    if record is None:
        return {}
    fields = {
        "sequence": f"{record.seq:,}",
        "said by": record.role,
        "type": record.type,
        "in answer to": f"{record.causation_seq:,}",
        "stream": record.stream,
        "run": record.run_id,
        "recorded at": _moment(record.recorded_at),
        "venue time": _moment(record.venue_time),
    }
    payload = payload_of(record)
    inner = _flattened("", payload) if isinstance(payload, dict) else [("payload", str(payload))]
    return fields | {(f"payload.{name}" if name in fields else name): value for name, value in inner}


def _flattened(prefix: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from _flattened(f"{prefix}.{key}" if prefix else str(key), item)
    elif isinstance(value, list) and any(isinstance(item, dict) for item in value):
        for at, item in enumerate(value):
            yield from _flattened(f"{prefix}[{at}]", item)
    else:
        is_time = isinstance(value, int) and not isinstance(value, bool) and value in TIMES
        yield prefix, _moment(value) if is_time else shown("", value)


def _moment(nanos: int | None) -> str:
    """Give a time to the last digit, because two that differ by a nanosecond differ."""
    return "-" if nanos is None else f"{kst_full_text(nanos)}.{nanos % 10**9:09d}"


def _side_by_side(cells: Cells, width: int) -> str:
    name, one, two = cells
    mark = " " if one == two else "*"
    at = next((at for at, (a, b) in enumerate(zip(one or "", two or "", strict=False)) if a != b), 0)
    left, right = (
        _window("(not there)" if text is None else text, width, at if one != two else 0) for text in (one, two)
    )
    return f"  {mark} {_cut(name, LABEL_CHARS):<{LABEL_CHARS}}  {left:<{width}}  {right}".rstrip()


def _alone(name: str, value: str) -> str:
    return f"    {_cut(name, LABEL_CHARS):<{LABEL_CHARS}}  {_cut(value, console().width - LABEL_CHARS - 6)}"


def _window(text: str, width: int, at: int) -> str:
    """Cut a long text so that the place where it differs is seen."""
    text = text.replace("\n", " ")
    if len(text) <= width or at < width - 8:
        return _cut(text, width)
    return _cut("…" + text[at - width // 2 :], width)


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


# ---- states ----------------------------------------------------------------------------------------------------


def state_object(name: str, saved: RoleState, seq: int) -> dict[str, Any]:
    """Give the state of a role as one JSON object."""
    return {"role": name, "version": saved.version, "seq": seq, "state": saved.state}


def state_lines(name: str, saved: RoleState, remark: str) -> list[str]:
    """Give the state of a role as an indented tree."""
    lines = [f"{name}  (state version {saved.version}{', ' + remark if remark else ''})"]
    for attribute, value in saved.state.items():
        lines += _tree(attribute, value, 1)
    return [*lines, ""]


def _tree(label: str, value: Any, depth: int) -> list[str]:
    indent = "  " * depth
    flat = _in_one_line(value)
    if flat is not None and len(indent) + len(label) + len(flat) < console().width:
        return [f"{indent}{_labelled(label)}{flat}"]
    kind, entries = _entries(value)
    lines = [f"{indent}{_labelled(label)}{kind}"]
    kept = entries[:MANY] if kind.endswith("entries") else entries
    for key, item in kept:
        lines += _tree(key, item, depth + 1)
    if len(kept) < len(entries):
        lines.append(f"{indent}  … {len(entries) - len(kept):,} more (all with --json)")
    return lines


def _labelled(label: str) -> str:
    return "- " if label == "-" else f"{label}: "


def _entries(value: Any) -> tuple[str, list[tuple[str, Any]]]:
    """Give what a value that needs several lines is, and its parts."""
    if isinstance(value, list):
        return f"{len(value):,} entries", [("-", item) for item in value]
    tag = value.get(TAG)
    if tag is None:
        return f"{len(value):,} entries", list(value.items())
    if tag in _SEQUENCES:
        return f"{len(value['v']):,} entries", [("-", item) for item in value["v"]]
    if tag == "dict":
        return f"{len(value['v']):,} entries", [(_in_one_line(key) or str(key), item) for key, item in value["v"]]
    return _short(tag), [(key, item) for key, item in value.items() if key != TAG]


def _in_one_line(value: Any) -> str | None:
    """Give a value in one line when it fits there; None when it does not."""
    if not isinstance(value, (list, dict)):
        return _plain(value)
    if isinstance(value, dict) and "v" in value and len(value) == 2 and value.get(TAG) not in (*_SEQUENCES, "dict"):
        return _plain(value["v"])  # an Enum, a date, a float
    kind, entries = _entries(value)
    if not entries:
        return "none" if kind.endswith("entries") else kind
    is_list = isinstance(value, list) or value.get(TAG) in _SEQUENCES
    if len(entries) > MANY and not is_list:
        return None
    parts: list[str] = []
    for key, item in entries[:MANY]:
        flat = _in_one_line(item)
        if flat is None:
            return None
        parts.append(flat if is_list else f"{key} {flat}")
    more = f", … {len(entries) - MANY:,} more" if len(entries) > MANY else ""
    text = ", ".join(parts) + more
    return f"[{text}]" if is_list else f"{{{text}}}" if kind.endswith("entries") else f"{kind}({text})"


def _short(tag: str) -> str:
    return tag.rpartition(":")[2].rpartition(".")[2].lstrip("_")


def _plain(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{kst_full_text(value)} KST" if value in TIMES else "never" if value == NEVER else krw(value)
    if isinstance(value, float):
        return f"{value:.6g}"
    return _cut(shown("", value), CHARS)


def states_title(record: Record) -> str:
    """Give the line above the states."""
    venue = "" if record.venue_time is None else f", {kst_full_text(record.venue_time)} KST"
    return f"every role's state behind event {record.seq:,} ({record.type} by {record.role}{venue})"
