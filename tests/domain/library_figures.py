"""Run by .venv/quantstats, never by ours: figures of other people's libraries for the series given as JSON on stdin.

One call answers many series: {"returns": [[...]], "rate": r, "results": [[...]]} in, the same shape with figures out.
"""

import importlib.util
import json
import math
import sys
import types
import warnings

warnings.simplefilter("ignore")
# Its own __init__ imports plots and downloads, which are not installed: only its figures are wanted.
found = importlib.util.find_spec("quantstats")
package = types.ModuleType("quantstats")
package.__path__ = list(found.submodule_search_locations)
sys.modules["quantstats"] = package
sys.modules["yfinance"] = types.ModuleType("yfinance")

import empyrical  # noqa: E402
import pandas  # noqa: E402
import quantstats.stats  # noqa: E402
from scipy import stats  # noqa: E402


def plain(figure: object) -> float | None:
    """Give a figure JSON can hold; None for what is not a number."""
    value = float(figure)
    return value if math.isfinite(value) else None


def of_returns(values: list[float], rate: float) -> dict[str, float | None]:
    """Give what both say of one series of daily returns."""
    series = pandas.Series(values, index=pandas.bdate_range("2020-01-01", periods=len(values)), dtype=float)
    daily = (1 + rate) ** (1 / 252) - 1
    other = quantstats.stats
    return {
        "empyrical.total": plain(empyrical.cum_returns_final(series)),
        "empyrical.cagr": plain(empyrical.annual_return(series)),
        "empyrical.volatility": plain(empyrical.annual_volatility(series)),
        "empyrical.sharpe": plain(empyrical.sharpe_ratio(series, risk_free=daily)),
        "empyrical.sortino": plain(empyrical.sortino_ratio(series, required_return=daily)),
        "empyrical.drawdown": plain(-empyrical.max_drawdown(series)),
        "empyrical.calmar": plain(empyrical.calmar_ratio(series)),
        "quantstats.total": plain(other.comp(series)),
        "quantstats.cagr": plain(other.cagr(series)),
        "quantstats.volatility": plain(other.volatility(series, periods=252)),
        "quantstats.sharpe": plain(other.sharpe(series, rf=rate)),
        "quantstats.sortino": plain(other.sortino(series, rf=rate)),
        "quantstats.drawdown": plain(-other.max_drawdown(series)),
        "quantstats.calmar": plain(other.calmar(series)),
    }


def of_results(values: list[int]) -> dict[str, float | None]:
    """Give what they say of the results of trades."""
    series = pandas.Series(values, dtype=float)
    other = quantstats.stats
    return {
        "profit_factor": plain(other.profit_factor(series, prepare_returns=False)),
        "win_rate": plain(other.win_rate(series, prepare_returns=False)),
        "average_win": plain(other.avg_win(series, prepare_returns=False)),
        "average_loss": plain(other.avg_loss(series, prepare_returns=False)),
        "expectancy": plain(series.mean()),
        "p_value": plain(stats.ttest_1samp(series, 0.0).pvalue) if len(values) > 1 else None,
    }


asked = json.load(sys.stdin)
answer = {
    "returns": [of_returns(values, asked["rate"]) for values in asked["returns"]],
    "results": [of_results(values) for values in asked["results"]],
    "students_t": [plain(stats.t.sf(t, freedom)) for t, freedom in asked["students_t"]],
}
json.dump(answer, sys.stdout)
