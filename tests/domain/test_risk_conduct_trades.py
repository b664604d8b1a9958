"""Closed trades, pace and phases: folded from what the log tells."""

from datetime import date

import pytest

from domain.config import RunConfig
from domain.krx.order_phases import OrderPhase
from domain.messages.orders import CancelOrder, ModifyOrder
from domain.messages.risk import LimitsUnlocked
from domain.messages.run import RunStarted
from domain.messages.trading import SessionPlanned
from domain.risk.closed_trades import ClosedTrades
from domain.risk.conduct import Conduct
from domain.risk_config import RiskConfig
from domain.time import from_kst
from domain.types import ClientOrderId, Krw, Purpose, RequestId, Side, UnixNanos, VenueOrderId
from tests.actors.money_builders import COLON, SAMSUNG, at
from tests.domain.test_risk_conduct_ours import a_fill, a_revision, an_adjustment

DAY = date(2026, 1, 13)


# ---- closed trades ---------------------------------------------------------------------------------------------


def a_trade(trades: ClosedTrades, won: int, seconds: float, symbol: str = SAMSUNG) -> None:
    """Close a position that was bought once and sold in two parts."""
    trades.fold(a_fill(10, 10, symbol=symbol), at(seconds))
    trades.fold(a_fill(-4, 6, symbol=symbol, realized_pnl=Krw(won + 7)), at(seconds))
    trades.fold(a_fill(-6, 0, symbol=symbol, realized_pnl=Krw(-7)), at(seconds))


def test_given_closed_trades_when_the_last_ones_lost_then_the_streak_counts_them_and_a_win_ends_it() -> None:
    trades = ClosedTrades()
    a_trade(trades, 5, 1)
    assert (trades.losing_streak, trades.last_loss_at) == (0, 0)
    a_trade(trades, -1, 2)
    a_trade(trades, -3, 3, COLON)
    assert (trades.losing_streak, trades.last_loss_at) == (2, at(3))
    assert trades.closed_at == {SAMSUNG: at(2), COLON: at(3)}
    a_trade(trades, 0, 4)
    assert (trades.losing_streak, trades.last_loss_at) == (0, at(3))


def test_given_a_position_that_is_sold_in_part_then_no_trade_is_closed() -> None:
    trades = ClosedTrades()
    trades.fold(a_fill(10, 10), at(1))
    trades.fold(a_fill(-4, 6, realized_pnl=Krw(-100)), at(2))
    assert (trades.losing_streak, trades.last_loss_at, trades.closed_at) == (0, 0, {})


def test_given_a_losing_streak_when_a_person_unlocks_or_a_date_begins_then_it_is_over() -> None:
    trades = ClosedTrades()
    a_trade(trades, -1, 1)
    trades.fold(LimitsUnlocked("kim", "seen", at(2)), at(2))
    assert (trades.losing_streak, trades.last_loss_at) == (0, at(1))
    a_trade(trades, -1, 3)
    assert trades.losing_streak == 1
    trades.open_account(set())
    assert (trades.losing_streak, trades.last_loss_at) == (0, 0)
    assert trades.closed_at == {SAMSUNG: at(3)}


def test_given_a_position_over_night_when_it_is_closed_then_what_it_realised_before_counts() -> None:
    trades = ClosedTrades()
    for message in (a_fill(10, 10), a_fill(-4, 6, realized_pnl=Krw(-100))):
        trades.fold(message, at(1))
    trades.open_account({SAMSUNG})
    trades.fold(a_fill(-6, 0, realized_pnl=Krw(50)), at(9))
    assert (trades.losing_streak, trades.last_loss_at) == (1, at(9))


def test_given_a_later_detail_when_it_turns_the_result_then_the_streak_is_counted_anew() -> None:
    trades = ClosedTrades()
    a_trade(trades, 5, 1)
    a_trade(trades, -3, 2, COLON)
    trades.fold(a_revision(Side.SELL, 6, "T9", -6), at(3))
    assert (trades.losing_streak, trades.last_loss_at) == (2, at(2))
    trades.fold(a_fill(10, 10), at(4))
    trades.fold(a_revision(Side.SELL, 6, "T10", 100), at(5))
    assert trades.losing_streak == 2  # it is of the position that is open now
    trades.fold(a_fill(-10, 0, realized_pnl=Krw(-50)), at(6))
    assert trades.losing_streak == 0


