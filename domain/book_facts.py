"""What executions and corporate actions do to our books, told in the events that book them."""

from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

from domain.adjustments import book_adjustment
from domain.inferred import Money
from domain.messages.holdings import FillRevised, HoldingBooked
from domain.messages.link import BrokerStateReceived, OrderEvidence
from domain.messages.orders import HoldingAdjusted, OrderFilled
from domain.messages.trading import FillBooked
from domain.portfolio import Books, DayTotals, Position
from domain.proved_shares import Execution, Ledger, Proved, Told, find, put, tell
from domain.time import kst_date
from domain.types import ClientOrderId, Krw

Booked = FillBooked | FillRevised | HoldingBooked


class Sheet(NamedTuple):
    """What bookings change: each gives the next."""

    books: Books
    totals: DayTotals
    proved: Ledger = ()  # shares whose executions are still to come

    def after(self, event: Booked) -> "Sheet":
        """Give it after an event, for what is decided in one go."""
        return self._replace(books=after(event, self.books), totals=add(event, self.totals))


def book_facts(facts: Iterable[Execution], sheet: Sheet) -> tuple[list[Booked], Sheet]:
    """Book facts in order; give the events and what the sheet is after them."""
    events: list[Booked] = []
    for fact in facts:
        if isinstance(fact, OrderFilled):
            found, sheet = execution_booked(fact, sheet)
        else:
            found = [holding_booked(fact, sheet.books)]
            sheet = sheet.after(found[0])
        events += found
    return events, sheet


def execution_booked(fill: OrderFilled, sheet: Sheet) -> tuple[list[Booked], Sheet]:
    """Book an execution: what sums had proved of it is revised, only the surplus is new."""
    item = find(sheet.proved, fill.journal_id, fill.venue_order_id, fill.client_order_id, fill.venue_time)
    money = Money(Krw(fill.last_qty * fill.last_px), fill.commission, fill.tax)
    told = tell(item, fill.last_qty, money, fill.leaves_qty)
    events: list[Booked] = []
    if told.known:
        revised = fill_revised(fill, item.client_order_id, told, sheet.books)
        events, sheet = [revised], sheet.after(revised)._replace(proved=put(sheet.proved, told.left))
    if told.surplus_qty:
        rest = replace(fill, last_qty=told.surplus_qty, commission=told.surplus.commission, tax=told.surplus.tax)
        booked = fill_booked(rest, sheet.books)
        events, sheet = [*events, booked], sheet.after(booked)
    return events, sheet


def after(event: Booked, books: Books) -> Books:
    """Give the books after a recorded event. The same for what was decided now and for what a log tells."""
    gained = event.realized_pnl + (event.income if isinstance(event, HoldingBooked) else 0)
    quantity = books.position(event.symbol).quantity if isinstance(event, FillRevised) else event.position_qty
    return books.adopt_fill(event.symbol, quantity, event.cost_basis, event.cash, Krw(gained))


def add(event: Booked, totals: DayTotals) -> DayTotals:
    """Give the day's totals after an event. Tax withheld from a dividend is no cost of trading."""
    costs = (Krw(0), Krw(0)) if isinstance(event, HoldingBooked) else (event.commission, event.tax)
    return totals.add_fill(event.realized_pnl, *costs)


def key_of(fact: Execution) -> tuple[str, str, str, str]:
    """Give what a fact is known by, however often it is delivered: journal, trading date, order number and trade.

    Order numbers are unique per day only. A corporate action has none: it is known by what it does.
    """
    day = kst_date(fact.venue_time).isoformat()
    if isinstance(fact, OrderFilled):
        return fact.journal_id, day, fact.venue_order_id, fact.trade_id
    what = f"{fact.action} {fact.symbol} {fact.quantity_before} {fact.quantity} {fact.cash} {fact.venue_time}"
    return fact.journal_id, day, "", what


