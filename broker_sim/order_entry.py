"""How the simulated venue takes a request: judge it, give it a number, let it meet the book."""

from typing import TYPE_CHECKING

from broker.port import OrderRequest
from broker_sim.legs import Leg, venue_order_id
from broker_sim.venue_rules import (
    Rejection,
    judge_cash,
    judge_instrument,
    judge_price,
    judge_quantity,
    judge_session,
    judge_shares,
)
from domain.errors import RequestRefused
from domain.messages.orders import (
    CancelOrder,
    ChangeReceived,
    ChangeRefused,
    ModifyOrder,
    OrderAccepted,
    OrderCancelled,
    OrderFact,
    OrderRejected,
    OrderReplaced,
    SubmitOrder,
)
from domain.types import OrderKind, Side, VenueOrderId

if TYPE_CHECKING:
    from broker_sim.exchange import Exchange


def place(venue: "Exchange", request: OrderRequest) -> list[OrderFact]:
    """Take one request; the facts are applied. Raises RequestRefused NO_VENUE_CLOCK before the first venue time."""
    if not venue.now:
        raise RequestRefused("NO_VENUE_CLOCK", "the venue's clock is not known yet: no quotes have come")
    if isinstance(request, SubmitOrder):
        return _submit(venue, request)
    leg = _leg(venue, request)
    if isinstance(request, ModifyOrder):
        return _modify(venue, request, leg)
    return _cancel(venue, request, leg)


def _submit(venue: "Exchange", order: SubmitOrder) -> list[OrderFact]:
    rejected = _judge_order(venue, order)
    if rejected:
        return [venue.emit(OrderRejected("", 0, venue.now, order.client_order_id, rejected.code, rejected.text))]
    number = venue.books.orders.last_number + 1
    accepted = OrderAccepted(
        journal_id="",
        event_seq=0,
        venue_time=venue.now,
        client_order_id=order.client_order_id,
        venue_order_id=venue_order_id(number),
        symbol=order.symbol,
        side=order.side,
        quantity=order.quantity,
        limit_price=order.limit_price,
    )
    return [venue.emit(accepted), *venue.meet(venue.books.legs[number])]


def _judge_order(venue: "Exchange", order: SubmitOrder) -> Rejection | None:
    instrument = venue.instruments.get(order.symbol)
    rejected = (
        judge_session(venue.phase) or judge_instrument(order.symbol, instrument) or judge_quantity(order.quantity)
    )
    if rejected or instrument is None:
        return rejected
    if (order.kind is OrderKind.MARKET) != (order.limit_price is None):
        return Rejection("BAD_PRICE", f"a {order.kind} order with limit price {order.limit_price} makes no sense")
    if order.limit_price is not None and (rejected := judge_price(order.limit_price, instrument, venue.day)):
        return rejected
    if order.side is Side.SELL:
        return judge_shares(order.quantity, venue.sellable(order.symbol))
    price = order.limit_price or venue.reserve_price(order.symbol)
    if price is None:
        return Rejection("NO_PRICE", f"{order.symbol} has neither an upper limit nor a price to reserve cash by")
    return judge_cash(venue.reserve(order.symbol, order.quantity, price), venue.orderable_cash)


def _leg(venue: "Exchange", request: ModifyOrder | CancelOrder) -> Leg | None:
    number = request.original_venue_order_id
    leg = venue.books.legs.get(int(number)) if number.isdecimal() else None
    return leg if leg and leg.client_order_id == request.client_order_id else None


def _modify(venue: "Exchange", request: ModifyOrder, leg: Leg | None) -> list[OrderFact]:
    if leg is None:
        return _refuse(venue, request, _not_open(request.original_venue_order_id))
    refused = _judge_modify(venue, request, leg)
    if refused:
        return _refuse(venue, request, refused)
    received = _receive(venue, request)
    replaced = OrderReplaced(
        journal_id="",
        event_seq=0,
        venue_time=venue.now,
        client_order_id=leg.client_order_id,
        request_id=request.request_id,
        venue_order_id=leg.venue_order_id,
        new_venue_order_id=received.change_venue_order_id,
        moved_qty=request.quantity,
        limit_price=request.limit_price,
        leaves_qty=leg.leaves_qty - request.quantity,
    )
    facts: list[OrderFact] = [received, venue.emit(replaced)]
    return facts + venue.meet(venue.books.legs[int(received.change_venue_order_id)])


def _judge_modify(venue: "Exchange", request: ModifyOrder, leg: Leg) -> Rejection | None:
    instrument = venue.instruments.get(leg.symbol)
    rejected = (
        judge_session(venue.phase)
        or judge_instrument(leg.symbol, instrument)
        or judge_quantity(request.quantity, leg.leaves_qty)
    )
    if rejected or instrument is None:
        return rejected
    if rejected := judge_price(request.limit_price, instrument, venue.day):
        return rejected
    if leg.side is Side.SELL:
        return None
    stays = leg.leaves_qty - request.quantity
    old_price = leg.limit_price or venue.reserve_price(leg.symbol) or 0
    needed = venue.reserve(leg.symbol, request.quantity, request.limit_price)
    needed += venue.reserve(leg.symbol, stays, old_price)
    return judge_cash(needed, max(0, venue.free_cash(without=leg.number)))


def _cancel(venue: "Exchange", request: CancelOrder, leg: Leg | None) -> list[OrderFact]:
    if leg is None:
        return _refuse(venue, request, _not_open(request.original_venue_order_id))
    quantity = request.quantity or leg.leaves_qty
    if refused := judge_quantity(quantity, leg.leaves_qty):
        return _refuse(venue, request, refused)
    received = _receive(venue, request)
    cancelled = OrderCancelled(
        journal_id="",
        event_seq=0,
        venue_time=venue.now,
        client_order_id=leg.client_order_id,
        request_id=request.request_id,
        venue_order_id=leg.venue_order_id,
        cancelled_qty=quantity,
        leaves_qty=leg.leaves_qty - quantity,
    )
    return [received, venue.emit(cancelled)]


def _receive(venue: "Exchange", request: ModifyOrder | CancelOrder) -> ChangeReceived:
    received = ChangeReceived(
        journal_id="",
        event_seq=0,
        venue_time=venue.now,
        client_order_id=request.client_order_id,
        request_id=request.request_id,
        venue_order_id=request.original_venue_order_id,
        change_venue_order_id=venue_order_id(venue.books.orders.last_number + 1),
    )
    venue.emit(received)
    return received


def _refuse(venue: "Exchange", request: ModifyOrder | CancelOrder, why: Rejection) -> list[OrderFact]:
    refused = ChangeRefused(
        journal_id="",
        event_seq=0,
        venue_time=venue.now,
        client_order_id=request.client_order_id,
        request_id=request.request_id,
        venue_order_id=request.original_venue_order_id,
        code=why.code,
        text=why.text,
    )
    return [venue.emit(refused)]


def _not_open(number: VenueOrderId) -> Rejection:
    return Rejection("NOT_OPEN", f"venue order {number!r} of this client order is not open")
