"""Which calls a sweep over many instruments takes, and when they go out. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Final, NamedTuple

from domain.config import KeywordSet
from domain.errors import ConfigError
from domain.time import NANOS_PER_DAY, NANOS_PER_MINUTE, from_kst, kst_date
from domain.types import NANOS_PER_SECOND, UnixNanos
from trends.naver.request import MOST_GROUPS, DataLabRequest, Group

TARGETS: Final = MOST_GROUPS - 1  # beside the anchor
# No call goes out close to midnight KST: our clock and Naver's may put it on different days.
MARGIN_MINUTES: Final = 10


@dataclass(frozen=True, slots=True)
class Batch:
    """One call: up to four instruments and the anchor. Groups are named by symbol."""

    anchor: KeywordSet
    targets: tuple[KeywordSet, ...]

    @property
    def symbols(self) -> tuple[str, ...]:
        """Give the instruments asked for."""
        return tuple(target.symbol for target in self.targets)

    def request(self, start: date, end: date, unit: str = "date") -> DataLabRequest:
        """Give the call for a window (KST days, both included). Raises ConfigError."""
        groups = tuple(Group(one.symbol, one.keywords) for one in (*self.targets, self.anchor))
        return DataLabRequest(groups, start, end, unit)


def batches(
    sets: Iterable[KeywordSet],
    anchor: KeywordSet,
    *,
    first: Sequence[str] = (),
    anchors: Mapping[str, KeywordSet] | None = None,
) -> tuple[Batch, ...]:
    """Put keyword sets into calls of four and the anchor: those of `first` (the watch list) as listed, then by symbol.

    `anchors` names another anchor for some symbols (a small one for small targets); only targets of one anchor share a
    call. Sets without words are left out: there is nothing to ask. Raises ConfigError for a symbol that comes twice or
    is the anchor's.
    """
    places = {symbol: place for place, symbol in enumerate(dict.fromkeys(first))}
    ordered = sorted(
        (one for one in sets if one.keywords), key=lambda one: (places.get(one.symbol, len(places)), one.symbol)
    )
    for one, following in pairwise(ordered):
        if one.symbol == following.symbol:
            raise ConfigError(f"keyword sets expected each symbol once, was {one.symbol} twice")
    full: list[Batch] = []
    open_ones: dict[str, list[KeywordSet]] = {}
    known = {anchor.symbol: anchor}
    for one in ordered:
        own = (anchors or {}).get(one.symbol, anchor)
        if known.setdefault(own.symbol, own) != own:
            raise ConfigError(f"anchors expected one set of words of {own.symbol}, was two")
        waiting = open_ones.setdefault(own.symbol, [])
        waiting.append(one)
        if len(waiting) == TARGETS:
            full.append(Batch(own, tuple(waiting)))
            waiting.clear()
    rest = [Batch(known[name], tuple(waiting)) for name, waiting in open_ones.items() if waiting]
    place = {one.symbol: number for number, one in enumerate(ordered)}
    made = sorted([*full, *rest], key=lambda batch: place[batch.targets[0].symbol])
    wrong = sorted(known.keys() & {one.symbol for one in ordered})
    if wrong:
        raise ConfigError(f"the anchor's symbol expected none of those asked for, was {wrong[0]}")
    return tuple(made)


def links(anchors: Sequence[KeywordSet]) -> tuple[Batch, ...]:
    """Give the calls that chain anchors, small to large: each holds two neighbours (see joining.chain)."""
    return tuple(Batch(large, (small,)) for small, large in pairwise(anchors))


class DayPart(NamedTuple):
    """What goes out on one KST day, from the first call's time to the last one's."""

    day: date
    first: int  # place of the first call of the day, from 0
    calls: int
    starts: UnixNanos
    ends: UnixNanos  # when the last call goes out
    left: int  # calls of the day's quota that remain then, the kept ones included


class Schedule(NamedTuple):
    """When each call of a sweep goes out."""

    parts: tuple[DayPart, ...]
    gap_ns: int  # from one call to the next within a day

    def at(self, place: int) -> UnixNanos:
        """Give when call `place` (from 0) goes out (UTC ns). Raises IndexError."""
        for part in self.parts:
            if part.first <= place < part.first + part.calls:
                return UnixNanos(part.starts + (place - part.first) * self.gap_ns)
        raise IndexError(f"call {place} is not in the schedule")


def sweep_schedule(
    calls: int,
    left_today: int,
    a_day: int,
    pace: float,
    now: UnixNanos,
    *,
    keep: int = 0,
    opens: tuple[int, int] = (0, MARGIN_MINUTES),
    left_this_month: int | None = None,
    a_month: int | None = None,
) -> Schedule:
    """Lay out a sweep from now on, over as many KST days as the quota takes.

    `pace` is calls a second, `keep` calls of each day are left for others, `opens` is hour and minute (KST) before
    which none goes out, `left_this_month` and `a_month` the monthly limit if there is one. Raises ConfigError when the
    limits let no call out.
    """
    _check(calls, left_today, a_day, pace, keep, a_month)
    closes_at = NANOS_PER_DAY - MARGIN_MINUTES * NANOS_PER_MINUTE  # of the day
    if not 0 <= opens[0] * 60 + opens[1] <= closes_at // NANOS_PER_MINUTE:
        raise ConfigError(f"opens expected a time of day to 23:{60 - MARGIN_MINUTES}, was {opens[0]}:{opens[1]:02d}")
    if (left_this_month is None) != (a_month is None):
        raise ConfigError("left_this_month and a_month expected both or none")
    gap = round(NANOS_PER_SECOND / pace)
    parts: list[DayPart] = []
    day, made, month = kst_date(now), 0, left_this_month
    while made < calls:
        starts = max(now, from_kst(day, *opens))
        closes = from_kst(day, 0, 0) + closes_at
        of_day = left_today if not parts and day == kst_date(now) else a_day
        room = 0 if starts > closes else (closes - starts) // gap + 1
        today = max(0, min(calls - made, of_day - keep, room, of_day if month is None else month))
        if today:
            ends = UnixNanos(starts + (today - 1) * gap)
            parts.append(DayPart(day, made, today, UnixNanos(starts), ends, of_day - today))
            made += today
            month = None if month is None else month - today
        following = day + timedelta(days=1)
        if following.month != day.month and a_month is not None:
            month = a_month
        day = following
    return Schedule(tuple(parts), gap)


def _check(calls: int, left_today: int, a_day: int, pace: float, keep: int, a_month: int | None) -> None:
    """Refuse what would never end."""
    for name, number, least in (
        ("calls", calls, 0),
        ("left_today", left_today, 0),
        ("keep", keep, 0),
        ("a_day", a_day, keep + 1),
        ("a_month", 1 if a_month is None else a_month, 1),
    ):
        if number < least:
            raise ConfigError(f"{name} expected at least {least}, was {number}")
    if not 0 < pace <= NANOS_PER_SECOND:
        raise ConfigError(f"pace expected more than 0 calls a second, was {pace}")
