"""What a request must pass on its way to the wire: known id, journal, epoch, time, gate; then sent once, remembered.

Theory: every answer is in the journal before it is given, and the first answer to an id is the answer for ever. What
may come between the looks and the wire is a resolve, which voids the id, and a gate that is lowered; both go through
the journal, on any thread. So the last looks and the sending are one piece under the journal's lock. A wire that needs
time cannot be under a lock: its id is noted as SENDING first, which a resolve finds as in doubt and never voids, and
the wire makes the last looks itself, in one piece with its last step.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict
from typing import Protocol

from broker.journal import OrderJournal, refusal, repeated
from broker.port import Guard, OrderRequest, Receipt
from domain.errors import BrokerOutcomeUnknown, RequestRefused
from domain.messages.orders import CancelOrder, OrderFact, SubmitOrder
from domain.types import RequestOutcome, UnixNanos


class Wire(Protocol):
    """The last step to the venue, of a wire that does not wait."""

    atomic: bool
    """True when nothing outlives a crash but what the journal holds (a simulator): no SENDING row is needed."""

    def place(self, request: OrderRequest) -> Sequence[OrderFact]:
        """Send one request; give the facts known at once, their numbers left at 0.

        Raises RequestRefused when it never reached the venue and BrokerOutcomeUnknown when that is not known.
        """


LastStep = Callable[[], AbstractContextManager[None]]


class AwaitedWire(Protocol):
    """The last step to the venue, of a wire that needs time. It is never atomic."""

    async def place(self, request: OrderRequest, last_step: LastStep) -> Sequence[OrderFact]:
        """Send one request; give the facts known at once, their numbers left at 0.

        What hands the request over to the venue must stand in `with last_step():`, on whatever thread, and must not
        wait there: no gate is set and no id resolved meanwhile. It raises RequestRefused when the request may not go
        any more. Raises RequestRefused when it never reached the venue and BrokerOutcomeUnknown when that is not known.
        """


def identity(request: OrderRequest) -> str:
    """Give the id a request is known by: the client order id of a submit, the request id of others."""
    return request.client_order_id if isinstance(request, SubmitOrder) else request.request_id


def content_hash(request: OrderRequest) -> str:
    """Give the hash of what a request asks for. Its deadline is not part of it: a repetition may have another."""
    content = asdict(request)
    del content["valid_until"]
    canonical = json.dumps([type(request).__name__, content], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


class Looks:
    """What every gateway does before and after the wire."""

    def __init__(self, journal: OrderJournal, now: Callable[[], UnixNanos]) -> None:
        """Keep the journal and the system clock that deadlines are judged by."""
        self._journal = journal
        self._now = now

    def look(self, request: OrderRequest, guard: Guard) -> Receipt | None:
        """Answer what needs no wire: an id that is known, or what may not go, refused for ever. None: it may go."""
        request_id, digest = identity(request), content_hash(request)
        with self._journal.exclusive():
            if self._journal.outcome(request_id) is not None:
                return repeated(self._journal, request_id, digest)
            try:
                self._check(request, guard)
            except RequestRefused as reason:
                return self._remember(digest, refusal(request_id, reason))[0]
        return None

    def _begin(self, request: OrderRequest, guard: Guard) -> Receipt | None:
        """Note that a request is on its way. Gives its answer when it is not to go."""
        request_id, digest = identity(request), content_hash(request)
        known = self.look(request, guard)
        if known is None and not self._journal.begin(request_id, digest):
            return repeated(self._journal, request_id, digest)  # somebody was quicker
        return known

    def _check(self, request: OrderRequest, guard: Guard) -> None:
        journal = self._journal
        if guard.journal_id != journal.journal_id:
            raise RequestRefused(
                "WRONG_JOURNAL",
                f"meant for journal {guard.journal_id!r}, this is {journal.journal_id}",
                field="guard.journal_id",
                value=guard.journal_id,
                allowed=journal.journal_id,
            )
        if guard.epoch != journal.epoch:
            raise RequestRefused(
                "STALE_EPOCH",
                f"made for epoch {guard.epoch}, the journal is in epoch {journal.epoch}",
                field="guard.epoch",
                value=str(guard.epoch),
                allowed=str(journal.epoch),
            )
        late = self._now() - guard.valid_until
        if late > 0:
            raise RequestRefused(
                "EXPIRED",
                f"was valid until {late / 1_000_000:.1f} ms ago",
                field="guard.valid_until",
                value=str(guard.valid_until),
                allowed="not before the broker's clock",
            )
        if not isinstance(request, CancelOrder) and not journal.gate.passes(request.purpose):
            raise RequestRefused(
                "GATE_CLOSED",
                f"the gate is {journal.gate}, the purpose {request.purpose}",
                field="purpose",
                value=request.purpose,
                allowed=f"what passes {journal.gate}",
            )

    def _remember(
        self, digest: str, receipt: Receipt, facts: Sequence[OrderFact] = ()
    ) -> tuple[Receipt, list[OrderFact]]:
        numbered = self._journal.record(receipt.request_id, digest, receipt, facts)
        return Receipt(
            receipt.request_id, receipt.outcome, receipt.code, receipt.text, self._journal.last_seq
        ), numbered


class OrderGateway(Looks):
    """Takes requests one at a time, for a wire that does not wait.

    Thread rule: `handle` runs on the thread of the wire. Others may resolve and set the gate in the journal meanwhile:
    they come before it or after it.
    """

    def __init__(self, journal: OrderJournal, wire: Wire, now: Callable[[], UnixNanos]) -> None:
        """Keep the journal, the wire and the system clock that deadlines are judged by."""
        super().__init__(journal, now)
        self._wire = wire

    def handle(self, request: OrderRequest, guard: Guard) -> tuple[Receipt, list[OrderFact]]:
        """Take one request and give its receipt and the new facts, both durable. Repeating an id sends nothing."""
        request_id, digest = identity(request), content_hash(request)
        with self._journal.exclusive():
            known = self.look(request, guard) if self._wire.atomic else self._begin(request, guard)
            if known is not None:
                return known, []
            try:
                if not self._wire.atomic:
                    self._check(request, guard)  # the disk may have taken its time
                facts = self._wire.place(request)
            except RequestRefused as reason:
                return self._remember(digest, refusal(request_id, reason))
            except BrokerOutcomeUnknown as error:
                return self._remember(digest, _in_doubt(request_id, error))
            return self._remember(digest, Receipt(request_id, RequestOutcome.SENT), facts)


class AwaitingGateway(Looks):
    """Takes requests for a wire that needs time, several at once.

    Thread rule: `handle` runs on one event loop. A request that is cancelled with its task, or whose outcome cannot be
    made durable, stays in doubt.
    """

    def __init__(self, journal: OrderJournal, wire: AwaitedWire, now: Callable[[], UnixNanos]) -> None:
        """Keep the journal, the wire and the system clock that deadlines are judged by."""
        super().__init__(journal, now)
        self._wire = wire

    async def handle(self, request: OrderRequest, guard: Guard) -> tuple[Receipt, list[OrderFact]]:
        """Take one request and give its receipt and the new facts, both durable. Repeating an id sends nothing.

        An id that comes again while it is being sent is in doubt.
        """
        request_id, digest = identity(request), content_hash(request)
        known = self._begin(request, guard)
        if known is not None:
            return known, []

        @contextmanager
        def last_step() -> Iterator[None]:
            with self._journal.exclusive():
                self._check(request, guard)
                yield

        try:
            facts = await self._wire.place(request, last_step)
        except RequestRefused as reason:
            return self._remember(digest, refusal(request_id, reason))
        except BrokerOutcomeUnknown as error:
            return self._remember(digest, _in_doubt(request_id, error))
        return self._remember(digest, Receipt(request_id, RequestOutcome.SENT), facts)


def _in_doubt(request_id: str, error: BrokerOutcomeUnknown) -> Receipt:
    return Receipt(request_id, RequestOutcome.IN_DOUBT, "OUTCOME_UNKNOWN", str(error))
