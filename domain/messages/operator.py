"""What a person asks for through the desk, and the answer. `command_id` joins the two."""

from typing import ClassVar

from domain.messages.base import Message, message
from domain.risk_config import StopTerms
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
    overrides: tuple[str, ...] = ()  # codes of checks it passes all the same; `note` says why


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
    kind: str = ""  # deposit, withdrawal, dividend, fee, correction; empty in logs before 0.7.0: a correction


@message
class OrdersRouteRequested(Message):
    """Send orders another way from now on."""

    STREAM: ClassVar[str] = "operator"
    command_id: str
    caller: str
    endpoint: str
    note: str


@message
class StopsRequested(Message):
    """Give a position stops of its own."""

    STREAM: ClassVar[str] = "operator"
    command_id: str
    caller: str
    symbol: str
    terms: StopTerms | None  # None: back to those of the settings
    note: str


@message
class ClaimRequested(Message):
    """Put shares that we did not buy under our care."""

    STREAM: ClassVar[str] = "operator"
    command_id: str
    caller: str
    symbol: str
    quantity: int  # shares that are to be ours from now on, 0 to all that are held
    note: str


@message
class ManualModeRequested(Message):
    """Let only a person enter, or strategies again."""

    STREAM: ClassVar[str] = "operator"
    command_id: str
    caller: str
    is_on: bool
    note: str


@message
class PresenceReported(Message):
    """A person is there: starts the time of the dead-man rule anew, as every other command does."""

    STREAM: ClassVar[str] = "operator"
    command_id: str
    caller: str


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
