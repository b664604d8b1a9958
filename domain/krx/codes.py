"""Short codes of listed instruments: six characters, letters occur, leading zeros matter; never a number."""

import re
from typing import Final

from domain.errors import ConfigError
from domain.types import Symbol

LETTERS: Final = "ABCDEFGHJKLMNPQRSTVWXYZ"  # all but I, O and U
ALLOWED: Final = "six characters, a digit first, then digits or capitals other than I, O and U"
_CODE: Final = re.compile(rf"[0-9][0-9{LETTERS}]{{5}}")


def is_code(text: str) -> bool:
    """Tell whether a text has the form of a short code, as `005930`, `0155E0` and `00781K` have.

    Issues registered since 2024-01-01 start with 0-4 (shares, ETF) or 5-8 (ETN); older codes keep theirs, shares of
    foreign companies start with 9, so only a digit is asked for.
    Source: KRX announcement of 2023-05-23 (EKN, Newsway, eToday of that day, read 2026-11-23); all 4,407 codes listed
    on 2026-08-21 have this form.
    """
    return _CODE.fullmatch(text) is not None


def check_code(text: str) -> Symbol:
    """Give a text as a symbol. Raises ConfigError when it does not have the form of a short code."""
    if not is_code(text):
        raise ConfigError(f"code expected {ALLOWED}, was {text!r}")
    return Symbol(text)
