"""The clock edge: system time that never goes back, twice a second."""

import threading
import time
from collections.abc import Callable
from typing import Any

import pykka

from actors.edges.post import Post
from domain.messages.run import ClockTicked
from domain.types import UnixNanos

TICK_S = 0.5
NANOS_PER_MS = 1_000_000
# A step the machine's clock may make unnoticed. Time services slew what is smaller (ntpd up to 128 ms, timesyncd up to
# 400 ms, chrony by default up to 1 s); the shortest deadline of ours is longer (request_ttl_ms, 3 s).
STEP_NS = 1_000 * NANOS_PER_MS
CATCH_UP = 1_000  # one part in so many: how much slower our clock runs while it leads the machine's


def system_now() -> UnixNanos:
    """Give the machine's clock as it is; for data stamps. What the core judges by is `SystemClock`."""
    return UnixNanos(time.time_ns())


class SystemClock:
    """The system's time: the machine's clock, except that it never goes back. May be read from any thread.

    It follows the machine's clock forward at once (a laptop that slept, a correction). When that one falls behind, it
    goes on with the monotonic clock, one part in a thousand slower, until the other has caught up: so a slewed clock
    (at most 500 parts in a million, adjtime(3)) is never lost, and no deadline ends noticeably late. The reasons stand
    in docs/decisions/0017-clock.md.
    """

    def __init__(
        self,
        floor: UnixNanos = UnixNanos(0),  # an integer
        wall: Callable[[], int] = time.time_ns,
        monotonic: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        """Start at the machine's clock, or at `floor`, the newest time of the log, when that is later."""
        self._wall, self._monotonic = wall, monotonic
        self._lock = threading.Lock()
        self._read_at = monotonic()
        self._time = max(wall(), floor)
        self._told_lead = 0  # ns by which we lead the machine's clock and which were told

    def now(self) -> UnixNanos:
        """Give the time, never earlier than given before."""
        with self._lock:
            self._read()
            return UnixNanos(self._time)

    def tick(self) -> tuple[UnixNanos, int]:
        """Give the time, and by how many ms the machine's clock was put back since this was told last; mostly 0."""
        with self._lock:
            lead = self._read()
            stepped = lead - self._told_lead
            if stepped < STEP_NS:
                return UnixNanos(self._time), 0
            self._told_lead = lead
            return UnixNanos(self._time), round(stepped / NANOS_PER_MS)

    def _read(self) -> int:
        """Move on; give by how much we led the machine's clock before we slowed down, ns."""
        monotonic, wall = self._monotonic(), self._wall()
        passed = max(0, monotonic - self._read_at)
        self._read_at = max(self._read_at, monotonic)
        lead = max(0, self._time + passed - wall)
        self._time = max(wall, self._time + passed - (passed // CATCH_UP if lead else 0))
        self._told_lead = min(self._told_lead, lead)  # a lead that shrank may grow again, and is then told again
        return lead


class ClockEdge(pykka.ThreadingActor):
    """Tick. After a crash nothing needs redoing: roles judge deadlines by the next tick."""

    use_daemon_thread = True

    def __init__(self, post: Post, interval_s: float = TICK_S, clock: SystemClock | None = None) -> None:
        """Take the door, the time between ticks and the clock."""
        super().__init__()
        self._post = post
        self._interval_s = interval_s
        self._clock = clock or SystemClock()
        self._ended = threading.Event()

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
            while not self._ended.is_set():  # at once: a clock put back before the start is told before anything moves
                now, stepped_ms = self._clock.tick()
                self._post(ClockTicked(now, stepped_ms > 0, stepped_ms), source="clock")
                self._ended.wait(self._interval_s)
        finally:
            self.actor_ref.stop(block=False)  # without ticks no deadline passes: the system must notice
