"""Ratios of a series of daily returns (fractions, 0.012 is 1.2 %), each None where it is not defined.

`tests/domain/test_performance_libraries.py` holds them against empyrical-reloaded and quantstats.
"""

import math
from collections.abc import Sequence

YEAR = 252  # trading sessions, as the field counts a year


def cagr(total: float, days: int) -> float | None:
    """Give the growth a year that brings this return in so many sessions: (1 + total)^(252 / days) - 1.

    None without a day, where more than everything was lost, and where it is more than a float can hold.
    Source: CFA Institute, GIPS 2020, glossary `annualize`; sessions instead of calendar days.
    """
    if days <= 0 or total < -1:
        return None
    try:
        return math.pow(1 + total, YEAR / days) - 1
    except OverflowError:
        return None


def daily_rate(a_year: float) -> float:
    """Give the rate a session that compounds to a rate a year (fraction): (1 + rate)^(1 / 252) - 1."""
    return math.pow(1 + a_year, 1 / YEAR) - 1


def deviation(values: Sequence[float]) -> float | None:
    """Give the sample standard deviation, sqrt(Σ (r - mean)² / (n - 1)); None below 2 values."""
    if len(values) < 2:
        return None
    if max(values) == min(values):
        return 0.0  # and not what rounding makes of the mean
    mean = math.fsum(values) / len(values)
    return math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1))


def volatility(returns: Sequence[float]) -> float | None:
    """Give the standard deviation of daily returns, a year: deviation * sqrt(252). None below 2 days.

    Source: Bacon, Practical Portfolio Performance Measurement and Attribution, 2nd ed. 2008, 4.1.
    """
    found = deviation(returns)
    return None if found is None else found * math.sqrt(YEAR)


def sharpe(returns: Sequence[float], rate: float = 0.0) -> float | None:
    """Give mean over deviation of the returns above a risk-free rate (fraction a year), times sqrt(252).

    None below 2 days, and where no day differs from another.
    Source: Sharpe, The Sharpe ratio, Journal of Portfolio Management 21 (1994).
    """
    above = _above(returns, rate)
    spread = deviation(above)
    return math.fsum(above) / len(above) / spread * math.sqrt(YEAR) if spread else None


def sortino(returns: Sequence[float], rate: float = 0.0) -> float | None:
    """Give the mean of the returns above a target (fraction a year) over their downside deviation, times sqrt(252).

    Downside deviation is sqrt(Σ min(r, 0)² / n) over all days, those above the target count as 0. None below 2 days,
    and where no day is below.
    Source: Sortino, Price, Performance measurement in a downside risk framework, Journal of Investing 3 (1994).
    """
    above = _above(returns, rate)
    below = math.sqrt(math.fsum(min(one, 0.0) ** 2 for one in above) / len(above)) if len(above) > 1 else 0.0
    return math.fsum(above) / len(above) / below * math.sqrt(YEAR) if below else None


def calmar(growth: float | None, deepest: float) -> float | None:
    """Give growth a year over the deepest fall (a fraction > 0 of its peak). None without one of them.

    Source: Young, Calmar ratio: a smoother tool, Futures 20 (1991); there over 36 months, here over the period told.
    """
    return growth / deepest if growth is not None and deepest > 0 else None


def _above(returns: Sequence[float], rate: float) -> list[float]:
    daily = daily_rate(rate)
    return [one - daily for one in returns]
