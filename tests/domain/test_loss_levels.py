"""Levels of the limits on losses, to the won; the window of an index; what money that comes or goes does to both."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.config import RunConfig
from domain.messages.holdings import AdjustmentBooked, FlowBooked
from domain.messages.market import IndexReceived
from domain.messages.run import RunStarted
from domain.messages.trading import AccountOpened, EquityMarked
from domain.risk.account_watch import AccountWatch, moved_by
from domain.risk.loss_levels import (
    DAILY_LOSS,
    HALTED,
    OK,
    REDUCING,
    Loss,
    Told,
    change_of,
    rank,
    warn_level,
)
from domain.risk.shock import IndexWindow
from domain.risk_config import AccountConfig, RiskConfig
from domain.types import Krw, Market, UnixNanos
from tests.actors.money_builders import at

ON = AccountConfig(is_on=True, drawdown_ppm=100_000)
BASES = st.integers(-1_000, 10**12)
SHARES = st.integers(1, 1_000_000)
SECOND = 1_000_000_000


def level(loss: int, base: int = 10_000_000, ppm: int = 50_000, config: AccountConfig = ON) -> str:
    return Loss(DAILY_LOSS, base, base - loss, ppm).level(config)


def a_watch(start: int = 10_000_000, **account: int) -> AccountWatch:
    watch = AccountWatch()
    fields = {"is_on": True, "drawdown_ppm": 100_000} | account
    config = RunConfig(mode="paper", risk=RiskConfig(account=AccountConfig(**fields)))  # type: ignore[arg-type]
    watch.fold(RunStarted("r", "v", config), at(0))
    watch.fold(AccountOpened("2026-01-13", Krw(start), Krw(start), at(0)), at(0))
    return watch


def marked(equity: int, exit_costs: int = 0) -> EquityMarked:
    zero = Krw(0)
    return EquityMarked(zero, Krw(equity + exit_costs), zero, zero, zero, 1, at(1), Krw(exit_costs))


# ---- levels ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        *((-1, OK), (0, OK), (1, OK), (299_999, OK), (300_000, "WARN_60"), (399_999, "WARN_60"), (400_000, "WARN_80")),
        *((449_999, "WARN_80"), (450_000, REDUCING), (499_999, REDUCING), (500_000, HALTED), (20_000_000, HALTED)),
    ],
)
def test_given_a_limit_of_500_000_won_when_the_loss_reaches_a_share_then_the_level_is_told_at_that_won(
    loss: int, expected: str
) -> None:
    assert level(loss) == expected


@given(base=BASES, ppm=SHARES, reduce_ppm=SHARES, warn=st.sets(SHARES, max_size=3), around=st.integers(-2, 2))
def test_for_any_base_and_settings_the_level_is_the_one_of_the_definition(
    base: int, ppm: int, reduce_ppm: int, warn: set[int], around: int
) -> None:
    config = AccountConfig(is_on=True, warn_ppm=tuple(sorted(warn)), reduce_ppm=reduce_ppm)
    limit = max(0, -(Fraction(-base * ppm, 1_000_000).__floor__()))  # smallest whole number not below the share
    for share in (1_000_000, reduce_ppm, *warn):
        loss = Fraction(limit * share, 1_000_000).__ceil__() + around
        names = {share: warn_level(share) for share in warn} | {reduce_ppm: REDUCING, 1_000_000: HALTED}
        reached = [one for one in names if loss > 0 and Fraction(loss) >= Fraction(limit * one, 1_000_000)]
        ranked = sorted((rank(names[one]) for one in reached), reverse=True)
        expected = ranked[0] if ranked else Decimal(0)
        assert rank(level(loss, base, ppm, config)) == expected


def test_given_a_limit_or_a_level_that_is_off_when_all_is_lost_then_it_says_nothing() -> None:
    assert level(10_000_000, ppm=0) == OK
    quiet = AccountConfig(is_on=True, warn_ppm=(), reduce_ppm=0)
    assert [level(loss, config=quiet) for loss in (499_999, 500_000)] == [OK, HALTED]
    assert [warn_level(share) for share in (600_000, 625_000, 1)] == ["WARN_60", "WARN_62.5", "WARN_0.0001"]


# ---- what stays until a person unlocks it ----------------------------------------------------------------------


def step(told: Told, loss: int) -> Told:
    change = change_of(told, Loss(DAILY_LOSS, 10_000_000, 10_000_000 - loss, 50_000), ON, at(1))
    return told if change is None else told.after(change)


LOSSES = st.one_of(st.integers(-10, 600_000), st.sampled_from([449_999, 450_000, 499_999, 500_000]))


@given(steps=st.lists(st.one_of(st.none(), LOSSES)))
def test_for_any_losses_and_unlocks_a_level_reduces_until_it_is_unlocked_and_again_only_when_worse(
    steps: list[int | None],
) -> None:
    """None is a person's unlock. What a person accepted is forgotten once the loss was below REDUCING."""
    told, loss, worst, accepted = Told(), 0, Decimal(0), Decimal(0)  # worst: since it reduces
    for given_loss in steps:
        if given_loss is None:
            told = told.unlocked()
        loss = loss if given_loss is None else given_loss
        told, here = step(told, loss), rank(level(loss))
        if given_loss is None:
            worst, accepted = Decimal(0), here
        accepted = Decimal(0) if min(accepted, here) < rank(REDUCING) else min(accepted, here)
        worst = max(worst, here) if worst or (here >= rank(REDUCING) and here > accepted) else worst
        assert told.reduces == bool(worst)
        assert rank(told.level) == (worst or here)
        assert bool(told.cause) == (told.level in (REDUCING, HALTED))


