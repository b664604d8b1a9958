"""The day of the venue: auctions, off-hours, the after-market, and what stands still."""

from typing import Any

import pytest

from broker_sim.exchange import Exchange
from broker_sim.floor import NO_CROSS
from broker_sim.halts import INTERRUPTED, LEFT_TO_FEED
from domain.config import SimConfig
from domain.errors import InvariantError
from domain.messages.orders import OrderExpired, OrderFilled, OrderRejected
from domain.quotes import Depth, QuoteKind
from domain.types import Market, OrderKind, Side, TimeInForce, VenuePhase
from tests.broker_sim.builders import CASH, SYMBOL, a_cancel, a_modify, a_quote, a_submit, an_instrument, at
from tests.broker_sim.exchange_steps import (
    AFTER_MARKET_DAY,
    a_book,
    a_cross,
    a_holder,
    a_venue,
    an_order,
    fills,
    kinds,
)

K = OrderKind
TRADE, AUCTION = int(QuoteKind.TRADE), int(QuoteKind.AUCTION_TRADE)


@pytest.mark.parametrize(
    ("when", "phase"),
    [
        (at(8, 29), VenuePhase.CLOSED),
        (at(8, 35), VenuePhase.OPENING_AUCTION),
        (at(9, 0), VenuePhase.CONTINUOUS),
        (at(15, 20), VenuePhase.CLOSING_AUCTION),
        (at(15, 30, 35), VenuePhase.CLOSING_AUCTION),
        (at(15, 30, 36), VenuePhase.OFF_HOURS_CLOSE),
        (at(15, 59), VenuePhase.OFF_HOURS_CLOSE),
        (at(16, 1), VenuePhase.OFF_HOURS_CLOSE),
        (at(18, 0), VenuePhase.CLOSED),
        (at(16, 0, day=AFTER_MARKET_DAY), VenuePhase.AFTER_MARKET),
        (at(19, 59, day=AFTER_MARKET_DAY), VenuePhase.AFTER_MARKET),
        (at(20, 0, day=AFTER_MARKET_DAY), VenuePhase.CLOSED),
    ],
)
def test_given_a_clock_when_asked_then_the_phase_of_the_day_is_told(when: int, phase: VenuePhase) -> None:
    assert a_venue(when).phase is phase


# ---- the opening auction ----------------------------------------------------------------------------------------


def an_opening(*orders: object, when: int = at(8, 45), **config: object) -> Exchange:
    exchange = a_venue(when, **config)  # type: ignore[arg-type]
    for order in orders:
        exchange.place(order)  # type: ignore[arg-type]
    return exchange


def test_given_orders_before_the_open_when_the_book_is_crossed_then_nothing_trades_until_the_print() -> None:
    exchange = an_opening(a_submit(10, 10_100), a_submit(10, None, name="c2"), a_submit(10, 10_200, name="c3"))

    collected = exchange.on_quotes([a_book(at(8, 50), 10_050, 9_900), a_book(at(9, 0, 3), 10_050, 9_900)])
    crossed = exchange.on_quotes([a_cross(10_000, at(9, 0, 9), 25, ask_price=10_010, ask_qty=0)])

    assert collected == []
    assert [(fact.client_order_id, fact.last_qty) for fact in crossed if isinstance(fact, OrderFilled)] == [
        ("c2", 10),  # at the market, then by price
        ("c3", 10),
        ("c1", 5),
    ]
    assert {price for _, price, _ in fills(crossed)} == {10_000}


@pytest.mark.parametrize(("share", "expected"), [(False, []), (True, [(6, 10_000, 4)])])
def test_given_an_order_at_the_auctions_price_when_it_crosses_then_the_policy_tells_its_share(
    share: bool, expected: list[tuple[int, int, int]]
) -> None:
    exchange = an_opening(a_submit(10, 10_000), auction_share=share)
    exchange.on_quotes([a_book(at(8, 59), 10_000, 10_000, bid_qty=40)])

    facts = exchange.on_quotes([a_cross(10_000, at(9, 0, 9), 30, bid_price=9_990, ask_price=10_010)])

    assert fills(facts) == expected


def test_given_an_unlabelled_first_print_in_the_random_end_when_it_comes_then_it_is_the_cross() -> None:
    exchange = an_opening(a_submit(10, 10_100))

    assert fills(exchange.on_quotes([a_quote(10_000, at(9, 0, 20), ask_price=10_010)])) == [(10, 10_000, 0)]


