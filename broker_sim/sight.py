"""How far into a book the feed lets us see, and which of our orders wait beyond.

*Unseen levels.* An order may wait at a price the feed does not display (yet). Who waits there is unknown: a print
exactly at that price gives it nothing, and when the level comes into view everybody displayed stands before it.
"""

from broker_sim.market_view import ASK, BID, Levels
from broker_sim.order_book import OrderBook
from broker_sim.order_queue import Execution


class Sight:
    """The displays of one book."""

    __slots__ = ("_book", "_reach", "_unseen")

    def __init__(self, book: OrderBook) -> None:
        """Begin with nothing displayed."""
        self._book = book
        self._unseen: set[int] = set()  # order ids
        self._reach: dict[int, int | None] = {}  # side -> deepest price displayed, None: nobody is there; {}: unknown

    def note(self, order_id: int, side: int, price: int) -> None:
        """Take an order that has met the book: what is left of it may wait unseen."""
        if self._book.leaves(order_id) and self._is_beyond(side, price):
            queue = self._book.queue(side, price)
            if all(one == order_id or one in self._unseen for one, _ in queue):
                self._unseen.add(order_id)

    def forget(self, order_id: int) -> None:
        """Take out an order that waits there no longer."""
        self._unseen.discard(order_id)

    def hides(self, side: int, price: int) -> bool:
        """Tell whether orders wait at a price whose queue is unknown."""
        return bool(self._unseen) and any(one in self._unseen for one, _ in self._book.queue(side, price))

    def show(self, bids: Levels, asks: Levels) -> list[Execution]:
        """Set both sides as displayed; give what that trades. With neither side, nothing is known of either."""
        found = self._show_side(BID, bids) + self._show_side(ASK, asks)
        known = bids or asks
        self._reach = {BID: bids[-1][0] if bids else None, ASK: asks[-1][0] if asks else None} if known else {}
        return found

    def _is_beyond(self, side: int, price: int) -> bool:
        if side not in self._reach:
            return True
        reach = self._reach[side]
        return reach is not None and (reach - price) * side > 0

    def _show_side(self, side: int, levels: Levels) -> list[Execution]:
        if not self._unseen:
            return self._book.show_side(side, levels)
        shown = {price for price, shares in levels if shares}
        behind: list[tuple[int, int, int]] = []  # those who go to the back of a level that comes into view
        for order_id in sorted(self._unseen):
            waiting = self._book.order(order_id)
            if waiting is None or waiting.price is None:
                self._unseen.discard(order_id)
            elif waiting.side == side and waiting.price in shown:
                behind.append((order_id, waiting.price, self._book.cancel(order_id)))
                self._unseen.discard(order_id)
            elif waiting.side == side and levels and (waiting.price - levels[-1][0]) * side >= 0:
                self._unseen.discard(order_id)  # in view, and nobody is there
        found = self._book.show_side(side, levels)
        for order_id, price, quantity in behind:
            self._book.rest(order_id, side, price, quantity)
        return found
