"""Attention: point in time, scale-free, and unknown rather than zero."""

import math
from datetime import date, timedelta
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.abnormal_search import EPSILON
from domain.attention import WINDOW_DAYS, attention
from domain.messages.market import TrendPoint

ON = date(2026, 1, 13)
RATIOS = st.lists(st.floats(0, 100), min_size=WINDOW_DAYS, max_size=WINDOW_DAYS)


def a_series(ratios: list[float], last: date = ON - timedelta(days=1)) -> list[TrendPoint]:
    days = [last - timedelta(days=back) for back in reversed(range(len(ratios)))]
    return [TrendPoint(day.isoformat(), ratio) for day, ratio in zip(days, ratios, strict=True)]


def a_rise() -> list[float]:
    return [10.0 + index % 7 + (index * 37 % 11) / 10 for index in range(WINDOW_DAYS - 7)] + [30.0] * 7


def test_given_a_week_of_more_searches_when_measured_then_attention_is_high() -> None:
    found = attention(a_series(a_rise()), ON)
    assert found.as_of == "2026-01-12"
    assert found.asvi is not None
    assert found.z is not None
    assert found.asvi > 0.5
    assert found.z > 3


def test_given_a_series_when_measured_then_it_is_the_plain_formula() -> None:
    ratios = a_rise()
    logs = [math.log(math.fsum(ratios[i - 6 : i + 1])) for i in range(6, len(ratios))]
    abnormal = [logs[i] - median(logs[i - 28 : i]) for i in range(28, len(logs))]
    before = abnormal[-91:-1]
    spread = 1.4826 * median(abs(value - median(before)) for value in before)
    found = attention(a_series(ratios), ON)
    assert len(before) == 90
    assert found.asvi == pytest.approx(abnormal[-1])
    assert found.z == pytest.approx(abnormal[-1] / (spread + EPSILON))


def test_given_a_series_that_ends_two_days_before_when_measured_then_it_is_unknown() -> None:
    found = attention(a_series(a_rise(), ON - timedelta(days=2)), ON)
    assert (found.as_of, found.asvi, found.z) == ("", None, None)
    assert "2026-01-12" in found.reason


def test_given_no_points_or_no_searches_when_measured_then_it_is_unknown() -> None:
    assert attention([], ON).asvi is None
    assert attention(a_series([0.0] * WINDOW_DAYS), ON).asvi is None


def test_given_a_hole_when_measured_then_what_needs_it_is_unknown() -> None:
    series = a_series(a_rise())
    near, far = series[:-20] + series[-19:], series[:40] + series[41:]
    assert attention(near, ON).asvi is None
    assert attention(far, ON).asvi == attention(series, ON).asvi
    assert attention(far, ON).z is None
    assert attention(far, ON).reason


@given(RATIOS, st.lists(st.floats(0, 1000), max_size=10))
def test_for_any_series_what_comes_later_changes_nothing(ratios: list[float], later: list[float]) -> None:
    series = a_series(ratios)
    future = [TrendPoint((ON + timedelta(days=i)).isoformat(), ratio) for i, ratio in enumerate(later)]
    assert attention(series + future, ON) == attention(series, ON)


@given(st.lists(st.integers(0, 10_000), min_size=WINDOW_DAYS, max_size=WINDOW_DAYS), st.floats(0.001, 1000))
def test_for_any_series_another_scale_changes_nothing(whole: list[int], factor: float) -> None:
    ratios = [value / 100 for value in whole]
    plain = attention(a_series(ratios), ON)
    scaled = attention(a_series([ratio * factor for ratio in ratios]), ON)
    assert scaled.reason == plain.reason
    assert scaled.asvi == pytest.approx(plain.asvi, abs=1e-9)
    assert scaled.z == pytest.approx(plain.z, abs=1e-6)
