"""`hantrade log replay --with-config FILE`: the decisions other settings would have made, for people and machines."""

import dataclasses
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from actors.core.what_if import Change, WhatIf
from actors.recovery import carried
from actors.roster import make_roles
from cli.log_text import shown
from cli.output import emit_json, krw
from cli.what_if_config import Overlay
from domain.messages import Message
from domain.messages.run import StateCarried
from domain.messages.trading import OrderApproved, OrderDenied, SignalFormed
from domain.time import kst_full_text
from persistence.codec import MessageCodec
from persistence.reader import LogReader

LIMIT = (
    "Each decision is judged by itself, from the state that really was then: what would have come of another decision",
    "(an order not sent has no answer of the venue in the log, a signal not given no position) is not simulated.",
)
FIELDS_SHOWN = 3  # of one decision that has other contents
VALUE_CHARS = 40


def what_if(reader: LogReader, codec: MessageCodec, file: Path, as_json: bool) -> None:
    """Print the differing decisions and their totals. Raises ConfigError, LogError."""
    overlay = Overlay(file)
    sandbox = WhatIf(make_roles, codec, reader.log_id, overlay.over)
    rows = (
        (record, carried(message, reader) if isinstance(message, StateCarried) else message)
        for record, message in reader.messages()
    )
    if as_json:
        emit_json(_lines(sandbox, overlay, sandbox.run(rows)))
        return
    _print(reader.path, sandbox, overlay, list(sandbox.run(rows)))


# ---- for people ------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Line:
    """One decision, and how often it was made again."""

    first: Change
    count: int = 0
    last: Change | None = None


@dataclass(slots=True)
class _Total:
    """Decisions of one kind."""

    first: Change
    decisions: int = 0
    times: int = 0  # repeats counted
    notional: int = 0
    would_notional: int = 0
    reasons: Counter[str] = field(default_factory=Counter)


def _print(path: Path, sandbox: WhatIf, overlay: Overlay, changes: Sequence[Change]) -> None:
    print(f"{path}: {krw(sandbox.events)} events under other settings")
    if overlay.idle:
        print(f"  left out, nothing is decided by it: {', '.join(overlay.idle)}")
    if not overlay.changed:
        print("  the file changes nothing: every setting in it is as recorded")
    width = max((len(one.key) for one in overlay.changed), default=0)
    for one in overlay.changed:
        print(f"  {one.key:<{width}}  {one}")
    lines = folded(changes)
    if lines:
        print()
    for line in lines:
        print(_line_text(line))
    print()
    if not changes:
        print(f"no decision differs: {krw(sandbox.recorded.total())} outputs were judged again")
    for text in total_texts(lines, sandbox.recorded):
        print(text)
    if sandbox.code:
        print(f"{krw(sandbox.code)} decisions differ with the recorded settings too: another version of the code wrote")
        print("the log. They are not counted above; `hantrade log replay` shows the first.")
    if sandbox.unknown:
        print(f"{krw(sandbox.unknown)} events of a newer version were passed over.")
    print("\n".join(LIMIT))


def folded(changes: Iterable[Change]) -> list[_Line]:
    """Put what was decided again and again about one subject into one line, where it was first."""
    lines: dict[Any, _Line] = {}
    for change in changes:
        line = lines.setdefault(_subject(change), _Line(change))
        line.count += 1
        line.last = change
    return list(lines.values())


def _subject(change: Change) -> tuple[Any, ...]:
    one, two = change.recorded, change.would
    about = one or two
    reason = two.reason if isinstance(two, OrderDenied) else ""
    kinds = type(one).__name__, type(two).__name__
    again = change.recorded_seq  # what the log holds twice was decided twice
    return change.role, *kinds, about.stream() if about is not None else "", reason, change.error, again


def _line_text(line: _Line) -> str:
    change = line.first
    when = "-" if change.venue_time is None else kst_full_text(change.venue_time)
    seq = change.recorded_seq if change.recorded_seq is not None else change.seq
    text = f"{when}  {seq:>9,}  {change.role:<14}  {_what(change)}"
    if line.count > 1 and line.last is not None and line.last.venue_time is not None:
        text += f"  (×{krw(line.count)} until {kst_full_text(line.last.venue_time)[11:]}: the log does not hold it)"
    return text


def _what(change: Change) -> str:
    one, two = change.recorded, change.would
    if change.error:
        return f"would have failed: {change.error}"
    if one is None and two is not None:
        return f"(nothing) → {_decision(two)}"
    if one is not None and two is None:
        return f"{_decision(one)} → (nothing)"
    if type(one) is type(two):
        fields = _differing(one, two)
        more = f" and {len(fields) - FIELDS_SHOWN} more" if len(fields) > FIELDS_SHOWN else ""
        inner = ", ".join(f"{name} {_value(a)} → {_value(b)}" for name, a, b in fields[:FIELDS_SHOWN])
        return f"{_decision(one)}: {inner}{more}"
    if isinstance(one, OrderApproved) and isinstance(two, OrderDenied):
        return f"{_decision(one)} → OrderDenied {two.reason}: {two.message}"
    return f"{_decision(one)} → {_decision(two)}"


