"""Hours of the exchanges, day by day: the regular session the trader works in, and all phases for people."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Final

from domain.errors import ConfigError
from domain.krx.calendar import CLOSED, NO_OVERRIDES, Overrides, is_first_session_of_year, is_session
from domain.time import NANOS_PER_MINUTE, from_kst
from domain.types import NANOS_PER_SECOND, UnixNanos, VenuePhase

# University entrance exam (수능): everything an hour later. Sources and marks are in `hours.toml`, which commands read;
# a test holds the two together. Here for pure code, which reads no file.
CSAT_DAYS: Final = frozenset(
    {
        date(2018, 11, 15),
        date(2019, 11, 14),
        date(2020, 12, 3),
        date(2021, 11, 18),
        date(2022, 11, 17),
        date(2023, 11, 16),
        date(2024, 11, 14),
        date(2025, 11, 13),
        date(2026, 11, 19),
        date(2027, 11, 18),
    }
)

CSAT_UNCONFIRMED: Final = frozenset({date(2026, 11, 19), date(2027, 11, 18)})  # the exchange's notice was not seen

REGULAR_HOURS: Final = ("09:00", "15:30")  # KRX Business Regulation art. 4, read 2026-11-22
FIRST_DAY_HOURS: Final = ("10:00", "15:30")  # first session of a year; 2026-01-02, kode.co.kr
CSAT_HOURS: Final = ("10:00", "16:30")  # 2025-11-13, Edaily and Donga

HOURS_KNOWN_FROM: Final = date(2016, 8, 1)  # before, the session ended at 15:00; KRX extension of hours of that day
OPENING_AUCTION_MINUTES: Final = 30
CLOSING_AUCTION_MINUTES: Final = 10
# Crosses come up to 30 s after the nominal end; measured 15:30:03 to 15:30:32 in 2026, 35 s with a margin.
RANDOM_END: Final = 35 * NANOS_PER_SECOND
MOST_RANDOM_END: Final = 30 * NANOS_PER_SECOND  # the rule; what arrives until RANDOM_END was still traded by then

NXT_OPENED: Final = date(2025, 3, 4)
AFTER_MARKET_OPENED: Final = date(2026, 9, 14)  # and the off-hours single price ended


@dataclass(frozen=True, slots=True)
class RegularSession:
    """Regular session of one day; moments are UTC ns."""

    day: date
    open: UnixNanos  # opening cross, start of continuous trading
    close_auction: UnixNanos  # orders are collected from here
    close: UnixNanos  # nominal end; the cross may come 30 s later
    late: bool  # opens after 09:00


@dataclass(frozen=True, slots=True)
class Phase:
    """One phase of a venue's day; moments are UTC ns, the end is nominal and exclusive."""

    name: str
    start: UnixNanos
    end: UnixNanos
    venue: str  # KRX, NXT
    confirmed: bool  # False: derived by shifting the usual hours of a late day, or the day's hours are not announced


def _minutes(text: str) -> int:
    hours, sep, minutes = text.partition(":")
    if sep and len(text) <= 5 and hours.isdecimal() and minutes.isdecimal() and int(hours) < 24 and int(minutes) < 60:
        return int(hours) * 60 + int(minutes)
    raise ConfigError(f"session hours expected HH:MM, was {text!r}")


def checked_hours(hours: tuple[str, str]) -> tuple[int, int]:
    """Give (open, close) as minutes of the day.

    Raises ConfigError when they are malformed or leave no time before the closing auction.
    """
    start, end = (_minutes(text) for text in hours)
    if end - start <= CLOSING_AUCTION_MINUTES:
        raise ConfigError(f"session hours expected open before the closing auction, was {hours!r}")
    return start, end


def regular_hours(day: date, overrides: Overrides = NO_OVERRIDES) -> tuple[str, str] | None:
    """Give (open, close) of the regular session as HH:MM in KST, None when the exchange is closed.

    Raises ConfigError for a day before 2016-08-01 without an override.
    """
    if (hours := overrides.get(day.isoformat())) is not None:
        return None if tuple(hours) == CLOSED else (hours[0], hours[1])
    if day < HOURS_KNOWN_FROM:
        raise ConfigError(f"date expected {HOURS_KNOWN_FROM.isoformat()} or later (hours), was {day.isoformat()}")
    if not is_session(day, overrides):
        return None
    if day in CSAT_DAYS:
        return CSAT_HOURS
    return FIRST_DAY_HOURS if is_first_session_of_year(day, overrides) else REGULAR_HOURS


