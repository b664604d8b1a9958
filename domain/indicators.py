"""Indicators over completed bars: cheap, incremental, unknown until they have seen enough."""

import math
from collections import deque
from statistics import median
from typing import NamedTuple

FOR, AGAINST, NEUTRAL, UNKNOWN = "for", "against", "neutral", "unknown"
MAD_TO_SIGMA = 1.4826  # of a normal distribution
LEAST_SPREAD = 0.1  # log units; a spread of volumes below it would make a surprise of nothing


class Reading(NamedTuple):
    """Value of an indicator and what it says about buying."""

    value: float | None  # None when unknown
    verdict: str  # for, against, neutral, unknown


NOTHING = Reading(None, UNKNOWN)


def verdict(value: float | None, threshold: float) -> str:
    """Say for at or above the threshold (> 0), against at or below its negative, neutral between."""
    if value is None:
        return UNKNOWN
    if value >= threshold:
        return FOR
    return AGAINST if value <= -threshold else NEUTRAL


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


class VolumeSurprise:
    """How unusual a bar's volume is: log volume against median and MAD of the `bars` bars before it."""

    __slots__ = ("_logs", "_threshold")

    def __init__(self, bars: int, threshold: float) -> None:
        """Compare with `bars` bars; `threshold` is in robust standard deviations."""
        self._logs: deque[float] = deque(maxlen=bars)
        self._threshold = threshold

    def add(self, volume: int) -> Reading:
        """Take the volume (shares) of the next bar; unknown until `bars` bars came before it."""
        logs, log_volume = self._logs, math.log1p(max(volume, 0))
        reading = NOTHING
        if len(logs) == logs.maxlen:
            middle = median(logs)
            spread = max(MAD_TO_SIGMA * median([abs(value - middle) for value in logs]), LEAST_SPREAD)
            value = (log_volume - middle) / spread
            reading = Reading(value, verdict(value, self._threshold))
        logs.append(log_volume)
        return reading
