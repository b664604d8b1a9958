"""Both broker links and the trend source of a back-test: effects in, inputs out, in the order of venue time.

Plays `actors/edges` without threads and networks. Links open at once and never break; a request, a receipt and an order
event need the link's time each way, and nothing overtakes.
"""

from collections.abc import Callable
from datetime import date
from functools import partial

from actors.edges.gate import WireGate
from backtest.plan import NANOS_PER_MS
from backtest.timeline import Timeline
from backtest.travel import Travel
from broker.gateway import identity
from broker.port import Guard, OrderRequest
from broker_sim.bar_file import Bar
from broker_sim.stored_sessions import StoredSessions
from broker_sim.venue import DurableVenue
from domain.config import SimConfig
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
    SubscribeQuotes,
)
from domain.messages.market import DayBar, FetchHistory, FetchTrends, HistoryReceived
from domain.messages.orders import CancelOrder, ModifyOrder, RequestAnswered, ResolveOrder, SubmitOrder
from domain.messages.trading import GateChanged, StopReady
from domain.time import kst_date
from domain.types import Gate, Krw, LinkName, RequestId, RequestOutcome, ServerKind, UnixNanos
from trends.source import TrendSource

ACCOUNT = "BACKTEST"
Post = Callable[[Message, str], None]


class Wire:
    """Carry out effects against the venue."""

    def __init__(
        self,
        post: Post,
        timeline: Timeline,
        venue: DurableVenue,
        trends: TrendSource,
        travel: Travel,
        sim: SimConfig,
        stored: StoredSessions,
    ) -> None:
        """Take the core's door, the clock, the venue, the source of search series, how long requests and answers are
        under way, what the exchange assumes, and the stored sessions that daily bars are taken from.
        """
        self.subscribed = False
        self.stopped = False
        self.under_way = 0  # requests and answers between the trader and the venue
        self._post = post
        self._timeline = timeline
        self._venue = venue
        self._trends = trends
        self._stored = stored
        self._travel_time = travel
        self._venue_delay = (sim.latency_ms + sim.latency_jitter_ms) * NANOS_PER_MS  # at most, until the book is met
        self._last_out = self._last_back = 0  # arrival of the newest under way: nothing overtakes
        self._is_resumed = False  # events flow since the account was reconciled
        self._gate = WireGate()
        self._instruments: tuple[Instrument, ...] = ()
        self._pulled = 0
        self._gates = 0
        self._quotes_run = ""

    def begin(self, quotes_run: str, instruments: tuple[Instrument, ...]) -> None:
        """Begin a day's run: links are down, its instruments are known to the quotes broker."""
        self.subscribed = self.stopped = self._is_resumed = False
        self.under_way = self._last_out = self._last_back = 0
        self._quotes_run, self._instruments = quotes_run, instruments
        self._gate.level = Gate.CANCELS_ONLY

    # ---- effects -----------------------------------------------------------------------------------------------

    def carry_out(self, message: Message) -> None:
        """Take one effect."""
        match message:
            case SubmitOrder() | ModifyOrder() | CancelOrder():
                self._send(message)
            case GateChanged(level=level):
                self._gate.level = level
                self._travel(lambda: self._set_gate(level), self._timeline.now)
            case ResolveOrder():
                self._travel(lambda: self._resolve(message), self._timeline.now)
            case OpenLink(link=link):
                self._answer(link, LinkOpened(link, self._session(link)))
            case ReconcileLink(link=LinkName.QUOTES):
                self._answer(LinkName.QUOTES, self._listed(message.symbols))
            case ReconcileLink(link=LinkName.ORDERS):
                self._travel(self._reconcile, self._timeline.now)
            case SubscribeQuotes():
                self.subscribed = True
            case FetchTrends():
                self._fetch(message)
            case FetchHistory():
                self._tell_history(message)
            case StopReady():
                self.stopped = True

    def beat(self) -> None:
        """Let both links hear a heartbeat now."""
        now, phase = self._timeline.now, self._venue.exchange.phase
        for link in LinkName:
            self._post(HeartbeatReceived(link, now, phase, True), f"link/{link}")

    def _answer(self, link: LinkName, message: Message) -> None:
        self._timeline.after(0, lambda: self._post(message, f"link/{link}"))

    def _session(self, link: LinkName) -> SessionInfo:
        journal, now = self._venue.journal, self._timeline.now
        run = self._quotes_run if link is LinkName.QUOTES else f"{journal.journal_id}-{journal.epoch}"
        return SessionInfo(
            server_kind=ServerKind.SIMULATED,
            logged_in=True,
            account=ACCOUNT,
            venue_time=now,
            phase=self._venue.exchange.phase,
            journal_id=journal.journal_id,
            epoch=journal.epoch,
            gate=journal.gate,
            run_id=run,
        )

    def _listed(self, symbols: tuple[str, ...]) -> InstrumentsReceived:
        known: dict[str, Instrument] = {item.symbol: item for item in self._instruments}
        wanted = symbols or tuple(known)
        found = tuple(known[code] for code in wanted if code in known)
        return InstrumentsReceived(found, tuple(code for code in wanted if code not in known))

    def _fetch(self, effect: FetchTrends) -> None:
        day = date.fromisoformat(effect.trading_date)
        for answer in self._trends.fetch(effect.symbols, day, self._timeline.now):
            self._timeline.after(0, partial(self._post, answer, "trends"))

    def _tell_history(self, effect: FetchHistory) -> None:
        """Answer with what the stored data holds of sessions before the date, as stored: nothing is adjusted."""
        day = date.fromisoformat(effect.trading_date)
        for symbol in effect.symbols:
            bars = tuple(_day_bar(bar) for bar in self._stored.before(symbol, day, effect.days))
            reason = "" if bars else "the stored data has no session before this one"
            answer = HistoryReceived(symbol, effect.trading_date, bars, reason)
            self._timeline.after(0, partial(self._post, answer, "link/quotes"))

    # ---- requests ----------------------------------------------------------------------------------------------

    def _send(self, request: OrderRequest) -> None:
        request_id = identity(request)
        if not isinstance(request, CancelOrder) and not self._gate.passes(request.purpose):
            text = f"the gate is {self._gate.level}; {request.purpose} does not pass"
            refused = (RequestOutcome.REFUSED, "GATE_CLOSED", text, False, 0)
            self._answer(LinkName.ORDERS, RequestAnswered(request.client_order_id, RequestId(request_id), *refused))
            return
        journal = self._venue.journal
        guard = Guard(journal.journal_id, journal.epoch, request.valid_until)
        self._travel(lambda: self._arrive(request, guard), self._travel_time.request(self._timeline.now))

    def _arrive(self, request: OrderRequest, guard: Guard) -> None:
        receipt = self._venue.request(request, guard)
        if self._venue_delay:
            self._timeline.after(self._venue_delay, self._look)
        answer = (receipt.outcome, receipt.code, receipt.text, False, receipt.as_of_seq)
        self._return(RequestAnswered(request.client_order_id, RequestId(receipt.request_id), *answer))

    def _look(self) -> None:
        """Let the venue's clock go on: what it took has met the book by now, and without a row nobody would tell."""
        self._venue.on_quotes((), self._timeline.now)
        self.pull()

    def _resolve(self, effect: ResolveOrder) -> None:
        found = self._venue.journal.resolve(effect.request_id)
        answer = (found.outcome, found.code, found.text, True, found.as_of_seq)
        self._return(RequestAnswered(effect.client_order_id, effect.request_id, *answer))

    def _set_gate(self, level: Gate) -> None:
        self._gates += 1
        self._venue.journal.set_gate(f"gate-{self._gates}", level)

    def _reconcile(self) -> None:
        self._is_resumed = True
        self.pull()
        self._set_gate(self._gate.level)
        exchange, journal = self._venue.exchange, self._venue.journal
        held, live = tuple(exchange.positions()), tuple(exchange.open_orders())
        cash = Krw(exchange.books.account.cash)
        at, standing = UnixNanos(self._timeline.now), self._venue.standing()
        settled = (standing.deposit, standing.d1_deposit, standing.withdrawable(cash - exchange.orderable_cash))
        self._return(BrokerStateReceived(cash, held, live, journal.journal_id, journal.last_seq, at, *settled))

    # ---- travel ------------------------------------------------------------------------------------------------

    def _travel(self, call: Callable[[], None], arrives: int) -> None:
        """Let something reach the venue behind what is under way; its clock and what happened until then come first."""
        self.under_way += 1

        def arrive() -> None:
            self.under_way -= 1
            self._venue.on_quotes((), self._timeline.now)
            self.pull()
            call()
            self.pull()

        self._last_out = max(self._last_out, arrives)
        self._timeline.after(self._last_out - self._timeline.now, arrive)

    def _return(self, message: Message) -> None:
        self.under_way += 1

        def arrive() -> None:
            self.under_way -= 1
            self._post(message, f"link/{LinkName.ORDERS}")

        self._last_back = max(self._last_back, self._travel_time.answer(message, self._timeline.now))
        self._timeline.after(self._last_back - self._timeline.now, arrive)

    def pull(self) -> None:
        """Send every new order event of the venue on its way to the trader."""
        journal = self._venue.journal
        if journal.last_seq == self._pulled or not self._is_resumed:
            return
        for fact in journal.events(self._pulled):
            self._pulled = fact.event_seq
            self._return(fact)


def _day_bar(bar: Bar) -> DayBar:
    prices = (Krw(bar.open), Krw(bar.high), Krw(bar.low), Krw(bar.close))
    return DayBar(kst_date(bar.start).isoformat(), *prices, bar.volume)
