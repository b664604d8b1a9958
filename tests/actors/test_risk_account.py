"""Limits on the account: told at the won, in force at the gate, lifted by a person, the same after a restart."""

from typing import Any

import pytest

from actors.roles.risk_manager import RiskManager
from actors.roles.risk_view import risk_view
from domain.messages.holdings import AdjustmentBooked, FlowBooked
from domain.messages.link import BrokerPosition
from domain.messages.operator import CommandAnswered, PauseRequested, PresenceReported
from domain.messages.risk import LimitLevelChanged, LimitsUnlocked, ReducingChanged
from domain.messages.trading import (
    GateChanged,
    LossLimitHit,
    OrderApproved,
    OrderDenied,
)
from domain.risk.measures import measure
from domain.risk.picture import Proposal
from domain.status import DayQuery
from domain.types import Gate, Krw, LinkName, OrderKind, Purpose, Side, VenuePhase
from tests.actors.account_house import (
    START,
    Account,
    a_risk,
    account,
    beat,
    index,
    marked,
    resume,
)
from tests.actors.builders import (
    SAMSUNG,
    a_quote,
    a_run,
    broker_state,
    instruments,
    judged,
    link_is,
    only,
    venue,
)
from tests.actors.money_builders import Desk, a_day, a_gate, by_hand

DAY_S = 86_400


# ---- levels ----------------------------------------------------------------------------------------------------


def test_given_a_loss_that_grows_when_it_reaches_each_share_then_it_is_told_reduced_and_halted_at_the_won() -> None:
    here = Account()
    for loss in (299_999, 300_000, 400_000, 449_999):
        here.house.hear(marked(START - loss))
    assert here.levels("daily_loss") == ["WARN_60", "WARN_80"]
    assert here.codes == []
    assert here.may_enter()
    here.house.hear(marked(START - 450_000))
    assert (here.codes, here.day.state, here.day.gate) == (["DAILY_LOSS"], "TRADING", Gate.EXITS_ONLY)
    assert not here.may_enter()
    [denied] = only(OrderDenied, here.house.hear(by_hand()))
    assert denied.reason == "REDUCING"
    assert here.day.view(DayQuery()).gate_reason.startswith("reducing: daily loss of 450,000 KRW reached 90 % of")
    here.house.hear(marked(START), marked(START - 499_999))
    assert (here.codes, here.house.said(LossLimitHit)) == (["DAILY_LOSS"], [])
    here.house.hear(marked(START - 500_000))
    [hit] = here.house.said(LossLimitHit)
    assert (hit.limit, hit.loss_krw, hit.limit_krw, hit.start_equity) == ("daily_loss", 500_000, 500_000, START)
    assert (here.day.state, here.day.gate) == ("HALTED", Gate.CANCELS_ONLY)


def test_given_positions_when_getting_out_would_cost_then_the_loss_is_net_of_it() -> None:
    here = Account()
    here.house.hear(marked(START - 449_999, exit_costs=20_000))
    assert here.levels("daily_loss") == ["WARN_80"]
    here.house.hear(marked(START - 450_000, exit_costs=20_000))
    assert here.codes == ["DAILY_LOSS"]


def test_given_a_drawdown_over_days_when_it_reaches_its_limit_then_the_day_halts_and_a_note_begins_it_anew() -> None:
    here = Account(warn_ppm=(), reduce_ppm=0)
    here.house.hear(marked(12_000_000))
    for number, equity in enumerate((11_500_000, 11_100_000), start=1):
        here.house.hear(account(f"2026-01-1{3 + number}", equity), marked(equity))
    here.house.hear(account("2026-01-16", 10_900_000), marked(10_800_001))
    assert here.house.said(LossLimitHit) == []
    here.house.hear(marked(10_800_000))
    [hit] = here.house.said(LossLimitHit)
    assert (hit.limit, hit.start_equity, hit.loss_krw, hit.limit_krw) == ("drawdown", 12_000_000, 1_200_000, 1_200_000)
    assert here.day.lock_reason.startswith("drawdown from the high-water mark 1,200,000 KRW reached the limit of")
    assert here.codes == ["DRAWDOWN"]
    here.house.hear(resume(""))
    assert here.day.state == "HALTED"
    here.house.hear(resume())
    assert (here.day.state, here.day.gate, here.codes) == ("TRADING", Gate.OPEN, [])
    assert here.watch.high_water == 10_800_000
    here.house.hear(account("2026-01-19", 9_800_000), marked(9_720_001))
    assert here.codes == []
    here.house.hear(marked(9_720_000))
    assert here.codes == ["DRAWDOWN"]


