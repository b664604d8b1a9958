"""`hantrade log`: what people and programs get to see, and one clear line for bad input."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from broker.translate.quotes import encode_batch
from cli.log import app
from domain.messages.market import QuotesJudged, QuotesReceived, QuoteVerdict
from domain.messages.operator import PauseRequested
from domain.messages.orders import OrderRejected
from domain.messages.trading import NoticeRaised
from domain.types import ClientOrderId, Severity, UnixNanos
from persistence.event_log import EventLog
from tests.persistence.logs import T0, a_batch, a_quote, a_record, add, open_log

runner = CliRunner()
MINUTE = 60 * 10**9


@pytest.fixture
def home(tmp_path: Path) -> Path:
    log = open_log(tmp_path / "logs" / "day.db")
    _fill(log)
    log.close()
    return tmp_path


def _fill(log: EventLog) -> None:
    batch = a_batch(a_quote("120110", T0), a_quote("005930", T0 + MINUTE, price=71_000))
    rejected = OrderRejected("j1", 1, UnixNanos(T0 + 30 * MINUTE), ClientOrderId("L1-2"), "NO_CASH", "cash is short")
    add(
        log,
        (QuotesReceived(batch, encode_batch(batch)), 0),
        (QuotesJudged(1, batch.rows[:1], (QuoteVerdict(1, "005930", "crossed", "bid over ask", True),)), 1),
        (NoticeRaised(Severity.ALERT, "quality", "1,000 rows\nrefused"), 2),
        (rejected, 0),
        (PauseRequested("c1", "cli", "점심"), 0),
    )
    log.commit(
        [a_record(6, type="FromTheFuture", payload=b'{"x":1234567}', role="new", venue_time=None)], durable=False
    )


def _run(home: Path, *args: str) -> Result:
    return runner.invoke(app, [*args, "--home", str(home)])


def _objects(home: Path, *args: str) -> list[dict[str, Any]]:
    result = _run(home, *args, "--json")
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_given_a_log_when_tailed_then_the_last_events_are_shown_in_kst(home: Path) -> None:
    lines = _run(home, "tail", "-n", "3").stdout.splitlines()
    assert len(lines) == 3
    assert "OrderRejected" in lines[0]
    assert "01-13 09:30:00" in lines[0]
    assert "order/L1-2" in lines[0]
    assert 'text="cash is short"' in lines[0]
    assert "note=점심" in lines[1]
    assert "x=1,234,567" in lines[2]
    assert [found["seq"] for found in _objects(home, "tail")] == [1, 2, 3, 4, 5, 6]
    assert _run(home, "tail", "-n", "0").stdout == ""


def test_given_json_when_tailed_then_the_names_are_those_of_the_log(home: Path) -> None:
    [found] = _objects(home, "tail", "-n", "1")
    assert found == {
        "seq": 6,
        "run_id": "r1",
        "recorded_at": T0 + 6,
        "venue_time": None,
        "type": "FromTheFuture",
        "stream": "notice",
        "causation_seq": 0,
        "role": "new",
        "payload": {"x": 1234567},
    }


def test_given_a_trader_that_writes_when_tail_follows_then_new_events_come_until_ctrl_c(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = open_log(tmp_path / "logs" / "day.db")
    _fill(log)

    def sleep(_: float) -> None:
        if log.last_seq == 9:
            raise KeyboardInterrupt
        log.commit([a_record(log.last_seq + 1)], durable=False)

    monkeypatch.setattr(time, "sleep", sleep)
    assert [found["seq"] for found in _objects(tmp_path, "tail", "-n", "1", "--follow")] == [6, 7, 8, 9]
    log.close()


def test_given_a_batch_when_shown_then_its_rows_and_consequences_are_there(home: Path) -> None:
    text = _run(home, "show", "1").stdout
    assert "QuotesReceived  #1" in text
    assert "005930  2026-01-13T09:01:00  71,000" in text
    assert "nothing: it is an input" in text
    led_to = text[text.index("led to") :]
    assert led_to.index("QuotesJudged") < led_to.index("NoticeRaised")
    [found] = _objects(home, "show", "1")
    assert (found["causes"], found["consequences"]) == ([], [2, 3])
    assert [row["symbol"] for row in found["rows"]] == ["120110", "005930"]


def test_given_an_effect_when_shown_then_its_causes_are_there(home: Path) -> None:
    text = _run(home, "show", "3").stdout
    led_here = text[text.index("led here by") : text.index("led to")]
    assert led_here.index("QuotesJudged") < led_here.index("QuotesReceived")
    assert _objects(home, "show", "3")[0]["causes"] == [2, 1]
    assert [row["symbol"] for row in _objects(home, "show", "2")[0]["rows"]] == ["120110"]


def test_given_a_type_of_another_version_when_shown_then_it_is_shown_as_it_is(home: Path) -> None:
    assert "shown as it is: this version does not know the type" in _run(home, "show", "6").stdout
    assert _objects(home, "show", "6")[0]["unknown"]


@pytest.mark.parametrize(
    ("args", "seqs"),
    [
        (["--type", "NoticeRaised"], [3]),
        (["--type", "FromTheFuture"], [6]),
        (["--stream", "order/"], [4]),
        (["--symbol", "120110"], [1]),
        (["--symbol", "005930"], [1, 2]),
        (["--since", "09:30"], [4, 5, 6]),
        (["--since", "9:30"], [4, 5, 6]),
        (["--since", "2026-01-13T09:01", "--until", "09:02:00"], [1, 3]),
        (["--since", "2026-01-13", "--type", "OrderRejected"], [4]),
        (["--until", "2026-01-13"], []),
        (["--recorded", "--since", "2026-01-13T09:00:00"], [1, 2, 3, 4, 5, 6]),
        (["--type", "PauseRequested", "--type", "NoticeRaised"], [3, 5]),
        (["--type", "NoticeRaised", "--type", "NoticeRaised"], [3]),
        (["--text", "CASH IS"], [4]),
        (["--text", "점심"], [5]),
        (["--role", "new"], [6]),
        (["--cause", "1"], [2, 3]),
        (["--cause", "1", "--type", "NoticeRaised"], [3]),
        (["--cause", "4"], []),
        (["-n", "2"], [5, 6]),
        (["-n", "2", "--type", "OrderRejected", "--type", "QuotesJudged", "--type", "NoticeRaised"], [3, 4]),
    ],
)
def test_given_a_filter_when_grepped_then_only_what_fits_is_shown(home: Path, args: list[str], seqs: list[int]) -> None:
    assert [event["seq"] for event in _objects(home, "grep", *args)] == seqs


def test_given_objects_in_a_payload_when_shown_then_each_has_a_line_and_a_summary_only_counts_them(home: Path) -> None:
    text = _run(home, "show", "2").stdout
    assert "    row=1 symbol=005930 rule=crossed" in text
    [line] = _run(home, "grep", "--type", "QuotesJudged").stdout.splitlines()
    assert "verdicts=(1)" in line


def test_given_a_log_when_counted_then_the_figures_are_shown(home: Path) -> None:
    text = _run(home, "stats").stdout
    assert "6 in 2 commits" in text
    assert "2026-01-13 09:00:00 to 2026-01-13 09:30:00 KST" in text
    [found] = _objects(home, "stats")
    assert (found["events"], found["commits"], found["quote_rows"]) == (6, 2, 2)
    assert found["by_type"]["QuotesReceived"] == 1
    assert found["runs"][0]["run_id"] == "r1"


def test_given_a_sound_log_when_verified_then_it_says_so(home: Path) -> None:
    [found] = _objects(home, "verify")
    assert (found["events"], found["ok"], found["first_bad_seq"]) == (6, True, None)
    assert "6 events, unbroken" in _run(home, "verify").stdout


def test_given_a_changed_log_when_verified_then_it_exits_1_and_names_the_event(home: Path) -> None:
    path = home / "logs" / "day.db"
    path.write_bytes(path.read_bytes().replace(b"cash is short", b"cash is ample"))
    result = _run(home, "verify", "--json")
    assert result.exit_code == 1
    found = json.loads(result.stdout.splitlines()[-1])
    assert (found["events"], found["ok"], found["first_bad_seq"]) == (0, False, 1)
    result = _run(home, "verify")
    assert result.exit_code == 1
    assert "first bad event 1" in result.stdout


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["grep", "--cause", "99"], "--cause expected 1 to 6, was 99"),
        (["grep", "--type", "OrderRejected", "--type", "Nonsense"], "--type expected a type of the log"),
        (["show", "99"], "SEQ expected 1 to 6, was 99"),
        (["grep", "--type", "OrderRejekted"], "near: OrderRejected"),
        (["grep", "--since", "noon"], "--since expected HH:MM"),
        (["grep", "--until", "2026-13-01"], "--until expected HH:MM"),
        (["grep", "--since", "2026-01-13T09:00+00:00"], "--since expected HH:MM"),
        (["grep", "--symbol", "없는회사"], "없는회사"),
        (["tail", "--log", "none.db"], "log expected an existing file, was 'none.db'"),
        (["verify", "--log", "none.db"], "log expected an existing file, was 'none.db'"),
    ],
)
def test_given_bad_input_when_run_then_one_clear_line_and_exit_2(home: Path, args: list[str], said: str) -> None:
    result = _run(home, *args)
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stdout == ""
    assert len(result.stderr.strip().splitlines()) == 1


def test_given_no_log_at_all_when_run_then_one_clear_line_and_exit_2(tmp_path: Path) -> None:
    result = _run(tmp_path, "tail")
    assert (result.exit_code, len(result.stderr.strip().splitlines())) == (2, 1)


@pytest.mark.parametrize("command", ["tail", "stats", "grep"])
def test_given_a_file_that_is_no_log_when_read_then_one_clear_line(tmp_path: Path, command: str) -> None:
    path = tmp_path / "notes.db"
    path.write_text("dear diary " * 500)
    result = runner.invoke(app, [command, "--log", str(path)])
    assert (result.exit_code, len(result.stderr.strip().splitlines())) == (1, 1)
    assert "not an event log of hantrade" in result.stderr


@pytest.mark.parametrize("command", ["tail", "show", "grep", "stats", "verify"])
def test_given_help_when_asked_then_it_holds_an_example(command: str) -> None:
    assert f"hantrade log {command}" in runner.invoke(app, [command, "--help"], env={"COLUMNS": "200"}).stdout