def _decision(message: Message | None) -> str:
    """Say a decision in a few words."""
    if isinstance(message, OrderApproved | OrderDenied):
        price = "at market" if message.limit_price is None else f"at {krw(message.limit_price)}"
        order = f"{message.side.value} {krw(message.quantity)} {message.symbol} {price}"
        why = f" {message.reason}: {message.message}" if isinstance(message, OrderDenied) else ""
        return f"{type(message).__name__} {order}{why}"
    if isinstance(message, SignalFormed):
        sure = f"strength {message.strength:.2f}, confidence {message.confidence:.2f}"
        return f"SignalFormed {message.side.value} {message.symbol} at {krw(message.limit_price)}, {sure}"
    said: dict[str, Any] = msgspec.to_builtins(message)
    plain = {name: value for name, value in said.items() if name != "venue_time" and not isinstance(value, list | dict)}
    inner = " ".join(f"{name}={shown(name, value)}" for name, value in plain.items())
    return f"{type(message).__name__} {inner}"[:160].rstrip()


def _differing(one: Any, two: Any) -> list[tuple[str, Any, Any]]:
    """Give the fields that differ, figures before words."""
    names = [item.name for item in dataclasses.fields(one)]
    found = [(name, getattr(one, name), getattr(two, name)) for name in names]
    return sorted((item for item in found if item[1] != item[2]), key=lambda item: not isinstance(item[1], int | float))


def _value(value: Any) -> str:
    text = f"{value:.3g}" if isinstance(value, float) else shown("", msgspec.to_builtins(value))
    return text if len(text) <= VALUE_CHARS else text[: VALUE_CHARS - 1] + "…"


# ---- totals ----------------------------------------------------------------------------------------------------


def totals(lines: Iterable[_Line]) -> list[_Total]:
    """Count by role, by what was decided and by what would have been."""
    found: dict[Any, _Total] = {}
    for line in lines:
        one, two = line.first.recorded, line.first.would
        key = line.first.role, type(one), type(two), bool(line.first.error)
        total = found.setdefault(key, _Total(line.first))
        total.decisions += 1
        total.times += line.count
        total.notional += _notional(one)
        total.would_notional += _notional(two)
        if isinstance(two, OrderDenied):
            total.reasons[two.reason] += 1
    return list(found.values())


def total_texts(lines: Sequence[_Line], recorded: Counter[str]) -> list[str]:
    """Give the totals in words."""
    return [_total_text(total, recorded) for total in totals(lines)]


def _total_text(total: _Total, recorded: Counter[str]) -> str:
    one, two = total.first.recorded, total.first.would
    was, now = type(one).__name__, type(two).__name__
    of = f"{krw(total.decisions)} of {krw(recorded[was])}"
    if total.first.error:
        return f"{total.first.role} would have failed {krw(total.times)} times"
    if one is None:
        again = f", {krw(total.times)} times in all" if total.times > total.decisions else ""
        return f"{krw(total.decisions)} {now} would have been said where the log holds none{again}"
    if two is None:
        return f"{of} {was} would not have been said"
    if isinstance(one, OrderApproved) and isinstance(two, OrderDenied):
        why = ", ".join(f"{reason} {krw(count)}" for reason, count in total.reasons.most_common())
        return f"{of} approved orders would have been denied ({why}), notional {krw(total.notional)} KRW"
    if isinstance(one, OrderDenied) and isinstance(two, OrderApproved):
        return f"{of} denied orders would have been approved, notional {krw(total.would_notional)} KRW"
    if isinstance(one, OrderApproved) and isinstance(two, OrderApproved):
        sums = f"notional {krw(total.notional)} → {krw(total.would_notional)} KRW"
        return f"{of} approved orders would have been approved with other contents, {sums}"
    if was == now:
        return f"{of} {was} would have had other contents"
    return f"{of} {was} would have been {now}"


def _notional(message: Message | None) -> int:
    """Give shares times limit price, KRW; an order at market counts what it reserves."""
    if isinstance(message, OrderApproved):
        return message.reserved_krw if message.limit_price is None else message.quantity * message.limit_price
    if isinstance(message, OrderDenied):
        return message.quantity * (message.limit_price or 0)
    return 0


# ---- for machines ----------------------------------------------------------------------------------------------


def _lines(sandbox: WhatIf, overlay: Overlay, changes: Iterable[Change]) -> Iterable[dict[str, Any]]:
    """Give one object a difference, then the totals."""
    found: list[Change] = []
    for change in changes:
        found.append(change)
        yield {
            "seq": change.seq,
            "recorded_seq": change.recorded_seq,
            "venue_time": change.venue_time,
            "role": change.role,
            "recorded": _object(change.recorded),
            "would": _object(change.would),
            "error": change.error,
        }
    lines = folded(found)
    yield {
        "events": sandbox.events,
        "outputs": sandbox.recorded.total(),
        "identical": not found,
        "first_difference_seq": (found[0].recorded_seq or found[0].seq) if found else None,
        "differences": len(found),
        "changed": [dataclasses.asdict(one) for one in overlay.changed],
        "left_out": overlay.idle,
        "totals": [_total_object(total, sandbox.recorded) for total in totals(lines)],
        "code_differences": sandbox.code,
        "unknown_events": sandbox.unknown,
    }


def _object(message: Message | None) -> dict[str, Any] | None:
    return None if message is None else {"type": type(message).__name__, "payload": msgspec.to_builtins(message)}


def _total_object(total: _Total, recorded: Counter[str]) -> dict[str, Any]:
    one, two = total.first.recorded, total.first.would
    return {
        "role": total.first.role,
        "recorded": type(one).__name__ if one is not None else None,
        "would": type(two).__name__ if two is not None else None,
        "decisions": total.decisions,
        "times": total.times,
        "of": recorded[type(one).__name__] if one is not None else None,
        "notional_krw": total.notional,
        "would_notional_krw": total.would_notional,
        "reasons": dict(total.reasons),
        "failed": bool(total.first.error),
    }
