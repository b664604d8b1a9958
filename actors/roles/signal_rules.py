"""What an argument needs to become a signal: a day and orders that allow it, certainty, and inputs that agree.

Getting out is never made hard: all but the day and open orders hold for entries only.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from domain.config import SignalConfig
from domain.indicators.agreement import agrees
from domain.messages.market import AttentionMeasured
from domain.messages.trading import SignalFormed
from domain.types import NANOS_PER_SECOND, PPM, Krw, Purpose, UnixNanos
from fsm.trading_day import State as DayState
from strategies.base import Argument, Scene, Searches

SIGNALS_IN: Mapping[Purpose, tuple[str, ...]] = {
    Purpose.ENTRY: (DayState.TRADING,),
    Purpose.EXIT: (DayState.TRADING, DayState.PAUSED),
}
AFTER_DENIAL_NS: Mapping[Purpose, int] = {  # venue time; a denied argument is not repeated with every quote
    Purpose.ENTRY: 300 * NANOS_PER_SECOND,
    Purpose.EXIT: 10 * NANOS_PER_SECOND,
}
OpenOrders = Mapping[str, tuple[str, Purpose]]  # client order id -> symbol, purpose


class Made(NamedTuple):
    """One argument, made by the message being handled."""

    strategy: str
    argument: Argument
    price: Krw  # of the latest good row of its symbol
    venue_time: UnixNanos  # of the row that led to it
    quality: str  # of the rows behind it


def may_say(argument: Argument, now: int, day_state: str, orders: OpenOrders, quiet_until: int) -> bool:
    """Tell whether day, open orders and an earlier denial allow an argument."""
    purpose = argument.purpose
    if day_state not in SIGNALS_IN[purpose] or now < quiet_until:
        return False
    is_entry = purpose is Purpose.ENTRY
    return not any(s == argument.symbol and (is_entry or p is purpose) for s, p in orders.values())


def is_anothers(
    argument: Argument, strategy: str, scene: Scene, holders: Collection[str], running: Collection[str]
) -> bool:
    """Tell whether an argument is about what another strategy, or a person, holds.

    Nobody buys into the holding or open order of a strategy that runs, which would then lose it, nor into what a person
    bought, which would be sold with it; only who sees a holding (`holders`) argues for selling it.
    """
    if argument.purpose is Purpose.ENTRY:
        if scene.quantity and not scene.owner:
            return True
        return scene.owner != strategy and scene.owner in running
    return bool(scene.quantity) and strategy not in holders


def why_withheld(
    argument: Argument, attention: AttentionMeasured | None, searches: Searches, config: SignalConfig
) -> str:
    """Say why an argument does not become a signal; empty when it does."""
    if argument.purpose is not Purpose.ENTRY:
        return ""
    confidence = round(argument.confidence * PPM)
    if confidence < config.min_confidence_ppm:
        return f"confidence {confidence} ppm is below the least of {config.min_confidence_ppm}"
    if searches is Searches.REQUIRED:
        if attention is None or attention.z is None or attention.quality == "unknown":
            return "search attention is required and unknown"
        if attention.quality == "contradicted":
            return "search attention is required and its sources contradict each other"
    return agrees(argument.inputs, config.agree, config.most_against)


def chosen(made: Iterable[Made]) -> list[Made]:
    """Give one argument of each symbol, in the order they were made: an exit before an entry, else the first.

    What one row made stands in the order of the configuration, so two strategies that argue about one symbol do it in
    that order.
    """
    best: dict[str, tuple[bool, int, Made]] = {}
    for place, item in enumerate(made):
        symbol, is_entry = item.argument.symbol, item.argument.purpose is Purpose.ENTRY
        if symbol not in best or (best[symbol][0] and not is_entry):
            best[symbol] = (is_entry, place, item)
    return [item for _, _, item in sorted(best.values(), key=lambda found: found[1])]


def signal(made: Made) -> SignalFormed:
    """Make the message of an argument."""
    argument = made.argument
    return SignalFormed(
        strategy=made.strategy,
        symbol=argument.symbol,
        side=argument.side,
        purpose=argument.purpose,
        strength=argument.strength,
        confidence=argument.confidence,
        horizon_s=argument.horizon_s,
        reference_price=made.price,
        limit_price=argument.limit_price,
        attention=argument.attention,
        inputs=argument.inputs,
        rationale=argument.rationale,
        venue_time=made.venue_time,
        quality=made.quality,
        horizon_sessions=argument.horizon_sessions,
        regime=argument.regime,
    )
