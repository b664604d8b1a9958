"""What a log tells of its orders, fills and equity: any log, of a back-test, a demo or a live day."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import msgspec

from backtest.run import codec
from domain.messages.holdings import AdjustmentBooked, FillRevised
from domain.messages.link import InstrumentsReceived
from domain.messages.market import AttentionMeasured, TrendReceived
from domain.messages.orders import FACTS, OrderAccepted, OrderFilled, OrderStateChanged
from domain.messages.run import InputRefused, RoleFailed, RunEnded, RunStarted
from domain.messages.trading import (
    AccountOpened,
    BaselineScored,
    DayChanged,
    EquityMarked,
    FillBooked,
    LossLimitHit,
    OrderApproved,
    OrderDenied,
    SessionPlanned,
    SignalFormed,
    SignalScored,
    StrategyBenched,
)
from domain.performance.trades import Movement
from domain.signal_views import ScoresView
from domain.time import kst_date
from domain.types import Krw
from persistence.codec import UnknownEvent
from persistence.reader import LogReader
from persistence.record import Record


@dataclass(frozen=True, slots=True)
class Fill:
    """One execution as the venue reported it, and what the books made of it."""

    venue_time: int  # UTC ns
    quantity: int
    price: int  # KRW


@dataclass(slots=True)
class OrderStory:
    """One order from its decision to its end."""

    approved: OrderApproved
    seq: int  # of the approval in its log
    clock: int  # venue time (UTC ns) of the newest row the trader had heard when it decided
    recorded_at: int  # system time of the decision, UTC ns
    held: int  # shares of the symbol in our books then
    cash: Krw  # in our books then
    equity: Krw  # marked last
    reached_at: int = 0  # venue time at which the venue accepted it; 0 when it never did
    fills: list[Fill] = field(default_factory=list)
    status: str = ""
    reason: str = ""
    changed_at: int = 0  # venue time of the newest change told

    @property
    def filled(self) -> int:
        """Count the shares filled."""
        return sum(fill.quantity for fill in self.fills)

    @property
    def notional(self) -> int:
        """Sum the won of all fills."""
        return sum(fill.quantity * fill.price for fill in self.fills)

    @property
    def day(self) -> date:
        """Give the trading date of the decision."""
        return kst_date(self.approved.venue_time)


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that stopped, limited or broke trading."""

    venue_time: int  # UTC ns, of the newest row before it
    kind: str  # name of the message
    text: str


@dataclass(slots=True)
class History:
    """One log, read from end to end."""

    path: Path
    runs: list[RunStarted] = field(default_factory=list)
    ended: list[RunEnded] = field(default_factory=list)
    orders: dict[str, OrderStory] = field(default_factory=dict)  # in order of decision
    denied: list[OrderDenied] = field(default_factory=list)
    booked: list[FillBooked] = field(default_factory=list)
    booked_at: list[int] = field(default_factory=list)  # of each of them, newest row heard when it was booked, UTC ns
    revised: list[FillRevised] = field(default_factory=list)  # what executions changed about some of them
    movements: list[Movement] = field(default_factory=list)  # of money and shares, in order
    opened: list[AccountOpened] = field(default_factory=list)
    equity: list[tuple[int, Krw]] = field(default_factory=list)  # venue time, won; opening and marks
    sessions: dict[str, SessionPlanned] = field(default_factory=dict)
    days: list[DayChanged] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)  # venue time of the last row of each batch
    requests: dict[str, int] = field(default_factory=dict)  # id -> venue time it reached the venue; 0: not told
    answers: list[int] = field(default_factory=list)  # newest row heard at each receipt
    heard: dict[int, int] = field(default_factory=dict)  # order event -> newest row heard then
    ahead: list[tuple[int, int, int]] = field(default_factory=list)  # seq, venue time, clock of batches not yet due
    rows: list[int] = field(default_factory=list)  # quotes of each of them
    quotes: int = 0
    conflated: int = 0  # rows the broker left out for a slow reader
    events: int = 0
    signals: Counter[str] = field(default_factory=Counter)  # where the attention used came from -> how many
    served: set[str] = field(default_factory=set)
    limits_unknown: set[str] = field(default_factory=set)
    series: list[tuple[str, TrendReceived]] = field(default_factory=list)  # trading date, series
    attention: dict[str, AttentionMeasured] = field(default_factory=dict)  # symbol -> newest
    measured: list[tuple[str, AttentionMeasured]] = field(default_factory=list)  # trading date, measure
    scored: list[SignalScored] = field(default_factory=list)
    baselines: list[BaselineScored] = field(default_factory=list)
    late_signals: list[tuple[int, int]] = field(default_factory=list)  # signal's venue time, clock: from the future
    _now: int = 0
    _date: str = ""
    _held: dict[str, int] = field(default_factory=dict)
    _cash: Krw = Krw(0)

    @property
    def has_venue_clock(self) -> bool:
        """Tell whether system time was venue time: then nothing may be known before it happened."""
        return bool(self.runs) and all(run.config.mode.startswith("backtest") for run in self.runs)

    @property
    def scores(self) -> ScoresView:
        """Give how signals turned out; those whose horizon had not passed at the end are waiting."""
        said = sum(self.signals.values())
        is_scored = any(run.config.signals.scores for run in self.runs)
        waiting = said - len(self.scored) if is_scored else 0
        return ScoresView(tuple(self.scored), tuple(self.baselines), waiting, is_scored)

    def holding(self, symbol: str, at: int) -> int:
        """Give the shares held of a symbol at a venue time (UTC ns)."""
        held = 0
        for fill in self.booked:
            if fill.venue_time > at:
                break
            if fill.symbol == symbol:
                held = fill.position_qty
        return held


