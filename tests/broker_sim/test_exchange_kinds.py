"""Every kind of order: when it is taken, and how it trades."""

import pytest

from domain.messages.orders import OrderAccepted, OrderCancelled, OrderRejected, SubmitOrder
from domain.quotes import Depth, Quote
from domain.types import OrderKind, Side, TimeInForce, Venue
from tests.broker_sim.builders import SYMBOL, a_modify, a_quote, a_submit, an_exchange, an_instrument, at
from tests.broker_sim.exchange_steps import a_book, a_holder, a_venue, an_order, fills, kinds

K, T = OrderKind, TimeInForce


# ---- what is taken ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("order", "when", "code"),
    [
        (an_order(K.LIMIT, 1, 10_000, venue=Venue.NXT), at(10, 0), "VENUE_NOT_SERVED"),
        (an_order(K.LIMIT, 1, 10_000, venue=Venue.SOR), at(10, 0), None),
        (an_order(K.LIMIT, 1, 10_000, time_in_force=T.IOC), at(8, 45), "KIND_NOT_ALLOWED"),
        (an_order(K.BEST_LIMIT, 1), at(15, 25), "KIND_NOT_ALLOWED"),
        (an_order(K.CONDITIONAL_LIMIT, 1, 10_000), at(15, 25), "KIND_NOT_ALLOWED"),
        (an_order(K.CONDITIONAL_LIMIT, 1, 10_000), at(8, 45), None),
        (an_order(K.FIRST_LIMIT, 1, time_in_force=T.IOC), at(10, 0), "KIND_NOT_ALLOWED"),
        (an_order(K.PRE_OPEN_CLOSE, 1), at(8, 35), None),
        (an_order(K.PRE_OPEN_CLOSE, 1), at(8, 40), "KIND_NOT_ALLOWED"),
        (an_order(K.POST_CLOSE, 1), at(15, 29), "KIND_NOT_ALLOWED"),
        (an_order(K.POST_CLOSE, 1), at(15, 31), None),
        (an_order(K.OFF_HOURS_SINGLE, 1, 10_000), at(16, 30), None),
        (an_order(K.LIMIT, 1, 10_000), at(15, 30, 20), None),  # the auction has not crossed yet
        (an_order(K.STOP_LIMIT, 1, 10_000), at(10, 0), "BAD_PRICE"),
        (an_order(K.STOP_LIMIT, 1, 10_000, stop_price=10_005), at(10, 0), "BAD_TICK"),
        (an_order(K.STOP_LIMIT, 1, 10_000, stop_price=13_010), at(10, 0), "OUTSIDE_LIMITS"),
        (an_order(K.LIMIT, 1, 10_000, stop_price=10_000), at(10, 0), "BAD_PRICE"),
        (an_order(K.MARKET, 1, 10_000), at(10, 0), "BAD_PRICE"),
        (an_order(K.LIMIT, 1), at(10, 0), "BAD_PRICE"),
    ],
)
def test_given_a_kind_and_a_time_when_placed_then_it_is_taken_or_rejected_with_the_reason(
    order: SubmitOrder, when: int, code: str | None
) -> None:
    venue = a_venue(when, rows=[a_book(when - 10**9)] if when > at(9, 0) else [])

    [answer, *_] = venue.place(order)

    if code is None:
        assert isinstance(answer, OrderAccepted)
        assert (answer.kind, answer.time_in_force, answer.venue) == (order.kind, order.time_in_force, order.venue)
    else:
        assert isinstance(answer, OrderRejected) and answer.code == code


def test_given_a_kind_that_is_not_taken_when_rejected_then_kind_session_and_what_is_taken_are_said() -> None:
    [rejected] = a_venue(at(8, 45)).place(an_order(K.BEST_LIMIT, 1))

    assert isinstance(rejected, OrderRejected)
    for word in ("BEST_LIMIT", "OPENING_AUCTION", "taken are LIMIT DAY, MARKET DAY, CONDITIONAL_LIMIT DAY"):
        assert word in rejected.text