def test_given_a_feed_without_a_cross_when_its_latest_moment_has_passed_then_nothing_trades_and_it_is_counted() -> None:
    exchange = an_opening(a_submit(10, 10_100))
    exchange.on_quotes([a_book(at(9, 0, 1), 10_050, 10_060)])

    assert exchange.advance(at(9, 0, 36)) == []
    assert exchange.tally[NO_CROSS] == 1
    assert fills(exchange.on_quotes([a_book(at(9, 1), 10_050, 10_060)])) == [(10, 10_060, 0)]


def test_given_an_auction_that_has_not_crossed_when_an_immediate_order_comes_then_it_is_rejected() -> None:
    exchange = a_venue(at(9, 0, 10))

    [rejected] = exchange.place(an_order(K.LIMIT, 1, 10_000, time_in_force=TimeInForce.IOC))
    exchange.on_quotes([a_cross(10_000, at(9, 0, 12))])
    taken = exchange.place(an_order(K.LIMIT, 1, 10_000, name="c2", time_in_force=TimeInForce.IOC))

    assert isinstance(rejected, OrderRejected) and "OPENING_AUCTION" in rejected.text
    assert kinds(taken) == ["OrderAccepted", "OrderFilled"]


# ---- the closing auction ----------------------------------------------------------------------------------------


def test_given_a_closing_cross_in_several_late_prints_when_they_come_then_orders_trade_until_35_seconds_after() -> None:
    exchange = a_venue(at(15, 25), rows=[a_quote(when=at(15, 19))])
    exchange.place(a_submit(30, 10_100))

    early = exchange.on_quotes([a_quote(9_000, at(15, 25, 1))])
    late = exchange.on_quotes([a_cross(10_000, at(15, 30, 3), 10), a_quote(10_000, at(15, 30, 35), last_qty=5)])
    [expired] = exchange.on_quotes([a_quote(10_000, at(15, 30, 36), last_qty=50)])

    assert (fills(early), fills(late)) == ([], [(10, 10_000, 20), (5, 10_000, 15)])
    assert isinstance(expired, OrderExpired) and expired.expired_qty == 15


def test_given_no_closing_print_when_the_session_ends_then_it_is_counted() -> None:
    exchange = a_venue(rows=[a_quote(when=at(15, 0))])
    exchange.place(a_submit(10, 9_900))

    exchange.advance(at(15, 31))

    assert exchange.tally[NO_CROSS] == 1


# ---- off-hours --------------------------------------------------------------------------------------------------


def test_given_pre_open_orders_when_the_window_prints_the_base_price_then_they_trade_by_time_and_expire() -> None:
    exchange = an_opening(an_order(K.PRE_OPEN_CLOSE, 30), an_order(K.PRE_OPEN_CLOSE, 30, name="c2"), when=at(8, 31))

    facts = exchange.on_quotes([a_quote(10_010, at(8, 33)), a_quote(10_000, at(8, 34), last_qty=40)])
    expired = exchange.advance(at(8, 40))
    crossed = exchange.on_quotes([a_cross(10_000, at(9, 0, 9), 500)])

    assert fills(facts) == [(30, 10_000, 0), (10, 10_000, 20)]
    assert kinds(expired) == ["OrderExpired"] and crossed == []


def test_given_an_opening_order_when_the_pre_open_window_prints_and_ends_then_it_is_untouched() -> None:
    exchange = an_opening(a_submit(10, 10_100), an_order(K.PRE_OPEN_CLOSE, 30, name="c2"), when=at(8, 31))

    facts = exchange.on_quotes([a_quote(10_000, at(8, 34), last_qty=10), a_cross(9_950, at(9, 0, 9))])

    assert [(fact.client_order_id, fact.last_px) for fact in facts if isinstance(fact, OrderFilled)] == [
        ("c2", 10_000),
        ("c1", 9_950),
    ]


def test_given_post_close_orders_when_the_window_prints_the_close_then_they_trade_and_expire_at_its_end() -> None:
    exchange = a_venue(rows=[a_quote(when=at(15, 0)), a_cross(10_050, at(15, 30, 9))])
    exchange.advance(at(15, 31))
    exchange.place(an_order(K.POST_CLOSE, 30))
    assert exchange.orderable_cash == CASH - 301_500 - 45  # at the close

    early = exchange.on_quotes([a_quote(10_050, at(15, 39))])
    facts = exchange.on_quotes([a_quote(10_060, at(15, 41)), a_quote(10_050, at(15, 42), last_qty=12)])

    assert (fills(early), fills(facts)) == ([], [(12, 10_050, 18)])
    assert kinds(exchange.advance(at(16, 0))) == ["OrderExpired"]


