"""How many calls one caller may make, by a clock of the test's own."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.security.limits import MOST_CALLERS, Limits, Meter
from broker.security.roles import Kind
from broker.transport import affordable
from domain.errors import RequestRefused

SECOND = 1_000_000_000


@dataclass
class Clock:
    now: int = 0

    def __call__(self) -> int:
        return self.now


def a_meter(clock: Clock, **kinds: int) -> Meter:
    a_second = {Kind[name]: count for name, count in kinds.items()}
    return Meter(Limits(a_second, {Kind.STREAM: 2, Kind.ORDERS: 1}, streams_in_all=3), clock)


def passes(meter: Meter, caller: str, kind: Kind) -> bool:
    try:
        meter.come(caller, kind)
    except RequestRefused as refused:
        assert refused.code in ("TOO_MANY_CALLS", "TOO_MANY_STREAMS")
        assert refused.field == kind.value
        assert refused.value
        assert refused.allowed
        return False
    return True


def test_given_many_calls_when_a_second_is_used_up_then_one_more_waits_for_its_share() -> None:
    clock = Clock()
    meter = a_meter(clock, READ=5)
    assert [passes(meter, "a", Kind.READ) for _ in range(6)] == [True] * 5 + [False]
    assert passes(meter, "b", Kind.READ), "another caller has a second of its own"
    clock.now += SECOND // 5 - 1
    assert not passes(meter, "a", Kind.READ)
    clock.now += 1
    assert [passes(meter, "a", Kind.READ) for _ in range(2)] == [True, False]
    clock.now += 3600 * SECOND
    assert [passes(meter, "a", Kind.READ) for _ in range(6)] == [True] * 5 + [False], "time does not pile up"


@given(st.lists(st.integers(0, SECOND), max_size=60), st.integers(1, 20))
def test_for_any_calls_no_second_holds_more_than_twice_what_is_allowed(gaps: list[int], most: int) -> None:
    clock, passed = Clock(), []
    meter = a_meter(clock, COMMAND=most)
    for gap in gaps:
        clock.now += gap
        if passes(meter, "a", Kind.COMMAND):
            passed.append(clock.now)
    for start in passed:
        assert sum(start <= at < start + SECOND for at in passed) <= 2 * most


def test_given_a_flood_when_someone_halts_or_cancels_then_it_is_never_refused() -> None:
    meter = Meter(Limits(), Clock())
    while passes(meter, "a", Kind.COMMAND):
        pass
    assert all(passes(meter, "a", Kind.SAFETY) for _ in range(10_000))


def test_given_streams_when_too_many_are_open_then_leaving_makes_room() -> None:
    meter = a_meter(Clock())
    assert [passes(meter, "a", Kind.STREAM) for _ in range(3)] == [True, True, False]
    assert [passes(meter, "b", Kind.STREAM) for _ in range(2)] == [True, False], "three in all"
    assert passes(meter, "c", Kind.ORDERS), "quotes never take the place of an order session"
    assert not passes(meter, "c", Kind.ORDERS)
    meter.leave("a", Kind.STREAM)
    assert passes(meter, "b", Kind.STREAM)
    meter.leave("nobody", Kind.STREAM)
    assert not passes(meter, "b", Kind.STREAM)


def test_given_ever_new_callers_when_they_call_then_what_is_remembered_stays_bounded() -> None:
    clock = Clock()
    meter = Meter(Limits({Kind.READ: 1}, {}), clock)
    for number in range(3 * MOST_CALLERS):
        assert passes(meter, f"caller {number}", Kind.READ)
    assert len(meter._buckets) <= MOST_CALLERS


@pytest.mark.parametrize(("wanted", "files", "given_"), [(512, 1024, 512), (512, 256, 128), (512, 4, 8), (8, -1, 8)])
def test_given_few_files_when_connections_are_limited_then_half_of_them_stay_for_the_rest(
    wanted: int, files: int, given_: int
) -> None:
    assert affordable(wanted, files) == given_