def regular_session(day: date, overrides: Mapping[str, tuple[str, str]] = NO_OVERRIDES) -> RegularSession | None:
    """Give the regular session of a day, None when the exchange is closed.

    `overrides` maps ISO dates to (open, close) in KST HH:MM; ("", "") closes a day, hours open a closed one.
    Raises ConfigError when overridden hours are malformed or too short for the closing auction, and for a day before
    2016-08-01.
    """
    hours = regular_hours(day, overrides)
    if hours is None:
        return None
    try:
        start, end = checked_hours(hours)
    except ConfigError as error:
        raise ConfigError(f"{day.isoformat()}: {error}") from None
    midnight = from_kst(day, 0, 0)
    return RegularSession(
        day=day,
        open=UnixNanos(midnight + start * NANOS_PER_MINUTE),
        close_auction=UnixNanos(midnight + (end - CLOSING_AUCTION_MINUTES) * NANOS_PER_MINUTE),
        close=UnixNanos(midnight + end * NANOS_PER_MINUTE),
        late=start > _minutes(REGULAR_HOURS[0]),
    )


def phase_at(session: RegularSession, nanos: int) -> VenuePhase:
    """Give the phase of the regular session at a moment (UTC ns).

    The closing auction lasts until 35 s after the nominal close, because its cross comes at a random moment.
    """
    if nanos < session.open - OPENING_AUCTION_MINUTES * NANOS_PER_MINUTE or nanos > session.close + RANDOM_END:
        return VenuePhase.CLOSED
    if nanos < session.open:
        return VenuePhase.OPENING_AUCTION
    return VenuePhase.CONTINUOUS if nanos < session.close_auction else VenuePhase.CLOSING_AUCTION


def latest_cross(nominal_end: int) -> UnixNanos:
    """Give the latest moment (UTC ns) an auction with this nominal end may cross: 30 s later (임의종료, random end).

    Whether the end is always random or only after a jump of the price is unconfirmed; measured crosses of 2026 fall
    anywhere in the half minute. Prints may arrive until `RANDOM_END`.
    """
    return UnixNanos(nominal_end + MOST_RANDOM_END)


LIQUIDATION_EVERY: Final = 30 * NANOS_PER_MINUTE
OFF_HOURS_SINGLE_EVERY: Final = 10 * NANOS_PER_MINUTE  # from 16:10; until 2026-09-13


def liquidation_crosses(session: RegularSession) -> tuple[UnixNanos, ...]:
    """Give the moments (UTC ns) at which an issue in liquidation trading (정리매매) crosses: it has auctions only.

    Every half hour from the opening to the close, 14 on a usual day; such an issue takes the orders an auction takes.
    Source: KRX regulation portal RGL03010306, read 2026-11-23.
    """
    return tuple(UnixNanos(at) for at in range(session.open, session.close + 1, LIQUIDATION_EVERY))


class _At(Enum):
    """What a boundary is measured from."""

    OPEN = "open"
    CLOSE = "close"
    MIDNIGHT = "midnight"


class _Day(Enum):
    """How a day's hours differ from the usual ones."""

    USUAL = "usual"
    EARLY = "early"  # opens as usual and closes before 15:30
    LATE = "late"  # opens at another hour; the close is not after 15:30
    SHIFTED = "shifted"  # closes after 15:30, as on exam days


@dataclass(frozen=True, slots=True)
class _Rule:
    name: str
    venue: str
    start: tuple[_At, int]  # anchor, seconds
    end: tuple[_At, int]
    since: date = date.min
    until: date = date.max  # exclusive
    held: frozenset[_Day] = frozenset(_Day)
    sure: frozenset[_Day] = frozenset({_Day.USUAL})  # kinds of day whose hours have a source


