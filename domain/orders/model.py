"""What a client order is: plain frozen values. `booking.py` books facts into them, `aggregate.py` moves the state.

NamedTuples where a value changes with every message: a copy with changes costs a tenth of a frozen data class's.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from domain.inferred import Money, Outstanding
from domain.types import (
    ClientOrderId,
    Krw,
    OrderKind,
    Purpose,
    RequestId,
    Side,
    TimeInForce,
    TradeId,
    UnixNanos,
    Venue,
    VenueOrderId,
)
from fsm import change_request, client_order, leg

NO_NUMBER = VenueOrderId("")
NOTHING = Krw(0)
NEVER = UnixNanos(0)


class ChangeKind(StrEnum):
    """What a change request asks for."""

    CANCEL = "CANCEL"
    MODIFY = "MODIFY"


class FactKind(StrEnum):
    """Facts that are booked once, whatever the number of deliveries."""

    ACCEPTED = "ACCEPTED"
    REJECTED = "REJECTED"
    FILLED = "FILLED"
    CANCELLED = "CANCELLED"
    REPLACED = "REPLACED"
    EXPIRED = "EXPIRED"


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact in the books. Kind, leg and key identify it; the rest must agree when it is delivered again."""

    kind: FactKind
    venue_order_id: VenueOrderId  # empty for a rejection
    key: str  # trade id, request id or `#` and the event's sequence
    quantity: int = 0  # shares
    price: Krw | None = None
    new_venue_order_id: VenueOrderId = NO_NUMBER  # REPLACED only
    event_seq: int = field(default=0, compare=False)
    is_inferred: bool = False  # the broker's lists prove it; an event that tells it takes its place

    def is_same_as(self, other: "Fact") -> bool:
        """Tell whether both are deliveries of one fact, whatever they say about it."""
        if (self.kind, self.venue_order_id) != (other.kind, other.venue_order_id):
            return False
        if self.key == other.key:
            return True
        # The lists need not tell which request moved shares; the number they moved to was given once.
        is_move = self.kind is FactKind.REPLACED and (self.is_inferred or other.is_inferred)
        return is_move and self.new_venue_order_id == other.new_venue_order_id


class Inferred(NamedTuple):
    """Shares of a leg that went somewhere by the broker's lists; the events that tell it are still to come."""

    kind: FactKind  # FILLED, CANCELLED, EXPIRED
    venue_order_id: VenueOrderId
    key: str  # CANCELLED: request id, empty when the lists do not tell which; else empty
    outstanding: Outstanding  # money of FILLED only
    shown_qty: int = 0  # FILLED: open shares of the leg in the newest list


class Leg(NamedTuple):
    """One order number of the broker and the shares that passed through it."""

    venue_order_id: VenueOrderId
    state: leg.State
    quantity: int  # shares; a lower bound until `is_sized`
    is_sized: bool = False  # the acceptance or the replacement said how many
    limit_price: Krw | None = None
    filled_qty: int = 0
    cancelled_qty: int = 0
    moved_qty: int = 0  # to other legs
    expired_qty: int = 0
    dead_reason: leg.DeadReason = leg.DeadReason.NONE
    money: Money = Money()  # of `filled_qty`

    @property
    def gone_qty(self) -> int:
        """Give the shares that left."""
        return self.filled_qty + self.cancelled_qty + self.moved_qty + self.expired_qty

    @property
    def leaves_qty(self) -> int:
        """Give the shares still open under this number; 0 once it is dead."""
        return 0 if self.state is leg.State.DEAD else max(0, self.quantity - self.gone_qty)

    @property
    def is_used_up(self) -> bool:
        """Tell whether all its shares are known to be gone."""
        return self.is_sized and self.gone_qty >= self.quantity


class ChangeRequest(NamedTuple):
    """One cancel or modify."""

    request_id: RequestId
    kind: ChangeKind
    original_venue_order_id: VenueOrderId
    quantity: int  # shares; 0 cancels all that is left
    limit_price: Krw | None  # of a modify
    state: change_request.State
    sent_at: UnixNanos  # system time of the intent
    venue_order_id: VenueOrderId = NO_NUMBER  # its own number, once received

    @property
    def is_open(self) -> bool:
        """Tell whether its outcome is still to come."""
        return self.state in change_request.OPEN