def test_given_a_post_close_buy_when_the_close_is_not_known_then_it_reserves_at_the_upper_limit() -> None:
    exchange = a_venue(at(15, 30, 10), rows=[a_quote(when=at(15, 30, 5))])

    exchange.place(an_order(K.POST_CLOSE, 10))

    assert exchange.orderable_cash == CASH - 130_000 - 19


def test_given_a_regular_order_when_the_post_close_window_comes_then_it_is_not_carried_over() -> None:
    exchange = a_venue(rows=[a_quote(when=at(15, 0))])
    exchange.place(a_submit(10, 9_900))

    facts = exchange.on_quotes([a_quote(9_900, at(15, 45), last_qty=500)])

    assert kinds(facts) == ["OrderExpired"]


def test_given_the_off_hours_single_price_when_its_auctions_print_then_orders_trade_at_each() -> None:
    exchange = a_venue(rows=[a_quote(when=at(15, 0)), a_cross(10_000, at(15, 30, 9))])
    exchange.advance(at(16, 5))
    [rejected] = exchange.place(an_order(K.OFF_HOURS_SINGLE, 10, 11_010))
    exchange.place(an_order(K.OFF_HOURS_SINGLE, 10, 10_100, name="c2"))

    facts = exchange.on_quotes([a_cross(10_050, at(16, 10), 4), a_quote(10_020, at(16, 20), last_qty=3)])

    assert isinstance(rejected, OrderRejected) and rejected.code == "OUTSIDE_LIMITS"
    assert fills(facts) == [(4, 10_050, 6), (3, 10_020, 3)]
    assert kinds(exchange.advance(at(18, 0))) == ["OrderExpired"]


# ---- the after-market -------------------------------------------------------------------------------------------


def an_after_market() -> Exchange:
    exchange = a_venue(rows=[a_quote(when=at(15, 0, day=AFTER_MARKET_DAY))])
    exchange.set_instruments([an_instrument("069500", market=Market.ETF)])
    return exchange


def test_given_the_after_market_when_orders_come_then_it_is_continuous_and_a_market_of_its_own() -> None:
    exchange, day = an_after_market(), AFTER_MARKET_DAY
    exchange.place(a_submit(10, 9_900))
    over = exchange.on_quotes([a_quote(when=at(16, 0, day=day))])
    traded = exchange.place(a_submit(50, name="c2"))
    more = exchange.on_quotes([a_quote(10_000, at(19, 59, day=day), bid_price=9_990, ask_price=10_000, last_qty=99)])
    expired = exchange.advance(at(20, 0, day=day))

    assert kinds(over) == ["OrderExpired"]
    assert fills(traded) == [(40, 10_000, 10)]
    assert fills(more) == [(10, 10_000, 0)]  # 40 of the print were ours before
    assert expired == []


@pytest.mark.parametrize(
    ("kind", "price", "in_force", "symbol", "code"),
    [
        (K.LIMIT, 10_000, TimeInForce.IOC, SYMBOL, None),
        (K.BEST_LIMIT, None, TimeInForce.DAY, SYMBOL, None),
        (K.FIRST_LIMIT, None, TimeInForce.DAY, SYMBOL, None),
        (K.MARKET, None, TimeInForce.DAY, SYMBOL, "KIND_NOT_ALLOWED"),
        (K.LIMIT, 10_000, TimeInForce.DAY, "069500", "KIND_NOT_ALLOWED"),
    ],
)
def test_given_the_after_market_when_an_order_comes_then_its_own_kinds_are_taken(
    kind: OrderKind, price: int | None, in_force: TimeInForce, symbol: str, code: str | None
) -> None:
    exchange = an_after_market()
    exchange.on_quotes([a_quote(when=at(17, 0, day=AFTER_MARKET_DAY))])

    [answer, *_] = exchange.place(an_order(kind, 1, price, time_in_force=in_force, symbol=symbol))

    assert (answer.code if isinstance(answer, OrderRejected) else None) == code


