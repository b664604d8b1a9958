"""A deliberately naive matcher with the API of `OrderBook`, written from its rules and sharing no code with it.

One list holds everything that waits, in order of time; each question sorts and scans it anew. Slow on purpose: nothing
is kept that could go stale. `Execution`, `Waiting`, `Clearing`, `Uncross` and the policies are the book's own names.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from broker_sim.auction import Clearing
from broker_sim.call_auction import AtAuctionPrice, Uncross
from broker_sim.order_queue import CancelModel, Execution
from broker_sim.resting_book import Waiting

Owner = tuple[int, int]  # (place in a list of priority, order id)


@dataclass
class Row:
    """An order, or with id 0 shares of the others, that waits."""

    order_id: int
    side: int
    price: int | None
    quantity: int


def meets(side: int, limit: int | None, row: Row) -> bool:
    """Tell whether an arriving order of a side and limit may trade with one that waits."""
    return limit is None or row.price is None or side * limit >= side * row.price


class ReferenceBook:
    """The rules of `OrderBook`, one line each."""

    def __init__(
        self, cancels: CancelModel = CancelModel.BACK, at_auction_price: AtAuctionPrice = AtAuctionPrice.NONE
    ) -> None:
        self.rows: list[Row] = []  # by time
        self.cancels = cancels
        self.at_auction_price = at_auction_price
        self.collecting = False
        self.took: dict[tuple[int, int], int] = {}  # (side, price) -> shares orders here took of the display

    # ---- orders ---------------------------------------------------------------------------------------------

    def add(self, order_id: int, side: int, price: int, quantity: int) -> list[Execution]:
        found = self.take(order_id, side, quantity, price)
        left = quantity - sum(one.quantity for one in found if one.order_id == order_id)
        if left:
            self.rest(order_id, side, price, left)
        return found

    def take(
        self, order_id: int, side: int, quantity: int, limit: int | None = None, max_levels: int = 0
    ) -> list[Execution]:
        found: list[Execution] = []
        prices: list[int | None] = []
        at_market = self.price_of_market_orders(-side, limit)
        for row in self.by_priority(-side):
            if not meets(side, limit, row):
                continue
            if row.price not in prices:
                prices.append(row.price)
            if max_levels and len(prices) > max_levels:
                break
            price = row.price if row.price is not None else at_market
            shares = min(quantity, row.quantity)
            if not shares or price is None:
                break
            quantity -= shares
            row.quantity -= shares
            found.append(Execution(order_id, side, shares, price, False, row.order_id))
            if row.order_id:
                found.append(Execution(row.order_id, -side, shares, price, True, order_id))
            else:
                self.took[-side, price] = self.took.get((-side, price), 0) + shares
        self.tidy()
        return found

    def takeable(self, side: int, limit: int | None = None) -> int:
        if limit is None and not self.depth(-side):
            return 0  # nobody names a price
        return sum(row.quantity for row in self.by_priority(-side) if meets(side, limit, row))

    def price_of_market_orders(self, side: int, other: int | None) -> int | None:
        """Give at what price market orders that wait trade with somebody who names a price, or none."""
        named = [price for price, _ in self.depth(side, 1)] + ([] if other is None else [other])
        return max(named, key=lambda price: side * price, default=None)

    def rest(self, order_id: int, side: int, price: int | None, quantity: int) -> None:
        self.rows.append(Row(order_id, side, price, quantity))
        self.tidy()

    def cancel(self, order_id: int, quantity: int | None = None) -> int:
        gone = 0
        for row in self.rows:
            if row.order_id == order_id:
                gone = row.quantity if quantity is None else min(quantity, row.quantity)
                row.quantity -= gone
        self.tidy()
        return gone

    # ---- the feed -------------------------------------------------------------------------------------------

    def show(self, side: int, price: int, displayed: int) -> list[Execution]:
        found: list[Execution] = []
        self.took[side, price] = min(self.took.get((side, price), 0), displayed)
        shares = displayed - self.took[side, price]
        if shares and not self.collecting:
            reached = [row for row in self.by_priority(-side) if meets(side, price, row)]
            at_market = self.price_of_market_orders(-side, price)
            self.gone_through(-side, price, reached)
            for row in reached:
                if row.order_id:
                    traded = min(shares, row.quantity)
                    shares -= traded
                    self.took[side, price] += traded
                    self.fill(row, traded, row.price or at_market, found)
        here = [row for row in self.rows if (row.order_id, row.side, row.price) == (0, side, price)]
        before = sum(row.quantity for row in here)
        if shares > before:
            self.rows.append(Row(0, side, price, shares - before))
        elif shares < before:
            self.others_cancel(here, before, before - shares)
        self.tidy()
        return found

    def others_cancel(self, here: list[Row], before: int, gone: int) -> None:
        if self.cancels is CancelModel.BACK:
            for row in reversed(here):
                cancelled = min(gone, row.quantity)
                row.quantity -= cancelled
                gone -= cancelled
            return
        number = 0  # share by share: of the first n shares gone * n / before are cancelled, rounded down
        for row in here:
            for _ in range(row.quantity):
                number += 1
                row.quantity -= gone * number // before - gone * (number - 1) // before

    def show_side(self, side: int, levels: Iterable[tuple[int, int]], deepest: int | None = None) -> list[Execution]:
        levels = list(levels)
        listed = {price for price, _ in levels}
        found = [one for price, displayed in levels for one in self.show(side, price, displayed)]
        if deepest is not None:
            reach = deepest
        elif levels:
            reach = min(listed) if side > 0 else max(listed)
        else:
            reach = 0 if side > 0 else 10**12
        ours = {row.price for row in self.rows if row.order_id and row.side == side}
        for row in self.rows:
            if row.side == side and not row.order_id and row.price not in listed:
                assert row.price is not None
                if side * row.price >= side * reach or row.price not in ours:
                    row.quantity = 0
        self.took = {at: shares for at, shares in self.took.items() if at[0] != side or at[1] in listed}
        self.tidy()
        return found

    def trade(self, price: int, quantity: int, passive: int) -> list[Execution]:
        found: list[Execution] = []
        for side in (-1, 1) if passive < 0 else (1, -1):
            through = [row for row in self.by_priority(side) if row.price is None or side * row.price > side * price]
            at_market = self.price_of_market_orders(side, price)
            self.gone_through(side, price + side, through)
            for row in through:
                if row.order_id:
                    traded = min(quantity, row.quantity)
                    quantity -= traded
                    self.fill(row, traded, row.price or at_market, found)
        if passive:
            absorbed = min(quantity, self.took.get((passive, price), 0))
            self.took[passive, price] = self.took.get((passive, price), 0) - absorbed
            quantity -= absorbed
            for row in self.by_priority(passive):
                if row.price == price:
                    traded = min(quantity, row.quantity)
                    quantity -= traded
                    self.fill(row, traded, price, found)
        self.tidy()
        return found

    def gone_through(self, side: int, price: int, rows: list[Row]) -> None:
        """Take the others out of these rows, and what was taken of them, at this price of a side and better ones."""
        for row in rows:
            if not row.order_id:
                row.quantity = 0
        self.took = {at: n for at, n in self.took.items() if at[0] != side or side * at[1] < side * price}

    def fill(self, row: Row, shares: int, price: int | None, found: list[Execution]) -> None:
        row.quantity -= shares
        assert price is not None
        if row.order_id and shares:
            found.append(Execution(row.order_id, row.side, shares, price, True, 0))

    # ---- call auctions --------------------------------------------------------------------------------------

    def collect(self) -> None:
        self.collecting = True

    def indicative(self, reference: int | None) -> Clearing:
        limits = {row.price for row in self.rows if row.price is not None}
        if reference is not None and not any(
            row.price is not None and row.side * row.price >= row.side * reference for row in self.rows
        ):
            limits.add(reference)
        ranked: list[tuple[int, int, int, int, Clearing]] = []
        for price in limits:
            buys = sum(row.quantity for row in self.rows if row.side > 0 and (row.price is None or row.price >= price))
            sells = sum(row.quantity for row in self.rows if row.side < 0 and (row.price is None or row.price <= price))
            if volume := min(buys, sells):
                distance = 0 if reference is None else abs(price - reference)
                told = Clearing(price, volume, buys - sells)
                ranked.append((volume, -abs(buys - sells), -distance, price, told))
        return max(ranked)[-1] if ranked else Clearing(None, 0, 0)

    def uncross(self, reference: int | None, *, simultaneous: bool = False) -> Uncross:
        price, volume, _ = self.indicative(reference)
        found: list[Execution] = []
        if price is not None:
            # one entry per share that trades, best first; zipped, share meets share
            buys, sells = (self.trading_shares(side, price, volume, simultaneous) for side in (1, -1))
            met: Counter[tuple[Owner, Owner]] = Counter(zip(buys, sells, strict=True))
            for ((_, buyer), (_, seller)), shares in met.items():
                if buyer:
                    found.append(Execution(buyer, 1, shares, price, True, seller))
                if seller:
                    found.append(Execution(seller, -1, shares, price, True, buyer))
        self.collecting = False
        self.took = {}
        self.tidy()
        return Uncross(price, volume, found)

    def trading_shares(self, side: int, price: int, volume: int, simultaneous: bool) -> list[Owner]:
        shares: list[Owner] = []
        rows = self.by_priority(side)
        before = [row for row in rows if row.price is None or side * row.price > side * price]
        last = [row for row in rows if row.price == price]
        if not simultaneous:
            before, last = before + last, []
        for place, row in enumerate(before):
            traded = min(row.quantity, volume)
            volume -= traded
            row.quantity -= traded
            shares += [(place, row.order_id)] * traded
        given = [0] * len(last)
        by_size = sorted(range(len(last)), key=lambda number: (-last[number].quantity, number))
        for most in (100, 500, 1_000, 2_000, "half", "all"):
            for number in by_size:
                row = last[number]
                share = (row.quantity + 1) // 2 if most == "half" else row.quantity
                share = min(share if isinstance(most, str) else most, row.quantity, volume)
                volume -= share
                row.quantity -= share
                given[number] += share
        for number, row in enumerate(last):
            shares += [(len(before) + number, row.order_id)] * given[number]
        return shares

    def cross_at(self, price: int, quantity: int) -> list[Execution]:
        found: list[Execution] = []
        for side in (1, -1):
            left = quantity
            better = [row for row in self.by_priority(side) if row.price is None or side * row.price > side * price]
            for row in better:
                if row.order_id:
                    traded = min(row.quantity, left)
                    left -= traded
                    self.fill(row, traded, price, found)
            left = max(0, left - sum(row.quantity for row in better if not row.order_id))
            for row in better:
                if not row.order_id:
                    row.quantity = 0
            if self.at_auction_price is AtAuctionPrice.SHARE:
                here = [row for row in self.by_priority(side) if row.price == price]
                total = sum(row.quantity for row in here)
                left = min(left, total)
                for row in here:
                    if row.order_id:
                        self.fill(row, row.quantity * left // total, price, found)
        self.tidy()
        return found

    def resume(self, reference: int | None) -> Uncross:
        stale = [
            row
            for row in self.rows
            if not row.order_id and any(meets(other.side, other.price, row) for other in self.by_priority(-row.side))
        ]
        for row in stale:
            row.quantity = 0
        self.tidy()
        return self.uncross(reference)

    # ---- reads ----------------------------------------------------------------------------------------------

    def by_priority(self, side: int) -> list[Row]:
        """Give a side: market orders, then the best price; of one price the oldest (the sort is stable)."""
        rows = [row for row in self.rows if row.side == side]
        return sorted(rows, key=lambda row: (row.price is not None, -side * (row.price or 0)))

    @property
    def orders(self) -> Iterator[int]:
        return iter([row.order_id for row in self.rows if row.order_id])

    def order(self, order_id: int) -> Waiting | None:
        found = [Waiting(row.side, row.price, row.quantity) for row in self.rows if row.order_id == order_id]
        return found[0] if found else None

    def leaves(self, order_id: int) -> int:
        return sum(row.quantity for row in self.rows if row.order_id == order_id)

    def queue_ahead(self, order_id: int) -> int:
        [mine] = [row for row in self.rows if row.order_id == order_id]
        level = [row for row in self.rows if (row.side, row.price) == (mine.side, mine.price)]
        return sum(row.quantity for row in level[: level.index(mine)])

    def depth(self, side: int, levels: int | None = 10) -> list[tuple[int, int]]:
        found: dict[int, int] = {}
        for row in self.by_priority(side):
            if row.price is not None:
                found[row.price] = found.get(row.price, 0) + row.quantity
        return list(found.items())[:levels]

    def queue(self, side: int, price: int | None) -> list[tuple[int, int]]:
        return [(row.order_id, row.quantity) for row in self.rows if (row.side, row.price) == (side, price)]

    def best(self, side: int) -> tuple[int, int] | None:
        found = self.depth(side)
        return found[0] if found else None

    def others(self, side: int, price: int) -> int:
        return sum(row.quantity for row in self.rows if (row.order_id, row.side, row.price) == (0, side, price))

    def taken(self, side: int, price: int) -> int:
        return self.took.get((side, price), 0)

    # ---- inside ---------------------------------------------------------------------------------------------

    def tidy(self) -> None:
        """Take out what has no shares; others' shares of a level with nobody between them are one block."""
        kept: list[Row] = []
        last: dict[tuple[int, int | None], Row] = {}
        for row in self.rows:
            if not row.quantity:
                continue
            before = last.get((row.side, row.price))
            if before and not row.order_id and not before.order_id:
                before.quantity += row.quantity
            else:
                kept.append(row)
                last[row.side, row.price] = row
        self.rows = kept
