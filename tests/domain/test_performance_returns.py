"""Returns free of flows, the deepest fall, fewer points for a chart."""

from datetime import timedelta
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.performance.drawdown import depths_of, fall_of
from domain.performance.model import Drawdown, EquityPoint
from domain.performance.returns import chained, daily_returns, day_return, time_weighted, unit_values
from domain.performance.thinning import LEAST, thinned
from domain.time import from_kst
from domain.types import PPM, Krw, UnixNanos
from tests.domain.performance_builders import DAY, a_day, points

MARKS = st.lists(
    st.tuples(st.integers(1, 10**10), st.just(0) | st.integers(-(10**9), 10**9)).filter(
        lambda mark: mark[0] - mark[1] > 0
    ),
    min_size=1,
    max_size=40,
)


@pytest.mark.parametrize(
    ("marks", "expected"),
    [
        ([100, 110], 0.1),
        ([100, (210, 100), 231], 0.21),  # 10 % before the money came, 10 % after it
        ([100, (60, -50), 66], 0.21),  # 10 % before half of it left
        ([100, (0, -100), (50, 50), 55], 0.1),  # all left, some came back
        ([0, (100, 100), 90], -0.1),  # an account that began with nothing
        ([(100, 100), 120], 0.2),  # what came before the first point is what it began with
        ([100, 0], -1.0),
        ([100, 0, (50, 50), 100], -1.0),  # everything was lost once; what comes later buys nothing back
        ([0, 5], None),  # earned on nothing
        ([100, -1], None),
        ([100, (5, 10)], None),  # below nothing before the money came
        ([-5, 5], None),
        ([100], None),
        ([], None),
    ],
)
def test_given_marks_and_flows_when_chained_then_only_what_was_earned_counts(
    marks: list[int | tuple[int, int]], expected: float | None
) -> None:
    assert time_weighted(points(*marks)) == (None if expected is None else pytest.approx(expected))


@pytest.mark.parametrize("marks", [[100, 0, 5], [0, 5], [100, 120, -1, 50], [100, 120, (50, 60), 70, -1]])
def test_given_something_earned_on_nothing_or_debts_then_no_worth_is_told(marks: list[int | tuple[int, int]]) -> None:
    assert unit_values(points(*marks)) is None


@pytest.mark.parametrize(
    ("marks", "expected"),
    [
        ([100, 0, 0], [1, 0, 0]),
        ([100, 0, (5, 5), 10], [1, 0, 0, 0]),
        ([0, 0, (5, 5), 10, 20], [1, 1, 1, 2, 4]),
        ([100, 110, 121, (221, 100), 442], [1, 1.1, 1.21, 1.21, 2.42]),
    ],
)
def test_given_stretches_with_and_without_flows_then_worths_follow(
    marks: list[int | tuple[int, int]], expected: list[float]
) -> None:
    assert unit_values(points(*marks)) == pytest.approx(expected)


@given(MARKS)
def test_for_any_marks_the_worth_of_a_unit_is_that_of_exact_arithmetic(marks: list[tuple[int, int]]) -> None:
    exact = [Fraction(1)]
    for (equity, _), (after, flow) in pairwise(marks):
        exact.append(exact[-1] * Fraction(after - flow, equity))
    worths = unit_values(points(*marks))
    assert worths is not None
    assert worths == [pytest.approx(float(one), rel=1e-12) for one in exact]
    fall = fall_of(points(*marks))
    assert fall is not None
    deepest = max(1 - exact[at] / max(exact[: at + 1]) for at in range(len(exact)))
    assert fall.share == pytest.approx(float(deepest), rel=1e-9, abs=1e-12)
    assert max(depths_of(worths)) == pytest.approx(fall.share, abs=1e-12)
    assert abs(fall.told.ppm - deepest * PPM) <= 1


def test_given_only_sums_of_a_date_when_told_then_what_came_counts_all_day_and_what_left_until_the_end() -> None:
    assert day_return(a_day(100, 220, flow=100)) == pytest.approx(0.1)
    assert day_return(a_day(100, 60, flow=-50)) == pytest.approx(0.1)
    assert day_return(a_day(0, 110, flow=100)) == pytest.approx(0.1)
    assert day_return(a_day(0, 0)) is None
    assert day_return(a_day(100, -1)) is None
    assert day_return(a_day(-5, 1)) is None


