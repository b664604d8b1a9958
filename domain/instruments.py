"""Instruments and their limits of the day."""

from dataclasses import dataclass

from domain.types import InstrumentFlag, Krw, Market, Symbol


@dataclass(frozen=True, slots=True)
class Instrument:
    """One listed instrument as its broker describes it today."""

    symbol: Symbol
    name: str  # Korean; empty when unknown
    market: Market
    base_price: Krw | None  # KRW; None when unknown, then the limits are None too
    lower_limit: Krw | None  # KRW, inclusive
    upper_limit: Krw | None  # KRW, inclusive
    tradable: bool
    flags: tuple[InstrumentFlag, ...] = ()  # empty, too, where the broker does not tell
    state_words: tuple[str, ...] = ()  # of the broker's master file, as received
