"""Shares that a broker's sums prove before their executions are told, and the executions that replace them. Pure.

The lists of a broker tell shares and money of an order number together, without execution numbers. What they prove is
booked at once and stays *outstanding* until the details come. A detail replaces and never adds: as many of its shares
as are outstanding were booked before, and only their money changes, by the detail's less the part of the inferred money
that belongs to them. What is left of a detail is surplus: shares nobody had booked.

Details may never come. A later execution of the number is none of them: open shares of a number only become fewer, so
one that leaves fewer than the sums showed happened after they were read (`in_sums`).

After all details, shares and money are those of the details, to the share and the won: the parts of the inferred money
that details take away add up to the whole.
"""

from typing import NamedTuple

from domain.portfolio import portion
from domain.types import Krw


class Money(NamedTuple):
    """What shares cost or brought together, in won; as a difference each may be negative."""

    notional: Krw = Krw(0)  # price times shares
    commission: Krw = Krw(0)
    tax: Krw = Krw(0)

    @property
    def costs(self) -> Krw:
        """Give commission and tax together."""
        return Krw(self.commission + self.tax)

    def plus(self, other: "Money") -> "Money":
        """Add another amount."""
        return Money(*(Krw(a + b) for a, b in zip(self, other, strict=True)))

    def minus(self, other: "Money") -> "Money":
        """Take another amount away."""
        return Money(*(Krw(a - b) for a, b in zip(self, other, strict=True)))

    def part(self, quantity: int, whole: int) -> "Money":
        """Give what belongs to `quantity` of `whole` shares: cut to whole won, the last share takes the rest."""
        return Money(*(Krw(portion(amount, quantity, whole)) for amount in self))


class Outstanding(NamedTuple):
    """Shares booked from sums whose details are still to come, with the money booked for them."""

    quantity: int = 0
    money: Money = Money()

    def plus(self, quantity: int, money: Money) -> "Outstanding":
        """Add shares that sums prove."""
        return Outstanding(self.quantity + quantity, self.money.plus(money))


class Absorbed(NamedTuple):
    """One detail against what was outstanding."""

    left: Outstanding
    quantity: int  # shares of the detail that were booked before
    change: Money  # what replaces their inferred money, less that money
    surplus_qty: int  # shares nobody had booked
    surplus: Money  # of these


def in_sums(quantity: int, leaves_qty: int, shown_qty: int) -> int:
    """Give how many of an execution's shares are in sums that showed `shown_qty` open shares of its number.

    `leaves_qty` are open after the execution.
    """
    return max(0, min(quantity, quantity + leaves_qty - shown_qty))


def absorb(outstanding: Outstanding, quantity: int, money: Money, at_most: int | None = None) -> Absorbed:
    """Let a detail of `quantity` shares (> 0) and their `money` replace what is outstanding.

    Not more than `at_most` of its shares can be of those; None: all can.
    """
    known = min(outstanding.quantity, quantity if at_most is None else at_most)
    if not known:
        return Absorbed(outstanding, 0, Money(), quantity, money)
    inferred, told = outstanding.money.part(known, outstanding.quantity), money.part(known, quantity)
    left = Outstanding(outstanding.quantity - known, outstanding.money.minus(inferred))
    return Absorbed(left, known, told.minus(inferred), quantity - known, money.minus(told))
