"""The daily bars of one symbol: own sessions and the broker's history as one series, given to strategies in order.

Rules:
- A session is given once, in order, and never before it is over: nothing of the date under way or later is taken.
- The broker's history wins over what was seen here: it is adjusted where the broker can, and it has no gaps.
- Where it contradicts what was given (a corporate action, a gap), everything is given anew.
- A session that was not seen whole is no bar; the history may bring it.
"""

from collections.abc import Iterable
from datetime import date

from domain.krx.calendar import NO_OVERRIDES, Overrides, next_session
from domain.messages.market import DayBar

OWN_SESSIONS = 260  # kept where no history is asked for: about a year


class DailySeries:
    """Sessions of one symbol, oldest first. Dates are texts YYYY-MM-DD, so they compare as they follow."""

    __slots__ = ("anew", "given", "missed", "waiting")

    def __init__(self) -> None:
        """Start knowing no session."""
        self.given: list[DayBar] = []  # to strategies, since the series last began anew
        self.waiting: list[DayBar] = []  # over, and not given yet
        self.anew = False  # strategies are to forget what they were given before they are given more
        self.missed = ""  # newest session that was not seen whole, until a history reaches it

    def miss(self, session: str) -> None:
        """Note a session that was not seen, or not whole."""
        self.missed = max(self.missed, session)

    def close(self, own: DayBar) -> None:
        """Take a session that was seen whole. Behind one that was missed, the series begins anew with it."""
        last = (self.waiting or self.given)[-1:]
        if last and own.day <= last[0].day:
            return  # the venue's calendar went back
        if last and last[0].day < self.missed < own.day:
            self._begin_anew([])
        self.waiting.append(own)

    def receive(self, bars: Iterable[DayBar], before: str, kept: int, overrides: Overrides = NO_OVERRIDES) -> bool:
        """Take a history of sessions before a date, the newest `kept` of it; tell whether anything in it was usable.

        Rows of the date or later, and rows that are no bars, are left out; of a day that is there twice the last holds.
        """
        sound = {bar.day: bar for bar in bars if bar.day < before and _is_bar(bar)}
        found = [sound[day] for day in sorted(sound)][-kept:]
        if not found:
            return False
        newest = found[-1].day
        later = [bar for bar in self.waiting if bar.day > newest and not newest < self.missed < bar.day]
        if self._contradicts(found, kept, overrides):
            self._begin_anew([*found, *later])
        else:
            last = self.given[-1].day if self.given else ""
            self.waiting = [*(bar for bar in found if bar.day > last), *later]
        if newest >= self.missed:
            self.missed = ""
        return True

    def give(self, before: str, kept: int) -> list[DayBar]:
        """Give what waits of sessions before a date, oldest first; it counts as given."""
        found = [bar for bar in self.waiting if bar.day < before]
        self.waiting = [bar for bar in self.waiting if bar.day >= before]
        self.given = [*self.given, *found][-kept:]
        return found

    def _contradicts(self, found: list[DayBar], kept: int, overrides: Overrides) -> bool:
        """Tell whether a history cannot be the past and the continuation of what was given."""
        if not self.given:
            return False
        first, last = self.given[0].day, self.given[-1].day
        begin, end = found[0].day, found[-1].day
        if begin > last:  # nothing to compare by; sessions in between are missing
            return next_session(date.fromisoformat(last), overrides).isoformat() < begin
        if begin < first and len(self.given) < kept:
            return True  # older ones that nobody was given
        mine = [bar for bar in self.given if begin <= bar.day <= end]
        theirs = [bar for bar in found if first <= bar.day <= last]
        return mine != theirs

    def _begin_anew(self, bars: list[DayBar]) -> None:
        self.anew = self.anew or bool(self.given)
        self.given, self.waiting = [], bars


def _is_bar(bar: DayBar) -> bool:
    """Tell whether a row can be a session in which something traded, on a day that is one."""
    try:
        date.fromisoformat(bar.day)
    except ValueError:
        return False
    sides = 0 < bar.low <= min(bar.open, bar.close) and max(bar.open, bar.close) <= bar.high
    return sides and bar.volume >= 0 and len(bar.day) == 10
