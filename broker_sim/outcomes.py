"""What meeting the book does to our orders, as facts: fills, what the venue ends by itself, what expires."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from broker_sim.issue import Issue
from broker_sim.legs import Leg
from broker_sim.order_queue import Execution
from domain.krx.costs import fill_costs
from domain.messages.orders import OrderCancelled, OrderExpired, OrderFact, OrderFilled
from domain.types import Krw, OrderKind, RequestId, Side, TimeInForce, TradeId, UnixNanos

if TYPE_CHECKING:
    from broker_sim.exchange import Exchange


def meet(venue: "Exchange", issue: Issue, leg: Leg, old: int = 0) -> list[OrderFact]:
    """Let a leg meet the book; `old` is the leg a modify made it from."""
    if _is_beyond_cash(venue, issue, leg):
        return [end(venue, leg)]
    executions, stays = issue.follow(old, leg) if old else issue.arrive(leg)
    facts = settle(venue, issue, executions)
    if not stays and leg.leaves_qty:
        facts.append(end(venue, leg))
    return facts


def settle(venue: "Exchange", issue: Issue, executions: Iterable[Execution]) -> list[OrderFact]:
    """Book executions of an issue; give their facts.

    A buy that reserved too little, because the day's limits are not known, gets what its cash covers and keeps the
    rest open.
    """
    facts: list[OrderFact] = []
    short: dict[int, int] = {}
    for one in executions:
        leg = venue.books.legs[one.order_id]
        quantity = min(one.quantity, venue.reserves.affordable(leg, one.price))
        if quantity < one.quantity:
            short[leg.number] = one.price
        if quantity:
            facts.append(_fill(venue, leg, quantity, one.price))
        if not leg.leaves_qty:
            issue.tidy(leg.number)
    for number, price in short.items():
        left = venue.books.legs.get(number)
        if left is not None and left.time_in_force is TimeInForce.DAY:
            issue.keep(left, None if left.kind is OrderKind.MARKET else price)
    return facts


def end(venue: "Exchange", leg: Leg) -> OrderFact:
    """Cancel what may not wait: the venue does it by itself."""
    cancelled = OrderCancelled(
        journal_id="",
        event_seq=0,
        venue_time=venue.now,
        client_order_id=leg.client_order_id,
        request_id=RequestId(""),
        venue_order_id=leg.venue_order_id,
        cancelled_qty=leg.leaves_qty,
        leaves_qty=0,
    )
    return venue.emit(cancelled)


def expire(venue: "Exchange", leg: Leg, when: UnixNanos) -> OrderFact:
    """End an order with its session."""
    return venue.emit(OrderExpired("", 0, when, leg.client_order_id, leg.venue_order_id, leg.leaves_qty))


def _is_beyond_cash(venue: "Exchange", issue: Issue, leg: Leg) -> bool:
    """Tell whether cash covers only part of a FOK buy without a price: it gets all of its shares or none."""
    if leg.time_in_force is not TimeInForce.FOK or leg.kind is not OrderKind.MARKET or leg.side is Side.SELL:
        return False
    left, needed = leg.leaves_qty, 0
    for price, shares in issue.book.depth(-leg.side.sign, None):
        needed += venue.reserves.of(leg.symbol, min(shares, left), price)
        left -= min(shares, left)
        if not left:
            break
    return needed > venue.free_cash(without=leg.number)


def _fill(venue: "Exchange", leg: Leg, quantity: int, price: int) -> OrderFact:
    market = venue.reserves.market_of(leg.symbol)
    costs = fill_costs(leg.side, quantity * price, market, venue.day, venue.commission_ppm)
    filled = OrderFilled(
        journal_id="",
        event_seq=0,
        venue_time=venue.now,
        client_order_id=leg.client_order_id,
        venue_order_id=leg.venue_order_id,
        trade_id=TradeId(f"{venue.books.account.trades + 1:06d}"),
        symbol=leg.symbol,
        side=leg.side,
        last_qty=quantity,
        last_px=Krw(price),
        commission=costs.commission,
        tax=costs.tax,
        leaves_qty=leg.leaves_qty - quantity,
    )
    return venue.emit(filled)
