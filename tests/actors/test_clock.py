"""The system's clock: never back, no deadline that waits, one alarm per step."""

import threading
from contextlib import closing
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from actors.edges.clock import CATCH_UP, NANOS_PER_MS, STEP_NS, ClockEdge, SystemClock
from actors.system import newest_time
from domain.messages.run import ClockTicked
from domain.types import UnixNanos
from persistence.reader import LogReader
from tests.persistence.logs import T0, a_codec, a_record, open_log

SECOND = 1_000_000_000
HOUR = 3_600 * SECOND
MOST = 30 * 24 * HOUR


class Machine:
    """A machine whose two clocks are moved by hand."""

    def __init__(self, wall: int = T0) -> None:
        self.wall, self.monotonic = wall, 5 * SECOND

    def passes(self, ns: int, slew: int = 0) -> None:
        self.monotonic += ns
        self.wall += ns + slew

    def steps(self, ns: int) -> None:
        self.wall += ns

    def clock(self, floor: int = 0) -> SystemClock:
        return SystemClock(UnixNanos(floor), lambda: self.wall, lambda: self.monotonic)


def test_given_a_clock_put_back_an_hour_when_it_ticks_then_time_goes_on_and_the_step_is_told_once() -> None:
    machine = Machine()
    clock = machine.clock()
    machine.passes(SECOND)
    before = clock.now()
    machine.steps(-HOUR)
    machine.passes(SECOND // 2)
    now, stepped_ms = clock.tick()
    assert SECOND // 2 - SECOND // 1000 <= now - before <= SECOND // 2
    assert stepped_ms == 3_600_000
    for _ in range(10):
        machine.passes(SECOND)
        assert clock.tick()[1] == 0


def test_given_a_machine_that_slept_when_it_wakes_then_the_clock_follows_at_once_and_nothing_is_told() -> None:
    machine = Machine()
    clock = machine.clock()
    machine.steps(8 * HOUR)
    assert clock.tick() == (machine.wall, 0)


def test_given_a_clock_put_back_when_it_is_put_right_again_then_both_agree_and_another_step_is_told_again() -> None:
    machine = Machine()
    clock = machine.clock()
    told = []
    for step in (-HOUR, HOUR, -HOUR):
        machine.steps(step)
        machine.passes(SECOND)
        told.append(clock.tick()[1] > 0)
    assert told == [True, False, True]
    machine.steps(HOUR)
    assert clock.now() == machine.wall


def test_given_a_small_correction_when_it_is_made_then_nothing_is_told_and_the_clocks_meet_again() -> None:
    machine = Machine()
    clock = machine.clock()
    machine.steps(-400 * NANOS_PER_MS)
    for _ in range(1000):
        machine.passes(SECOND // 2)
        assert clock.tick()[1] == 0
    assert clock.now() == machine.wall


def test_given_many_small_steps_when_they_add_up_then_they_are_told() -> None:
    machine = Machine()
    clock = machine.clock()
    told = 0
    for _ in range(5):
        machine.steps(-400 * NANOS_PER_MS)
        machine.passes(SECOND)
        told += clock.tick()[1]
    assert 1_100 <= told <= 2_000


def test_given_a_clock_slewed_for_a_day_when_it_ticks_then_nothing_is_told_and_it_is_followed() -> None:
    machine = Machine()
    clock = machine.clock()
    for _ in range(24 * 60):
        machine.passes(60 * SECOND, slew=-60 * SECOND // 2000)  # the most that adjtime slews
        assert clock.tick()[1] == 0
    assert clock.now() - machine.wall < 60 * SECOND // 2000


def test_given_a_log_that_ends_ahead_of_the_machine_when_started_then_it_is_told_and_time_goes_on_from_the_log() -> (
    None
):
    machine = Machine()
    clock = machine.clock(floor=machine.wall + HOUR)
    assert clock.tick() == (T0 + HOUR, 3_600_000)
    assert clock.tick() == (T0 + HOUR, 0)


def test_given_a_log_when_asked_for_its_newest_time_then_the_last_event_tells(tmp_path: Any) -> None:
    assert newest_time(None) == 0
    with closing(open_log(tmp_path / "log.db")) as log:
        with LogReader(tmp_path / "log.db", a_codec()) as reader:
            assert newest_time(reader) == 0
        log.commit([a_record(1), a_record(2)], durable=False)
    with LogReader(tmp_path / "log.db", a_codec()) as reader:
        assert newest_time(reader) == T0 + 2


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["passes", "slews", "steps"]),
        st.one_of(st.integers(0, 10 * SECOND), st.integers(0, HOUR)),
        st.one_of(st.just(0), st.integers(-HOUR, HOUR), st.integers(-2 * STEP_NS, 2 * STEP_NS)),
    ),
    max_size=60,
)


