"""The trading day: the gate always follows it, a halt outlives everything, and a stop always ends."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.roles.trading_day import TradingDay
from domain.day_plan import gate_for
from domain.messages import Message
from domain.messages.link import HeartbeatReceived
from domain.messages.market import QuotesEnded
from domain.messages.operator import (
    CommandAnswered,
    FlattenRequested,
    HaltRequested,
    PauseRequested,
    ResumeRequested,
    StopRequested,
)
from domain.messages.orders import OrderStateChanged
from domain.messages.run import ClockTicked, InputRefused, LogSpaceLow, RoleFailed, StateChecked
from domain.messages.trading import DayChanged, GateChanged, LossLimitHit, SessionPlanned, StopReady
from domain.status import DayQuery
from domain.stopping import STOP_PATIENCE_NS
from domain.types import ClientOrderId, Gate, Krw, LinkName, Purpose, Side, UnixNanos, VenuePhase
from fsm import trading_day as fsm
from fsm.trading_day import State
from tests.actors.builders import (
    SAMSUNG,
    SECOND,
    T0,
    House,
    a_quote,
    a_run,
    approved,
    judged,
    link_is,
    only,
    opened,
    state_of,
    venue,
)

HOUR = 3600
CLOSE = 6.5 * HOUR  # 15:30 after the open
PATIENCE_S = STOP_PATIENCE_NS / SECOND


def role(house: House) -> TradingDay:
    found = house.core.kernel.role("trading_day")
    assert isinstance(found, TradingDay)
    return found


def beat(seconds: float) -> HeartbeatReceived:
    return HeartbeatReceived(LinkName.QUOTES, venue(seconds), VenuePhase.CONTINUOUS, True)


def links(state: str = "READY") -> list[Message]:
    return [link_is(name, state) for name in LinkName]


def a_day(state: str = "TRADING") -> House:
    """Give a day led to a state the way it gets there."""
    house = House(TradingDay())
    house.hear(a_run())
    steps: dict[str, list[Message]] = {
        "CLOSED": [],
        "PREFLIGHT": [opened(LinkName.QUOTES)],
        "ARMED": [opened(LinkName.QUOTES), *links()],
        "TRADING": [opened(LinkName.QUOTES), *links(), beat(1)],
        "PAUSED": [opened(LinkName.QUOTES), *links(), beat(1), pause()],
        "HALTED": [opened(LinkName.QUOTES), *links(), beat(1), halt()],
        "CLOSING": [opened(LinkName.QUOTES), *links(), beat(CLOSE - 599)],
    }
    house.hear(*steps[state])
    assert role(house).state == state
    return house


def pause(note: str = "") -> PauseRequested:
    return PauseRequested("c", "kim", note)


def halt(note: str = "") -> HaltRequested:
    return HaltRequested("c", "kim", note)


def resume(note: str = "safe") -> ResumeRequested:
    return ResumeRequested("c", "kim", note)


def stop() -> StopRequested:
    return StopRequested("c", "kim", "bye")


def loss() -> LossLimitHit:
    return LossLimitHit("daily_loss", Krw(9), Krw(10), Krw(1), Krw(1), venue(1))


def stepped_back(ms: int = 3_600_000) -> ClockTicked:
    return ClockTicked(UnixNanos(T0), ms > 0, ms)


def refused(kind: str) -> InputRefused:
    return InputRefused("link/quotes", kind, "price expected a finite number, was nan")


def differs(agreed: bool = False) -> StateChecked:
    return StateChecked(40, agreed, () if agreed else ("portfolio.cash: 1 in the snapshot, 2 in the log",))


def order_is(status: str, name: str = "o1") -> OrderStateChanged:
    state = (
        ClientOrderId(name),
        SAMSUNG,
        Side.BUY,
        Purpose.ENTRY,
        "WORKING",
        status,
        "t",
        10,
        0,
        0,
        None,
        "",
        venue(1),
    )
    return OrderStateChanged(*state)


def triggers(messages: list[Message]) -> list[str]:
    return [m.trigger for m in only(DayChanged, messages)]


def restarted(house: House) -> House:
    again = House()
    again.core.kernel = house.folded(lambda: [TradingDay()])
    again.core.history = list(house.core.history)
    again.now = house.now
    return again


# ---- a day -----------------------------------------------------------------------------------------------------


def test_given_a_plain_day_when_the_clock_goes_on_then_it_passes_through_every_state():
    house = a_day("TRADING")
    house.hear(beat(CLOSE - 600), beat(CLOSE + 34))
    assert role(house).state == State.CLOSING
    house.hear(beat(CLOSE + 35))
    assert triggers([i.message for i in house.core.history]) == [
        *("start_day", "preflight_ok", "open", "close", "report", "end")
    ]
    assert [m.level for m in house.said(GateChanged)] == [Gate.CANCELS_ONLY, Gate.OPEN, Gate.CANCELS_ONLY]


def test_given_a_day_that_is_over_when_the_next_one_comes_then_it_is_planned_in_the_same_log():
    house = a_day("TRADING")
    house.hear(beat(CLOSE + 35), beat(CLOSE + 36))
    assert role(house).state == State.CLOSED
    house.hear(beat(23.5 * HOUR))
    assert role(house).state == State.ARMED
    assert [m.trading_date for m in house.said(SessionPlanned)] == ["2026-01-13", "2026-01-14"]


def test_given_a_weekend_when_the_clock_shows_it_then_no_day_begins():
    house = House(TradingDay())
    house.hear(a_run(), *links(), opened(LinkName.QUOTES, seconds=4 * 24 * HOUR))
    assert role(house).state == State.CLOSED


def test_given_a_late_open_when_nine_has_passed_then_the_day_still_waits():
    house = House(TradingDay())
    house.hear(a_run(session_overrides={"2026-01-13": ("10:00", "16:30")}), opened(LinkName.QUOTES), *links())
    house.hear(beat(59 * 60))
    assert role(house).state == State.ARMED
    house.hear(beat(60 * 60))
    assert role(house).state == State.TRADING


def test_given_a_recording_that_ends_early_when_it_ends_then_the_day_ends_as_data_ended():
    house = a_day("TRADING")
    house.hear(QuotesEnded(venue(100)))
    assert role(house).state == State.CLOSED
    assert house.said(DayChanged)[-1].reason == "data_ended"
    house.tick()
    assert role(house).state == State.CLOSED


def test_given_an_earlier_day_in_the_recording_when_it_begins_then_the_venue_clock_rules():
    house = a_day("TRADING")
    house.hear(opened(LinkName.QUOTES, seconds=-24 * HOUR - 60))
    assert role(house).plan.trading_date == "2026-01-12"  # type: ignore[union-attr]
    assert role(house).state in (State.PREFLIGHT, State.ARMED)


def test_given_an_order_that_is_never_confirmed_when_the_session_is_over_then_the_day_ends_all_the_same():
    house = a_day("TRADING")
    house.hear(approved(), beat(CLOSE - 100), beat(CLOSE + 100))
    house.tick(PATIENCE_S - 1)
    assert role(house).state == State.CLOSING
    house.tick(2)
    assert role(house).state == State.CLOSED
    assert "1 orders not confirmed closed" in house.said(DayChanged)[-2].reason


# ---- pausing, halting, resuming --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    [
        *(halt(), loss(), LogSpaceLow("full"), RoleFailed("executor", 1, "boom"), differs()),
        *(refused("OrderFilled"), refused("RequestAnswered"), refused("BrokerStateReceived")),
    ],
)
@pytest.mark.parametrize("state", ["CLOSED", "PREFLIGHT", "ARMED", "TRADING", "PAUSED", "HALTED", "CLOSING"])
def test_given_any_state_when_trading_must_stop_then_the_halt_holds_over_restart_and_day(state: str, fault: Message):
    house = a_day(state)
    house.hear(fault)
    assert role(house).gate == Gate.CANCELS_ONLY
    house = restarted(house)
    house.hear(a_run(), opened(LinkName.QUOTES), *links(), beat(CLOSE + 35), beat(23.5 * HOUR), beat(24.5 * HOUR))
    assert (role(house).state, role(house).gate, role(house).locked) == (State.HALTED, Gate.CANCELS_ONLY, True)


def test_given_a_halt_when_resumed_without_a_note_then_it_stays_and_with_one_trading_goes_on():
    house = a_day("HALTED")
    [answer] = house.hear(resume(note=""))
    assert (answer.accepted, answer.code) == (False, "NOTE_NEEDED")  # type: ignore[attr-defined]
    out = house.hear(resume())
    assert triggers(out) == ["unlock", "resume"]
    assert isinstance(out[-1], CommandAnswered)
    assert (role(house).state, role(house).gate, role(house).locked) == (State.TRADING, Gate.OPEN, False)


def test_given_a_halt_in_the_closing_auction_when_resumed_then_the_lock_is_gone_and_the_day_closes():
    house = a_day("HALTED")
    house.hear(beat(CLOSE - 300))
    assert triggers(house.hear(resume())) == ["unlock", "close"]
    assert (role(house).state, role(house).locked) == (State.CLOSING, False)


def test_given_a_lock_while_closed_when_resumed_with_a_note_then_the_next_day_trades():
    house = a_day("CLOSED")
    house.hear(halt())
    [refused] = house.hear(resume(note=""))
    [lifted] = house.hear(resume())
    assert (refused.accepted, lifted.accepted) == (False, True)  # type: ignore[attr-defined]
    house.hear(opened(LinkName.QUOTES), *links(), beat(1))
    assert role(house).state == State.TRADING


@pytest.mark.parametrize("hold", [pause(), halt()])
def test_given_a_hold_before_the_open_when_resumed_then_it_waits_for_the_open(hold: Message):
    house = a_day("ARMED")
    house.hear(hold, resume())
    assert role(house).state == State.ARMED
    house.hear(beat(1))
    assert role(house).state == State.TRADING


@pytest.mark.parametrize(
    "why",
    [
        *(pause(), RoleFailed("strategist", 1, "boom"), FlattenRequested("c", "kim", "", "")),
        *(stepped_back(), refused("QuotesReceived"), refused("SomethingNew")),
    ],
)
@pytest.mark.parametrize("state", ["CLOSED", "PREFLIGHT", "ARMED", "TRADING"])
def test_given_a_reason_to_pause_when_it_comes_before_or_in_trading_then_no_entry_passes(state: str, why: Message):
    house = a_day(state)
    house.hear(why, opened(LinkName.QUOTES), *links(), beat(1))
    assert (role(house).state, role(house).gate) == (State.PAUSED, Gate.EXITS_ONLY)


def test_given_a_vital_role_that_is_left_out_when_resumed_then_it_is_refused_until_a_new_run():
    house = a_day("TRADING")
    house.hear(RoleFailed("executor", 1, "boom", benched=True))
    [answer] = house.hear(resume())
    assert (answer.accepted, answer.code) == (False, "ROLE_FAILED")  # type: ignore[attr-defined]
    house.hear(a_run(), *links(), resume())
    assert role(house).state == State.TRADING


def test_given_a_step_of_the_clock_when_resumed_then_trading_goes_on_and_the_reason_was_told():
    house = a_day("TRADING")
    house.hear(stepped_back())
    assert role(house).view(DayQuery()).gate_reason == "paused: the machine's clock went back by 3,600,000 ms"
    house.hear(resume(""))
    assert (role(house).state, role(house).gate) == (State.TRADING, Gate.OPEN)


@pytest.mark.parametrize(
    "nothing",
    [
        ClockTicked(UnixNanos(T0), True),
        refused("TrendReceived"),
        refused("AttentionFetched"),
        refused("TrendsMissing"),
        differs(agreed=True),
    ],
)
@pytest.mark.parametrize("state", ["PREFLIGHT", "TRADING"])
def test_given_what_trading_does_not_depend_on_when_it_comes_then_the_day_goes_on(state: str, nothing: Message):
    house = a_day(state)
    house.hear(nothing, *links(), beat(1))
    assert (role(house).state, role(house).gate) == (State.TRADING, Gate.OPEN)


def test_given_a_snapshot_that_differs_when_resumed_then_it_is_refused_until_a_new_run_has_folded_the_log():
    house = a_day("TRADING")
    house.hear(differs())
    assert "portfolio.cash" in role(house).view(DayQuery()).gate_reason
    [answer] = house.hear(resume())
    assert (answer.accepted, answer.code) == (False, "ROLE_FAILED")  # type: ignore[attr-defined]
    assert "the snapshot this run began with cannot be trusted" in answer.text  # type: ignore[attr-defined]
    house = restarted(house)
    house.hear(a_run(), *links())
    assert role(house).gate is Gate.CANCELS_ONLY
    house.hear(resume())
    assert role(house).state == State.TRADING


def test_given_a_gate_shut_by_the_core_when_the_day_goes_on_then_it_stays_shut():
    house = a_day("TRADING")
    house.hear(GateChanged(Gate.CANCELS_ONLY, "trading_day failed"), beat(2))
    assert role(house).gate == Gate.CANCELS_ONLY


def test_given_a_new_run_when_it_begins_then_the_gate_is_said_anew():
    house = restarted(a_day("TRADING"))
    assert [m.level for m in only(GateChanged, house.hear(a_run()))] == [Gate.OPEN]


# ---- stopping --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("broken", [False, True])
@pytest.mark.parametrize("orders", [0, 2])
@pytest.mark.parametrize("state", ["CLOSED", "PREFLIGHT", "ARMED", "TRADING", "PAUSED", "HALTED", "CLOSING"])
def test_given_any_state_when_stopped_then_stop_ready_comes_in_time(state: str, orders: int, broken: bool):
    house = a_day(state)
    house.hear(*[approved(f"o{n}") for n in range(orders)], *(links("BACKING_OFF") if broken else []), stop())
    for _ in range(int(PATIENCE_S * 2) + 2):
        house.tick()
    [ready] = house.said(StopReady)
    assert ready.open_orders == orders


def test_given_a_stop_when_orders_are_confirmed_closed_then_it_does_not_wait():
    house = a_day("TRADING")
    house.hear(approved(), order_is("WORKING"), stop())
    assert house.said(StopReady) == []
    assert only(StopReady, house.hear(order_is("CANCELLED")))


def test_given_a_stop_that_waits_when_asked_again_then_it_does_not_wait_longer():
    house = a_day("TRADING")
    house.hear(approved(), stop())
    house.tick(PATIENCE_S - 1)
    house.hear(stop())
    assert only(StopReady, house.tick(1.5))


def test_given_a_stop_when_the_clock_is_set_back_then_it_ends():
    house = a_day("TRADING")
    house.hear(approved(), stop())
    assert only(StopReady, house.tick(-3600.0))


def test_given_a_stop_at_noon_when_started_again_then_the_day_goes_on():
    house = a_day("TRADING")
    house.hear(stop())
    house = restarted(house)
    house.hear(a_run(), opened(LinkName.QUOTES, seconds=HOUR), *links())
    assert role(house).state == State.TRADING


# ---- any sequence ----------------------------------------------------------------------------------------------

MESSAGES = st.one_of(
    st.sampled_from([pause(), halt(), resume(), resume(""), stop(), loss(), LogSpaceLow("full"), a_run()]),
    st.sampled_from(
        [RoleFailed("executor", 1, "x", True), RoleFailed("strategist", 1, "x"), RoleFailed("notifier", 1, "x")]
    ),
    st.sampled_from([*links(), *links("BACKING_OFF"), QuotesEnded(venue(5)), FlattenRequested("c", "kim", "", "")]),
    st.sampled_from([approved(), order_is("WORKING"), order_is("FILLED"), order_is("UNKNOWN_CANCEL")]),
    st.sampled_from([stepped_back(), differs(), refused("OrderFilled"), refused("QuotesReceived"), refused("Trend")]),
    st.floats(-30 * HOUR, 60 * HOUR).map(beat),
    st.floats(-30 * HOUR, 60 * HOUR).map(lambda s: opened(LinkName.QUOTES, seconds=s)),
    st.floats(0, 7 * HOUR).map(lambda s: judged(a_quote(s))),
    st.sampled_from([0.5, 20.0, -100.0]),
)


def test_given_a_halt_when_a_person_flattens_then_exits_pass_until_the_next_halt_or_move():
    house = a_day("TRADING")
    house.hear(HaltRequested("h", "kim", "panic"))
    assert role(house).gate is Gate.CANCELS_ONLY
    house.hear(FlattenRequested("f", "kim", "", "get me out"))
    assert (role(house).state, role(house).gate, role(house).locked) == (State.HALTED, Gate.EXITS_ONLY, True)
    house.hear(HaltRequested("h2", "kim", "no, wait"))
    assert role(house).gate is Gate.CANCELS_ONLY
    house.hear(FlattenRequested("f2", "kim", "", ""), a_run())
    assert role(house).gate is Gate.CANCELS_ONLY, "a new run begins behind the halt"


def play(house: House, steps: list[Any]) -> None:
    for step in steps:
        if isinstance(step, float):
            house.tick(step)
        else:
            house.hear(step)
        day = role(house)
        wanted = Gate.EXITS_ONLY if day.let_out else gate_for(day.state)
        assert day.gate == (Gate.CANCELS_ONLY if day.shut else wanted)
        assert day.state is State.HALTED or not day.let_out
        assert not (day.locked and day.state in (State.ARMED, State.TRADING, State.PAUSED))


@given(st.lists(MESSAGES, max_size=40))
def test_for_any_sequence_every_move_is_legal_and_the_gate_matches_the_day(steps: list[Any]):
    house = House(TradingDay())
    play(house, [a_run(), *steps])
    assert house.core.kernel.benched == {} and house.said(RoleFailed) == only(RoleFailed, steps)
    state = State.CLOSED
    for move in house.said(DayChanged):
        assert (move.from_state, fsm.next_state(state, move.trigger)) == (state, move.to_state)
        state = State(move.to_state)


@given(st.lists(MESSAGES, max_size=30))
def test_for_any_sequence_a_stop_ends_and_the_fold_gives_the_live_state(steps: list[Any]):
    house = House(TradingDay())
    play(house, [a_run(), *steps, a_run(), stop(), 0.5, 16.0, 0.5])
    assert role(house).stop_told
    [again] = house.folded(lambda: [TradingDay()]).roles
    assert state_of(again) == state_of(role(house))
    assert house.replayed(lambda: [TradingDay()]).identical


def test_given_a_question_when_asked_then_the_day_answers():
    view = role(a_day("TRADING")).view(DayQuery())
    assert (view.state, view.gate, view.trading_date) == ("TRADING", Gate.OPEN, "2026-01-13")
    assert view.gate_reason == "trading: the session is open"
    with pytest.raises(TypeError, match="cannot answer"):
        role(a_day()).view(UnixNanos(1))
