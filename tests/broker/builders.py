"""Requests, guards and rows for the broker's tests."""

import time

from broker.port import Guard
from domain.messages.orders import CancelOrder, ModifyOrder, SubmitOrder
from domain.quotes import Quote, QuoteBatch
from domain.types import ClientOrderId, Krw, OrderKind, Purpose, RequestId, Side, UnixNanos, VenueOrderId

FAR = UnixNanos(4_000_000_000_000_000_000)


def soon() -> UnixNanos:
    """Give a deadline that no test reaches; the server's clock is the system's."""
    return UnixNanos(time.time_ns() + 60_000_000_000)


def a_submit(
    order: str = "o-1",
    symbol: str = "120110",
    side: Side = Side.BUY,
    purpose: Purpose = Purpose.ENTRY,
    quantity: int = 10,
    price: int | None = 9_000,
    valid_until: UnixNanos = FAR,
) -> SubmitOrder:
    kind = OrderKind.MARKET if price is None else OrderKind.LIMIT
    limit = None if price is None else Krw(price)
    return SubmitOrder(ClientOrderId(order), symbol, side, kind, purpose, quantity, limit, valid_until)


def a_modify(request: str = "m-1", order: str = "o-1", leg: str = "0000001", price: int = 9_100) -> ModifyOrder:
    return ModifyOrder(RequestId(request), ClientOrderId(order), VenueOrderId(leg), Purpose.ENTRY, 10, Krw(price), FAR)


def a_cancel(request: str = "c-1", order: str = "o-1", leg: str = "0000001") -> CancelOrder:
    return CancelOrder(RequestId(request), ClientOrderId(order), VenueOrderId(leg), 0, FAR)


def a_guard(journal_id: str, epoch: int, valid_until: UnixNanos = FAR) -> Guard:
    return Guard(journal_id, epoch, valid_until)


def a_quote(symbol: str = "120110", at: int = 1_768_262_400_000_000_000, price: int = 10_000) -> Quote:
    return Quote(symbol, at, price, 3, 1_000, price - 10, price, 200, 300, 1)


def a_batch(seq: int = 1, rows: int = 2, end: bool = False) -> QuoteBatch:
    return QuoteBatch(
        "run-1", seq, [a_quote(at=seq * 1_000 + n) for n in range(rows)], 0, end, 1_768_262_400_000_000_001
    )
