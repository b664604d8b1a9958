"""The order book of one issue: price, then time, over our orders and what a feed displays of the others. Pure.

Sides are +1 (buy, bids) and -1 (sell, asks); prices whole won; quantities shares; ids of orders integers > 0, never
used twice while open. Whose an order is, the book does not know. What it assumes:

*Depth* (`show`, `show_side`). What the feed displays of the others is set, never added. More than before joins the BACK
of the queue. Less than before, when no print said why, are cancels of the others, taken out by the `CancelModel`.
*Own fills use liquidity once.* Shares of the others that orders here took stay in what the feed displays, because the
real market knows nothing of us. They are `taken` off again: others = displayed - taken, at least 0. A later print at
that level takes the real market past them first, so `taken` shrinks by its shares; it is never more than is displayed,
and forgotten when the level empties or leaves the visible book.
*Prints* (`trade`). Each of a print's shares is given out once. Orders it went strictly through had priority, so they
trade first, at their own limits. At its price it goes through the queue from the front.
*The market comes to an order*: shares newly displayed at a price that a waiting order meets trade with it, at the
order's limit, and count as taken.
*Call auctions* are in `call_auction.py`, what waits and the reads in `resting_book.py`.
"""

from bisect import bisect_left
from collections.abc import Iterable

from broker_sim.call_auction import AuctionBook
from broker_sim.order_queue import MARKET, Execution, Half, Level
from broker_sim.resting_book import wrong_order
from domain.errors import InvariantError


