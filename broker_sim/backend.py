"""The simulated broker behind the port: a durable venue, with a recorded feed or with quotes handed in.

A killed process goes on where it was: the clock is kept with every fact and once a second. Everything runs on one loop.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from functools import partial
from itertools import chain, dropwhile
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from broker.journal import OrderJournal
from broker.not_offered import NotOffered
from broker.paced_orders import PacedOrders
from broker.port import AccountState, Candle, Guard, MarketNews, OrderRequest, Receipt
from broker.refusals import refuse
from broker.subscription import Subscription
from broker_sim.bar_ticks import ticks_of
from broker_sim.corporate_actions import ActionTable
from broker_sim.exchange import PLAIN
from broker_sim.feed import Feed
from broker_sim.newsroom import Newsroom
from broker_sim.recorded_bars import RecordedBars
from broker_sim.recording import Recording
from broker_sim.set_aside import set_aside
from broker_sim.venue import ENDED, SOURCE, DurableVenue
from domain.config import SimConfig
from domain.errors import LogError, RequestRefused
from domain.instruments import Instrument
from domain.krx.calendar import NO_OVERRIDES
from domain.messages.link import BrokerDayOrder, BrokerOpenOrder, BrokerPosition, SessionInfo
from domain.messages.orders import OrderFact, OrderFilled
from domain.quotes import Depth, Quote, QuoteBatch
from domain.time import NANOS_PER_MINUTE, kst_date
from domain.types import NANOS_PER_SECOND, CandleInterval, Gate, Krw, ServerKind, UnixNanos

ACCOUNT: Final = "SIM-****0001"
DEFAULT_ROWS: Final = 256
CLOCK_EVERY: Final = NANOS_PER_SECOND  # system time between two records of the venue clock
WARM_UP: Final = NANOS_PER_MINUTE  # venue time between the clock's begin and the first bar

Sleep = Callable[[float], Awaitable[object]]
_log = logging.getLogger(__name__)


class SimBackend(NotOffered):
    """A broker whose venue is simulated. Made by `recorded` or `paper`."""

    def __init__(
        self,
        venue: DurableVenue,
        *,
        run_id: str | None = None,
        now: Callable[[], int] = time.time_ns,
        sleep: Sleep = asyncio.sleep,
        orders_per_second: int = 0,
    ) -> None:
        """Serve a venue. `now` gives system time in UTC ns; more requests than `orders_per_second` wait (0: none)."""
        self._venue = venue
        self._run_id = run_id or f"sim-{uuid4().hex[:12]}"
        self._now = now
        self._sleep = sleep
        self._recording: Recording | None = None
        self._bars: RecordedBars | None = None
        self._feed: Feed | None = None
        self._task: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._clock_kept_at = 0
        self._trouble = ""  # why the newest rows of the feed could not be kept; empty when they were
        self._newsroom = Newsroom()
        venue.on_news = self._newsroom.tell
        self._turns: PacedOrders | None = None
        if orders_per_second:
            self._turns = PacedOrders(
                orders_per_second, venue.look, partial(refuse, venue.journal), self._send, now=now
            )

    @classmethod
    def recorded(
        cls,
        recording: Recording,
        journal_path: Path,
        *,
        cash: int,
        commission_ppm: int,
        speed: float,
        seed: int = 1,
        start_now: bool = False,
        overrides: Mapping[str, tuple[str, str]] = NO_OVERRIDES,
        actions: ActionTable | None = None,
        sim: SimConfig = PLAIN,
        clock: Callable[[], int] = time.monotonic_ns,
        now: Callable[[], int] = time.time_ns,
        **wiring: Any,
    ) -> "SimBackend":
        """Replay a recording at `speed` venue seconds per second (0: as fast as it is read).

        `sim` is what the exchange assumes; `seed` names all draws, of made-up ticks and of the exchange.

        A journal of the same replay that has not ended goes on where it was, with the cash it was opened with; any
        other is renamed `*.old` and the day begins anew. Raises LogError when the journal cannot be used.
        """
        source = recording.fingerprint(seed)
        journal = OrderJournal(journal_path)
        if journal.get_meta(ENDED) or journal.get_meta(SOURCE) not in (None, source):
            journal.close()
            set_aside(journal_path)
            journal = OrderJournal(journal_path)
        journal.set_meta(SOURCE, source)
        venue = DurableVenue(journal, cash, commission_ppm, overrides, now, actions, config=sim, seed=seed)
        made = cls(venue, now=now, **wiring)
        made._attach(recording, speed, seed, clock)
        made._bars = RecordedBars(recording, overrides)
        if start_now and made._feed:
            made._feed.start_now()
        return made

    @classmethod
    def paper(
        cls,
        journal_path: Path,
        *,
        cash: int,
        commission_ppm: int,
        overrides: Mapping[str, tuple[str, str]] = NO_OVERRIDES,
        actions: ActionTable | None = None,
        sim: SimConfig = PLAIN,
        seed: int = 1,
        now: Callable[[], int] = time.time_ns,
        **wiring: Any,
    ) -> "SimBackend":
        """Trade against quotes handed in by `on_batch`. The account lives on in its journal; `cash` opens a new one.

        Quotes carry no index, so no circuit breaker halts this exchange.
        """
        venue = DurableVenue(
            OrderJournal(journal_path), cash, commission_ppm, overrides, now, actions, config=sim, seed=seed
        )
        if begin := venue.kept_clock():
            venue.restore(begin)
        return cls(venue, now=now, **wiring)

    # ---- life ---------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Take the running loop; a recorded feed begins to wait for its first reader. May be called again."""
        self._loop = asyncio.get_running_loop()
        if self._feed and self._task is None:
            self._task = asyncio.create_task(self._feed.run())

    async def close(self) -> None:
        """Stop the feed, keep the clock, close the journal."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._turns is not None:
            await self._turns.close()
        self._venue.keep_clock()
        self._venue.journal.close()

    # ---- the port: session and market ---------------------------------------------------------------------------

    async def session(self) -> SessionInfo:
        """Tell what stands behind and where its day is."""
        return SessionInfo(
            server_kind=ServerKind.SIMULATED,
            logged_in=True,
            account=ACCOUNT,
            venue_time=self._venue.exchange.now,
            phase=self._venue.exchange.phase,
            journal_id=self._venue.journal.journal_id,
            epoch=self._venue.journal.epoch,
            gate=self._venue.journal.gate,
            run_id=self._run_id,
            speed_milli=round(self._feed.speed * 1_000) if self._feed else None,
        )

    async def login(self) -> SessionInfo:
        """Give the session: there is nothing to log in to."""
        return await self.session()

    async def instruments(self, symbols: Sequence[str]) -> tuple[list[Instrument], list[str]]:
        """Give known instruments (all when `symbols` is empty) and the symbols not known."""
        known = self._venue.exchange.instruments
        wanted = symbols or list(known)
        return [known[code] for code in wanted if code in known], [code for code in wanted if code not in known]

    async def latest_quotes(self, symbols: Sequence[str]) -> list[Quote]:
        """Give the latest quote of each symbol that has one today (all when `symbols` is empty)."""
        latest = self._venue.exchange.latest
        return [latest[code] for code in (symbols or sorted(latest)) if code in latest]

    def stream_quotes(
        self, symbols: Sequence[str], max_rows: int, max_delay_s: float, depth: bool = False
    ) -> AsyncIterator[QuoteBatch]:
        """Stream batches until the recording ends, with order books where asked for and recorded.

        Raises RequestRefused UNKNOWN_SYMBOL, and NOT_OFFERED on paper.
        """
        if self._feed is None:
            raise RequestRefused("NOT_OFFERED", "the paper broker has no quotes of its own")
        for symbol in symbols:
            self._require(symbol)
        reader = Subscription(
            frozenset(symbols) or None, max_rows or DEFAULT_ROWS, max_delay_s, self._sleep, depth=depth
        )
        return self._stream(self._feed, reader)

    async def _stream(self, feed: Feed, reader: Subscription) -> AsyncIterator[QuoteBatch]:
        await self.start()
        feed.join(reader)
        try:
            seq, ended = 0, False
            while not ended:
                rows, conflated, ended, depths = await reader.take()
                seq += 1
                yield QuoteBatch(self._run_id, seq, rows, conflated, ended, self._now(), tuple(depths))
        finally:
            feed.leave(reader)

    async def candles(
        self,
        symbol: str,
        since: UnixNanos | None,
        until: UnixNanos | None,
        interval: CandleInterval | None = None,
        adjusted: bool = False,
    ) -> list[Candle]:
        """Give bars that ended by the venue's clock, as recorded; of a day only those of sessions before the replayed.

        Raises RequestRefused UNKNOWN_SYMBOL, NOT_OFFERED on paper, for another length and for adjusted prices.
        """
        if self._bars is None:
            raise RequestRefused("NOT_OFFERED", "the paper broker keeps no bars")
        self._require(symbol)
        newest = self._venue.exchange.now
        return await asyncio.to_thread(self._bars.candles, symbol, since, until, interval, adjusted, newest)

    def watch_market(self) -> AsyncIterator[MarketNews]:
        """Stream the phase of the day, interruptions as the exchange infers them, and indices where recorded.

        Raises RequestRefused NOT_OFFERED on paper: the market is that of the quotes handed in.
        """
        if self._feed is None:
            return super().watch_market()
        return self._newsroom.watch()

    # ---- the port: account and orders -----------------------------------------------------------------------

    async def account(self) -> AccountState:
        """Give cash, settled and not."""
        books, standing = self._venue.exchange.books, self._venue.standing()
        orderable = self._venue.exchange.orderable_cash
        return AccountState(
            account=ACCOUNT,
            cash=Krw(books.account.cash),
            orderable_cash=orderable,
            commission=Krw(books.account.commission),
            tax=Krw(books.account.tax),
            as_of_seq=self._venue.journal.last_seq,
            deposit=standing.deposit,
            d1_deposit=standing.d1_deposit,
            withdrawable=standing.withdrawable(books.account.cash - orderable),
        )

    async def positions(self) -> tuple[list[BrokerPosition], int]:
        """Give holdings and the event seq they include."""
        return self._venue.exchange.positions(), self._venue.journal.last_seq

    async def open_orders(self) -> tuple[list[BrokerOpenOrder], int]:
        """Give open venue orders and the event seq they include."""
        return self._venue.exchange.open_orders(), self._venue.journal.last_seq

    async def day_orders(self) -> tuple[list[BrokerDayOrder], int]:
        """Give every venue order number of the day and the event seq they include."""
        return self._venue.exchange.books.day_orders.rows(), self._venue.journal.last_seq

    async def fills(self) -> tuple[list[OrderFilled], int]:
        """Give the day's executions, oldest first, and the event seq they include."""
        day = self._venue.exchange.day
        return [fill for fill in self._venue.fills if kst_date(fill.venue_time) == day], self._venue.journal.last_seq

    async def request(self, request: OrderRequest, guard: Guard) -> Receipt:
        """Take one request: journal it, check it just before the wire, send it once."""
        return await (self._turns.request if self._turns is not None else self._send)(request, guard)

    async def set_gate(self, request_id: str, level: Gate) -> Receipt:
        """Set the gate; durable before it answers."""
        receipt = self._venue.journal.set_gate(request_id, level)
        self._look_again()
        return receipt

    async def refuse(self, request_id: str, content: str, reason: RequestRefused) -> Receipt:
        """Refuse a request that must not go on; durable before it answers."""
        return refuse(self._venue.journal, request_id, content, reason)

    async def resolve(self, request_id: str) -> Receipt:
        """Tell what became of a request, or write it VOID."""
        receipt = self._venue.journal.resolve(request_id)
        self._look_again()
        return receipt

    def last_event_seq(self) -> int:
        """Give the seq of the newest order event, 0 when there is none."""
        return self._venue.journal.last_seq

    def order_events(self, after_seq: int) -> AsyncIterator[OrderFact]:
        """Stream every order event with a greater seq, then new ones as they happen. Never drops one, never ends."""
        return self._venue.events(after_seq)

    # ---- quotes handed in (paper); on the loop, or from another thread through `post` -----------------------

    def post(self, call: Callable[..., None], *args: object) -> None:
        """Run one of the calls below on the loop; safe from any thread. Raises RuntimeError before `start`."""
        if self._loop is None:
            raise RuntimeError("SimBackend.start expected before post")
        self._loop.call_soon_threadsafe(call, *args)

    def on_instruments(self, instruments: Iterable[Instrument]) -> None:
        """Take the instruments of the quote source."""
        self._venue.exchange.set_instruments(instruments)

    def on_batch(self, rows: Sequence[Quote], end_of_data: bool = False, depths: Sequence[Depth] = ()) -> None:
        """Take a batch of quotes and of order books, each in order of time; `end_of_data` as in the batch."""
        self._on_rows(None, rows, depths)
        if end_of_data:
            self._on_end()

    def on_venue_time(self, venue_time: UnixNanos) -> None:
        """Take the clock of the quote source when its session opens. A replay begun again takes the clock back."""
        self._venue.begin(venue_time)

    def on_heartbeat(self, venue_time: UnixNanos) -> None:
        """Take the clock of the quote source meanwhile, so that a session ends without a quote too. Never goes back."""
        self._on_rows(venue_time, ())

    # ---- inside -------------------------------------------------------------------------------------------------

    def _attach(self, recording: Recording, speed: float, seed: int, clock: Callable[[], int]) -> None:
        begin = max(self._venue.kept_clock(), UnixNanos(recording.first - WARM_UP))
        rows = ticks_of(recording, seed)
        passed: dict[str, Quote] = {}
        upcoming: tuple[Quote, ...] = ()
        for row in rows:
            if row.venue_time > begin:
                upcoming = (row,)
                break
            passed[row.symbol] = row
        self._recording = recording
        self._venue.exchange.set_instruments(recording.instruments.values())
        self._venue.restore(begin, list(passed.values()))
        self._venue.play(recording.index)
        depths = dropwhile(lambda depth: depth.venue_time <= begin, recording.depths())
        self._newsroom.on_clock(begin, self._venue.exchange.phase)
        self._feed = Feed(chain(upcoming, rows), begin, speed, self._on_fed, self._on_end, clock, self._sleep, depths)

    async def _send(self, request: OrderRequest, guard: Guard) -> Receipt:
        return self._venue.request(request, guard)

    def _look_again(self) -> None:
        if self._turns is not None:
            self._turns.look_again()

    def _on_fed(self, venue_time: UnixNanos, rows: Sequence[Quote], depths: Sequence[Depth]) -> None:
        """Take rows of the feed. What a journal that takes no writes could not keep did not happen; the day goes on."""
        try:
            self._on_rows(venue_time, rows, depths)
        except LogError as error:
            if str(error) != self._trouble:
                _log.error("what happened at the venue cannot be kept: %s", error)
            self._trouble = str(error)
        else:
            self._trouble = ""

    def _on_rows(self, venue_time: UnixNanos | None, rows: Sequence[Quote], depths: Sequence[Depth] = ()) -> None:
        self._venue.on_quotes(rows, venue_time, depths)
        self._newsroom.on_clock(self._venue.exchange.now, self._venue.exchange.phase)
        if self._now() - self._clock_kept_at >= CLOCK_EVERY:
            self._clock_kept_at = self._now()
            self._venue.keep_clock()

    def _on_end(self) -> None:
        self._venue.end_of_data()
        self._newsroom.on_clock(self._venue.exchange.now, self._venue.exchange.phase)
        if self._recording:
            self._venue.journal.set_meta(ENDED, "1")

    def _require(self, symbol: str) -> None:
        if symbol not in self._venue.exchange.instruments:
            served = f"{len(self._venue.exchange.instruments)} symbols served, see ListInstruments"
            raise RequestRefused(
                "UNKNOWN_SYMBOL", f"{symbol!r} is not served here", field="symbols", value=symbol, allowed=served
            )
