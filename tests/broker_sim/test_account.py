"""The simulated account: to the won after any facts, and the same again after a restart."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given

from broker_sim.account import Account
from broker_sim.corporate_actions import ActionKind
from domain.errors import InvariantError
from domain.krx.calendar import next_session
from domain.messages.orders import HoldingAdjusted
from domain.time import from_kst
from domain.types import ClientOrderId, Krw, Side, VenueOrderId
from tests.broker_sim.account_steps import CASH, DAY, STEPS, A, Desk, a_fill, an_action, play


def state_of(account: Account) -> tuple[Any, ...]:
    held = {symbol: (item.position, item.realized_pnl) for symbol, item in account.holdings.items()}
    totals = (account.cash, account.ledger, account.realized_total, account.income_total, account.trades)
    return (held, *totals, account.commission, account.tax)


def balances(account: Account, opening: int) -> bool:
    cost = sum(item.position.cost_basis + item.position.cost_commission for item in account.holdings.values())
    return account.cash + cost == opening + account.realized_total + account.income_total


def test_given_a_purchase_and_a_sale_when_days_roll_then_cash_settles_two_sessions_later() -> None:
    account = Desk().account
    account.apply(a_fill(Side.BUY, 10, 10_000))
    paid = 100_000 + 15
    assert account.ledger.standing(DAY) == (CASH, CASH, CASH - paid)
    thursday = date(2026, 2, 12)
    account.apply(a_fill(Side.SELL, 10, 11_000, thursday))
    assert account.ledger.standing(thursday) == (CASH - paid, CASH - paid, account.cash)
    assert account.ledger.standing(date(2026, 2, 19)) == (account.cash,) * 3  # over the lunar new year
    assert balances(account, CASH)


def test_given_a_split_when_folded_then_shares_change_and_the_basis_stays() -> None:
    desk = Desk()
    desk.take(a_fill(Side.BUY, 10, 100_000))
    desk.act(an_action(ActionKind.SPLIT, 5, 1))
    held, account = desk.account.holdings[A], desk.account
    assert (held.quantity, held.position.cost_basis, account.income_total) == (50, 1_000_000, 0)
    assert balances(account, CASH)
    desk.take(a_fill(Side.SELL, 50, 20_000))
    assert account.realized_total == -150 - 150 - 2_000  # costs and tax: the price only followed the split
    assert balances(account, CASH)


def test_given_a_dividend_when_folded_then_it_is_settled_income_and_no_result() -> None:
    desk = Desk()
    desk.take(a_fill(Side.BUY, 100, 10_000))
    before = desk.account.ledger.standing(DAY)
    desk.act(an_action(ActionKind.DIVIDEND, amount=361))
    net = 36_100 - 5_550
    assert (desk.account.income_total, desk.account.realized_total, desk.account.tax) == (net, 0, 0)
    assert desk.account.ledger.standing(DAY) == tuple(amount + net for amount in before)


def test_given_a_reverse_split_that_leaves_no_share_when_folded_then_the_holding_is_closed() -> None:
    desk = Desk()
    desk.take(a_fill(Side.BUY, 3, 10_000))
    desk.act(an_action(ActionKind.SPLIT, 1, 5, fraction_price=Krw(52_000)))
    account = desk.account
    assert (account.holdings[A].quantity, account.realized_total, account.income_total) == (0, 31_200 - 30_000 - 4, 0)
    assert balances(account, CASH)


@pytest.mark.parametrize(("held", "before", "after"), [(0, 0, 5), (10, 9, 45), (10, 10, -1)])
def test_given_an_action_that_does_not_follow_when_folded_then_it_is_refused(
    held: int, before: int, after: int
) -> None:
    account = Account(CASH)
    if held:
        account.apply(a_fill(Side.BUY, held, 10_000))
    nobody, at = (ClientOrderId(""), VenueOrderId("")), from_kst(DAY, 8, 0)
    stranger = HoldingAdjusted("J", 2, at, *nobody, A, "SPLIT", before, after, Krw(0), Krw(0), "5 for 1")
    with pytest.raises(InvariantError, match="SPLIT expected"):
        account.apply(stranger)


@given(STEPS)
def test_for_any_days_fills_and_actions_the_account_balances_settles_and_survives_a_restart(steps: list[Any]) -> None:
    desk = Desk()
    account = desk.account
    for step in steps:
        play(desk, step)
        assert balances(account, CASH)
        standing = account.ledger.standing(desk.day)
        assert standing.d2_deposit == account.ledger.total == account.cash
        assert min(standing) >= 0  # all in cash: no day ahead is overdrawn
        assert 0 <= standing.withdrawable() <= standing.deposit
        assert all(item.quantity >= 0 for item in account.holdings.values())
    settled = next_session(next_session(desk.day))
    assert account.ledger.standing(settled) == (account.cash,) * 3
    again = Desk()
    for fact in desk.facts:
        again.take(fact)
    assert state_of(again.account) == state_of(account)


@given(STEPS)
def test_for_any_splits_the_basis_stays_and_shares_are_cut_to_whole_ones(steps: list[Any]) -> None:
    desk = Desk()
    desk.take(a_fill(Side.BUY, 37, 100_000))
    for step in steps:
        held = desk.account.holdings[A]
        basis, quantity = held.position.cost_basis, held.quantity
        if step[0] in ("split", "bonus") and quantity:
            play(desk, (step[0], A, *step[2:]))
            left = desk.account.holdings[A]
            assert left.position.cost_basis == (basis if left.quantity else 0)
            grown = quantity * (step[2] + (step[3] if step[0] == "bonus" else 0))
            assert left.quantity == grown // step[3]


def test_given_a_long_life_when_days_roll_then_the_ledger_stays_small() -> None:
    desk = Desk()
    for _ in range(120):
        desk.take(a_fill(Side.BUY, 1, 10, desk.day))
        desk.day += timedelta(days=1)
    assert len(desk.account.ledger.pending) <= 33
    assert desk.account.ledger.total == desk.account.cash
