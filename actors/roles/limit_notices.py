"""What a person should know of limits, stops and money that came or went: the numbers, and what to do."""

from dataclasses import dataclass, field
from typing import Any

from actors.roles.notices import Notice, Said
from actors.roles.trading_day_state import because
from domain.messages.holdings import FlowBooked
from domain.messages.risk import (
    Cause,
    ExitStuck,
    LimitLevelChanged,
    LimitsUnlocked,
    ManualModeChanged,
    ReducingChanged,
    StopTriggered,
)
from domain.messages.run import RunStarted
from domain.messages.trading import AccountOpened, LossLimitHit
from domain.risk.loss_levels import HALTED, NAMES, OK, STICKY, rank
from domain.types import Severity

LIMITS = (  # what is told here
    RunStarted,
    AccountOpened,
    LimitLevelChanged,
    ReducingChanged,
    LossLimitHit,
    LimitsUnlocked,
    StopTriggered,
    ExitStuck,
    FlowBooked,
    ManualModeChanged,
)
RESUME = "Look why, then `hantrade resume --note`."
STOPS = {
    "stop_loss": "Stop loss",
    "take_profit": "Take profit",
    "trailing": "Trailing stop",
    "time": "Time stop",
}


@dataclass(slots=True)
class LimitNews:
    """What was told of limits, and what is to be told of the message folded last."""

    is_on: bool = False  # settings: limits on the account
    sells: bool = False  # settings: a limit that halts also sells
    warned: set[str] = field(default_factory=set)  # limit/level, each once a date or until it is unlocked
    is_bad: dict[str, None] = field(default_factory=dict)  # limits of which the last news was bad
    halted: dict[str, None] = field(default_factory=dict)  # limits at HALTED
    causes: tuple[Cause, ...] = ()
    due: Notice | None = None

    def fold(self, message: Any, said: Said) -> None:
        """Fold one message of LIMITS."""
        self.due = None
        match message:
            case RunStarted(config=config):
                account = config.risk.account
                self.is_on, self.sells, self.warned = account.is_on, account.flatten_on_halt, set()
                self.causes = tuple(cause for cause in self.causes if self.is_on and cause.needs_person)
                self.due = self._reducing(self.causes) if self.causes else None
            case AccountOpened():
                self.warned = set()
            case LimitLevelChanged():
                self._level(message)
            case ReducingChanged(causes=causes):
                before, self.causes = self.causes, causes
                self.due = self._changed(before)
            case LossLimitHit():
                self.due = self._hit(message)
            case LimitsUnlocked(caller=caller, note=note):
                self.warned = set()
                self.due = Severity.INFO, "limits", f"{caller} unlocked the limits of the account: {note}."
            case _:
                self.due = _position(message, said)

    # ---- levels ------------------------------------------------------------------------------------------------

    def _level(self, change: LimitLevelChanged) -> None:
        name, level = change.limit, change.to_level
        self.halted.pop(name, None)
        if level == HALTED:
            self.halted[name] = None
        if level in STICKY:  # told by what follows from it
            self.is_bad[name] = None
        elif rank(level) > rank(change.from_level):
            key = f"{name}/{level}"
            if key not in self.warned:
                self.due = Severity.WARNING, f"limit/{name}", _warning(change)
                self.is_bad[name] = None
            self.warned.add(key)
        elif level == OK and name in self.is_bad:  # good news only after bad
            del self.is_bad[name]
            self.due = Severity.INFO, f"limit/{name}", f"The {NAMES[name]} is below every level of warning again."

    def _hit(self, hit: LossLimitHit) -> Notice:
        loss, limit = f"{hit.loss_krw:,} KRW", f"{hit.limit_krw:,} KRW"
        body = f"The {NAMES[hit.limit]} of {loss} reached the limit of {limit}. Equity is {hit.equity:,} KRW"
        if not self.is_on:
            return Severity.ALERT, "risk", f"{body}."
        sale = ", what is held is sold" if self.sells else ", what is held stays (`hantrade flatten` sells it)"
        done = "Trading is halted, open orders are cancelled"
        return Severity.ALERT, "risk", f"{body}, costs of selling all of it taken off. {done}{sale}. {RESUME}"

    # ---- what reduces ------------------------------------------------------------------------------------------

    def _changed(self, before: tuple[Cause, ...]) -> Notice | None:
        if not self.causes:
            return Severity.INFO, "reducing", "Nothing reduces trading any more: entries pass as far as the day allows."
        known = {_key(cause) for cause in before}
        new = [cause for cause in self.causes if _key(cause) not in known and cause.code.lower() not in self.halted]
        return self._reducing(tuple(new)) if new else None

    def _reducing(self, causes: tuple[Cause, ...]) -> Notice:
        body = f"Only exits pass: {'; '.join(cause.text for cause in causes)}."
        if any(cause.needs_person for cause in causes):
            return Severity.ALERT, "reducing", f"{body} {RESUME}"
        return Severity.WARNING, "reducing", body


def _key(cause: Cause) -> tuple[str, str]:
    return cause.code, cause.text if cause.code == "MARKET_SHOCK" else ""  # one of each market


def _warning(change: LimitLevelChanged) -> str:
    share = change.loss * 100 // change.limit_krw if change.limit_krw else 100
    numbers = f"{change.loss:,} KRW is {share} % of the limit of {change.limit_krw:,} KRW"
    rest = f"{change.limit_krw - change.loss:,} KRW are left until trading halts"
    equity = f"Equity is {change.equity:,} KRW, costs of selling all of it taken off"
    return f"The {NAMES[change.limit]} of {numbers}; {rest}. {equity}."


def _position(message: Any, said: Said) -> Notice | None:
    """Say what happened to a position, to the account's money, or who trades."""
    match message:
        case StopTriggered(symbol=symbol, rule=rule, quantity=quantity, rationale=why):
            severity = Severity.INFO if rule == "take_profit" else Severity.WARNING
            body = f"{STOPS.get(rule, rule)} of {said.name(symbol)}: {why.removeprefix(f'{rule}: ').rstrip('.')}."
            return severity, f"stop/{symbol}", f"{body} {quantity:,} shares are sold."
        case ExitStuck(symbol=symbol, text=text):
            body = f"A sale of {said.name(symbol)} does not get done: {text.rstrip('.')}."
            return Severity.ALERT, f"stuck/{symbol}", body
        case FlowBooked(amount=amount, text=text, trading_date=on):
            body = f"{amount:+,} KRW came or went without an order of ours before {on}: {text}."
            return Severity.WARNING, "flow", f"{body} Limits on losses and returns leave it out."
        case ManualModeChanged(is_on=is_on, caller=caller, note=note):
            who = f"{caller} trades alone: no strategy enters" if is_on else f"{caller} lets strategies enter again"
            goes_on = "; exits and stops go on" if is_on else ""
            return (Severity.WARNING if is_on else Severity.INFO), "manual", f"{who}{goes_on}{because(note)}."
    return None
