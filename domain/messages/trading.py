"""Signals, risk decisions, the trading day and money."""

from dataclasses import dataclass
from typing import ClassVar

from domain.messages.base import Message, message
from domain.messages.risk import Unsold
from domain.types import (
    ClientOrderId,
    Gate,
    Krw,
    OrderKind,
    Purpose,
    Severity,
    Side,
    TimeInForce,
    UnixNanos,
    Venue,
)


@dataclass(frozen=True, slots=True)
class SignalInput:
    """One indicator behind a signal."""

    name: str
    value: float | None  # None when unknown
    verdict: str  # for, against, neutral, unknown
    quality: str = "ok"  # of what it was made from: ok, or why it is doubtful or unknown, in words


@message
class SignalFormed(Message):
    """A strategy argues for an order. Risk decides."""

    STREAM: ClassVar[str] = "signal/{symbol}"
    strategy: str
    symbol: str
    side: Side
    purpose: Purpose
    strength: float  # 0 to 1
    confidence: float  # 0 to 1
    horizon_s: int  # how long it is meant to hold, venue seconds
    reference_price: Krw  # mark when formed
    limit_price: Krw  # wanted limit, on tick
    attention: str  # naver, shifted-demo, unknown
    inputs: tuple[SignalInput, ...]
    rationale: str
    venue_time: UnixNanos
    quality: str = "ok"  # of the quotes behind it, or the rules that flagged them, comma separated
    horizon_sessions: int = 0  # > 0: held to the close of so many sessions on, and `horizon_s` does not count
    regime: str = ""  # volatility of the instrument when formed: calm, normal, wild, unknown; empty before 0.6.0


@message
class SignalScored(Message):
    """The horizon of a signal has passed: was it right? What was really traded is another matter (fills)."""

    STREAM: ClassVar[str] = "signal/{symbol}"
    signal_seq: int  # 0: formed in the log before this one
    strategy: str
    symbol: str
    side: Side
    purpose: Purpose
    confidence: float  # 0 to 1, as the signal said
    regime: str
    attention: str  # source of the attention the signal used, else unknown
    horizon_s: int
    horizon_sessions: int
    formed_at: UnixNanos  # venue time
    due_at: UnixNanos  # venue time at which the horizon ended
    entry_price: Krw  # at which the claim could be taken up: the ask for a buy, the bid for a sell
    exit_price: Krw | None  # at which it could be closed at the horizon; None: no price, so no score
    gross_ppm: int  # of the entry price, in the direction of the signal; 0 without a score
    cost_ppm: int  # of the entry price: commissions and tax of a round trip
    won: bool | None  # gross above costs; None: not scored
    reason: str  # why it could not be scored; else empty
    venue_time: UnixNanos


@message
class BaselineScored(Message):
    """What always being in would have brought on one date: an entry at every completed bar, held and scored alike."""

    STREAM: ClassVar[str] = "signal/{symbol}"
    symbol: str
    trading_date: str  # YYYY-MM-DD, KST
    horizon_s: int
    horizon_sessions: int
    entries: int
    wins: int  # entries whose gross return was above costs
    gross_ppm_sum: int
    cost_ppm_sum: int
    venue_time: UnixNanos


@message
class OrderApproved(Message):
    """Risk lets an order pass. Its id is the log's identity and the sequence of what asked for it."""

    STREAM: ClassVar[str] = "order/{client_order_id}"
    client_order_id: ClientOrderId
    symbol: str
    side: Side
    kind: OrderKind
    purpose: Purpose
    quantity: int
    limit_price: Krw | None
    reserved_krw: Krw  # cash held for a buy, costs included; 0 for a sell
    origin: str  # strategy's name or operator:NAME
    rationale: str
    venue_time: UnixNanos
    time_in_force: TimeInForce = TimeInForce.DAY
    venue: Venue = Venue.KRX
    stop_price: Krw | None = None  # wakes a stop-limit order
    arrival_price: Krw | None = None  # middle of bid and ask then, cut to won, or the last trade; None: not told
    overridden: tuple[str, ...] = ()  # codes of checks that denied it and that a person overrode


@message
class OrderDenied(Message):
    """Risk refuses an order. It never leaves us."""

    STREAM: ClassVar[str] = "order/{client_order_id}"
    client_order_id: ClientOrderId
    symbol: str
    side: Side
    kind: OrderKind
    purpose: Purpose
    quantity: int  # asked for; 0 when sizing left nothing
    limit_price: Krw | None
    reason: str  # code, e.g. MAX_POSITION
    message: str  # value, limit and distance in words
    origin: str
    rationale: str
    venue_time: UnixNanos
    time_in_force: TimeInForce = TimeInForce.DAY
    venue: Venue = Venue.KRX
    stop_price: Krw | None = None  # wakes a stop-limit order


