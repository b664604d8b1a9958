"""Book facts into quantities, legs and requests. Sums only, so the order of arrival does not matter.

Each fact is booked once, by its identity. Which leg a share stood under may stay open for a while (a fill can outrun
the acceptance and the replacement); that shares are conserved does not: the order is done when filled, cancelled and
expired add up to what was ordered, because moving shares between legs makes none. What the broker's lists proved
before an event told it (`evidence.py`) makes way for the event: only the surplus is new.
"""

from dataclasses import dataclass

from domain.inferred import Money
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
from domain.orders import inferring
from domain.orders.legs import drop_expected, out, sized
from domain.orders.model import ChangeKind, ClientOrder, Fact, FactKind, Leg
from domain.types import Krw, RequestId, VenueOrderId
from fsm import change_request, leg


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
        after = drop_expected(after, request.venue_order_id)
    return Booked(after, True, alert)


def confirmed(booked: Booked, request_id: RequestId) -> Booked:
    """Confirm the request whose effect was booked; none when the venue did it by itself."""
    if not request_id:
        return booked
    answered = answer(booked.order, request_id, "confirm")
    return Booked(answered.order, True, "; ".join(filter(None, (booked.alert, answered.alert))))


def checked(order: ClientOrder) -> Booked:
    """Alert when more shares are accounted for than were ordered."""
    total = order.filled_qty + order.cancelled_qty + order.expired_qty
    if order.filled_qty > order.quantity:
        return Booked(order, True, f"overfill: {order.filled_qty} shares filled, ordered were {order.quantity}")
    if total > order.quantity:
        return Booked(order, True, f"{total} shares accounted for, ordered were {order.quantity}")
    return Booked(order, True)


# ---- once per fact ---------------------------------------------------------------------------------------------


def note(order: ClientOrder, fact: Fact) -> ClientOrder | Booked:
    """Put a fact into the list, in the place of the inferred one it tells; the books' answer when they knew it."""
    known = next((item for item in order.facts if item.is_same_as(fact)), None)
    if known is None:
        return order._replace(facts=(*order.facts, fact))
    if fact.is_inferred or not known.is_inferred:
        return Booked(order, False, "" if known == fact or fact.is_inferred else _differs(known, fact))
    return order._replace(facts=tuple(fact if item is known else item for item in order.facts))


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
    noted = note(order, fact)
    if isinstance(noted, Booked):
        return noted
    match message:
        case OrderAccepted():
            return _accepted(noted, message)
        case OrderFilled():
            return _filled(noted, message)
        case OrderCancelled():
            return _cancelled(noted, message)
        case OrderReplaced():
            return _replaced(noted, message, fact, inferred_move(order, fact))
        case OrderExpired():
            return _expired(noted, message)
    return Booked(noted, True)  # a rejection has no shares to move


def _differs(known: Fact, fact: Fact) -> str:
    was, now = f"{known.quantity} at {known.price}", f"{fact.quantity} at {fact.price}"
    return f"{fact.kind.value} {fact.key or fact.venue_order_id} was {was} and is delivered again as {now}: not booked"


# ---- one function per kind of fact -----------------------------------------------------------------------------


def _accepted(order: ClientOrder, fact: OrderAccepted) -> Booked:
    return accepted(order, fact.venue_order_id, fact.quantity, fact.limit_price)


def accepted(order: ClientOrder, number: VenueOrderId, quantity: int, price: Krw | None) -> Booked:
    """Let a leg live with its size (shares) and price (won per share, None for a kind without one)."""
    alert = ""
    if quantity != order.quantity and order.request(_maker(order, number)) is None:
        alert = f"accepted for {quantity} shares, ordered were {order.quantity}"
    return Booked(sized(order, number, quantity, price), True, alert)


def _filled(order: ClientOrder, fact: OrderFilled) -> Booked:
    money = Money(Krw(fact.last_qty * fact.last_px), fact.commission, fact.tax)
    left, absorbed = inferring.absorb_fill(order, fact.venue_order_id, fact.last_qty, money, fact.leaves_qty)
    change = absorbed.change.plus(absorbed.surplus)
    after = filled(left, fact.venue_order_id, absorbed.surplus_qty, fact.last_qty + fact.leaves_qty, change)
    return checked(after) if absorbed.surplus_qty else Booked(after, True)


def filled(order: ClientOrder, number: VenueOrderId, shares: int, at_least: int, money: Money) -> ClientOrder:
    """Count shares of a leg as filled, and their money; `at_least` shares stood under it."""
    after = order._replace(
        filled_qty=order.filled_qty + shares, filled_notional=Krw(order.filled_notional + money.notional)
    )
    return out(after, number, "filled_qty", shares, at_least, money)


def _cancelled(order: ClientOrder, fact: OrderCancelled) -> Booked:
    number, told = fact.venue_order_id, fact.cancelled_qty
    left, shares = inferring.take(order, FactKind.CANCELLED, number, fact.request_id, told)
    left = inferring.reassign(left, FactKind.EXPIRED, number, shares)
    after = left._replace(cancelled_qty=left.cancelled_qty + shares)
    after = out(after, number, "cancelled_qty", shares, told + fact.leaves_qty)
    return confirmed(checked(after) if shares else Booked(after, True), fact.request_id)


def _expired(order: ClientOrder, fact: OrderExpired) -> Booked:
    number, told = fact.venue_order_id, fact.expired_qty
    left, shares = inferring.take(order, FactKind.EXPIRED, number, "", told)
    left = inferring.reassign(left, FactKind.CANCELLED, number, shares)
    after = left._replace(expired_qty=left.expired_qty + shares)
    after = out(after, number, "expired_qty", shares, told)
    return checked(after) if shares else Booked(after, True)


def inferred_move(order: ClientOrder, fact: Fact) -> int:
    """Give the shares that the lists proved to have moved as a replacement tells."""
    known = (item for item in order.facts if item.is_inferred and item.is_same_as(fact))
    return sum(item.quantity for item in known)


def _replaced(order: ClientOrder, message: OrderReplaced, fact: Fact, inferred: int) -> Booked:
    shares = max(0, message.moved_qty - inferred)
    after = out(order, message.venue_order_id, "moved_qty", shares, message.moved_qty + message.leaves_qty)
    after = sized(after, message.new_venue_order_id, message.moved_qty, message.limit_price)
    newest = max(known.event_seq for known in after.facts if known.kind is FactKind.REPLACED)
    moved_on = any(known.is_inferred and known.venue_order_id == fact.new_venue_order_id for known in after.facts)
    if fact.event_seq == newest and not moved_on:  # an older one that arrives late must not bring its price back
        after = after._replace(limit_price=message.limit_price)
    alert = ""
    if inferred > message.moved_qty:
        alert = f"{inferred} shares moved to {fact.new_venue_order_id} by the lists, {message.moved_qty} by the event"
        after = sized(after, message.new_venue_order_id, inferred, message.limit_price)
    return confirmed(Booked(after, True, alert), message.request_id)


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


def _maker(order: ClientOrder, number: VenueOrderId) -> str:
    made = (r.request_id for r in order.requests if r.kind is ChangeKind.MODIFY and r.venue_order_id == number)
    return next(made, "")
