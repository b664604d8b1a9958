"""Books: cash and positions, booked to the won.

One identity holds after every fill, whatever its direction:

    cash + Σ cost_basis + Σ cost_commission == cash and cost at the start + Σ realised

`cost_basis` is notional only. What was paid to get in is kept beside it in `cost_commission`, so that a closing fill
realises the costs of both sides. Average prices are derived, never stored.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from domain.errors import InvariantError
from domain.types import Krw, Side

ZERO = Krw(0)
_BUY = Side.BUY  # looked up once: booking runs for every fill of a year


class Prices(Protocol):
    """Won per share by symbol: a mapping, or `domain.marks.Marks`."""

    def get(self, symbol: str, /) -> int | None:
        """Give the mark of an instrument, None when there is none."""


class Position(NamedTuple):
    """A holding. Long-only markets keep it >= 0; a negative one says the books missed a fill, and still balances."""

    quantity: int = 0  # shares
    cost_basis: Krw = ZERO  # notional paid for them
    cost_commission: Krw = ZERO  # costs paid to get in


class Booking(NamedTuple):
    """What one fill did: amounts of the fill, then the position and the cash after it."""

    notional: Krw
    commission: Krw
    tax: Krw
    realized_pnl: Krw  # costs of both sides included; 0 when the fill only opens
    position: Position
    cash: Krw


FLAT = Position()


@dataclass(frozen=True, slots=True)
class Books:
    """Cash and open positions at one moment. Never changed: every booking gives new books."""

    cash: Krw = ZERO
    positions: Mapping[str, Position] = field(default_factory=dict)  # open ones only

    def position(self, symbol: str) -> Position:
        """Give the position of an instrument, flat when there is none."""
        return self.positions.get(symbol, FLAT)

    def book(self, symbol: str, side: Side, quantity: int, price: Krw, commission: Krw, tax: Krw) -> Booking:
        """Compute what a fill does (shares, won per share, won). Raises as `book_fill`."""
        return book_fill(self.position(symbol), self.cash, side, quantity, price, commission, tax)

    def book_sum(self, symbol: str, side: Side, quantity: int, notional: Krw, commission: Krw, tax: Krw) -> Booking:
        """Compute what shares do of which only the sum of their prices is known (won). Raises as `book_sum`."""
        return book_sum(self.position(symbol), self.cash, side, quantity, notional, commission, tax)

    def revise(self, symbol: str, side: Side, quantity: int, notional: Krw, commission: Krw, tax: Krw) -> Booking:
        """Compute what other money does for `quantity` shares that are booked already, see `revise_fill`."""
        return revise_fill(self.position(symbol), self.cash, side, quantity, notional, commission, tax)

    def with_position(self, symbol: str, position: Position, cash: Krw) -> "Books":
        """Give the books after a fill."""
        positions = dict(self.positions)
        if position.quantity:
            positions[symbol] = position
        else:
            positions.pop(symbol, None)
        return Books(cash, positions)

    def adopt_fill(self, symbol: str, quantity: int, cost_basis: Krw, cash: Krw, realized_pnl: Krw) -> "Books":
        """Give the books after a recorded fill (position, cost basis and cash after it).

        `cost_commission` follows from the identity above, so recovery needs no rounding rule of its own.
        """
        before = self.position(symbol)
        kept = before.cost_commission + realized_pnl - (cash - self.cash) - (cost_basis - before.cost_basis)
        return self.with_position(symbol, Position(quantity, cost_basis, Krw(kept)), cash)

    def value(self, marks: Prices) -> Krw:
        """Value the positions at mark (won per share); one without a mark counts at its cost basis."""
        total = 0
        for symbol, (quantity, cost_basis, _) in self.positions.items():  # a loop: asked at every fill and mark
            mark = marks.get(symbol)
            total += cost_basis if mark is None else quantity * mark
        return Krw(total)

    def paid(self) -> Krw:
        """Give what was paid for the positions, costs of getting in included (won)."""
        return Krw(sum([held[1] + held[2] for held in self.positions.values()]))

    def equity(self, marks: Prices) -> Krw:
        """Give cash plus positions at mark."""
        return Krw(self.cash + self.value(marks))

    def unrealized(self, marks: Prices) -> Krw:
        """Give what the positions would bring over their cost, costs of getting in included, of getting out not."""
        return Krw(self.value(marks) - self.paid())


def market_value(position: Position, mark: int | None) -> Krw:
    """Value one position at mark (won per share); without one at its cost basis."""
    return position.cost_basis if mark is None else Krw(position.quantity * mark)


def portion(total: int, part: int, whole: int) -> int:
    """Give the share of a won amount that belongs to `part` of `whole` shares.

    Rounding: cut to whole won (floor); the last share takes the rest, so no won is lost or made.
    """
    return total if part == whole else total * part // whole


def book_fill(
    position: Position, cash: Krw, side: Side, quantity: int, price: Krw, commission: Krw, tax: Krw
) -> Booking:
    """Book one fill of `quantity` shares at `price` won. Raises InvariantError when either is not > 0."""
    if quantity <= 0 or price <= 0:
        raise InvariantError(f"fill expected quantity and price > 0, was {quantity!r} at {price!r}")
    return book_sum(position, cash, side, quantity, Krw(quantity * price), commission, tax)


def book_sum(
    position: Position, cash: Krw, side: Side, quantity: int, notional: Krw, commission: Krw, tax: Krw
) -> Booking:
    """Book `quantity` shares with `notional` won in all. Raises InvariantError when there are none."""
    if quantity <= 0:
        raise InvariantError(f"shares to book expected > 0, was {quantity!r}")
    held, basis, paid = position
    if side is _BUY and held >= 0:  # opens only: nothing is realised
        # `_make`, here and below: calling Krw five times takes longer than all the rest.
        after = Position._make((held + quantity, basis + notional, paid + commission + tax))
        return Booking._make((notional, commission, tax, ZERO, after, cash - notional - commission - tax))
    if side is not _BUY and held >= quantity:  # closes only: its part of the cost goes
        sold, spent = portion(basis, quantity, held), portion(paid, quantity, held)
        came = notional - commission - tax
        after = Position._make((held - quantity, basis - sold, paid - spent))
        return Booking._make((notional, commission, tax, came - sold - spent, after, cash + came))
    return book_across(position, cash, side, quantity, notional, commission, tax)


def book_across(
    position: Position, cash: Krw, side: Side, quantity: int, notional: Krw, commission: Krw, tax: Krw
) -> Booking:
    """Book any shares, those that turn a holding into its opposite, too: the rule that the ways above cut short."""
    sign, costs, held = side.sign, commission + tax, abs(position.quantity)
    closed = min(held, quantity) if position.quantity * sign < 0 else 0
    opened = quantity - closed
    basis, paid = position.cost_basis, position.cost_commission
    if closed:
        basis = Krw(basis - portion(basis, closed, held))
        paid = Krw(paid - portion(paid, closed, held))
    after = Position(
        position.quantity + sign * quantity,
        Krw(basis + sign * portion(notional, opened, quantity)),
        Krw(paid + portion(costs, opened, quantity)),
    )
    return _booking(position, after, cash, sign, notional, commission, tax)


def revise_fill(
    position: Position, cash: Krw, side: Side, quantity: int, notional: Krw, commission: Krw, tax: Krw
) -> Booking:
    """Change the money of `quantity` (> 0) booked shares by differences (won); shares stay.

    Rule: as many of the shares as the position can still hold take their part of the difference into its cost; the
    rest belongs to shares that are gone, and is realised. So nothing is left over once the position is flat: cash and
    what is realised are then what they would have been had the shares been booked with this money at once.
    """
    sign = side.sign
    held = abs(position.quantity) if position.quantity * sign > 0 else 0
    opened = min(held, quantity)
    after = Position(
        position.quantity,
        Krw(position.cost_basis + sign * portion(notional, opened, quantity)),
        Krw(position.cost_commission + portion(commission + tax, opened, quantity)),
    )
    return _booking(position, after, cash, sign, notional, commission, tax)


def _booking(
    before: Position, after: Position, cash: Krw, sign: int, notional: Krw, commission: Krw, tax: Krw
) -> Booking:
    """Give a booking whose realised part makes the identity above hold."""
    cash_after = Krw(cash - sign * notional - commission - tax)
    kept = after.cost_basis + after.cost_commission - before.cost_basis - before.cost_commission
    return Booking(notional, commission, tax, Krw(cash_after - cash + kept), after, cash_after)


class DayTotals(NamedTuple):
    """What a trading date brought so far."""

    start_equity: Krw = ZERO
    realized_pnl: Krw = ZERO
    commission: Krw = ZERO
    tax: Krw = ZERO
    trips: int = 0  # positions closed completely
    wins: int = 0  # of them, with a profit after costs
    peak_equity: Krw = ZERO
    max_drawdown: Krw = ZERO  # deepest fall of equity from its peak, won
    moved: Krw = ZERO  # that came or left since the start by a person's word: no result of trading

    @property
    def costs(self) -> Krw:
        """Give commission and tax together."""
        return Krw(self.commission + self.tax)

    def add_fill(self, realized_pnl: Krw, commission: Krw, tax: Krw) -> "DayTotals":
        """Add one fill."""
        return self._replace(
            realized_pnl=Krw(self.realized_pnl + realized_pnl),
            commission=Krw(self.commission + commission),
            tax=Krw(self.tax + tax),
        )

    def add_trip(self, profit: Krw) -> "DayTotals":
        """Count a closed position with everything it realised."""
        return self._replace(trips=self.trips + 1, wins=self.wins + (profit > 0))

    def revise_trip(self, profit: Krw, revised: Krw) -> "DayTotals":
        """Count a closed position anew whose profit changed."""
        return self._replace(wins=self.wins - (profit > 0) + (revised > 0))

    def move(self, amount: Krw) -> "DayTotals":
        """Take money or shares that came (or left, below 0): the peak goes along, so that it is no gain and no fall."""
        return self._replace(moved=Krw(self.moved + amount), peak_equity=Krw(self.peak_equity + amount))

    def mark(self, equity: Krw) -> "DayTotals":
        """Take one equity figure into peak and drawdown."""
        peak = max(self.peak_equity, equity)
        return self._replace(peak_equity=peak, max_drawdown=max(self.max_drawdown, Krw(peak - equity)))