def read_history(path: Path, span: tuple[int, int] | None = None) -> History:
    """Read a log, or its events of a span of sequences (both inclusive) with the books and settings they began with.

    Raises ConfigError, LogError.
    """
    history = History(path)
    low, high = span or (1, None)
    with LogReader(path, codec()) as reader:
        for record in _before(reader, low):
            _carry(history, reader, record)
        for record in reader.events(low, high, raw=False):
            history.events += 1
            if record.seq == low and record.type == "RunStarted":
                history.runs.clear()  # the one before it says nothing of this span
            if record.type == "QuotesReceived":
                _batch(history, record)
                continue
            if record.type == "RequestAnswered":
                history.answers.append(history._now)
                continue
            take = _TAKES.get(record.type)
            if take is None:
                continue
            message = reader.decode(record)
            if isinstance(message, FACTS):
                _reached(history, message)
            if not isinstance(message, UnknownEvent):
                take(history, message, record)
    return history


def _before(reader: LogReader, low: int) -> list[Record]:
    """Give what the books, the day's state and the settings at a sequence came from, in order."""
    found = [record for name in _CARRIED for record in (reader.events(1, low - 1, type=name) if low > 1 else ())]
    return sorted(found, key=lambda record: record.seq)


def _carry(history: History, reader: LogReader, record: Record) -> None:
    message = reader.decode(record)
    match message:
        case RunStarted():
            history.runs = [message]
        case AccountOpened(cash=cash):
            history._cash = cash
        case FillBooked() | FillRevised() | AdjustmentBooked() | DayChanged():
            _TAKES[record.type](history, message, record)


_CARRIED = ("RunStarted", "AccountOpened", "FillBooked", "FillRevised", "AdjustmentBooked", "DayChanged")


class _Counted(msgspec.Struct):
    """Of the payload of QuotesReceived."""

    rows: int
    conflated: int = 0


def _batch(history: History, record: Record) -> None:
    counted = msgspec.json.decode(record.payload, type=_Counted)
    history.quotes += counted.rows
    history.conflated += counted.conflated
    if record.venue_time is None:
        return
    if record.venue_time > record.recorded_at:
        history.ahead.append((record.seq, record.venue_time, record.recorded_at))
    history.ends.append(record.venue_time)
    history.rows.append(counted.rows)
    history._now = record.venue_time


def _approved(history: History, message: OrderApproved, record: Record) -> None:
    books = (history._held.get(message.symbol, 0), history._cash, history.equity[-1][1] if history.equity else Krw(0))
    story = OrderStory(message, record.seq, history._now, record.recorded_at, *books)
    history.orders[message.client_order_id] = story


def _asked(history: History, message: Any, _: Record) -> None:
    history.requests[getattr(message, "request_id", message.client_order_id)] = 0


def _reached(history: History, fact: Any) -> None:
    """Note when an order event was heard, and when the request it answers reached the venue."""
    history.heard[fact.event_seq] = history._now
    request = getattr(fact, "request_id", fact.client_order_id)
    if history.requests.get(request) == 0:
        history.requests[request] = fact.venue_time


def _pass(history: History, message: Any, _: Record) -> None:
    """Take nothing more of an order event than when it was heard."""


