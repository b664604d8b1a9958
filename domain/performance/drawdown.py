"""How deep equity fell from a peak before it."""

from collections.abc import Sequence

from domain.types import PPM, Krw


def max_drawdown(equity: Sequence[tuple[int, Krw]]) -> tuple[Krw, int]:
    """Give the deepest fall of equity from a peak before it: won, and ppm of that peak; each the largest there was.

    `equity` is in order of time, across days, flows of money left in. A peak of 0 or less has no ppm.
    """
    peak = deepest = deepest_ppm = 0
    for index, (_, value) in enumerate(equity):
        peak = value if index == 0 else max(peak, value)
        deepest = max(deepest, peak - value)
        if peak > 0:
            deepest_ppm = max(deepest_ppm, (peak - value) * PPM // peak)
    return Krw(deepest), deepest_ppm
