"""The orders link: requests out, receipts and order events in, nothing sent twice."""

import threading
import uuid
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, ClassVar

import pykka

from actors.edges.conversation import Conversation
from actors.edges.gate import WireGate
from actors.edges.gated_read import GatedReader, ReadPlan
from actors.edges.link import BrokerLink, Dial
from actors.edges.post import Post
from actors.edges.reading import Reading
from broker.client_orders import OrderSessionHandle
from broker.port import Guard, OrderRequest, Receipt
from broker.session_pulse import Rhythm
from domain.config import LinkConfig
from domain.errors import BrokerUnavailable, HantradeError, InvariantError
from domain.messages.link import BrokerStateReceived, OpenLink, ReadBroker, ReadBrokerFailed, ReconcileLink, SessionInfo
from domain.messages.orders import (
    CancelOrder,
    ModifyOrder,
    OrderFact,
    OrderSent,
    RequestAnswered,
    RequestStranded,
    ResolveOrder,
    SubmitOrder,
)
from domain.messages.trading import GateChanged
from domain.types import ClientOrderId, Gate, LinkName, RequestId, RequestOutcome

CATCH_UP_S = 10.0
GATE_ID = "gate-"
GATE_CLOSED = "GATE_CLOSED"


@dataclass(frozen=True, slots=True)
class TellGateAgain:
    """To the link itself: the broker's gate of this conversation is not ours."""

    talk: Conversation


