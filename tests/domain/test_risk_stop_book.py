"""Positions with their stops: what begins them, what they remember, and which rows count."""

from datetime import date
from typing import Any

import pytest

from domain.config import RunConfig
from domain.krx.brakes import INTERRUPTION_NS
from domain.messages import Message
from domain.messages.holdings import AdjustmentBooked, FillRevised, HoldingBooked
from domain.messages.link import HeartbeatReceived
from domain.messages.market import QuotesJudged, QuoteVerdict, SymbolInterrupted
from domain.messages.risk import StopsSet
from domain.messages.run import RunStarted
from domain.messages.trading import AccountOpened, FillBooked, SessionPlanned
from domain.quality import JUMP_UNCONFIRMED
from domain.quotes import Quote, QuoteKind
from domain.risk.stop_book import StopBook
from domain.risk_config import RiskConfig, StopTerms
from domain.time import from_kst
from domain.types import NANOS_PER_SECOND, ClientOrderId, Krw, LinkName, Side, UnixNanos, VenuePhase
from tests.actors.money_builders import COLON, OPEN, SAMSUNG, a_link, an_account, at, broker_state

TRADE, BOOK, CROSS = QuoteKind.TRADE, QuoteKind.BOOK, QuoteKind.AUCTION_TRADE
CLOSE_AUCTION, CLOSE = 22_800, 23_400  # seconds after the open
TERMS = StopTerms(stop_loss_ppm=30_000, trailing_ppm=50_000)


def a_plan(day: date = date(2026, 1, 13)) -> SessionPlanned:
    return SessionPlanned(
        day.isoformat(), True, from_kst(day, 9, 0), from_kst(day, 15, 20), from_kst(day, 15, 30), False
    )


def a_run(terms: StopTerms = TERMS) -> RunStarted:
    return RunStarted("r", "0.7.0", RunConfig("paper", risk=RiskConfig(stops=terms)))


def a_fill(position: int, cost: int, seconds: float = 0, symbol: str = SAMSUNG) -> FillBooked:
    side = Side.BUY if position else Side.SELL
    money = (Krw(0),) * 5
    return FillBooked(ClientOrderId("o"), "t", symbol, side, 1, *money, position, Krw(cost), Krw(0), at(seconds))


def an_action(kind: str, position: int, cost: int, seconds: float = 9) -> HoldingBooked:
    return HoldingBooked(SAMSUNG, kind, "", 10, position, Krw(cost), *(Krw(0),) * 5, at(seconds))


def a_row(price: int, seconds: float = 1, bid: int | None = None, kind: QuoteKind = TRADE, **more: Any) -> Quote:
    where = price - 10 if bid is None else bid
    symbol, volume, ask = more.get("symbol", SAMSUNG), more.get("volume", 1), more.get("ask", price + 10)
    return Quote(symbol, at(seconds), price, 1, volume, where, ask, 5, 5, kind)


def rows(*found: Quote) -> QuotesJudged:
    return QuotesJudged(1, found, ())


def a_beat(phase: VenuePhase, seconds: float = 5, link: LinkName = LinkName.QUOTES) -> HeartbeatReceived:
    return HeartbeatReceived(link, at(seconds), phase, True)


def a_vi(active: bool, seconds: float = 5) -> SymbolInterrupted:
    return SymbolInterrupted(SAMSUNG, active, Krw(9_000), "", at(seconds))


def a_book(*told: Message, terms: StopTerms = TERMS) -> StopBook:
    book = StopBook()
    for message in (a_run(terms), a_plan(), *told):
        book.fold(message)
    return book


def hits(book: StopBook, *found: Quote) -> list[str]:
    book.fold(rows(*found))
    return [hit.rule for hit in book.hits.values()]


BOUGHT = a_fill(10, 100_000)  # stop 9,700
DOWN = 9_700


# ---- what a position is ----------------------------------------------------------------------------------------


def test_given_a_first_fill_when_more_come_then_begin_and_peak_stay_and_stops_follow_the_cost() -> None:
    book = a_book(BOUGHT, rows(a_row(10_500, bid=10_400)), a_fill(20, 210_000, 60))
    position = book.positions[SAMSUNG]
    assert (position.began_at, position.peak, position.quantity) == (at(0), 10_400, 20)
    assert (position.levels.stop, position.levels.trailing) == (10_185, 9_880)


def test_given_the_last_share_gone_when_bought_again_then_nothing_of_the_old_position_is_left() -> None:
    own = StopsSet(SAMSUNG, StopTerms(hold_s=60), "kim", "")
    book = a_book(BOUGHT, own, rows(a_row(10_500)), a_fill(0, 0, 60), a_fill(5, 60_000, 120))
    position = book.positions[SAMSUNG]
    assert (position.began_at, position.peak, position.terms, book.own) == (at(120), 0, TERMS, {})


