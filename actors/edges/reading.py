"""The one place where an orders link reads its broker's lists: never twice at once, on which thread ever."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from domain.errors import BrokerUnavailable


class Reading:
    """A turn that one reading has at a time. Each gets an event that is set when it shall give up."""

    def __init__(self) -> None:
        """Start with nobody reading."""
        self._turn = threading.Lock()
        self._thread: threading.Thread | None = None
        self._abandoned = threading.Event()  # of the present reading

    def start(self, read: Callable[[threading.Event], None]) -> bool:
        """Read on a thread of its own, which must `free` the turn; False when another has it."""
        if not self._turn.acquire(blocking=False):
            return False
        self._abandoned = threading.Event()
        self._thread = threading.Thread(target=read, args=(self._abandoned,), name="reading", daemon=True)
        self._thread.start()
        return True

    def free(self) -> None:
        """Let the next one read."""
        self._turn.release()

    @contextmanager
    def here(self, timeout_s: float) -> Iterator[threading.Event]:
        """Read on this thread; who reads gives way. Raises BrokerUnavailable when it does not within the time."""
        self.abandon()
        if not self._turn.acquire(timeout=timeout_s):
            raise BrokerUnavailable("an earlier reading of the broker's lists does not end")
        self._abandoned = threading.Event()
        try:
            yield self._abandoned
        finally:
            self._turn.release()

    def abandon(self) -> None:
        """Tell the present reading to give up at its next question."""
        self._abandoned.set()

    def wait(self, timeout_s: float) -> None:
        """Wait for the thread of the latest reading."""
        if self._thread is not None:
            self._thread.join(timeout_s)
