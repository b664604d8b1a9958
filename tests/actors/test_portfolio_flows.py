"""Money and shares that came or left between two dates, what getting out would cost, kinds of adjustments."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.roles.portfolio import Portfolio
from domain.config import RunConfig
from domain.krx.costs import fill_costs
from domain.messages.holdings import AdjustmentBooked, FlowBooked
from domain.messages.operator import AdjustmentRequested, CommandAnswered
from domain.messages.run import RunStarted
from domain.messages.trading import AccountOpened, EquityMarked
from domain.time import kst_date
from domain.types import Krw, Market, Side
from domain.views import CashQuery, PerformanceQuery
from tests.actors.money_builders import (
    COLON,
    SAMSUNG,
    Desk,
    an_execution,
    at,
    broker_state,
    instruments,
    prices,
    state_of,
)

DAY = 86_400


def a_desk(*, tells: bool = True) -> Desk:
    desk = Desk(Portfolio())
    desk.say(RunStarted("r1", "0.7.0", RunConfig("paper", tell_flows=tells)))
    desk.say(instruments())
    desk.say(broker_state())
    return desk


def flows(outputs: list[Any]) -> list[FlowBooked]:
    return [item for item in outputs if isinstance(item, FlowBooked)]


def test_given_a_first_account_when_opened_then_nothing_flowed() -> None:
    assert not flows([message for message, _ in a_desk().log])


def test_given_cash_and_shares_from_elsewhere_when_the_next_date_opens_then_both_are_one_flow_at_mark() -> None:
    desk = a_desk()
    desk.say(an_execution(1))  # 10 shares for 100,015 won
    desk.say(prices(5, s005930=11_000, s120110=500))
    ours = 10_000_000 - 100_015
    said = desk.say(broker_state(ours + 7, (SAMSUNG, 12, 1), (COLON, 3, 9), as_of=1, seconds=DAY))
    assert isinstance(said[0], AccountOpened)
    [flow] = flows(said)
    assert (flow.amount, flow.cash, flow.trading_date) == (7 + 2 * 11_000 + 3 * 500, 7, "2026-01-14")
    assert flow.text == (
        "cash 9,899,992 KRW, expected 9,899,985 KRW; 005930 12 shares, expected 10; 120110 3 shares, expected 0"
    )
    assert state_of(desk.refolded()) == state_of(desk.role)


def test_given_books_that_agree_when_the_next_date_opens_then_nothing_flowed() -> None:
    desk = a_desk()
    desk.say(an_execution(1))
    assert not flows(desk.say(broker_state(10_000_000 - 100_015, (SAMSUNG, 10, 100_000), as_of=1, seconds=DAY)))


def test_given_a_run_that_does_not_tell_when_cash_came_then_nothing_new_is_said() -> None:
    desk = a_desk(tells=False)
    desk.say(an_execution(1))
    [opened] = desk.say(broker_state(5, as_of=1, seconds=DAY))
    assert isinstance(opened, AccountOpened)
    assert all(item.exit_costs == 0 for item, _ in desk.log if isinstance(item, EquityMarked))


@pytest.mark.parametrize(("before", "after", "price"), [(500, 1_000, 10_000), (1_000, 100, 700), (7, 9, 9_000)])
def test_given_a_split_nobody_told_when_the_next_date_opens_then_todays_shares_are_valued_at_a_price_of_theirs(
    before: int, after: int, price: int
) -> None:
    desk = a_desk()
    desk.say(an_execution(1, quantity=before, price=price))
    desk.say(prices(5, s005930=price))
    worth = desk.role.view(CashQuery())
    said = desk.say(broker_state(worth.cash, (SAMSUNG, after, before * price), as_of=1, seconds=DAY))
    assert abs(said[0].start_equity - worth.equity) <= after, "a mark is cut to whole won"
    assert abs(sum(flow.amount for flow in flows(said))) <= before + after
    assert state_of(desk.refolded()) == state_of(desk.role)


def test_given_shares_bought_elsewhere_when_the_next_date_opens_then_they_are_a_flow_and_no_split() -> None:
    desk = a_desk()
    desk.say(an_execution(1, quantity=10, price=10_000))
    worth = desk.role.view(CashQuery())
    [flow] = flows(desk.say(broker_state(worth.cash, (SAMSUNG, 20, 200_000), as_of=1, seconds=DAY)))
    assert flow.amount == 100_000


@given(
    st.integers(0, 30),
    st.integers(0, 30),
    st.integers(-20_000_000, 20_000_000),
    st.integers(100, 50_000),  # at less, what is offered could cost what ours did: a split
    st.integers(1, 50_000),
)
def test_for_any_opening_equity_then_is_equity_before_and_the_flow(
    bought: int, offered: int, cash: int, first: int, second: int
) -> None:
    desk = a_desk()
    desk.say(prices(1, s005930=first, s120110=second))
    if bought:
        desk.say(an_execution(1, quantity=bought, price=first))
    before = desk.role.view(CashQuery())
    held = [(SAMSUNG, offered, 7)] if offered else []
    said = desk.say(broker_state(before.cash + cash, *held, (COLON, 2, 5), as_of=1, seconds=DAY))
    came = sum(flow.amount for flow in flows(said))
    assert said[0].start_equity == before.equity + came
    assert sum(flow.cash for flow in flows(said)) == cash


@given(st.integers(1, 1_000), st.integers(1, 90_000), st.integers(1, 90_000))
def test_for_any_position_costs_of_getting_out_are_those_of_a_sale_at_mark(qty: int, paid: int, mark: int) -> None:
    desk = a_desk()
    desk.say(an_execution(1, quantity=qty, price=paid))
    [marked] = desk.say(prices(60, s005930=mark))
    sale = fill_costs(Side.SELL, qty * mark, Market.KOSPI, kst_date(at(60)), 150)
    assert marked.exit_costs == sale.total == desk.role.view(CashQuery()).exit_costs


def adjust(desk: Desk, cash: int, kind: str) -> list[Any]:
    return desk.say(AdjustmentRequested("c1", "kim", "", 0, Krw(0), Krw(cash), "bank letter", kind))


@pytest.mark.parametrize(
    ("kind", "cash", "refused"),
    [
        ("deposit", 100, ""),
        ("deposit", -100, "CASH"),
        ("withdrawal", -100, ""),
        ("withdrawal", 100, "CASH"),
        ("dividend", 5, ""),
        ("fee", 5, "CASH"),
        ("fee", -5, ""),
        ("correction", -5, ""),
        ("", 5, ""),
        ("gift", 5, "KIND"),
    ],
)
def test_given_a_kind_when_adjusted_then_its_sign_must_fit(kind: str, cash: int, refused: str) -> None:
    said = adjust(a_desk(), cash, kind)
    [answer] = [item for item in said if isinstance(item, CommandAnswered)]
    assert answer.code == refused
    assert [item.kind for item in said if isinstance(item, AdjustmentBooked)] == ([] if refused else [kind])


@pytest.mark.parametrize(("kind", "cash", "moved"), [("deposit", 5_000_000, 5_000_000), ("fee", -700, 0)])
def test_given_money_that_came_when_cash_is_asked_for_then_it_is_told_apart_from_what_the_day_brought(
    kind: str, cash: int, moved: int
) -> None:
    desk = a_desk()
    adjust(desk, cash, kind)
    view = desk.role.view(CashQuery())
    assert (view.moved, view.day_pnl) == (moved, cash - moved)


def test_given_money_that_came_and_left_when_the_day_is_asked_for_then_equity_did_not_fall() -> None:
    desk = a_desk()
    desk.say(an_execution(1))  # 10 shares for 100,015 won
    for cash, kind in ((5_000_000, "deposit"), (-5_000_000, "withdrawal")):
        adjust(desk, cash, kind)
        desk.say(prices(5, s005930=10_000))
    assert desk.role.view(PerformanceQuery()).max_drawdown == 15, "what getting in cost"
