"""What the trading day keeps, and how it changes: the fold alone. What it does about it is in `trading_day.py`."""

from typing import Any

from actors.core.role import Role
from actors.roles.trading_day_limits import Limits
from domain.config import RunConfig
from domain.day_plan import gate_for, is_over
from domain.messages import Stamp
from domain.messages.holdings import AdjustmentBooked, HoldingBooked
from domain.messages.link import BrokerStateReceived, ConnectionChanged, HeartbeatReceived, LinkOpened
from domain.messages.market import AttentionFetched, QuotesEnded, QuotesJudged, TrendReceived, TrendsMissing
from domain.messages.operator import (
    FlattenRequested,
    HaltRequested,
    PauseRequested,
    ResumeRequested,
    StopRequested,
)
from domain.messages.orders import FACTS, OrderStateChanged, RequestAnswered, RequestStranded
from domain.messages.risk import HoldingsLeft
from domain.messages.run import ClockTicked, InputRefused, LogSpaceLow, RoleFailed, RunStarted, StateChecked
from domain.messages.trading import (
    AccountOpened,
    DayChanged,
    FillBooked,
    GateChanged,
    LossLimitHit,
    OrderApproved,
    SessionPlanned,
    StopChanged,
    StopReady,
)
from domain.risk.loss_levels import NAMES
from domain.stopping import Stop
from domain.time import kst_date
from domain.types import Gate, LinkName, UnixNanos
from fsm.client_order import CLOSED
from fsm.stop import SELLING
from fsm.trading_day import State

# Without one of these not even exits are safe, or nobody can close the gate.
VITAL = ("connection_supervisor", "trading_day", "portfolio", "risk_manager", "executor")
BEFORE = (State.CLOSED, State.PREFLIGHT)
# Refused inputs, by type. Without one of these our books and orders are not the broker's any more: a halt. Attention
# stays unknown without a series, which strategies know: nothing stops. Whatever else is refused pauses the day.
BOOKS = frozenset(kind.__name__ for kind in (*FACTS, BrokerStateReceived, RequestAnswered, RequestStranded))
DISPENSABLE = frozenset(kind.__name__ for kind in (TrendReceived, AttentionFetched, TrendsMissing))
HOLDINGS = (AccountOpened, BrokerStateReceived, FillBooked, HoldingBooked, AdjustmentBooked)


