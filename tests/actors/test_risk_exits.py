"""Stops of positions with every role in the house: reached, cancelled, sold, and never twice or too much."""

from dataclasses import replace
from typing import Any

import pytest

from actors.core.state import dump, load
from actors.roles.risk_manager import RiskManager
from actors.roster import make_roles
from domain.messages.holdings import AdjustmentBooked
from domain.messages.link import BrokerOpenOrder, SymbolHalted, SymbolReleased
from domain.messages.market import QuotesEnded
from domain.messages.operator import (
    CommandAnswered,
    FlattenRequested,
    HaltRequested,
    ManualCancelRequested,
    PauseRequested,
    ResumeRequested,
    StopRequested,
)
from domain.messages.orders import CancelOrder, ModifyOrder, SubmitOrder
from domain.messages.risk import ExitStuck, StopsSet, StopTriggered
from domain.messages.trading import OrderApproved, OrderDenied, StopChanged
from domain.quotes import QuoteKind
from domain.risk_config import RiskConfig, StopTerms
from domain.types import PPM, Krw, OrderKind, Side, VenuePhase
from tests.actors.builders import SAMSUNG, state_of, venue
from tests.actors.exit_builders import AT_STOP, LOWER, RISK, Floor
from tests.actors.money_builders import COLON, a_signal, at


def a_strategys_exit(floor: Floor) -> tuple[SubmitOrder, str]:
    """Let a strategy's sale of everything rest at the venue."""
    floor.house.hear(a_signal(Side.SELL, 10_000, floor.venue.at))
    order = floor.sales[-1]
    return order, floor.accept(order)


# ---- reached ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("terms", "prices", "rule", "level", "gap"),
    [
        (StopTerms(stop_loss_ppm=30_000), (9_710, 9_700), "stop_loss", 9_700, 0),
        (StopTerms(stop_loss_ppm=30_000), (9_710, 9_100), "stop_loss", 9_700, 600),
        (StopTerms(take_profit_ppm=50_000), (10_490, 10_500), "take_profit", 10_500, 0),
        (StopTerms(take_profit_ppm=50_000), (10_490, 11_000), "take_profit", 10_500, 500),
        (StopTerms(trailing_ppm=50_000), (11_000, 10_460, 10_450), "trailing", 10_450, 0),
        (StopTerms(hold_s=4), (10_000, 10_000, 10_000), "time", None, 0),
    ],
)
def test_given_stops_of_the_settings_when_one_is_reached_then_all_is_sold_at_the_market_and_why_is_told(
    terms: StopTerms, prices: tuple[int, ...], rule: str, level: int | None, gap: int
) -> None:
    floor = Floor(replace(RISK, stops=terms))
    for price in prices[:-1]:
        floor.quote(price)
    assert (floor.stops, floor.sales) == ([], [])
    floor.quote(prices[-1])
    [stop], [sale], [approved] = floor.stops, floor.sales, floor.said(OrderApproved)
    assert (stop.rule, stop.quantity, stop.price, stop.level, stop.gap) == (rule, 10, prices[-1], level, gap)
    assert (stop.cost_basis, stop.venue_time) == (100_000, at(floor.venue.at))
    assert (sale.kind, sale.quantity, sale.limit_price) == (OrderKind.MARKET, 10, None)
    assert (approved.origin, approved.rationale) == (f"risk:{rule}", stop.rationale)
    assert stop.rationale.startswith(f"{rule}: ")
    floor.quotes(3, prices[-1])
    number = floor.accept(sale)
    floor.quotes(3, prices[-1])
    floor.fill(sale, 10, 0, number)
    floor.quotes(3, prices[-1])
    assert (len(floor.stops), len(floor.sales), floor.stuck, floor.flattening) == (1, 1, [], [])
    assert floor.day == "TRADING"


