"""Where an axis has its marks: round values of money and shares, round times of a day."""

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from domain.time import from_kst, kst_date
from domain.types import NANOS_PER_SECOND

STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
CLOCK_STEPS_S = (60, 300, 600, 900, 1_800, 3_600, 7_200, 14_400)
DAY_S = 86_400


def round_values(low: float, high: float, wanted: int = 5, least: float = 0.0) -> list[float]:
    """Give round values, evenly spaced, the first at or below `low`, the last at or above `high`.

    A flat line gets room on both sides. `least` is the smallest step that can be printed, e.g. 1 for whole won.
    """
    if high <= low:
        room = max(abs(low) * 0.01, least, 1e-9)
        low, high = low - room, high + room
    raw = (high - low) / max(1, wanted - 1)
    size = 10.0 ** math.floor(math.log10(raw))
    step = max(next(each * size for each in STEPS if each * size >= raw * 0.999), least)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(number * step, 10) for number in range(first, last + 1)]


@dataclass(frozen=True, slots=True)
class TimeScale:
    """Times of a period from 0 to 1, without nights and closed days: every day with a point gets the same width."""

    days: tuple[date, ...]
    first_s: float  # earliest second of a day that has a point
    last_s: float

    @classmethod
    def of(cls, moments: Sequence[int]) -> "TimeScale":
        """Give the scale of moments (UTC ns, in order)."""
        days = tuple(sorted({kst_date(at) for at in moments}))
        seconds = [_second_of_day(at) for at in moments]
        return cls(days, min(seconds, default=0.0), max(seconds, default=0.0))

    def place(self, at: int) -> float:
        """Give where a moment lies, 0 to 1; what is outside goes to the nearest end of its day or period."""
        if not self.days:
            return 0.5
        day = kst_date(at)
        index = bisect_left(self.days, day)
        if index == len(self.days) or self.days[index] != day:
            return index / len(self.days)  # between two days that have points
        width = self.last_s - self.first_s
        within = 0.5 if width <= 0 else (_second_of_day(at) - self.first_s) / width
        return (index + min(1.0, max(0.0, within))) / len(self.days)

    def marks(self, wanted: int = 6) -> list[tuple[float, str]]:
        """Give places and labels: clock times of one day, dates (MM-DD) of several."""
        if len(self.days) != 1:
            step = max(1, math.ceil(len(self.days) / wanted))
            return [((i + 0.5) / len(self.days), f"{self.days[i]:%m-%d}") for i in range(0, len(self.days), step)]
        width = self.last_s - self.first_s
        midnight = from_kst(self.days[0], 0, 0)
        if width < CLOCK_STEPS_S[0]:
            return [(0.5, _clock(int((self.first_s + self.last_s) / 2)))]
        step_s = next((each for each in CLOCK_STEPS_S if width / each <= wanted), CLOCK_STEPS_S[-1])
        first = math.ceil(self.first_s / step_s) * step_s
        return [
            (self.place(midnight + second * NANOS_PER_SECOND), _clock(second))
            for second in range(first, int(self.last_s) + 1, step_s)
        ]


def _second_of_day(at: int) -> float:
    return (at - from_kst(kst_date(at), 0, 0)) / NANOS_PER_SECOND


def _clock(second: int) -> str:
    return f"{second % DAY_S // 3_600:02d}:{second // 60 % 60:02d}"
