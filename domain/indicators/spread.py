"""Spread: what crossing the book costs.

    spread = (ask - bid) / ask      ppm of the ask

Against when wider than allowed; a narrow one is neutral, because it is no reason to buy. Unknown without both sides,
with a crossed or locked book, and at an auction's price, whose book is not the one the next order meets.
Source: quoted spread, here of the ask: a buyer pays that price.
"""

from domain.indicators.reading import AGAINST, NEUTRAL, UNKNOWN
from domain.messages.trading import SignalInput
from domain.quotes import Quote, QuoteKind
from domain.types import PPM

NAME = "spread"
_AUCTION = int(QuoteKind.AUCTION_TRADE)


def spread(quote: Quote | None, widest_ppm: int) -> SignalInput:
    """Judge the spread of the last row (None: there is none) against the widest allowed, ppm of the ask."""
    if quote is None:
        return SignalInput(NAME, None, UNKNOWN, "no quote")
    _, _, _, _, _, bid, ask, _, _, kind = quote
    if kind == _AUCTION:
        return SignalInput(NAME, None, UNKNOWN, "the last row is an auction's price")
    if bid <= 0 or ask <= 0:
        return SignalInput(NAME, None, UNKNOWN, "no bid" if ask > 0 else "no ask" if bid > 0 else "no book")
    if bid >= ask:
        return SignalInput(NAME, None, UNKNOWN, f"bid {bid} is not below ask {ask}")
    is_wide = (ask - bid) * PPM > ask * widest_ppm  # in whole won
    return SignalInput(NAME, (ask - bid) * PPM / ask, AGAINST if is_wide else NEUTRAL)
