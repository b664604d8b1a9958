"""The account's order lists with our names on them. Pure.

Where more was told of a number than its row shows (lists lag), what was told stands in for the row, so an answer is
never older than the events before it.
"""

from broker_win.orders.books import Books
from broker_win.orders.known import Change, Leg
from broker_win.orders.notices import CONFIRMED, FILLED, REJECTED, Action
from broker_win.rows import OrderLists, OrderRow
from domain.messages.link import BrokerDayOrder, BrokerOpenOrder
from domain.types import DayOrderAction, DayOrderState, Krw

_ACTIONS = {
    Action.NEW.value: DayOrderAction.NEW,
    Action.MODIFY.value: DayOrderAction.MODIFY,
    Action.CANCEL.value: DayOrderAction.CANCEL,
}


def day_orders(books: Books, lists: OrderLists) -> list[BrokerDayOrder]:
    """Give every order number of the day, oldest first: those of the lists, then those heard of since."""
    known = books.known
    told = [_row(books, row) for row in lists.rows]
    listed = {row.number for row in lists.rows}
    told += [_of_leg(leg, lists) for leg in known.legs.values() if leg.number not in listed and not leg.is_rejected]
    return told


def open_orders(books: Books, lists: OrderLists) -> list[BrokerOpenOrder]:
    """Give the numbers with open shares, oldest first."""
    rows = {row.number: row for row in lists.rows if row.action != Action.CANCEL.value}
    legs = books.known.legs
    numbers = [*rows, *(number for number in legs if number not in rows)]
    found = []
    for number in numbers:
        leg, row = legs.get(number), rows.get(number)
        if leg is not None:
            found.append(_open_leg(leg, row))
        elif row is not None and not (number in books.known.changes or REJECTED in row.status):
            price = row.price or None
            found.append(BrokerOpenOrder(number, "", row.code, row.side, row.quantity, row.leaves, price))
    return [order for order in found if order.leaves_qty > 0]


def _open_leg(leg: Leg, row: OrderRow | None) -> BrokerOpenOrder:
    leaves = leg.leaves if row is None else min(leg.leaves, row.leaves)
    return BrokerOpenOrder(
        leg.number,
        leg.client_order_id,
        leg.code,
        leg.side,
        leg.quantity,
        leaves,
        leg.price,
        leg.kind,
        leg.time_in_force,
        leg.venue,
    )


def _row(books: Books, row: OrderRow) -> BrokerDayOrder:
    known = books.known
    leg, change = known.legs.get(row.number), known.changes.get(row.number)
    is_cancel = row.action == Action.CANCEL.value
    owner = change.client_order_id if change is not None else leg.client_order_id if leg is not None else ""
    if not owner and (is_cancel or row.original):
        original = known.legs.get(row.original)
        owner = original.client_order_id if original is not None else ""
    quantity = row.confirmed or row.quantity if is_cancel else row.quantity
    leaves, filled, notional = (0 if is_cancel else row.leaves), row.filled_qty, row.filled_notional
    if leg is not None:
        quantity = leg.quantity
        if leg.filled > filled:
            filled, notional = leg.filled, Krw(leg.notional)
        leaves = min(leaves, leg.leaves)
    elif row.action == Action.MODIFY.value and not _took_effect(row):
        leaves = 0  # nothing stands under it yet
    return BrokerDayOrder(
        venue_order_id=row.number,
        original_venue_order_id=row.original,
        client_order_id=owner,
        request_id=change.request_id if change is not None else "",
        symbol=row.code,
        side=row.side,
        action=_ACTIONS[row.action],
        state=_state(row, leg, change),
        quantity=quantity,
        leaves_qty=leaves,
        filled_qty=filled,
        filled_notional=notional,
        limit_price=None if is_cancel else row.price or None,
        commission=row.commission,
        tax=row.tax,
        order_time=row.order_time,
    )


def _of_leg(leg: Leg, lists: OrderLists) -> BrokerDayOrder:
    return BrokerDayOrder(
        venue_order_id=leg.number,
        original_venue_order_id="",
        client_order_id=leg.client_order_id,
        request_id="",
        symbol=leg.code,
        side=leg.side,
        action=DayOrderAction.NEW,
        state=DayOrderState.RECEIVED,
        quantity=leg.quantity,
        leaves_qty=leg.leaves,
        filled_qty=leg.filled,
        filled_notional=Krw(leg.notional),
        limit_price=leg.price,
        commission=None,
        tax=None,
        order_time=lists.read_at,
    )


def _state(row: OrderRow, leg: Leg | None, change: Change | None) -> DayOrderState:
    if REJECTED in row.status:
        return DayOrderState.REJECTED
    if row.action == Action.NEW.value:
        return DayOrderState.RECEIVED
    if _took_effect(row) or (change is not None and not change.is_open and leg is not None):
        return DayOrderState.CONFIRMED
    return DayOrderState.RECEIVED


def _took_effect(row: OrderRow) -> bool:
    return row.confirmed > 0 or row.filled_qty > 0 or CONFIRMED in row.status or FILLED in row.status
