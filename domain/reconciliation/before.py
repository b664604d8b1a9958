"""The comparison of runs before 0.4.0, whose broker state told no order numbers of the day.

Logs of those runs replay with it: any difference kept the link from READY.
"""

from collections.abc import Iterable, Mapping

from domain.messages.link import BrokerStateReceived
from domain.orders import ClientOrder
from fsm import leg


def differences_before(
    state: BrokerStateReceived,
    positions: Mapping[str, int],
    orders: Iterable[ClientOrder],
    sent_under: Mapping[str, str],
    heard_at: Mapping[str, int],
) -> list[str]:
    """Say in words where own books differ from the broker's.

    `heard_at` gives the last event heard of a symbol: where it is newer than the broker's answer, that says nothing.
    `sent_under` gives the journal an order's submit was sent under: another journal cannot tell what became of it.
    """
    orders = list(orders)
    found = [
        f"order {order.client_order_id} was sent under journal {journal}, the broker's is {state.journal_id} now"
        for order in orders
        if (journal := sent_under.get(order.client_order_id, "")) not in ("", state.journal_id)
    ]
    theirs = {item.symbol: item.quantity for item in state.positions}
    for symbol in sorted(theirs.keys() | positions.keys()):
        here, there = positions.get(symbol, 0), theirs.get(symbol, 0)
        if here != there and heard_at.get(symbol, 0) <= state.as_of_seq:
            found.append(f"{symbol}: {here} shares here, {there} at the broker")
    live: dict[str, tuple[str, int]] = {
        item.venue_order_id: (order.symbol, item.leaves_qty)
        for order in orders
        for item in order.legs
        if item.state is leg.State.LIVE and item.leaves_qty > 0
    }
    listed = {i.venue_order_id: (i.symbol, i.leaves_qty) for i in state.open_orders if i.client_order_id}
    for number in sorted({*live, *listed}):
        symbol, here = live.get(number, (listed.get(number, ("", 0))[0], 0))
        there = listed.get(number, ("", 0))[1]
        if here != there and heard_at.get(symbol, 0) <= state.as_of_seq:
            found.append(f"order {number}: {here} open here, {there} at the broker")
    return found
