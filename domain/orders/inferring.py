"""What an order has booked from the broker's lists and no event has told yet, and how events take its place."""

from domain.inferred import Absorbed, Money, Outstanding, absorb, in_sums
from domain.orders.legs import put
from domain.orders.model import ClientOrder, FactKind, Inferred
from domain.types import VenueOrderId

NOTHING = Outstanding()
FIELDS = {FactKind.CANCELLED: "cancelled_qty", FactKind.EXPIRED: "expired_qty"}  # of Leg and ClientOrder


def outstanding(order: ClientOrder, kind: FactKind, number: VenueOrderId, key: str = "") -> Outstanding:
    """Give what is outstanding of a leg under a key."""
    where = (kind, number, key)
    return next((item.outstanding for item in order.inferred if item[:3] == where), NOTHING)


def add(order: ClientOrder, kind: FactKind, number: VenueOrderId, key: str, shares: int) -> ClientOrder:
    """Put shares (> 0) that the lists prove to be gone on the outstanding ones."""
    return _put(order, Inferred(kind, number, key, outstanding(order, kind, number, key).plus(shares, Money())))


def add_fill(order: ClientOrder, number: VenueOrderId, shares: int, money: Money, shown_qty: int) -> ClientOrder:
    """Put shares (> 0) that the lists prove to be filled on the outstanding ones; they show `shown_qty` open."""
    now = outstanding(order, FactKind.FILLED, number).plus(shares, money)
    return _put(order, Inferred(FactKind.FILLED, number, "", now, shown_qty))


def absorb_fill(
    order: ClientOrder, number: VenueOrderId, shares: int, money: Money, leaves_qty: int
) -> tuple[ClientOrder, Absorbed]:
    """Let an execution, after which `leaves_qty` are open, replace what is outstanding of its leg."""
    nothing = Inferred(FactKind.FILLED, number, "", NOTHING)
    item = next((known for known in order.inferred if known[:3] == nothing[:3]), nothing)
    found = absorb(item.outstanding, shares, money, in_sums(shares, leaves_qty, item.shown_qty))
    return (_put(order, item._replace(outstanding=found.left)) if found.quantity else order), found


def take(
    order: ClientOrder, kind: FactKind, number: VenueOrderId, request: str, shares: int
) -> tuple[ClientOrder, int]:
    """Let an event without money take what is outstanding of its leg; give the shares that nobody had booked.

    What was inferred under a request is told by that request's event, or by one that names none; what was inferred
    under none by any.
    """
    for item in order.inferred:
        if (item.kind, item.venue_order_id) == (kind, number) and (item.key == request or "" in (item.key, request)):
            found = absorb(item.outstanding, shares, Money())
            order, shares = _put(order, item._replace(outstanding=found.left)), found.surplus_qty
            if not shares:
                break
    return order, shares


def reassign(order: ClientOrder, kind: FactKind, number: VenueOrderId, shares: int) -> ClientOrder:
    """Give back shares inferred to have gone as `kind` where an event tells that they went another way.

    Only as many as the leg does not have otherwise.
    """
    item = order.leg(number)
    missing = shares - max(0, item.quantity - item.gone_qty) if item is not None and item.is_sized else 0
    if item is None or missing <= 0:
        return order
    order, left = take(order, kind, number, "", missing)
    name, back = FIELDS[kind], missing - left
    item = item._replace(**{name: getattr(item, name) - back})
    return put(order, item)._replace(**{name: getattr(order, name) - back})


def _put(order: ClientOrder, now: Inferred) -> ClientOrder:
    others = tuple(item for item in order.inferred if item[:3] != now[:3])
    return order._replace(inferred=(*others, now) if now.outstanding.quantity else others)
