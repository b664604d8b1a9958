"""What is under way: acknowledged at once, at the book later, and nothing of it lost by a restart."""

import pytest

from broker_sim.exchange import Exchange
from domain.config import SimConfig
from domain.messages.orders import ChangeRefused, OrderCancelled, OrderFact, OrderFilled, OrderReplaced
from domain.types import NANOS_PER_SECOND, OrderKind, Side, TimeInForce, UnixNanos
from tests.broker_sim.builders import CASH, SYMBOL, a_cancel, a_modify, a_quote, a_submit, an_instrument, at
from tests.broker_sim.exchange_steps import a_book, a_holder, a_venue, an_order, fills, kinds

MS = 1_000_000
SLOW = {"latency_ms": 100}


def after(hh: int, mm: int, ss: int = 0, ms: int = 0) -> UnixNanos:
    return UnixNanos(at(hh, mm, ss) + ms * MS)


def again(exchange: Exchange, facts: list[OrderFact], **config: int) -> Exchange:
    """Give another exchange folded from the facts and restored where the first one is."""
    quiet = {"latency_ms": 0, "latency_jitter_ms": 0, "depth_levels": 1, "interruptions": False}
    other = Exchange(CASH, 150, config=SimConfig(**(quiet | config)))  # type: ignore[arg-type]
    other.set_instruments(exchange.instruments.values())
    for fact in facts:
        other.apply(fact)
    other.restore(exchange.now, list(exchange.latest.values()), exchange.ended)
    other.restore_taken(fact for fact in facts if isinstance(fact, OrderFilled))
    return other


def test_given_latency_when_an_order_is_placed_then_it_is_acknowledged_at_once_and_trades_when_it_arrives() -> None:
    exchange = a_venue(rows=[a_quote()], **SLOW)

    assert kinds(exchange.place(a_submit())) == ["OrderAccepted"]
    assert exchange.advance(after(10, 0, ms=99)) == []
    [filled] = exchange.advance(after(10, 0, ms=100))

    assert isinstance(filled, OrderFilled) and filled.venue_time == after(10, 0, ms=100)


def test_given_latency_when_the_market_moves_first_then_the_order_meets_what_is_there_by_then() -> None:
    exchange = a_venue(rows=[a_quote()], **SLOW)
    exchange.place(a_submit(price=10_000))

    moved = exchange.on_quotes([a_book(after(10, 0, ms=50), 10_010, 10_020)])
    later = exchange.on_quotes([a_book(after(10, 0, ms=200), 10_010, 10_020)])

    assert fills(moved + later) == []
    assert exchange.floor.issue(SYMBOL, exchange.now).book.order(1) is not None


def test_given_jitter_when_orders_are_sent_then_each_has_its_own_latency_and_none_overtakes_another() -> None:
    seen = set()
    for seed in range(20):
        exchange = Exchange(CASH, 150, config=SimConfig(latency_ms=10, latency_jitter_ms=50, depth_levels=1), seed=seed)
        exchange.set_instruments([an_instrument()])
        exchange.on_quotes([a_quote(ask_qty=1_000)])
        for number in range(4):
            exchange.place(a_submit(1, name=f"c{number}"))
        facts = exchange.advance(after(10, 0, ms=60))
        assert [fact.client_order_id for fact in facts] == ["c0", "c1", "c2", "c3"]
        delays = [fact.venue_time - at(10, 0) for fact in facts]
        assert delays == sorted(delays) and 10 * MS <= delays[0] <= delays[-1] <= 60 * MS
        seen.add(delays[0])
    assert len(seen) > 10


def test_given_latency_when_an_order_is_cancelled_then_it_is_confirmed_for_what_is_left_by_then() -> None:
    exchange = a_venue(rows=[a_quote(bid_qty=0)], **SLOW)
    exchange.place(a_submit(50, 9_900))
    exchange.advance(at(10, 1))

    received = exchange.place(a_cancel("0000001"))
    sold = a_quote(9_890, after(10, 1, ms=50), last_qty=20, bid_price=9_890, ask_price=9_950)
    filled = exchange.on_quotes([sold])
    [cancelled] = exchange.advance(after(10, 1, ms=100))

    assert kinds(received) == ["ChangeReceived"]
    assert fills(filled) == [(20, 9_900, 30)]
    assert isinstance(cancelled, OrderCancelled) and (cancelled.cancelled_qty, cancelled.leaves_qty) == (30, 0)


def test_given_latency_when_an_order_fills_first_then_its_cancel_and_modify_are_refused() -> None:
    exchange = a_venue(rows=[a_quote()], **SLOW)
    exchange.place(a_submit(40))
    received = exchange.place(a_modify("0000001", 40, 9_900)) + exchange.place(a_cancel("0000001"))

    facts = exchange.advance(at(10, 1))

    assert kinds(received) == ["ChangeReceived"] * 2
    assert kinds(facts) == ["OrderFilled", "ChangeRefused", "ChangeRefused"]
    assert isinstance(facts[1], ChangeRefused) and facts[1].code == "NOT_OPEN"


def test_given_latency_when_a_modify_arrives_then_only_what_is_left_moves() -> None:
    exchange = a_venue(rows=[a_quote()], **SLOW)
    exchange.place(a_submit(60, 10_000))  # 40 trade when it arrives
    exchange.place(a_modify("0000001", 50, 9_900))

    facts = exchange.advance(at(10, 1))

    assert kinds(facts) == ["OrderFilled", "OrderReplaced"]
    assert isinstance(facts[1], OrderReplaced) and (facts[1].moved_qty, facts[1].leaves_qty) == (20, 0)