@message
class ModifyApproved(Message):
    """Risk lets a change of an open order by hand pass; the executor sends it and answers the person."""

    STREAM: ClassVar[str] = "order/{client_order_id}"
    command_id: str
    client_order_id: ClientOrderId
    quantity: int | None  # shares to move to the new price; None: all that is open
    limit_price: Krw | None  # None: keep the price
    reserved_krw: Krw  # cash to hold for the whole order at the new price; 0 for a sell
    venue_time: UnixNanos


@message
class LossLimitHit(Message):
    """Equity fell to a loss limit. The day halts until a person resumes it with a note."""

    STREAM: ClassVar[str] = "risk"
    limit: str  # daily_loss, drawdown
    equity: Krw
    start_equity: Krw
    loss_krw: Krw
    limit_krw: Krw
    venue_time: UnixNanos


@message
class SessionPlanned(Message):
    """The trading date and its session times, from the broker's clock and the calendar."""

    STREAM: ClassVar[str] = "day"
    trading_date: str  # YYYY-MM-DD, KST
    is_session: bool
    open_time: UnixNanos  # regular open
    close_auction_time: UnixNanos  # begin of the closing auction
    close_time: UnixNanos  # nominal close
    late: bool  # an opening later than 09:00


@message
class DayChanged(Message):
    """The trading-day machine moved."""

    STREAM: ClassVar[str] = "day"
    from_state: str
    to_state: str
    trigger: str
    reason: str
    venue_time: UnixNanos


@message
class GateChanged(Message):
    """Effect: the wire gate has a new level; links and broker enforce it at the last step."""

    STREAM: ClassVar[str] = "gate"
    IS_EFFECT: ClassVar[bool] = True
    SENDS_ORDER: ClassVar[bool] = True
    level: Gate
    reason: str


@message
class AccountOpened(Message):
    """Cash and holdings the day starts from, as the broker books them."""

    STREAM: ClassVar[str] = "portfolio"
    trading_date: str
    cash: Krw
    start_equity: Krw
    venue_time: UnixNanos


@message
class FillBooked(Message):
    """One fill in the books, to the won."""

    STREAM: ClassVar[str] = "portfolio/{symbol}"
    client_order_id: ClientOrderId
    trade_id: str
    symbol: str
    side: Side
    last_qty: int
    last_px: Krw
    notional: Krw
    commission: Krw
    tax: Krw
    realized_pnl: Krw  # costs of both sides included; 0 for a buy
    position_qty: int  # after it
    cost_basis: Krw  # after it
    cash: Krw  # after it
    venue_time: UnixNanos


@message
class EquityMarked(Message):
    """Equity at mark, at most once per venue interval and after every fill."""

    STREAM: ClassVar[str] = "portfolio"
    cash: Krw
    equity: Krw
    unrealized_pnl: Krw
    realized_pnl: Krw
    costs: Krw
    positions: int
    venue_time: UnixNanos
    exit_costs: Krw = Krw(0)  # commission and tax if all positions were sold at mark now; 0 in logs before 0.7.0


@message
class NoticeRaised(Message):
    """Effect: tell a person."""

    STREAM: ClassVar[str] = "notice"
    IS_EFFECT: ClassVar[bool] = True
    severity: Severity
    topic: str
    text: str


@message
class StopChanged(Message):
    """The stop machine moved."""

    STREAM: ClassVar[str] = "day"
    from_state: str
    to_state: str
    trigger: str
    reason: str
    venue_time: UnixNanos


@message
class StopReady(Message):
    """Effect: everything open is closed or given up on; the process may end."""

    STREAM: ClassVar[str] = "day"
    IS_EFFECT: ClassVar[bool] = True
    reason: str
    open_orders: int
    unsold: tuple[Unsold, ...] = ()  # of a stop that was to sell everything; empty in logs before 0.7.0


@message
class StrategyBenched(Message):
    """A strategy raised and is left out from now on; the others go on."""

    STREAM: ClassVar[str] = "strategy/{strategy}"
    strategy: str
    error: str
    at_seq: int  # message that did it
    # Where exit strategies take over (`rescue_benched`); before 0.6.0 empty.
    holdings: tuple[str, ...] = ()  # symbols held that no strategy runs for any more
    guards: tuple[str, ...] = ()  # exit strategies that see them from now on; none: nobody guards them
