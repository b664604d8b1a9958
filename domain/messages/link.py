"""What the links to brokers say and are told. `link` is `quotes` or `orders`."""

from dataclasses import dataclass
from typing import ClassVar

from domain.instruments import Instrument
from domain.messages.base import Message, message
from domain.quotes import Quote
from domain.types import (
    DayOrderAction,
    DayOrderState,
    Gate,
    Krw,
    LinkName,
    OrderKind,
    ServerKind,
    Side,
    TimeInForce,
    UnixNanos,
    Venue,
    VenuePhase,
)


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
    trouble: str = ""  # why it is not logged in or takes no orders, in words; empty when all is well
    account_check: str = ""  # of the whole account number, see domain/accounts.py; empty when the broker does not tell


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
    endpoint: str = ""  # that was dialled: an answer may be late and of another; empty in older logs


@message
class LinkFailed(Message):
    """A connection attempt, log-in or reconciliation failed."""

    STREAM: ClassVar[str] = "connection/{link}"
    link: LinkName
    step: str  # open, login, reconcile, subscribe
    reason: str
    endpoint: str = ""  # that was dialled, as in LinkOpened


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
    sellable: int | None = None  # shares not held by open sell orders; None when the broker does not tell


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


@dataclass(frozen=True, slots=True)
class BrokerDayOrder:
    """One venue order number of the day with its sums; the lists of a broker carry no execution numbers."""

    venue_order_id: str
    original_venue_order_id: str  # number it changes; empty for a new order
    client_order_id: str  # empty when the broker does not know that it is ours
    request_id: str  # our cancel or modify; empty for a new order and when the broker does not know
    symbol: str
    side: Side
    action: DayOrderAction
    state: DayOrderState
    quantity: int  # shares it was given for; of a cancel, those it cancelled once confirmed
    leaves_qty: int  # always 0 for a cancel
    filled_qty: int
    filled_notional: Krw
    limit_price: Krw | None
    commission: Krw | None  # of those fills; None when the broker does not tell
    tax: Krw | None  # of those fills; None when the broker does not tell
    order_time: UnixNanos  # venue time


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
    orderable_cash: Krw | None = None  # cash less what open buys hold; null when the broker does not tell
    day_orders: tuple[BrokerDayOrder, ...] | None = None  # null: the broker has no such list
    run: str = ""  # what asked for it, see ReadBroker; empty for a reconciliation of the link
    reads: int = 1  # times the lists were read until they agreed with each other
    asked_at: UnixNanos = UnixNanos(0)  # system time of the first question
    read_at: UnixNanos = UnixNanos(0)  # system time of the last answer


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
    planned: bool = False  # maintenance of the broker that was known before: nobody need be woken


@message
class ReconcileReported(Message):
    """Own books against the broker's, with the differences in words.

    `agreed` of a gated run: the link may be READY, what differs is told and halts its instrument. Of a run in READY:
    a gated one would find nothing to do.
    """

    STREAM: ClassVar[str] = "reconcile"
    agreed: bool
    differences: tuple[str, ...]
    open_orders: int
    unknown_orders: int
    kind: str = "gated"  # gated (before READY), audit (in READY), manual, dry_run
    run: str = ""  # of ReadBroker; empty when gated
    day_orders: int = 0  # order numbers the broker listed
    inferred: int = 0  # facts booked from the lists because no event had told them
    external_orders: int = 0  # open orders in the account that are not ours
    halted_symbols: tuple[str, ...] = ()  # no new orders in them until books agree
    reads: int = 1  # times the lists were read until they agreed with each other
    duration_ms: int = 0  # system time from the first question to this report


@message
class ReadBroker(Message):
    """Effect: read account, holdings, orders and sums of the day over the open orders link, gated as at the start."""

    STREAM: ClassVar[str] = "reconcile"
    IS_EFFECT: ClassVar[bool] = True
    run: str  # comes back with the answer
    kind: str  # audit, manual, dry_run


@message
class ReadBrokerFailed(Message):
    """A reading ended without a whole set of answers; nothing of it counts."""

    STREAM: ClassVar[str] = "reconcile"
    run: str
    kind: str  # audit, manual, dry_run
    reason: str


