"""`hantrade log replay`: what people and programs read, with a sound log, a changed one, and other limits."""

import json
import socket
import sqlite3
import threading
from contextlib import closing
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from actors.core.core import to_record
from actors.core.difference import differing_states
from actors.core.kernel import KernelState
from actors.roles.portfolio import Portfolio
from actors.roster import make_roles
from broker.translate.quotes import decode_batch, encode_batch
from cli.main import app
from cli.replay import CHILD, replay_here, replay_process
from cli.replay_pair import Beside, Channel, fold_beside
from cli.replay_text import state_lines
from domain.errors import ConfigError, LogError
from domain.messages.market import QuotesReceived
from domain.messages.run import RoleState, RunStarted, StateCarried
from domain.messages.trading import OrderApproved
from hantrade import __version__
from persistence.codec import MessageCodec
from persistence.record import Record
from tests.actors.builders import House, a_run
from tests.actors.test_house import HouseGame
from tests.actors.test_recovery import a_house, reconnect
from tests.persistence.logs import open_log

runner = CliRunner()
CODEC = MessageCodec(decode_batch)


def a_morning() -> HouseGame:
    """Give a day of all roles: three buys by hand at 10,000, of 2, 6 and 10 shares, then a restart."""
    game = HouseGame()
    for pick in (1, 5, 9):
        game.play("approve", pick)
    game.play("restart", 0)
    game.play("up", 0)
    return game


@cache
def the_records() -> tuple[Record, ...]:
    """Give such a day as a log holds it."""
    return tuple(records_of(a_morning().house))


def records_of(house: House) -> list[Record]:
    """Give what a house did as a log holds it, quotes with their bytes."""
    records = []
    for item in house.core.history:
        message = item.message
        if isinstance(message, QuotesReceived):
            message = QuotesReceived(message.batch, encode_batch(message.batch))
        records.append(to_record(item._replace(message=message), "r", CODEC))
    return records


def write(path: Path) -> int:
    """Write a log of such a day; give its last sequence."""
    log = open_log(path, create_id=lambda: "L")
    log.commit(the_records(), durable=False)
    log.close()
    return len(the_records())


