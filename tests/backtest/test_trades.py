"""Round trips, days, drawdown: the figures of a log."""

from itertools import accumulate
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.history import History, Movement, read_history
from backtest.trades import figures_of, max_drawdown, reasons, rebooked, trades_of
from domain.messages.holdings import AdjustmentBooked, FillRevised, HoldingBooked
from domain.messages.trading import FillBooked
from domain.types import PPM, ClientOrderId, Krw, Side, UnixNanos
from tests.backtest.builders import a_run, lively_days


def marks(*values: int) -> list[tuple[int, Krw]]:
    return [(index, Krw(value)) for index, value in enumerate(values)]


def test_given_equity_when_it_falls_twice_then_the_deepest_fall_counts_in_won_and_in_share_of_its_peak() -> None:
    assert max_drawdown(marks(1_000, 800, 10_000, 9_500, 9_900)) == (500, 200_000)
    assert max_drawdown(marks(5)) == (0, 0)
    assert max_drawdown([]) == (0, 0)
    assert max_drawdown(marks(-5, -9)) == (4, 0), "no share of a peak below nothing"


@given(st.lists(st.integers(1, 10**9), min_size=1, max_size=30))
def test_for_any_equity_the_drawdown_is_that_of_a_naive_search(values: list[int]) -> None:
    naive = max((values[i] - values[j] for i in range(len(values)) for j in range(i, len(values))), default=0)
    won, ppm = max_drawdown(marks(*values))
    assert won == naive
    peaks = list(accumulate(values, max))
    assert ppm == max((peak - value) * PPM // peak for peak, value in zip(peaks, values, strict=True))


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


def test_given_a_split_and_a_dividend_when_a_trade_ends_then_its_shares_and_its_money_balance() -> None:
    def fill(side: Side, shares: int, price: int, left: int) -> FillBooked:
        costs = (Krw(shares * price), Krw(10), Krw(0), Krw(0), left, Krw(0), Krw(0))
        return FillBooked(ClientOrderId(f"{side}"), "1", "005930", side, shares, Krw(price), *costs, UnixNanos(1))

    def action(name: str, before: int, after: int, received: int) -> HoldingBooked:
        money = (Krw(0), Krw(received), Krw(0), Krw(received), Krw(0), Krw(0))
        return HoldingBooked("005930", name, "", before, after, *money, UnixNanos(2))

    moved: list[Movement] = [
        fill(Side.BUY, 10, 1_000, 10),
        action("SPLIT", 10, 50, 0),
        action("CASH_DIVIDEND", 50, 50, 70),
        fill(Side.SELL, 50, 210, 0),
    ]
    entries = list(rebooked(moved, Krw(100_000)))
    assert [item.left for item in entries] == [10, 50, 50, 0]
    [trade] = trades_of(entries)
    assert (trade.is_closed, trade.realized, trade.income, trade.costs) == (True, 10_500 - 10_000 - 20, 70, 20)


def test_given_sums_that_executions_revised_when_added_up_then_the_trade_has_their_money() -> None:
    def fill(side: Side, quantity: int, won: int, trade: str) -> FillBooked:
        what = (ClientOrderId("o"), trade, "005930", side, quantity, Krw(won // quantity), Krw(won), Krw(2), Krw(0))
        return FillBooked(*what, Krw(0), 0, Krw(0), Krw(0), UnixNanos(5))

    def told(side: Side, quantity: int, won: int) -> FillRevised:
        what = ("o", "V1", "t", "005930", side, quantity, Krw(won), Krw(1), Krw(0), Krw(0))
        return FillRevised(*what, Krw(0), Krw(0), UnixNanos(6))

    by_hand = AdjustmentBooked("c", "kim", "", 0, 0, Krw(0), Krw(50), Krw(570), "a deposit", UnixNanos(9))
    moves: list[Movement] = [fill(Side.BUY, 3, 1_000, "inferred:V1:3"), told(Side.BUY, 1, 7)]
    moves += [fill(Side.SELL, 3, 1_200, "t2"), told(Side.BUY, 2, -4), by_hand]
    entries = list(rebooked(moves, Krw(5_000)))
    [trade] = trades_of(entries)
    assert (trade.paid, trade.received, trade.costs, trade.is_closed) == (1_003, 1_200, 6, True)
    assert trade.realized == sum(entry.realized for entry in entries) == 1_200 - 1_003 - 6
    assert trade.closed_at == 5
    assert [entry.adjusted for entry in entries] == [0, 0, 0, 0, 520]
