"""When nothing runs: windows in Korean time, both of Kiwoom's schedules, over midnights and weekends."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker_win.config import DEFAULT_WINDOWS
from broker_win.rest_plan import RestPlan
from domain.errors import ConfigError
from domain.maintenance import KIWOOM_WINDOWS, parse
from domain.time import NANOS_PER_MINUTE, from_kst

MONDAY = date(2026, 1, 12)
SUNDAY = MONDAY + timedelta(days=6)
DEFAULT = RestPlan(DEFAULT_WINDOWS)


@pytest.mark.parametrize(
    ("day", "hour", "minute", "rests"),
    [
        (MONDAY, 3, 59, False),
        (MONDAY, 4, 0, True),
        (MONDAY, 6, 52, True),
        (MONDAY, 7, 9, True),
        (MONDAY, 7, 10, False),
        (MONDAY, 9, 0, False),
        (SUNDAY, 4, 10, True),
        (SUNDAY, 5, 10, True),
        (SUNDAY, 7, 10, False),
    ],
)
def test_given_the_default_windows_when_a_moment_is_looked_at_then_the_host_rests_as_planned(
    day: date, hour: int, minute: int, rests: bool
) -> None:
    assert (DEFAULT.at(from_kst(day, hour, minute)) is not None) is rests


@given(st.integers(0, 13), st.integers(0, 1439))
def test_for_any_minute_of_kiwooms_maintenance_the_default_plan_rests(day: int, minute: int) -> None:
    moment = from_kst(MONDAY + timedelta(days=day), 0, 0) + minute * NANOS_PER_MINUTE
    known = [w for w in parse(KIWOOM_WINDOWS) if (day % 7) in w.days and w.start <= minute < w.end]
    if known:
        assert DEFAULT.at(moment) is not None


@given(st.integers(0, 13), st.integers(0, 1439))
def test_for_any_moment_of_rest_its_end_is_no_rest_and_its_begin_is_one(day: int, minute: int) -> None:
    plan = RestPlan((*DEFAULT_WINDOWS, "daily 07:10-08:00", "daily 22:00-24:00", "daily 00:00-00:30"))
    moment = from_kst(MONDAY + timedelta(days=day), 0, 0) + minute * NANOS_PER_MINUTE
    rest = plan.at(moment)
    if rest is not None:
        assert rest.begin <= moment < rest.end
        assert plan.at(rest.end) is None
        assert plan.at(rest.begin) is not None


def test_given_windows_that_touch_when_the_rest_is_asked_for_then_it_is_one_stretch() -> None:
    plan = RestPlan(("daily 22:00-24:00", "daily 00:00-00:30"))
    rest = plan.at(from_kst(MONDAY, 23, 0))
    assert rest is not None
    assert (rest.begin, rest.end) == (from_kst(MONDAY, 22, 0), from_kst(MONDAY + timedelta(days=1), 0, 30))


def test_given_the_word_kiwoom_when_the_minute_around_a_window_is_looked_at_then_it_rests_too() -> None:
    plan = RestPlan(("kiwoom",))
    assert plan.at(from_kst(MONDAY, 6, 49)) is not None
    assert plan.at(from_kst(MONDAY, 6, 55)) is not None
    assert plan.at(from_kst(MONDAY, 6, 56)) is None
    assert plan.at(from_kst(MONDAY, 6, 0)) is None


def test_given_an_evening_when_the_next_rest_is_asked_for_then_it_is_that_of_the_morning() -> None:
    rest = DEFAULT.next_after(from_kst(MONDAY, 20, 0))
    assert rest is not None
    assert rest.begin == from_kst(MONDAY + timedelta(days=1), 4, 0)
    assert "2026-01-13 04:00:00 to 2026-01-13 07:10:00 KST" in rest.told()
    assert RestPlan(()).next_after(from_kst(MONDAY, 20, 0)) is None


def test_given_a_text_that_is_no_window_when_read_then_it_is_named() -> None:
    with pytest.raises(ConfigError, match="Mon 25:00"):
        RestPlan(("Mon 25:00-26:00",))
