"""The risk manager on conduct: what people override, claim and trade alone, and what is left alone."""

from dataclasses import replace
from typing import Any

import pytest

from actors.core.state import dump, load
from actors.roles.risk_manager import RiskManager
from domain.messages.market import SymbolInterrupted
from domain.messages.operator import (
    ClaimRequested,
    CommandAnswered,
    ManualModeRequested,
    ManualModifyRequested,
    ResumeRequested,
)
from domain.messages.orders import CancelOrder
from domain.messages.risk import HoldingClaimed, ManualModeChanged
from domain.messages.run import RoleFailed
from domain.messages.trading import FillBooked, ModifyApproved, OrderApproved, OrderDenied, SessionPlanned
from domain.types import ClientOrderId, Krw, RequestId, Side, TimeInForce, UnixNanos, VenueOrderId
from tests.actors.account_house import Account, resume
from tests.actors.money_builders import (
    COLON,
    SAMSUNG,
    Desk,
    a_booking,
    a_run,
    a_signal,
    an_account,
    at,
    broker_state,
    by_hand,
    flatten,
    order_state,
    prices,
    state_of,
)
from tests.actors.test_risk_manager import a_desk, approved, denied

FOREIGN: dict[str, Any] = {"leave_foreign": True}
HELD = (SAMSUNG, 100, 1_000_000)


def filled(desk: Desk, order: OrderApproved, held: int, cash: int = 5_000_000, won: int = 0) -> None:
    """Let an order trade whole: the executor tells it, then the portfolio books it; `held` shares are left."""
    desk.say(order_state(order, "FILLED", order.quantity, 0))
    booking = a_booking(order, order.quantity, held, cash, trade=f"T-{order.client_order_id}")
    desk.say(replace(booking, realized_pnl=Krw(won)))


def a_claim(quantity: int, symbol: str = SAMSUNG, note: str = "moved in", command: str = "c1") -> ClaimRequested:
    return ClaimRequested(command, "kim", symbol, quantity, note)


def never_sell(*symbols: str) -> dict[str, Any]:
    return {"never_sell": symbols}


def ours(desk: Desk, symbol: str = SAMSUNG) -> int | None:
    role = desk.role
    assert isinstance(role, RiskManager)
    return role.state.conduct.ours(symbol)


# ---- overrides -------------------------------------------------------------------------------------------------


def test_given_checks_that_deny_when_a_person_overrides_them_then_the_order_passes_and_they_are_told() -> None:
    desk = a_desk()
    far = by_hand(price=10_500, command_id="m1", overrides=("OPEN_ORDERS", "COLLAR"), note="they halt tomorrow")
    order, answer = desk.say(far)
    assert isinstance(order, OrderApproved)
    assert (order.overridden, order.rationale) == (("COLLAR",), "they halt tomorrow")
    assert (answer.accepted, answer.text) == (True, "approved, overriding COLLAR")
    assert desk.say(far) == [answer]


def test_given_nothing_that_denies_when_a_person_overrides_then_nothing_is_told_as_overridden() -> None:
    order, answer = a_desk().say(by_hand(overrides=("COLLAR",), note="x"))
    assert (order.overridden, answer.text) == ((), "approved")


def test_given_a_check_that_was_not_named_when_it_denies_then_the_order_is_denied_for_it() -> None:
    denial, answer = a_desk().say(by_hand(price=10_500, quantity=500, overrides=("COLLAR",), note="x"))
    assert (denial.reason, answer.code, answer.accepted) == ("ORDER_VALUE", "ORDER_VALUE", False)


@pytest.mark.parametrize(("codes", "note"), [(("CASH",), "x"), (("COLLAR",), ""), (("COLLAR", "FOO"), "x")])
def test_given_a_code_or_a_note_that_is_not_allowed_when_overriding_then_the_order_is_denied(
    codes: tuple[str, ...], note: str
) -> None:
    denial, answer = a_desk().say(by_hand(overrides=codes, note=note))
    assert (denial.reason, answer.code, answer.text) == ("OVERRIDE", "OVERRIDE", denial.message)


# ---- what is ours ----------------------------------------------------------------------------------------------


def test_given_shares_of_others_when_a_strategy_sells_then_it_sells_ours_only() -> None:
    desk = a_desk(10_000_000, HELD, **FOREIGN)
    assert ours(desk) == 0
    bought = approved(desk.say(by_hand(quantity=20)))
    filled(desk, bought, 120)
    assert ours(desk) == 20
    assert approved(desk.say(a_signal(Side.SELL))).quantity == 20


