"""Daily series: sessions in order and once each, history before own bars, everything anew where they contradict."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.daily_series import DailySeries
from domain.krx.calendar import is_session, next_session
from domain.messages.market import DayBar
from domain.types import Krw

KEPT = 120
# Sessions of January 2026: the 1st is a holiday, 3, 4, 10, 11 are a weekend.
SESSIONS = ("2026-01-05", "2026-01-06", "2026-01-07", "2026-01-08", "2026-01-09", "2026-01-12", "2026-01-13")
TODAY = "2026-01-13"


def a_day(day: str, price: int = 100, volume: int = 1_000) -> DayBar:
    return DayBar(day, Krw(price), Krw(price + 5), Krw(price - 5), Krw(price + 1), volume)


def a_history(*days: str, price: int = 100) -> list[DayBar]:
    return [a_day(day, price) for day in days]


def given_before(history: list[DayBar], before: str = TODAY) -> DailySeries:
    """Give a series whose strategies were given a history."""
    series = DailySeries()
    series.receive(history, before, KEPT)
    series.give(before, KEPT)
    return series


def days(bars: list[DayBar]) -> list[str]:
    return [bar.day for bar in bars]


def test_given_nothing_when_a_history_comes_then_all_of_it_waits_and_nobody_forgets() -> None:
    series = DailySeries()
    assert series.receive(a_history(*SESSIONS[:4]), TODAY, KEPT)
    assert (days(series.waiting), series.anew) == ([*SESSIONS[:4]], False)


def test_given_the_same_history_twice_when_received_then_nothing_is_given_twice() -> None:
    series = given_before(a_history(*SESSIONS[:6]))
    series.receive(a_history(*SESSIONS[:6]), TODAY, KEPT)
    assert (series.waiting, series.anew) == ([], False)


@pytest.mark.parametrize("history", [a_history(*SESSIONS[2:4]), a_history(SESSIONS[5])])
def test_given_a_history_when_only_a_part_of_it_comes_again_then_nothing_changes(history: list[DayBar]) -> None:
    series = given_before(a_history(*SESSIONS[:6]))
    assert series.receive(history, TODAY, KEPT)
    assert (days(series.given), series.waiting, series.anew) == ([*SESSIONS[:6]], [], False)


def test_given_an_own_session_when_the_history_says_otherwise_then_the_history_wins() -> None:
    series = given_before(a_history(*SESSIONS[:5]))
    series.close(a_day(SESSIONS[5], volume=999))
    series.receive(a_history(*SESSIONS[:6]), TODAY, KEPT)
    assert (series.waiting, series.anew) == ([a_day(SESSIONS[5])], False), "it was not given yet: nobody forgets"


def test_given_an_own_session_that_was_given_when_the_history_says_otherwise_then_all_is_given_anew() -> None:
    series = given_before(a_history(*SESSIONS[:5]))
    series.close(a_day(SESSIONS[5], volume=999))
    series.give(TODAY, KEPT)
    series.receive(a_history(*SESSIONS[:6]), TODAY, KEPT)
    assert (days(series.waiting), series.anew, series.given) == ([*SESSIONS[:6]], True, [])


def test_given_adjusted_prices_when_a_history_overlaps_then_all_is_given_anew() -> None:
    series = given_before(a_history(*SESSIONS[:5]))
    series.receive(a_history(*SESSIONS[:6], price=50), TODAY, KEPT)
    assert (days(series.waiting), series.anew) == ([*SESSIONS[:6]], True)


def test_given_a_history_without_overlap_when_sessions_are_missing_in_between_then_all_is_given_anew() -> None:
    series = given_before(a_history(*SESSIONS[:2]))
    series.receive(a_history(*SESSIONS[3:6]), TODAY, KEPT)
    assert (days(series.waiting), series.anew) == ([*SESSIONS[3:6]], True)


def test_given_a_history_without_overlap_when_it_goes_on_at_once_then_it_is_the_continuation() -> None:
    series = given_before(a_history(*SESSIONS[:2]))
    series.receive(a_history(*SESSIONS[2:4]), TODAY, KEPT)
    assert (days(series.waiting), series.anew) == ([*SESSIONS[2:4]], False)


def test_given_a_missed_session_when_a_history_has_it_then_it_is_given_in_its_place() -> None:
    series = given_before(a_history(*SESSIONS[:3]), SESSIONS[3])
    series.miss(SESSIONS[3])
    series.receive(a_history(*SESSIONS[:5]), SESSIONS[5], KEPT)
    assert (days(series.waiting), series.anew, series.missed) == ([SESSIONS[3], SESSIONS[4]], False, "")


def test_given_a_missed_session_when_no_history_comes_then_the_next_own_one_begins_anew() -> None:
    series = given_before(a_history(*SESSIONS[:3]), SESSIONS[3])
    series.miss(SESSIONS[3])
    series.close(a_day(SESSIONS[4]))
    assert (series.waiting, series.anew) == ([a_day(SESSIONS[4])], True)
    series.close(a_day(SESSIONS[5]))
    assert days(series.waiting) == [SESSIONS[4], SESSIONS[5]]


def test_given_a_history_that_ends_before_a_missed_session_when_received_then_the_own_one_behind_the_gap_is_left_out(
) -> None:  # fmt: skip
    series = DailySeries()
    series.miss(SESSIONS[3])
    series.close(a_day(SESSIONS[4]))
    series.receive(a_history(*SESSIONS[:3]), SESSIONS[5], KEPT)
    assert days(series.waiting) == [*SESSIONS[:3]]


def test_given_a_broker_that_lags_when_its_history_ends_a_session_early_then_the_own_one_follows_it() -> None:
    series = given_before(a_history(*SESSIONS[:4]))
    series.close(a_day(SESSIONS[4]))
    series.receive(a_history(*SESSIONS[:4]), SESSIONS[5], KEPT)
    assert (days(series.waiting), series.anew) == ([SESSIONS[4]], False)


def test_given_more_history_than_before_when_received_then_all_is_given_anew_from_its_begin() -> None:
    series = given_before(a_history(*SESSIONS[3:6]))
    series.receive(a_history(*SESSIONS[:6]), TODAY, KEPT)
    assert (days(series.waiting), series.anew) == ([*SESSIONS[:6]], True)


def test_given_as_much_as_is_kept_when_the_history_lags_then_its_older_begin_is_no_news() -> None:
    series = DailySeries()
    series.receive(a_history(*SESSIONS[:5]), SESSIONS[5], 4)
    series.give(SESSIONS[5], 4)
    series.close(a_day(SESSIONS[5]))
    series.give(TODAY, 4)
    series.receive(a_history(*SESSIONS[1:5]), TODAY, 4)
    assert (series.waiting, series.anew, days(series.given)) == ([], False, [*SESSIONS[2:6]])


@pytest.mark.parametrize(
    "wrong",
    [
        {"open": Krw(0), "low": Krw(0)},  # halted: only the close is told
        {"high": Krw(90)},
        {"low": Krw(102)},
        {"volume": -1},
        {"day": "2026-1-8"},
        {"day": "not a day"},
        {"day": TODAY},
        {"day": "2026-01-14"},
    ],
)
def test_given_rows_that_are_no_sessions_before_the_date_when_received_then_they_are_left_out(wrong: Any) -> None:
    series = DailySeries()
    assert not series.receive([replace(a_day(SESSIONS[3]), **wrong)], TODAY, KEPT)
    assert series.waiting == []


# ---- any course of things --------------------------------------------------------------------------------------------

BEGIN = date(2026, 1, 5)
TRUE_DAYS = [day for day in (BEGIN + timedelta(days=n) for n in range(60)) if is_session(day)]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["whole", "missed", "silent"]),  # how the session that ends was seen
        st.sampled_from(["none", "before", "late", "both"]),  # when the history of the next one comes
        st.integers(0, 12),  # sessions of the history
        st.integers(0, 2),  # sessions it lags
        st.sampled_from([100, 100, 100, 50]),  # prices of it: 50 after a corporate action
    ),
    min_size=1,
    max_size=20,
)


@given(STEPS, st.integers(1, 12))
def test_for_any_course_strategies_get_sessions_before_the_date_in_order_and_once_and_anew_only_after_forgetting(
    steps: list[tuple[str, str, int, int, int]], kept: int
) -> None:
    series, told = DailySeries(), list[DayBar]()

    def give(before: str) -> None:
        if series.anew:
            series.anew = False
            told.clear()
        told.extend(series.give(before, kept))

    for number, (seen, comes, length, lag, price) in enumerate(steps):
        ended, today = TRUE_DAYS[number], TRUE_DAYS[number + 1].isoformat()
        assert next_session(ended).isoformat() == today
        if seen == "missed":
            series.miss(ended.isoformat())
        elif seen == "whole":
            series.close(a_day(ended.isoformat()))
        end = number + 1 - lag
        history = [a_day(day.isoformat(), price) for day in TRUE_DAYS[max(0, end - length) : max(0, end)]]
        future = [a_day(day.isoformat(), 7) for day in TRUE_DAYS[number + 1 : number + 4]]
        if comes in ("before", "both"):
            series.receive([*history, *future], today, kept)
        give(today)
        if comes in ("late", "both"):
            series.receive(history, today, kept)
            give(today)
        got = days(told)
        assert got == sorted(set(got)), "in order, none twice"
        assert all(day < today for day in got)
        assert all(bar.close != 8 for bar in told), "nothing of the day or later was taken"
        if comes != "none" and history and lag == 0:
            assert told[-len(history[-kept:]) :] == history[-kept:], "the history wins"


@given(STEPS, st.integers(1, 12))
def test_for_any_course_rows_of_the_date_or_later_change_nothing(steps: list[Any], kept: int) -> None:
    plain, seeing = DailySeries(), DailySeries()
    for number, (seen, _, length, lag, price) in enumerate(steps):
        ended, today = TRUE_DAYS[number].isoformat(), TRUE_DAYS[number + 1].isoformat()
        end = number + 1 - lag
        history = [a_day(day.isoformat(), price) for day in TRUE_DAYS[max(0, end - length) : max(0, end)]]
        future = [a_day(day.isoformat(), 3 * price) for day in TRUE_DAYS[number + 1 : number + 4]]
        for series, rows in ((plain, history), (seeing, [*future, *history])):
            if seen == "missed":
                series.miss(ended)
            elif seen == "whole":
                series.close(a_day(ended))
            series.receive(rows, today, kept)
            series.give(today, kept)
        assert (plain.given, plain.waiting, plain.anew) == (seeing.given, seeing.waiting, seeing.anew)
