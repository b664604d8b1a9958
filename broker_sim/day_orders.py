"""The list of a day's order numbers with their sums, as an account's queries give it: a fold of order facts.

A cancel and a modify have numbers of their own (docs/krx.md); fills are summed under the number they happened under,
without execution numbers, as opt10075, opt10076 and opw00007 do.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from domain.messages.link import BrokerDayOrder
from domain.messages.orders import (
    ChangeReceived,
    ChangeRefused,
    OrderAccepted,
    OrderCancelled,
    OrderExpired,
    OrderFact,
    OrderFilled,
    OrderReplaced,
)
from domain.time import kst_date
from domain.types import DayOrderAction, DayOrderState, Krw

NOTHING = Krw(0)


class DayOrders:
    """Fold of facts: every order number of the day."""

    def __init__(self) -> None:
        """Start without a number."""
        self._rows: dict[str, BrokerDayOrder] = {}  # by number, so oldest first
        self._changes: dict[str, str] = {}  # request -> its number
        self._day: date | None = None

    def rows(self) -> list[BrokerDayOrder]:
        """Give all numbers of the day, oldest first."""
        return list(self._rows.values())

    def open_day(self, day: date) -> None:
        """Forget the numbers of an earlier day; the venue's lists show one day."""
        if day != self._day:
            self._rows, self._changes, self._day = {}, {}, day

    def apply_all(self, facts: Iterable[OrderFact]) -> None:
        """Fold facts."""
        for fact in facts:
            self.apply(fact)

    def apply(self, fact: OrderFact) -> None:
        """Fold one fact."""
        self.open_day(kst_date(fact.venue_time))
        match fact:
            case OrderAccepted():
                self._rows[fact.venue_order_id] = BrokerDayOrder(
                    fact.venue_order_id,
                    "",
                    fact.client_order_id,
                    "",
                    fact.symbol,
                    fact.side,
                    DayOrderAction.NEW,
                    DayOrderState.RECEIVED,
                    fact.quantity,
                    fact.quantity,
                    0,
                    NOTHING,
                    fact.limit_price,
                    NOTHING,
                    NOTHING,
                    fact.venue_time,
                )
            case ChangeReceived():
                self._received(fact)
            case ChangeRefused(request_id=request):
                self._set(self._changes.get(request, ""), state=DayOrderState.REJECTED, leaves_qty=0)
            case OrderCancelled(request_id=request, venue_order_id=number):
                self._set(number, leaves_qty=fact.leaves_qty)
                change = self._changes.get(request, "")
                self._set(change, state=DayOrderState.CONFIRMED, quantity=fact.cancelled_qty)
            case OrderReplaced():
                self._replaced(fact)
            case OrderExpired(venue_order_id=number):
                self._set(number, leaves_qty=0)
            case OrderFilled():
                self._filled(fact)

    def _received(self, fact: ChangeReceived) -> None:
        original = self._rows.get(fact.venue_order_id)
        if original is None:
            return
        is_modify = fact.limit_price is not None
        self._changes[fact.request_id] = fact.change_venue_order_id
        self._rows[fact.change_venue_order_id] = replace(
            original,
            venue_order_id=fact.change_venue_order_id,
            original_venue_order_id=fact.venue_order_id,
            request_id=fact.request_id,
            action=DayOrderAction.MODIFY if is_modify else DayOrderAction.CANCEL,
            state=DayOrderState.RECEIVED,
            quantity=fact.quantity,
            leaves_qty=0,
            filled_qty=0,
            filled_notional=NOTHING,
            limit_price=fact.limit_price,
            commission=NOTHING,
            tax=NOTHING,
            order_time=fact.venue_time,
        )

    def _replaced(self, fact: OrderReplaced) -> None:
        self._set(fact.venue_order_id, leaves_qty=fact.leaves_qty)
        self._set(
            fact.new_venue_order_id,
            state=DayOrderState.CONFIRMED,
            quantity=fact.moved_qty,
            leaves_qty=fact.moved_qty,
            limit_price=fact.limit_price,
        )

    def _filled(self, fact: OrderFilled) -> None:
        row = self._rows.get(fact.venue_order_id)
        if row is None:
            return
        self._rows[fact.venue_order_id] = replace(
            row,
            leaves_qty=fact.leaves_qty,
            filled_qty=row.filled_qty + fact.last_qty,
            filled_notional=Krw(row.filled_notional + fact.last_qty * fact.last_px),
            commission=Krw((row.commission or 0) + fact.commission),
            tax=Krw((row.tax or 0) + fact.tax),
        )

    def _set(self, number: str, **values: object) -> None:
        row = self._rows.get(number)
        if row is not None:
            self._rows[number] = replace(row, **values)  # type: ignore[arg-type]  # names and types of its own fields
