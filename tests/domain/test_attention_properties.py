"""Attention on any series: the plain formulas to the last bit, point in time, scale-free, unknown rather than zero."""

import random
from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.attention import WINDOW_DAYS, Attention, attention, attention_from, combined_attention, ratios_by_day
from domain.messages.market import TrendPoint
from domain.weekly_attention import WINDOW_WEEKS, combined_weekly_attention, weekly_attention
from tests.domain import plain_attention
from trends.recorded import packaged_trends

ON = date(2026, 1, 13)  # a Tuesday
DAYS, WEEKS = 180, 40
MONDAY, SUNDAY = 0, 6
DAY = timedelta(days=1)


def made(seed: int, count: int, kind: str) -> list[float]:
    """Make ratios as a source rounds them: lively, rare (mostly small, many zeros), flat, or with one peak."""
    draw = random.Random(seed)
    if kind == "flat":
        return [round(draw.uniform(0.5, 50), 5)] * count
    if kind == "rare":
        return [draw.choice((0.0, 0.0, 0.01121, 0.02242, 0.03363)) for _ in range(count)]
    ratios = [round(draw.uniform(5, 20) * (1 + 0.3 * (index % 7 > 4)), 5) for index in range(count)]
    if kind == "peak":
        ratios[draw.randrange(count)] = 100.0
    return ratios


KINDS = st.sampled_from(["lively", "rare", "flat", "peak"])
DAILY = st.builds(made, st.integers(0, 2**32), st.just(DAYS), KINDS)
WEEKLY = st.builds(made, st.integers(0, 2**32), st.just(WEEKS), KINDS)
HOLES = st.sets(st.integers(0, DAYS - 1), max_size=3)  # days back from the last
FACTORS = st.floats(0.001, 1000)


def by_day(ratios: Sequence[float], holes: Collection[int] = (), last: date = ON - DAY) -> dict[date, float]:
    newest = reversed(ratios)
    return {last - back * DAY: ratio for back, ratio in enumerate(newest) if back not in holes}


def by_week(ratios: Sequence[float], begins: int = MONDAY, holes: Collection[int] = ()) -> dict[date, float]:
    """Put the last ratio on the week under way, which nobody may know yet."""
    last = ON - ((ON.weekday() - begins) % 7) * DAY
    return {last - 7 * back * DAY: ratio for back, ratio in enumerate(reversed(ratios)) if back not in holes}


def points(ratios: Mapping[date, float]) -> list[TrendPoint]:
    return [TrendPoint(day.isoformat(), ratio) for day, ratio in ratios.items()]


def named(ratios: Mapping[date, float]) -> dict[str, float]:
    return {day.isoformat(): ratio for day, ratio in ratios.items()}


def values(found: Attention) -> tuple[float | None, float | None]:
    return found.asvi, found.z


@given(DAILY, HOLES)
def test_for_any_series_the_fast_measure_is_the_plain_formula_to_the_last_bit(
    ratios: list[float], holes: set[int]
) -> None:
    series = by_day(ratios, holes)
    found = attention(points(series), ON)
    assert values(found) == plain_attention.daily([series], ON)
    assert bool(found.reason) == (found.z is None)
    assert found.as_of == ("2026-01-12" if found.asvi is not None else "")
    assert found == attention_from(named(series), ON)


def test_given_the_shipped_series_when_measured_over_years_then_it_is_the_plain_formula() -> None:
    series = packaged_trends().series["120110"]
    ratios = dict(zip(series.days, series.ratios, strict=True))
    mapped = named(ratios)
    known = 0
    for on in (series.days[0] + back * DAY for back in range(100, len(ratios), 29)):
        found = attention_from(mapped, on)
        assert values(found) == plain_attention.daily([ratios], on)
        assert found.quality == "ok"
        known += found.z is not None
    assert known > 60


@given(WEEKLY, st.sampled_from([MONDAY, SUNDAY]), st.sets(st.integers(0, WEEKS - 1), max_size=2))
def test_for_any_weekly_series_it_is_the_plain_formula(ratios: list[float], begins: int, holes: set[int]) -> None:
    series = by_week(ratios, begins, holes)
    found = weekly_attention(points(series), ON)
    assert values(found) == plain_attention.weekly(series, ON, begins)
    assert found.as_of in ("", "2026-01-11" if begins == MONDAY else "2026-01-10")
    assert bool(found.as_of) == (found.asvi is not None)


