"""Every client order the executor keeps, and how a message changes one: the fold alone."""

from typing import Any

from actors.core.role import Role
from domain import orders as book
from domain.messages import Stamp
from domain.order_work import Asked
from domain.orders import Change, ClientOrder
from domain.reconciliation import is_of_day
from domain.types import ClientOrderId, RequestId, UnixNanos


class OrdersState(Role):
    """Client orders with their legs and requests, which of them are open, and what of them is not told yet."""

    def __init__(self) -> None:
        """Start with no orders."""
        super().__init__()
        self.orders: dict[ClientOrderId, ClientOrder] = {}
        self.open: dict[ClientOrderId, None] = {}  # not closed, in the order they were made
        self.untold: dict[ClientOrderId, tuple[ClientOrder, str, str]] = {}  # as told last, trigger, alert
        self.to_cancel: dict[ClientOrderId, None] = {}  # a person wants them gone
        self.sent_under: dict[str, str] = {}  # request of an open order -> journal it was sent under
        self.asked: dict[RequestId, Asked] = {}  # questions about requests, in this run
        self.venue_time = UnixNanos(0)  # of the quotes
        self.own_clock = False  # the orders' broker has a venue clock of its own
        # With two clocks: venue time of the quotes when an open order was heard of last. How long it rests is a
        # question to one clock.
        self.rests_since: dict[ClientOrderId, UnixNanos] = {}

    def owner_of(self, fact: Any) -> ClientOrderId:
        """Give whose fact it is; empty when nobody here knows.

        A broker that lost its journal tells of our orders without our ids. Their numbers of the day are still known.
        """
        if fact.client_order_id or not fact.venue_order_id:
            return ClientOrderId(fact.client_order_id if fact.client_order_id in self.orders else "")
        for order_id, order in reversed(self.orders.items()):
            if order.leg(fact.venue_order_id) is not None and is_of_day(order, fact.venue_time):
                return order_id
        return ClientOrderId("")

    def _apply(self, message: Any, stamp: Stamp) -> None:
        order = self.orders.get(message.client_order_id)
        if order is None:
            return  # placed elsewhere: counted by reconciliation, never touched
        change = book.apply(order, message, stamp.system_time)
        self._put(change.after)
        if change.before != change.after or change.alert:
            self._untell(change)

    def _untell(self, change: Change) -> None:
        order_id = change.after.client_order_id
        told, before, alert = self.untold.get(order_id, (change.before, "note", ""))
        alerts = "; ".join(filter(None, (alert, change.alert)))
        self.untold[order_id] = (told, change.trigger or before, alerts)

    def _put(self, order: ClientOrder) -> None:
        order_id = order.client_order_id
        self.orders[order_id] = order
        if not order.is_closed:
            self.open.setdefault(order_id)
            return
        self.rests_since.pop(order_id, None)
        self.open.pop(order_id, None)
        self.to_cancel.pop(order_id, None)
        self.sent_under.pop(order_id, None)
        self.asked.pop(RequestId(order_id), None)
        for request in order.requests:
            self.asked.pop(request.request_id, None)
            self.sent_under.pop(request.request_id, None)

    def _rests(self, order_id: ClientOrderId) -> None:
        if self.own_clock and self.venue_time and order_id in self.open:
            self.rests_since[order_id] = self.venue_time

    def _open_orders(self) -> list[ClientOrder]:
        return [self.orders[order_id] for order_id in self.open]
