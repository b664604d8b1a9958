"""What waits in the book of one issue: orders queue and leave here, nothing trades. The reads of every book."""

from collections.abc import KeysView
from typing import NamedTuple

from broker_sim.order_queue import MARKET, CancelModel, Entry, Half
from domain.errors import InvariantError


class Waiting(NamedTuple):
    """An order in the book."""

    side: int  # +1 buys, -1 sells
    price: int | None  # KRW; None: at the market
    leaves: int  # shares


class RestingBook:
    """Both sides of one issue, and its open orders by id."""

    __slots__ = ("asks", "bids", "cancels", "collecting", "entries")

    def __init__(self, cancels: CancelModel = CancelModel.BACK) -> None:
        """Begin empty, in continuous trading."""
        self.bids = Half(1)
        self.asks = Half(-1)
        self.entries: dict[int, Entry] = {}  # by order id, oldest first
        self.cancels = cancels
        self.collecting = False  # a call auction is under way: the book may be crossed, displays meet nobody

    def rest(self, order_id: int, side: int, price: int | None, quantity: int) -> None:
        """Queue an order without matching: of a call auction (None: at the market, before every limit), or restored.

        A market order that still waits in continuous trading goes before every limit, so it trades at the other's price
        or at the best limit behind it, what is better for the other; where neither names a price, not at all. Raises
        InvariantError.
        """
        if (
            quantity <= 0
            or (price is not None and price <= 0)
            or order_id <= 0
            or order_id in self.entries
            or side * side != 1
        ):
            raise wrong_order(order_id, side, price, quantity)
        self.wait(order_id, side, MARKET if price is None else side * price, quantity)

    def cancel(self, order_id: int, quantity: int | None = None) -> int:
        """Take so many shares of an order out (None: all); give how many there were to take, 0 when it is not open.

        What stays keeps its place. A change of price is a cancel and an `add`: the place is lost. Raises
        InvariantError.
        """
        if quantity is not None and quantity <= 0:
            raise InvariantError(f"cancelled quantity expected > 0, was {quantity} of order {order_id}")
        entry = self.entries.get(order_id)
        if entry is None:
            return 0
        if quantity is not None and quantity < entry.quantity:
            entry.quantity -= quantity
            return quantity
        half = self.bids if entry.side > 0 else self.asks
        level = half.levels[entry.key]
        level.leave(entry)
        del self.entries[order_id]
        if not level.orders and not level.others:
            half.drop(entry.key)
        return entry.quantity

    # ---- reads ----------------------------------------------------------------------------------------------

    @property
    def orders(self) -> KeysView[int]:
        """Give the ids of the open orders, those queued first before others: a live view."""
        return self.entries.keys()

    def order(self, order_id: int) -> Waiting | None:
        """Give an order that waits, None when it is not open."""
        entry = self.entries.get(order_id)
        if entry is None:
            return None
        return Waiting(entry.side, None if entry.key == MARKET else entry.key * entry.side, entry.quantity)

    def leaves(self, order_id: int) -> int:
        """Give the shares of an order that wait, 0 when it is not open."""
        entry = self.entries.get(order_id)
        return entry.quantity if entry is not None else 0

    def queue_ahead(self, order_id: int) -> int:
        """Give the shares before an order at its own level, others' and orders'. Raises InvariantError: not open."""
        entry = self.entries.get(order_id)
        if entry is None:
            raise InvariantError(f"queue_ahead expected an open order, was {order_id}")
        ahead = 0
        for one in self.half(entry.side).levels[entry.key].queue or ():
            if one is entry:
                break
            ahead += one.quantity
        return ahead

    def best(self, side: int) -> tuple[int, int] | None:
        """Give (price, shares) of the best limit, orders and others together; None when there is none."""
        found = self.depth(side, 1)
        return found[0] if found else None

    def depth(self, side: int, levels: int | None = 10) -> list[tuple[int, int]]:
        """Give (price, shares) of so many limits (None: all), best first, orders and others together."""
        half = self.half(side)
        limits = [key for key in half.keys if key != MARKET]
        first = 0 if levels is None else max(0, len(limits) - levels)
        return [(key * side, half.levels[key].shares) for key in reversed(limits[first:])]

    def queue(self, side: int, price: int | None) -> list[tuple[int, int]]:
        """Give (id, shares) of a level from its front, id 0: a block of the others. None: orders at the market."""
        level = self.half(side).levels.get(MARKET if price is None else side * price)
        if level is None:
            return []
        if level.queue is None:
            return [(0, level.others)]
        return [(entry.order_id, entry.quantity) for entry in level.queue]

    def others(self, side: int, price: int) -> int:
        """Give the others' shares at a level: what is displayed without what orders here took of it."""
        level = self.half(side).levels.get(side * price)
        return level.others if level is not None else 0

    def taken(self, side: int, price: int) -> int:
        """Give the shares that orders here took of what the feed displays at a level."""
        return self.half(side).taken.get(side * price, 0)

    # ---- for the modules that match -------------------------------------------------------------------------

    def half(self, side: int) -> Half:
        """Give the bids for +1, the asks for -1."""
        return self.bids if side > 0 else self.asks

    def wait(self, order_id: int, side: int, key: int, quantity: int) -> None:
        """Put a checked order at the back of its level."""
        half = self.bids if side > 0 else self.asks
        entry = self.entries[order_id] = Entry(order_id, quantity, side, key)
        level = half.levels.get(key)
        if level is None:
            level = half.level(key)
        level.join(entry)


def wrong_order(order_id: int, side: int, price: int | None, quantity: int) -> InvariantError:
    """Say what a book expects of an order."""
    return InvariantError(
        "order expected an id > 0 that is not open, side +1 or -1, price > 0, shares > 0,"
        f" was id {order_id}, side {side}, price {price}, {quantity} shares"
    )
