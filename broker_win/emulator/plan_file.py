"""Reads an emulator plan from TOML. What is wrong is told in one line: file, field, value, what is allowed."""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import fields
from importlib import resources
from pathlib import Path
from typing import Any, Final, TypeVar, get_origin

from broker_sim.plan_fields import BadField, known, low_high, one_of, whole
from broker_win.emulator.conditions import parse_rule
from broker_win.emulator.outages import planned
from broker_win.emulator.plan import (
    EmulatorPlan,
    FlagsPlan,
    HangsPlan,
    OrdersPlan,
    ServerPlan,
    TimesPlan,
    TrPlan,
    UnknownsPlan,
)
from domain import maintenance
from domain.errors import ConfigError
from domain.types import PPM

T = TypeVar("T")

MOST_MS: Final = 3_600_000
MOST_COUNT: Final = 1_000_000
MOST_SEED: Final = 2**63
LEAST_CODE: Final = -1_000
ACCOUNT_DIGITS: Final = 10
CODE_LENGTH: Final = 6
KINDS: Final = ("mock", "real")
REMAINDERS: Final = ("취소", "확인", "접수")
WARNINGS: Final = ("0", "2", "3", "4", "5")
CONSTRUCTIONS: Final = ("정상", "투자주의", "투자경고", "투자위험", "투자주의환기종목")
TABLES: Final[Mapping[str, type]] = {
    "server": ServerPlan,
    "times": TimesPlan,
    "orders": OrdersPlan,
    "unknowns": UnknownsPlan,
    "trs": TrPlan,
    "hangs": HangsPlan,
    "flags": FlagsPlan,
}


def example() -> str:
    """Give the packaged example file: everything at its default, with comments."""
    return resources.files("broker_win.data").joinpath("emulator.example.toml").read_text(encoding="utf-8")


def load_plan(path: Path) -> EmulatorPlan:
    """Read a plan. Raises ConfigError naming the file, the field, its value and what is allowed."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: the emulator's plan cannot be read: {error}") from None
    return parse_plan(text, str(path))


def parse_plan(text: str, source: str) -> EmulatorPlan:
    """Read a plan from text; `source` names it in errors. Raises ConfigError as `load_plan`."""
    try:
        raw = tomllib.loads(text)
        known(raw, tuple(TABLES), "")
        plan = EmulatorPlan(**{name: _record(kind, raw.get(name, {}), name) for name, kind in TABLES.items()})
        maintenance.parse(plan.server.maintenance)
        planned(plan.hangs)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{source}: not TOML: {error}") from None
    except (BadField, ConfigError) as bad:
        raise ConfigError(f"{source}: {bad}") from None
    return plan


def _record(kind: Callable[..., T], raw: object, where: str) -> T:
    if not isinstance(raw, dict):
        raise BadField.of(where, f"a table [{where}]", raw)
    knobs = {item.name: item.type for item in fields(kind)}  # type: ignore[arg-type]  # always a dataclass here
    known(raw, tuple(knobs), f"{where}.")
    return kind(**{name: _knob(name, knobs[name], value, f"{where}.{name}") for name, value in raw.items()})


def _knob(name: str, kind: Any, value: object, where: str) -> object:
    if kind is bool:
        if not isinstance(value, bool):
            raise BadField.of(where, "true or false", value)
        return value
    if kind is int:
        return whole(value, where, *_bounds(name))
    if kind is str:
        return _text(name, value, where)
    if get_origin(kind) is dict:
        return _by_name(name, value, where)
    if kind == tuple[int, int]:
        return low_high(value, where, MOST_MS)
    return _list(name, value, where)


def _bounds(name: str) -> tuple[int, int, str]:
    if name == "seed":
        return 0, MOST_SEED, ""
    if name == "login_code":
        return LEAST_CODE, 0, ""
    if name.endswith("_ppm"):
        return 0, PPM, " parts per million"
    if name.endswith("_ms"):
        return 0, MOST_MS, " ms"
    return 1 if "per_" in name else 0, MOST_COUNT, ""


def _text(name: str, value: object, where: str) -> str:
    if name == "kind":
        return one_of(value, KINDS, where)
    if name == "remainder_status":
        return one_of(value, REMAINDERS, where)
    if isinstance(value, str) and len(value) == 1 and value.isascii() and value.isupper():
        return value
    raise BadField.of(where, "one letter A to Z", value)


def _list(name: str, value: object, where: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) and "\n" not in item for item in value):
        raise BadField.of(where, "a list of texts", value)
    if name == "accounts" and not (value and all(_is_account(item) for item in value)):
        raise BadField.of(where, f"a list of at least one account of {ACCOUNT_DIGITS} digits", value)
    if name == "close_codes" and not all(len(item) == 1 for item in value):
        raise BadField.of(where, "a list of session codes of one character (FID 215)", value)
    return tuple(value)


def _is_account(value: str) -> bool:
    return len(value) == ACCOUNT_DIGITS and value.isascii() and value.isdigit()


def _by_name(name: str, value: object, where: str) -> dict[str, str]:
    if not isinstance(value, dict):
        raise BadField.of(where, f"a table [{where}]", value)
    for key, item in value.items():
        inner = f"{where}.{key}"
        if not isinstance(item, str):
            raise BadField.of(inner, "a text", item)
        if name == "conditions":
            _rule(key, item, inner)
        elif len(key) != CODE_LENGTH or not (key.isalnum() and key.isascii()):
            raise BadField.of(f"field {inner}", "named by a code of 6 letters or digits", key)
        elif name == "warnings":
            one_of(item, WARNINGS, inner)
        elif name == "constructions":
            one_of(item, CONSTRUCTIONS, inner)
    return dict(value)


def _rule(name: str, rule: str, where: str) -> None:
    if not name.strip() or any(letter in name for letter in "^;"):
        raise BadField.of(f"field {where}", "named without ^ and ;", name)
    try:
        parse_rule(rule)
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from None
