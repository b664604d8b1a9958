"""How the control writes values down: padded, signed, zero-filled (kiwoom.md 2.1 and 3). The reverse of text.py."""

from typing import Final

from domain.time import kst_datetime

NUMBER_WIDTH: Final = 15  # of numbers in quote TRs, filled with spaces from the left
TEXT_WIDTH: Final = 20  # bytes of cp949, filled with spaces from the right
NAME_WIDTH: Final = 40
SINGLE_DIGITS: Final = 15  # of account numbers in the single record
ROW_DIGITS: Final = 12  # and in the rows


def text(value: str, width: int = TEXT_WIDTH) -> str:
    """Pad to so many bytes of cp949; what does not fit is cut between characters, what cp949 lacks becomes `?`."""
    kept = value.encode("cp949", "replace")[:width].decode("cp949", "ignore")
    return kept + " " * (width - len(kept.encode("cp949")))


def number(value: int | None) -> str:
    """Write a number of a quote TR; blanks for None."""
    return ("" if value is None else str(value)).rjust(NUMBER_WIDTH)


def signed(value: int, base: int | None) -> str:
    """Write a price with its direction against the previous close: + above, - below, none when level or unknown."""
    return (direction(value, base) + str(value)).rjust(NUMBER_WIDTH)


def direction(value: int, base: int | None) -> str:
    """Give + or - for a price against the previous close; empty when level, unknown or not there (0)."""
    if not base or not value or value == base:
        return ""
    return "+" if value > base else "-"


def change(value: int) -> str:
    """Write a change with its own sign; 0 has none."""
    return (f"{value:+d}" if value else "0").rjust(NUMBER_WIDTH)


def percent(part: int, whole: int | None) -> str:
    """Write a change in percent of a whole, two decimals, signed, cut towards zero."""
    if not whole:
        return "0.00".rjust(NUMBER_WIDTH)
    return hundredths(_cut(part * 10_000, whole)).rjust(NUMBER_WIDTH)


def hundredths(value: int) -> str:
    """Write hundredths with two decimals and a sign: 1234 is +12.34."""
    sign = "+" if value > 0 else "-" if value < 0 else ""
    return f"{sign}{abs(value) // 100}.{abs(value) % 100:02d}"


def zeros(value: int, digits: int) -> str:
    """Write a number of an account TR: filled with zeros, a minus in front of them."""
    return f"-{-value:0{digits - 1}d}" if value < 0 else f"{value:0{digits}d}"


def single(value: int | None) -> str:
    """Write a number of an account TR's single record; empty for None."""
    return "" if value is None else zeros(value, SINGLE_DIGITS)


def row(value: int | None) -> str:
    """Write a number of an account TR's row; empty for None."""
    return "" if value is None else zeros(value, ROW_DIGITS)


def clock(nanos: int) -> str:
    """Write the Korean time of day as HHMMSS."""
    return kst_datetime(nanos).strftime("%H%M%S")


def day(nanos: int) -> str:
    """Write the Korean day as YYYYMMDD."""
    return kst_datetime(nanos).strftime("%Y%m%d")


def basis_points(part: int, whole: int) -> int:
    """Give hundredths of a percent, cut towards zero; 0 of nothing."""
    return _cut(part * 10_000, whole) if whole else 0


def _cut(part: int, whole: int) -> int:
    return part // whole if part >= 0 else -(-part // whole)
