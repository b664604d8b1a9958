"""Builders for client orders and what happens to them."""

from typing import Any

from domain.messages.link import OrderEvidence
from domain.messages.orders import (
    CancelOrder,
    ChangeReceived,
    ChangeRefused,
    ModifyOrder,
    OrderAccepted,
    OrderCancelled,
    OrderExpired,
    OrderFilled,
    OrderRejected,
    OrderReplaced,
    RequestAnswered,
    RequestStranded,
    SubmitOrder,
)
from domain.messages.trading import OrderApproved
from domain.orders import Change, ClientOrder, apply, from_approved
from domain.types import (
    ClientOrderId,
    Krw,
    OrderKind,
    Purpose,
    RequestId,
    RequestOutcome,
    Side,
    TradeId,
    UnixNanos,
    VenueOrderId,
)

ID = ClientOrderId("log-1")
SYMBOL = "005930"
PRICE = Krw(70_000)
BETTER = Krw(70_100)
NOW = UnixNanos(1_000)


def where(seq: int) -> dict[str, Any]:
    return {"journal_id": "j", "event_seq": seq, "venue_time": UnixNanos(seq), "client_order_id": ID}


def an_approval(quantity: int = 2) -> OrderApproved:
    return OrderApproved(
        ID, SYMBOL, Side.BUY, OrderKind.LIMIT, Purpose.ENTRY, quantity, PRICE, Krw(0), "test", "why", UnixNanos(1)
    )


def a_submit(quantity: int = 2) -> SubmitOrder:
    return SubmitOrder(ID, SYMBOL, Side.BUY, OrderKind.LIMIT, Purpose.ENTRY, quantity, PRICE, UnixNanos(9))


def a_cancel(request: str = "c", leg: str = "A") -> CancelOrder:
    return CancelOrder(RequestId(request), ID, VenueOrderId(leg), 0, UnixNanos(9))


def a_modify(request: str = "m", leg: str = "A", quantity: int = 2, price: Krw = BETTER) -> ModifyOrder:
    return ModifyOrder(RequestId(request), ID, VenueOrderId(leg), Purpose.ENTRY, quantity, price, UnixNanos(9))


def answered(outcome: RequestOutcome, request: str = ID, resolved: bool = True) -> RequestAnswered:
    return RequestAnswered(ID, RequestId(request), outcome, "CODE", "text", resolved, 0)


def stranded(request: str = ID) -> RequestStranded:
    return RequestStranded(ID, RequestId(request), "stream broke")


def accepted(seq: int = 1, leg: str = "A", quantity: int = 2) -> OrderAccepted:
    return OrderAccepted(
        **where(seq),
        venue_order_id=VenueOrderId(leg),
        symbol=SYMBOL,
        side=Side.BUY,
        quantity=quantity,
        limit_price=PRICE,
    )


def rejected(seq: int = 1) -> OrderRejected:
    return OrderRejected(**where(seq), code="R", text="no money")


def filled(seq: int, trade: str, leg: str = "A", quantity: int = 1, leaves: int = 0, price: Krw = PRICE) -> OrderFilled:
    return OrderFilled(
        **where(seq),
        venue_order_id=VenueOrderId(leg),
        trade_id=TradeId(trade),
        symbol=SYMBOL,
        side=Side.BUY,
        last_qty=quantity,
        last_px=price,
        commission=Krw(0),
        tax=Krw(0),
        leaves_qty=leaves,
    )


def received(seq: int, request: str, leg: str = "A", number: str = "N") -> ChangeReceived:
    return ChangeReceived(
        **where(seq),
        request_id=RequestId(request),
        venue_order_id=VenueOrderId(leg),
        change_venue_order_id=VenueOrderId(number),
    )


def refused(seq: int, request: str, leg: str = "A") -> ChangeRefused:
    return ChangeRefused(
        **where(seq), request_id=RequestId(request), venue_order_id=VenueOrderId(leg), code="X", text="too late"
    )


def cancelled(seq: int, quantity: int, request: str = "c", leg: str = "A", leaves: int = 0) -> OrderCancelled:
    return OrderCancelled(
        **where(seq),
        request_id=RequestId(request),
        venue_order_id=VenueOrderId(leg),
        cancelled_qty=quantity,
        leaves_qty=leaves,
    )


def replaced(
    seq: int, quantity: int, request: str = "m", leg: str = "A", new: str = "B", leaves: int = 0, price: Krw = BETTER
) -> OrderReplaced:
    return OrderReplaced(
        **where(seq),
        request_id=RequestId(request),
        venue_order_id=VenueOrderId(leg),
        new_venue_order_id=VenueOrderId(new),
        moved_qty=quantity,
        limit_price=price,
        leaves_qty=leaves,
    )


def expired(seq: int, quantity: int, leg: str = "A") -> OrderExpired:
    return OrderExpired(**where(seq), venue_order_id=VenueOrderId(leg), expired_qty=quantity)


def proved(fact: str, quantity: int = 0, leg: str = "A", **changes: Any) -> OrderEvidence:
    """Give what the broker's lists prove; fills at PRICE unless `notional` says otherwise."""
    fields: dict[str, Any] = {
        "client_order_id": ID,
        "fact": fact,
        "venue_order_id": leg,
        "symbol": SYMBOL,
        "side": Side.BUY,
        "quantity": quantity,
        "leaves_qty": 0,
        "notional": Krw(quantity * PRICE if fact == "filled" else 0),
        "commission": Krw(0),
        "tax": Krw(0),
        "limit_price": PRICE if fact == "accepted" else BETTER if fact == "replaced" else None,
        "new_venue_order_id": "B" if fact == "replaced" else "",
        "request_id": "",
        "reason": "the lists say so",
        "venue_time": UnixNanos(1),
    }
    return OrderEvidence(**(fields | changes))


def an_order(*messages: Any, quantity: int = 2) -> ClientOrder:
    """Give an order after these messages; the first is usually `a_submit()`."""
    order = from_approved(an_approval(quantity))
    for message in messages:
        order = apply(order, message, NOW).after
    return order


def step(order: ClientOrder, message: Any) -> Change:
    return apply(order, message, NOW)


def without_history(order: ClientOrder) -> ClientOrder:
    """Give the order with its books in a canonical order, for comparing different orders of arrival."""
    return order._replace(
        facts=tuple(sorted(order.facts, key=lambda f: f.event_seq)),
        legs=tuple(sorted(order.legs, key=lambda item: item.venue_order_id)),
        requests=tuple(sorted(order.requests, key=lambda item: item.request_id)),
        inferred=tuple(sorted(order.inferred)),
    )