def test_given_an_after_market_order_when_it_has_not_traded_by_20_hours_then_it_expires() -> None:
    exchange = an_after_market()
    exchange.on_quotes([a_quote(when=at(17, 0, day=AFTER_MARKET_DAY))])
    exchange.place(a_submit(10, 9_900))

    [expired] = exchange.advance(at(20, 30, day=AFTER_MARKET_DAY))

    assert isinstance(expired, OrderExpired) and expired.venue_time == at(20, 0, day=AFTER_MARKET_DAY)


# ---- volatility interruptions -----------------------------------------------------------------------------------


def an_interrupted(**config: object) -> Exchange:
    """Give an exchange with a waiting buy at 10,900, interrupted at 10:01 by a print 10 % above the base."""
    exchange = a_venue(rows=[a_quote(10_500)], interruptions=True, **config)  # type: ignore[arg-type]
    exchange.place(a_submit(10, 10_400))
    assert exchange.on_quotes([a_quote(11_000, at(10, 1), bid_price=10_990)]) == []
    assert exchange.tally[INTERRUPTED] == 1
    return exchange


def test_given_an_interruption_when_two_minutes_pass_then_only_the_feeds_print_ends_it_at_one_price() -> None:
    exchange = an_interrupted()
    exchange.place(a_submit(10, 11_100, name="c2"))  # meets the ask, and waits

    silent = exchange.on_quotes([a_book(at(10, 2), 10_900, 10_950), a_book(at(10, 6), 10_900, 10_950)])
    facts = exchange.on_quotes([a_quote(11_050, at(10, 6, 1), bid_price=11_040, ask_price=11_060)])

    assert silent == []
    assert fills(facts) == [(10, 11_050, 0)]


def test_given_an_interruption_when_a_labelled_print_comes_early_then_it_ends_it() -> None:
    exchange = an_interrupted()
    exchange.place(a_submit(10, 11_100, name="c2"))

    assert fills(exchange.on_quotes([a_cross(11_050, at(10, 1, 30), bid_price=11_040)])) == [(10, 11_050, 0)]
    assert not exchange.tally[LEFT_TO_FEED]


def test_given_an_interruption_when_the_feed_trades_on_then_the_feed_wins_and_it_is_counted() -> None:
    exchange = an_interrupted()

    facts = exchange.on_quotes([a_quote(10_390, at(10, 1, 20), bid_price=10_380, ask_price=10_400)])

    assert fills(facts) == [(10, 10_400, 0)]
    assert exchange.tally[LEFT_TO_FEED] == 1


def test_given_an_interruption_when_a_best_limit_order_comes_then_it_is_rejected_with_the_reason() -> None:
    exchange = an_interrupted()

    [rejected] = exchange.place(an_order(K.BEST_LIMIT, 1, name="c2"))

    assert isinstance(rejected, OrderRejected) and "INTERRUPTION_AUCTION" in rejected.text


def test_given_an_issue_without_orders_when_it_is_interrupted_then_an_order_meets_the_auction() -> None:
    exchange = a_venue(rows=[a_quote(10_500)], interruptions=True)
    exchange.on_quotes([a_quote(11_200, at(10, 1))])

    assert kinds(exchange.place(a_submit(10, 11_200))) == ["OrderAccepted"]
    assert fills(exchange.on_quotes([a_quote(11_150, at(10, 3, 10), ask_price=11_160)])) == [(10, 11_150, 0)]
    # 11,150 is the reference by now: the base of 10,000 would trip at once
    assert fills(exchange.on_quotes([a_quote(11_300, at(10, 4))])) == []
    assert exchange.tally[INTERRUPTED] == 1


def test_given_no_interruptions_asked_for_when_prices_jump_then_trading_goes_on() -> None:
    exchange = a_venue(rows=[a_quote(10_500)])
    exchange.place(a_submit(10, 10_400))

    assert fills(exchange.on_quotes([a_quote(9_000, at(10, 1))])) == [(10, 10_400, 0)]


def test_given_an_interruption_when_the_closing_auction_begins_then_it_is_the_closing_auction() -> None:
    exchange = a_venue(rows=[a_quote(10_500, at(15, 18))], interruptions=True)
    exchange.on_quotes([a_quote(11_200, at(15, 19, 30))])
    exchange.place(a_submit(10, 11_400))

    silent = exchange.on_quotes([a_quote(11_200, at(15, 21, 40), bid_price=11_190)])  # past the two minutes
    crossed = exchange.on_quotes([a_cross(11_300, at(15, 30, 5))])

    assert (fills(silent), fills(crossed)) == ([], [(10, 11_300, 0)])


