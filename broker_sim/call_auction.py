"""Call auctions on a book: one price for all. `auction.py` has the price rule, this has who trades.

In an auction everybody waits, so every execution is passive, and orders go by price (market orders first) and time.
"""

from enum import Enum
from typing import NamedTuple

from broker_sim.auction import Clearing, allocate_in_turn, allocate_simultaneous, clearing
from broker_sim.order_queue import MARKET, CancelModel, Entry, Execution, Half, Level
from broker_sim.resting_book import RestingBook
from domain.errors import InvariantError


class AtAuctionPrice(Enum):
    """What orders limited exactly at the price of the feed's auction get: their place behind the others is unknown."""

    NONE = "NONE"  # nothing; conservative
    SHARE = "SHARE"  # their share of what is displayed at that price, of the shares left for it, rounded down


class Uncross(NamedTuple):
    """What an auction did."""

    price: int | None  # KRW; None: nothing met
    volume: int  # shares, those of the others on both sides included
    executions: list[Execution]


class AuctionBook(RestingBook):
    """A book that can hold call auctions: `collect` begins one, `uncross` ends it, or `resume` one of the feed."""

    __slots__ = ("_at_auction_price",)

    def __init__(
        self, cancels: CancelModel = CancelModel.BACK, at_auction_price: AtAuctionPrice = AtAuctionPrice.NONE
    ) -> None:
        """Begin empty, in continuous trading, with the policies where the feed leaves something open."""
        super().__init__(cancels)
        self._at_auction_price = at_auction_price

    def collect(self) -> None:
        """Begin a call auction: from now on orders `rest`, displays meet nobody, and the book may be crossed."""
        self.collecting = True

    def indicative(self, reference: int | None) -> Clearing:
        """Give price, volume and surplus of an auction that ended now. `reference` as in `uncross`."""
        return _indicative(self, reference)

    def uncross(self, reference: int | None, *, simultaneous: bool = False) -> Uncross:
        """End a call auction among all that is in the book, orders and others; nothing is left that meets.

        `reference`: the last price, else the day's base (won); without one, orders at the market alone have no price.
        `simultaneous`: the price is a daily limit, so at it shares go round by size (`auction.allocate_simultaneous`).
        Market orders may be left over, on one side, when the other is used up: the caller cancels them or lets them
        wait.
        """
        done = _uncross(self, reference, simultaneous)
        self._continue()
        return done

    def cross_at(self, price: int, quantity: int) -> list[Execution]:
        """Take the print of a call auction that the feed tells; give what orders here would have had of it.

        On either side orders strictly better than its price trade at it, up to the print's shares by priority; orders
        at its price by `AtAuctionPrice`. Others strictly better are gone. The auction goes on until `resume`.
        """
        if price <= 0 or quantity <= 0:
            raise InvariantError(f"print expected a price and shares > 0, was {quantity} at {price}")
        return _cross_at(self, price, quantity, self._at_auction_price)

    def resume(self, reference: int | None) -> Uncross:
        """End a call auction of the feed: others that still meet something go, orders that meet each other uncross."""
        done = _resume(self, reference)
        self._continue()
        return done

    def _continue(self) -> None:
        # An auction is a new beginning of what the feed displays.
        self.collecting = False
        self.bids.taken.clear()
        self.asks.taken.clear()


def _indicative(book: RestingBook, reference: int | None) -> Clearing:
    return clearing(_sums(book.bids), _sums(book.asks), reference)


def _uncross(book: RestingBook, reference: int | None, simultaneous: bool = False) -> Uncross:
    found = _indicative(book, reference)
    executions: list[Execution] = []
    if found.price is not None:
        buys, sells = (
            _draw(book, half, half.sign * found.price, found.volume, simultaneous) for half in (book.bids, book.asks)
        )
        executions = _pair(buys, sells, found.price)
    return Uncross(found.price, found.volume, executions)


