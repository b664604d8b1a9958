"""Reads a fault plan from TOML. What is wrong is told in one line: file, field, value, what is allowed."""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import fields
from importlib import resources
from pathlib import Path
from typing import Any, Final, TypeVar

from broker_sim.faults import (
    DAYS,
    MESSAGE_KINDS,
    SCRIPTABLE,
    Between,
    External,
    FaultPlan,
    LoginFaults,
    MessageFaults,
    QuoteFaults,
    ReadFaults,
    Repair,
    RequestFaults,
    Script,
    Window,
)
from broker_sim.plan_fields import BadField, known, low_high, one_of, whole
from domain.errors import ConfigError
from domain.types import PPM, Side

T = TypeVar("T")

MOST_MS: Final = 86_400_000
MOST_COUNT: Final = 1_000_000
MOST_SEED: Final = 2**63
_TABLES: Final = ("messages", "requests", "reads", "quotes", "login", "repair", "maintenance", "script", "external")
_ACK_ONLY: Final = "fill_before_ack_ppm"  # stands in messages.accepted and messages.all
_LONGEST_SYMBOL: Final = 16
_MOST_KRW: Final = 10**9
_AT_LEAST_ONE: Final = ("page_rows", "hold_ms")


def example() -> str:
    """Give the packaged example file."""
    return resources.files("broker_sim.data").joinpath("faults.example.toml").read_text(encoding="utf-8")


