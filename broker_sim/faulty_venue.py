"""A process next to Kiwoom that hears badly: its own journal of what it was told, beside the venue's, the truth.

Theory: the simulated venue with its durable journal plays Kiwoom. This is the other process. Its journal is gapless
and durable as every broker's, but what is in it came late, twice, in another order or not at all, as the plan says.
Nothing of the plan's progress needs to be kept: what came is in the journal, and the fate of the rest is drawn by the
venue's numbers, so a new process goes on where the old one was.

What the process was not told it finds in the day's lists (`Repair`), as a process must after a reconnect, because
Kiwoom does not tell again what it told before. A message names a request only if this process made it: one whose
journal was lost hears of its earlier orders as of anybody's, and of nothing that was said before it began. Used on one
event loop; nothing here waits.
"""

import secrets
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import NamedTuple

from broker.gateway import OrderGateway
from broker.journal import OrderJournal
from broker.port import Guard, OrderRequest, Receipt
from broker_sim.externals import Externals
from broker_sim.fates import NANOS_PER_MS, Fates
from broker_sim.faults import FaultPlan
from broker_sim.faulty_wire import FaultyWire
from broker_sim.line import Line
from broker_sim.mail import Mail
from broker_sim.venue import DurableVenue
from domain.errors import InvariantError
from domain.messages.orders import ChangeRefused, OrderFact, OrderRejected
from domain.types import ClientOrderId, Gate, RequestId, RequestOutcome, UnixNanos

TRUTH = "faults.truth"  # kept beside the journal: whose messages it holds
SINCE = "faults.since"  # the venue's newest message when the journal began; absent in older ones: 0


class Answer(NamedTuple):
    """A receipt, and how long it takes to come (ns)."""

    receipt: Receipt
    delay_ns: int = 0


