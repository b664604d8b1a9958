"""Fold messages into a client order and move its machine. Pure; nothing here sends anything.

The machine is asked with a trigger chosen from what the books say after the message, never from where the order was
before a request. Messages may come late, twice and in any order.
"""

from domain.errors import InvariantError
from domain.messages.link import OrderEvidence
from domain.messages.orders import (
    CancelOrder,
    ModifyOrder,
    OrderAccepted,
    OrderFact,
    OrderFilled,
    OrderRejected,
    RequestAnswered,
    RequestStranded,
    SubmitOrder,
)
from domain.messages.trading import OrderApproved, OrderDenied
from domain.orders.booking import Booked, answer, book
from domain.orders.evidence import book_evidence
from domain.orders.legs import settle_legs
from domain.orders.model import Change, ChangeKind, ChangeRequest, ClientOrder
from domain.orders.triggers import standing, trigger_of, where
from domain.types import RequestId, RequestOutcome, UnixNanos
from fsm import change_request, client_order
from fsm.client_order import State

OrderMessage = SubmitOrder | CancelOrder | ModifyOrder | RequestAnswered | RequestStranded | OrderFact | OrderEvidence

WITH_REASON = (State.DENIED, State.REJECTED, State.QUARANTINED, *client_order.UNKNOWN)


def from_approved(approved: OrderApproved) -> ClientOrder:
    """Make the order risk let pass; NEW until it is submitted."""
    return ClientOrder(
        client_order_id=approved.client_order_id,
        symbol=approved.symbol,
        side=approved.side,
        kind=approved.kind,
        purpose=approved.purpose,
        quantity=approved.quantity,
        limit_price=approved.limit_price,
        origin=approved.origin,
        rationale=approved.rationale,
        decided_at=approved.venue_time,
        changed_at=approved.venue_time,
        status=State.NEW,
        time_in_force=approved.time_in_force,
        venue=approved.venue,
        stop_price=approved.stop_price,
    )


def from_denied(denied: OrderDenied) -> ClientOrder:
    """Make the order risk refused; closed from the start."""
    return ClientOrder(
        client_order_id=denied.client_order_id,
        symbol=denied.symbol,
        side=denied.side,
        kind=denied.kind,
        purpose=denied.purpose,
        quantity=denied.quantity,
        limit_price=denied.limit_price,
        origin=denied.origin,
        rationale=denied.rationale,
        decided_at=denied.venue_time,
        changed_at=denied.venue_time,
        status=client_order.next_state(State.NEW, "deny"),
        reason=f"{denied.reason}: {denied.message}",
        time_in_force=denied.time_in_force,
        venue=denied.venue,
        stop_price=denied.stop_price,
    )


def apply(order: ClientOrder, message: OrderMessage, system_time: UnixNanos) -> Change:
    """Fold one message in. `system_time` stamps intents.

    Raises InvariantError when the message is about another order or repeats an intent's id, and MachineError when an
    intent is not allowed in this state; facts and answers from outside never raise.
    """
    if message.client_order_id != order.client_order_id:
        raise InvariantError(f"expected a message for order {order.client_order_id}, was {message.client_order_id!r}")
    match message:
        case SubmitOrder():
            return _move(order, order._replace(submitted_at=system_time), "submit")
        case CancelOrder() | ModifyOrder():
            return _asked(order, message, system_time)
        case RequestAnswered():
            return _answered(order, message)
        case RequestStranded(request_id=request_id, reason=reason):
            return _lost(order, request_id, reason)
        case OrderEvidence(fact="absent"):
            return _absent(order, message)
        case OrderEvidence(fact="resolved"):
            return _restated(order, book_evidence(order, message), message.reason)
    return _fact(order, message)


def timed_out(order: ClientOrder, reason: str = "no answer in time") -> Change:
    """Make unknown what is pending: the answer is overdue."""
    return _give_up_waiting(order, "timed_out", reason)


def link_lost(order: ClientOrder, reason: str) -> Change:
    """Make unknown what is pending: the link to the broker broke."""
    return _give_up_waiting(order, "link_lost", reason)


def quarantined(order: ClientOrder, reason: str) -> Change:
    """Set aside an order that evidence matches to two venue orders."""
    return _move(order, order, "two_matches", reason, reason)


def released(order: ClientOrder, note: str) -> Change:
    """Let an operator lead an order out of quarantine; the books say where to. Raises MachineError elsewhere."""
    after = order._replace(released_matches=order.surplus_matches)
    return _move(order, after, f"release_{where(after).lower()}", reason=note)


# ---- intents ---------------------------------------------------------------------------------------------------


def _asked(order: ClientOrder, intent: CancelOrder | ModifyOrder, system_time: UnixNanos) -> Change:
    if order.request(intent.request_id) is not None:
        raise InvariantError(f"order {order.client_order_id} expected a new request id, was {intent.request_id!r}")
    is_modify = isinstance(intent, ModifyOrder)
    request = ChangeRequest(
        request_id=intent.request_id,
        kind=ChangeKind.MODIFY if is_modify else ChangeKind.CANCEL,
        original_venue_order_id=intent.original_venue_order_id,
        quantity=intent.quantity,
        limit_price=intent.limit_price if isinstance(intent, ModifyOrder) else None,
        state=change_request.State.SENT,
        sent_at=system_time,
    )
    after = order._replace(requests=(*order.requests, request))
    return _move(order, after, "ask_replace" if is_modify else "ask_cancel")


