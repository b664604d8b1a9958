"""Quotes of another source, over real gRPC: other data behind a wire that is cut, and paper orders that go on."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import grpc

from chaos.faulty_link import a_faulty_link
from cli.compose import Trader, codec
from cli.replay import replay_here
from domain.config import LinkConfig, RunConfig
from domain.messages.link import (
    OrdersRouted,
    SourceChanged,
    SubscribeQuotes,
    SubscriptionProved,
    UptimeMeasured,
)
from domain.messages.market import QuotesJudged
from domain.messages.operator import (
    CommandAnswered,
    OrdersRouteRequested,
    PauseRequested,
    ReconcileRequested,
    ResumeRequested,
)
from domain.messages.orders import OrderFilled
from domain.messages.trading import FillBooked
from domain.status import LinksQuery, LinksView
from domain.types import LinkName
from persistence.reader import LogReader
from tests.actors.trader_house import a_desk, a_trader
from tests.processes.harness import wait_until
from tests.processes.test_two_brokers import (
    ORDERED_ONLY,
    QUOTED_ONLY,
    SELL,
    SHARED,
    Person,
    a_simulator,
    events_of,
    taken_by,
)

FAST = 120  # venue seconds a second: a bar comes every five seconds, the day takes three minutes
QUICK = LinkConfig(
    heartbeat_timeout_ms=2_500,
    backoff_first_ms=50,
    backoff_max_ms=200,
    call_timeout_ms=2_000,
    failover_after_ms=2_000,  # on a slow machine the way back takes a second, and is not to fail over again
    failback_after_ms=2_000,
    probe_ms=500,
    first_quote_ms=1,
    measures_uptime=True,
)


def links(trader: Trader) -> LinksView:
    found: LinksView = trader.system.ask("connection_supervisor", LinksQuery(trader.system.clock.now()))
    return found


@contextmanager
def trading(folder: Path, quotes_at: str, *backups: str, orders_at: str = "") -> Iterator[tuple[Trader, Person]]:
    def tuned(config: RunConfig) -> RunConfig:
        execution = replace(config.execution, entry_patience_ms=86_400_000)
        return replace(config, link=QUICK, execution=execution, quotes_backups=backups)

    with a_trader(folder, quotes_at, orders_at, tuned) as trader, a_desk(trader.desk_address) as desk:
        person = Person(desk)
        person.until_links()
        yield trader, person


def the_log(folder: Path) -> list[Any]:
    with LogReader(folder / "log.db", codec()) as reader:
        found = [message for _, message in reader.messages()]
    assert replay_here(folder / "log.db").identical
    return found


def test_given_a_source_that_is_cut_off_when_another_stands_in_then_paper_orders_trade_on_its_data_until_it_is_back(
    tmp_path: Path,
) -> None:
    with (
        a_simulator(tmp_path / "first", (SHARED, QUOTED_ONLY), speed=FAST) as first,
        a_simulator(tmp_path / "backup", (SHARED, ORDERED_ONLY), speed=FAST) as backup,
        a_faulty_link(first.address) as wire,
        trading(tmp_path / "t", wire.address, backup.address) as (trader, person),
    ):
        person.until_quoted(SHARED, QUOTED_ONLY)
        resting = person.submit(price=9_750)
        person.until(resting, "WORKING")
        wait_until(lambda: links(trader).sources[1].is_well, "a look at the backup")
        wire.refuse()
        wire.cut()
        wait_until(lambda: links(trader).on_backup, "the backup in use")
        person.until_links()
        person.until_quoted(SHARED, ORDERED_ONLY)
        assert links(trader).quotes_source == backup.address
        person.until(submitted(person, ORDERED_ONLY), "FILLED")
        assert person.order(resting).filled_qty == 0
        wire.mend()
        wait_until(lambda: not links(trader).on_backup, "the first source in use again")
        person.until_links()
        person.cancel(resting)
    log = the_log(tmp_path / "t")
    changes = [(m.from_endpoint, m.to_endpoint, m.is_backup) for m in log if isinstance(m, SourceChanged)]
    assert changes == [(wire.address, backup.address, True), (backup.address, wire.address, False)]
    by_source = sources_of(log)
    assert ORDERED_ONLY not in by_source[0] | by_source[2]
    assert QUOTED_ONLY not in by_source[1]
    subscriptions = sum(isinstance(m, SubscribeQuotes) for m in log)
    assert subscriptions >= 3
    unserved = {(QUOTED_ONLY, "not served by this source")}  # by the backup, which says so
    assert any(isinstance(m, SubscriptionProved) and set(m.missing) <= unserved for m in log)
    measured = [m for m in log if isinstance(m, UptimeMeasured)][-1]
    assert measured.market_ms == measured.up_ms + measured.degraded_ms + measured.down_ms
    assert min(measured.up_ms, measured.down_ms) > 0


def submitted(person: Person, *args: Any, **fields: Any) -> str:
    """Submit as soon as a trade of the instrument was heard in this run; give the order's id."""
    ids: list[str] = []

    def accepted() -> bool:
        try:
            ids.append(person.submit(*args, **fields))
        except grpc.RpcError as error:
            assert "no trade of" in str(error)
        return bool(ids)

    wait_until(accepted, f"a trade to submit {args} on")
    return ids[0]


