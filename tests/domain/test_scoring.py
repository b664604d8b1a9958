"""Outcomes, confidence intervals, chances, calibration and accuracy against always being in."""

import math
from dataclasses import replace
from datetime import date
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvariantError
from domain.krx.costs import fill_costs
from domain.messages.trading import BaselineScored, SignalScored
from domain.scoring.accuracy import LEAST_DATES, Accuracy, accuracy_rows
from domain.scoring.calibration import calibration
from domain.scoring.chance import EXACT_UP_TO, above, above_spread, chance_of_at_least, widening, wilson
from domain.scoring.outcome import outcome, round_trip_ppm
from domain.signal_views import ScoresView
from domain.time import from_kst
from domain.types import Krw, Market, Purpose, Side, UnixNanos

prices = st.integers(1, 10**7)
chances = st.lists(st.floats(0, 1), max_size=12)


@pytest.mark.parametrize("market", [Market.KOSPI, Market.KOSDAQ, Market.ETF])
@pytest.mark.parametrize("on", [date(2020, 3, 2), date(2024, 6, 3), date(2026, 1, 13)])
def test_given_a_large_round_trip_when_costed_then_it_is_what_the_fills_cost(market: Market, on: date) -> None:
    notional = 10**12
    paid = sum(fill_costs(side, notional, market, on, 150).total for side in Side)
    assert round_trip_ppm(market, on, 150) == paid * 10**6 // notional


@pytest.mark.parametrize(
    ("side", "entry", "exit_", "gross", "won"),
    [
        (Side.BUY, 10_000, 10_023, 2_300, False),  # what it costs is not yet a success
        (Side.BUY, 10_000, 10_024, 2_400, True),
        (Side.SELL, 10_000, 9_970, 3_000, True),
        (Side.SELL, 3, 4, -333_334, False),  # rounded down, never in our favour
        (Side.BUY, 10_000, 10_000, 0, False),
    ],
)
def test_given_a_claim_when_scored_then_only_what_beats_the_costs_is_right(
    side: Side, entry: int, exit_: int, gross: int, won: bool
) -> None:
    assert outcome(side, Krw(entry), Krw(exit_), 2_300) == (gross, 2_300, won)


@pytest.mark.parametrize(("entry", "exit_"), [(0, 1), (1, 0), (-1, 5)])
def test_given_no_price_when_scored_then_it_is_refused(entry: int, exit_: int) -> None:
    with pytest.raises(InvariantError, match="> 0 won"):
        outcome(Side.BUY, Krw(entry), Krw(exit_), 0)


@given(prices, prices, st.integers(0, 10_000))
def test_for_any_prices_both_sides_cannot_be_right(entry: int, exit_: int, cost: int) -> None:
    assert not all(outcome(side, Krw(entry), Krw(exit_), cost).won for side in Side)


@given(st.integers(0, 500), st.integers(0, 500))
def test_for_any_counts_the_interval_holds_the_share(wins: int, losses: int) -> None:
    n = wins + losses
    low, high = wilson(wins, n)
    assert 0 <= low <= high <= 1
    assert not n or low - 1e-12 <= wins / n <= high + 1e-12


def test_given_known_counts_when_the_interval_is_made_then_it_is_wilsons() -> None:
    low, high = wilson(8, 10)
    assert (round(low, 4), round(high, 4)) == (0.4902, 0.9433)  # Wilson 1927, tabulated widely
    assert wilson(0, 0) == (0.0, 1.0)


@given(chances, st.integers(-1, 14))
def test_for_any_chances_the_tail_is_the_sum_over_all_courses(probabilities: list[float], wins: int) -> None:
    brute = (
        math.fsum(
            math.prod(p if won else 1 - p for p, won in zip(probabilities, course, strict=True))
            for course in product((False, True), repeat=len(probabilities))
            if sum(course) >= wins
        )
        if len(probabilities) <= 8
        else chance_of_at_least(probabilities, wins)
    )
    assert chance_of_at_least(probabilities, wins) == pytest.approx(brute, abs=1e-9)


@pytest.mark.parametrize("wins", [110, 120, 130, 145])
def test_given_many_trials_when_exact_and_normal_are_compared_then_they_agree(wins: int) -> None:
    probabilities = [0.3] * EXACT_UP_TO
    normal = above(wins, 120.0, EXACT_UP_TO * 0.3 * 0.7)
    assert chance_of_at_least(probabilities, wins) == pytest.approx(normal, abs=0.01)
    assert chance_of_at_least([*probabilities, 0.0], wins) == pytest.approx(normal)


def test_given_confidences_when_calibrated_then_each_bin_tells_what_came() -> None:
    bins = calibration([(0.81, True), (0.85, False), (1.0, True), (0.0, False), (0.9, True)])
    assert [(b.from_confidence, b.to_confidence, b.signals) for b in bins] == [
        (0.0, 0.1, 1),
        (0.8, 0.9, 2),
        (0.9, 1.0, 2),
    ]
    assert (bins[1].mean_confidence, bins[1].precision) == (pytest.approx(0.83), 0.5)


def a_score(day: int, won: bool | None, **fields: object) -> SignalScored:
    at = UnixNanos(from_kst(date(2026, 1, 1), 10, 0) + day * 86_400 * 10**9)
    made = SignalScored(
        1, "s", "120110", Side.BUY, Purpose.ENTRY, 0.8, "normal", "naver", 1800, 0, at, at, Krw(100), Krw(101),
        5_000 if won else 1_000, 2_300, won, "" if won is not None else "halted", at,
    )  # fmt: skip
    return replace(made, **fields)


