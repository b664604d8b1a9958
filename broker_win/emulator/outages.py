"""What befalls the process at times of the venue: dialogs, freezes, ends, lost lines, maintenance (kiwoom.md 4.2).

What was planned for before the process began does not befall it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Final

from broker_win.emulator.plan import HangsPlan
from domain import maintenance
from domain.errors import ConfigError
from domain.time import NANOS_PER_DAY, NANOS_PER_MINUTE, from_kst, kst_date

NOTICE: Final = "안녕하세요. 키움증권 입니다."  # 20 minutes before maintenance, as at ~04:45 for 05:05
LINE_LOST: Final = "KHOpenAPI"
RECONNECT: Final = "[HTS 재접속 안내]"  # for the maintenance that begins at 06:50
NOTICE_BEFORE: Final = 20
RECONNECT_AT: Final = 6 * 60 + 50
LONGEST_FREEZE_S: Final = 86_400


@dataclass(frozen=True, slots=True)
class Outage:
    """One thing that happens: at a minute of the Korean day, on some weekdays."""

    minute: int  # of the day; below 0: on the evening before
    days: tuple[int, ...]  # 0 is Monday
    kind: str  # dialog, freeze, die, lose
    title: str = ""
    seconds: int = 0


@dataclass(frozen=True, slots=True)
class Doings:
    """How it is done."""

    dialog: Callable[[str], None]
    freeze: Callable[[float], None]
    die: Callable[[], None]
    lose: Callable[[], None]


class Outages:
    """Watches the venue's clock."""

    def __init__(self, hangs: HangsPlan, windows: tuple[str, ...], now: int, doings: Doings) -> None:
        """Begin at a moment (UTC ns, venue). Raises ConfigError for what cannot be read."""
        self._windows = maintenance.parse(windows)
        self._outages = (*planned(hangs), *_of_maintenance(self._windows))
        self._seen = now
        self._doings = doings

    def is_closed(self, now: int) -> bool:
        """Tell whether the servers are down for maintenance at a moment (UTC ns, venue)."""
        today = kst_date(now)
        minute = (now - from_kst(today, 0, 0)) // NANOS_PER_MINUTE
        return any(today.weekday() in one.days and one.start <= minute < one.end for one in self._windows)

    def look(self, now: int) -> None:
        """Do what fell due since the last look, in the order of its times.

        A clock that went back begins anew, as does one that was not known before (0).
        """
        seen, self._seen = self._seen, now
        if not 0 < seen < now or not self._outages:
            return
        found = sorted(
            (at, number)
            for day in _days(max(seen, now - NANOS_PER_DAY), now)
            for number, one in enumerate(self._outages)
            if day.weekday() in one.days and seen < (at := _at(day, one)) <= now
        )
        for _, number in found:
            self._do(self._outages[number])

    def _do(self, one: Outage) -> None:
        if one.kind == "dialog":
            self._doings.dialog(one.title)
        elif one.kind == "freeze":
            self._doings.freeze(one.seconds)
        elif one.kind == "die":
            self._doings.die()
        else:
            self._doings.lose()


def planned(hangs: HangsPlan) -> tuple[Outage, ...]:
    """Read the plan's own. Raises ConfigError naming field, value and what is allowed."""
    every = tuple(range(7))
    found = []
    for text in hangs.dialogs:
        minute, title = _timed("dialogs", text, "HH:MM TITLE")
        found.append(Outage(minute, every, "dialog", title))
    for text in hangs.freezes:
        minute, seconds = _timed("freezes", text, "HH:MM SECONDS")
        if not (seconds.isascii() and seconds.isdigit() and 1 <= int(seconds) <= LONGEST_FREEZE_S):
            raise ConfigError(f'hangs.freezes must be "HH:MM SECONDS", 1 to {LONGEST_FREEZE_S} seconds, was {text!r}')
        found.append(Outage(minute, every, "freeze", seconds=int(seconds)))
    for name, texts, kind in (("dies", hangs.dies, "die"), ("lost_lines", hangs.lost_lines, "lose")):
        found += [Outage(_minute(name, text, "HH:MM"), every, kind) for text in texts]
    return tuple(found)


def _of_maintenance(windows: tuple[maintenance.Window, ...]) -> list[Outage]:
    found = []
    for window in windows:
        title = RECONNECT if window.start == RECONNECT_AT else LINE_LOST
        # The loss first: a slot hears it before the dialog stops all events.
        found.append(Outage(window.start - NOTICE_BEFORE, window.days, "dialog", NOTICE))
        found.append(Outage(window.start, window.days, "lose"))
        found.append(Outage(window.start, window.days, "dialog", title))
    return found


def _timed(name: str, text: str, form: str) -> tuple[int, str]:
    time, _, rest = text.strip().partition(" ")
    if not rest.strip():
        raise ConfigError(f'hangs.{name} must be "{form}", KST, was {text!r}')
    return _minute(name, time, form, text), rest.strip()


def _minute(name: str, time: str, form: str, whole: str = "") -> int:
    hours, colon, minutes = time.strip().partition(":")
    digits = hours + minutes
    is_time = colon and len(hours) == len(minutes) == 2 and digits.isascii() and digits.isdigit()
    if is_time and int(hours) < 24 and int(minutes) < 60:
        return int(hours) * 60 + int(minutes)
    raise ConfigError(f'hangs.{name} must be "{form}", KST, was {(whole or time)!r}')


def _at(day: date, one: Outage) -> int:
    return from_kst(day, 0, 0) + one.minute * NANOS_PER_MINUTE


def _days(since: int, until: int) -> list[date]:
    first, last = kst_date(since).toordinal(), kst_date(until).toordinal()
    return [date.fromordinal(ordinal) for ordinal in range(first, last + 2)]  # one more: a minute below 0 is its eve
