"""Stops of positions with every role in the house: reached, cancelled, sold, and never twice or too much."""

from dataclasses import replace

import pytest

from domain.messages.holdings import AdjustmentBooked
from domain.messages.link import BrokerOpenOrder
from domain.messages.operator import (
    FlattenRequested,
    HaltRequested,
    PauseRequested,
    ResumeRequested,
)
from domain.messages.orders import SubmitOrder
from domain.messages.trading import OrderApproved, OrderDenied
from domain.risk_config import RiskConfig, StopTerms
from domain.types import Krw, OrderKind, Side
from tests.actors.builders import SAMSUNG
from tests.actors.exit_builders import AT_STOP, RISK, Floor, a_strategys_exit
from tests.actors.money_builders import COLON, a_signal, at

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
    floor.quotes(3, AT_STOP)
    assert [sale.quantity for sale in floor.sales] == [10], "what ended one attempt may end the next at once, too"
    floor.quotes(3, AT_STOP)
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
    floor.refuse_all(AT_STOP)
    floor.quotes(3, AT_STOP)
    assert (len(floor.sales), floor.stuck, len(floor.stops)) == (3, ["ATTEMPTS"], 1)
    floor.house.hear(PauseRequested("p", "kim", ""), ResumeRequested("r", "kim", "the venue is well again"))
    floor.quotes(3, AT_STOP)
    assert (len(floor.sales), len(floor.stops)) == (4, 1)
