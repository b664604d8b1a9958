"""Circuit breakers of a market."""

import itertools
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvariantError
from domain.krx.circuit_breaker import (
    SIDECARS,
    BreakerState,
    MarketHalt,
    breaker_of_day,
    is_halted,
    is_in_auction,
    next_stage,
    on_index,
)
from domain.krx.sessions import RegularSession, regular_session
from domain.time import NANOS_PER_MINUTE, from_kst, kst_text

DAY = date(2026, 11, 20)
CLOSE = 77_933  # 779.33 points, KOSDAQ before 2024-08-05
MIN = NANOS_PER_MINUTE


def a_session(day: date = DAY) -> RegularSession:
    found = regular_session(day)
    assert found is not None
    return found


def run(
    values: list[tuple[int, int]], state: BreakerState | None = None, session: RegularSession | None = None
) -> tuple[BreakerState, list[MarketHalt]]:
    """Feed (minute after 10:00, index) pairs."""
    state, halts = state or breaker_of_day(CLOSE), []
    for minute, index in values:
        state, halt = on_index(state, session or a_session(), index, from_kst(DAY, 10, 0) + minute * MIN)
        halts += [halt] if halt else []
    return state, halts


def test_given_the_day_of_2024_when_the_index_stays_down_a_minute_then_stage_1_trips() -> None:
    state, [halt] = run([(0, 72_000), (1, 71_653), (2, 71_653)])  # 716.53 is 8.05 % down
    assert (halt.stage, halt.index, halt.ends_day) == (1, 71_653, False)
    assert [kst_text(at) for at in (halt.at, halt.halt_end, halt.auction_end)] == ["10:02:00", "10:22:00", "10:32:00"]
    assert is_halted(state, halt.at)
    assert not is_halted(state, halt.halt_end)
    assert is_in_auction(state, halt.halt_end)
    assert not is_in_auction(state, halt.auction_end)
    assert not is_halted(state, halt.at - 1)


@pytest.mark.parametrize(("index", "trips"), [(92_000, True), (92_001, False)])
def test_given_exactly_eight_percent_when_held_then_it_trips(index: int, trips: bool) -> None:
    _, halts = run([(0, index), (1, index)], breaker_of_day(100_000))
    assert bool(halts) is trips


def test_given_a_recovery_within_the_minute_when_it_falls_again_then_the_minute_begins_anew() -> None:
    _, halts = run([(0, 71_000), (1, 72_000), (2, 71_000)])
    assert halts == []
    _, halts = run([(0, 71_000), (1, 72_000), (2, 71_000), (3, 71_000)])
    assert [halt.stage for halt in halts] == [1]


def test_given_stage_1_when_the_index_falls_on_then_the_stages_come_in_order_and_end_the_day() -> None:
    state, halts = run(
        [
            (0, 91_000), (1, 91_000),  # stage 1 at 10:01, auction until 10:31
            (20, 79_000), (30, 79_000),  # inside halt and auction nothing counts
            (31, 85_000), (32, 85_000),  # 15 % and more than 1 % under 91,000: stage 2 until 11:02
            (62, 80_000), (63, 80_000),  # 20 %
            (70, 50_000),
        ],
        breaker_of_day(100_000),
    )  # fmt: skip
    assert [(halt.stage, kst_text(halt.at)) for halt in halts] == [(1, "10:01:00"), (2, "10:32:00"), (3, "11:03:00")]
    assert halts[-1].ends_day
    assert halts[-1].halt_end == halts[-1].auction_end == a_session().close
    assert is_halted(state, a_session().close + MIN)
    assert not is_in_auction(state, halts[-1].at)
    assert next_stage(state) is None
    assert state.stage == 3


def test_given_stage_1_far_down_when_the_index_stays_then_stage_2_waits_for_one_percent_more() -> None:
    deep = [(0, 84_500), (1, 84_500), (31, 84_500), (32, 84_500)]
    _, halts = run(deep, breaker_of_day(100_000))
    assert [halt.stage for halt in halts] == [1]
    _, halts = run([*deep, (33, 83_655), (34, 83_655)], breaker_of_day(100_000))  # 1 % under 84,500
    assert [halt.stage for halt in halts] == [1, 2]


def test_given_the_last_forty_minutes_when_the_index_falls_then_stages_1_and_2_do_not_trip_but_stage_3_does() -> None:
    at = {"14:49": 289, "14:50": 290}
    _, halts = run([(at["14:49"] - 1, 91_000), (at["14:49"], 91_000)], breaker_of_day(100_000))
    assert [halt.stage for halt in halts] == [1]
    _, halts = run([(at["14:49"], 91_000), (at["14:50"], 91_000)], breaker_of_day(100_000))
    assert halts == []
    state, _ = run([(0, 91_000), (1, 91_000), (32, 84_000), (33, 84_000)], breaker_of_day(100_000))
    assert state.stage == 2
    _, halts = run([(300, 79_000), (301, 79_000)], state)
    assert [halt.stage for halt in halts] == [3]


def test_given_an_exam_day_when_the_close_is_later_then_the_forty_minutes_move_with_it() -> None:
    shifted = regular_session(DAY, {DAY.isoformat(): ("10:00", "16:30")})
    _, halts = run([(329, 91_000), (330, 91_000)], breaker_of_day(100_000), shifted)  # 15:30
    assert [halt.stage for halt in halts] == [1]


def test_given_values_outside_the_session_when_taken_then_they_do_not_count() -> None:
    _, halts = run([(-70, 50_000), (-61, 50_000), (340, 50_000), (341, 50_000)], breaker_of_day(100_000))
    assert halts == []


def test_given_no_index_when_taken_then_it_is_refused() -> None:
    with pytest.raises(InvariantError, match="previous close"):
        breaker_of_day(0)
    with pytest.raises(InvariantError, match="index expected"):
        run([(0, 0)])


def test_given_the_sidecars_then_both_markets_are_there() -> None:
    assert {(one.market.value, one.futures_percent, one.index_percent) for one in SIDECARS} == {
        ("KOSPI", 5, None), ("KOSDAQ", 6, 3),
    }  # fmt: skip


@given(st.lists(st.tuples(st.integers(1, 15), st.integers(60_000, 101_000)), max_size=60))
def test_for_any_path_stages_come_in_order_apart_and_only_when_low_enough(steps: list[tuple[int, int]]) -> None:
    minute, values = 0, []
    for pause, index in steps:
        minute += pause
        values.append((minute, index))
    state, halts = run(values, breaker_of_day(100_000))
    assert [halt.stage for halt in halts] == list(range(1, len(halts) + 1))
    assert state.halts == tuple(halts)
    for halt, percent in zip(halts, (92, 85, 80), strict=False):
        assert halt.index <= percent * 1_000
    for before, after in itertools.pairwise(halts):
        assert after.at >= before.auction_end + MIN
        assert after.index * 100 <= before.index * 99
