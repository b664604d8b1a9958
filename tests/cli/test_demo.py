"""`hantrade demo`: a whole day with a real broker process, how it ends, and what it says to bad input."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from typer.testing import Result

import cli.demo
import cli.demo_run
from cli.demo import BrokerProcess
from cli.demo_report import check_log
from cli.main import app
from domain.errors import BrokerUnavailable, ConfigError
from tests.broker_sim.builders import a_bar, a_day, a_file
from tests.cli.demo_house import SYMBOL, a_demo, a_lively_day, result_of, runner, small

KEYS = {
    "quotes",
    "signals",
    "signals_with_attention",
    "orders",
    "fills",
    "denied",
    "realized_pnl_krw",
    "costs_krw",
    "equity_krw",
    "log_events",
    "log_path",
    "verified",
    "replay_identical",
    "seconds",
}


# ---- whole days --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def lively(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any], Result]:
    """Give the home of a demo with trades, its answer, and all of it."""
    folder = tmp_path_factory.mktemp("lively")
    data = a_file(folder, a_lively_day(prev_close=10_000))
    # slow enough for signals to be young when judged, on a machine that does other things too
    done = runner.invoke(
        app, ["demo", "--json", "--speed", "2500", "--data", str(data), "--home", str(folder / "home")]
    )
    return folder / "home", result_of(done), done


def test_given_a_day_when_run_then_it_is_proven_and_the_keys_are_there(
    lively: tuple[Path, dict[str, Any], Result],
) -> None:
    _, result, done = lively
    assert done.exit_code == 0
    assert result.keys() >= KEYS
    assert (result["verified"], result["replay_identical"], result["finished"]) == (
        True,
        True,
        "the venue's day is over",
    )
    assert result["quotes"] > 1_000
    assert result["equity_krw"] == 10_000_000 + result["realized_pnl_krw"] + result["unrealized_pnl_krw"]
    assert "replaying 2026-01-13 with 1 instruments" in done.stderr


def test_given_a_finished_demo_when_its_log_is_read_then_books_and_trips_agree_to_the_won(
    lively: tuple[Path, dict[str, Any], Result],
) -> None:
    home, result, _ = lively
    assert result["fills"] > 0
    from cli.offline import fold
    from cli.trips import trips_of

    reader = fold(Path(result["log_path"]))
    fills = list(reversed(reader.fills("", 10_000).fills))
    trips = trips_of(fills)
    cash = reader.cash()
    assert len(fills) == result["fills"]
    assert sum(trip.realized for trip in trips) == result["realized_pnl_krw"] == cash.realized_pnl_krw
    assert sum(trip.costs for trip in trips) == result["costs_krw"]
    closed = [trip for trip in trips if trip.is_closed]
    assert all(trip.realized == trip.received - trip.paid - trip.costs for trip in closed)
    assert len(closed) == reader.performance().trades
    for command in (
        ["orders", "list"],
        ["fills", "list"],
        ["positions"],
        ["cash"],
        ["quotes"],
        ["signals"],
        ["status"],
    ):
        done = runner.invoke(app, [*command, "--home", str(home)])
        assert (done.exit_code, bool(done.stdout)) == (0, True), command
        assert SYMBOL in done.stdout or command[0] in ("cash", "status", "positions")


def test_given_a_late_opening_with_an_early_end_when_run_then_the_day_ends_with_the_data(tmp_path: Path) -> None:
    bars = a_lively_day("2025-11-13", begin=600, end=640)  # opens at 10:00; no previous close in this file
    done = a_demo("--data", str(a_file(tmp_path, bars)), "--home", str(tmp_path / "h"))
    assert done.exit_code == 0, done.output
    assert "FLAG daily limits unknown" in done.stdout
    assert "data_ended" in done.stderr
    assert "Past or paper results promise nothing about profit." in done.stdout


def test_given_no_terminal_when_run_then_progress_is_one_line_each_on_stderr(tmp_path: Path) -> None:
    done = a_demo("--data", str(small(tmp_path)), "--home", str(tmp_path / "h"))
    assert done.exit_code == 0
    lines = done.stderr.splitlines()
    assert lines[0].startswith("replaying ")
    told = [line for line in lines if "quotes/s" in line]
    assert told
    assert all("equity" in line and "gate" in line for line in told)


@contextmanager
def disturbed(monkeypatch: pytest.MonkeyPatch, disturb: Any) -> Iterator[None]:
    """Call `disturb(broker)` at the first look at the running day."""
    brokers: list[BrokerProcess] = []
    real, update = cli.demo.broker_process, cli.demo_run.Display.update

    @contextmanager
    def kept(*args: Any) -> Iterator[BrokerProcess]:
        with real(*args) as broker:
            brokers.append(broker)
            yield broker

    def disturbing(self: Any, status: Any) -> None:
        update(self, status)
        if status.connection == "READY" and brokers:
            disturb(brokers.pop())

    monkeypatch.setattr(cli.demo, "broker_process", kept)
    monkeypatch.setattr(cli.demo_run.Display, "update", disturbing)
    yield


def slow_demo(folder: Path) -> Result:
    data, home = str(small(folder)), str(folder / "h")
    return runner.invoke(app, ["demo", "--json", "--speed", "60", "--data", data, "--home", home])


def test_given_a_demo_when_its_broker_is_killed_then_it_ends_with_a_line_and_the_log_is_proven(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with disturbed(monkeypatch, lambda broker: broker.child.kill()):
        done = slow_demo(tmp_path)
    assert done.exit_code == 3
    assert "hantrade: the broker process ended" in done.stderr
    result = result_of(done)
    assert (result["verified"], result["replay_identical"]) == (True, True)


def test_given_a_demo_when_a_person_presses_ctrl_c_then_it_stops_in_order_and_the_log_is_proven(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def press(_: Any) -> None:
        raise KeyboardInterrupt

    with disturbed(monkeypatch, press):
        done = slow_demo(tmp_path)
    assert done.exit_code == 130
    result = result_of(done)
    assert (result["verified"], result["replay_identical"], result["finished"]) == (
        True,
        True,
        "interrupted",
    )


@pytest.mark.parametrize(
    ("planted", "verified", "identical"),
    [
        ("UPDATE events SET payload = replace(payload, 'paper', 'PAPER') WHERE seq = 1", False, True),
        ("UPDATE events SET role = 'nobody' WHERE type = 'DayChanged'", False, False),
    ],
)
def test_given_a_log_that_was_changed_when_the_demo_checks_it_then_it_exits_with_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, planted: str, verified: bool, identical: bool
) -> None:
    def checked(path: Path) -> Any:
        with sqlite3.connect(path) as conn:
            assert conn.execute(planted).rowcount > 0
        conn.close()
        return check_log(path)

    monkeypatch.setattr("cli.demo_report.check_log", checked)
    done = a_demo("--json", "--data", str(small(tmp_path)), "--home", str(tmp_path / "h"))
    result = result_of(done)
    assert done.exit_code == 1
    assert (result["verified"], result["replay_identical"]) == (verified, identical)


def test_given_a_broker_that_does_not_start_when_a_demo_runs_then_its_last_line_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "no.txt").write_text("")
    with (
        pytest.raises(BrokerUnavailable, match="did not start"),
        cli.demo.broker_process(tmp_path, ["--data", str(tmp_path / "no.txt")]),
    ):
        pass


# ---- bad input: one line, before any process starts --------------------------------------------------------------


def refusal(folder: Path, *args: str) -> str:
    done = a_demo(*args, "--home", str(folder / "h"))
    assert done.exit_code != 0
    assert not (folder / "h").exists(), "bad input must leave nothing behind"
    assert isinstance(done.exception, ConfigError), done.output
    text = str(done.exception)
    assert "\n" not in text
    return text


def test_given_a_file_that_is_not_there_when_run_then_it_is_named(tmp_path: Path) -> None:
    assert "none.parquet" in refusal(tmp_path, "--data", str(tmp_path / "none.parquet"))


def test_given_a_file_of_another_kind_when_run_then_the_kinds_are_named(tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_text("hello")
    assert ".csv.gz" in refusal(tmp_path, "--data", str(tmp_path / "x.txt"))


def test_given_a_file_that_is_broken_when_run_then_it_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.parquet").write_bytes(b"PAR1 not really")
    assert "x.parquet" in refusal(tmp_path, "--data", str(tmp_path / "x.parquet"))


def test_given_a_missing_column_when_run_then_it_is_named(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    pl.DataFrame(a_day()).drop("close").write_parquet(path)
    assert "close" in refusal(tmp_path, "--data", str(path))


def test_given_a_day_that_is_not_in_the_file_when_run_then_the_nearest_is_named(tmp_path: Path) -> None:
    text = refusal(tmp_path, "--data", str(small(tmp_path)), "--day", "2026-01-14")
    assert "2026-01-13" in text


def test_given_a_day_that_is_no_day_when_run_then_the_form_is_named(tmp_path: Path) -> None:
    assert "YYYY-MM-DD" in refusal(tmp_path, "--day", "tomorrow")


def test_given_daily_bars_when_run_then_they_are_refused(tmp_path: Path) -> None:
    bars = [a_bar(code, "09:00:00") for code in (SYMBOL, "000250")]
    assert "daily" in refusal(tmp_path, "--data", str(a_file(tmp_path, bars)))


@pytest.mark.parametrize(("symbols", "named"), [(",", "--symbols"), ("없는회사", "없는회사"), ("999999", "999999")])
def test_given_a_wrong_selection_when_run_then_it_is_named(tmp_path: Path, symbols: str, named: str) -> None:
    assert named in refusal(tmp_path, "--data", str(small(tmp_path)), "--symbols", symbols)


@pytest.mark.parametrize("speed", ["-1", "fast", "nan"])
def test_given_a_senseless_speed_when_run_then_the_option_is_named(tmp_path: Path, speed: str) -> None:
    done = runner.invoke(app, ["demo", "--speed", speed, "--home", str(tmp_path / "h")])
    assert done.exit_code == 2
    assert "speed" in done.output + str(done.exception)