def test_given_a_weekly_series_when_a_week_ends_then_it_counts_from_the_day_after_on() -> None:
    series = {date(2026, 1, 5) - 7 * back * DAY: 10.0 + back % 3 for back in range(1, WINDOW_WEEKS + 1)}
    monday = points(series | {date(2026, 1, 5): 40.0})
    before, after = weekly_attention(monday, date(2026, 1, 11)), weekly_attention(monday, date(2026, 1, 12))
    assert (before.as_of, after.as_of) == ("2026-01-04", "2026-01-11")
    assert before == weekly_attention(points(series), date(2026, 1, 11))
    assert (after.asvi or 0) > 1 > abs(before.asvi or 0)


@given(DAILY, st.lists(st.floats(0, 1000), max_size=10))
def test_for_any_series_what_comes_later_changes_no_signal(ratios: list[float], later: list[float]) -> None:
    series = by_day(ratios)
    future = {ON + index * DAY: ratio for index, ratio in enumerate(later)}
    assert attention(points(series | future), ON) == attention(points(series), ON)
    known, more = named(series), named(series | future)
    assert combined_attention([more, known], ON) == combined_attention([known, known], ON)


@given(WEEKLY, st.lists(st.tuples(st.integers(-6, 30), st.floats(0, 1000)), max_size=5))
def test_for_any_weekly_series_weeks_that_have_not_ended_change_nothing(
    ratios: list[float], later: list[tuple[int, float]]
) -> None:
    series = {day: ratio for day, ratio in by_week(ratios).items() if day + 7 * DAY <= ON}
    future = {ON + ahead * DAY: ratio for ahead, ratio in later}
    assert weekly_attention(points(series | future), ON) == weekly_attention(points(series), ON)


@given(DAILY, DAILY, FACTORS, FACTORS)
def test_for_any_two_series_their_own_scales_change_nothing(
    one: list[float], other: list[float], this: float, that: float
) -> None:
    plain = combined_attention([named(by_day(one)), named(by_day(other))], ON)
    scaled_one, scaled_other = by_day([this * ratio for ratio in one]), by_day([that * ratio for ratio in other])
    scaled = combined_attention([named(scaled_one), named(scaled_other)], ON)
    assert scaled.reason == plain.reason
    assert scaled.asvi == pytest.approx(plain.asvi, abs=1e-9)
    assert scaled.z == pytest.approx(plain.z, abs=1e-6)


@given(WEEKLY, FACTORS)
def test_for_any_weekly_series_another_scale_changes_nothing(ratios: list[float], factor: float) -> None:
    plain = weekly_attention(points(by_week(ratios)), ON)
    scaled = weekly_attention(points(by_week([factor * ratio for ratio in ratios])), ON)
    assert scaled.asvi == pytest.approx(plain.asvi, abs=1e-9)
    assert scaled.z == pytest.approx(plain.z, abs=1e-6)


@given(DAILY, DAILY, HOLES)
def test_for_any_two_series_the_combination_is_the_plain_formula_in_either_order(
    one: list[float], other: list[float], holes: set[int]
) -> None:
    series = [by_day(one), by_day(other, holes)]
    found = combined_attention([named(ratios) for ratios in series], ON)
    assert values(found) == plain_attention.daily(series, ON)
    assert values(combined_attention([named(ratios) for ratios in reversed(series)], ON)) == values(found)
    assert combined_attention([named(series[0])], ON) == attention_from(named(series[0]), ON)


@given(DAILY, st.integers(0, WINDOW_DAYS - 1))
def test_for_any_series_a_missing_day_is_unknown_and_not_what_zero_gives(ratios: list[float], back: int) -> None:
    series = by_day(ratios)
    missing = attention(points(by_day(ratios, {back})), ON)
    assert missing.z is None
    assert missing.reason
    assert (missing.asvi is None) == (back < 35)
    zero = attention(points(series | {ON - DAY - back * DAY: 0.0}), ON)
    assert zero.z is not None or not any(ratios[-WINDOW_DAYS:])
    assert zero.quality.startswith("floored") or zero.z is None


