"""The parts of an order book: entries in time order, levels of entries, one half of the book per side.

A level's queue holds orders with an id and blocks of shares without one, displayed by the feed ("the others"). While no
order waits at a level it is a number of others' shares and has no queue: most levels of a feed stay so.

Levels are kept under a *key*, which is price times side (+1 bids, -1 asks): on both sides the best level has the
largest key, so one piece of code serves both, and a sorted list of keys has its best at the cheap end. An order of side
s and limit p meets the other half's levels from key -s * p up.
"""

from bisect import bisect_left, insort
from enum import Enum
from typing import Final, NamedTuple

MARKET: Final = 1 << 60  # the key of orders without a price: before every limit


class Execution(NamedTuple):
    """Shares of one order that trade."""

    order_id: int
    side: int  # of this order: +1 buys, -1 sells
    quantity: int  # shares
    price: int  # KRW
    passive: bool  # it waited in the book when it traded; so does every order of a call auction
    counterparty: int  # the other order's id, 0: the others


class CancelModel(Enum):
    """Whose shares left when the feed displays less than before and no print says why."""

    BACK = "BACK"  # those behind our orders first: we never move ahead without a print; conservative
    PROPORTIONAL = "PROPORTIONAL"  # of those ahead of an order: ahead / all others of the level, rounded down


class Entry:
    """One place in a queue: an order, or with id 0 a block of others' shares (side and key unused)."""

    __slots__ = ("key", "order_id", "quantity", "side")

    def __init__(self, order_id: int, quantity: int, side: int = 0, key: int = 0) -> None:
        """Take shares left to trade."""
        self.order_id = order_id
        self.quantity = quantity
        self.side = side
        self.key = key


class Level:
    """One price on one side. Blocks never stand next to each other, so a queue has at most twice as many as orders."""

    __slots__ = ("orders", "others", "queue")

    def __init__(self, others: int = 0) -> None:
        """Begin with others' shares."""
        self.others = others  # shares, all blocks together
        self.orders = 0  # entries with an id
        self.queue: list[Entry] | None = None  # None exactly while orders == 0

    @property
    def shares(self) -> int:
        """Give all shares, the others' included."""
        return self.others if self.queue is None else sum(entry.quantity for entry in self.queue)

    def join(self, entry: Entry) -> None:
        """Put an order behind everything."""
        if self.queue is not None:
            self.queue.append(entry)
        else:
            self.queue = [Entry(0, self.others), entry] if self.others else [entry]
        self.orders += 1

    def set_others(self, shares: int, model: CancelModel) -> None:
        """Let so many shares of the others be there, those that come at the back."""
        if shares > self.others:
            self.grow(shares - self.others)
        elif shares < self.others:
            self.shrink(self.others - shares, model)

    def grow(self, shares: int) -> None:
        """Put others' shares (> 0) behind everything."""
        self.others += shares
        if self.queue is not None:
            last = self.queue[-1]
            if last.order_id:
                self.queue.append(Entry(0, shares))
            else:
                last.quantity += shares

    def shrink(self, shares: int, model: CancelModel) -> None:
        """Let others cancel so many shares, at most all of theirs."""
        before = self.others
        self.others = before - shares
        queue = self.queue
        if queue is None:
            return
        if model is CancelModel.BACK:
            for entry in reversed(queue):
                if not entry.order_id:
                    gone = min(shares, entry.quantity)
                    entry.quantity -= gone
                    shares -= gone
                    if not shares:
                        break
        else:
            ahead = kept = 0  # running totals of the others, so that the rounding does not depend on how they are cut
            for entry in queue:
                if not entry.order_id:
                    ahead += entry.quantity
                    left = -(-ahead * self.others // before)  # rounded up: the order behind moves less
                    entry.quantity = left - kept
                    kept = left
        self.tidy()

    def clear_others(self) -> None:
        """Take all others' shares out."""
        if self.others:
            if self.queue is not None:
                self.queue = [entry for entry in self.queue if entry.order_id]
            self.others = 0

    def leave(self, entry: Entry) -> None:
        """Take an order out, wherever it stands."""
        self.orders -= 1
        if not self.orders:
            self.queue = None
            return
        queue = self.queue or []
        index = queue.index(entry)
        del queue[index]
        if 0 < index < len(queue) and not queue[index].order_id and not queue[index - 1].order_id:
            queue[index - 1].quantity += queue.pop(index).quantity

    def tidy(self) -> None:
        """Take entries without shares out of the queue, and the queue when no order is left in it."""
        kept: list[Entry] = []
        for entry in self.queue or ():
            if entry.quantity:
                if kept and not entry.order_id and not kept[-1].order_id:
                    kept[-1].quantity += entry.quantity
                else:
                    kept.append(entry)
        self.queue = kept if self.orders else None


class Half:
    """The levels of one side. `taken`: shares of the others that orders here took, still in what the feed displays."""

    __slots__ = ("keys", "levels", "sign", "taken")

    def __init__(self, sign: int) -> None:
        """Take +1 for bids, -1 for asks."""
        self.sign = sign
        self.keys: list[int] = []  # ascending: the best is last
        self.levels: dict[int, Level] = {}  # by key, the same keys; none is empty
        self.taken: dict[int, int] = {}  # by key, > 0

    def highest(self) -> int:
        """Give the best key at which anything waits or was taken, one below all when there is none."""
        best = self.keys[-1] if self.keys else -MARKET
        if self.taken:
            return max(best, *self.taken)
        return best

    def level(self, key: int) -> Level:
        """Give the level, made when it is not there; the caller fills it."""
        level = self.levels.get(key)
        if level is None:
            level = self.levels[key] = Level()
            if self.keys and key < self.keys[-1]:
                insort(self.keys, key)
            else:
                self.keys.append(key)
        return level

    def drop(self, key: int) -> None:
        """Take an empty level out."""
        del self.levels[key]
        if self.keys[-1] == key:
            self.keys.pop()
        else:
            del self.keys[bisect_left(self.keys, key)]
