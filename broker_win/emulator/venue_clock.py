"""The venue's clock between two heartbeats: it runs on at its speed, for a while, and does not go back."""

from collections.abc import Callable
from typing import Final

from domain.time import NANOS_PER_MINUTE
from domain.types import NANOS_PER_SECOND, UnixNanos

MOST_AHEAD: Final = NANOS_PER_SECOND // 2  # monotonic time the clock runs on without a heartbeat
ANEW: Final = NANOS_PER_MINUTE  # a clock so far behind was taken back by its source


class VenueClock:
    """Fed with heartbeats and with times of rows; asked for the time. On one thread."""

    def __init__(self, monotonic: Callable[[], int]) -> None:
        """Take a monotonic clock (ns). It stands at 0 until the first heartbeat."""
        self._monotonic = monotonic
        self._beat = 0  # venue time of the newest heartbeat
        self._at = 0  # and when it was heard
        self._speed_milli = 0  # venue ns per 1,000 ns; 0 while it does not move
        self._told = 0

    def beat(self, venue_time: int, speed_milli: int | None, at: int) -> None:
        """Take a heartbeat heard at a monotonic time. `speed_milli` as in SessionInfo, None for a live feed."""
        speed = 1_000 if speed_milli is None else speed_milli
        # A source that waits for its first reader, or ended, stands still: two beats tell.
        self._speed_milli = speed if venue_time != self._beat else 0
        self._beat, self._at = venue_time, at
        if venue_time < self._told - ANEW:
            self._told = venue_time

    def see(self, venue_time: int) -> None:
        """Take the time of a row."""
        self._told = max(self._told, venue_time)

    def now(self) -> UnixNanos:
        """Give the venue's time, 0 while it is not known."""
        if self._beat:
            ahead = min(max(0, self._monotonic() - self._at), MOST_AHEAD)
            self._told = max(self._told, self._beat + ahead * self._speed_milli // 1_000)
        return UnixNanos(self._told)
