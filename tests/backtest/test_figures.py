"""Logs of the same dates in one table: figures as a report has them, parts that add up, and what is refused."""

import re
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from backtest.compare import compare
from backtest.figure_causes import FigureCauses
from backtest.figures import FIGURES, Table, table_of
from backtest.history import read_history
from backtest.same_days import SameDays, Told, read_same_days
from domain.config import CostConfig, RunConfig
from domain.errors import ConfigError
from reports.measured import measure, summary_of
from tests.backtest.builders import AT_ONCE, a_run, lively_days

FIRST, SECOND, THIRD = date(2026, 1, 13), date(2026, 1, 14), date(2026, 1, 15)
_PART = re.compile(r": ([+-][\d,]+)")


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    """Give three back-tests: two dates, the first of them heard late, the second and a third with other costs."""
    folder = tmp_path_factory.mktemp("figures")
    paths = []
    dear = RunConfig("backtest", sim=AT_ONCE, costs=CostConfig(commission_ppm=3_500))
    for name, days, more in (
        ("a", (FIRST, SECOND), {}),
        ("b", (FIRST,), {"link_ms": 2_500, "batch_ms": 9_000}),
        ("c", (SECOND, THIRD), {"config": dear}),
    ):
        (folder / name).mkdir()
        data = lively_days(folder / name, *map(str, days), end=700)
        a_run(data, folder / f"{name}.db", **more)
        paths.append(folder / f"{name}.db")
    return paths[0], paths[1], paths[2]


def table(*paths: Path, day: date | None = None) -> Table:
    return table_of(read_same_days(paths, day).logs)


def values(found: Table, key: str) -> tuple[Any, ...]:
    return next(row.values for row in found.rows if row.figure.key == key)


# ---- which dates -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("other", "day"), [(1, FIRST), (2, SECOND)])
def test_given_a_longer_log_when_compared_then_only_the_date_both_tell_counts(
    logs: tuple[Path, ...], other: int, day: date
) -> None:
    found: SameDays = read_same_days([logs[0], logs[other]])
    assert found.days == (day,)
    for told in found.logs:
        assert {story.day for story in told.history.orders.values()} == {day}
        assert len(told.history.orders) == told.period.execution.orders > 0
        assert told.history.quotes == sum(told.history.rows) > 0
        assert {stretch.day for stretch in (facts.stretch for facts in told.period.days)} == {day}
    assert read_same_days([logs[0], logs[other]], day) == read_same_days([logs[0], logs[other]])


def test_given_a_date_within_a_log_when_read_then_it_begins_with_the_books_of_the_dates_before(
    logs: tuple[Path, ...],
) -> None:
    whole = read_history(logs[0])
    [told, _] = read_same_days([logs[0], logs[2]]).logs
    part = told.history
    assert part.orders == {key: story for key, story in whole.orders.items() if story.day == SECOND}
    assert part.booked == whole.booked
    assert part.runs == whole.runs[-1:]
    assert part.opened == whole.opened[1:]
    assert 0 < part.quotes < whole.quotes


def test_given_logs_of_other_dates_when_compared_then_both_are_named_with_theirs(logs: tuple[Path, ...]) -> None:
    with pytest.raises(
        ConfigError, match=r"share no .* date: .*b\.db tells of 2026-01-13; .*c\.db tells of 2026-01-14"
    ):
        read_same_days([logs[1], logs[2]])


def test_given_a_date_one_log_lacks_when_asked_for_then_that_log_is_named(logs: tuple[Path, ...]) -> None:
    with pytest.raises(ConfigError, match=r"--day 2026-01-14 is not in .*b\.db, it tells of 2026-01-13"):
        read_same_days([logs[0], logs[1]], SECOND)


def test_given_a_log_with_a_date_between_the_shared_ones_when_compared_then_a_date_is_to_be_chosen(
    tmp_path: Path,
) -> None:
    for name, days in (("a", (FIRST, SECOND, THIRD)), ("b", (FIRST, THIRD))):
        (tmp_path / name).mkdir()
        a_run(lively_days(tmp_path / name, *map(str, days), end=545), tmp_path / f"{name}.db")
    paths = [tmp_path / "a.db", tmp_path / "b.db"]
    with pytest.raises(
        ConfigError, match=r"share 2026-01-13, 2026-01-15, and .*a\.db tells of 2026-01-14 too: .*--day"
    ):
        read_same_days(paths)
    assert read_same_days(paths, THIRD).days == (THIRD,)


# ---- figures ---------------------------------------------------------------------------------------------------


def test_given_two_logs_when_compared_then_figures_are_those_of_a_report(logs: tuple[Path, ...]) -> None:
    found = table(logs[0], logs[1])
    for at, told in enumerate(found.logs):
        summary, execution = summary_of(told.period), told.period.execution
        wanted = {
            "orders": execution.orders,
            "realized_pnl_krw": summary.realized_pnl_krw,
            "costs_krw": summary.costs_krw,
            "unrealized_pnl_krw": summary.unrealized_pnl_krw,
            "day_loss_pct": summary.day_loss_pct,
            "uptime_pct": summary.uptime_pct,
        }
        assert {key: values(found, key)[at] for key in wanted} == wanted
        fills = [fill for fill in told.history.booked if fill.client_order_id in told.history.orders]
        assert values(found, "fills")[at] == len(fills)
        assert values(found, "shares")[at] == sum(fill.last_qty for fill in fills)
        assert values(found, "equity_end_krw")[at] == told.history.equity[-1][1]
    assert [row.figure for row in found.rows] == list(FIGURES)


