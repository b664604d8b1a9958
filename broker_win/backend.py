"""BrokerService's port over Kiwoom's control: log-in, queries, real-time data and orders put together.

Everything runs on the event loop; the control is reached through the bridge. Lists carry the seq of the newest order
event before they were asked for: Kiwoom's servers know at least what was heard from them.
"""

import asyncio
import logging
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, Final

from broker.journal import OrderJournal
from broker.port import (
    AccountState,
    Candle,
    Condition,
    ConditionNews,
    Diagnosis,
    Guard,
    MarketNews,
    OrderRequest,
    PhaseChanged,
    Receipt,
)
from broker_win.account_reads import AccountReads
from broker_win.bridge import Bridge
from broker_win.clock import Clock
from broker_win.config import WinConfig
from broker_win.control import (
    ConditionFound,
    ConditionMoved,
    ConditionsLoaded,
    Connected,
    Event,
    RealData,
)
from broker_win.diagnose import diagnose
from broker_win.installed import ReadDefinition, differences
from broker_win.orders.desk import WinOrders
from broker_win.realtime.stream import RealTime
from broker_win.requests.account import Queries
from broker_win.requests.asker import Asker
from broker_win.requests.conditions import Conditions
from broker_win.requests.masters import Masters
from broker_win.screens import Screens
from broker_win.session import WinSession
from domain.accounts import check_of
from domain.errors import BrokerUnavailable, HantradeError, InvariantError, RequestRefused
from domain.instruments import Instrument
from domain.krx.sessions import phase_at, regular_session
from domain.messages.link import BrokerDayOrder, BrokerOpenOrder, BrokerPosition, SessionInfo
from domain.messages.orders import OrderFact, OrderFilled
from domain.quotes import Quote, QuoteBatch
from domain.time import kst_date
from domain.types import CandleInterval, Gate, Market, UnixNanos, VenuePhase

TICK_S: Final = 0.1

_log = logging.getLogger(__name__)