class OrderLink(BrokerLink):
    """Carry requests to the broker's journal.

    After a crash: orders are never redone. A new run resolves what an old one left (executor), resumes events behind
    the last one in the log (supervisor), and sets the gate anew. The link's own reading (`ReconcileLink`) holds up all
    else; one that is asked for while trading goes on (`ReadBroker`) has a thread of its own, gives way to the first,
    and is answered once, by a state or by `ReadBrokerFailed`.
    """

    NAME: ClassVar[LinkName] = LinkName.ORDERS

    def __init__(
        self, post: Post, dial: Dial, gate: WireGate, config: LinkConfig | None = None, plan: ReadPlan | None = None
    ) -> None:
        """Take the door, how to reach the broker, the gate, the rhythm of signs of life and how to read."""
        super().__init__(post, dial)
        self._gate = gate
        self._rhythm = Rhythm((config or LinkConfig()).order_heartbeat_ms / 1000)
        plan = plan or ReadPlan()
        self._reader = GatedReader(plan)
        self._now = plan.now
        self._reading = Reading()
        self._talk: Conversation | None = None
        self._after_seq = 0
        self._resume_journal = ""
        self._journal_id = ""
        self._epoch = 0

    def opened(self, effect: OpenLink, session: SessionInfo) -> None:
        """Note where the events resume."""
        self._after_seq, self._resume_journal = effect.after_seq, effect.journal_id
        self._journal_id, self._epoch = session.journal_id, session.epoch

    def carry_out(self, message: Any) -> Any:
        """Send a request, resolve one, reconcile, or pass the gate on."""
        match message:
            case SubmitOrder() | ModifyOrder() | CancelOrder():
                self._send(message)
            case ResolveOrder():
                self._resolve(message)
            case ReconcileLink():
                self._try("reconcile", self._reconcile)
            case ReadBroker():
                self._read_beside(message)
            case GateChanged(level=level):
                if self._talk is not None:
                    self._pass_gate_on(level)  # while the link is down nothing is open; it is set when one opens
            case TellGateAgain(talk=talk):
                if talk is self._talk:
                    self._pass_gate_on(self._gate.level)
            case _:
                return super().carry_out(message)
        return None

    def hang_up(self) -> None:
        """Close; what had no receipt is stranded, and a reading ends."""
        talk, self._talk = self._talk, None
        stranded = talk.end("the orders link was closed") if talk is not None else []
        self._gate.unhears()
        self._reading.abandon()
        super().hang_up()
        self._reading.wait(CATCH_UP_S)
        for request_id, owner in stranded:
            self._stranded(owner, request_id, "the orders link was closed before the answer came")

    # ---- requests ----------------------------------------------------------------------------------------------

    def _send(self, request: OrderRequest) -> None:
        request_id, talk = request_id_of(request), self._talk
        if talk is None or talk.session is None:
            self._stranded(request.client_order_id, request_id, "the orders link is down; not sent by us")
            return
        if not isinstance(request, CancelOrder) and not self._gate.passes(request.purpose):
            text = f"the gate is {self._gate.level}; {request.purpose} does not pass"
            refused = RequestOutcome.REFUSED
            answer = (request.client_order_id, RequestId(request_id), refused, GATE_CLOSED, text, False, 0)
            self.post(RequestAnswered(*answer), urgent=True)
            return
        purpose = None if isinstance(request, CancelOrder) else request.purpose
        if not talk.sending(request_id, request.client_order_id, purpose):
            self._stranded(request.client_order_id, request_id, "the order session is over; not sent by us")
            return
        try:
            hand_over(talk.session, request, Guard(self._journal_id, self._epoch, request.valid_until))
        except InvariantError:
            raise
        except HantradeError as error:
            if talk.answered(request_id) is not None:  # None: stranded by the end of the session already
                self._stranded(request.client_order_id, request_id, f"not sent: {error}")
            return
        # Behind the wire, and behind all that is urgent: measuring holds no order up.
        self.post(OrderSent(request.client_order_id, RequestId(request_id), self._now()))

    def _receipt(self, connection: int, talk: Conversation, receipt: Receipt) -> None:
        if receipt.request_id.startswith(GATE_ID) and receipt.outcome is RequestOutcome.SENT and not talk.is_over:
            self._gate.confirms(int(receipt.request_id.split("-")[1]))
        elif receipt.request_id.startswith(GATE_ID) and receipt.outcome is not RequestOutcome.SENT:
            self.lost(connection, f"the broker refused the gate: {receipt.code} {receipt.text}".strip())
        sent = talk.answered(receipt.request_id)
        if sent is None:  # a gate, or an answer that came after the request was given up as stranded
            return
        answer = (receipt.outcome, receipt.code, receipt.text, False, receipt.as_of_seq)
        self.post(RequestAnswered(sent.owner, RequestId(receipt.request_id), *answer), urgent=True)
        if receipt.code == GATE_CLOSED and sent.purpose is not None and self._gate.passes(sent.purpose):
            # A halt that an old, fenced-off session delivered late has closed the broker's gate behind ours. Told on
            # the link's own thread, in order with every change of the gate, so that it never opens beyond ours.
            with suppress(pykka.ActorDeadError):
                self.actor_ref.tell(TellGateAgain(talk))

    def _stranded(self, owner: ClientOrderId, request_id: str, reason: str) -> None:
        self.post(RequestStranded(owner, RequestId(request_id), reason), urgent=True)

    def _resolve(self, effect: ResolveOrder) -> None:
        talk = self._talk
        try:
            if talk is None:
                raise BrokerUnavailable("the orders link is down")
            receipt = self.client().resolve(effect.request_id)
            # An answer speaks of events up to as_of_seq: they must be heard first.
            talk.wait_delivered(receipt.as_of_seq, CATCH_UP_S)
        except InvariantError:
            raise
        except HantradeError as error:
            # Its fate stays open. The next reconciliation asks again, so the link must go through one.
            self.lost(self._connection, f"resolving {effect.request_id}: {error}")
            return
        answer = (receipt.outcome, receipt.code, receipt.text, True, receipt.as_of_seq)
        self.post(RequestAnswered(effect.client_order_id, effect.request_id, *answer), urgent=True)

    def _pass_gate_on(self, level: Gate) -> None:
        if self._talk is None or self._talk.session is None:
            return
        try:
            self._talk.session.set_gate(f"{GATE_ID}{self._gate.tells(level)}-{uuid.uuid4().hex}", level)
        except InvariantError:
            raise
        except HantradeError as error:
            self.lost(self._connection, f"setting the gate: {error}")

    # ---- events ------------------------------------------------------------------------------------------------

    def _reconcile(self) -> None:
        """Resume events, set the gate, then read account, holdings and open orders as of the same event."""
        talk = self._talk or self._begin()
        opened = talk.wait_opened(CATCH_UP_S)
        if opened.journal_id != self._journal_id:
            raise BrokerUnavailable(f"the broker's journal changed from {self._journal_id} to {opened.journal_id}")
        self._epoch = opened.epoch  # the broker may have begun anew since it gave its session
        talk.wait_delivered(opened.last_seq, CATCH_UP_S)
        self._pass_gate_on(self._gate.level)
        with self._reading.here(CATCH_UP_S) as abandoned:
            self.post(self._snapshot(talk, abandoned), urgent=True)

    def _begin(self) -> Conversation:
        client, connection = self.client(), self._connection
        journal = self._resume_journal
        after = self._after_seq if journal == self._journal_id else 0
        talk = self._talk = Conversation(after)
        talk.session = client.order_session(
            after_seq=after,
            journal_id=journal if after else "",
            on_opened=talk.opened,
            on_event=lambda fact: self._event(talk, fact),
            on_receipt=lambda receipt: self._receipt(connection, talk, receipt),
            on_end=lambda why, _: self._ended(connection, talk, why),
            rhythm=self._rhythm,
        )
        return talk

    def _snapshot(self, talk: Conversation, abandoned: threading.Event, run: str = "") -> BrokerStateReceived:
        def deliver(seq: int) -> None:
            talk.wait_delivered(seq, CATCH_UP_S)

        return self._reader.read(self.client(), self._journal_id, deliver, abandoned, run)

    def _read_beside(self, effect: ReadBroker) -> None:
        """Read while requests go on; the state counts only if the connection is still the one it was read over."""
        talk, connection = self._talk, self._connection
        if talk is None:
            self._read_failed(effect, "the orders link is down")
        elif not self._reading.start(lambda abandoned: self._read(effect, talk, connection, abandoned)):
            self._read_failed(effect, "another reading is under way")

    def _read(self, effect: ReadBroker, talk: Conversation, connection: int, abandoned: threading.Event) -> None:
        # Runs on a thread of its own. A connection that ended meanwhile is caught below, whatever was read of which.
        state, reason = None, "the connection it was read over has ended"
        try:
            state = self._snapshot(talk, abandoned, effect.run)
        except HantradeError as error:
            reason = str(error)
        except Exception as error:  # noqa: BLE001  # a thread's outermost loop: the run is over, and that is told
            reason = f"{type(error).__name__}: {error}"
        self._reading.free()
        with self._telling:  # the connection does not end between the look and the word
            if state is not None and connection == self._connection:
                self.post(state, urgent=True)
                return
        self._read_failed(effect, reason)

    def _read_failed(self, effect: ReadBroker, reason: str) -> None:
        self.post(ReadBrokerFailed(effect.run, effect.kind, reason), urgent=True)

    def _event(self, talk: Conversation, fact: OrderFact) -> None:
        if talk.admit():  # what an old connection still says comes again on the new one
            self._reader.heard(fact)
            self.post(fact, urgent=True, on_committed=talk.handled)
            talk.delivered(fact.event_seq)

    def _ended(self, connection: int, talk: Conversation, reason: HantradeError | None) -> None:
        text = "the orders link was closed" if reason is None else f"the order session broke: {reason}"
        for request_id, owner in talk.end(text):
            self._stranded(owner, request_id, text)
        if talk is self._talk:
            self._gate.unhears()
        if reason is not None:
            self.lost(connection, text)


def request_id_of(request: OrderRequest) -> str:
    """Give the id a request is known by in the broker's journal."""
    return request.client_order_id if isinstance(request, SubmitOrder) else request.request_id


def hand_over(session: OrderSessionHandle, request: OrderRequest, guard: Guard) -> None:
    """Hand one request to an order session. Raises BrokerUnavailable: then it never left."""
    match request:
        case SubmitOrder():
            session.submit(request, guard)
        case ModifyOrder():
            session.modify(request, guard)
        case CancelOrder():
            session.cancel(request, guard)