def test_given_several_positions_when_all_reach_their_stops_in_one_batch_then_each_is_sold_once() -> None:
    floor = Floor(symbols=(SAMSUNG, COLON))
    floor.venue.at += 1
    floor.quote(9_000, symbol=COLON)
    floor.quote(9_000)
    assert [stop.symbol for stop in floor.stops] == [COLON, SAMSUNG]
    assert [sale.symbol for sale in floor.sales] == [COLON, SAMSUNG]


def test_given_a_stop_that_was_reached_when_a_strategy_enters_before_it_is_sold_then_it_is_denied() -> None:
    floor = Floor()
    floor.quote(AT_STOP)
    floor.house.hear(a_signal(Side.BUY, AT_STOP, floor.venue.at))
    [denial] = floor.said(OrderDenied)
    assert (denial.reason, denial.message) == ("GATE", "005930 is being sold out by its stop: stop loss")


def test_given_no_stops_when_prices_fall_then_nothing_is_said() -> None:
    floor = Floor(RiskConfig())
    floor.quotes(3, 8_000)
    assert (floor.stops, floor.sales) == ([], [])


# ---- orders beside it ------------------------------------------------------------------------------------------


def test_given_a_strategys_exit_when_a_stop_is_reached_then_it_is_cancelled_first_and_only_the_rest_is_sold() -> None:
    floor = Floor()
    exit_order, number = a_strategys_exit(floor)
    floor.fill(exit_order, 3, 7, number)
    floor.quote(AT_STOP)
    assert [stop.quantity for stop in floor.stops] == [7]
    assert [cancel.client_order_id for cancel in floor.cancels] == [exit_order.client_order_id]
    assert floor.sales == [exit_order]
    floor.fill(exit_order, 2, 5, number)
    assert floor.sales == [exit_order]
    floor.cancel(exit_order, 5, number)
    assert [sale.quantity for sale in floor.sales] == [10, 5]
    assert floor.origins == ["momentum", "risk:stop_loss"]


def test_given_a_strategys_exit_when_it_fills_before_its_cancel_then_nothing_is_left_to_sell() -> None:
    floor = Floor()
    exit_order, number = a_strategys_exit(floor)
    floor.quote(AT_STOP)
    floor.fill(exit_order, 10, 0, number)
    floor.quotes(3, AT_STOP)
    assert (len(floor.sales), floor.flattening, floor.stuck) == (1, [], [])


def test_given_a_late_fill_when_the_cancel_was_told_first_then_only_what_is_left_is_sold() -> None:
    floor = Floor()
    exit_order, number = a_strategys_exit(floor)
    floor.quote(AT_STOP)
    [cancel] = floor.cancels
    # The venue cancelled four and had filled six; the word of the fill comes after that of the cancel.
    floor.house.hear(floor.venue.cancels(exit_order, 4, cancel.request_id, number))
    assert len(floor.sales) == 1, "six shares may be gone: nothing is sold before it is known"
    floor.fill(exit_order, 6, 0, number)
    assert [sale.quantity for sale in floor.sales] == [10, 4]


def test_given_an_entry_that_rests_when_a_stop_is_reached_then_it_is_cancelled_too() -> None:
    floor = Floor()
    floor.house.hear(a_signal(Side.BUY, 10_000, floor.venue.at))
    [entry] = floor.said(SubmitOrder)
    number = floor.accept(entry)
    floor.quote(AT_STOP)
    assert [item.client_order_id for item in floor.cancels] == [entry.client_order_id]
    floor.cancel(entry, entry.quantity, number)
    assert [sale.quantity for sale in floor.sales] == [10]


def test_given_a_person_who_flattens_when_a_stop_is_reached_meanwhile_then_nothing_changes() -> None:
    floor = Floor()
    floor.house.hear(FlattenRequested("f", "kim", "", "out"))
    floor.accept(floor.sales[0])
    floor.quotes(3, 9_000)
    assert (floor.stops, floor.origins, floor.cancels) == ([], ["operator:kim"], [])


