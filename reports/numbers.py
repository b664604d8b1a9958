"""How figures are printed for people: separators, signs, shares, spans, times in KST. A dash where there is nothing."""

from collections.abc import Sequence

from domain.time import kst_date, kst_text
from domain.types import PPM

NONE = "–"
MS_PER_SECOND, MS_PER_MINUTE, MS_PER_HOUR = 1_000, 60_000, 3_600_000


def whole(amount: float | None) -> str:
    """Print a count or won with separators; fractions of a won are rounded to the nearest, halves to even."""
    return NONE if amount is None else f"{round(amount):,}"


def signed(amount: float | None) -> str:
    """Print won with separators and its sign; nothing has none."""
    if amount is None:
        return NONE
    rounded = round(amount)
    return f"{rounded:+,}" if rounded else "0"


def share(fraction: float | None, digits: int = 2) -> str:
    """Print a fraction as a percentage: 0.012 is 1.20 %."""
    return NONE if fraction is None else f"{_unsigned_zero(fraction * 100, digits):.{digits}f} %"


def signed_share(fraction: float | None, digits: int = 2) -> str:
    """Print a fraction as a percentage with its sign; nothing has none."""
    if fraction is None:
        return NONE
    value = _unsigned_zero(fraction * 100, digits)
    return f"{value:+.{digits}f} %" if value else f"{value:.{digits}f} %"


def percent(value: float | None, digits: int = 2) -> str:
    """Print what is a percentage already."""
    return NONE if value is None else f"{_unsigned_zero(value, digits):.{digits}f} %"


def ppm_share(ppm: float | None, digits: int = 3) -> str:
    """Print parts per million as a percentage with its sign."""
    return signed_share(None if ppm is None else ppm / PPM, digits)


def plain(value: float | None, digits: int = 2) -> str:
    """Print a ratio."""
    return NONE if value is None else f"{_unsigned_zero(value, digits):,.{digits}f}"


def chance(p: float | None) -> str:
    """Print a p-value; small ones as a bound."""
    if p is None:
        return NONE
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def span(ms: float | None) -> str:
    """Print a span of milliseconds as the field reads it: 850 ms, 12.3 s, 4:05 min, 6:30 h."""
    if ms is None:
        return NONE
    if ms < MS_PER_SECOND:
        return f"{ms:.1f} ms" if ms < 100 and ms != int(ms) else f"{ms:.0f} ms"
    if ms < MS_PER_MINUTE:
        return f"{ms / MS_PER_SECOND:.1f} s"
    if ms < MS_PER_HOUR:
        return f"{int(ms) // MS_PER_MINUTE}:{int(ms) % MS_PER_MINUTE // MS_PER_SECOND:02d} min"
    return f"{int(ms) // MS_PER_HOUR}:{int(ms) % MS_PER_HOUR // MS_PER_MINUTE:02d} h"


def moment(at: int, days: Sequence[object] = ()) -> str:
    """Print a moment (UTC ns) as KST clock time, with its date (MM-DD) when the period has several days."""
    return f"{kst_date(at):%m-%d} {kst_text(at)}" if len(days) > 1 else kst_text(at)


def _unsigned_zero(value: float, digits: int) -> float:
    """Give a value whose printed zero has no minus."""
    return 0.0 if round(value, digits) == 0 else value
