"""What limits on the account ask of the trading day: only exits, a halt, and a sale of what is held after it."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from domain.messages.risk import Cause, LimitsUnlocked, ReducingChanged
from domain.messages.run import RunStarted
from domain.messages.trading import DayChanged, LossLimitHit
from domain.risk.account_watch import DEAD_MAN
from domain.stopping import ASKED
from fsm.trading_day import State

TRADES = (State.PREFLIGHT, State.ARMED, State.TRADING, State.PAUSED)  # states that a limit halts


@dataclass(slots=True)
class Limits:
    """What reduces trading, and how far a sale after a halt has come. It outlives days and restarts."""

    is_on: bool = False  # settings: limits on the account
    sells: bool = False  # settings: a limit that halts also sells
    causes: tuple[Cause, ...] = ()  # while there are some, only exits pass
    halted: bool = False  # a limit halted, and no person has unlocked it
    sale_wanted: bool = False  # what is held is to be sold once a cancel of every open order was asked for
    lets_out: bool = False  # exits pass although the day is HALTED

    def fold(self, message: Any, state: State, is_locked: bool) -> None:
        """Take one message in; `state` is the day's after it, `is_locked` whether a halt held before it."""
        match message:
            case RunStarted(config=config):
                account = config.risk.account
                self.is_on, self.sells = account.is_on, account.flatten_on_halt
                self.causes = self.causes if self.is_on else ()
                # Sales of the run before are cancelled or known first; what is left is then sold.
                self.sale_wanted = self.is_on and self.sells and (self.sale_wanted or self.lets_out)
                self.lets_out = False
            case ReducingChanged(causes=causes):
                self.causes = causes
            case LossLimitHit() if self.is_on:
                self.halted = True
                # Whoever halted before wants nothing sent; and a day on its way out sells nothing.
                self.sale_wanted = self.sale_wanted or (self.sells and state in TRADES and not is_locked)
            case DayChanged(trigger=trigger) if trigger != "halt":
                self.call_off()
            case LimitsUnlocked():
                self.halted = False
                self.call_off()

    def call_off(self) -> None:
        """Sell nothing any more."""
        self.sale_wanted = self.lets_out = False

    def let_out(self, state: State, orders: Collection[str]) -> None:
        """Let exits pass as soon as no open order, by its state, is without a cancel or an unknown fate."""
        if self.sale_wanted and state is State.HALTED and all(status in ASKED for status in orders):
            self.sale_wanted, self.lets_out = False, True

    @property
    def for_a_person(self) -> str:
        """Name what a person has to unlock with a note; empty when nothing."""
        return "; ".join(cause.text for cause in self.causes if cause.needs_person)

    @property
    def still(self) -> str:
        """Name what goes on reducing after a person unlocked; a command ends the dead-man rule's cause by itself."""
        left = [cause.text for cause in self.causes if not cause.needs_person and cause.code != DEAD_MAN]
        return f"; only exits pass: {'; '.join(left)}" if left else ""

    @property
    def reason(self) -> str:
        """Say what reduces trading, for the gate."""
        return f"reducing: {'; '.join(cause.text for cause in self.causes)}"
