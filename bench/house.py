"""A whole trader on one thread, without a broker process: every role, the simulated exchange, the log when given.

Time is the venue's: each batch is handled at the time of its last row. The exchange answers every effect before the
next batch comes, so two runs over the same rows say the same.
"""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from actors.core.core import Core
from actors.core.kernel import Kernel, Numbered
from broker.translate.quotes import decode_batch, encode_batch
from broker_sim.exchange import Exchange
from domain.config import RunConfig
from domain.instruments import Instrument
from domain.messages import Message
from domain.messages.link import (
    BrokerStateReceived,
    HeartbeatReceived,
    InstrumentsReceived,
    LinkOpened,
    OpenLink,
    ReconcileLink,
    SessionInfo,
)
from domain.messages.market import QuotesReceived
from domain.messages.orders import CancelOrder, ModifyOrder, RequestAnswered, SubmitOrder
from domain.messages.run import ClockTicked, RunEnded, RunStarted
from domain.quotes import Quote, QuoteBatch
from domain.risk_config import RiskConfig
from domain.signal_views import StrategiesQuery
from domain.types import (
    NANOS_PER_SECOND,
    PPM,
    Gate,
    Krw,
    LinkName,
    RequestId,
    RequestOutcome,
    ServerKind,
    UnixNanos,
    VenuePhase,
)
from persistence.codec import MessageCodec
from persistence.event_log import EventLog

RUN, JOURNAL = "bench", "bench-journal"
CASH = Krw(1_000_000_000_000)
TICK_NS = NANOS_PER_SECOND // 2  # as the clock edge
BEAT_NS = NANOS_PER_SECOND  # as the links
WIDE = RiskConfig(  # every rule is asked, none bites
    max_position_ppm=PPM,
    max_order_krw=Krw(150_000),  # one share
    daily_loss_ppm=PPM,
    max_data_age_ms=10**9,
    duplicate_window_ms=0,
    max_open_orders=100_000,
    price_collar_ppm=PPM,
)


def wide_config(**changes: Any) -> RunConfig:
    """Give the configuration of a measurement."""
    return replace(RunConfig(mode="paper", cash=CASH, orders_endpoint="bench", risk=WIDE), **changes)


@dataclass(slots=True)
class Tally:
    """What was done."""

    quotes: int = 0
    batches: int = 0
    orders: int = 0
    fills: int = 0
    events: int = 0


class Venue:
    """Answers effects as the links and the broker would.

    Rows go to the exchange while an order of ours rests there; with `matches_all` every row does.
    """

    def __init__(self, instruments: Sequence[Instrument], *, matches_all: bool) -> None:
        """Open an exchange."""
        self.exchange = Exchange(CASH, commission_ppm=150)
        self.exchange.set_instruments(instruments)
        self.matches_all = matches_all
        self._instruments = tuple(instruments)
        self._latest: dict[str, Quote] = {}
        self._facts = 0

    def see(self, rows: Sequence[Quote]) -> list[Message]:
        """Take the rows of a batch; give what filled by them."""
        if self.matches_all or self.exchange.books.legs:
            return self._numbered(self.exchange.on_quotes(rows))
        latest = self._latest
        for row in rows:
            latest[row[0]] = row
        return []

    def answer(self, effect: Message, now: UnixNanos) -> list[Message]:
        """Give what the outside world says to one effect."""
        match effect:
            case OpenLink(link=link):
                return [LinkOpened(link, self._session(now))]
            case ReconcileLink(link=LinkName.QUOTES):
                return [InstrumentsReceived(self._instruments, ())]
            case ReconcileLink():
                return [BrokerStateReceived(CASH, (), (), JOURNAL, self._facts, now)]
            case SubmitOrder() | ModifyOrder() | CancelOrder():
                return self._place(effect)
        return []

    def _place(self, request: SubmitOrder | ModifyOrder | CancelOrder) -> list[Message]:
        name = request.client_order_id if isinstance(request, SubmitOrder) else request.request_id
        receipt = RequestAnswered(
            request.client_order_id, RequestId(name), RequestOutcome.SENT, "", "", False, self._facts
        )
        known = self._latest.get(getattr(request, "symbol", ""))
        before = self.exchange.on_quotes([known]) if known is not None else []
        return [receipt, *self._numbered([*before, *self.exchange.place(request)])]

    def _numbered(self, facts: Iterable[Any]) -> list[Message]:
        made: list[Message] = []
        for fact in facts:
            self._facts += 1
            made.append(replace(fact, journal_id=JOURNAL, event_seq=self._facts))
        return made

    def _session(self, now: UnixNanos) -> SessionInfo:
        kind, phase = ServerKind.SIMULATED, VenuePhase.CONTINUOUS
        return SessionInfo(kind, True, "BENCH", now, phase, JOURNAL, 1, Gate.OPEN, RUN)


