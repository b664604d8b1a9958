"""What an indicator says: a value, and a verdict about buying."""

from typing import NamedTuple

FOR, AGAINST, NEUTRAL, UNKNOWN = "for", "against", "neutral", "unknown"


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
