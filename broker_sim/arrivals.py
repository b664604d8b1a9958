"""When what the venue has taken meets the book: a fold of order facts, so that a restart forgets none of it.

An order or change is acknowledged at once and arrives later: at the time of its fact plus a base latency plus a share
of the jitter, drawn by its number. Requests of one account come over one connection, so none overtakes another.
"""

from heapq import heappop, heappush
from typing import Final

from broker_sim.draws import Draws
from domain.config import SimConfig
from domain.messages.orders import ChangeReceived, OrderAccepted, OrderFact
from domain.types import UnixNanos, VenueOrderId

MILLI: Final = 1_000_000  # ns
NEVER: Final = UnixNanos(1 << 62)


class Arrivals:
    """What has not met the book yet. A number whose order has ended meanwhile stays until its time."""

    def __init__(self, seed: int, config: SimConfig) -> None:
        """Take the latency; all draws are named by the seed and the number."""
        self._seed = seed
        self._base = config.latency_ms * MILLI
        self._jitter = config.latency_jitter_ms * MILLI
        self._times: dict[int, int] = {}  # by number
        self._heap: list[tuple[int, int]] = []  # (time, number)
        self._last = 0  # arrival of the newest number

    def apply(self, fact: OrderFact) -> None:
        """Fold one fact."""
        if isinstance(fact, OrderAccepted):
            self._expect(fact.venue_order_id, fact.venue_time)
        elif isinstance(fact, ChangeReceived):
            self._expect(fact.change_venue_order_id, fact.venue_time)

    def __contains__(self, number: int) -> bool:
        """Tell whether a number has not arrived yet."""
        return number in self._times

    @property
    def next_at(self) -> int:
        """Give the venue time of the next arrival, NEVER when none is awaited."""
        return self._heap[0][0] if self._heap else NEVER

    @property
    def next_number(self) -> int:
        """Give the number that arrives next. Raises IndexError when none is awaited."""
        return self._heap[0][1]

    def pop(self) -> tuple[int, int]:
        """Take the next arrival out: (venue time, number)."""
        when, number = heappop(self._heap)
        del self._times[number]
        return when, number

    def drop_until(self, now: int, numbers: set[int]) -> None:
        """Take out those of these numbers that arrived by a moment: an earlier run has let them meet the book."""
        gone = {number for number in numbers if self._times.get(number, NEVER) <= now}
        for number in gone:
            del self._times[number]
        self._heap = sorted((when, number) for number, when in self._times.items())

    def _expect(self, printed: VenueOrderId, taken_at: int) -> None:
        number = int(printed)
        jitter = Draws(self._seed, "latency", number).below(self._jitter + 1) if self._jitter else 0
        when = taken_at + self._base + jitter
        # One before it lies ahead by its jitter at most; further ahead it is of a replay that has begun again.
        if when < self._last <= when + self._jitter:
            when = self._last
        self._last = when
        self._times[number] = when
        heappush(self._heap, (when, number))