def test_given_a_position_a_person_adjusts_away_when_bought_again_then_nothing_of_it_counts() -> None:
    trades = ClosedTrades()
    trades.fold(a_fill(10, 10), at(1))
    trades.fold(a_fill(-4, 6, realized_pnl=Krw(-100)), at(2))
    trades.fold(an_adjustment(6, 0), at(3))
    assert trades.closed_at == {}
    a_trade(trades, 1, 4)
    assert trades.losing_streak == 0


# ---- pace and phases -------------------------------------------------------------------------------------------


def a_cancel() -> CancelOrder:
    return CancelOrder(RequestId("r"), ClientOrderId("L-1"), VenueOrderId("V1"), 0, UnixNanos(0))


def a_change() -> ModifyOrder:
    order = (ClientOrderId("L-1"), VenueOrderId("V1"), Purpose.ENTRY)
    return ModifyOrder(RequestId("r"), *order, 1, Krw(1), UnixNanos(0))


def test_given_requests_when_a_second_passed_then_they_count_no_more() -> None:
    conduct = Conduct()
    for seconds, request in ((0.0, a_cancel()), (0.4, a_change()), (0.8, a_cancel())):
        conduct.fold(request, at(seconds))
    counts = [conduct.facts(SAMSUNG, 0, at(seconds)).requests_last_second for seconds in (0.8, 0.9999, 1, 1.4, 1.8)]
    assert counts == [3, 3, 2, 1, 0]
    assert conduct.facts(SAMSUNG, 0).requests_last_second == 3
    assert conduct.facts(SAMSUNG, 0, at(-3_600)).requests_last_second == 0  # the clock was set back
    assert conduct.facts(SAMSUNG, 0).cancels_today == 2
    conduct.open_account({}, ())
    assert conduct.facts(SAMSUNG, 0).cancels_today == 0


@pytest.mark.parametrize(("own_clock", "closed_at"), [(False, at(1)), (True, at(99))])
def test_given_a_broker_with_a_clock_of_its_own_when_a_trade_is_closed_then_the_quotes_tell_when(
    own_clock: bool, closed_at: int
) -> None:
    conduct = Conduct()
    endpoint = "other" if own_clock else ""
    conduct.fold(RunStarted("r1", "0.7.0", RunConfig(mode="mock", orders_endpoint=endpoint)), at(0))
    conduct.fold(a_fill(-10, 0, realized_pnl=Krw(-1)), at(5), at(99))
    facts = conduct.facts(SAMSUNG, at(99))
    assert (facts.closed_at, facts.last_loss_at, facts.losing_streak) == (closed_at, closed_at, 1)


def test_given_a_planned_session_when_kinds_are_checked_then_the_phases_of_the_moment_are_told() -> None:
    conduct = Conduct()
    planned = SessionPlanned("2026-01-13", True, at(0), at(22_800), at(23_400), False)
    conduct.fold(planned, at(0))
    facts = conduct.facts(SAMSUNG, at(60))
    assert (facts.phases_known, facts.open_time, facts.close_auction_time) == (False, at(0), at(22_800))
    late = {"2026-01-13": ("10:00", "16:30")}
    config = RunConfig(mode="paper", risk=RiskConfig(check_sessions=True), session_overrides=late)
    conduct.fold(RunStarted("r1", "0.7.0", config), at(1))
    opening, continuous, night = (conduct.facts(SAMSUNG, from_kst(DAY, hour, 45)) for hour in (9, 10, 23))
    assert opening.phases == (OrderPhase.OPENING_AUCTION,)
    assert OrderPhase.CONTINUOUS in continuous.phases
    assert (night.phases_known, night.phases) == (True, ())
    began = from_kst(DAY, 10, 44)
    held_up = conduct.facts(SAMSUNG, from_kst(DAY, 10, 45), interrupted_at=began)
    assert OrderPhase.INTERRUPTION_AUCTION in held_up.phases
    assert OrderPhase.CONTINUOUS not in held_up.phases
    assert conduct.facts(SAMSUNG, from_kst(DAY, 10, 47), interrupted_at=began).phases == continuous.phases
