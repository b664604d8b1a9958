"""Real-time data from the control to the readers of quotes and of the market.

Everything here runs on the event loop. Reading an event costs microseconds and wakes nobody: rows of one turn of the
loop go to the readers together. A slow reader's rows wait in its own bounded subscription, conflated when they are too
many; nobody else waits for it, least of all the control's thread.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass

from broker.news_reader import NewsReader
from broker.port import MarketNews, PhaseChanged, VolatilityInterruption
from broker.subscription import Subscription
from broker_win.bridge import Bridge
from broker_win.clock import Clock
from broker_win.config import WinConfig
from broker_win.control import RealData
from broker_win.realtime.auctions import Auctions
from broker_win.realtime.layouts import Dropped
from broker_win.realtime.market import INDEX, INTERRUPTION, SESSION, read_index, read_interruption, read_session
from broker_win.realtime.quotes import QuoteMaker
from broker_win.realtime.registrar import Registrar
from broker_win.realtime.registry import Registry
from broker_win.realtime.stamps import Stamps
from broker_win.screens import Screens
from domain.errors import BrokerUnavailable, HantradeError, RequestRefused
from domain.quotes import Quote, QuoteBatch
from domain.time import kst_date
from domain.types import VenuePhase

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RealTimeCounts:
    """What came and what became of it, since the start."""

    events: int
    rows: int
    ignored: int  # events of types nobody reads
    dropped: dict[str, int]  # by reason; see `layouts.Dropped`
    conflated: int  # rows that slow readers did not get
    readers: int  # of quotes
    watchers: int  # of the market
    wanted: int  # symbols
    registered: int  # of them, surely by Kiwoom
    failed_calls: int


class RealTime:
    """The real-time side of one control."""

    def __init__(
        self, bridge: Bridge, clock: Clock, config: WinConfig, screens: Screens, *, is_known: Callable[[str], bool]
    ) -> None:
        """Register nothing yet: `restore` and `keep` do, behind a log-in. Raises RequestRefused NO_SCREEN."""
        self.on_market: Callable[[MarketNews], None] = lambda _news: None
        self.last_event_at: int | None = None  # monotonic ns, of any event heard
        self._clock = clock
        self._batch_rows = config.batch_rows
        self._is_known = is_known
        self._registry = Registry(screens)
        self._registrar = Registrar(bridge, clock, self._registry)
        self._stamps = Stamps()
        self._auctions = Auctions()
        self._quotes = QuoteMaker(self._stamps, self._auctions)
        self._readers: set[Subscription] = set()
        self._watchers: set[NewsReader] = set()
        self._phase: PhaseChanged | None = None
        self._handing_on = False  # it is asked for
        self._events = self._rows = self._ignored = self._conflated = 0
        self._dropped: Counter[str] = Counter()

    # ---- the control's end -------------------------------------------------------------------------------------

    def hear(self, event: RealData) -> None:
        """Take one event, on the loop. What cannot be read is dropped and counted."""
        self._events += 1
        self.last_event_at = self._clock.monotonic()
        now = self._clock.venue()
        try:
            if self._quotes.hear(event.code, event.real_type, event.values, now):
                if not self._handing_on:
                    self._handing_on = True
                    asyncio.get_running_loop().call_soon(self._hand_on)
            elif event.real_type == SESSION:
                if (changed := read_session(event.values, now, self._stamps)) is not None:
                    self._on_phase(changed)
            elif event.real_type == INTERRUPTION:
                self._tell(read_interruption(event.code, event.values, now, self._stamps))
            elif event.real_type == INDEX:
                if (moved := read_index(event.code, event.values, now, self._stamps)) is not None:
                    self._tell(moved)
            else:
                self._ignored += 1
        except Dropped as error:
            self._drop(event, error)

    async def restore(self) -> None:
        """Register everything anew behind a log-in. Raises BrokerUnavailable when that fails; it is tried again."""
        await self._registrar.restore()

    async def keep(self, symbols: Sequence[str]) -> None:
        """Have symbols registered whether somebody reads them or not. Unknown ones are left out, and logged.

        Raises RequestRefused NO_SCREEN, BrokerUnavailable as `restore`.
        """
        unknown = [symbol for symbol in symbols if not self._is_known(symbol)]
        if unknown:
            _log.warning("symbols of the configuration that are not listed: %s", ", ".join(unknown))
        await self._registrar.keep([symbol for symbol in symbols if symbol not in unknown])

    def lost(self, error: HantradeError) -> None:
        """End every stream with an error, when the line is gone. Nobody's wishes are forgotten before they leave."""
        for reader in self._readers:
            reader.fail(error)
        for watcher in self._watchers:
            watcher.fail(error)

    async def close(self) -> None:
        """End every stream and make no further call."""
        self.lost(BrokerUnavailable("the broker is closing"))
        await self._registrar.close()

    # ---- the readers' end --------------------------------------------------------------------------------------

    def stream(
        self, symbols: Sequence[str], max_rows: int, max_delay_s: float, depth: bool = False
    ) -> AsyncIterator[QuoteBatch]:
        """Stream batches of some symbols (all that are registered when none is named), without end.

        Batches have an empty run id. Raises RequestRefused UNKNOWN_SYMBOL, and NO_SCREEN before the first batch.
        """
        for symbol in symbols:
            if not self._is_known(symbol):
                raise RequestRefused("UNKNOWN_SYMBOL", f"{symbol!r} is not listed", field="symbols", value=symbol)
        return self._stream(symbols, max_rows or self._batch_rows, max_delay_s, depth)

    def latest(self, symbols: Sequence[str]) -> list[Quote]:
        """Give the newest quote of each symbol heard today (all of them when none is named)."""
        latest = self._quotes.latest(self._clock.venue())
        return [latest[symbol] for symbol in symbols or sorted(latest) if symbol in latest]

    async def watch_market(self) -> AsyncIterator[MarketNews]:
        """Stream the phase of the day as far as it was told, then what happens, without end.

        Indices come while somebody watches; without a screen for them all else does. Of an index a slow reader gets the
        newest value. Raises BrokerUnavailable to one who is too far behind: no change of phase may be left out.
        """
        reader = NewsReader()
        if self._phase is not None and self.phase is not None:
            reader.tell(self._phase)
        has_indices = self._watch_indices()
        self._watchers.add(reader)
        try:
            async for told in reader.read():
                yield told
        finally:
            self._watchers.discard(reader)
            if has_indices:
                self._registrar.unwatch()

    def _watch_indices(self) -> bool:
        try:
            self._registrar.watch()
        except RequestRefused as error:
            _log.warning("no indices: %s", error)
            return False
        return True

    @property
    def phase(self) -> VenuePhase | None:
        """Give the phase Kiwoom told today, None before it told any."""
        told = self._phase
        is_today = told is not None and kst_date(told.venue_time) == kst_date(self._clock.venue())
        return told.phase if told is not None and is_today else None

    @property
    def counts(self) -> RealTimeCounts:
        """Give what came and what became of it."""
        wanted = self._registry.wanted
        return RealTimeCounts(
            self._events,
            self._rows,
            self._ignored,
            dict(self._dropped),
            self._conflated,
            len(self._readers),
            len(self._watchers),
            len(wanted),
            len(self._registry.registered & wanted),
            self._registrar.failures,
        )

    # ---- inside ------------------------------------------------------------------------------------------------

    async def _stream(
        self, symbols: Sequence[str], max_rows: int, max_delay_s: float, depth: bool
    ) -> AsyncIterator[QuoteBatch]:
        self._registrar.want(symbols)
        reader = Subscription(frozenset(symbols) or None, max_rows, max_delay_s, self._clock.sleep, depth=depth)
        self._readers.add(reader)
        seq, ended = 0, False
        try:
            while not ended:
                rows, conflated, ended, depths = await reader.take()
                seq += 1
                self._conflated += conflated
                yield QuoteBatch("", seq, rows, conflated, ended, self._clock.system(), tuple(depths))
        finally:
            self._readers.discard(reader)
            self._registrar.release(symbols)

    def _hand_on(self) -> None:
        self._handing_on = False
        rows, depths = self._quotes.take()
        self._rows += len(rows)
        for reader in self._readers:
            reader.offer(rows, depths)

    def _on_phase(self, changed: PhaseChanged) -> None:
        self._auctions.on_phase(changed.phase, changed.venue_time)
        if self._phase is not None and self._phase.code == changed.code and self.phase is not None:
            return  # some codes are told every few seconds
        self._phase = changed
        self._tell(changed)

    def _tell(self, news: MarketNews) -> None:
        if isinstance(news, VolatilityInterruption):
            self._auctions.on_interruption(news.symbol, news.venue_time, active=news.active)
        self.on_market(news)
        for watcher in self._watchers:
            watcher.tell(news)

    def _drop(self, event: RealData, error: Dropped) -> None:
        count = self._dropped[error.reason] = self._dropped[error.reason] + 1
        if str(count).strip("0") == "1":  # 1, 10, 100 …: a broken feed does not fill the log
            _log.warning(
                "%s of %s dropped, %s (%d so far): %s", event.real_type, event.code, error.reason, count, error
            )
