"""Chance: p-values that are honest, intervals that widen with clusters, Holm."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.judging.luck import Placed, holm, interval_of_mean, interval_of_share, p_value, shares

POINTS, COLUMNS = 250, 4


def placed(rows: np.ndarray, columns: np.ndarray, values: np.ndarray) -> Placed:
    return Placed(rows, columns, np.full(values.shape[1], len(values), np.int64), values)


def held_over(draw: np.random.Generator, horizon: int = 5) -> np.ndarray:
    """Give wins of entries held over several points in time: neighbours share most of what happens to them."""
    common, own = draw.normal(0, 1, (POINTS + horizon, 1)), draw.normal(0, 1, (POINTS + horizon, COLUMNS))
    moves = np.cumsum(common + own, axis=0)
    return np.array(moves[horizon:] - moves[:-horizon] > 0, float)


def clustered(draw: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Give claims that come in bursts over all columns."""
    starts = draw.integers(0, POINTS - 6, 8)
    pairs = [(start + back, column) for start in starts for back in (0, 3) for column in range(COLUMNS)]
    rows, columns = np.array(sorted(set(pairs)), np.int64).T
    return rows, columns


def test_given_claims_without_skill_that_cluster_when_tested_then_small_p_values_are_as_rare_as_they_say() -> None:
    draw = np.random.default_rng(7)
    found = []
    for _ in range(300):
        rows, columns = clustered(draw)
        found.append(p_value([placed(rows, columns, held_over(draw))], POINTS) or 0.0)
    small = np.array(found)
    assert 0.0 < np.mean(small <= 0.1) < 0.16
    assert np.mean(small <= 0.05) < 0.09
    assert 0.4 < np.mean(small) < 0.6


def test_given_claims_that_know_when_tested_then_the_p_value_is_small() -> None:
    values = held_over(np.random.default_rng(3))
    rows, columns = np.nonzero(values)
    found = p_value([placed(rows[::6], columns[::6], values)], POINTS)
    assert found is not None
    assert found == pytest.approx(1 / POINTS)


def test_given_nothing_to_compare_with_when_tested_then_there_is_no_p_value() -> None:
    empty = np.array([], np.int64)
    values = np.ones((POINTS, COLUMNS))
    assert p_value([placed(empty, empty, values)], POINTS) is None
    assert p_value([], POINTS) is None
    assert p_value([placed(np.array([0]), np.array([0]), values[:1])], 1) is None


def test_given_outcomes_that_are_all_alike_when_tested_then_nothing_is_proven() -> None:
    rows, columns = np.array([1, 5]), np.array([0, 1])
    assert p_value([placed(rows, columns, np.ones((POINTS, COLUMNS)))], POINTS) == 1.0


def test_given_a_move_when_shares_are_made_then_claims_go_around_the_end_and_lacks_are_left_out() -> None:
    values = np.array([[1.0], [0.0], [np.nan], [1.0]])
    group = placed(np.array([0, 3]), np.array([0, 0]), values)
    found = shares([group], np.array([0, 1, 2, 3]))
    assert found.tolist() == [1.0, 0.5, 0.0, 1.0]


def test_given_whole_sessions_when_tested_then_claims_keep_their_time_of_day() -> None:
    values = np.tile(np.array([[1.0], [0.0]]), (30, 1))  # the first half of a session always wins
    assert p_value([placed(np.array([0, 20, 40]), np.zeros(3, np.int64), values)], 60, 2) == 1.0


@given(st.dictionaries(st.text(max_size=3), st.floats(0, 1), max_size=6))
def test_for_any_p_values_holm_never_lowers_one_and_keeps_their_order(given_p: dict[str, float]) -> None:
    found = holm(given_p)
    assert found.keys() == given_p.keys()
    for name, p in given_p.items():
        adjusted = found[name]
        assert adjusted is not None
        assert p <= adjusted <= 1
        assert all(adjusted <= (found[other] or 0.0) for other in given_p if given_p[other] > p)


def test_given_three_p_values_and_a_missing_one_when_adjusted_then_holm_1979_is_followed() -> None:
    found = holm({"a": 0.01, "b": 0.04, "c": 0.03, "none": None})
    assert found == {"a": pytest.approx(0.03), "b": pytest.approx(0.06), "c": pytest.approx(0.06), "none": None}


def test_given_claims_of_few_months_when_an_interval_is_made_then_it_is_wider_than_that_of_many() -> None:
    won = [True] * 30 + [False] * 30
    apart = interval_of_share([f"m{at:02d}" for at in range(60)], won)
    together = interval_of_share(["a"] * 15 + ["b"] * 15 + ["c"] * 15 + ["d"] * 15, won)
    assert together.low < apart.low < 0.5 < apart.high < together.high


def test_given_one_month_when_intervals_are_made_then_the_share_has_wilsons_and_the_mean_has_none() -> None:
    low, high = interval_of_share(["a"] * 3, [True] * 3)
    assert low == pytest.approx(0.438, abs=0.001)
    assert high == 1.0
    assert interval_of_mean(["a", "b", "c", "d", "e"], [1.0, 2.0, 3.0, 4.0, 5.0]) is None
    assert interval_of_share([], []) == (0.0, 1.0)


def test_given_returns_of_months_when_an_interval_of_the_mean_is_made_then_it_holds_the_mean_and_repeats() -> None:
    months = [f"m{at // 3}" for at in range(30)]
    values = np.random.default_rng(1).normal(10, 5, 30).tolist()
    found = interval_of_mean(months, values)
    assert found is not None
    assert found.low < sum(values) / 30 < found.high
    assert found == interval_of_mean(months, values)


def test_given_claims_that_hang_together_in_few_blocks_when_repeated_then_intervals_hold_the_truth() -> None:
    draw, held = np.random.default_rng(7), [0, 0]
    blocks = [f"m{at // 10}" for at in range(60)]
    for _ in range(250):
        of_block = np.repeat(draw.normal(0, 1, 6), 10)
        values = of_block + draw.normal(0, 1, 60)
        mean, share = interval_of_mean(blocks, values.tolist()), interval_of_share(blocks, (values > 0).tolist())
        assert mean is not None
        held[0] += mean.low <= 0 <= mean.high
        held[1] += share.low <= 0.5 <= share.high
    assert min(held) >= 230, held  # 237 expected