def test_given_shares_of_others_when_a_person_sells_more_than_ours_then_only_an_override_lets_it_pass() -> None:
    desk = a_desk(10_000_000, HELD, **FOREIGN)
    filled(desk, approved(desk.say(by_hand(quantity=20))), 120)
    denial = denied(desk.say(by_hand(Side.SELL, 21)))
    assert (denial.reason, "1 more than the 20 that are ours to sell" in denial.message) == ("FOREIGN", True)
    order = approved(desk.say(by_hand(Side.SELL, 21, overrides=("FOREIGN",), note="hers, she asked")))
    assert (order.quantity, order.overridden) == (21, ("FOREIGN",))
    filled(desk, order, 99)
    assert ours(desk) == 0


def test_given_an_open_sell_of_all_that_is_ours_when_it_is_changed_then_its_own_shares_do_not_count_twice() -> None:
    desk = a_desk(10_000_000, HELD, **FOREIGN, duplicate_window_ms=0)
    desk.say(a_claim(20))
    order = approved(desk.say(by_hand(Side.SELL, 20)))
    assert denied(desk.say(by_hand(Side.SELL, 1))).reason == "FOREIGN"
    [changed] = desk.say(ManualModifyRequested("m1", "kim", order.client_order_id, None, Krw(10_050)))
    assert isinstance(changed, ModifyApproved)


def test_given_what_is_not_ours_when_a_strategy_keeps_selling_it_then_it_is_denied_once_while_it_stays_so() -> None:
    desk = a_desk(10_000_000, HELD, **FOREIGN)
    assert denied(desk.say(a_signal(Side.SELL))).reason == "FOREIGN"
    assert [desk.say(a_signal(Side.SELL)) for _ in range(3)] == [[], [], []]
    assert denied(desk.say(by_hand(Side.SELL))).reason == "FOREIGN"  # a person is always answered
    desk.say(a_claim(10))
    order = approved(desk.say(a_signal(Side.SELL)))
    assert order.quantity == 10
    filled(desk, order, 90)
    desk.say(a_claim(5, command="c2"))
    filled(desk, approved(desk.say(a_signal(Side.SELL))), 85)
    assert desk.say(a_signal(Side.SELL)) == []  # as it was when it was said
    for message in (broker_state(10_000_000, (SAMSUNG, 85, 850_000), seconds=86_400), an_account(day="2026-01-14")):
        desk.say(message)
    assert denied(desk.say(a_signal(Side.SELL))).reason == "FOREIGN"


def test_given_a_symbol_never_to_sell_when_a_strategy_keeps_selling_it_then_it_is_denied_once() -> None:
    desk = a_desk(10_000_000, HELD, (COLON, 10, 100_000), **never_sell(SAMSUNG))
    assert denied(desk.say(a_signal(Side.SELL))).reason == "NEVER_SELL"
    assert desk.say(a_signal(Side.SELL)) == []
    assert approved(desk.say(a_signal(Side.SELL, symbol=COLON))).quantity == 10
    order = approved(desk.say(by_hand(Side.SELL, overrides=("NEVER_SELL",), note="I need the money")))
    assert order.overridden == ("NEVER_SELL",)


def test_given_shares_of_others_when_everything_is_sold_out_then_ours_go_and_theirs_stay() -> None:
    desk = a_desk(10_000_000, HELD, (COLON, 10, 100_000), **FOREIGN, **never_sell(COLON))
    filled(desk, approved(desk.say(by_hand(quantity=20))), 120)
    desk.say(a_claim(10, COLON))
    sales = [output for output in desk.say(flatten()) if isinstance(output, OrderApproved)]
    assert [(order.symbol, order.quantity) for order in sales] == [(SAMSUNG, 20)]
    filled(desk, sales[0], 100)
    assert not [output for output in desk.say(flatten(command_id="f2")) if isinstance(output, OrderApproved)]


def test_given_leave_foreign_is_off_when_everything_is_sold_then_all_that_is_held_goes() -> None:
    desk = a_desk(10_000_000, HELD)
    assert ours(desk) is None
    assert approved(desk.say(flatten())).quantity == 100


