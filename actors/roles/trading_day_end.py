"""How a trading day and a run end: what is waited for, and for how long. The rest is in `trading_day.py`."""

from actors.roles.trading_day_state import TradingDayState
from domain.day_plan import is_closing_time
from domain.messages.operator import StopRequested
from domain.messages.trading import StopChanged, StopReady
from domain.stopping import STOP_PATIENCE_NS
from domain.types import Gate
from fsm import stop as stop_fsm
from fsm.stop import State as Step
from fsm.trading_day import State

DOWN = (State.CLOSING, State.REPORTING, State.CLOSED)  # nothing new is made


class TradingDayEnd(TradingDayState):
    """The last steps of the day machine, and those of the stop machine."""

    def _closed_down(self) -> tuple[str, str] | None:
        """Leave CLOSING when all is confirmed, or was waited for long enough, and there is a reason to end the day."""
        if self.stop_asked is not None and self.stopping.stepwise:
            is_done = self.stopping.state is Step.STOPPING
            return ("report", "nothing is left that the stop waits for") if is_done else None
        reasons = [self.stop_asked_at] if self.stop_asked is not None else []
        reasons += [self.closing_since] if self._session_over() or self._was_cut_off() else []
        waited = any(abs(self.now - since) >= STOP_PATIENCE_NS for since in reasons)
        if not reasons or (self.open_orders and not waited):
            return None
        still = f", {len(self.open_orders)} orders not confirmed closed" if self.open_orders else ""
        return "report", f"nothing more to wait for{still}"

    def _was_cut_off(self) -> bool:
        """Tell whether the day closes for a stop of an earlier run only: a stop belongs to its run, the day goes on."""
        closing_time = self.plan is not None and is_closing_time(self.plan, self.venue_time)
        return self.stopping.tells and self.stop_asked is None and not closing_time

    def _stop_step(self) -> StopChanged | None:
        """Give the next step of the stop, None while it waits or there is none."""
        if self.stop_asked is None or not self.stopping.stepwise:
            return None
        if self.stopping.state is Step.RUNNING:
            return self._stop_move("ask", f"stop: {self.stop_asked.reason}")
        is_blocked = self.state in DOWN and self.gate is Gate.CANCELS_ONLY
        can_sell = self.state is State.CLOSING and not self._session_over()
        is_closed, no_sale = self.state is State.CLOSED, "" if can_sell else self._no_sale
        move = self.stopping.due(self.now, self.open_orders, is_blocked, is_closed, no_sale)
        return None if move is None else self._stop_move(*move)

    def _stop_ready(self, asked: StopRequested) -> StopReady:
        return StopReady(asked.reason, len(self.open_orders), self.stopping.unsold(self._no_sale))

    @property
    def _no_sale(self) -> str:
        """Say why nothing can be sold."""
        return "the session is over" if self._session_over() else "no session is on"

    def _stop_move(self, trigger: str, reason: str) -> StopChanged:
        here = self.stopping.state
        to_state = stop_fsm.next_state(here, trigger)
        return StopChanged(here.value, to_state.value, trigger, reason, self.venue_time)
