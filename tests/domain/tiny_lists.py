"""The lists of a tiny venue: what they prove of an order beyond what its books hold, as the executor would say it."""

from collections.abc import Iterator, Sequence

from domain.inferred import Money
from domain.messages.link import OrderEvidence
from domain.messages.orders import (
    ChangeRefused,
    OrderAccepted,
    OrderCancelled,
    OrderExpired,
    OrderFilled,
    OrderReplaced,
)
from domain.orders import ClientOrder, FactKind
from domain.types import Krw
from tests.domain.order_builders import proved, step
from tests.domain.tiny_venue import Happening


def proved_by_lists(order: ClientOrder, story: Sequence[Happening]) -> ClientOrder:
    """Give the order after everything the lists prove when the story has come so far."""
    for evidence in list(_evidence(order, story)):
        change = step(order, evidence)
        assert not change.alert, (change.alert, evidence)
        order = change.after
    return order


def _evidence(order: ClientOrder, story: Sequence[Happening]) -> Iterator[OrderEvidence]:
    facts = [happening.message for happening in story]
    leaves = story[-1].leaves
    told = {(item.kind, item.new_venue_order_id or item.venue_order_id) for item in order.facts}
    for fact in facts:
        match fact:
            case OrderAccepted(venue_order_id=number) if (FactKind.ACCEPTED, number) not in told:
                yield proved("accepted", fact.quantity, number)
            case OrderReplaced(new_venue_order_id=new) if (FactKind.REPLACED, new) not in told:
                where = {"new_venue_order_id": new, "leaves_qty": leaves[fact.venue_order_id]}
                yield proved("replaced", fact.moved_qty, fact.venue_order_id, request_id=fact.request_id, **where)
            case ChangeRefused(request_id=request_id):
                request = order.request(request_id)
                if request is not None and request.is_open:
                    yield proved("resolved", 0, fact.venue_order_id, request_id=request_id)
    for leg, left in leaves.items():
        yield from _gone(order, facts, leg, left)


def _gone(order: ClientOrder, facts: list[object], number: str, leaves: int) -> list[OrderEvidence]:
    known = order.leg(number)
    filled, money = (known.filled_qty, known.money) if known is not None else (0, Money())
    fills = [fact for fact in facts if isinstance(fact, OrderFilled) and fact.venue_order_id == number]
    found = []
    if (shares := sum(fact.last_qty for fact in fills) - filled) > 0:
        worth = Krw(sum(fact.last_qty * fact.last_px for fact in fills) - money.notional)
        found.append(proved("filled", shares, number, notional=worth, leaves_qty=leaves))
    cancels = [fact for fact in facts if isinstance(fact, OrderCancelled) and fact.venue_order_id == number]
    if (shares := sum(f.cancelled_qty for f in cancels) - (known.cancelled_qty if known is not None else 0)) > 0:
        found.append(proved("cancelled", shares, number, request_id=cancels[-1].request_id, leaves_qty=leaves))
    ends = [fact for fact in facts if isinstance(fact, OrderExpired) and fact.venue_order_id == number]
    if (shares := sum(fact.expired_qty for fact in ends) - (known.expired_qty if known is not None else 0)) > 0:
        found.append(proved("expired", shares, number))
    return found