def test_given_ours_when_a_new_date_and_a_new_run_begin_then_they_are_ours_still() -> None:
    desk = a_desk(10_000_000, HELD, **FOREIGN)
    filled(desk, approved(desk.say(by_hand(quantity=20))), 120)
    day = (broker_state(10_000_000, (SAMSUNG, 120, 1), seconds=86_400), an_account(day="2026-01-14"))
    for message in (*day, a_run(leave_foreign=True)):
        desk.say(message)
    fresh = RiskManager()
    load(fresh, dump(desk.role))
    assert (ours(desk), fresh.state.conduct.ours(SAMSUNG)) == (20, 20)


# ---- claims and manual mode ------------------------------------------------------------------------------------


def test_given_a_holding_when_claimed_then_it_is_ours_and_the_command_is_answered_once() -> None:
    desk = a_desk(10_000_000, HELD, **FOREIGN)
    claimed, answer = desk.say(a_claim(60))
    assert claimed == HoldingClaimed(SAMSUNG, 60, "kim", "moved in")
    assert (answer.accepted, answer.text) == (True, "60 of 100 held shares of 005930 are ours, 0 were")
    assert ours(desk) == 60
    assert desk.say(a_claim(10)) == [answer]
    assert ours(desk) == 60


@pytest.mark.parametrize(
    ("claim", "code"),
    [
        (a_claim(10, note=" "), "NOTE_NEEDED"),
        (a_claim(10, COLON), "HOLDING"),
        (a_claim(101), "QUANTITY"),
        (a_claim(-1), "QUANTITY"),
        (a_claim(29), "SELLING"),
    ],
)
def test_given_a_senseless_claim_when_asked_then_it_is_refused_and_says_why(claim: ClaimRequested, code: str) -> None:
    desk = a_desk(10_000_000, HELD, **FOREIGN)
    desk.say(a_claim(60, command="before"))
    approved(desk.say(by_hand(Side.SELL, 30)))
    [answer] = desk.say(claim)
    assert isinstance(answer, CommandAnswered)
    assert (answer.accepted, answer.code, bool(answer.text)) == (False, code, True)
    assert ours(desk) == 60


def test_given_leave_foreign_is_off_when_claimed_then_the_answer_says_what_that_means() -> None:
    _, answer = a_desk(10_000_000, HELD).say(a_claim(0))
    assert "all of them may be sold while risk.leave_foreign is off" in answer.text


def test_given_manual_mode_when_a_strategy_enters_then_it_is_denied_and_people_and_exits_pass() -> None:
    desk = a_desk(10_000_000, HELD)
    on = ManualModeRequested("x1", "kim", True, "I look at it myself")
    changed, answer = desk.say(on)
    assert changed == ManualModeChanged(True, "kim", "I look at it myself")
    assert (answer.accepted, answer.text) == (True, "manual mode is on: only a person enters; exits and stops go on")
    assert desk.say(on) == [answer]
    [again] = desk.say(replace(on, command_id="x2"))
    assert (again.accepted, again.text) == (True, "manual mode is on already")
    assert denied(desk.say(a_signal())).reason == "MANUAL_MODE"
    approved(desk.say(by_hand()))
    approved(desk.say(a_signal(Side.SELL)))
    desk.say(an_account(day="2026-01-14"))
    assert denied(desk.say(a_signal(symbol=COLON))).reason == "MANUAL_MODE"  # over night
    changed, answer = desk.say(ManualModeRequested("x3", "kim", False, ""))
    assert (changed.is_on, answer.text) == (False, "manual mode is off: strategies may enter again")
    approved(desk.say(a_signal(symbol=COLON)))


# ---- pace and past trades --------------------------------------------------------------------------------------


def test_given_orders_and_cancels_of_the_date_when_at_their_limits_then_no_entry_passes_and_exits_do() -> None:
    desk = a_desk(10_000_000, HELD, max_orders_per_day=1)
    approved(desk.say(by_hand()))
    assert denied(desk.say(a_signal(symbol=COLON))).reason == "ORDERS_PER_DAY"
    approved(desk.say(a_signal(Side.SELL)))
    cancels = a_desk(max_cancels_per_day=1)
    cancels.say(CancelOrder(RequestId("r"), ClientOrderId("L-1"), VenueOrderId("V1"), 0, UnixNanos(0)))
    assert denied(cancels.say(a_signal())).reason == "CANCELS_PER_DAY"


