"""Live venue order numbers of the simulated broker, and changes of them under way: a fold of order facts."""

from dataclasses import dataclass
from typing import Final

from domain.errors import InvariantError
from domain.messages.link import BrokerOpenOrder
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
from domain.types import (
    ClientOrderId,
    Krw,
    OrderKind,
    RequestId,
    Side,
    TimeInForce,
    UnixNanos,
    Venue,
    VenueOrderId,
)

NUMBER_DIGITS: Final = 7  # order numbers look like Kiwoom's


@dataclass(slots=True)
class Leg:
    """One live venue order number."""

    number: int
    client_order_id: ClientOrderId
    symbol: str
    side: Side
    quantity: int
    leaves_qty: int
    limit_price: Krw | None  # None: a kind without a price of its own
    kind: OrderKind = OrderKind.LIMIT
    time_in_force: TimeInForce = TimeInForce.DAY
    venue: Venue = Venue.KRX
    stop_price: Krw | None = None
    accepted_at: UnixNanos = UnixNanos(0)  # venue time of its fact

    @property
    def venue_order_id(self) -> VenueOrderId:
        """Give the number as the venue prints it."""
        return venue_order_id(self.number)

    def told(self) -> BrokerOpenOrder:
        """Give it as an account's list of open orders does."""
        return BrokerOpenOrder(
            self.venue_order_id,
            self.client_order_id,
            self.symbol,
            self.side,
            self.quantity,
            self.leaves_qty,
            self.limit_price,
            self.kind,
            self.time_in_force,
            self.venue,
            self.stop_price,
        )


@dataclass(frozen=True, slots=True)
class Change:
    """A cancel or modify that has a number and has not met the book yet."""

    number: int
    request_id: RequestId
    client_order_id: ClientOrderId
    leg: int  # number of the leg to change
    quantity: int  # shares; 0: all that is left then
    limit_price: Krw | None  # of a modify; None: a cancel

    @property
    def venue_order_id(self) -> VenueOrderId:
        """Give the leg's number as the venue prints it."""
        return venue_order_id(self.leg)


class Legs:
    """Fold of facts: live legs and changes under way by number, and the last number given."""

    def __init__(self) -> None:
        """Start without an order."""
        self.by_number: dict[int, Leg] = {}  # by number, so oldest first
        self.changes: dict[RequestId, Change] = {}  # by request, oldest first
        self.last_number = 0

    def apply(self, fact: OrderFact) -> None:
        """Fold one fact. Raises InvariantError when it cannot follow the facts before it."""
        match fact:
            case OrderAccepted():
                self._accept(fact)
            case ChangeReceived():
                self._receive(fact)
            case ChangeRefused():
                self.changes.pop(fact.request_id, None)
            case OrderCancelled():
                self._reduce(fact.venue_order_id, fact.cancelled_qty, fact.leaves_qty)
                self.changes.pop(fact.request_id, None)
            case OrderReplaced():
                self._replace(fact)
                self.changes.pop(fact.request_id, None)
            case OrderExpired():
                self._reduce(fact.venue_order_id, fact.expired_qty, 0)
            case OrderFilled():
                self._reduce(fact.venue_order_id, fact.last_qty, fact.leaves_qty)
            case _:  # a rejection leaves the legs as they are
                pass

    def change(self, number: int) -> Change | None:
        """Give the change under way with a number of its own."""
        return next((change for change in self.changes.values() if change.number == number), None)

    def _accept(self, fact: OrderAccepted) -> None:
        leg = Leg(
            number=int(fact.venue_order_id),
            client_order_id=fact.client_order_id,
            symbol=fact.symbol,
            side=fact.side,
            quantity=fact.quantity,
            leaves_qty=fact.quantity,
            limit_price=fact.limit_price,
            kind=fact.kind or (OrderKind.MARKET if fact.limit_price is None else OrderKind.LIMIT),
            time_in_force=fact.time_in_force,
            venue=fact.venue,
            stop_price=fact.stop_price,
            accepted_at=fact.venue_time,
        )
        self._add(leg)

    def _receive(self, fact: ChangeReceived) -> None:
        change = Change(
            number=int(fact.change_venue_order_id),
            request_id=fact.request_id,
            client_order_id=fact.client_order_id,
            leg=int(fact.venue_order_id),
            quantity=fact.quantity,
            limit_price=fact.limit_price,
        )
        self.changes[fact.request_id] = change
        self.last_number = max(self.last_number, change.number)

    def _replace(self, fact: OrderReplaced) -> None:
        old = self._reduce(fact.venue_order_id, fact.moved_qty, fact.leaves_qty)
        leg = Leg(
            number=int(fact.new_venue_order_id),
            client_order_id=fact.client_order_id,
            symbol=old.symbol,
            side=old.side,
            quantity=fact.moved_qty,
            leaves_qty=fact.moved_qty,
            limit_price=fact.limit_price,
            kind=kind_after_modify(old.kind),
            time_in_force=old.time_in_force,
            venue=old.venue,
            stop_price=old.stop_price,
            accepted_at=fact.venue_time,
        )
        self._add(leg)

    def _add(self, leg: Leg) -> None:
        if leg.number in self.by_number or leg.quantity <= 0:
            raise InvariantError(f"new leg expected an unused number and shares > 0, was {leg!r}")
        self.by_number[leg.number] = leg
        self.last_number = max(self.last_number, leg.number)

    def _reduce(self, number: VenueOrderId, quantity: int, leaves_qty: int) -> Leg:
        leg = self.by_number.get(int(number))
        if leg is None or quantity <= 0 or leg.leaves_qty - quantity != leaves_qty or leaves_qty < 0:
            raise InvariantError(f"leg {number} expected to lose {quantity} of its leaves to {leaves_qty}, was {leg!r}")
        leg.leaves_qty = leaves_qty
        if not leaves_qty:
            del self.by_number[leg.number]
        return leg


def kind_after_modify(kind: OrderKind) -> OrderKind:
    """Give the kind of the leg that a modify makes: one without a price of its own becomes a limit order."""
    return kind if kind.has_limit_price else OrderKind.LIMIT


def venue_order_id(number: int) -> VenueOrderId:
    """Print an order number as the venue does."""
    return VenueOrderId(f"{number:0{NUMBER_DIGITS}d}")
