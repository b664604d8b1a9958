"""`hantrade signals`: what strategies argued for, how it turned out, and what that proves."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from backtest.history import read_history
from cli.main import app
from cli.signals import accuracy_keys, accuracy_lines, remarks, verdict
from domain.errors import ConfigError
from domain.signal_views import ScoresView
from hantrade.v1 import desk_pb2, types_pb2
from tests.backtest.builders import lively_days

runner = CliRunner()


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the log of a back-test of two days."""
    folder = tmp_path_factory.mktemp("signals")
    lively_days(folder, "2026-01-13", "2026-01-14", end=700)
    out = folder / "log.db"
    done = runner.invoke(
        app,
        [
            "backtest",
            "run",
            "--data",
            str(folder / "bars.parquet"),
            "--home",
            str(folder),
            "--out",
            str(out),
            "--no-check",
        ],
    )
    assert done.exit_code == 0, done.output
    return out


def signals(log: Path, *args: str) -> Result:
    return runner.invoke(app, ["signals", "--log", str(log), *args])


def objects(done: Result) -> list[dict[str, Any]]:
    assert done.exit_code == 0, done.output
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_given_scored_signals_when_listed_then_each_says_how_it_turned_out(log: Path) -> None:
    found = objects(signals(log, "--json"))
    entries = [one for one in found if one["purpose"] == "ENTRY"]
    assert entries
    for one in entries:
        score = one["score"]
        assert score["won"] is (score["gross_ppm"] > score["cost_ppm"])
        assert (
            score["gross_ppm"]
            == (score["exit_price_krw"] - score["entry_price_krw"]) * 10**6 // score["entry_price_krw"]
        )
        assert {item["quality"] for item in one["inputs"]} >= {"ok"}
    shown = signals(log).stdout
    assert "right" in shown or "wrong" in shown


def test_given_scored_signals_when_summed_up_then_the_whole_is_the_sum_of_its_parts(log: Path) -> None:
    rows = objects(signals(log, "--score", "--json"))
    entries = [row for row in rows if row["purpose"] == "ENTRY"]
    [whole] = [row for row in entries if row["by"] == "all"]
    for by in ("strategy", "symbol", "regime", "attention"):
        parts = [row for row in entries if row["by"] == by]
        assert sum(row["signals"] for row in parts) == whole["signals"]
        assert sum(row["wins"] for row in parts) == whole["wins"]
    listed = [one for one in objects(signals(log, "--json", "--limit", "1000")) if one["purpose"] == "ENTRY"]
    assert whole["signals"] == sum("won" in one["score"] for one in listed)
    assert whole["wins"] == sum(one["score"].get("won", False) for one in listed)
    assert 0 <= whole["baseline_precision"] <= 1
    assert all(row.get("p_value") is None for row in rows), "two dates"
    assert all(row.get("baseline_precision") is None for row in rows if row["purpose"] == "EXIT")
    done = signals(log, "--score")
    assert "fewer than 10 dates prove nothing" in done.stderr
    assert "target 70%" in done.stdout


def test_given_a_strategy_when_asked_then_only_its_signals_are_shown_and_a_wrong_name_is_refused(log: Path) -> None:
    assert {one["strategy"] for one in objects(signals(log, "--json", "--strategy", "attention_momentum"))} == {
        "attention_momentum"
    }
    done = signals(log, "--strategy", "gold")
    assert isinstance(done.exception, ConfigError)
    assert str(done.exception) == "--strategy expected one of this run (attention_momentum), was 'gold'"


def a_row(**fields: Any) -> desk_pb2.Accuracy:
    given = {"by": "all", "purpose": types_pb2.PURPOSE_ENTRY, "signals": 300, "dates": 30, "precision_low": 0.5}
    return desk_pb2.Accuracy(**{**given, **fields})


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (a_row(), "nothing to compare them with"),
        (a_row(p_value=0.001, dates=9), "fewer than 10 dates prove nothing"),
        (a_row(p_value=0.06), "not distinguishable from luck"),
        (a_row(p_value=0.01), "the target of 70% is not proved"),
        (a_row(p_value=0.01, precision_low=0.71), "better than luck and than the target"),
    ],
)
def test_given_accuracy_when_judged_in_words_then_luck_is_not_called_skill(row: desk_pb2.Accuracy, said: str) -> None:
    assert said in verdict(row)


def test_given_no_scores_when_summed_up_then_it_says_so_and_claims_nothing() -> None:
    answer = desk_pb2.GetAccuracyResponse(waiting=2)
    assert list(remarks(answer)) == [
        "this run does not score its signals ([signals] scores)",
        "2 signals wait for the end of the horizon",
    ]
    assert accuracy_keys(answer) == {
        "signals_scored": 0,
        "signal_precision": None,
        "signal_baseline_precision": None,
        "signal_p_value": None,
        "signal_return_bps": None,
    }


def test_given_a_log_when_its_run_ends_then_one_line_tells_how_entries_turned_out(log: Path) -> None:
    [line] = accuracy_lines(read_history(log).scores)
    [whole] = [
        row for row in objects(signals(log, "--score", "--json")) if (row["by"], row["purpose"]) == ("all", "ENTRY")
    ]
    assert line.startswith(f"{whole['precision']:.0%} of {whole['signals']} entries right (target 70%, always in ")
    assert "fewer than 10 dates prove nothing" in line
    assert accuracy_lines(ScoresView((), (), 0, False)) == []
