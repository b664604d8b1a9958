"""A limit of so many a second, as Kiwoom counts: over any second of system time."""

from collections import deque
from typing import Final

from domain.types import NANOS_PER_SECOND

_WINDOW: Final = NANOS_PER_SECOND


class Rate:
    """Counts what passed in the last second."""

    def __init__(self, per_second: int, penalty_ns: int = 0) -> None:
        """Let `per_second` pass (0: all); one too many shuts the way for the penalty."""
        self._per_second = per_second
        self._penalty = penalty_ns
        self._passed: deque[int] = deque()
        self._shut_until = 0

    def passes(self, now: int) -> bool:
        """Tell whether one more passes at a system time (ns); it is counted if it does."""
        if not self._per_second:
            return True
        if now < self._shut_until:
            return False
        while self._passed and now - self._passed[0] >= _WINDOW:
            self._passed.popleft()
        if len(self._passed) >= self._per_second:
            self._shut_until = now + self._penalty
            return False
        self._passed.append(now)
        return True