def test_given_a_sale_of_a_stop_when_the_venue_ends_it_half_filled_then_the_rest_is_sold() -> None:
    floor = Floor()
    floor.quote(AT_STOP)
    number = floor.accept(floor.sales[0])
    floor.fill(floor.sales[0], 6, 4, number)
    floor.cancel(floor.sales[0], 4, number)
    assert [sale.quantity for sale in floor.sales] == [10, 4]
    assert floor.origins == ["risk:stop_loss"] * 2
    assert len(floor.stops) == 1


def test_given_a_position_that_is_gone_by_hand_when_its_exit_is_cancelled_then_nothing_is_sold() -> None:
    floor = Floor()
    exit_order, number = a_strategys_exit(floor)
    floor.quote(AT_STOP)
    gone = AdjustmentBooked("c", "kim", SAMSUNG, 10, 0, Krw(0), Krw(0), Krw(0), "sold elsewhere", at(9))
    floor.house.hear(gone)
    floor.cancel(exit_order, 10, number)
    floor.quotes(2, AT_STOP)
    assert (len(floor.sales), floor.flattening) == (1, [])


# ---- the day, the gate, the link -------------------------------------------------------------------------------


def test_given_a_paused_day_when_a_stop_is_reached_then_it_is_sold_and_the_day_stays_paused() -> None:
    floor = Floor()
    floor.house.hear(PauseRequested("p", "kim", ""))
    floor.quote(AT_STOP)
    assert (len(floor.sales), floor.day) == (1, "PAUSED")


def test_given_a_halted_day_when_a_stop_is_reached_then_nothing_is_said_until_a_person_resumes() -> None:
    floor = Floor()
    floor.house.hear(HaltRequested("h", "kim", ""))
    floor.quotes(2, AT_STOP)
    assert (floor.stops, floor.sales) == ([], [])
    floor.house.hear(ResumeRequested("r", "kim", "looked"))
    assert floor.stops == []
    floor.quote(9_690)
    assert [(stop.price, stop.gap) for stop in floor.stops] == [(9_690, 10)]


def test_given_a_link_that_is_down_when_a_stop_is_reached_then_it_is_judged_anew_once_it_is_up() -> None:
    floor = Floor()
    floor.link_lost()
    floor.quotes(2, 9_000)
    floor.link_up()
    assert (floor.stops, floor.sales) == ([], [])
    floor.quote(9_800)
    assert floor.stops == [], "the price has come back: there is nothing to sell"
    floor.quote(9_600)
    assert [stop.gap for stop in floor.stops] == [100]
    assert len(floor.sales) == 1


def test_given_a_sale_of_a_stop_when_the_link_breaks_before_it_is_made_then_it_is_told_and_made_once_it_is_up() -> None:
    floor = Floor()
    exit_order, number = a_strategys_exit(floor)
    floor.quote(AT_STOP)
    floor.link_lost()
    floor.quotes(3, 9_900)
    assert floor.stuck == ["HALTED"]
    rest = BrokerOpenOrder(number, exit_order.client_order_id, SAMSUNG, Side.SELL, 10, 10, Krw(10_000))
    floor.link_up(rest)
    floor.cancel(exit_order, 10, number)
    assert [sale.quantity for sale in floor.sales] == [10, 10]
    assert (len(floor.stops), floor.stuck) == (1, ["HALTED"])


def test_given_a_kill_between_a_stop_and_its_sale_when_a_run_begins_again_then_it_is_sold_once() -> None:
    floor = Floor()
    exit_order, number = a_strategys_exit(floor)
    floor.quote(AT_STOP)
    floor = floor.reborn()
    rest = BrokerOpenOrder(number, exit_order.client_order_id, SAMSUNG, Side.SELL, 10, 10, Krw(10_000))
    floor.begin(rest)
    floor.never_arrived()
    floor.wait(6)
    assert (len(floor.sales), len(floor.cancels)) == (1, 2), "the cancel of the earlier run never left"
    floor.cancel(exit_order, 10, number)
    floor.quotes(3, 9_900)
    assert [sale.quantity for sale in floor.sales] == [10, 10]
    assert floor.origins[-1] == "risk:stop_loss"
    assert len(floor.stops) == 1


