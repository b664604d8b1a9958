"""Distance to the nearest upward trigger of a volatility interruption (변동성완화장치, VI) in continuous trading.

    static trigger  = smallest price at least 10 % above the reference: the day's base price, then the last single price
    dynamic trigger = smallest price at least 3 % (KOSPI 200) or 6 % (others) above the last trade
    distance        = (nearer trigger - price) / price      ppm of the price

The price is the ask, without one the last trade. Against when nearer than allowed: the order would meet a call auction
of two minutes. Far is neutral. Percentages by date and group: `domain/krx/brakes.py`, with their sources.
"""

from datetime import date
from functools import lru_cache

from domain.indicators.reading import AGAINST, NEUTRAL, UNKNOWN
from domain.krx.brakes import VolatilityGroup, volatility_rate
from domain.krx.order_phases import OrderPhase
from domain.messages.trading import SignalInput
from domain.quotes import Quote
from domain.types import PPM

NAME = "vi_distance"
NO_BASE = "no base price"


def vi_distance(
    quote: Quote | None, reference: int | None, on: date, group: VolatilityGroup, least_ppm: int, doubt: str = ""
) -> SignalInput:
    """Judge the distance of the last row (None: there is none) against the least allowed, ppm of the price.

    `reference` is what the static trigger is measured against, KRW; `doubt` says in words what speaks against it.
    """
    if quote is None:
        return SignalInput(NAME, None, UNKNOWN, "no quote")
    price = quote.ask_price or quote.price
    if price <= 0:
        return SignalInput(NAME, None, UNKNOWN, "no price")
    percents = upward_percents(on, group)
    if percents is None:
        return SignalInput(NAME, None, UNKNOWN, f"rules of interruptions on {on.isoformat()} are not known")
    if not reference:
        return SignalInput(NAME, None, UNKNOWN, NO_BASE)
    static, dynamic = percents
    nearer = trigger_above(reference, static)
    if quote.price > 0 and dynamic:
        nearer = min(nearer, trigger_above(quote.price, dynamic))
    is_near = (nearer - price) * PPM < price * least_ppm  # in whole won
    return SignalInput(NAME, (nearer - price) * PPM / price, AGAINST if is_near else NEUTRAL, doubt or "ok")


def trigger_above(reference: int, percent: int) -> int:
    """Give the smallest price (KRW) that is at least `percent` above a reference (KRW)."""
    return -(-reference * (100 + percent) // 100)


@lru_cache(maxsize=16)
def upward_percents(on: date, group: VolatilityGroup) -> tuple[int, int] | None:
    """Give static and dynamic percentages of continuous trading, 0 for one not taken; None where rules are unknown."""
    rate = volatility_rate(OrderPhase.CONTINUOUS, group, on)
    if rate is None or rate.static_percent is None:
        return None
    return rate.static_percent, rate.dynamic_percent or 0
