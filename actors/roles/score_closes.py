"""Closing prices of the session before: whether today's prices can be compared with them."""

from collections.abc import Mapping
from typing import NamedTuple

from domain.instruments import Instrument
from domain.quotes import Quote

MOST_MOVE_PERCENT = 31  # in one session, the daily limit of 30 % and its rounding; beyond it prices were adjusted


class Close(NamedTuple):
    """The end of an instrument's last whole session."""

    on: str  # YYYY-MM-DD
    price: int  # KRW, its closing price
    base: int | None  # KRW, the base price that was known of it then


class Closes:
    """The last close of each instrument."""

    __slots__ = ("_by_symbol",)

    def __init__(self) -> None:
        """Start without any."""
        self._by_symbol: dict[str, Close] = {}

    def take(self, on: str, last: Mapping[str, Quote], instruments: Mapping[str, Instrument]) -> None:
        """Take the last rows of a whole session."""
        for symbol, row in last.items():
            if row.price > 0:
                self._by_symbol[symbol] = Close(on, row.price, _base(instruments.get(symbol)))

    def of(self, symbol: str, on: str) -> Close | None:
        """Give the close of a date, None when it is not the last one known."""
        close = self._by_symbol.get(symbol)
        return close if close is not None and close.on == on else None

    def adjusted(self, symbol: str, before: str, row: Quote | None, instrument: Instrument | None) -> str:
        """Say why the prices of today do not compare with those of the session before; empty when they do.

        The base price of a day is the close before it, unless a corporate action lies between. One that is the same as
        at the last close may not have been told anew: then only a move beyond the daily limit tells.
        """
        close, base = self._by_symbol.get(symbol), _base(instrument)
        if close is None or close.on != before:
            return f"the close of {before} was not seen, so whether prices were adjusted since is not known"
        if base is not None and base not in (close.base, close.price):
            return f"prices were adjusted: the base price is {base:,} KRW after a close of {close.price:,} KRW"
        if row is not None and row.price > 0 and abs(row.price - close.price) * 100 > close.price * MOST_MOVE_PERCENT:
            return f"prices were adjusted: {row.price:,} KRW after a close of {close.price:,} KRW is beyond any limit"
        return ""


def _base(instrument: Instrument | None) -> int | None:
    return instrument.base_price if instrument is not None else None
