"""Joining responses that each have a scale of their own: what is compared is what was searched."""

import math
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from statistics import median

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from trends.joining import (
    COARSE_STEPS,
    LEAST_OVERLAP,
    Response,
    Unjoinable,
    agreement,
    agreements,
    chain,
    extend,
    join,
)
from trends.recorded import packaged_trends

START = date(2026, 1, 1)
EXACT = 13  # decimals of a response that is as good as not rounded


def days(count: int, first: date = START) -> list[date]:
    return [first + timedelta(days=later) for later in range(count)]


def a_response(
    volumes: Mapping[str, Sequence[float | None]], decimals: int = 5, factor: float = 1.0, cut: bool = False
) -> Response:
    """Answer volumes as Naver does: of the largest, rounded (or cut). None: absent."""
    top = max(volume for row in volumes.values() for volume in row if volume is not None)
    length = max(map(len, volumes.values()))
    series = {
        name: {
            day: _decimal(100 * volume / top, decimals, cut) * factor
            for day, volume in zip(days(len(row)), row, strict=True)
            if volume is not None
        }
        for name, row in volumes.items()
    }
    return Response(series, tuple(days(length)), decimals)


def _decimal(value: float, decimals: int, cut: bool) -> float:
    return math.floor(value * 10**decimals) / 10**decimals if cut else round(value, decimals)


def test_given_a_response_when_joined_then_values_are_relative_to_the_anchors_mean() -> None:
    response = a_response({"a": [10.0, 40.0], "anchor": [10.0, 30.0]})
    found = join([response], "anchor")
    assert found.groups["a"].values == pytest.approx({START: 0.5, START + timedelta(days=1): 2.0})
    assert (set(found.groups), found.unjoined, found.notes) == ({"a"}, {}, ())


def test_given_responses_of_different_scales_when_joined_then_their_groups_compare() -> None:
    small = a_response({"a": [3.0, 3.0], "anchor": [10.0, 30.0]})
    large = a_response({"b": [300.0, 600.0], "anchor": [10.0, 30.0]})
    found = join([small, large], "anchor").groups
    assert found["b"].values[START] / found["a"].values[START] == pytest.approx(100.0, rel=1e-4)


VOLUME = st.floats(1.0, 1e4)


def rows(length: int) -> st.SearchStrategy[dict[str, list[float]]]:
    row = st.lists(VOLUME, min_size=length, max_size=length)
    return st.fixed_dictionaries(dict.fromkeys(("a", "b", "anchor"), row))


@given(rows(5), rows(5), st.integers(-20, 20), st.floats(1e-3, 1e3))
def test_for_any_constant_a_response_times_it_joins_to_the_same_values(
    one: dict[str, list[float]], other: dict[str, list[float]], power: int, constant: float
) -> None:
    other = {"c": other["a"], "d": other["b"], "anchor": one["anchor"]}
    plain = join([a_response(one), a_response(other)], "anchor")
    exactly = join([a_response(one, factor=2.0**power), a_response(other)], "anchor")
    assert exactly == plain  # a power of two is exact: flags, too
    nearly = join([a_response(one), a_response(other, factor=constant)], "anchor")
    for name, joined in plain.groups.items():
        assert nearly.groups[name].values == pytest.approx(joined.values, rel=1e-9)


@given(rows(8), rows(8), st.integers(2, 7))
def test_for_any_future_days_past_values_change_by_one_constant_at_most(
    one: dict[str, list[float]], other: dict[str, list[float]], known: int
) -> None:
    other = {"c": other["a"], "anchor": one["anchor"]}
    past = [a_response({name: row[:known] for name, row in batch.items()}, EXACT) for batch in (one, other)]
    before = join(past, "anchor").groups
    after = join([a_response(batch, EXACT) for batch in (one, other)], "anchor").groups
    quotients = [after[name].values[day] / value for name in before for day, value in before[name].values.items()]
    assert quotients == pytest.approx([quotients[0]] * len(quotients), rel=1e-8)
    assert len(quotients) == 3 * known


@given(rows(8), st.integers(2, 7), st.floats(1, 1e6))
def test_for_any_spike_later_past_values_that_are_not_flagged_stay_within_what_the_flag_promises(
    batch: dict[str, list[float]], known: int, spike: float
) -> None:
    batch["a"][-1] *= spike
    before = join([a_response({name: row[:known] for name, row in batch.items()}, EXACT)], "anchor").groups
    drowned = join([a_response(batch)], "anchor")
    if drowned.unjoined or any(note.startswith("anchor") for note in drowned.notes):
        return  # told
    constant = math.fsum(batch["anchor"]) / 8 / (math.fsum(batch["anchor"][:known]) / known)
    unsure = 1 + 1.05 / COARSE_STEPS  # half a step of that many, in the value and in the anchor's mean
    for name, joined in before.items():
        later = drowned.groups[name]
        for day in joined.values.keys() - later.coarse:
            assert 1 / unsure <= later.values[day] * constant / joined.values[day] <= unsure