_MIN: Final = 60
_HOUR: Final = 3_600
_ALL: Final = frozenset(_Day)
_USUAL: Final = frozenset({_Day.USUAL})
_NOT_SHIFTED: Final = _ALL - {_Day.SHIFTED}
_SHIFTED: Final = frozenset({_Day.SHIFTED})
_NXT_END: Final = (_At.MIDNIGHT, 20 * _HOUR)
# Source: KRX Business Regulation art. 4; nextrade.co.kr; Samsung Securities notice 24420; KB Securities 2026-09-04;
# late days: kode.co.kr 2026-01-02, Edaily, Donga and TF of 2025-11-12/13; all read 2026-11-22.
_RULES: Final = (
    _Rule("pre_market", "NXT", (_At.MIDNIGHT, 8 * _HOUR), (_At.MIDNIGHT, 8 * _HOUR + 50 * _MIN), NXT_OPENED,
          held=_USUAL | {_Day.EARLY}),
    _Rule("pre_open_off_hours", "KRX", (_At.OPEN, -30 * _MIN), (_At.OPEN, -20 * _MIN)),
    _Rule("opening_auction", "KRX", (_At.OPEN, -30 * _MIN), (_At.OPEN, 0), sure=_ALL),
    _Rule("continuous", "KRX", (_At.OPEN, 0), (_At.CLOSE, -10 * _MIN), sure=_ALL),
    _Rule("main_market", "NXT", (_At.OPEN, 30), (_At.CLOSE, -10 * _MIN), NXT_OPENED, held=_NOT_SHIFTED,
          sure=frozenset({_Day.USUAL, _Day.LATE})),
    _Rule("main_market", "NXT", (_At.OPEN, 0), (_At.CLOSE, -10 * _MIN), NXT_OPENED, held=_SHIFTED, sure=_SHIFTED),
    _Rule("closing_auction", "KRX", (_At.CLOSE, -10 * _MIN), (_At.CLOSE, 0), sure=_ALL),
    _Rule("post_close_order_entry", "KRX", (_At.CLOSE, 0), (_At.CLOSE, 10 * _MIN)),
    _Rule("after_market_order_entry", "NXT", (_At.CLOSE, 0), (_At.CLOSE, 10 * _MIN), NXT_OPENED, held=_NOT_SHIFTED),
    _Rule("post_close_off_hours", "KRX", (_At.CLOSE, 10 * _MIN), (_At.CLOSE, 30 * _MIN)),
    _Rule("after_market", "NXT", (_At.CLOSE, 10 * _MIN), _NXT_END, NXT_OPENED, held=_NOT_SHIFTED),
    _Rule("after_market", "NXT", (_At.CLOSE, 0), _NXT_END, NXT_OPENED, held=_SHIFTED, sure=_SHIFTED),
    _Rule("off_hours_single_price", "KRX", (_At.CLOSE, 30 * _MIN), (_At.MIDNIGHT, 18 * _HOUR),
          until=AFTER_MARKET_OPENED, sure=_USUAL | _SHIFTED),
    _Rule("after_market", "KRX", (_At.CLOSE, 30 * _MIN), (_At.MIDNIGHT, 20 * _HOUR), AFTER_MARKET_OPENED),
)  # fmt: skip


def _kind_of_day(hours: tuple[str, str]) -> _Day:
    found, usual = checked_hours(hours), checked_hours(REGULAR_HOURS)
    if found == usual:
        return _Day.USUAL
    if found[1] > usual[1]:
        return _Day.SHIFTED
    return _Day.EARLY if found[0] == usual[0] else _Day.LATE


def phases(day: date, overrides: Overrides = NO_OVERRIDES, *, announced: bool | None = None) -> tuple[Phase, ...]:
    """Give all phases of a day on both venues in order of start, by the regime of that day; empty when closed.

    On late days the phases around the regular session move with it; `confirmed` tells which have a source then. A day
    whose hours were never announced has no confirmed phase: a table of hours knows (`announced`), else the days marked
    here count. Raises ConfigError like `regular_session`.
    """
    session = regular_session(day, overrides)
    hours = regular_hours(day, overrides)
    if session is None or hours is None:
        return ()
    kind = _kind_of_day(hours)
    usual_close = checked_hours(hours)[1] == checked_hours(REGULAR_HOURS)[1]
    if announced is None:
        announced = not (day in CSAT_UNCONFIRMED and hours == CSAT_HOURS)
    anchors = {_At.OPEN: session.open, _At.CLOSE: session.close, _At.MIDNIGHT: from_kst(day, 0, 0)}
    found = []
    for rule in _RULES:
        start, end = (UnixNanos(anchors[at] + s * NANOS_PER_SECOND) for at, s in (rule.start, rule.end))
        if rule.since <= day < rule.until and kind in rule.held and start < end:
            sure = kind in rule.sure or (usual_close and rule.start[0] is _At.CLOSE)  # only the opening moved
            found.append(Phase(rule.name, start, end, rule.venue, announced and sure))
    return tuple(sorted(found, key=lambda phase: phase.start))
