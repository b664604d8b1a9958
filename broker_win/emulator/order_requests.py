"""Orders of the emulated control as requests to the venue, under ids that are unique for ever in its journal."""

from typing import Final
from uuid import uuid4

from broker.port import OrderRequest
from broker_win.emulator.order_input import OrderInput
from broker_win.emulator.order_lines import Line
from broker_win.emulator.order_teller import OURS
from domain.messages.orders import CancelOrder, ModifyOrder, SubmitOrder
from domain.types import (
    ClientOrderId,
    DayOrderAction,
    Krw,
    OrderKind,
    Purpose,
    RequestId,
    Side,
    UnixNanos,
    VenueOrderId,
)

HTS: Final = "hts-"
ALWAYS: Final = UnixNanos(2**62)  # the guard says how long a request is valid


class OrderRequests:
    """Numbers requests of one process."""

    def __init__(self, run: str = "") -> None:
        """Name the process; a name is made up where none is given."""
        self.run = run or uuid4().hex[:10]
        self._count = 0

    def of(self, order: OrderInput, original: Line | None) -> tuple[str, OrderRequest]:
        """Give id and request for SendOrder; `original` is the number a change is about."""
        name = self._name(OURS)
        purpose = _purpose(order.side)
        if order.action is DayOrderAction.NEW or original is None:
            price = Krw(order.price) if order.kind.has_limit_price else None
            asked = (ClientOrderId(name), order.code, order.side, order.kind, purpose, order.quantity, price, ALWAYS)
            return name, SubmitOrder(*asked, order.time_in_force)
        client, number = ClientOrderId(original.client_order_id), VenueOrderId(original.number)
        if order.action is DayOrderAction.CANCEL:
            return name, CancelOrder(RequestId(name), client, number, order.quantity, ALWAYS)
        price = Krw(order.price)
        return name, ModifyOrder(RequestId(name), client, number, purpose, order.quantity, price, ALWAYS)

    def elsewhere(self, code: str, side: Side, quantity: int, price: int | None) -> SubmitOrder:
        """Give the request for an order placed by hand in the HTS, at a price (KRW) or at the market."""
        kind, limit = (OrderKind.MARKET, None) if price is None else (OrderKind.LIMIT, Krw(price))
        return SubmitOrder(ClientOrderId(self._name(HTS)), code, side, kind, _purpose(side), quantity, limit, ALWAYS)

    def cancel_elsewhere(self, line: Line) -> CancelOrder:
        """Give the request for a cancel, by hand, of all that is open of a number."""
        client, number = ClientOrderId(line.client_order_id), VenueOrderId(line.number)
        return CancelOrder(RequestId(self._name(HTS)), client, number, 0, ALWAYS)

    def _name(self, prefix: str) -> str:
        self._count += 1
        return f"{prefix}{self.run}-{self._count}"


def _purpose(side: Side) -> Purpose:
    return Purpose.ENTRY if side is Side.BUY else Purpose.EXIT
