"""When the host is down on purpose: the hours around Kiwoom's maintenance, in Korean time. Pure.

Two schedules are known and which one holds is not announced (docs/connections.md), so the default windows cover both:
the host ends before the earlier one begins and starts, with a fresh log-in, once the later one and the change of the
trading day behind it are over. A session opened before that change would show yesterday's balances.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from domain.maintenance import DAYS, MARGIN_NS, Window, parse
from domain.time import NANOS_PER_DAY, NANOS_PER_MINUTE, from_kst, kst_date, kst_full_text
from domain.types import UnixNanos

LONGEST_CHAIN = 16  # windows that run into each other; more of them is a rest for ever, which is refused


@dataclass(frozen=True, slots=True)
class Rest:
    """One stretch in which nothing runs."""

    begin: UnixNanos
    end: UnixNanos  # exclusive
    text: str  # the windows it is made of

    def told(self) -> str:
        """Say it for people."""
        return f"{kst_full_text(self.begin)} to {kst_full_text(self.end)} KST ({self.text})"


class RestPlan:
    """Knows the stretches. Windows that touch make one."""

    def __init__(self, windows: Iterable[str]) -> None:
        """Read windows written as in `domain.maintenance`; the word `kiwoom` gets a margin, the others are exact.

        Raises ConfigError for a text that is none.
        """
        self.windows: tuple[Window, ...] = parse(windows)

    def at(self, moment: int) -> Rest | None:
        """Give the rest a moment (UTC ns) lies in, None when the host should run."""
        here = [rest for rest in self._near(moment) if rest.begin <= moment < rest.end]
        if not here:
            return None
        begin, end = min(rest.begin for rest in here), max(rest.end for rest in here)
        texts = [rest.text for rest in here]
        for _ in range(LONGEST_CHAIN):
            longer = [rest for rest in self._near(end) if rest.begin <= end < rest.end]
            if not longer:
                break
            end = max(rest.end for rest in longer)
            texts += [rest.text for rest in longer]
        return Rest(begin, end, ", ".join(dict.fromkeys(texts)))

    def next_after(self, moment: int) -> Rest | None:
        """Give the first rest that begins after a moment, within a week; None without windows."""
        begins = [rest for day in range(8) for rest in self._of(moment + day * NANOS_PER_DAY) if rest.begin > moment]
        return min(begins, key=lambda rest: rest.begin, default=None)

    def _near(self, moment: int) -> list[Rest]:
        """Give the windows of the day, and of its neighbours: margins reach over midnight."""
        return [rest for back in (-1, 0, 1) for rest in self._of(moment + back * NANOS_PER_DAY)]

    def _of(self, moment: int) -> list[Rest]:
        day = kst_date(moment)
        midnight = from_kst(day, 0, 0)
        found = []
        for window in self.windows:
            if day.weekday() % len(DAYS) in window.days:
                margin = MARGIN_NS if window.is_of_kiwoom else 0
                begin = UnixNanos(midnight + window.start * NANOS_PER_MINUTE - margin)
                end = UnixNanos(midnight + window.end * NANOS_PER_MINUTE + margin)
                found.append(Rest(begin, end, window.text))
        return found
