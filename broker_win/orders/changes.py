"""Cancels and modifies: what their events do to the number they change, and shares that leave it without a fill.

Theory (kiwoom.md 2.6): a change has a number B of its own. 확인 for B is the moment it takes effect: what B still has
open was not cancelled, or stands under B from now on if it is a modify. A, the number changed, is sent again with fewer
open shares and no unit fill, before or behind 확인. So shares missing under A wait while a change of it is open. Only
what nothing explains, and the money of A's fills does not contradict, was cancelled by the venue itself.
"""

from broker_win.orders.books import Books
from broker_win.orders.known import Change, Leg
from broker_win.orders.notices import CANCELLED, CONFIRMED, REJECTED, Action, OrderNotice
from domain.types import Krw, TimeInForce, UnixNanos

NOTHING_LEFT = "NOTHING_LEFT"


class Changes:
    """Handles the events of changes. Keeps those of a modify's number that came before it took effect."""

    def __init__(self, books: Books) -> None:
        """Write into the books."""
        self._books = books
        self._unsized: set[str] = set()  # cancels that took effect for a number of shares that was not told
        self._early: dict[str, list[OrderNotice]] = {}  # by number of the modify

    def take(self, change: Change, notice: OrderNotice, at: UnixNanos) -> list[OrderNotice]:
        """Take an event of an open change; give events that had waited for it."""
        if notice.status == REJECTED or (notice.reason and notice.fill is None and notice.status != CONFIRMED):
            self._books.refuse(change, "REJECTED", notice.reason or notice.status, at)
        elif notice.status == CONFIRMED and notice.fill is None:
            return self._confirm(change, notice, at)
        elif change.action is Action.MODIFY and notice.fill is not None:
            self._early.setdefault(change.number, []).append(notice)
        return []

    def early(self, number: str) -> list[OrderNotice]:
        """Give the events that waited for a modify, once."""
        return self._early.pop(number, [])

    def settle(self, leg: Leg, at: UnixNanos) -> None:
        """Look for why shares of a leg are gone that no event of a fill took."""
        books, missing, last = self._books, leg.missing, leg.quiet
        if not missing or last is None or leg.used != leg.quantity - last.leaves or last.notional != leg.notional:
            return  # nothing to explain; or fills were missed, or may have been
        if books.is_asked(leg.number):
            return  # it may have taken them
        open_changes = books.known.changes_of(leg.number)
        unsized = [change for change in open_changes if change.number in self._unsized]
        if len(unsized) == len(open_changes) == 1:
            books.cancel_by(leg, unsized[0], missing, at)
        elif not open_changes and _ended_by_venue(leg, last):
            books.cancel(leg, missing, "", at)

    def _confirm(self, change: Change, notice: OrderNotice, at: UnixNanos) -> list[OrderNotice]:
        leg = self._books.known.legs.get(change.original)
        if leg is None:
            change.is_open = False
            return []
        if change.action is Action.CANCEL:
            self._cancelled(leg, change, notice, at)
            return []
        self._moved(leg, change, notice.leaves, notice.price or change.price or Krw(0), at)
        return self.early(change.number)

    def _cancelled(self, leg: Leg, change: Change, notice: OrderNotice, at: UnixNanos) -> None:
        if not notice.quantity:
            self._unsized.add(change.number)
            self.settle(leg, at)
            return
        taken = min(notice.quantity - notice.leaves, leg.leaves)
        if taken > 0:
            self._books.cancel_by(leg, change, taken, at)
        else:
            self._books.refuse(change, NOTHING_LEFT, f"nothing of {leg.number} was left to cancel", at)

    def _moved(self, leg: Leg, change: Change, moved: int, price: Krw, at: UnixNanos) -> None:
        if moved > 0:
            self._books.replace(leg, change, moved, price, at)
        else:
            self._books.refuse(change, NOTHING_LEFT, f"nothing of {leg.number} was left to move", at)


def _ended_by_venue(leg: Leg, notice: OrderNotice) -> bool:
    """An IOC or FOK remainder, or a text that says so; of anything else the lists must tell."""
    return notice.leaves == 0 and (leg.time_in_force is not TimeInForce.DAY or notice.status == CANCELLED)
