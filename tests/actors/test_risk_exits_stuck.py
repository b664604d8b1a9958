"""Stops in auctions, interruptions and halts, and sales that do not get done."""

from dataclasses import replace

from domain.messages.link import SymbolHalted, SymbolReleased
from domain.messages.market import QuotesEnded
from domain.messages.operator import FlattenRequested
from domain.messages.orders import ModifyOrder, SubmitOrder
from domain.quotes import QuoteKind
from domain.risk_config import RiskConfig, StopTerms
from domain.types import OrderKind, Side, VenuePhase
from tests.actors.builders import SAMSUNG, venue
from tests.actors.exit_builders import AT_STOP, LOWER, RISK, Floor, a_strategys_exit
from tests.actors.money_builders import a_signal

# ---- auctions, interruptions, halts ----------------------------------------------------------------------------


def test_given_a_circuit_breaker_when_a_sale_waits_then_it_is_made_by_the_first_quote_after_it() -> None:
    floor = Floor()
    exit_order, number = a_strategys_exit(floor)
    floor.quote(AT_STOP)
    floor.beat(VenuePhase.HALTED)
    floor.cancel(exit_order, 10, number)
    floor.quote(AT_STOP)
    assert (len(floor.sales), floor.stuck) == (1, ["HALTED"])
    floor.beat()
    floor.quote(9_000)
    assert [sale.quantity for sale in floor.sales] == [10, 10]


def test_given_an_interruption_when_prices_are_beyond_the_stop_then_the_first_trade_after_it_sells_with_its_gap() -> (
    None
):
    floor = Floor()
    floor.interruption()
    floor.quotes(3, 9_000)
    assert floor.stops == []
    floor.interruption(False)
    floor.quote(9_000, kind=QuoteKind.BOOK)
    assert floor.stops == []
    floor.quote(8_900, kind=QuoteKind.AUCTION_TRADE)
    assert [(stop.rule, stop.gap) for stop in floor.stops] == [("stop_loss", 800)]
    assert [sale.kind for sale in floor.sales] == [OrderKind.MARKET]


def test_given_a_stop_that_is_waiting_when_the_closing_auction_begins_then_it_is_told_and_tried_no_more() -> None:
    floor = Floor()
    exit_order, number = a_strategys_exit(floor)
    floor.quote(AT_STOP)
    floor.venue.at = 22_800
    floor.quote(AT_STOP, kind=QuoteKind.BOOK)
    floor.cancel(exit_order, 10, number)
    floor.quote(AT_STOP, kind=QuoteKind.BOOK)
    assert (floor.day, len(floor.sales), floor.stuck) == ("CLOSING", 1, ["HALTED"])


def test_given_a_stop_that_was_not_sold_when_the_next_date_begins_then_it_is_judged_anew() -> None:
    floor = Floor()
    floor.quote(LOWER, bid=0)
    number = floor.accept(floor.sales[0])
    floor.quote(LOWER, bid=0)
    floor.house.hear(QuotesEnded(venue(23_440)))
    floor.cancel(floor.sales[0], 10, number)
    floor.wait(3)
    floor.next_day()
    assert (floor.day, floor.flattening) == ("TRADING", [])
    floor.quote(10_000)
    assert len(floor.stops) == 1
    floor.quote(AT_STOP)
    assert (len(floor.stops), len(floor.sales), floor.stuck) == (2, 2, ["LIMIT_LOCK"])


def test_given_a_flatten_before_the_open_when_the_venue_takes_orders_then_it_is_sold_and_no_attempt_is_wasted() -> None:
    floor = Floor(at=-3_600)  # 08:00
    floor.house.hear(FlattenRequested("f", "kim", "", "out"))
    floor.beat()
    floor.wait(2)
    assert (floor.day, floor.sales) == ("PAUSED", [])
    floor.venue.at = -900  # 08:45: the opening auction collects orders
    floor.wait(1)
    assert [sale.kind for sale in floor.sales] == [OrderKind.MARKET]


# ---- sales that do not get done --------------------------------------------------------------------------------


def test_given_a_limit_lock_when_a_stop_is_reached_then_one_sale_rests_and_it_is_told_once() -> None:
    floor = Floor()
    floor.quote(LOWER, bid=0)
    [sale] = floor.sales
    assert (sale.kind, sale.limit_price) == (OrderKind.LIMIT, LOWER)
    floor.accept(sale)
    floor.quotes(90, LOWER, bid=0)
    floor.wait(3)
    assert (len(floor.sales), floor.cancels, floor.said(ModifyOrder), floor.stuck) == (1, [], [], ["LIMIT_LOCK"])
    assert "lower limit 7,000 KRW" in floor.stop_view().stuck
    floor.fill(sale, 10, 0, "1")
    assert floor.flattening == []


