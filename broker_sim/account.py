"""The simulated account: cash, when it settles, and holdings; a fold of order facts and nothing else.

Long only, all in cash: an order is covered to 100 % by cash, settled or on its way, or by shares. The whole account
balances to the won at any time, and the deposit on the day after tomorrow is always all cash:

    cash + sum(cost_basis + cost_commission) == opening cash + realized_total + income_total
    ledger.total == cash
"""

from dataclasses import dataclass
from datetime import date

from domain.adjustments import book_adjustment
from domain.errors import InvariantError
from domain.messages.link import BrokerPosition
from domain.messages.orders import HoldingAdjusted, OrderFact, OrderFilled
from domain.portfolio import FLAT, Position, book_fill
from domain.settlement import Ledger
from domain.time import kst_date
from domain.types import Krw, Side


@dataclass(slots=True)
class Holding:
    """Shares of one instrument and what they cost."""

    position: Position = FLAT
    realized_pnl: int = 0  # won of the day, costs of both sides included

    @property
    def quantity(self) -> int:
        """Give the shares held."""
        return self.position.quantity


class Account:
    """Fold of facts: cash and its settlement, holdings, totals of the day."""

    def __init__(self, cash: int) -> None:
        """Open an account with cash in won."""
        self.cash = Krw(cash)
        self.ledger = Ledger(self.cash)
        self.holdings: dict[str, Holding] = {}
        self.trades = 0
        self.commission = 0  # won of the day
        self.tax = 0  # won of the day
        self.realized_total = 0  # won since the account was opened
        self.income_total = 0  # won since the account was opened: dividends, cash for fractions of a share
        self._day: date | None = None

    def open_day(self, day: date) -> None:
        """Begin the totals of a day; nothing changes when it is the day already."""
        if day == self._day:
            return
        self._day = day
        self.ledger = self.ledger.compact(day)
        self.commission = self.tax = 0
        self.holdings = {symbol: held for symbol, held in self.holdings.items() if held.quantity}
        for held in self.holdings.values():
            held.realized_pnl = 0

    def apply(self, fact: OrderFact) -> None:
        """Fold one fact of the day opened. Raises InvariantError when it cannot follow the facts before it."""
        if isinstance(fact, OrderFilled):
            self._book(fact)
        elif isinstance(fact, HoldingAdjusted):
            self._adjust(fact)

    def positions(self) -> list[BrokerPosition]:
        """Give what is held or was traded today, by symbol."""
        return [
            BrokerPosition(symbol, held.quantity, held.position.cost_basis, Krw(held.realized_pnl))
            for symbol, held in sorted(self.holdings.items())
        ]

    def _book(self, fill: OrderFilled) -> None:
        held = self.holdings.setdefault(fill.symbol, Holding())
        if fill.side is Side.SELL and fill.last_qty > held.quantity:
            raise InvariantError(f"sale of {fill.last_qty} {fill.symbol} expected at most {held.quantity} held")
        booked = book_fill(held.position, self.cash, fill.side, fill.last_qty, fill.last_px, fill.commission, fill.tax)
        self.ledger = self.ledger.trade(kst_date(fill.venue_time), booked.cash - self.cash)
        self.cash = booked.cash
        held.position = booked.position
        held.realized_pnl += booked.realized_pnl
        self.realized_total += booked.realized_pnl
        self.commission += fill.commission
        self.tax += fill.tax
        self.trades += 1

    def _adjust(self, fact: HoldingAdjusted) -> None:
        held = self.holdings.get(fact.symbol, Holding())
        if held.quantity != fact.quantity_before or held.quantity <= 0 or fact.quantity < 0:
            raise InvariantError(f"{fact.action} expected {fact.quantity_before} {fact.symbol} held, was {held!r}")
        booked = book_adjustment(held.position, self.cash, fact.quantity - fact.quantity_before, fact.cash)
        self.ledger = self.ledger.receive(fact.cash)
        self.cash, held.position = booked.cash, booked.position
        held.realized_pnl += booked.realized_pnl
        self.realized_total += booked.realized_pnl
        self.income_total += booked.income
