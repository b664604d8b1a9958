"""Volatility regime: does the price move more or less than it used to?

    r_t      = ln(close_t / close_{t-1})                     log units per bar
    v(m)     = sqrt(mean of r²)                              realised volatility; the mean of r is taken for 0
    quotient = v(last `short` returns) / max(v(the `long` returns before them), 0.0001)

wild at or above the quotient `wild`, calm at or below `calm`, normal between. Wild speaks against an entry: stops are
hit by noise, and a volatility interruption is near. Calm and normal say nothing.
The two stretches do not overlap: a short one that is part of its own norm could never be many times wilder than it.
Source: realised volatility of Andersen, Bollerslev, International Economic Review 1998 (squares, no mean).
"""

import math
from collections import deque

from domain.indicators.reading import AGAINST, NEUTRAL, NOTHING, UNKNOWN, Reading

CALM, NORMAL, WILD = "calm", "normal", "wild"
LEAST_VOLATILITY = 1e-4  # log units per bar; after a stretch without a move the next tick is not yet wild


class VolatilityRegime:
    """Realised volatility of the last bars against that of the bars before them."""

    __slots__ = ("_calm", "_last", "_short", "_squares", "_wild", "regime")

    def __init__(self, short: int, long: int, calm: float, wild: float) -> None:
        """Compare `short` returns with the `long` before them; `calm` < `wild` are quotients."""
        self._squares: deque[float] = deque(maxlen=short + long)
        self._short, self._calm, self._wild = short, calm, wild
        self._last = 0  # KRW, close of the bar before; 0 when there is none
        self.regime = UNKNOWN  # calm, normal, wild, unknown

    def add(self, close: int) -> Reading:
        """Take the close (KRW, > 0) of the next bar; give the quotient, unknown until enough bars came before it."""
        last, self._last = self._last, close
        if not last:
            return NOTHING
        squares = self._squares
        move = math.log(close / last)
        squares.append(move * move)
        if len(squares) < (squares.maxlen or 0):
            return NOTHING
        ordered = list(squares)
        long = len(ordered) - self._short
        # summed anew each time: running sums would keep the rounding of everything that ever went through them
        before = math.sqrt(math.fsum(ordered[:long]) / long)
        now = math.sqrt(math.fsum(ordered[long:]) / self._short)
        quotient = now / max(before, LEAST_VOLATILITY)
        self.regime = WILD if quotient >= self._wild else CALM if quotient <= self._calm else NORMAL
        return Reading(quotient, AGAINST if self.regime == WILD else NEUTRAL)
