"""The legs of an order: how one appears, gets its size, loses shares and dies."""

from domain.inferred import Money
from domain.orders.model import ClientOrder, FactKind, Leg
from domain.types import Krw, VenueOrderId
from fsm import leg

NO_MONEY = Money()


def put(order: ClientOrder, item: Leg) -> ClientOrder:
    """Take a leg in, or in the place of the one with its number."""
    if order.leg(item.venue_order_id) is None:
        return order._replace(legs=(*order.legs, item))
    legs = tuple(item if known.venue_order_id == item.venue_order_id else known for known in order.legs)
    return order._replace(legs=legs)


def sized(order: ClientOrder, number: VenueOrderId, quantity: int, price: Krw | None) -> ClientOrder:
    """Give a leg its size and price, as the acceptance or the replacement says."""
    item = _appeared(order, number)
    return put(order, item._replace(quantity=quantity, is_sized=True, limit_price=price))


def out(
    order: ClientOrder, number: VenueOrderId, field: str, shares: int, at_least: int, money: Money = NO_MONEY
) -> ClientOrder:
    """Take shares out of a leg by the field of Leg that counts them; 0 only hears of them again.

    While its size is not known, the largest that facts imply stands in: `at_least` by this one. `money` is added to
    that of the filled shares.
    """
    item = _appeared(order, number)
    item = item._replace(**{field: getattr(item, field) + shares})
    if money is not NO_MONEY:
        item = item._replace(money=item.money.plus(money))
    if not item.is_sized:
        item = item._replace(quantity=max(item.quantity, at_least, item.gone_qty))
    return put(order, item)


def drop_expected(order: ClientOrder, number: VenueOrderId) -> ClientOrder:
    """Let a leg die that was expected and never lived."""
    item = order.leg(number)
    if item is None or item.state is not leg.State.EXPECTED:
        return order
    dead = item._replace(state=leg.next_state(item.state, "end"), dead_reason=leg.DeadReason.NEVER_LIVED)
    return put(order, dead)


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


def _appeared(order: ClientOrder, number: VenueOrderId) -> Leg:
    """Give the leg, alive. One that died of its facts stays dead: the newcomer is late news."""
    known = order.leg(number)
    if known is None:
        return Leg(number, leg.next_state(leg.State.EXPECTED, "appear"), 0)
    if known.state is leg.State.DEAD and (order.is_closed or known.dead_reason is not leg.DeadReason.NEVER_LIVED):
        return known
    return known._replace(state=leg.next_state(known.state, "appear"), dead_reason=leg.DeadReason.NONE)
