"""Round trips: what positions earned and cost from their first buy to their last sell."""

from domain.messages.holdings import AdjustmentBooked, FillRevised, HoldingBooked
from domain.messages.trading import FillBooked
from domain.performance.trades import Movement, OrderWord, closed_trade, rebooked, trades_of
from domain.portfolio import Position
from domain.types import ClientOrderId, Krw, Side, UnixNanos


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


def test_given_a_position_at_the_start_when_it_is_sold_then_its_cost_is_realised() -> None:
    what = (ClientOrderId("o"), "t", "005930", Side.SELL, 4, Krw(300), Krw(1_200), Krw(2), Krw(3))
    sold = FillBooked(*what, Krw(0), 0, Krw(0), Krw(0), UnixNanos(5))
    held = {"005930": Position(6, Krw(1_500), Krw(6))}
    [entry] = rebooked([sold], Krw(0), held)
    assert (entry.realized, entry.left) == (1_200 - 5 - 1_000 - 4, 2)
    assert held == {"005930": Position(6, Krw(1_500), Krw(6))}, "what was handed in stays as it was"


def test_given_a_dividend_of_shares_the_books_never_knew_when_grouped_then_it_is_no_trade() -> None:
    money = (Krw(0), Krw(70), Krw(0), Krw(70), Krw(0), Krw(0))
    entries = list(rebooked([HoldingBooked("005930", "CASH_DIVIDEND", "", 5, 5, *money, UnixNanos(2))], Krw(0)))
    assert (entries[0].income, trades_of(entries)) == (70, [])


def test_given_the_words_of_orders_when_a_trade_is_told_then_it_says_who_and_why() -> None:
    what = (Krw(100), Krw(100), Krw(1), Krw(0), Krw(0), 0, Krw(0), Krw(0))
    sides = {"a": Side.BUY, "b": Side.BUY, "c": Side.SELL, "d": Side.SELL}
    moves = [FillBooked(ClientOrderId(i), "1", "005930", side, 1, *what, UnixNanos(9)) for i, side in sides.items()]
    [trade] = trades_of(rebooked(moves, Krw(0)))
    orders = {"a": OrderWord("trend", "up"), "b": OrderWord("trend", "up"), "c": OrderWord("operator:kim", "stop: low")}
    told = closed_trade(trade, orders)
    assert (told.strategy, told.entry_reason, told.exit_reason, told.by_hand) == ("trend", "up", "stop: low", True)
    assert (told.quantity, told.paid, told.received, told.costs, told.realized) == (2, 200, 200, 4, -4)
    untold = closed_trade(trade, {})
    assert (untold.strategy, untold.entry_reason, untold.by_hand) == ("", "", False)
