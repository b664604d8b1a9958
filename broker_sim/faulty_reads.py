"""What a query meets on its way: too many in a second, no answer, a slow one, a list that is not whole."""

from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from broker_sim.fates import NANOS_PER_MS, Fates
from broker_sim.faults import ReadFaults
from broker_sim.rate import Rate
from domain.errors import BrokerUnavailable

T = TypeVar("T")
Sleep = Callable[[float], Awaitable[object]]
_MS_PER_SECOND: Final = 1_000


class FaultyReads:
    """Judges queries. Their numbers begin anew with each process, so their draws are named by its epoch too."""

    def __init__(
        self, fates: Fates, epoch: int, venue_time: Callable[[], int], now: Callable[[], int], sleep: Sleep
    ) -> None:
        """Keep the plan, the clocks and how to wait."""
        self._fates = fates
        self._faults: ReadFaults = fates.plan.reads
        self._epoch = epoch
        self._venue_time = venue_time
        self._now = now
        self._sleep = sleep
        self._rate = Rate(self._faults.rate, self._faults.rate_penalty_ms * NANOS_PER_MS)
        self._asked: Counter[str] = Counter()

    async def answer(self, kind: str, read: Callable[[], Awaitable[T]]) -> T:
        """Answer one query. Raises BrokerUnavailable when it is refused or gets no answer."""
        if not self._rate.passes(self._now()):
            self._fates.done("-200", kind)
            raise BrokerUnavailable(f"-200 시세조회과부하: more than {self._faults.rate} queries a second")
        self._asked[kind] += 1
        if self._strikes("unanswered", kind, self._faults.unanswered_ppm):
            await self._sleep(self._faults.unanswered_ms / _MS_PER_SECOND)
            raise BrokerUnavailable(f"{kind}: no answer within {self._faults.unanswered_ms} ms")
        found = await read()  # read first: a slow answer is an old one when it comes
        if self._strikes("slow", kind, self._faults.slow_ppm):
            number = f"{kind} {self._epoch} {self._asked[kind]}"
            await self._sleep(self._fates.wait("slow", self._faults.slow_ms, number) / NANOS_PER_MS / _MS_PER_SECOND)
        return found

    def page(self, kind: str, rows: list[T]) -> list[T]:
        """Give the rows of a list that come. Raises BrokerUnavailable when a page does not."""
        most = self._faults.page_rows
        if len(rows) <= most:
            return rows
        if self._strikes("page_failed", kind, self._faults.page_failed_ppm):
            raise BrokerUnavailable(f"{kind}: the rows after the first {most} did not come")
        return rows[:most] if self._strikes("truncated", kind, self._faults.truncated_ppm) else rows

    def _strikes(self, what: str, kind: str, ppm: int) -> bool:
        nth = self._asked[kind]
        struck = self._fates.strikes(what, kind, ppm, nth, f"{self._epoch} {nth}", self._venue_time())
        if struck:
            self._fates.done(what, kind)
        return struck