class FaultyVenue:
    """The venue as the process hears it. `tick` must be called now and then: it lets time pass."""

    def __init__(self, truth: DurableVenue, journal: OrderJournal, plan: FaultPlan, now: Callable[[], int]) -> None:
        """Go on with a journal of this venue's messages. Raises InvariantError on one of another venue."""
        kept = journal.get_meta(TRUTH)
        if kept not in (None, truth.journal.journal_id):
            raise InvariantError(f"journal {journal.path} expected messages of {truth.journal.journal_id}, was {kept}")
        if kept is None:
            journal.set_meta(SINCE, str(truth.journal.last_seq))
            journal.set_meta(TRUTH, truth.journal.journal_id)
        if truth.journal.gate is not Gate.OPEN:  # Kiwoom has no gate; the one in force is the process's
            truth.journal.set_gate(f"faults-{secrets.token_hex(8)}", Gate.OPEN)
        self.truth = truth
        self.journal = journal
        self.fates = Fates(plan)
        self._now = now
        self._since = int(journal.get_meta(SINCE) or 0)
        self._made: set[str] = set()  # requests known to be made by this process
        self._externals = Externals(truth, plan.externals)
        self.line = Line(self.fates, lambda: truth.exchange.now, now)
        self._mail = Mail(self.fates)
        self._heard = 0  # number of the venue's newest message sent on its way
        self._doubted: dict[str, int] = {}  # request in doubt -> when it was sent
        self._wire = FaultyWire(truth, journal, self.fates, self.line, now, self._new_facts)
        self._gateway = OrderGateway(journal, self._wire, lambda: UnixNanos(now()))
        self._wakers: list[Callable[[], None]] = []
        self._astray = True  # nothing is known of what was told before
        self.hear()

    @property
    def waiting(self) -> int:
        """Give how many messages did not come yet, missed ones included."""
        return self._mail.held + self._mail.missed

    def on_news(self, wake: Callable[[], None]) -> None:
        """Call `wake` whenever the journal has new events, and when the session with Kiwoom ends."""
        self._wakers.append(wake)

    # ---- what happens --------------------------------------------------------------------------------------------

    def hear(self) -> None:
        """Send the venue's new messages on their way."""
        self._tell(self._new_facts())

    def tick(self) -> None:
        """Look at the clocks: what is due comes, the session may end, the lists may be read."""
        if self.line.look():
            self._mail.cut(self._now())
            self._wake()
        for what in self._externals.look():
            self.fates.done(what, "order")
        facts = self._new_facts()
        if self.line.up:
            facts += self._mail.due(self._now())
            facts += self._mail.recover() if self._mail.is_overdue(self._now()) else []
        self._tell(facts)

    def login(self) -> None:
        """Log in again; Kiwoom does not tell again what was missed meanwhile. Raises BrokerUnavailable."""
        was_up = self.line.up
        self.hear()
        self.line.login()
        if not was_up and self._repairs():
            self._tell([*self._new_facts(), *self._mail.recover()])

    def before_read(self) -> None:
        """Make the journal say what an answer about the account is going to hold.

        What is on its way comes at once, because the answer includes it; what was missed is looked up if the plan has
        the process do so.
        """
        facts = self._new_facts()
        facts += self._mail.recover() if self.fates.plan.repair.on_read else self._mail.flush()
        self._tell(facts)

    # ---- requests ------------------------------------------------------------------------------------------------

    def request(self, request: OrderRequest, guard: Guard) -> Answer:
        """Take one request through this process's journal. Raises LogError when it cannot be durable."""
        try:
            receipt, facts = self._gateway.handle(request, guard)
        except Exception:
            self._astray = True
            raise
        delay, self._wire.delay_ns = self._wire.delay_ns, 0
        if receipt.outcome is RequestOutcome.IN_DOUBT:
            self._doubted.setdefault(receipt.request_id, self._now())
        if facts:
            self._end_doubts(facts)
            self._wake()
        self.hear()
        return Answer(receipt, delay)

    def look(self, request: OrderRequest, guard: Guard) -> Receipt | None:
        """Answer what needs no wire, see `Looks.look`. Raises LogError when a refusal cannot be durable."""
        return self._gateway.look(request, guard)

    def resolve(self, request_id: str) -> Receipt:
        """Tell what became of a request, or write it VOID. One in doubt is looked for in the day's lists."""
        if self._is_in_doubt(request_id) and self._may_settle(request_id):
            self._tell([*self._new_facts(), *self._mail.recover()])
            if self._is_in_doubt(request_id):  # no message came that told
                self._settle(request_id, self._found(request_id))
        return self.journal.resolve(request_id)

    # ---- inside --------------------------------------------------------------------------------------------------

    def _redraw(self) -> list[OrderFact]:
        """Draw the fate of everything that is not in the journal; give what comes now."""
        self._mail, self._astray = Mail(self.fates), False
        told = Counter(_content(fact) for fact in self.journal.events(0))
        facts: list[OrderFact] = []
        for said in self.truth.journal.events(0):
            self._heard = said.event_seq
            fact = self._as_heard(said)
            if self._heard <= self._since or fact is None or told[_content(fact)]:
                self._mail.count(said)
            else:
                facts += self._mail.send(fact, self._now(), self.line.heard(fact.venue_time))
        return facts

    def _new_facts(self) -> list[OrderFact]:
        if self._astray:
            return self._redraw()
        facts: list[OrderFact] = []
        if self._heard < self.truth.journal.last_seq:
            for said in self.truth.journal.events(self._heard):
                self._heard = said.event_seq
                fact = self._as_heard(said)
                if fact is None:
                    self._mail.count(said)
                else:
                    facts += self._mail.send(fact, self._now(), self.line.heard(fact.venue_time))
        return facts

    def _as_heard(self, fact: OrderFact) -> OrderFact | None:
        """Give a message with the requests this process made, and no others; None when it answers another's only."""
        request_id = getattr(fact, "request_id", "")
        is_asked = self._is_made_here(request_id)
        is_ours = self._is_made_here(fact.client_order_id)
        if isinstance(fact, OrderRejected | ChangeRefused):
            return fact if is_ours or is_asked else None
        heard = fact if is_ours else replace(fact, client_order_id=ClientOrderId(""))
        if request_id and not is_asked:
            heard = replace(heard, request_id=RequestId(""))  # type: ignore[arg-type]  # it has one
        return heard

    def _is_made_here(self, request_id: str) -> bool:
        if request_id and request_id not in self._made:
            known = self.journal.outcome(request_id)
            if known is None or known.outcome is RequestOutcome.VOID:
                return False
            self._made.add(request_id)
        return bool(request_id)

    def _tell(self, facts: list[OrderFact]) -> None:
        if not facts:
            return
        try:
            self.journal.append(facts)
        except Exception:
            self._astray = True  # what was about to be told was not: it is drawn again
            raise
        self._end_doubts(facts)
        self._wake()

    def _end_doubts(self, facts: Iterable[OrderFact]) -> None:
        """A message about a request is the evidence that it arrived."""
        for fact in facts:
            for request_id in (fact.client_order_id, getattr(fact, "request_id", "")):
                if request_id and self._is_in_doubt(request_id):
                    self._settle(request_id, Receipt(request_id, RequestOutcome.SENT))

    def _is_in_doubt(self, request_id: str) -> bool:
        known = self.journal.outcome(request_id)
        return known is not None and known.outcome is RequestOutcome.IN_DOUBT

    def _wake(self) -> None:
        for wake in self._wakers:
            wake()

    def _repairs(self) -> bool:
        repair = self.fates.plan.repair
        return repair.on_read or repair.recover_after_ms > 0

    def _may_settle(self, request_id: str) -> bool:
        age = abs(self._now() - self._doubted.get(request_id, 0))  # of an earlier process: old enough
        return self.line.up and self._repairs() and age >= self.fates.plan.repair.doubt_ms * NANOS_PER_MS

    def _found(self, request_id: str) -> Receipt:
        """Look for a request in the day's lists. Kiwoom keeps no id of ours; its screen number tells (FID 920)."""
        there = self.truth.journal.outcome(request_id)
        if there is None:
            text = "the day's lists do not show it: it never arrived"
            return Receipt(request_id, RequestOutcome.REFUSED, "SEND_FAILED", text)
        return there

    def _settle(self, request_id: str, receipt: Receipt) -> None:
        self.journal.record(request_id, self.journal.request_hash(request_id) or "", receipt)
        self._doubted.pop(request_id, None)


def _content(fact: OrderFact) -> OrderFact:
    """Give a message without the number a journal gave it: the same in both journals."""
    return replace(fact, journal_id="", event_seq=0)
