"""The queue of queries: windows, weights, reserve, penalties, room."""

from bisect import bisect_left

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker_win.config import LimitsConfig
from broker_win.requests.queue import HOUR, MINUTE, PATIENCE, SECOND, RequestQueue, Weight

SMALL = LimitsConfig(per_second=3, per_minute=10, per_hour=30, reserve_per_hour=8)
WIDE = LimitsConfig(per_second=1_000, per_minute=10_000, per_hour=100_000, reserve_per_hour=0)


def drained(queue: RequestQueue[int], now: int) -> list[Weight]:
    taken = []
    while (waiting := queue.take(now)) is not None:
        taken.append(waiting.weight)
    return taken


def filled(limits: LimitsConfig, weights: list[Weight]) -> RequestQueue[int]:
    queue: RequestQueue[int] = RequestQueue(limits)
    for number, weight in enumerate(weights):
        queue.put(str(number), weight, number)
    return queue


def test_given_four_a_second_when_five_wait_then_the_fifth_goes_when_the_first_is_a_second_old() -> None:
    queue = filled(LimitsConfig(), [Weight.QUOTE] * 5)
    assert len(drained(queue, 0)) == 4
    assert queue.next_at(0) == SECOND
    assert queue.take(SECOND - 1) is None
    assert queue.take(SECOND) is not None


def test_given_all_weights_when_they_go_then_the_weightiest_goes_first_and_equals_in_their_order() -> None:
    queue = filled(WIDE, [Weight.CHART, Weight.QUOTE, Weight.RECOVERY, Weight.ACCOUNT, Weight.QUOTE])
    taken = [queue.take(0) for _ in range(5)]
    assert [one.item for one in taken if one is not None] == [2, 3, 1, 4, 0]


def test_given_charts_without_end_when_account_and_orders_are_asked_for_then_they_wait_for_no_minute() -> None:
    limits = LimitsConfig(per_second=1_000, per_minute=55, per_hour=950)
    queue = filled(limits, [Weight.CHART] * 60 + [Weight.QUOTE])
    assert len(drained(queue, 0)) == 44
    assert queue.next_at(0) == MINUTE
    for number, weight in enumerate([Weight.RECOVERY, Weight.ACCOUNT] * 6):
        queue.put(f"later {number}", weight, number)
    assert queue.next_at(SECOND) == SECOND
    assert drained(queue, SECOND) == [Weight.RECOVERY] * 6 + [Weight.ACCOUNT] * 5
    assert queue.next_at(SECOND) == MINUTE


@given(
    st.lists(
        st.tuples(st.sampled_from(Weight), st.integers(0, 20 * SECOND), st.integers(0, 3 * SECOND)),
        min_size=1,
        max_size=120,
    )
)
def test_for_any_arrivals_no_window_is_ever_exceeded_and_the_reserve_is_left_to_recovery(
    arrivals: list[tuple[Weight, int, int]],
) -> None:
    """Even where the control's thread takes a request later than it was taken from the queue."""
    queue: RequestQueue[int] = RequestQueue(SMALL)
    now, sent = 0, list[tuple[int, Weight]]()
    for number, (weight, pause, late) in enumerate(arrivals):
        now += pause
        queue.put(str(number), weight, number)
        while (waiting := queue.take(now)) is not None:
            now += late
            queue.went_out(now)
            sent.append((now, waiting.weight))
    times = [at for at, _ in sent]
    for index, (at, weight) in enumerate(sent):
        for length, most in ((SECOND, 3), (MINUTE, 10), (HOUR, 30)):
            assert index + 1 - bisect_left(times, at - length + 1) <= most
        if weight is not Weight.RECOVERY:
            assert index + 1 - bisect_left(times, at - HOUR + 1) <= 30 - 8


@given(st.lists(st.sampled_from(Weight), min_size=1, max_size=80), st.data())
def test_for_any_load_a_weight_that_waits_is_passed_over_a_bounded_number_of_times(
    weights: list[Weight], data: st.DataObject
) -> None:
    queue = filled(WIDE, weights)
    since = dict.fromkeys(Weight, 0)
    for number in range(200):
        if data.draw(st.booleans()):
            queue.put(f"more{number}", data.draw(st.sampled_from(Weight)), number)
        waiting = {one.weight for one in queue}
        taken = queue.take(number)
        if taken is None:
            break
        if max(since.values()) < PATIENCE:
            assert taken.weight is min(waiting)
        for weight in Weight:
            since[weight] = since[weight] + 1 if weight in waiting and weight is not taken.weight else 0
            assert since[weight] <= PATIENCE + len(Weight) - 2


