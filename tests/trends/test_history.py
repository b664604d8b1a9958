"""One series of several answers."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.messages.market import TrendPoint, TrendReceived
from domain.types import UnixNanos
from trends.history import as_one_series
from trends.store import Answer, Window

BEGIN = date(2026, 1, 1)


def an_answer(first: int, ratios: list[float], scale: float = 1.0) -> Answer:
    """Give an answer that begins so many days after BEGIN."""
    days = [(BEGIN + timedelta(days=first + place)).isoformat() for place in range(len(ratios))]
    points = tuple(TrendPoint(day, ratio * scale) for day, ratio in zip(days, ratios, strict=True))
    return Answer(TrendReceived("120110", "naver", 1, UnixNanos(first), points), Window(days[0], days[-1]))


@given(
    st.lists(st.floats(1, 1_000), min_size=60, max_size=90),
    st.floats(0.01, 100),
    st.integers(1, 25),
)
def test_for_any_scales_the_series_that_was_cut_into_answers_comes_back_on_the_newest_ones_scale(
    truth: list[float], scale: float, cut: int
) -> None:
    old, new = an_answer(0, truth[: cut + 33], scale), an_answer(cut, truth[cut:])
    found = as_one_series([new, old])
    assert [point.day for point in found] == [(BEGIN + timedelta(days=n)).isoformat() for n in range(len(truth))]
    assert [point.ratio for point in found] == pytest.approx(truth)
    assert found[cut:] == new.received.points, "the newest answer is as it came"


def test_given_too_small_an_overlap_when_joined_then_older_values_are_left_out() -> None:
    new = an_answer(40, [5.0] * 40)
    assert as_one_series([new, an_answer(0, [1.0] * 69)]) == new.received.points
    assert len(as_one_series([new, an_answer(0, [1.0] * 70)])) == 80
    assert as_one_series([]) == ()
