"""The shadow: its snapshots are the fold; a wrong one is named, replaced and told; the edge outlives the process."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
import structlog

from actors.edges.shadow_watch import MAX_STARTS, ShadowWatch, SnapshotPlan
from actors.recovery import recover_fully, recover_quickly
from actors.roles.portfolio import Portfolio
from actors.roster import make_roles
from actors.shadow import Shadow
from domain.messages.run import StateChecked
from persistence import snapshots
from persistence.reader import LogReader
from tests.actors.builders import House
from tests.actors.log_writer import append, commits_of, states_of, write_log
from tests.actors.test_recovery import a_house, a_log, put_snapshot, reading, with_state
from tests.actors.trader_house import until
from tests.persistence.logs import a_codec, open_log


class Told(list[dict[str, Any]]):
    """What a shadow told."""

    def of(self, key: str) -> list[Any]:
        return [fact[key] for fact in self if key in fact]


@contextmanager
def a_shadow(path: Path, told: Told, **options: Any) -> Iterator[Shadow]:
    options = {"start": None, "every_events": 1_000_000, "every_s": 1e9, "now": lambda: 0.0} | options
    with closing(reading(path)) as reader:
        yield Shadow(reader, options.pop("start"), told.append, **options)


def to_the_end(shadow: Shadow) -> None:
    while shadow.step():
        pass


def start_of(path: Path) -> snapshots.Snapshot:
    with closing(reading(path)) as reader:
        found = snapshots.find(reader).snapshot
    assert found is not None
    return found


def test_given_a_log_that_grows_when_followed_then_snapshots_are_the_fold_and_the_last_one_is_at_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("actors.shadow.STRETCH", 20)
    house, told = a_house(), Told()
    path = write_log(tmp_path / "day.db", house)
    with a_shadow(path, told, every_events=20) as shadow:
        to_the_end(shadow)
        assert len(told.of("written")) >= 2
        house.tick(1)
        with closing(open_log(path)) as log:
            append(log, house, a_codec())
        to_the_end(shadow)
        shadow.finish()
    last = house.core.kernel.last_seq
    assert (told.of("written")[-1], told.of("ended")) == (last, [last])
    with closing(reading(path)) as reader:
        assert set(told.of("written")) <= {seq for seq, _ in commits_of(reader)}
        found = recover_quickly(reader)
        assert (found.began_at, states_of(found.kernel)) == (last, states_of(recover_fully(reader).kernel))


def test_given_little_is_new_when_the_time_has_come_then_a_snapshot_is_written_and_none_without_news(
    tmp_path: Path,
) -> None:
    now, told = [0.0], Told()
    with a_shadow(a_log(tmp_path), told, every_s=60, now=lambda: now[0]) as shadow:
        to_the_end(shadow)
        assert told.of("written") == []
        for _ in range(3):
            now[0] += 61
            shadow.step()
        assert len(told.of("written")) == 1


def test_given_a_right_snapshot_when_checked_then_it_agrees_and_is_not_written_again(tmp_path: Path) -> None:
    path, told = a_log(tmp_path), Told()
    put_snapshot(path, lambda one: one, at=40)
    start = start_of(path)
    with a_shadow(path, told, start=start, every_events=1) as shadow:
        shadow.step()
        assert list(told) == [{"checked": start.last_seq, "agreed": True, "differences": []}]
        shadow.finish()
    assert told.of("written")[0] > start.last_seq


def test_given_a_wrong_snapshot_when_checked_then_role_attribute_and_values_are_told_after_it_was_replaced(
    tmp_path: Path,
) -> None:
    path, told = a_log(tmp_path), Told()
    put_snapshot(path, with_state("executor", event_seq=99), at=60)
    start = start_of(path)
    with a_shadow(path, told, start=start) as shadow:
        to_the_end(shadow)
    [written, checked] = told
    assert written["written"] == start.last_seq
    assert (checked["checked"], checked["agreed"]) == (start.last_seq, False)
    [difference] = checked["differences"]
    assert difference.startswith("executor.event_seq: 99 in the snapshot, ")
    with closing(reading(path)) as reader:
        assert snapshots.find(reader).snapshot == start_of(path) != start


def test_given_a_wrong_snapshot_and_no_room_when_checked_then_it_is_deleted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, told = a_log(tmp_path), Told()
    put_snapshot(path, with_state("executor", event_seq=99))
    start = start_of(path)
    monkeypatch.setattr("persistence.snapshots.KEEP_FREE_BYTES", 1 << 60)
    with a_shadow(path, told, start=start) as shadow:
        to_the_end(shadow)
    assert [next(iter(fact)) for fact in told] == ["unwritten", "checked"]
    assert not snapshots.path_of(path).exists()


def test_given_a_disk_without_room_when_followed_then_it_is_tried_again_only_when_the_next_one_is_due(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, told = a_log(tmp_path), Told()
    monkeypatch.setattr("persistence.snapshots.KEEP_FREE_BYTES", 1 << 60)
    with a_shadow(path, told, every_events=5) as shadow:
        for _ in range(10):
            shadow.step()
        assert len(told.of("unwritten")) == 1
        monkeypatch.undo()
        shadow.finish()
    assert told.of("written") == told.of("ended")


def test_given_an_evolve_that_changed_without_a_new_version_when_checked_then_it_is_caught(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, told = a_log(tmp_path), Told()
    with a_shadow(path, told) as shadow:
        shadow.finish()
    start, evolve = start_of(path), Portfolio.evolve

    def other(self: Portfolio, message: Any, stamp: Any) -> None:
        evolve(self, message, stamp)
        self.state.marks.today = {symbol: price + 1 for symbol, price in self.state.marks.today.items()}

    monkeypatch.setattr(Portfolio, "evolve", other)
    with a_shadow(path, told, start=start) as shadow:
        to_the_end(shadow)
    [checked] = [fact for fact in told if "checked" in fact]
    assert not checked["agreed"]
    assert checked["differences"][0].startswith("portfolio.state.marks")


def test_given_a_role_that_fails_in_the_fold_when_followed_then_no_snapshot_keeps_it_out_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, told = a_log(tmp_path), Told()
    monkeypatch.setattr(Portfolio, "evolve", lambda *_: 1 / 0)
    with a_shadow(path, told, every_events=1) as shadow:
        shadow.finish()
        assert shadow.kernel.benched
    assert told.of("written") == []


# ---- the edge --------------------------------------------------------------------------------------------------


class Door:
    """Takes what an edge posts."""

    def __init__(self) -> None:
        self.inputs: list[Any] = []

    def __call__(
        self, message: Any, *, source: str, urgent: bool = False, on_committed: Callable[[], None] | None = None
    ) -> None:
        self.inputs.append(message)


def wire_log(folder: Path) -> Path:
    """A log that the process can read: it knows the wire format of quotes only, and here are none."""
    house = House(*make_roles())
    for _ in range(30):
        house.tick(1)
    return write_log(folder / "day.db", house)


@pytest.mark.processes
def test_given_a_wrong_snapshot_when_the_process_finds_it_then_the_core_hears_and_a_stop_leaves_one_at_the_end(
    tmp_path: Path,
) -> None:
    path, door = wire_log(tmp_path), Door()
    put_snapshot(path, with_state("executor", event_seq=99), at=10)
    edge = ShadowWatch.start(door, path, snapshots.path_of(path).read_bytes(), SnapshotPlan())
    assert edge.ask("ping", timeout=5) == "pong"
    until(lambda: bool(door.inputs))
    edge.stop(timeout=10)
    [checked] = door.inputs
    assert checked == StateChecked(10, False, ("executor.event_seq: 99 in the snapshot, 0 in the log",))
    with LogReader(path, a_codec()) as reader:
        assert recover_quickly(reader).began_at == reader.last_seq()


@pytest.mark.processes
def test_given_a_process_that_is_killed_when_it_dies_then_the_edge_lives_and_starts_another(tmp_path: Path) -> None:
    path = wire_log(tmp_path)
    edge = ShadowWatch.start(Door(), path, b"", SnapshotPlan(every_s=0.05), backoff_s=0.01)
    actor: Any = edge._actor_weakref()
    until(lambda: snapshots.path_of(path).exists())
    first = actor._process.pid
    snapshots.path_of(path).unlink()
    os.kill(first, signal.SIGKILL)
    until(lambda: actor._process.pid != first)
    assert edge.is_alive()
    edge.stop(timeout=10)
    assert actor._process.poll() is not None


@pytest.mark.processes
def test_given_a_process_that_never_comes_up_when_started_then_it_is_tried_a_few_times_and_the_edge_lives(
    tmp_path: Path,
) -> None:
    plan = SnapshotPlan()
    with structlog.testing.capture_logs() as logged:
        edge = ShadowWatch.start(Door(), tmp_path / "no.db", b"", plan, backoff_s=0.001, module="no_such_module")
        # Its last word; the thread that says it begins a moment after the edge.
        until(lambda: any("no snapshots any more" in line["event"] for line in list(logged)))
        assert edge.ask("ping", timeout=5) == "pong"
        edge.stop(timeout=10)
    said = [str(line.get("said")) for line in logged]
    assert sum("no_such_module" in text for text in said) == MAX_STARTS
    assert "no snapshots any more" in logged[-1]["event"]
