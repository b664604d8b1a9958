"""What a request asks for in SendOrder's words, or why it cannot be asked. Pure. Source: kiwoom.md 1.3."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from broker.port import OrderRequest
from broker_win.config import WinConfig
from broker_win.orders.known import Leg
from broker_win.orders.notices import Action
from broker_win.orders.price_types import CANCEL_TYPE, modify_type, price_type
from domain.errors import RequestRefused
from domain.messages.orders import CancelOrder, ModifyOrder, SubmitOrder
from domain.types import Krw, OrderKind, Side, TimeInForce

MOST: Final = 2**31 - 1  # SendOrder's numbers have 32 bits


@dataclass(frozen=True, slots=True)
class Wanted:
    """One SendOrder without screen and name."""

    action: Action
    code: str
    side: Side
    quantity: int  # 0: all that is left, of a cancel
    price: Krw | None
    original: str  # empty for a new order
    kind: OrderKind
    time_in_force: TimeInForce
    price_type: str  # 거래구분


def wanted(request: OrderRequest, leg_of: Callable[[str], Leg | None], config: WinConfig) -> Wanted:
    """Give what to ask. `leg_of` gives an order number of today.

    Raises RequestRefused NOT_OFFERED, BAD_ORDER, UNKNOWN_ORDER or NOT_OPEN.
    """
    if isinstance(request, SubmitOrder):
        return _new(request, config)
    leg = leg_of(request.original_venue_order_id)
    if leg is None:
        number = request.original_venue_order_id
        words = f"order number {number} is none of today's orders here"
        raise RequestRefused("UNKNOWN_ORDER", words, field="original_venue_order_id", value=number)
    if not leg.leaves:
        raise RequestRefused("NOT_OPEN", f"nothing of order number {leg.number} is open")
    if isinstance(request, ModifyOrder):
        hoga = modify_type(leg.kind, leg.time_in_force)
        quantity, price = _whole("quantity", request.quantity), Krw(_whole("limit_price", request.limit_price))
        return _change(Action.MODIFY, leg, quantity, price, hoga)
    return _change(Action.CANCEL, leg, _to_cancel(request, leg, config), None, CANCEL_TYPE)


def _new(request: SubmitOrder, config: WinConfig) -> Wanted:
    hoga = price_type(request.kind, request.time_in_force, request.venue, config.server_kind)
    price = Krw(_whole("limit_price", request.limit_price)) if request.kind.has_limit_price else None
    quantity = _whole("quantity", request.quantity)
    return Wanted(
        *(Action.NEW, request.symbol, request.side, quantity, price),
        *("", request.kind, request.time_in_force, hoga),
    )


def _change(action: Action, leg: Leg, quantity: int, price: Krw | None, hoga: str) -> Wanted:
    return Wanted(
        *(action, leg.code, leg.side, quantity, price),
        *(leg.number, leg.kind, leg.time_in_force, hoga),
    )


def _to_cancel(request: CancelOrder, leg: Leg, config: WinConfig) -> int:
    """Kiwoom refuses to cancel more than is open; that 0 cancels all of it is used by many and written nowhere."""
    left = leg.leaves - leg.missing or leg.leaves  # what an event showed as gone is not open, whatever took it
    if request.quantity and request.quantity < left:
        return _whole("quantity", request.quantity)
    return 0 if config.unknowns.cancel_qty_zero_is_all else left


def _whole(field: str, value: int | None) -> int:
    if value is None or not 0 < value <= MOST:
        words = f"{field} expected 1 to {MOST}, was {value!r}"
        raise RequestRefused("BAD_ORDER", words, field=field, value=str(value), allowed=f"1 to {MOST}")
    return value
