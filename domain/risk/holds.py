"""What one order still binds: cash of a buy, shares of a sell.

Two roles tell about a fill, in an order risk does not choose: the executor (`filled`, `leaves`) and the portfolio
(`booked`). An order binds `leaves + filled - booked` shares, so whichever comes first, no won is free before it is
out of the cash, and none is held twice for long.
"""

from typing import NamedTuple

from domain.types import Krw, OrderKind, Side
from fsm.client_order import CLOSED


class Hold(NamedTuple):
    """One approved order as risk sees it."""

    client_order_id: str
    symbol: str
    side: Side
    quantity: int  # shares ordered
    limit_price: Krw | None
    reserved: Krw  # won for the whole quantity, costs included; 0 for a sell
    status: str
    leaves: int  # shares open, by the executor
    filled: int = 0  # shares, by the executor
    booked: int = 0  # shares, by the portfolio
    kind: OrderKind | None = None  # None for an order we did not approve: nobody told it
    stop_price: Krw | None = None
    since: int = 0  # venue time of the quotes when it came to its status

    @property
    def remaining(self) -> int:
        """Give the shares still bound."""
        bound = self.filled - self.booked
        if self.status not in CLOSED:
            bound += self.leaves
        return bound if bound > 0 else 0

    @property
    def reserve(self) -> Krw:
        """Give the won still held for them, rounded up so that it always covers the rest."""
        return Krw(-(-self.reserved * self.remaining // self.quantity))

    @property
    def is_open(self) -> bool:
        """Tell whether the order is not closed."""
        return self.status not in CLOSED

    @property
    def is_done(self) -> bool:
        """Tell whether it is closed and all its fills are in the books."""
        return self.status in CLOSED and self.remaining == 0

    @property
    def is_unresolved(self) -> bool:
        """Tell whether nobody knows what became of it."""
        return self.status.startswith("UNKNOWN") or self.status == "QUARANTINED"

    def moved(self, status: str, filled: int, leaves: int, at: int = 0) -> "Hold":
        """Give it after a word of the executor, heard at a venue time of the quotes."""
        since = self.since if status == self.status else at
        return self._replace(status=str(status), filled=filled, leaves=leaves, since=since)

    def repriced(self, limit_price: Krw | None, reserved: Krw) -> "Hold":
        """Give it after a change of price; `reserved` is for the whole quantity."""
        return self._replace(limit_price=limit_price, reserved=reserved)

    def is_like(self, side: Side, quantity: int, kind: OrderKind, limit_price: int | None, stop: int | None) -> bool:
        """Tell whether it is the same order as one proposed; a kind that nobody told counts as the same."""
        if self.kind is not None and (self.kind, self.stop_price) != (kind, stop):
            return False
        return (self.side, self.quantity, self.limit_price) == (side, quantity, limit_price)

    def with_booked(self, quantity: int) -> "Hold":
        """Give it after the portfolio booked a fill of so many shares."""
        return self._replace(booked=self.booked + quantity)