def a_baseline(day: int, entries: int, wins: int) -> BaselineScored:
    on = date.fromordinal(date(2026, 1, 1).toordinal() + day).isoformat()
    return BaselineScored("120110", on, 1800, 0, entries, wins, 0, 0, UnixNanos(1))


def the_whole(scored: list[SignalScored], baselines: list[BaselineScored]) -> Accuracy:
    return accuracy_rows(ScoresView(tuple(scored), tuple(baselines), 0, True))[0]


def test_given_scores_when_summed_up_then_every_group_has_a_row_and_what_was_not_scored_is_told() -> None:
    scored = [a_score(0, True), a_score(0, False, strategy="t", symbol="000250", regime="wild"), a_score(1, None)]
    scored.append(a_score(1, True, purpose=Purpose.EXIT, cost_ppm=0))
    rows = accuracy_rows(ScoresView(tuple(scored), (), 0, True))
    assert [(r.by, r.key, r.purpose.value, r.signals, r.unscored) for r in rows] == [
        ("all", "", "ENTRY", 2, 1),
        ("all", "", "EXIT", 1, 0),
        ("strategy", "s", "ENTRY", 1, 1),
        ("strategy", "t", "ENTRY", 1, 0),
        ("strategy", "s", "EXIT", 1, 0),
        ("symbol", "000250", "ENTRY", 1, 0),
        ("symbol", "120110", "ENTRY", 1, 1),
        ("symbol", "120110", "EXIT", 1, 0),
        ("regime", "normal", "ENTRY", 1, 1),
        ("regime", "wild", "ENTRY", 1, 0),
        ("regime", "normal", "EXIT", 1, 0),
        ("attention", "naver", "ENTRY", 2, 1),
        ("attention", "naver", "EXIT", 1, 0),
    ]
    whole = rows[0]
    assert (whole.wins, whole.precision, whole.hit_rate, whole.mean_return_bps) == (1, 0.5, 1.0, 7.0)
    assert (whole.baseline_precision, whole.p_value) == (None, None)
    assert accuracy_rows(ScoresView(tuple(scored), (), 0, True), symbol="000250")[0].signals == 1


def test_given_nothing_scored_when_summed_up_then_nothing_is_claimed() -> None:
    row = the_whole([a_score(0, None)], [a_baseline(0, 10, 4)])
    assert (row.signals, row.precision, row.p_value, row.unscored) == (0, None, None, 1)
    assert accuracy_rows(ScoresView((), (), 3, True)) == ()


def test_given_a_baseline_when_compared_then_luck_is_the_share_it_won_on_the_same_dates() -> None:
    row = the_whole([a_score(0, True), a_score(1, True)], [a_baseline(0, 10, 4), a_baseline(1, 10, 5)])
    assert row.baseline_precision == pytest.approx(0.45)
    days = range(LEAST_DATES)
    scored = [a_score(day, day != 0) for day in days]
    whole = the_whole(scored, [a_baseline(day, 10, 4) for day in days])
    assert whole.baseline_precision == pytest.approx(0.4)
    assert whole.p_value is not None
    assert whole.p_value >= chance_of_at_least([0.4] * LEAST_DATES, LEAST_DATES - 1)


def test_given_too_little_to_compare_with_when_judged_then_there_is_no_chance_of_luck() -> None:
    days = range(LEAST_DATES)
    baselines, few = [a_baseline(day, 10, 4) for day in days], days[:-1]
    assert the_whole([a_score(day, True) for day in few], baselines).p_value is None, "too few dates"
    assert the_whole([a_score(day, True) for day in days], baselines[:-1]).p_value is None, "one has no rival"
    exits = [a_score(day, True, purpose=Purpose.EXIT) for day in days]
    assert the_whole(exits, baselines).p_value is None, "always in is a buy"


def test_given_signals_that_win_and_lose_together_when_judged_then_many_of_them_are_not_many_proofs() -> None:
    baselines = [a_baseline(day, 100, 50) for day in range(LEAST_DATES)]
    together = [a_score(day, day < 7) for day in range(LEAST_DATES) for _ in range(20)]
    apart = [a_score(day, turn < 14) for day in range(LEAST_DATES) for turn in range(20)]
    tied, free = the_whole(together, baselines), the_whole(apart, baselines)
    assert tied.precision == free.precision == 0.7
    assert tied.p_value is not None
    assert free.p_value is not None
    assert free.p_value < 0.0001
    assert tied.p_value > 0.05
    assert tied.precision_low is not None
    assert free.precision_low is not None
    assert tied.precision_low < 0.5 < free.precision_low


@pytest.mark.parametrize(("freedom", "quantile"), [(9, 2.262157), (19, 2.093024), (29, 2.045230), (99, 1.984217)])
def test_given_a_measured_spread_when_judged_then_few_groups_count_as_students_t_says(
    freedom: int, quantile: float
) -> None:
    groups = freedom + 1
    assert widening(groups) == pytest.approx(groups / freedom * (quantile / 1.959964) ** 2, rel=0.005)
    variance = 400.0 * freedom / groups
    wins = 100
    found = above_spread(wins, wins - 0.5 - 20 * quantile, variance, groups)
    assert found == pytest.approx(0.025, abs=0.0015)
    assert above_spread(wins, 0.0, 0.0, groups) == 0.0
