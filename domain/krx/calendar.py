"""Trading days of the exchange. Nothing is computed at import; a year is computed once when first asked for."""

from collections.abc import Mapping
from datetime import date, timedelta
from functools import cache
from types import MappingProxyType
from typing import Final

# Corrections at run time: ISO date -> (open, close) in KST HH:MM; ("", "") closes the day.
Overrides = Mapping[str, tuple[str, str]]
NO_OVERRIDES: Final[Overrides] = MappingProxyType({})
CLOSED: Final = ("", "")

# Corrections of the library below, True where the exchange trades. Its closings of 2025 to 2027 were checked against
# the government's rule and the exchange's notices (read 2026-11-22): none needed so far.
CORRECTIONS: Final[Mapping[date, bool]] = MappingProxyType({})

SETTLEMENT_SESSIONS: Final = 2  # T+2; a move to T+1 has no date yet. Source: Newsprime 2025-10-10, read 2026-11-22

_DAY: Final = timedelta(days=1)


@cache
def closings(year: int) -> frozenset[date]:
    """Give the closed weekdays of a year, corrections applied.

    Source: KRX regulation art. 5 (public holidays, 1 May, the last weekday of the year) as computed by
    `holidays.financial_holidays("XKRX")`, checked for 2025-2027 on 2026-11-22.
    """
    import holidays  # 60 ms and only needed with the first question

    days = {day for day in holidays.financial_holidays("XKRX", years=year) if day.year == year and day.weekday() < 5}
    fixed = {day: trades for day, trades in CORRECTIONS.items() if day.year == year}
    return frozenset((days | {day for day, trades in fixed.items() if not trades}) - {d for d, t in fixed.items() if t})


def is_session(day: date, overrides: Overrides = NO_OVERRIDES) -> bool:
    """Tell whether the exchange trades on a day."""
    if overrides and (hours := overrides.get(day.isoformat())) is not None:
        return tuple(hours) != CLOSED
    return day.weekday() < 5 and day not in closings(day.year)


def previous_session(day: date, overrides: Overrides = NO_OVERRIDES) -> date:
    """Give the last session strictly before a day."""
    day -= _DAY
    while not is_session(day, overrides):
        day -= _DAY
    return day


def next_session(day: date, overrides: Overrides = NO_OVERRIDES) -> date:
    """Give the first session strictly after a day."""
    day += _DAY
    while not is_session(day, overrides):
        day += _DAY
    return day


def settlement_date(trade_date: date, overrides: Overrides = NO_OVERRIDES) -> date:
    """Give the day money and shares of a trade change hands: two sessions after it.

    Source: KRX settlement T+2, holidays do not count; read 2026-11-22.
    """
    day = trade_date
    for _ in range(SETTLEMENT_SESSIONS):
        day = next_session(day, overrides)
    return day


def is_first_session_of_year(day: date, overrides: Overrides = NO_OVERRIDES) -> bool:
    """Tell whether a day is the first session of its year (it opens late)."""
    return is_session(day, overrides) and previous_session(day, overrides).year < day.year
