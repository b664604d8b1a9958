"""`hantrade backtest`: what it prints, its exit codes, and what it says to bad input."""

import json
import os
import signal
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from backtest.history import read_history
from backtest.run import Glance
from cli.backtest_progress import Progress, StopFlag
from cli.main import app
from domain.errors import ConfigError, HantradeError
from domain.types import Krw
from tests.backtest.builders import DAY, at, lively_days
from tests.cli.test_demo import KEYS

runner = CliRunner()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with data of two days."""
    folder = tmp_path_factory.mktemp("cli")
    lively_days(folder, "2026-01-13", "2026-01-14", end=640)
    return folder


def a_backtest(home: Path, *args: str) -> Result:
    options = ["--data", str(home / "bars.parquet"), "--home", str(home / "home"), *args]
    return runner.invoke(app, ["backtest", "run", *options])


def answer(done: Result) -> dict[str, Any]:
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_given_days_when_run_with_json_then_one_object_holds_the_demos_keys_and_more(home: Path) -> None:
    done = a_backtest(home, "--json", "--sim", "latency_ms=20", "--param", "hold_s=600")
    found = answer(done)
    assert done.exit_code == 0
    assert done.stdout.count("\n") == 1
    assert found.keys() >= KEYS | {"days", "trades", "win_rate_ppm", "max_drawdown_ppm", "warnings"}
    assert (found["verified"], found["replay_identical"]) == (True, True)
    assert (found["days"], found["dates"]) == (2, ["2026-01-13", "2026-01-14"])
    assert found["equity_krw"] == 10_000_000 + found["realized_pnl_krw"] + found["unrealized_pnl_krw"]
    assert not [item for item in found["warnings"] if item["kind"] == "look_ahead"]
    assert "checking the log" in done.stderr
    assert "quotes/s" not in done.stderr, "no progress with --json"


def test_given_a_day_when_run_for_people_then_trades_figures_and_warnings_are_told(home: Path, tmp_path: Path) -> None:
    out = tmp_path / "log.db"
    done = a_backtest(home, "--no-check", "--from", "2026-01-14", "--out", str(out), "--symbols", "코오롱인더")
    assert done.exit_code == 0
    for words in ("trades; KRW", "2026-01-14, back-test", "deepest fall of equity", "120110 코오롱인더", str(out)):
        assert words in done.stdout
    assert "Back-tests promise nothing about profit" in done.stdout
    assert "2026-01-13" not in done.stdout


def test_given_two_runs_when_compared_then_same_is_0_and_different_is_1(home: Path, tmp_path: Path) -> None:
    logs = [tmp_path / f"{name}.db" for name in "abc"]
    for log, more in zip(logs, ((), (), ("--cash", "5000000")), strict=True):
        assert a_backtest(home, "--no-check", "--json", "--to", "2026-01-13", "--out", str(log), *more).exit_code == 0
    same = runner.invoke(app, ["backtest", "compare", str(logs[0]), str(logs[1]), "--json"])
    assert (same.exit_code, answer(same)["identical"]) == (0, True)
    other = runner.invoke(app, ["backtest", "compare", str(logs[0]), str(logs[2]), "--json"])
    assert (other.exit_code, answer(other)["identical"]) == (1, False)
    assert answer(other)["settings"] == ["cash: 10000000 against 5000000"]
    told = runner.invoke(app, ["backtest", "compare", str(logs[0]), str(logs[2])])
    assert "settings differ: cash" in told.stdout
    first = json.loads(other.stdout.splitlines()[0])
    assert (first["number"], first["verdict"], first["differences"]) == (1, "differs", ["quantity", "fills"])
    assert "it was sized by an equity of 10,000,000 in A and 5,000,000 in B, marked at other moments" in first["causes"]


def test_given_three_logs_when_compared_then_figures_come_first_for_people_and_behind_the_orders_as_json(
    home: Path, tmp_path: Path
) -> None:
    logs = [tmp_path / f"{name}.db" for name in "abc"]
    for log, more in zip(logs, ((), ("--cash", "5000000"), ("--link-ms", "900")), strict=True):
        assert a_backtest(home, "--no-check", "--json", "--to", "2026-01-13", "--out", str(log), *more).exit_code == 0
    asked = ["backtest", "compare", *map(str, logs), "--day", "2026-01-13"]
    done = runner.invoke(app, [*asked, "--json"])
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    kinds = [row["row"] for row in rows]
    assert kinds == sorted(kinds, key=["order", "figure", "summary"].index)
    [orders] = [row for row in rows if row.get("figure") == "orders"]
    assert (orders["unit"], orders["difference_c"]) == ("count", orders["c"] - orders["a"])
    [cash] = [row for row in rows if row.get("figure") == "equity_end_krw"]
    assert "at the start: -5,000,000 KRW" in cash["causes"]["b"]
    assert {row["pair"] for row in rows if row["row"] == "order"} == {"A-B", "A-C"}
    summary = rows[-1]
    assert (done.exit_code, summary["identical"], summary["days"]) == (1, False, ["2026-01-13"])
    assert summary["pairs"]["A-B"]["settings"] == summary["settings"] == ["cash: 10000000 against 5000000"]
    assert (summary["c"]["log_path"], summary["pairs"]["A-C"]["settings"]) == (str(logs[2]), [])
    told = runner.invoke(app, asked).stdout
    assert told.index("figures of 2026-01-13") < told.index("of A and B") < told.index("of A and C")
    assert "settings differ between A and B: cash: 10000000 against 5000000" in told
    wrong = runner.invoke(app, [*asked[:-1], "13.01.2026"])
    assert isinstance(wrong.exception, ConfigError) and "--day must be YYYY-MM-DD" in str(wrong.exception)


def test_given_a_log_when_run_like_it_then_its_batches_are_used(home: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "a.db", tmp_path / "b.db"
    assert a_backtest(home, "--no-check", "--json", "--batch-ms", "9000", "--out", str(first)).exit_code == 0
    assert a_backtest(home, "--no-check", "--json", "--like", str(first), "--out", str(second)).exit_code == 0
    done = runner.invoke(app, ["backtest", "compare", str(first), str(second), "--json"])
    assert done.exit_code == 0
    assert answer(done)["a"]["batches"] == answer(done)["b"]["batches"]


def test_given_a_watch_list_when_other_symbols_are_named_then_these_are_traded(home: Path, tmp_path: Path) -> None:
    (tmp_path / "watchlist.toml").write_text('[[instrument]]\nsymbol = "000660"\n')
    data = ["--data", str(home / "bars.parquet"), "--home", str(tmp_path), "--no-check", "--json", "--to", "2026-01-13"]
    named = runner.invoke(app, ["backtest", "run", *data, "--symbols", "120110"])
    assert (named.exit_code, answer(named)["quotes"] > 100) == (0, True)
    watched = runner.invoke(app, ["backtest", "run", *data])
    assert isinstance(watched.exception, ConfigError)
    assert "unknown 000660" in str(watched.exception)


def test_given_a_calendar_at_home_when_run_then_it_holds_over_the_packaged_one(home: Path, tmp_path: Path) -> None:
    (tmp_path / "krx.toml").write_text('[[day]]\ndate = 2026-01-13\nopen = "09:30"\n')
    log = tmp_path / "log.db"
    data = ["--data", str(home / "bars.parquet"), "--home", str(tmp_path), "--no-check", "--json", "--to", "2026-01-13"]
    assert runner.invoke(app, ["backtest", "run", *data, "--out", str(log)]).exit_code == 0
    hours = read_history(log).runs[0].config.session_overrides
    assert (tuple(hours["2026-01-13"]), tuple(hours["2025-11-13"])) == (("09:30", "15:30"), ("10:00", "16:30"))


@pytest.mark.parametrize("days", [["--to", "2026-01-13"], []])
def test_given_symbols_of_no_day_when_run_then_they_are_refused_and_no_log_is_left(
    home: Path, tmp_path: Path, days: list[str]
) -> None:
    data = ["--data", str(home / "bars.parquet"), "--home", str(tmp_path), "--symbols", "000660", "--json"]
    done = runner.invoke(app, ["backtest", "run", *data, *days])
    assert isinstance(done.exception, ConfigError), done.exception
    assert "unknown 000660" in str(done.exception)
    assert not list(tmp_path.rglob("*.db*"))


def test_given_a_home_with_a_blank_when_run_then_the_last_line_can_be_pasted(home: Path, tmp_path: Path) -> None:
    log = tmp_path / "my log.db"
    done = a_backtest(home, "--no-check", "--to", "2026-01-13", "--out", str(log))
    assert f"--log '{log}'" in "".join(done.stdout.splitlines()[-2:])


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["--strategy", "gold"], "strategy expected one of attention_drift, attention_momentum,"),
        (["--param", "speed=3"], "parameter speed=3 is unknown, allowed: momentum_bars"),
        (["--param", "hold_s"], "--param must be NAME=VALUE, was 'hold_s'"),
        (["--param", "hold_s=soon"], "parameter hold_s expected a whole number from 60 to 23400"),
        (["--sim", "luck=1"], "--sim luck=1 is unknown, allowed: latency_ms"),
        (["--sim", "latency_ms=-1"], "--sim latency_ms=-1: Input should be greater than or equal to 0"),
        (["--sim", "cancel_model=luck"], "--sim cancel_model=luck: Input should be 'back' or 'proportional'"),
        (["--from", "13.1.2026"], "--from must be YYYY-MM-DD, was '13.1.2026'"),
        (["--from", "2026-01-14", "--to", "2026-01-13"], "--from must not be after --to"),
        (["--from", "2026-02-01"], "none lies in 2026-02-01 to the last"),
        (["--symbols", ","], "--symbols: codes or names"),
        (["--from", "2026-01-14", "--symbols", "000660"], "unknown 000660"),
        (["--batch-rows", "0"], "--batch-rows must be 1 to 4096, was 0"),
        (["--out", "/nowhere/log.db"], "folder /nowhere does not exist"),
        (["--data", "/nowhere.parquet"], "/nowhere.parquet"),
    ],
)
def test_given_bad_input_when_run_then_one_line_says_what_is_allowed(home: Path, args: list[str], says: str) -> None:
    done = a_backtest(home, "--json", *args)
    assert isinstance(done.exception, ConfigError), done.exception
    assert says in str(done.exception)
    assert "\n" not in str(done.exception)
    assert done.stdout == ""


def test_given_a_log_that_exists_when_it_is_to_be_written_then_it_is_refused(home: Path, tmp_path: Path) -> None:
    (tmp_path / "log.db").write_bytes(b"precious")
    done = a_backtest(home, "--out", str(tmp_path / "log.db"))
    assert isinstance(done.exception, HantradeError)
    assert (tmp_path / "log.db").read_bytes() == b"precious"


def test_given_ctrl_c_when_it_comes_then_the_end_is_asked_for_and_the_second_ends_at_once() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with StopFlag() as flag:
        assert not flag.is_set()
        os.kill(os.getpid(), signal.SIGTERM)
        assert flag.is_set()
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) is before


def test_given_no_terminal_when_watched_then_a_line_comes_now_and_then_and_none_when_quiet(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    glance = Glance(DAY, 1, at(60), 2_564, 5_000, 3, Krw(9_999_999))
    for quiet in (False, True):
        with Progress(2, quiet=quiet) as progress:
            for _ in range(110):
                now[0] += 0.1
                progress.update(glance)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("2026-01-13 09:01:00 (day 1 of 2)")
    assert lines[0].endswith("fills 3 today  equity 9,999,999")


def a_series(folder: Path, *rows: str) -> Path:
    """Write a year of a keyword up to the day before the data's last, and rows of other keywords."""
    last = date(2026, 1, 13)
    days = [last - timedelta(days=back) for back in range(364, -1, -1)]
    lines = ["keyword,period,ratio", *(f"코오롱인더,{day},{20 + (day.toordinal() * 7) % 13}" for day in days), *rows]
    path = folder / "series.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_given_a_series_of_ones_own_when_run_then_attention_is_what_was_known_before_each_date(
    home: Path, tmp_path: Path
) -> None:
    done = a_backtest(home, "--series", str(a_series(tmp_path)), "--out", str(tmp_path / "log.db"), "--json")
    assert answer(done)["verified"]
    assert "search series of 120110 코오롱인더: 코오롱인더, to 2026-01-13" in done.stderr
    history = read_history(tmp_path / "log.db")
    known = [(on, item.source, item.as_of) for on, item in history.measured if item.z is not None]
    assert known == [("2026-01-13", "file", "2026-01-12"), ("2026-01-14", "file", "2026-01-13")]