def test_given_a_spike_so_large_that_days_read_zero_when_joined_then_they_are_floored_and_flagged() -> None:
    response = a_response({"a": [1e9, 1e9], "b": [1.0, 1e4], "anchor": [1e6, 1e6]})
    found = join([response], "anchor")
    b = found.groups["b"]
    assert response.series["b"][START] == 0.0
    assert b.floored == {START}
    assert b.coarse == {START}
    assert b.values[START] == pytest.approx(1e-5 / 2 / 0.1)  # half a step
    assert b.is_drowned
    assert found.notes == ("b drowns beside a larger group: take a smaller anchor",)


def test_given_a_spike_of_its_own_so_large_that_days_read_zero_when_joined_then_they_are_floored_too() -> None:
    a = join([a_response({"a": [1.0, 5e2, 1e9], "anchor": [1e6, 1e6, 1e6]})], "anchor").groups["a"]
    assert a.floored == {START}
    assert a.coarse == {START, START + timedelta(days=1)}


def test_given_zeros_of_a_group_of_the_same_size_when_joined_then_they_are_zeros() -> None:
    b = join([a_response({"b": [0.0, 40.0], "anchor": [40.0, 50.0]})], "anchor").groups["b"]
    assert (b.values[START], b.floored, b.coarse) == (0.0, frozenset(), frozenset())


def test_given_absent_buckets_when_joined_then_they_stay_absent() -> None:
    b = join([a_response({"b": [None, 40.0, None], "anchor": [40.0, 50.0, 60.0]})], "anchor").groups["b"]
    assert list(b.values) == [START + timedelta(days=1)]
    empty = join([a_response({"b": [None], "anchor": [40.0]})], "anchor").groups["b"]
    assert (empty.values, empty.is_drowned) == ({}, False)


@pytest.mark.parametrize(
    ("anchor", "reason"),
    [
        (
            [1.0, None, 1.0],
            r"^anchor was not searched in 1 of 3 buckets beside a \(1 absent, 0 of 0; first 2026-01-02\)",
        ),
        ([1.0, 0.0, None], r"2 of 3 buckets beside a \(1 absent, 1 of 0; first 2026-01-02\)"),
        ([1.0, 1.0], "1 of 3 buckets"),  # the others have a day more
        ([9.0, None, 1.0], r"1 of 3 buckets \("),
    ],
)
def test_given_an_anchor_not_searched_each_day_when_joined_then_its_response_is_not(
    anchor: list[float | None], reason: str
) -> None:
    bad, good = a_response({"a": [2.0, 3.0, 4.0], "anchor": anchor}), a_response({"b": [1.0] * 3, "anchor": [1.0] * 3})
    found = join([bad, good], "anchor")
    assert set(found.groups) == {"b"}
    assert set(found.unjoined) == {0}
    with pytest.raises(AssertionError, match=reason):
        raise AssertionError(found.unjoined[0])


def test_given_responses_without_the_anchor_or_without_data_when_joined_then_the_reason_is_given() -> None:
    nothing = Response({"a": {}, "anchor": {}}, (), 2)
    found = join([a_response({"a": [1.0]}), nothing], "anchor")
    assert found.groups == {}
    assert found.unjoined == {0: "anchor is not in the response", 1: "nobody searched any group in the window"}
    assert join([], "anchor") == ({}, {}, ())


def test_given_windows_that_do_not_meet_when_joined_then_nothing_is() -> None:
    late = Response({"b": {date(2027, 1, 1): 1.0}, "anchor": {date(2027, 1, 1): 1.0}}, (date(2027, 1, 1),), 5)
    found = join([a_response({"a": [1.0], "anchor": [1.0]}), late], "anchor")
    assert found.groups == {}
    assert set(found.unjoined.values()) == {"no bucket is in all responses"}


def test_given_a_response_with_a_day_more_when_joined_then_the_others_are_not_moved() -> None:
    volumes = {"a": [1.0, 2.0], "anchor": [1.0, 3.0]}
    longer = a_response({"b": [1.0, 2.0, 3.0], "anchor": [1.0, 3.0, 1_000.0]})
    found = join([a_response(volumes), longer], "anchor").groups
    assert found["a"].values == join([a_response(volumes)], "anchor").groups["a"].values
    assert found["b"].values[START] == pytest.approx(found["a"].values[START], rel=1e-3)
    assert len(found["b"].values) == 3


