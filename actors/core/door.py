"""The one door into the core: what waits, by urgency."""

import collections
import queue
from collections.abc import Callable
from typing import NamedTuple

from domain.messages import Message


class Input(NamedTuple):
    """A message on its way in."""

    message: Message
    source: str  # edge it came from
    on_committed: Callable[[], None] | None  # called on the core's thread once it is durable with all that followed


class Door:
    """Two queues: order events and people's commands before everything else. Put from any thread."""

    def __init__(self) -> None:
        """Start empty."""
        self._urgent: collections.deque[Input] = collections.deque()
        self._normal: collections.deque[Input] = collections.deque()
        self._bell: queue.SimpleQueue[None] = queue.SimpleQueue()

    def put(self, entry: Input, *, urgent: bool) -> None:
        """Let a message in."""
        (self._urgent if urgent else self._normal).append(entry)
        self._bell.put(None)

    def wake(self) -> None:
        """Ring without a message: somebody asks a role something."""
        self._bell.put(None)

    def wait(self, timeout_s: float) -> None:
        """Block until something rang, at most `timeout_s`."""
        try:
            self._bell.get(timeout=timeout_s)
            while True:
                self._bell.get_nowait()
        except queue.Empty:
            return

    def take(self) -> Input | None:
        """Take the next message, urgent first, None when nothing waits."""
        if self._urgent:
            return self._urgent.popleft()
        if self._normal:
            return self._normal.popleft()
        return None

    def depth(self) -> int:
        """Tell how many messages wait."""
        return len(self._urgent) + len(self._normal)