def test_given_a_series_that_covers_every_day_when_run_then_nothing_is_said_to_be_unknown(
    home: Path, tmp_path: Path
) -> None:
    done = a_backtest(home, "--series", str(a_series(tmp_path)), "--no-check", "--json")
    assert "unknown" not in done.stderr


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (
            ("2023-09-01", "2024-09-30"),
            "ends on 2024-09-30, before the first day, 2026-01-13: attention is unknown on all days",
        ),
        (
            ("2025-01-12", "2026-01-12"),
            "ends on 2026-01-12, before the last day, 2026-01-14: attention is unknown from 2026-01-14 on",
        ),
        (
            ("2026-01-14", "2026-02-14"),
            "begins on 2026-01-14, not before the last day, 2026-01-14: attention is unknown on all days",
        ),
    ],
)
def test_given_a_series_that_does_not_cover_the_days_when_run_then_both_dates_are_named(
    home: Path, tmp_path: Path, days: tuple[str, str], said: str
) -> None:
    first, last = map(date.fromisoformat, days)
    span = [first + timedelta(days=at) for at in range((last - first).days + 1)]
    path = tmp_path / "series.csv"
    lines = [f"코오롱인더,{day},{20 + (day.toordinal() * 7) % 13}" for day in span]
    path.write_text("\n".join(["keyword,period,ratio", *lines]), encoding="utf-8")
    done = a_backtest(home, "--series", str(path), "--no-check", "--json", "--out", str(tmp_path / "log.db"))
    assert f"WARNING: search series of 120110 코오롱인더 {said}" in done.stderr
    zs = {on: item.z for on, item in read_history(tmp_path / "log.db").measured}
    assert zs.get("2026-01-14") is None


