"""Closed trades by what they share, and how much of it is luck."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.performance.groups import Groups, chance_of_mean, groups_of, holm, reason_of
from domain.performance.model import ClosedTrade
from domain.time import from_kst
from tests.domain.performance_builders import DAY, a_trade


def test_given_trades_when_grouped_then_each_table_holds_all_of_them_in_its_order() -> None:
    monday, friday = from_kst(DAY, 9, 59), from_kst(DAY + timedelta(days=4), 15, 0)
    trades = [
        a_trade(-30, costs=1, opened_at=monday, symbol="005930", exit_reason="stop_loss: -2 %; end of the day"),
        a_trade(10, costs=2, opened_at=friday, symbol="005930", strategy="operator:kim", exit_reason="by hand"),
        a_trade(50, costs=3, opened_at=friday, symbol="000660", exit_reason=""),
    ]
    groups = groups_of(trades)
    keys = [[line.key for line in table] for table in groups]
    assert keys == [
        ["000660", "005930"],
        ["trend", "operator:kim"],
        ["09", "15"],
        ["", "by hand", "stop_loss"],
        ["1", "5"],
    ]
    for table in groups:
        assert sum(line.realized for line in table) == 30
        assert sum(line.costs for line in table) == 6
        assert sum(line.trades for line in table) == 3
    line = groups.by_symbol[1]
    assert (line.trades, line.wins, line.realized, line.average_krw) == (2, 1, -20, -10)
    assert groups.by_symbol[0].p_value is None, "of one trade nothing is said"
    assert groups_of([]) == Groups((), (), (), (), ())


@pytest.mark.parametrize(("reason", "rule"), [("stop: a: b", "stop"), ("a; b: c", "a"), (" gone ", "gone"), ("", "")])
def test_given_a_reason_when_named_then_it_is_the_rule_before_the_first_colon(reason: str, rule: str) -> None:
    assert reason_of(a_trade(1, exit_reason=reason)) == rule


def test_given_results_when_their_mean_is_tested_then_the_chance_is_students() -> None:
    # Student 1908, section IX: hours of sleep gained by ten patients, in tenths; t = 4.062 with 9 degrees of freedom.
    gained = [12, 24, 13, 13, 0, 10, 18, 8, 46, 14]
    assert chance_of_mean(gained) == pytest.approx(0.00283, abs=0.00001)
    assert chance_of_mean([-one for one in gained]) == chance_of_mean(gained)
    assert chance_of_mean([-5, 5]) == 1.0
    assert (chance_of_mean([7]), chance_of_mean([7, 7, 7]), chance_of_mean([0, 0])) == (None, None, None)


def test_given_p_values_when_corrected_then_they_are_holms() -> None:
    assert holm([0.01, None, 0.04, 0.03, 0.5]) == [0.04, None, pytest.approx(0.09), pytest.approx(0.09), 0.5]
    assert holm([0.9, 0.6]) == [1.0, 1.0]
    assert holm([]) == []


@given(st.lists(st.one_of(st.none(), st.floats(0, 1)), max_size=12))
def test_for_any_p_values_the_correction_keeps_their_order_and_lies_between_them_and_bonferroni(
    values: list[float | None],
) -> None:
    adjusted = holm(values)
    known = sorted((p, q) for p, q in zip(values, adjusted, strict=True) if p is not None and q is not None)
    assert [p is None for p in values] == [q is None for q in adjusted]
    assert all(p <= q <= min(1.0, p * len(known)) + 1e-12 for p, q in known)
    assert [q for _, q in known] == sorted(q for _, q in known)


def test_given_many_groups_when_one_loses_then_its_chance_is_corrected_for_all_tables_together() -> None:
    def some(symbol: str, middle: int) -> list[ClosedTrade]:
        return [a_trade(middle + spread, symbol=symbol) for spread in (-3, -1, 0, 1, 3)]

    groups = groups_of([*some("A", -9), *some("B", 1)])
    worst = groups.by_symbol[-1]
    assert worst.key == "A"
    assert worst.p_value is not None
    looks = sum(line.p_value is not None for table in groups for line in table)
    assert looks == 6
    assert worst.p_adjusted == pytest.approx(worst.p_value * looks)
