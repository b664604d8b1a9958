"""Lots: first in first out beside the average cost, to the won."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvariantError
from domain.messages.trading import FillBooked
from domain.performance.lots import Closed, Lots, lots_of
from domain.performance.trades import Movement, rebooked
from domain.portfolio import Position, book_sum
from domain.types import Krw, Side
from tests.domain.performance_builders import SYMBOL, a_fill, a_revision, an_action, an_adjustment

BUY, SELL = Side.BUY, Side.SELL


def followed(*moves: Movement) -> Lots:
    return lots_of(rebooked(moves, Krw(0)))


def held(lots: Lots) -> list[tuple[int, int, int]]:
    return [(lot.quantity, lot.basis, lot.costs) for lot in lots.held.get(SYMBOL, [])]


def test_given_two_buys_when_sold_in_part_then_the_older_shares_go_first_and_average_cost_says_otherwise() -> None:
    lots = followed(a_fill(BUY, 10, 1_000, 10, at=1), a_fill(BUY, 10, 2_000, 20, at=2), a_fill(SELL, 15, 3_000, 30))
    [closed] = lots.closed
    assert [(part.lot.opened_at, part.lot.quantity, part.lot.basis, part.proceeds) for part in closed.parts] == [
        (1, 10, 1_000, 2_000),
        (2, 5, 1_000, 1_000),
    ]
    assert [part.costs for part in closed.parts] == [20, 10]
    assert closed.realized == 3_000 - 2_000 - 10 - 10 - 30
    assert closed.entry.realized == 3_000 - 2_250 - 23 - 30 + 1, "average cost; the odd won stays with what is held"
    assert held(lots) == [(5, 1_000, 10)]


def test_given_a_split_when_shares_change_then_no_won_does_and_a_dividend_leaves_lots_alone() -> None:
    moves: list[Movement] = [a_fill(BUY, 3, 1_000, 1), a_fill(BUY, 4, 2_000, 2), an_action(7, 35)]
    assert held(followed(*moves, an_action(35, 35, received=500))) == [(15, 1_000, 1), (20, 2_000, 2)]
    assert held(followed(a_fill(BUY, 1, 700, 7), a_fill(BUY, 9, 900, 9), an_action(10, 2))) == [(2, 1_600, 16)]
    assert held(followed(a_fill(BUY, 9, 900, 9), a_fill(BUY, 1, 700, 7), an_action(10, 2))) == [
        (1, 900, 9),
        (1, 700, 7),
    ]


def test_given_cash_for_all_shares_when_none_is_left_then_their_cost_is_realised() -> None:
    lots = followed(a_fill(BUY, 3, 1_000, 10), an_action(3, 0, received=1_500))
    assert (held(lots), [closed.realized for closed in lots.closed]) == ([], [490])
    assert followed(an_action(3, 0, received=9)).closed == [], "of shares nobody knew of it is income"


def test_given_money_told_later_when_shares_are_gone_in_part_then_only_what_is_held_takes_its_share() -> None:
    lots = followed(a_fill(BUY, 4, 1_000, order="a"), a_fill(SELL, 2, 600), a_revision(BUY, 4, 10, 3, order="a"))
    assert held(lots) == [(2, 505, 1)]
    assert [closed.realized for closed in lots.closed] == [100, -7]
    lots = followed(a_fill(BUY, 1, 5, order="a"), a_fill(BUY, 1, 6, order="b"), a_revision(BUY, 1, 2, order="a"))
    assert held(lots) == [(1, 7, 0), (1, 6, 0)], "the order's own lot"


def test_given_a_person_s_adjustment_when_shares_leave_then_the_oldest_go_and_nothing_is_realised() -> None:
    moves: list[Movement] = [a_fill(BUY, 2, 200, 4, at=1), a_fill(BUY, 2, 400, 4, at=2)]
    lots = followed(*moves, an_adjustment(4, 1, 150))
    assert (held(lots), lots.closed) == ([(1, 150, 8)], [])
    lots = followed(*moves, an_adjustment(4, 6, 700))
    assert held(lots) == [(2, 200, 4), (2, 400, 4), (2, 100, 0)]
    assert held(followed(*moves, an_adjustment(4, 0, 0))) == []
    assert held(followed(*moves, an_adjustment(4, 4, 610))) == [(2, 205, 4), (2, 405, 4)]


def test_given_more_sold_than_known_when_bought_later_then_the_shares_missing_are_closed() -> None:
    lots = followed(a_fill(SELL, 5, 500, 1), a_fill(BUY, 8, 640, 8))
    assert held(lots) == [(3, 240, 3)]
    [closed] = lots.closed
    assert closed.realized == closed.entry.realized == 500 - 400 - 1 - 5
    assert held(followed(a_fill(SELL, 5, 500, 1), an_adjustment(0, 2, 90))) == [(2, 90, 1)]


def test_given_a_fill_of_no_shares_when_followed_then_it_is_refused() -> None:
    [entry] = rebooked([a_fill(BUY, 1, 5)], Krw(0))
    with pytest.raises(InvariantError, match="shares to book expected > 0, was 0"):
        lots_of([entry._replace(moved=replace(a_fill(BUY, 1, 5), last_qty=0))])


STEPS = st.tuples(
    st.sampled_from(("buy", "sell", "revise", "split", "dividend", "found", "taken")),
    st.integers(1, 60),
    st.integers(1, 10**9),
    st.integers(0, 10**6),
)


def movements(steps: list[tuple[str, int, int, int]]) -> list[Movement]:
    """Give movements that a long position can have, and at the end the sale of what is left."""
    moves: list[Movement] = []
    position = Position()
    for turn, (kind, shares, won, costs) in enumerate(steps):
        quantity = position.quantity
        order = f"o{turn % 3}"
        if kind == "buy" or (kind == "sell" and quantity):
            side = BUY if kind == "buy" else SELL
            size = shares if side is BUY else min(shares, quantity)
            moves.append(a_fill(side, size, won, costs, at=turn, order=order))
        elif kind == "revise" and moves:
            moves.append(a_revision(BUY if won % 2 else SELL, shares, won - 10**8, costs - 10**5, order))
        elif kind == "split" and quantity:
            moves.append(an_action(quantity, shares, received=costs, at=turn))
        elif kind == "dividend" and quantity:
            moves.append(an_action(quantity, quantity, received=costs, at=turn))
        elif kind == "found":
            moves.append(an_adjustment(quantity, quantity + shares, position.cost_basis + won, cash=costs, at=turn))
        elif kind == "taken" and quantity > shares:
            moves.append(an_adjustment(quantity, quantity - shares, position.cost_basis // 2, at=turn))
        position = _position(moves)
    if position.quantity:
        moves.append(a_fill(SELL, position.quantity, 10**9, 77, at=99))
    return moves


def _position(moves: list[Movement]) -> Position:
    """Give the position of the books after movements."""
    left = [entry.left for entry in rebooked(moves, Krw(0))]
    quantity = left[-1] if left else 0
    *_, taken = rebooked([*moves, an_adjustment(quantity, quantity, 0)], Krw(0))  # takes all its cost away
    return Position(quantity, Krw(-taken.adjusted))


@given(st.lists(STEPS, max_size=12))
def test_for_any_movements_first_in_first_out_realises_what_average_cost_does_once_all_is_sold(
    steps: list[tuple[str, int, int, int]],
) -> None:
    moves = movements(steps)
    entries = list(rebooked(moves, Krw(0)))
    lots = lots_of(entries)
    assert held(lots) == []
    assert sum(closed.realized for closed in lots.closed) == sum(entry.realized for entry in entries)
    for at in range(len(entries)):
        there = lots_of(entries[: at + 1]).held.get(SYMBOL, [])
        assert sum(lot.quantity for lot in there) == entries[at].left
        assert all(lot.quantity > 0 for lot in there)


@given(st.lists(st.tuples(st.sampled_from((BUY, SELL)), st.integers(1, 9), st.integers(1, 10**6)), max_size=10))
def test_for_any_fills_the_parts_of_a_sale_hold_all_its_money(fills: list[tuple[Side, int, int]]) -> None:
    moves = [a_fill(side, shares, won, won // 7) for side, shares, won in fills]
    lots = lots_of(rebooked(moves, Krw(0)))
    position, cash = Position(), Krw(0)
    for move in moves:
        booking = book_sum(position, cash, move.side, move.last_qty, move.notional, move.commission, move.tax)
        position, cash = booking.position, booking.cash
    basis, costs = sum(lot[1] for lot in held(lots)), sum(lot[2] for lot in held(lots))
    assert cash + basis + costs == sum(closed.realized for closed in lots.closed)
    assert sum(lot[0] for lot in held(lots)) == position.quantity
    assert all(_is_whole(closed) for closed in lots.closed)


def _is_whole(closed: Closed) -> bool:
    moved = closed.entry.moved
    assert isinstance(moved, FillBooked)
    shares = sum(abs(part.lot.quantity) for part in closed.parts)
    if shares < moved.last_qty:  # the rest opened a lot
        return True
    proceeds = sum(part.proceeds for part in closed.parts)
    return abs(proceeds) == moved.notional and sum(part.costs for part in closed.parts) == moved.commission
