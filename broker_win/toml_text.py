"""Writes small TOML files: tables of texts, numbers, booleans and lists of them, and tables in tables."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from pathlib import Path
from typing import Any


def text_of(tables: Mapping[str, Any]) -> str:
    """Give a file that reads back as these tables. Values that are None are left out."""
    lines: list[str] = []
    _write(lines, "", tables)
    return "\n".join(lines) + "\n"


def table_of(record: object, leave_out: Iterable[str] = ()) -> dict[str, Any]:
    """Give a dataclass as a table, one level deep."""
    assert is_dataclass(record)
    out = set(leave_out)
    return {one.name: getattr(record, one.name) for one in fields(record) if one.name not in out}


def _write(lines: list[str], name: str, table: Mapping[str, Any]) -> None:
    inner = {key: value for key, value in table.items() if isinstance(value, Mapping) or _is_tables(value)}
    lines += [
        f"{_key(key)} = {_value(value)}" for key, value in table.items() if key not in inner and value is not None
    ]
    for key, value in inner.items():
        path = f"{name}.{_key(key)}" if name else _key(key)
        for one in value if _is_tables(value) else [value]:
            lines.append(f"\n[[{path}]]" if _is_tables(value) else f"\n[{path}]")
            _write(lines, path, one)


def _is_tables(value: object) -> bool:
    return isinstance(value, list | tuple) and bool(value) and all(isinstance(one, Mapping) for one in value)


def _key(key: str) -> str:
    return key if key.replace("_", "").replace("-", "").isalnum() and key.isascii() else _text(key)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return f"[{', '.join(_value(one) for one in value)}]"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, date):
        return value.isoformat()
    return _text(str(value.as_posix() if isinstance(value, Path) else value))


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