class WinBackend:
    """The Windows broker."""

    def __init__(
        self,
        config: WinConfig,
        bridge: Bridge,
        clock: Clock,
        journal: OrderJournal,
        *,
        on_lost: Callable[[int], None] = lambda _code: None,
        on_broken: Callable[[str], None] = lambda _why: None,
        speed_milli: Callable[[], int | None] = lambda: None,
        read_definition: ReadDefinition | None = None,
    ) -> None:
        """Put the parts together. `speed_milli` is that of the emulator's venue.

        `on_lost` hears of a lost line, `on_broken` of an error nobody expected: this process must not go on then.
        `read_definition` reads the TR definitions installed here; without it they are not compared.
        """
        self._read_definition, self._on_lost, self._on_broken = read_definition, on_lost, on_broken
        self._config, self._bridge, self._clock, self._journal = config, bridge, clock, journal
        self._speed_milli = speed_milli
        self._run_id = f"win-{uuid.uuid4().hex[:12]}"
        self.screens = Screens()
        self.session_of_control = WinSession(bridge, config, self._prepare, self._lost, clock.sleep)
        self.asker = Asker(bridge, clock, config.limits, self.screens, config.answer_timeout_s)
        self.queries = Queries(self.asker, lambda: self.session_of_control.account, clock)
        self.masters = Masters(bridge, clock)
        self.conditions_of_control = Conditions(bridge, self.asker, clock, self.screens)
        self.realtime = RealTime(bridge, clock, config, self.screens, is_known=self.masters.is_known)
        self.orders = WinOrders(
            journal,
            bridge,
            clock,
            config,
            account=lambda: self.session_of_control.account,
            screens=self.screens,
            read_lists=self.queries.order_lists,
            market_of=self._market_of,
            may_send=self.session_of_control.trouble,
        )
        self.realtime.on_market = self._on_market
        self._tasks: set[asyncio.Task[Any]] = set()
        self._reads = AccountReads(self.queries, self.orders, journal, clock, self.session_of_control)
        self._last_event_at = clock.monotonic()
        self._closed = False
        self._failed_types: set[str] = set()  # of real-time data that could not be taken
        self.tr_differences: list[str] | None = None  # of the installed TR definitions; None: not looked at

    # ---- life --------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Hear the control and log in, without waiting for the log-in."""
        self._bridge.on_events(self.hear)
        self._spawn(self._tick())
        self._spawn(self._log_in())

    async def close(self) -> None:
        """Send nothing more, stop everything, close the journal."""
        self._closed = True
        await self.orders.close()
        await self.session_of_control.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.realtime.close()
        await self.conditions_of_control.settled()
        await self.asker.close()
        self._journal.close()

    def hear(self, events: Sequence[Event]) -> None:
        """Take what the slots copied, in their order. One that fails takes none behind it along."""
        for event in events:
            try:
                self._hear(event)
            except Exception as error:  # noqa: BLE001  # told, and the process ends where it matters
                self._failed(event, error)
        self._last_event_at = self._clock.monotonic()

    def _hear(self, event: Event) -> None:
        if isinstance(event, RealData):
            self.realtime.hear(event)
        elif isinstance(event, Connected):
            self.session_of_control.hear(event)
        elif isinstance(event, ConditionsLoaded | ConditionFound | ConditionMoved):
            self.conditions_of_control.hear(event)
        elif not self.orders.hear(event) and not self.asker.hear(event):
            _log.debug("nobody waits for %s", event)

    def _failed(self, event: Event, error: Exception) -> None:
        """Tell of an error nobody expected. Market data goes on without the event: it would come again and again."""
        if not isinstance(event, RealData):
            _log.critical("an event of the control could not be taken: %s", type(event).__name__, exc_info=error)
            self._on_broken(repr(error))
        elif event.real_type not in self._failed_types:
            self._failed_types.add(event.real_type)
            _log.error(
                "%s of %s could not be taken; more are dropped silently", event.real_type, event.code, exc_info=error
            )

    def health(self) -> dict[str, object]:
        """Give what the supervisor looks at, plain enough for one line of JSON."""
        return {
            "logged_in": self.session_of_control.logged_in,
            "state": str(self.session_of_control.state),
            "trouble": self.trouble(),
            "in_market": self._phase() not in (VenuePhase.CLOSED, VenuePhase.DATA_ENDED),
            "last_event_age_ms": (self._clock.monotonic() - self._last_event_at) // 1_000_000,
            "waiting": sum(self.asker.budget().waiting.values()),
            "screens": sum(len(screens) for screens in self.screens.in_use().values()),
        }

    def trouble(self) -> str:
        """Say why it is not logged in or takes no orders; empty when all is well."""
        return self.session_of_control.trouble() or self.orders.trouble()

    # ---- the port: session and market --------------------------------------------------------------------------

    async def session(self) -> SessionInfo:
        """Tell what stands behind and where its day is."""
        return SessionInfo(
            server_kind=self.session_of_control.server_kind,
            logged_in=self.session_of_control.logged_in,
            account=self.session_of_control.masked(),
            venue_time=self._clock.venue(),
            phase=self._phase(),
            journal_id=self._journal.journal_id,
            epoch=self._journal.epoch,
            gate=self._journal.gate,
            run_id=self._run_id,
            speed_milli=self._speed_milli(),
            trouble=self.trouble(),
            account_check=check_of(self.session_of_control.account),
        )

    async def login(self) -> SessionInfo:
        """Log in with what the control keeps itself. Raises BrokerUnavailable with the reason in words."""
        await self.session_of_control.login()
        return await self.session()

    async def instruments(self, symbols: Sequence[str]) -> tuple[list[Instrument], list[str]]:
        """Give known instruments (all when `symbols` is empty) and the symbols not known."""
        self._require_login()
        return await self.masters.instruments(symbols)

    async def latest_quotes(self, symbols: Sequence[str]) -> list[Quote]:
        """Give the latest quote heard; symbols asked for by name that were not heard are asked of the server."""
        heard = self.realtime.latest(symbols)
        missing = sorted(set(symbols) - {quote.symbol for quote in heard})
        if not missing:
            return heard
        self._require_login()
        return [*heard, *await self.queries.latest_quotes(missing)]

    def stream_quotes(
        self, symbols: Sequence[str], max_rows: int, max_delay_s: float, depth: bool = False
    ) -> AsyncIterator[QuoteBatch]:
        """Stream batches, with order books where asked for. Raises RequestRefused UNKNOWN_SYMBOL."""
        self._require_login()
        batches = self.realtime.stream(symbols, max_rows, max_delay_s, depth)
        return self._named(batches)

    async def _named(self, batches: AsyncIterator[QuoteBatch]) -> AsyncIterator[QuoteBatch]:
        try:
            async for batch in batches:
                yield batch._replace(run_id=self._run_id)
        finally:
            await batches.aclose()  # type: ignore[attr-defined]  # an async generator

    async def candles(
        self,
        symbol: str,
        since: UnixNanos | None,
        until: UnixNanos | None,
        interval: CandleInterval | None = None,
        adjusted: bool = False,
    ) -> list[Candle]:
        """Give bars that ended by the venue's clock, of a minute by default. Raises RequestRefused UNKNOWN_SYMBOL."""
        self._require_login()
        self._require_known(symbol)
        return await self.queries.candles(symbol, since, until, interval or CandleInterval.MINUTE_1, adjusted)

    async def conditions(self) -> list[Condition]:
        """Give the condition searches of the account's owner."""
        self._require_login()
        return await self.conditions_of_control.list()

    async def run_condition(self, condition: Condition) -> list[str]:
        """Give the symbols that fit now. Raises RequestRefused UNKNOWN_CONDITION or RATE_LIMITED."""
        self._require_login()
        return await self.conditions_of_control.run(condition)

    def watch_condition(self, condition: Condition) -> AsyncIterator[ConditionNews]:
        """Stream what fits, then what enters and leaves. Raises RequestRefused as `run_condition`."""
        self._require_login()
        return self.conditions_of_control.watch(condition)

    def watch_market(self) -> AsyncIterator[MarketNews]:
        """Stream phases of the day, interruptions and indices."""
        return self.realtime.watch_market()

    async def diagnose(self, probe: bool) -> list[Diagnosis]:
        """Look at the broker's own health, with `probe` by one request to the venue."""
        return await diagnose(self, self._bridge, self._config, probe)

    # ---- the port: account and orders --------------------------------------------------------------------------

    async def account(self) -> AccountState:
        """Give cash as the account has it. Raises BrokerUnavailable."""
        return await self._reads.account()

    async def positions(self) -> tuple[list[BrokerPosition], int]:
        """Give holdings and the event seq they include. Raises BrokerUnavailable."""
        return await self._reads.positions()

    async def open_orders(self) -> tuple[list[BrokerOpenOrder], int]:
        """Give open venue orders and the event seq they include. Raises BrokerUnavailable."""
        return await self._reads.open_orders()

    async def day_orders(self) -> tuple[list[BrokerDayOrder], int]:
        """Give every venue order number of the day with its sums. Raises BrokerUnavailable unless read whole."""
        return await self._reads.day_orders()

    async def fills(self) -> tuple[list[OrderFilled], int]:
        """Give the day's executions as they were heard or found, oldest first, and the event seq they include."""
        return self._reads.fills()

    async def request(self, request: OrderRequest, guard: Guard) -> Receipt:
        """Take one request: journal it, check it just before the wire, send it once."""
        return await self.orders.request(request, guard)

    async def set_gate(self, request_id: str, level: Gate) -> Receipt:
        """Set the gate; durable before it answers."""
        return await self.orders.set_gate(request_id, level)

    async def refuse(self, request_id: str, content: str, reason: RequestRefused) -> Receipt:
        """Refuse a request that must not go on; durable before it answers."""
        return await self.orders.refuse(request_id, content, reason)

    async def resolve(self, request_id: str) -> Receipt:
        """Tell what became of a request, or write it VOID."""
        return await self.orders.resolve(request_id)

    def last_event_seq(self) -> int:
        """Give the seq of the newest order event, 0 when there is none."""
        return self.orders.last_event_seq()

    def order_events(self, after_seq: int) -> AsyncIterator[OrderFact]:
        """Stream every order event with a greater seq, then new ones as they happen. Never drops one, never ends."""
        return self.orders.order_events(after_seq)

    # ---- inside ------------------------------------------------------------------------------------------------

    async def _log_in(self) -> None:
        try:
            await self.session_of_control.login()
        except BrokerUnavailable as error:
            _log.error("%s", error)  # the supervisor sees it in the next beat; a caller of Login tries again

    async def _prepare(self, with_orders: bool) -> None:
        """Get ready behind a log-in: instruments, real-time data, and what was missed of the day's orders."""
        await self.masters.load()
        if self._read_definition is not None and self.tr_differences is None:
            self._spawn(self._compare_definitions(self._read_definition))
        await self.realtime.restore()
        await self.realtime.keep(self._config.symbols)
        await self.conditions_of_control.restore()
        if with_orders:
            await self.orders.recover("after the log-in")

    def _lost(self, code: int) -> None:
        self.realtime.lost(BrokerUnavailable(self.session_of_control.trouble()))
        self._on_lost(code)

    async def _compare_definitions(self, read: ReadDefinition) -> None:
        self.tr_differences = await differences(self._bridge, read)
        self.queries.heed(self.tr_differences)
        for one in self.tr_differences:
            _log.warning("installed TR definitions: %s", one)

    async def _tick(self) -> None:
        while not self._closed:
            try:
                await self.orders.tick()
                if (why := self.asker.relogin_needed()) and self.session_of_control.logged_in:
                    self.session_of_control.lost(why)
            except HantradeError as error:
                _log.error("%s", error)
            await self._clock.sleep(TICK_S)

    def _on_market(self, news: MarketNews) -> None:
        if isinstance(news, PhaseChanged) and news.code in self._config.unknowns.close_codes:
            self._spawn(self.orders.end_of_day())

    def _phase(self) -> VenuePhase:
        """Give the phase the venue told today, by the calendar before it told any."""
        told = self.realtime.phase
        if told is not None:
            return told
        now = self._clock.venue()
        session = regular_session(kst_date(now))
        return VenuePhase.CLOSED if session is None else phase_at(session, now)

    def _market_of(self, symbol: str) -> Market:
        return self.masters.market_of(symbol)

    def _require_login(self) -> None:
        if not self.session_of_control.logged_in:
            raise BrokerUnavailable(f"not logged in to Kiwoom: {self.session_of_control.trouble()}")

    def _require_known(self, symbol: str) -> None:
        if not self.masters.is_known(symbol):
            raise RequestRefused("UNKNOWN_SYMBOL", f"{symbol!r} is not listed", field="symbol", value=symbol)

    def _spawn(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[Any]") -> None:
        self._tasks.discard(task)
        if task.cancelled() or (error := task.exception()) is None:
            return
        if isinstance(error, HantradeError) and not isinstance(error, InvariantError):
            _log.error("%s", error)  # it is tried again, or was worth a try only
        else:
            _log.critical("a part of the broker ended by an error", exc_info=error)
            self._on_broken(repr(error))
