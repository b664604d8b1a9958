"""The trading day: when the house may trade, and what the wire gate lets through."""

from collections.abc import Iterable
from typing import Any, ClassVar

from actors.roles.trading_day_end import TradingDayEnd
from actors.roles.trading_day_state import BEFORE, HOLDINGS, because, disturbance
from domain.day_plan import is_closing_time, is_of_day, plan_session
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
from domain.messages.risk import HoldingsLeft, LimitsUnlocked, ReducingChanged
from domain.messages.run import ClockTicked, InputRefused, LogSpaceLow, RoleFailed, RunStarted, StateChecked
from domain.messages.trading import (
    DayChanged,
    GateChanged,
    LossLimitHit,
    OrderApproved,
    SessionPlanned,
    StopChanged,
    StopReady,
)
from domain.status import DayQuery, DayView
from domain.time import kst_date
from fsm import trading_day as fsm
from fsm.stop import SELLING
from fsm.stop import State as Step
from fsm.trading_day import State

RUNNING = (State.PREFLIGHT, State.ARMED, State.TRADING, State.PAUSED)


class TradingDay(TradingDayEnd):
    """Keep the trading-day machine, the stop machine and the gate.

    Every decision gives at most one move, and the role hears its own moves: so each is decided on the state the one
    before led to, and the gate follows the day before anything else does.

    Hears: links, venue clock, people's commands, loss limits and what else reduces trading, failures, refused inputs,
        steps of the machine's clock, open orders, holdings, what a sale leaves.
    Says: SessionPlanned, DayChanged, GateChanged, LimitsUnlocked, CommandAnswered, StopChanged, StopReady.
    Keeps: the day's state, its session, the lock of a halt, what reduces trading, which orders are open, how far a stop
        has come.
    """

    NAME: ClassVar[str] = "trading_day"
    STATE_VERSION: ClassVar[int] = 3  # 2: steps of a stop, orders' states, holdings; 3: limits, what a stop leaves
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
        StateChecked,
        InputRefused,
        PauseRequested,
        ResumeRequested,
        HaltRequested,
        FlattenRequested,
        StopRequested,
        DayChanged,
        GateChanged,
        SessionPlanned,
        StopChanged,
        ReducingChanged,
        LimitsUnlocked,
        HoldingsLeft,
        *HOLDINGS,
    )
    SAYS: ClassVar[tuple[type[Message], ...]] = (
        SessionPlanned,
        DayChanged,
        GateChanged,
        LimitsUnlocked,
        CommandAnswered,
        StopChanged,
        StopReady,
    )

    # ---- decisions ---------------------------------------------------------------------------------------------

    def decide(self, message: Any, stamp: Stamp) -> Iterable[Message]:
        """Plan the session, move the day on, answer people."""
        match message:
            case PauseRequested():
                return self._pause(message)
            case HaltRequested():
                return self._halt(message)
            case ResumeRequested():
                return self._resume(message, stamp)
            case StopRequested():
                return [self._stop_answer(message), *self._step()]
            case _ if isinstance(message, HOLDINGS) and not self.stopping.stepwise:
                return ()
            case FlattenRequested(caller=caller) if self._may("pause"):
                return [self._move("pause", f"flatten asked by {caller}")]
            case RoleFailed() | InputRefused() | ClockTicked() if disturbance(message) and self._may("pause"):
                return [self._move("pause", disturbance(message))]
            case RunStarted():
                return [GateChanged(self._wanted_gate(), "a new run begins")]
        return self._step()

    def _step(self) -> list[Message]:
        """Give the one next thing that state and clock ask for; the role hears it and comes back here."""
        if self.gate is not self._wanted_gate():
            return [GateChanged(self._wanted_gate(), self._gate_reason())]
        step = self._stop_step()
        if step is not None:
            return [step]
        if self.state is State.CLOSED:
            if self.venue_time and (self.plan is None or not is_of_day(self.plan, self.venue_time)):
                return [plan_session(kst_date(self.venue_time), self._overrides)]
            if self.stop_asked is not None:
                waits = self.stopping.stepwise and self.stopping.state is not Step.STOPPED
                return [] if self.stop_told or waits else [self._stop_ready(self.stop_asked)]
        move = self._due()
        return [] if move is None else [self._move(*move)]

    def _due(self) -> tuple[str, str] | None:
        match self.state:
            case State.CLOSED:
                begins = self.plan is not None and self.plan.is_session and self.plan.trading_date != self.ended_date
                return ("start_day", "a session is planned") if begins and not self._session_over() else None
            case State.CLOSING:
                return self._closed_down()
            case State.REPORTING:
                return "end", "data_ended" if self.data_ended else "the day's books are closed"
        if self.stop_asked is not None:
            return "close", f"stop: {self.stop_asked.reason}"
        if self.data_ended:
            return "close", "data_ended"
        if self._session_over():
            return "close", "the session is over"
        if self.state is State.HALTED:
            return None
        if self.locked:
            return "halt", self.lock_reason
        if self.plan is not None and is_closing_time(self.plan, self.venue_time):
            return "close", "the closing auction begins"
        return self._onward()

    def _onward(self) -> tuple[str, str] | None:
        is_open = self.plan is not None and self.venue_time >= self.plan.open_time
        match self.state:
            case State.PREFLIGHT if all(self.ready.values()):
                return "preflight_ok", "links are ready and books agree"
            case State.ARMED if self.hold:
                return "pause", self.hold
            case State.ARMED if is_open:
                return "open", "the session is open"
            case State.PAUSED if self.resuming:
                return self._resume_trigger(), self.day_reason
        return None

    # ---- building blocks ---------------------------------------------------------------------------------------

    def _may(self, trigger: str) -> bool:
        return trigger in fsm.MACHINE.allowed(self.state)

    def _move(self, trigger: str, reason: str) -> DayChanged:
        to_state = fsm.MACHINE.next_state(self.state, trigger)
        return DayChanged(self.state.value, to_state.value, trigger, reason, self.venue_time)

    def _gate_reason(self) -> str:
        is_held_back = self.limits.causes and self.state is State.TRADING
        reason = self.limits.reason if is_held_back else f"{self.state.lower()}: {self.day_reason}"
        selling = "; what is held is sold" if self.limits.lets_out else ""
        if self.let_out or self.stopping.state in SELLING:
            selling = "; a person sells out"
        return self.shut or f"{reason}{selling}"

    # ---- people ------------------------------------------------------------------------------------------------

    def _pause(self, asked: PauseRequested) -> list[Message]:
        reason = f"paused by {asked.caller}{because(asked.note)}"
        if self._may("pause"):
            return [self._move("pause", reason), _accepted(asked, reason)]
        if self.state in BEFORE:
            return [_accepted(asked, f"the day is {self.state.value}; it pauses as soon as it is armed")]
        if self.state in (State.PAUSED, State.HALTED):
            return [_accepted(asked, f"the day is {self.state.value} already")]
        return [_refused(asked, "WRONG_STATE", f"the day is {self.state.value}; there is nothing to pause")]

    def _halt(self, asked: HaltRequested) -> list[Message]:
        cancels = len(self.open_orders)
        if self.state in RUNNING:
            halted = self._move("halt", f"halted by {asked.caller}{because(asked.note)}")
            return [halted, _accepted(asked, halted.reason, cancels)]
        if self.state is State.HALTED:
            return [*self._step(), _accepted(asked, "the day is HALTED already", cancels)]
        text = f"the day is {self.state.value}; the next one begins HALTED unless it is resumed with a note before"
        if self.stopping.state in SELLING:
            return [*self._step(), _accepted(asked, f"{text}; the sale before the stop is called off", cancels)]
        return [_accepted(asked, text, cancels if self.state is State.CLOSING else 0)]

    def _stop_answer(self, asked: StopRequested) -> CommandAnswered:
        text = "stopping"
        if asked.flatten and not self.stopping.flatten:
            return _refused(asked, "WRONG_STATE", f"the stop is {self.stopping.state.value}: it is too late to sell")
        if asked.flatten:
            what = "what may be sold is" if self.stopping.tells_unsold else f"{self.stopping.to_sell} holdings are"
            text = f"stopping; {what} sold first"
            text += "".join(f"; not {symbol}: never sold by settings" for symbol in self.stopping.left_alone)
        return _accepted(asked, text, len(self.open_orders))

    def _resume(self, asked: ResumeRequested, stamp: Stamp) -> list[Message]:
        reason = f"resumed by {asked.caller}{because(asked.note)}"
        if self.locked and self.out:
            text = (
                f"{', '.join(self.out)} cannot be trusted before the next start: stop, start, then resume with a note"
            )
            return [_refused(asked, "ROLE_FAILED", text)]
        if (self.locked or self.limits.for_a_person) and not asked.note:
            why = f"halted ({self.lock_reason})" if self.locked else f"only exits pass ({self.limits.for_a_person})"
            return [_refused(asked, "NOTE_NEEDED", f"{why}; resume needs a note that says why it is safe (--note)")]
        unlocked = self._unlocked(asked)  # first: nothing may be sold for a limit once the day leads on
        what = "; the limits are unlocked" if unlocked else ""
        still = what + self.limits.still
        if self.lifted_seq == stamp.seq:
            done = _accepted(asked, f"the halt is lifted; the day is {self.state.value}{still}")
            return [*unlocked, done] if unlocked else [done, *self._step()]
        if self.state is State.HALTED:
            return [*unlocked, self._move("unlock", reason), _accepted(asked, reason + still)]
        if self.state is State.PAUSED:
            return [*unlocked, self._move(self._resume_trigger(), reason), _accepted(asked, reason + still)]
        if unlocked or self.state in (*BEFORE, State.ARMED, State.TRADING):
            text = f"the day is {self.state.value}{still or '; nothing holds it back'}"
            return [*unlocked, _accepted(asked, text)]
        return [_refused(asked, "WRONG_STATE", f"the day is {self.state.value}; resume needs PAUSED or HALTED")]

    def _unlocked(self, asked: ResumeRequested) -> list[Message]:
        """Lift what limits hold, where they hold something; the role hears it, and goes on from there."""
        limits = self.limits
        if not limits.is_on or not asked.note or not (limits.for_a_person or limits.halted):
            return []
        return [LimitsUnlocked(asked.caller, asked.note, self.venue_time)]

    def _resume_trigger(self) -> str:
        """Before the open there is nothing to resume to: the day is armed again and waits."""
        return "disarm" if self.plan is not None and self.venue_time < self.plan.open_time else "resume"

    def view(self, query: Any) -> Any:
        """Answer DayQuery."""
        if not isinstance(query, DayQuery):
            return super().view(query)
        date_text = self.plan.trading_date if self.plan else ""
        told = (self.gate, self._gate_reason(), date_text, self.venue_time, self.data_ended, self.stopping.state.value)
        return DayView(self.state.value, *told)


def _accepted(asked: Any, text: str, cancels: int = 0) -> CommandAnswered:
    return CommandAnswered(asked.command_id, True, "", text, "", cancels=cancels)


def _refused(asked: Any, code: str, text: str) -> CommandAnswered:
    return CommandAnswered(asked.command_id, False, code, text, "")
