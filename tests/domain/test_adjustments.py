"""Corporate actions on one holding, and the marks they make old."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from domain.adjustments import adjusted_mark, book_adjustment
from domain.marks import Marks
from domain.portfolio import FLAT, Books, Position
from domain.quotes import Quote, QuoteKind
from domain.time import from_kst
from domain.types import Krw

HELD = Position(10, Krw(1_000_003), Krw(150))


def a_row(symbol: str, day: int, price: int) -> Quote:
    return Quote(symbol, from_kst(date(2026, 1, day), 10, 0), price, 1, 1, price, price, 1, 1, QuoteKind.TRADE)


def test_given_a_split_when_booked_then_only_the_shares_change() -> None:
    booked = book_adjustment(HELD, Krw(7), 40, Krw(0))
    assert booked == (Position(50, HELD.cost_basis, HELD.cost_commission), 7, 0, 0)


def test_given_a_dividend_when_booked_then_it_is_income_and_no_result() -> None:
    assert book_adjustment(HELD, Krw(7), 0, Krw(3_054)) == (HELD, 3_061, 3_054, 0)


def test_given_an_action_that_leaves_no_share_when_booked_then_the_holding_is_closed() -> None:
    assert book_adjustment(HELD, Krw(7), -10, Krw(1_000_000)) == (FLAT, 1_000_007, 0, 1_000_000 - 1_000_003 - 150)


def test_given_books_without_the_holding_when_an_action_pays_then_it_is_income_all_the_same() -> None:
    assert book_adjustment(FLAT, Krw(7), 0, Krw(5)) == (FLAT, 12, 5, 0)


@given(st.integers(0, 500), st.integers(0, 10**9), st.integers(0, 10**6), st.integers(-500, 500), st.integers(0, 10**9))
def test_for_any_action_cash_and_cost_balance_with_result_and_income(
    quantity: int, basis: int, commission: int, change: int, received: int
) -> None:
    held = Position(quantity, Krw(basis), Krw(commission)) if quantity else FLAT
    booked = book_adjustment(held, Krw(0), max(change, -quantity), Krw(received))
    kept = booked.position.cost_basis + booked.position.cost_commission
    assert booked.cash == received
    assert booked.cash + kept == held.cost_basis + held.cost_commission + booked.realized_pnl + booked.income
    assert booked.position.quantity or booked.position in (FLAT, held)


@given(st.integers(1, 10**6), st.integers(1, 10**5), st.integers(1, 10**5))
def test_for_any_split_equity_at_mark_falls_by_less_than_a_won_a_share(mark: int, before: int, after: int) -> None:
    new = adjusted_mark(mark, before, after, 0)
    assert new >= 1
    if mark * before >= after:  # a share is worth a won at least
        assert 0 <= mark * before - new * after < after


# ---- marks -----------------------------------------------------------------------------------------------------


def test_given_yesterdays_price_when_a_split_comes_then_the_mark_is_that_of_the_new_shares() -> None:
    marks = Marks()
    marks.take([a_row("A", 13, 100_000), a_row("B", 13, 7)])
    marks.adjust("A", from_kst(date(2026, 1, 14), 8, 0), 10, 50, 0)
    assert (marks.get("A"), marks.get("B"), marks.get("C")) == (20_000, 7, None)
    marks.take([a_row("B", 14, 8)])
    assert (marks.get("A"), marks.get("B")) == (20_000, 8)
    marks.take([a_row("A", 14, 21_000)])
    assert marks.get("A") == 21_000


def test_given_a_price_of_the_splits_own_day_when_it_comes_late_then_the_mark_stays() -> None:
    marks = Marks()
    marks.take([a_row("A", 13, 100_000), a_row("B", 13, 500)])
    marks.take([a_row("A", 14, 20_500)])
    for symbol in ("A", "B"):
        marks.adjust(symbol, from_kst(date(2026, 1, 14), 9, 1), 10, 50, 0)
    assert (marks.get("A"), marks.get("B")) == (20_500, 100)


def test_given_one_batch_over_midnight_when_taken_then_each_price_is_of_its_day() -> None:
    marks = Marks()
    marks.take([a_row("A", 13, 100_000), a_row("B", 14, 8)])
    assert (marks.today, marks.before) == ({"B": 8}, {"A": 100_000})
    marks.adjust("A", from_kst(date(2026, 1, 14), 8, 0), 1, 5, 0)
    assert marks.get("A") == 20_000


def test_given_rows_without_a_trade_when_taken_then_the_mark_stays() -> None:
    marks = Marks()
    marks.take([a_row("A", 13, 100)])
    marks.take([a_row("A", 13, 0)])
    marks.take([])
    assert marks.get("A") == 100


def test_given_a_source_that_begins_an_earlier_day_when_taken_then_its_prices_rule() -> None:
    marks = Marks()
    marks.take([a_row("A", 14, 20_000)])
    marks.take([a_row("A", 13, 100_000)])
    assert marks.get("A") == 100_000


def test_given_marks_when_books_are_valued_then_they_serve_as_prices() -> None:
    marks = Marks()
    marks.take([a_row("A", 13, 110)])
    books = Books(Krw(5), {"A": Position(10, Krw(1_000), Krw(1)), "B": Position(1, Krw(50))})
    assert books.equity(marks) == 5 + 1_100 + 50
