"""How sure one can be of a share, and how likely luck alone would do as well."""

import math
from collections.abc import Sequence

Z_95 = 1.959964  # two-sided 95 % of a normal distribution
EXACT_UP_TO = 400  # trials; beyond, the normal distribution with a continuity correction is as good
BETA_STEPS, BETA_CLOSE = 5_000, 1e-15  # of a continued fraction: the most, and when it has converged


def wilson(wins: float, n: float) -> tuple[float, float]:
    """Give the ends of the 95 % confidence interval of a share; (0, 1) without trials.

    Source: Wilson, Probable inference, JASA 22 (1927). `n` may be an effective number smaller than what was counted.
    """
    if n <= 0:
        return 0.0, 1.0
    share, z2 = wins / n, Z_95 * Z_95
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = Z_95 / (1 + z2 / n) * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    return max(0.0, middle - half), min(1.0, middle + half)


def chance_of_at_least(probabilities: Sequence[float], wins: int) -> float:
    """Give the chance that independent trials with these probabilities bring `wins` or more.

    The Poisson binomial distribution, exact for up to EXACT_UP_TO trials.
    """
    if wins <= 0:
        return 1.0
    if wins > len(probabilities):
        return 0.0
    if len(probabilities) > EXACT_UP_TO:
        mean = math.fsum(probabilities)
        return above(wins, mean, math.fsum(p * (1 - p) for p in probabilities))
    chances = [1.0]  # of k wins so far
    for p in probabilities:
        before = chances
        chances = [before[0] * (1 - p)]
        chances += [before[k] * (1 - p) + before[k - 1] * p for k in range(1, len(before))]
        chances.append(before[-1] * p)
    return min(1.0, math.fsum(chances[wins:]))


def above(wins: int, mean: float, variance: float) -> float:
    """Give the chance of `wins` or more by the normal distribution, with a continuity correction."""
    if variance <= 0:
        return 1.0 if wins <= mean else 0.0
    return 0.5 * math.erfc((wins - 0.5 - mean) / math.sqrt(2 * variance))


def above_spread(wins: int, mean: float, variance: float, groups: int) -> float:
    """Give the chance of `wins` or more where the variance itself was measured, on the sums of so many groups.

    By Student's t with groups - 1 degrees of freedom, as few groups know their own spread badly.
    """
    freedom = groups - 1
    if variance <= 0 or freedom < 1:
        return above(wins, mean, variance)
    return student_above((wins - 0.5 - mean) / math.sqrt(variance * groups / freedom), freedom)


def student_above(t: float, freedom: int) -> float:
    """Give the chance of `t` or more by Student's distribution with so many (> 0) degrees of freedom.

    Source: Abramowitz, Stegun 1964, 26.7.1 (half the incomplete beta function at f / (f + t^2)).
    """
    tail = 0.5 * _beta_share(freedom / 2, 0.5, freedom / (freedom + t * t), t * t / (freedom + t * t))
    return tail if t >= 0 else 1 - tail


def _beta_share(a: float, b: float, x: float, rest: float) -> float:
    """Give the regularised incomplete beta function of x, with rest = 1 - x told apart to keep its digits.

    Source: Abramowitz, Stegun 1964, 26.5.8 (its continued fraction, by Lentz's method; beyond the mean of the
    distribution that of the other end, as it then converges faster).
    """
    if x <= 0 or rest <= 0:
        return 0.0 if x <= 0 else 1.0
    if x > (a + 1) / (a + b + 2):
        return 1 - _beta_share(b, a, rest, x)
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log(rest)) / a
    upper, lower = 1.0, 1 / (1 - (a + b) * x / (a + 1))
    fraction = lower
    for m in range(1, BETA_STEPS):
        for part in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            lower = 1 / (1 + part * lower)
            upper = 1 + part / upper
            fraction *= upper * lower
        if abs(upper * lower - 1) < BETA_CLOSE:
            break
    return front * fraction


def widening(groups: int) -> float:
    """Give what a variance measured on the sums of so many groups (> 1) is multiplied by for a 95 % interval.

    It is then as wide as Student's t makes it. Source: Abramowitz, Stegun 1964, 26.7.5 (expansion of its quantile).
    """
    f, x = groups - 1, Z_95
    quantile = x + (x**3 + x) / (4 * f) + (5 * x**5 + 16 * x**3 + 3 * x) / (96 * f * f)
    return groups / f * (quantile / x) ** 2
