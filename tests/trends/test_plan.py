"""Which calls a sweep takes and when they go out."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.config import KeywordSet
from domain.errors import ConfigError
from domain.time import from_kst, kst_date, kst_full_text
from domain.types import NANOS_PER_SECOND, UnixNanos
from trends.plan import DayPart, batches, links, sweep_schedule

ANCHOR = KeywordSet("anchor", 1, ("날씨",))
SMALL = KeywordSet("small", 1, ("우산",))
MONDAY = date(2026, 11, 23)
MORNING = from_kst(MONDAY, 7, 30)


def sets(*symbols: str) -> list[KeywordSet]:
    return [KeywordSet(symbol, 1, (f"word {symbol}",)) for symbol in symbols]


def test_given_a_watch_list_when_planned_then_it_goes_first_in_its_order_and_the_rest_by_symbol() -> None:
    found = batches(sets("6", "5", "4", "3", "2", "1"), ANCHOR, first=("5", "9", "3", "5"))
    assert [batch.symbols for batch in found] == [("5", "3", "1", "2"), ("4", "6")]
    assert {batch.anchor for batch in found} == {ANCHOR}


def test_given_sets_without_words_when_planned_then_nothing_is_asked_for_them() -> None:
    assert batches([KeywordSet("1", 1, ()), *sets("2")], ANCHOR)[0].symbols == ("2",)
    assert batches([], ANCHOR) == ()


def test_given_a_batch_when_asked_then_its_groups_are_named_by_symbol_with_the_anchor_last() -> None:
    (batch,) = batches(sets("2", "1"), ANCHOR)
    request = batch.request(date(2026, 1, 1), date(2026, 6, 30))
    assert [(group.name, group.words) for group in request.groups] == [
        ("1", ("word 1",)),
        ("2", ("word 2",)),
        ("anchor", ("날씨",)),
    ]
    assert (request.start, request.end, request.unit) == (date(2026, 1, 1), date(2026, 6, 30), "date")


def test_given_small_targets_with_an_anchor_of_their_own_when_planned_then_only_they_share_its_calls() -> None:
    found = batches(sets(*"123456"), ANCHOR, anchors={"2": SMALL, "5": SMALL})
    assert [(batch.anchor.symbol, batch.symbols) for batch in found] == [
        ("anchor", ("1", "3", "4", "6")),
        ("small", ("2", "5")),
    ]


def test_given_anchors_when_linked_then_each_call_holds_two_neighbours() -> None:
    large = KeywordSet("large", 1, ("네이버",))
    assert [(batch.symbols, batch.anchor) for batch in links([SMALL, ANCHOR, large])] == [
        (("small",), ANCHOR),
        (("anchor",), large),
    ]
    assert links([ANCHOR]) == ()


def test_given_a_symbol_twice_or_the_anchors_when_planned_then_it_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"^keyword sets expected each symbol once, was 1 twice$"):
        batches(sets("1", "2", "1"), ANCHOR)
    with pytest.raises(ConfigError, match=r"^the anchor's symbol expected none of those asked for, was anchor$"):
        batches(sets("1", "anchor"), ANCHOR)
    with pytest.raises(ConfigError, match=r"^anchors expected one set of words of anchor, was two$"):
        batches(sets("1"), ANCHOR, anchors={"1": KeywordSet("anchor", 2, ("눈",))})


@given(st.sets(st.integers(0, 99_999)), st.lists(st.integers(0, 99_999), max_size=20), st.randoms())
def test_for_any_symbols_each_is_in_one_call_whatever_their_order(
    numbers: set[int], first: list[int], mix: Any
) -> None:
    asked = sets(*(f"{number:06d}" for number in numbers))
    watched = [f"{number:06d}" for number in first]
    found = batches(asked, ANCHOR, first=watched)
    listed = [symbol for batch in found for symbol in batch.symbols]
    assert sorted(listed) == sorted(one.symbol for one in asked)
    assert len(found) == -(-len(asked) // 4)
    known = set(watched) & set(listed)
    assert set(listed[: len(known)]) == known
    mix.shuffle(asked)
    assert batches(asked, ANCHOR, first=watched) == found


def test_given_2700_issues_when_scheduled_then_one_day_of_1000_calls_takes_them() -> None:
    calls = len(batches(sets(*(f"{number:06d}" for number in range(2_700))), ANCHOR))
    schedule = sweep_schedule(calls, 1_000, 1_000, 2.0, MORNING)
    assert schedule.parts == (DayPart(MONDAY, 0, 675, MORNING, UnixNanos(MORNING + 337 * NANOS_PER_SECOND), 325),)
    assert kst_full_text(schedule.at(674)) == "2026-11-23 07:35:37"


def test_given_fewer_calls_left_than_needed_when_scheduled_then_the_rest_goes_out_on_the_next_days() -> None:
    schedule = sweep_schedule(2_100, 40, 1_000, 10.0, MORNING, keep=13)
    assert [(part.day.day, part.first, part.calls, part.left) for part in schedule.parts] == [
        (23, 0, 27, 13),
        (24, 27, 987, 13),
        (25, 1_014, 987, 13),
        (26, 2_001, 99, 901),
    ]
    assert [kst_full_text(part.starts)[11:] for part in schedule.parts] == ["07:30:00"] + ["00:10:00"] * 3
    assert schedule.at(27) == from_kst(date(2026, 11, 24), 0, 10)
    with pytest.raises(IndexError):
        schedule.at(2_100)


def test_given_none_left_or_the_end_of_the_day_when_scheduled_then_it_begins_tomorrow() -> None:
    for left, now in (
        (0, MORNING),
        (1_000, from_kst(MONDAY, 23, 50, 1)),
        (1_000, from_kst(MONDAY + timedelta(1), 0, 0)),
    ):
        (part,) = sweep_schedule(5, left, 1_000, 1.0, now).parts
        assert kst_full_text(part.starts) == "2026-11-24 00:10:00"
    (part,) = sweep_schedule(5, 1_000, 1_000, 1.0, MORNING, opens=(9, 0)).parts
    assert kst_full_text(part.starts) == "2026-11-23 09:00:00"


def test_given_the_last_minutes_of_a_day_when_scheduled_then_no_call_goes_out_close_to_midnight() -> None:
    schedule = sweep_schedule(10, 1_000, 1_000, 0.1, from_kst(MONDAY, 23, 49, 40))
    assert [(part.day.day, part.calls) for part in schedule.parts] == [(23, 3), (24, 7)]
    assert kst_full_text(schedule.parts[0].ends) == "2026-11-23 23:50:00"


def test_given_a_monthly_limit_when_scheduled_then_the_rest_waits_for_the_next_month() -> None:
    schedule = sweep_schedule(900, 400, 400, 10.0, MORNING, left_this_month=500, a_month=600)
    assert [(part.day.isoformat(), part.calls) for part in schedule.parts] == [
        ("2026-11-23", 400),
        ("2026-11-24", 100),
        ("2026-12-01", 400),
    ]


def test_given_no_calls_when_scheduled_then_nothing_goes_out() -> None:
    assert sweep_schedule(0, 10, 10, 1.0, MORNING).parts == ()


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"calls": -1}, "calls expected at least 0, was -1"),
        ({"left_today": -1}, "left_today expected at least 0, was -1"),
        ({"a_day": 0}, "a_day expected at least 1, was 0"),
        ({"a_day": 10, "keep": 10}, "a_day expected at least 11, was 10"),
        ({"keep": -1}, "keep expected at least 0, was -1"),
        ({"pace": 0.0}, "pace expected more than 0 calls a second, was 0.0"),
        ({"pace": float("nan")}, "pace expected more than 0 calls a second, was nan"),
        ({"opens": (24, 0)}, "opens expected a time of day to 23:50, was 24:00"),
        ({"opens": (-1, 0)}, "opens expected a time of day to 23:50, was -1:00"),
        ({"left_this_month": 0}, "left_this_month and a_month expected both or none"),
        ({"left_this_month": 0, "a_month": 0}, "a_month expected at least 1, was 0"),
    ],
)
def test_given_limits_that_let_nothing_out_when_scheduled_then_they_are_named(
    changed: dict[str, Any], named: str
) -> None:
    with pytest.raises(ConfigError) as error:
        sweep_schedule(**{"calls": 10, "left_today": 5, "a_day": 10, "pace": 1.0, "now": MORNING, **changed})
    assert str(error.value) == named


@given(
    st.integers(0, 500),
    st.integers(0, 100),
    st.integers(1, 100),
    st.floats(0.001, 50.0),
    st.integers(0, 86_399),
    st.integers(0, 50),
)
def test_for_any_limits_every_call_goes_out_once_and_no_day_more_than_it_has(
    calls: int, left: int, a_day: int, pace: float, second: int, keep: int
) -> None:
    keep = min(keep, a_day - 1)
    now = UnixNanos(from_kst(MONDAY, 0, 0) + second * NANOS_PER_SECOND)
    schedule = sweep_schedule(calls, left, a_day, pace, now, keep=keep)
    times = [schedule.at(place) for place in range(calls)]
    assert times == sorted(set(times))
    assert not times or times[0] >= now
    for part in schedule.parts:
        today = [time for time in times if kst_date(time) == part.day]
        assert len(today) == part.calls > 0
        assert (today[0], today[-1]) == (part.starts, part.ends)
        allowed = left if part.day == MONDAY else a_day
        assert part.left == allowed - part.calls >= min(keep, allowed)
        midnight = from_kst(part.day, 0, 0)
        assert 600 <= (part.starts - midnight) / NANOS_PER_SECOND <= (part.ends - midnight) / NANOS_PER_SECOND <= 85_800
    assert sum(part.calls for part in schedule.parts) == calls
