"""What a person asks for through the desk, and the answer. `command_id` joins the two."""

from typing import ClassVar

from domain.messages.base import Message, message
from domain.types import ClientOrderId, Krw, OrderKind, Side, TimeInForce, Venue


@message
class PauseRequested(Message):
    """No new entries."""

    STREAM: ClassVar[str] = "operator"
    command_id: str
    caller: str
    note: str


@message
class ResumeRequested(Message):
    """Trade again; a halt needs a note."""

    STREAM: ClassVar[str] = "operator"
    command_id: str
    caller: str
    note: str


@message
class HaltRequested(Message):
    """Only cancels from now on, and cancel everything."""

    STREAM: ClassVar[str] = "operator"
    command_id: str
    caller: str
    note: str


@message
class FlattenRequested(Message):
    """No new entries, cancel, sell holdings."""

    STREAM: ClassVar[str] = "operator"
    command_id: str
    caller: str
    symbol: str  # empty means all
    note: str


@message
class StopRequested(Message):
    """Stop in order: no new orders, cancels, confirmed, stop."""

    STREAM: ClassVar[str] = "operator"
    command_id: str
    caller: str
    reason: str
    flatten: bool = False  # sell every holding first


@message
class ManualOrderRequested(Message):
    """An order by hand; risk judges it like any other."""

    STREAM: ClassVar[str] = "operator"
    command_id: str
    caller: str
    symbol: str
    side: Side
    kind: OrderKind
    quantity: int
    limit_price: Krw | None
    note: str
    time_in_force: TimeInForce = TimeInForce.DAY
    venue: Venue = Venue.KRX
    stop_price: Krw | None = None  # wakes a stop-limit order


@message
class ManualModifyRequested(Message):
    """Change an open order by hand."""

    STREAM: ClassVar[str] = "operator"
    command_id: str
    caller: str
    client_order_id: ClientOrderId
    quantity: int | None  # None: all that is open
    limit_price: Krw | None  # None: keep the price


@message
class ManualCancelRequested(Message):
    """Cancel an open order by hand."""

    STREAM: ClassVar[str] = "operator"
    command_id: str
    caller: str
    client_order_id: ClientOrderId


@message
class ReconcileRequested(Message):
    """Compare books with the broker's now."""

    STREAM: ClassVar[str] = "operator"
    command_id: str
    caller: str
    dry_run: bool  # only tell the differences


@message
class ReleaseRequested(Message):
    """Let an order out of quarantine: a person has looked."""

    STREAM: ClassVar[str] = "operator"
    command_id: str
    caller: str
    client_order_id: ClientOrderId
    note: str


@message
class AdjustmentRequested(Message):
    """Book a difference a person has explained. Never makes an order."""

    STREAM: ClassVar[str] = "operator"
    command_id: str
    caller: str
    symbol: str  # empty when only cash is adjusted
    quantity: int  # added; negative takes
    cost: Krw  # cost basis added; negative takes
    cash: Krw  # added; negative takes
    note: str


@message
class OrdersRouteRequested(Message):
    """Send orders another way from now on."""

    STREAM: ClassVar[str] = "operator"
    command_id: str
    caller: str
    endpoint: str
    note: str


@message
class CommandAnswered(Message):
    """Effect: the answer to a person's command, durable and in force when it is given."""

    STREAM: ClassVar[str] = "operator"
    IS_EFFECT: ClassVar[bool] = True
    command_id: str
    accepted: bool
    code: str  # empty when accepted
    text: str
    client_order_id: str  # of the order made or touched; empty when none
    cancels: int = 0
    exits: int = 0
