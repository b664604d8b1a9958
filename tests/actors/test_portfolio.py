"""The portfolio: adopts the account once a day, then books executions."""

from hypothesis import given
from hypothesis import strategies as st

from actors.roles.portfolio import Portfolio
from domain.config import RunConfig
from domain.messages.market import QuotesEnded
from domain.messages.run import RunStarted
from domain.messages.trading import AccountOpened, EquityMarked, FillBooked, SessionPlanned
from domain.types import Side
from domain.views import CashQuery, FillsQuery, PerformanceQuery, PositionsQuery
from tests.actors.money_builders import COLON, SAMSUNG, Desk, an_execution, at, broker_state, prices, state_of

DAY_NS = 86_400


def a_desk(*held: tuple[str, int, int], as_of: int = 0) -> Desk:
    desk = Desk(Portfolio())
    desk.say(broker_state(10_000_000, *held, as_of=as_of))
    return desk


def kinds(outputs: list) -> list[type]:
    return [type(output) for output in outputs]


def test_given_no_account_when_the_broker_tells_its_state_then_the_day_opens_at_mark() -> None:
    desk = Desk(Portfolio())
    desk.say(prices(1, s005930=11_000))
    [opened] = desk.say(broker_state(1_000_000, (SAMSUNG, 10, 100_000), (COLON, 5, 40_000)))
    assert opened == AccountOpened("2026-01-13", 1_000_000, 1_000_000 + 110_000 + 40_000, at(0))
    first, second = desk.role.view(PositionsQuery())
    assert (first.quantity, first.unrealized_pnl, first.mark, first.average_price) == (10, 10_000, 11_000, 10_000)
    assert (second.symbol, second.mark, second.unrealized_pnl) == (COLON, None, 0)


def test_given_an_open_account_when_the_broker_tells_again_then_own_books_stay() -> None:
    desk = a_desk()
    desk.say(an_execution(1))
    assert desk.say(broker_state(5, (SAMSUNG, 1, 1), as_of=1, seconds=60)) == []
    assert desk.role.view(CashQuery()).cash == 10_000_000 - 100_000 - 15


def test_given_a_new_date_when_the_broker_tells_then_the_day_opens_anew() -> None:
    desk = a_desk()
    desk.say(an_execution(1))
    [opened] = desk.say(broker_state(9_000_000, (SAMSUNG, 10, 100_000), as_of=1, seconds=DAY_NS))
    assert (opened.trading_date, opened.cash, opened.start_equity) == ("2026-01-14", 9_000_000, 9_100_000)
    assert desk.role.view(FillsQuery()) == ()


def two_clocks() -> Desk:
    """Give a portfolio whose orders go to a broker with a venue clock of its own, in the middle of the quotes' day."""
    desk = Desk(Portfolio())
    desk.say(RunStarted("r1", "0.1.0", RunConfig("paper", orders_endpoint="elsewhere:1")))
    desk.say(SessionPlanned("2026-01-13", True, at(0), at(22_800), at(23_400), False))
    return desk


def test_given_an_orders_broker_ahead_in_time_when_it_fills_then_equity_is_marked_on_quotes_all_the_same() -> None:
    desk = two_clocks()
    desk.say(broker_state(seconds=7_200))
    desk.say(prices(10))
    _, marked = desk.say(an_execution(1, venue_time=at(7_200)))
    assert marked.venue_time == at(10)
    [again] = desk.say(prices(70, s005930=9_000))
    assert (again.venue_time, again.unrealized_pnl) == (at(70), -10_015)


def test_given_an_orders_broker_on_another_date_when_it_tells_then_the_quotes_date_opens_the_account() -> None:
    desk = two_clocks()
    [opened] = desk.say(broker_state(seconds=DAY_NS))
    assert opened.trading_date == "2026-01-13"
    desk.say(SessionPlanned("2026-01-14", True, at(DAY_NS), at(DAY_NS + 22_800), at(DAY_NS + 23_400), False))
    [opened] = desk.say(broker_state(seconds=DAY_NS))
    assert opened.trading_date == "2026-01-14"
    assert desk.say(broker_state(seconds=2 * DAY_NS)) == []
    assert state_of(desk.refolded()) == state_of(desk.role)


