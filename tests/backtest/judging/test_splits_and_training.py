"""Windows in time, and what is learned before each."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.judging.claims import NO_EXIT, Claim, Scored
from backtest.judging.splits import LEAST_SESSIONS, Split, splits_of
from backtest.judging.training import best, calibrator, candidates, learnable
from domain.errors import ConfigError
from domain.types import Side
from strategies.base import Param

SPLIT = Split(1, 0, 50, 100)


def a_scored(at: int, won: bool, *, due: int = 0, confidence: float = 0.6, reason: str = "") -> Scored:
    claim = Claim(at, 0, Side.BUY, 2, confidence, "normal")
    return Scored(claim, due or at + 2, reason, 100 if won else -100, 50)


@given(st.sets(st.integers(0, 3_000), max_size=400).map(sorted), st.integers(1, 12))
def test_for_any_points_windows_follow_each_other_and_each_learns_from_all_before_it(
    points: list[int], windows: int
) -> None:
    found = splits_of(points, windows)
    assert len(found) <= windows
    for early, late in pairwise(found):
        assert early.test_to == late.test_from
    for split in found:
        assert split.train_from == points[0] < split.test_from < split.test_to
        assert sum(split.test_from <= point < split.test_to for point in points) >= LEAST_SESSIONS
    assert not found or found[-1].test_to == points[-1] + 1
    assert found or len(points) < 3 * LEAST_SESSIONS


def test_given_claims_open_when_a_window_begins_when_learned_then_they_are_left_out() -> None:
    known = a_scored(40, True, due=49)
    scored = [known, a_scored(45, True, due=50), a_scored(60, True), a_scored(10, True, reason=NO_EXIT)]
    assert learnable(scored, SPLIT) == [known]


def test_given_candidates_when_chosen_then_the_lower_end_counts_and_the_first_of_equals() -> None:
    lucky = [a_scored(1, True)]
    good = [a_scored(at, at % 4 > 0) for at in range(40)]
    later = [a_scored(at, True) for at in range(50, 90)]
    assert best([lucky, good], SPLIT) == 1
    assert best([[], lucky], SPLIT) == 1
    assert best([[], []], SPLIT) == 0
    assert best([good, good], SPLIT) == 0
    assert best([good, [*later, *lucky]], SPLIT) == 0, "what comes in the window is not known before"


def test_given_levels_of_confidence_when_calibrated_then_they_are_worth_what_they_won() -> None:
    often = [a_scored(at, at % 5 > 0, confidence=0.6) for at in range(500)]
    seldom = [a_scored(at, at % 5 == 0, confidence=0.9) for at in range(500)]
    worth = calibrator([*often, *seldom])
    assert worth(0.6) == pytest.approx(0.8, abs=0.02)
    assert worth(0.9) == pytest.approx(0.2, abs=0.02)
    assert worth(0.7) == pytest.approx(0.5, abs=0.02), "a level never seen is worth the average"


def test_given_a_few_lucky_claims_or_none_when_calibrated_then_nothing_is_certain() -> None:
    assert calibrator([a_scored(at, True) for at in range(3)])(0.6) == pytest.approx(0.704, abs=0.001)
    assert calibrator([])(0.6) == 0.6


def test_given_sweeps_when_candidates_are_made_then_the_default_is_first_and_values_are_those_declared() -> None:
    first, second = Param("a", 2, 1, 9, sweep=(1, 2, 3)), Param("b", 5, 1, 9, sweep=(4,))
    found = candidates("s", (first, second, Param("c", 1, 0, 2)))
    assert found[0] == {"a": 2, "b": 5, "c": 1}
    assert len(found) == 6
    assert {(one["a"], one["b"]) for one in found} == {(a, b) for a in (1, 2, 3) for b in (4, 5)}


def test_given_a_sweep_of_an_exit_when_candidates_are_made_then_it_is_left_at_its_default() -> None:
    entry, leave = Param("a", 1, 0, 9, sweep=(1, 2)), Param("b", 5, 0, 9, sweep=(5, 6), entry=False)
    assert candidates("s", (entry, leave)) == [{"a": 1, "b": 5}, {"a": 2, "b": 5}]


def test_given_many_sweeps_when_candidates_are_made_then_one_is_moved_at_a_time_and_too_many_are_refused() -> None:
    def declared(count: int) -> list[Param]:
        return [Param(f"p{at}", 2, 1, 99, sweep=(1, 2, 3)) for at in range(count)]

    found = candidates("s", declared(5))
    assert len(found) == 11
    assert all(sum(value != 2 for value in one.values()) <= 1 for one in found)
    with pytest.raises(ConfigError, match="strategy s sweeps expected 64"):
        candidates("s", declared(40))
