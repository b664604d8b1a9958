"""The emulated servers in this process: what they tell, in which order, and what an earlier process left."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from broker.port import AccountState, Candle, Receipt
from broker_win.emulator.house import Held
from broker_win.emulator.sim_house import SimHouse
from domain.errors import BrokerUnavailable, InvariantError
from domain.messages.orders import OrderFact
from domain.quotes import Depth, Quote
from domain.types import Krw, RequestOutcome, Side, UnixNanos, VenuePhase
from tests.broker_sim.builders import DAY, a_submit, at
from tests.broker_win.venue_steps import SYMBOL, a_row, a_stock


class Heard:
    """All that was told, in order."""

    def __init__(self, house: SimHouse) -> None:
        self.house = house
        self.all: list[str] = []
        self.held: list[Held] = []
        self.replayed: list[bool] = []

    def listen(self) -> None:
        self.house.hear(self.fact, self.rows, lambda phase: self.all.append(str(phase)))

    def fact(self, fact: OrderFact) -> None:
        self.all.append(type(fact).__name__)
        self.held.append(self.house.held(SYMBOL))
        self.replayed.append(self.house.is_replaying)

    def rows(self, rows: Any, depths: Any) -> None:
        self.all.append(f"{len(rows)} rows, {len(depths)} books")

    def receipt(self, receipt: Receipt) -> None:
        self.all.append(str(receipt.outcome))


def opened(folder: Path) -> SimHouse:
    return SimHouse.opened(folder / "sim.db", [a_stock()], cash=10_000_000, now=lambda: 1)


def at_ten(house: SimHouse) -> None:
    house.on_quotes([a_row(when=at(9, 59, 59))], at(10, 0))


def read(house: SimHouse, what: str, symbol: str = "") -> Any:
    answers: list[Any] = []
    house.read(what, answers.append, symbol)
    return answers[0]


@pytest.fixture
def house(tmp_path: Path) -> SimHouse:
    return opened(tmp_path)


def test_given_an_order_when_placed_then_receipt_and_facts_come_and_each_knows_what_is_held_then(
    house: SimHouse,
) -> None:
    at_ten(house)
    heard = Heard(house)
    heard.listen()
    house.place(a_submit(10, 9_980, name="kw-1", symbol=SYMBOL), heard.receipt)
    house.on_quotes([a_row(9_970, 4, ask=9_990, when=at(10, 0, 1)), a_row(9_960, 50, ask=9_980, when=at(10, 0, 2))])
    assert heard.all == ["SENT", "OrderAccepted", "OrderFilled", "OrderFilled"]
    assert [(held.quantity, held.cost) for held in heard.held] == [(0, 0), (4, 39_920), (10, 99_800)]
    assert heard.replayed == [False] * 3


def test_given_rows_when_they_trade_then_facts_are_told_before_rows_and_only_watched_ones(house: SimHouse) -> None:
    at_ten(house)
    heard = Heard(house)
    heard.listen()
    house.place(a_submit(10, 9_980, name="kw-1", symbol=SYMBOL), heard.receipt)
    depth = Depth(SYMBOL, at(10, 0, 3), ((9_960, 5),), ((9_970, 5),))
    house.on_quotes([a_row(9_960, 50, ask=9_980, when=at(10, 0, 2))], depths=[depth])
    house.watch([SYMBOL])
    house.on_quotes([a_row(9_960, 1, when=at(10, 0, 4)), a_row(1, 1, symbol="999999", when=at(10, 0, 4))])
    assert heard.all == ["SENT", "OrderAccepted", "OrderFilled", "1 rows, 0 books"]


def test_given_phases_when_the_clock_goes_then_each_is_told_once(house: SimHouse) -> None:
    heard = Heard(house)
    heard.listen()
    for hh, mm in ((8, 0), (8, 35), (8, 50), (9, 0), (10, 0), (15, 20), (15, 32)):
        house.set_time(at(hh, mm))
    assert [one for one in heard.all if one != VenuePhase.OFF_HOURS_CLOSE][:3] == [
        "OPENING_AUCTION",
        "CONTINUOUS",
        "CLOSING_AUCTION",
    ]
    assert house.phase() is not VenuePhase.CONTINUOUS


def test_given_an_earlier_process_when_another_listens_then_the_day_is_replayed(tmp_path: Path) -> None:
    first = opened(tmp_path)
    at_ten(first)
    first.place(a_submit(10, None, name="kw-1", symbol=SYMBOL), lambda receipt: None)
    first.close()
    first.close()  # twice does no harm
    second = opened(tmp_path)
    assert second.now() == at(10, 0)
    heard = Heard(second)
    heard.listen()
    assert heard.all == ["OrderAccepted", "OrderFilled"]
    assert heard.replayed == [True, True]
    assert second.held(SYMBOL) == Held(10, Krw(100_000), Krw(0))


def test_given_facts_of_an_earlier_day_when_somebody_listens_then_they_count_and_are_not_told(tmp_path: Path) -> None:
    first = opened(tmp_path)
    at_ten(first)
    first.place(a_submit(10, None, name="kw-1", symbol=SYMBOL), lambda receipt: None)
    first.set_time(at(8, 0, day=DAY.replace(day=14)))
    first.close()
    second = opened(tmp_path)
    heard = Heard(second)
    heard.listen()
    assert heard.all == []
    assert second.held(SYMBOL).quantity == 10


def test_given_lists_when_read_then_they_are_the_venues(house: SimHouse) -> None:
    at_ten(house)
    house.place(a_submit(10, None, name="kw-1", symbol=SYMBOL), lambda receipt: None)
    house.place(a_submit(4, 10_100, Side.SELL, "kw-2", SYMBOL), lambda receipt: None)
    account = read(house, "account")
    assert isinstance(account, AccountState)
    assert account.cash == 10_000_000 - 100_000 - 350
    [position] = read(house, "positions")
    assert (position.quantity, position.sellable) == (10, 6)
    assert [row.venue_order_id for row in read(house, "day_orders")] == ["0000001", "0000002"]
    assert [fill.last_qty for fill in read(house, "fills")] == [10]
    quotes: list[Quote] = read(house, "quotes")
    assert [quote.symbol for quote in quotes] == [SYMBOL]
    assert read(house, "quotes", "999999") == []
    bar = Candle(UnixNanos(at(9, 59)), Krw(1), Krw(1), Krw(1), Krw(1), 1)
    house.bars[SYMBOL] = [bar]
    assert read(house, "candles", SYMBOL) == [bar]
    assert read(house, "candles", "999999") == []


def test_given_servers_that_are_away_when_asked_then_they_do_not_answer(house: SimHouse) -> None:
    at_ten(house)
    house.is_up = False
    assert isinstance(read(house, "account"), BrokerUnavailable)
    with pytest.raises(BrokerUnavailable):
        house.place(a_submit(symbol=SYMBOL), lambda receipt: None)
    with pytest.raises(InvariantError):
        house.read("weather", lambda answer: None)


def test_given_no_clock_when_an_order_is_placed_then_it_is_refused(house: SimHouse) -> None:
    outcomes: list[Receipt] = []
    house.place(a_submit(symbol=SYMBOL), outcomes.append)
    assert (outcomes[0].outcome, outcomes[0].code) == (RequestOutcome.REFUSED, "NO_VENUE_CLOCK")


def test_given_what_hears_a_fact_when_it_places_an_order_then_facts_still_come_in_order(house: SimHouse) -> None:
    at_ten(house)
    seqs: list[int] = []

    def hear(fact: OrderFact) -> None:
        seqs.append(fact.event_seq)
        if fact.event_seq == 1:
            house.place(a_submit(1, 9_970, name="kw-2", symbol=SYMBOL), lambda receipt: None)

    nothing: Callable[..., None] = lambda *heard: None  # noqa: E731  # two callbacks with other arguments
    house.hear(hear, nothing, nothing)
    house.place(a_submit(10, None, name="kw-1", symbol=SYMBOL), lambda receipt: None)
    assert seqs == [1, 2, 3]