def test_given_a_buy_and_a_sell_when_filled_then_booked_marked_and_counted_as_a_trip() -> None:
    desk = a_desk()
    bought = desk.say(an_execution(1))
    sold = desk.say(an_execution(2, Side.SELL, price=10_500))
    assert kinds(bought) == kinds(sold) == [FillBooked, EquityMarked]
    realized = 5_000 - 15 - 15 - 210
    assert (sold[0].realized_pnl, sold[0].position_qty, sold[1].realized_pnl) == (realized, 0, realized)
    assert sold[1].equity == sold[0].cash == 10_000_000 + realized
    performance = desk.role.view(PerformanceQuery())
    assert (performance.trips, performance.wins, performance.realized_pnl) == (1, 1, realized)
    assert performance.costs == 15 + 15 + 210
    assert [fill.trade_id for fill in desk.role.view(FillsQuery(SAMSUNG, 1))] == ["T2"]


def test_given_a_booked_trade_when_it_comes_again_then_nothing_changes() -> None:
    desk = a_desk()
    desk.say(an_execution(1))
    cash = desk.role.view(CashQuery())
    assert desk.say(an_execution(1)) == []
    assert desk.say(an_execution(7, trade_id="T1")) == []
    assert desk.role.view(CashQuery()) == cash
    assert len(desk.say(an_execution(8, trade_id="T1", venue_order_id="V2"))) == 2  # another order's trade


def test_given_an_adopted_state_when_an_execution_it_includes_comes_then_it_is_not_booked() -> None:
    desk = a_desk((SAMSUNG, 10, 100_000), as_of=5)
    assert desk.say(an_execution(5)) == []
    assert kinds(desk.say(an_execution(6))) == [FillBooked, EquityMarked]
    assert desk.say(an_execution(3, journal_id="K", trade_id="T9")) == []  # of another account


def test_given_executions_before_the_account_when_it_opens_then_only_newer_ones_are_booked() -> None:
    desk = Desk(Portfolio())
    assert desk.say(an_execution(1)) == desk.say(an_execution(2)) == []
    outputs = desk.say(broker_state(1_000_000, (SAMSUNG, 10, 100_000), as_of=1))
    assert kinds(outputs) == [AccountOpened, FillBooked, EquityMarked]
    assert (outputs[1].trade_id, outputs[1].position_qty) == ("T2", 20)


def test_given_a_holding_when_quotes_come_then_equity_is_marked_every_ten_seconds_of_venue_time() -> None:
    desk = a_desk((SAMSUNG, 10, 100_000))
    marked = [second for second in range(1, 32) if desk.say(prices(second, s005930=10_000 + second))]
    assert marked == [1, 11, 21, 31]
    [last] = desk.say(QuotesEnded(at(32)))
    assert (last.equity, last.unrealized_pnl) == (10_000_000 + 10 * 10_031, 310)


def test_given_no_holding_when_quotes_come_then_nothing_is_marked() -> None:
    assert a_desk().say(prices(60)) == []


def test_given_marks_when_equity_falls_then_the_drawdown_of_the_day_is_told() -> None:
    desk = a_desk((SAMSUNG, 10, 100_000))
    for seconds, price in ((10, 12_000), (20, 9_000), (30, 9_500)):
        desk.say(prices(seconds, s005930=price))
    assert desk.role.view(PerformanceQuery()).max_drawdown == 30_000


@given(
    st.lists(st.tuples(st.integers(1, 12), st.sampled_from(Side), st.integers(1, 30), st.integers(1, 50)), max_size=25)
)
def test_for_any_executions_cash_and_cost_balance_and_the_fold_equals_the_live_role(fills: list[tuple]) -> None:
    desk = a_desk((SAMSUNG, 40, 400_000))
    for seq, side, quantity, price in fills:
        desk.say(prices(seq, s005930=price * 1_000))
        desk.say(an_execution(seq, side, quantity, price * 1_000))
    books, totals = desk.role.state.books, desk.role.state.totals
    held = sum(position.cost_basis + position.cost_commission for position in books.positions.values())
    assert books.cash + held == 10_000_000 + 400_000 + totals.realized_pnl
    assert len({fill.trade_id for fill in desk.role.state.fills}) == len(desk.role.state.fills)
    assert state_of(desk.refolded()) == state_of(desk.role)