def test_given_reducing_that_a_person_lifted_when_the_loss_goes_on_then_it_halts_all_the_same() -> None:
    told = step(step(Told(), 460_000).unlocked(), 460_000)
    assert (told.level, told.reduces) == (REDUCING, False)
    assert not step(told, 499_999).reduces
    assert step(told, 500_000).reduces
    assert step(step(told, 449_999), 450_000).reduces, "it was better: the lift is used up"


# ---- money that comes or goes ----------------------------------------------------------------------------------


@given(results=st.lists(st.tuples(st.integers(-400_000, 400_000), st.integers(-5_000_000, 5_000_000)), max_size=12))
def test_for_any_results_and_flows_the_days_loss_is_what_trading_lost(results: list[tuple[int, int]]) -> None:
    watch, equity, won = a_watch(), 10_000_000, 0
    for result, flow in results:
        lost = watch.losses()[0].amount
        watch.money_moved(flow)
        assert watch.losses()[0].amount == lost, "money that moves is no result"
        equity, won = equity + result + flow, won + result
        watch.fold(marked(equity, exit_costs=7), at(1))
        daily, _ = watch.losses()
        assert (daily.amount, daily.base, daily.equity) == (max(0, -won), equity - won, equity)


@given(
    fall=st.integers(0, 9_999_999),
    flow=st.integers(-10_000_000, 10**9),
    overnight=st.booleans(),
)
def test_for_any_flow_the_drawdown_keeps_its_share_to_the_won(fall: int, flow: int, overnight: bool) -> None:
    watch = a_watch()
    equity = 10_000_000 - fall
    watch.fold(marked(equity), at(1))
    flow = max(flow, 1 - equity)
    if overnight:
        watch.fold(AccountOpened("2026-01-14", Krw(0), Krw(equity + flow), at(2)), at(2))
        watch.fold(FlowBooked("2026-01-14", Krw(flow), Krw(flow), "cash", at(2)), at(2))
    else:
        watch.money_moved(flow)
    watch.fold(marked(equity + flow), at(3))
    exact = Fraction(10_000_000 * (equity + flow), equity)
    assert exact <= watch.high_water < exact + 1


def test_given_all_money_gone_when_some_comes_back_then_the_high_water_mark_begins_with_it() -> None:
    watch = a_watch()
    watch.money_moved(-10_000_000)
    assert (watch.high_water, watch.losses()[0].amount) == (0, 0)
    watch.money_moved(3_000_000)
    assert (watch.high_water, watch.base_equity) == (3_000_000, 3_000_000)


@pytest.mark.parametrize(
    ("kind", "mark", "expected"),
    [
        *(("deposit", 11_000, 115_000), ("deposit", None, 105_000), ("withdrawal", 11_000, 115_000)),
        *(("dividend", 11_000, 0), ("fee", 11_000, 0), ("correction", 11_000, 0), ("", 11_000, 0)),
    ],
)
def test_given_an_adjustment_when_it_is_a_deposit_then_cash_and_shares_at_mark_count(
    kind: str, mark: int | None, expected: int
) -> None:
    sums = (0, 10, Krw(100_000), Krw(1_000), Krw(6_000))  # shares before and after, their cost, cash before and after
    booked = AdjustmentBooked("c", "kim", "005930", *sums, "note", at(1), kind)
    assert moved_by(booked, mark, 0) == expected


def test_given_all_shares_that_leave_and_no_mark_when_they_count_then_at_what_they_had_cost() -> None:
    sums = (10, 0, Krw(0), Krw(1_000), Krw(1_000))
    booked = AdjustmentBooked("c", "kim", "005930", *sums, "note", at(1), "withdrawal")
    assert moved_by(booked, None, 100_000) == -100_000


# ---- the window of an index ------------------------------------------------------------------------------------


@given(
    steps=st.lists(st.tuples(st.integers(-3, 12), st.integers(1, 40)), min_size=1, max_size=40),
    window_s=st.integers(1, 20),
    drop_ppm=SHARES,
)
def test_for_any_values_the_window_holds_the_highest_of_its_seconds_edges_included(
    steps: list[tuple[int, int]], window_s: int, drop_ppm: int
) -> None:
    window = IndexWindow()
    seen: list[tuple[int, int]] = []  # venue time, value
    now = int(at(0))
    for seconds, value in steps:
        told_at = (seen[-1][0] if seen else now) + seconds * SECOND
        window.put(value, told_at, window_s)
        seen.append((max(told_at, seen[-1][0]) if seen else told_at, value))
        highest = max(v for t, v in seen if t >= seen[-1][0] - window_s * SECOND)
        assert (window.highest, window.newest) == (highest, value)
        assert window.is_shock(drop_ppm) == (highest > value and Fraction(highest - value, highest) * 10**6 >= drop_ppm)


def test_given_another_date_when_an_index_opens_lower_then_it_is_no_shock() -> None:
    window = IndexWindow()
    window.put(250_000, at(0), 10**6)
    window.put(200_000, at(86_400), 10**6)
    assert not window.is_shock(1)


@pytest.mark.parametrize(("value", "shock"), [(242_501, False), (242_500, True)])
def test_given_a_drop_of_3_percent_when_an_index_is_there_then_it_is_a_shock_at_that_point(
    value: int, shock: bool
) -> None:
    watch = a_watch(shock_drop_ppm=30_000)
    for seconds, told in ((0, 250_000), (300, value)):
        watch.fold(IndexReceived(Market.KOSDAQ, told, 0, at(seconds)), UnixNanos(0))
    assert list(watch.shocks) == (["KOSDAQ"] if shock else [])
    if shock:
        text = "KOSDAQ fell 3.00 % from 2,500.00 to 2,425.00 within 300 s; 3.00 % or more reduces, until a person"
        assert watch.shocks["KOSDAQ"].startswith(text)
