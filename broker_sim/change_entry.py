"""How the simulated venue takes a cancel or modify: as Kiwoom does, under a number of its own.

It is acknowledged (접수) at once and takes effect (확인) when it arrives at the book, for what is open by then: shares
that traded meanwhile are out of its reach, and it is refused when none are left. A change of price loses the place in
the queue, for the shares move to a new leg under the modify's number; shares cancelled in part do not.
"""

from typing import TYPE_CHECKING

from broker_sim import outcomes
from broker_sim.issue import FIXED_PRICE
from broker_sim.legs import Change, Leg, kind_after_modify, venue_order_id
from broker_sim.order_entry import judge_kind
from broker_sim.venue_rules import (
    Rejection,
    judge_cash,
    judge_instrument,
    judge_price,
    judge_quantity,
)
from domain.messages.orders import (
    CancelOrder,
    ChangeReceived,
    ChangeRefused,
    ModifyOrder,
    OrderCancelled,
    OrderFact,
    OrderReplaced,
)
from domain.types import ClientOrderId, Krw, OrderKind, RequestId, Side, VenueOrderId

if TYPE_CHECKING:
    from broker_sim.exchange import Exchange


def take(venue: "Exchange", request: ModifyOrder | CancelOrder) -> list[OrderFact]:
    """Take one request; the fact is applied."""
    leg = _leg(venue, request)
    if leg is None:
        why: Rejection | None = _not_open(request.original_venue_order_id)
    elif isinstance(request, ModifyOrder):
        why = _judge_modify(venue, request, leg)
    else:
        why = judge_quantity(request.quantity or leg.leaves_qty, leg.leaves_qty)
    if why is not None:
        return [_refuse(venue, request.client_order_id, request.request_id, request.original_venue_order_id, why)]
    received = ChangeReceived(
        journal_id="",
        event_seq=0,
        venue_time=venue.now,
        client_order_id=request.client_order_id,
        request_id=request.request_id,
        venue_order_id=request.original_venue_order_id,
        change_venue_order_id=venue_order_id(venue.books.orders.last_number + 1),
        quantity=request.quantity,
        limit_price=request.limit_price if isinstance(request, ModifyOrder) else None,
    )
    return [venue.emit(received)]


def meet(venue: "Exchange", change: Change) -> list[OrderFact]:
    """Let a change arrive at the book; the facts are applied."""
    leg = venue.books.legs.get(change.leg)
    if leg is None:
        return [refuse_late(venue, change)]
    if change.limit_price is None:
        return _cancel(venue, change, leg)
    if why := judge_kind(venue, leg.symbol, kind_after_modify(leg.kind), leg.time_in_force):
        return [_refuse(venue, change.client_order_id, change.request_id, change.venue_order_id, why)]
    return _move(venue, change, leg, change.limit_price)


def refuse_late(venue: "Exchange", change: Change) -> OrderFact:
    """Refuse a change whose leg ended before it arrived."""
    why = _not_open(change.venue_order_id)
    return _refuse(venue, change.client_order_id, change.request_id, change.venue_order_id, why)


def _cancel(venue: "Exchange", change: Change, leg: Leg) -> list[OrderFact]:
    issue = venue.floor.issue(leg.symbol, venue.now)
    quantity = min(change.quantity or leg.leaves_qty, leg.leaves_qty)
    cancelled = OrderCancelled(
        journal_id="",
        event_seq=0,
        venue_time=venue.now,
        client_order_id=leg.client_order_id,
        request_id=change.request_id,
        venue_order_id=leg.venue_order_id,
        cancelled_qty=quantity,
        leaves_qty=leg.leaves_qty - quantity,
    )
    venue.emit(cancelled)
    issue.reduce(leg.number, quantity)
    venue.floor.release(leg.symbol)
    return [cancelled]


def _move(venue: "Exchange", change: Change, leg: Leg, price: Krw) -> list[OrderFact]:
    issue = venue.floor.issue(leg.symbol, venue.now)
    quantity = min(change.quantity or leg.leaves_qty, leg.leaves_qty)
    replaced = OrderReplaced(
        journal_id="",
        event_seq=0,
        venue_time=venue.now,
        client_order_id=leg.client_order_id,
        request_id=change.request_id,
        venue_order_id=leg.venue_order_id,
        new_venue_order_id=venue_order_id(change.number),
        moved_qty=quantity,
        limit_price=price,
        leaves_qty=leg.leaves_qty - quantity,
    )
    venue.emit(replaced)
    issue.reduce(leg.number, quantity)
    facts: list[OrderFact] = [replaced, *outcomes.meet(venue, issue, venue.books.legs[change.number], old=leg.number)]
    venue.floor.release(leg.symbol)
    return facts


def _leg(venue: "Exchange", request: ModifyOrder | CancelOrder) -> Leg | None:
    number = request.original_venue_order_id
    leg = venue.books.legs.get(int(number)) if number.isdecimal() else None
    return leg if leg and leg.client_order_id == request.client_order_id else None


def _judge_modify(venue: "Exchange", request: ModifyOrder, leg: Leg) -> Rejection | None:
    instrument = venue.instruments.get(leg.symbol)
    rejected = (
        judge_instrument(leg.symbol, instrument)
        or _judge_priced(leg.kind)
        or judge_kind(venue, leg.symbol, kind_after_modify(leg.kind), leg.time_in_force)
        or judge_quantity(request.quantity, leg.leaves_qty)
    )
    if rejected or instrument is None:
        return rejected
    if rejected := judge_price(request.limit_price, instrument, venue.day):
        return rejected
    if leg.side is Side.SELL:
        return None
    return judge_cash(venue.reserves.extra(leg, request.quantity, request.limit_price), venue.orderable_cash)


def _judge_priced(kind: OrderKind) -> Rejection | None:
    if kind in FIXED_PRICE or kind is OrderKind.MID:
        return Rejection("BAD_PRICE", f"the price of a {kind} order cannot be changed; cancel it and send another")
    return None


def _refuse(
    venue: "Exchange", order: ClientOrderId, request: RequestId, number: VenueOrderId, why: Rejection
) -> OrderFact:
    refused = ChangeRefused(
        journal_id="",
        event_seq=0,
        venue_time=venue.now,
        client_order_id=order,
        request_id=request,
        venue_order_id=number,
        code=why.code,
        text=why.text,
    )
    return venue.emit(refused)


def _not_open(number: VenueOrderId) -> Rejection:
    return Rejection("NOT_OPEN", f"venue order {number!r} of this client order is not open")
