"""Shares of our books that a broker's sums proved, until their executions are told. Pure.

Per order number two kinds wait for executions: shares in the books the trading date began with, as the broker's own
books hold them with their true money, and shares booked by us with inferred money. An execution is of the former first:
they were proved first. It changes nothing about those, and replaces the money of the latter (`inferred.py`). One that
leaves fewer shares open than the newest sums showed is of neither.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from domain.inferred import Money, Outstanding, absorb, in_sums
from domain.messages.holdings import FillRevised
from domain.messages.orders import HoldingAdjusted, OrderFilled
from domain.messages.trading import FillBooked
from domain.portfolio import portion
from domain.time import kst_date
from domain.types import Krw

Execution = OrderFilled | HoldingAdjusted  # what changes the books
PREFIX = "inferred:"  # of the trade id of what sums prove
DAYS_KEPT = 10  # newest; an execution may come late, and a number of another day is another one


class Proved(NamedTuple):
    """What sums proved of one order number."""

    journal_id: str
    day: str  # KST date of the venue; order numbers are unique per day
    venue_order_id: str
    client_order_id: str
    shares: int = 0  # in all; numbers the bookings
    adopted: int = 0  # waiting shares in the books the date began with
    booked: Outstanding = Outstanding()  # waiting shares in our books, with their money
    shown_qty: int = 0  # open shares in the newest sums

    def trade_id(self, shares: int) -> str:
        """Give the id under which so many more are booked."""
        return f"{PREFIX}{self.venue_order_id}:{self.shares + shares}"


Ledger = tuple[Proved, ...]  # in order of the first proof


def find(ledger: Ledger, journal_id: str, number: str, order: str, venue_time: int) -> Proved:
    """Give what was proved of an order number, nothing when nothing was.

    The number is known by its day, or by its order where the day is another: lists may be read after midnight.
    """
    day = kst_date(venue_time).isoformat()
    for item in ledger:
        same = item.day == day or (order and item.client_order_id == order)
        if (item.journal_id, item.venue_order_id) == (journal_id, number) and same:
            return item
    return Proved(journal_id, day, number, order)


def put(ledger: Ledger, item: Proved) -> Ledger:
    """Take an order number in, or in the place of itself."""
    known = [old[:4] for old in ledger]
    if item[:4] not in known:
        return (*ledger, item)
    at = known.index(item[:4])
    return (*ledger[:at], item, *ledger[at + 1 :])


def moved(ledger: Ledger, journal_id: str, to: str) -> Ledger:
    """Give it when the same account goes on under another journal: its order numbers are the same."""
    after: Ledger = ()
    for old in ledger:
        item = old._replace(journal_id=to) if old.journal_id == journal_id else old
        twin = next((other for other in after if other[:4] == item[:4]), Proved(*item[:4], shown_qty=item.shown_qty))
        shares, adopted = twin.shares + item.shares, twin.adopted + item.adopted
        shown = min(twin.shown_qty, item.shown_qty)  # open shares only become fewer
        after = put(
            after, item._replace(shares=shares, adopted=adopted, booked=twin.booked.plus(*item.booked), shown_qty=shown)
        )
    return after


def prove_adopted(ledger: Ledger, item: Proved, shares: int) -> Ledger:
    """Note shares that the broker's own books hold already."""
    return put(ledger, item._replace(shares=item.shares + shares, adopted=item.adopted + shares))


def prove_booked(ledger: Ledger, item: Proved, shares: int, money: Money) -> Ledger:
    """Note shares that are booked with inferred money."""
    return put(ledger, item._replace(shares=item.shares + shares, booked=item.booked.plus(shares, money)))


class Told(NamedTuple):
    """One execution against what was proved of its order number."""

    left: Proved
    known: int  # shares of it that were booked or adopted before
    change: Money  # of the books, for those
    surplus_qty: int  # shares nobody had booked
    surplus: Money  # of these


def tell(item: Proved, quantity: int, money: Money, leaves_qty: int | None = None) -> Told:
    """Let an execution of `quantity` shares (> 0) take the place of what was proved.

    `leaves_qty` are open after it; None where all its shares are known to have been proved.
    """
    old = quantity if leaves_qty is None else in_sums(quantity, leaves_qty, item.shown_qty)
    adopted = min(item.adopted, old)
    item = item._replace(adopted=item.adopted - adopted)
    if adopted == quantity:
        return Told(item, quantity, Money(), 0, Money())
    rest = money.minus(money.part(adopted, quantity))
    found = absorb(item.booked, quantity - adopted, rest, old - adopted)
    return Told(
        item._replace(booked=found.left), adopted + found.quantity, found.change, found.surplus_qty, found.surplus
    )


