"""Round trips and days: the figures of a log."""

from pathlib import Path

import pytest

from backtest.history import History, read_history
from backtest.trades import figures_of, reasons
from domain.performance.trades import rebooked, trades_of
from domain.types import PPM, Krw
from tests.backtest.builders import a_run, lively_days


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> History:
    """Give two days that trade."""
    folder = tmp_path_factory.mktemp("trades")
    a_run(lively_days(folder, "2026-01-13", "2026-01-14", end=700), folder / "log.db")
    return read_history(folder / "log.db")


def test_given_a_log_when_added_up_then_money_balances_to_the_won(history: History) -> None:
    figures = figures_of(history)
    assert figures.closed > 2
    held = [trade for trade in figures.trades if not trade.is_closed]
    assert {trade.symbol: trade.bought - trade.sold for trade in held} == figures.held
    paid = sum(trade.paid for trade in figures.trades)
    received = sum(trade.received for trade in figures.trades)
    costs = figures.commission + figures.tax
    assert costs == sum(trade.costs for trade in figures.trades)
    assert figures.cash == figures.start_equity + received - paid - costs
    closed = [trade for trade in figures.trades if trade.is_closed]
    assert figures.realized == sum(trade.received - trade.paid - trade.costs for trade in closed)
    assert figures.end_equity == figures.start_equity + figures.realized + figures.unrealized
    assert sum(trade.realized for trade in figures.trades) == figures.realized
    assert figures.win_rate_ppm == figures.wins * PPM // figures.closed


def test_given_days_when_added_up_then_each_begins_where_the_one_before_ended(history: History) -> None:
    one, two = figures_of(history).days
    assert two.start_equity == one.end_equity
    assert one.realized + two.realized == figures_of(history).realized
    assert one.orders + two.orders == len(history.orders)


def test_given_a_trade_when_told_then_it_says_why_it_began_and_ended(history: History) -> None:
    trade = trades_of(rebooked(history.movements, Krw(10_000_000)))[0]
    assert reasons(trade.entries, history.orders).startswith("up ")
    assert reasons(trade.exits, history.orders)


def test_given_nothing_traded_when_added_up_then_there_is_no_win_rate() -> None:
    figures = figures_of(History(Path("x")))
    assert (figures.win_rate_ppm, figures.end_equity, figures.trades) == (None, 0, [])
