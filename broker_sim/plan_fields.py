"""Reads fields of a plan in TOML: whole numbers, words, ranges, known keys. What is wrong is told in one line."""

from collections.abc import Mapping
from typing import Any


class BadField(Exception):
    """A field that cannot be used, in words that name it, its value and what is allowed."""

    @classmethod
    def of(cls, where: str, allowed: str, value: object) -> "BadField":
        """Say what is wrong with a value."""
        return cls(f"{where} must be {allowed}, was {value!r}")


def whole(value: object, where: str, least: int, most: int, unit: str = "") -> int:
    """Read a whole number. Raises BadField."""
    if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
        return value
    raise BadField.of(where, f"a whole number {least} to {most}{unit}", value)


def one_of(value: object, allowed: tuple[str, ...], where: str) -> str:
    """Read a word. Raises BadField."""
    if isinstance(value, str) and value in allowed:
        return value
    raise BadField.of(where, f"one of {', '.join(allowed)}", value)


def low_high(value: object, where: str, most: int) -> tuple[int, int]:
    """Read a range of ms up to `most`. Raises BadField."""
    if isinstance(value, list) and len(value) == 2:
        low, high = (whole(item, where, 0, most) for item in value)
        if low <= high:
            return low, high
    raise BadField.of(where, "[least, most] in ms", value)


def known(raw: Mapping[str, Any], allowed: tuple[str, ...], prefix: str) -> None:
    """Check that a table has no key but these. Raises BadField."""
    for name in raw:
        if name not in allowed:
            told = f"unknown field {prefix}{name}, was {raw[name]!r}"
            raise BadField(f"{told}; allowed here: one of {', '.join(allowed)}")