def play(machine: Machine, kind: str, ns: int, change: int) -> tuple[int, int]:
    """Move the machine; give (monotonic span, wall step)."""
    if kind == "steps":
        machine.steps(change)
        return 0, change
    slew = max(-ns // 2000, min(ns // 2000, change)) if kind == "slews" else 0
    machine.passes(ns, slew)
    return ns, slew


@given(STEPS, st.integers(-HOUR, HOUR))
def test_for_any_clock_time_never_goes_back_and_no_deadline_waits_longer_than_its_span(
    moves: list[tuple[str, int, int]], floor: int
) -> None:
    machine = Machine()
    clock = machine.clock(T0 + floor)
    begun = last = clock.now()
    span = forward = 0
    for count, move in enumerate(moves, 1):
        passed, step = play(machine, *move)
        span, forward = span + passed, forward + max(0, step)
        now = clock.now()
        assert now >= last
        assert now >= machine.wall
        assert now - begun >= span - span // CATCH_UP - count, "a deadline would wait"
        assert now - begun <= span + forward, "a deadline would pass before its time"
        last = now


@given(st.lists(st.tuples(st.integers(STEP_NS + SECOND, HOUR), st.integers(0, 20)), max_size=10))
@example([(HOUR, 3)])
def test_for_any_steps_back_each_is_told_once_by_its_size(steps: list[tuple[int, int]]) -> None:
    machine = Machine()
    clock = machine.clock()
    for back, ticks in steps:
        machine.steps(-back)
        told = [clock.tick()[1]]
        for _ in range(ticks):
            machine.passes(SECOND // 2)
            told.append(clock.tick()[1])
        assert [ms for ms in told if ms] == [told[0]]
        assert abs(back / NANOS_PER_MS - told[0]) <= 1


@given(st.lists(st.integers(-MOST, MOST), min_size=1, max_size=20))
def test_for_any_two_threads_neither_sees_time_go_back(steps: list[int]) -> None:
    machine = Machine(T0)
    clock = machine.clock()
    seen: list[list[int]] = [[], []]

    def read(mine: list[int]) -> None:
        for step in steps:
            machine.steps(step)
            mine.append(clock.now())

    threads = [threading.Thread(target=read, args=(mine,)) for mine in seen]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(mine == sorted(mine) for mine in seen)


def test_given_a_step_when_the_edge_ticks_then_the_message_says_by_how_much() -> None:
    machine = Machine()
    clock = machine.clock(floor=machine.wall + HOUR)
    came: list[Any] = []
    two = threading.Event()

    def post(message: Any, **_: Any) -> None:
        came.append(message)
        if len(came) == 2:
            two.set()

    edge = ClockEdge.start(post, 0.001, clock)
    assert two.wait(5)
    edge.stop()
    assert came[:2] == [
        ClockTicked(UnixNanos(T0 + HOUR), True, 3_600_000),
        ClockTicked(UnixNanos(T0 + HOUR), False, 0),
    ]


def test_given_a_tick_of_a_version_before_when_decoded_then_it_has_no_size() -> None:
    record = a_record(1, type="ClockTicked", stream="clock", payload=b'{"system_time":5,"stepped_back":true}', raw=None)
    assert a_codec().decode(record) == ClockTicked(UnixNanos(5), True, 0)