def _cross_at(book: RestingBook, price: int, quantity: int, at_price: AtAuctionPrice) -> list[Execution]:
    found: list[Execution] = []
    for half in (book.bids, book.asks):
        bar = half.sign * price
        left = quantity
        others = 0
        for key in [key for key in reversed(half.keys) if key > bar]:
            level = half.levels[key]
            others += level.others
            level.clear_others()
            for entry in level.queue or ():
                shares = min(entry.quantity, left)
                left -= shares
                _give(book, half, level, entry, shares, price, found)
            _settle(half, key, level)
        if at_price is AtAuctionPrice.SHARE and bar in half.levels:
            _share(book, half, bar, max(0, left - others), price, found)
    return found


def _resume(book: RestingBook, reference: int | None) -> Uncross:
    # The market's own auction is over, so others that meet anything are out of date. Then orders that still meet each
    # other trade at one price.
    bid, ask = _best(book.bids), _best(book.asks)
    _drop_others(book.bids, -ask)
    _drop_others(book.asks, -bid)
    return _uncross(book, reference)


def _sums(half: Half) -> list[tuple[int | None, int]]:
    return [(None if key == MARKET else key * half.sign, half.levels[key].shares) for key in half.keys]


def _draw(book: RestingBook, half: Half, bar: int, volume: int, simultaneous: bool) -> list[tuple[int, int]]:
    # Takes a volume out of a half, best first; gives (id, shares), id 0 for others.
    drawn: list[tuple[int, int]] = []
    while volume:
        key = half.keys[-1]
        level = half.levels[key]
        if level.queue is None:
            shares = min(volume, level.others)
            level.others -= shares
            volume -= shares
            drawn.append((0, shares))
        else:
            by_size = simultaneous and key == bar
            allocate = allocate_simultaneous if by_size else allocate_in_turn
            given = allocate([entry.quantity for entry in level.queue], volume)
            volume -= sum(given)
            for entry, shares in zip(level.queue, given, strict=True):
                if shares:
                    drawn.append((entry.order_id, shares))
                    _reduce(book, level, entry, shares)
        _settle(half, key, level)
    return drawn


def _pair(buys: list[tuple[int, int]], sells: list[tuple[int, int]], price: int) -> list[Execution]:
    # Both lists add up to the same volume: who trades with whom, each side in its order of priority.
    found: list[Execution] = []
    places = iter(sells)
    seller = offered = 0
    for buyer, shares in buys:
        wanted = shares
        while wanted:
            if not offered:
                seller, offered = next(places)
            traded = min(wanted, offered)
            wanted -= traded
            offered -= traded
            if buyer:
                found.append(Execution(buyer, 1, traded, price, True, seller))
            if seller:
                found.append(Execution(seller, -1, traded, price, True, buyer))
    return found


def _share(book: RestingBook, half: Half, key: int, pool: int, price: int, found: list[Execution]) -> None:
    # A pool of shares goes to the orders of a level, and to the others there, in proportion.
    level = half.levels[key]
    total = level.shares
    for entry in level.queue or ():
        if entry.order_id:
            _give(book, half, level, entry, entry.quantity * min(pool, total) // total, price, found)
    _settle(half, key, level)


def _give(
    book: RestingBook, half: Half, level: Level, entry: Entry, shares: int, price: int, found: list[Execution]
) -> None:
    if shares:
        found.append(Execution(entry.order_id, half.sign, shares, price, True, 0))
        _reduce(book, level, entry, shares)


def _reduce(book: RestingBook, level: Level, entry: Entry, shares: int) -> None:
    entry.quantity -= shares
    if not entry.order_id:
        level.others -= shares
    elif not entry.quantity:
        level.orders -= 1
        del book.entries[entry.order_id]


def _settle(half: Half, key: int, level: Level) -> None:
    # Ends changes of a level: no empty entries, no empty level.
    if level.queue is not None:
        level.tidy()
    if not level.orders and not level.others:
        half.drop(key)


def _best(half: Half) -> int:
    # The best key of a half, below every key when it is empty.
    return half.keys[-1] if half.keys else -2 * MARKET


def _drop_others(half: Half, bar: int) -> None:
    for key in [key for key in half.keys if key >= bar]:
        half.levels[key].clear_others()
        _settle(half, key, half.levels[key])
