"""What is to happen when, on one clock that only moves forward."""

import heapq
from collections.abc import Callable
from typing import NamedTuple

from domain.types import UnixNanos


class _Due(NamedTuple):
    when: int  # UTC ns
    number: int  # of two things due at the same moment, the one asked for first happens first
    call: Callable[[], None]


class Timeline:
    """The venue's clock, and the things on their way."""

    def __init__(self) -> None:
        """Start at 0 with nothing under way."""
        self.now = UnixNanos(0)
        self._due: list[_Due] = []
        self._asked = 0

    def __bool__(self) -> bool:
        """Tell whether something is under way."""
        return bool(self._due)

    def begin(self, now: UnixNanos) -> None:
        """Put the clock to the begin of a day; what was under way is forgotten."""
        self.now = now
        self._due = []

    def after(self, delay: int, call: Callable[[], None]) -> None:
        """Let something happen `delay` ns from now."""
        self._asked += 1
        heapq.heappush(self._due, _Due(self.now + delay, self._asked, call))

    def run(self, until: int) -> None:
        """Let everything happen that is due up to a moment, in order; the clock then stands there."""
        due = self._due
        while due and due[0].when <= until:
            first = heapq.heappop(due)
            self.now = UnixNanos(max(self.now, first.when))
            first.call()
        self.now = UnixNanos(max(self.now, until))
