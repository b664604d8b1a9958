"""Trading of one issue as our orders meet it: the book, and the kinds of order that do not simply stand in one.

*Mid-point orders* (중간가) stand in no displayed queue. They trade with the feed's prints at the middle of the spread
only, by time; an immediate one finds nothing to take, for the feed shows no hidden orders.
*Stop-limit orders* sleep until a print reaches their stop price, and wake into continuous trading only.
*Off-hours closing-price orders* trade with the prints of their window at the fixed price, by time.
"""

from collections.abc import Iterable
from enum import Enum
from typing import Final

from broker_sim.legs import Leg
from broker_sim.market_view import Levels, is_mid, passive_side
from broker_sim.order_book import OrderBook
from broker_sim.order_queue import Execution
from broker_sim.resting_book import Waiting
from broker_sim.sight import Sight
from domain.quotes import Quote
from domain.types import OrderKind, TimeInForce

FIXED_PRICE: Final = frozenset({OrderKind.PRE_OPEN_CLOSE, OrderKind.POST_CLOSE})


class Stage(Enum):
    """How the issue trades now."""

    CONTINUOUS = "CONTINUOUS"
    OPENING = "OPENING"  # call auctions
    CLOSING = "CLOSING"
    INTERRUPTION = "INTERRUPTION"  # after a volatility interruption or a circuit breaker's halt
    SINGLE = "SINGLE"  # off-hours single price: one auction after the other
    HALTED = "HALTED"
    CLOSED = "CLOSED"  # between sessions; only off-hours closing-price orders may trade