class House:
    """Drives a kernel. With a log it is the product's core that drains, commits and releases; without, the kernel."""

    def __init__(self, kernel: Kernel, venue: Venue, log: EventLog | None = None) -> None:
        """Take a fresh kernel."""
        self.kernel = kernel
        self.venue = venue
        self.tally = Tally()
        self.now = UnixNanos(0)
        self._log = log
        self._core: Core | None = None
        if log is not None:
            self._core = Core(kernel, log, MessageCodec(decode_batch), RUN, lambda: self.now, self._hear, _fail)
        self._waiting: deque[tuple[Message, str]] = deque()
        self._ticked = self._beaten = 0

    def begin(self, config: RunConfig, now: int) -> None:
        """Start a run and connect at a venue time. Raises RuntimeError when the house does not come to trade."""
        self.now = UnixNanos(now)
        self.say(RunStarted(RUN, "bench", config), "system")
        for step in range(4):  # the day arms and opens by the clock
            self._clock(now + step * NANOS_PER_SECOND)
        day: Any = self.kernel.role("trading_day")
        if day.state != "TRADING":
            raise RuntimeError(f"the house expected to be TRADING, was {day.state}")

    def quotes(self, rows: Sequence[Quote], raw: bytes = b"") -> None:
        """Handle one batch and everything that follows, the venue's answers included."""
        at, tally = rows[-1].venue_time, self.tally
        self._clock(at)
        self.now = UnixNanos(at)
        tally.quotes += len(rows)
        tally.batches += 1
        batch = QuoteBatch(RUN, tally.batches, rows, 0, False, at)
        if self._log is not None and not raw:
            raw = encode_batch(batch, columns=True)
        facts = self.venue.see(rows)
        self.say(QuotesReceived(batch, raw), "link/quotes")
        for fact in facts:
            self.say(fact, "link/orders")

    def say(self, message: Message, source: str) -> None:
        """Handle one input and everything that follows."""
        core = self._core
        if core is None:
            self._waiting.append((message, source))
            while self._waiting:
                next_message, next_source = self._waiting.popleft()
                numbered = self.kernel.handle(next_message, self.now, next_source)
                for item in numbered:
                    if item.message.IS_EFFECT:
                        self._hear(item)
            return
        core.post(message, source=source)
        while core.drain() or self._waiting:
            while self._waiting:
                answer, origin = self._waiting.popleft()
                core.post(answer, source=origin, urgent=True)
        core.door.wait(0)  # nobody waits at this door, so its bell is emptied here

    def end(self) -> Tally:
        """End the run; give what was done. Raises RuntimeError when a role or a strategy failed."""
        self.say(RunEnded(RUN, "measured"), "system")
        self.tally.events = self.kernel.last_seq
        strategies = self.kernel.role("strategist").view(StrategiesQuery())
        failed = self.kernel.benched or {view.name: view.error for view in strategies if view.error}
        if failed:
            raise RuntimeError(f"the measurement is worth nothing: {failed}")
        return self.tally

    def _clock(self, until: int) -> None:
        """Let clock and heartbeats come as they would by a venue time."""
        if not self._ticked:
            self._ticked = self._beaten = until - BEAT_NS
        while self._ticked + TICK_NS <= until:
            self._ticked += TICK_NS
            self.now = UnixNanos(self._ticked)
            if self._beaten + BEAT_NS <= self._ticked:
                self._beaten = self._ticked
                for link in LinkName:
                    beat = HeartbeatReceived(link, self.now, VenuePhase.CONTINUOUS, True)
                    self.say(beat, f"link/{link}")
            self.say(ClockTicked(self.now, False), "clock")

    def _hear(self, item: Numbered) -> None:
        effect = item.message
        if isinstance(effect, SubmitOrder):
            self.tally.orders += 1
        for answer in self.venue.answer(effect, self.now):
            if type(answer).__name__ == "OrderFilled":
                self.tally.fills += 1
            link = "quotes" if isinstance(effect, OpenLink | ReconcileLink) and effect.link == "quotes" else "orders"
            self._waiting.append((answer, f"link/{link}"))


def _fail(error: BaseException) -> None:
    raise error


Make = Callable[[], House]
