"""Failures in plain words: what happened, what stopped, and what a person does about it."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from actors.roles.trading_day_state import BOOKS, DISPENSABLE, VITAL
from domain.messages.run import ClockTicked, InputRefused, LogSpaceLow, RoleFailed, StateChecked
from domain.messages.trading import StopChanged, StrategyBenched
from domain.time import kst_text
from domain.types import Severity

MAX_NAMED = 5  # instruments named in one notice
Notice = tuple[Severity, str, str]  # severity, topic, text without its time
HALTED = "Trading is halted, open orders are cancelled."
UNCANCELLED = {  # without these two nobody cancels
    "trading_day": "Only cancels pass; open orders rest until `hantrade orders cancel`.",
    "executor": "Trading is halted; open orders may rest: look at the broker's own screen.",
}
PAUSED = "No new entries; exits and cancels go on."
RESUME = "Find out why, then `hantrade resume --note`."
START_AGAIN = "Stop and start the trader: it reads the whole log; then `hantrade resume --note`."
FREE_SPACE = "Free space on the disk, stop and start the trader, then `hantrade resume --note`."
AT_BROKER = "Look at the broker's own screen for what is open and held."
SELL_BY_HAND = "Sell by hand, or all with `hantrade flatten`."
CHECK_CLOCK = "Check the machine's time service, then `hantrade resume`."


class Said(NamedTuple):
    """What words depend on besides the message: what was said last, and Korean names."""

    last: Mapping[str, str]  # topic -> text without its time
    names: Mapping[str, str]  # symbol -> Korean name

    def name(self, symbol: str) -> str:
        """Give an instrument as code and Korean name."""
        return f"{symbol} {self.names.get(symbol, '')}".rstrip()

    def listed(self, symbols: Iterable[str]) -> str:
        """Give instruments as code and Korean name, in order, the first few of many."""
        ordered = sorted(symbols)
        more = f" and {len(ordered) - MAX_NAMED} more" if len(ordered) > MAX_NAMED else ""
        return ", ".join(self.name(symbol) for symbol in ordered[:MAX_NAMED]) + more


def failure(message: Any) -> Notice | None:
    """Say what a failure is and what to do; None when the message is none. Gives severity, topic and text."""
    match message:
        case StopChanged(trigger="give_up" | "call_off", reason=reason):
            return Severity.ALERT, "stop", f"A step of the stop did not come to its end: {reason}. {AT_BROKER}"
        case StrategyBenched():
            return Severity.ALERT, f"strategy/{message.strategy}", _benched(message)
        case RoleFailed():
            return Severity.ALERT, f"role/{message.role_name}", _role_failed(message)
        case InputRefused():
            return _input_refused(message)
        case LogSpaceLow(error=error):
            body = (
                f"{error}. The log's reserve was freed; trading is halted and open orders are cancelled. {FREE_SPACE}"
            )
            return Severity.ALERT, "log", body
        case StateChecked(at_seq=seq, agreed=False, differences=differences):
            body = f"The snapshot of event {seq}, which this run began with, differs from the log: {few(differences)}."
            return Severity.ALERT, "snapshot", f"{body} Trading is halted: what is held may be wrong. {START_AGAIN}"
        case ClockTicked(system_time=now, stepped_back_ms=ms) if ms:
            body = f"At {kst_text(now)} KST the machine's clock went back by {ms:,} ms. Ours goes on from where it was"
            return Severity.ALERT, "clock", f"{body}, so deadlines hold; new entries wait for a person. {CHECK_CLOCK}"
    return None


def _benched(told: StrategyBenched) -> str:
    body = f"Strategy {told.strategy} is benched since event {told.at_seq}: {told.error}."
    if not told.holdings:
        return body
    if told.guards:
        return f"{body} What it leaves behind is guarded by {', '.join(told.guards)}: {_named(told.holdings)}."
    return f"{body} Nobody guards what it leaves behind: {_named(told.holdings)}. {SELL_BY_HAND}"


def _role_failed(failed: RoleFailed) -> str:
    body = f"Role {failed.role_name} failed at event {failed.at_seq}: {failed.error}."
    stops = HALTED if failed.role_name in VITAL else PAUSED
    stops = UNCANCELLED.get(failed.role_name, stops)
    return f"{body} {stops} {START_AGAIN if failed.benched else RESUME}"


def _input_refused(refused: InputRefused) -> Notice:
    topic, body = f"input/{refused.source}/{refused.type}", f"{refused.type} from {refused.source} was refused"
    if refused.type in DISPENSABLE:
        return Severity.WARNING, topic, f"{body}: {refused.error}. Trading goes on without it."
    stops = HALTED if refused.type in BOOKS else PAUSED
    return Severity.ALERT, topic, f"{body}: {refused.error}. {stops} {RESUME}"


def _named(symbols: tuple[str, ...]) -> str:
    more = f" and {len(symbols) - MAX_NAMED} more" if len(symbols) > MAX_NAMED else ""
    return ", ".join(symbols[:MAX_NAMED]) + more


def few(texts: tuple[str, ...]) -> str:
    """Give the first few texts and how many more there are."""
    more = f" (and {len(texts) - MAX_NAMED} more)" if len(texts) > MAX_NAMED else ""
    return "; ".join(texts[:MAX_NAMED]) + more