def at_noon(day: int, equity: int, flow: int, minute: int) -> EquityPoint:
    return EquityPoint(from_kst(DAY + timedelta(days=day), 12, minute), Krw(equity), Krw(flow))


def test_given_all_marks_of_a_date_when_money_came_within_it_then_its_return_is_chained() -> None:
    lines = [a_day(100, 100), a_day(100, 231, flow=100, day=1), a_day(231, 231, day=2)]
    marks = [at_noon(0, 100, 0, 0), at_noon(1, 210, 100, 0), at_noon(1, 231, 0, 1), at_noon(2, 231, 0, 0)]
    assert daily_returns(lines, marks) == [0, pytest.approx(0.21), 0]
    by_sums = pytest.approx(0.155)
    assert daily_returns(lines)[1] == by_sums
    assert daily_returns(lines, marks[:2])[1] == by_sums, "the last mark of the date is not there"
    assert daily_returns(lines, [marks[0], marks[2]])[1] == by_sums, "the money is not there"
    assert daily_returns(lines, marks[:1])[1] == by_sums, "no mark is there"
    assert daily_returns([a_day(0, 110, 100)], [at_noon(0, 100, 100, 0), at_noon(0, 110, 0, 1)]) == [pytest.approx(0.1)]


def test_given_returns_when_chained_then_one_that_is_not_told_leaves_all_of_them_untold() -> None:
    assert chained([0.1, 0.1]) == pytest.approx(0.21)
    assert chained([0.1, None]) is None
    assert chained([]) is None


def told(*marks: int | tuple[int, int]) -> Drawdown | None:
    fall = fall_of(points(*marks))
    return None if fall is None else fall.told


def test_given_equity_when_it_falls_then_peak_trough_and_recovery_are_told_free_of_flows() -> None:
    assert told(100, 110, 110, 88, 99, 110, 120) == Drawdown(200_000, UnixNanos(2), UnixNanos(3), UnixNanos(5))
    assert told(100, 80, 90) == Drawdown(200_000, UnixNanos(0), UnixNanos(1), None)
    assert told(100, (50, -50), (150, 100), 120, (20, -100), 25) == Drawdown(
        200_000, UnixNanos(2), UnixNanos(3), UnixNanos(5)
    ), "what came and left is no fall, and what it took to be made good is told without it"
    assert told(100, 110, 120) == Drawdown(0, UnixNanos(0), UnixNanos(0), UnixNanos(0))
    assert told(100, 0) == Drawdown(PPM, UnixNanos(0), UnixNanos(1), None)
    assert told() is None
    assert told(0, 5) is None


def test_given_exactly_the_peak_again_when_rounding_says_less_then_the_fall_is_made_good() -> None:
    marks = points(50, 9, (18, 9), 100)
    worths = unit_values(marks)
    assert worths is not None
    assert worths[-1] < worths[0], "or the example shows nothing"
    found = fall_of(marks)
    assert found is not None
    assert found.told.recovered_at == 3


@given(MARKS, st.integers(LEAST, 25))
def test_for_any_marks_a_thinned_series_keeps_ends_extremes_the_deepest_fall_and_all_money(
    marks: list[tuple[int, int]], most: int
) -> None:
    whole = points(*marks)
    thin = thinned(whole, most)
    values = [point.equity for point in thin.points]
    assert len(thin.points) <= most
    assert len(thin.points) == len(whole) or len(whole) > most
    assert (thin.points[0].at, thin.points[-1].at) == (whole[0].at, whole[-1].at)
    assert min(values) == min(point.equity for point in whole)
    assert max(values) == max(point.equity for point in whole)
    assert sum(point.flow for point in thin.points) == sum(point.flow for point in whole)
    fall = fall_of(whole)
    assert fall is not None
    times = {point.at for point in thin.points}
    assert {fall.told.peak_at, fall.told.trough_at} <= times
    assert fall.told.recovered_at is None or fall.told.recovered_at in times
    assert [at for at, _ in thin.depths] == [point.at for point in thin.points]
    assert max(depth for _, depth in thin.depths) == pytest.approx(fall.share, abs=1e-12)


def test_given_marks_that_cannot_be_told_free_of_flows_when_thinned_then_there_are_no_depths() -> None:
    thin = thinned(points(*range(-20, 0)), LEAST)
    assert (len(thin.points), thin.depths) == (2, ())
    assert thinned([], LEAST) == ((), ())
