"""Which of the shares held are ours: bought by our own orders, or put under our care by a person.

What came to the account another way (bought elsewhere, moved in, held before us) counts in exposure and is left alone.
Where both are held of one symbol, a sale elsewhere is of the others' shares first, a person's adjustment of ours first:
in doubt fewer are ours. An execution whose client order id is lost cannot be told from one of others.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from domain.messages.holdings import AdjustmentBooked, FillRevised, HoldingBooked
from domain.messages.risk import HoldingClaimed
from domain.messages.trading import FillBooked
from domain.proved_shares import leg_of


@dataclass(slots=True)
class Ours:
    """Shares that are ours by symbol; never more than are held."""

    shares: dict[str, int] = field(default_factory=dict)  # bought less sold; cut to what was held when that changes
    held: dict[str, int] = field(default_factory=dict)  # in our books
    told: set[tuple[str, str, int]] = field(default_factory=set)  # bookings of the trading date
    told_before: set[tuple[str, str, int]] = field(default_factory=set)  # of the date before

    def of(self, symbol: str) -> int:
        """Give the shares of a symbol that are ours, 0 to all that are held."""
        return min(self.shares.get(symbol, 0), self.held.get(symbol, 0))

    def is_again(self, booked: FillBooked | HoldingBooked) -> bool:
        """Tell whether it was booked on the date before: what is newer than the broker's answer is booked once more."""
        return _key(booked) in self.told_before

    def fold(self, message: Any) -> None:
        """Take one message in."""
        match message:
            case FillBooked(client_order_id=order, symbol=symbol, side=side, last_qty=quantity, position_qty=held):
                if self._is_new(message):
                    self._put(symbol, self.of(symbol) + (side.sign * quantity if order else 0))
                self._hold(symbol, held)
            case FillRevised(client_order_id=order, symbol=symbol, side=side, quantity=quantity, trade_id=trade):
                if order and leg_of(trade):  # ours, and in the broker's books the date began with
                    self._put(symbol, self.shares.get(symbol, 0) + side.sign * quantity)
            case HoldingBooked(symbol=symbol, quantity_before=before, position_qty=held):
                if self._is_new(message):
                    self._put(symbol, self.of(symbol) * held // before if before else 0)
                self._hold(symbol, held)
            case AdjustmentBooked(symbol=symbol, quantity_before=before, position_qty=held) if symbol:
                self._put(symbol, self.of(symbol) + held - before)
                self._hold(symbol, held)
            case HoldingClaimed(symbol=symbol, quantity=quantity):
                self._put(symbol, quantity)

    def open_account(self, held: Mapping[str, int], unbooked: Iterable[tuple[str, int]]) -> None:
        """Adopt the broker's books of a new date.

        `unbooked` are shares of our own orders (sold: negative) that these books hold and no booking told.
        """
        for symbol in list(self.shares):
            self._put(symbol, self.of(symbol))
        for symbol, quantity in unbooked:
            self._put(symbol, self.shares.get(symbol, 0) + quantity)
        # Not cut to what is held yet: these books may hold a sale of ours whose proof is still to come and takes it.
        self.held = dict(held)
        self.told, self.told_before = set(), self.told

    def split(self, symbol: str, before: int, after: int) -> None:
        """Keep our part of shares that were split: all of them where all were ours, else cut to whole shares."""
        self._put(symbol, self.of(symbol) * after // before)
        self._hold(symbol, after)

    def _is_new(self, booked: FillBooked | HoldingBooked) -> bool:
        if self.is_again(booked):
            return False
        self.told.add(_key(booked))
        return True

    def _hold(self, symbol: str, quantity: int) -> None:
        self.held.pop(symbol, None)
        if quantity > 0:
            self.held[symbol] = quantity

    def _put(self, symbol: str, shares: int) -> None:
        self.shares.pop(symbol, None)
        if shares > 0:
            self.shares[symbol] = shares


def _key(booked: FillBooked | HoldingBooked) -> tuple[str, str, int]:
    if isinstance(booked, FillBooked):
        return booked.client_order_id or booked.symbol, booked.trade_id, booked.venue_time
    return booked.symbol, booked.action, booked.venue_time
