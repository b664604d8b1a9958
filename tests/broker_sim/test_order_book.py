"""The book of one issue: priority, what the feed displays, what its prints give."""

from collections.abc import Callable

import pytest

from broker_sim.order_book import OrderBook
from broker_sim.order_queue import CancelModel, Execution
from broker_sim.resting_book import Waiting
from domain.errors import InvariantError

BUY, SELL = 1, -1


def a_book(cancels: CancelModel = CancelModel.BACK) -> OrderBook:
    """Give a book with two levels of others on each side: 99 x 70, 100 x 40 | 101 x 50, 102 x 60."""
    book = OrderBook(cancels)
    assert book.show_side(BUY, [(100, 40), (99, 70)]) == []
    assert book.show_side(SELL, [(101, 50), (102, 60)]) == []
    return book


# ---- orders among orders ----------------------------------------------------------------------------------------


def test_given_waiting_orders_when_one_crosses_then_it_trades_by_price_and_then_time_at_their_prices() -> None:
    book = OrderBook()
    for order_id, price in ((1, 101), (2, 100), (3, 100)):
        assert book.add(order_id, SELL, price, 10) == []
    found = book.add(4, BUY, 101, 25)
    assert found == [
        Execution(4, BUY, 10, 100, False, 2),
        Execution(2, SELL, 10, 100, True, 4),
        Execution(4, BUY, 10, 100, False, 3),
        Execution(3, SELL, 10, 100, True, 4),
        Execution(4, BUY, 5, 101, False, 1),
        Execution(1, SELL, 5, 101, True, 4),
    ]
    assert (book.leaves(1), list(book.orders), book.depth(BUY)) == (5, [1], [])


def test_given_a_rest_when_a_limit_order_has_traded_then_it_waits_at_its_limit() -> None:
    book = a_book()
    assert book.add(1, BUY, 101, 80) == [Execution(1, BUY, 50, 101, False, 0)]
    assert book.order(1) == Waiting(BUY, 101, 30)
    assert book.depth(BUY) == [(101, 30), (100, 40), (99, 70)]
    assert book.best(SELL) == (102, 60)


@pytest.mark.parametrize(
    ("limit", "max_levels", "taken"),
    [(None, 0, [50, 60]), (101, 0, [50]), (None, 1, [50]), (100, 0, []), (102, 0, [50, 60])],
)
def test_given_depth_when_an_order_only_takes_then_it_stops_at_its_limit_and_never_waits(
    limit: int | None, max_levels: int, taken: list[int]
) -> None:
    book = a_book()
    found = book.take(1, BUY, 500, limit, max_levels)
    assert [one.quantity for one in found] == taken
    assert not book.orders


def test_given_depth_when_asked_then_what_a_fok_order_could_take_is_told() -> None:
    book = a_book()
    book.add(1, SELL, 102, 5)
    assert [book.takeable(BUY, limit) for limit in (100, 101, 102, None)] == [0, 50, 115, 115]
    assert [book.takeable(SELL, limit) for limit in (101, 100, 99, None)] == [0, 40, 110, 110]


def test_given_a_queue_when_an_order_gives_up_shares_then_it_keeps_its_place_and_loses_it_when_added_anew() -> None:
    book = OrderBook()
    for order_id in (1, 2, 3):
        book.add(order_id, BUY, 100, 10)
    assert book.cancel(1, 4) == 4
    assert book.queue(BUY, 100) == [(1, 6), (2, 10), (3, 10)]
    assert [book.queue_ahead(order_id) for order_id in (1, 2, 3)] == [0, 6, 16]
    assert book.cancel(1, 50) == 6
    assert book.cancel(1) == 0
    book.add(1, BUY, 100, 5)
    assert book.queue(BUY, 100) == [(2, 10), (3, 10), (1, 5)]


@pytest.mark.parametrize(
    "call",
    [
        lambda book: book.add(9, BUY, 100, 0),
        lambda book: book.add(9, BUY, 0, 10),
        lambda book: book.add(0, BUY, 100, 10),
        lambda book: book.add(9, 2, 100, 10),
        lambda book: book.add(1, BUY, 100, 10),
        lambda book: book.take(9, BUY, 10, 0),
        lambda book: book.take(1, BUY, 10),
        lambda book: book.rest(9, BUY, 0, 10),
        lambda book: book.rest(1, BUY, None, 10),
        lambda book: book.cancel(1, 0),
        lambda book: book.show(BUY, 0, 10),
        lambda book: book.show(BUY, 100, -1),
        lambda book: book.show_side(BUY, [(0, 10)]),
        lambda book: book.trade(0, 10, 1),
        lambda book: book.trade(100, 0, 1),
        lambda book: book.cross_at(100, 0),
        lambda book: book.queue_ahead(9),
    ],
)
def test_given_a_wrong_argument_when_called_then_it_is_refused_and_nothing_changes(
    call: Callable[[OrderBook], object],
) -> None:
    book = a_book()
    book.add(1, BUY, 100, 10)
    before = (book.depth(BUY), book.depth(SELL), list(book.orders))
    with pytest.raises(InvariantError, match="expected"):
        call(book)
    assert (book.depth(BUY), book.depth(SELL), list(book.orders)) == before
