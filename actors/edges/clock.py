"""The clock edge: system time, twice a second."""

import threading
import time
from typing import Any

import pykka

from actors.edges.post import Post
from domain.messages.run import ClockTicked
from domain.types import UnixNanos

TICK_S = 0.5


def system_now() -> UnixNanos:
    """Give the system time."""
    return UnixNanos(time.time_ns())


class ClockEdge(pykka.ThreadingActor):
    """Tick. After a crash nothing needs redoing: roles judge deadlines by the next tick."""

    use_daemon_thread = True

    def __init__(self, post: Post, interval_s: float = TICK_S) -> None:
        """Take the door and the time between ticks."""
        super().__init__()
        self._post = post
        self._interval_s = interval_s
        self._ended = threading.Event()
        self._last = UnixNanos(0)

    def on_start(self) -> None:
        """Start ticking on a thread of its own, so that the inbox stays free for stop."""
        threading.Thread(target=self._run, name="clock", daemon=True).start()

    def on_stop(self) -> None:
        """End the ticking."""
        self._ended.set()

    def on_receive(self, message: Any) -> Any:
        """Answer `ping`, the supervisor's question after start."""
        return "pong"

    def _run(self) -> None:
        try:
            while not self._ended.wait(self._interval_s):
                now = system_now()
                self._post(ClockTicked(now, now < self._last), source="clock")
                self._last = now
        finally:
            self.actor_ref.stop(block=False)  # without ticks no deadline passes: the system must notice
