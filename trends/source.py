"""The port every source of search trends implements."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Protocol

from domain.messages.market import TrendReceived, TrendsMissing
from domain.types import UnixNanos


class TrendSource(Protocol):
    """Where search-attention series come from. No series means unknown, never zero."""

    @property
    def name(self) -> str:
        """Name in messages and settings: naver, google, shifted-demo."""

    def fetch(
        self, symbols: Sequence[str], trading_date: date, fetched_at: UnixNanos
    ) -> Iterator[TrendReceived | TrendsMissing]:
        """Give the series of these symbols with nothing of the trading date or later, as they come.

        What it cannot give it says in TrendsMissing with the reason; an error of its own making never leaves it. A
        symbol it knows no words for is missing, too. `fetched_at` is the system time of the call (UTC ns), kept in the
        answer.
        """
