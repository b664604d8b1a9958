"""What stops never touch, what people set, and what outlives the process."""

from dataclasses import replace
from typing import Any

import pytest

from actors.core.state import dump, load
from actors.roles.risk_manager import RiskManager
from actors.roster import make_roles
from domain.messages.operator import (
    CommandAnswered,
    FlattenRequested,
    ManualCancelRequested,
    StopRequested,
)
from domain.messages.orders import CancelOrder, SubmitOrder
from domain.messages.risk import ExitStuck, StopsSet, StopTriggered
from domain.messages.trading import StopChanged
from domain.risk_config import StopTerms
from domain.types import PPM, Side, VenuePhase
from tests.actors.builders import SAMSUNG, state_of
from tests.actors.exit_builders import AT_STOP, LOWER, RISK, Floor, a_strategys_exit
from tests.actors.money_builders import COLON, a_signal, at

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
