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


# ---- what the feed displays -------------------------------------------------------------------------------------


def test_given_an_order_in_the_queue_when_more_is_displayed_then_it_joins_behind() -> None:
    book = a_book()
    book.add(1, BUY, 100, 10)
    assert book.show(BUY, 100, 65) == []
    assert book.queue(BUY, 100) == [(0, 40), (1, 10), (0, 25)]
    assert book.queue_ahead(1) == 40


@pytest.mark.parametrize(
    ("cancels", "displayed", "queue"),
    [
        (CancelModel.BACK, 50, [(0, 40), (1, 10), (0, 10)]),
        (CancelModel.BACK, 30, [(0, 30), (1, 10)]),
        (CancelModel.PROPORTIONAL, 50, [(0, 34), (1, 10), (0, 16)]),  # 10 of 60 go, 10 * 40 / 60 = 6 of them ahead
        (CancelModel.PROPORTIONAL, 0, [(1, 10)]),
    ],
)
def test_given_an_order_among_others_when_less_is_displayed_without_a_print_then_cancels_follow_the_model(
    cancels: CancelModel, displayed: int, queue: list[tuple[int, int]]
) -> None:
    book = a_book(cancels)
    book.add(1, BUY, 100, 10)
    book.show(BUY, 100, 60)
    book.show(BUY, 100, displayed)
    assert book.queue(BUY, 100) == queue


def test_given_shares_taken_when_the_feed_still_displays_them_then_they_are_not_there_again() -> None:
    book = a_book()
    book.take(1, BUY, 30, 101)
    book.show(SELL, 101, 50)
    assert (book.others(SELL, 101), book.taken(SELL, 101)) == (20, 30)
    assert [one.quantity for one in book.take(2, BUY, 500, 101)] == [20]
    book.show(SELL, 101, 50)
    assert book.takeable(BUY, 101) == 0
    book.show(SELL, 101, 80)
    assert book.takeable(BUY, 101) == 30


def test_given_shares_taken_when_a_print_at_that_level_comes_then_the_market_has_used_them_up_itself() -> None:
    book = a_book()
    book.take(1, BUY, 30, 101)
    book.trade(101, 20, SELL)
    assert (book.taken(SELL, 101), book.others(SELL, 101)) == (10, 20)
    book.show(SELL, 101, 30)  # 50 - 20 printed
    assert book.takeable(BUY, 101) == 20
    book.trade(101, 25, SELL)
    assert (book.taken(SELL, 101), book.others(SELL, 101)) == (0, 5)


@pytest.mark.parametrize("leaves_view", [lambda book: book.show(SELL, 101, 0), lambda book: book.show_side(SELL, [])])
def test_given_shares_taken_when_the_level_empties_or_leaves_the_view_then_they_are_forgotten(
    leaves_view: Callable[[OrderBook], object],
) -> None:
    book = a_book()
    book.take(1, BUY, 30, 101)
    leaves_view(book)
    assert book.taken(SELL, 101) == 0
    book.show(SELL, 101, 50)
    assert book.takeable(BUY, 101) == 50


def test_given_fewer_displayed_than_taken_when_shown_then_taken_is_no_more_than_displayed() -> None:
    book = a_book()
    book.take(1, BUY, 50, 101)
    book.show(SELL, 101, 20)
    assert book.taken(SELL, 101) == 20
    book.show(SELL, 101, 50)
    assert book.takeable(BUY, 101) == 30


def test_given_a_waiting_order_when_the_other_side_is_displayed_at_its_price_then_it_trades() -> None:
    book = a_book()
    book.add(1, BUY, 100, 60)
    assert book.show(SELL, 99, 45) == [Execution(1, BUY, 45, 100, True, 0)]
    assert (book.others(BUY, 100), book.others(BUY, 99)) == (0, 0)  # out of date: nobody bids where others offer
    assert (book.taken(SELL, 99), book.depth(SELL, 1)) == (45, [(101, 50)])
    assert book.show(SELL, 99, 50) == [Execution(1, BUY, 5, 100, True, 0)]


