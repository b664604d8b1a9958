"""Volume surprise: how unusual a bar's volume is.

    l_t = ln(1 + volume_t)                                   shares; logs, because volumes are skewed to the right
    z_t = (l_t - median(l_{t-n} … l_{t-1})) / max(1.4826 · MAD of the same, 0.1)    robust standard deviations

The bar itself is not part of its own norm. For at or above the threshold, against at or below the negative of it.
Source: robust z of Iglewicz, Hoaglin, How to Detect and Handle Outliers, ASQC 1993, on log volume.
"""

import math
from collections import deque

from domain.indicators.reading import NOTHING, Reading, verdict
from domain.indicators.robust import middle, sigma

LEAST_SPREAD = 0.1  # log units; a spread of volumes below it would make a surprise of nothing


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
            ordered = sorted(logs)
            norm = middle(ordered)
            value = (log_volume - norm) / max(sigma(ordered, norm), LEAST_SPREAD)
            reading = Reading(value, verdict(value, self._threshold))
        logs.append(log_volume)
        return reading
