"""What the risk manager does about open positions: stops, and sales that do not get done."""

from typing import Any

from domain.messages import Message, Stamp
from domain.messages.market import QuotesJudged
from domain.messages.operator import CommandAnswered, StopsRequested
from domain.messages.risk import ExitStuck, StopsSet, StopTriggered
from domain.messages.run import ClockTicked
from domain.risk import RiskState
from domain.risk.rule import percent
from domain.risk.stops import Levels
from domain.risk.stuck_exits import stuck_exits
from domain.risk_config import StopTerms
from domain.time import kst_full_text
from domain.types import PPM, Krw, LinkName, Purpose

DAYS_WITH_STOPS = ("TRADING", "PAUSED")
MOST_PROFIT_PPM = 10 * PPM


def outputs(state: RiskState, message: Any, _: Stamp) -> list[Message]:
    """Say which stops are reached and which sales are stuck; answer people who set stops."""
    match message:
        case QuotesJudged():
            if not state.stops.hits and not state.flattening:
                return []  # the hot path
            return [*_triggered(state), *_stuck(state)]
        case ClockTicked():
            return [*_stuck(state)]
        case StopsRequested():
            return _set(state, message)
    return []


# ---- stops -----------------------------------------------------------------------------------------------------


def _triggered(state: RiskState) -> list[StopTriggered]:
    """Say which positions are to be sold. Where they cannot be now, nothing is said: the next quote is judged anew."""
    if state.day not in DAYS_WITH_STOPS or not state.gate.passes(Purpose.EXIT):
        return []
    if state.links.get(LinkName.ORDERS) != "READY":
        return []
    found = []
    for symbol, hit in state.stops.hits.items():
        quantity = state.ours_of(symbol)
        if quantity <= 0 or symbol in state.flattening:
            continue
        told = (hit.rule, quantity, hit.price, hit.level, hit.gap)
        cost = Krw(state.stops.positions[symbol].cost_basis)
        found.append(StopTriggered(symbol, *told, cost, state.stops.why(symbol, hit), hit.at))
    return found


def _stuck(state: RiskState) -> list[ExitStuck]:
    return stuck_exits(state) if state.flattening and state.config.risk.escalate_s else []


# ---- people ----------------------------------------------------------------------------------------------------


def _set(state: RiskState, asked: StopsRequested) -> list[Message]:
    earlier = state.answers.get(asked.command_id)
    if earlier is not None:
        return [earlier]
    position = state.stops.positions.get(asked.symbol)
    if position is None:
        return [_refused(asked, "NOT_HELD", f"{asked.symbol!r} is not held: stops belong to a position until it ends")]
    problem = "" if asked.terms is None else _problem(asked.terms)
    if problem:
        return [_refused(asked, "STOPS", problem)]
    terms = state.config.risk.stops if asked.terms is None else asked.terms
    words = _words(terms, state.stops.levels_under(asked.symbol, terms))
    whose = "back to those of the settings" if asked.terms is None else "its own until it is closed"
    left = state.left_alone(asked.symbol)
    note = f"; but it is not sold: {left}" if left else ""
    text = f"stops of {asked.symbol}, {whose}: {words}{note}"
    return [
        StopsSet(asked.symbol, asked.terms, asked.caller, asked.note),
        CommandAnswered(asked.command_id, True, "", text, ""),
    ]


def _problem(terms: StopTerms) -> str:
    """Name the first value that makes no stop, with what is allowed; empty when all are good."""
    for name, value, most in (
        ("stop_loss_ppm", terms.stop_loss_ppm, PPM - 1),
        ("trailing_ppm", terms.trailing_ppm, PPM - 1),
        ("take_profit_ppm", terms.take_profit_ppm, MOST_PROFIT_PPM),
    ):
        if not 0 <= value <= most:
            return f"{name} expected 0 to {most:,} (0: off), was {value:,}"
    return f"hold_s expected >= 0 (0: off), was {terms.hold_s:,}" if terms.hold_s < 0 else ""


def _words(terms: StopTerms, levels: Levels) -> str:
    named = (("stop loss", levels.stop), ("trailing", levels.trailing), ("target", levels.target))
    parts = [f"{name} {price:,} KRW" for name, price in named if price is not None]
    if terms.trailing_ppm and levels.trailing is None:
        parts.append(f"trailing {percent(terms.trailing_ppm)} below the highest sellable price from now on")
    if levels.sell_at is not None:
        parts.append(f"sold at {kst_full_text(levels.sell_at)} or the first quote after it")
    return ", ".join(parts) or "none"


def _refused(asked: StopsRequested, code: str, text: str) -> CommandAnswered:
    return CommandAnswered(asked.command_id, False, code, text, "")
