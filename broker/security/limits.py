"""How many calls one caller may make: so many a second by kind, so many streams at once. The clock is handed in.

A caller is a token, or without tokens an address of the network. Calls of the kind SAFETY pass always.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from broker.security.roles import Kind
from domain.errors import RequestRefused
from domain.types import NANOS_PER_SECOND

MOST_CALLERS = 1024  # remembered; whoever was quiet longest is forgotten first


@dataclass(frozen=True, slots=True)
class Limits:
    """What one caller may do, and all together. Plain figures: a read costs a server about a millisecond."""

    a_second: Mapping[Kind, int] = field(
        default_factory=lambda: MappingProxyType(
            {
                Kind.READ: 2_000,
                Kind.COMMAND: 100,
                Kind.STREAM: 1_000,
                Kind.ORDERS: 50,
                Kind.PROBE: 100,
                Kind.REFLECTION: 50,
            }
        )
    )
    at_once: Mapping[Kind, int] = field(
        default_factory=lambda: MappingProxyType({Kind.STREAM: 32, Kind.ORDERS: 16, Kind.PROBE: 16, Kind.REFLECTION: 4})
    )
    streams_in_all: int = 256  # of all callers; order sessions are not among them
    connections: int = 512  # of a server; more are closed when they come


@dataclass(slots=True)
class _Bucket:
    """Calls that may still come at once; holds a second's worth, and fills with the time, in billionths of a call."""

    left: int
    at: int  # ns


class Meter:
    """Counts calls. May be used from any thread."""

    def __init__(self, limits: Limits, clock: Callable[[], int]) -> None:
        """Take the limits and a clock in nanoseconds that never goes back."""
        self._limits, self._clock = limits, clock
        self._lock = threading.Lock()
        self._buckets: dict[tuple[str, Kind], _Bucket] = {}
        self._open: dict[tuple[str, Kind], int] = {}

    def come(self, caller: str, kind: Kind) -> None:
        """Count a call; one whose kind has a limit at once must `leave`.

        Raises RequestRefused TOO_MANY_CALLS, TOO_MANY_STREAMS.
        """
        with self._lock:
            self._take(caller, kind)
            most = self._limits.at_once.get(kind)
            if most is None:
                return
            here = self._open.get((caller, kind), 0)
            if here >= most:
                raise too_many("STREAMS", kind, here, f"at most {most} at once from one caller")
            streams = sum(count for (_, one), count in self._open.items() if one is Kind.STREAM)
            if kind is Kind.STREAM and streams >= self._limits.streams_in_all:
                raise too_many("STREAMS", kind, streams, f"at most {self._limits.streams_in_all} at once in all")
            self._open[caller, kind] = here + 1

    def leave(self, caller: str, kind: Kind) -> None:
        """Forget a stream."""
        with self._lock:
            left = self._open.get((caller, kind), 0) - 1
            if left > 0:
                self._open[caller, kind] = left
            else:
                self._open.pop((caller, kind), None)

    def _take(self, caller: str, kind: Kind) -> None:
        most = self._limits.a_second.get(kind)
        if most is None:
            return
        now, full = self._clock(), most * NANOS_PER_SECOND
        bucket = self._buckets.pop((caller, kind), None) or _Bucket(full, now)
        bucket.left = min(full, bucket.left + max(0, now - bucket.at) * most)
        bucket.at = now
        self._buckets[caller, kind] = bucket  # at the end: the first one is the one quiet longest
        if len(self._buckets) > MOST_CALLERS * len(self._limits.a_second):
            del self._buckets[next(iter(self._buckets))]
        if bucket.left < NANOS_PER_SECOND:
            raise too_many("CALLS", kind, most, f"at most {most} a second from one caller; wait a second")
        bucket.left -= NANOS_PER_SECOND


def too_many(what: str, kind: Kind, value: int, allowed: str) -> RequestRefused:
    """Give the refusal of one call too many."""
    text = f"too many {kind.value}: {allowed}"
    return RequestRefused(f"TOO_MANY_{what}", text, field=kind.value, value=f"more than {value}", allowed=allowed)