# ---- at once or not at all --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("order", "traded", "cancelled"),
    [
        (an_order(K.LIMIT, 60, 10_000, time_in_force=T.IOC), [(40, 10_000, 20)], 20),
        (an_order(K.LIMIT, 60, 9_990, time_in_force=T.IOC), [], 60),
        (an_order(K.LIMIT, 40, 10_000, time_in_force=T.IOC), [(40, 10_000, 0)], 0),
        (an_order(K.LIMIT, 60, 10_000, time_in_force=T.FOK), [], 60),
        (an_order(K.LIMIT, 40, 10_000, time_in_force=T.FOK), [(40, 10_000, 0)], 0),
        (an_order(K.MARKET, 60, time_in_force=T.IOC), [(40, 10_000, 20)], 20),
        (an_order(K.MARKET, 60, time_in_force=T.FOK), [], 60),
        (an_order(K.BEST_LIMIT, 60, time_in_force=T.IOC), [(40, 10_000, 20)], 20),
        (an_order(K.MID, 10, time_in_force=T.IOC), [], 10),
        (an_order(K.MID, 10, time_in_force=T.FOK), [], 10),
    ],
)
def test_given_an_immediate_order_when_it_meets_the_book_then_the_venue_cancels_what_did_not_trade(
    order: SubmitOrder, traded: list[tuple[int, int, int]], cancelled: int
) -> None:
    exchange = an_exchange()

    facts = exchange.place(order)

    assert fills(facts) == traded
    ended = [fact for fact in facts if isinstance(fact, OrderCancelled)]
    assert [(fact.cancelled_qty, fact.leaves_qty, fact.request_id) for fact in ended] == (
        [(cancelled, 0, "")] if cancelled else []
    )
    assert exchange.open_orders() == []


# ---- prices of their own ----------------------------------------------------------------------------------------


def test_given_best_and_first_limit_orders_when_they_arrive_then_they_wait_at_the_best_of_either_side() -> None:
    exchange = an_exchange(cash=100_000_000)
    exchange.place(an_order(K.BEST_LIMIT, 60))  # 40 at 10,000, the rest waits there
    exchange.place(an_order(K.FIRST_LIMIT, 5, name="c2"))

    book = exchange.floor.issue(SYMBOL, exchange.now).book
    first, second = book.order(1), book.order(2)

    assert first and (first.price, first.leaves) == (10_000, 20)
    assert second and second.price == 10_000  # our own order is the best bid by now


def test_given_an_empty_side_when_an_order_asks_for_its_best_then_the_venue_ends_it() -> None:
    exchange = an_exchange(rows=[a_quote(13_000, ask_price=0, ask_qty=0, bid_price=0, bid_qty=0)])

    assert kinds(exchange.place(an_order(K.BEST_LIMIT))) == ["OrderAccepted", "OrderCancelled"]
    assert kinds(exchange.place(an_order(K.FIRST_LIMIT, name="c2"))) == ["OrderAccepted", "OrderCancelled"]


def test_given_mid_point_orders_when_the_feed_prints_between_the_best_then_they_share_it_by_time() -> None:
    row = a_quote(bid_price=9_990, ask_price=10_010)
    exchange = an_exchange(rows=[row])
    exchange.place(an_order(K.MID, 30))
    exchange.place(an_order(K.MID, 30, name="c2"))

    at_ask = exchange.on_quotes([row._replace(price=10_010, venue_time=at(10, 1))])
    at_mid = exchange.on_quotes([row._replace(price=10_000, venue_time=at(10, 2), last_qty=40)])

    assert (fills(at_ask), fills(at_mid)) == ([], [(30, 10_000, 0), (10, 10_000, 20)])


def test_given_a_one_tick_spread_when_the_feed_prints_half_a_tick_then_a_mid_point_order_pays_whole_won() -> None:
    row = a_quote(2_030, bid_price=2_030, ask_price=2_035)
    exchange = an_exchange(rows=[row], base=2_000)
    exchange.place(an_order(K.MID, 30))

    assert fills(exchange.on_quotes([row._replace(price=2_032, venue_time=at(10, 1))])) == [(30, 2_032, 0)]


# ---- stop-limit -------------------------------------------------------------------------------------------------


