"""Correlations and volumes from daily bars: in whole numbers, over the days both have, known or not."""

from itertools import pairwise
from statistics import correlation as exact

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.config import RunConfig
from domain.messages.market import DayBar, HistoryReceived
from domain.messages.run import RunStarted
from domain.risk.correlation import LEAST_RETURNS, correlation, series
from domain.risk.exposure_facts import ExposureFacts
from domain.risk_config import RiskConfig
from domain.types import PPM, Krw

UP = (100, 110, 105, 120, 118, 125, 130, 122, 140, 138, 150)


def days(closes: tuple[int, ...], first: int = 1) -> list[tuple[str, int]]:
    return [(f"2026-01-{first + place:02d}", close) for place, close in enumerate(closes)]


def a_history(symbol: str, closes: tuple[int, ...], volume: int = 1_000, on: str = "2026-02-01") -> HistoryReceived:
    rows = [(day, Krw(close)) for day, close in days(closes)]
    bars = tuple(DayBar(day, at, at, at, at, volume + place) for place, (day, at) in enumerate(rows))
    return HistoryReceived(symbol, on, bars, "")


def facts(**limits: int) -> ExposureFacts:
    found = ExposureFacts()
    found.fold(RunStarted("r", "0", RunConfig("paper", risk=RiskConfig(max_correlated_ppm=1, **limits))))  # type: ignore[arg-type]  # only numbers
    return found


def test_given_returns_that_move_alike_or_against_when_correlated_then_it_is_all_or_nothing() -> None:
    falling = tuple(10**9 * 100 // close for close in UP)
    assert correlation(series(days(UP)), series(days(tuple(10 * close for close in UP)))) == PPM
    against = correlation(series(days(UP)), series(days(falling)))
    assert against is not None
    assert against < -980_000


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (days(UP[:-1]), days(UP[:-1])),  # nine returns
        (days(UP), days(UP, first=2)),  # nine common ones
        (days(UP), days((100,) * len(UP))),  # it did not move
        (days(UP), []),
    ],
)
def test_given_too_few_common_days_or_no_moves_when_correlated_then_nothing_is_known(
    one: list[tuple[str, int]], other: list[tuple[str, int]]
) -> None:
    assert correlation(series(one), series(other)) is None
    assert correlation(series(other), series(one)) is None


def test_given_a_day_one_lacks_when_correlated_then_both_are_looked_at_over_the_same_spans() -> None:
    gap = [item for item in days((*UP, 151)) if item[0] != "2026-01-05"]
    twice = [(day, 2 * close) for day, close in days((*UP, 151))]
    assert correlation(series(gap), series(twice)) == PPM


prices = st.lists(st.integers(1_000, 2_000), min_size=LEAST_RETURNS + 1, max_size=21)


@settings(max_examples=60)
@given(prices, prices)
def test_for_any_closes_the_whole_number_is_that_of_the_formula(one: list[int], other: list[int]) -> None:
    count = min(len(one), len(other))
    first, second = series(days(tuple(one[:count]))), series(days(tuple(other[:count])))
    found = correlation(first, second)
    assert found == correlation(second, first)
    if found is not None:
        returns = [
            [(now - before) * PPM // before for before, now in pairwise(closes)]
            for closes in (one[:count], other[:count])
        ]
        assert abs(found - exact(*returns) * PPM) < 2


def test_given_daily_bars_when_they_come_then_volume_and_closes_are_those_of_the_newest_sessions() -> None:
    known = facts(adv_days=4)
    known.fold(a_history("A", UP, 1_000))
    assert known.volumes == {"A": (1_007 + 1_008 + 1_009 + 1_010) // 4}
    assert known.series["A"].closes == UP[-5:]
    known.fold(HistoryReceived("A", "2026-02-02", (), "the link broke"))
    known.fold(a_history("B", UP, on="2026-01-01"))  # bars of the date or later
    assert set(known.volumes) == {"A"}


def test_given_bars_before_or_after_a_position_begins_when_others_are_looked_at_then_it_makes_no_difference() -> None:
    other = (100, 90, 99, 101, 130, 90, 95, 122, 110, 138, 150)
    before, after = facts(), facts()
    for message in (a_history("A", UP), a_history("B", other), a_history("C", UP[::-1])):
        before.fold(message)
    for known in (before, after):
        known.count("B", 1_000)
        known.count("A", 500)
        known.count("D", 70)  # no bars of it are known: it counts whole
    for message in (a_history("C", UP[::-1]), a_history("A", UP), a_history("B", other)):
        after.fold(message)
    for symbol in "ABCDE":
        assert before.correlated(symbol) == after.correlated(symbol)
    assert before.correlated("E") == 1_570
    assert 70 <= before.correlated("A") < 1_070
    before.count("B", 0)
    assert before.correlated("A") == 70
    before.restart({"A": 500})
    assert before.correlated("C") <= 500


def test_given_limits_without_correlations_when_bars_come_then_nothing_is_paired() -> None:
    known = ExposureFacts()
    known.fold(a_history("A", UP))
    known.count("A", 5)
    assert (known.counted, known.rows) == ({}, {})