def test_given_a_dearer_modify_under_way_when_another_buy_comes_then_its_cash_is_held_already() -> None:
    exchange = a_venue(rows=[a_quote()], cash=1_000_000, **SLOW)
    exchange.place(a_submit(50, 9_000))
    exchange.advance(at(10, 1))
    before = exchange.orderable_cash

    exchange.place(a_modify("0000001", 50, 10_000))

    assert exchange.orderable_cash == before - 50 * 1_000 - 8  # won of commission: 75 instead of 67
    assert kinds(exchange.place(a_submit(50, 10_000, name="c2"))) == ["OrderRejected"]


def test_given_an_order_under_way_when_its_session_turns_then_the_venue_ends_it() -> None:
    exchange = a_venue(rows=[a_quote(when=at(15, 19, 59))], **SLOW)
    exchange.place(an_order(OrderKind.LIMIT, 10, 10_000, time_in_force=TimeInForce.IOC))
    exchange.advance(after(15, 20, ms=-30))
    exchange.place(an_order(OrderKind.BEST_LIMIT, 10, name="c2"))

    facts = exchange.advance(at(15, 20, 1))

    assert kinds(facts) == ["OrderCancelled"]
    assert isinstance(facts[0], OrderCancelled) and facts[0].client_order_id == "c2"


def test_given_changes_under_way_when_the_session_ends_then_the_order_expires_and_they_are_refused() -> None:
    exchange = a_venue(rows=[a_quote(when=at(15, 0))], **SLOW)
    exchange.place(a_submit(10, 9_900))
    exchange.advance(after(15, 30, 34, ms=950))
    exchange.place(a_cancel("0000001"))

    assert kinds(exchange.advance(at(15, 31))) == ["OrderExpired", "ChangeRefused"]


def test_given_changes_under_way_when_the_data_ends_then_nothing_stays_open() -> None:
    exchange = a_venue(rows=[a_quote()], **SLOW)
    exchange.place(a_submit(10, 9_900))
    exchange.place(a_cancel("0000001"))

    assert kinds(exchange.end_of_data()) == ["OrderExpired", "ChangeRefused"]
    assert exchange.advance(at(10, 5)) == []


@pytest.mark.parametrize("late_ms", [0, 50, 100, 150])
def test_given_requests_under_way_when_restarted_then_they_arrive_at_the_same_time(late_ms: int) -> None:
    exchange = a_venue(rows=[a_quote()], **SLOW)
    facts = exchange.place(a_submit(60, 10_000))
    exchange.advance(after(10, 0, ms=50))
    facts += exchange.place(a_modify("0000001", 60, 10_020)) + exchange.place(a_submit(5, 9_900, name="c2"))
    facts += exchange.place(a_cancel("0000003", request="x2", name="c2"))
    facts += exchange.advance(after(10, 0, ms=late_ms))

    other = again(exchange, facts, **SLOW)

    assert other.advance(at(10, 0, 1)) == exchange.advance(at(10, 0, 1))
    assert other.books.legs == exchange.books.legs


def test_given_an_order_that_has_arrived_when_restarted_then_it_waits_at_the_back_and_takes_nothing_anew() -> None:
    exchange = a_venue(rows=[a_quote()])
    facts = exchange.place(a_submit(10, 9_990))
    facts += exchange.on_quotes([a_quote(9_990, at(10, 1), bid_price=9_990, ask_price=10_000, bid_qty=90, last_qty=20)])
    assert exchange.floor.issue(SYMBOL, exchange.now).book.queue_ahead(1) == 10

    other = again(exchange, facts)
    other.advance(at(10, 2))

    assert other.floor.issue(SYMBOL, other.now).book.queue_ahead(1) == 90


def test_given_an_order_accepted_yesterday_when_the_clock_is_a_day_on_then_it_has_expired() -> None:
    exchange = a_venue(rows=[a_quote()])
    facts = exchange.place(a_submit(10, 9_900))
    other = Exchange(CASH, 150)
    other.set_instruments([an_instrument()])
    for fact in facts:
        other.apply(fact)

    assert kinds(other.on_quotes([a_quote(when=at(9, 30) + 86_400 * NANOS_PER_SECOND)])) == ["OrderExpired"]
    assert other.open_orders() == []


def test_given_a_partial_cancel_when_it_arrives_then_the_order_keeps_its_place_and_a_modify_loses_it() -> None:
    exchange = a_holder(100, at(9, 30), [a_quote(when=at(10, 0), ask_price=10_010)])
    exchange.place(a_submit(30, 10_020, Side.SELL, "c1"))
    exchange.place(a_submit(30, 10_020, Side.SELL, "c2"))
    exchange.place(a_cancel("0000002", 10))
    book = exchange.floor.issue(SYMBOL, exchange.now).book

    assert [number for number, _ in book.queue(-1, 10_020)] == [2, 3]
    exchange.place(a_modify("0000002", 20, 10_020))
    assert [number for number, _ in book.queue(-1, 10_020)] == [3, 5]


def test_given_a_post_close_order_when_restarted_then_the_close_its_rows_tell_stays_known() -> None:
    exchange = a_venue(rows=[a_quote(9_500, at(15, 30, 5), kind=3)])
    exchange.advance(at(15, 41))
    facts = exchange.place(an_order(OrderKind.POST_CLOSE, 10))
    other = again(exchange, facts)

    other.advance(at(15, 42))

    assert other.orderable_cash == exchange.orderable_cash == CASH - 95_000 - 14


def test_given_data_that_ended_when_the_feed_goes_on_then_expired_orders_trade_no_more() -> None:
    exchange = a_venue(rows=[a_quote()])
    exchange.place(a_submit(10, 9_900))
    exchange.end_of_data()

    assert exchange.on_quotes([a_quote(9_000, at(10, 1))]) == []
