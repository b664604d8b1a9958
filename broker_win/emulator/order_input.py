"""What SendOrder is given, read and checked as far as the control itself does. Pure. Source: kiwoom.md 1.3 and 1.8."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from broker_win.control import Value
from broker_win.emulator.limits import is_screen
from domain.types import DayOrderAction, Market, OrderKind, Side, TimeInForce

WRONG_INPUT: Final = -300
NO_PASSWORD: Final = -301
WRONG_ACCOUNT: Final = -302
ABOVE_2_BILLION: Final = -303
ABOVE_5_BILLION: Final = -304
ABOVE_1_PERCENT: Final = -305  # of the shares listed
ABOVE_3_PERCENT: Final = -306
SEND_FAILED: Final = -307
NO_SUCH_CODE: Final = -500

_BILLION: Final = 1_000_000_000
_TYPES: Final[Mapping[int, tuple[Side, DayOrderAction]]] = {
    1: (Side.BUY, DayOrderAction.NEW),
    2: (Side.SELL, DayOrderAction.NEW),
    3: (Side.BUY, DayOrderAction.CANCEL),
    4: (Side.SELL, DayOrderAction.CANCEL),
    5: (Side.BUY, DayOrderAction.MODIFY),
    6: (Side.SELL, DayOrderAction.MODIFY),
}
PRICE_TYPES: Final[Mapping[str, tuple[OrderKind, TimeInForce]]] = {
    "00": (OrderKind.LIMIT, TimeInForce.DAY),
    "03": (OrderKind.MARKET, TimeInForce.DAY),
    "05": (OrderKind.CONDITIONAL_LIMIT, TimeInForce.DAY),
    "06": (OrderKind.BEST_LIMIT, TimeInForce.DAY),
    "07": (OrderKind.FIRST_LIMIT, TimeInForce.DAY),
    "10": (OrderKind.LIMIT, TimeInForce.IOC),
    "13": (OrderKind.MARKET, TimeInForce.IOC),
    "16": (OrderKind.BEST_LIMIT, TimeInForce.IOC),
    "20": (OrderKind.LIMIT, TimeInForce.FOK),
    "23": (OrderKind.MARKET, TimeInForce.FOK),
    "26": (OrderKind.BEST_LIMIT, TimeInForce.FOK),
    "61": (OrderKind.PRE_OPEN_CLOSE, TimeInForce.DAY),
    "62": (OrderKind.OFF_HOURS_SINGLE, TimeInForce.DAY),
    "81": (OrderKind.POST_CLOSE, TimeInForce.DAY),
}
MOCK_TYPES: Final = frozenset({"00", "03"})  # all that the mock server takes


@dataclass(frozen=True, slots=True)
class OrderInput:
    """The nine arguments."""

    rqname: str
    screen: str
    account: str
    side: Side
    action: DayOrderAction
    code: str
    quantity: int
    price: int
    price_type: str
    original: str  # empty for a new order

    @property
    def kind(self) -> OrderKind:
        """Give how it is priced."""
        return PRICE_TYPES[self.price_type][0]

    @property
    def time_in_force(self) -> TimeInForce:
        """Give how long it stands."""
        return PRICE_TYPES[self.price_type][1]

    def trcode(self, market: Market | None) -> str:
        """Give the TR code its answer comes under."""
        board = "KQ" if market is Market.KOSDAQ else "KP"
        if self.action is not DayOrderAction.NEW:
            return f"KOA_NORMAL_{board}_{self.action.value}"
        return f"KOA_NORMAL_{self.side.value}_{board}_ORD"


def read_order(arguments: Sequence[Value]) -> OrderInput | None:
    """Read the arguments of SendOrder; None for what the control refuses as wrong input (-300)."""
    if len(arguments) != 9:
        return None
    rqname, screen, account, order_type, code, quantity, price, price_type, original = arguments
    texts = (rqname, screen, account, code, price_type, original)
    if not all(isinstance(one, str) for one in texts):
        return None
    if not (isinstance(order_type, int) and isinstance(quantity, int) and isinstance(price, int)):
        return None
    kind = _TYPES.get(order_type)
    if kind is None or price_type not in PRICE_TYPES or not is_screen(str(screen)):
        return None
    side, action = kind
    least = 0 if action is DayOrderAction.CANCEL else 1
    if quantity < least or price < 0 or (action is not DayOrderAction.NEW and not str(original).strip()):
        return None
    number = "" if action is DayOrderAction.NEW else str(original).strip()
    return OrderInput(
        str(rqname), str(screen), str(account), side, action, str(code), quantity, price, str(price_type), number
    )


def size_code(order: OrderInput, reference: int, listed: int | None) -> int:
    """Give 0, or the code of an order that is too large.

    `reference` is the price (KRW) that values an order without one; `listed` the shares listed, None when not known.
    """
    if order.action is DayOrderAction.CANCEL:
        return 0
    value = order.quantity * (order.price or reference)
    if value > 5 * _BILLION:
        return ABOVE_5_BILLION
    if value > 2 * _BILLION:
        return ABOVE_2_BILLION
    if listed and order.quantity * 100 > 3 * listed:
        return ABOVE_3_PERCENT
    if listed and order.quantity * 100 > listed:
        return ABOVE_1_PERCENT
    return 0
