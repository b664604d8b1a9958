"""Shares that sums proved and details that take their place: no share and no won more or less."""

from hypothesis import given
from hypothesis import strategies as st

from domain.inferred import Money, Outstanding, absorb
from domain.portfolio import Books
from domain.types import Krw, Side

WON = st.integers(0, 10**9)
MONEY = st.builds(lambda *won: Money(*(Krw(item) for item in won)), WON, WON, WON)
DETAIL = st.tuples(st.integers(1, 100), MONEY)


def test_given_three_shares_for_ten_won_when_details_come_one_by_one_then_the_last_takes_the_rest() -> None:
    left = Outstanding(3, Money(Krw(10)))
    changes: list[int] = []
    for won in (4, 3, 3):
        found = absorb(left, 1, Money(Krw(won)))
        left = found.left
        changes.append(found.change.notional)
    assert changes == [4 - 3, 3 - 3, 3 - 4]
    assert left == Outstanding()


def test_given_a_detail_of_more_shares_when_absorbed_then_its_money_is_split_to_the_won() -> None:
    found = absorb(Outstanding(2, Money(Krw(200))), 3, Money(Krw(330), Krw(10)))
    assert (found.quantity, found.change, found.surplus_qty) == (2, Money(Krw(20), Krw(6)), 1)
    assert found.surplus == Money(Krw(110), Krw(4))
    assert found.left == Outstanding()


@given(st.lists(DETAIL, max_size=5), st.lists(DETAIL, min_size=1, max_size=10))
def test_for_any_sums_and_details_shares_and_money_are_those_told_and_those_waiting(
    sums: list[tuple[int, Money]], details: list[tuple[int, Money]]
) -> None:
    waiting = Outstanding()
    booked = Outstanding()  # what books hold
    for shares, money in sums:
        waiting, booked = waiting.plus(shares, money), booked.plus(shares, money)
    told = Outstanding()
    for shares, money in details:
        before, found = waiting.quantity, absorb(waiting, shares, money)
        assert found.quantity == min(before, shares)
        assert found.quantity + found.surplus_qty == shares
        waiting, told = found.left, told.plus(shares, money)
        booked = booked.plus(found.surplus_qty, found.change.plus(found.surplus))
        assert booked == told.plus(waiting.quantity, waiting.money)
        if not waiting.quantity:
            assert waiting.money == Money()


@given(
    st.lists(
        st.tuples(st.sampled_from(Side), st.integers(1, 9), st.integers(1, 999), st.integers(-99, 99)), max_size=12
    )
)
def test_for_any_revisions_between_fills_cash_cost_and_realised_balance_to_the_won(
    steps: list[tuple[Side, int, int, int]],
) -> None:
    books, realized = Books(Krw(10**6)), 0
    for side, quantity, won, change in steps:
        booking = books.book_sum("A", side, quantity, Krw(won), Krw(2), Krw(1))
        opened = books.with_position("A", booking.position, booking.cash)
        held = opened.position("A").quantity
        revision = opened.revise("A", side, quantity, Krw(change), Krw(-1), Krw(1))
        after = opened.with_position("A", revision.position, revision.cash)
        assert after.position("A").quantity == held  # a revision moves no shares
        assert opened.cash == books.cash - side.sign * won - 3
        assert after.cash == opened.cash - side.sign * change
        realized += booking.realized_pnl + revision.realized_pnl
        kept = after.position("A")
        assert after.cash + kept.cost_basis + kept.cost_commission == 10**6 + realized
        books = after