def test_given_a_stop_limit_buy_when_a_print_reaches_its_stop_then_it_enters_the_book() -> None:
    exchange = an_exchange()
    exchange.place(an_order(K.STOP_LIMIT, 10, 10_100, stop_price=10_050))
    asleep = exchange.on_quotes([a_quote(10_040, at(10, 1)), a_book(at(10, 2), 10_090, 10_100)])

    awake = exchange.on_quotes([a_quote(10_050, at(10, 3), bid_price=10_040, ask_price=10_060)])

    assert (fills(asleep), fills(awake)) == ([], [(10, 10_060, 0)])


def test_given_a_stop_limit_sell_when_prices_fall_to_its_stop_then_it_sells() -> None:
    exchange = a_holder(10, at(9, 30), [a_quote(when=at(9, 30))])
    exchange.place(an_order(K.STOP_LIMIT, 10, 9_800, Side.SELL, "c2", stop_price=9_900))

    above = exchange.on_quotes([a_quote(9_910, at(10, 1))])
    reached = exchange.on_quotes([a_quote(9_900, at(10, 2), bid_price=9_890)])

    assert (fills(above), fills(reached)) == ([], [(10, 9_890, 0)])


def test_given_an_awake_stop_limit_order_when_its_price_is_changed_then_it_stays_awake() -> None:
    exchange = an_exchange()
    exchange.place(an_order(K.STOP_LIMIT, 10, 10_100, stop_price=10_050))
    exchange.on_quotes([a_quote(10_110, at(10, 1), bid_price=10_110, ask_price=10_120)])

    facts = exchange.place(a_modify("0000001", 10, 10_120))

    assert fills(facts) == [(10, 10_120, 0)]


# ---- the closing auction ----------------------------------------------------------------------------------------


def test_given_a_conditional_limit_order_when_the_closing_auction_crosses_above_it_then_it_trades() -> None:
    exchange = an_exchange()
    exchange.place(an_order(K.CONDITIONAL_LIMIT, 10, 9_500))
    assert fills(exchange.on_quotes([a_quote(9_600, at(15, 19))])) == []

    facts = exchange.on_quotes([a_quote(9_700, at(15, 30, 9), kind=3, last_qty=40)])

    assert fills(facts) == [(10, 9_700, 0)]


def test_given_a_conditional_limit_buy_when_it_may_become_a_market_order_then_it_reserves_at_the_upper_limit() -> None:
    exchange = an_exchange(cash=100_000)

    [rejected] = exchange.place(an_order(K.CONDITIONAL_LIMIT, 10, 9_500))

    assert isinstance(rejected, OrderRejected) and rejected.code == "INSUFFICIENT_CASH"


# ---- the walk through the book ----------------------------------------------------------------------------------


def test_given_a_depth_of_the_feed_when_a_market_order_comes_then_it_walks_the_book_and_pays_each_level() -> None:
    exchange = a_venue(rows=[a_quote()])
    exchange.on_quotes([], [Depth(SYMBOL, at(10, 0), ((9_990, 30),), ((10_000, 40), (10_010, 20), (10_030, 50)))])

    facts = exchange.place(a_submit(90, None))

    assert fills(facts) == [(40, 10_000, 50), (20, 10_010, 30), (30, 10_030, 0)]


def test_given_shares_taken_when_the_feed_goes_on_displaying_them_then_they_are_not_taken_twice() -> None:
    exchange = an_exchange()
    exchange.place(a_submit(40))

    shown_again: list[Quote] = [a_book(at(10, 1)), a_book(at(10, 2), ask_qty=55)]
    exchange.place(a_submit(40, name="c2"))

    assert fills(exchange.on_quotes(shown_again)) == [(15, 10_000, 25)]


def test_given_a_made_up_book_when_a_large_order_comes_then_it_moves_the_price_against_itself() -> None:
    exchange = a_venue(depth_levels=10, rows=[a_quote(cumulative_volume=1_000_000)])

    facts = exchange.place(a_submit(700, 10_500))

    prices = [price for _, price, _ in fills(facts)]
    assert prices == sorted(prices) and prices[0] == 10_000 < prices[-1] <= 10_500