def test_given_a_log_held_against_itself_when_compared_then_nothing_differs_and_nothing_is_explained(
    logs: tuple[Path, ...],
) -> None:
    found = table(logs[1], logs[1], logs[1])
    assert found.is_same and len(found.pairs) == 2
    for row in found.rows:
        assert row.is_same and row.causes == ((), ())
        assert set(row.differences) == ({None} if row.values[0] is None else {0})


@pytest.mark.parametrize("other", [1, 2])
def test_given_sums_over_orders_when_they_differ_then_the_parts_add_up_to_the_difference(
    logs: tuple[Path, ...], other: int
) -> None:
    found = table(logs[0], logs[other])
    seen = 0
    for row in found.rows:
        if row.figure.key in ("shares", "fills", "notional_krw", "realized_pnl_krw", "costs_krw", "equity_end_krw"):
            parts = [_PART.findall(cause) for cause in row.causes[0]]
            assert sum(int(part[-1].replace(",", "")) for part in parts if part) == row.differences[0]
            seen += bool(parts)
    assert seen > 2


def test_given_three_logs_when_compared_then_each_is_held_against_the_first_by_its_own_letter(
    logs: tuple[Path, ...],
) -> None:
    found = table(logs[0], logs[1], logs[0], day=FIRST)
    assert [pair.names for pair in found.pairs] == [("A", "B"), ("A", "C")]
    assert (found.pairs[0].is_same, found.pairs[1].is_same, found.is_same) == (False, True, False)
    late = table(logs[0], logs[0], logs[1], day=FIRST)
    words = [cause for row in late.rows for cause in row.causes[1]]
    words += [cause for item in late.pairs[1].verdicts for cause in item.causes]
    assert words and not any(re.search(r"\bB\b", cause) for cause in words)
    assert [row.differences[1] for row in late.rows] == [row.differences[0] for row in found.rows]


def test_given_other_settings_when_figures_differ_then_the_settings_behind_them_are_named(
    logs: tuple[Path, ...],
) -> None:
    found = table(logs[0], logs[2])
    [costs] = [row for row in found.rows if row.figure.key == "costs_krw"]
    assert "settings differ: costs.commission_ppm: 150 against 3500" in costs.causes[0]
    [signals] = [row for row in found.rows if row.figure.key == "signals"]
    assert not any("commission" in cause for cause in signals.causes[0])


def test_given_a_figure_one_log_does_not_tell_when_compared_then_there_is_no_difference_but_a_reason(
    logs: tuple[Path, ...],
) -> None:
    first, other = read_same_days([logs[0], logs[1]]).logs
    causes = FigureCauses(first, other, compare(first.history, other.history), str)
    [said] = causes.of("reaction_ms_p99", None, 4.0)
    assert said == "not told in A: a back-test has no line, and waits for none"
    empty = Told("B", other.history, measure([], None, FIRST, FIRST))  # type: ignore[arg-type]  # no log is read
    [said] = FigureCauses(first, empty, compare(first.history, other.history), str).of("equity_end_krw", 1, None)
    assert said == "not told in B: no account was opened"


def test_given_orders_of_people_when_they_differ_then_each_person_is_named(logs: tuple[Path, ...]) -> None:
    first, other = read_same_days([logs[0], logs[1]]).logs
    story = next(iter(first.history.orders.values()))
    asked = replace(story, approved=replace(story.approved, origin="operator:cli:mina"))
    by_hand = Told("B", replace(other.history, orders={"o-1": asked}), other.period)
    causes = FigureCauses(first, by_hand, compare(first.history, by_hand.history), str)
    assert "by cli:mina: 0 in A, 1 in B" in list(causes.of("orders_by_hand", 0, 1))


def test_given_batches_of_other_sizes_when_compared_then_the_row_says_how_large_they_are(
    logs: tuple[Path, ...],
) -> None:
    [batches] = [row for row in table(logs[0], logs[1]).rows if row.figure.key == "batches"]
    assert batches.differences[0] is not None and batches.differences[0] < 0
    assert re.fullmatch(r"rows of (a batch \(median\)|the largest batch): \d+ in A, \d+ in B", batches.causes[0][0])


def test_given_a_log_that_breaks_off_when_compared_then_its_batches_are_fewer_not_other_ones(
    logs: tuple[Path, ...],
) -> None:
    [first] = read_same_days([logs[0]]).logs
    whole = first.history
    half = len(whole.ends) // 2
    part = replace(whole, ends=whole.ends[:half], rows=whole.rows[:half], quotes=sum(whole.rows[:half]))
    broken = Told("B", part, first.period)
    causes = FigureCauses(first, broken, compare(whole, part), str)
    heard = f"quotes heard: {whole.quotes:,} in A, {part.quotes:,} in B"
    assert list(causes.of("signals", 2, 1)) == [heard]
    said = list(causes.of("batches", len(whole.ends), half))
    assert said[0] == heard
    assert all(len(set(re.findall(r": (\d+) in A, (\d+) in B", text)[0])) == 2 for text in said[1:])
