"""Book facts into quantities, legs and requests. Sums only, so the order of arrival does not matter.

Each fact is booked once, by its identity. Which leg a share stood under may stay open for a while (a fill can outrun
the acceptance and the replacement); that shares are conserved does not: the order is done when filled, cancelled and
expired add up to what was ordered, because moving shares between legs makes none.
"""

from dataclasses import dataclass

from domain.messages.orders import (
    ChangeReceived,
    ChangeRefused,
    OrderAccepted,
    OrderCancelled,
    OrderExpired,
    OrderFact,
    OrderFilled,
    OrderReplaced,
)
from domain.orders.model import ChangeKind, ClientOrder, Fact, FactKind, Leg
from domain.types import Krw, RequestId, VenueOrderId
from fsm import change_request, leg

Out = dict[str, int]  # what left a leg: field of Leg -> shares


@dataclass(frozen=True, slots=True)
class Booked:
    """The order with the fact in its books; its status is still the one before."""

    order: ClientOrder
    is_new: bool  # False when the books knew it
    alert: str = ""


def book(order: ClientOrder, fact: OrderFact) -> Booked:
    """Book one fact of the venue."""
    match fact:
        case ChangeReceived():
            return _received(order, fact)
        case ChangeRefused():
            return answer(order, fact.request_id, "refuse")
        case _:
            return _book_once(order, fact)


def answer(order: ClientOrder, request_id: RequestId, trigger: str) -> Booked:
    """Move one change request: receipt, refuse, lose or confirm."""
    request = order.request(request_id)
    if request is None:
        return Booked(order, False, f"answer to request {request_id}, which this order never made")
    state = change_request.next_state(request.state, trigger)
    contradicts = {("confirm", change_request.State.REFUSED), ("refuse", change_request.State.CONFIRMED)}
    alert = ""
    if (trigger, request.state) in contradicts:
        alert = f"request {request_id} is {request.state.value}, and now we hear {trigger}"
    if state is request.state:
        return Booked(order, False, alert)
    after = order._replace(requests=tuple(r._replace(state=state) if r is request else r for r in order.requests))
    if state is change_request.State.REFUSED and request.venue_order_id:
        after = _drop_expected(after, request.venue_order_id)
    return Booked(after, True, alert)


def settle_legs(order: ClientOrder) -> ClientOrder:
    """Let used-up legs die; once the order is closed, let all of them."""
    return order._replace(legs=tuple(_settled(item, order) for item in order.legs)) if order.legs else order


def _settled(item: Leg, order: ClientOrder) -> Leg:
    if not (item.is_used_up or order.is_closed or item.state is leg.State.DEAD):
        return item
    state = leg.next_state(item.state, "end")
    reason = _reason(item, any(fact.kind is FactKind.REJECTED for fact in order.facts))
    return item._replace(state=state, dead_reason=reason)


def _reason(item: Leg, rejected: bool) -> leg.DeadReason:
    # By sums, not by the last fact, so that any order of arrival gives the same reason.
    reason = leg.DeadReason
    if item.expired_qty:
        return reason.EXPIRED
    if item.cancelled_qty:
        return reason.CANCELLED
    if item.moved_qty:
        return reason.REPLACED
    if item.filled_qty:
        return reason.FILLED
    if rejected:
        return reason.REJECTED
    return reason.REPLACED if item.is_sized else reason.NEVER_LIVED


# ---- one function per kind of fact -----------------------------------------------------------------------------


def _identity(fact: OrderFact) -> Fact:
    seq = fact.event_seq
    match fact:
        case OrderAccepted(venue_order_id=number, quantity=quantity, limit_price=price):
            return Fact(FactKind.ACCEPTED, number, "", quantity, price, event_seq=seq)
        case OrderFilled(venue_order_id=number, trade_id=trade, last_qty=quantity, last_px=price):
            return Fact(FactKind.FILLED, number, trade, quantity, price, event_seq=seq)
        case OrderCancelled(venue_order_id=number, request_id=request, cancelled_qty=quantity):
            return Fact(FactKind.CANCELLED, number, request or f"#{seq}", quantity, event_seq=seq)
        case OrderReplaced(venue_order_id=number, request_id=request, moved_qty=quantity, limit_price=price):
            new = fact.new_venue_order_id
            return Fact(FactKind.REPLACED, number, request or f"#{seq}", quantity, price, new, event_seq=seq)
        case OrderExpired(venue_order_id=number, expired_qty=quantity):
            return Fact(FactKind.EXPIRED, number, "", quantity, event_seq=seq)
    return Fact(FactKind.REJECTED, VenueOrderId(""), "", event_seq=seq)


def _book_once(order: ClientOrder, message: OrderFact) -> Booked:
    fact = _identity(message)
    for known in order.facts:
        if known.is_same_as(fact):
            return Booked(order, False, "" if known == fact else _differs(known, fact))
    noted = order._replace(facts=(*order.facts, fact))
    booked = Booked(noted, True)  # a rejection has no shares to move
    match message:
        case OrderAccepted():
            booked = _accepted(noted, message)
        case OrderFilled():
            booked = _filled(noted, message)
        case OrderCancelled():
            booked = _cancelled(noted, message)
        case OrderReplaced():
            booked = _replaced(noted, message, fact)
        case OrderExpired():
            booked = _expired(noted, message)
    return booked


def _differs(known: Fact, fact: Fact) -> str:
    was, now = f"{known.quantity} at {known.price}", f"{fact.quantity} at {fact.price}"
    return f"{fact.kind.value} {fact.key or fact.venue_order_id} was {was} and is delivered again as {now}: not booked"