class Issue:
    """Our orders of one issue, and what is displayed beside them. Gives executions; books no money."""

    __slots__ = (
        "_asleep",
        "_awake",
        "_fixed",
        "_fresh",
        "_mid",
        "_sight",
        "_unpriced",
        "book",
        "crossed",
        "stage",
    )

    def __init__(self, book: OrderBook, stage: Stage) -> None:
        """Take an empty book."""
        self.book = book
        self.stage = stage
        self.crossed = False  # the auction under way has had a print
        if stage is not Stage.CONTINUOUS:
            book.collect()
        self._mid: dict[int, Leg] = {}  # by number, oldest first, as all of these
        self._fixed: dict[int, Leg] = {}
        self._asleep: dict[int, Leg] = {}  # stop-limit orders
        self._awake: set[int] = set()
        self._unpriced: dict[int, Leg] = {}  # restored, waiting for a display that tells their price
        self._fresh = False  # an auction has ended and nothing was displayed since
        self._sight = Sight(book)

    @property
    def is_busy(self) -> bool:
        """Tell whether it must hear of rows: an order is here, or shares we took are still displayed."""
        book = self.book
        others = self._mid or self._fixed or self._asleep or self._unpriced
        return bool(book.entries or others or book.bids.taken or book.asks.taken)

    # ---- orders ---------------------------------------------------------------------------------------------

    def arrive(self, leg: Leg) -> tuple[list[Execution], bool]:
        """Let an order meet the book; give what trades, and whether the rest of it may wait."""
        if leg.kind in FIXED_PRICE:
            self._fixed[leg.number] = leg
        elif leg.kind is OrderKind.MID:
            if leg.time_in_force is not TimeInForce.DAY:
                return [], False
            self._mid[leg.number] = leg
        elif leg.kind is OrderKind.STOP_LIMIT and leg.number not in self._awake:
            self._asleep[leg.number] = leg
        elif self.stage is Stage.CONTINUOUS:
            return self._match(leg)
        else:
            self._rest(leg, leg.leaves_qty, self._auction_price(leg))
        return [], True

    def restore(self, leg: Leg) -> None:
        """Put back an order of an earlier run: behind everybody, nothing trades.

        What facts do not tell comes from what is displayed now: the price of a best-limit or first-limit order; and a
        stop-limit order that has not traded sleeps again.
        """
        if leg.kind is OrderKind.STOP_LIMIT and leg.leaves_qty < leg.quantity:
            self._awake.add(leg.number)
        asleep = leg.kind is OrderKind.STOP_LIMIT and leg.number not in self._awake
        if leg.kind in FIXED_PRICE or leg.kind is OrderKind.MID or asleep:
            self.arrive(leg)
        elif leg.kind is OrderKind.MARKET or (self.stage is Stage.CLOSING and leg.kind is OrderKind.CONDITIONAL_LIMIT):
            self._rest(leg, leg.leaves_qty, None)
        elif (price := self._own_price(leg)) is not None:
            self._rest(leg, leg.leaves_qty, price)
        else:
            self._unpriced[leg.number] = leg

    def follow(self, old: int, leg: Leg) -> tuple[list[Execution], bool]:
        """Let the leg that a modify made meet the book; it is as awake as the leg it came from."""
        if old in self._awake:
            self._awake.add(leg.number)
        return self.arrive(leg)

    def reduce(self, number: int, quantity: int) -> None:
        """Take shares out of the book after the fact that took them off the leg; what stays keeps its place."""
        if self.book.leaves(number):
            self.book.cancel(number, quantity)
        self.tidy(number)

    def tidy(self, number: int) -> None:
        """Forget an order that is done."""
        for kept in (self._mid, self._fixed, self._asleep, self._unpriced):
            leg = kept.get(number)
            if leg is not None and not leg.leaves_qty:
                del kept[number]
        if not self.book.leaves(number):
            self._sight.forget(number)

    def keep(self, leg: Leg, price: int | None) -> None:
        """Let all that is left of a leg wait: more of it traded in the book than its account could pay."""
        self.book.cancel(leg.number)
        self._rest(leg, leg.leaves_qty, price)

    # ---- auctions and halts -----------------------------------------------------------------------------------

    def collect(self, stage: Stage) -> None:
        """Begin a call auction or a halt."""
        self.stage = stage
        self.crossed = False
        self.book.collect()

    def to_market(self, leg: Leg) -> None:
        """Put a conditional limit order among those at the market, behind them."""
        if quantity := self.book.cancel(leg.number):
            self._sight.forget(leg.number)
            self.book.rest(leg.number, leg.side.sign, None, quantity)

    def cross(self, price: int, quantity: int) -> list[Execution]:
        """Take a print (KRW, shares) of the auction under way."""
        self.crossed = True
        return self.book.cross_at(price, quantity)

    def resume(self, reference: int | None) -> list[Execution]:
        """Go over to continuous trading. Orders of ours that still meet each other trade, nobody else does."""
        self.stage = Stage.CONTINUOUS
        self._fresh = True
        return self.book.resume(reference).executions

    # ---- the feed -------------------------------------------------------------------------------------------

    def trade(self, price: int, quantity: int, before: Quote | None) -> list[Execution]:
        """Take a print of continuous trading; give what our orders would have had of it."""
        found: list[Execution] = []
        if self._mid and is_mid(price, before):
            found = _in_turn(self._mid.values(), price, quantity)
            quantity -= sum(one.quantity for one in found)
        passive = passive_side(price, before)
        if passive and self._sight.hides(passive, price):
            passive = 0
        return found + self.book.trade(price, quantity, passive) if quantity else found

    def trade_fixed(self, kind: OrderKind, price: int, quantity: int) -> list[Execution]:
        """Take a print of an off-hours window at its fixed price."""
        return _in_turn((leg for leg in self._fixed.values() if leg.kind is kind), price, quantity)

    def show(self, bids: Levels, asks: Levels) -> list[Execution]:
        """Take what is displayed; give what that trades. With neither side, nothing is known of either.

        Orders that meet the first display after an auction take it at its prices, as if they arrived: they were there
        before it.
        """
        taking = self._taking(bids, asks) if self._fresh else ()
        self._fresh = False
        found = self._sight.show(bids, asks)
        for number, waiting in taking:
            found += self._enter(number, waiting.side, waiting.price, waiting.leaves)
        if self._unpriced:
            unpriced, self._unpriced = self._unpriced, {}
            for leg in unpriced.values():
                self.restore(leg)
        return found

    def wake(self, price: int) -> list[Execution]:
        """Wake the stop-limit orders a print reaches; give what they trade on their way into the book."""
        found: list[Execution] = []
        if self.stage is not Stage.CONTINUOUS:
            return found
        for number, leg in list(self._asleep.items()):
            if leg.stop_price is not None and (price - leg.stop_price) * leg.side.sign >= 0:
                del self._asleep[number]
                self._awake.add(number)
                found += self._match(leg)[0]
        return found

    # ---- inside ---------------------------------------------------------------------------------------------

    def _match(self, leg: Leg) -> tuple[list[Execution], bool]:
        book, side, wanted = self.book, leg.side.sign, leg.leaves_qty
        price = None if leg.kind is OrderKind.MARKET else self._own_price(leg)
        if price is None and leg.kind is not OrderKind.MARKET:
            return [], False  # there is no best price to take (that such an order ends is unconfirmed)
        if leg.time_in_force is not TimeInForce.DAY:
            if leg.time_in_force is TimeInForce.FOK and book.takeable(side, price) < wanted:
                return [], False
            return book.take(leg.number, side, wanted, price), False
        return self._enter(leg.number, side, price, wanted), True

    def _enter(self, number: int, side: int, price: int | None, quantity: int) -> list[Execution]:
        if price is not None:
            found = self.book.add(number, side, price, quantity)
            self._sight.note(number, side, price)
            return found
        found = self.book.take(number, side, quantity)
        if left := quantity - sum(one.quantity for one in found if one.order_id == number):
            self.book.rest(number, side, None, left)
        return found

    def _taking(self, bids: Levels, asks: Levels) -> list[tuple[int, Waiting]]:
        found = []
        for number in sorted(self.book.orders):
            waiting = self.book.order(number)
            best = (asks if waiting and waiting.side > 0 else bids)[:1]
            if waiting and best and (waiting.price is None or (waiting.price - best[0][0]) * waiting.side >= 0):
                self.book.cancel(number)
                self._sight.forget(number)
                found.append((number, waiting))
        return found

    def _rest(self, leg: Leg, quantity: int, price: int | None) -> None:
        self.book.rest(leg.number, leg.side.sign, price, quantity)
        if price is not None:
            self._sight.note(leg.number, leg.side.sign, price)

    def _auction_price(self, leg: Leg) -> int | None:
        if self.stage is Stage.CLOSING and leg.kind is OrderKind.CONDITIONAL_LIMIT:
            return None
        return leg.limit_price

    def _own_price(self, leg: Leg) -> int | None:
        # Definitions of best-limit (최유리) and first-limit (최우선): the opposite and the own best price at arrival.
        if leg.kind is OrderKind.BEST_LIMIT:
            best = self.book.best(-leg.side.sign)
        elif leg.kind is OrderKind.FIRST_LIMIT:
            best = self.book.best(leg.side.sign)
        else:
            return leg.limit_price
        return best[0] if best else None


def _in_turn(legs: Iterable[Leg], price: int, quantity: int) -> list[Execution]:
    found: list[Execution] = []
    for leg in legs:
        shares = min(quantity, leg.leaves_qty)
        if shares:
            found.append(Execution(leg.number, leg.side.sign, shares, price, True, 0))
            quantity -= shares
    return found
