"""The way of a request to Kiwoom when it may go wrong: refused, rejected without a number, in doubt, slow.

Unlike the simulated venue's own wire this one is not atomic: between the process and Kiwoom lies a network.
"""

import json
from collections.abc import Callable, Sequence
from typing import Final

from broker.journal import OrderJournal
from broker.port import Guard, OrderRequest
from broker_sim.fates import NANOS_PER_MS, Fates
from broker_sim.faults import RequestFaults
from broker_sim.line import LOST, Line
from broker_sim.rate import Rate
from broker_sim.venue import DurableVenue
from domain.errors import BrokerOutcomeUnknown, RequestRefused
from domain.messages.orders import CancelOrder, ChangeRefused, ModifyOrder, OrderFact, OrderRejected, SubmitOrder
from domain.types import RequestOutcome

NUMBERS: Final = "faults.requests"  # kept beside the journal: how many requests of each kind were made
NO_NUMBER: Final = "NO_ORDER_NUMBER"  # reason code of a rejection with a blank order number
# The codes are the mock server's; the words after them are ours.
_SAMPLES: Final = {
    SubmitOrder: "[00Z218] the market is closed",
    ModifyOrder: "[00Z924] more than what can be changed",
    CancelOrder: "[00Z924] more than what can be cancelled",
}
_KINDS: Final[dict[type, str]] = {SubmitOrder: "submit", ModifyOrder: "modify", CancelOrder: "cancel"}


class FaultyWire:
    """The last step to the venue. `delay_ns` says afterwards how long the answer takes."""

    atomic: bool = False

    def __init__(
        self,
        truth: DurableVenue,
        journal: OrderJournal,
        fates: Fates,
        line: Line,
        now: Callable[[], int],
        new_facts: Callable[[], list[OrderFact]],
    ) -> None:
        """Keep the venue, the process's journal, and who says which of the venue's messages come at once."""
        self._truth = truth
        self._journal = journal
        self._fates = fates
        self._faults: RequestFaults = fates.plan.requests
        self._line = line
        self._now = now
        self._new_facts = new_facts
        self._rate = Rate(self._faults.order_rate)
        self._made: dict[str, int] = json.loads(journal.get_meta(NUMBERS) or "{}")
        self.delay_ns = 0

    def place(self, request: OrderRequest) -> Sequence[OrderFact]:
        """Send one request, as the plan says; give what is heard of it at once."""
        self.delay_ns = 0
        if not self._line.up:
            raise RequestRefused("NOT_LOGGED_IN", f"{LOST}: not logged in with Kiwoom; it was not sent")
        kind = _KINDS[type(request)]
        if not self._rate.passes(self._now()):
            self._fates.done("-308", kind)
            text = f"-308 주문전송과부하: more than {self._faults.order_rate} requests a second; it was not sent"
            raise RequestRefused("ORDER_RATE", text)
        nth = self._number(kind)
        if self._strikes("rejected_blank", kind, nth, self._faults.rejected_blank_ppm):
            return [self._rejection(request)]
        if self._strikes("slow", kind, nth, self._faults.slow_ppm):
            self.delay_ns = self._fates.wait("slow", self._faults.slow_ms, f"{kind} {nth}")
        if self._strikes("send_failed", kind, nth, self._faults.send_failed_ppm):
            self._lose(request, kind, nth, "send_failed", self._faults.send_failed_arrives_ppm)
            raise BrokerOutcomeUnknown("-307 주문전송실패: whether it was sent is not known")
        if self._strikes("unanswered", kind, nth, self._faults.unanswered_ppm):
            self.delay_ns = self._faults.unanswered_ms * NANOS_PER_MS
            self._lose(request, kind, nth, "unanswered", self._faults.unanswered_arrives_ppm)
            raise BrokerOutcomeUnknown(f"no answer within {self._faults.unanswered_ms} ms")
        self._reach(request)
        return self._new_facts()

    def _lose(self, request: OrderRequest, kind: str, nth: int, what: str, arrives_ppm: int) -> None:
        if self._fates.strikes(f"{what} arrives", kind, arrives_ppm, 0, nth, 0):
            self._reach(request)

    def _reach(self, request: OrderRequest) -> None:
        venue = self._truth.journal
        receipt = self._truth.request(request, Guard(venue.journal_id, venue.epoch, request.valid_until))
        if receipt.outcome is RequestOutcome.REFUSED:
            raise RequestRefused(receipt.code, receipt.text)

    def _strikes(self, what: str, kind: str, nth: int, ppm: int) -> bool:
        struck = self._fates.strikes(what, kind, ppm, nth, nth, self._truth.exchange.now)
        if struck:
            self._fates.done(what, kind)
        return struck

    def _number(self, kind: str) -> int:
        # Durable before it is used, so that a process that dies here does not draw the same fate for the next one.
        self._made[kind] = self._made.get(kind, 0) + 1
        if self._draws():
            self._journal.set_meta(NUMBERS, json.dumps(self._made, sort_keys=True))
        return self._made[kind]

    def _draws(self) -> bool:
        chances = (
            self._faults.rejected_blank_ppm,
            self._faults.send_failed_ppm,
            self._faults.unanswered_ppm,
            self._faults.slow_ppm,
        )
        return any(chances) or self._fates.scripted("rejected_blank", "send_failed", "unanswered", "slow")

    def _rejection(self, request: OrderRequest) -> OrderFact:
        text, at = self._faults.rejected_text or _SAMPLES[type(request)], self._truth.exchange.now
        if isinstance(request, SubmitOrder):
            return OrderRejected("", 0, at, request.client_order_id, NO_NUMBER, text)
        return ChangeRefused(
            journal_id="",
            event_seq=0,
            venue_time=at,
            client_order_id=request.client_order_id,
            request_id=request.request_id,
            venue_order_id=request.original_venue_order_id,
            code=NO_NUMBER,
            text=text,
        )
