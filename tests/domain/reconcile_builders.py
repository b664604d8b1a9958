"""Rows of a broker's lists and own books for the tests of reconciliation."""

from dataclasses import replace
from typing import Any

from domain.config import ReconcileConfig
from domain.messages.link import BrokerDayOrder, BrokerPosition, BrokerStateReceived
from domain.orders import ClientOrder
from domain.reconciliation import Own
from domain.types import DayOrderAction, DayOrderState, Krw, Side, UnixNanos
from tests.domain.order_builders import ID, PRICE, SYMBOL, a_submit, accepted, an_order, stranded

NEW, MODIFY, CANCEL = DayOrderAction.NEW, DayOrderAction.MODIFY, DayOrderAction.CANCEL
RECEIVED, CONFIRMED, REJECTED = DayOrderState.RECEIVED, DayOrderState.CONFIRMED, DayOrderState.REJECTED
CASH = 1_000_000


def a_row(number: str = "A", quantity: int = 2, filled: int = 0, **changes: Any) -> BrokerDayOrder:
    """Give a new order's row, all of it open but what is filled at the usual price."""
    row = BrokerDayOrder(
        venue_order_id=number,
        original_venue_order_id="",
        client_order_id="",
        request_id="",
        symbol=SYMBOL,
        side=Side.BUY,
        action=NEW,
        state=RECEIVED,
        quantity=quantity,
        leaves_qty=quantity - filled,
        filled_qty=filled,
        filled_notional=Krw(filled * PRICE),
        limit_price=PRICE,
        commission=Krw(0),
        tax=Krw(0),
        order_time=UnixNanos(5),
    )
    return replace(row, **changes)


def a_change(number: str, original: str, action: DayOrderAction, quantity: int, **changes: Any) -> BrokerDayOrder:
    """Give the row of a confirmed cancel or modify."""
    leaves = quantity if action is MODIFY else 0
    fields: dict[str, Any] = {
        "original_venue_order_id": original,
        "action": action,
        "state": CONFIRMED,
        "leaves_qty": leaves,
    }
    return a_row(number, quantity, **(fields | changes))


def lists(*rows: BrokerDayOrder, shares: int = 0, cash: int = CASH, **changes: Any) -> BrokerStateReceived:
    """Give the broker's answers."""
    held = (BrokerPosition(SYMBOL, shares, Krw(0)),) if shares else ()
    state = BrokerStateReceived(Krw(cash), held, (), "j", 100, UnixNanos(50), day_orders=rows, asked_at=UnixNanos(1))
    return replace(state, **changes)


def own(*orders: ClientOrder, shares: int = 0, cash: int = CASH, **changes: Any) -> Own:
    """Give own books long after everything was sent."""
    held = {SYMBOL: shares} if shares else {}
    books = Own(orders, held, Krw(cash), settings=ReconcileConfig(), now=UnixNanos(10**12))
    return replace(books, **changes)


def working(quantity: int = 2, *more: Any) -> ClientOrder:
    """Give an order accepted as number A, and what followed."""
    return an_order(a_submit(quantity), accepted(1, "A", quantity), *more, quantity=quantity)


def lost(quantity: int = 2) -> ClientOrder:
    """Give an order nobody heard of since it was sent."""
    return an_order(a_submit(quantity), stranded(ID), quantity=quantity)
