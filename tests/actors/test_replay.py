"""Replay: identical means identical, and every planted impurity is caught."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.core import to_record
from actors.core.difference import Difference, Kind
from actors.core.replay import ReplayReport, first_drift, replay
from actors.core.role import Role
from actors.core.state import dump
from actors.roles.connection_supervisor import ConnectionSupervisor
from actors.roles.executor import Executor
from actors.roles.trading_day import TradingDay
from domain.errors import InvariantError
from domain.messages import Message, Stamp
from domain.messages.run import ClockTicked, StateCarried
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
from tests.actors.impure import PAIRS, DecidesState
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
    assert report == ReplayReport(6, 3, True, None)


def test_given_an_honest_role_when_it_was_restarted_then_the_replay_runs_through():
    house = ticks(House(Counter()))
    house.core.kernel = house.folded(lambda: [Counter()])
    assert ticks(house).replayed(lambda: [Counter()]).identical


# ---- planted impurities ----------------------------------------------------------------------------------------


@cache
def process(task: str, seed: str, given_in: str = "") -> str:
    """Record or replay all roles of tests/actors/impure.py in a process with this hash seed."""
    env = os.environ | {"PYTHONHASHSEED": seed}
    command = [sys.executable, "-m", "tests.actors.impure", task]
    done = subprocess.run(command, input=given_in, env=env, cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout


@pytest.mark.parametrize("name", PAIRS)
def test_given_an_impure_role_when_replayed_in_another_process_then_it_is_caught_and_its_pure_twin_is_not(name: str):
    answers = json.loads(process("replay", "2", process("record", "1")))
    impure, pure = (kind.__name__ for kind in PAIRS[name])
    identical, kind, text = answers[impure]
    assert not identical
    assert kind == ("state" if name == "decide" else "order" if name == "set" else "fields"), text
    assert answers[pure] == [True, "", ""]


def test_given_a_role_that_speaks_in_the_order_of_a_set_when_the_hash_seed_is_the_same_then_nobody_can_tell():
    assert json.loads(process("replay", "1", process("record", "1")))["SetOrder"][0]


def test_given_a_role_that_changes_while_deciding_when_replayed_then_role_attribute_and_first_input_are_named():
    class LateToChange(DecidesState):
        def texts(self, stamp: Stamp) -> Iterable[str]:
            return super().texts(stamp) if self.count > 8 else [str(self.count)]

    house = ticks(House(LateToChange()), 40)
    report = house.replayed(lambda: [LateToChange()])
    assert (report.identical, report.outputs, report.first_difference_seq) == (False, 40, 80)
    assert report.difference is not None and report.difference.kind is Kind.STATE
    assert [(found.role, found.attribute) for found in report.states] == [("speaker", "words")]
    rows = entries(house)
    assert first_drift(lambda: rows, lambda: [LateToChange()], CODEC, "L", report) == 17  # the ninth tick


def test_given_a_role_that_changes_while_deciding_when_a_restart_lets_it_out_then_the_outputs_differ_too():
    class LateDecider(Counter):
        def evolve(self, message: Any, stamp: Stamp) -> None:
            """Fold nothing."""

        def decide(self, message: Any, stamp: Stamp) -> Iterable[Message]:
            self.count += 1
            return super().decide(message, stamp)

    house = ticks(House(LateDecider()))
    house.core.kernel = house.folded(lambda: [LateDecider()])
    report = ticks(house).replayed(lambda: [LateDecider()])
    assert (report.identical, report.first_difference_seq) == (False, 8)


def test_given_a_state_that_cannot_be_compared_when_replayed_then_the_role_is_named():
    class Opaque(Counter):
        def evolve(self, message: Any, stamp: Stamp) -> None:
            self.thing = object()

    with pytest.raises(InvariantError, match="the state of counter cannot be compared: thing"):
        ticks(House(Opaque())).replayed(lambda: [Opaque()])


# ---- a log that was changed ------------------------------------------------------------------------------------


class Chatter(Counter):
    """Says two things to each tick, and a third to its first one."""

    HEARS = (ClockTicked, NoticeRaised)

    def decide(self, message: Any, stamp: Stamp) -> Iterable[Message]:
        if isinstance(message, ClockTicked):
            return [NoticeRaised(Severity.INFO, topic, str(self.count)) for topic in ("one", "two")]
        return [NoticeRaised(Severity.INFO, "echo", message.topic)] if message.topic == "one" else ()


def chat() -> list[tuple[Record, Message | UnknownEvent]]:
    """Give three ticks: 1, 5, 9 are inputs; behind each come one, its echo, two."""
    return entries(ticks(House(Chatter())))


def found(rows: Sequence[tuple[Record, Message | UnknownEvent]]) -> Difference:
    report = replayed(rows, Chatter)
    assert not report.identical and report.difference is not None
    assert report.first_difference_seq == report.difference.seq
    return report.difference


def seqs(records: Iterable[Record]) -> list[int]:
    return [record.seq for record in records]


def test_given_a_log_that_lacks_fields_added_since_when_replayed_then_only_their_defaults_are_the_same():
    house = House(Executor())
    house.hear(a_run(), approved("o1"))
    rows, at = entries(house), 2
    record, message = rows[at]
    assert (record.type, record.payload[-1:]) == ("SubmitOrder", b"}")
    short, added, _ = record.payload.partition(b',"time_in_force"')
    assert added
    rows[at] = record._replace(payload=short + b"}"), message
    assert replayed(rows, Executor).identical
    for other in (short + b',"venue":"NXT"}', short.replace(b'"BUY"', b'"SELL"') + b"}", b"{}"):
        rows[at] = record._replace(payload=other), message
        assert replayed(rows, Executor).first_difference_seq == record.seq


def test_given_a_changed_payload_when_replayed_then_both_versions_and_the_cause_chain_are_shown():
    rows = chat()
    record, message = rows[6]
    rows[6] = record._replace(payload=record.payload.replace(b'"one"', b'"six"')), message
    difference = found(rows)
    assert (difference.kind, difference.seq) == (Kind.FIELDS, 7)
    assert difference.recorded is not None and b'"six"' in difference.recorded.payload
    assert difference.replayed is not None and b'"one"' in difference.replayed.payload
    assert (seqs(difference.causes), difference.replayed_causes) == ([5, 6], ())
    assert difference.text == "counter says this NoticeRaised with other contents"


def test_given_an_output_that_answers_another_event_when_replayed_then_both_cause_chains_are_shown():
    rows = chat()
    rows[6] = rows[6][0]._replace(causation_seq=5), rows[6][1]
    difference = found(rows)
    assert (difference.kind, difference.seq) == (Kind.CAUSE, 7)
    assert (seqs(difference.causes), seqs(difference.replayed_causes)) == ([5], [5, 6])
    assert difference.text == "counter says this NoticeRaised in answer to 6, the log says in answer to 5"


@pytest.mark.parametrize("field", ["stream", "run_id", "recorded_at", "venue_time", "type"])
def test_given_any_other_change_of_an_output_when_replayed_then_it_is_caught(field: str):
    rows = chat()
    value = {"recorded_at": 1, "venue_time": 1, "type": "ClockTicked"}.get(field, "other")
    rows[6] = rows[6][0]._replace(**{field: value}), rows[6][1]
    assert found(rows).seq == 7


def test_given_an_output_of_another_role_when_replayed_then_both_roles_are_named():
    rows = chat()
    rows[5] = rows[5][0]._replace(role="notifier"), rows[5][1]
    difference = found(rows)
    assert (difference.kind, difference.seq) == (Kind.ROLE, 6)
    assert difference.text == "the log says that notifier said this NoticeRaised, in the replay counter says it"


def test_given_a_missing_output_when_replayed_then_it_is_caught():
    rows = chat()
    difference = found([*rows[:6], *rows[7:]])
    assert (difference.kind, difference.seq, difference.recorded) == (Kind.MISSING, 7, None)
    assert seqs(difference.causes) == [5, 6]
    assert difference.text == "counter says NoticeRaised in the replay, the log does not hold it"


@pytest.mark.parametrize(("rows", "seq"), [(chat()[:-1], 12), (chat()[:5] + chat()[8:], 6)])
def test_given_the_last_outputs_of_an_input_missing_when_replayed_then_it_is_caught(rows: Any, seq: int):
    difference = found(rows)
    assert (difference.kind, difference.seq, difference.recorded) == (Kind.MISSING, seq, None)


@pytest.mark.parametrize("place", [7, 8, 12])
def test_given_an_extra_output_when_replayed_then_it_is_caught(place: int):
    rows = chat()
    record, message = rows[2]
    extra = record._replace(seq=place + 1, causation_seq=5, payload=record.payload.replace(b"one", b"new"))
    difference = found([*rows[:place], (extra, message), *rows[place:]])
    assert (difference.kind, difference.seq, difference.replayed) == (Kind.EXTRA, place + 1, None)
    assert difference.text == "the log holds a NoticeRaised by counter, in the replay nobody says it"


def test_given_outputs_in_another_order_when_replayed_then_it_is_caught():
    rows = chat()
    rows[6], rows[7] = (
        (rows[7][0]._replace(seq=7), rows[7][1]),
        (rows[6][0]._replace(seq=8), rows[6][1]),
    )
    difference = found(rows)
    assert (difference.kind, difference.seq) == (Kind.ORDER, 7)


def test_given_another_decision_when_replayed_then_both_types_are_named():
    rows = chat()
    record, message = rows[6]
    rows[6] = record._replace(type="RunEnded", payload=b"{}"), message
    difference = found(rows)
    assert (difference.kind, difference.seq) == (Kind.DECISION, 7)
    assert difference.text == "counter said RunEnded, in the replay counter says NoticeRaised there"


def test_given_a_missing_input_when_replayed_then_the_gap_is_named():
    rows = chat()
    difference = found([*rows[:4], *rows[8:]])
    assert (difference.kind, difference.seq) == (Kind.GAP, 9)
    assert difference.text == "an input is missing: the log goes from 4 to 9"


def test_given_a_log_without_its_beginning_when_replayed_then_the_gap_is_named():
    difference = found(chat()[4:])
    assert (difference.kind, difference.text) == (Kind.GAP, "the log begins with 5, not with 1")


@pytest.mark.parametrize("place", [4, 6])
def test_given_an_event_of_a_newer_version_when_replayed_then_that_is_said_and_no_decision_is_blamed(place: int):
    rows = chat()
    record = rows[place][0]._replace(type="Newer")
    rows[place] = record, UnknownEvent(record.seq, "Newer", record.stream, record.payload, "not known")
    difference = found(rows)
    assert (difference.kind, difference.seq) == (Kind.UNKNOWN, place + 1)
    assert difference.text == "this version does not know the type Newer; replay with the one that wrote it"


def test_given_an_input_that_cannot_be_read_when_replayed_then_the_reason_is_said():
    rows = chat()
    record = rows[4][0]
    rows[4] = record, UnknownEvent(record.seq, record.type, record.stream, record.payload, "it is torn")
    assert found(rows).text == "a ClockTicked that cannot be read: it is torn"


def test_given_roles_that_answer_each_other_without_end_when_replayed_then_that_is_said():
    class Endless(Chatter):
        def decide(self, message: Any, stamp: Stamp) -> Iterable[Message]:
            return [NoticeRaised(Severity.INFO, "again", "")]

    report = replayed(chat(), Endless)
    assert report.difference is not None and report.difference.kind is Kind.ENDLESS


def test_given_a_log_without_outputs_when_replayed_then_it_is_not_identical():
    class Silent(Counter):
        def decide(self, message: Any, stamp: Stamp) -> Iterable[Message]:
            return ()

    report = ticks(House(Silent())).replayed(lambda: [Silent()])
    assert (report.events, report.outputs, report.identical, report.first_difference_seq) == (3, 0, False, None)
    assert not replayed([]).identical


@pytest.mark.parametrize(("until", "events"), [(1, 4), (4, 4), (5, 8), (6, 8), (12, 12)])
def test_given_an_end_when_replayed_then_its_input_is_followed_to_the_end_and_no_further(until: int, events: int):
    report = replay(chat(), lambda: [Chatter()], CODEC, "L", until)
    assert (report.events, report.identical) == (events, True)


# ---- several runs, states carried over -------------------------------------------------------------------------


def test_given_a_log_that_follows_another_when_replayed_then_it_goes_on_from_the_states_carried():
    before = ticks(House(Counter()))
    states = {"counter": dump(before.core.kernel.roles[0])}
    house = House(Counter(), log_id="L2")
    house.hear(StateCarried("L", 6, "ab" * 32, states))
    ticks(house)
    assert [message.text for message in house.said(NoticeRaised)] == ["4", "5", "6"]
    assert house.replayed(lambda: [Counter()]).identical
    rows = entries(house)
    fresh = StateCarried("L", 6, "ab" * 32, {"counter": dump(Counter())})
    assert replayed([(rows[0][0], fresh), *rows[1:]]).first_difference_seq == 3


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
