"""The signals group of the bench measures real work: counted here, never timed; every check of it is shown to fail."""

from pathlib import Path
from typing import Any

import pytest

from bench import signal_data, signals, signals_ours
from bench.outcome import Size
from bench.signals_ours import SETTINGS
from domain.indicators.confirmation import Confirmation

SYMBOLS, LAPS = 12, 3


@pytest.fixture(scope="module")
def ours() -> signals_ours.Done:
    return signals_ours.ours_of(SYMBOLS, LAPS)


def as_pandas(done: signals_ours.Done) -> dict[str, Any]:
    """Give what a peer would say that found the same."""
    values: dict[str, Any] = {
        "attention_each": [list(one) for one in done.attention],
        "attention_table": [list(one) for one in done.attention],
        "bars_each": [list(one) for one in done.bars],
        "bars_table": [list(one) for one in done.bars],
        "rows": [list(one) for one in done.rows],
    }
    figures = {"attention_each_s": 2.0, "attention_table_s": 0.1, "bars_each_s": 3.0, "bars_table_s": 0.2}
    return values | figures | {"row_us": 500.0, "pandas": "0"}


def test_given_a_seed_when_the_data_are_made_then_they_are_the_same_and_have_what_is_measured() -> None:
    assert signal_data.searches(SYMBOLS) == signal_data.searches(SYMBOLS)
    assert signal_data.minutes(SYMBOLS) == signal_data.minutes(SYMBOLS)
    rows = signal_data.rows(SYMBOLS, LAPS)
    assert rows == signal_data.rows(SYMBOLS, LAPS)
    assert [row.kind for row in rows] == [signal_data.AUCTION] * SYMBOLS + [signal_data.TRADE] * SYMBOLS * (LAPS - 1)
    assert all(0 < row.bid < row.ask for row in rows)
    assert Confirmation(SETTINGS).warm_up < signal_data.MINUTES
    inputs = Confirmation(SETTINGS).inputs(None, signals_ours.make(1, 1).instruments[0], signals_ours.ON)
    assert tuple(item.name for item in inputs) == signal_data.INPUT_NAMES


def test_given_the_data_when_measured_then_every_value_of_every_symbol_is_known(ours: signals_ours.Done) -> None:
    assert [len(found) for found in (ours.attention, ours.bars, ours.rows)] == [SYMBOLS] * 3
    assert all(value is not None for found in (ours.attention, ours.bars, ours.rows) for one in found for value in one)
    assert {len(one) for one in ours.attention} == {len(signal_data.ATTENTION_NAMES)}
    assert {len(one) for one in ours.bars} == {len(signal_data.INPUT_NAMES)}
    assert len({tuple(one) for one in ours.bars}) == SYMBOLS
    assert ours.bars == ours.rows  # the first trade behind the bar: the same inputs, made anew
    assert all(figure > 0 for figure in ours[:6])


def test_given_the_same_values_when_compared_then_all_are_counted(ours: signals_ours.Done) -> None:
    assert signals.check(as_pandas(ours), ours) == SYMBOLS * (2 * 2 + 3 * 7)


@pytest.mark.parametrize("what", ["attention_each", "attention_table", "bars_each", "bars_table", "rows"])
@pytest.mark.parametrize("wrong", [None, float("nan"), 1e-6])
def test_given_a_value_that_differs_when_compared_then_the_run_fails(
    ours: signals_ours.Done, what: str, wrong: float | None
) -> None:
    theirs = as_pandas(ours)
    right = theirs[what][3][1]
    theirs[what][3][1] = right * (1 + 1e-12)
    assert signals.check(theirs, ours)
    theirs[what][3][1] = right + wrong if wrong is not None else None
    with pytest.raises(RuntimeError, match=f"{what} of symbol 3: (z|momentum_20) is"):
        signals.check(theirs, ours)


def test_given_symbols_that_are_missing_or_nothing_known_when_compared_then_the_run_fails(
    ours: signals_ours.Done,
) -> None:
    with pytest.raises(RuntimeError, match="bars_table expected 12 symbols, was 11"):
        signals.check(as_pandas(ours) | {"bars_table": ours.bars[:-1]}, ours)
    unknown: signal_data.Values = [[None, None] for _ in range(SYMBOLS)]
    with pytest.raises(RuntimeError, match="symbol 0: asvi is None here and None"):
        signals.check(as_pandas(ours) | {"attention_each": unknown}, ours._replace(attention=unknown))


def test_given_rounds_when_lined_up_then_medians_stand_beside_pandas(ours: signals_ours.Done) -> None:
    rounds = [ours._replace(attention_s=seconds) for seconds in (0.5, 0.2, 0.4)]
    lines = signals.lines(SYMBOLS, rounds, [as_pandas(ours)])
    assert [len(line.peers) for line in lines] == [2, 2, 0, 0, 1, 0]
    assert (lines[0].ours, lines[0].peers[0][1], lines[0].ratio(2.0), lines[0].is_met) == (0.4, 2.0, 5.0, True)
    assert all(line.lower and line.aim for line in lines)


def test_given_no_pandas_when_measured_then_its_columns_stay_empty(
    monkeypatch: pytest.MonkeyPatch, ours: signals_ours.Done
) -> None:
    monkeypatch.setattr(signals, "PYTHON", Path("/nowhere/python"))
    monkeypatch.setattr(signals, "apart", lambda work, *figures: ours)
    lines = signals.measure(Size.SMALL)
    assert [line.peers for line in lines] == [()] * 6
    assert [row["peer"] for line in lines for row in line.results()] == [None] * 6


@pytest.mark.processes
def test_given_pandas_installed_when_it_recomputes_then_every_value_is_ours(ours: signals_ours.Done) -> None:
    if not signals.PYTHON.exists():
        pytest.skip("`make bench-peer` was not run")
    assert signals.check(signals.pandas_of(SYMBOLS, 5), ours) == SYMBOLS * (2 * 2 + 2 * 7) + 5 * 7


def test_given_a_strategy_that_sells_when_holdings_are_measured_then_the_run_fails(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = signals_ours.make(SYMBOLS, 2)
    fallen = [row._replace(bid_price=row.bid_price // 2) for row in made.rows[SYMBOLS:]]
    with pytest.raises(RuntimeError, match="to keep what it holds"):
        signals_ours.holding(made, fallen)
