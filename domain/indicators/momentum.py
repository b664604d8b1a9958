"""Momentum: how far the price has come.

    momentum_n = ln(close_t / close_{t-n})      log units: 0.01 is about 1 %

For at or above its threshold, against at or below the negative of it.
Source: Jegadeesh, Titman, Returns to Buying Winners and Selling Losers, Journal of Finance 1993 (the idea, by months).
"""

import math
from collections import deque

from domain.indicators.reading import NOTHING, Reading, verdict


class Momentum:
    """Log return of the close over `bars` bars."""

    __slots__ = ("_closes", "_threshold")

    def __init__(self, bars: int, threshold: float) -> None:
        """Look back `bars` bars; `threshold` is in log units (0.01 is about 1 %)."""
        self._closes: deque[int] = deque(maxlen=bars + 1)
        self._threshold = threshold

    def add(self, close: int) -> Reading:
        """Take the close (KRW, > 0) of the next bar; unknown until `bars` bars came before it."""
        closes = self._closes
        closes.append(close)
        if len(closes) < (closes.maxlen or 0):
            return NOTHING
        value = math.log(close / closes[0])
        return Reading(value, verdict(value, self._threshold))