# ---- answers, and the lack of them -----------------------------------------------------------------------------


def _answered(order: ClientOrder, message: RequestAnswered) -> Change:
    why = f"{message.code}: {message.text}" if message.code else message.text
    match message.outcome:
        case RequestOutcome.IN_DOUBT:
            return _lost(order, message.request_id, why or "the broker cannot tell whether it was sent")
        case RequestOutcome.SENT:
            return _sent(order, message.request_id)
    return _refused(order, message.request_id, why or message.outcome.value)


def _is_submit(order: ClientOrder, request_id: RequestId) -> bool:
    return request_id == RequestId(order.client_order_id)


def _sent(order: ClientOrder, request_id: RequestId) -> Change:
    if not _is_submit(order, request_id):
        return _restated(order, answer(order, request_id, "receipt"), "")
    if order.status in (State.PENDING_SUBMIT, State.UNKNOWN_SUBMIT):
        return _move(order, order, "sent")
    return Change(order, order, "")  # events outran the receipt


def _refused(order: ClientOrder, request_id: RequestId, why: str) -> Change:
    if not _is_submit(order, request_id):
        return _restated(order, answer(order, request_id, "refuse"), why)
    if order.status in client_order.SUBMITTING:
        return _move(order, order, "reject", reason=why)
    if order.status is State.REJECTED:
        return Change(order, order, "")
    # The venue's own facts outrank a receipt: the order is worked on, a person is told.
    return Change(order, order, "", f"the broker refuses a submit that is {order.status.value}: {why}")


def _lost(order: ClientOrder, request_id: RequestId, why: str) -> Change:
    if not _is_submit(order, request_id):
        return _restated(order, answer(order, request_id, "lose"), why)
    if order.status in client_order.SUBMITTING:
        return _move(order, order, "in_doubt", reason=why)
    return Change(order, order, "")  # the venue's facts say more


def _restated(order: ClientOrder, booked: Booked, why: str) -> Change:
    if not booked.is_new:
        return Change(order, order, "", booked.alert)
    settled = order.status in (State.QUARANTINED, *client_order.CLOSED)
    trigger = "note" if settled else f"stand_{standing(booked.order).lower()}"
    return _move(order, booked.order, trigger, booked.alert, why)


def _give_up_waiting(order: ClientOrder, trigger: str, reason: str) -> Change:
    after = order
    for request in order.requests:
        if request.is_open:
            after = answer(after, request.request_id, "lose").order
    if trigger in client_order.MACHINE.allowed(order.status):
        return _move(order, after, trigger, reason=reason)
    return _restated(order, Booked(after, after is not order), reason)


# ---- facts -----------------------------------------------------------------------------------------------------


def _fact(order: ClientOrder, fact: OrderFact | OrderEvidence) -> Change:
    stranger = _stranger(order, fact)
    if stranger:
        if order.status is State.QUARANTINED:
            return Change(order, order, "", stranger)
        return _move(order, order, "contradict", stranger, stranger)
    booked = book_evidence(order, fact) if isinstance(fact, OrderEvidence) else book(order, fact)
    if not booked.is_new:
        return Change(order, order, "", booked.alert)
    after = booked.order._replace(changed_at=max(order.changed_at, fact.venue_time))
    trigger, alert = trigger_of(order, after, fact)
    alert = "; ".join(filter(None, (alert, booked.alert)))
    return _move(order, after, trigger, alert, _words(fact) if trigger == "reject" else alert)


def _words(fact: OrderFact | OrderEvidence) -> str:
    if isinstance(fact, OrderRejected):
        return f"{fact.code}: {fact.text}"
    return fact.reason if isinstance(fact, OrderEvidence) else ""


def _absent(order: ClientOrder, proved: OrderEvidence) -> Change:
    """End an order the venue never had; one it is known to have is contradicted."""
    if order.status in (State.NEW, State.QUARANTINED, *client_order.CLOSED):
        return Change(order, order, "")
    after = order._replace(changed_at=max(order.changed_at, proved.venue_time))
    if order.legs:
        text = f"the broker's lists do not know an order that is {order.status.value}: {proved.reason}"
        return _move(order, after, "contradict", text, text)
    return _move(order, after, "reject", reason=proved.reason)


def _stranger(order: ClientOrder, fact: OrderFact | OrderEvidence) -> str:
    if not isinstance(fact, OrderAccepted | OrderFilled | OrderEvidence):
        return ""
    if (fact.symbol, fact.side) == (order.symbol, order.side):
        return ""
    name = type(fact).__name__
    return f"{name} says {fact.side} {fact.symbol}, ordered was {order.side} {order.symbol}: not booked"


def _move(before: ClientOrder, after: ClientOrder, trigger: str, alert: str = "", reason: str = "") -> Change:
    status = client_order.next_state(before.status, trigger)
    kept = (reason or before.reason) if status in WITH_REASON else ""
    return Change(before, settle_legs(after._replace(status=status, reason=kept)), trigger, alert)
