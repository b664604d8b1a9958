"""Requests to the broker (effects), facts from its journal (inputs) and what the executor makes of them."""

from typing import ClassVar

from domain.messages.base import Message, message
from domain.types import (
    ClientOrderId,
    Krw,
    OrderKind,
    Purpose,
    RequestId,
    RequestOutcome,
    Side,
    TimeInForce,
    TradeId,
    UnixNanos,
    Venue,
    VenueOrderId,
)

# ---- requests: each is durable in the log before it goes out -------------------------------------------------


@message
class SubmitOrder(Message):
    """Effect: place one order. The id is also the id of the request."""

    STREAM: ClassVar[str] = "order/{client_order_id}"
    IS_EFFECT: ClassVar[bool] = True
    SENDS_ORDER: ClassVar[bool] = True
    client_order_id: ClientOrderId
    symbol: str
    side: Side
    kind: OrderKind
    purpose: Purpose
    quantity: int
    limit_price: Krw | None  # None for kinds without a price of their own
    valid_until: UnixNanos  # system time; not sent after it
    time_in_force: TimeInForce = TimeInForce.DAY
    venue: Venue = Venue.KRX
    stop_price: Krw | None = None  # wakes a stop-limit order


@message
class ModifyOrder(Message):
    """Effect: move an open quantity of one leg to a new price."""

    STREAM: ClassVar[str] = "order/{client_order_id}"
    IS_EFFECT: ClassVar[bool] = True
    SENDS_ORDER: ClassVar[bool] = True
    request_id: RequestId
    client_order_id: ClientOrderId
    original_venue_order_id: VenueOrderId
    purpose: Purpose
    quantity: int
    limit_price: Krw
    valid_until: UnixNanos


@message
class CancelOrder(Message):
    """Effect: cancel what is open of one leg."""

    STREAM: ClassVar[str] = "order/{client_order_id}"
    IS_EFFECT: ClassVar[bool] = True
    SENDS_ORDER: ClassVar[bool] = True
    request_id: RequestId
    client_order_id: ClientOrderId
    original_venue_order_id: VenueOrderId
    quantity: int  # 0 means all that is left
    valid_until: UnixNanos


@message
class ResolveOrder(Message):
    """Effect: ask what became of a request; an id that never arrived is void from then on."""

    STREAM: ClassVar[str] = "order/{client_order_id}"
    IS_EFFECT: ClassVar[bool] = True
    client_order_id: ClientOrderId
    request_id: RequestId


# ---- what the link and the broker's journal say --------------------------------------------------------------


@message
class RequestAnswered(Message):
    """The broker's receipt for a request, or its answer to ResolveOrder (`resolved`)."""

    STREAM: ClassVar[str] = "order/{client_order_id}"
    client_order_id: ClientOrderId
    request_id: RequestId
    outcome: RequestOutcome
    code: str
    text: str
    resolved: bool
    as_of_seq: int  # resolved: every event up to this one was delivered before this message


@message
class RequestStranded(Message):
    """The link could not tell whether a request reached the broker (broken stream, no channel)."""

    STREAM: ClassVar[str] = "order/{client_order_id}"
    client_order_id: ClientOrderId
    request_id: RequestId
    reason: str


@message
class OrderSent(Message):
    """A request went onto the wire to the broker; told by the link, for measuring only."""

    STREAM: ClassVar[str] = "order/{client_order_id}"
    client_order_id: ClientOrderId
    request_id: RequestId
    sent_at: UnixNanos  # system time


@message
class OrderAccepted(Message):
    """The venue accepted the order under a number."""

    STREAM: ClassVar[str] = "order/{client_order_id}"
    journal_id: str
    event_seq: int
    venue_time: UnixNanos
    client_order_id: ClientOrderId  # empty for an order placed elsewhere
    venue_order_id: VenueOrderId
    symbol: str
    side: Side
    quantity: int
    limit_price: Krw | None
    kind: OrderKind | None = None  # None in journals older than the kinds: limit or market, as the price tells
    time_in_force: TimeInForce = TimeInForce.DAY
    venue: Venue = Venue.KRX
    stop_price: Krw | None = None


@message
class OrderRejected(Message):
    """The venue or broker rejected the order. Final."""

    STREAM: ClassVar[str] = "order/{client_order_id}"
    journal_id: str
    event_seq: int
    venue_time: UnixNanos
    client_order_id: ClientOrderId
    code: str
    text: str