def test_given_a_depth_row_when_shown_then_deeper_levels_stay_only_where_an_order_waits() -> None:
    book = OrderBook()
    book.show_side(BUY, [(100, 40), (99, 70), (98, 5), (97, 30), (96, 20)])
    book.add(1, BUY, 97, 10)
    book.add(2, BUY, 99, 10)
    book.show_side(BUY, [(101, 3), (98, 6)])
    assert book.depth(BUY) == [(101, 3), (99, 10), (98, 6), (97, 40)]
    assert book.queue(BUY, 97) == [(0, 30), (1, 10)]
    book.show_side(BUY, [(98, 6)], deepest=97)
    assert book.depth(BUY) == [(99, 10), (98, 6), (97, 10)]
    book.show_side(BUY, [])
    assert book.depth(BUY) == [(99, 10), (97, 10)]


# ---- prints -----------------------------------------------------------------------------------------------------


def test_given_a_queue_when_prints_come_then_it_is_used_up_from_the_front() -> None:
    book = a_book()
    book.add(1, BUY, 100, 10)
    book.show(BUY, 100, 60)
    assert book.trade(100, 35, BUY) == []
    assert book.queue(BUY, 100) == [(0, 5), (1, 10), (0, 20)]
    assert book.trade(100, 12, BUY) == [Execution(1, BUY, 7, 100, True, 0)]
    assert book.trade(100, 13, BUY) == [Execution(1, BUY, 3, 100, True, 0)]
    assert book.queue(BUY, 100) == [(0, 10)]
    assert book.trade(100, 99, BUY) == []
    assert book.depth(BUY) == [(99, 70)]


@pytest.mark.parametrize("passive", [BUY, SELL, 0])
def test_given_orders_a_print_went_through_when_it_comes_then_they_trade_first_at_their_own_limits(
    passive: int,
) -> None:
    book = a_book()
    for order_id, price in ((1, 99), (2, 100), (3, 100), (4, 98)):
        book.add(order_id, BUY, price, 10)
    assert book.trade(98, 25, passive) == [
        Execution(2, BUY, 10, 100, True, 0),
        Execution(3, BUY, 10, 100, True, 0),
        Execution(1, BUY, 5, 99, True, 0),
    ]
    assert (book.others(BUY, 100), book.others(BUY, 99), book.leaves(4)) == (0, 0, 10)


@pytest.mark.parametrize(("passive", "filled"), [(BUY, 5), (SELL, 0), (0, 0)])
def test_given_an_order_at_the_price_of_a_print_when_it_comes_then_it_trades_only_on_the_side_that_waited(
    passive: int, filled: int
) -> None:
    book = a_book()
    book.add(1, BUY, 100, 10)
    assert sum(one.quantity for one in book.trade(100, 45, passive)) == filled


def test_given_a_print_when_several_orders_could_have_had_it_then_its_shares_are_given_out_once() -> None:
    book = OrderBook()
    book.add(1, BUY, 101, 10)
    book.add(2, BUY, 100, 10)
    found = book.trade(100, 15, BUY)
    assert [(one.order_id, one.quantity, one.price) for one in found] == [(1, 10, 101), (2, 5, 100)]


# ---- market orders that wait ------------------------------------------------------------------------------------


def test_given_a_market_order_left_of_an_auction_when_trading_goes_on_then_it_trades_at_the_other_ones_price() -> None:
    book = OrderBook()
    book.rest(1, BUY, None, 30)
    assert book.take(2, SELL, 10) == []  # two without a price
    assert book.takeable(SELL) == 0
    assert book.add(3, SELL, 105, 10)[1] == Execution(1, BUY, 10, 105, True, 3)
    assert book.show(SELL, 104, 5) == [Execution(1, BUY, 5, 104, True, 0)]
    assert book.trade(103, 5, SELL) == [Execution(1, BUY, 5, 103, True, 0)]
    assert (book.order(1), book.best(BUY)) == (Waiting(BUY, None, 10), None)


def test_given_a_market_order_before_a_limit_when_it_trades_then_at_no_worse_a_price_than_that_limit_would() -> None:
    book = OrderBook()
    book.rest(1, BUY, None, 30)
    book.add(2, BUY, 99, 10)
    assert book.takeable(SELL) == 40
    assert [(one.order_id, one.price) for one in book.add(3, SELL, 98, 10)] == [(3, 99), (1, 99)]
    assert book.trade(97, 5, BUY) == [Execution(1, BUY, 5, 99, True, 0)]
    assert [one.price for one in book.take(4, SELL, 5)] == [99, 99]
