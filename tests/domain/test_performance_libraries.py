"""Our figures beside those of quantstats, empyrical-reloaded and SciPy, which run in an interpreter beside .venv.

One call answers for all series. Where a definition differs, the test says how.
"""

import json
import subprocess
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.performance.drawdown import deepest_fall, fall_of
from domain.performance.groups import chance_of_mean
from domain.performance.metrics import LEAST_DAYS, Measured, metrics_of
from domain.performance.ratios import cagr, calmar, sharpe, sortino, volatility
from domain.performance.returns import chained, daily_returns
from domain.scoring.chance import student_above
from tests.domain.performance_builders import a_day, a_trade, points

VENV = Path(__file__).parents[2] / ".venv"
SKIPPED = VENV / "quantstats.skipped"
PYTHON = VENV / "quantstats" / "bin" / "python"
SCRIPT = Path(__file__).with_name("library_figures.py")
LIBRARIES = ("empyrical", "quantstats")
RATE = 0.03  # a year
MADE = 40  # series of each kind that hypothesis makes

EDGES: list[list[float]] = [
    [0.01],
    [-0.01],
    [0.0, 0.0, 0.0],
    [0.01, 0.01, 0.01],
    [0.05, 0.0],
    [-0.05, 0.0],
    [-0.01, -0.02, -0.03],
    [0.01, -0.02, 0.03, 0.0, 0.0],
    [-1.0, 0.0],
    [0.3, -0.3] * 150,
]
TRADES: list[list[int]] = [[5], [-5], [0, 0], [3, 3], [100, -50, 0], [-5, -6], [10**9, -(10**9), 1], [7] * 30 + [-200]]
STUDENTS_T = [(t, freedom) for freedom in (1, 2, 3, 9, 30, 1_000, 100_000) for t in (0.0, 0.3, 1.0, 2.5, 8.0, -1.5)]


