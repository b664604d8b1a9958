"""What a person should know of a period: limits, stops, halts, stuck exits, lost links, failures, what people did."""

from collections.abc import Iterable, Iterator

from domain.messages import Message
from domain.messages.link import ConnectionChanged, OrdersRouted, SourceChanged, SymbolHalted, SymbolReleased
from domain.messages.market import SymbolInterrupted
from domain.messages.operator import FlattenRequested, HaltRequested, PauseRequested, ResumeRequested
from domain.messages.orders import OrderRejected, OrderStateChanged
from domain.messages.risk import (
    ExitStuck,
    HoldingClaimed,
    LimitLevelChanged,
    LimitsUnlocked,
    ManualModeChanged,
    ReducingChanged,
    StopsSet,
    StopTriggered,
)
from domain.messages.run import InputRefused, LogSpaceLow, RoleFailed, StateChecked
from domain.messages.trading import DayChanged, LossLimitHit, StrategyBenched
from domain.risk.loss_levels import STICKY, rank
from fsm import client_order
from fsm.connection import State as Link
from fsm.trading_day import State as Day
from reports.connection import is_loss
from reports.model import EventLine
from reports.reading import DayFacts

Line = tuple[str, str]  # subject, text
STOPPED = (Day.HALTED.value, Day.PAUSED.value)
DOUBTFUL = (*(state.value for state in client_order.UNKNOWN), client_order.State.QUARANTINED.value)


def events_of(days: Iterable[DayFacts]) -> tuple[EventLine, ...]:
    """Give them in the order of the logs."""
    return tuple(line for facts in days for line in sorted(_of(facts), key=lambda line: line.seq))


def _of(facts: DayFacts) -> Iterator[EventLine]:
    warned: set[tuple[str, str]] = set()
    for seq, at, message in facts.told:
        line = None if _is_again(message, warned) else _line(message)
        if line is not None:
            yield EventLine(at, type(message).__name__, *line, seq, facts.path)
    for asked in facts.approved:
        order = asked.order
        if order.overridden:
            checks = ", ".join(order.overridden)
            text = f"{order.origin} overrode {checks}: {order.side.value} {order.quantity:,} shares, {order.rationale}"
            yield EventLine(order.venue_time, "OrderApproved", order.symbol, text, asked.seq, facts.path)


def _is_again(message: Message, warned: set[tuple[str, str]]) -> bool:
    """Tell whether a loss only came near a limit as it did before on the date, or went away from it.

    A loss that hovers at a level of warning crosses it many times; once a date says it.
    """
    if not isinstance(message, LimitLevelChanged) or message.to_level in STICKY:
        return False
    key = message.limit, message.to_level
    is_again = key in warned or rank(message.to_level) < rank(message.from_level)
    warned.add(key)
    return is_again


def _line(message: Message) -> Line | None:
    """Tell one message; None where it is ordinary."""
    return _of_account(message) or _of_positions(message) or _of_operation(message) or _of_people(message)


def _of_account(message: Message) -> Line | None:
    match message:
        case LossLimitHit(limit=limit, loss_krw=loss, limit_krw=most, equity=equity):
            return limit, f"loss of {loss:,} KRW reached the limit of {most:,} KRW; equity {equity:,} KRW"
        case LimitLevelChanged(limit=limit, from_level=before, to_level=after, loss=loss, limit_krw=most):
            return limit, f"{before} to {after}: loss of {loss:,} KRW, the limit is {most:,} KRW"
        case ReducingChanged(causes=causes):
            text = "; ".join(f"{cause.code}: {cause.text}" for cause in causes)
            return "", f"only exits pass: {text}" if causes else "entries pass again as far as the day allows"
        case LimitsUnlocked(caller=caller, note=note):
            return caller, note
        case DayChanged(from_state=before, to_state=after, reason=reason) if after in STOPPED or before in STOPPED:
            return "", f"{before} to {after}: {reason}"
    return None


def _of_positions(message: Message) -> Line | None:
    match message:
        case StopTriggered(symbol=symbol, rule=rule, quantity=shares, price=price, rationale=why):
            return symbol, f"{rule}: {shares:,} shares at {price:,} KRW; {why}"
        case ExitStuck(symbol=symbol, reason=reason, quantity=shares, text=text):
            return symbol, f"{reason}: {shares:,} shares not sold; {text}"
        case SymbolHalted(symbol=symbol, reason=reason):
            return symbol, f"no new orders until books agree: {reason}"
        case SymbolReleased(symbol=symbol, reason=reason):
            return symbol, f"orders pass again: {reason}"
        case SymbolInterrupted(symbol=symbol, active=active, reason=reason):
            return symbol, f"volatility interruption {'began' if active else 'ended'}" + (
                f": {reason}" if reason else ""
            )
        case OrderRejected(client_order_id=order, code=code, text=text) if order:
            return order, f"{code} {text}".strip()
        case OrderStateChanged(client_order_id=order, from_status=before, to_status=after) if (
            after in DOUBTFUL and after != before
        ):
            return order, f"{after}: {message.reason}"
    return None


def _of_operation(message: Message) -> Line | None:
    match message:
        case ConnectionChanged(link=link, from_state=before, to_state=after, reason=reason):
            if not is_loss(message) and after != Link.FAILED:
                return None
            planned = ", known maintenance" if message.planned else ""
            return link.value, f"{before} to {after}{planned}: {reason}"
        case RoleFailed(role_name=role, error=error):
            return role, f"failed at event {message.at_seq}: {error}"
        case StrategyBenched(strategy=strategy, error=error):
            return strategy, f"raised at event {message.at_seq} and is left out: {error}"
        case InputRefused(type=kind, error=error):
            return kind, error
        case LogSpaceLow(error=error):
            return "", error
        case StateChecked(agreed=False, differences=differences):
            return "", "; ".join(differences)
        case SourceChanged(from_endpoint=before, to_endpoint=after, reason=reason):
            return "quotes", f"{before} to {after}: {reason}"
        case OrdersRouted(from_endpoint=before, to_endpoint=after, reason=reason):
            return "orders", f"{before} to {after}: {reason}"
    return None


def _of_people(message: Message) -> Line | None:
    match message:
        case HaltRequested(caller=caller, note=note) | PauseRequested(caller=caller, note=note):
            return caller, note
        case ResumeRequested(caller=caller, note=note):
            return caller, note
        case FlattenRequested(caller=caller, symbol=symbol, note=note):
            return symbol, f"{caller}: {note}"
        case StopsSet(symbol=symbol, terms=terms, caller=caller, note=note):
            return symbol, f"{caller}: {'stops of its own' if terms is not None else 'stops of the settings'}; {note}"
        case HoldingClaimed(symbol=symbol, quantity=shares, caller=caller, note=note):
            return symbol, f"{caller}: {shares:,} shares are ours from now on; {note}"
        case ManualModeChanged(is_on=is_on, caller=caller, note=note):
            return caller, f"{'only people enter' if is_on else 'strategies enter again'}; {note}"
    return None
