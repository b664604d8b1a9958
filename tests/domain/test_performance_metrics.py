"""The figures of a period, and slippage."""

from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.performance.metrics import LEAST_DAYS, Measured, mean_share, metrics_of, share_of_time
from domain.performance.model import Drawdown, Metrics
from domain.performance.ratios import cagr, calmar, daily_rate, deviation
from domain.performance.slippage import Slipped, slip_krw, slip_ppm
from domain.types import PPM, Krw, Side, UnixNanos
from tests.domain.performance_builders import a_day, a_trade, points

OF_A_YEAR = ("cagr", "volatility", "sharpe", "sortino", "calmar")


def test_given_nothing_when_told_then_nothing_is_said() -> None:
    told = metrics_of(Measured([], [], []))
    counts = {"days": 0, "trades": 0}
    assert {field.name: getattr(told, field.name) for field in fields(Metrics)} == {
        field.name: counts.get(field.name) for field in fields(Metrics)
    }


def test_given_too_few_dates_when_told_then_nothing_is_said_of_a_year() -> None:
    values = [1_000, 1_100, 990] * LEAST_DAYS
    for days in (LEAST_DAYS - 1, LEAST_DAYS):
        lines = [a_day(values[at], values[at + 1], day=at) for at in range(days)]
        told = metrics_of(Measured(lines, points(*values[: days + 1]), []))
        assert told.total_return is not None
        assert told.drawdown is not None
        assert {getattr(told, name) is not None for name in OF_A_YEAR} == {days == LEAST_DAYS}


def test_given_a_date_that_cannot_be_told_when_the_period_is_then_no_figure_rests_on_the_others() -> None:
    lines = [a_day(1_000, 1_000 + at % 3, day=at) for at in range(LEAST_DAYS)]
    told = metrics_of(Measured([*lines, a_day(0, 5, day=40)], points(1_000, 900), []))
    assert {getattr(told, name) for name in ("total_return", *OF_A_YEAR)} == {None}
    assert told.drawdown == Drawdown(100_000, UnixNanos(0), UnixNanos(1), None)


def test_given_trades_and_dates_when_told_then_costs_and_turnover_are_shares_of_what_they_say() -> None:
    days = [a_day(900, 1_000, turnover=3_000, costs=30), a_day(1_000, 3_000, day=1, turnover=1_000, costs=10)]
    trades = [a_trade(70, costs=10), a_trade(-5, costs=25), a_trade(-40, costs=5)]
    told = metrics_of(Measured(days, [], trades, exposure=0.25, time_in_market=0.5))
    assert (told.days, told.trades, told.exposure, told.time_in_market) == (2, 3, 0.25, 0.5)
    assert told.turnover == pytest.approx(4_000 / 2_000)
    assert told.costs_of_turnover == pytest.approx(0.01)
    assert told.cost_share == pytest.approx(40 / (80 + 20)), "the second trade earned before its costs"
    assert told.expectancy_krw == pytest.approx(25 / 3)
    assert (told.average_win_krw, told.average_loss_krw) == (70, -22.5)
    assert told.profit_factor == pytest.approx(70 / 45)
    assert metrics_of(Measured([], [], [a_trade(-40, costs=5)])).cost_share is None, "no trade earned before costs"


def test_given_ratios_at_their_edges_when_told_then_nothing_is_made_up() -> None:
    assert cagr(0.1, 0) is None
    assert cagr(-1.5, 10) is None
    assert cagr(1e6, 1) is None, "more than a float can hold"
    assert cagr(-1.0, 5) == -1
    assert calmar(0.1, 0.0) is None
    assert calmar(None, 0.1) is None
    assert (1 + daily_rate(0.05)) ** 252 == pytest.approx(1.05)
    assert (deviation([0.1]), deviation([0.1] * 3)) == (None, 0.0)


def test_given_marks_when_exposure_is_told_then_those_without_equity_are_left_out() -> None:
    assert mean_share([(50, 100), (0, 200), (5, 0), (5, -1)]) == 0.25
    assert mean_share([(1, 0)]) is None


@pytest.mark.parametrize(
    ("held", "sessions", "expected"),
    [
        ([(2, 4), (3, 6)], [(0, 10)], 0.4),  # at once counts once
        ([(2, 30)], [(0, 10), (20, 30)], 0.9),  # the night does not count
        ([(5, 6), (8, 25), (40, 50)], [(20, 30), (0, 10)], 0.4),
        ([], [(0, 10)], 0.0),
        ([(0, 10)], [], None),
    ],
)
def test_given_holdings_and_sessions_when_told_then_time_in_the_market_is_a_share_of_session_time(
    held: list[tuple[int, int]], sessions: list[tuple[int, int]], expected: float | None
) -> None:
    assert share_of_time(held, sessions) == expected


SPANS = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 15)), max_size=8)


@given(SPANS, st.sets(st.integers(0, 5)))
def test_for_any_holdings_time_in_the_market_is_that_of_counting_every_moment(
    spans: list[tuple[int, int]], days: set[int]
) -> None:
    held = [(begin, begin + length) for begin, length in spans]
    sessions = [(10 * day, 10 * day + 7) for day in sorted(days)]
    moments = [moment for begin, end in sessions for moment in range(begin, end)]
    covered = sum(any(begin <= moment < end for begin, end in held) for moment in moments)
    assert share_of_time(held, sessions) == (covered / len(moments) if moments else None)


def test_given_fills_when_measured_then_a_dearer_buy_and_a_cheaper_sale_are_costs() -> None:
    fills = [
        Slipped(Side.BUY, 10, Krw(1_010), Krw(1_000)),
        Slipped(Side.SELL, 30, Krw(990), Krw(1_000)),
        Slipped(Side.SELL, 10, Krw(1_050), Krw(1_000)),
    ]
    assert slip_krw(fills) == (100 + 300 - 500) / 50
    assert slip_ppm(fills) == (100 + 300 - 500) * PPM / 50_000
    assert (slip_krw([]), slip_ppm([])) == (None, None)