def test_given_a_kill_while_the_sale_of_a_stop_rests_when_a_run_begins_again_then_it_is_not_made_again() -> None:
    floor = Floor()
    floor.quote(AT_STOP)
    number = floor.accept(floor.sales[0])
    floor = floor.reborn()
    sale = floor.sales[0]
    floor.begin(BrokerOpenOrder(number, sale.client_order_id, SAMSUNG, Side.SELL, 10, 10, None, OrderKind.MARKET))
    floor.quotes(3, 9_000)
    assert (len(floor.sales), len(floor.stops), floor.cancels) == (1, 1, [])
    floor.fill(sale, 10, 0, number)
    assert floor.flattening == []


def test_given_a_stop_that_was_tried_in_vain_when_a_person_resumes_then_it_has_all_its_attempts_again() -> None:
    floor = Floor()
    floor.quote(AT_STOP)
    for _ in range(3):
        floor.reject(floor.sales[-1])
    floor.quotes(3, AT_STOP)
    assert (len(floor.sales), floor.stuck, len(floor.stops)) == (3, ["ATTEMPTS"], 1)
    floor.house.hear(PauseRequested("p", "kim", ""), ResumeRequested("r", "kim", "the venue is well again"))
    floor.quotes(3, AT_STOP)
    assert (len(floor.sales), len(floor.stops)) == (4, 1)


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
    for _ in range(3):
        floor.reject(floor.sales[-1])
    floor.quotes(50, 9_000)
    floor.wait(3)
    assert (len(floor.sales), floor.stuck, len(floor.stops)) == (3, ["ATTEMPTS"], 1)
    floor.house.hear(FlattenRequested("f", "kim", SAMSUNG, "out"))
    assert len(floor.sales) == 4, "a person may try again"
    for _ in range(3):
        floor.reject(floor.sales[-1])
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
    floor = Floor()
    floor.quote(LOWER, bid=0)
    floor = Floor(replace(RISK, stops=StopTerms()))
    floor.house.hear(FlattenRequested("f", "kim", "", "out"))
    floor.accept(floor.sales[0])
    floor.quotes(50, LOWER, bid=0)
    assert (floor.stuck, len(floor.sales)) == (["LIMIT_LOCK"], 1)


# ---- what is not to be touched ---------------------------------------------------------------------------------


def test_given_a_symbol_that_is_never_sold_when_its_stop_is_reached_then_it_is_left_and_shown_so() -> None:
    floor = Floor(replace(RISK, never_sell=(SAMSUNG,)))
    floor.quotes(3, 9_000)
    assert (floor.stops, floor.sales) == ([], [])
    assert (floor.stop_view().never_sell, floor.stop_view().ours) == (True, 0)


def test_given_a_symbol_that_is_never_sold_when_all_is_flattened_then_the_answer_says_so_and_the_rest_goes() -> None:
    floor = Floor(replace(RISK, never_sell=(SAMSUNG,)), symbols=(SAMSUNG, COLON))
    floor.house.hear(FlattenRequested("f", "kim", "", "out"))
    [answer] = floor.said(CommandAnswered)
    assert answer.text == "cancelling 0 orders, selling 1 holdings; not 005930: never sold by settings"
    assert ([sale.symbol for sale in floor.sales], answer.exits, floor.flattening) == ([COLON], 1, [COLON])


def test_given_a_symbol_that_is_never_sold_when_the_trader_stops_and_sells_then_it_does_not_wait_for_it() -> None:
    floor = Floor(replace(RISK, never_sell=(SAMSUNG,)), symbols=(SAMSUNG, COLON))
    floor.house.hear(StopRequested("s", "kim", "bye", flatten=True))
    [answer] = floor.said(CommandAnswered)
    assert answer.text == "stopping; 1 holdings are sold first; not 005930: never sold by settings"
    [sale] = floor.sales
    floor.fill(sale, 10, 0, floor.accept(sale))
    assert [change.to_state for change in floor.said(StopChanged)][-2:] == ["STOPPING", "STOPPED"]
    assert sale.symbol == COLON


