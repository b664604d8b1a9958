"""Moments of Kiwoom's times of day: the texts have no date, so the PC's clock gives it. Pure."""

from typing import Final

from broker_win.realtime.layouts import Dropped
from broker_win.text import hhmmss
from domain.time import NANOS_PER_DAY, NANOS_PER_MINUTE, kst_date
from domain.types import UnixNanos

# How far a quote's time may be from the PC's clock. Wide, because neither clock is ours: a PC that is wrong by minutes
# still gets its quotes (doctor tells of the clock). What a log-in sends of the session before is older, and dropped.
MOST_AHEAD: Final = 60 * NANOS_PER_MINUTE
MOST_BEHIND: Final = 6 * 60 * NANOS_PER_MINUTE
_REMEMBERED: Final = 64


class Stamps:
    """Reads times of day; remembers the last ones, for a second's quotes share one."""

    def __init__(self) -> None:
        """Remember none."""
        self._known: dict[str, UnixNanos] = {}

    def moment(self, text: str, now: int) -> UnixNanos:
        """Give the moment (UTC ns) of an HHMMSS text, on the day that puts it next to `now` (UTC ns).

        Raises Dropped `bad_time` for another text, `another_day` for a moment too far from now.
        """
        known = self._known.get(text)
        if known is not None and now - MOST_BEHIND <= known <= now + MOST_AHEAD:
            return known
        try:
            moment = int(hhmmss(text, kst_date(now)))
        except ValueError as error:
            raise Dropped("bad_time", str(error)) from None
        if moment > now + MOST_AHEAD:
            moment -= NANOS_PER_DAY
        elif moment + NANOS_PER_DAY <= now + MOST_AHEAD:
            moment += NANOS_PER_DAY
        if moment < now - MOST_BEHIND:
            raise Dropped("another_day", f"time {text} is of another session")
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        self._known[text] = UnixNanos(moment)
        return UnixNanos(moment)