@message
class OrderEvidence(Message):
    """What the broker's lists prove of an order and no event has told. Said by the executor.

    A later event about the same shares replaces it and never adds to it.
    """

    STREAM: ClassVar[str] = "order/{client_order_id}"
    client_order_id: str
    fact: str  # accepted, filled, cancelled, replaced, expired, rejected, absent, resolved
    venue_order_id: str  # leg
    symbol: str
    side: Side
    quantity: int
    leaves_qty: int  # of the leg after it; filled: as the list shows it, an execution that leaves fewer is a later one
    notional: Krw  # filled: price times shares, of these shares together; else 0
    commission: Krw  # filled: of these shares together; else 0
    tax: Krw  # filled: of these shares together; else 0
    limit_price: Krw | None  # accepted, replaced: of the leg
    new_venue_order_id: str  # replaced: the leg the shares moved to; else empty
    request_id: str  # cancelled, replaced, resolved: the request it answers; else empty
    reason: str
    venue_time: UnixNanos


@message
class ExternalOrderSeen(Message):
    """An order in the account that is not ours, first seen or changed. It counts in exposure and is never touched."""

    STREAM: ClassVar[str] = "external/{venue_order_id}"
    venue_order_id: str
    symbol: str
    side: Side
    quantity: int
    leaves_qty: int  # 0: nothing of it is open any more
    filled_qty: int
    limit_price: Krw | None
    venue_time: UnixNanos


@message
class SymbolHalted(Message):
    """Books differ in one instrument: no new order in it, of any purpose, until they agree. Cancels pass."""

    STREAM: ClassVar[str] = "reconcile/{symbol}"
    symbol: str
    reason: str


@message
class SymbolReleased(Message):
    """Books agree in an instrument again."""

    STREAM: ClassVar[str] = "reconcile/{symbol}"
    symbol: str
    reason: str


@message
class ProbeSource(Message):
    """Effect: ask a source of quotes whether it is well, and for its latest quotes, beside the open link."""

    STREAM: ClassVar[str] = "connection/quotes"
    IS_EFFECT: ClassVar[bool] = True
    endpoint: str
    symbols: tuple[str, ...]


@message
class SourceProbed(Message):
    """What a source of quotes answered to a probe."""

    STREAM: ClassVar[str] = "connection/quotes"
    endpoint: str
    is_well: bool  # it answered, is logged in and its venue clock runs
    reason: str  # why not; empty when it is well
    quotes: tuple[Quote, ...]  # its latest
    venue_time: UnixNanos = UnixNanos(0)  # its clock; 0 when it did not answer
    speed_milli: int | None = None  # as in SessionInfo


@message
class SourceChanged(Message):
    """Quotes come from another source from now on."""

    STREAM: ClassVar[str] = "connection/quotes"
    from_endpoint: str
    to_endpoint: str
    is_backup: bool
    reason: str


@message
class SourcesCompared(Message):
    """Two sources of quotes beside each other: instruments whose latest prices contradict, with why."""

    STREAM: ClassVar[str] = "quality"
    endpoint: str  # of the source probed; empty when a new run withdraws what the last one said
    compared: int  # instruments
    differences: tuple[tuple[str, str], ...]  # symbol and words
    # Every symbol that differed twice in a row from any source, as of now: its quotes are no basis for a trade.
    contradicted: tuple[str, ...] = ()


@message
class SubscriptionProved(Message):
    """How far a subscription is proved by a first quote per instrument. Said when it is complete or time is up."""

    STREAM: ClassVar[str] = "connection/quotes"
    proved: int  # instruments
    missing: tuple[tuple[str, str], ...]  # symbol and why nothing came: halted, not tradable, no trade yet, silent


@message
class SymbolsMuted(Message):
    """Instruments that send nothing although they did and the connection does, or that speak again.

    A new run and a new trading date know nobody as silent.
    """

    STREAM: ClassVar[str] = "connection/quotes"
    muted: tuple[str, ...]
    heard: tuple[str, ...]


@message
class UptimeMeasured(Message):
    """Both links over market time of one trading date, so far. Said at each change and at the end of the day."""

    STREAM: ClassVar[str] = "uptime"
    trading_date: str
    market_ms: int  # system time within the regular session
    up_ms: int
    degraded_ms: int
    down_ms: int
    planned_ms: int  # of `down_ms`, within known maintenance


@message
class OrdersRouted(Message):
    """Orders go another way from now on."""

    STREAM: ClassVar[str] = "connection/orders"
    from_endpoint: str
    to_endpoint: str
    reason: str
