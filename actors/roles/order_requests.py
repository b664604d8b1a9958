"""Requests about orders as the executor makes them: what goes out, until when, and what is told of an order."""

from actors.roles.executor_state import ExecutorState
from domain import order_intents as intents
from domain import order_work as work
from domain.messages import Message, Stamp
from domain.orders import ClientOrder
from domain.types import ClientOrderId, Krw, UnixNanos

NANOS_PER_MS = 1_000_000


class OrderRequests(ExecutorState):
    """Make requests and tell changes of orders."""

    def _report(self, order_id: ClientOrderId) -> list[Message]:
        """Tell how the order differs from what was told last, so that what others hear is one unbroken story."""
        if order_id not in self.untold:
            return []
        told, trigger, alert = self.untold[order_id]
        return [intents.state_changed(told, self.orders[order_id], trigger, alert, self.venue_time)]

    def _modify(self, order: ClientOrder, price: Krw, quantity: int | None, stamp: Stamp) -> list[Message]:
        until = self._valid_until(stamp)
        moves = work.legs_to_move(order, price, quantity)
        return [intents.modify(order, item, shares, price, stamp, until) for item, shares in moves]

    def _cancel(self, order: ClientOrder, stamp: Stamp) -> list[Message]:
        if not self.orders_link_up or work.was_refused_lately(order, stamp.system_time, self._patience()):
            return []  # tried again by the clock, or once the link is up
        return self._cancels(order, stamp)

    def _cancels(self, order: ClientOrder, stamp: Stamp) -> list[Message]:
        until = self._valid_until(stamp)
        return [intents.cancel(order, item, stamp, until) for item in work.legs_to_cancel(order)]

    def _valid_until(self, stamp: Stamp) -> UnixNanos:
        return UnixNanos(stamp.system_time + self.settings.request_ttl_ms * NANOS_PER_MS)

    def _patience(self) -> int:
        return self.settings.submit_timeout_ms * NANOS_PER_MS
