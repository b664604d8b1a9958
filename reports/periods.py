"""Days, weeks and months of Korean calendar dates, and the period before each."""

from datetime import date, timedelta
from typing import Literal

from domain.errors import ConfigError

Kind = Literal["day", "week", "month", "year"]
KINDS: tuple[Kind, ...] = ("day", "week", "month", "year")
_DAY = timedelta(days=1)


def period_of(kind: str, on: date) -> tuple[date, date]:
    """Give first and last day (both inclusive) of the period a day is in; a week is Monday to Sunday.

    Raises ConfigError for a kind that is not day, week, month or year.
    """
    if kind == "day":
        return on, on
    if kind == "week":
        first = on - on.weekday() * _DAY
        return first, first + 6 * _DAY
    if kind == "month":
        first = on.replace(day=1)
        return first, (first + 31 * _DAY).replace(day=1) - _DAY
    if kind == "year":
        return on.replace(month=1, day=1), on.replace(month=12, day=31)
    raise ConfigError(f"period expected one of {', '.join(KINDS)}, was {kind!r}")


def period_before(kind: str, first: date) -> tuple[date, date]:
    """Give the period of the same kind that ends right before a period's first day. Raises as `period_of`."""
    return period_of(kind, first - _DAY)
