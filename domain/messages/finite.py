"""Numbers that a message may hold: the log is JSON, which knows neither NaN nor infinity."""

import dataclasses
from enum import Enum
from functools import cache
from math import isfinite
from typing import Any, NewType, get_args, get_type_hints


def refuse_non_finite(message: Any) -> None:
    """Raise ValueError naming the field at the first NaN or infinity; written as null it would read as unknown."""
    kind: Any = type(message)
    for name in _float_fields(kind):
        value = getattr(message, name)
        if type(value) is not float:
            _walk(value, f"{kind.__name__}.{name}")
        elif not isfinite(value):
            raise ValueError(f"{kind.__name__}.{name} expected a finite number, was {value!r}")


@cache
def _float_fields(kind: Any) -> tuple[str, ...]:
    """Name the fields of a data class that may hold a float: none for most messages."""
    hints = get_type_hints(kind)
    return tuple(field.name for field in dataclasses.fields(kind) if holds_floats(hints[field.name]))


@cache
def holds_floats(kind: Any) -> bool:
    """Tell whether a float can sit anywhere inside this type, so that most messages skip the walk."""
    if kind is float:
        return True
    if isinstance(kind, NewType):
        return holds_floats(kind.__supertype__)
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        hints = get_type_hints(kind)
        return any(holds_floats(hints[field.name]) for field in dataclasses.fields(kind))
    return any(holds_floats(inner) for inner in get_args(kind))


def _walk(value: Any, path: str) -> None:
    if isinstance(value, float):
        if not isfinite(value):
            raise ValueError(f"{path} expected a finite number, was {value!r}")
    elif value is None or isinstance(value, (str, int, Enum)):
        return
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            _walk(getattr(value, field.name), f"{path}.{field.name}")
    elif isinstance(value, dict):
        for key, item in value.items():
            _walk(item, f"{path}[{key!r}]")
    elif isinstance(value, (tuple, list)):
        for index, item in enumerate(value):
            _walk(item, f"{path}[{index}]")
