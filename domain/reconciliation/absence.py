"""When the absence of an order from the broker's lists proves that it never arrived.

Lists lag, and a request may still be under way, so one list without it proves nothing. It takes the settle time,
several whole lists, no fact of the venue that could be its own, and no cash or shares locked that no order explains.
"""

from collections.abc import Iterable, Iterator, Mapping

from domain.krx.costs import commission
from domain.messages.link import BrokerStateReceived, OrderEvidence
from domain.messages.orders import OrderAccepted, OrderFilled
from domain.orders import ChangeRequest, ClientOrder
from domain.reconciliation.own import Difference, Own, Sighting, is_of_day
from domain.reconciliation.rows import Matched
from domain.types import PPM, Krw, RequestId, Side, UnixNanos
from fsm import change_request
from fsm.client_order import State

NANOS_PER_MS = 1_000_000
# Won locked for a buy are at least this share of what it is worth: the lowest margin rate of Korean brokers (증거금
# 20 %, unconfirmed). Less may be a fee or a rounding of another order.
LEAST_MARGIN_PPM = 200_000

Sightings = Mapping[RequestId, Sighting]


def look(own: Own, state: BrokerStateReceived, matched: Matched) -> dict[RequestId, Sighting]:
    """Count one whole list more for every unknown request without a trace in it; a trace begins anew."""
    counted: dict[RequestId, Sighting] = {}
    for order, request_id in _unknown(own.orders):
        before = own.sightings.get(request_id, Sighting(0, own.now))
        if state.day_orders is None or not own.is_current(order.symbol, state):
            counted[request_id] = before
        elif not _has_trace(order, request_id, matched):
            counted[request_id] = before._replace(snapshots=before.snapshots + 1)
    return counted


def absent(own: Own, state: BrokerStateReceived, matched: Matched) -> tuple[list[OrderEvidence], list[Difference]]:
    """Give the requests that are proved never to have arrived, and those that something speaks for."""
    evidence: list[OrderEvidence] = []
    differences: list[Difference] = []
    for order, request_id in _unknown(own.orders):
        sighting = own.sightings.get(request_id)
        if sighting is None or sighting.snapshots < own.settings.absent_snapshots or state.day_orders is None:
            continue
        if _has_trace(order, request_id, matched) or not _is_settled(order, request_id, own):
            continue
        request = order.request(request_id)
        # Nothing of an earlier date is locked or told any more. With two clocks nobody knows the date of an intent.
        may_speak = request is None and (own.own_clock or is_of_day(order, state.venue_time))
        spoken_for = _speaks_for(order, own, state) if may_speak else ""
        if spoken_for:
            words = f"order {order.client_order_id} is in none of {sighting.snapshots} lists, but {spoken_for}"
            differences.append(Difference(f"absence of {order.client_order_id}", words))
        else:
            evidence.append(_evidence(order, request, sighting.snapshots, state.venue_time))
    return evidence, differences


def ended_with_their_day(own: Own, state: BrokerStateReceived) -> Iterator[OrderEvidence]:
    """Give what was open under numbers of an earlier trading date: orders are good for a day, and lists show one."""
    listed = {item.client_order_id for item in state.open_orders}
    for order in own.orders:
        if order.is_closed or is_of_day(order, state.venue_time) or order.client_order_id in listed:
            continue
        if not own.is_current(order.symbol, state):
            continue
        for item in order.live_legs:
            if item.leaves_qty:
                why, at = "its trading date is over", state.venue_time
                yield _nothing(order, "expired", item.venue_order_id, why, at, quantity=item.leaves_qty)


def _unknown(orders: Iterable[ClientOrder]) -> Iterator[tuple[ClientOrder, RequestId]]:
    for order in orders:
        if order.status is State.UNKNOWN_SUBMIT:
            yield order, RequestId(order.client_order_id)
        elif order.is_unknown:
            for request in order.requests:
                if request.state is change_request.State.UNKNOWN:
                    yield order, request.request_id


def _has_trace(order: ClientOrder, request_id: RequestId, matched: Matched) -> bool:
    rows = matched.rows.get(order.client_order_id, ())
    if order.request(request_id) is not None:
        return any(row.request_id == request_id for row in rows)
    return bool(rows) or any(doubt.subject == f"looks of {order.client_order_id}" for doubt in matched.doubts)


