"""What is known of the day's order numbers: a fold of facts. Pure.

Theory: the shares of a number are used up one after the other, so each execution has a place among them: with `leaves`
open after it, it took the shares [quantity - leaves - executed, quantity - leaves). Shares whose place is taken were
booked before: an event that comes twice, or behind a list that showed it, adds nothing. Shares that events show as used
and nobody booked are missing: they were filled, cancelled or moved by something that was not heard of (yet).

The places count back from the open shares, so what an event calls the ordered quantity never matters.
"""

from dataclasses import dataclass, field
from typing import Final, NamedTuple

from broker_win.orders.notices import Action, OrderNotice
from domain.messages.orders import (
    ChangeReceived,
    ChangeRefused,
    OrderAccepted,
    OrderCancelled,
    OrderExpired,
    OrderFact,
    OrderFilled,
    OrderRejected,
    OrderReplaced,
)
from domain.types import ClientOrderId, Krw, OrderKind, RequestId, Side, TimeInForce, Venue, VenueOrderId

BY_LIST: Final = "by-list:"  # trade ids of shares that a list proved and no execution told


def by_list(number: str, filled: int, used: int) -> str:
    """Make the trade id of shares a list proved: filled in all with them, and up to which place it accounts."""
    return f"{BY_LIST}{number}:{filled}:{used}"


class Place(NamedTuple):
    """Shares [start, end) of a number that were filled at a price."""

    start: int
    end: int
    price: Krw
    trade_id: str

    @property
    def quantity(self) -> int:
        """Give how many."""
        return self.end - self.start


@dataclass(slots=True)
class Leg:
    """One order number with shares of its own: a new order, or what a modify made."""

    number: VenueOrderId
    client_order_id: ClientOrderId  # empty for an order placed elsewhere
    code: str
    side: Side
    quantity: int
    price: Krw | None
    kind: OrderKind
    time_in_force: TimeInForce
    venue: Venue
    cancelled: int = 0
    moved: int = 0
    expired: int = 0
    listed_to: int = 0  # all shares before this place are accounted for by a list
    listed_qty: int = 0  # of them filled
    listed_notional: int = 0
    places: list[Place] = field(default_factory=list)  # filled behind `listed_to`, by place
    trade_ids: set[str] = field(default_factory=set)
    used: int = 0  # most shares any event showed as not open any more
    is_rejected: bool = False
    quiet: OrderNotice | None = None  # newest event that is no fill; not part of the fold

    @property
    def filled(self) -> int:
        """Give the shares filled."""
        return self.listed_qty + sum(place.quantity for place in self.places)

    @property
    def notional(self) -> int:
        """Give what the filled shares are worth, won."""
        return self.listed_notional + sum(place.quantity * place.price for place in self.places)

    @property
    def gone(self) -> int:
        """Give the shares that left in another way than by a fill."""
        return self.cancelled + self.moved + self.expired

    @property
    def leaves(self) -> int:
        """Give the shares open by the books."""
        return 0 if self.is_rejected else max(0, self.quantity - self.filled - self.gone)

    @property
    def missing(self) -> int:
        """Give the shares that events showed as not open and nobody booked."""
        return 0 if self.is_rejected else max(0, self.used - self.filled - self.gone)

    def show(self, leaves: int) -> None:
        """Note how many shares an event shows as open."""
        self.used = max(self.used, self.quantity - leaves)

    def free_places(self, start: int, end: int) -> list[tuple[int, int]]:
        """Give the parts of [start, end) that nobody booked as filled, in order."""
        free, at = [], max(start, self.listed_to)
        for place in self.places:
            if place.start >= end:
                break
            if place.start > at:
                free.append((at, place.start))
            at = max(at, place.end)
        if at < end:
            free.append((at, end))
        return free

    def filled_before(self, used: int) -> tuple[int, int] | None:
        """Give shares and won of the fills before a place; None when a newer list was read already."""
        if used < self.listed_to:
            return None
        before = [place for place in self.places if place.end <= used]
        quantity = sum(place.quantity for place in before)
        notional = sum(place.quantity * place.price for place in before)
        return self.listed_qty + quantity, self.listed_notional + notional

    def fill(self, fact: OrderFilled) -> None:
        """Book a fill."""
        self.trade_ids.add(fact.trade_id)
        if fact.trade_id.startswith(BY_LIST):
            self._fill_by_list(fact, int(fact.trade_id.rpartition(":")[2]))
            return
        end = self.quantity - fact.leaves_qty
        self.places.append(Place(end - fact.last_qty, end, fact.last_px, fact.trade_id))
        self.places.sort()
        self.used = max(self.used, end)

    def _fill_by_list(self, fact: OrderFilled, used: int) -> None:
        quantity, notional = self.filled_before(used) or (self.listed_qty, self.listed_notional)
        self.places = [place for place in self.places if place.end > used]
        self.listed_to = max(self.listed_to, used)
        self.listed_qty = quantity + fact.last_qty
        self.listed_notional = notional + fact.last_qty * fact.last_px
        self.used = max(self.used, used)


