"""A storm over a broker that misbehaves: the trader hears what the process was told, the books are the venue's."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from actors.core.kernel import Numbered
from broker.journal import OrderJournal
from broker.port import Guard, OrderRequest, Receipt
from broker_sim.faults import FaultPlan, RequestFaults
from broker_sim.faults_file import parse_faults
from broker_sim.faulty_reads import FaultyReads
from broker_sim.faulty_venue import FaultyVenue
from broker_sim.venue import DurableVenue
from domain.errors import BrokerUnavailable
from domain.messages import Message
from domain.messages.link import (
    BrokerOpenOrder,
    BrokerPosition,
    BrokerStateReceived,
    HeartbeatReceived,
    LinkFailed,
    LinkLoggedIn,
    LoginLink,
    SessionInfo,
)
from domain.messages.orders import OrderAccepted, OrderFact, RequestAnswered, ResolveOrder
from domain.messages.run import ClockTicked
from domain.messages.trading import GateChanged
from domain.types import Krw, LinkName, UnixNanos
from tests.actors.builders import SECOND
from tests.attack.accounting import account
from tests.attack.storm import Storm
from tests.attack.wire import SYMBOLS, Wire


class HeardVenue:
    """The venue as a storm sees it: requests and events through the process, the market straight."""

    def __init__(self, truth: DurableVenue, heard: FaultyVenue) -> None:
        self.truth, self.heard, self.journal = truth, heard, heard.journal
        self.keep_clock, self.restore = truth.keep_clock, truth.restore

    @property
    def exchange(self) -> Any:
        return self.truth.exchange

    def request(self, request: OrderRequest, guard: Guard) -> Receipt:
        return self.heard.request(request, guard).receipt

    def begin(self, venue_time: UnixNanos) -> None:
        self.truth.begin(venue_time)
        self.heard.hear()

    def on_quotes(self, rows: Any) -> None:
        self.truth.on_quotes(rows)
        self.heard.hear()


class FaultyStorm(Storm):
    """A storm whose broker carries out a fault plan."""

    def __init__(self, folder: Path, seed: int, plan: FaultPlan | str) -> None:
        self.plan = parse_faults(plan, "plan") if isinstance(plan, str) else plan
        self.counts: Counter[str] = Counter()
        self.breaks = 0
        self.listeners: list[Callable[[Message], None]] = []
        super().__init__(folder, seed)
        self.skipped = True  # fills may be booked in another order than they happened

    def _open_venue(self) -> Any:
        truth = super()._open_venue()
        told = OrderJournal(self.folder / "told.db", durable=False)
        heard = FaultyVenue(truth, told, self.plan, lambda: self.now)
        self.truth, self.heard, self.breaks = truth, heard, heard.line.breaks
        self.counts += heard.fates.counts
        heard.fates.counts = self.counts
        epoch = told.epoch
        self.reads = FaultyReads(heard.fates, epoch, lambda: self.venue_time, lambda: self.now, self._no_time_passes)
        return HeardVenue(truth, heard)

    def _a_wire(self) -> Wire:
        return DeafWire(self)

    def close(self) -> None:
        self.heard.journal.close()
        self.truth.journal.close()
        self.log.close()

    def kill_broker(self) -> None:
        self.truth.keep_clock()
        before = self.truth.exchange
        self.heard.journal.close()
        self.truth.journal.close()
        self.venue = self._open_venue()
        self.venue.restore(before.now, list(before.latest.values()), before.ended)
        self.wire.lose("the broker died")

    def session(self) -> SessionInfo:
        found = super().session()
        return SessionInfo(
            found.server_kind,
            self.heard.line.up,
            found.account,
            found.venue_time,
            found.phase,
            found.journal_id,
            found.epoch,
            found.gate,
            found.run_id,
        )

    def tick(self, seconds: float) -> None:
        self.now += int(seconds * SECOND)
        self.heard.tick()
        if self.heard.line.breaks != self.breaks:
            self.breaks = self.heard.line.breaks
            self.wire.lose("maintenance")
        logged_in, phase = self.heard.line.up, self.venue.exchange.phase
        self.post(HeartbeatReceived(LinkName.QUOTES, self.venue_time, phase, True))
        if self.wire.up:
            self.post(HeartbeatReceived(LinkName.ORDERS, self.venue_time, phase, logged_in))
        self.post(ClockTicked(UnixNanos(self.now), False))

    def settle(self, rounds: int = 200) -> None:
        while any(window.covers(self.venue_time) for window in self.plan.maintenance):
            self.seconds += 5  # the market goes on
            self.truth.on_quotes((), self.venue_time)
            self.tick(1.0)
        super().settle(rounds)

    def check(self, numbered: list[Numbered]) -> None:
        super().check(numbered)
        for item in numbered:
            for listener in self.listeners:
                listener(item.message)

    def stop(self) -> None:
        """Let requests pass from here on: a stop waits for its cancels so long, then it says what is left open."""
        rough, self.plan = self.plan, replace(self.plan, requests=RequestFaults())
        self.kill_broker()
        super().stop()
        self.plan = rough

    def another_log(self) -> None:
        super().another_log()
        self.base = self.truth.journal.last_seq

    def another_day(self, seconds: float) -> None:
        super().another_day(seconds)
        self.base = self.truth.journal.last_seq

    def read_account(self) -> tuple[Krw, list[BrokerPosition], list[BrokerOpenOrder]]:
        """Make the three queries of a reconciliation at one moment. Raises BrokerUnavailable as the plan says."""
        books = self.truth.exchange

        async def read() -> tuple[Krw, list[BrokerPosition], list[BrokerOpenOrder]]:
            async def cash() -> Krw:
                self.heard.before_read()
                return Krw(books.books.account.cash)

            async def positions() -> list[BrokerPosition]:
                return self.reads.page("positions", books.positions())

            async def orders() -> list[BrokerOpenOrder]:
                return self.reads.page("open_orders", books.open_orders())

            answer = self.reads.answer
            return (
                await answer("account", cash),
                await answer("positions", positions),
                await answer("open_orders", orders),
            )

        return asyncio.run(read())

    async def _no_time_passes(self, _: float) -> None:
        """Let an answer be late for nobody: the wire of a storm takes its time by itself."""

    def begin_to_trade(self) -> None:
        """Open the day and show every symbol once."""
        self.settle()
        self.seconds = max(self.seconds, 31)
        while len(self.truth.exchange.latest) < len(SYMBOLS):
            self.quote()

    def look_at_every_book(self) -> None:
        """Compare the trader's books with the venue's, not with what was told."""
        accepted = [fact.client_order_id for fact in self.facts if isinstance(fact, OrderAccepted)]
        assert len(set(accepted)) == len(accepted), "an order is twice at the venue"
        heard, self.venue = self.venue, self.truth
        account(self)
        self.venue = heard

    @property
    def facts(self) -> list[OrderFact]:
        return list(self.truth.journal.events())


class DeafWire(Wire):
    """The orders link of a trader whose broker misbehaves."""

    storm: FaultyStorm

    def carry_out(self, message: Message) -> None:
        if isinstance(message, LoginLink) and message.link is LinkName.ORDERS:
            try:
                self.storm.heard.login()
            except Exception as error:  # noqa: BLE001  # as the link does: it becomes an input
                self.storm.post(LinkFailed(LinkName.ORDERS, "login", str(error)), later=True)
                return
            self.storm.post(LinkLoggedIn(LinkName.ORDERS, self.storm.session()), later=True)
            return
        super().carry_out(message)

    def resolve(self, effect: ResolveOrder) -> None:
        if not self.up or self.storm.chance(0.05):
            self.lose("resolving failed")
            return
        found = self.storm.heard.resolve(effect.request_id)
        self.pull()
        answer = (found.outcome, found.code, found.text, True, self.storm.venue.journal.last_seq)
        self.back.append(RequestAnswered(effect.client_order_id, effect.request_id, *answer))

    def reconcile(self) -> None:
        if not self.up:
            return
        if not self.storm.heard.line.up:
            self.storm.post(LinkFailed(LinkName.ORDERS, "reconcile", "not logged in"), later=True)
            return
        try:
            cash, positions, orders = self.storm.read_account()
        except BrokerUnavailable as error:
            self.storm.post(LinkFailed(LinkName.ORDERS, "reconcile", str(error)), later=True)
            return
        self.pull()
        self.out.append((GateChanged(self.gate, "reconcile"), None))
        journal, at = self.storm.venue.journal, self.storm.truth.exchange.now
        state = (cash, tuple(positions), tuple(orders))
        self.back.append(BrokerStateReceived(*state, journal.journal_id, journal.last_seq, at))