def _accepted(order: ClientOrder, fact: OrderAccepted) -> Booked:
    alert = ""
    if fact.quantity != order.quantity and order.request(_maker(order, fact.venue_order_id)) is None:
        alert = f"accepted for {fact.quantity} shares, ordered were {order.quantity}"
    return Booked(_sized(order, fact.venue_order_id, fact.quantity, fact.limit_price), True, alert)


def _filled(order: ClientOrder, fact: OrderFilled) -> Booked:
    after = order._replace(
        filled_qty=order.filled_qty + fact.last_qty,
        filled_notional=Krw(order.filled_notional + fact.last_qty * fact.last_px),
    )
    return _checked(_out(after, fact.venue_order_id, {"filled_qty": fact.last_qty}, fact.leaves_qty))


def _cancelled(order: ClientOrder, fact: OrderCancelled) -> Booked:
    after = order._replace(cancelled_qty=order.cancelled_qty + fact.cancelled_qty)
    after = _out(after, fact.venue_order_id, {"cancelled_qty": fact.cancelled_qty}, fact.leaves_qty)
    return _with_request(_checked(after), fact.request_id)


def _expired(order: ClientOrder, fact: OrderExpired) -> Booked:
    after = order._replace(expired_qty=order.expired_qty + fact.expired_qty)
    return _checked(_out(after, fact.venue_order_id, {"expired_qty": fact.expired_qty}, 0))


def _replaced(order: ClientOrder, message: OrderReplaced, fact: Fact) -> Booked:
    after = _out(order, message.venue_order_id, {"moved_qty": message.moved_qty}, message.leaves_qty)
    after = _sized(after, message.new_venue_order_id, message.moved_qty, message.limit_price)
    newest = max(known.event_seq for known in after.facts if known.kind is FactKind.REPLACED)
    if fact.event_seq == newest:  # an older one that arrives late must not bring its price back
        after = after._replace(limit_price=message.limit_price)
    return _with_request(Booked(after, True), message.request_id)


def _with_request(booked: Booked, request_id: RequestId) -> Booked:
    if not request_id:
        return booked  # the venue did it by itself
    answered = answer(booked.order, request_id, "confirm")
    return Booked(answered.order, True, "; ".join(filter(None, (booked.alert, answered.alert))))


def _received(order: ClientOrder, fact: ChangeReceived) -> Booked:
    before = order.request(fact.request_id)
    if before is not None and before.venue_order_id == fact.change_venue_order_id:
        return Booked(order, False)  # heard before; what became unknown since stays so
    booked = answer(order, fact.request_id, "receive")
    request = booked.order.request(fact.request_id)
    if request is None or request.venue_order_id:
        return booked
    named = request._replace(venue_order_id=fact.change_venue_order_id)
    after = booked.order._replace(requests=tuple(named if r is request else r for r in booked.order.requests))
    if request.is_open and request.kind is ChangeKind.MODIFY and after.leg(fact.change_venue_order_id) is None:
        expected = Leg(fact.change_venue_order_id, leg.State.EXPECTED, 0, limit_price=request.limit_price)
        after = after._replace(legs=(*after.legs, expected))
    return Booked(after, True, booked.alert)


# ---- legs ------------------------------------------------------------------------------------------------------


def _maker(order: ClientOrder, number: VenueOrderId) -> str:
    made = (r.request_id for r in order.requests if r.kind is ChangeKind.MODIFY and r.venue_order_id == number)
    return next(made, "")


def _put(order: ClientOrder, item: Leg) -> ClientOrder:
    if order.leg(item.venue_order_id) is None:
        return order._replace(legs=(*order.legs, item))
    legs = tuple(item if known.venue_order_id == item.venue_order_id else known for known in order.legs)
    return order._replace(legs=legs)


def _appeared(order: ClientOrder, number: VenueOrderId) -> Leg:
    """Give the leg, alive. One that died of its facts stays dead: the newcomer is late news."""
    known = order.leg(number)
    if known is None:
        return Leg(number, leg.next_state(leg.State.EXPECTED, "appear"), 0)
    if known.state is leg.State.DEAD and (order.is_closed or known.dead_reason is not leg.DeadReason.NEVER_LIVED):
        return known
    return known._replace(state=leg.next_state(known.state, "appear"), dead_reason=leg.DeadReason.NONE)


def _sized(order: ClientOrder, number: VenueOrderId, quantity: int, price: Krw | None) -> ClientOrder:
    item = _appeared(order, number)
    return _put(order, item._replace(quantity=quantity, is_sized=True, limit_price=price))


def _out(order: ClientOrder, number: VenueOrderId, out: Out, leaves: int) -> ClientOrder:
    """Take shares out of a leg. While its size is not known, the largest that facts imply stands in."""
    item = _appeared(order, number)
    [(name, shares)] = out.items()
    item = item._replace(**{name: getattr(item, name) + shares})
    if not item.is_sized:
        item = item._replace(quantity=max(item.quantity, shares + leaves, item.gone_qty))
    return _put(order, item)


def _drop_expected(order: ClientOrder, number: VenueOrderId) -> ClientOrder:
    item = order.leg(number)
    if item is None or item.state is not leg.State.EXPECTED:
        return order
    dead = item._replace(state=leg.next_state(item.state, "end"), dead_reason=leg.DeadReason.NEVER_LIVED)
    return _put(order, dead)


def _checked(order: ClientOrder) -> Booked:
    """Alert when more shares are accounted for than were ordered."""
    total = order.filled_qty + order.cancelled_qty + order.expired_qty
    if order.filled_qty > order.quantity:
        return Booked(order, True, f"overfill: {order.filled_qty} shares filled, ordered were {order.quantity}")
    if total > order.quantity:
        return Booked(order, True, f"{total} shares accounted for, ordered were {order.quantity}")
    return Booked(order, True)
