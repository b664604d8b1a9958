"""How SendOrder names prices (거래구분) and orders (nOrderType). Source: kiwoom.md 1.3."""

from collections.abc import Mapping
from typing import Final

from broker_win.orders.notices import Action
from domain.errors import RequestRefused
from domain.order_terms import in_words
from domain.types import OrderKind, ServerKind, Side, TimeInForce, Venue

_K, _T = OrderKind, TimeInForce
PRICE_TYPES: Final[Mapping[tuple[OrderKind, TimeInForce], str]] = {
    (_K.LIMIT, _T.DAY): "00",
    (_K.MARKET, _T.DAY): "03",
    (_K.CONDITIONAL_LIMIT, _T.DAY): "05",
    (_K.BEST_LIMIT, _T.DAY): "06",
    (_K.FIRST_LIMIT, _T.DAY): "07",
    (_K.LIMIT, _T.IOC): "10",
    (_K.MARKET, _T.IOC): "13",
    (_K.BEST_LIMIT, _T.IOC): "16",
    (_K.LIMIT, _T.FOK): "20",
    (_K.MARKET, _T.FOK): "23",
    (_K.BEST_LIMIT, _T.FOK): "26",
    (_K.PRE_OPEN_CLOSE, _T.DAY): "61",
    (_K.OFF_HOURS_SINGLE, _T.DAY): "62",
    (_K.POST_CLOSE, _T.DAY): "81",
}
MOCK_TYPES: Final = ("00", "03")  # all that the mock server takes
CANCEL_TYPE: Final = "00"
_ORDER_TYPES: Final[Mapping[tuple[Action, Side], int]] = {
    (Action.NEW, Side.BUY): 1,
    (Action.NEW, Side.SELL): 2,
    (Action.CANCEL, Side.BUY): 3,
    (Action.CANCEL, Side.SELL): 4,
    (Action.MODIFY, Side.BUY): 5,
    (Action.MODIFY, Side.SELL): 6,
}


def order_type(action: Action, side: Side) -> int:
    """Give nOrderType. The side is that of the order, also of one that changes it."""
    return _ORDER_TYPES[action, side]


def price_type(kind: OrderKind, in_force: TimeInForce, venue: Venue, server: ServerKind) -> str:
    """Give 거래구분 of a new order. Raises RequestRefused NOT_OFFERED for what this way to Kiwoom does not have."""
    if venue is not Venue.KRX:
        words = "SendOrder has no venue: orders go to KRX"
        raise RequestRefused("NOT_OFFERED", words, field="venue", value=venue, allowed=Venue.KRX)
    found = PRICE_TYPES.get((kind, in_force))
    if found is None:
        words = f"OpenAPI+ has no {in_words(kind)} order {in_force}"
        raise RequestRefused("NOT_OFFERED", words, field="kind", value=kind, allowed=_kinds())
    if server is not ServerKind.REAL and found not in MOCK_TYPES:
        words = f"Kiwoom's mock server takes limit and market orders only, not {in_words(kind)} {in_force}"
        allowed = f"{OrderKind.LIMIT}, {OrderKind.MARKET}; {TimeInForce.DAY}"
        raise RequestRefused("NOT_OFFERED", words, field="kind", value=kind, allowed=allowed)
    return found


def modify_type(kind: OrderKind, in_force: TimeInForce) -> str:
    """Give 거래구분 of a modify: that of the order, which cannot change. Raises RequestRefused NOT_OFFERED."""
    found = PRICE_TYPES.get((kind, in_force))
    if found is None or not kind.has_limit_price:
        words = f"a {in_words(kind)} order has no price to modify, and its price type may not change"
        raise RequestRefused("NOT_OFFERED", words, field="kind", value=kind, allowed="cancel it and place another")
    return found


def _kinds() -> str:
    return ", ".join(dict.fromkeys(kind.value for kind, _ in PRICE_TYPES))
