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
    TradeId,
    UnixNanos,
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
    limit_price: Krw | None  # None for a market order
    valid_until: UnixNanos  # system time; not sent after it


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


OrderFact = (
    OrderAccepted
    | OrderRejected
    | OrderFilled
    | ChangeReceived
    | ChangeRefused
    | OrderCancelled
    | OrderReplaced
    | OrderExpired
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
