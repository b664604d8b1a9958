"""Signs of life on an order session: what each end promises, and when silence means that nobody is there.

A half-open connection takes messages and answers nothing, for minutes. So the caller sends a heartbeat in its rhythm
and promises the next one; the broker echoes each at once. A caller without an echo in the promised time takes the
session as over; a broker that was promised one and hears nothing ends it. Nothing here waits or reads a clock.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

PROMISED_INTERVALS: Final = 5  # a promise outlasts so many heartbeats: a few late ones are no end
LEAST_PROMISE_S: Final = 0.1
MOST_PROMISE_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How a caller shows that it lives. `wait` waits for the end of a session at most so long and tells of it."""

    interval_s: float = 1.0
    now: Callable[[], float] = time.monotonic
    wait: Callable[[threading.Event, float], bool] = threading.Event.wait

    @property
    def promise_s(self) -> float:
        """Give the time within which the next sign of life follows, as the contract allows it."""
        return min(MOST_PROMISE_S, max(LEAST_PROMISE_S, self.interval_s * PROMISED_INTERVALS))


class Pulse:
    """The caller's end: numbers heartbeats, hears echoes. Guarded by its owner's lock."""

    def __init__(self, rhythm: Rhythm) -> None:
        """Begin with nothing sent."""
        self._rhythm = rhythm
        self._sent = 0
        self._since = rhythm.now()  # of the last echo, or of the first heartbeat

    def beat(self) -> int:
        """Give the number of the next heartbeat."""
        if not self._sent:
            self._since = self._rhythm.now()
        self._sent += 1
        return self._sent

    def echo(self) -> None:
        """Hear one come back."""
        self._since = self._rhythm.now()

    def excuse(self) -> None:
        """Begin to count anew: nobody listened."""
        self._since = self._rhythm.now()

    @property
    def silent_s(self) -> float:
        """Give how long no echo came; 0 before the first heartbeat."""
        return self._rhythm.now() - self._since if self._sent else 0.0

    @property
    def is_dead(self) -> bool:
        """Tell whether the promised time passed without an echo."""
        return self.silent_s > self._rhythm.promise_s


class Promise:
    """The broker's end: what the caller promised last. Without a promise silence means nothing."""

    def __init__(self, now: Callable[[], float]) -> None:
        """Begin without a promise; `now` gives seconds and never goes back."""
        self._now = now
        self._within_s: float | None = None
        self._heard_at = now()
        self.beats = 0

    def heard(self) -> None:
        """Note that the caller said something, or could not be heard until now."""
        self._heard_at = self._now()

    def give(self, within_s: float) -> None:
        """Take a heartbeat with its promise."""
        self.beats += 1
        self._within_s = within_s
        self.heard()

    @property
    def left_s(self) -> float | None:
        """Give how long the caller may stay silent, 0 or less when it was for too long; None without a promise."""
        return None if self._within_s is None else self._heard_at + self._within_s - self._now()

    @property
    def within_s(self) -> float:
        """Give the time promised, 0 without a promise."""
        return self._within_s or 0.0
