"""`hantrade log why`: each order of a stormy log has a story that fits the page, its checks agree with the record."""

import json
import re
import sqlite3
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from typer.testing import CliRunner, Result

from cli.main import app
from cli.why_checks import Checks, recompute
from cli.why_text import WIDTH, as_lines
from cli.why_words import _WORDS, words
from domain.messages import MESSAGES
from domain.messages.holdings import AdjustmentBooked
from domain.messages.link import OrderEvidence
from domain.messages.trading import OrderDenied
from domain.types import Krw, Side
from persistence.codec import UnknownEvent
from persistence.reader import LogReader
from persistence.record import Record
from persistence.story import Step, Story, gather
from tests.attack.storm import Storm
from tests.broker_sim.builders import a_file
from tests.cli.demo_house import SYMBOL, a_demo, a_lively_day
from tests.persistence.logs import a_codec, add, open_log
from tests.persistence.test_story import SYMBOL as STOCK
from tests.persistence.test_story import WHEN, adjusted, booked, filled, inputs, revised

runner = CliRunner()
CODEC = a_codec()


@dataclass
class Told:
    story: Story
    checks: Checks | None
    lines: list[str]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


def tell(reader: LogReader, order: str) -> Told:
    story = gather(reader, order, CODEC)
    checks = recompute(story, reader, CODEC)
    return Told(story, checks, as_lines(story, checks))


