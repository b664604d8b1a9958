"""Indicators: cheap, incremental, unknown until they have seen enough; each in a file of its own.

Over completed bars: momentum, volume_surprise, volatility_regime. Over the last row: spread, vi_distance,
limit_distance. `confirmation` runs them together, `agreement` counts what they say.
"""

from domain.indicators.momentum import Momentum
from domain.indicators.reading import AGAINST, FOR, NEUTRAL, NOTHING, UNKNOWN, Reading, verdict
from domain.indicators.robust import MAD_TO_SIGMA
from domain.indicators.volume_surprise import VolumeSurprise

__all__ = [
    "AGAINST",
    "FOR",
    "MAD_TO_SIGMA",
    "NEUTRAL",
    "NOTHING",
    "UNKNOWN",
    "Momentum",
    "Reading",
    "VolumeSurprise",
    "verdict",
]
