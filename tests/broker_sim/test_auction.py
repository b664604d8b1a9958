"""Call auctions: the price against brute force, who trades, auctions of which only the feed tells."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker_sim.auction import NOTHING, Clearing, allocate_in_turn, allocate_simultaneous, clearing
from broker_sim.call_auction import AtAuctionPrice, Uncross
from broker_sim.order_book import OrderBook
from broker_sim.order_queue import Execution
from domain.errors import InvariantError

BUY, SELL = 1, -1
Side = list[tuple[int | None, int]]

limits = st.one_of(st.none(), st.integers(95, 105))
sides = st.lists(st.tuples(limits, st.integers(1, 30)), max_size=8)
references = st.one_of(st.none(), st.integers(93, 107))


# ---- the price --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("buys", "sells", "reference", "told"),
    [
        ([], [], 100, NOTHING),
        ([(100, 10)], [(101, 10)], 100, NOTHING),
        ([(101, 10)], [(101, 10)], 100, Clearing(101, 10, 0)),
        ([(103, 10), (101, 20)], [(100, 15), (102, 50)], 103, Clearing(101, 15, 15)),  # the largest volume
        ([(102, 10), (101, 10)], [(101, 10)], 100, Clearing(102, 10, 0)),  # the least surplus
        ([(105, 10)], [(95, 10)], 97, Clearing(95, 10, 0)),  # the nearest to the reference
        ([(105, 10)], [(95, 10)], 104, Clearing(105, 10, 0)),
        ([(105, 10)], [(95, 10)], 100, Clearing(105, 10, 0)),  # as near: the higher
        ([(105, 10)], [(95, 10)], None, Clearing(105, 10, 0)),
        ([(None, 10)], [(None, 30)], 100, Clearing(100, 10, -20)),  # none but market orders: the reference
        ([(None, 10)], [(None, 30)], None, NOTHING),
        ([(None, 10), (90, 5)], [(None, 10)], 100, Clearing(100, 10, 0)),  # the limit buy does not meet there
        ([(None, 10), (100, 5)], [(None, 10)], 100, Clearing(100, 10, 5)),
        ([(None, 10)], [(102, 4)], 100, Clearing(102, 4, 6)),
        ([(None, 10)], [], 100, NOTHING),
    ],
)
def test_given_orders_when_an_auction_is_cleared_then_price_volume_and_surplus_follow_the_rules(
    buys: Side, sells: Side, reference: int | None, told: Clearing
) -> None:
    assert clearing(buys, sells, reference) == told


def traded_at(price: int, buys: Side, sells: Side) -> tuple[int, int]:
    """Give the shares bought and sold at a price or better."""
    return (
        sum(shares for limit, shares in buys if limit is None or limit >= price),
        sum(shares for limit, shares in sells if limit is None or limit <= price),
    )


@given(sides, sides, references)
def test_for_any_orders_no_price_executes_more_than_that_of_the_auction(
    buys: Side, sells: Side, reference: int | None
) -> None:
    found = clearing(buys, sells, reference)
    has_limits = any(limit is not None for limit, _ in buys + sells)
    prices = range(90, 111) if has_limits or reference is not None else ()
    most = max((min(traded_at(price, buys, sells)) for price in prices), default=0)
    assert found.volume == most
    if found.price is None:
        assert found == NOTHING
    else:
        bought, sold = traded_at(found.price, buys, sells)
        assert (found.volume, found.surplus) == (min(bought, sold), bought - sold)


@given(sides, sides, references)
def test_for_any_orders_no_other_candidate_of_the_same_volume_is_better(
    buys: Side, sells: Side, reference: int | None
) -> None:
    found = clearing(buys, sells, reference)
    candidates = {limit for limit, _ in buys + sells if limit is not None}
    if found.price is not None and found.price not in candidates:
        assert found.price == reference
        assert not any(limit is not None and limit >= found.price for limit, _ in buys)
        assert not any(limit is not None and limit <= found.price for limit, _ in sells)
    for price in candidates:
        bought, sold = traded_at(price, buys, sells)
        if found.price is not None and min(bought, sold) == found.volume:
            assert abs(bought - sold) >= abs(found.surplus)
            if abs(bought - sold) == abs(found.surplus):
                apart, nearest = (abs(one - (reference or one)) for one in (price, found.price))
                assert (-apart, price) <= (-nearest, found.price)


# ---- who gets shares at a limit price ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sizes", "volume", "given_out"),
    [
        ([50, 300, 300], 250, [50, 100, 100]),
        ([50, 300, 300], 160, [0, 100, 60]),  # the larger first, of equals the older
        ([700, 90, 3_000], 1_300, [600, 90, 610]),  # 100 each and all of 90; then 500 to the largest first
        ([10_000, 9_000], 14_000, [7_700, 6_300]),  # half of 6,400 and of 5,400, then the rest in that order
        ([10_000, 9_000], 12_500, [6_800, 5_700]),  # the second half does not last
        ([10, 20], 0, [0, 0]),
        ([10, 20], 99, [10, 20]),
        ([], 5, []),
    ],
)
def test_given_simultaneous_orders_when_shared_out_then_by_rounds_of_size(
    sizes: list[int], volume: int, given_out: list[int]
) -> None:
    assert allocate_simultaneous(sizes, volume) == given_out


def test_given_half_of_an_odd_rest_when_shared_out_then_it_is_rounded_up() -> None:
    assert allocate_simultaneous([3_605, 3_603], 7_204) == [3_603, 3_601]  # 3,600 each, then 3 of 5 and 1 of 3


@given(st.lists(st.integers(1, 9_000), max_size=9), st.integers(0, 50_000))
def test_for_any_sizes_and_volume_all_is_given_out_and_nobody_gets_more_than_wanted(
    sizes: list[int], volume: int
) -> None:
    for allocate in (allocate_in_turn, allocate_simultaneous):
        found = allocate(sizes, volume)
        assert sum(found) == min(volume, sum(sizes))
        assert all(0 <= share <= size for share, size in zip(found, sizes, strict=True))


# ---- a real auction ---------------------------------------------------------------------------------------------


def test_given_a_collecting_book_when_uncrossed_then_all_trade_at_one_price_by_price_and_time() -> None:
    book = OrderBook()
    book.collect()
    book.rest(1, BUY, 101, 10)
    book.rest(2, BUY, 103, 10)
    book.rest(3, BUY, None, 5)
    book.rest(4, BUY, 101, 10)
    book.rest(5, SELL, 100, 20)
    assert book.show(SELL, 101, 8) == []
    assert book.indicative(100) == Clearing(101, 28, 7)
    assert book.uncross(100) == Uncross(
        101,
        28,
        [
            Execution(3, BUY, 5, 101, True, 5),
            Execution(5, SELL, 5, 101, True, 3),
            Execution(2, BUY, 10, 101, True, 5),
            Execution(5, SELL, 10, 101, True, 2),
            Execution(1, BUY, 5, 101, True, 5),
            Execution(5, SELL, 5, 101, True, 1),
            Execution(1, BUY, 5, 101, True, 0),
            Execution(4, BUY, 3, 101, True, 0),
        ],
    )
    assert book.queue(BUY, 101) == [(4, 7)]
    assert book.depth(SELL) == []
    assert not book.collecting


def test_given_nothing_that_meets_when_uncrossed_then_nothing_trades_and_trading_goes_on() -> None:
    book = OrderBook()
    book.collect()
    book.rest(1, BUY, 99, 10)
    book.rest(2, SELL, 100, 10)
    assert book.uncross(100) == Uncross(None, 0, [])
    assert not book.collecting
    assert list(book.orders) == [1, 2]


def test_given_the_price_is_a_daily_limit_when_uncrossed_so_then_orders_at_it_share_by_size() -> None:
    book = OrderBook()
    book.collect()
    book.rest(1, BUY, 130, 50)
    book.rest(2, BUY, 130, 900)
    book.rest(3, BUY, None, 30)
    book.rest(4, SELL, 130, 180)
    done = book.uncross(100, simultaneous=True)
    assert [(one.order_id, one.quantity) for one in done.executions if one.side == BUY] == [(3, 30), (1, 50), (2, 100)]
    assert book.queue(BUY, 130) == [(2, 800)]


# ---- an auction of the feed -------------------------------------------------------------------------------------


def an_auction(at_auction_price: AtAuctionPrice = AtAuctionPrice.NONE) -> OrderBook:
    """Give a collecting book: others buy 40 at 102 and 60 at 100, sell 30 at 98; orders among them."""
    book = OrderBook(at_auction_price=at_auction_price)
    book.collect()
    book.show_side(BUY, [(102, 40), (100, 60)])
    book.show_side(SELL, [(98, 30), (101, 50)])
    book.rest(1, BUY, 101, 10)
    book.rest(2, BUY, None, 10)
    book.rest(3, BUY, 100, 20)
    book.rest(4, SELL, 99, 10)
    book.rest(5, BUY, 99, 10)
    return book


def test_given_orders_when_the_feed_prints_an_auction_then_those_strictly_better_trade_at_its_price() -> None:
    book = an_auction()
    assert book.cross_at(100, 100) == [
        Execution(2, BUY, 10, 100, True, 0),
        Execution(1, BUY, 10, 100, True, 0),
        Execution(4, SELL, 10, 100, True, 0),
    ]
    assert book.depth(BUY) == [(100, 80), (99, 10)]
    assert book.depth(SELL) == [(101, 50)]
    assert book.collecting


def test_given_more_orders_than_shares_when_the_feed_prints_an_auction_then_each_side_gets_its_shares_once() -> None:
    book = an_auction()
    found = book.cross_at(100, 13)
    assert [(one.order_id, one.quantity) for one in found] == [(2, 10), (1, 3), (4, 10)]


def test_given_orders_at_the_price_when_they_share_then_in_proportion_to_what_is_displayed_there() -> None:
    book = an_auction(AtAuctionPrice.SHARE)
    found = book.cross_at(100, 100)
    # 100 less 20 of ours and 40 of others that are better: 40 for the 80 at the price, 20 of which are ours.
    assert Execution(3, BUY, 10, 100, True, 0) in found
    assert book.leaves(3) == 10


def test_given_an_auction_of_the_feed_when_trading_resumes_then_what_still_meets_is_settled() -> None:
    book = an_auction()
    book.rest(6, SELL, 100, 30)
    assert book.resume(100) == Uncross(
        100,
        40,
        [
            Execution(2, BUY, 10, 100, True, 4),
            Execution(4, SELL, 10, 100, True, 2),
            Execution(1, BUY, 10, 100, True, 6),
            Execution(6, SELL, 10, 100, True, 1),
            Execution(3, BUY, 20, 100, True, 6),
            Execution(6, SELL, 20, 100, True, 3),
        ],
    )
    assert (book.depth(BUY), book.depth(SELL), book.collecting) == ([(99, 10)], [], False)


def test_given_an_auction_that_traded_nothing_when_trading_resumes_then_crossed_displays_are_gone() -> None:
    book = OrderBook()
    book.collect()
    book.show_side(BUY, [(101, 5), (99, 5)])
    book.show_side(SELL, [(100, 5), (102, 5)])
    assert book.resume(100).executions == []
    assert (book.depth(BUY), book.depth(SELL)) == ([(99, 5)], [(102, 5)])


def test_given_a_print_without_shares_when_told_then_it_is_refused() -> None:
    with pytest.raises(InvariantError, match="expected a price and shares"):
        an_auction().cross_at(100, 0)
