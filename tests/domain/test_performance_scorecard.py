"""The owner's targets beside what was measured."""

from dataclasses import replace

import pytest

from domain.performance.model import Target
from domain.performance.scorecard import WISHES, Counted, scorecard
from domain.scoring.chance import wilson

GOOD = Counted(
    market_ms=1_000_000,
    up_ms=999_000,
    scored_entries=100,
    right_entries=70,
    reactions=50,
    reaction_ms_p99=999.9,
    days=21,
    lowest_ppm=50_000,
    closed_trades=40,
    wins=24,
    orders=100,
    by_hand=10,
    drawdown_ppm=100_000,
    total_return=0.21,
)
NAMES = ["link_up", "link_up", "signal_precision", "reaction", "daily_loss", "win_rate", "automation", "drawdown"]


def of(name: str, counted: Counted) -> Target:
    return next(target for target in scorecard(counted) if target.name == name)


def test_given_figures_at_their_aims_when_judged_then_every_target_is_met_and_no_wish_is_judged() -> None:
    targets = scorecard(GOOD)
    assert [target.name for target in targets] == [*NAMES, *WISHES]
    assert [target.met for target in targets] == [True] * len(NAMES) + [None] * len(WISHES)
    assert [target.is_wish for target in targets] == [False] * len(NAMES) + [True] * len(WISHES)
    assert [(target.aim, target.measured) for target in targets[:2]] == [(0.99, 0.999), (0.999, 0.999)]
    counted = ["market_ms", "market_ms", "scored_entries", "reactions", "days", "closed_trades", "orders", "days"]
    assert [target.denominator for target in targets] == [*counted, "days", "days"]
    assert [target.n for target in targets] == [1_000_000, 1_000_000, 100, 50, 21, 40, 100, 21, 21, 21]
    assert {target.before for target in targets} == {None}


@pytest.mark.parametrize(
    ("name", "worse"),
    [
        ("link_up", replace(GOOD, up_ms=989_999)),
        ("signal_precision", replace(GOOD, right_entries=69)),
        ("reaction", replace(GOOD, reaction_ms_p99=1_000.0)),
        ("daily_loss", replace(GOOD, lowest_ppm=50_001)),
        ("win_rate", replace(GOOD, wins=23)),
        ("automation", replace(GOOD, by_hand=11)),
        ("drawdown", replace(GOOD, drawdown_ppm=100_001)),
    ],
)
def test_given_a_figure_just_beyond_its_aim_when_judged_then_the_target_is_missed(name: str, worse: Counted) -> None:
    assert of(name, worse).met is False
    others = [target.met for target in scorecard(worse) if target.name != name and not target.is_wish]
    assert set(others) == {True}


def test_given_links_up_between_both_aims_when_judged_then_one_is_met() -> None:
    assert [target.met for target in scorecard(replace(GOOD, up_ms=995_000))][:2] == [True, False]


def test_given_nothing_measured_when_judged_then_no_target_is() -> None:
    for target in scorecard(Counted()):
        assert (target.measured, target.met, target.low, target.high, target.n) == (None, None, None, None, 0)


def test_given_shares_of_cases_when_told_then_their_interval_is_beside_them() -> None:
    assert (of("win_rate", GOOD).low, of("win_rate", GOOD).high) == wilson(24, 40)
    assert (of("signal_precision", GOOD).low, of("signal_precision", GOOD).high) == wilson(70, 100)
    wider = replace(GOOD, precision_interval=(0.5, 0.85))
    assert (of("signal_precision", wider).low, of("signal_precision", wider).high) == (0.5, 0.85)
    assert (of("automation", GOOD).low, of("link_up", GOOD).high) == (None, None), "counts of all, no samples"


def test_given_a_period_before_when_told_then_each_target_has_its_figure() -> None:
    before = replace(GOOD, up_ms=500_000, wins=10, closed_trades=20, reactions=0, reaction_ms_p99=None)
    found = {(target.name, target.aim): target.before for target in scorecard(GOOD, before)}
    assert found["link_up", 0.99] == found["link_up", 0.999] == 0.5
    assert (found["win_rate", 0.6], found["reaction", 1_000.0], found["drawdown", 0.1]) == (0.5, None, 0.1)


def test_given_a_return_when_told_beside_wishes_then_it_is_the_pace_of_a_day_and_of_a_month() -> None:
    assert of("wish_day", GOOD).measured == pytest.approx(1.21 ** (1 / 21) - 1)
    assert of("wish_month", GOOD).measured == pytest.approx(0.21)
    few = replace(GOOD, days=5)
    assert of("wish_day", few).measured == pytest.approx(1.21**0.2 - 1)
    assert of("wish_month", few).measured is None, "a week says nothing of a month"
    assert of("wish_day", replace(GOOD, total_return=None)).measured is None
    assert of("wish_day", replace(GOOD, total_return=-1.0)).measured == -1