def sources_of(log: list[Any]) -> list[set[str]]:
    """Give the symbols quoted by one source after another."""
    found: list[set[str]] = [set()]
    for message in log:
        match message:
            case SourceChanged():
                found.append(set())
            case QuotesJudged(rows=rows):
                found[-1] |= {row.symbol for row in rows}
    return found


def test_given_orders_at_rest_when_a_person_sends_them_another_way_then_they_go_there_also_after_a_restart(
    tmp_path: Path,
) -> None:
    place, folder = (SHARED, QUOTED_ONLY), tmp_path / "t"
    with ExitStack() as stack:
        quotes, broker, other = (
            stack.enter_context(a_simulator(tmp_path / name, place, speed=FAST))
            for name in ("quotes", "broker", "other")
        )
        wire = stack.enter_context(a_faulty_link(broker.address))
        with trading(folder, quotes.address, orders_at=wire.address) as (trader, person):
            person.until_quoted(SHARED)
            first = person.submit()
            person.until(first, "FILLED")
            assert routed(trader, broker.address).code == "WRONG_STATE"
            trader.system.core.post(PauseRequested("p-1", "kim", "to move orders"), source="test")
            wait_until(lambda: person.status().day == "PAUSED", "the pause")
            trader.system.core.post(ReconcileRequested("r-1", "kim", False), source="test")
            wait_until(
                lambda: routed(trader, other.address).accepted, "books that agree, and the way to another account"
            )
            wait_until(lambda: "another account" in links(trader).reasons[LinkName.ORDERS], "its refusal")
            wire.refuse()
            wire.cut()
            wait_until(lambda: routed(trader, broker.address).accepted, "another door to the old account")
            wait_until(lambda: on(trader) == (broker.address, "READY"), "orders ready there")
        with a_trader(folder, quotes.address, wire.address, lambda config: replace(config, link=QUICK)) as trader:
            wait_until(lambda: on(trader) == (broker.address, "READY"), "the same way after a restart")
            with a_desk(trader.desk_address) as desk:
                person = Person(desk)
                trader.system.core.post(ResumeRequested("r-2", "kim", "moved"), source="test")
                person.until_links()
                person.until_quoted(SHARED)
                person.until(submitted(person, side=SELL, price=None), "FILLED")
        events = events_of(broker)
        assert taken_by(events_of(other)) == []
    log = the_log(folder)
    mine, theirs = ([m for m in told if isinstance(m, OrderFilled)] for told in (log, events))
    assert {m.trade_id for m in mine} == {m.trade_id for m in theirs}
    booked = [m for m in log if isinstance(m, FillBooked)]
    assert sum(m.last_qty * m.side.sign for m in booked) == 0
    ways = [(m.from_endpoint, m.to_endpoint) for m in log if isinstance(m, OrdersRouted)]
    assert ways == [(wire.address, other.address), (other.address, broker.address)]


def on(trader: Trader) -> tuple[str, str]:
    found = links(trader)
    return found.orders_path, found.states[LinkName.ORDERS]


def routed(trader: Trader, endpoint: str) -> CommandAnswered:
    """Ask for another way as the desk would; give the answer."""
    answers: list[CommandAnswered] = []
    command = OrdersRouteRequested(f"c-{uuid4().hex}", "kim", endpoint, "its host is moved")
    effects = trader.system.effects
    trader.system.effects = replace(effects, listeners=(*effects.listeners, keep(answers, command.command_id)))
    trader.system.core.post(command, source="desk")
    wait_until(lambda: answers, "an answer")
    trader.system.effects = effects
    return answers[0]


def keep(answers: list[CommandAnswered], command_id: str) -> Any:
    def listen(message: Any) -> None:
        if isinstance(message, CommandAnswered) and message.command_id == command_id:
            answers.append(message)

    return listen