@cache
def equity_series() -> list[list[int]]:
    """Give series of equity at the ends of dates, long enough for figures of a year; the first is the start."""
    steps = st.lists(st.integers(-90_000, 100_000), min_size=LEAST_DAYS, max_size=3 * LEAST_DAYS)
    made: list[list[int]] = []

    @settings(max_examples=MADE, derandomize=True, database=None)
    @given(st.integers(10**6, 10**9), steps)
    def collect(start: int, changes: list[int]) -> None:
        values = [start]
        for ppm in changes:
            values.append(max(1_000, values[-1] + values[-1] * ppm // 1_000_000))
        made.append(values)

    collect()
    return made


@cache
def results_of_trades() -> list[list[int]]:
    made: list[list[int]] = []

    @settings(max_examples=MADE, derandomize=True, database=None)
    @given(st.lists(st.integers(-(10**7), 10**7), min_size=1, max_size=60))
    def collect(results: list[int]) -> None:
        made.append(results)

    collect()
    return made


def all_returns() -> list[list[float]]:
    """Give every series of daily returns that is compared, the edges first."""
    return [*EDGES, *([end / start - 1 for start, end in pairwise(one)] for one in equity_series())]


def all_results() -> list[list[int]]:
    return [*TRADES, *results_of_trades()]


@pytest.fixture(scope="module")
def theirs() -> dict[str, list[Any]]:
    """Give what the libraries say."""
    if SKIPPED.exists():
        pytest.skip(f"quantstats is not here: {SKIPPED.read_text().strip()}")
    assert PYTHON.exists(), "run `make env-dev` first (tools/setup_quantstats.sh)"
    asked = json.dumps({"returns": all_returns(), "rate": RATE, "results": all_results(), "students_t": STUDENTS_T})
    ran = subprocess.run([PYTHON, SCRIPT], input=asked, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    found: dict[str, list[Any]] = json.loads(ran.stdout)
    return found


def near(value: float | None) -> Any:
    return None if value is None else pytest.approx(value, rel=1e-9, abs=1e-12)


def test_for_any_daily_returns_ratios_are_those_of_both_libraries(
    theirs: dict[str, list[Any]],
) -> None:
    for returns, said in zip(all_returns(), theirs["returns"], strict=True):
        total = chained(returns)
        assert total is not None
        worths = [1.0]
        for one in returns:
            worths.append(worths[-1] * (1 + one))
        fall = deepest_fall(worths)
        assert fall is not None
        deepest = 1 - worths[fall[1]] / worths[fall[0]]
        growth = cagr(total, len(returns))
        ours = {
            "total": total,
            "cagr": growth,
            "volatility": volatility(returns),
            "sharpe": sharpe(returns, RATE),
            "drawdown": deepest,
            "calmar": calmar(growth, deepest),
        }
        for library in LIBRARIES:
            assert {name: near(said[f"{library}.{name}"]) for name in ours} == ours, (library, returns)
        # One return scatters around nothing: both libraries differ on it, empyrical says nothing, and so do we.
        assert sortino(returns, RATE) == near(said["empyrical.sortino"]), returns
        if len(returns) > 1:
            assert sortino(returns, RATE) == near(said["quantstats.sortino"]), returns


def test_for_any_equity_money_that_came_changes_none_of_the_figures_of_the_libraries(
    theirs: dict[str, list[Any]],
) -> None:
    for values, said in zip(equity_series(), theirs["returns"][len(EDGES) :], strict=True):
        plain = [a_day(start, end, day=at) for at, (start, end) in enumerate(pairwise(values))]
        told = metrics_of(Measured(plain, points(*values), []), RATE)
        assert told.total_return == near(said["quantstats.total"])
        assert told.cagr == near(said["quantstats.cagr"])
        assert told.volatility == near(said["quantstats.volatility"])
        assert told.sharpe == near(said["quantstats.sharpe"])
        assert told.sortino == near(said["quantstats.sortino"])
        assert told.calmar == near(said["quantstats.calmar"])
        assert told.drawdown is not None
        assert told.drawdown.ppm == pytest.approx(said["quantstats.drawdown"] * 1_000_000, abs=1.01), "cut to ppm"
        # The same account with money coming at the opening of every third date: thrice what it held.
        factor, flows, lines, marks = 1, [0], [], [values[0]]
        for at, (start, end) in enumerate(pairwise(values)):
            came = 3 * factor * start if at % 3 == 2 and factor < 10**6 else 0
            lines.append(a_day(factor * start, (4 if came else 1) * factor * end, came, day=at))
            if came:
                marks.append(4 * factor * start)
                flows.append(came)
                factor *= 4
            marks.append(factor * end)
            flows.append(0)
        fed = metrics_of(Measured(lines, points(*zip(marks, flows, strict=True)), []), RATE)
        for name in ("total_return", "cagr", "volatility", "sharpe", "sortino", "calmar"):
            assert getattr(fed, name) == near(getattr(told, name)), name
        fall = fall_of(points(*zip(marks, flows, strict=True)))
        assert fall is not None
        assert fall.share == near(said["empyrical.drawdown"])


def test_for_any_results_of_trades_figures_are_those_of_quantstats_but_where_a_definition_differs(
    theirs: dict[str, list[Any]],
) -> None:
    for results, said in zip(all_results(), theirs["results"], strict=True):
        told = metrics_of(Measured([], [], [a_trade(one) for one in results]))
        assert told.expectancy_krw == near(said["expectancy"])
        assert told.average_win_krw == near(said["average_win"])
        assert told.average_loss_krw == near(said["average_loss"])
        # A factor of nothing over nothing is 0 there; without a loss there is none here.
        assert told.profit_factor == near(said["profit_factor"] if min(results) < 0 else None)
        # A trade that earned nothing is left out of the share there; here it is a trade that was not won.
        moved = sum(one != 0 for one in results)
        assert told.win_rate == near(said["win_rate"] * moved / len(results))


def test_for_any_results_the_chance_of_their_mean_is_that_of_scipy(
    theirs: dict[str, list[Any]],
) -> None:
    for results, said in zip(all_results(), theirs["results"], strict=True):
        # Results that are all the same scatter nowhere: SciPy divides by nothing, we say nothing.
        expected = said["p_value"] if len(set(results)) > 1 else None
        assert chance_of_mean(results) == near(expected), results
    for (t, freedom), tail in zip(STUDENTS_T, theirs["students_t"], strict=True):
        assert student_above(t, freedom) == near(tail), (t, freedom)


def test_given_a_fall_within_a_date_when_told_then_it_is_deeper_than_closes_know() -> None:
    lines = [a_day(100, 110), a_day(110, 105, day=1)]
    assert daily_returns(lines) == [pytest.approx(0.1), pytest.approx(105 / 110 - 1)]
    by_marks, by_closes = fall_of(points(100, 110, 88, 105)), fall_of(points(100, 110, 105))
    assert by_marks is not None
    assert by_closes is not None
    assert (by_marks.told.ppm, by_closes.told.ppm) == (200_000, 45_454)
