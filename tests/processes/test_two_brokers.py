"""Quotes of one broker, orders to another: two simulators of different data, and a wire between that is damaged."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from broker.server import BrokerServerThread
from broker_sim.backend import SimBackend
from broker_sim.recording import Recording
from chaos.faulty_link import FaultyLink, a_faulty_link
from cli.compose import codec, running
from cli.replay import replay_here
from domain.config import LinkConfig, RunConfig
from domain.messages import Message
from domain.messages.link import ReconcileReported
from domain.messages.market import QuotesReceived
from domain.messages.orders import OrderAccepted, OrderFilled, RequestStranded, ResolveOrder, SubmitOrder
from domain.messages.trading import AccountOpened, EquityMarked
from domain.time import kst_date
from hantrade.v1 import desk_pb2, types_pb2
from persistence.reader import LogReader
from tests.actors.trader_house import DeskClient, a_desk, a_trader
from tests.broker_sim.builders import a_day, a_file
from tests.processes.harness import wait_until

SHARED, QUOTED_ONLY, ORDERED_ONLY = "120110", "000250", "005930"
QUICK = LinkConfig(heartbeat_timeout_ms=2_500, backoff_first_ms=50, backoff_max_ms=200, call_timeout_ms=2_000)
BUY, SELL = types_pb2.SIDE_BUY, types_pb2.SIDE_SELL


def a_recording(folder: Path, symbols: tuple[str, ...], date: str, since: str) -> Recording:
    folder.mkdir(parents=True)
    bars = [bar for code in symbols for bar in a_day(code, date=date, prev_close=10_000) if bar["time"] >= since]
    return Recording.load(a_file(folder, bars))


@contextmanager
def a_simulator(
    folder: Path, symbols: tuple[str, ...], date: str = "2026-01-13", since: str = "09:00:00", speed: float = 60
) -> Iterator[BrokerServerThread]:
    recording = a_recording(folder, symbols, date, since)

    def make() -> SimBackend:
        journal = folder / "journal.db"
        return SimBackend.recorded(recording, journal, cash=10_000_000, commission_ppm=150, speed=speed, start_now=True)

    server = BrokerServerThread(lambda: running(make)).start()
    try:
        yield server
    finally:
        server.stop()


def tuned(config: RunConfig) -> RunConfig:
    """Notice a lost link soon, and let orders rest: a venue minute is a second here."""
    return replace(config, link=QUICK, execution=replace(config.execution, entry_patience_ms=86_400_000))


class Person:
    """Somebody at the desk."""

    def __init__(self, desk: DeskClient) -> None:
        self.desk = desk

    def status(self) -> desk_pb2.TraderStatus:
        found: desk_pb2.TraderStatus = self.desk.GetStatus(desk_pb2.GetStatusRequest()).status
        return found

    def until_links(self, quotes: str = "READY", orders: str = "READY") -> None:
        def there() -> bool:
            now = self.status()
            return (now.quotes_link, now.orders_link) == (quotes, orders) and now.day == "TRADING"

        wait_until(there, f"quotes {quotes}, orders {orders} and TRADING")

    def until_down(self, link: str) -> None:
        up = ("READY", "DEGRADED")
        wait_until(lambda: getattr(self.status(), f"{link}_link") not in up, f"the {link} link down")

    def until_quoted(self, *symbols: str) -> None:
        def quoted() -> bool:
            quotes = self.desk.ListQuotes(desk_pb2.ListQuotesRequest()).quotes
            return set(symbols) <= {item.quote.symbol for item in quotes}

        wait_until(quoted, f"quotes of {symbols}")

    def submit(self, symbol: str = SHARED, side: Any = BUY, price: int | None = 10_200, quantity: int = 3) -> str:
        return str(self.desk.SubmitManualOrder(a_request(symbol, side, price, quantity)).order.client_order_id)

    def refused(self, symbol: str = SHARED, price: int | None = 10_200) -> str:
        return self.desk.refusal("SubmitManualOrder", a_request(symbol, BUY, price, 1))[1].code

    def order(self, order_id: str) -> types_pb2.Order:
        found: types_pb2.Order = self.desk.GetOrder(desk_pb2.GetOrderRequest(client_order_id=order_id)).order
        return found

    def until(self, order_id: str, *states: str) -> types_pb2.Order:
        wanted = [types_pb2.OrderStatus.Value(f"ORDER_STATUS_{state}") for state in states]
        wait_until(lambda: self.order(order_id).status in wanted, f"order {order_id} in {states}")
        return self.order(order_id)

    def cancel(self, order_id: str) -> None:
        self.desk.CancelManualOrder(desk_pb2.CancelManualOrderRequest(client_order_id=order_id))
        self.until(order_id, "CANCELLED")


def a_request(symbol: str, side: Any, price: int | None, quantity: int) -> desk_pb2.SubmitManualOrderRequest:
    kind = types_pb2.ORDER_KIND_MARKET if price is None else types_pb2.ORDER_KIND_LIMIT
    fields = {"symbol": symbol, "side": side, "kind": kind, "quantity": quantity, "caller": "test"}
    return desk_pb2.SubmitManualOrderRequest(limit_price_krw=price, **fields)


@contextmanager
def a_person(folder: Path, quotes_at: str, orders_at: str = "") -> Iterator[Person]:
    """Give somebody at the desk of a trader that has quotes of every symbol and trades."""
    with a_trader(folder, quotes_at, orders_at, tuned) as trader, a_desk(trader.desk_address) as desk:
        person = Person(desk)
        person.until_links()
        person.until_quoted(SHARED, QUOTED_ONLY)
        yield person


def accounted(log_path: Path, events: list[Message]) -> list[Message]:
    """Compare log and venue: nothing lost, doubled or unknown, and the log replays; give the log."""
    with LogReader(log_path, codec()) as reader:
        log = [message for _, message in reader.messages() if isinstance(message, Message)]
    theirs, mine = ([m for m in told if isinstance(m, OrderFilled)] for told in (events, log))
    assert sorted(mine, key=lambda fill: fill.event_seq) == theirs
    sent = [m.client_order_id for m in log if isinstance(m, SubmitOrder)]
    taken = taken_by(events)
    assert len(set(sent)) == len(sent)
    assert len(set(taken)) == len(taken)
    assert set(taken) <= set(sent)
    assert all(m.agreed for m in log if isinstance(m, ReconcileReported))
    assert replay_here(log_path).identical
    return log


def taken_by(events: list[Message]) -> list[str]:
    return [m.client_order_id for m in events if isinstance(m, OrderAccepted)]


def events_of(server: BrokerServerThread) -> list[Message]:
    backend: Any = server.backend

    async def read() -> list[Message]:
        return list(backend._venue.journal.events(0))

    return server.call(read)


@pytest.fixture
def quotes(tmp_path: Path) -> Iterator[BrokerServerThread]:
    with a_simulator(tmp_path / "quotes", (SHARED, QUOTED_ONLY)) as server:
        yield server


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[tuple[BrokerServerThread, FaultyLink]]:
    """Give a broker for orders that lives on another date, four hours on, behind a wire."""
    place = (tmp_path / "orders", (SHARED, ORDERED_ONLY), "2026-01-14", "13:00:00")
    with a_simulator(*place) as server, a_faulty_link(server.address) as wire:
        yield server, wire


def test_given_paper_on_a_wire_that_stalls_and_breaks_when_quotes_are_stale_then_nothing_trades_until_they_flow(
    tmp_path: Path, quotes: BrokerServerThread
) -> None:
    with a_faulty_link(quotes.address) as wire, a_person(tmp_path / "t", wire.address) as person:
        wire.delay(0.005)
        first, resting = person.submit(), person.submit(price=9_750)
        person.until(first, "FILLED")
        person.until(resting, "WORKING")
        wire.stall()
        wire.until_held()
        person.until_down("quotes")
        assert person.refused() == "CONNECTION"
        wire.cut()
        wire.refuse()
        wire.until_turned_away(2)
        assert person.refused() == "CONNECTION"
        assert person.order(resting).filled_qty == 0
        wire.mend()
        person.until_links()
        person.until(person.submit(side=SELL, price=None), "FILLED")
        wire.lose("down")
        wire.until_lost()
        person.until_down("quotes")
        wire.mend()
        wire.cut()
        person.until_links()
        person.cancel(resting)
        journal = tmp_path / "t" / "paper" / "journal.db"
    log = accounted(tmp_path / "t" / "log.db", kept(journal))
    assert sum(m.last_qty * m.side.sign for m in log if isinstance(m, OrderFilled)) == 0


def kept(journal: Path) -> list[Message]:
    from broker.journal import OrderJournal

    opened = OrderJournal(journal)
    try:
        return list(opened.events(0))
    finally:
        opened.close()


def test_given_orders_to_a_broker_of_other_data_when_its_wire_breaks_then_no_order_is_lost_or_doubled(
    tmp_path: Path, quotes: BrokerServerThread, elsewhere: tuple[BrokerServerThread, FaultyLink]
) -> None:
    server, wire = elsewhere
    with a_person(tmp_path / "t", quotes.address, wire.address) as person:
        resting = person.submit(price=9_750)
        person.until(resting, "WORKING")
        wire.lose("down")
        unheard = person.submit()  # it arrives, its receipt does not
        wait_until(lambda: unheard in taken_by(events_of(server)), "the order at the venue")
        assert person.order(unheard).filled_qty == 0
        wire.cut()
        wire.mend()
        person.until(unheard, "FILLED")
        person.until_links()
        wire.lose("up")
        unsent = person.submit()  # it does not arrive
        wire.until_lost()
        wire.cut()
        wire.mend()
        person.until(unsent, "REJECTED", "FILLED")
        person.until_links()
        wire.stall()
        wire.until_held()
        held = person.submit()
        wire.mend()
        person.until(held, "FILLED", "REJECTED")
        person.until_links()
        wire.cut()
        wire.refuse()
        wire.until_turned_away()
        assert person.refused() == "CONNECTION"
        wire.mend()
        person.until_links()
        person.cancel(resting)
        events = events_of(server)
    log = accounted(tmp_path / "t" / "log.db", events)
    stranded = {m.client_order_id for m in log if isinstance(m, RequestStranded)}
    assert {unheard, unsent} <= stranded, "nobody knew what became of them"
    # One never arrived: only asking ends it. What the resumed events tell of the other may come before anybody asks.
    assert unsent in {m.client_order_id for m in log if isinstance(m, ResolveOrder)}
    for order_id in (unheard, unsent):
        assert sum(isinstance(m, SubmitOrder) and m.client_order_id == order_id for m in log) == 1, "sent once"


def test_given_brokers_with_other_clocks_and_instruments_when_trading_then_each_is_taken_for_what_it_knows(
    tmp_path: Path, quotes: BrokerServerThread, elsewhere: tuple[BrokerServerThread, FaultyLink]
) -> None:
    server, wire = elsewhere
    with a_person(tmp_path / "t", quotes.address, wire.address) as person:
        assert person.refused(ORDERED_ONLY) == "INSTRUMENT"
        unknown = person.until(person.submit(QUOTED_ONLY), "REJECTED")
        assert "UNKNOWN_SYMBOL" in unknown.reason
        person.until(person.submit(), "FILLED")

        def marked() -> bool:
            return bool(person.status().equity_krw) and len(person.desk.ListPositions(POSITIONS).positions) == 1

        wait_until(marked, "a position at mark")
        assert person.status().trading_date == "2026-01-13"
        events = events_of(server)
    log = accounted(tmp_path / "t" / "log.db", events)
    for kind, day in ((OrderFilled, 14), (EquityMarked, 13)):
        assert {kst_date(m.when() or 0).day for m in log if isinstance(m, kind)} == {day}
    assert [m for m in log if isinstance(m, AccountOpened)][-1].trading_date == "2026-01-13"
    assert any(isinstance(m, QuotesReceived) for m in log)


POSITIONS = desk_pb2.DeskServiceListPositionsRequest()