def test_given_a_strategys_exit_when_the_price_locks_at_the_limit_then_it_is_not_moved_again_and_again() -> None:
    floor = Floor(RiskConfig())
    exit_order, _ = a_strategys_exit(floor)
    floor.quotes(90, LOWER, bid=0)
    assert (floor.said(ModifyOrder), floor.cancels, floor.sales) == ([], [], [exit_order])


def test_given_a_sale_that_is_not_filled_when_patience_ends_then_it_is_told_once_for_the_episode() -> None:
    floor = Floor()
    floor.quote(AT_STOP)
    sale, number = floor.sales[0], floor.accept(floor.sales[0])
    floor.quotes(30, 9_500)
    assert floor.stuck == []
    floor.quotes(60, 9_500)
    assert (floor.stuck, len(floor.sales), floor.cancels) == (["NOT_FILLED"], 1, [])
    floor.fill(sale, 9, 1, number)
    floor.quotes(60, 9_500)
    assert floor.stuck == ["NOT_FILLED"]


def test_given_an_episode_that_ended_when_a_later_sale_is_stuck_then_it_is_told_again() -> None:
    floor = Floor()
    for count in (1, 2):
        floor.quote(AT_STOP)
        sale, number = floor.sales[-1], floor.accept(floor.sales[-1])
        floor.quotes(40, 9_500)
        assert floor.stuck == ["NOT_FILLED"] * count
        floor.fill(sale, 10, 0, number)
        floor.house.hear(a_signal(Side.BUY, 9_500, floor.venue.at))
        entry = floor.said(SubmitOrder)[-1]
        floor.fill(entry, entry.quantity, 0, floor.accept(entry))


def test_given_a_sale_the_venue_keeps_refusing_when_its_attempts_are_used_then_it_is_told_and_not_repeated() -> None:
    floor = Floor()
    floor.quote(AT_STOP)
    floor.refuse_all(AT_STOP)
    floor.quotes(50, 9_000)
    floor.wait(3)
    assert (len(floor.sales), floor.stuck, len(floor.stops)) == (3, ["ATTEMPTS"], 1)
    floor.house.hear(FlattenRequested("f", "kim", SAMSUNG, "out"))
    assert len(floor.sales) == 4, "a person may try again"
    floor.refuse_all(9_000)
    floor.quotes(3, 9_000)
    assert (len(floor.sales), floor.stuck) == (6, ["ATTEMPTS"] * 2), "and is told again"


def test_given_books_that_differ_when_a_stop_is_reached_then_it_is_told_and_sold_once_they_agree() -> None:
    floor = Floor()
    floor.house.hear(SymbolHalted(SAMSUNG, "3 shares here, 5 at the broker"))
    floor.quotes(3, AT_STOP)
    assert (len(floor.stops), floor.sales, floor.stuck) == (1, [], ["HALTED"])
    floor.house.hear(SymbolReleased(SAMSUNG, "they agree"))
    assert len(floor.sales) == 1


def test_given_an_instrument_that_is_not_tradable_when_a_stop_is_reached_then_no_attempt_is_wasted() -> None:
    floor = Floor()
    floor.instrument(tradable=False)
    floor.quotes(3, AT_STOP)
    assert (floor.sales, floor.stuck) == ([], ["HALTED"])
    floor.instrument()
    assert len(floor.sales) == 1


def test_given_an_interruption_when_a_sale_is_under_way_longer_than_patience_then_it_is_told() -> None:
    floor = Floor()
    floor.quote(AT_STOP)
    floor.accept(floor.sales[0])
    floor.interruption()
    floor.venue.at += 31
    floor.beat()
    floor.house.tick(1)
    assert floor.stuck == ["HALTED"]


def test_given_settings_of_an_older_version_when_a_flatten_is_stuck_then_nothing_new_is_said() -> None:
    floor = Floor(RiskConfig())
    floor.house.hear(FlattenRequested("f", "kim", "", "out"))
    floor.accept(floor.sales[0])
    floor.quotes(90, LOWER, bid=0)
    floor.wait(3)
    assert (floor.stuck, len(floor.sales), floor.sales[0].kind) == ([], 1, OrderKind.MARKET)


def test_given_a_persons_flatten_when_it_locks_at_the_limit_then_it_is_told_once() -> None:
    floor = Floor(replace(RISK, stops=StopTerms()))
    floor.house.hear(FlattenRequested("f", "kim", "", "out"))
    floor.accept(floor.sales[0])
    floor.quotes(50, LOWER, bid=0)
    assert (floor.stuck, len(floor.sales)) == (["LIMIT_LOCK"], 1)