def lose(desk: Desk, won: int = -1) -> None:
    """Buy and sell one share at a loss."""
    filled(desk, approved(desk.say(by_hand(quantity=1))), 1)
    filled(desk, approved(desk.say(by_hand(Side.SELL, 1))), 0, won=won)


def test_given_losing_trades_when_one_is_closed_then_entries_wait_until_time_or_a_person_lets_them() -> None:
    desk = a_desk(max_losing_streak=1, duplicate_window_ms=0, reentry_block_s=100, cool_down_s=50)
    lose(desk)
    assert denied(desk.say(a_signal())).reason == "COOL_DOWN"
    desk.say(prices(51))
    assert denied(desk.say(a_signal(seconds=51))).reason == "LOSING_STREAK"
    desk.say(ResumeRequested("r1", "kim", " "))
    assert denied(desk.say(a_signal(seconds=51))).reason == "LOSING_STREAK"
    desk.say(ResumeRequested("r2", "kim", "a bad print"))
    desk.say(CommandAnswered("r2", False, "WRONG_STATE", "the day is CLOSING", ""))
    desk.say(CommandAnswered("r2", True, "", "no answer to a question that is open", ""))
    assert denied(desk.say(a_signal(seconds=51))).reason == "LOSING_STREAK"
    desk.say(ResumeRequested("r3", "kim", "a bad print"))
    assert denied(desk.say(a_signal(seconds=51))).reason == "LOSING_STREAK"  # nobody has accepted it yet
    desk.say(CommandAnswered("r3", True, "", "resumed", ""))
    assert denied(desk.say(a_signal(seconds=51))).reason == "RE_ENTRY"
    approved(desk.say(a_signal(symbol=COLON, seconds=51)))
    approved(desk.say(by_hand()))


@pytest.mark.parametrize("is_refused", [True, False])
def test_given_a_losing_streak_when_a_person_resumes_then_only_a_resume_that_is_accepted_ends_it(
    is_refused: bool,
) -> None:
    here = Account()
    sold = (ClientOrderId("o"), "t", SAMSUNG, Side.SELL, 1, Krw(9_000))
    here.house.hear(FillBooked(*sold, Krw(9_000), Krw(1), Krw(1), Krw(-1_000), 0, Krw(0), Krw(9_000), at(2)))
    if is_refused:
        here.house.hear(RoleFailed("portfolio", 9, "ZeroDivisionError", benched=True))
    here.house.hear(resume())
    risk: Any = here.house.core.kernel.role("risk_manager")
    [answer] = here.house.said(CommandAnswered)
    assert (answer.accepted, risk.state.conduct.trades.losing_streak) == (not is_refused, int(is_refused))


def test_given_a_planned_session_when_a_kind_is_not_taken_then_it_is_denied_and_a_snapshot_knows_the_phases() -> None:
    desk = a_desk(10_000_000, HELD, check_sessions=True)
    ioc: dict[str, Any] = {"time_in_force": TimeInForce.IOC}
    approved(desk.say(by_hand(Side.SELL, 1, **ioc)))  # no session is planned: nothing is known of phases
    desk.say(SessionPlanned("2026-01-13", True, at(0), at(22_800), at(23_400), False))
    desk.say(prices(10))
    approved(desk.say(by_hand(Side.SELL, 2, **ioc)))
    desk.say(SymbolInterrupted(SAMSUNG, True, Krw(10_000), "", at(11)))
    desk.say(prices(12))
    denial = denied(desk.say(by_hand(Side.SELL, 3, **ioc)))
    assert (denial.reason, "in INTERRUPTION_AUCTION" in denial.message) == ("SESSION_KIND", True)
    desk.say(prices(22_900))
    denial = denied(desk.say(by_hand(Side.SELL, 3, **ioc)))
    assert (denial.reason, "LIMIT IOC is not taken in CLOSING_AUCTION" in denial.message) == ("SESSION_KIND", True)
    approved(desk.say(by_hand(Side.SELL, 3)))
    fresh = RiskManager()
    load(fresh, dump(desk.role))
    assert state_of(fresh) == state_of(desk.role)


def test_given_defaults_when_anything_is_asked_then_nothing_of_conduct_is_said() -> None:
    desk = a_desk(10_000_000, HELD)
    for message in (by_hand(), a_signal(Side.SELL), flatten()):
        for output in desk.say(message):
            assert isinstance(output, OrderApproved | OrderDenied | CommandAnswered)
            assert getattr(output, "overridden", ()) == ()
