"""The risk manager where books differ, where an order's fate is unknown, and beside orders of others."""

from typing import Any

import pytest

from domain.messages.link import ExternalOrderSeen, SymbolHalted, SymbolReleased
from domain.messages.operator import CommandAnswered
from domain.messages.trading import OrderApproved
from domain.types import Krw, Side
from domain.views import RiskQuery
from tests.actors.money_builders import (
    COLON,
    SAMSUNG,
    a_run,
    a_signal,
    at,
    by_hand,
    flatten,
    order_state,
    prices,
    state_of,
)
from tests.actors.test_risk_manager import HELD, a_desk, approved, denied

WHY = "005930: 3 shares here, 5 at the broker"


def external(side: Side, leaves: int, price: int | None = 10_000, number: str = "X") -> ExternalOrderSeen:
    limit = None if price is None else Krw(price)
    return ExternalOrderSeen(number, SAMSUNG, side, 50, leaves, 50 - leaves, limit, at(1))


def halted(symbol: str = SAMSUNG) -> SymbolHalted:
    return SymbolHalted(symbol, WHY)


@pytest.mark.parametrize("order", [a_signal(), a_signal(Side.SELL), by_hand(), by_hand(Side.SELL)])
def test_given_a_symbol_whose_books_differ_when_any_order_comes_then_it_is_denied_with_why_and_since_when(
    order: Any,
) -> None:
    desk = a_desk(10_000_000, *HELD)
    desk.say(halted())
    denial = denied(desk.say(order))
    assert denial.reason == "SYMBOL_HALTED"
    assert denial.message == f"books differ in 005930 since 09:00:01: {WHY}"
    assert isinstance(desk.say(a_signal(symbol=COLON))[0], OrderApproved), "the rest of the market trades on"


def test_given_books_that_agree_again_when_an_order_comes_then_it_passes_and_a_new_run_remembers_a_halt() -> None:
    desk = a_desk()
    desk.say(halted())
    assert state_of(desk.refolded())["state"].halted == {SAMSUNG: (WHY, at(1))}
    desk.say(SymbolHalted(SAMSUNG, "more"))
    assert "since 09:00:01: more" in denied(desk.say(by_hand())).message
    desk.say(SymbolReleased(SAMSUNG, "they agree"))
    assert approved(desk.say(by_hand()))


def test_given_a_halted_symbol_when_all_is_flattened_then_it_is_left_out_told_and_sold_once_books_agree() -> None:
    desk = a_desk(10_000_000, *HELD)
    desk.say(halted())
    sale, answer = desk.say(flatten())
    assert (sale.symbol, answer.text) == (
        COLON,
        "cancelling 0 orders, selling 2 holdings; not 005930 until books agree",
    )
    assert approved(desk.say(SymbolReleased(SAMSUNG, "they agree"))).symbol == SAMSUNG


def test_given_a_submit_of_unknown_fate_when_its_twin_is_asked_for_then_it_is_denied_with_words() -> None:
    desk = a_desk(tell_unresolved_twins=True)
    order = approved(desk.say(by_hand()))
    desk.say(order_state(order, "UNKNOWN_SUBMIT"))
    desk.say(order_state(order, "UNKNOWN_SUBMIT"))
    desk.say(prices(5))  # behind the window of duplicates
    denial = denied(desk.say(by_hand()))
    assert denial.reason == "UNRESOLVED_TWIN"
    known = f"order {order.client_order_id}, BUY 10 005930 at 10,000 KRW, is UNKNOWN_SUBMIT since 09:00:01"
    assert denial.message == f"{known}: it may be on the market"
    assert approved(desk.say(by_hand(quantity=11)))


def test_given_an_open_buy_of_others_when_an_entry_comes_then_its_cash_and_its_shares_count() -> None:
    desk = a_desk()
    desk.say(external(Side.BUY, 30))
    view = desk.role.view(RiskQuery())
    assert (view.reserved, view.orderable_cash) == (300_045, 9_699_955)
    assert approved(desk.say(a_signal())).quantity == 169, "a fifth of equity is 200 shares; others may buy 30"
    desk.say(external(Side.BUY, 0))
    assert desk.role.view(RiskQuery()).reserved == 1_690_253


def test_given_an_open_buy_of_others_without_a_price_when_counted_then_it_binds_up_to_the_daily_limit() -> None:
    desk = a_desk()
    desk.say(external(Side.BUY, 10, None))
    assert desk.role.view(RiskQuery()).reserved == 130_019


def test_given_an_open_sell_of_others_when_a_sale_comes_then_its_shares_are_not_sold_again() -> None:
    desk = a_desk(10_000_000, *HELD)
    desk.say(external(Side.SELL, 30))
    assert desk.role.view(RiskQuery()).sellable[SAMSUNG] == 20
    assert denied(desk.say(by_hand(Side.SELL, 21))).reason == "DUPLICATE"
    [sale, *_] = desk.say(flatten(SAMSUNG))
    assert sale.quantity == 20
    busy = a_desk(10_000_000, *HELD)
    busy.say(external(Side.SELL, 50))
    assert [type(item) for item in busy.say(flatten(SAMSUNG))] == [CommandAnswered], "others sell all of it"


def test_given_orders_of_others_when_a_new_run_begins_then_they_still_count() -> None:
    desk = a_desk()
    desk.say(external(Side.BUY, 30))
    desk.say(a_run())
    assert desk.role.view(RiskQuery()).reserved == 300_045
