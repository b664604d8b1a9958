"""What differs from the period before: settings, strategies, versions."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from domain.errors import HantradeError
from persistence.codec import MessageCodec
from persistence.reader import LogReader
from reports.logs import LogHead
from reports.model import Change
from reports.queries import Rows
from reports.reading import DayFacts
from reports.rows import Run

NOWHERE = ""  # value of a setting that a version does not know


def changes_of(before: Run | None, days: Iterable[DayFacts]) -> tuple[Change, ...]:
    """Hold the last run of a period against the last one before it; nothing where either is not there."""
    now = next((run for facts in reversed(list(days)) for _, run in reversed(facts.runs)), None)
    if before is None or now is None:
        return ()
    old, new = _told(before), _told(now)
    return tuple(
        Change(what, old.get(what, NOWHERE), new.get(what, NOWHERE))
        for what in sorted({*old, *new}, key=_place)
        if old.get(what, NOWHERE) != new.get(what, NOWHERE)
    )


def run_before(heads: Sequence[LogHead], codec: MessageCodec, first: date) -> Run | None:
    """Give the last run of the dates before a day; None when no log tells of one."""
    for head in reversed(heads):
        for stretch in reversed([one for one in head.stretches if one.day < first]):
            try:
                with LogReader(head.path, codec) as reader:
                    runs = Rows(reader).decoded("RunStarted", Run, stretch)
            except HantradeError:
                break  # it is among the logs named as missing where it matters
            if runs:
                return runs[-1][1]
    return None


def _told(run: Run) -> dict[str, str]:
    return {"version": run.version, **_flat("", run.config)}


def _place(what: str) -> tuple[bool, bool, str]:
    """Put version and strategies first."""
    return what != "version", not what.startswith("strategies"), what


def _flat(name: str, value: Any) -> dict[str, str]:
    """Give settings by dotted names, e.g. `risk.max_order_krw`; parts of a list that have a name or symbol by it."""
    if isinstance(value, Mapping):
        found: dict[str, str] = {}
        for key, part in value.items():
            found |= _flat(f"{name}.{key}" if name else str(key), part)
        return found
    if isinstance(value, list):
        named = {part.get("name") or part.get("symbol"): part for part in value if isinstance(part, Mapping)}
        if len(named) == len(value) and all(isinstance(key, str) for key in named) and value:
            found = {name: ", ".join(str(key) for key in named)}
            for key, part in named.items():
                found |= _flat(f"{name}.{key}", {k: v for k, v in part.items() if k not in ("name", "symbol")})
            return found
        return {name: ", ".join(map(_word, value))}
    return {name: _word(value)}


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if value is None:
        return ""
    return f"{value:,}" if isinstance(value, int) else str(value)
