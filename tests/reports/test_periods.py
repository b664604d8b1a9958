"""Days, weeks and months."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import ConfigError
from reports.periods import KINDS, period_before, period_of


def test_given_a_thursday_when_asked_then_the_week_is_monday_to_sunday() -> None:
    assert period_of("week", date(2026, 1, 1)) == (date(2025, 12, 29), date(2026, 1, 4))
    assert period_of("day", date(2026, 1, 1)) == (date(2026, 1, 1), date(2026, 1, 1))
    assert period_of("month", date(2028, 2, 10)) == (date(2028, 2, 1), date(2028, 2, 29))
    assert period_before("month", date(2026, 1, 1)) == (date(2025, 12, 1), date(2025, 12, 31))


def test_given_another_kind_when_asked_then_it_is_refused() -> None:
    with pytest.raises(ConfigError, match="day, week, month, year, was 'decade'"):
        period_of("decade", date(2026, 1, 1))


@given(st.sampled_from(KINDS), st.dates(date(2000, 1, 1), date(2100, 1, 1)))
def test_for_any_date_its_period_holds_it_and_the_one_before_ends_right_before(kind: str, on: date) -> None:
    first, last = period_of(kind, on)
    assert first <= on <= last
    assert period_of(kind, first) == period_of(kind, last) == (first, last)
    before = period_before(kind, first)
    assert before[1] == first - timedelta(days=1)
    assert period_of(kind, before[0]) == before
