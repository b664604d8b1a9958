"""Which calls to a broker may be tried again, and when. One table, compared with the service by a test.

A call is tried again only where trying twice is the same as trying once, and only after a failure that says nothing
about the question: no connection, no answer in time, too many questions at once. A refusal is an answer. Orders are
never tried again: they have no unary call, and the order session is on no row that allows it.
"""

import random
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Any, Final, TypeVar

import grpc

from domain.errors import HantradeError, RequestRefused

T = TypeVar("T")

RATE_LIMITED: Final = "TOO_MANY_CALLS"  # reason code of a broker that is asked too often; the size limit has another


class Again(Enum):
    """How often a call may be made."""

    AS_CONFIGURED = "as configured"
    TWICE = "twice"
    NEVER = "once"

    def attempts(self, configured: int) -> int:
        """Give the most attempts, the first included."""
        return {Again.AS_CONFIGURED: configured, Again.TWICE: min(2, configured), Again.NEVER: 1}[self]


@dataclass(frozen=True, slots=True)
class Rule:
    """One row: how often, and why that is safe."""

    again: Again
    why: str


_READ: Final = Rule(Again.AS_CONFIGURED, "changes nothing")
_STREAM: Final = Rule(Again.NEVER, "a broken stream is opened anew by the connection supervisor, which backs off")

RULES: Final[Mapping[str, Rule]] = MappingProxyType(
    {
        "GetSession": _READ,
        "Login": Rule(Again.TWICE, "a broken wire deserves one more try; wrong passwords lock an account after a few"),
        "WatchSession": _STREAM,
        "ListInstruments": _READ,
        "StreamQuotes": _STREAM,
        "GetQuotes": _READ,
        "ListCandles": _READ,
        "GetAccount": _READ,
        "ListPositions": _READ,
        "ListOpenOrders": _READ,
        "ListDayOrders": _READ,
        "ListFills": _READ,
        "ListConditions": _READ,
        "RunCondition": Rule(Again.NEVER, "the broker runs the same condition once a minute"),
        "WatchCondition": _STREAM,
        "WatchMarket": _STREAM,
        "Diagnose": _READ,
        "OrderSession": Rule(Again.NEVER, "carries orders: what has no receipt is asked for by ResolveOrder"),
        "ResolveOrder": Rule(
            Again.TWICE,
            "the first answer to an id is its answer for ever, VOID included; not oftener, for cancels wait behind it",
        ),
    }
)


@dataclass(frozen=True, slots=True)
class Budget:
    """What one call may cost. Times in seconds."""

    attempts: int = 3
    deadline_s: float = 8.0  # of all attempts and the waits between them
    backoff_first_s: float = 0.45  # doubled with each wait: two of them outlast the second in which Kiwoom counts
    backoff_most_s: float = 2.0

    def wait_s(self, failed: int, draw: float) -> float:
        """Give the wait after so many failures; `draw`, 0 to 1, spreads callers over its last fifth."""
        longest = min(self.backoff_most_s, self.backoff_first_s * 2.0 ** (failed - 1))
        return longest * (4.0 + draw) / 5.0


class Retries:
    """Makes calls by the table and counts those made again. May be used from any thread."""

    def __init__(
        self,
        budget: Budget,
        sleep: Callable[[float], object] = time.sleep,
        now: Callable[[], float] = time.monotonic,
        draw: Callable[[], float] = random.random,
    ) -> None:
        """Take the budget; `sleep` may end early when nobody waits any more."""
        self._budget = budget
        self._sleep, self._now, self._draw = sleep, now, draw
        self.counts: Counter[str] = Counter()  # RPC -> calls made again

    def call(
        self, rpc: str, timeout_s: float, attempt: Callable[[float], T], read: Callable[[Any], HantradeError]
    ) -> T:
        """Make one call, and again while table and budget allow. `attempt` takes its own deadline in seconds.

        Raises what `read` makes of the last failure, a `grpc.RpcError`.
        """
        most = RULES[rpc].again.attempts(self._budget.attempts)
        ends = self._now() + max(timeout_s, self._budget.deadline_s)
        failed = 0
        while True:
            try:
                return attempt(min(timeout_s, max(0.0, ends - self._now())))
            except grpc.RpcError as error:
                failed += 1
                reason = read(error)
                wait = self._budget.wait_s(failed, self._draw())
                if failed >= most or not is_passing(error, reason) or self._now() + wait >= ends:
                    raise reason from error
            self.counts[rpc] += 1
            self._sleep(wait)


def is_passing(error: Any, reason: HantradeError) -> bool:
    """Tell whether a failed call (an RpcError, with what it stands for) says nothing about the question itself."""
    code: grpc.StatusCode = error.code()
    if code is grpc.StatusCode.RESOURCE_EXHAUSTED:
        return isinstance(reason, RequestRefused) and reason.code == RATE_LIMITED
    return code in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)