def test_given_an_order_book_later_than_the_row_when_a_print_comes_then_it_tells_which_side_waited() -> None:
    exchange = an_exchange()
    exchange.place(a_submit(10, 9_980))
    exchange.on_quotes([], [Depth(SYMBOL, at(10, 1), ((9_980, 12),), ((9_990, 40),))])

    # By the row alone 9,980 would lie below the bid of 9,990; by the book it met the bid of 9,980, and its queue.
    sold = a_quote(9_980, at(10, 2), bid_price=9_980, ask_price=9_990, bid_qty=1, last_qty=16)
    assert fills(exchange.on_quotes([sold])) == [(4, 9_980, 6)]


# ---- queues -----------------------------------------------------------------------------------------------------


def test_given_an_order_behind_displayed_shares_when_sellers_hit_the_bid_then_it_trades_after_them() -> None:
    exchange = an_exchange()  # 30 bid at 9,990
    exchange.place(a_submit(10, 9_990))
    sold = a_quote(9_990, bid_price=9_990, ask_price=10_000, last_qty=25)

    first = exchange.on_quotes([sold._replace(venue_time=at(10, 1), bid_qty=5)])
    second = exchange.on_quotes([sold._replace(venue_time=at(10, 2), bid_qty=0)])

    assert (fills(first), fills(second)) == ([], [(10, 9_990, 0)])


def test_given_an_order_at_a_price_nobody_displayed_when_it_comes_into_view_then_everybody_shown_stands_before_it() -> (
    None
):
    exchange = an_exchange()
    exchange.place(a_submit(10, 9_900))
    falling = a_quote(9_900, at(10, 1), bid_price=9_900, ask_price=9_910, bid_qty=30)

    assert fills(exchange.on_quotes([falling])) == []
    assert exchange.floor.issue(SYMBOL, exchange.now).book.queue_ahead(1) == 30
    assert fills(exchange.on_quotes([falling._replace(venue_time=at(10, 2), last_qty=35, bid_qty=1)])) == [
        (5, 9_900, 5)
    ]


def test_given_the_upper_limit_without_asks_when_a_buy_comes_then_it_waits_and_trades_from_prints_only() -> None:
    locked = a_quote(13_000, bid_price=13_000, bid_qty=500, ask_price=0, ask_qty=0)
    exchange = an_exchange(rows=[locked])

    assert fills(exchange.place(a_submit(10, 13_000))) == []
    assert fills(exchange.on_quotes([locked._replace(venue_time=at(10, 1), last_qty=400, bid_qty=100)])) == []
    assert fills(exchange.on_quotes([locked._replace(venue_time=at(10, 2), last_qty=105, bid_qty=1)])) == [
        (5, 13_000, 5)
    ]


def test_given_a_print_outside_the_limits_when_it_comes_then_it_fills_nothing() -> None:
    exchange = an_exchange()
    exchange.place(a_submit(10, 9_000))

    assert fills(exchange.on_quotes([a_quote(6_000, at(10, 1))])) == []


def test_given_a_suspended_issue_when_an_order_comes_then_it_is_rejected() -> None:
    exchange = an_exchange()
    exchange.set_instruments([an_instrument(tradable=False)])

    [rejected] = exchange.place(a_submit())

    assert isinstance(rejected, OrderRejected) and rejected.code == "NOT_TRADABLE"


@pytest.mark.parametrize(("force", "expected"), [(T.IOC, [(40, 10_000, 20), (19, 20_000, 1)]), (T.FOK, [])])
def test_given_no_known_limits_when_cash_covers_part_of_a_market_buy_then_all_or_none_gets_none(
    force: TimeInForce, expected: list[tuple[int, int, int]]
) -> None:
    exchange = a_venue(cash=800_000)
    exchange.set_instruments([an_instrument(base=None)])
    exchange.on_quotes([a_quote()], [Depth(SYMBOL, at(10, 0), ((9_990, 30),), ((10_000, 40), (20_000, 900)))])

    facts = exchange.place(an_order(K.MARKET, 60, time_in_force=force))

    assert fills(facts) == expected
    assert exchange.open_orders() == [] and exchange.books.account.cash >= 0
