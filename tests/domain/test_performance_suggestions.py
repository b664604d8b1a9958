"""What stated rules make of the figures of a period."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from domain.performance.groups import Groups
from domain.performance.metrics import Measured, metrics_of
from domain.performance.model import GroupLine, Metrics, Suggestion
from domain.performance.scorecard import Counted, scorecard
from domain.performance.suggestions import RULES, Seen, suggestions
from domain.types import Krw
from tests.domain.performance_builders import a_trade

DOCS = Path(__file__).parents[2] / "docs" / "reports.md"
NO_GROUPS = Groups((), (), (), (), ())
MANY = metrics_of(Measured([], [], [a_trade(1_000)] * 30))
QUIET = Seen(MANY, NO_GROUPS)


def a_line(key: str, realized: int, trades: int = 20, p_adjusted: float | None = 0.01) -> GroupLine:
    return GroupLine(key, trades, 3, Krw(realized), Krw(5), realized / trades, p_adjusted, p_adjusted)


def seen(**changes: Any) -> Seen:
    return replace(QUIET, **changes)


def with_costs(share: float) -> Metrics:
    return replace(MANY, cost_share=share)


def told(found: Seen) -> list[str]:
    return [one.rule for one in suggestions(found)]


def test_given_figures_within_every_threshold_when_judged_then_nothing_is_said() -> None:
    assert suggestions(QUIET) == ()


LOSING = Groups(by_symbol=(a_line("A", -100),), by_strategy=(), by_hour=(), by_reason=(), by_weekday=())
HOURS = (a_line("09", 500), a_line("10", -10, trades=5, p_adjusted=None))
WATCHED = NO_GROUPS._replace(by_hour=HOURS)
MISSED = Counted(closed_trades=100, wins=40, scored_entries=30, right_entries=20, days=1, lowest_ppm=60_000)


LOST = {"orders": 1}
CASES: list[tuple[str, Seen, Seen]] = [
    ("few_trades", seen(metrics=replace(MANY, trades=29)), QUIET),
    ("unknown_fates", seen(unknown=1), seen(unknown=0)),
    ("links_down", seen(market_ms=1_000, up_ms=989, losses=LOST), seen(market_ms=1_000, up_ms=990, losses=LOST)),
    ("links_late", seen(market_ms=1_000, up_ms=989), seen(market_ms=1_000, up_ms=990)),
    ("links_late", seen(market_ms=1_000, up_ms=0), seen(market_ms=1_000, up_ms=0, losses=LOST)),
    ("rejects", seen(orders=100, rejected={"x": 2, "y": 1}), seen(orders=100, rejected={"x": 2})),
    ("rejects", seen(orders=10, rejected={"x": 1}), seen(orders=9, rejected={"x": 9})),
    ("group_loses", seen(groups=LOSING), seen(groups=NO_GROUPS._replace(by_symbol=(a_line("A", 100),)))),
    ("costs", seen(metrics=with_costs(0.51)), seen(metrics=with_costs(0.5))),
    ("reaction", seen(reaction_ms_p99=1_000.0, reactions=20), seen(reaction_ms_p99=999.0, reactions=20)),
    ("reaction", seen(reaction_ms_p99=5_000.0, reactions=20), seen(reaction_ms_p99=5_000.0, reactions=19)),
    ("decision_slip", seen(decision_slip_ppm=500.1, slips=20), seen(decision_slip_ppm=500.0, slips=20)),
    ("arrival_slip", seen(arrival_slip_ppm=501.0, slips=20), seen(arrival_slip_ppm=501.0, slips=19)),
    ("refused_quotes", seen(quotes=1_000, refused=11), seen(quotes=1_000, refused=10)),
    ("denials", seen(orders=69, denied={"X": 31}), seen(orders=70, denied={"X": 30})),
    ("losing_streak", seen(orders=90, denied={"LOSING_STREAK": 1}), seen(orders=90, denied={"PACE": 1})),
    ("group_watch", seen(groups=WATCHED), seen(groups=NO_GROUPS._replace(by_hour=HOURS[1:]))),
    ("target_missed", seen(targets=scorecard(MISSED)), seen(targets=scorecard(Counted(closed_trades=29)))),
    (
        "target_open",
        seen(targets=scorecard(Counted(closed_trades=30, wins=17))),
        seen(targets=scorecard(Counted(closed_trades=29, wins=16))),
    ),
]


@pytest.mark.parametrize(("rule", "beyond", "within"), CASES)
def test_given_a_figure_at_its_threshold_when_judged_then_only_what_is_beyond_it_is_said(
    rule: str, beyond: Seen, within: Seen
) -> None:
    assert rule in told(beyond)
    assert rule not in told(within)


def test_given_every_rule_when_listed_then_each_is_tested_above_and_in_the_docs() -> None:
    listed = DOCS.read_text()
    assert all(f"`{rule.name}`" in listed for rule in RULES)
    assert {rule for rule, _, _ in CASES} == {rule.name for rule in RULES}
    assert len({rule.name for rule in RULES}) == len(RULES)


def test_given_few_trades_when_more_is_found_then_that_they_are_few_is_said_first() -> None:
    found = seen(metrics=replace(MANY, trades=3), unknown=2, groups=LOSING, orders=5, denied={"COOL_DOWN": 9})
    assert told(found) == ["few_trades", "unknown_fates", "group_loses", "denials", "losing_streak"]
    weights = [one.weight for one in suggestions(found)]
    assert weights == sorted(weights, reverse=True)


def test_given_groups_that_lose_when_not_proved_then_the_largest_three_losses_are_to_be_watched() -> None:
    lines = tuple(a_line(f"{hour:02d}", -hour, trades=19) for hour in range(9, 15))
    found = suggestions(seen(groups=NO_GROUPS._replace(by_hour=lines)))
    assert [(one.rule, one.figures["key"]) for one in found] == [
        ("group_watch", "14"),
        ("group_watch", "13"),
        ("group_watch", "12"),
    ]
    unproved = NO_GROUPS._replace(by_symbol=(a_line("A", -9, p_adjusted=0.05), a_line("B", -1, trades=4)))
    assert [one.figures["key"] for one in suggestions(seen(groups=unproved))] == ["A"]


def test_given_targets_missed_when_told_then_an_interval_that_holds_the_aim_makes_it_open() -> None:
    found = {one.figures["name"]: one for one in suggestions(seen(targets=scorecard(MISSED)))}
    assert {name: one.rule for name, one in found.items()} == {
        "win_rate": "target_missed",
        "daily_loss": "target_missed",
        "signal_precision": "target_open",
    }
    assert found["daily_loss"].figures == {
        "name": "daily_loss",
        "measured": 0.06,
        "aim": 0.05,
        "n": 1,
        "denominator": "days",
    }
    assert {"low", "high"} <= found["signal_precision"].figures.keys()


def test_given_disconnects_and_rejects_when_told_then_the_most_frequent_is_named() -> None:
    found = seen(
        market_ms=1_000,
        up_ms=500,
        longest_ms=300,
        losses={"quotes": 2, "orders": 1},
        losses_by_hour={"13": 1, "09": 2},
        orders=10,
        rejected={"b": 2, "a": 2},
    )
    links, rejects = suggestions(found)
    lost: dict[str, float | int | str] = {
        "share": 0.5,
        "aim": 0.99,
        "lost": 3,
        "longest_ms": 300,
        "hour": "09",
        "times": 2,
    }
    assert links == Suggestion("links_down", lost, 80.5)
    assert rejects.figures == {"rejected": 4, "orders": 10, "share": 0.4, "reason": "a", "times": 2}
    [late] = suggestions(seen(market_ms=1_000, up_ms=500))  # never lost: there is no hour and no length to tell
    assert late == Suggestion("links_late", {"share": 0.5, "aim": 0.99}, 80.5)


def test_given_stops_that_lose_when_looked_at_then_nothing_is_suggested_of_them() -> None:
    line = a_line("stop", -1_000)
    groups = Groups(by_symbol=(), by_strategy=(), by_hour=(), by_reason=(line, line), by_weekday=())
    assert not {"group_loses", "group_watch"} & set(told(seen(groups=groups)))


def test_given_trades_of_one_weekday_when_it_lost_then_nothing_is_suggested_of_that_weekday() -> None:
    tuesday, friday = a_line("2", -1_000), a_line("5", 10)
    assert told(seen(groups=NO_GROUPS._replace(by_weekday=(tuesday,)))) == []
    assert told(seen(groups=NO_GROUPS._replace(by_weekday=(tuesday, friday)))) == ["group_loses"]
