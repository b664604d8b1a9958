"""So many requests a second: what is more waits in a queue, the weightiest first, instead of being refused.

Kiwoom lets 5 requests a second pass, cancels and modifies included, and refuses the rest with -308 (facts: kiwoom.md
1.3, 4.1). Pure: the caller brings the clock. It is one that only goes forward, so that a clock that is put right
neither stalls the queue nor opens it.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, Generic, TypeVar

from domain.types import NANOS_PER_SECOND

WINDOW_NS: Final = NANOS_PER_SECOND
# Requests that wait at most. Half of what one order session has under way at most (order_session.py): requests that
# wait must never keep a cancel or a gate behind them from being read. At 5 a second few of more would go in time.
ROOM: Final = 128

T = TypeVar("T")


class Weight(IntEnum):
    """Who goes first."""

    CANCEL = 0
    MODIFY = 1
    EXIT = 2
    ENTRY = 3


class Window:
    """Counts what passed within the last second: of five a second the sixth waits until the first is a second old."""

    def __init__(self, per_second: int) -> None:
        """Let `per_second` pass in any second (0: all)."""
        self.per_second = per_second
        self._passed: deque[int] = deque()

    def free_at(self, now: int) -> int:
        """Give when the next one may pass, `now` when at once (ns)."""
        while self._passed and now - self._passed[0] >= WINDOW_NS:
            self._passed.popleft()
        if not self.per_second or len(self._passed) < self.per_second:
            return now
        return self._passed[0] + WINDOW_NS

    def passed(self, now: int) -> None:
        """Count one."""
        if self.per_second:
            self._passed.append(now)

    def restamp(self, now: int) -> None:
        """Take it that the last one counted passed only now."""
        if self._passed:
            self._passed[-1] = max(self._passed[-1], now)


@dataclass(frozen=True, slots=True)
class Waiting(Generic[T]):
    """One that waits."""

    key: str
    weight: Weight
    item: T


class Pacer(Generic[T]):
    """The queue. Within a weight first come, first served. Used on one thread."""

    def __init__(self, per_second: int, room: int = ROOM) -> None:
        """Let `per_second` pass in any second (0: all), and `room` wait."""
        self._window = Window(per_second)
        self._room = room
        self._queues: dict[Weight, dict[str, Waiting[T]]] = {weight: {} for weight in Weight}

    def __len__(self) -> int:
        """Give how many wait."""
        return sum(len(queue) for queue in self._queues.values())

    def __iter__(self) -> Iterator[Waiting[T]]:
        """Give those that wait, in the order in which they go."""
        for queue in self._queues.values():
            yield from list(queue.values())

    def put(self, key: str, weight: Weight, item: T) -> Waiting[T] | None:
        """Let one wait. Give the one that has no room any more: the last of the least weight, perhaps this one."""
        self._queues[weight][key] = Waiting(key, weight, item)
        if len(self) <= self._room:
            return None
        lightest = next(self._queues[weight] for weight in reversed(Weight) if self._queues[weight])
        return lightest.pop(next(reversed(lightest)))

    def take(self, now: int) -> Waiting[T] | None:
        """Give the next one if it may pass now (ns), and count it."""
        if not len(self) or self._window.free_at(now) > now:
            return None
        self._window.passed(now)
        queue = next(queue for queue in self._queues.values() if queue)
        return queue.pop(next(iter(queue)))

    def went_out(self, now: int) -> None:
        """Take it that the last one taken reached the venue only now (ns)."""
        self._window.restamp(now)

    def drop(self, key: str) -> bool:
        """Let one wait no longer; False when it does not wait."""
        return any(queue.pop(key, None) is not None for queue in self._queues.values())

    def next_at(self, now: int) -> int | None:
        """Give when the next one may pass (ns), None when nothing waits."""
        return self._window.free_at(now) if len(self) else None
