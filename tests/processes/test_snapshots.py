"""Snapshots of real traders: the shadow never outlives one, finds a wrong snapshot, and leaves one at the end."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from actors.recovery import recover_fully, recover_quickly
from cli.compose import codec
from cli.replay import replay_here
from domain.messages.run import StateChecked
from persistence import snapshots
from persistence.files import read_log_file
from persistence.reader import LogReader
from persistence.verify import verify
from tests.actors.log_writer import states_of
from tests.processes.harness import Place, a_place, assert_books_agree, killed, stopped, the_log, wait_until

pytestmark = pytest.mark.processes

OFTEN = {"HANTRADE_LOG__SNAPSHOT_S": "1"}


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with a_place(tmp_path) as place:
        place.broker()
        yield place


def shadows(path: Path) -> list[psutil.Process]:
    """Give the living shadows of a log."""
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        line = process.info["cmdline"] or []
        if "actors.shadow" in line and str(path) in line and process.info["status"] != psutil.STATUS_ZOMBIE:
            found.append(process)
    return found


def checks(path: Path) -> list[StateChecked]:
    with LogReader(path, codec()) as reader:
        return [message for _, message in reader.messages(type="StateChecked") if isinstance(message, StateChecked)]


def snapshot_at(path: Path) -> int:
    with LogReader(path, codec()) as reader:
        found = snapshots.find(reader).snapshot
        return found.last_seq if found is not None else 0


def test_given_snapshots_when_the_trader_is_killed_and_started_again_then_no_shadow_is_left_and_all_agrees(
    place: Place,
) -> None:
    trader = place.trader(**OFTEN)
    place.until()
    log = the_log(place)
    wait_until(lambda: snapshot_at(log), "a snapshot")
    [shadow] = shadows(log)
    assert shadow.nice() == 19
    before = place.status().log_seq
    written = snapshot_at(log)
    wait_until(lambda: snapshot_at(log) > written, "a second snapshot")
    assert place.status().log_seq > before  # the core went on meanwhile
    killed(trader)
    wait_until(lambda: not shadows(log), "the end of the shadow")
    with LogReader(log, codec()) as reader:
        found = recover_quickly(reader)
        assert found.began_at > 0
        assert states_of(found.kernel) == states_of(recover_fully(reader).kernel)

    again = place.trader(**OFTEN)
    place.until()
    place.until_order(place.submit("buy", "001430", "1"), "FILLED")
    wait_until(lambda: checks(log), "the check of the snapshot")
    stopped(place, again)
    assert [check.agreed for check in checks(log)] == [True]
    assert not shadows(log)
    head = read_log_file(log)
    assert snapshot_at(log) == head.last_seq
    said = place.said("trader")
    assert f"{head.last_seq:,} events, head {head.head_hash}" in said
    assert "1 fills, 0 orders open" in said
    assert_books_agree(place)


def test_given_a_wrong_snapshot_when_a_trader_begins_from_it_then_it_is_told_and_the_day_is_halted(
    place: Place,
) -> None:
    first = place.trader()
    place.until()
    said = place.run("stop")
    assert first.wait(60) == 0
    log = the_log(place)
    assert read_log_file(log).head_hash in said.err
    with closing(LogReader(log, codec())) as reader:
        snapshot = snapshots.find(reader).snapshot
    assert snapshot is not None
    executor = snapshot.roles["executor"]
    wrong = replace(executor, state=executor.state | {"books_of": "planted"})
    snapshots.write(log, snapshots.pack(replace(snapshot, roles=snapshot.roles | {"executor": wrong})))

    again = place.trader()
    wait_until(lambda: checks(log), "the check of the snapshot")
    [check] = checks(log)
    assert (check.at_seq, check.agreed) == (snapshot.last_seq, False)
    assert check.differences[0].startswith("executor.books_of: planted in the snapshot, ")
    wait_until(lambda: place.status().day == "HALTED", "the halt")
    with closing(LogReader(log, codec())) as reader:
        mended = snapshots.find(reader).snapshot
    assert mended is not None
    assert mended.roles["executor"] == executor
    stopped(place, again)


def test_given_snapshots_are_switched_off_when_a_trader_runs_then_there_is_neither_file_nor_shadow(
    place: Place,
) -> None:
    trader = place.trader(HANTRADE_LOG__SNAPSHOTS="false")
    place.until()
    assert not shadows(the_log(place))
    stopped(place, trader)
    assert not snapshots.path_of(the_log(place)).exists()


def test_given_a_day_that_is_over_when_started_again_then_the_next_log_carries_it_and_both_prove_themselves(
    tmp_path: Path,
) -> None:
    with a_place(tmp_path) as place:
        place.broker(speed=0)
        trader = place.trader()
        wait_until(lambda: place.status().day == "CLOSED" and place.status().quotes > 100, "the end of the day")
        stopped(place, trader)
        first = the_log(place)
        again = place.trader()
        assert place.status().trading_date == "2026-01-13"
        stopped(place, again)
        [second] = [path for path in (place.home / "logs").glob("paper-*.db") if path != first]
        head = read_log_file(first)
        assert read_log_file(second).previous == (head.last_seq, head.head_hash)
        for log in (first, second):
            assert verify(log).ok
            assert replay_here(log).identical
        evening = place.trader()
        assert Path(place.status().log_path) == second
        stopped(place, evening)
