"""Percentages of the summary that people hold against a limit or a wish: cut, never rounded up to it."""

from domain.types import PPM

DIGITS = 4  # a part per million each
NOISE_PPM = 1e-6  # a fraction of exactly 5 % may be 49999.9999999 ppm in binary; of 10 billion won it is a hundredth


def cut_percent(fraction: float | None) -> float | None:
    """Give a fraction as a percentage with four digits, cut toward zero: 5.0 stands there once 5 % are reached.

    It is what limits do, to the won: a loss of 4.99999 % has not reached 5 %.
    """
    if fraction is None:
        return None
    ppm = int(abs(fraction) * PPM + NOISE_PPM)
    return round((ppm if fraction > 0 else -ppm) * 100 / PPM, DIGITS)