def _accepted(history: History, message: OrderAccepted, _: Record) -> None:
    story = history.orders.get(message.client_order_id)
    if story is not None and not story.reached_at:
        story.reached_at = message.venue_time


def _filled(history: History, message: OrderFilled, _: Record) -> None:
    story = history.orders.get(message.client_order_id)
    if story is not None:
        story.fills.append(Fill(message.venue_time, message.last_qty, message.last_px))


def _changed(history: History, message: OrderStateChanged, _: Record) -> None:
    story = history.orders.get(message.client_order_id)
    if story is not None:
        story.status, story.reason, story.changed_at = message.to_status, message.reason, message.venue_time


def _day(history: History, message: DayChanged, _: Record) -> None:
    history.days.append(message)


def _mark(history: History, message: EquityMarked, _: Record) -> None:
    history.equity.append((message.venue_time, message.equity))


def _booked(history: History, message: FillBooked, _: Record) -> None:
    history.booked.append(message)
    history.booked_at.append(history._now)
    history.movements.append(message)
    history._held[message.symbol], history._cash = message.position_qty, message.cash


def _revised(history: History, message: FillRevised, _: Record) -> None:
    history.revised.append(message)
    history.movements.append(message)
    history._cash = message.cash


def _adjusted(history: History, message: AdjustmentBooked, _: Record) -> None:
    history.movements.append(message)
    history._cash = message.cash
    if message.symbol:
        history._held[message.symbol] = message.position_qty


def _opened(history: History, message: AccountOpened, _: Record) -> None:
    history.opened.append(message)
    history._cash = message.cash
    history.equity.append((message.venue_time, message.start_equity))


def _session(history: History, message: SessionPlanned, _: Record) -> None:
    history.sessions[message.trading_date] = message
    history._date = message.trading_date


def _instruments(history: History, message: InstrumentsReceived, _: Record) -> None:
    history.served |= {one.symbol for one in message.instruments}
    history.limits_unknown |= {one.symbol for one in message.instruments if one.upper_limit is None}


def _series(history: History, message: TrendReceived, _: Record) -> None:
    history.series.append((history._date, message))


def _measured(history: History, message: AttentionMeasured, _: Record) -> None:
    history.attention[message.symbol] = message
    history.measured.append((history._date, message))


def _signal(history: History, message: SignalFormed, record: Record) -> None:
    history.signals[message.attention] += 1
    if message.venue_time > record.recorded_at:
        history.late_signals.append((message.venue_time, record.recorded_at))


def _trouble(history: History, message: Any, _: Record) -> None:
    match message:
        case RoleFailed(role_name=name, error=error):
            text = f"role {name} failed: {error}"
        case StrategyBenched(strategy=name, error=error):
            text = f"strategy {name} raised and was left out: {error}"
        case InputRefused(type=kind, error=error):
            text = f"{kind} was refused: {error}"
        case LossLimitHit(loss_krw=loss, limit_krw=limit):
            text = f"daily loss {loss:,} KRW reached the limit of {limit:,} KRW; the rest of the day was halted"
        case _:
            text = str(message)
    history.troubles.append(Trouble(history._now, type(message).__name__, text))


def _append(name: str) -> Callable[[History, Any, Record], None]:
    def take(history: History, message: Any, _: Record) -> None:
        getattr(history, name).append(message)

    return take


_TAKES: dict[str, Callable[[History, Any, Record], None]] = {
    "RunStarted": _append("runs"),
    "RunEnded": _append("ended"),
    "OrderDenied": _append("denied"),
    "FillBooked": _booked,
    "FillRevised": _revised,
    "HoldingBooked": _append("movements"),
    "AdjustmentBooked": _adjusted,
    "SubmitOrder": _asked,
    "ModifyOrder": _asked,
    "CancelOrder": _asked,
    **{fact.__name__: _pass for fact in FACTS},
    "OrderApproved": _approved,
    "OrderAccepted": _accepted,
    "OrderFilled": _filled,
    "OrderStateChanged": _changed,
    "DayChanged": _day,
    "EquityMarked": _mark,
    "AccountOpened": _opened,
    "SessionPlanned": _session,
    "InstrumentsReceived": _instruments,
    "TrendReceived": _series,
    "AttentionMeasured": _measured,
    "SignalFormed": _signal,
    "SignalScored": _append("scored"),
    "BaselineScored": _append("baselines"),
    "RoleFailed": _trouble,
    "StrategyBenched": _trouble,
    "InputRefused": _trouble,
    "LossLimitHit": _trouble,
}