class ClientOrder(NamedTuple):
    """One intent of ours with everything known about it."""

    client_order_id: ClientOrderId
    symbol: str
    side: Side
    kind: OrderKind
    purpose: Purpose
    quantity: int  # shares ordered
    limit_price: Krw | None  # of the newest confirmed modify; None for kinds without a price of their own
    origin: str
    rationale: str
    decided_at: UnixNanos  # venue time
    changed_at: UnixNanos  # venue time of the newest fact
    status: client_order.State
    filled_qty: int = 0
    cancelled_qty: int = 0
    expired_qty: int = 0
    filled_notional: Krw = NOTHING
    legs: tuple[Leg, ...] = ()  # in the order we heard of them
    requests: tuple[ChangeRequest, ...] = ()  # in the order they were made
    facts: tuple[Fact, ...] = ()  # in the order they were booked
    submitted_at: UnixNanos = NEVER  # system time of the intent; 0 before
    reason: str = ""  # why it was denied or rejected, is unknown or quarantined
    released_matches: int = 0  # surplus venue orders an operator has looked at
    time_in_force: TimeInForce = TimeInForce.DAY
    venue: Venue = Venue.KRX
    stop_price: Krw | None = None  # wakes a stop-limit order
    inferred: tuple[Inferred, ...] = ()  # booked from the broker's lists and not told by events yet

    @property
    def leaves_qty(self) -> int:
        """Give the shares still open; 0 once closed."""
        return 0 if self.is_closed else self.unaccounted_qty

    @property
    def unaccounted_qty(self) -> int:
        """Give the shares neither filled, cancelled nor expired."""
        return max(0, self.quantity - self.filled_qty - self.cancelled_qty - self.expired_qty)

    @property
    def is_closed(self) -> bool:
        """Tell whether the order is over."""
        return self.status in client_order.CLOSED

    @property
    def is_unknown(self) -> bool:
        """Tell whether the fate of the order or of a change to it is open."""
        return self.status in client_order.UNKNOWN

    @property
    def live_legs(self) -> tuple[Leg, ...]:
        """Give the legs that live at the venue, oldest first."""
        return tuple(item for item in self.legs if item.state is leg.State.LIVE)

    @property
    def trades(self) -> tuple[tuple[VenueOrderId, TradeId], ...]:
        """Give the executions booked, in the order of booking."""
        return tuple((f.venue_order_id, TradeId(f.key)) for f in self.facts if f.kind is FactKind.FILLED)

    @property
    def surplus_matches(self) -> int:
        """Give how many venue orders more than our intents explain: one submit, and one per modify not refused."""
        given = {f.new_venue_order_id for f in self.facts if f.kind is FactKind.REPLACED}
        given |= {r.venue_order_id for r in self.requests if r.kind is ChangeKind.MODIFY}
        accepted = sum(1 for f in self.facts if f.kind is FactKind.ACCEPTED and f.venue_order_id not in given)
        refused = change_request.State.REFUSED
        modifies = sum(1 for r in self.requests if r.kind is ChangeKind.MODIFY and r.state is not refused)
        elsewhere = sum(1 for f in self.facts if f.kind is FactKind.REPLACED and self.request(f.key) is None)
        seen = sum(1 for item in self.legs if item.is_sized or item.gone_qty)
        return max(0, accepted - 1, seen - 1 - modifies - elsewhere)

    def request(self, request_id: str) -> ChangeRequest | None:
        """Find a change request by its id."""
        return next((item for item in self.requests if item.request_id == request_id), None)

    def leg(self, venue_order_id: str) -> Leg | None:
        """Find a leg by its number."""
        return next((item for item in self.legs if item.venue_order_id == venue_order_id), None)


@dataclass(frozen=True, slots=True)
class Change:
    """What one message did. `trigger` is empty when the machine was not asked to move."""

    before: ClientOrder
    after: ClientOrder
    trigger: str
    alert: str = ""  # what a person should hear; empty most of the time
