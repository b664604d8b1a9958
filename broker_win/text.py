"""Reading Kiwoom's texts: padded, zero-filled, signed. Pure; the quote path runs through here.

A blank text means "does not apply" and becomes None, never 0. A text that is none of what is expected raises
ValueError, which the caller turns into a notice with the field's name.
Source: guide of KOA Studio as koapy and pykiwoom copy it; Sibyl for absolute prices (kiwoom.md 2.1).
"""

from datetime import date
from functools import lru_cache
from typing import Final

from domain.time import from_kst
from domain.types import NANOS_PER_SECOND, Krw, UnixNanos

_PREFIXES: Final = "AJQ"  # share, ELW, ETN
_CODE_LENGTH: Final = 6
_NUMBER_LENGTH: Final = 7  # of an order number


def number(text: str) -> int | None:
    """Give a signed whole number, None for a blank. Raises ValueError for anything else.

    Takes padding, zero fill, a sign, and the doubled minus that some negatives come with (`--1234` is -1234).
    """
    try:
        return int(text)
    except ValueError:
        return _odd_number(text)


def price(text: str) -> Krw | None:
    """Give a price in KRW, None for a blank: its sign tells the direction since yesterday, not a negative price.

    Raises ValueError when it is no number.
    """
    value = number(text)
    return None if value is None else Krw(abs(value))


def quantity(text: str) -> int | None:
    """Give shares, None for a blank: the sign of a quantity tells who took, or the direction.

    Raises ValueError when it is no number.
    """
    value = number(text)
    return None if value is None else abs(value)


def code(text: str) -> str:
    """Give the six characters of a short code, without the letter that tells the kind (`A005930` is `005930`).

    Raises ValueError for anything else.
    """
    stripped = text.strip()
    if len(stripped) == _CODE_LENGTH + 1 and stripped[0] in _PREFIXES:
        stripped = stripped[1:]
    if len(stripped) != _CODE_LENGTH or not (stripped.isalnum() and stripped.isascii()):
        raise ValueError(f"code expected 6 letters or digits, an A, J or Q before them allowed, was {text!r}")
    return stripped


def hhmmss(text: str, day: date) -> UnixNanos:
    """Give the moment (UTC ns) of a Korean time of day, `090105` or `09:01:05`. Raises ValueError for another text."""
    digits = text.strip()
    if ":" in digits:
        digits = digits.replace(":", "")
    if len(digits) != 6 or not (digits.isdigit() and digits.isascii()):
        raise ValueError(f"time expected HHMMSS, was {text!r}")
    whole = int(digits)
    hours, minutes, seconds = whole // 10_000, whole // 100 % 100, whole % 100
    if hours > 23 or minutes > 59 or seconds > 59:
        raise ValueError(f"time expected HHMMSS until 235959, was {text!r}")
    return UnixNanos(_midnight(day) + (hours * 3_600 + minutes * 60 + seconds) * NANOS_PER_SECOND)


@lru_cache(maxsize=64)  # a page of bars names few days, hundreds of times
def yyyymmdd(text: str) -> date:
    """Give a day, `20261123`. Raises ValueError for another text."""
    digits = text.strip()
    if len(digits) != 8 or not (digits.isdigit() and digits.isascii()):
        raise ValueError(f"day expected YYYYMMDD, was {text!r}")
    return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))


def order_number(text: str) -> str:
    """Give an order number as 7 digits; empty for a blank or zeros. Raises ValueError for anything else."""
    digits = text.strip().lstrip("0")
    if not digits:
        return ""
    if len(digits) > _NUMBER_LENGTH or not (digits.isdigit() and digits.isascii()):
        raise ValueError(f"order number expected up to 7 digits, was {text!r}")
    return digits.zfill(_NUMBER_LENGTH)


def _odd_number(text: str) -> int | None:
    stripped = text.strip()
    if not stripped:
        return None
    if stripped.startswith("--") and stripped[2:].isdigit():
        return -int(stripped[2:])
    sign, rest = stripped[0], stripped[1:].lstrip()
    if sign in "+-" and rest.isdigit():  # the sign first, then the padding
        return -int(rest) if sign == "-" else int(rest)
    raise ValueError(f"number expected, was {text!r}")


@lru_cache(maxsize=4)
def _midnight(day: date) -> int:
    return from_kst(day, 0, 0)