@message
class OrderFilled(Message):
    """One execution."""

    STREAM: ClassVar[str] = "order/{client_order_id}"
    journal_id: str
    event_seq: int
    venue_time: UnixNanos
    client_order_id: ClientOrderId
    venue_order_id: VenueOrderId
    trade_id: TradeId
    symbol: str
    side: Side
    last_qty: int
    last_px: Krw
    commission: Krw
    tax: Krw
    leaves_qty: int  # of this venue order number


@message
class ChangeReceived(Message):
    """A cancel or modify reached the venue and got a number of its own."""

    STREAM: ClassVar[str] = "order/{client_order_id}"
    journal_id: str
    event_seq: int
    venue_time: UnixNanos
    client_order_id: ClientOrderId
    request_id: RequestId
    venue_order_id: VenueOrderId  # leg to change
    change_venue_order_id: VenueOrderId
    quantity: int = 0  # shares it is about; 0: all that is left of a cancel, or not told
    limit_price: Krw | None = None  # of a modify; None for a cancel, or not told


@message
class ChangeRefused(Message):
    """A cancel or modify was refused; the order stands as its quantities say."""

    STREAM: ClassVar[str] = "order/{client_order_id}"
    journal_id: str
    event_seq: int
    venue_time: UnixNanos
    client_order_id: ClientOrderId
    request_id: RequestId
    venue_order_id: VenueOrderId
    code: str
    text: str


@message
class OrderCancelled(Message):
    """Shares of a leg were cancelled."""

    STREAM: ClassVar[str] = "order/{client_order_id}"
    journal_id: str
    event_seq: int
    venue_time: UnixNanos
    client_order_id: ClientOrderId
    request_id: RequestId  # empty when the venue did it by itself
    venue_order_id: VenueOrderId
    cancelled_qty: int
    leaves_qty: int


@message
class OrderReplaced(Message):
    """Shares moved from one leg to a new one."""

    STREAM: ClassVar[str] = "order/{client_order_id}"
    journal_id: str
    event_seq: int
    venue_time: UnixNanos
    client_order_id: ClientOrderId
    request_id: RequestId
    venue_order_id: VenueOrderId  # old leg
    new_venue_order_id: VenueOrderId
    moved_qty: int
    limit_price: Krw
    leaves_qty: int  # of the old leg


@message
class OrderExpired(Message):
    """What was open of a leg ended with the day."""

    STREAM: ClassVar[str] = "order/{client_order_id}"
    journal_id: str
    event_seq: int
    venue_time: UnixNanos
    client_order_id: ClientOrderId
    venue_order_id: VenueOrderId
    expired_qty: int


@message
class HoldingAdjusted(Message):
    """A corporate action changed a holding or the cash; not about an order."""

    STREAM: ClassVar[str] = "account/{symbol}"
    journal_id: str
    event_seq: int
    venue_time: UnixNanos
    client_order_id: ClientOrderId  # always empty
    venue_order_id: VenueOrderId  # always empty
    symbol: str
    action: str  # SPLIT, CASH_DIVIDEND
    quantity_before: int
    quantity: int
    cash: Krw  # won that came to the account, tax taken off
    tax: Krw  # won withheld
    note: str  # in words


OrderFact = (
    OrderAccepted
    | OrderRejected
    | OrderFilled
    | ChangeReceived
    | ChangeRefused
    | OrderCancelled
    | OrderReplaced
    | OrderExpired
    | HoldingAdjusted
)

FACTS = (
    OrderAccepted,
    OrderRejected,
    OrderFilled,
    ChangeReceived,
    ChangeRefused,
    OrderCancelled,
    OrderReplaced,
    OrderExpired,
    HoldingAdjusted,
)  # the same as a tuple, for isinstance and for what roles hear

# ---- what the executor says ----------------------------------------------------------------------------------


@message
class OrderStateChanged(Message):
    """A client order's machine moved or its quantities changed."""

    STREAM: ClassVar[str] = "order/{client_order_id}"
    client_order_id: ClientOrderId
    symbol: str
    side: Side
    purpose: Purpose
    from_status: str
    to_status: str
    trigger: str
    quantity: int
    filled_qty: int
    leaves_qty: int
    limit_price: Krw | None
    reason: str
    venue_time: UnixNanos
