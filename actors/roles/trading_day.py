"""The trading day: when the house may trade, and what the wire gate lets through."""

from collections.abc import Iterable
from datetime import date
from typing import Any, ClassVar

from actors.core.role import Role
from domain.config import RunConfig
from domain.krx.sessions import regular_session
from domain.messages import Message, Stamp
from domain.messages.link import ConnectionChanged, HeartbeatReceived, LinkOpened
from domain.messages.market import QuotesEnded, QuotesJudged
from domain.messages.operator import (
    CommandAnswered,
    FlattenRequested,
    HaltRequested,
    PauseRequested,
    ResumeRequested,
    StopRequested,
)
from domain.messages.orders import OrderStateChanged
from domain.messages.run import ClockTicked, LogSpaceLow, RoleFailed, RunStarted
from domain.messages.trading import DayChanged, GateChanged, LossLimitHit, OrderApproved, SessionPlanned, StopReady
from domain.time import kst_date
from domain.types import NANOS_PER_SECOND, Gate, LinkName, UnixNanos
from domain.status import DayQuery, DayView
from fsm import trading_day as fsm
from fsm.client_order import CLOSED
from fsm.trading_day import State

GATES = {State.TRADING: Gate.OPEN, State.PAUSED: Gate.EXITS_ONLY}  # every other state: cancels only
LATE_PRINTS_NS = 35 * NANOS_PER_SECOND  # closing crosses come up to 35 s after the nominal close (facts: krx.md 2)
STOP_PATIENCE_NS = 15 * NANOS_PER_SECOND  # system time a stop waits for open orders to be confirmed closed
VITAL = ("connection_supervisor", "portfolio", "risk_manager", "executor")  # without one of them not even exits are safe


