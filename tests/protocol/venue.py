"""The venue's side of the story: one symbol, one size, and the facts it tells."""

from typing import Any

from domain.messages.orders import CancelOrder, ChangeRefused, OrderAccepted, OrderCancelled, OrderFilled
from domain.types import Krw, RequestId, Side, TradeId, VenueOrderId
from tests.actors.builders import SAMSUNG, venue
from tests.protocol.world import VenueOrder

JOURNAL_ID = "J"
QUANTITY = 10
PRICE = Krw(10_000)
CASH = 10_000_000
AT = venue(2)
Venue = tuple[VenueOrder, ...]


def _head(name: str) -> dict[str, Any]:
    return {"journal_id": "", "event_seq": 0, "venue_time": AT, "client_order_id": name}


def accepted(name: str, index: int) -> OrderAccepted:
    number = VenueOrderId(str(index + 1))
    return OrderAccepted(
        **_head(name), venue_order_id=number, symbol=SAMSUNG, side=Side.BUY, quantity=QUANTITY, limit_price=PRICE
    )


def filled(name: str, index: int) -> OrderFilled:
    return OrderFilled(
        **_head(name),
        venue_order_id=VenueOrderId(str(index + 1)),
        trade_id=TradeId(f"t{index + 1}"),
        symbol=SAMSUNG,
        side=Side.BUY,
        last_qty=QUANTITY,
        last_px=PRICE,
        commission=Krw(0),
        tax=Krw(0),
        leaves_qty=0,
    )


def cancelled(name: str, index: int, request_id: str) -> OrderCancelled:
    number = VenueOrderId(str(index + 1))
    return OrderCancelled(
        **_head(name),
        request_id=RequestId(request_id),
        venue_order_id=number,
        cancelled_qty=QUANTITY,
        leaves_qty=0,
    )


def change_refused(request: CancelOrder) -> ChangeRefused:
    return ChangeRefused(
        **_head(request.client_order_id),
        request_id=request.request_id,
        venue_order_id=request.original_venue_order_id,
        code="NOT_OPEN",
        text="nothing of it is open",
    )
