"""What the lists of one read say of each other, of earlier reads of the day and of events. Pure.

A list that came cut says nothing of it. It shows where the lists tell of the same shares twice: two readings of one
list, open orders and the day's orders, holdings less the day's fills and what was held before the day, numbers that
events told of. What it cannot show: the same cut in both readings of the first read of a day, of shares or numbers
nobody here heard of.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from broker.port import AccountState
from domain.messages.link import BrokerDayOrder, BrokerOpenOrder, BrokerPosition
from domain.messages.orders import HoldingAdjusted, OrderAccepted, OrderFact, OrderReplaced
from domain.time import kst_date

FILLS: Final = "orders traded while the lists were read"


@dataclass(frozen=True, slots=True)
class Lists:
    """What one read gave; what was read twice stands twice. `day` is None where there is no such list."""

    day: list[BrokerDayOrder] | None
    open_orders: list[BrokerOpenOrder]
    positions: list[BrokerPosition]
    account: AccountState
    day_again: list[BrokerDayOrder] | None
    positions_again: list[BrokerPosition]
    seqs: frozenset[int]  # events they include

    @property
    def latest_open_orders(self) -> list[BrokerOpenOrder]:
        """Give the open orders with the shares that the later list of the day leaves them."""
        if self.day == self.day_again or self.day_again is None:
            return self.open_orders
        leaves = {row.venue_order_id: row.leaves_qty for row in self.day_again}
        now = [replace(one, leaves_qty=leaves.get(one.venue_order_id, one.leaves_qty)) for one in self.open_orders]
        return [one for one in now if one.leaves_qty]


def contradiction(lists: Lists) -> str:
    """Say where the lists of one read contradict each other; FILLS when orders traded meanwhile; empty when nowhere."""
    if len(lists.seqs) > 1:
        return f"they include events up to {', '.join(map(str, sorted(lists.seqs)))}"
    traded = _fills_between(lists)
    if traded is None:
        return "two readings of the day's orders or of the holdings differ by more than fills"
    if traded:
        return FILLS
    return "" if lists.day is None else _against_open(lists.day, lists.open_orders)


def _fills_between(lists: Lists) -> "Counter[str] | None":
    """Give the shares traded between the two readings, by symbol; None when they differ by anything else."""
    first = {row.venue_order_id: row for row in lists.day or ()}
    then = {row.venue_order_id: row for row in lists.day_again or ()}
    if first.keys() != then.keys():
        return None
    traded: Counter[str] = Counter()
    for number, row in first.items():
        later = then[number]
        more = later.filled_qty - row.filled_qty
        as_traded = replace(
            row,
            filled_qty=later.filled_qty,
            leaves_qty=row.leaves_qty - more,
            filled_notional=later.filled_notional,
            commission=later.commission,
            tax=later.tax,
        )
        if more < 0 or (later != as_traded if more else later != row):
            return None
        traded[row.symbol] += more
    before, after = _held(lists.positions), _held(lists.positions_again)
    if any(abs(after[symbol] - before[symbol]) > traded[symbol] for symbol in {*before, *after}):
        return None
    return +traded


def _against_open(day: Sequence[BrokerDayOrder], open_orders: Sequence[BrokerOpenOrder]) -> str:
    by_day = {row.venue_order_id: row.leaves_qty for row in day if row.leaves_qty}
    by_open = {one.venue_order_id: one.leaves_qty for one in open_orders}
    for number in sorted(by_day.keys() | by_open.keys()):
        one, other = by_open.get(number, 0), by_day.get(number, 0)
        if one != other:
            return f"order number {number} has {one} shares open by one list and {other} by the other"
    return ""


def _held(positions: Sequence[BrokerPosition]) -> "Counter[str]":
    return Counter({one.symbol: one.quantity for one in positions})


class DayMemory:
    """What earlier reads of a day, and events, told that cannot change any more."""

    def __init__(self) -> None:
        """Start without one."""
        self._of = ("", "")
        self._filled: dict[str, int] = {}  # number of the day -> shares filled under it
        self._before: Counter[str] | None = None  # shares held before the day, by symbol; None: not known
        self._heard: dict[str, tuple[str, str, int]] = {}  # number an event told of -> journal, date, the event's seq

    def hear(self, fact: OrderFact) -> None:
        """Remember a number that an event tells of: the day's orders cannot lack it. Any thread."""
        of = (fact.journal_id, kst_date(fact.venue_time).isoformat(), fact.event_seq)
        match fact:
            case HoldingAdjusted():
                self._before = None
            case OrderAccepted(venue_order_id=number) | OrderReplaced(new_venue_order_id=number):
                if next(iter(self._heard.values()), of)[:2] != of[:2]:
                    self._heard = {}
                self._heard[number] = of

    def turn_to(self, journal_id: str, day: str) -> None:
        """Forget what is of another journal or date."""
        if self._of != (journal_id, day):
            self._of, self._filled, self._before = (journal_id, day), {}, None

    def forget_holdings(self) -> None:
        """Learn anew what was held before the day: something else than an order changed a holding."""
        self._before = None

    def keep(self, lists: Lists) -> None:
        """Remember a read that contradicted nothing."""
        if lists.day_again is not None:
            self._filled = {row.venue_order_id: row.filled_qty for row in lists.day_again}
            self._before = held_before(lists.positions_again, lists.day_again)

    def contradiction(self, lists: Lists) -> str:
        """Say in words what cannot be; empty when nothing."""
        if lists.day_again is None:
            return ""
        filled = {row.venue_order_id: row.filled_qty for row in lists.day_again}
        for number, known in self._filled.items():
            if filled.get(number, -1) < known:
                return f"order number {number} of the day, {known} filled, is not in the list as it was"
        for number, (*of, seq) in list(self._heard.items()):  # copied in one step: an event may be heard meanwhile
            if tuple(of) == self._of and seq <= max(lists.seqs) and number not in filled:
                return f"order number {number} was told of by an event and is not in the list of the day"
        before = held_before(lists.positions_again, lists.day_again)
        for symbol in sorted({*before, *(self._before or ())}):
            shares, learned = before[symbol], self._before[symbol] if self._before is not None else before[symbol]
            if shares < 0 or shares != learned:
                was = "" if shares == learned else f", it was {learned}"
                return f"holdings less the day's fills leave {shares} shares of {symbol} before the day{was}"
        return ""


def held_before(positions: Sequence[BrokerPosition], day: Sequence[BrokerDayOrder]) -> "Counter[str]":
    """Give what was held before the day's fills, by symbol; below 0 where a list is not whole."""
    held = _held(positions)
    for row in day:
        held[row.symbol] -= row.side.sign * row.filled_qty
    return held