def test_given_an_interruption_when_the_source_begins_again_then_it_is_forgotten() -> None:
    exchange = an_interrupted()

    exchange.begin(at(9, 30))

    assert fills(exchange.on_quotes([a_quote(10_300, at(9, 31))])) == [(10, 10_400, 0)]


# ---- circuit breakers -------------------------------------------------------------------------------------------


def a_halted() -> Exchange:
    """Give an exchange with a waiting buy whose market was halted at 10:02."""
    exchange = a_venue(rows=[a_quote()])
    exchange.place(a_submit(10, 9_900))
    exchange.set_previous_close(Market.KOSPI, 250_000)
    exchange.on_index(Market.KOSPI, 230_000, at(10, 1))
    exchange.on_index(Market.KOSPI, 229_000, at(10, 2))
    return exchange


def test_given_a_circuit_breaker_when_it_trips_then_no_order_is_taken_but_cancels_pass() -> None:
    exchange = a_halted()

    [rejected] = exchange.place(a_submit(name="c2"))
    [refused] = exchange.place(a_modify("0000001", 10, 9_800))
    cancelled = exchange.place(a_cancel("0000001"))

    assert exchange.phase is VenuePhase.HALTED
    assert isinstance(rejected, OrderRejected) and rejected.code == "MARKET_HALTED"
    assert kinds([refused]) == ["ChangeRefused"] and kinds(cancelled) == ["ChangeReceived", "OrderCancelled"]


def test_given_a_halt_when_it_is_over_then_orders_are_collected_and_the_feeds_print_ends_the_auction() -> None:
    exchange = a_halted()
    silent = exchange.on_quotes([a_quote(9_000, at(10, 10))])  # nothing trades in a halt
    exchange.advance(at(10, 22))
    exchange.place(a_submit(10, 9_950, name="c2"))
    early = exchange.on_quotes([a_quote(9_000, at(10, 25))])

    facts = exchange.on_quotes([a_quote(9_500, at(10, 32, 9), bid_price=9_490, ask_price=9_510)])

    assert exchange.phase is VenuePhase.CONTINUOUS
    assert silent == early == []
    assert [(fact.client_order_id, fact.last_px) for fact in facts if isinstance(fact, OrderFilled)] == [
        ("c2", 9_500),
        ("c1", 9_500),
    ]


def test_given_a_kosdaq_halt_when_a_kospi_order_comes_then_it_is_taken() -> None:
    exchange = a_venue(rows=[a_quote()])
    exchange.set_previous_close(Market.KOSDAQ, 90_000)
    exchange.on_index(Market.KOSDAQ, 80_000, at(10, 1))
    exchange.on_index(Market.KOSDAQ, 80_000, at(10, 2))

    assert kinds(exchange.place(a_submit())) == ["OrderAccepted", "OrderFilled"]


@pytest.mark.parametrize("market", [Market.KOSPI, Market.ETF])
def test_given_an_index_without_a_previous_close_when_it_moves_then_it_is_the_callers_bug(
    market: Market,
) -> None:
    with pytest.raises(InvariantError, match="expected"):
        a_venue(rows=[a_quote()]).on_index(market, 100, at(10, 1))


# ---- sells ------------------------------------------------------------------------------------------------------


def test_given_shares_when_sold_in_the_closing_auction_then_sells_trade_like_buys() -> None:
    exchange = a_holder(20, at(15, 25))
    exchange.place(a_submit(20, 9_900, Side.SELL))

    assert fills(exchange.on_quotes([a_cross(10_000, at(15, 30, 5), 15)])) == [(15, 10_000, 5)]


@pytest.mark.parametrize(
    "nonsense",
    [{"price": -10_000}, {"last_qty": -5}, {"price": 0, "last_qty": 5}, {"bid_price": -1}, {"ask_qty": -1}],
    ids=lambda changes: ", ".join(changes),
)
def test_given_a_row_no_market_shows_when_taken_then_it_is_left_aside_and_counted(nonsense: dict[str, Any]) -> None:
    exchange = Exchange(CASH, 150, config=SimConfig())
    exchange.set_instruments([an_instrument()])
    exchange.on_quotes([a_quote()])
    exchange.place(a_submit(10, 9_990))
    before = exchange.latest[SYMBOL]
    assert exchange.on_quotes([a_quote(when=at(10, 1))._replace(**nonsense)]) == []
    assert exchange.latest[SYMBOL] == before
    assert exchange.tally["nonsense"] == 1