class TradingDay(Role):
    """Keep the trading-day machine and the gate.

    Hears: links, venue clock, people's commands, loss limits, failures, open orders.
    Says: SessionPlanned, DayChanged, GateChanged, CommandAnswered, StopReady.
    Keeps: the day's state, its session, the lock of a halt, which orders are open.
    """

    NAME: ClassVar[str] = "trading_day"
    HEARS: ClassVar[tuple[type[Message], ...]] = (
        RunStarted,
        ClockTicked,
        LinkOpened,
        HeartbeatReceived,
        ConnectionChanged,
        QuotesJudged,
        QuotesEnded,
        OrderApproved,
        OrderStateChanged,
        LossLimitHit,
        RoleFailed,
        LogSpaceLow,
        PauseRequested,
        ResumeRequested,
        HaltRequested,
        FlattenRequested,
        StopRequested,
        DayChanged,
        SessionPlanned,
    )
    SAYS: ClassVar[tuple[type[Message], ...]] = (SessionPlanned, DayChanged, GateChanged, CommandAnswered, StopReady)

    def __init__(self) -> None:
        """Start closed."""
        super().__init__()
        self.state = State.CLOSED
        self.gate = Gate.CANCELS_ONLY
        self.gate_reason = "the day has not begun"
        self.plan: SessionPlanned | None = None
        self.ended_date = ""  # trading date whose session is over
        self.locked = False  # a halt that no person has lifted; outlives days and restarts
        self.venue_time = UnixNanos(0)
        self.data_ended = False
        self.ready: dict[LinkName, bool] = {LinkName.QUOTES: False, LinkName.ORDERS: False}
        self.open_orders: dict[str, None] = {}
        self.stop_asked: StopRequested | None = None
        self.stop_asked_at = UnixNanos(0)
        self.stop_told = False
        self.now = UnixNanos(0)
        self._overrides: dict[str, tuple[str, str]] = {}

    def evolve(self, message: Any, stamp: Stamp) -> None:
        """Fold one message."""
        self.now = stamp.system_time
        match message:
            case QuotesJudged(rows=rows):
                if rows:
                    self.venue_time = max(self.venue_time, UnixNanos(rows[-1].venue_time))
            case HeartbeatReceived(link=LinkName.QUOTES, venue_time=at):
                self._clock(at)
            case LinkOpened(link=LinkName.QUOTES, session=session):
                self._clock(session.venue_time)
            case RunStarted(config=config):
                self._begin_run(config)
            case ConnectionChanged(link=link, to_state=to_state):
                self.ready[link] = to_state == "READY"
            case QuotesEnded():
                self.data_ended = True
            case OrderApproved(client_order_id=order_id):
                self.open_orders[order_id] = None
            case OrderStateChanged(client_order_id=order_id, to_status=status):
                if status in CLOSED:
                    self.open_orders.pop(order_id, None)
                else:
                    self.open_orders[order_id] = None
            case StopRequested():
                self.stop_asked, self.stop_asked_at = message, stamp.system_time
            case StopReady():
                self.stop_told = True
            case SessionPlanned():
                self.plan, self.data_ended = message, False
            case GateChanged(level=level, reason=reason):
                self.gate, self.gate_reason = level, reason
            case DayChanged():
                self._moved(message)

    def _begin_run(self, config: RunConfig) -> None:
        self._overrides = dict(config.session_overrides)
        self.ready = {LinkName.QUOTES: False, LinkName.ORDERS: False}
        self.stop_asked, self.stop_told, self.data_ended = None, False, False

    def _clock(self, venue_time: UnixNanos) -> None:
        # A recorded source may begin an earlier day than the last one: its clock then rules.
        if kst_date(venue_time) != kst_date(self.venue_time) or venue_time > self.venue_time:
            self.venue_time = venue_time

    def _moved(self, change: DayChanged) -> None:
        self.state = State(change.to_state)
        if change.trigger == "halt":
            self.locked = True
        elif change.trigger == "unlock":
            self.locked = False
        elif change.trigger == "end" and self.plan is not None and self._session_over():
            self.ended_date = self.plan.trading_date

    # ---- decisions ---------------------------------------------------------------------------------------------

    def decide(self, message: Any, stamp: Stamp) -> Iterable[Message]:
        """Plan the session, move the day on, answer people."""
        match message:
            case PauseRequested(command_id=command_id, caller=caller, note=note):
                return self._command(command_id, "pause", f"paused by {caller}{_because(note)}")
            case HaltRequested(command_id=command_id, caller=caller, note=note):
                return self._command(command_id, "halt", f"halted by {caller}{_because(note)}")
            case ResumeRequested():
                return self._resume(message)
            case StopRequested(command_id=command_id):
                answer = CommandAnswered(command_id, True, "", "stopping", "", cancels=len(self.open_orders))
                return [answer, *self._step()]
            case FlattenRequested(caller=caller) if self._may("pause"):
                return [self._move("pause", f"flatten asked by {caller}")]
            case LossLimitHit(loss_krw=loss, limit_krw=limit) if self._may("halt"):
                return [self._move("halt", f"daily loss {loss:,} KRW reached the limit of {limit:,} KRW")]
            case RoleFailed(role_name=role, error=error):
                trigger = "halt" if role in VITAL else "pause"
                return [self._move(trigger, f"role {role} failed: {error}")] if self._may(trigger) else ()
            case LogSpaceLow(error=error) if self._may("halt"):
                return [self._move("halt", f"event log: {error}")]
            case RunStarted():
                return [self._gate_for(self.state, "a new run begins")]
            case DayChanged():
                return [*self._gate_after(message), *self._step()]
        return self._step()

    def _step(self) -> list[Message]:
        """Give the one next move that state and clock ask for; the role hears it and comes back here."""
        planned = self._planned()
        if planned is not None:
            return [planned]
        if self.stop_asked is not None and self.state is State.CLOSED:
            done = StopReady(self.stop_asked.reason, len(self.open_orders))
            return [] if self.stop_told else [done]
        move = self._due()
        return [] if move is None else [self._move(*move)]

    def _planned(self) -> SessionPlanned | None:
        if self.venue_time == 0 or self.state not in (State.CLOSED, State.HALTED):
            return None
        day = kst_date(self.venue_time)
        if self.plan is not None and self.plan.trading_date == day.isoformat():
            return None
        return plan_session(day, self._overrides)

    def _due(self) -> tuple[str, str] | None:
        over = self._session_over()
        if self.state is State.CLOSED:
            begins = self.plan is not None and self.plan.is_session and self.plan.trading_date != self.ended_date
            return ("start_day", "a session is planned") if begins and not over and self.stop_asked is None else None
        if self.state is State.CLOSING:
            waited = self.stop_asked is not None and self.now - self.stop_asked_at >= STOP_PATIENCE_NS
            if self.open_orders and not waited:
                return None
            if over or self.stop_asked is not None:
                still = f", {len(self.open_orders)} orders not confirmed closed" if self.open_orders else ""
                return "report", f"nothing more to wait for{still}"
            return None
        if self.state is State.REPORTING:
            return "end", "data_ended" if self.data_ended else "the day's books are closed"
        if self.stop_asked is not None:
            return "close", f"stop: {self.stop_asked.reason}"
        if self.data_ended:
            return "close", "data_ended"
        if self.state is State.HALTED:
            return ("close", "session over") if over else None
        if self._closing_time():
            return "close", "the closing auction begins"
        return self._arm()

    def _arm(self) -> tuple[str, str] | None:
        if self.state is State.PREFLIGHT and self.locked:
            return "halt", "an earlier halt was not lifted"
        if self.state is State.PREFLIGHT and all(self.ready.values()):
            return "preflight_ok", "links are ready and books agree"
        if self.state is State.ARMED and self.plan is not None and self.venue_time >= self.plan.open_time:
            return "open", "the session is open"
        return None

    def _closing_time(self) -> bool:
        return self.plan is not None and self.venue_time >= self.plan.close_auction_time

    def _session_over(self) -> bool:
        late = self.plan is not None and self.venue_time >= self.plan.close_time + LATE_PRINTS_NS
        return self.data_ended or late

    # ---- building blocks ---------------------------------------------------------------------------------------

    def _may(self, trigger: str) -> bool:
        return trigger in fsm.MACHINE.allowed(self.state)

    def _move(self, trigger: str, reason: str) -> DayChanged:
        to_state = fsm.MACHINE.next_state(self.state, trigger)
        return DayChanged(self.state.value, to_state.value, trigger, reason, self.venue_time)

    def _gate_for(self, state: State, reason: str) -> GateChanged:
        return GateChanged(GATES.get(state, Gate.CANCELS_ONLY), reason)

    def _gate_after(self, change: DayChanged) -> list[Message]:
        wanted = self._gate_for(State(change.to_state), f"{change.to_state.lower()}: {change.reason}")
        return [wanted] if (wanted.level, wanted.reason) != (self.gate, self.gate_reason) else []

    def _command(self, command_id: str, trigger: str, reason: str) -> list[Message]:
        if not self._may(trigger):
            already = self.state is State.HALTED or (trigger == "pause" and self.state is State.PAUSED)
            code = "" if already else "WRONG_STATE"
            text = f"the day is {self.state.value}" + ("" if already else f"; {trigger} is not possible there")
            return [CommandAnswered(command_id, already, code, text, "", cancels=0)]
        cancels = len(self.open_orders) if trigger == "halt" else 0
        return [self._move(trigger, reason), CommandAnswered(command_id, True, "", reason, "", cancels=cancels)]

    def _resume(self, asked: ResumeRequested) -> list[Message]:
        reason = f"resumed by {asked.caller}{_because(asked.note)}"
        if self.state is State.PAUSED:
            return [self._move("resume", reason), CommandAnswered(asked.command_id, True, "", reason, "")]
        if self.state is not State.HALTED:
            text = f"the day is {self.state.value}; resume needs PAUSED or HALTED"
            return [CommandAnswered(asked.command_id, self.state is State.TRADING, "WRONG_STATE", text, "")]
        if not asked.note:
            text = "the day is HALTED; resume needs a note that says why it is safe (--note)"
            return [CommandAnswered(asked.command_id, False, "NOTE_NEEDED", text, "")]
        paused = fsm.MACHINE.next_state(State.HALTED, "unlock")
        trading = fsm.MACHINE.next_state(paused, "resume")
        resume = DayChanged(paused.value, trading.value, "resume", reason, self.venue_time)
        return [self._move("unlock", reason), resume, CommandAnswered(asked.command_id, True, "", reason, "")]

    def view(self, query: Any) -> Any:
        """Answer DayQuery."""
        if not isinstance(query, DayQuery):
            return super().view(query)
        date_text = self.plan.trading_date if self.plan else ""
        return DayView(self.state.value, self.gate, self.gate_reason, date_text, self.venue_time, self.data_ended)


def plan_session(day: date, overrides: dict[str, tuple[str, str]]) -> SessionPlanned:
    """Give the session of a day from the calendar, late openings included."""
    session = regular_session(day, overrides)
    if session is None:
        zero = UnixNanos(0)
        return SessionPlanned(day.isoformat(), False, zero, zero, zero, False)
    times = (session.open, session.close_auction, session.close)
    return SessionPlanned(day.isoformat(), True, *times, session.late)


def _because(note: str) -> str:
    return f": {note}" if note else ""
