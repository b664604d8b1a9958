"""Uptime over market time: the parts add up, whatever happens and however often it is restarted."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.uptime import MS, Figures, Standing, Uptime

HOUR = 3_600_000 * MS
OPENS, CLOSES = 9 * HOUR, 15 * HOUR
DAY = "2026-01-13"


def a_day(now: int = 8 * HOUR) -> Uptime:
    uptime = Uptime()
    uptime.new_run(now)
    uptime.plan(DAY, OPENS, CLOSES, now)
    return uptime


def test_given_links_that_are_up_all_day_when_it_is_over_then_uptime_is_whole() -> None:
    uptime = a_day()
    uptime.stands(Standing.UP, int(8.5 * HOUR))
    assert uptime.news(int(8.9 * HOUR)) == "", "no market time yet"
    uptime.advance(16 * HOUR)
    assert uptime.figures(20 * HOUR) == Figures(21_600_000, 21_600_000)
    assert (uptime.counted.up_ppm, uptime.news(20 * HOUR)) == (1_000_000, "closed")


def test_given_breaks_of_each_kind_when_measured_then_each_counts_as_what_it_was() -> None:
    uptime = a_day()
    uptime.stands(Standing.UP, OPENS)
    uptime.stands(Standing.DEGRADED, 10 * HOUR)
    uptime.stands(Standing.DOWN, 11 * HOUR)
    uptime.stands(Standing.PLANNED, 12 * HOUR)
    uptime.stands(Standing.UP, 13 * HOUR)
    found = uptime.figures(14 * HOUR)
    hour = 3_600_000
    assert found == Figures(5 * hour, up=2 * hour, degraded=hour, down=2 * hour, planned=hour)
    assert (found.up_ppm, found.degraded_ppm, found.down_ppm) == (400_000, 200_000, 400_000)


@pytest.mark.parametrize("dies_at", [7.0, 9.5])
def test_given_a_process_that_did_not_run_when_it_is_back_on_the_same_date_then_that_time_was_down(
    dies_at: float,
) -> None:
    uptime = a_day(7 * HOUR)
    uptime.stands(Standing.UP, 7 * HOUR)
    uptime.advance(int(dies_at * HOUR))
    uptime.new_run(11 * HOUR)
    uptime.plan(DAY, OPENS, CLOSES, 11 * HOUR)
    uptime.stands(Standing.UP, 11 * HOUR)
    up_before = max(0, int((dies_at - 9) * 3_600_000))
    assert uptime.figures(12 * HOUR) == Figures(10_800_000, up_before + 3_600_000, down=7_200_000 - up_before)


def test_given_a_first_start_at_noon_when_measured_then_the_morning_is_not_held_against_it() -> None:
    uptime = a_day(12 * HOUR)
    uptime.stands(Standing.UP, 12 * HOUR)
    assert uptime.figures(13 * HOUR) == Figures(3_600_000, 3_600_000)


def test_given_a_new_date_when_planned_then_the_account_begins_anew() -> None:
    uptime = a_day()
    uptime.stands(Standing.UP, OPENS)
    uptime.plan("2026-01-14", OPENS + 24 * HOUR, CLOSES + 24 * HOUR, 20 * HOUR)
    assert uptime.figures(34 * HOUR) == Figures(3_600_000, 3_600_000)


def test_given_a_recorded_source_when_its_clock_is_within_the_session_then_that_is_market_time() -> None:
    uptime = a_day(100 * HOUR)
    uptime.source(is_recorded=True, now=100 * HOUR)
    uptime.stands(Standing.UP, 100 * HOUR)
    uptime.venue_clock(OPENS - 1, 101 * HOUR)
    uptime.venue_clock(OPENS, 102 * HOUR)
    uptime.venue_clock(CLOSES - 1, 103 * HOUR)
    assert uptime.news(103 * HOUR) == "up"
    uptime.venue_clock(CLOSES, 104 * HOUR)
    assert uptime.figures(110 * HOUR) == Figures(7_200_000, 7_200_000)
    assert uptime.news(110 * HOUR) == "closed"


def test_given_a_recorded_source_when_its_data_end_then_the_market_is_over() -> None:
    uptime = a_day()
    uptime.source(is_recorded=True, now=8 * HOUR)
    uptime.venue_clock(OPENS, 8 * HOUR)
    uptime.ended(9 * HOUR)
    assert uptime.figures(12 * HOUR) == Figures(3_600_000, down=3_600_000)


def steps() -> st.SearchStrategy[Any]:
    return st.one_of(
        st.sampled_from(list(Standing)),
        st.sampled_from(["run", "plan", "next", "advance", "end"]),
        st.booleans(),
        st.integers(OPENS - HOUR, CLOSES + HOUR),
    )


@given(st.lists(st.tuples(st.integers(-HOUR // 1000, 2 * HOUR), steps()), max_size=40))
def test_for_any_life_the_parts_add_up_to_market_time_and_never_shrink(life: list[tuple[int, Any]]) -> None:
    uptime, now, market = a_day(), 8 * HOUR, 0
    for span, step in life:
        now += span
        date_before = uptime.trading_date
        match step:
            case Standing():
                uptime.stands(step, now)
            case "run":
                uptime.new_run(now)
            case "plan" | "next":
                uptime.plan(DAY if step == "plan" else "2026-01-14", OPENS, CLOSES, now)
            case "advance":
                uptime.advance(now)
            case "end":
                uptime.ended(now)
            case bool():
                uptime.source(is_recorded=step, now=now)
            case int():
                uptime.venue_clock(step, now)
        found = uptime.figures(now)
        assert found.market == found.up + found.degraded + found.down
        assert min(found.up, found.degraded, found.down, found.planned) >= 0
        assert found.planned <= found.down
        is_another_day = uptime.trading_date != date_before
        assert found.market >= market or is_another_day or span < 0, "only a clock that is put back takes time away"
        market = found.market
        if not uptime.is_recorded:
            assert found.market <= (CLOSES - OPENS) // MS or any(isinstance(s, bool) for _, s in life)


@given(st.lists(st.integers(0, 8 * HOUR), min_size=1, max_size=20))
def test_for_any_moments_of_looking_the_figures_are_the_same(looks: list[int]) -> None:
    often, once = a_day(), a_day()
    for uptime in (often, once):
        uptime.stands(Standing.UP, 8 * HOUR)
    for look in sorted(looks):
        often.advance(8 * HOUR + look)
    assert often.figures(17 * HOUR) == once.figures(17 * HOUR)