def test_given_holdings_from_before_when_the_account_is_opened_then_they_begin_there_at_the_brokers_cost() -> None:
    book = a_book(broker_state(0, (SAMSUNG, 10, 100_000)), an_account())
    assert (book.positions[SAMSUNG].began_at, book.positions[SAMSUNG].levels.stop) == (at(0), 9_700)


def test_given_a_night_when_the_next_account_is_opened_then_begin_peak_and_own_stops_live_on() -> None:
    own = StopsSet(SAMSUNG, StopTerms(trailing_ppm=100_000), "kim", "")
    night = (broker_state(0, (SAMSUNG, 10, 100_000)), AccountOpened("2026-01-14", Krw(0), Krw(0), UnixNanos(OPEN)))
    book = a_book(BOUGHT, own, a_fill(3, 3_000, 0, COLON), rows(a_row(10_510)), *night, a_run())
    assert list(book.positions) == [SAMSUNG]  # the other is not among the broker's holdings any more
    position = book.positions[SAMSUNG]
    assert (position.began_at, position.peak, position.levels.trailing) == (at(0), 10_500, 9_450)


@pytest.mark.parametrize(
    "told",
    [
        (an_action("SPLIT", 50, 100_000),),
        (broker_state(0, (SAMSUNG, 50, 100_000)), an_account()),  # nobody told of it
    ],
)
def test_given_a_split_overnight_when_quotes_of_new_shares_come_then_cost_a_share_follows_and_no_stop_is_reached(
    told: tuple[Message, ...],
) -> None:
    book = a_book(BOUGHT, rows(a_row(10_500)), *told)
    assert (book.positions[SAMSUNG].peak, book.positions[SAMSUNG].levels.stop) == (0, 1_940)
    assert hits(book, a_row(2_010)) == []
    assert book.positions[SAMSUNG].peak == 2_000
    assert hits(book, a_row(1_950)) == ["stop_loss"]


def test_given_a_dividend_when_booked_then_the_peak_stays() -> None:
    book = a_book(BOUGHT, rows(a_row(10_500)), an_action("CASH_DIVIDEND", 10, 100_000))
    assert book.positions[SAMSUNG].peak == 10_490


def test_given_books_that_people_or_executions_change_when_told_then_stops_follow() -> None:
    money = (Krw(0), Krw(0), Krw(0), Krw(0), Krw(110_000))
    book = a_book(BOUGHT, FillRevised("o", "v", "t", SAMSUNG, Side.BUY, 0, *money, Krw(0), at(1)))
    assert book.positions[SAMSUNG].levels.stop == 10_670
    book.fold(AdjustmentBooked("c", "kim", SAMSUNG, 10, 5, Krw(50_000), Krw(0), Krw(0), "", at(2)))
    assert book.positions[SAMSUNG].levels.stop == 9_700
    book.fold(AdjustmentBooked("c", "kim", SAMSUNG, 5, 0, Krw(0), Krw(0), Krw(0), "", at(2)))
    assert book.positions == {}


def test_given_a_restart_with_other_settings_when_it_begins_then_they_hold_but_not_for_own_stops() -> None:
    own = StopsSet(SAMSUNG, StopTerms(stop_loss_ppm=10_000), "kim", "")
    book = a_book(BOUGHT, a_fill(10, 100_000, 0, COLON), own, a_run(StopTerms(stop_loss_ppm=50_000)))
    assert {symbol: item.levels.stop for symbol, item in book.positions.items()} == {SAMSUNG: 9_900, COLON: 9_500}
    book.fold(StopsSet(SAMSUNG, None, "kim", ""))
    assert book.positions[SAMSUNG].levels.stop == 9_500
    book.fold(StopsSet(SAMSUNG, StopTerms(), "kim", "none at all"))
    assert hits(book, a_row(8_000)) == []


# ---- which rows count ------------------------------------------------------------------------------------------


def test_given_one_batch_when_only_a_row_in_its_middle_reaches_the_stop_then_it_is_reached() -> None:
    deep = a_row(10_000, 2, bid=9_690, kind=BOOK)
    assert hits(a_book(BOUGHT), a_row(10_000), deep, a_row(10_000, 3)) == ["stop_loss"]


def test_given_a_fall_from_a_peak_of_the_same_batch_when_judged_then_the_trailing_stop_is_reached() -> None:
    assert hits(a_book(BOUGHT), a_row(11_010), a_row(10_460, 2, bid=10_450)) == ["trailing"]  # 11,000 less 5 %


def test_given_a_hit_when_the_next_batch_does_not_reach_it_then_it_is_forgotten() -> None:
    book = a_book(BOUGHT)
    assert hits(book, a_row(DOWN)) == ["stop_loss"]
    assert hits(book, a_row(10_000, 2)) == []
    assert hits(book, a_row(DOWN, 3, symbol=COLON)) == []


