"""Requests and reports about an order, built from its state.

Ids derive from the order and the sequence asked at; an order that came from an earlier log adds the identity of this
one, because sequences begin anew in each.
"""

from domain.messages import Stamp
from domain.messages.orders import CancelOrder, ModifyOrder, OrderStateChanged, SubmitOrder
from domain.messages.trading import OrderApproved
from domain.orders import ClientOrder, Leg
from domain.types import Krw, RequestId, UnixNanos


def submit(approved: OrderApproved, valid_until: UnixNanos) -> SubmitOrder:
    """Ask to place what risk approved."""
    return SubmitOrder(
        client_order_id=approved.client_order_id,
        symbol=approved.symbol,
        side=approved.side,
        kind=approved.kind,
        purpose=approved.purpose,
        quantity=approved.quantity,
        limit_price=approved.limit_price,
        valid_until=valid_until,
        time_in_force=approved.time_in_force,
        venue=approved.venue,
        stop_price=approved.stop_price,
    )


def modify(
    order: ClientOrder, item: Leg, quantity: int, price: Krw, stamp: Stamp, valid_until: UnixNanos
) -> ModifyOrder:
    """Ask to move shares of a leg to another price."""
    return ModifyOrder(
        request_id=RequestId(f"{order.client_order_id}-m{_asked_at(order, stamp)}-{item.venue_order_id}"),
        client_order_id=order.client_order_id,
        original_venue_order_id=item.venue_order_id,
        purpose=order.purpose,
        quantity=quantity,
        limit_price=price,
        valid_until=valid_until,
    )


def cancel(order: ClientOrder, item: Leg, stamp: Stamp, valid_until: UnixNanos) -> CancelOrder:
    """Ask to cancel all that is left of a leg."""
    return CancelOrder(
        request_id=RequestId(f"{order.client_order_id}-c{_asked_at(order, stamp)}-{item.venue_order_id}"),
        client_order_id=order.client_order_id,
        original_venue_order_id=item.venue_order_id,
        quantity=0,
        valid_until=valid_until,
    )


def state_changed(told: ClientOrder, now: ClientOrder, trigger: str, alert: str, at: UnixNanos) -> OrderStateChanged:
    """Tell how an order differs from what was told last; `at` is the venue time before any fact of the venue."""
    return OrderStateChanged(
        client_order_id=now.client_order_id,
        symbol=now.symbol,
        side=now.side,
        purpose=now.purpose,
        from_status=told.status.value,
        to_status=now.status.value,
        trigger=trigger,
        quantity=now.quantity,
        filled_qty=now.filled_qty,
        leaves_qty=now.leaves_qty,
        limit_price=now.limit_price,
        reason=alert or now.reason,
        venue_time=now.changed_at or at,
    )


def _asked_at(order: ClientOrder, stamp: Stamp) -> str:
    is_ours = order.client_order_id.startswith(f"{stamp.log_id}-")
    return str(stamp.seq) if is_ours else f"{stamp.log_id}.{stamp.seq}"