def test_given_reducing_when_a_person_resumes_then_only_a_note_lifts_it_and_a_worse_loss_still_halts() -> None:
    here = Account()
    here.house.hear(marked(START - 460_000))
    refused = here.house.hear(resume(""))[-1]
    assert (refused.accepted, refused.code) == (False, "NOTE_NEEDED")  # type: ignore[attr-defined]
    assert "daily loss of 460,000 KRW" in refused.text  # type: ignore[attr-defined]
    out = here.house.hear(resume())
    assert [type(item) for item in out] == [LimitsUnlocked, ReducingChanged, GateChanged, type(refused)]
    assert out[-1].accepted  # type: ignore[attr-defined]
    assert here.may_enter()
    here.house.hear(marked(START - 499_999))
    assert here.may_enter()
    here.house.hear(marked(START - 500_000))
    assert (here.day.state, here.codes) == ("HALTED", ["DAILY_LOSS"])
    here.house.hear(resume())
    assert (here.day.state, here.codes) == ("TRADING", [])
    [denied] = only(OrderDenied, here.house.hear(by_hand()))
    assert denied.reason == "DAILY_LOSS"
    assert len(here.house.said(LossLimitHit)) == 1
    here.house.hear(account("2026-01-14", START - 500_000))
    assert here.may_enter()


@pytest.mark.parametrize("loss", [460_000, 500_000])
def test_given_a_lock_when_midnight_and_a_restart_come_then_it_holds_until_a_person_unlocks_it(loss: int) -> None:
    here = Account()
    here.house.hear(marked(START - loss), beat(6.5 * 3600 + 36), beat(6.5 * 3600 + 37))
    assert here.day.state == "CLOSED"
    here.restarted()
    here.house.hear(beat(DAY_S - 60), account("2026-01-14", START - loss), beat(DAY_S + 1))
    here.house.hear(judged(a_quote(DAY_S + 2)), marked(START - loss))
    assert here.codes == ["DAILY_LOSS"]
    assert (here.day.state, here.day.gate) == (
        ("TRADING", Gate.EXITS_ONLY) if loss == 460_000 else ("HALTED", Gate.CANCELS_ONLY)
    )
    assert not here.may_enter()
    here.house.hear(resume())
    assert here.levels("daily_loss")[-1] == "OK"
    assert (here.day.state, here.codes, here.may_enter()) == ("TRADING", [], True)


@pytest.mark.parametrize("loss", [460_000, 500_000])
def test_given_a_lock_when_a_person_unlocks_it_between_two_days_then_the_next_one_trades(loss: int) -> None:
    here = Account()
    here.house.hear(marked(START - loss), beat(6.5 * 3600 + 36), beat(6.5 * 3600 + 37))
    refused, answer = here.house.hear(resume(""))[-1], here.house.hear(resume())[-1]
    assert isinstance(refused, CommandAnswered)
    assert isinstance(answer, CommandAnswered)
    assert (refused.code, answer.accepted) == ("NOTE_NEEDED", True)
    assert answer.text.endswith("the day is CLOSED; the limits are unlocked")
    assert here.codes == []
    here.house.hear(beat(DAY_S - 60), account("2026-01-14", START - loss), beat(DAY_S + 1))
    assert (here.day.state, here.day.gate) == ("TRADING", Gate.OPEN)


def test_given_a_pause_when_something_reduces_then_a_resume_needs_a_note_and_lifts_both() -> None:
    here = Account()
    here.house.hear(PauseRequested("c", "kim", ""), marked(START - 460_000), resume(""))
    assert (here.day.state, here.codes) == ("PAUSED", ["DAILY_LOSS"])
    here.house.hear(resume())
    assert (here.day.state, here.day.gate, here.codes) == ("TRADING", Gate.OPEN, [])


def test_given_a_warning_when_the_next_date_begins_then_the_level_begins_anew() -> None:
    here = Account()
    here.house.hear(marked(START - 400_000), account("2026-01-14", START - 400_000))
    assert here.levels("daily_loss") == ["WARN_80", "OK"]


