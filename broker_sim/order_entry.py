"""How the simulated venue takes a new order: judge it and give it a number. It meets the book when it arrives."""

from typing import TYPE_CHECKING

from broker_sim.legs import venue_order_id
from broker_sim.venue_rules import (
    Rejection,
    judge_cash,
    judge_form,
    judge_instrument,
    judge_price,
    judge_quantity,
    judge_shares,
    judge_single_price,
    judge_venue,
)
from domain.krx.order_kinds import allowed_at
from domain.krx.order_phases import OrderPhase
from domain.messages.orders import OrderAccepted, OrderFact, OrderRejected, SubmitOrder
from domain.types import OrderKind, Side, TimeInForce, Venue

if TYPE_CHECKING:
    from broker_sim.exchange import Exchange


def submit(venue: "Exchange", order: SubmitOrder) -> list[OrderFact]:
    """Take one order; the fact is applied."""
    rejected = _judge_order(venue, order)
    if rejected:
        return [venue.emit(OrderRejected("", 0, venue.now, order.client_order_id, rejected.code, rejected.text))]
    accepted = OrderAccepted(
        journal_id="",
        event_seq=0,
        venue_time=venue.now,
        client_order_id=order.client_order_id,
        venue_order_id=venue_order_id(venue.books.orders.last_number + 1),
        symbol=order.symbol,
        side=order.side,
        quantity=order.quantity,
        limit_price=order.limit_price,
        kind=order.kind,
        time_in_force=order.time_in_force,
        venue=order.venue,
        stop_price=order.stop_price,
    )
    return [venue.emit(accepted)]


def judge_kind(
    venue: "Exchange", symbol: str, kind: OrderKind, in_force: TimeInForce = TimeInForce.DAY
) -> Rejection | None:
    """Reject a kind that the phase of the issue does not take; all of them while the venue is closed."""
    if venue.ended:
        return Rejection("SESSION_CLOSED", f"orders are taken while the market is open, the phase is {venue.phase}")
    phases = venue.floor.order_phases(symbol, venue.now)
    if not phases:
        return Rejection("SESSION_CLOSED", "orders are taken from 30 minutes before the open, KRX is closed")
    instrument = venue.instruments.get(symbol)
    market = instrument.market if instrument else None
    reason = allowed_at(kind, in_force, Venue.KRX, phases, venue.day, market=market)
    if reason is None:
        return None
    return Rejection("MARKET_HALTED" if OrderPhase.HALTED in phases else "KIND_NOT_ALLOWED", reason)


def _judge_order(venue: "Exchange", order: SubmitOrder) -> Rejection | None:
    instrument = venue.instruments.get(order.symbol)
    rejected = (
        judge_venue(order.venue)
        or judge_instrument(order.symbol, instrument)
        or judge_kind(venue, order.symbol, order.kind, order.time_in_force)
        or judge_quantity(order.quantity)
        or judge_form(order.kind, order.limit_price, order.stop_price)
    )
    if rejected or instrument is None:
        return rejected
    for price in (order.limit_price, order.stop_price):
        if price is not None and (rejected := judge_price(price, instrument, venue.day)):
            return rejected
    if order.kind is OrderKind.OFF_HOURS_SINGLE and order.limit_price is not None:
        close = venue.view.close_of(order.symbol, instrument.base_price)
        if rejected := judge_single_price(order.limit_price, close):
            return rejected
    if order.side is Side.SELL:
        return judge_shares(order.quantity, venue.sellable(order.symbol))
    at = venue.reserves.price(order.symbol, order.kind, order.limit_price)
    if at is None:
        return Rejection("NO_PRICE", f"{order.symbol} has neither an upper limit nor a price to reserve cash by")
    return judge_cash(venue.reserves.of(order.symbol, order.quantity, at), venue.orderable_cash)
