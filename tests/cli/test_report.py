"""`hantrade report`: tables, JSON, page, CSV and taxes of a small day; one clear line for bad input."""

import csv
import gzip
import json
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from cli.context import Exit, exit_code
from cli.main import app
from cli.report import day_of, language
from domain.errors import ConfigError
from reports.objects import SUMMARY_KEYS
from tests.persistence.logs import open_log

OLD = Path(__file__).parents[1] / "persistence" / "old" / "v0001.db.gz"  # a small day, see the README there
runner = CliRunner()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a home with the log of a small day; no test changes it."""
    root = tmp_path_factory.mktemp("home")
    (root / "logs").mkdir()
    (root / "logs" / "demo-day.db").write_bytes(gzip.decompress(OLD.read_bytes()))
    return root


def report(*args: str | Path, lang: str | None = "en") -> Result:
    env = dict.fromkeys(("LC_ALL", "LC_MESSAGES", "LANG"), "")
    return runner.invoke(app, ["report", *map(str, args), *(["--lang", lang] if lang else [])], env=env)


def refused(done: Result) -> tuple[Exit, str]:
    assert isinstance(done.exception, Exception), done.output
    return exit_code(done.exception), str(done.exception)


def objects_of(done: Result) -> list[dict[str, Any]]:
    assert done.exit_code == 0, done.output
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_given_a_home_when_the_day_is_asked_then_the_newest_is_told_with_samples_and_no_promise(home: Path) -> None:
    done = report("day", "--home", home)
    assert done.exit_code == 0, done.output
    for words in (
        "2026-01-13 (Tue)",
        "closed trades: 2",
        "fewer than 30",
        "met ✓",
        "95 % interval",
        "120110 코오롱인더",
    ):
        assert words in done.stdout
    assert "promise nothing about profit" in done.stdout
    assert done.stdout.rstrip().endswith("the same with --html FILE")
    assert len(done.stdout.splitlines()) < 100


def test_given_json_when_asked_then_the_last_object_has_the_keys_of_the_contract_and_fits_the_others(
    home: Path,
) -> None:
    *parts, last = objects_of(report("day", "--home", home, "--json"))
    assert list(last) == list(SUMMARY_KEYS)
    assert last["date"] == "2026-01-13"
    closed = [part for part in parts if part["part"] == "trade" and not part["is_open"]]
    assert last["trades"] == len(closed) == 2
    assert last["realized_pnl_krw"] == sum(trade["realized_krw"] for trade in closed)
    [day] = [part for part in parts if part["part"] == "day"]
    assert last["costs_krw"] == day["commission_krw"] + day["tax_krw"]


def test_given_json_with_files_when_asked_then_stdout_stays_json_and_the_files_are_there(
    home: Path, tmp_path: Path
) -> None:
    page, folder = tmp_path / "day.html", tmp_path / "csv"
    done = report("day", "--home", home, "--json", "--html", page, "--csv", folder, lang="ko")
    assert "part" not in objects_of(done)[-1]
    assert "일간 매매 보고서" in page.read_text(encoding="utf-8")
    assert str(page) in done.stderr
    with (folder / "trades.csv").open(encoding="utf-8-sig", newline="") as file:
        assert [row["symbol"] for row in csv.DictReader(file)] == ["120110", "120110"]


def test_given_files_that_are_there_when_asked_then_they_stay_unless_forced(home: Path, tmp_path: Path) -> None:
    page = tmp_path / "day.html"
    page.write_text("mine")
    code, said = refused(report("day", "--home", home, "--html", page))
    assert (code, page.read_text()) == (Exit.USAGE, "mine")
    assert "--force replaces it" in said
    assert report("day", "--home", home, "--html", page, "--force").exit_code == 0
    assert page.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


@pytest.mark.parametrize("kind", ["week", "month", "year"])
def test_given_a_longer_period_when_asked_then_it_holds_the_day_and_is_named_by_its_first_date(
    home: Path, kind: str
) -> None:
    *parts, last = objects_of(report(kind, "--home", home, "--json", "--date", "2026-01-14"))
    first = {"week": "2026-01-12", "month": "2026-01-01", "year": "2026-01-01"}[kind]
    assert (last["date"], last["trades"]) == (first, 2)
    assert (parts[0]["kind"], parts[0]["first"]) == (kind, first)


def test_given_a_date_without_trading_when_asked_then_one_line_names_the_newest_and_the_code_is_1(home: Path) -> None:
    code, said = refused(report("day", "--home", home, "--date", "2026-01-12"))
    assert code == Exit.REFUSED
    assert said == "NO_TRADING: no paper log tells of trading on 2026-01-12; the newest date is 2026-01-13"


def test_given_no_log_when_asked_then_one_line_says_where_and_the_code_is_1(tmp_path: Path) -> None:
    code, said = refused(report("week", "--home", tmp_path))
    assert code == Exit.REFUSED
    assert said.startswith(f"NO_LOGS: no event log in {tmp_path / 'logs'}")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--date", "13.1."], "--date expected YYYY-MM-DD, today or yesterday, was '13.1.'"),
        (["--mode", "real"], "--mode expected one of paper, mock, live, backtest, demo, was 'real'"),
        (["--mode", "live"], "a report expected logs of live, found logs of: demo"),
        (["--log", "none.db"], "--log expected an event log, 'none.db' is not a file"),
        (["--csv", "no/such/folder"], "--csv expected a folder in one that exists, was 'no/such/folder'"),
        (["--html", "no/such.html"], "--html expected a file in a folder that exists, was 'no/such.html'"),
    ],
)
def test_given_a_wrong_option_when_asked_then_one_line_says_what_is_allowed(
    home: Path, options: list[str], said: str
) -> None:
    code, text = refused(report("day", "--home", home, *options))
    assert code == Exit.USAGE
    assert text.startswith(said)


def test_given_another_language_when_asked_then_it_is_refused(home: Path) -> None:
    assert "--lang expected one of en, ko" in refused(report("day", "--home", home, lang="de"))[1]


def test_given_a_korean_locale_when_asked_then_words_are_korean(home: Path) -> None:
    done = runner.invoke(app, ["report", "day", "--home", str(home)], env={"LC_ALL": "ko_KR.UTF-8"})
    assert "실현손익" in done.stdout
    assert "수익도 약속하지 않습니다" in done.stdout


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, "en"),
        ({"LANG": "ko_KR.UTF-8"}, "ko"),
        ({"LANG": "ko_KR.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "en_US", "LC_MESSAGES": "ko"}, "ko"),
        ({"LANG": "de_DE", "LC_ALL": ""}, "en"),
    ],
)
def test_given_a_locale_when_read_then_korean_or_english_is_chosen(environment: dict[str, str], expected: str) -> None:
    assert language(environment) == expected


def test_given_words_for_a_date_when_read_then_today_is_the_calendar_day() -> None:
    today = date(2026, 3, 1)
    assert day_of("", today) is None
    assert (day_of("today", today), day_of("yesterday", today)) == (today, date(2026, 2, 28))
    assert day_of("2026-01-13", today) == date(2026, 1, 13)
    for wrong in ("20260132", "0001-01-01", "9999-12-31"):
        with pytest.raises(ConfigError):
            day_of(wrong, today)


def test_given_a_trader_that_writes_when_its_log_is_reported_then_it_is_read(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "paper-day.db"
    path.write_bytes((home / "logs" / "demo-day.db").read_bytes())
    with closing(open_log(path)):
        *_, last = objects_of(report("day", "--log", path, "--home", tmp_path, "--json"))
    assert last["trades"] == 2


# ---- taxes and fills -------------------------------------------------------------------------------------------------


def test_given_a_year_when_taxes_are_asked_then_the_file_is_korean_and_sums_fit(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "tax.csv"
    done = report("tax", "2026", "--home", home, "--csv", path, lang=None)
    assert done.exit_code == 0, done.output
    assert "settled in 2026" in done.stdout
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    fills, total = [row for row in rows if row["구분"] == "체결"], rows[-1]
    assert (total["구분"], total["결제월"]) == ("합계", "2026")
    assert {row["매매구분"] for row in fills} == {"매수", "매도"}
    assert {row["결제일"] for row in fills} == {"2026-01-15"}
    for column in ("수수료", "증권거래세", "농어촌특별세", "실현손익(이동평균)"):
        assert int(total[column]) == sum(int(row[column]) for row in fills)
    told = objects_of(report("tax", "2026", "--home", home, "--json"))
    assert told[-1]["realized"] == int(total["실현손익(이동평균)"])
    assert told[0]["settled"] == "2026-01-15"


def test_given_english_when_taxes_are_written_then_headings_and_codes_are_english(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "tax.csv"
    report("tax", "2026", "--home", home, "--csv", path, lang="en")
    with path.open(encoding="utf-8-sig", newline="") as file:
        assert next(csv.DictReader(file))["kind"] == "fill"


def test_given_a_year_without_trades_when_taxes_are_asked_then_the_code_is_1(home: Path) -> None:
    code, said = refused(report("tax", "2024", "--home", home))
    assert (code, said) == (Exit.REFUSED, "NO_TRADING: no log tells of a trade that was settled in 2024")


def test_given_fills_when_written_as_csv_then_all_of_the_day_stand_there_oldest_first(
    home: Path, tmp_path: Path
) -> None:
    path = tmp_path / "fills.csv"
    log = ["--log", str(home / "logs" / "demo-day.db"), "--home", str(home)]
    told = runner.invoke(app, ["fills", "list", "--json", *log])
    done = runner.invoke(app, ["fills", "list", "--csv", str(path), "--limit", "1", *log])
    assert (done.exit_code, done.stdout) == (0, "")
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    shown = [json.loads(line) for line in told.stdout.splitlines()]
    assert [row["trade_id"] for row in rows] == [fill["trade_id"] for fill in reversed(shown)]
    assert rows[0]["name"] == "코오롱인더"
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    again = runner.invoke(app, ["fills", "list", "--csv", str(path), *log])
    assert "--force replaces it" in str(again.exception)
