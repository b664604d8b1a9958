"""One report, whole: what the terminal, the page, JSON and CSV show. No words of a language are in it."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from domain.performance.model import (
    ClosedTrade,
    DayLine,
    EquityPoint,
    GroupLine,
    Metrics,
    Suggestion,
    Target,
)
from domain.types import Krw, UnixNanos


@dataclass(frozen=True, slots=True)
class TradeLine:
    """One trade of the table."""

    trade: ClosedTrade
    is_open: bool  # still held at the end of the period; `closed_at` is then its newest fill
    entry_orders: tuple[str, ...]  # client order ids, for `hantrade log why`
    exit_orders: tuple[str, ...]
    # Won a share by which fills were worse than the price at the decision and at the sending; None: not told.
    decision_slip: float | None
    arrival_slip: float | None


@dataclass(frozen=True, slots=True)
class EventLine:
    """Something a person should know of: a limit, a stop, a halt, a stuck exit, a lost link, a failure."""

    at: UnixNanos  # venue time where the event has one, else system time
    kind: str  # name of the message
    subject: str  # symbol, link, limit, order; may be empty
    text: str  # as the log has it
    seq: int
    log: Path


@dataclass(frozen=True, slots=True)
class QualityPart:
    """Data quality of the period."""

    quotes: int
    refused: int
    flagged: int
    conflated: int
    by_rule: dict[str, int]


@dataclass(frozen=True, slots=True)
class ConnectionPart:
    """Links over market time (system time within the regular session) of the period."""

    market_ms: int
    up_ms: int
    degraded_ms: int
    down_ms: int
    planned_ms: int  # of `down_ms`, within known maintenance
    losses: dict[str, int]  # link -> times it was lost from READY or DEGRADED
    longest_ms: int  # longest time a link was not up in a row


@dataclass(frozen=True, slots=True)
class ExecutionPart:
    """How orders went. Slippage is in ppm of the price, weighted by notional, positive is a cost; None: not told."""

    orders: int
    by_hand: int
    denied: dict[str, int]  # reason -> orders
    rejected: dict[str, int]  # reason of the broker -> orders
    unknown: int  # orders whose fate was unknown for a while
    filled: int  # orders filled completely
    partly: int
    unfilled: int
    cancels: int
    reaction_ms_p50: float | None  # quote received to order sent
    reaction_ms_p99: float | None
    reactions: int  # orders measured
    decision_slip_ppm: float | None  # against the price when the signal was formed
    arrival_slip_ppm: float | None  # against the price when the order went out
    slips: int  # fills measured


@dataclass(frozen=True, slots=True)
class SignalLine:
    """Scored signals of one strategy."""

    strategy: str
    purpose: str
    scored: int
    right: int
    low: float | None  # 95 % interval of the share
    high: float | None
    always_in: float | None  # what always being in would have had; None: not told
    net_bps: float | None


@dataclass(frozen=True, slots=True)
class FlowLine:
    """Money or shares that came or left without a trade, and what corporate actions brought."""

    at: UnixNanos
    kind: str  # deposit, withdrawal, found, dividend, split, fee, correction
    symbol: str  # empty for cash
    amount: Krw
    text: str


@dataclass(frozen=True, slots=True)
class Change:
    """What differs from the period before: a setting, a strategy, a version, a figure."""

    what: str  # e.g. risk.max_order_krw, strategies, version
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Position:
    """What is held at the end of the period."""

    symbol: str
    quantity: int
    cost_basis: Krw
    mark: Krw | None
    unrealized: Krw


@dataclass(frozen=True, slots=True)
class Summary:
    """The last object of `report --json`; its keys are part of the contract. Percentages have four digits."""

    date: str  # first day of the period, YYYY-MM-DD
    trades: int  # closed in the period
    win_rate: float | None  # percent
    profit_factor: float | None
    realized_pnl_krw: int
    unrealized_pnl_krw: int
    costs_krw: int
    return_pct: float | None
    mdd_pct: float | None
    day_loss_pct: float | None  # deepest of a day, open positions included
    uptime_pct: float | None
    signal_precision: float | None  # percent
    automation_pct: float | None
    reaction_ms_p99: float | None


@dataclass(frozen=True, slots=True)
class Report:
    """One period of one account (mode)."""

    kind: str  # day, week, month
    first: date
    last: date  # inclusive
    mode: str  # paper, mock, live, backtest
    logs: tuple[Path, ...]  # read, oldest first
    names: dict[str, str]  # symbol -> Korean name
    summary: Summary
    metrics: Metrics
    days: tuple[DayLine, ...]
    equity: tuple[EquityPoint, ...]  # thinned to what a chart can show, with every extreme
    drawdowns: tuple[tuple[UnixNanos, float], ...]  # below the peak, fraction, at the same moments
    by_symbol: tuple[GroupLine, ...]
    by_strategy: tuple[GroupLine, ...]
    by_hour: tuple[GroupLine, ...]
    by_reason: tuple[GroupLine, ...]
    by_weekday: tuple[GroupLine, ...]
    trades: tuple[TradeLine, ...]  # in the order in which they were closed; open ones last
    positions: tuple[Position, ...]
    events: tuple[EventLine, ...]
    quality: QualityPart
    connection: ConnectionPart
    execution: ExecutionPart
    signals: tuple[SignalLine, ...]
    flows: tuple[FlowLine, ...]
    targets: tuple[Target, ...]
    suggestions: tuple[Suggestion, ...]
    changes: tuple[Change, ...]
    before: Summary | None  # of the period before; None when there was none
    is_complete: bool  # False: the period is not over, or a log could not be read whole
    missing: tuple[str, ...]  # what could not be told, and why, in words
