"""Replay: identical means identical, and every planted impurity is caught."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.core import to_record
from actors.core.replay import ReplayReport, replay
from actors.core.role import Role
from actors.roles.connection_supervisor import ConnectionSupervisor
from actors.roles.executor import Executor
from actors.roles.trading_day import TradingDay
from domain.messages import Message, Stamp
from domain.messages.run import ClockTicked
from domain.messages.trading import NoticeRaised
from domain.types import LinkName, Severity, UnixNanos
from persistence.codec import UnknownEvent
from persistence.event_log import EventLog
from persistence.reader import LogReader
from persistence.record import Record
from tests.actors.builders import (
    House,
    Venue,
    a_quote,
    a_run,
    approved,
    broker_state,
    instruments,
    opened,
    received,
)
from tests.persistence.logs import a_codec, open_log

ROOT = Path(__file__).parents[2]
CODEC = a_codec()


class Counter(Role):
    """Counts ticks, in its own state."""

    NAME = "counter"
    HEARS = (ClockTicked,)
    SAYS = (NoticeRaised,)

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def evolve(self, message: Any, stamp: Stamp) -> None:
        self.count += isinstance(message, ClockTicked)

    def decide(self, message: Any, stamp: Stamp) -> Iterable[Message]:
        return [NoticeRaised(Severity.INFO, "count", str(self.count))]


class ClassCounter(Counter):
    """Counts ticks on the class, outside its state."""

    shared: ClassVar[int] = 0

    def decide(self, message: Any, stamp: Stamp) -> Iterable[Message]:
        type(self).shared += 1
        return [NoticeRaised(Severity.INFO, "count", str(type(self).shared))]


class LateDecider(Counter):
    """Changes its state while it decides, so that a restart forgets it."""

    def evolve(self, message: Any, stamp: Stamp) -> None:
        """Fold nothing."""

    def decide(self, message: Any, stamp: Stamp) -> Iterable[Message]:
        self.count += 1
        return [NoticeRaised(Severity.INFO, "count", str(self.count))]


def ticks(house: House, count: int = 3) -> House:
    for _ in range(count):
        house.tick()
    return house


def entries(house: House) -> list[tuple[Record, Message | UnknownEvent]]:
    return [(to_record(item, "r", CODEC), item.message) for item in house.core.history]


def replayed(rows: Sequence[tuple[Record, Message | UnknownEvent]], make: Callable[[], Role] = Counter) -> ReplayReport:
    return replay(rows, lambda: [make()], CODEC, "L")


def test_given_an_honest_role_when_replayed_then_every_output_is_identical():
    report = ticks(House(Counter())).replayed(lambda: [Counter()])
    assert report == ReplayReport(6, 3, True, None, "", "")


def test_given_a_role_that_counts_on_its_class_when_replayed_then_it_is_caught():
    report = ticks(House(ClassCounter())).replayed(lambda: [ClassCounter()])
    assert (report.identical, report.first_difference_seq) == (False, 2)
    assert '"text":"1"' in report.recorded and '"text":"4"' in report.replayed


def test_given_a_role_that_changes_while_deciding_when_it_was_restarted_then_it_is_caught():
    house = ticks(House(LateDecider()))
    house.core.kernel = house.folded(lambda: [LateDecider()])
    report = ticks(house).replayed(lambda: [LateDecider()])
    assert (report.identical, report.first_difference_seq) == (False, 8)


def test_given_an_honest_role_when_it_was_restarted_then_the_replay_runs_through():
    house = ticks(House(Counter()))
    house.core.kernel = house.folded(lambda: [Counter()])
    assert ticks(house).replayed(lambda: [Counter()]).identical


def impure(task: str, seed: str, given_in: str = "") -> Any:
    env = os.environ | {"PYTHONHASHSEED": seed}
    command = [sys.executable, "-m", "tests.actors.impure", task]
    done = subprocess.run(command, input=given_in, env=env, cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout


def test_given_a_role_that_speaks_in_the_order_of_a_set_when_replayed_with_another_seed_then_it_is_caught():
    recorded = impure("record", "1")
    assert json.loads(impure("replay", "1", recorded))[0] is True
    identical, seq = json.loads(impure("replay", "2", recorded))
    assert not identical and seq >= 2


def test_given_a_changed_payload_when_replayed_then_both_versions_are_shown():
    rows = entries(ticks(House(Counter())))
    record, message = rows[3]
    rows[3] = record._replace(payload=record.payload.replace(b'"2"', b'"7"')), message
    report = replayed(rows)
    assert (report.identical, report.first_difference_seq) == (False, 4)
    assert '"text":"7"' in report.recorded and '"text":"2"' in report.replayed


@pytest.mark.parametrize("field", ["role", "stream", "run_id", "causation_seq", "recorded_at", "venue_time", "type"])
def test_given_any_other_change_of_an_output_when_replayed_then_it_is_caught(field: str):
    rows = entries(ticks(House(Counter())))
    value = {"causation_seq": 2, "recorded_at": 1, "venue_time": 1}.get(field, "other")
    rows[3] = rows[3][0]._replace(**{field: value}), rows[3][1]
    assert replayed(rows).first_difference_seq == 4


def test_given_a_missing_output_when_replayed_then_it_is_caught():
    rows = entries(ticks(House(Counter())))
    report = replayed([*rows[:3], *rows[4:]])
    assert (report.identical, report.first_difference_seq, report.recorded) == (False, 4, "")


def test_given_the_last_output_missing_when_replayed_then_it_is_caught():
    report = replayed(entries(ticks(House(Counter())))[:-1])
    assert (report.identical, report.first_difference_seq, report.recorded) == (False, 6, "")


def test_given_an_extra_output_when_replayed_then_it_is_caught():
    rows = entries(ticks(House(Counter())))
    record, message = rows[-1]
    report = replayed([*rows, (record._replace(seq=7), message)])
    assert (report.identical, report.first_difference_seq, report.replayed) == (False, 7, "")


def test_given_a_missing_input_when_replayed_then_it_is_caught():
    rows = entries(ticks(House(Counter())))
    assert not replayed([*rows[:2], *rows[4:]]).identical


def test_given_an_event_of_a_newer_version_when_replayed_then_it_is_not_identical():
    rows = entries(ticks(House(Counter())))
    record = rows[0][0]
    rows[0] = record, UnknownEvent(record.seq, "Newer", record.stream, record.payload, "not known")
    assert replayed(rows).first_difference_seq == 1


def test_given_a_log_without_outputs_when_replayed_then_it_is_not_identical():
    class Silent(Counter):
        def decide(self, message: Any, stamp: Stamp) -> Iterable[Message]:
            return ()

    report = ticks(House(Silent())).replayed(lambda: [Silent()])
    assert (report.events, report.outputs, report.identical, report.first_difference_seq) == (3, 0, False, None)
    assert not replayed([]).identical


def three_roles() -> list[Role]:
    return [ConnectionSupervisor(), TradingDay(), Executor()]


@given(st.lists(st.integers(0, 200), max_size=8), st.booleans())
def test_for_any_morning_of_the_three_roles_the_replay_from_bytes_is_identical(seconds: list[int], halted: bool):
    house, market = House(*three_roles()), Venue()
    house.hear(a_run(), opened(LinkName.QUOTES), instruments(), opened(LinkName.ORDERS), broker_state())
    order = approved()
    house.hear(received(a_quote(1)), order, market.accepts(order))
    house.hear(*[received(a_quote(second)) for second in seconds], market.fills(order, 3, 7))
    if halted:
        house.tick(20)
    rows = [record for record, _ in entries(house)]
    batches = {r.seq: CODEC.batch(r) for r in rows if r.raw is not None}
    decoded = [(record, CODEC.decode(record, batches.get)) for record in rows]
    report = replay(decoded, three_roles, CODEC, "L")
    assert report.identical, report


def test_given_a_real_log_when_replayed_from_disk_then_it_is_identical(tmp_path: Path):
    house = ticks(House(Counter(), log_id="L1"))
    log: EventLog = open_log(tmp_path / "log.db")
    log.commit([record for record, _ in entries(house)], durable=True)
    log.close()
    reader = LogReader(tmp_path / "log.db", CODEC)
    report = replay(reader.messages(), lambda: [Counter()], CODEC, reader.log_id)
    reader.close()
    assert report.identical
    assert UnixNanos(report.events) == 6
