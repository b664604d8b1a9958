"""`hantrade log export|archive|views`: what is written, what is printed, and one clear line for bad input."""

import csv
import gzip
import io
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from typer.testing import CliRunner, Result

from cli.main import app
from persistence import views
from persistence.verify import verify
from tests.persistence.logs import a_record, open_log

OLD = Path(__file__).parents[1] / "persistence" / "old" / "v0001.db.gz"  # a small day, see the README there
runner = CliRunner()


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the log of a small day; no test changes it."""
    path = tmp_path_factory.mktemp("day") / "demo-day.db"
    path.write_bytes(gzip.decompress(OLD.read_bytes()))
    return path


def _run(*args: str | Path) -> Result:
    return runner.invoke(app, ["log", *map(str, args)])


def _lines(done: Result) -> list[dict[str, Any]]:
    assert done.exit_code == 0, done.output
    return [json.loads(line) for line in done.stdout.splitlines()]


# ---- export --------------------------------------------------------------------------------------------------------


def test_given_a_log_when_exported_then_the_objects_are_those_of_grep(day: Path) -> None:
    options = ["--log", day, "--type", "SignalFormed", "--type", "OrderDenied"]
    assert _lines(_run("export", *options)) == _lines(_run("grep", *options, "--json"))
    span = ["--log", day, "--since", "10:00", "--until", "10:01:30", "--symbol", "120110", "--stream", "order/"]
    found = _lines(_run("export", *span))
    assert found == _lines(_run("grep", *span, "--json"))
    assert found


def test_given_no_file_when_exported_as_csv_then_it_goes_to_stdout(day: Path) -> None:
    done = _run("export", "--log", day, "--format", "csv", "--stream", "gate")
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert [json.loads(row["payload"])["level"] for row in rows][:2] == ["CANCELS_ONLY", "OPEN"]
    assert (done.exit_code, done.stderr) == (0, "")


def test_given_a_file_when_exported_then_its_ending_chooses_the_format_and_it_is_not_replaced(
    day: Path, tmp_path: Path
) -> None:
    for name in ("a.parquet", "a.csv", "a.jsonl", "a.txt"):
        out = tmp_path / name
        done = _run("export", "--log", day, "--out", out)
        assert done.exit_code == 0, done.output
        assert done.stderr.startswith(f"{out}: 2,254 rows, ")
        assert done.stdout == ""
        again = _run("export", "--log", day, "--out", out)
        assert (again.exit_code, again.stdout) == (2, "")
        assert f"--out expected a file that is not there yet, '{out}' is; --force replaces it" in again.stderr
        assert _run("export", "--log", day, "--out", out, "--force").exit_code == 0
    assert len(pl.read_parquet(tmp_path / "a.parquet")) == 2_254
    assert len((tmp_path / "a.txt").read_text().splitlines()) == 2_254
    assert len(list(tmp_path.iterdir())) == 4


def test_given_quotes_and_views_when_exported_then_they_are_flat_tables(day: Path, tmp_path: Path) -> None:
    done = _run("export", "--log", day, "--quotes", "--out", tmp_path / "q.parquet", "--symbol", "120110")
    assert done.exit_code == 0, done.output
    quotes = pl.read_parquet(tmp_path / "q.parquet")
    assert quotes.columns[:3] == ["seq", "symbol", "venue_time"]
    assert len(quotes) > 900
    orders = _lines(_run("export", "--log", day, "--view", "orders"))
    assert [order["status"] for order in orders] == ["CANCELLED", "DENIED", *["FILLED"] * 4]
    before = day.read_bytes()
    assert _run("export", "--log", day, "--view", "fills").exit_code == 0
    assert day.read_bytes() == before  # a reader adds no view


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--format", "xml"], "--format expected jsonl, csv, parquet, was 'xml'"),
        (["--format", "parquet"], "--out expected a file name: parquet is no text to print"),
        (["--type", "OrderFiled"], "--type expected a type of the log, was 'OrderFiled'; near: OrderFilled"),
        (["--since", "9h"], "--since expected HH:MM[:SS], YYYY-MM-DD or YYYY-MM-DDTHH:MM[:SS] in KST, was '9h'"),
        (["--symbol", "없는회사"], "symbol '없는회사' is not known"),
        (["--view", "order"], "--view expected one of orders, order_events, fills"),
        (["--quotes", "--type", "OrderFilled"], "--quotes takes --symbol, --since and --until, not --type"),
        (["--view", "orders", "--since", "09:00"], "--view gives all its rows"),
        (["--out", "/nowhere/a.csv"], "--out expected a file in a folder that exists, was '/nowhere/a.csv'"),
    ],
)
def test_given_bad_options_when_exported_then_one_line_names_them(day: Path, options: list[str], says: str) -> None:
    done = _run("export", "--log", day, *options)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith(says)
    assert len(done.stderr.splitlines()) == 1


def test_given_nothing_that_fits_when_exported_then_it_is_said(day: Path) -> None:
    done = _run("export", "--log", day, "--type", "OrderExpired")
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "no rows fit\n")


# ---- archive -------------------------------------------------------------------------------------------------------


def test_given_a_log_when_archived_then_sizes_are_told_it_can_be_checked_and_restored(
    day: Path, tmp_path: Path
) -> None:
    folder, again = tmp_path / "arch", tmp_path / "again.db"
    done = _run("archive", "--log", day, "--out", folder)
    assert done.exit_code == 0, done.output
    head = verify(day).head_hash
    assert f"2,254 events, read back equal; head {head}" in done.stdout
    assert f"{day.stat().st_size:,} bytes before" in done.stdout
    assert f"{day} stays" in done.stdout
    assert f"2,254 events, unbroken; head {head}" in _run("archive", "--check", folder).stdout
    assert f"2,254 events, as they were; head {head}" in _run("archive", "--restore", folder, "--log", again).stdout
    [found] = _lines(_run("archive", "--check", folder, "--json"))
    assert (found["ok"], found["events"], found["head_hash"]) == (True, 2_254, head)
    assert verify(again).head_hash == head
    assert _run("archive", "--log", day, "--out", folder).exit_code == 2


def test_given_a_changed_archive_when_checked_then_the_exit_code_is_one(day: Path, tmp_path: Path) -> None:
    [made] = _lines(_run("archive", "--log", day, "--out", tmp_path / "arch", "--json"))
    assert made["removed"] is False
    (tmp_path / "arch" / "meta.parquet").write_bytes(b"x")
    done = _run("archive", "--check", tmp_path / "arch")
    assert done.exit_code == 1
    assert "NOT as written; meta.parquet was changed after it was written (0 events" in done.stdout
    assert _run("archive", "--restore", tmp_path / "arch", "--log", tmp_path / "x.db").exit_code == 1


def test_given_a_demo_log_when_removed_then_only_its_archive_is_left(day: Path, tmp_path: Path) -> None:
    path = tmp_path / "demo-1.db"
    path.write_bytes(day.read_bytes())
    done = _run("archive", "--log", path, "--remove")
    assert done.exit_code == 0, done.output
    assert f"{path} is removed" in done.stdout
    assert not path.exists()
    assert _run("archive", "--check", tmp_path / "archive" / "demo-1").exit_code == 0


def test_given_the_log_a_trader_would_go_on_with_when_to_be_removed_then_it_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "paper-1.db"
    log = open_log(path)
    log.commit([a_record(1)], durable=True)
    head = (log.last_hash.hex(), log.last_seq)
    log.close()
    done = _run("archive", "--log", path, "--remove")
    assert done.exit_code == 2
    assert "--remove expected a log that another one follows" in done.stderr
    assert not (tmp_path / "archive").exists()
    (tmp_path / "broken.db").write_bytes(b"no log")
    follower = open_log(tmp_path / "paper-2.db", previous=head, create_id=lambda: "L2")
    follower.commit([a_record(1)], durable=True)
    follower.close()
    assert _run("archive", "--log", path, "--remove").exit_code == 0
    assert not path.exists()


def test_given_a_roll_that_was_cut_off_when_the_log_before_is_to_be_removed_then_it_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "paper-1.db"
    log = open_log(path)
    log.commit([a_record(1)], durable=True)
    head = (log.last_hash.hex(), log.last_seq)
    log.close()
    open_log(tmp_path / "paper-2.db", previous=head, create_id=lambda: "L2").close()
    done = _run("archive", "--log", path, "--remove")
    assert done.exit_code == 2
    assert "--remove expected a log that another one follows" in done.stderr
    assert path.exists()


def test_given_a_trader_that_writes_when_archived_then_it_is_refused(tmp_path: Path) -> None:
    log = open_log(tmp_path / "paper-1.db")
    done = _run("archive", "--log", tmp_path / "paper-1.db")
    log.close()
    assert done.exit_code == 1
    assert "is being written by the process with pid" in done.stderr


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--check", "a", "--restore", "b"], "--check, --restore and making an archive"),
        (["--check", "a", "--remove"], "--check, --restore and making an archive"),
        (["--check", "/nowhere"], "expected the folder of an archive with manifest.json, was '/nowhere'"),
        (["--restore", "a"], "--restore expected --log FILE, the log to make"),
        (["--log", "/nowhere.db"], "log expected an existing file, was '/nowhere.db'"),
    ],
)
def test_given_bad_options_when_archived_then_one_line_names_them(options: list[str], says: str) -> None:
    done = _run("archive", *options)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith(says)


# ---- views ---------------------------------------------------------------------------------------------------------


def test_given_the_views_when_printed_then_each_has_a_meaning_and_columns() -> None:
    text = _run("views").stdout
    assert "fills: one row per fill in the books" in text
    assert "realized_pnl" in text
    found = _lines(_run("views", "--json"))
    assert [each["name"] for each in found] == [view.name for view in views.VIEWS]
    assert all(each["columns"] and each["says"] for each in found)
    assert _run("views", "--sql").stdout.count("CREATE TEMP VIEW ") == len(views.VIEWS)
