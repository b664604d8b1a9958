"""What the simulated venue rejects, and why. Codes are stable; texts are for people."""

from datetime import date
from typing import NamedTuple

from domain.instruments import Instrument
from domain.krx.ticks import is_on_tick
from domain.types import VenuePhase


class Rejection(NamedTuple):
    """A code and a text with value and what is allowed."""

    code: str
    text: str


ORDER_PHASES = frozenset({VenuePhase.OPENING_AUCTION, VenuePhase.CONTINUOUS, VenuePhase.CLOSING_AUCTION})


def judge_instrument(symbol: str, instrument: Instrument | None) -> Rejection | None:
    """Reject what is not listed or suspended."""
    if instrument is None:
        return Rejection("UNKNOWN_SYMBOL", f"symbol {symbol!r} is not served here")
    if not instrument.tradable:
        return Rejection("NOT_TRADABLE", f"{symbol} is suspended")
    return None


def judge_session(phase: VenuePhase) -> Rejection | None:
    """Reject outside the regular session."""
    if phase not in ORDER_PHASES:
        return Rejection("SESSION_CLOSED", f"orders are taken in the regular session, the phase is {phase}")
    return None


def judge_quantity(quantity: int, most: int | None = None) -> Rejection | None:
    """Reject no shares, or more than `most`."""
    if quantity <= 0:
        return Rejection("BAD_QUANTITY", f"quantity expected > 0 shares, was {quantity}")
    if most is not None and quantity > most:
        return Rejection("BAD_QUANTITY", f"quantity expected at most {most} open shares, was {quantity}")
    return None


def judge_price(price: int, instrument: Instrument, on: date) -> Rejection | None:
    """Reject a limit price (won) off the tick grid or, where the day's limits are known, outside them."""
    if not is_on_tick(price, instrument.market, on):
        return Rejection("BAD_TICK", f"price {price} is not on the tick grid of {instrument.market}")
    lower, upper = instrument.lower_limit, instrument.upper_limit
    if (lower is not None and price < lower) or (upper is not None and price > upper):
        return Rejection("OUTSIDE_LIMITS", f"price expected {lower} to {upper} today, was {price}")
    return None


def judge_cash(needed: int, orderable: int) -> Rejection | None:
    """Reject a buy that cash does not cover."""
    if needed > orderable:
        return Rejection("INSUFFICIENT_CASH", f"{needed} KRW needed with commission, {orderable} KRW orderable")
    return None


def judge_shares(quantity: int, sellable: int) -> Rejection | None:
    """Reject a sale of more than is held and not in another sell order."""
    if quantity > sellable:
        return Rejection("INSUFFICIENT_SHARES", f"{quantity} shares to sell, {sellable} sellable")
    return None