@pytest.mark.parametrize(
    ("row", "counts"),
    [
        (a_row(9_000), True),
        (a_row(9_000, 0), True),
        (a_row(9_000, -1), False),
        (a_row(9_000, CLOSE_AUCTION - 1), True),
        (a_row(9_000, CLOSE_AUCTION, kind=BOOK), False),  # what the closing auction would give
        (a_row(9_000, CLOSE, kind=CROSS), False),  # the cross itself: nothing is sold after it
        (a_row(9_000, kind=BOOK, volume=0), False),  # the opening auction has not crossed yet
        (a_row(9_000, kind=CROSS), True),
        (a_row(9_000, kind=BOOK, bid=9_000, ask=9_000), False),
        (a_row(10_000, kind=CROSS, bid=9_000, ask=8_900), False),  # the crossed book beside the price of the cross
        (a_row(0, bid=0, kind=BOOK), False),
    ],
)
def test_given_a_row_when_it_would_reach_a_stop_then_only_prices_of_continuous_trading_count(
    row: Quote, counts: bool
) -> None:
    book = a_book(BOUGHT)
    assert hits(book, row) == (["stop_loss"] if counts else [])
    assert (book.positions[SAMSUNG].peak > 0) == (counts or (row.kind == CROSS and row.price == 10_000))


def test_given_a_price_that_waits_to_be_confirmed_when_judged_then_it_neither_sells_nor_makes_a_peak() -> None:
    book = a_book(BOUGHT)
    for price in (DOWN, 12_000):
        verdict = QuoteVerdict(0, SAMSUNG, JUMP_UNCONFIRMED, "", False)
        book.fold(QuotesJudged(1, [a_row(price)], (verdict,)))
        assert (book.hits, book.positions[SAMSUNG].peak) == ({}, 0)


def test_given_an_interruption_when_told_over_then_the_first_trade_after_it_decides_whatever_the_gap() -> None:
    book = a_book(BOUGHT, a_vi(True))
    assert hits(book, a_row(9_000, 6), a_row(9_000, 7, kind=BOOK)) == []
    book.fold(a_vi(False, 130))
    assert hits(book, a_row(9_000, 131, kind=BOOK)) == []
    assert hits(book, a_row(8_800, 131)) == ["stop_loss"]
    assert book.hits[SAMSUNG].gap == 910


def test_given_an_interruption_whose_end_nobody_tells_when_its_cross_or_a_later_trade_comes_then_it_decides() -> None:
    late = 5 + INTERRUPTION_NS / NANOS_PER_SECOND
    assert hits(a_book(BOUGHT, a_vi(True)), a_row(9_000, 125, kind=CROSS)) == ["stop_loss"]
    assert hits(a_book(BOUGHT, a_vi(True)), a_row(9_000, late - 1)) == []
    assert hits(a_book(BOUGHT, a_vi(True)), a_row(9_000, late)) == ["stop_loss"]
    assert hits(a_book(BOUGHT, a_vi(True), a_run()), a_row(9_000, 7)) == ["stop_loss"]  # told to an earlier run


def test_given_a_circuit_breaker_when_it_is_over_then_the_first_trade_after_it_decides() -> None:
    book = a_book(BOUGHT, a_beat(VenuePhase.HALTED))
    assert hits(book, a_row(9_000, 6)) == []
    book.fold(a_beat(VenuePhase.CONTINUOUS, 1_800))
    assert hits(book, a_row(9_000, 1_801, kind=BOOK)) == []
    assert hits(book, a_row(9_000, 1_802)) == ["stop_loss"]


def test_given_a_halt_told_by_a_link_that_breaks_when_the_other_quotes_on_then_it_does_not_last_for_ever() -> None:
    book = a_book(BOUGHT, a_beat(VenuePhase.HALTED, link=LinkName.ORDERS))
    assert hits(book, a_row(9_000, 6)) == []
    book.fold(a_link(LinkName.ORDERS, "DISCONNECTED"))
    assert hits(book, a_row(9_000, 7)) == ["stop_loss"]


@pytest.mark.parametrize(("seconds", "reached"), [(59, []), (60, ["time"]), (61, ["time"])])
def test_given_a_time_stop_when_its_second_has_come_then_the_next_quote_reaches_it(
    seconds: float, reached: list[str]
) -> None:
    assert hits(a_book(BOUGHT, terms=StopTerms(hold_s=60)), a_row(10_000, seconds)) == reached


def test_given_a_time_stop_that_ends_in_the_night_when_the_next_day_trades_then_its_first_price_reaches_it() -> None:
    book = a_book(BOUGHT, terms=StopTerms(hold_s=12 * 3_600))
    day = 24 * 3_600
    book.fold(a_plan(date(2026, 1, 14)))
    assert hits(book, a_row(10_000, day - 5, kind=BOOK), a_row(10_000, day + 3, kind=BOOK, volume=0)) == []
    assert hits(book, a_row(10_000, day + 5, kind=CROSS)) == ["time"]


def test_given_no_terms_when_quotes_come_then_nothing_is_looked_at() -> None:
    book = a_book(BOUGHT, rows(a_row(9_000)), terms=StopTerms())
    assert (book.hits, book.positions[SAMSUNG].peak) == ({}, 0)
