"""What the links to brokers say and are told. `link` is `quotes` or `orders`."""

from dataclasses import dataclass
from typing import ClassVar

from domain.instruments import Instrument
from domain.messages.base import Message, message
from domain.types import Gate, Krw, LinkName, OrderKind, ServerKind, Side, TimeInForce, UnixNanos, Venue, VenuePhase


@dataclass(frozen=True, slots=True)
class SessionInfo:
    """State of a broker's session with the venue."""

    server_kind: ServerKind
    logged_in: bool
    account: str  # masked
    venue_time: UnixNanos
    phase: VenuePhase
    journal_id: str
    epoch: int
    gate: Gate
    run_id: str  # of the quote stream
    speed_milli: int | None = None  # recorded sources: venue seconds per 1,000 s; None for a live feed


@message
class OpenLink(Message):
    """Effect: connect this link and ask for the session."""

    STREAM: ClassVar[str] = "connection/{link}"
    IS_EFFECT: ClassVar[bool] = True
    link: LinkName
    endpoint: str
    attempt: int
    after_seq: int  # orders: last order event seen
    journal_id: str  # orders: journal after_seq belongs to; empty at the first connection


@message
class CloseLink(Message):
    """Effect: hang this link up."""

    STREAM: ClassVar[str] = "connection/{link}"
    IS_EFFECT: ClassVar[bool] = True
    link: LinkName
    reason: str


@message
class LoginLink(Message):
    """Effect: make the broker log in with its own credentials."""

    STREAM: ClassVar[str] = "connection/{link}"
    IS_EFFECT: ClassVar[bool] = True
    link: LinkName


@message
class ReconcileLink(Message):
    """Effect: bring this link up to date: instruments, or missed events, account and open orders."""

    STREAM: ClassVar[str] = "connection/{link}"
    IS_EFFECT: ClassVar[bool] = True
    link: LinkName
    symbols: tuple[str, ...]


@message
class SubscribeQuotes(Message):
    """Effect: start the quote stream."""

    STREAM: ClassVar[str] = "connection/quotes"
    IS_EFFECT: ClassVar[bool] = True
    symbols: tuple[str, ...]


@message
class LinkOpened(Message):
    """The broker answered."""

    STREAM: ClassVar[str] = "connection/{link}"
    link: LinkName
    session: SessionInfo


@message
class LinkFailed(Message):
    """A connection attempt, log-in or reconciliation failed."""

    STREAM: ClassVar[str] = "connection/{link}"
    link: LinkName
    step: str  # open, login, reconcile, subscribe
    reason: str


@message
class LinkLost(Message):
    """An open link broke."""

    STREAM: ClassVar[str] = "connection/{link}"
    link: LinkName
    reason: str


@message
class LinkLoggedIn(Message):
    """The broker logged in."""

    STREAM: ClassVar[str] = "connection/{link}"
    link: LinkName
    session: SessionInfo


@message
class HeartbeatReceived(Message):
    """The broker is alive; its clock and phase."""

    STREAM: ClassVar[str] = "heartbeat/{link}"
    link: LinkName
    venue_time: UnixNanos
    phase: VenuePhase
    logged_in: bool


@message
class InstrumentsReceived(Message):
    """The instruments served, with their limits of the day."""

    STREAM: ClassVar[str] = "instruments"
    instruments: tuple[Instrument, ...]
    unknown_symbols: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BrokerPosition:
    """A holding as the broker books it."""

    symbol: str
    quantity: int  # shares
    cost_basis: Krw
    realized_pnl: Krw = Krw(0)  # of the day


@dataclass(frozen=True, slots=True)
class BrokerOpenOrder:
    """A venue order that is open at the broker."""

    venue_order_id: str
    client_order_id: str  # empty for an order placed elsewhere
    symbol: str
    side: Side
    quantity: int
    leaves_qty: int
    limit_price: Krw | None
    kind: OrderKind | None = None  # None: limit or market, as the price tells
    time_in_force: TimeInForce = TimeInForce.DAY
    venue: Venue = Venue.KRX
    stop_price: Krw | None = None


@message
class BrokerStateReceived(Message):
    """Account, holdings and open orders, read after every event up to `as_of_seq` was delivered."""

    STREAM: ClassVar[str] = "account"
    cash: Krw
    positions: tuple[BrokerPosition, ...]
    open_orders: tuple[BrokerOpenOrder, ...]
    journal_id: str
    as_of_seq: int
    venue_time: UnixNanos
    deposit: Krw | None = None  # settled that day; null when the broker does not tell
    d1_deposit: Krw | None = None  # settled on the next session
    withdrawable: Krw | None = None  # that day


@message
class ConnectionChanged(Message):
    """A link's connection machine moved."""

    STREAM: ClassVar[str] = "connection/{link}"
    link: LinkName
    from_state: str
    to_state: str
    trigger: str
    reason: str
    system_time: UnixNanos


@message
class ReconcileReported(Message):
    """Own books against the broker's. Differences in words; none means they agree."""

    STREAM: ClassVar[str] = "reconcile"
    agreed: bool
    differences: tuple[str, ...]
    open_orders: int
    unknown_orders: int