def adopt(ledger: Ledger, today: str) -> Ledger:
    """Give it when the broker's books become ours: they hold all that was proved. Order numbers of old days go."""
    days = sorted({today, *(item.day for item in ledger)})[-DAYS_KEPT:]
    return tuple(
        item._replace(adopted=item.adopted + item.booked.quantity, booked=Outstanding())
        for item in ledger
        if item.day in days
    )


def without(heard: Sequence[Execution], revised: FillRevised) -> list[Execution]:
    """Leave out what a revision told of an execution: wherever it was proved, later states of the broker hold it."""
    kept: list[Execution] = []
    for fact in heard:
        told = (revised.venue_order_id, revised.trade_id, revised.venue_time)
        if not isinstance(fact, OrderFilled) or (fact.venue_order_id, fact.trade_id, fact.venue_time) != told:
            kept.append(fact)
        elif fact.last_qty > revised.quantity:
            rest = Money(Krw(0), fact.commission, fact.tax)
            rest = rest.minus(rest.part(revised.quantity, fact.last_qty))
            left = fact.last_qty - revised.quantity
            kept.append(replace(fact, last_qty=left, commission=rest.commission, tax=rest.tax))
    return kept


# ---- the list of the date's fills ----------------------------------------------------------------------------


def leg_of(trade_id: str) -> str:
    """Give the order number an inferred booking is of; empty for an execution's."""
    return trade_id.removeprefix(PREFIX).rpartition(":")[0] if trade_id.startswith(PREFIX) else ""


def enter_fill(fills: list[FillBooked], new: FillBooked) -> None:
    """Add a fill: what sums prove joins what they proved of its order number, a surplus the rest of its execution."""
    leg = leg_of(new.trade_id)
    at = _proved_at(fills, new.client_order_id, leg) if leg else len(fills) - 1
    if at >= 0 and (leg or _is_rest(fills[at], new)):
        fills[at] = _joined(fills[at], new)
    else:
        fills.append(new)


def enter_revision(fills: list[FillBooked], revised: FillRevised, shares: int) -> None:
    """Put an execution in the place of as many as `shares` that were inferred; it comes last, as it is told."""
    at = _proved_at(fills, revised.client_order_id, revised.venue_order_id)
    if at < 0 or shares <= 0:
        return
    fill = fills.pop(at)
    taken = min(shares, fill.last_qty)
    part, gained = _amounts(fill).part(taken, fill.last_qty), portion(fill.realized_pnl, taken, fill.last_qty)
    rest, left = _amounts(fill).minus(part), fill.last_qty - taken
    if left:
        fills.insert(at, _priced(fill, left, rest, fill.realized_pnl - gained))
    money = part.plus(Money(revised.notional, revised.commission, revised.tax))
    told = replace(fill, trade_id=revised.trade_id, venue_time=revised.venue_time)
    fills.append(_priced(told, taken, money, gained + revised.realized_pnl))


def _proved_at(fills: list[FillBooked], order: str, leg: str) -> int:
    own = (i for i, fill in enumerate(fills) if leg and (fill.client_order_id, leg_of(fill.trade_id)) == (order, leg))
    return next(own, -1)


def _is_rest(told: FillBooked, new: FillBooked) -> bool:
    """Tell whether a fill is the surplus of the execution that was told right before."""
    same = (told.client_order_id, told.symbol, told.trade_id) == (new.client_order_id, new.symbol, new.trade_id)
    return same and told.venue_time == new.venue_time


def _amounts(fill: FillBooked) -> Money:
    return Money(fill.notional, fill.commission, fill.tax)


def _joined(old: FillBooked, new: FillBooked) -> FillBooked:
    money = _amounts(old).plus(_amounts(new))
    return _priced(new, old.last_qty + new.last_qty, money, old.realized_pnl + new.realized_pnl)


def _priced(fill: FillBooked, quantity: int, money: Money, realized: int) -> FillBooked:
    return replace(
        fill,
        last_qty=quantity,
        last_px=Krw(money.notional // quantity),
        notional=money.notional,
        commission=money.commission,
        tax=money.tax,
        realized_pnl=Krw(realized),
    )
