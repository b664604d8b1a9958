"""Shares a list shows as gone: whose doing it was is not guessed while a change of ours may have taken them."""

import pytest

from broker_win.orders.notices import Action
from broker_win.rows import OrderRow
from domain.types import TimeInForce
from tests.broker_win.order_kit import Bench, a_row, an_ask, chejan

A, B, C = "0000101", "0000102", "0000103"


def an_order(in_force: TimeInForce) -> Bench:
    at = Bench()
    at.ask(an_ask(in_force=in_force))
    at.answer("o-1", A)
    assert len(at.told()) == 1
    return at


def ask_to_change(at: Bench, request: str, action: Action, shares: int) -> None:
    price = None if action is Action.CANCEL else 10_100
    at.ask(an_ask(request, order="o-1", action=action, quantity=shares, price=price, original=A, screen="2001"))


def row_of(number: str, action: Action, shares: int, status: str = "확인", *, filled: int = 0) -> OrderRow:
    is_cancel = action is Action.CANCEL
    return a_row(
        number,
        original=A,
        action=action,
        status=status,
        quantity=shares,
        price=0 if is_cancel else 10_100,
        leaves=0 if is_cancel else shares - filled,
        confirmed=shares if status == "확인" else 0,
        filled=filled,
        notional=filled * 10_100,
    )


EVERY_FORCE = pytest.mark.parametrize("in_force", [TimeInForce.IOC, TimeInForce.DAY])


def test_given_an_ioc_order_and_a_cancel_without_an_answer_when_a_list_shows_it_then_it_is_not_booked_twice() -> None:
    at = an_order(TimeInForce.IOC)
    ask_to_change(at, "c-1", Action.CANCEL, 30)
    at.learn(a_row(A, leaves=70), row_of(B, Action.CANCEL, 30))
    assert at.told() == []  # younger than an answer may take: B may be somebody else's
    at.answer("c-1", B)
    at.hear(chejan(B, "확인", quantity=30, leaves=0, price=0, original=A, action=Action.CANCEL, screen="2001"))
    assert at.told() == ["ChangeReceived o-1 c-1 101 102 30 None", "OrderCancelled o-1 c-1 101 30 70"]


def test_given_an_ioc_order_and_a_modify_nobody_answers_when_lists_show_it_then_its_shares_stand_under_it() -> None:
    at = an_order(TimeInForce.IOC)
    ask_to_change(at, "m-1", Action.MODIFY, 30)
    rows = a_row(A, leaves=70), row_of(B, Action.MODIFY, 30)
    at.learn(*rows)
    assert at.told() == []
    at.wait(5)
    at.learn(*rows)
    assert at.told() == ["ChangeReceived o-1 m-1 101 102 30 10100", "OrderReplaced o-1 m-1 101 102 30 10100 70"]


@EVERY_FORCE
def test_given_two_cancels_alike_of_which_one_came_when_lists_show_its_shares_gone_then_they_wait_for_it(
    in_force: TimeInForce,
) -> None:
    at = an_order(in_force)
    for request in ("c-1", "c-2"):
        ask_to_change(at, request, Action.CANCEL, 30)
    for _ in range(9):
        at.wait(6)
        at.learn(a_row(A, leaves=70), row_of(B, Action.CANCEL, 30))
        assert at.told() == []
    at.wait(12)
    at.learn(a_row(A, leaves=70), row_of(B, Action.CANCEL, 30))
    assert at.told() == ["ChangeReceived o-1 c-1 101 102 30 None", "OrderCancelled o-1 c-1 101 30 70"]


@EVERY_FORCE
@pytest.mark.parametrize("shares", [30, 100])
@pytest.mark.parametrize("is_listed", [True, False])
def test_given_a_modify_whose_row_lags_when_lists_show_its_shares_gone_then_they_wait_for_it(
    in_force: TimeInForce, shares: int, is_listed: bool
) -> None:
    at = an_order(in_force)
    ask_to_change(at, "m-1", Action.MODIFY, shares)
    at.answer("m-1", B)
    assert len(at.told()) == 1
    gone = a_row(A, leaves=100 - shares)
    for _ in range(3):
        at.learn(gone, *([row_of(B, Action.MODIFY, shares, "접수")] if is_listed else []))
        at.wait(6)
    assert at.told() == []
    at.learn(gone, row_of(B, Action.MODIFY, shares))
    assert at.told() == [f"OrderReplaced o-1 m-1 101 102 {shares} 10100 {100 - shares}"]