@given(DAILY, HOLES, st.randoms(use_true_random=False))
@settings(max_examples=50)
def test_for_any_order_of_points_the_signal_is_the_same(
    ratios: list[float], holes: set[int], draw: random.Random
) -> None:
    ordered = points(by_day(ratios, holes))
    ordered += [TrendPoint("2026-01-02", 1.0), TrendPoint("2025-12-24", 2.0), TrendPoint("2025-12-24", 3.0)]
    shuffled = draw.sample(ordered, len(ordered))
    assert attention(shuffled, ON) == attention(ordered, ON)


def test_given_a_day_told_twice_when_measured_then_it_counts_only_if_both_agree() -> None:
    series = points(by_day(made(1, DAYS, "lively")))
    twice = [*series, series[20]]
    assert attention(twice, ON) == attention(series, ON)
    contradicted = [*series, TrendPoint(series[20].day, series[20].ratio + 1)]
    assert ratios_by_day(contradicted).keys() == ratios_by_day(series).keys() - {series[20].day}
    assert attention(contradicted, ON) == attention(series[:20] + series[21:], ON)


@pytest.mark.parametrize("ratio", [float("nan"), float("inf"), -1.0, 1.7e308])
@pytest.mark.parametrize(("back", "is_known"), [(0, False), (20, False), (60, True)])
def test_given_a_ratio_that_is_none_when_measured_then_the_day_is_missing(
    ratio: float, back: int, is_known: bool
) -> None:
    series = by_day(made(2, DAYS, "lively"))
    days = {ON - DAY - back * DAY: ratio, ON - DAY - (back + 1) * DAY: ratio}  # two of the largest have no finite sum
    odd = attention(points(series | days), ON)
    assert odd == attention(points(by_day(made(2, DAYS, "lively"), {back, back + 1})), ON)
    assert (odd.asvi is not None) is is_known


def test_given_ratios_rounded_away_when_measured_then_the_quality_says_so() -> None:
    lively = made(3, DAYS, "lively")
    assert attention(points(by_day(lively)), ON).quality == "ok"
    pushed = [round(ratio / 1000, 2) for ratio in lively]  # what a later peak of a thousandfold leaves
    coarse = attention(points(by_day(pushed)), ON)
    assert coarse.quality.startswith("coarse: different ratios lie")
    assert coarse.z is not None
    lost = attention(points(by_day([0.0, *pushed[1:-9], 0.0, *pushed[-8:]])), ON)
    assert lost.quality == "floored: the ratio of 1 of 125 days is 0"  # the other zero is too old to count
    flat = attention(points(by_day([7.5] * DAYS)), ON)
    assert (flat.asvi, flat.z, flat.quality) == (0.0, 0.0, "ok")
    both = combined_attention([named(by_day(lively)), named(by_day(pushed))], ON)
    assert both.quality == coarse.quality


def test_given_several_series_when_one_has_no_searches_or_no_day_then_the_whole_is_unknown() -> None:
    known, silent = named(by_day(made(4, DAYS, "lively"))), named(by_day([0.0] * DAYS))
    assert combined_attention([known, silent], ON).reason == "no searches at all in the 125 days to 2026-01-12"
    assert combined_attention([known, {}], ON) == attention_from({}, ON)
    assert combined_attention([known, {}], ON).reason == "no search ratio for 2026-01-12"
    for combined in (combined_attention, combined_weekly_attention):
        with pytest.raises(ValueError, match="one or more"):
            combined([], ON)


def test_given_no_weeks_or_weeks_of_two_kinds_when_measured_then_it_says_why() -> None:
    monday, sunday = by_week(made(5, WEEKS, "lively")), by_week(made(6, WEEKS, "lively"), SUNDAY)
    assert "different days" in weekly_attention(points(monday | sunday), ON).reason
    assert "different days" in combined_weekly_attention([named(monday), named(sunday)], ON).reason
    assert "no search ratio of a week" in weekly_attention([], ON).reason
    stale = {day: ratio for day, ratio in monday.items() if day < date(2026, 1, 5)}
    assert weekly_attention(points(stale), ON).reason == "no search ratio for the week from 2026-01-05"
    assert "no searches at all" in weekly_attention(points(dict.fromkeys(monday, 0.0)), ON).reason
    both = combined_weekly_attention([named(monday), named({day: 3 * ratio for day, ratio in monday.items()})], ON)
    assert both.z == pytest.approx(weekly_attention(points(monday), ON).z)
