"""Queries wait their turn: the weightiest first, never more than Kiwoom takes in a second, a minute and an hour.

Kiwoom counts queries (CommRqData, CommKwRqData and SendCondition together) per running process: a process that is
started again begins anew, so nothing is kept on disk. Beyond the limit it gives -200, and asks for patience: 17 s after
the first time, 90 s after five in a row, 180 s after ten; after the longer limits it wants another log-in (facts:
kiwoom.md 4.1; the figures of the longer windows are the safest of those published, none is official).

Pure: the caller brings a clock that only goes forward (ns). Orders wait elsewhere, they have a limit of their own.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, Generic, TypeVar

from broker_win.config import LimitsConfig
from domain.types import NANOS_PER_SECOND

SECOND: Final = NANOS_PER_SECOND
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
ROOM: Final = 128  # calls that wait at most; at 55 a minute the last of more would wait longer than anybody does
# Turns a weight is passed over at most while others, weightier, have theirs: then one of it goes.
PATIENCE: Final = 8
# Of a minute's queries one in so many is kept from quotes and charts: a chart of many pages must not let what became of
# orders and account wait for the rest of the minute.
KEPT_OF_MINUTE: Final = 5
PENALTIES: Final = ((10, 180 * SECOND), (5, 90 * SECOND), (1, 17 * SECOND))  # so many in a row: so long

T = TypeVar("T")


class Weight(IntEnum):
    """Who goes first."""

    RECOVERY = 0  # what became of orders; may use the reserve
    ACCOUNT = 1
    QUOTE = 2  # snapshots, condition searches
    CHART = 3


class Window:
    """Counts what passed within a length of time. Of four a second the fifth waits until the first is a second old."""

    def __init__(self, length: int, most: int) -> None:
        """Let `most` pass within any `length` (ns)."""
        self.length, self.most = length, most
        self._passed: deque[int] = deque(maxlen=most)

    def free_at(self, now: int) -> int:
        """Give when the next one may pass, `now` when at once."""
        if not self.most:
            return now + self.length
        if len(self._passed) < self.most:
            return now
        return max(now, self._passed[0] + self.length)

    def passed(self, now: int) -> None:
        """Count one."""
        self._passed.append(now)

    def restamp(self, now: int) -> None:
        """Take it that the last one counted passed only now."""
        if self._passed:
            self._passed[-1] = max(self._passed[-1], now)

    def used(self, now: int) -> int:
        """Give how many passed within the length before now."""
        return sum(1 for at in self._passed if now - at < self.length)


@dataclass(frozen=True, slots=True)
class Waiting(Generic[T]):
    """One that waits."""

    key: str
    weight: Weight
    item: T


@dataclass(frozen=True, slots=True)
class WindowUse:
    """How much of a window is used. `left` of the hour includes the reserve."""

    seconds: int
    most: int
    used: int

    @property
    def left(self) -> int:
        """Give how many may still pass."""
        return max(0, self.most - self.used)


@dataclass(frozen=True, slots=True)
class Budget:
    """What may still be asked, for people and metrics."""

    windows: tuple[WindowUse, ...]  # 1 s, 60 s, 1 h
    reserve: int  # of the hour, for recovery only
    penalty_s: float  # seconds until Kiwoom may be asked again, 0 when it may
    refused_in_a_row: int  # -200
    relogin_wanted: bool
    waiting: dict[str, int]  # by weight


class RequestQueue(Generic[T]):
    """The queue. Within a weight first come, first served."""

    def __init__(self, limits: LimitsConfig, room: int = ROOM) -> None:
        """Hold requests to these limits, and let `room` wait."""
        self._windows = (
            Window(SECOND, limits.per_second),
            Window(MINUTE, limits.per_minute),
            Window(HOUR, limits.per_hour),
        )
        self._reserve = min(limits.reserve_per_hour, limits.per_hour)
        self._ordinary = Window(HOUR, limits.per_hour - self._reserve)  # all that passed, held to less than the hour's
        self._light = Window(MINUTE, limits.per_minute - limits.per_minute // KEPT_OF_MINUTE)  # likewise, of the minute
        self._room = room
        self._queues: dict[Weight, dict[str, Waiting[T]]] = {weight: {} for weight in Weight}
        self._passed_over = dict.fromkeys(Weight, 0)
        self._refused = 0  # in a row
        self._closed_until = 0
        self.relogin_wanted = False

    def __len__(self) -> int:
        """Give how many wait."""
        return sum(len(queue) for queue in self._queues.values())

    def __iter__(self) -> Iterator[Waiting[T]]:
        """Give those that wait, by weight."""
        for queue in self._queues.values():
            yield from list(queue.values())

    def put(self, key: str, weight: Weight, item: T) -> Waiting[T] | None:
        """Let one wait. Give the one that has no room any more: the last of the least weight, perhaps this one."""
        self._queues[weight][key] = Waiting(key, weight, item)
        if len(self) <= self._room:
            return None
        lightest = next(self._queues[weight] for weight in reversed(Weight) if self._queues[weight])
        return lightest.pop(next(reversed(lightest)))

    def drop(self, key: str) -> bool:
        """Let one wait no longer; False when it does not wait."""
        return any(queue.pop(key, None) is not None for queue in self._queues.values())

    def next_at(self, now: int) -> int | None:
        """Give when the next one may pass (ns), None when nothing waits."""
        weights = [weight for weight, queue in self._queues.items() if queue]
        return min((self._free_for(weight, now) for weight in weights), default=None)

    def take(self, now: int) -> Waiting[T] | None:
        """Give the next one if it may pass now (ns), and count it."""
        weight = self._next_weight(now)
        if weight is None:
            return None
        for window in (*self._windows, self._ordinary, self._light):
            window.passed(now)
        for other, queue in self._queues.items():
            self._passed_over[other] = self._passed_over[other] + 1 if queue and other is not weight else 0
        queue = self._queues[weight]
        return queue.pop(next(iter(queue)))

    def went_out(self, now: int) -> None:
        """Take it that the last one taken reached Kiwoom only now: the control's thread may have been busy."""
        for window in (*self._windows, self._ordinary, self._light):
            window.restamp(now)

    def refused(self, now: int) -> int:
        """Take Kiwoom's -200 and give how long nothing may be asked (ns).

        After a minute without a question only a longer limit can be meant, and that wants another log-in.
        """
        if self._windows[1].used(now) <= 1 and self._refused:  # the one refused is counted, too
            self.relogin_wanted = True
        self._refused += 1
        if self._refused > PENALTIES[0][0]:
            self.relogin_wanted = True
        wait = next(wait for times, wait in PENALTIES if self._refused >= times)
        self._closed_until = max(self._closed_until, now + wait)
        return wait

    def went_well(self) -> None:
        """Take it that Kiwoom took a request: the next refusal is a first one."""
        self._refused = 0

    def budget(self, now: int) -> Budget:
        """Give what may still be asked."""
        return Budget(
            windows=tuple(WindowUse(one.length // SECOND, one.most, one.used(now)) for one in self._windows),
            reserve=self._reserve,
            penalty_s=max(0, self._closed_until - now) / SECOND,
            refused_in_a_row=self._refused,
            relogin_wanted=self.relogin_wanted,
            waiting={weight.name: len(queue) for weight, queue in self._queues.items()},
        )

    def _free_at(self, now: int) -> int:
        return max(self._closed_until, *(window.free_at(now) for window in self._windows))

    def _free_for(self, weight: Weight, now: int) -> int:
        held_to = {Weight.RECOVERY: (), Weight.ACCOUNT: (self._ordinary,)}.get(weight, (self._ordinary, self._light))
        return max(self._free_at(now), *(window.free_at(now) for window in held_to), now)

    def _next_weight(self, now: int) -> Weight | None:
        may = [weight for weight, queue in self._queues.items() if queue and self._free_for(weight, now) <= now]
        if not may:
            return None
        longest = max(may, key=lambda weight: self._passed_over[weight])
        return longest if self._passed_over[longest] >= PATIENCE else may[0]
