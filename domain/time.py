"""Time: UTC nanoseconds inside, Korean wall-clock time only for people. Integer arithmetic only."""

from datetime import date, datetime, timedelta, timezone
from functools import lru_cache
from typing import Final

from domain.types import NANOS_PER_SECOND, UnixNanos

KST: Final = timezone(timedelta(hours=9), "KST")  # no daylight saving since 1988

NANOS_PER_MINUTE: Final = 60 * NANOS_PER_SECOND
NANOS_PER_DAY: Final = 86_400 * NANOS_PER_SECOND
_OFFSET: Final = 9 * 3_600 * NANOS_PER_SECOND
_EPOCH_ORDINAL: Final = date(1970, 1, 1).toordinal()
_from_ordinal = lru_cache(maxsize=64)(date.fromordinal)  # asked of every quote and order, all of the same few days


def kst_date(nanos: int) -> date:
    """Give the Korean calendar day of a moment (UTC ns)."""
    return _from_ordinal(_EPOCH_ORDINAL + (nanos + _OFFSET) // NANOS_PER_DAY)


def kst_datetime(nanos: int) -> datetime:
    """Give the moment (UTC ns) as an aware datetime in KST; what is below a microsecond is cut."""
    days, rest = divmod(nanos + _OFFSET, NANOS_PER_DAY)
    midnight = datetime.combine(date.fromordinal(_EPOCH_ORDINAL + days), datetime.min.time(), KST)
    return midnight + timedelta(microseconds=rest // 1_000)


def kst_text(nanos: int) -> str:
    """Print the Korean time of day of a moment (UTC ns) as HH:MM:SS; fractions are cut."""
    seconds = (nanos + _OFFSET) % NANOS_PER_DAY // NANOS_PER_SECOND
    return f"{seconds // 3_600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def kst_full_text(nanos: int) -> str:
    """Print Korean date and time of a moment (UTC ns) as YYYY-MM-DD HH:MM:SS; fractions are cut."""
    return f"{kst_date(nanos).isoformat()} {kst_text(nanos)}"


def from_kst(day: date, hh: int, mm: int, ss: int = 0) -> UnixNanos:
    """Give the moment (UTC ns) of a Korean day and wall-clock time."""
    days = day.toordinal() - _EPOCH_ORDINAL
    seconds = hh * 3_600 + mm * 60 + ss
    return UnixNanos(days * NANOS_PER_DAY + seconds * NANOS_PER_SECOND - _OFFSET)
