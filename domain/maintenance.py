"""Known times at which a broker is away for maintenance: a loss then wakes nobody, and dialling waits for its end.

Written as "DAYS FROM-UNTIL" in KST: "mon-sat 06:50-06:55", "sun 05:00-05:15", "mon,thu 22:00-23:00",
"daily 05:00-05:10". The word "kiwoom" stands for both schedules of Kiwoom; they hold only where a mock or a real
server stands behind the link, so that a simulator's loss at those hours is told like any other.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

from domain.errors import ConfigError
from domain.time import NANOS_PER_DAY, NANOS_PER_MINUTE, from_kst, kst_date
from domain.types import NANOS_PER_SECOND, ServerKind

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
KIWOOM: Final = "kiwoom"
# Source: the schedule that breadum/kiwoom prints since 2025-07-16, and the one of koapy (2020-22) before it. Which one
# holds is not announced, so both count (docs: connections.md), read 2026-11-23.
KIWOOM_WINDOWS: Final = (
    "mon-sat 06:50-06:55",
    "sun 05:00-05:15",
    "mon-sat 05:05-05:10",
    "sun 04:00-04:30",
)
MARGIN_NS: Final = 60 * NANOS_PER_SECOND  # before and behind a window: clocks differ, sessions are closed early
PATIENCE_NS: Final = 5 * NANOS_PER_MINUTE  # behind a window until a link that is not back is told like any other loss
MINUTES_OF_DAY: Final = 24 * 60


class Window(NamedTuple):
    """One window of maintenance; minutes of the Korean day, the last one exclusive."""

    days: tuple[int, ...]  # 0 is Monday
    start: int
    end: int
    text: str
    is_of_kiwoom: bool = False  # holds for mock and real servers only

    def holds_for(self, server_kind: str) -> bool:
        """Tell whether it speaks of this kind of server; of one not heard from yet only when it is for all."""
        return not self.is_of_kiwoom or server_kind in (ServerKind.MOCK, ServerKind.REAL)


class UnderWay(NamedTuple):
    """A window near a moment."""

    text: str
    end: int  # system time, ns, without margin


def parse(texts: Iterable[str]) -> tuple[Window, ...]:
    """Read windows. Raises ConfigError naming the text and what is expected."""
    found: list[Window] = []
    for text in texts:
        if text.strip().lower() == KIWOOM:
            found += [_window(one, is_of_kiwoom=True) for one in KIWOOM_WINDOWS]
        else:
            found.append(_window(text))
    return tuple(found)


def under_way(windows: Iterable[Window], now: int, server_kind: str) -> UnderWay | None:
    """Give the window that a moment (system time, ns) lies in, margins included; None when there is none.

    Of several the one that ends last.
    """
    today = kst_date(now)
    found: UnderWay | None = None
    for back in (0, 1):  # the margin behind a window at the end of a day lies in the next one
        midnight = from_kst(today, 0, 0) - back * NANOS_PER_DAY
        weekday = (today.weekday() - back) % len(DAYS)
        for window in windows:
            start, end = (midnight + minute * NANOS_PER_MINUTE for minute in (window.start, window.end))
            if weekday not in window.days or not window.holds_for(server_kind):
                continue
            if start - MARGIN_NS <= now < end + MARGIN_NS and (found is None or end > found.end):
                found = UnderWay(window.text, end)
    return found


def _window(text: str, *, is_of_kiwoom: bool = False) -> Window:
    days, space, hours = text.strip().lower().partition(" ")
    start, dash, end = hours.strip().partition("-")
    if not (space and dash):
        raise _refused(text, "is not DAYS FROM-UNTIL")
    first, last = _minute(start, text), _minute(end, text)
    if first >= last:
        raise _refused(text, "ends before it begins (write a window over midnight as two)")
    return Window(_days(days, text), first, last, text.strip(), is_of_kiwoom)


def _days(text: str, whole: str) -> tuple[int, ...]:
    found: set[int] = set()
    for part in text.split(","):
        if part == "daily":
            found |= set(range(len(DAYS)))
            continue
        first, dash, last = part.partition("-")
        if first not in DAYS or (dash and last not in DAYS):
            raise _refused(whole, f"names the days {part!r}")
        start, end = DAYS.index(first), DAYS.index(last if dash else first)
        found |= {(start + step) % len(DAYS) for step in range((end - start) % len(DAYS) + 1)}
    return tuple(sorted(found))


def _minute(text: str, whole: str) -> int:
    hours, colon, minutes = text.strip().partition(":")
    if colon and len(hours) == len(minutes) == 2 and (hours + minutes).isdecimal() and (hours + minutes).isascii():
        found = int(hours) * 60 + int(minutes)
        if int(minutes) < 60 and found <= MINUTES_OF_DAY:
            return found
    raise _refused(whole, f"names the time {text.strip()!r}")


def _refused(text: str, why: str) -> ConfigError:
    expected = f'"DAYS FROM-UNTIL" in KST, for example "mon-sat 06:50-06:55" or "daily 05:00-05:10", or "{KIWOOM}"'
    return ConfigError(f"maintenance window {text!r} {why}; expected {expected}")
