"""Says what is wrong in a settings file in words of the file, not of the library that checks it."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

WHOLE, NUMBER, LIST = "a whole number", "a number", "a list in brackets"
EXPECTED = {
    "int_type": WHOLE,
    "int_parsing": WHOLE,
    "int_from_float": WHOLE,
    "float_type": NUMBER,
    "float_parsing": NUMBER,
    "finite_number": "a finite number",
    "decimal_type": NUMBER,
    "decimal_parsing": NUMBER,
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "string_type": "text in quotes",
    "tuple_type": LIST,
    "list_type": LIST,
    "literal_error": "{expected}",
    "greater_than_equal": "{ge} or more",
    "less_than_equal": "{le} or less",
    "too_short": "a list of at least {min_length}",
    "too_long": "a list of at most {max_length}",
}


def place(loc: Sequence[int | str]) -> tuple[str, str]:
    """Give which table of several a problem is in ("instrument 1: ", counted as a person does), and its key."""
    if len(loc) > 1 and isinstance(loc[1], int) and loc[0] == "instrument":
        return f"{loc[0]} {loc[1] + 1}: ", _dotted(loc[2:])
    return "", _dotted(loc)


def complaint(problem: Mapping[str, Any]) -> str:
    """Give key, value and what is allowed of one error of pydantic."""
    table, key = place(problem["loc"])
    kind, value = problem["type"], problem["input"]
    if kind == "missing":
        return f"{table}{key} is expected"
    if kind in ("model_type", "dict_type"):
        return f"{table}{key} = {value!r}: a table is expected"
    said = _expected(kind, value, problem.get("ctx", {})) or str(problem["msg"]).removeprefix("Value error, ")
    if not key:
        return f"{table}{said}"
    # A message that tells the value, and one of a whole table, stand by themselves.
    is_told = kind == "value_error" and (isinstance(value, dict) or (isinstance(value, str) and repr(value) in said))
    return f"{table}{key}: {said}" if is_told else f"{table}{key} = {value!r}: {said}"


def _expected(kind: str, value: object, bounds: Mapping[str, Any]) -> str:
    if kind not in EXPECTED:
        return ""
    example = f", for example {json.dumps([value], ensure_ascii=False)}" if isinstance(value, str) else ""
    return f"{EXPECTED[kind].format(**bounds)} is expected{example if EXPECTED[kind] == LIST else ''}"


def _dotted(loc: Sequence[int | str]) -> str:
    return ".".join(part for part in loc if isinstance(part, str))
