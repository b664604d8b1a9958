"""The port every source of search trends implements."""

from datetime import date
from typing import Protocol

from domain.messages.market import TrendReceived
from domain.types import UnixNanos


class TrendSource(Protocol):
    """Where search-attention series come from. No series means unknown, never zero."""

    def fetch(self, symbol: str, trading_date: date, fetched_at: UnixNanos) -> TrendReceived | None:
        """Give the series of a symbol with nothing of the trading date or later; None when there is none.

        `fetched_at` is the system time of the call (UTC ns), kept in the answer.
        """
