"""Distance to the daily price limit (가격제한폭), the nearer of both.

    distance = min(upper limit - price, price - lower limit) / price      ppm of the price

The price is the ask, without one the last trade. Against when nearer than allowed: at the upper limit nobody sells, at
the lower one nobody would buy what is held. Far is neutral.
Source: limits as the broker gives them for the day; the rule is in `domain/krx/limits.py`.
"""

from domain.indicators.reading import AGAINST, NEUTRAL, UNKNOWN
from domain.instruments import Instrument
from domain.messages.trading import SignalInput
from domain.quotes import Quote
from domain.types import PPM

NAME = "limit_distance"


def limit_distance(quote: Quote | None, instrument: Instrument, least_ppm: int) -> SignalInput:
    """Judge the distance of the last row (None: there is none) against the least allowed, ppm of the price."""
    if quote is None:
        return SignalInput(NAME, None, UNKNOWN, "no quote")
    price = quote.ask_price or quote.price
    if price <= 0:
        return SignalInput(NAME, None, UNKNOWN, "no price")
    upper, lower = instrument.upper_limit, instrument.lower_limit
    if upper is None or lower is None:
        return SignalInput(NAME, None, UNKNOWN, "no daily limits")
    nearer = min(upper - price, price - lower)
    is_near = nearer * PPM < price * least_ppm  # in whole won
    return SignalInput(NAME, nearer * PPM / price, AGAINST if is_near else NEUTRAL)