def test_given_a_flood_of_recovery_when_a_chart_waits_then_it_goes_after_so_many_turns() -> None:
    queue = filled(WIDE, [Weight.CHART, *[Weight.RECOVERY] * 20])
    assert drained(queue, 0).index(Weight.CHART) == PATIENCE


def test_given_the_hour_used_up_to_the_reserve_when_both_wait_then_only_recovery_goes() -> None:
    queue: RequestQueue[int] = RequestQueue(SMALL)
    now = 0
    for number in range(22):
        queue.put(str(number), Weight.CHART, number)
        now = max(now, queue.next_at(now) or 0)
        assert queue.take(now) is not None
    queue.put("chart", Weight.CHART, 100)
    assert queue.next_at(now) == HOUR
    queue.put("recovery", Weight.RECOVERY, 101)
    at = queue.next_at(now)
    assert at is not None and at < HOUR
    taken = queue.take(at)
    assert taken is not None and taken.key == "recovery"
    assert queue.take(at + 10 * MINUTE) is None
    again = queue.take(HOUR)
    assert again is not None and again.key == "chart"


@pytest.mark.parametrize(("times", "seconds"), [(1, 17), (4, 17), (5, 90), (9, 90), (10, 180), (12, 180)])
def test_given_refusals_in_a_row_when_another_comes_then_nothing_goes_for_so_long(times: int, seconds: int) -> None:
    queue = filled(WIDE, [Weight.RECOVERY])
    for _ in range(times):
        wait = queue.refused(0)
    assert wait == seconds * SECOND
    assert queue.take(wait - 1) is None and queue.next_at(0) == wait
    assert queue.take(wait) is not None


def test_given_a_request_that_went_well_when_one_is_refused_then_it_is_a_first_time_again() -> None:
    queue = filled(WIDE, [])
    for _ in range(5):
        queue.refused(0)
    queue.went_well()
    assert queue.refused(0) == 17 * SECOND


def test_given_a_quiet_minute_when_the_next_is_refused_again_then_another_log_in_is_wanted() -> None:
    queue = filled(WIDE, [Weight.QUOTE] * 7)
    now = 0
    for _ in range(5):  # 17 s apart: the minute's window may still be meant
        assert queue.take(now) is not None
        now += queue.refused(now)
        assert not queue.relogin_wanted
    assert queue.take(now) is not None  # 90 s later: nothing but the hour is left
    queue.refused(now)
    assert queue.relogin_wanted and queue.budget(now).relogin_wanted


def test_given_a_full_room_when_a_weightier_one_comes_then_the_last_of_the_least_weight_goes() -> None:
    queue: RequestQueue[int] = RequestQueue(WIDE, room=3)
    for number, weight in enumerate((Weight.CHART, Weight.CHART, Weight.ACCOUNT)):
        assert queue.put(str(number), weight, number) is None
    out = queue.put("3", Weight.RECOVERY, 3)
    assert out is not None and out.key == "1"
    out = queue.put("4", Weight.CHART, 4)
    assert out is not None and out.key == "4"
    assert len(queue) == 3


def test_given_one_dropped_when_turns_come_then_it_never_goes_and_its_turn_is_another_s() -> None:
    queue = filled(WIDE, [Weight.QUOTE, Weight.QUOTE])
    assert queue.drop("0") and not queue.drop("0")
    taken = queue.take(0)
    assert taken is not None and taken.key == "1"
    assert queue.take(0) is None and queue.next_at(0) is None


def test_given_some_sent_when_the_budget_is_read_then_it_tells_use_reserve_penalty_and_waiting() -> None:
    queue = filled(LimitsConfig(), [Weight.QUOTE] * 6)
    drained(queue, 0)
    queue.refused(0)
    budget = queue.budget(SECOND)
    assert [(one.seconds, one.most, one.used, one.left) for one in budget.windows] == [
        (1, 4, 0, 4),
        (60, 55, 4, 51),
        (3_600, 950, 4, 946),
    ]
    assert (budget.reserve, budget.penalty_s, budget.refused_in_a_row) == (95, 16.0, 1)
    assert budget.waiting == {"RECOVERY": 0, "ACCOUNT": 0, "QUOTE": 2, "CHART": 0}