@pytest.mark.parametrize("flow", [-9_000_000, 40_000_000])
def test_given_money_that_came_or_went_when_equity_is_marked_then_no_limit_is_reached_and_none_hidden(
    flow: int,
) -> None:
    here = Account(warn_ppm=(), reduce_ppm=0)
    before = START - 490_000
    here.house.hear(marked(before))
    here.house.hear(account("2026-01-14", before + flow))
    here.house.hear(FlowBooked("2026-01-14", Krw(flow), Krw(flow), "cash", venue(3)), marked(before + flow))
    assert here.codes == []
    limit = -(-here.watch.high_water // 10)
    here.house.hear(account("2026-01-15", here.watch.high_water - limit + 1))
    here.house.hear(marked(here.watch.high_water - limit + 1))
    assert here.codes == []
    here.house.hear(marked(here.watch.high_water - limit))
    assert here.codes == ["DRAWDOWN"]


def test_given_a_deposit_by_hand_when_equity_falls_then_the_days_loss_counts_without_it() -> None:
    here = Account()
    paid = AdjustmentBooked("a", "kim", "", 0, 0, Krw(0), Krw(START), Krw(2 * START), "more", venue(2), "deposit")
    here.house.hear(paid, marked(2 * START - 449_999))
    assert here.codes == []
    here.house.hear(marked(2 * START - 450_000))
    assert here.codes == ["DAILY_LOSS"], "90 % of 5 % of what the date began with"


def test_given_a_loss_when_most_of_the_money_is_withdrawn_then_no_limit_trips() -> None:
    here = Account()
    here.house.hear(marked(START - 300_000))
    left = START - 300_000 - 8_000_000
    before = Krw(START - 300_000)
    taken = AdjustmentBooked("a", "kim", "", 0, 0, Krw(0), before, Krw(left), "rent", venue(2), "withdrawal")
    here.house.hear(taken, marked(left))
    assert here.codes == []
    risk: Any = here.house.core.kernel.role("risk_manager")
    [daily, _] = here.watch.limit_views(risk.state)
    assert (daily.name, daily.loss, daily.limit, daily.base_equity) == ("daily_loss", 300_000, 500_000, 2_000_000)
    assert here.may_enter(), "nor does a check deny for a limit that has not tripped"


@pytest.mark.parametrize("runs", [1, 2])
def test_given_shares_that_are_withdrawn_before_the_first_quote_of_a_run_then_no_limit_trips(runs: int) -> None:
    here = Account()
    shares = 3_000_000 // a_quote(1).price
    cost, value = Krw(2_000_000), shares * a_quote(1).price
    came = (SAMSUNG, 0, shares, cost, Krw(START), Krw(START - cost), "phone", venue(2))
    bought = AdjustmentBooked("a", "kim", *came, "correction")
    here.house.hear(bought, marked(START - cost + value), *[here.run] * (runs - 1))
    gone = (SAMSUNG, shares, 0, Krw(0), Krw(START - cost), Krw(START - cost), "to another broker", venue(2))
    here.house.hear(AdjustmentBooked("b", "kim", *gone, "withdrawal"), marked(START - cost))
    assert here.codes == []
    assert [loss.base - loss.equity for loss in here.watch.losses()] == [-(value - cost), 0]


def test_given_exit_costs_and_money_that_left_when_the_loss_is_told_then_it_is_what_the_limit_counts() -> None:
    here = Account()
    before, left = START - 300_000, START - 300_000 - 5_000_000
    taken = AdjustmentBooked("a", "kim", "", 0, 0, Krw(0), Krw(before), Krw(left), "rent", venue(2), "withdrawal")
    here.house.hear(marked(before), taken, marked(left, exit_costs=20_000))
    risk: Any = here.house.core.kernel.role("risk_manager")
    [stand] = [check for check in risk_view(risk.state).checks if check.name == "DAILY_LOSS"]
    assert (stand.value, stand.distance, stand.limit) == (30_000, 20_000, 50_000)
    proposal = Proposal(SAMSUNG, Side.BUY, OrderKind.LIMIT, Purpose.ENTRY, 1, Krw(70_000), None, venue(2))
    [told] = [one for one in measure(risk.state, proposal) if one.code == "DAILY_LOSS"]
    assert (told.value, told.limit, told.problem) == ("loss 300,000 KRW", "below 500,000 KRW", None)


def test_given_the_limit_was_hit_and_unlocked_when_money_comes_then_it_makes_no_room_for_entries() -> None:
    here = Account()
    here.house.hear(marked(START - 500_000), resume())
    before, left = Krw(START - 500_000), START - 500_000 + 5_000_000
    given = AdjustmentBooked("a", "kim", "", 0, 0, Krw(0), before, Krw(left), "loan", venue(2), "deposit")
    here.house.hear(given, marked(left))
    [denied] = only(OrderDenied, here.house.hear(by_hand()))
    assert denied.reason == "DAILY_LOSS"
    here.house.hear(marked(left + 1))
    assert here.may_enter(), "one won below the limit"


# ---- shocks ----------------------------------------------------------------------------------------------------


def test_given_an_index_that_falls_when_it_is_a_shock_then_only_exits_pass_until_a_person_or_the_next_date() -> None:
    here = Account(shock_drop_ppm=30_000)
    here.house.hear(index(250_000), index(242_501, 302))
    assert here.codes == []
    here.house.hear(index(242_500, 302), index(240_000, 303))
    assert here.codes == ["MARKET_SHOCK"]
    assert len(here.house.said(ReducingChanged)) == 1, "a shock that goes on is told once"
    here.house.hear(resume(""))
    assert here.codes == ["MARKET_SHOCK"]
    here.house.hear(resume(), index(239_000, 304))
    assert here.codes == [], "what was looked at is no shock again"
    here.house.hear(index(231_830, 305))
    assert here.codes == ["MARKET_SHOCK"]
    here.house.hear(beat(6.5 * 3600 + 36), beat(6.5 * 3600 + 37))
    here.restarted()
    assert here.codes == ["MARKET_SHOCK"]
    here.house.hear(beat(DAY_S - 60))
    assert here.codes == []


def test_given_a_circuit_breaker_when_trading_goes_on_then_it_reduces_until_a_person_resumes() -> None:
    here = Account()
    here.house.hear(beat(2, VenuePhase.HALTED), beat(3, VenuePhase.HALTED))
    assert here.codes == ["CIRCUIT_BREAKER"]
    here.house.hear(resume(), beat(4, VenuePhase.HALTED))
    assert here.codes == []
    here.house.hear(beat(5), beat(6, VenuePhase.HALTED), beat(7))
    assert here.codes == ["CIRCUIT_BREAKER"]


# ---- silence ---------------------------------------------------------------------------------------------------


def test_given_no_quote_when_the_time_is_over_then_only_exits_pass_until_the_next_one() -> None:
    here = Account(no_data_s=60)
    here.house.tick(59.5)
    assert here.codes == []
    here.house.tick(0.5)
    assert (here.codes, here.day.gate) == (["NO_DATA"], Gate.EXITS_ONLY)
    here.house.tick(1)
    here.house.hear(PauseRequested("c", "kim", ""), resume(""))
    assert (here.day.state, here.codes, len(here.house.said(ReducingChanged))) == ("TRADING", ["NO_DATA"], 1)
    here.house.hear(judged())
    assert here.codes == ["NO_DATA"], "a batch without a row is no quote"
    here.house.hear(judged(a_quote(5)))
    assert (here.codes, here.day.gate) == ([], Gate.OPEN)


def test_given_no_quote_when_the_day_does_not_trade_then_nothing_is_said_and_the_time_begins_with_trading() -> None:
    here = Account(no_data_s=60)
    here.house.hear(PauseRequested("c", "kim", ""))
    here.house.tick(600)
    assert here.codes == []
    here.house.hear(resume())
    here.house.tick(59)
    assert here.codes == []
    here.house.tick(1)
    assert here.codes == ["NO_DATA"]


def test_given_nobody_there_when_the_time_is_over_then_only_exits_pass_until_a_sign() -> None:
    here = Account(dead_man_s=600)
    here.house.tick(599.5)
    assert here.codes == []
    here.house.tick(0.5)
    assert here.codes == ["DEAD_MAN"]
    here.restarted()
    assert here.codes == [], "who starts a trader is there"
    here.house.tick(600)
    assert here.codes == ["DEAD_MAN"]
    here.house.hear(PresenceReported("c", "kim"))
    assert (here.codes, here.watch.operator_seen) == ([], here.house.now)
    here.house.tick(599)
    here.house.hear(by_hand(Side.SELL))
    here.house.tick(599)
    assert here.codes == []


# ---- the risk manager alone ------------------------------------------------------------------------------------


def test_given_a_gate_still_open_when_something_reduces_then_risk_denies_entries_itself_and_lets_exits_pass() -> None:
    desk = Desk(RiskManager())
    held = broker_state(positions=[BrokerPosition(SAMSUNG, 10, Krw(100_000))])
    desk.say(a_run(risk=a_risk()))
    for message in (*[link_is(name) for name in LinkName], instruments(), held, account(), a_day(), a_gate()):
        desk.say(message)
    desk.say(judged(a_quote(1)))
    assert [type(item) for item in desk.say(by_hand(quantity=1))] == [OrderApproved, CommandAnswered]
    desk.say(marked(START - 450_000))
    [denied, _] = desk.say(by_hand(quantity=1))
    assert denied.reason == "REDUCING"
    assert [type(item) for item in desk.say(by_hand(Side.SELL, 1))] == [OrderApproved, CommandAnswered]


def test_given_limits_on_the_account_are_off_when_anything_happens_then_nothing_new_is_said() -> None:
    here = Account(is_on=False, shock_drop_ppm=1, no_data_s=1, dead_man_s=1)
    here.house.hear(index(250_000), index(1, 3), beat(4, VenuePhase.HALTED), marked(START - 499_999))
    here.house.tick(10_000)
    here.house.hear(marked(START - 500_000), resume())
    new = (LimitLevelChanged, ReducingChanged, LimitsUnlocked)
    assert here.house.said(*new) == []
    assert [hit.limit for hit in here.house.said(LossLimitHit)] == ["daily_loss"]
    assert (here.day.state, here.watch.limit_views()) == ("TRADING", ())
