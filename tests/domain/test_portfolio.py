"""Books: to the won, whatever comes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvariantError
from domain.portfolio import Books, DayTotals, Position, book_across, book_fill, book_sum, portion
from domain.types import Krw, Side

FILLS = st.lists(
    st.tuples(
        st.sampled_from(("005930", "120110")),
        st.sampled_from(Side),
        st.integers(1, 500),
        st.integers(1, 900_000),
        st.integers(0, 5_000),
        st.integers(0, 5_000),
    ),
    max_size=30,
)


def balance(books: Books) -> int:
    return books.cash + sum(held.cost_basis + held.cost_commission for held in books.positions.values())


def test_given_a_buy_when_booked_then_cash_pays_notional_and_commission_and_nothing_is_realised() -> None:
    booking = book_fill(Position(), Krw(1_000_000), Side.BUY, 10, Krw(9_000), Krw(13), Krw(0))
    assert booking.cash == 1_000_000 - 90_000 - 13
    assert booking.position == Position(10, Krw(90_000), Krw(13))
    assert booking.realized_pnl == 0


def test_given_three_shares_when_sold_one_by_one_then_the_last_takes_the_rest_of_the_cost() -> None:
    books, realized = Books(Krw(0), {"A": Position(3, Krw(100), Krw(10))}), []
    for _ in range(3):
        booking = books.book("A", Side.SELL, 1, Krw(50), Krw(1), Krw(2))
        books = books.with_position("A", booking.position, booking.cash)
        realized.append(booking.realized_pnl)
    assert realized == [50 - 3 - 33 - 3, 50 - 3 - 33 - 3, 50 - 3 - 34 - 4]
    assert sum(realized) == 150 - 9 - 110
    assert not books.positions


def test_given_a_round_trip_when_closed_then_realised_is_the_change_of_cash() -> None:
    books = Books(Krw(10_000_000))
    for side, price, costs in ((Side.BUY, 70_000, (105, 0)), (Side.SELL, 71_000, (106, 1_420))):
        booking = books.book("005930", side, 10, Krw(price), Krw(costs[0]), Krw(costs[1]))
        books = books.with_position("005930", booking.position, booking.cash)
    assert booking.realized_pnl == 10_000 - 105 - 106 - 1_420 == books.cash - 10_000_000


@pytest.mark.parametrize(("quantity", "price"), [(0, 100), (-1, 100), (1, 0)])
def test_given_a_fill_without_quantity_or_price_when_booked_then_it_is_refused(quantity: int, price: int) -> None:
    with pytest.raises(InvariantError):
        book_fill(Position(), Krw(0), Side.BUY, quantity, Krw(price), Krw(0), Krw(0))


@given(FILLS, st.integers(0, 10**9))
def test_for_any_fills_cash_cost_and_realised_balance_to_the_won(fills: list[tuple], cash: int) -> None:
    books, realized, recorded = Books(Krw(cash)), 0, Books(Krw(cash))
    for symbol, side, quantity, price, commission, tax in fills:
        booking = books.book(symbol, side, quantity, price, commission, tax)
        books = books.with_position(symbol, booking.position, booking.cash)
        after = booking.position
        recorded = recorded.adopt_fill(symbol, after.quantity, after.cost_basis, booking.cash, booking.realized_pnl)
        realized += booking.realized_pnl
        assert balance(books) == cash + realized
    assert recorded == books  # recovery from the recorded facts ends where live bookings did
    assert all(held.quantity for held in books.positions.values())


@given(FILLS)
def test_for_any_fills_the_short_ways_of_booking_say_what_the_general_rule_says(
    fills: list[tuple],
) -> None:
    position, cash = Position(), Krw(0)
    for _, side, quantity, price, commission, tax in fills:
        terms = (position, cash, side, quantity, Krw(quantity * price), Krw(commission), Krw(tax))
        booking = book_sum(*terms)
        assert booking == book_across(*terms)
        position, cash = booking.position, booking.cash


@given(FILLS, st.integers(1, 900_000))
def test_for_any_fills_equity_is_start_plus_realised_plus_unrealised(fills: list[tuple], mark: int) -> None:
    books, realized = Books(Krw(10**7)), 0
    for symbol, side, quantity, price, commission, tax in fills:
        booking = books.book(symbol, side, quantity, price, commission, tax)
        books = books.with_position(symbol, booking.position, booking.cash)
        realized += booking.realized_pnl
    marks = {"005930": mark}  # 120110 has none: it counts at cost
    assert books.equity(marks) == 10**7 + realized + books.unrealized(marks)


@given(st.integers(0, 10**9), st.lists(st.integers(1, 100), min_size=1, max_size=10))
def test_for_any_split_portions_sum_to_the_whole(total: int, parts: list[int]) -> None:
    left, shares, taken = total, sum(parts), 0
    for part in parts:
        amount = portion(left, part, shares)
        assert 0 <= amount <= left
        left, shares, taken = left - amount, shares - part, taken + amount
    assert (left, taken) == (0, total)


def test_given_equity_marks_when_it_falls_from_its_peak_then_the_deepest_fall_is_kept() -> None:
    totals = DayTotals(start_equity=Krw(100), peak_equity=Krw(100))
    for equity in (120, 90, 110, 85, 130):
        totals = totals.mark(Krw(equity))
    assert (totals.peak_equity, totals.max_drawdown) == (130, 35)