def test_given_a_sale_before_a_stop_of_the_trader_when_it_locks_at_the_limit_then_it_is_told_once() -> None:
    floor = Floor(replace(RISK, stops=StopTerms()))
    floor.house.hear(StopRequested("s", "kim", "bye", flatten=True))
    floor.accept(floor.sales[0])
    floor.quotes(3, LOWER, bid=0)
    assert (floor.stuck, len(floor.sales)) == (["LIMIT_LOCK"], 1)


def test_given_shares_that_are_not_ours_when_a_stop_is_reached_or_all_is_flattened_then_they_stay() -> None:
    floor = Floor(replace(RISK, leave_foreign=True))
    floor.quotes(2, 9_000)
    assert (floor.stops, floor.sales) == ([], [])
    floor.quote(10_000)
    floor.house.hear(a_signal(Side.BUY, 10_000, floor.venue.at))
    [entry] = floor.said(SubmitOrder)
    floor.fill(entry, entry.quantity, 0, floor.accept(entry))
    floor.house.hear(FlattenRequested("f", "kim", "", "out"))
    assert [sale.quantity for sale in floor.sales] == [entry.quantity]
    assert (
        f"of 005930 only {entry.quantity:,} of {entry.quantity + 10:,} shares" in floor.said(CommandAnswered)[-1].text
    )
    floor.fill(floor.sales[0], entry.quantity, 0, floor.accept(floor.sales[0]))
    floor.quotes(3, 9_000)
    assert (len(floor.sales), floor.flattening, floor.stuck) == (1, [], [])


# ---- stops of a person -----------------------------------------------------------------------------------------


def test_given_own_stops_when_set_then_they_hold_until_the_position_is_closed() -> None:
    floor = Floor()
    answer = floor.ask(StopTerms(stop_loss_ppm=100_000, take_profit_ppm=20_000))
    assert (answer.accepted, answer.text) == (
        True,
        "stops of 005930, its own until it is closed: stop loss 9,000 KRW, target 10,200 KRW",
    )
    assert floor.said(StopsSet) == [StopsSet(SAMSUNG, StopTerms(100_000, 20_000), "kim", "why not")]
    assert floor.stop_view().own_terms
    floor.quote(9_100)
    assert floor.stops == []
    floor.quote(9_000)
    [sale] = floor.sales
    floor.fill(sale, 10, 0, floor.accept(sale))
    floor.house.hear(a_signal(Side.BUY, 9_000, floor.venue.at))
    entry = floor.said(SubmitOrder)[-1]
    floor.fill(entry, entry.quantity, 0, floor.accept(entry))
    assert not floor.stop_view().own_terms


def test_given_own_stops_when_a_person_takes_them_back_or_wants_none_then_it_is_so() -> None:
    floor = Floor()
    assert floor.ask(StopTerms(), name="a").text == "stops of 005930, its own until it is closed: none"
    floor.quote(9_000)
    assert floor.stops == []
    assert "back to those of the settings: stop loss 9,700 KRW" in floor.ask(None, name="b").text
    floor.quote(9_000)
    assert len(floor.stops) == 1


@pytest.mark.parametrize(
    ("terms", "symbol", "code", "words"),
    [
        (StopTerms(stop_loss_ppm=1), COLON, "NOT_HELD", "'120110' is not held"),
        (None, COLON, "NOT_HELD", "'120110' is not held"),
        (StopTerms(stop_loss_ppm=PPM), SAMSUNG, "STOPS", "stop_loss_ppm expected 0 to 999,999 (0: off), was 1,000,000"),
        (StopTerms(stop_loss_ppm=-1), SAMSUNG, "STOPS", "stop_loss_ppm expected 0 to 999,999 (0: off), was -1"),
        (StopTerms(trailing_ppm=PPM), SAMSUNG, "STOPS", "trailing_ppm expected 0 to 999,999 (0: off), was 1,000,000"),
        (
            StopTerms(take_profit_ppm=10 * PPM + 1),
            SAMSUNG,
            "STOPS",
            "take_profit_ppm expected 0 to 10,000,000 (0: off), was 10,000,001",
        ),
        (StopTerms(hold_s=-1), SAMSUNG, "STOPS", "hold_s expected >= 0 (0: off), was -1"),
    ],
)
def test_given_stops_that_are_none_when_asked_for_then_they_are_refused_and_nothing_changes(
    terms: StopTerms | None, symbol: str, code: str, words: str
) -> None:
    floor = Floor()
    answer = floor.ask(terms, symbol)
    assert (answer.accepted, answer.code, answer.text.startswith(words)) == (False, code, True)
    assert floor.said(StopsSet) == []


