"""Which trigger a fact is to the machine of its order: by what the books say after it, never by what was before."""

from domain.messages.link import OrderEvidence
from domain.messages.orders import (
    ChangeReceived,
    ChangeRefused,
    OrderAccepted,
    OrderFact,
    OrderFilled,
    OrderRejected,
    OrderReplaced,
)
from domain.orders.model import ChangeKind, ClientOrder, FactKind
from fsm import change_request, client_order
from fsm.client_order import State

SAYS: dict[type, str] = {
    OrderAccepted: "accepted",
    OrderFilled: "filled",
    OrderRejected: "rejected",
    ChangeReceived: "received",
    ChangeRefused: "refused",
}  # as OrderEvidence names them; the others need no name


def trigger_of(before: ClientOrder, after: ClientOrder, fact: OrderFact | OrderEvidence) -> tuple[str, str]:
    """Choose the trigger of a new fact by what the books say now, and what a person should hear."""
    status, name = before.status, type(fact).__name__
    if status is State.QUARANTINED:
        return "note", ""
    if _contradicts(before, after, fact):
        return "contradict", f"{name} contradicts what is known: {status.value}, {after.filled_qty} filled"
    if after.surplus_matches > after.released_matches:
        numbers = ", ".join(item.venue_order_id for item in after.legs)
        return "two_matches", f"more venue orders than this order explains: {numbers}"
    if status in client_order.CLOSED:
        # One that tells what the lists had proved is no news.
        is_fill = after.filled_qty > before.filled_qty
        return ("late_fill", f"late fill after {status.value}") if is_fill else ("note", "")
    return _living_trigger(after, _says(fact)), ""


def _living_trigger(after: ClientOrder, says: str) -> str:
    state = where(after)
    if says == "rejected":
        return "reject"
    if state in client_order.ENDED:
        return f"end_{state.lower()}"
    return {"accepted": "accept", "filled": "fill_part"}.get(says, f"stand_{state.lower()}")


def _contradicts(before: ClientOrder, after: ClientOrder, fact: OrderFact | OrderEvidence) -> bool:
    """Tell whether the venue acts on an order that was never sent, is void, or was rejected."""
    gone = after.filled_qty + after.cancelled_qty + after.expired_qty
    rejected, says = any(item.kind is FactKind.REJECTED for item in after.facts), _says(fact)
    if before.status in (State.NEW, State.DENIED) or (rejected and gone > 0):
        return True
    if before.status is State.REJECTED:
        return not (rejected and says in ("rejected", "accepted", "received", "refused"))
    if isinstance(fact, OrderReplaced) and before.is_closed:
        old = after.leg(fact.venue_order_id)
        return old is not None and old.is_sized and old.gone_qty > old.quantity
    return False


def where(order: ClientOrder) -> State:
    """Give the state the books imply for an order that reached the venue."""
    surplus_lives = order.surplus_matches > 0 and any(item.leaves_qty > 0 for item in order.live_legs)
    if order.unaccounted_qty > 0 or surplus_lives:
        return standing(order)
    if order.filled_qty >= order.quantity:
        return State.FILLED
    return State.EXPIRED if order.expired_qty else State.CANCELLED


def standing(order: ClientOrder) -> State:
    """Give the state of an order with something open: unknown before pending, pending before partial."""
    waiting = [item for item in order.requests if item.is_open]
    unknown = [item for item in waiting if item.state is change_request.State.UNKNOWN]
    if waiting:
        is_cancel = any(item.kind is ChangeKind.CANCEL for item in unknown or waiting)
        if unknown:
            return State.UNKNOWN_CANCEL if is_cancel else State.UNKNOWN_REPLACE
        return State.PENDING_CANCEL if is_cancel else State.PENDING_REPLACE
    if order.filled_qty:
        return State.PARTIAL
    return State.WORKING if order.legs else State.UNKNOWN_SUBMIT


def _says(fact: OrderFact | OrderEvidence) -> str:
    """Name what a fact tells in one word, whether an event tells it or the broker's lists prove it."""
    return fact.fact if isinstance(fact, OrderEvidence) else SAYS.get(type(fact), "")