def test_given_a_cancel_of_untold_size_and_a_modify_without_a_number_when_heard_then_nothing_is_guessed() -> None:
    at = an_order(TimeInForce.DAY)
    ask_to_change(at, "c-1", Action.CANCEL, 30)
    at.answer("c-1", B)
    ask_to_change(at, "m-1", Action.MODIFY, 40)
    assert len(at.told()) == 1
    at.hear(chejan(B, "확인", leaves=0, price=0, original=A, action=Action.CANCEL, screen="2001", f900=""))
    at.hear(chejan(A, leaves=30))
    assert (at.told(), "shares 0000101" in at.questions()) == ([], True)
    at.wait(5)
    at.learn(a_row(A, leaves=30), row_of(B, Action.CANCEL, 30), row_of(C, Action.MODIFY, 40))
    assert at.told() == [
        "ChangeReceived o-1 m-1 101 103 40 10100",
        "OrderCancelled o-1 c-1 101 30 70",
        "OrderReplaced o-1 m-1 101 103 40 10100 30",
    ]


def test_given_a_modify_nobody_answered_when_the_day_ends_then_what_it_filled_is_booked() -> None:
    at = an_order(TimeInForce.DAY)
    ask_to_change(at, "m-1", Action.MODIFY, 100)
    at.flow.is_over = True
    rows = a_row(A, leaves=0), row_of(B, Action.MODIFY, 100, filled=20)
    at.learn(*rows)
    assert at.told() == []
    at.wait(5)
    at.learn(*rows)
    assert at.told() == [
        "ChangeReceived o-1 m-1 101 102 100 10100",
        "OrderReplaced o-1 m-1 101 102 100 10100 0",
        "OrderFilled o-1 102 by-list:0000102:20:20 20 10100 80",
    ]


def test_given_the_rest_of_an_ioc_order_when_a_list_shows_all_of_it_gone_then_the_venue_did_it() -> None:
    at = an_order(TimeInForce.IOC)
    at.learn(a_row(A, leaves=0, filled=30, notional=300_000))
    assert at.told() == ["OrderFilled o-1 101 by-list:0000101:30:100 30 10000 70", "OrderCancelled o-1  101 70 0"]


def test_given_an_ioc_order_and_a_cancel_that_never_came_when_two_readings_agree_then_the_venue_did_it() -> None:
    at = an_order(TimeInForce.IOC)
    ask_to_change(at, "c-1", Action.CANCEL, 100)
    at.learn(a_row(A, leaves=0))
    assert at.told() == []  # the cancel may have done it: the next reading has its row
    at.wait(5)
    at.learn(a_row(A, leaves=0))
    assert at.told() == ["OrderCancelled o-1  101 100 0"]


def test_given_an_order_gone_and_a_cancel_nobody_tells_of_when_two_readings_agree_then_the_venue_did_it() -> None:
    at = an_order(TimeInForce.DAY)
    ask_to_change(at, "c-1", Action.CANCEL, 40)
    at.answer("c-1", B)
    assert len(at.told()) == 1
    at.learn(a_row(A, leaves=0), row_of(B, Action.CANCEL, 40, "접수"))
    assert at.told() == []
    at.wait(5)
    at.learn(a_row(A, leaves=0), row_of(B, Action.CANCEL, 40, "접수"))
    assert at.told() == ["OrderCancelled o-1  101 100 0"]


def test_given_an_order_gone_and_two_cancels_that_may_be_ours_when_two_readings_agree_then_it_is_not_left_open() -> (
    None
):
    at = an_order(TimeInForce.DAY)
    ask_to_change(at, "c-1", Action.CANCEL, 50)
    for _ in range(2):
        at.wait(5)
        at.learn(a_row(A, leaves=0), row_of(B, Action.CANCEL, 50), row_of(C, Action.CANCEL, 50))
    assert at.told() == ["OrderCancelled o-1  101 100 0"]  # which of them was ours does not matter to the shares


def test_given_shares_that_are_gone_by_one_list_when_nothing_else_is_open_then_another_reading_is_asked_for() -> None:
    at = an_order(TimeInForce.DAY)
    at.learn(a_row(A, leaves=60))
    assert (at.told(), at.questions()) == ([], ["gap 0000101"])
    at.wait(5)
    at.learn(a_row(A, leaves=60))
    assert (at.told(), at.questions()) == (["OrderCancelled o-1  101 40 60"], [])


@EVERY_FORCE
@pytest.mark.parametrize("leaves", [70, 0])
def test_given_lists_without_a_fill_that_was_told_when_two_readings_agree_then_its_shares_are_not_cancelled(
    in_force: TimeInForce, leaves: int
) -> None:
    at = an_order(in_force)
    shares = 100 - leaves
    at.hear(chejan(A, "체결", fill=(shares, 10_000), leaves=leaves, trade="t1", notional=shares * 10_000))
    assert len(at.told()) == 1
    for _ in range(3):
        at.learn(a_row(A, leaves=leaves, filled=10, notional=100_000))
        at.wait(6)
    assert at.told() == []
