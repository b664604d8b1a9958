"""Orders in the account that are not ours: told when new or changed, counted, never touched."""

from collections.abc import Iterator

from domain.messages.link import BrokerStateReceived, ExternalOrderSeen
from domain.reconciliation.own import Own
from domain.reconciliation.rows import Matched


def changed(own: Own, state: BrokerStateReceived, matched: Matched) -> Iterator[ExternalOrderSeen]:
    """Give what is new or different from what was told last; what is gone comes once more, with nothing open."""
    seen = {item.venue_order_id: item for item in _seen(own, state, matched)}
    for number, item in seen.items():
        told = own.externals.get(number)
        if told is None:
            if item.leaves_qty:
                yield item
        elif told != item:
            yield item
    for number, told in own.externals.items():
        if number not in seen:
            yield _closed(told, state)


def count(own: Own, state: BrokerStateReceived, matched: Matched) -> int:
    """Give how many of them are open."""
    return sum(1 for item in _seen(own, state, matched) if item.leaves_qty)


def _seen(own: Own, state: BrokerStateReceived, matched: Matched) -> Iterator[ExternalOrderSeen]:
    if state.day_orders is not None:
        for row in matched.strangers:
            yield ExternalOrderSeen(
                row.venue_order_id,
                row.symbol,
                row.side,
                row.quantity,
                row.leaves_qty,
                row.filled_qty,
                row.limit_price,
                row.order_time,
            )
        return
    ours = {item.venue_order_id for order in own.orders for item in order.legs}
    ids = {order.client_order_id for order in own.orders}
    for item in state.open_orders:
        if item.client_order_id not in ids and item.venue_order_id not in ours:
            told = own.externals.get(item.venue_order_id)
            gone = item.quantity - item.leaves_qty  # filled, or cancelled: this broker's list does not tell
            at = told.venue_time if told is not None else state.venue_time
            terms = (item.symbol, item.side, item.quantity, item.leaves_qty, gone, item.limit_price, at)
            yield ExternalOrderSeen(item.venue_order_id, *terms)


def _closed(told: ExternalOrderSeen, state: BrokerStateReceived) -> ExternalOrderSeen:
    return ExternalOrderSeen(
        told.venue_order_id,
        told.symbol,
        told.side,
        told.quantity,
        0,
        told.filled_qty,
        told.limit_price,
        state.venue_time,
    )
