"""Agreement: do enough inputs of a signal speak for it, and few enough against it?"""

from collections.abc import Iterable, Sequence

from domain.indicators.reading import AGAINST, FOR, UNKNOWN
from domain.messages.trading import SignalInput


def agrees(inputs: Sequence[SignalInput], least_for: int, most_against: int) -> str:
    """Say why a signal is to be withheld; empty when its inputs agree.

    At least `least_for` inputs must speak for it ("n of m") and at most `most_against` against it. Neutral and unknown
    ones count on neither side: not knowing is no consent.
    """
    spoken = [item.verdict for item in inputs]
    reasons = []
    if spoken.count(FOR) < least_for:
        unknown = _names(inputs, UNKNOWN)
        also = f", unknown: {', '.join(unknown)}" if unknown else ""
        reasons.append(f"{spoken.count(FOR)} of {len(inputs)} inputs speak for it, at least {least_for} needed{also}")
    if spoken.count(AGAINST) > most_against:
        against = _names(inputs, AGAINST)
        reasons.append(f"{len(against)} speak against it ({', '.join(against)}), at most {most_against} allowed")
    return "; ".join(reasons)


def _names(inputs: Iterable[SignalInput], said: str) -> list[str]:
    return [item.name for item in inputs if item.verdict == said]