def test_given_an_anchor_that_is_small_beside_its_target_when_joined_then_it_is_noted() -> None:
    found = join([a_response({"a": [1e7, 1e7], "anchor": [2.0, 2.0]})], "anchor")
    assert found.notes == ("anchor is small beside a: their quotient may be wrong by more than 2 %",)


SMALL, MIDDLE, LARGE = [2.0, 4.0, 3.0], [300.0, 200.0, 400.0], [5e4, 6e4, 4e4]


def linked() -> list[Response]:
    return [a_response({"small": SMALL, "middle": MIDDLE}), a_response({"middle": MIDDLE, "large": LARGE})]


def test_given_anchors_small_to_large_when_chained_then_targets_of_all_sizes_compare() -> None:
    units = chain(("small", "middle", "large"), linked())
    assert units == pytest.approx({"small": 1.0, "middle": 100.0, "large": 5e4 / 3}, rel=1e-3)
    tiny = a_response({"tiny": [1.0, 2.0, 3.0], "small": SMALL})
    huge = a_response({"huge": [1e5, 2e5, 3e5], "large": LARGE})
    found = join([tiny, huge], ("small", "large"), units).groups
    for day in days(3):
        assert found["huge"].values[day] / found["tiny"].values[day] == pytest.approx(1e5, rel=1e-3)


def test_given_a_direct_link_besides_neighbours_when_chained_then_neighbours_are_taken() -> None:
    direct = a_response({"small": SMALL, "large": LARGE}, decimals=2)
    units = chain(("small", "middle", "large"), [direct, *linked()])
    assert units == chain(("small", "middle", "large"), linked())


def test_given_anchors_that_cannot_be_chained_when_tried_then_it_says_why() -> None:
    anchors = ("small", "middle", "large")
    with pytest.raises(Unjoinable, match=r"^no response holds large together with small, middle$"):
        chain(anchors, linked()[:1])
    broken = a_response({"small": [None, 1.0, 1.0], "middle": MIDDLE})
    with pytest.raises(Unjoinable, match="small was not searched in 1 of 3 buckets"):
        chain(anchors, [broken, linked()[1]])
    other = a_response({"small": SMALL, "middle": [600.0, 400.0, 800.0]})
    with pytest.raises(Unjoinable, match=r"^small is 0\.01 times middle in one response and 0\.005 times in another$"):
        chain(anchors, [*linked(), other])
    apart = Response({name: {date(2027, 1, 1): 1.0} for name in anchors[1:]}, (date(2027, 1, 1),), 5)
    with pytest.raises(Unjoinable, match="no bucket is in all responses that link anchors"):
        chain(anchors, [linked()[0], apart])
    assert chain(("small",), []) == {"small": 1.0}


@given(rows(6), rows(6), st.integers(0, 7), st.integers(0, 7), st.booleans())
def test_for_any_responses_of_the_same_searches_two_groups_agree_however_they_are_rounded(
    one: dict[str, list[float]], other: dict[str, list[float]], first: int, second: int, cut: bool
) -> None:
    shared = {"a": one["a"], "anchor": one["anchor"]}
    responses = a_response({**shared, "b": other["b"]}, first, cut=cut), a_response({**shared, "c": other["a"]}, second)
    for found in agreements(*responses):
        assert found.agrees, found.words
        assert found.words == ""


@given(rows(6), rows(6), st.integers(3, 7), st.floats(0.01, 1.0))
def test_for_any_responses_of_other_searches_two_groups_disagree_beyond_the_tolerance(
    one: dict[str, list[float]], other: dict[str, list[float]], decimals: int, share: float
) -> None:
    first = a_response({"a": one["a"], "anchor": one["anchor"], "b": other["b"]}, decimals)
    fine = agreement(first, first, "a", "anchor")
    factor = 1 + share + 4 * fine.tolerance / fine.first
    second = a_response({"a": [volume * factor for volume in one["a"]], "anchor": one["anchor"]}, decimals)
    try:
        found = agreement(first, second, "a", "anchor")
    except Unjoinable:
        assume(False)
    assert found.agrees == (abs(found.second - found.first) <= found.tolerance)
    assert bool(found.words) == (not found.agrees)
    if abs(found.second / found.first - 1) > 2 * found.tolerance / found.first:
        assert not found.agrees