def fill_booked(fill: OrderFilled, books: Books) -> FillBooked:
    """Give what a fill does to books."""
    booking = books.book(fill.symbol, fill.side, fill.last_qty, fill.last_px, fill.commission, fill.tax)
    return FillBooked(
        client_order_id=fill.client_order_id,
        trade_id=fill.trade_id,
        symbol=fill.symbol,
        side=fill.side,
        last_qty=fill.last_qty,
        last_px=fill.last_px,
        notional=booking.notional,
        commission=fill.commission,
        tax=fill.tax,
        realized_pnl=booking.realized_pnl,
        position_qty=booking.position.quantity,
        cost_basis=booking.position.cost_basis,
        cash=booking.cash,
        venue_time=fill.venue_time,
    )


def fill_revised(fill: OrderFilled, client_order_id: str, told: Told, books: Books) -> FillRevised:
    """Give what an execution changes about shares that sums had proved."""
    booking = books.revise(fill.symbol, fill.side, told.known, *told.change)
    return FillRevised(
        client_order_id=client_order_id,
        venue_order_id=fill.venue_order_id,
        trade_id=fill.trade_id,
        symbol=fill.symbol,
        side=fill.side,
        quantity=told.known,
        notional=booking.notional,
        commission=booking.commission,
        tax=booking.tax,
        realized_pnl=booking.realized_pnl,
        cost_basis=booking.position.cost_basis,
        cash=booking.cash,
        venue_time=fill.venue_time,
    )


def evidence_booked(proved: OrderEvidence, item: Proved, books: Books) -> FillBooked:
    """Give what shares that sums prove do to books; the price of one is only for display."""
    booking = books.book_sum(
        proved.symbol, proved.side, proved.quantity, proved.notional, proved.commission, proved.tax
    )
    return FillBooked(
        client_order_id=ClientOrderId(proved.client_order_id),
        trade_id=item.trade_id(proved.quantity),
        symbol=proved.symbol,
        side=proved.side,
        last_qty=proved.quantity,
        last_px=Krw(proved.notional // proved.quantity),
        notional=booking.notional,
        commission=booking.commission,
        tax=booking.tax,
        realized_pnl=booking.realized_pnl,
        position_qty=booking.position.quantity,
        cost_basis=booking.position.cost_basis,
        cash=booking.cash,
        venue_time=proved.venue_time,
    )


def evidence_adopted(proved: OrderEvidence, item: Proved, books: Books) -> FillRevised:
    """Say that shares which sums prove are in the books already: the date began with the broker's own."""
    return FillRevised(
        client_order_id=proved.client_order_id,
        venue_order_id=proved.venue_order_id,
        trade_id=item.trade_id(proved.quantity),
        symbol=proved.symbol,
        side=proved.side,
        quantity=proved.quantity,
        notional=Krw(0),
        commission=Krw(0),
        tax=Krw(0),
        realized_pnl=Krw(0),
        cost_basis=books.position(proved.symbol).cost_basis,
        cash=books.cash,
        venue_time=proved.venue_time,
    )


def holding_booked(fact: HoldingAdjusted, books: Books) -> HoldingBooked:
    """Give what a corporate action does to books. A difference to the broker's books before it stays one after it."""
    held = books.position(fact.symbol)
    booked = book_adjustment(held, books.cash, fact.quantity - fact.quantity_before, fact.cash)
    return HoldingBooked(
        symbol=fact.symbol,
        action=fact.action,
        note=fact.note,
        quantity_before=held.quantity,
        position_qty=booked.position.quantity,
        cost_basis=booked.position.cost_basis,
        received=fact.cash,
        tax=fact.tax,
        income=booked.income,
        realized_pnl=booked.realized_pnl,
        cash=booked.cash,
        venue_time=fact.venue_time,
    )


def adopted(broker: BrokerStateReceived | None, cash: Krw) -> Books:
    """Give books as the broker keeps them; what was paid to get in on earlier days is not known and counts as 0."""
    held = broker.positions if broker is not None else ()
    return Books(cash, {item.symbol: Position(item.quantity, item.cost_basis) for item in held if item.quantity})