def orders_in(reader: LogReader) -> list[str]:
    rows = reader.rows("SELECT DISTINCT stream FROM events WHERE stream > 'order/' AND stream < 'order0' ORDER BY seq")
    return [row[0].removeprefix("order/") for row in rows]


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Give two logs of one account: signals, people, kills, a wire that loses, halts, a flatten, a day roll."""
    folder = tmp_path_factory.mktemp("storm")
    storm = Storm(folder, 3)
    try:
        storm.blow(500)
        storm.stop()
        storm.another_log()
        storm.blow(200)
        storm.kill_trader()
        storm.blow(200)
        storm.stop()
    finally:
        storm.venue.journal.close()
        storm.log.close()
    return sorted(folder.glob("log*.db"))


@pytest.fixture(scope="module")
def told(logs: list[Path]) -> list[Told]:
    found = []
    for path in logs:
        with LogReader(path, CODEC) as reader:
            found += [tell(reader, order) for order in orders_in(reader)]
    assert len(found) > 50
    return found


def test_for_any_order_of_a_storm_its_story_fits_the_page_in_the_order_of_the_log(told: list[Told]) -> None:
    for each in told:
        assert max(map(cell_len, each.lines)) <= WIDTH, each.text
        for part in each.story.parts:
            seqs = [step.record.seq for step in part.steps]
            assert seqs == sorted(set(seqs))
            shown = [
                int(found[1].replace(",", "")) for line in each.lines if (found := re.match(r" *#([\d,]+)  ", line))
            ]
            assert set(seqs) <= set(shown)


def test_for_any_order_of_a_storm_the_recomputed_checks_say_what_the_record_says(told: list[Told]) -> None:
    denied = 0
    for each in told:
        verdict = each.story.verdict
        if each.checks is None or verdict is None:
            continue  # sold out by an operator: no rule was asked
        assert each.checks.problem == ""
        problems = [item.code for item in each.checks.measured if item.problem is not None]
        if isinstance(verdict.message, OrderDenied):
            denied += 1
            assert problems == [verdict.message.reason] == [each.checks.measured[-1].code]
            assert f"NO  {verdict.message.reason}" in each.text
        else:
            assert problems == []
    assert denied > 10


@pytest.mark.parametrize(
    "says",
    [
        "UNKNOWN_SUBMIT",  # episodes of unknown fate …
        "asks the broker what became of request",
        "it never reached the broker, and its id is void now",  # … and how they ended
        "kim asks to cancel it",
        "kim asked, ManualCancelRequested #",
        "the story goes on behind a restart",
        "the run before ended without an answer",
        "asks to sell out",
        "realised ",
        "still held at a cost basis of",
        "closed by ",
        "flat after ",
    ],
)
def test_given_a_storm_when_its_orders_are_told_then_what_happened_is_in_words(told: list[Told], says: str) -> None:
    assert any(says in " ".join(each.text.split()) for each in told)


def test_for_any_message_of_an_order_there_are_words(told: list[Told]) -> None:
    own = {name for name, kind in MESSAGES.items() if kind.STREAM.startswith("order/")}
    assert own <= {kind.__name__ for kind in _WORDS}
    assert all(len(label) <= 9 for label, _ in _WORDS.values())
    assert all(words(step)[1] for each in told for step in each.story.steps)


def test_given_a_verdict_that_was_changed_when_told_then_the_checks_are_not_claimed(
    logs: list[Path], tmp_path: Path
) -> None:
    first = "(SELECT min(seq) FROM events WHERE type = 'OrderApproved')"
    path = a_copy(
        logs[0], tmp_path, f"UPDATE events SET payload = json_set(payload, '$.quantity', 999) WHERE seq = {first}"
    )
    with LogReader(path, CODEC) as reader:
        checks = tell(reader, next(reader.events(type="OrderApproved")).stream.removeprefix("order/")).checks
    assert checks is not None
    assert "other than recorded" in checks.problem
    assert checks.measured == ()


def test_given_a_batch_that_cannot_be_read_when_told_then_it_is_said_and_the_rest_of_the_story_stays(
    logs: list[Path], tmp_path: Path
) -> None:
    path = a_copy(logs[0], tmp_path, "UPDATE quotes SET raw = x'00'")
    with LogReader(path, CODEC) as reader:
        each = tell(reader, orders_in(reader)[-1])
    assert "cannot be recomputed: event #" in " ".join(each.text.split())
    assert "It is " in each.lines[0] + each.lines[1]


def a_copy(log: Path, folder: Path, change: str) -> Path:
    """Give a copy of a log with one SQL statement run on it."""
    path = folder / "changed.db"
    source, copy = sqlite3.connect(log), sqlite3.connect(path)
    source.backup(copy)
    copy.execute(change)
    copy.commit()
    source.close()
    copy.close()
    return path


# ---- the command, on a demo with real quote bytes --------------------------------------------------------------


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    # Ten seconds: as fast as possible the day would be over before the venue hears of an order.
    done = a_demo("--data", str(a_file(folder, a_lively_day(end=690))), "--home", str(folder), "--speed", "900")
    assert done.exit_code == 0, done.output
    return folder


def run(home: Path, *args: str) -> Result:
    return runner.invoke(app, ["log", *args, "--home", str(home)])


def rows(result: Result) -> list[dict[str, Any]]:
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


_STEPS = ("attention", "quote", "signal", "risk", "intent", "accepted")


def an_entry(home: Path) -> dict[str, Any]:
    """Give the approval of the first entry of the demo that the venue took.

    How many are filled depends on how fast the machine is beside the demo's quotes.
    """
    taken = [row["payload"] for row in rows(run(home, "grep", "--type", "OrderAccepted", "--json"))]
    order = next(fact["client_order_id"] for fact in taken if fact["side"] == "BUY")
    approved = rows(run(home, "grep", "--type", "OrderApproved", "--json"))
    return next(row for row in approved if row["payload"]["client_order_id"] == order)


def test_given_a_demo_when_an_entry_is_told_then_the_story_goes_from_its_quote_to_its_round_trip(home: Path) -> None:
    approved = an_entry(home)
    order = approved["payload"]["client_order_id"]
    text = run(home, "why", order).stdout
    places = [text.index(f"  {label} ") for label in _STEPS]
    assert places == sorted(places)
    told = " ".join(text.split())
    for says in ("attention", "judged ok in #", "argues for BUY (ENTRY)", "momentum", "ok CASH", "on the disk"):
        assert says in told, says
    for says in ("handed it to the venue", "venue order 0", " result ", "(system time)"):
        assert says in told, says
    assert f"checks, recomputed from the state behind #{approved['seq'] - 1:,}" in told


def test_given_corporate_actions_when_a_trip_is_told_then_they_stand_in_it_with_their_income(tmp_path: Path) -> None:
    log = open_log(tmp_path / "day.db", create_id=lambda: "L1")
    add(log, *inputs(filled("L1-1", Side.BUY, 10), booked("L1-1", Side.BUY, 10, 10), adjusted(10, 50)))
    told = lines_of(tmp_path)
    assert "10 shares became 50 (5 for 1); 50 shares still held at a cost basis of 10,000 KRW" in told
    add(log, *inputs(adjusted(50, 50, income=70), adjusted(50, 0, won=-5)))
    log.close()
    told = lines_of(tmp_path)
    assert "50 shares became 50 (5 for 1), 70 KRW of income; 50 shares became 0 (5 for 1); flat after" in told
    assert told.rstrip().endswith("with -5 KRW after all costs")


def test_given_an_order_that_the_lists_proved_when_told_then_proof_and_revision_stand_in_words(tmp_path: Path) -> None:
    log = open_log(tmp_path / "day.db", create_id=lambda: "L1")
    proof = OrderEvidence(
        "L1-1", "filled", "7", STOCK, Side.BUY, 10, 0, Krw(10_000), Krw(1), Krw(0), None, "", "", "by number", WHEN
    )
    by_hand = AdjustmentBooked("c", "kim", STOCK, 10, 12, Krw(12_000), Krw(5), Krw(5), "a gift", WHEN)
    add(log, *inputs(proof, booked("L1-1", Side.BUY, 10, 10, trade="inferred:7:10"), revised("L1-1", "t9", 10, 30)))
    add(log, *inputs(by_hand))
    log.close()
    told = lines_of(tmp_path)
    assert "by the broker's lists 10 of venue order 7 are filled for 10,000 KRW, 0 left; by number" in told
    assert "trade t9 tells 10 shares that were booked from sums: +30 KRW, costs +0, realised -30" in told
    assert "bought 10 for 10,030 KRW (1,003 each)" in told
    assert "10 shares became 12 (by kim: a gift); 12 shares still held at a cost basis of 12,000 KRW" in told


@pytest.mark.parametrize(
    "fact", ["accepted", "filled", "cancelled", "expired", "replaced", "rejected", "absent", "resolved"]
)
def test_given_any_evidence_when_told_then_it_is_in_words(fact: str) -> None:
    label, tell = _WORDS[OrderEvidence]
    what = ("L1-1", fact, "7", STOCK, Side.BUY, 3, 0, Krw(0), Krw(0), Krw(0), Krw(900), "8", "r1", "by number", WHEN)
    text = tell(OrderEvidence(*what))
    assert label == "proved"
    assert isinstance(text, str)
    assert text.startswith("by the broker's lists ")
    assert text.endswith("; by number")


def lines_of(folder: Path) -> str:
    with LogReader(folder / "day.db", CODEC) as reader:
        return " ".join(" ".join(as_lines(gather(reader, "L1-1", CODEC), None)).split())


def test_given_json_when_told_then_each_step_is_an_object_and_the_last_line_sums_up(home: Path) -> None:
    approved = an_entry(home)
    order = approved["payload"]["client_order_id"]
    *steps, whole = rows(run(home, "why", order, "--json"))
    for step in steps:
        assert {"seq", "step", "at", "recorded_at", "venue_time", "since_previous_ms", "text", "data"} <= step.keys()
    for before, step in pairwise(steps):
        assert step["since_previous_ms"] == round((step["recorded_at"] - before["recorded_at"]) / 1e6, 3)
    [verdict] = [step for step in steps if step["seq"] == approved["seq"]]
    assert {check["code"] for check in verdict["data"]["checks"]} >= {"GATE", "CASH", "POSITION"}
    [quote] = [step for step in steps if step["step"] == "quote"]
    assert quote["data"]["row"]["symbol"] == SYMBOL
    assert (whole["order"], whole["symbol"], whole["side"]) == (order, SYMBOL, "BUY")
    fills = rows(run(home, "grep", "--type", "FillBooked", "--json"))
    trip = [fill["payload"] for fill in fills if fill["payload"]["client_order_id"] in whole["trip_orders"]]
    assert whole["trip_realized_pnl"] == (sum(fill["realized_pnl"] for fill in trip) if trip else None)


def test_given_any_event_of_an_order_when_shown_then_it_points_to_the_story_and_its_sequence_names_it(
    home: Path,
) -> None:
    approved = an_entry(home)
    order = approved["payload"]["client_order_id"]
    for seq in (approved["seq"] - 1, approved["seq"], approved["seq"] + 1):
        assert f"hantrade log why {order} tells the whole story" in run(home, "show", str(seq)).stdout
        assert rows(run(home, "show", str(seq), "--json"))[0]["orders"] == [order]
        assert rows(run(home, "why", f"#{seq}", "--no-checks", "--json"))[-1]["order"] == order
    assert "tells the whole story" not in run(home, "show", "1").stdout


@pytest.mark.parametrize("name", ["nonsense", "#1", "", "' OR 1=1", "#999999999", "9" * 40])
def test_given_an_unknown_name_when_told_then_one_clear_line_and_exit_2(home: Path, name: str) -> None:
    result = run(home, "why", name)
    assert (result.exit_code, result.stdout) == (2, "")
    assert len(result.stderr.strip().splitlines()) == 1
    assert "ORDER" in result.stderr


@pytest.mark.parametrize("part", [0.3, 0.6, 0.9])
def test_given_a_log_that_was_cut_off_when_told_then_no_traceback(home: Path, tmp_path: Path, part: float) -> None:
    order = an_entry(home)["payload"]["client_order_id"]
    [log] = (home / "logs").glob("*.db")
    data = log.read_bytes()
    (tmp_path / "cut.db").write_bytes(data[: int(len(data) * part)])
    result = run(home, "why", order, "--log", str(tmp_path / "cut.db"))
    assert result.exit_code in (0, 1, 2)
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert len(result.stderr.strip().splitlines()) == (result.exit_code != 0)


def test_given_help_when_asked_then_it_holds_an_example() -> None:
    assert "hantrade log why" in runner.invoke(app, ["log", "why", "--help"], env={"COLUMNS": "200"}).stdout


def test_given_a_record_with_broken_bytes_when_told_then_it_is_shown_as_far_as_it_can_be_read() -> None:
    record = Record(7, "r", 0, None, "OrderFilled", "order/a-1", 0, "orders", b'{"x": "\xff"}', None)
    unknown = UnknownEvent(7, "OrderFilled", "order/a-1", record.payload, "no text")
    label, [text] = words(Step("a", record, unknown))
    assert label == "OrderFill"
    assert text == 'OrderFilled, shown as it is: no text: {"x": "\ufffd"}'