def test_given_no_keyword_of_the_data_when_run_then_the_hint_is_the_back_tests(home: Path, tmp_path: Path) -> None:
    done = a_backtest(home, "--series", str(a_series(tmp_path, "코롱,2026-01-12,3")), "--keywords", "코롱")
    assert str(done.exception).startswith("no keyword of")
    assert str(done.exception).endswith("without --series the packaged series, moved in time, is used")


@pytest.mark.parametrize(
    ("rows", "options", "said"),
    [
        (["코오롱,2026-01-12,3"], ["--map", "코오롱=120110"], "--keywords: one keyword for 120110 코오롱인더 expected"),
        (["코롱,2026-01-12,3"], ["--keywords", "코롱"], "no keyword of"),
        ([], ["--keywords", "없는말"], "--keywords: expected keywords of"),
        (["코오롱,2026-01-12,many"], [], "ratio"),
    ],
)
def test_given_a_series_that_does_not_fit_when_run_then_one_line_says_why_and_no_log_is_made(
    home: Path, tmp_path: Path, rows: list[str], options: list[str], said: str
) -> None:
    out = tmp_path / "log.db"
    done = a_backtest(home, "--series", str(a_series(tmp_path, *rows)), "--out", str(out), *options)
    assert isinstance(done.exception, HantradeError)
    assert said in str(done.exception)
    assert not out.exists()


def test_given_keywords_without_a_series_when_run_then_it_is_refused(home: Path) -> None:
    done = a_backtest(home, "--keywords", "코오롱인더")
    assert "expected a file of series (--series)" in str(done.exception)
