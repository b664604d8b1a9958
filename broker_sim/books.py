"""The simulated broker's books: open legs, cash, holdings. A fold of order facts and nothing else.

Long only, all in cash. The whole account balances to the won at any time:
`cash + sum(cost_basis + cost_commission) == opening cash + realized_total`.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final

from domain.errors import InvariantError
from domain.messages.orders import (
    ChangeReceived,
    OrderAccepted,
    OrderCancelled,
    OrderExpired,
    OrderFact,
    OrderFilled,
    OrderReplaced,
)
from domain.portfolio import FLAT, Position, book_fill
from domain.time import kst_date
from domain.types import ClientOrderId, Krw, Side, UnixNanos, VenueOrderId

NUMBER_DIGITS: Final = 7  # order numbers look like Kiwoom's


@dataclass(slots=True)
class Leg:
    """One live venue order number."""

    number: int
    client_order_id: ClientOrderId
    symbol: str
    side: Side
    quantity: int
    leaves_qty: int
    limit_price: Krw | None  # None: market order

    @property
    def venue_order_id(self) -> VenueOrderId:
        """Give the number as the venue prints it."""
        return venue_order_id(self.number)

    def crosses(self, price: int) -> bool:
        """Tell whether the leg may trade at a price on the other side (won, > 0)."""
        return self.limit_price is None or (self.limit_price - price) * self.side.sign >= 0


@dataclass(slots=True)
class Holding:
    """Shares of one instrument and what they cost."""

    position: Position = FLAT
    realized_pnl: int = 0  # won of the day, costs of both sides included

    @property
    def quantity(self) -> int:
        """Give the shares held."""
        return self.position.quantity


class Books:
    """Fold of facts: legs by number, cash, holdings, totals of the day."""

    def __init__(self, cash: int) -> None:
        """Open an account with cash in won."""
        self.cash = Krw(cash)
        self.legs: dict[int, Leg] = {}  # by number, so oldest first
        self.holdings: dict[str, Holding] = {}
        self.last_number = 0
        self.trades = 0
        self.day: date | None = None
        self.commission = 0  # won of the day
        self.tax = 0  # won of the day
        self.realized_total = 0  # won since the account was opened
        self.last_time = UnixNanos(0)  # venue time of the newest fact

    def open_day(self, day: date) -> None:
        """Begin the totals of a day; nothing changes when it is the day already."""
        if day == self.day:
            return
        self.day = day
        self.commission = self.tax = 0
        self.holdings = {symbol: held for symbol, held in self.holdings.items() if held.quantity}
        for held in self.holdings.values():
            held.realized_pnl = 0

    def apply(self, fact: OrderFact) -> None:
        """Fold one fact. Raises InvariantError when it cannot follow the facts before it."""
        self.open_day(kst_date(fact.venue_time))
        self.last_time = max(self.last_time, fact.venue_time)
        match fact:
            case OrderAccepted():
                self._add(fact, fact.venue_order_id, fact.symbol, fact.side, fact.quantity, fact.limit_price)
            case ChangeReceived():
                self.last_number = max(self.last_number, int(fact.change_venue_order_id))
            case OrderCancelled():
                self._reduce(fact.venue_order_id, fact.cancelled_qty, fact.leaves_qty)
            case OrderReplaced():
                old = self._reduce(fact.venue_order_id, fact.moved_qty, fact.leaves_qty)
                self._add(fact, fact.new_venue_order_id, old.symbol, old.side, fact.moved_qty, fact.limit_price)
            case OrderExpired():
                self._reduce(fact.venue_order_id, fact.expired_qty, 0)
            case OrderFilled():
                self._reduce(fact.venue_order_id, fact.last_qty, fact.leaves_qty)
                self._book(fact)
            case _:  # a rejection or a refused change leaves the books as they are
                pass

    def _add(
        self,
        fact: OrderAccepted | OrderReplaced,
        number: VenueOrderId,
        symbol: str,
        side: Side,
        quantity: int,
        limit_price: Krw | None,
    ) -> None:
        leg = Leg(int(number), fact.client_order_id, symbol, side, quantity, quantity, limit_price)
        if leg.number in self.legs or quantity <= 0:
            raise InvariantError(f"new leg expected an unused number and shares > 0, was {leg!r}")
        self.legs[leg.number] = leg
        self.last_number = max(self.last_number, leg.number)

    def _reduce(self, number: VenueOrderId, quantity: int, leaves_qty: int) -> Leg:
        leg = self.legs.get(int(number))
        if leg is None or quantity <= 0 or leg.leaves_qty - quantity != leaves_qty or leaves_qty < 0:
            raise InvariantError(f"leg {number} expected to lose {quantity} of its leaves to {leaves_qty}, was {leg!r}")
        leg.leaves_qty = leaves_qty
        if not leaves_qty:
            del self.legs[leg.number]
        return leg

    def _book(self, fill: OrderFilled) -> None:
        held = self.holdings.setdefault(fill.symbol, Holding())
        if fill.side is Side.SELL and fill.last_qty > held.quantity:
            raise InvariantError(f"sale of {fill.last_qty} {fill.symbol} expected at most {held.quantity} held")
        booked = book_fill(held.position, self.cash, fill.side, fill.last_qty, fill.last_px, fill.commission, fill.tax)
        self.cash = booked.cash
        held.position = booked.position
        held.realized_pnl += booked.realized_pnl
        self.realized_total += booked.realized_pnl
        self.commission += fill.commission
        self.tax += fill.tax
        self.trades += 1


def venue_order_id(number: int) -> VenueOrderId:
    """Print an order number as the venue does."""
    return VenueOrderId(f"{number:0{NUMBER_DIGITS}d}")