@dataclass(slots=True)
class Change:
    """The number of one cancel or modify."""

    number: VenueOrderId
    original: VenueOrderId
    action: Action
    client_order_id: ClientOrderId
    request_id: RequestId  # empty when it was made elsewhere
    quantity: int  # shares asked for; 0: all
    price: Krw | None
    is_open: bool = True


class Known:
    """Fold of a day's facts."""

    def __init__(self) -> None:
        """Start without a number."""
        self.legs: dict[str, Leg] = {}  # by number, in the order they were told
        self.changes: dict[str, Change] = {}  # by their own number, made elsewhere too
        self.numbers: dict[str, str] = {}  # request -> number
        self.answered: set[str] = set()  # requests that were rejected or refused

    def has(self, number: str) -> bool:
        """Tell whether a number is known."""
        return number in self.legs or number in self.changes

    def changes_of(self, number: str) -> list[Change]:
        """Give the changes of a leg that are open, oldest first."""
        return [change for change in self.changes.values() if change.original == number and change.is_open]

    def change_by(self, request_id: str) -> Change | None:
        """Give the change of a request of ours."""
        number = self.numbers.get(request_id, "") if request_id else ""
        return self.changes.get(number)

    def apply(self, fact: OrderFact) -> None:
        """Fold one fact. One about a number of another day changes nothing."""
        match fact:
            case OrderAccepted():
                self._accept(fact)
            case ChangeReceived():
                self._receive(fact)
            case OrderReplaced():
                self._replace(fact)
            case OrderFilled(venue_order_id=number) if number in self.legs:
                self.legs[number].fill(fact)
            case OrderCancelled(venue_order_id=number) if number in self.legs:
                self.legs[number].cancelled += fact.cancelled_qty
                self._end(fact.request_id)
            case OrderExpired(venue_order_id=number) if number in self.legs:
                self.legs[number].expired += fact.expired_qty
            case ChangeRefused():
                self.answered.add(fact.request_id)
                self._end(fact.request_id)
            case OrderRejected():
                self._reject(fact.client_order_id)
            case _:
                pass

    def _accept(self, fact: OrderAccepted) -> None:
        self.legs[fact.venue_order_id] = Leg(
            fact.venue_order_id,
            fact.client_order_id,
            fact.symbol,
            fact.side,
            fact.quantity,
            fact.limit_price,
            fact.kind or (OrderKind.MARKET if fact.limit_price is None else OrderKind.LIMIT),
            fact.time_in_force,
            fact.venue,
        )
        if fact.client_order_id:
            self.numbers[fact.client_order_id] = fact.venue_order_id

    def _receive(self, fact: ChangeReceived) -> None:
        action = Action.CANCEL if fact.limit_price is None else Action.MODIFY
        self.numbers[fact.request_id] = fact.change_venue_order_id
        self.changes[fact.change_venue_order_id] = Change(
            fact.change_venue_order_id,
            fact.venue_order_id,
            action,
            fact.client_order_id,
            fact.request_id,
            fact.quantity,
            fact.limit_price,
        )

    def _replace(self, fact: OrderReplaced) -> None:
        old = self.legs.get(fact.venue_order_id)
        if old is None:
            return
        old.moved += fact.moved_qty
        self.legs[fact.new_venue_order_id] = Leg(
            fact.new_venue_order_id,
            old.client_order_id,
            old.code,
            old.side,
            fact.moved_qty,
            fact.limit_price,
            old.kind if old.kind.has_limit_price else OrderKind.LIMIT,
            old.time_in_force,
            old.venue,
        )
        if fact.new_venue_order_id in self.changes:
            self.changes[fact.new_venue_order_id].is_open = False

    def _end(self, request_id: str) -> None:
        change = self.change_by(request_id)
        if change is not None:
            change.is_open = False

    def _reject(self, client_order_id: str) -> None:
        self.answered.add(client_order_id)
        leg = self.legs.get(self.numbers.get(client_order_id, ""))
        if leg is not None:
            leg.is_rejected = True