class OrderBook(AuctionBook):
    """Trading of one issue. A wrong argument is the caller's bug: InvariantError, and nothing has changed.

    `OrderBook(cancels=CancelModel.BACK, at_auction_price=AtAuctionPrice.NONE)` begins empty, in continuous trading.
    """

    __slots__ = ()

    # ---- orders ---------------------------------------------------------------------------------------------

    def add(self, order_id: int, side: int, price: int, quantity: int) -> list[Execution]:
        """Take a limit order: what crosses trades at the price of who waits, the rest joins the back of its level."""
        if quantity <= 0 or price <= 0 or order_id <= 0 or order_id in self.entries or side * side != 1:
            raise wrong_order(order_id, side, price, quantity)
        found: list[Execution] = []
        key = side * price
        other = self.asks if side > 0 else self.bids
        if other.keys and other.keys[-1] >= -key:
            quantity = self._sweep(other, -key, order_id, quantity, found, 0)
        if quantity:
            self.wait(order_id, side, key, quantity)
        return found

    def take(
        self, order_id: int, side: int, quantity: int, limit: int | None = None, max_levels: int = 0
    ) -> list[Execution]:
        """Take a market or IOC order: trade up to the limit over at most `max_levels` levels (0: all), never wait."""
        if (
            quantity <= 0
            or order_id <= 0
            or order_id in self.entries
            or side * side != 1
            or (limit is not None and limit <= 0)
        ):
            raise wrong_order(order_id, side, limit, quantity)
        found: list[Execution] = []
        other = self.asks if side > 0 else self.bids
        self._sweep(other, -MARKET if limit is None else -side * limit, order_id, quantity, found, max_levels)
        return found

    def takeable(self, side: int, limit: int | None = None) -> int:
        """Give the shares an order of this side could take up to the limit: what a FOK order asks before `take`."""
        other = self.asks if side > 0 else self.bids
        if limit is None:
            return sum(other.levels[key].shares for key in other.keys) if other.keys != [MARKET] else 0
        return sum(other.levels[key].shares for key in other.keys[bisect_left(other.keys, -side * limit) :])

    # ---- the feed -------------------------------------------------------------------------------------------

    def show(self, side: int, price: int, displayed: int) -> list[Execution]:
        """Set what the feed displays of the others at one level (0: nothing); give what that trades with our orders.

        In continuous trading others' shares on the other side that it meets are out of date and go.
        """
        if price <= 0 or displayed < 0:
            raise _wrong_display(price, displayed)
        found: list[Execution] = []
        self._display(self.bids if side > 0 else self.asks, side * price, displayed, found)
        return found

    def show_side(self, side: int, levels: Iterable[tuple[int, int]], deepest: int | None = None) -> list[Execution]:
        """Set a side as a depth row of the feed displays it: (price, shares), best first. Gives executions as `show`.

        `deepest`: the price to which the row reaches; None: to the last level listed, and to the end of the side when
        none is. Within reach and not listed: the others are gone. Beyond reach the feed says nothing: where an order of
        ours waits the others stay as last seen, for they are its place in the queue and would come back behind it; at
        other levels they go, for nothing may be taken that is not displayed (nor would the book of a day stay small).
        Of a row with a wrong level those listed before it are set.
        """
        half, other = (self.bids, self.asks) if side > 0 else (self.asks, self.bids)
        known, taken = half.levels, half.taken
        # A display at this key or beyond meets an order, or what is out of date, of the other side.
        meets = MARKET if self.collecting else -other.highest()
        found: list[Execution] = []
        listed: list[int] = []
        for price, displayed in levels:
            key = side * price
            listed.append(key)
            if displayed > 0 and key < meets and key not in taken:
                level = known.get(key)
                if level is not None:
                    if level.queue is None:
                        level.others = displayed
                    else:
                        level.set_others(displayed, self.cancels)
                    continue
                if price > 0:
                    half.level(key).others = displayed
                    continue
            if price <= 0 or displayed < 0:
                raise _wrong_display(price, displayed)
            self._display(half, key, displayed, found)
        listed.reverse()
        if taken or half.keys != listed:
            reach = side * deepest if deepest is not None else min(listed, default=-MARKET)
            _forget(half, set(listed), reach)
        return found

    def trade(self, price: int, quantity: int, passive: int) -> list[Execution]:
        """Take a print of the feed: others traded so many shares. Give what orders here would have had of it.

        `passive`: the side that waited; 0: not known, then nobody at its price trades. On both sides others at levels
        it went strictly through are gone: they traded or left.
        """
        if price <= 0 or quantity <= 0:
            raise InvariantError(f"print expected a price and shares > 0, was {quantity} at {price}")
        found: list[Execution] = []
        half, other = (self.bids, self.asks) if passive >= 0 else (self.asks, self.bids)
        key = half.sign * price
        left = quantity
        if half.highest() > key:
            left = self._pass(half, key + 1, price, left, found)
        if other.highest() > -key:
            left = self._pass(other, 1 - key, price, left, found)
        if not passive:
            return found
        if left and key in half.taken:
            absorbed = min(left, half.taken[key])
            left -= absorbed
            half.taken[key] -= absorbed
            if not half.taken[key]:
                del half.taken[key]
        level = half.levels.get(key)
        if level is None or not left:
            return found
        if level.queue is not None:
            self._go_through(half, key, level, 0, price, left, found)
        elif level.others > left:
            level.others -= left
        else:
            half.drop(key)
        return found

    # ---- inside ---------------------------------------------------------------------------------------------

    def _sweep(self, half: Half, bar: int, order_id: int, left: int, found: list[Execution], max_levels: int) -> int:
        # Trades an arriving order with the half's levels from the best to the bar; gives the shares left.
        keys, known, sign = half.keys, half.levels, half.sign
        walked = 0
        while left and keys:
            key = keys[-1]
            if key < bar or (max_levels and walked == max_levels):
                break
            walked += 1
            level = known[key]
            price = (key if key != MARKET else _price_of_market_order(half, bar)) * sign
            if not price:
                break
            if level.queue is not None:
                left = self._go_through(half, key, level, order_id, price, left, found)
                continue
            quantity = level.others
            if quantity > left:
                quantity = left
                level.others -= left
            else:
                keys.pop()
                del known[key]
            left -= quantity
            half.taken[key] = half.taken.get(key, 0) + quantity
            found.append(Execution(order_id, -sign, quantity, price, False, 0))
        return left

    def _go_through(
        self, half: Half, key: int, level: Level, order_id: int, price: int, left: int, found: list[Execution]
    ) -> int:
        # Trades an arriving order, or with id 0 a print, with a queue from its front; gives the shares left (left > 0).
        queue = level.queue or []
        side = half.sign
        gone = others = 0
        for entry in queue:
            quantity = entry.quantity
            waiting = entry.order_id
            if quantity > left:
                quantity = left
                entry.quantity -= left
            else:
                gone += 1
                if waiting:
                    del self.entries[waiting]
                    level.orders -= 1
            left -= quantity
            if order_id:
                found.append(Execution(order_id, -side, quantity, price, False, waiting))
            if waiting:
                found.append(Execution(waiting, side, quantity, price, True, order_id))
            else:
                others += quantity
            if not left:
                break
        del queue[:gone]
        level.others -= others
        if others and order_id:
            half.taken[key] = half.taken.get(key, 0) + others
        if not level.orders:
            level.queue = None
            if not level.others:
                half.drop(key)
        return left

    def _pass(self, half: Half, bar: int, price: int, left: int, found: list[Execution]) -> int:
        # The market went through every level from the best to the bar: others there are gone, orders trade at their
        # limits while shares are left. Gives the shares left.
        for key in [key for key in half.taken if key >= bar]:
            del half.taken[key]
        of_market = _price_of_market_order(half, half.sign * price)
        for key in half.keys[bisect_left(half.keys, bar) :][::-1]:
            level = half.levels[key]
            if level.queue is None:
                half.drop(key)
                continue
            level.clear_others()
            if left:
                left = self._go_through(
                    half, key, level, 0, (of_market if key == MARKET else key) * half.sign, left, found
                )
        return left

    def _display(self, half: Half, key: int, displayed: int, found: list[Execution]) -> None:
        shares = displayed
        if key in half.taken:
            taken = min(half.taken[key], displayed)
            shares -= taken
            if taken:
                half.taken[key] = taken
            else:
                del half.taken[key]
        if shares and not self.collecting:
            other = self.asks if half.sign > 0 else self.bids
            if other.highest() >= -key:
                left = self._pass(other, -key, key * half.sign, shares, found)
                if left < shares:
                    half.taken[key] = half.taken.get(key, 0) + shares - left
                    shares = left
        level = half.levels.get(key)
        if level is None:
            if shares:
                half.level(key).others = shares
        elif shares or level.queue is not None:
            level.set_others(shares, self.cancels)
        else:
            half.drop(key)


def _forget(half: Half, listed: set[int], reach: int) -> None:
    if half.taken:
        for key in [key for key in half.taken if key not in listed]:
            del half.taken[key]
    for key in [key for key in half.keys if key not in listed]:
        level = half.levels[key]
        if level.queue is None:
            half.drop(key)
        elif key >= reach:
            level.clear_others()


def _price_of_market_order(half: Half, bar: int) -> int:
    # As a key: what the other names, or the best limit behind it when that is better for the other; 0: no price.
    behind = half.keys[-2] if len(half.keys) > 1 and half.keys[-1] == MARKET else -MARKET
    at = max(behind, bar)
    return at if at != -MARKET else 0


def _wrong_display(price: int, displayed: int) -> InvariantError:
    return InvariantError(f"display expected a price > 0 and shares >= 0, was {displayed} at {price}")