def test_given_an_issue_not_traded_yet_when_interruptions_are_told_from_prints_then_its_rows_are_no_prints() -> None:
    exchange = a_venue(rows=[a_quote()], interruptions=True)
    idle = a_quote(0, at(10, 1), last_qty=0, bid_price=0, ask_price=0)._replace(symbol="000660")
    assert exchange.on_quotes([idle, idle._replace(price=300_000, venue_time=at(10, 2))]) == []
    assert not exchange.tally[INTERRUPTED]


# ---- other days -------------------------------------------------------------------------------------------------

YESTERDAY = at(15, 30) - 86_400 * 10**9


def test_given_an_open_order_when_a_row_of_an_earlier_day_comes_then_it_is_left_aside() -> None:
    exchange = a_venue(rows=[a_quote()])
    exchange.place(a_submit(10, 9_900))

    assert exchange.on_quotes([a_quote(500_000, YESTERDAY)._replace(symbol="000660")]) == []
    assert exchange.now == at(10, 0) and len(exchange.open_orders()) == 1
    assert exchange.tally["bygone"] == 1
    assert "000660" not in exchange.latest


def test_given_one_row_with_the_time_of_a_later_day_when_the_feed_goes_on_then_so_does_the_day() -> None:
    exchange = a_venue(rows=[a_quote()])
    exchange.on_quotes([a_quote(when=at(10, 1) + 86_400 * 10**9)])

    exchange.on_quotes([a_quote(when=at(10, 2))])
    assert exchange.now == at(10, 2)
    assert kinds(exchange.place(a_submit(10, 9_900))) == ["OrderAccepted"]


def test_given_an_order_book_of_an_earlier_day_when_an_order_comes_then_nothing_of_it_is_taken() -> None:
    exchange = a_venue(at(9, 30))
    exchange.on_quotes([], [Depth(SYMBOL, YESTERDAY, ((9_990, 5),), ((10_000, 5), (10_010, 500)))])
    exchange.on_quotes([a_quote()])

    assert fills(exchange.place(a_submit(100, 10_010))) == [(40, 10_000, 60)]


def test_given_a_restart_after_the_close_when_the_close_is_not_known_then_the_print_of_the_window_tells_it() -> None:
    before = a_venue(rows=[a_quote()])
    before.on_quotes([a_cross(11_000, at(15, 30, 5))])
    before.advance(at(15, 41))
    [accepted] = before.place(an_order(K.POST_CLOSE, 5))
    again = a_venue()
    again.apply(accepted)
    again.restore(at(15, 41))

    assert again.orderable_cash <= before.orderable_cash < CASH - 5 * 11_000
    assert fills(again.on_quotes([a_quote(11_000, at(15, 42))])) == [(5, 11_000, 0)]


def test_given_a_restart_off_hours_when_the_latest_price_is_no_close_then_orders_are_not_judged_by_it() -> None:
    again = a_venue()
    again.restore(at(16, 30), [a_quote(10_900, at(16, 20))])  # a single price, the close was 10,000

    assert kinds(again.place(an_order(K.OFF_HOURS_SINGLE, 5, 9_500))) == ["OrderAccepted"]


def test_given_a_source_resumed_a_little_earlier_after_the_close_when_asked_then_the_close_is_still_known() -> None:
    exchange = a_venue(rows=[a_quote()])
    exchange.on_quotes([a_cross(11_000, at(15, 30, 5)), a_quote(11_000, at(15, 41))])
    exchange.begin(at(15, 40, 30))
    exchange.place(an_order(K.POST_CLOSE, 5))

    assert fills(exchange.on_quotes([a_quote(11_000, at(15, 42))])) == [(5, 11_000, 0)]


def test_given_a_restart_before_the_open_when_the_first_row_is_the_cross_then_orders_get_its_price() -> None:
    exchange = Exchange(CASH, 150)
    exchange.set_instruments([an_instrument()])
    exchange.advance(at(8, 50))
    [accepted] = exchange.place(a_submit(10, 10_100))
    again = Exchange(CASH, 150)
    again.set_instruments([an_instrument()])
    again.apply(accepted)
    again.restore(at(8, 55))

    assert fills(again.on_quotes([a_cross(9_900, at(9, 0, 5), 500)])) == [(10, 9_900, 0)]
