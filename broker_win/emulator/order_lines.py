"""The day's order numbers as Kiwoom's servers keep them: a fold of facts, from which the chejan events are written."""

from collections.abc import Iterator
from dataclasses import dataclass

from domain.messages.orders import (
    ChangeReceived,
    ChangeRefused,
    OrderAccepted,
    OrderCancelled,
    OrderExpired,
    OrderFact,
    OrderFilled,
    OrderReplaced,
)
from domain.types import DayOrderAction, OrderKind, Side, TimeInForce

ELSEWHERE = "0000"  # FID 920 of what no SendOrder of this process placed


@dataclass(slots=True)
class Line:
    """One order number."""

    number: str
    original: str  # number it changes; empty for a new order
    client_order_id: str
    symbol: str
    side: Side  # of the original for a change
    action: DayOrderAction
    kind: OrderKind
    time_in_force: TimeInForce
    quantity: int
    price: int  # KRW; 0 for kinds without one and for cancels
    leaves: int
    account: str = ""
    screen: str = ELSEWHERE
    filled_qty: int = 0
    filled_notional: int = 0
    commission: int = 0  # of this number; the real events tell it per order, whatever its name 당일 says
    tax: int = 0

    @property
    def is_filled(self) -> bool:
        """Tell whether any of it traded."""
        return self.filled_qty > 0


class Lines:
    """Fold of facts: all numbers of the day. Numbers of other days are not known, and their facts change nothing."""

    def __init__(self) -> None:
        """Start without a number."""
        self._lines: dict[str, Line] = {}
        self._changes: dict[str, Line] = {}  # by request

    def __iter__(self) -> Iterator[Line]:
        """Go through all numbers, oldest first."""
        return iter(self._lines.values())

    def get(self, number: str) -> Line | None:
        """Give one number, None when it is not known."""
        return self._lines.get(number)

    def change(self, request_id: str) -> Line | None:
        """Give the number of a cancel or modify, None when it got none."""
        return self._changes.get(request_id)

    def forget(self) -> None:
        """Begin a day."""
        self._lines, self._changes = {}, {}

    def open_sells(self, symbol: str) -> int:
        """Give the shares in open sell orders of an instrument."""
        return sum(
            line.leaves
            for line in self._lines.values()
            if line.symbol == symbol and line.side is Side.SELL and line.action is not DayOrderAction.CANCEL
        )

    def bought_today(self, symbol: str) -> int:
        """Give the shares bought today less those sold."""
        return sum(line.side.sign * line.filled_qty for line in self._lines.values() if line.symbol == symbol)

    def apply(self, fact: OrderFact) -> None:
        """Fold one fact."""
        match fact:
            case OrderAccepted():
                self._accept(fact)
            case OrderFilled():
                self._fill(fact)
            case ChangeReceived():
                self._receive(fact)
            case OrderCancelled():
                self._cancel(fact)
            case OrderReplaced():
                self._replace(fact)
            case ChangeRefused(request_id=request):
                if (change := self._changes.get(request)) is not None:
                    change.leaves = 0
            case OrderExpired(venue_order_id=number):
                if (line := self._lines.get(number)) is not None:
                    line.leaves = 0
            case _:
                pass

    def _accept(self, fact: OrderAccepted) -> None:
        self._lines[fact.venue_order_id] = Line(
            number=fact.venue_order_id,
            original="",
            client_order_id=fact.client_order_id,
            symbol=fact.symbol,
            side=fact.side,
            action=DayOrderAction.NEW,
            kind=fact.kind or (OrderKind.MARKET if fact.limit_price is None else OrderKind.LIMIT),
            time_in_force=fact.time_in_force,
            quantity=fact.quantity,
            price=fact.limit_price or 0,
            leaves=fact.quantity,
        )

    def _fill(self, fact: OrderFilled) -> None:
        line = self._lines.get(fact.venue_order_id)
        if line is None:
            return
        line.leaves = fact.leaves_qty
        line.filled_qty += fact.last_qty
        line.filled_notional += fact.last_qty * fact.last_px
        line.commission += fact.commission
        line.tax += fact.tax

    def _receive(self, fact: ChangeReceived) -> None:
        original = self._lines.get(fact.venue_order_id)
        if original is None:
            return
        is_modify = fact.limit_price is not None
        quantity = fact.quantity or original.leaves
        change = Line(
            number=fact.change_venue_order_id,
            original=original.number,
            client_order_id=original.client_order_id,
            symbol=original.symbol,
            side=original.side,
            action=DayOrderAction.MODIFY if is_modify else DayOrderAction.CANCEL,
            kind=original.kind,
            time_in_force=original.time_in_force,
            quantity=quantity,
            price=fact.limit_price or 0,
            leaves=0,  # nothing stands under it until it is confirmed
            account=original.account,
        )
        self._lines[change.number] = self._changes[fact.request_id] = change

    def _cancel(self, fact: OrderCancelled) -> None:
        line = self._lines.get(fact.venue_order_id)
        if line is not None:
            line.leaves = fact.leaves_qty

    def _replace(self, fact: OrderReplaced) -> None:
        old = self._lines.get(fact.venue_order_id)
        if old is not None:
            old.leaves = fact.leaves_qty
        new = self._lines.get(fact.new_venue_order_id)
        if new is not None:
            new.leaves = fact.moved_qty
            new.price = fact.limit_price
            if not new.kind.has_limit_price:  # the venue makes a limit order of it
                new.kind = OrderKind.LIMIT