def changed(path: Path, sql: str, *args: Any) -> None:
    """Change a written log behind its back."""
    with sqlite3.connect(path) as conn:
        for trigger in [row[0] for row in conn.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")]:
            conn.execute(f"DROP TRIGGER {trigger}")
        conn.execute(sql, args)
    conn.close()


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a log, and let commands replay in this process."""
    monkeypatch.setenv(CHILD, "-1")
    path = tmp_path / "day.db"
    write(path)
    return path


def run(log: Path, *args: str) -> Result:
    return runner.invoke(app, ["log", "replay", "--log", str(log), *args])


def objects(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def one_approved(log: Path) -> int:
    """Give the sequence of the second approved order."""
    with sqlite3.connect(log) as conn:
        rows = conn.execute("SELECT seq FROM events WHERE type = ? ORDER BY seq", (OrderApproved.__name__,)).fetchall()
    conn.close()
    return int(rows[1][0])


# ---- replay ----------------------------------------------------------------------------------------------------


def test_given_a_sound_log_when_replayed_then_it_says_so(log: Path):
    result = run(log)
    assert result.exit_code == 0
    assert result.stdout.startswith("identical: ")
    assert "every role's state came out the same" in result.stdout
    [found] = objects(run(log, "--json"))
    assert (found["identical"], found["first_difference_seq"], found["recorded"]) == (True, None, None)
    assert found["events"] > found["outputs"] > 0


def test_given_a_changed_decision_when_replayed_then_it_is_shown_side_by_side_with_what_led_there(log: Path):
    seq = one_approved(log)
    changed(log, "UPDATE events SET payload = replace(payload, '\"quantity\":6', '\"quantity\":7') WHERE seq = ?", seq)
    result = run(log)
    assert result.exit_code == 1
    lines = [line.split() for line in result.stdout.splitlines()]
    said = f"{log}, written by hantrade 0.1.0, replayed by {__version__}: what differs may be a change of the code"
    assert result.stdout.startswith(said)
    assert lines[1] == f"not identical: the first difference is at sequence {seq}".split()
    assert ["*", "quantity", "7", "6"] in lines
    assert ["said", "by", "risk_manager", "risk_manager"] in lines
    assert [line[0] for line in lines if line and line[0] == "*"] == ["*"]
    chain = lines[lines.index(["led", "here", "by"]) + 1]
    assert chain[:3] == [str(seq - 1), "test", "ManualOrderRequested"]
    [found] = objects(run(log, "--json"))
    assert (found["identical"], found["first_difference_seq"], found["kind"]) == (False, seq, "fields")
    assert found["fields"] == ["quantity"]
    assert (found["recorded"]["payload"]["quantity"], found["replayed"]["payload"]["quantity"]) == (7, 6)
    assert [cause["seq"] for cause in found["causes"]] == [seq - 1]


def test_given_a_log_of_another_version_when_replayed_then_that_is_said_and_nothing_of_one_of_this(log: Path):
    assert run(log).stdout.endswith(f"{log}, written by hantrade 0.1.0, replayed by {__version__}\n")
    [found] = objects(run(log, "--json"))
    assert (found["identical"], found["written_by"], found["replayed_by"]) == (True, ["0.1.0"], __version__)
    [first, second] = [record.seq for record in the_records() if record.type == RunStarted.__name__]
    ours = f'"version":"{__version__}"'
    changed(log, f"UPDATE events SET payload = replace(payload, '\"version\":\"0.1.0\"', '{ours}') WHERE seq = {first}")
    assert objects(run(log, "--json"))[0]["written_by"] == [__version__, "0.1.0"]
    assert f", written by hantrade {__version__}, 0.1.0, replayed by {__version__}\n" in run(log).stdout
    assert objects(run(log, "--until", str(second - 1), "--json"))[-1]["written_by"] == [__version__]
    changed(log, f"UPDATE events SET payload = replace(payload, '\"version\":\"0.1.0\"', '{ours}')")
    assert run(log).stdout.endswith(f" events in {log}\n")
    changed(log, "UPDATE events SET role = 'notifier' WHERE seq = ?", one_approved(log))
    assert run(log).stdout.startswith("not identical: ")


def test_given_a_removed_output_when_replayed_then_it_is_named(log: Path):
    seq = one_approved(log)
    changed(log, "DELETE FROM events WHERE seq = ?", seq)
    result = run(log)
    assert result.exit_code == 1
    assert "risk_manager says OrderApproved in the replay, the log does not hold it" in result.stdout


def test_given_a_removed_input_when_replayed_then_the_gap_is_named(log: Path):
    inputs = [record.seq for record in the_records() if record.causation_seq == 0]
    first, following = next((a, b) for a, b in pairwise(inputs) if a > one_approved(log))
    changed(log, "DELETE FROM events WHERE seq >= ? AND seq < ?", first, following)
    result = run(log)
    assert result.exit_code == 1
    assert f"an input is missing: the log goes from {first - 1} to {following}" in result.stdout


def test_given_an_event_of_a_newer_version_when_replayed_then_that_is_said(log: Path):
    seq = one_approved(log) - 1
    changed(log, "UPDATE events SET type = 'FromTheFuture' WHERE seq = ?", seq)
    result = run(log)
    assert result.exit_code == 1
    assert "this version does not know the type FromTheFuture" in result.stdout
    assert objects(run(log, "--json"))[0]["kind"] == "unknown"


def test_given_a_log_when_replayed_by_a_person_then_another_process_with_another_hash_seed_does_it(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
):
    path = tmp_path / "day.db"
    last = write(path)
    assert replay_process(path, as_json=True) == 0
    found = json.loads(capfd.readouterr().out)
    assert (found["events"], found["identical"]) == (last, True)
    changed(path, "UPDATE events SET role = 'notifier' WHERE seq = ?", one_approved(path))
    assert replay_process(path, as_json=False) == 1
    assert "the log says that notifier said this OrderApproved" in capfd.readouterr().out


# ---- the process that folds beside -----------------------------------------------------------------------------


def left_at(seq: int) -> KernelState:
    return KernelState(seq, {}, {}, {})


def fold_through(path: Path, until: int | None, seq: int) -> KernelState:
    """Ask for the states behind an event while another thread folds."""
    mine, its = socket.socketpair()
    with Channel(mine) as asking, Channel(its) as answering:
        folding = threading.Thread(target=fold_beside, args=(path, answering, until))
        folding.start()
        try:
            return Beside(asking).fold_of(left_at(seq))
        finally:
            folding.join()


def test_given_a_process_that_asks_when_the_log_is_folded_beside_it_then_it_gets_the_states_up_to_there(log: Path):
    seq = one_approved(log)
    fold = fold_through(log, seq - 1, seq)
    assert fold.last_seq == seq
    *states, _ = objects(run(log, "--until", str(seq), "--json"))
    assert {name: state.state for name, state in fold.roles.items()} == {one["role"]: one["state"] for one in states}
    again = fold_through(log, seq, seq)
    held = fold.roles["risk_manager"].state["state"]["holds"]["by_id"]
    held.popitem()
    [found] = differing_states(fold, again)
    assert (found.role, found.attribute.partition("[")[0]) == ("risk_manager", "state.holds.by_id")


def test_given_a_log_that_cannot_be_folded_when_asked_for_states_then_the_reason_is_told(log: Path):
    changed(log, "UPDATE events SET type = 'FromTheFuture' WHERE seq = 3")
    with pytest.raises(LogError, match="the log cannot be folded: log: event 3, a FromTheFuture"):
        fold_through(log, None, 9)


def test_given_a_process_that_found_a_difference_when_it_is_gone_then_nobody_waits(log: Path):
    mine, its = socket.socketpair()
    with Channel(its) as answering:
        mine.close()
        fold_beside(log, answering, None)


def test_given_the_process_that_folds_is_gone_when_asked_then_that_is_told() -> None:
    mine, its = socket.socketpair()
    with Channel(mine) as asking:
        its.close()
        with pytest.raises(LogError, match="the process that folds it is gone"):
            Beside(asking).fold_of(left_at(9))


# ---- a log that follows another ---------------------------------------------------------------------------------


def a_rolled_log(folder: Path) -> Path:
    """Write a log and one that follows it, in which the day goes on."""
    house, after = a_house(), House(*make_roles(), log_id="M")
    with closing(open_log(folder / "one.db", create_id=lambda: "L")) as log:
        log.commit(records_of(house), durable=False)
        head = (log.last_hash.hex(), log.last_seq)
    after.now = house.now + 60_000_000_000
    after.hear(StateCarried("L", head[1], head[0], house.core.kernel.dump().roles), a_run())
    reconnect(after)
    with closing(open_log(folder / "two.db", create_id=lambda: "M", previous=head)) as log:
        log.commit(records_of(after), durable=False)
    return folder / "two.db"


@pytest.mark.parametrize("version", [Portfolio.STATE_VERSION, Portfolio.STATE_VERSION + 1])
def test_given_carried_states_of_this_or_another_version_when_replayed_then_it_is_identical(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: int
):
    path = a_rolled_log(tmp_path)
    monkeypatch.setattr(Portfolio, "STATE_VERSION", version)
    report = replay_here(path)
    assert report.identical and report.outputs > 0, report.difference
    fold = fold_through(path, None, report.events)
    assert (fold.last_seq, fold.roles["portfolio"].version) == (report.events, version)


def test_given_carried_states_of_another_version_when_the_log_before_is_gone_then_the_replay_says_what_it_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path = a_rolled_log(tmp_path)
    (tmp_path / "one.db").unlink()
    assert replay_here(path).identical
    monkeypatch.setattr(Portfolio, "STATE_VERSION", Portfolio.STATE_VERSION + 1)
    with pytest.raises(LogError, match="which is needed beside it"):
        replay_here(path)


# ---- states ----------------------------------------------------------------------------------------------------


def test_given_a_sequence_when_asked_then_every_role_is_shown_as_it_stood_there(log: Path):
    seq = one_approved(log)
    *states, last = objects(run(log, "--until", str(seq), "--json"))
    assert [state["role"] for state in states][-2:] == ["executor", "scorekeeper"]
    assert {state["seq"] for state in states} == {seq}
    held = states[-3]["state"]["state"]["holds"]["by_id"]
    assert [hold["quantity"] for hold in held.values()] == [2, 6]
    assert len(states[-2]["state"]["orders"]) == 2
    assert (last["identical"], last["first_difference_seq"]) == (True, None)
    before = objects(run(log, "--until", str(seq - 1), "--json"))
    assert len(before[-4]["state"]["state"]["holds"]["by_id"]) == 1
    text = run(log, "--until", str(seq)).stdout
    assert text.startswith(f"every role's state behind event {seq} (OrderApproved by risk_manager, 2026-01-13 09:00:")
    assert "\nexecutor  (state version " in text
    assert text.splitlines()[-1].startswith("identical: ")


def test_given_a_difference_behind_the_sequence_when_asked_then_up_to_there_it_is_identical(log: Path):
    seq = one_approved(log)
    changed(log, "UPDATE events SET payload = replace(payload, '\"quantity\":6', '\"quantity\":7') WHERE seq = ?", seq)
    for until, identical in ((seq - 1, True), (seq, False), (seq + 1, False)):
        result = run(log, "--until", str(until), "--json")
        assert (objects(result)[-1]["identical"], result.exit_code) == (identical, 0 if identical else 1)


@pytest.mark.parametrize("seq", ["0", "-3", "100000"])
def test_given_a_sequence_out_of_range_when_asked_then_it_is_refused_in_one_line(
    tmp_path: Path, seq: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv(CHILD, raising=False)
    last = write(tmp_path / "day.db")
    result = run(tmp_path / "day.db", "--until", seq)
    assert isinstance(result.exception, ConfigError)
    assert str(result.exception) == f"--until expected 1 to {last}, was {seq}"


def test_given_a_state_when_printed_then_it_reads_well():
    state = {
        "gate": {"$": "domain.types:Gate", "v": "OPEN"},
        "seen_at": 1_768_262_400_000_000_000,
        "cash": 10_000_000,
        "never": 2**63 - 1,
        "ratio": 0.1 + 0.2,
        "many": list(range(2000)),
        "held": {f"{n:06d}": {"$": "domain.x:Hold", "symbol": f"{n:06d}", "quantity": 1000} for n in range(20)},
        "pairs": {"$": "dict", "v": [[{"$": "domain.types:LinkName", "v": "quotes"}, True]]},
        "none": {"$": "set", "v": []},
        "absent": None,
    }
    lines = state_lines("portfolio", RoleState(2, state), "")
    assert lines[0] == "portfolio  (state version 2)"
    text = "\n".join(lines)
    for expected in (
        "  gate: OPEN",
        "  seen_at: 2026-01-13 09:00:00 KST",
        "  cash: 10,000,000",
        "  never: never",
        "  ratio: 0.3",
        "  many: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, … 1,988 more]",
        "  held: 20 entries",
        "    000000: Hold(symbol 000000, quantity 1,000)",
        "    … 8 more (all with --json)",
        "  pairs: {quotes yes}",
        "  none: none",
        "  absent: -",
    ):
        assert expected in lines, (expected, text)


# ---- other settings --------------------------------------------------------------------------------------------


def settings(folder: Path, text: str) -> str:
    path = folder / "other.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_given_the_recorded_settings_when_asked_then_no_decision_differs(log: Path):
    same = settings(log.parent, "[risk]\nmax_order_krw = 3_000_000\nmax_position_pct = 20\n[desk]\nport = 1\n")
    result = run(log, "--with-config", same)
    assert result.exit_code == 0
    assert "the file changes nothing" in result.stdout
    assert "left out, nothing is decided by it: desk.port" in result.stdout
    assert "no decision differs" in result.stdout
    assert "is not simulated" in result.stdout
    [last] = objects(run(log, "--with-config", same, "--json"))
    assert (last["identical"], last["differences"], last["first_difference_seq"]) == (True, 0, None)


def test_given_a_lower_limit_when_asked_then_change_decisions_and_totals_are_shown(log: Path):
    other = settings(log.parent, "[risk]\nmax_order_krw = 60_000\n[costs]\ncommission_pct = 0.015\n")
    result = run(log, "--with-config", other)
    assert result.exit_code == 0
    text = result.stdout
    assert "  risk.max_order_krw  3,000,000 → 60,000" in text.splitlines()
    assert "costs" not in text
    assert "OrderApproved BUY 10 005930 at 10,000 → OrderDenied ORDER_VALUE: " in text
    assert "1 of 3 approved orders would have been denied (ORDER_VALUE 1), notional 100,000 KRW" in text
    *changes, last = objects(run(log, "--with-config", other, "--json"))
    assert [change["would"]["type"] for change in changes] == ["OrderDenied", "CommandAnswered"]
    assert changes[0]["recorded"]["payload"]["quantity"] == 10
    assert (last["identical"], last["first_difference_seq"]) == (False, changes[0]["recorded_seq"])
    assert last["changed"] == [{"key": "risk.max_order_krw", "old": 3_000_000, "new": 60_000}]
    denied = next(total for total in last["totals"] if total["would"] == "OrderDenied")
    assert (denied["decisions"], denied["of"], denied["notional_krw"]) == (1, 3, 100_000)


def test_given_a_parameter_of_a_strategy_when_asked_then_the_others_stay(log: Path):
    other = settings(log.parent, "[strategies.attention_momentum]\nmomentum_bars = 7\n")
    *_, last = objects(run(log, "--with-config", other, "--json"))
    assert last["changed"] == [{"key": "strategies.attention_momentum.momentum_bars", "old": 5, "new": 7}]


def test_given_an_environment_when_asked_then_only_the_file_counts(log: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HANTRADE_RISK__MAX_ORDER_KRW", "1")
    *_, last = objects(run(log, "--with-config", settings(log.parent, ""), "--json"))
    assert (last["changed"], last["identical"]) == ([], True)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[risk]\nmax_order = 1\n", "unknown key risk.max_order; allowed here: adv_days, check_sessions"),
        ("[risk]\nmax_position_pct = 120\n", "risk.max_position_pct = 120: 100 or less is expected"),
        ("[strategies.foo]\nx = 1\n", "strategy expected one of "),
        ("[strategies.attention_momentum]\nmomentum_bars = 0\n", "parameter momentum_bars expected a whole number"),
        ("[risk\n", "not valid TOML"),
        (None, "no such file"),
    ],
)
def test_given_bad_settings_when_asked_then_they_are_refused_as_at_a_start(log: Path, text: str | None, said: str):
    path = str(log.parent / "none.toml") if text is None else settings(log.parent, text)
    result = run(log, "--with-config", path)
    assert isinstance(result.exception, ConfigError)
    assert said in str(result.exception)
    assert path in str(result.exception)
    assert (result.stdout, len(str(result.exception).splitlines())) == ("", 1)


def test_given_two_questions_when_asked_at_once_then_it_is_refused(log: Path):
    result = run(log, "--until", "3", "--with-config", settings(log.parent, ""))
    assert isinstance(result.exception, ConfigError)
    assert "use one of them" in str(result.exception)