def test_given_a_command_that_is_heard_twice_when_answered_then_it_is_done_once() -> None:
    floor = Floor()
    assert floor.ask(StopTerms(hold_s=60)) == floor.ask(StopTerms(hold_s=90))
    assert len(floor.said(StopsSet)) == 1


def test_given_positions_when_asked_then_every_stop_is_shown() -> None:
    terms = StopTerms(30_000, 50_000, 20_000, 600)
    floor = Floor(replace(RISK, stops=terms))
    floor.quote(10_100)
    shown = floor.stop_view()
    assert (shown.stop_price, shown.target_price, shown.trailing_price) == (9_700, 10_500, 9_898)
    assert (shown.peak_price, shown.sellable_price, shown.quantity, shown.ours) == (10_100, 10_100, 10, 10)
    assert shown.sell_at == at(601)
    assert (shown.own_terms, shown.stuck, shown.never_sell) == (False, "", False)


# ---- snapshots and replay --------------------------------------------------------------------------------------


def test_given_stops_that_were_reached_and_stuck_when_replayed_then_every_word_is_the_same() -> None:
    floor = Floor()
    exit_order, number = a_strategys_exit(floor)
    floor.quote(AT_STOP)
    floor.cancel(exit_order, 10, number)
    floor.accept(floor.sales[-1])
    floor.quotes(40, LOWER, bid=0)
    assert floor.house.replayed(make_roles).identical
    assert {type(item.message) for item in floor.house.core.history} >= {StopTriggered, CancelOrder}


def test_given_stops_in_every_state_when_a_snapshot_is_taken_then_it_comes_back_as_it_was() -> None:
    floor = Floor(symbols=(SAMSUNG, COLON))
    floor.ask(StopTerms(trailing_ppm=20_000), COLON)
    floor.quote(LOWER, bid=0)
    floor.accept(floor.sales[0])
    floor.quote(LOWER, bid=0)
    floor.interruption()
    floor.beat(VenuePhase.HALTED)
    floor.beat()
    risk: Any = floor.house.core.kernel.role("risk_manager")
    book = risk.state.stops
    assert all((book.stuck, book.own, book.interrupted, book.unsettled, risk.state.flattening))
    again = RiskManager()
    load(again, dump(risk))
    assert state_of(again) == state_of(risk)


def test_given_a_sale_that_is_stuck_when_it_is_told_then_the_words_say_why_since_when_and_what_to_do() -> None:
    floor = Floor()
    floor.quote(AT_STOP)
    sale = floor.sales[0]
    floor.fill(sale, 4, 6, floor.accept(sale))
    floor.quotes(31, 9_500)
    [told] = floor.said(ExitStuck)
    order = sale.client_order_id
    assert (told.quantity, told.since, told.venue_time) == (6, floor.stops[0].venue_time, at(floor.venue.at))
    assert told.text == (
        "6 shares of 005930 are not sold since 09:00:03 (stop_loss: 9,700 KRW reached 9,700 KRW, 3.00 % below cost"
        f" 10,000 KRW): after 31 s order {order} is PARTIAL with 6 shares open; `hantrade orders cancel {order}`, then"
        " it is tried again"
    )
    floor.house.hear(ManualCancelRequested("c", "kim", order))
    floor.cancel(sale, 6, "1")
    assert [item.quantity for item in floor.sales] == [10, 6]
