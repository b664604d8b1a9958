"""What no sequence of calls may break, kept in accounts of its own: no book is asked what it has done."""

from dataclasses import dataclass

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from broker_sim.order_book import OrderBook
from broker_sim.order_queue import CancelModel, Execution

BUY, SELL = 1, -1
sides = st.sampled_from((BUY, SELL))
LEVELS = [(side, price) for side in (BUY, SELL) for price in range(98, 104)]
prices = st.integers(98, 103)
quantities = st.integers(1, 12)


@dataclass
class Sent:
    """An order as its sender knows it."""

    side: int
    price: int | None
    leaves: int
    at: int  # when it queued

    def rank(self) -> tuple[bool, int, int]:
        return self.price is not None, -self.side * (self.price or 0), self.at


class BookMachine(RuleBasedStateMachine):
    """Orders, displays and prints in continuous trading; call auctions between them."""

    def __init__(self) -> None:
        super().__init__()
        self.book = OrderBook(CancelModel.PROPORTIONAL)
        self.sent: dict[int, Sent] = {}
        self.time = 0
        # What the feed displayed last less what was printed since, and all shares it ever newly displayed there.
        self.displayed: dict[tuple[int, int], int] = {}
        self.supply: dict[tuple[int, int], int] = {}
        self.given: dict[tuple[int, int], int] = {}  # shares of the others that orders here took

    # ---- rules ----------------------------------------------------------------------------------------------

    @precondition(lambda self: not self.book.collecting)
    @rule(side=sides, price=prices, quantity=quantities)
    def add(self, side: int, price: int, quantity: int) -> None:
        order_id = self.new_order(side, price, quantity)
        before = self.shares(-side)
        found = self.book.add(order_id, side, price, quantity)
        self.arrived(order_id, before, found)
        assert self.book.leaves(order_id) == self.sent[order_id].leaves

    @precondition(lambda self: not self.book.collecting)
    @rule(side=sides, limit=st.one_of(st.none(), prices), quantity=quantities)
    def take(self, side: int, limit: int | None, quantity: int) -> None:
        order_id = self.new_order(side, limit, quantity)
        before = self.shares(-side)
        there = self.book.takeable(side, limit)
        found = self.book.take(order_id, side, quantity, limit)
        self.arrived(order_id, before, found)
        assert quantity - self.sent[order_id].leaves == min(quantity, there)
        del self.sent[order_id]
        assert self.book.order(order_id) is None

    @rule(back=st.integers(0, 5), quantity=st.one_of(st.none(), quantities))
    def cancel(self, back: int, quantity: int | None) -> None:
        order_id = self.time - back
        order = self.sent.get(order_id)
        leaves = order.leaves if order else 0
        gone = self.book.cancel(order_id, quantity)
        assert gone == (leaves if quantity is None else min(leaves, quantity))
        if order:
            order.leaves -= gone

    @rule(side=sides, price=prices, displayed=st.integers(0, 20))
    def show(self, side: int, price: int, displayed: int) -> None:
        self.supply[side, price] = self.supply.get((side, price), 0) + max(
            0, displayed - self.displayed.get((side, price), 0)
        )
        self.displayed[side, price] = displayed
        if displayed and not self.book.collecting:
            for other in range(98, 104):
                if side * price >= side * other:
                    self.displayed[-side, other] = 0
        found = self.book.show(side, price, displayed)
        self.given[side, price] = self.given.get((side, price), 0) + sum(one.quantity for one in found)
        assert all(one.side == -side and side * one.price <= side * price for one in found)
        self.filled(found)
        assert self.book.others(side, price) <= displayed

    @precondition(lambda self: not self.book.collecting)
    @rule(price=prices, quantity=quantities, passive=st.sampled_from((BUY, SELL, 0)))
    def trade(self, price: int, quantity: int, passive: int) -> None:
        before = {side: self.book.others(side, price) for side in (BUY, SELL)}
        for side in (BUY, SELL):
            for level in range(98, 104):
                if side * level > side * price:
                    self.displayed[side, level] = 0
        found = self.book.trade(price, quantity, passive)
        if passive:  # what orders here had of it the others did not
            rest = quantity - sum(one.quantity for one in found)
            self.displayed[passive, price] = max(0, self.displayed.get((passive, price), 0) - rest)
        used = sum(before[side] - self.book.others(side, price) for side in (BUY, SELL))
        assert used + sum(one.quantity for one in found) <= quantity
        assert passive or all(one.price != price for one in found if self.sent[one.order_id].price is not None)
        self.filled(found)

    @precondition(lambda self: not self.book.collecting)
    @rule()
    def collect(self) -> None:
        self.book.collect()

    @precondition(lambda self: self.book.collecting)
    @rule(side=sides, price=st.one_of(st.none(), prices), quantity=quantities)
    def rest(self, side: int, price: int | None, quantity: int) -> None:
        self.book.rest(self.new_order(side, price, quantity), side, price, quantity)

    @precondition(lambda self: self.book.collecting)
    @rule(price=prices, quantity=st.integers(1, 40))
    def cross_at(self, price: int, quantity: int) -> None:
        found = self.book.cross_at(price, quantity)
        assert {one.price for one in found} <= {price}
        for side in (BUY, SELL):
            assert sum(one.quantity for one in found if one.side == side) <= quantity
        self.filled(found)
        self.forget()

    @precondition(lambda self: self.book.collecting)
    @rule(reference=st.one_of(st.none(), prices), real=st.booleans())
    def end(self, reference: int | None, real: bool) -> None:
        before = {side: self.shares(side) for side in (BUY, SELL)}
        done = self.book.uncross(reference) if real else self.book.resume(reference)
        assert {one.price for one in done.executions} <= {done.price}
        for side in (BUY, SELL):
            mine = [one for one in done.executions if one.side == side]
            assert sum(one.quantity for one in mine) <= done.volume
            if real:
                assert before[side] - self.shares(side) == done.volume
        self.filled(done.executions)
        self.forget()

    # ---- accounts -------------------------------------------------------------------------------------------

    def new_order(self, side: int, price: int | None, quantity: int) -> int:
        self.time += 1
        self.sent[self.time] = Sent(side, price, quantity, self.time)
        return self.time

    def shares(self, side: int) -> int:
        """Count all shares that wait on a side."""
        market = sum(quantity for _, quantity in self.book.queue(side, None))
        return market + sum(shares for _, shares in self.book.depth(side, None))

    def arrived(self, order_id: int, before: int, found: list[Execution]) -> None:
        """Check what an arriving order traded: volume conserved, never beyond its limit, the best and oldest first."""
        order = self.sent[order_id]
        mine = [one for one in found if one.order_id == order_id]
        theirs = [one for one in found if one.order_id != order_id]
        traded = sum(one.quantity for one in mine)
        assert traded == before - self.shares(-order.side)
        assert sum(one.quantity for one in mine if one.counterparty) == sum(one.quantity for one in theirs)
        assert not any(one.passive for one in mine) and all(one.passive for one in theirs)
        at = [one.price * order.side for one in mine]
        assert at == sorted(at)
        assert order.price is None or all(price <= order.price * order.side for price in at)
        for one in mine:
            if not one.counterparty:
                level = -order.side, one.price
                self.given[level] = self.given.get(level, 0) + one.quantity
        order.leaves -= traded
        self.filled(theirs)

    def filled(self, found: list[Execution]) -> None:
        """Book what waiting orders traded; none that had priority may be left."""
        traded = []
        for one in found:
            order = self.sent[one.order_id]
            assert one.passive
            assert 0 < one.quantity <= order.leaves
            assert order.price is None or order.side * one.price <= order.side * order.price
            order.leaves -= one.quantity
            traded.append(order)
        for order in self.sent.values():
            assert not order.leaves or not any(
                order.side == other.side and order.rank() < other.rank() for other in traded
            )

    def forget(self) -> None:
        """An auction is a new beginning of what the feed displays: what it left of the others."""
        for level in LEVELS:
            self.displayed[level] = self.book.others(*level)
            self.supply[level] = self.given.get(level, 0) + self.displayed[level]

    # ---- at any time ----------------------------------------------------------------------------------------

    @invariant()
    def no_order_is_open_and_closed(self) -> None:
        still_open = {order_id: order.leaves for order_id, order in self.sent.items() if order.leaves}
        assert {order_id: self.book.leaves(order_id) for order_id in self.book.orders} == still_open

    @invariant()
    def the_book_is_not_crossed_in_continuous_trading(self) -> None:
        if not self.book.collecting:
            bid, ask = self.book.best(BUY), self.book.best(SELL)
            assert bid is None or ask is None or bid[0] < ask[0]
            for side, limit in ((SELL, bid), (BUY, ask)):
                assert limit is None or not self.book.queue(side, None)

    @invariant()
    def shares_of_the_others_are_given_once(self) -> None:
        for level, given in self.given.items():
            assert given <= self.supply.get(level, 0)

    @invariant()
    def others_and_taken_are_at_most_what_is_displayed(self) -> None:
        for (side, price), displayed in self.displayed.items():
            if not self.book.collecting:
                assert self.book.others(side, price) + self.book.taken(side, price) <= displayed


TestBook = BookMachine.TestCase
TestBook.settings = settings(max_examples=150, stateful_step_count=40)
