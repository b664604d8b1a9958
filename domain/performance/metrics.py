"""The figures of a period, all together. Formulas and sources: here, in `ratios.py`, `returns.py` and `drawdown.py`."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from domain.performance.drawdown import Course, fall_of
from domain.performance.model import ClosedTrade, DayLine, EquityPoint, Metrics
from domain.performance.ratios import cagr, calmar, sharpe, sortino, volatility
from domain.performance.returns import chained, daily_returns

LEAST_DAYS = 20  # of returns, a month of sessions: below it no figure is told for a year


@dataclass(frozen=True, slots=True)
class Measured:
    """What the figures of a period are made from."""

    days: Sequence[DayLine]  # oldest first
    points: Sequence[EquityPoint]  # all of them, oldest first
    trades: Sequence[ClosedTrade]  # closed in the period
    exposure: float | None = None  # see `mean_share`
    time_in_market: float | None = None  # see `share_of_time`
    course: Course | None = None  # of the points, where it is known


def metrics_of(measured: Measured, rate: float = 0.0) -> Metrics:
    """Give the figures of a period; `rate` is the risk-free rate of Sharpe and the target of Sortino, fraction a year.

    Figures of a year (CAGR, volatility, Sharpe, Sortino, Calmar) are None below LEAST_DAYS dates, and so is whatever
    stands on returns where those of one date cannot be told.
    """
    days, trades = measured.days, measured.trades
    found = daily_returns(days, measured.points)
    returns = [one for one in found if one is not None]
    total = chained(found)
    fall = fall_of(measured.points, measured.course)
    is_told = len(returns) == len(days) >= LEAST_DAYS
    growth = cagr(total, len(days)) if is_told and total is not None else None
    costs, turnover = sum(line.commission + line.tax for line in days), sum(line.turnover for line in days)
    equity = sum(line.end_equity for line in days) / len(days) if days else 0.0
    gained = sum(max(trade.realized + trade.costs, 0) for trade in trades)
    return Metrics(
        days=len(days),
        total_return=total,
        cagr=growth,
        volatility=volatility(returns) if is_told else None,
        sharpe=sharpe(returns, rate) if is_told else None,
        sortino=sortino(returns, rate) if is_told else None,
        calmar=calmar(growth, fall.share) if fall else None,
        drawdown=fall.told if fall else None,
        trades=len(trades),
        win_rate=win_rate(trades),
        profit_factor=profit_factor(trades),
        expectancy_krw=_mean([trade.realized for trade in trades]),
        average_win_krw=_mean([trade.realized for trade in trades if trade.realized > 0]),
        average_loss_krw=_mean([trade.realized for trade in trades if trade.realized < 0]),
        exposure=measured.exposure,
        time_in_market=measured.time_in_market,
        turnover=turnover / equity if equity > 0 else None,
        cost_share=sum(trade.costs for trade in trades) / gained if gained else None,
        costs_of_turnover=costs / turnover if turnover else None,
    )


def win_rate(trades: Sequence[ClosedTrade]) -> float | None:
    """Give the share of trades with a profit after costs; one that earned nothing is no win. None without a trade."""
    return sum(trade.realized > 0 for trade in trades) / len(trades) if trades else None


def profit_factor(trades: Iterable[ClosedTrade]) -> float | None:
    """Give what winning trades earned over what losing ones lost, after costs. None without a loss.

    Source: Pardo, The Evaluation and Optimization of Trading Strategies, 2nd ed. 2008, ch. 12.
    """
    results = [trade.realized for trade in trades]
    lost = -sum(one for one in results if one < 0)
    return sum(one for one in results if one > 0) / lost if lost else None


def _mean(values: Sequence[int]) -> float | None:
    """Give the mean of won amounts: of all trades it is the expectancy of one (Tharp, Trade Your Way, 1998, ch. 6)."""
    return sum(values) / len(values) if values else None


def mean_share(marks: Iterable[tuple[int, int]]) -> float | None:
    """Give the mean exposure of marks (won in positions, equity): Σ (in positions / equity) / marks.

    Marks without equity are left out; None when none is left.
    """
    shares = [held / equity for held, equity in marks if equity > 0]
    return math.fsum(shares) / len(shares) if shares else None


def share_of_time(held: Iterable[tuple[int, int]], sessions: Iterable[tuple[int, int]]) -> float | None:
    """Give the share of session time in which at least one position was held; None without session time.

    Both are (begin, end), ns of venue time; holdings may overlap, sessions may not.
    """
    spans = _joined(held)
    open_ns = covered = first = 0
    for begin, end in sorted(sessions):
        open_ns += end - begin
        while first < len(spans) and spans[first][1] <= begin:
            first += 1
        index = first
        while index < len(spans) and spans[index][0] < end:
            covered += min(end, spans[index][1]) - max(begin, spans[index][0])
            index += 1
    return covered / open_ns if open_ns else None


def _joined(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Join spans that touch or overlap."""
    joined: list[tuple[int, int]] = []
    for begin, end in sorted(spans):
        if joined and begin <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(joined[-1][1], end)
        else:
            joined.append((begin, end))
    return joined