def load_faults(path: Path) -> FaultPlan:
    """Read a plan. Raises ConfigError naming the file, the field, its value and what is allowed."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: the faults file cannot be read: {error}") from None
    return parse_faults(text, str(path))


def parse_faults(text: str, source: str) -> FaultPlan:
    """Read a plan from text; `source` names it in errors. Raises ConfigError as `load_faults`."""
    try:
        return _plan(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{source}: not TOML: {error}") from None
    except BadField as bad:
        raise ConfigError(f"{source}: {bad}") from None


def _plan(raw: dict[str, Any]) -> FaultPlan:
    known(raw, ("seed", *_TABLES), "")
    repair = _record(Repair, _table(raw, "repair"), "repair")
    if repair.recover_after_ms and not repair.on_read:
        # Else an answer about the account would hold what is told after it, and a trader would book it twice.
        raise BadField.of("repair.on_read", "true unless repair.recover_after_ms is 0", False)
    return FaultPlan(
        seed=whole(raw.get("seed", 1), "seed", 0, MOST_SEED),
        messages=_messages(_table(raw, "messages")),
        requests=_record(RequestFaults, _table(raw, "requests"), "requests"),
        reads=_record(ReadFaults, _table(raw, "reads"), "reads"),
        quotes=_record(QuoteFaults, _table(raw, "quotes"), "quotes"),
        login=_record(LoginFaults, _table(raw, "login"), "login"),
        repair=repair,
        maintenance=tuple(_window(item, where) for item, where in _tables(raw, "maintenance")),
        scripts=tuple(_script(item, where) for item, where in _tables(raw, "script")),
        externals=tuple(_external(item, where) for item, where in _tables(raw, "external")),
    )


def _messages(raw: dict[str, Any]) -> Mapping[str, MessageFaults]:
    kinds = tuple(MESSAGE_KINDS.values())
    known(raw, ("all", *kinds), "messages.")
    for_all = _table(raw, "all", "messages.")
    _record(MessageFaults, for_all, "messages.all")
    found = {}
    for kind in kinds:
        own = _table(raw, kind, "messages.")
        shared = dict(for_all)
        if kind != "accepted":
            shared.pop(_ACK_ONLY, None)
            if _ACK_ONLY in own:
                raise BadField.of(
                    f"messages.{kind}.{_ACK_ONLY}", "in messages.accepted or messages.all only", own[_ACK_ONLY]
                )
        found[kind] = _record(MessageFaults, shared | own, f"messages.{kind}")
    return found


def _script(raw: dict[str, Any], where: str) -> Script:
    known(raw, ("what", "kind", "nth", "from", "until", "days"), f"{where}.")
    what = one_of(raw.get("what"), tuple(SCRIPTABLE), f"{where}.what")
    kind = one_of(raw.get("kind"), SCRIPTABLE[what], f"{where}.kind")
    nth = whole(raw.get("nth", 0), f"{where}.nth", 0, MOST_COUNT)
    timed = "from" in raw or "until" in raw or "days" in raw
    if not nth and not timed:
        raise BadField.of(where, "given nth, or from and until", raw)
    times = {key: value for key, value in raw.items() if key in ("from", "until", "days")}
    return Script(what, kind, nth, _window(times, where) if timed else None)


def _external(raw: dict[str, Any], where: str) -> External:
    known(raw, ("at", "symbol", "side", "quantity", "price", "cancel_at"), f"{where}.")
    symbol = raw.get("symbol")
    if not isinstance(symbol, str) or not 1 <= len(symbol) <= _LONGEST_SYMBOL:
        raise BadField.of(f"{where}.symbol", f"a code of 1 to {_LONGEST_SYMBOL} characters", symbol)
    at, cancel_at = _second(raw.get("at"), f"{where}.at"), None
    if "cancel_at" in raw and (cancel_at := _second(raw["cancel_at"], f"{where}.cancel_at")) <= at:
        raise BadField.of(f"{where}.cancel_at", f"after at ({raw['at']})", raw["cancel_at"])
    return External(
        at,
        symbol,
        Side(one_of(raw.get("side"), tuple(side.value for side in Side), f"{where}.side")),
        whole(raw.get("quantity"), f"{where}.quantity", 1, MOST_COUNT),
        whole(raw["price"], f"{where}.price", 1, _MOST_KRW) if "price" in raw else None,
        cancel_at,
    )


def _window(raw: dict[str, Any], where: str) -> Window:
    known(raw, ("from", "until", "days"), f"{where}.")
    start, end = _second(raw.get("from"), f"{where}.from"), _second(raw.get("until"), f"{where}.until")
    if end <= start:
        raise BadField.of(f"{where}.until", f"after from ({raw['from']})", raw["until"])
    days = raw.get("days", list(DAYS))
    if not isinstance(days, list) or not days:
        raise BadField.of(f"{where}.days", f"a list of {', '.join(DAYS)}", days)
    return Window(start, end, tuple(DAYS.index(one_of(day, DAYS, f"{where}.days")) for day in days))


def _second(value: object, where: str) -> int:
    parts = value.split(":") if isinstance(value, str) else []
    if len(parts) in (2, 3) and all(len(part) == 2 and part.isascii() and part.isdigit() for part in parts):
        hour, minute, second = (int(part) for part in (*parts, "00")[:3])
        if (hour < 24 and minute < 60 and second < 60) or (hour, minute, second) == (24, 0, 0):
            return hour * 3_600 + minute * 60 + second
    raise BadField.of(where, 'a time of day "HH:MM" or "HH:MM:SS", KST', value)


# ---- tables of knobs --------------------------------------------------------------------------------------------


def _record(kind: Callable[..., T], raw: dict[str, Any], where: str) -> T:
    knobs = {item.name: item for item in fields(kind)}  # type: ignore[arg-type]  # always a dataclass here
    known(raw, tuple(knobs), f"{where}.")
    return kind(**{name: _knob(name, knobs[name].type, value, f"{where}.{name}") for name, value in raw.items()})


def _knob(name: str, kind: Any, value: object, where: str) -> object:
    if kind is Between:
        return Between(*low_high(value, where, MOST_MS))
    if kind is bool:
        if not isinstance(value, bool):
            raise BadField.of(where, "true or false", value)
        return value
    if kind is str:
        if not isinstance(value, str) or "\n" in value:
            raise BadField.of(where, "a text of one line", value)
        return value
    if name.endswith("_ppm"):
        return whole(value, where, 0, PPM, " parts per million")
    least = 1 if name in _AT_LEAST_ONE else 0
    return whole(value, where, least, MOST_MS if name.endswith("_ms") else MOST_COUNT)


def _table(raw: dict[str, Any], name: str, prefix: str = "") -> dict[str, Any]:
    table = raw.get(name, {})
    if not isinstance(table, dict):
        raise BadField.of(f"{prefix}{name}", f"a table [{prefix}{name}]", table)
    return table


def _tables(raw: dict[str, Any], name: str) -> list[tuple[dict[str, Any], str]]:
    items = raw.get(name, [])
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise BadField.of(name, f"tables [[{name}]]", items)
    return [(item, f"{name}[{number}]") for number, item in enumerate(items, 1)]
