"""A simulated broker that misbehaves as a fault plan says: the port around a `SimBackend`, which plays Kiwoom."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

from broker.event_feed import OrderEventFeed
from broker.journal import OrderJournal
from broker.not_offered import NotOffered
from broker.paced_orders import PacedOrders
from broker.port import AccountState, Candle, Guard, MarketNews, OrderRequest, Receipt
from broker.refusals import refuse
from broker_sim.backend import SimBackend, Sleep
from broker_sim.faults import FaultPlan
from broker_sim.faulty_quotes import FaultyQuotes, until_broken
from broker_sim.faulty_reads import FaultyReads
from broker_sim.faulty_venue import TRUTH, FaultyVenue
from broker_sim.known_numbers import KnownNumbers
from broker_sim.set_aside import set_aside
from domain.errors import ConfigError, LogError, RequestRefused
from domain.instruments import Instrument
from domain.messages.link import BrokerDayOrder, BrokerOpenOrder, BrokerPosition, SessionInfo
from domain.messages.orders import OrderFact, OrderFilled
from domain.quotes import Quote, QuoteBatch
from domain.types import NANOS_PER_SECOND, CandleInterval, Gate, UnixNanos

TICK_S: Final = 0.02  # system time: how finely waits are kept

T = TypeVar("T")
_log = logging.getLogger(__name__)


class FaultyBackend(NotOffered):
    """The process next to a simulated Kiwoom. The inner broker is started and closed by who made it."""

    def __init__(
        self,
        inner: SimBackend,
        journal_path: Path,
        plan: FaultPlan,
        *,
        now: Callable[[], int] = time.time_ns,
        sleep: Sleep = asyncio.sleep,
        orders_per_second: int = 0,
    ) -> None:
        """Open the process's journal; one of another venue is renamed `*.old`. `now` gives system time in UTC ns.

        More requests than `orders_per_second` wait instead of meeting the plan's limit (0: none wait).
        Raises LogError when the journal cannot be used, ConfigError for a plan this broker cannot carry out.
        """
        self._inner = inner
        self._plan = plan
        self._sleep = sleep
        self._now = now
        truth = inner._venue  # the exchange itself: the port shows the world of one process only
        if plan.maintenance and inner._feed is not None and inner._feed.speed == 0:
            raise ConfigError("maintenance needs --speed above 0: at 0 the venue's clock stands still without a reader")
        self._journal = _open(journal_path, truth.journal.journal_id)
        self.venue = FaultyVenue(truth, self._journal, plan, now)
        epoch = self._journal.epoch
        self._reads = FaultyReads(self.venue.fates, epoch, lambda: truth.exchange.now, now, sleep)
        self._quotes = FaultyQuotes(self.venue.fates, self.venue.line, epoch, now)
        self._turns: PacedOrders | None = None
        if orders_per_second:
            paces = (self.venue.look, partial(refuse, self._journal), self._send)
            self._turns = PacedOrders(orders_per_second, *paces, now=now)
        self._feed = OrderEventFeed(self._journal)
        self._known = KnownNumbers(self._journal)
        self._tasks: list[asyncio.Task[None]] = []
        self._trouble = ""
        self.venue.on_news(self._wake)
        self._broken = asyncio.Event()  # replaced whenever every stream broke
        self._breaks = self.venue.line.breaks

    # ---- life ----------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Begin to hear and to let time pass."""
        if not self._tasks:
            self._tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._pass_time())]
            for task in self._tasks:
                task.add_done_callback(self._ended)

    async def close(self) -> None:
        """Stop, and close the process's journal."""
        if self._turns is not None:
            await self._turns.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._journal.close()

    @property
    def done(self) -> "Counter[str]":
        """Give what was done, by kind and fault, and how often."""
        return self.venue.fates.counts

    async def _listen(self) -> None:
        events: Any = self._inner.order_events(self._inner.last_event_seq())
        self._try(self.venue.hear)
        async with aclosing(events):
            async for _ in events:
                self._try(self.venue.hear)

    async def _pass_time(self) -> None:
        while True:
            self._try(self.venue.tick)
            await self._sleep(TICK_S)

    def _try(self, step: Callable[[], None]) -> None:
        try:
            step()
        except LogError as error:  # nothing was told that is not durable; the next tick tries again
            if str(error) != self._trouble:
                _log.error("what was heard cannot be kept: %s", error)
            self._trouble = str(error)
        else:
            self._trouble = ""

    def _ended(self, task: "asyncio.Task[None]") -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.critical("this broker hears nothing any more", exc_info=error)
            self._broken.set()  # nobody must wait for what does not come

    # ---- the port: session and market ----------------------------------------------------------------------------

    async def session(self) -> SessionInfo:
        """Tell what stands behind, with this process's journal."""
        own = self._journal
        return replace(
            await self._inner.session(),
            logged_in=self.venue.line.up,
            journal_id=own.journal_id,
            epoch=own.epoch,
            gate=own.gate,
        )

    async def login(self) -> SessionInfo:
        """Log in again. Raises BrokerUnavailable in maintenance or when the plan says so."""
        self.venue.login()
        return await self.session()

    async def instruments(self, symbols: Sequence[str]) -> tuple[list[Instrument], list[str]]:
        """Give known instruments: Kiwoom keeps them in the process, so nothing happens to them."""
        return await self._inner.instruments(symbols)

    async def latest_quotes(self, symbols: Sequence[str]) -> list[Quote]:
        """Give the latest quotes. Raises BrokerUnavailable as the plan says."""
        return await self._query("quotes", lambda: self._inner.latest_quotes(symbols))

    def stream_quotes(
        self, symbols: Sequence[str], max_rows: int, max_delay_s: float, depth: bool = False
    ) -> AsyncIterator[QuoteBatch]:
        """Stream batches as the inner broker does. Raises BrokerUnavailable when the stream breaks."""
        batches = self._inner.stream_quotes(symbols, max_rows, max_delay_s, depth)
        self.venue.line.require()
        return self._quotes.stream(batches, self._broken)

    async def candles(
        self,
        symbol: str,
        since: UnixNanos | None,
        until: UnixNanos | None,
        interval: CandleInterval | None = None,
        adjusted: bool = False,
    ) -> list[Candle]:
        """Give bars. Raises BrokerUnavailable as the plan says."""
        rows = await self._query("candles", lambda: self._inner.candles(symbol, since, until, interval, adjusted))
        return self._reads.page("candles", rows)

    def watch_market(self) -> AsyncIterator[MarketNews]:
        """Stream what the inner broker streams. Raises BrokerUnavailable when the session with Kiwoom breaks."""
        news = self._inner.watch_market()
        self.venue.line.require()
        return until_broken(news, self._broken)

    # ---- the port: account and orders ----------------------------------------------------------------------------

    async def account(self) -> AccountState:
        """Give cash as the venue has it. Raises BrokerUnavailable as the plan says."""

        async def read() -> AccountState:
            self.venue.before_read()
            return replace(await self._inner.account(), as_of_seq=self._journal.last_seq)

        return await self._query("account", read)

    async def positions(self) -> tuple[list[BrokerPosition], int]:
        """Give holdings as the venue has them. Raises BrokerUnavailable as the plan says."""
        return await self._list("positions", self._inner.positions)

    async def open_orders(self) -> tuple[list[BrokerOpenOrder], int]:
        """Give open orders as the venue has them; ours where this process knows the number.

        Raises BrokerUnavailable as the plan says.
        """
        found, as_of = await self._list("open_orders", self._inner.open_orders)
        return [self._known.name_open_order(row) for row in found], as_of

    async def day_orders(self) -> tuple[list[BrokerDayOrder], int]:
        """Give the order numbers of the day as the venue has them; ours where this process knows the number.

        Raises BrokerUnavailable as the plan says.
        """
        found, as_of = await self._list("day_orders", self._inner.day_orders)
        rows = [self._known.name_day_order(row) for row in found]
        if self._plan.reads.costs_untold:
            rows = [replace(row, commission=None, tax=None) for row in rows]
        return rows, as_of

    async def fills(self) -> tuple[list[OrderFilled], int]:
        """Give the day's executions as the venue has them. Raises BrokerUnavailable as the plan says."""
        found, as_of = await self._list("fills", self._inner.fills)
        return [self._known.name_fill(fill) for fill in found], as_of

    async def request(self, request: OrderRequest, guard: Guard) -> Receipt:
        """Take one request; the receipt may be late, and may say that the outcome is not known."""
        return await (self._turns.request if self._turns is not None else self._send)(request, guard)

    async def set_gate(self, request_id: str, level: Gate) -> Receipt:
        """Set the gate, which is this process's own."""
        receipt = self._journal.set_gate(request_id, level)
        self._look_again()
        return receipt

    async def refuse(self, request_id: str, content: str, reason: RequestRefused) -> Receipt:
        """Refuse a request that must not go on; durable before it answers."""
        return refuse(self._journal, request_id, content, reason)

    async def resolve(self, request_id: str) -> Receipt:
        """Tell what became of a request, as far as this process knows or can find out, or write it VOID."""
        receipt = self.venue.resolve(request_id)
        self._look_again()
        return receipt

    def last_event_seq(self) -> int:
        """Give the seq of the newest event told."""
        return self._journal.last_seq

    def order_events(self, after_seq: int) -> AsyncIterator[OrderFact]:
        """Stream what was told. Raises BrokerUnavailable when the session with Kiwoom breaks."""
        self.venue.line.require()
        return until_broken(self._feed.after(after_seq), self._broken)

    # ---- inside --------------------------------------------------------------------------------------------------

    async def _send(self, request: OrderRequest, guard: Guard) -> Receipt:
        answer = self.venue.request(request, guard)
        if answer.delay_ns:
            await self._sleep(answer.delay_ns / NANOS_PER_SECOND)
        return answer.receipt

    def _look_again(self) -> None:
        if self._turns is not None:
            self._turns.look_again()

    def _wake(self) -> None:
        self._feed.wake()
        if self.venue.line.breaks != self._breaks:
            self._breaks = self.venue.line.breaks
            self._broken.set()
            self._broken = asyncio.Event()

    async def _query(self, kind: str, read: Callable[[], Awaitable[T]]) -> T:
        self.venue.line.require()
        return await self._reads.answer(kind, read)

    async def _list(self, kind: str, rows: Callable[[], Awaitable[tuple[list[T], int]]]) -> tuple[list[T], int]:
        async def read() -> tuple[list[T], int]:
            self.venue.before_read()  # nothing happens between here and the rows: the inner broker does not wait
            found, _ = await rows()
            return self._reads.page(kind, found), self._journal.last_seq

        return await self._query(kind, read)


def _open(path: Path, venue_id: str) -> OrderJournal:
    journal = OrderJournal(path)
    if journal.get_meta(TRUTH) not in (None, venue_id):
        journal.close()
        set_aside(path)
        journal = OrderJournal(path)
    return journal


def said(counts: "Counter[str]") -> str:
    """Say what was done in one line."""
    return ", ".join(f"{name} {times}" for name, times in sorted(counts.items())) or "nothing"