def _is_settled(order: ClientOrder, request_id: RequestId, own: Own) -> bool:
    request = order.request(request_id)
    made_at = order.submitted_at if request is None else request.sent_at
    return own.now - made_at >= own.settings.settle_ms * NANOS_PER_MS


# ---- what speaks for an order ----------------------------------------------------------------------------------


def _speaks_for(order: ClientOrder, own: Own, state: BrokerStateReceived) -> str:
    """Say what may be a trace of the order outside the lists; empty when nothing is."""
    listed = {row.venue_order_id for row in state.day_orders or ()}
    for number, facts in own.orphans.items():
        if number not in listed and any(item.at >= order.submitted_at and _may_be(order, item.fact) for item in facts):
            return f"an event told of number {number}, which looks like it"
    if order.side is Side.SELL:
        shares = _unexplained_shares(order.symbol, state)
        return f"{shares} shares are locked that no order explains" if shares > 0 else ""
    won = _unexplained_cash(own, state)
    known = own.instruments.get(order.symbol)
    price = order.limit_price or (known.lower_limit if known is not None else None) or 1
    if won * PPM < order.quantity * price * LEAST_MARGIN_PPM:
        return ""
    return f"{won:,} KRW are locked that no order explains"


def _may_be(order: ClientOrder, fact: object) -> bool:
    match fact:
        case OrderAccepted():
            return (fact.symbol, fact.side, fact.quantity) == (order.symbol, order.side, order.quantity)
        case OrderFilled():
            return (fact.symbol, fact.side) == (order.symbol, order.side) and fact.last_qty <= order.quantity
    return False


def _open_there(state: BrokerStateReceived, side: Side) -> Iterator[tuple[str, int, Krw | None]]:
    """Give instrument, open shares and price of every open order in the account."""
    listed = {row.venue_order_id: row for row in state.day_orders or ()}
    for row in listed.values():
        if row.side is side and row.leaves_qty:
            yield row.symbol, row.leaves_qty, row.limit_price
    for item in state.open_orders:
        if item.venue_order_id not in listed and item.side is side:
            yield item.symbol, item.leaves_qty, item.limit_price


def _unexplained_shares(symbol: str, state: BrokerStateReceived) -> int:
    held = next((item for item in state.positions if item.symbol == symbol), None)
    if held is None or held.sellable is None:
        return 0
    selling = sum(shares for code, shares, _ in _open_there(state, Side.SELL) if code == symbol)
    return held.quantity - held.sellable - selling


def _unexplained_cash(own: Own, state: BrokerStateReceived) -> int:
    if state.orderable_cash is None:
        return 0
    bound = 0
    for code, shares, price in _open_there(state, Side.BUY):
        known = own.instruments.get(code)
        # An order without a price binds up to the daily limit.
        notional = shares * (price or (known.upper_limit if known is not None else None) or 0)
        bound += notional + commission(notional, own.commission_ppm)
    return state.cash - state.orderable_cash - bound


# ---- evidence --------------------------------------------------------------------------------------------------


def _evidence(order: ClientOrder, request: ChangeRequest | None, snapshots: int, at: UnixNanos) -> OrderEvidence:
    why = f"no trace of it in {snapshots} whole lists of the broker"
    if request is None:
        return _nothing(order, "absent", "", why, at, quantity=order.quantity)
    number = request.original_venue_order_id
    leaves = getattr(order.leg(number), "leaves_qty", 0)
    return _nothing(order, "resolved", number, why, at, leaves=leaves, request_id=request.request_id)


def _nothing(
    order: ClientOrder,
    fact: str,
    number: str,
    why: str,
    at: UnixNanos,
    *,
    quantity: int = 0,
    leaves: int = 0,
    request_id: str = "",
) -> OrderEvidence:
    """Give evidence that books no money."""
    return OrderEvidence(
        client_order_id=order.client_order_id,
        fact=fact,
        venue_order_id=number,
        symbol=order.symbol,
        side=order.side,
        quantity=quantity,
        leaves_qty=leaves,
        notional=Krw(0),
        commission=Krw(0),
        tax=Krw(0),
        limit_price=None,
        new_venue_order_id="",
        request_id=request_id,
        reason=why,
        venue_time=at,
    )
