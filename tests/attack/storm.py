"""A whole trader and a paper venue in one thread, a wire between them that does its worst, and an account of it all.

The wire delays, loses and repeats requests, hears receipts and facts at different speeds, breaks and comes back; the
trader is killed between commit and release and folds its log again; the broker is killed and reopens its journal.
Everything is drawn from one seed.
"""

import random
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

from actors.core.core import to_record
from actors.core.kernel import Kernel, Numbered
from actors.recovery import recover
from broker.gateway import identity
from broker.journal import OrderJournal
from broker.port import Guard, OrderRequest, Receipt
from broker_sim.venue import DurableVenue
from domain.config import RunConfig
from domain.krx.calendar import NO_OVERRIDES
from domain.messages import Message
from domain.messages.link import (
    HeartbeatReceived,
    SessionInfo,
)
from domain.messages.market import QuotesReceived
from domain.messages.operator import (
    FlattenRequested,
    HaltRequested,
    ManualCancelRequested,
    ManualModifyRequested,
    ManualOrderRequested,
    PauseRequested,
    ResumeRequested,
    StopRequested,
)
from domain.messages.orders import (
    SubmitOrder,
)
from domain.messages.run import ClockTicked, RunStarted
from domain.messages.trading import GateChanged, SignalFormed
from domain.quotes import Quote, QuoteKind
from domain.risk_config import RiskConfig
from domain.types import (
    Gate,
    Krw,
    LinkName,
    OrderKind,
    Purpose,
    RequestOutcome,
    ServerKind,
    Side,
    UnixNanos,
)
from persistence.event_log import EventLog
from persistence.reader import LogReader
from tests.actors.builders import OPEN, SECOND, T0
from tests.attack.accounting import account
from tests.attack.wire import SYMBOLS, Wire, listing
from tests.persistence.logs import a_codec, quotes_received

CASH = 10_000_000
COMMISSION_PPM = 150


