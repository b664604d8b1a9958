"""Objects and CSV of a report: stable names, plain figures, what Excel shows, whole files or none."""

import csv
import json
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import ConfigError
from domain.time import kst_datetime
from reports.csv_files import cell, write_csv, write_folder
from reports.model import Summary
from reports.objects import PARTS, SUMMARY_KEYS, iso, objects
from tests.reports.report_builders import a_line, a_report, an_empty_report, an_event

CONTRACT = [
    *("date", "trades", "win_rate", "profit_factor", "realized_pnl_krw", "unrealized_pnl_krw", "costs_krw"),
    *("return_pct", "mdd_pct", "day_loss_pct", "uptime_pct", "signal_precision", "automation_pct", "reaction_ms_p99"),
]


def test_given_a_report_when_told_as_objects_then_the_summary_is_last_with_exactly_the_keys_of_the_contract() -> None:
    *parts, last = list(objects(a_report()))
    assert list(last) == CONTRACT == list(SUMMARY_KEYS) == [field.name for field in fields(Summary)]
    assert [part["part"] for part in parts][:2] == ["report", "day"]
    assert {part["part"] for part in parts} == {
        *("report", "day", "trade", "position", "group", "target", "event", "signal", "flow", "change", "equity"),
        *("metrics", "execution", "connection", "quality", "suggestion", "before"),
    }
    assert json.loads(json.dumps(parts)) == parts  # plain values only


def test_given_times_and_money_when_told_as_objects_then_they_are_iso_in_kst_and_whole_won() -> None:
    found = {part.get("part"): part for part in objects(a_report())}
    trade = next(part for part in objects(a_report()) if part.get("part") == "trade")
    assert trade["opened_at"] == "2026-01-13T09:00:00.000+09:00"
    assert (trade["symbol"], trade["name"], trade["realized_krw"]) == ("120110", "코오롱인더", 10_000)
    assert found["trade"]["closed_at"] is None  # the last one is still open
    assert found["metrics"]["drawdown"]["peak_at"] == "2026-01-13T09:30:00.000+09:00"
    assert found["day"]["date"] == "2026-01-13"
    assert found["execution"]["denied"] == {"CASH": 3, "NEW_RULE": 1}


@given(st.integers(0, 4 * 10**18))
def test_for_any_moment_its_text_is_iso_in_kst_cut_to_milliseconds(at: int) -> None:
    assert iso(at) == kst_datetime(at).isoformat(timespec="milliseconds")


def test_given_nothing_when_told_as_objects_then_the_summary_is_there_with_nulls() -> None:
    *_, last = objects(an_empty_report())
    assert (last["trades"], last["win_rate"]) == (0, None)


def test_given_a_report_when_written_as_csv_then_excel_reads_korean_and_figures_are_plain(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    written = dict(write_folder(a_report(), folder))
    assert {path.name for path in written} == {f"{part.file}.csv" for part in PARTS}
    raw = (folder / "trades.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    assert raw.count(b"\r\n") == raw.count(b"\n") == 4
    with (folder / "trades.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows[0]["name"] == "코오롱인더"
    assert rows[1]["realized_krw"] == "-52000"
    assert (rows[0]["closed_at"], rows[2]["closed_at"]) == ("2026-01-13T10:00:00.000+09:00", "")
    assert (rows[0]["is_open"], rows[2]["is_open"]) == ("false", "true")


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@sum", "\tx", "\rx", "\nx"])
def test_given_text_that_a_spreadsheet_would_calculate_when_written_then_it_stays_text(
    tmp_path: Path, text: str
) -> None:
    report = a_report(trades=(a_line(entry_reason=text),), events=(an_event(text=text, subject=text),))
    list(write_folder(report, tmp_path / "out"))
    for name, column in (("trades", "entry_reason"), ("events", "text"), ("events", "subject")):
        with (tmp_path / "out" / f"{name}.csv").open(encoding="utf-8-sig", newline="") as file:
            assert [row[column] for row in csv.DictReader(file)] == [f"'{text}"]


def test_given_figures_and_plain_text_when_written_then_nothing_is_added() -> None:
    assert [cell(value) for value in (-5, 0.5, None, True, False, "a-b", "")] == [
        -5,
        0.5,
        "",
        "true",
        "false",
        "a-b",
        "",
    ]


def test_given_text_with_commas_quotes_and_lines_when_written_then_it_comes_back(tmp_path: Path) -> None:
    row = ["a,b", 'say "no"', "two\nlines", "한글"]
    assert write_csv(tmp_path / "a.csv", ["a", "b", "c", "d"], [row]) == 1
    with (tmp_path / "a.csv").open(encoding="utf-8-sig", newline="") as file:
        assert list(csv.reader(file))[1] == row


def test_given_a_file_that_is_there_when_written_then_it_stays_unless_forced(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "events.csv").write_text("mine")
    with pytest.raises(ConfigError, match=r"events\.csv' is; --force replaces it"):
        list(write_folder(a_report(), folder))
    assert [path.name for path in folder.iterdir()] == ["events.csv"]
    list(write_folder(a_report(), folder, force=True))
    assert (folder / "events.csv").read_text(encoding="utf-8-sig").startswith("at,kind,")


def test_given_rows_that_break_off_when_written_then_no_file_and_no_part_is_left(tmp_path: Path) -> None:
    def rows() -> object:
        yield [1]
        raise ConfigError("the log cannot be read")

    with pytest.raises(ConfigError, match="the log cannot be read"):
        write_csv(tmp_path / "a.csv", ["n"], rows())  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_given_a_place_that_cannot_be_when_written_then_it_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(ConfigError, match=r"--csv expected a folder, '.*file' is a file"):
        list(write_folder(a_report(), tmp_path / "file"))
    with pytest.raises(ConfigError, match="--csv expected a folder in one that exists"):
        list(write_folder(a_report(), tmp_path / "no" / "such"))
    with pytest.raises(ConfigError, match="--csv expected a file in a folder that exists"):
        write_csv(tmp_path / "no" / "a.csv", ["n"], [])