class TradingDayState(Role):
    """The day's state, its session, the lock of a halt, what people and limits ask for, which orders are open."""

    def __init__(self) -> None:
        """Start closed."""
        super().__init__()
        self.state = State.CLOSED
        self.day_reason = "the day has not begun"
        self.gate = Gate.CANCELS_ONLY
        self.shut = ""  # why the gate was closed by the core, whatever the day says
        self.plan: SessionPlanned | None = None
        self.ended_date = ""  # trading date whose session is over
        self.locked = False  # a halt that no person has lifted; outlives days and restarts
        self.lock_reason = ""
        self.lifted_seq = 0  # a person's resume that lifted the lock outside HALTED
        self.resuming = False  # the lock was lifted in HALTED: trade again
        self.let_out = False  # a person asked to sell out while halted: exits pass until the next move or halt
        self.hold = ""  # why the day is to pause as soon as it is armed
        self.out: dict[str, str] = {}  # what cannot be trusted before the next start, e.g. a vital role -> why
        self.venue_time = UnixNanos(0)
        self.data_ended = False
        self.ready: dict[LinkName, bool] = {LinkName.QUOTES: False, LinkName.ORDERS: False}
        self.open_orders: dict[str, str] = {}  # id -> state of the order
        self.stop_asked: StopRequested | None = None
        self.stop_asked_at = UnixNanos(0)
        self.stop_told = False
        self.stopping = Stop()
        self.limits = Limits()
        self.closing_since = UnixNanos(0)  # system time
        self.now = UnixNanos(0)
        self._overrides: dict[str, tuple[str, str]] = {}

    def evolve(self, message: Any, stamp: Stamp) -> None:
        """Fold one message."""
        self.now = stamp.system_time
        was_locked = self.locked
        self._fold(message, stamp)
        self.limits.fold(message, self.state, was_locked)
        if self.gate is Gate.CANCELS_ONLY:  # shut first: who cancels in a halt hears by the gate when exits pass again
            self.limits.let_out(self.state, self.open_orders.values())

    def _fold(self, message: Any, stamp: Stamp) -> None:
        match message:
            case QuotesJudged(rows=rows):
                if rows:
                    self.venue_time = max(self.venue_time, UnixNanos(rows[-1].venue_time))
            case HeartbeatReceived(link=LinkName.QUOTES, venue_time=at):
                self._clock(at)
            case LinkOpened(link=LinkName.QUOTES, session=session):
                self._clock(session.venue_time)
            case ConnectionChanged(link=link, to_state=to_state):
                self.ready[link] = to_state == "READY"
            case QuotesEnded():
                self.data_ended = True
            case OrderApproved(client_order_id=order_id):
                self.open_orders[order_id] = "NEW"
            case OrderStateChanged(client_order_id=order_id, to_status=status):
                if status in CLOSED:
                    self.open_orders.pop(order_id, None)
                else:
                    self.open_orders[order_id] = status
            case SessionPlanned():
                self.plan, self.data_ended = message, False
            case GateChanged(level=level, reason=reason):
                self.gate = level
                if level is not self._wanted_gate():
                    self.shut = reason
            case DayChanged():
                self._moved(message)
            case RunStarted(config=config):
                self._begin_run(config)
            case StopChanged() | HoldingsLeft():
                self.stopping.fold(message, stamp.system_time)
            case _ if isinstance(message, HOLDINGS):
                self.stopping.fold(message, stamp.system_time)
            case _:
                self._asked(message, stamp)

    def _begin_run(self, config: RunConfig) -> None:
        self._overrides = dict(config.session_overrides)
        self.ready = {LinkName.QUOTES: False, LinkName.ORDERS: False}
        self.stop_asked, self.stop_told, self.shut, self.hold, self.out = None, False, "", "", {}
        self.stopping.begin_run(config.execution, config.risk.never_sell)
        self.closing_since, self.let_out = self.now, False
        self.lifted_seq = 0  # in a log that follows another, sequences begin anew

    def _clock(self, venue_time: UnixNanos) -> None:
        # A recorded source may begin an earlier day than the last one: its clock then rules.
        if venue_time and (kst_date(venue_time) != kst_date(self.venue_time) or venue_time > self.venue_time):
            self.venue_time = venue_time

    def _asked(self, message: Any, stamp: Stamp) -> None:
        """Fold what a person or a failure asks of the day; a halt holds from here on, wherever the day stands."""
        match message:
            case HaltRequested(caller=caller, note=note):
                self.let_out = False
                self._lock(f"halted by {caller}{because(note)}")
            case LossLimitHit(limit=name, loss_krw=loss, limit_krw=limit):
                self._keep_lock(f"{NAMES[name]} {loss:,} KRW reached the limit of {limit:,} KRW")
            case LogSpaceLow(error=error):
                self._lock(f"event log: {error}")
            case RoleFailed(role_name=role, error=error, benched=benched):
                if role in VITAL:
                    self._lock(f"role {role} failed: {error}")
                    if benched:
                        self.out[f"role {role}"] = error
                elif self.state in BEFORE:
                    self.hold = disturbance(message)
            case StateChecked(at_seq=seq, agreed=False, differences=differences):
                self._lock(f"the snapshot of event {seq} differs from the log: {'; '.join(differences)}")
                self.out["the snapshot this run began with"] = "; ".join(differences)
            case InputRefused(type=kind) if kind in BOOKS:
                self._lock(refusal_of(message))
            case InputRefused() | ClockTicked() if self.state in BEFORE:
                self.hold = disturbance(message) or self.hold
            case PauseRequested(caller=caller, note=note) if self.state in BEFORE:
                self.hold = f"paused by {caller}{because(note)}"
            case FlattenRequested(caller=caller) if self.state in BEFORE:
                self.hold = f"flatten asked by {caller}"
            case FlattenRequested() if self.state is State.HALTED:
                self.let_out = True
            case ResumeRequested(note=note):
                self.hold = ""
                if self.locked and note and self.state is not State.HALTED and not self.out:
                    self.locked, self.lifted_seq = False, stamp.seq
            case StopRequested():
                self.stopping.fold(message, stamp.system_time)
                if self.stop_asked is None:  # asking again does not make it wait longer
                    self.stop_asked, self.stop_asked_at = message, stamp.system_time
            case StopReady():
                self.stop_told = True

    def _lock(self, reason: str) -> None:
        self.stopping.call_off(reason)
        self.limits.call_off()
        self._keep_lock(reason)

    def _keep_lock(self, reason: str) -> None:
        if not self.locked:
            self.locked, self.lock_reason = True, reason

    def _moved(self, change: DayChanged) -> None:
        self.state, self.day_reason = State(change.to_state), change.reason
        self.resuming, self.let_out = change.trigger == "unlock", False
        if change.trigger == "unlock":
            self.locked = False
        if change.trigger in ("unlock", "resume"):
            self.shut = ""
        if change.trigger in ("pause", "resume"):
            self.hold = ""
        if self.state is State.CLOSING:
            self.closing_since = self.now
        elif change.trigger == "end" and self.plan is not None and self._session_over():
            self.ended_date = self.plan.trading_date

    def _session_over(self) -> bool:
        return self.data_ended or (self.plan is not None and is_over(self.plan, self.venue_time))

    def _wanted_gate(self) -> Gate:
        if self.shut:
            return Gate.CANCELS_ONLY
        if self.let_out or self.limits.lets_out or self.stopping.state in SELLING:
            return Gate.EXITS_ONLY
        return gate_for(self.state, bool(self.limits.causes))


def disturbance(message: Any) -> str:
    """Say why an input of the machinery is to pause the day; empty when it is not."""
    match message:
        case ClockTicked(stepped_back_ms=ms) if ms:
            return f"the machine's clock went back by {ms:,} ms"
        case InputRefused(type=kind) if kind not in DISPENSABLE and kind not in BOOKS:
            return refusal_of(message)
        case RoleFailed(role_name=role, error=error) if role not in VITAL:
            return f"role {role} failed: {error}"
    return ""


def refusal_of(refused: InputRefused) -> str:
    """Name a refused input."""
    return f"{refused.type} from {refused.source} was refused: {refused.error}"


def because(note: str) -> str:
    """Give a note as the end of a sentence."""
    return f": {note}" if note else ""