class Storm:
    """One run from one seed. `account` checks at the end that nothing was lost, doubled or booked wrong."""

    risk = RiskConfig()

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder, self.draw = folder, random.Random(seed)
        self.now = T0
        self.seconds = self.day_begins = -30.0  # after the open
        self.prices = dict.fromkeys(SYMBOLS, 10_000)
        self.volumes = dict.fromkeys(SYMBOLS, 0)
        self.waiting: deque[Message] = deque()  # at the core's door
        self.limbo: list[tuple[OrderRequest | GateChanged, Guard | None]] = []  # on old wires
        self.accepted: list[str] = []
        self.commands = self.gates = self.run = self.logs = 0
        self.level = Gate.CANCELS_ONLY
        self.death_at_release = 0.0  # chance that the trader dies between a commit and the last of its effects
        self.base = 0  # last event of the journal before the account was opened
        self.skipped = False  # a fact was lost on the way: fills may be booked in another order than they happened
        self.venue = self._open_venue()
        self.venue.begin(self.venue_time)
        self.wire = self._a_wire()
        self.log, self.kernel = self._open_log()
        self._begin_run()

    # ---- the two processes -------------------------------------------------------------------------------------

    @property
    def venue_time(self) -> UnixNanos:
        return UnixNanos(OPEN + int(self.seconds * SECOND))

    def chance(self, probability: float) -> bool:
        return self.draw.random() < probability

    def _open_venue(self) -> DurableVenue:
        journal = OrderJournal(self.folder / "journal.db")
        venue = DurableVenue(journal, CASH, COMMISSION_PPM, NO_OVERRIDES, lambda: self.now)
        venue.exchange.set_instruments(listing())
        return venue

    def _a_wire(self) -> Wire:
        return Wire(self)

    def kill_broker(self) -> None:
        self.venue.keep_clock()
        before = self.venue.exchange
        self.venue.journal.close()
        self.venue = self._open_venue()
        self.venue.restore(before.now, list(before.latest.values()), before.ended)
        assert self.venue.exchange.books.account.cash == before.books.account.cash, "the fold gives other cash"
        self.wire.lose("the broker died")

    @property
    def log_path(self) -> Path:
        return self.folder / f"log{self.logs}.db"

    def _open_log(self) -> tuple[EventLog, Kernel]:
        log_id = f"L{self.logs}"
        log = EventLog.open(self.log_path, create_id=lambda: log_id, now=lambda: self.now, reserve_bytes=4096)
        with LogReader(self.log_path, a_codec()) as reader:
            kernel = recover(reader if log.last_seq else None, log.log_id)
        return log, kernel

    def _begin_run(self) -> None:
        self.run += 1
        day: Any = self.kernel.role("trading_day")
        self.wire.gate = day.gate
        config = RunConfig("paper", symbols=SYMBOLS, orders_endpoint="paper", strategies=(), risk=self.risk)
        self.post(RunStarted(f"r{self.run}", "0.1.0", config))

    def kill_trader(self) -> None:
        self.waiting.clear()
        self.wire.hang_up("the trader died")
        self.waiting.clear()  # nobody is there to hear of it
        self.log.close()
        self.wire = self._a_wire()
        self.log, self.kernel = self._open_log()
        self._begin_run()

    def another_log(self) -> None:
        """Trade on with the same account, but a log that knows nothing of it."""
        self.logs += 1
        self.base = self.venue.journal.last_seq
        self.kill_trader()

    def another_day(self, seconds: float) -> None:
        """Begin another trading date in the same log, with the same account."""
        self.base = self.venue.journal.last_seq
        self.seconds += seconds
        self.day_begins = self.seconds
        self.volumes = dict.fromkeys(SYMBOLS, 0)
        self.venue.begin(self.venue_time)
        self.kill_trader()

    def session(self) -> SessionInfo:
        journal = self.venue.journal
        info = (ServerKind.SIMULATED, True, "****", self.venue_time, self.venue.exchange.phase)
        return SessionInfo(*info, journal.journal_id, journal.epoch, journal.gate, "sim")

    # ---- the core ----------------------------------------------------------------------------------------------

    def post(self, message: Message, *, later: bool = False) -> None:
        if later:
            self.waiting.append(message)
            return
        numbered = self.kernel.handle(message, UnixNanos(self.now), "storm")
        self.log.commit([to_record(item, f"r{self.run}", a_codec()) for item in numbered], durable=False)
        self.check(numbered)
        self.release([item.message for item in numbered if item.message.IS_EFFECT])

    def release(self, effects: list[Message]) -> None:
        dies_at = self.draw.randrange(len(effects)) if effects and self.chance(self.death_at_release) else len(effects)
        for effect in effects[:dies_at]:
            self.wire.carry_out(effect)
        if dies_at < len(effects):
            self.kill_trader()

    def check(self, numbered: list[Numbered]) -> None:
        for item in numbered:
            assert type(item.message).__name__ != "RoleFailed", item.message
            if isinstance(item.message, GateChanged):
                self.level = item.message.level
            if isinstance(item.message, SubmitOrder):
                assert self.level.passes(item.message.purpose), "an order was made behind a closed gate"
                assert item.message.client_order_id not in self.accepted, "an id was used twice"

    # ---- the venue ---------------------------------------------------------------------------------------------

    def reach(self, request: OrderRequest | GateChanged, guard: Guard | None) -> Receipt | None:
        if isinstance(request, GateChanged):
            self.gates += 1
            return self.venue.journal.set_gate(f"gate-{self.gates}", request.level)
        assert guard is not None
        known = self.venue.journal.outcome(identity(request)) is not None
        before = self.venue.journal.last_seq
        receipt = self.venue.request(request, guard)
        if known:
            assert self.venue.journal.last_seq == before, f"{identity(request)} acted twice"
        for fact in self.venue.journal.events(before):
            code = str(getattr(fact, "code", ""))
            assert not code.startswith("INSUFFICIENT"), f"risk let pass what the venue cannot cover: {fact}"
        if isinstance(request, SubmitOrder) and not known and receipt.outcome is RequestOutcome.SENT:
            self.accepted.append(request.client_order_id)
        return receipt

    def quote(self) -> None:
        self.seconds += self.draw.choice((0.2, 1, 1, 2, 5))
        code = self.draw.choice(SYMBOLS)
        price = max(9_000, min(11_000, self.prices[code] + 10 * self.draw.randint(-6, 6)))
        self.prices[code] = price
        size = self.draw.randint(1, 60)
        self.volumes[code] += size
        touch = (price - 10, price + 10, self.draw.randint(1, 80), self.draw.randint(1, 80))
        row = Quote(code, self.venue_time, price, size, self.volumes[code], *touch, QuoteKind.TRADE)
        message: QuotesReceived = quotes_received(row)
        self.post(message)
        self.venue.on_quotes([row])

    # ---- people, signals and accidents -------------------------------------------------------------------------

    def command(self) -> tuple[str, str]:
        self.commands += 1
        return f"c{self.run}-{self.commands}", "kim"

    def an_order(self) -> None:
        code, side = self.draw.choice(SYMBOLS), self.draw.choice(list(Side))
        price = Krw(self.prices[code] + 10 * self.draw.randint(-4, 4))
        kind = self.draw.choice((OrderKind.LIMIT, OrderKind.LIMIT, OrderKind.MARKET))
        shares = self.draw.choice((1, 7, 40, 150, 200))
        limit = price if kind is OrderKind.LIMIT else None
        self.post(ManualOrderRequested(*self.command(), code, side, kind, shares, limit, ""))

    def a_signal(self) -> None:
        code, side = self.draw.choice(SYMBOLS), self.draw.choice(list(Side))
        purpose = Purpose.ENTRY if side is Side.BUY else Purpose.EXIT
        price = Krw(self.prices[code])
        what = ("s", code, side, purpose, 1.0, 0.9, 60, price, price, "unknown", (), "it moves", self.venue_time)
        self.post(SignalFormed(*what))

    def a_change(self) -> None:
        executor: Any = self.kernel.role("executor")
        if not executor.open:
            return
        order = self.draw.choice(list(executor.open))
        if self.chance(0.5):
            self.post(ManualCancelRequested(*self.command(), order))
            return
        price = Krw(self.prices[executor.orders[order].symbol] + 10 * self.draw.randint(-8, 8))
        quantity = self.draw.choice((None, None, 3, 20))
        self.post(ManualModifyRequested(*self.command(), order, quantity, price))

    def of_the_day(self) -> None:
        kinds: tuple[Any, ...] = (PauseRequested, HaltRequested, FlattenRequested, ResumeRequested, ResumeRequested)
        kind = self.draw.choice(kinds)
        if kind is FlattenRequested:
            self.post(FlattenRequested(*self.command(), self.draw.choice(("", *SYMBOLS)), "out"))
        else:
            self.post(kind(*self.command(), "because"))

    def tick(self, seconds: float) -> None:
        self.now += int(seconds * SECOND)
        for name in LinkName:
            if name is LinkName.QUOTES or self.wire.up:
                self.post(HeartbeatReceived(name, self.venue_time, self.venue.exchange.phase, True))
        self.post(ClockTicked(UnixNanos(self.now), False))

    def late_arrival(self) -> None:
        """A request of a wire that is gone reaches the broker after all; nobody hears the receipt."""
        if self.limbo:
            self.reach(*self.limbo.pop(self.draw.randrange(len(self.limbo))))

    def repeat(self) -> None:
        if self.wire.out:
            self.limbo.append(self.draw.choice(list(self.wire.out)))

    def hear(self) -> None:
        if self.waiting:
            self.post(self.waiting.popleft())

    def skip_fact(self) -> None:
        """Lose one fact on the way: the gap must be seen and mended."""
        self.wire.pull()
        facts = [item for item in self.wire.back if hasattr(item, "event_seq")]
        if facts:
            self.wire.back.remove(self.draw.choice(facts))
            self.skipped = True

    def repeat_fact(self) -> None:
        facts = [item for item in self.wire.back if hasattr(item, "event_seq")]
        if facts:
            self.wire.back.appendleft(facts[0])

    def blow(self, steps: int) -> None:
        moves: list[tuple[float, Callable[[], None]]] = [
            (30, self.wire_step),
            (25, self.hear),
            (20, self.quote),
            (8, self.an_order),
            (6, self.a_signal),
            (5, self.a_change),
            (1.2, self.of_the_day),
            (10, lambda: self.tick(0.5)),
            (0.7, lambda: self.tick(4.0)),
            (0.7, lambda: self.wire.lose("the wire broke")),
            (0.4, self.kill_trader),
            (0.3, self.kill_broker),
            (2, self.late_arrival),
            (0.5, self.repeat),
            (0.3, self.skip_fact),
            (0.5, self.repeat_fact),
        ]
        self.death_at_release = 0.004
        weights, calls = [weight for weight, _ in moves], [call for _, call in moves]
        self.settle()
        self.seconds = max(self.seconds, self.day_begins + 31)
        for call in self.draw.choices(calls, weights, k=steps):
            call()
        self.death_at_release = 0.0

    def wire_step(self) -> None:
        self.wire.step()

    # ---- the end -----------------------------------------------------------------------------------------------

    def settle(self, rounds: int = 200) -> None:
        """Let everything arrive and be heard."""
        for _ in range(rounds):
            while self.waiting or self.wire.out or self.wire.back or self.wire.receipts:
                self.hear()
                self.wire_step()
            self.wire.pull()
            if not self.wire.back:
                links: Any = self.kernel.role("connection_supervisor")
                executor: Any = self.kernel.role("executor")
                unknown = any(executor.orders[name].is_unknown for name in executor.open)
                if links.links[LinkName.ORDERS].state == "READY" and not unknown:
                    return
            self.tick(1.0)
        raise AssertionError(f"the orders link is stuck: {links.links[LinkName.ORDERS]}, {executor.open}")

    def stop(self) -> None:
        """Stop in order, then look at every book."""
        while self.limbo:
            self.late_arrival()
        self.settle()
        self.post(StopRequested(*self.command(), "the end"))
        for _ in range(60):
            while self.waiting or self.wire.out or self.wire.back or self.wire.receipts:
                self.hear()
                self.wire_step()
            self.wire.pull()
            self.tick(1.0)
        self.look_at_every_book()

    def look_at_every_book(self) -> None:
        account(self)
