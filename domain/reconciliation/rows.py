"""Which row of the broker's list belongs to which of our orders and requests.

By our own id where the broker knows it, then by venue order number, then by the number it changes. What is left is
compared by its looks (instrument, side, shares, price, not before the intent) with orders whose fate is unknown, and
only where one row fits one order and no other: two of either are told and not guessed.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from domain.messages.link import BrokerDayOrder, BrokerStateReceived
from domain.orders import ChangeKind, ChangeRequest, ClientOrder
from domain.reconciliation.own import Difference, Own, is_of_day
from domain.types import NANOS_PER_SECOND, ClientOrderId, DayOrderAction
from fsm import change_request
from fsm.client_order import State

FLYING = (State.PENDING_SUBMIT, State.SUBMITTED)
NEW = DayOrderAction.NEW
KINDS = {DayOrderAction.CANCEL: ChangeKind.CANCEL, DayOrderAction.MODIFY: ChangeKind.MODIFY}


class Row(NamedTuple):
    """One row of ours."""

    row: BrokerDayOrder
    request_id: str  # our cancel or modify behind it; empty when it is none of ours


@dataclass(frozen=True, slots=True)
class Matched:
    """The day's list, sorted out."""

    rows: Mapping[ClientOrderId, tuple[Row, ...]]  # oldest first
    strangers: tuple[BrokerDayOrder, ...]  # new orders and modifies that are not ours
    doubts: tuple[Difference, ...]


def match(own: Own, state: BrokerStateReceived) -> Matched:
    """Sort the rows of the day's list by our orders."""
    rows = state.day_orders or ()
    known = _Known(own, state)
    owners: dict[str, ClientOrder] = {}
    for row in rows:
        order = known.owner(row)
        if order is not None:
            owners[row.venue_order_id] = order
    free = [row for row in rows if row.action is NEW and row.venue_order_id not in owners and not row.client_order_id]
    found, held, doubts = _by_looks(own, free, owners.values())
    owners |= found
    for row in rows:
        original = owners.get(row.original_venue_order_id)
        if row.venue_order_id not in owners and original is not None and _is_like(original, row):
            owners[row.venue_order_id] = original
    ours: dict[ClientOrderId, list[BrokerDayOrder]] = {}
    for row in rows:
        if row.venue_order_id in owners:
            ours.setdefault(owners[row.venue_order_id].client_order_id, []).append(row)
    by_id = {order.client_order_id: order for order in owners.values()}
    sorted_out = {order_id: _with_requests(by_id[order_id], mine) for order_id, mine in ours.items()}
    foreign = {row.venue_order_id for row in rows} - owners.keys() - held
    strangers = (row for row in rows if row.venue_order_id in foreign and row.action is not DayOrderAction.CANCEL)
    return Matched(sorted_out, tuple(strangers), doubts)


class _Known:
    """Our orders by what a broker may call them."""

    def __init__(self, own: Own, state: BrokerStateReceived) -> None:
        self.by_id: dict[str, ClientOrder] = {order.client_order_id: order for order in own.orders}
        self.by_number: dict[str, ClientOrder] = {}
        for order in own.orders:
            if is_of_day(order, state.venue_time):
                self.by_number |= {item.venue_order_id: order for item in order.legs}
                self.by_number |= {r.venue_order_id: order for r in order.requests if r.venue_order_id}

    def owner(self, row: BrokerDayOrder) -> ClientOrder | None:
        """Give whose row it is by id or number. The number of another account's order may be one of ours too."""
        if row.client_order_id:
            order = self.by_id.get(row.client_order_id)
        else:
            order = self.by_number.get(row.venue_order_id) or self.by_number.get(row.original_venue_order_id)
        return order if order is not None and _is_like(order, row) else None


def _is_like(order: ClientOrder, row: BrokerDayOrder) -> bool:
    return (order.symbol, order.side) == (row.symbol, row.side)


# ---- by looks --------------------------------------------------------------------------------------------------


def fits(order: ClientOrder, row: BrokerDayOrder, own_clock: bool) -> bool:
    """Tell whether a row may be an order that nobody heard of since it was sent.

    Brokers tell order times to the second, cut.
    """
    if (row.symbol, row.side, row.quantity) != (order.symbol, order.side, order.quantity):
        return False
    if order.kind.has_limit_price and row.limit_price != order.limit_price:
        return False
    return own_clock or row.order_time >= order.decided_at - order.decided_at % NANOS_PER_SECOND


def _by_looks(
    own: Own, free: Sequence[BrokerDayOrder], owners: Iterable[ClientOrder]
) -> tuple[dict[str, ClientOrder], set[str], tuple[Difference, ...]]:
    """Give the rows that can be one unknown order only, those an order under way may turn out to be, and doubts."""
    seen = {order.client_order_id for order in owners}
    silent = [order for order in own.orders if order.client_order_id not in seen and not order.legs]
    lost = [order for order in silent if order.status is State.UNKNOWN_SUBMIT]
    flying = [order for order in silent if order.status in FLYING]
    held = {row.venue_order_id for row in free for order in flying if fits(order, row, own.own_clock)}
    found: dict[str, ClientOrder] = {}
    doubts: list[Difference] = []
    for order in lost:
        rows = [row for row in free if fits(order, row, own.own_clock)]
        rivals = [other for other in lost + flying for row in rows if fits(other, row, own.own_clock)]
        if len(rows) == len(rivals) == 1:
            found[rows[0].venue_order_id] = order
        elif rows:
            numbers = ", ".join(row.venue_order_id for row in rows)
            words = f"order {order.client_order_id} is {order.status.value} and may be number {numbers}"
            also = sorted({other.client_order_id for other in rivals} - {order.client_order_id})
            words += f", as {', '.join(also)} may" if also else ""
            doubts.append(Difference(f"looks of {order.client_order_id}", f"{words}: not guessed"))
    return found, held, tuple(doubts)


# ---- changes ---------------------------------------------------------------------------------------------------


def _with_requests(order: ClientOrder, rows: Sequence[BrokerDayOrder]) -> tuple[Row, ...]:
    """Tell which of an order's requests is behind each row: by id, by number, else the oldest unknown one like it.

    Of two unknown requests alike it does not matter which is which: the shares are the same.
    """
    by_number: dict[str, ChangeRequest] = {
        request.venue_order_id: request for request in order.requests if request.venue_order_id
    }
    told: dict[str, str] = {}
    for row in rows:
        request = order.request(row.request_id) or by_number.get(row.venue_order_id)
        if request is not None and row.action in KINDS:
            told[row.venue_order_id] = request.request_id
    for row in rows:
        if row.action in KINDS and row.venue_order_id not in told:
            alike = (r for r in order.requests if r.request_id not in told.values() and _asks(r, row))
            told[row.venue_order_id] = next((request.request_id for request in alike), "")
    return tuple(Row(row, told.get(row.venue_order_id, "")) for row in rows)


def _asks(request: ChangeRequest, row: BrokerDayOrder) -> bool:
    if request.state is not change_request.State.UNKNOWN or KINDS[row.action] is not request.kind:
        return False
    if request.original_venue_order_id != row.original_venue_order_id:
        return False
    if request.kind is ChangeKind.CANCEL:
        return True
    return request.limit_price == row.limit_price and row.quantity <= request.quantity