def test_given_five_decimals_when_compared_then_the_tolerance_comes_from_the_last_of_them() -> None:
    first = a_response({"a": [50.0], "anchor": [100.0]})
    found = agreement(first, a_response({"a": [50.0], "anchor": [100.0], "c": [1000.0]}), "a", "anchor")
    # half a unit above and below: (50 + s) / (100 - s) of s = 1e-5, and of the second, whose ratios are a tenth
    assert found.tolerance == pytest.approx(1.5e-7 + 1.5e-6, rel=0.01)
    assert found.agrees


def test_given_groups_that_cannot_be_compared_when_tried_then_it_says_why() -> None:
    first, second = a_response({"a": [1.0, None], "b": [1.0, 1.0]}), a_response({"a": [None, 1.0], "b": [1.0, 1.0]})
    with pytest.raises(Unjoinable, match=r"^a and b have no common bucket in both responses$"):
        agreement(first, second, "a", "b")
    drowned = a_response({"a": [1.0], "b": [1.0], "huge": [1e8]})
    with pytest.raises(Unjoinable, match=r"^a is too small beside huge to compare$"):
        agreement(first, drowned, "a", "b")
    assert agreements(first, drowned) == []
    assert agreements(first, first, ("b",)) == []


def series(count: int, first: int = 0, factor: float = 1.0) -> dict[date, float]:
    return {START + timedelta(days=first + day): (10.0 + (first + day) % 7) * factor for day in range(count)}


def test_given_an_overlap_when_extended_then_new_values_are_on_the_old_scale() -> None:
    old, new = series(60), series(60, first=30, factor=3.7)
    found = extend(old, new)
    assert found.values == pytest.approx(series(90))
    assert {day: found.values[day] for day in old} == old
    assert found.factor == pytest.approx(1 / 3.7)
    assert found.overlap == 30
    assert found.spread < 1e-12


def test_given_too_little_overlap_when_extended_then_nothing_is_appended() -> None:
    with pytest.raises(Unjoinable, match=r"^the overlap expected at least 30 buckets above 0, was 29$"):
        extend(series(60), series(60, first=31))
    zeros = {**series(60), START + timedelta(days=40): 0.0}
    with pytest.raises(Unjoinable, match="was 29"):
        extend(zeros, series(60, first=30))
    with pytest.raises(Unjoinable, match="was 28"):
        extend(series(60), series(60, first=30), without=days(2, START + timedelta(days=30)))
    with pytest.raises(Unjoinable, match="was 0"):
        extend({}, {}, least=0)


def test_given_a_revised_day_when_extended_then_the_median_holds_and_the_spread_tells() -> None:
    old, new = series(60), series(60, first=30, factor=2.0)
    new[START + timedelta(days=45)] *= 10
    found = extend(old, new)
    assert found.factor == pytest.approx(0.5)
    assert found.values[START + timedelta(days=45)] == old[START + timedelta(days=45)]
    assert found.spread == pytest.approx(0.9)


def test_given_a_day_missing_in_the_old_when_extended_then_the_past_stays_as_it_was_known() -> None:
    old = series(60)
    del old[START + timedelta(days=50)]
    assert START + timedelta(days=50) not in extend(old, series(70, first=20)).values


@given(st.lists(VOLUME, min_size=50, max_size=60), st.floats(1e-3, 1e3), st.floats(1e-3, 1e3))
def test_for_any_scales_extending_gives_the_whole_series_up_to_one_constant(
    volumes: list[float], one: float, other: float
) -> None:
    whole = dict(zip(days(len(volumes)), volumes, strict=True))
    old = {day: volume * one for day, volume in list(whole.items())[:40]}
    new = {day: volume * other for day, volume in list(whole.items())[5:]}
    found = extend(old, new)
    assert found.values == pytest.approx({day: volume * one for day, volume in whole.items()})
    assert list(found.values) == sorted(found.values)


def test_given_the_shipped_series_asked_window_by_window_when_extended_then_it_comes_back() -> None:
    recorded = packaged_trends().series["120110"]
    whole = dict(list(zip(recorded.days, recorded.ratios, strict=True))[-400:])
    known: dict[date, float] = {}
    for first in range(0, 400, 60):
        window = dict(list(whole.items())[first : first + 60 + LEAST_OVERLAP])
        top = max(window.values())  # each answer is scaled by its own largest bucket
        answer = {day: round(100 * ratio / top, 5) for day, ratio in window.items()}
        known = extend(known, answer).values if known else answer
    scale = median(known[day] / ratio for day, ratio in whole.items() if ratio > 0)
    assert known == pytest.approx({day: ratio * scale for day, ratio in whole.items()}, rel=1e-4, abs=1e-4)
