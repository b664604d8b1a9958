"""What a corporate action does to a holding, its cash and its mark, to the won.

A split leaves the cost basis as it is: only its shares are other ones. Cash is income, not a result of trading: a
dividend, or what was paid for a fraction of a share. Only where no share is left was the holding closed: then what it
cost is realised against the cash. So after any sequence of fills and actions

    cash + Σ cost_basis + Σ cost_commission == cash and cost at the start + Σ realised + Σ income
"""

from typing import NamedTuple

from domain.portfolio import FLAT, ZERO, Position
from domain.types import Krw


class Adjusted(NamedTuple):
    """What one action did: position and cash after it, and where the difference went (won)."""

    position: Position
    cash: Krw
    income: Krw
    realized_pnl: Krw


def book_adjustment(position: Position, cash: Krw, change: int, received: Krw) -> Adjusted:
    """Book one corporate action: `change` shares more or fewer, `received` won with tax taken off."""
    quantity, after = position.quantity + change, Krw(cash + received)
    if quantity == 0 and position.quantity:
        result = Krw(received - position.cost_basis - position.cost_commission)
        return Adjusted(FLAT, after, ZERO, result)
    return Adjusted(position._replace(quantity=quantity), after, received, ZERO)


def adjusted_mark(mark: int, quantity_before: int, quantity: int, received: int) -> int:
    """Give the mark (won per share, >= 1) at which shares and cash after a split are worth what the shares were before.

    Rounding: cut to whole won, so less than one won per share is lost until the next price.
    """
    return max(1, (mark * quantity_before - received) // quantity)
