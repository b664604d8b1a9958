"""The orders link: requests out, receipts and order events in, nothing sent twice."""

import threading
import uuid
from typing import Any, ClassVar

from actors.edges.gate import WireGate
from actors.edges.link import BrokerLink, Dial
from actors.edges.post import Post
from broker.client_orders import OrderSessionHandle
from broker.port import Guard, OrderRequest, Receipt
from domain.errors import BrokerUnavailable, HantradeError
from domain.messages.link import BrokerStateReceived, LinkLost, OpenLink, ReconcileLink, SessionInfo
from domain.messages.orders import (
    CancelOrder,
    ModifyOrder,
    OrderFact,
    RequestAnswered,
    RequestStranded,
    ResolveOrder,
    SubmitOrder,
)
from domain.messages.trading import GateChanged
from domain.types import ClientOrderId, LinkName, RequestId, RequestOutcome

SNAPSHOT_TRIES = 5  # account, positions and open orders must speak of the same event
CATCH_UP_S = 10.0


class OrderLink(BrokerLink):
    """Carry requests to the broker's journal.

    After a crash: orders are never redone. A new run resolves what an old one left (executor), resumes events behind
    the last one in the log (supervisor), and sets the gate anew.
    """

    NAME: ClassVar[LinkName] = LinkName.ORDERS

    def __init__(self, post: Post, dial: Dial, gate: WireGate) -> None:
        """Take the door, how to reach the broker, and the gate."""
        super().__init__(post, dial)
        self._gate = gate
        self._session: OrderSessionHandle | None = None
        self._after_seq = 0
        self._resume_journal = ""
        self._journal_id = ""
        self._epoch = 0
        self._delivered = 0  # last event posted to the core
        self._progress = threading.Condition()
        self._in_flight: dict[str, ClientOrderId] = {}  # sent, no receipt yet

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
            case GateChanged(level=level):
                self._pass_gate_on(level)
            case _:
                return super().carry_out(message)
        return None

    def hang_up(self) -> None:
        """Close; what had no receipt is stranded."""
        session, self._session = self._session, None
        super().hang_up()
        if session is not None:
            session.close()
        self._strand("the link was closed")

    # ---- requests ----------------------------------------------------------------------------------------------

    def _send(self, request: OrderRequest) -> None:
        request_id = request_id_of(request)
        session = self._session
        if session is None:
            self._stranded(request.client_order_id, request_id, "the orders link is down; not sent by us")
            return
        if not isinstance(request, CancelOrder) and not self._gate.passes(request.purpose):
            text = f"the gate is {self._gate.level}; {request.purpose} does not pass"
            refused = RequestOutcome.REFUSED
            answer = (request.client_order_id, RequestId(request_id), refused, "GATE_CLOSED", text, False, 0)
            self.post(RequestAnswered(*answer), urgent=True)
            return
        self._in_flight[request_id] = request.client_order_id
        guard = Guard(self._journal_id, self._epoch, request.valid_until)
        try:
            match request:
                case SubmitOrder():
                    session.submit(request, guard)
                case ModifyOrder():
                    session.modify(request, guard)
                case CancelOrder():
                    session.cancel(request, guard)
        except HantradeError as error:
            if self._in_flight.pop(request_id, None) is not None:
                self._stranded(request.client_order_id, request_id, str(error))

    def _receipt(self, receipt: Receipt) -> None:
        owner = self._in_flight.pop(receipt.request_id, None)
        if owner is None:  # a gate, or an answer that came after the request was given up as stranded
            return
        answer = (receipt.outcome, receipt.code, receipt.text, False, receipt.as_of_seq)
        self.post(RequestAnswered(owner, RequestId(receipt.request_id), *answer), urgent=True)

    def _strand(self, reason: str) -> None:
        while self._in_flight:
            request_id, owner = self._in_flight.popitem()
            self._stranded(owner, request_id, reason)

    def _stranded(self, owner: ClientOrderId, request_id: str, reason: str) -> None:
        self.post(RequestStranded(owner, RequestId(request_id), reason), urgent=True)

    def _resolve(self, effect: ResolveOrder) -> None:
        try:
            receipt = self.client().resolve(effect.request_id)
            # An answer speaks of events up to as_of_seq: they must be heard first.
            self._wait_for(receipt.as_of_seq)
        except HantradeError as error:
            self.post(LinkLost(self.NAME, f"resolving {effect.request_id}: {error}"), urgent=True)
            return
        answer = (receipt.outcome, receipt.code, receipt.text, True, receipt.as_of_seq)
        self.post(RequestAnswered(effect.client_order_id, effect.request_id, *answer), urgent=True)

    def _pass_gate_on(self, level: Any) -> None:
        session = self._session
        if session is None:
            return  # sent when the session opens
        try:
            session.set_gate(f"gate-{uuid.uuid4().hex}", level)
        except HantradeError as error:
            self.post(LinkLost(self.NAME, f"setting the gate: {error}"), urgent=True)

    # ---- events ------------------------------------------------------------------------------------------------

    def _reconcile(self) -> None:
        """Resume events, set the gate, then read account, holdings and open orders as of the same event."""
        client, connection = self.client(), self._connection
        journal = self._resume_journal
        after = self._after_seq if journal == self._journal_id else 0
        self._delivered = after
        opened = threading.Event()
        last_seq: list[int] = []

        def on_opened(session_last_seq: int) -> None:
            last_seq.append(session_last_seq)
            opened.set()

        self._session = client.order_session(
            after_seq=after,
            journal_id=journal if after else "",
            on_opened=lambda answer: on_opened(answer.last_seq),
            on_event=lambda fact: self._event(connection, fact),
            on_receipt=lambda receipt: self._receipt(receipt),
            on_end=lambda why, _: self._ended(connection, why),
        )
        if not opened.wait(CATCH_UP_S):
            raise BrokerUnavailable("the order session did not open in time")
        self._wait_for(last_seq[0])
        self._pass_gate_on(self._gate.level)
        self.post(self._snapshot(), urgent=True)

    def _snapshot(self) -> BrokerStateReceived:
        client = self.client()
        for _ in range(SNAPSHOT_TRIES):
            account = client.account()
            positions, seq_positions = client.positions()
            open_orders, seq_orders = client.open_orders()
            if account.as_of_seq == seq_positions == seq_orders:
                self._wait_for(account.as_of_seq)
                held, live = tuple(positions), tuple(open_orders)
                at = client.session().venue_time
                return BrokerStateReceived(account.cash, held, live, self._journal_id, account.as_of_seq, at)
        raise BrokerUnavailable("account, positions and open orders never spoke of the same moment")

    def _event(self, connection: int, fact: OrderFact) -> None:
        if connection != self._connection:
            return
        self.post(fact, urgent=True)
        with self._progress:
            self._delivered = fact.event_seq
            self._progress.notify_all()

    def _wait_for(self, seq: int) -> None:
        with self._progress:
            if not self._progress.wait_for(lambda: self._delivered >= seq, CATCH_UP_S):
                raise BrokerUnavailable(f"order events stop at {self._delivered}, {seq} is missing")

    def _ended(self, connection: int, reason: HantradeError | None) -> None:
        if connection == self._connection and reason is not None:
            self._strand(f"the order session broke: {reason}")
            self.lost(connection, f"order session: {reason}")


def request_id_of(request: OrderRequest) -> str:
    """Give the id a request is known by in the broker's journal."""
    return request.client_order_id if isinstance(request, SubmitOrder) else request.request_id
