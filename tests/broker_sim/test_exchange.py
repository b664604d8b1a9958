"""Orders against quotes: what is rejected, what trades, and that the books balance."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker_sim.exchange import Exchange
from domain.errors import InvariantError, RequestRefused
from domain.messages.orders import (
    ChangeReceived,
    ChangeRefused,
    ModifyOrder,
    OrderAccepted,
    OrderCancelled,
    OrderExpired,
    OrderFact,
    OrderFilled,
    OrderRejected,
    OrderReplaced,
    SubmitOrder,
)
from domain.quotes import Quote, QuoteKind
from domain.types import Side, VenuePhase
from tests.broker_sim.builders import (
    CASH,
    SYMBOL,
    a_cancel,
    a_modify,
    a_quote,
    a_submit,
    an_exchange,
    an_instrument,
    at,
)


def kinds(facts: list[OrderFact]) -> list[str]:
    return [type(fact).__name__ for fact in facts]


def fills(facts: list[OrderFact]) -> list[tuple[int, int, int]]:
    return [(fact.last_qty, fact.last_px, fact.leaves_qty) for fact in facts if isinstance(fact, OrderFilled)]


def holding(quantity: int) -> Exchange:
    """Give an exchange that holds shares bought at 10,000, with nothing displayed taken."""
    exchange = an_exchange(rows=[a_quote(ask_qty=quantity)])
    assert fills(exchange.place(a_submit(quantity))) == [(quantity, 10_000, 0)]
    exchange.on_quotes([a_quote(when=at(10, 1))])
    return exchange


# ---- arrival ----------------------------------------------------------------------------------------------------


def test_given_a_marketable_buy_when_placed_then_it_takes_what_is_displayed_and_rests() -> None:
    exchange = an_exchange()

    accepted, filled = exchange.place(a_submit(quantity=100))

    assert isinstance(accepted, OrderAccepted) and accepted.venue_order_id == "0000001"
    assert isinstance(filled, OrderFilled)
    assert (filled.last_qty, filled.last_px, filled.leaves_qty) == (40, 10_000, 60)
    assert (filled.commission, filled.tax) == (60, 0)  # 0.015 % of 400,000
    [order] = exchange.open_orders()
    assert (order.quantity, order.leaves_qty) == (100, 60)


def test_given_liquidity_taken_when_another_order_comes_then_it_waits_for_the_next_row() -> None:
    exchange = an_exchange()
    exchange.place(a_submit(quantity=40))

    assert fills(exchange.place(a_submit(quantity=10, name="c2"))) == []
    assert fills(exchange.on_quotes([a_quote(when=at(10, 1))])) == [(10, 10_000, 0)]


def test_given_another_symbols_row_when_liquidity_was_taken_then_it_stays_taken() -> None:
    exchange = an_exchange()
    exchange.place(a_submit(quantity=40))
    exchange.on_quotes([a_quote(500_000, at(10, 1), symbol="000660", ask_price=501_000)])

    assert fills(exchange.place(a_submit(quantity=10, name="c2"))) == []


def test_given_a_market_buy_when_placed_then_it_pays_the_ask_and_reserves_at_the_upper_limit() -> None:
    exchange = an_exchange()

    facts = exchange.place(a_submit(50, price=None))

    assert fills(facts) == [(40, 10_000, 10)]
    assert exchange.orderable_cash == CASH - 400_060 - 130_019
    assert fills(exchange.on_quotes([a_quote(10_020, at(10, 1))])) == [(10, 10_020, 0)]


def test_given_unknown_limits_when_a_market_buy_outruns_its_reserve_then_it_buys_what_cash_covers() -> None:
    exchange = an_exchange(cash=1_000_000, rows=[a_quote(ask_qty=1)], base=None)
    exchange.place(a_submit(70, price=None))

    facts = exchange.on_quotes([a_quote(20_000, at(10, 1), ask_qty=100)])

    assert fills(facts) == [(49, 20_000, 20)]
    assert exchange.books.account.cash == 1_000_000 - 10_001 - 980_147
    assert exchange.orderable_cash == 0


def test_given_a_sell_when_placed_then_tax_is_taken_and_profit_is_realised_after_all_costs() -> None:
    exchange = holding(20)
    exchange.on_quotes([a_quote(10_100, at(10, 2), bid_price=10_100, ask_price=10_110)])

    [_, filled] = exchange.place(a_submit(20, 10_100, Side.SELL, "c2"))

    assert isinstance(filled, OrderFilled)
    assert (filled.commission, filled.tax) == (30, 101 + 303)  # 202,000: 0.05 % and 0.15 %, each cut to the won
    [position] = exchange.positions()
    assert (position.quantity, position.cost_basis, position.realized_pnl) == (0, 0, 2_000 - 30 - 30 - 404)
    assert exchange.books.account.cash == CASH + position.realized_pnl


# ---- resting ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (a_quote(9_900, at(10, 1), bid_price=9_890, ask_price=9_910), []),  # print at the limit: our place is unknown
        (a_quote(9_890, at(10, 1), bid_price=9_890, ask_price=9_910, last_qty=7), [(7, 9_900, 53)]),  # through it
        (a_quote(9_950, at(10, 1), bid_price=9_890, ask_price=9_900, ask_qty=25), [(25, 9_900, 35)]),  # ask reaches it
        (a_quote(9_880, at(10, 1), last_qty=7, ask_qty=25), [(7, 9_900, 53), (25, 9_900, 28)]),
        (a_quote(9_880, at(10, 1), last_qty=0, ask_qty=25, kind=QuoteKind.BOOK), [(25, 9_900, 35)]),
        (a_quote(9_880, at(10, 1), symbol="000660"), []),
        (a_quote(9_880, at(9, 59)), []),  # older than the row before
        (a_quote(9_880, at(15, 20)), []),  # closing auction
        (a_quote(9_880, at(15, 30, 10), kind=QuoteKind.AUCTION_TRADE, last_qty=9), [(9, 9_880, 51)]),
    ],
)
def test_given_a_resting_buy_when_a_row_comes_then_it_trades_as_the_rules_say(
    row: Quote, expected: list[tuple[int, int, int]]
) -> None:
    exchange = an_exchange()
    exchange.place(a_submit(60, 9_900))

    assert fills(exchange.on_quotes([row])) == expected


def test_given_the_rest_of_a_marketable_order_when_the_market_comes_to_it_then_it_pays_its_limit() -> None:
    # It waits as the best bid, so whoever sells to it gets its price.
    exchange = an_exchange()
    exchange.place(a_submit(60, 10_050))  # 40 at 10,000

    assert fills(exchange.on_quotes([a_quote(10_020, at(10, 1))])) == [(20, 10_050, 0)]


def test_given_two_resting_orders_when_shares_come_then_price_goes_before_time() -> None:
    exchange = an_exchange()
    for name, price in (("c1", 9_900), ("c2", 9_950), ("c3", 9_900)):
        exchange.place(a_submit(10, price, name=name))

    facts = exchange.on_quotes([a_quote(9_880, at(10, 1), last_qty=0, ask_qty=25, kind=QuoteKind.BOOK)])

    assert [fact.client_order_id for fact in facts] == ["c2", "c1", "c3"]
    assert fills(facts) == [(10, 9_950, 0), (10, 9_900, 0), (5, 9_900, 5)]


def test_given_orders_before_the_open_when_the_cross_comes_then_they_trade_at_its_price() -> None:
    exchange = Exchange(CASH, 150)
    exchange.set_instruments([an_instrument()])
    exchange.advance(at(8, 45))
    assert exchange.phase is VenuePhase.OPENING_AUCTION
    assert (
        kinds(exchange.place(a_submit(10, 10_100)) + exchange.place(a_submit(10, 9_900, name="c2")))
        == ["OrderAccepted"] * 2
    )

    cross = a_quote(10_000, at(9, 0, 5), kind=QuoteKind.AUCTION_TRADE, last_qty=6, ask_price=10_010, ask_qty=3)

    assert fills(exchange.on_quotes([cross])) == [(6, 10_000, 4), (3, 10_010, 1)]


# ---- rejections -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("order", "code"),
    [
        (a_submit(symbol="005930"), "UNKNOWN_SYMBOL"),
        (a_submit(symbol="999999"), "NOT_TRADABLE"),
        (a_submit(0), "BAD_QUANTITY"),
        (a_submit(-1), "BAD_QUANTITY"),
        (a_submit(price=10_005), "BAD_TICK"),
        (a_submit(price=-10), "BAD_TICK"),
        (a_submit(price=13_010), "OUTSIDE_LIMITS"),
        (a_submit(price=6_990), "OUTSIDE_LIMITS"),
        (a_submit(1_000), "INSUFFICIENT_CASH"),  # the notional fits, the commission does not
        (a_submit(770, price=None), "INSUFFICIENT_CASH"),
        (a_submit(1, side=Side.SELL), "INSUFFICIENT_SHARES"),
        (a_submit(1, price=None, symbol="000660"), None),
    ],
)
def test_given_a_bad_order_when_placed_then_it_is_rejected_with_a_code(order: SubmitOrder, code: str | None) -> None:
    exchange = an_exchange()
    exchange.set_instruments([an_instrument("999999", tradable=False)])

    facts = exchange.place(order)

    rejected = [fact.code for fact in facts if isinstance(fact, OrderRejected)]
    assert rejected == ([code] if code else [])
    assert len(exchange.open_orders()) == (0 if code else 1)


def test_given_unknown_limits_when_a_market_buy_has_no_price_then_it_is_rejected() -> None:
    exchange = an_exchange(rows=[a_quote(500_000, symbol="000660", ask_price=501_000)], base=None)

    [rejected] = exchange.place(a_submit(price=None))
    [accepted, *_] = exchange.place(a_submit(price=99_000, name="c2"))

    assert isinstance(rejected, OrderRejected) and rejected.code == "NO_PRICE"
    assert isinstance(accepted, OrderAccepted)


@pytest.mark.parametrize(
    ("when", "code"),
    [
        (at(8, 29, 59), "SESSION_CLOSED"),
        (at(15, 30, 36), "KIND_NOT_ALLOWED"),  # only off-hours orders are collected then
        (at(18, 0), "SESSION_CLOSED"),  # of 2026-01-13: the after-market begins in September
        (at(10, 0) + 4 * 86_400 * 10**9, "SESSION_CLOSED"),
    ],
)
def test_given_a_closed_session_when_an_order_comes_then_it_is_rejected(when: int, code: str) -> None:
    exchange = an_exchange(rows=[a_quote(when=when)])

    [rejected] = exchange.place(a_submit())

    assert isinstance(rejected, OrderRejected) and rejected.code == code


def test_given_no_clock_when_an_order_comes_then_it_never_reaches_the_venue() -> None:
    with pytest.raises(RequestRefused, match="NO_VENUE_CLOCK"):
        an_exchange(rows=[]).place(a_submit())


def test_given_shares_in_an_open_sell_when_sold_again_then_it_is_rejected() -> None:
    exchange = holding(10)
    exchange.place(a_submit(8, 10_500, Side.SELL, "c2"))

    [rejected] = exchange.place(a_submit(3, 10_500, Side.SELL, "c3"))

    assert isinstance(rejected, OrderRejected) and rejected.code == "INSUFFICIENT_SHARES"


# ---- changes ----------------------------------------------------------------------------------------------------


def test_given_a_resting_order_when_part_is_modified_then_two_legs_live() -> None:
    exchange = an_exchange()
    exchange.place(a_submit(50, 9_900))

    received, replaced = exchange.place(a_modify("0000001", 20, 9_800))

    assert isinstance(received, ChangeReceived) and received.change_venue_order_id == "0000002"
    assert isinstance(replaced, OrderReplaced)
    assert (replaced.new_venue_order_id, replaced.moved_qty, replaced.leaves_qty) == ("0000002", 20, 30)
    assert [(o.venue_order_id, o.leaves_qty, o.limit_price) for o in exchange.open_orders()] == [
        ("0000001", 30, 9_900),
        ("0000002", 20, 9_800),
    ]


def test_given_a_modify_to_a_marketable_price_when_placed_then_the_new_leg_trades() -> None:
    exchange = an_exchange()
    exchange.place(a_submit(50, 9_900))

    facts = exchange.place(a_modify("0000001", 50, 10_000))

    assert kinds(facts) == ["ChangeReceived", "OrderReplaced", "OrderFilled"]
    assert fills(facts) == [(40, 10_000, 10)]


def test_given_a_resting_order_when_cancelled_in_parts_then_the_last_part_closes_it() -> None:
    exchange = an_exchange()
    exchange.place(a_submit(50, 9_900))

    first = exchange.place(a_cancel("0000001", 20))
    last = exchange.place(a_cancel("0000001", request="x2"))

    assert isinstance(first[1], OrderCancelled) and first[1].leaves_qty == 30
    assert isinstance(last[1], OrderCancelled) and (last[1].cancelled_qty, last[1].leaves_qty) == (30, 0)
    assert exchange.open_orders() == []
    assert exchange.orderable_cash == CASH


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (a_modify("0000009", 10, 9_800), "NOT_OPEN"),
        (a_modify("0000001", 10, 9_800, name="c2"), "NOT_OPEN"),
        (a_modify("x", 10, 9_800), "NOT_OPEN"),
        (a_modify("0000001", 51, 9_800), "BAD_QUANTITY"),
        (a_modify("0000001", 0, 9_800), "BAD_QUANTITY"),
        (a_modify("0000001", 10, 9_805), "BAD_TICK"),
        (a_modify("0000001", 10, 13_010), "OUTSIDE_LIMITS"),
        (a_cancel("0000001", 51), "BAD_QUANTITY"),
        (a_cancel("0000007"), "NOT_OPEN"),
    ],
)
def test_given_a_bad_change_when_placed_then_it_is_refused_and_the_order_stands(change: ModifyOrder, code: str) -> None:
    exchange = an_exchange()
    exchange.place(a_submit(50, 9_900))

    [refused] = exchange.place(change)

    assert isinstance(refused, ChangeRefused) and refused.code == code
    assert [order.leaves_qty for order in exchange.open_orders()] == [50]


def test_given_little_cash_when_a_buy_is_moved_up_then_it_is_refused() -> None:
    exchange = an_exchange(cash=500_000)
    exchange.place(a_submit(50, 9_900))

    [refused] = exchange.place(a_modify("0000001", 50, 10_000))

    assert isinstance(refused, ChangeRefused) and refused.code == "INSUFFICIENT_CASH"


# ---- the day ----------------------------------------------------------------------------------------------------


def test_given_open_orders_when_the_session_is_over_then_they_expire_35_seconds_after_the_close() -> None:
    exchange = an_exchange()
    exchange.place(a_submit(50, 9_900))

    assert exchange.advance(at(15, 30, 35)) == []
    [expired] = exchange.advance(at(15, 30, 36))

    assert isinstance(expired, OrderExpired) and expired.expired_qty == 50
    assert exchange.orderable_cash == CASH
    assert exchange.phase is VenuePhase.OFF_HOURS_CLOSE


def test_given_open_orders_when_the_data_ends_early_then_they_expire_and_nothing_is_taken_any_more() -> None:
    exchange = an_exchange()
    exchange.place(a_submit(50, 9_900))

    [expired] = exchange.end_of_data()

    assert isinstance(expired, OrderExpired)
    assert exchange.phase is VenuePhase.DATA_ENDED
    assert kinds(exchange.place(a_submit(name="c2"))) == ["OrderRejected"]
    assert exchange.end_of_data() == []


def test_given_an_order_left_open_when_the_next_day_begins_then_it_expired_on_its_own_day() -> None:
    exchange = an_exchange()
    exchange.place(a_submit(50, 9_900))

    [expired] = exchange.on_quotes([a_quote(9_000, at(9, 1) + 86_400 * 10**9)])

    assert isinstance(expired, OrderExpired) and expired.venue_time == at(15, 30, 35)
    assert exchange.phase is VenuePhase.CONTINUOUS


def test_given_a_holding_when_a_new_day_begins_then_the_days_figures_begin_anew() -> None:
    exchange = holding(20)
    exchange.place(a_submit(10, 9_990, Side.SELL, "c2"))
    assert exchange.books.account.tax and exchange.positions()[0].realized_pnl

    exchange.on_quotes([a_quote(when=at(9, 1) + 86_400 * 10**9)])

    [position] = exchange.positions()
    assert (position.quantity, position.realized_pnl) == (10, 0)
    assert (exchange.books.account.tax, exchange.books.account.commission) == (0, 0)


def test_given_an_ended_replay_when_it_begins_again_then_the_clock_goes_back_with_it() -> None:
    exchange = an_exchange()
    exchange.end_of_data()

    exchange.on_quotes([a_quote(when=at(9, 1))])

    assert (exchange.now, exchange.phase) == (at(9, 1), VenuePhase.CONTINUOUS)


def test_given_a_fact_that_cannot_follow_when_folded_then_it_is_our_bug() -> None:
    exchange = an_exchange()
    [_, filled] = exchange.place(a_submit(10))

    with pytest.raises(InvariantError):
        exchange.apply(filled)


# ---- properties -------------------------------------------------------------------------------------------------

PRICES = st.integers(700, 1_300).map(lambda tens: tens * 10)
STEPS = st.one_of(
    st.tuples(st.just("quote"), PRICES, st.integers(0, 60), st.sampled_from(QuoteKind)),
    st.tuples(st.just("submit"), st.one_of(st.none(), PRICES), st.integers(1, 90), st.sampled_from(Side)),
    st.tuples(st.just("modify"), PRICES, st.integers(1, 60), st.integers(1, 12)),
    st.tuples(st.just("cancel"), st.integers(0, 40), st.integers(1, 12), st.none()),
)


@given(st.lists(STEPS, max_size=40), st.integers(100_000, 3_000_000), st.booleans())
def test_for_any_course_the_books_balance_and_nothing_is_overfilled(steps: list[Any], cash: int, limits: bool) -> None:
    exchange = an_exchange(cash=cash, rows=[a_quote(when=at(9, 30))], base=10_000 if limits else None)
    facts: list[OrderFact] = []
    minute = 0
    for index, (kind, first, second, third) in enumerate(steps):
        if kind == "quote":
            minute += 1
            row = a_quote(
                first, at(9, 30) + minute * 60 * 10**9, last_qty=second, ask_qty=second, bid_qty=30, kind=third
            )
            new = exchange.on_quotes([row])
        elif kind == "submit":
            new = exchange.place(a_submit(second, first, third, f"c{index}"))
        else:
            leg = exchange.books.legs.get(third if kind == "modify" else second)
            name, number = (leg.client_order_id, leg.venue_order_id) if leg else ("none", "0000000")
            change = (
                a_modify(number, second, first, name, f"m{index}")
                if kind == "modify"
                else a_cancel(number, first, name, f"x{index}")
            )
            new = exchange.place(change)
        facts += new
        check_books(exchange, cash)
        assert exchange.free_cash() >= 0 or not limits
    check_orders(facts, limits)
    folded = Exchange(cash, 150)
    folded.set_instruments([an_instrument(), an_instrument("000660", 500_000)])
    for fact in facts:
        folded.apply(fact)
    assert (folded.books.legs, folded.books.account.holdings, folded.books.account.cash) == (
        exchange.books.legs,
        exchange.books.account.holdings,
        exchange.books.account.cash,
    )
    assert folded.books.orders.last_number == exchange.books.orders.last_number


def check_books(exchange: Exchange, cash: int) -> None:
    books = exchange.books
    held = sum(h.position.cost_basis + h.position.cost_commission for h in books.account.holdings.values())
    assert books.account.cash + held == cash + books.account.realized_total
    assert books.account.cash >= 0
    assert all(h.quantity >= 0 for h in books.account.holdings.values())
    assert exchange.sellable(SYMBOL) >= 0
    assert all(leg.leaves_qty > 0 for leg in books.legs.values())


def check_orders(facts: list[OrderFact], limited: bool) -> None:
    limits = {f.venue_order_id: f.limit_price for f in facts if isinstance(f, OrderAccepted)}
    limits |= {f.new_venue_order_id: f.limit_price for f in facts if isinstance(f, OrderReplaced)}
    for fact in facts:
        if isinstance(fact, OrderFilled):
            limit = limits[fact.venue_order_id]
            assert fact.leaves_qty >= 0 and fact.last_qty > 0
            assert not limited or 7_000 <= fact.last_px <= 13_000
            assert limit is None or (limit - fact.last_px) * fact.side.sign >= 0
            assert at(9, 0) <= fact.venue_time <= at(15, 30, 35)
