"""What executions and corporate actions do to our books, told in the events that book them."""

from collections.abc import Iterable

from domain.adjustments import book_adjustment
from domain.messages.holdings import HoldingBooked
from domain.messages.link import BrokerStateReceived
from domain.messages.orders import HoldingAdjusted, OrderFilled
from domain.messages.trading import FillBooked
from domain.portfolio import Books, DayTotals, Position
from domain.time import kst_date
from domain.types import Krw

Execution = OrderFilled | HoldingAdjusted  # what changes the books


def book_facts(
    facts: Iterable[Execution], books: Books, totals: DayTotals
) -> tuple[list[FillBooked | HoldingBooked], Books, DayTotals]:
    """Book facts in order; give the events, the books and the totals after them."""
    events: list[FillBooked | HoldingBooked] = []
    for fact in facts:
        event = fill_booked(fact, books) if isinstance(fact, OrderFilled) else holding_booked(fact, books)
        books, totals = after(event, books), add(event, totals)
        events.append(event)
    return events, books, totals


def after(event: FillBooked | HoldingBooked, books: Books) -> Books:
    """Give the books after a recorded event. The same for what was decided now and for what a log tells."""
    gained = event.realized_pnl + (event.income if isinstance(event, HoldingBooked) else 0)
    return books.adopt_fill(event.symbol, event.position_qty, event.cost_basis, event.cash, Krw(gained))


def add(event: FillBooked | HoldingBooked, totals: DayTotals) -> DayTotals:
    """Give the day's totals after an event. Tax withheld from a dividend is no cost of trading."""
    costs = (event.commission, event.tax) if isinstance(event, FillBooked) else (Krw(0), Krw(0))
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
