"""Orders of the Windows broker: requests in, facts out, durable before anyone hears them. Lives on the event loop.

Theory: `flow.py` decides and this feeds it: requests (paced, journaled, sent once by `wire.py`), the control's events,
time, and the lists of the account whenever something stays open or does not add up. A journal that cannot be written
makes the flow forget what was not: it is folded anew from what is durable, and the lists tell the rest.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from datetime import date
from functools import partial
from typing import Final

from broker.event_feed import OrderEventFeed
from broker.gateway import AwaitingGateway, identity
from broker.journal import OrderJournal
from broker.paced_orders import PacedOrders
from broker.port import Guard, OrderRequest, Receipt
from broker.refusals import refuse
from broker_win.bridge import Bridge
from broker_win.clock import Clock
from broker_win.config import WinConfig
from broker_win.control import Chejan, Event, Told, TrAnswer
from broker_win.orders import told
from broker_win.orders.asks import Ask
from broker_win.orders.books import Now
from broker_win.orders.flow import OrderFlow
from broker_win.orders.journal_state import JournalState
from broker_win.orders.known import Leg
from broker_win.orders.notices import UnreadableNotice, read_balance, read_order
from broker_win.orders.order_screens import OrderScreens, ScreenPool
from broker_win.orders.readings import Readings
from broker_win.orders.wanted import Wanted
from broker_win.orders.wire import SendOrderWire
from broker_win.rows import BalanceRow, OrderLists
from domain.errors import HantradeError, LogError, RequestRefused
from domain.messages.link import BrokerDayOrder, BrokerOpenOrder
from domain.messages.orders import OrderFact, OrderFilled
from domain.time import kst_date
from domain.types import NANOS_PER_SECOND, Gate, Market, RequestId, RequestOutcome

ORDER_NUMBER: Final = "주문번호"
MOST_DOUBLINGS: Final = 4  # of the wait for the next reading, when they fail one after the other
_log = logging.getLogger(__name__)


class WinOrders:
    """The order side of one account."""

    def __init__(
        self,
        journal: OrderJournal,
        bridge: Bridge,
        clock: Clock,
        config: WinConfig,
        *,
        account: Callable[[], str],
        screens: ScreenPool,
        read_lists: Callable[[], Awaitable[OrderLists]],
        market_of: Callable[[str], Market],
        may_send: Callable[[], str],
        on_balance: Callable[[BalanceRow], None] = lambda _row: None,
    ) -> None:
        """Go on where the journal ends. `may_send` says why no order may go, empty when they may."""
        self._journal, self._clock, self._config = journal, clock, config
        self._account, self._screens = account, OrderScreens(screens)
        self._read_lists, self._market_of = read_lists, market_of
        self.on_balance = on_balance
        self.unreadable = 0  # events nobody could read
        self._feed = OrderEventFeed(journal)
        self._wire = SendOrderWire(bridge, config, self, account, may_send)
        self._gateway = AwaitingGateway(journal, self._wire, clock.system)
        self._turns = PacedOrders(
            config.limits.orders_per_second,
            self._gateway.look,
            partial(refuse, journal),
            self._send,
            one_by_one=True,  # the control's thread may be busy
            clock=clock.monotonic,
            now=clock.system,
            sleep=clock.sleep,
        )
        self._sending: set[str] = set()  # requests in `_send`
        self._reading: asyncio.Task[None] | None = None
        self._answer_timeout_ns = int(config.answer_timeout_s * NANOS_PER_SECOND)
        self._readings = Readings(self._answer_timeout_ns)
        self._failure = ""  # why the lists could not be read, or the journal not be written
        self._wants_reading, self._again_at = False, 0  # monotonic ns
        self._failures = 0  # in a row, of readings
        self._names = 0
        self._open(kst_date(clock.venue()))

    # ---- requests ----------------------------------------------------------------------------------------------

    async def request(self, request: OrderRequest, guard: Guard) -> Receipt:
        """Take one request: it waits its turn, is looked at, journaled, and sent once. Repeating an id sends nothing.

        Raises BrokerUnavailable when closing, LogError when nothing can be journaled.
        """
        return await self._turns.request(request, guard)

    async def set_gate(self, request_id: str, level: Gate) -> Receipt:
        """Set the gate; durable before it answers."""
        receipt = self._journal.set_gate(request_id, level)
        self._turns.look_again()
        return receipt

    async def refuse(self, request_id: str, content: str, reason: RequestRefused) -> Receipt:
        """Refuse a request for ever; an id that is known keeps its first answer."""
        return refuse(self._journal, request_id, content, reason)

    async def resolve(self, request_id: str) -> Receipt:
        """Tell what became of a request, or write it VOID."""
        receipt = self._journal.resolve(request_id)
        self._turns.look_again()
        return receipt

    async def close(self) -> None:
        """Send nothing more; what is being sent ends first."""
        await self._turns.close()
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)

    async def _send(self, request: OrderRequest, guard: Guard) -> Receipt:
        key = identity(request)
        self._sending.add(key)
        try:
            receipt, _ = await self._gateway.handle(request, guard)
        finally:
            self._sending.discard(key)
        asked = self._flow.books.asks.get(key)
        if receipt.outcome is RequestOutcome.IN_DOUBT and asked is not None and not asked.is_open:
            self._settle([RequestId(key)])
            return self._journal.outcome(key) or receipt
        return receipt

    # ---- the wire's side ---------------------------------------------------------------------------------------

    def leg(self, number: str) -> Leg | None:
        """Give an order number of today."""
        self._turn_day()
        return self._flow.books.known.legs.get(number)

    def begin(self, request: OrderRequest, want: Wanted) -> Ask:
        """Give a request a screen and a name nobody else has, and make durable what is about to be asked."""
        self._turn_day()
        now, request_id = self._now(), RequestId(identity(request))
        screen = self._screens.take(request_id, self._flow.screens)
        self._names += 1
        ask = Ask(
            request_id,
            request.client_order_id,
            want.action,
            want.code,
            want.side,
            want.quantity,
            want.price,
            want.original,
            want.kind,
            want.time_in_force,
            screen,
            f"o{self._journal.epoch}-{self._names}",
            now.venue,
        )
        try:
            self._kept.keep_ask(ask)
        except LogError:
            self._screens.free(lambda name: name != request_id)
            raise
        self._flow.begin(ask, now)
        return ask

    def end(self, request_id: RequestId, *, is_refused: bool) -> None:
        """Hear how sending ended."""
        self._flow.end(request_id, self._now(), is_refused=is_refused)
        self._publish()

    # ---- events ------------------------------------------------------------------------------------------------

    def hear(self, event: Event) -> bool:
        """Take an event of the control; False when it is none of the orders'. Never raises on what it says."""
        self._turn_day()
        match event:
            case Chejan(gubun="0"):
                self._hear_order(event)
            case Chejan(gubun="1"):
                self._hear_balance(event)
            case TrAnswer():
                number = event.single.get(ORDER_NUMBER, "")
                if not self._flow.answer(event.rqname, number, self._now(), event.failure):
                    return False
            case Told():
                if not self._flow.message(event.rqname, event.text, self._now()):
                    return False
            case _:
                return False
        self._publish()
        return True

    def _hear_order(self, event: Chejan) -> None:
        now = self._now()
        try:
            notice = read_order(event.values, self._flow.day)
        except UnreadableNotice as error:
            self.unreadable += 1
            self._flow.unreadable(str(error))
            _log.error("%s: the lists will be read", error)
            return
        if self._is_ours(notice.account):
            self._flow.notice(notice, now)

    def _hear_balance(self, event: Chejan) -> None:
        try:
            notice = read_balance(event.values)
        except UnreadableNotice as error:
            self.unreadable += 1
            _log.error("%s", error)
            return
        if self._is_ours(notice.account):
            self.on_balance(notice.row)

    def _is_ours(self, account: str) -> bool:
        return account in ("", self._account() or account)

    # ---- lists -------------------------------------------------------------------------------------------------

    async def recover(self, why: str) -> None:
        """Read the lists and book what was missed. One reading at a time: who comes meanwhile waits for a new one.

        Raises BrokerUnavailable when they cannot be read; time goes on trying (`tick`).
        """
        while self._reading is not None and not self._reading.done():
            await asyncio.wait({self._reading})
        await asyncio.shield(self._begin_reading(why))

    async def end_of_day(self) -> None:
        """Hear that the venue's day for day orders is over: what is open and not listed as such expired."""
        self._turn_day()
        self._flow.is_over = True
        self._kept.keep_over()
        await self.recover("at the end of the day")

    async def tick(self) -> None:
        """Let time pass. To be called several times a second; reads the lists when something stays open too long."""
        self._turn_day()
        now = self._now()
        self._flow.tick(now)
        self._publish()
        if self._reading is not None and not self._reading.done():
            return
        due = self._readings.due(self._flow.questions(now), now.mono)
        if due or (self._wants_reading and now.mono >= self._again_at):
            self._wants_reading = False
            self._readings.begin(due, now.mono)
            self._begin_reading("; ".join(question.words for question in due[:3]) or "once more")

    def _begin_reading(self, why: str) -> "asyncio.Task[None]":
        self._reading = asyncio.get_running_loop().create_task(self._read(why))
        self._reading.add_done_callback(_log_failure)
        return self._reading

    async def _read(self, why: str) -> None:
        _log.info("reading the order lists: %s", why)
        try:
            lists = await self._read_lists()
        except HantradeError as error:
            self._fail(f"the account's order lists cannot be read: {error}", at_once=False)
            raise
        self._failure, self._wants_reading = "", False
        self._learn(lists)
        if not self._failure:
            self._failures = 0

    def _fail(self, why: str, *, at_once: bool = True) -> None:
        """Note why the lists must be read (again): ever later, for each reading takes from the hour's queries."""
        self._failure = why
        if self._wants_reading:
            return
        self._wants_reading = True
        wait_ns = 2 * self._answer_timeout_ns << min(self._failures, MOST_DOUBLINGS)
        self._again_at = self._now().mono + (0 if at_once and not self._failures else wait_ns)
        self._failures += 1

    def _learn(self, lists: OrderLists) -> None:
        self._turn_day()
        self._flow.learn(lists, self._now())
        self._publish()

    # ---- what is asked -----------------------------------------------------------------------------------------

    def day_orders(self, lists: OrderLists) -> list[BrokerDayOrder]:
        """Give every order number of the day with its sums and our names, oldest first. What they prove is booked."""
        self._learn(lists)
        return told.day_orders(self._flow.books, lists)

    def open_orders(self, lists: OrderLists) -> list[BrokerOpenOrder]:
        """Give what is open, oldest first. What the lists prove is booked."""
        self._learn(lists)
        return told.open_orders(self._flow.books, lists)

    def fills(self) -> list[OrderFilled]:
        """Give the day's executions, oldest first; shares that only lists told have trade ids that say so."""
        self._turn_day()
        return list(self._fills)

    def order_events(self, after_seq: int) -> AsyncIterator[OrderFact]:
        """Stream every event with a greater seq, then new ones. Never ends."""
        return self._feed.after(after_seq)

    def last_event_seq(self) -> int:
        """Give the seq of the newest event, 0 when there is none."""
        return self._journal.last_seq

    def trouble(self) -> str:
        """Say in words what stays wrong with the orders; empty when nothing does."""
        if self._failure:
            return self._failure
        return "; ".join(self._readings.stuck(self._flow.questions(self._now())))

    # ---- inside ------------------------------------------------------------------------------------------------

    def _now(self) -> Now:
        return Now(self._clock.venue(), self._clock.monotonic())

    def _turn_day(self) -> None:
        today = kst_date(self._clock.venue())
        if today == self._flow.day:
            return
        try:
            self._open(today)
        except LogError as error:  # the day before goes on until the journal can be written
            self._fail(f"the day cannot be opened in the journal: {error}")
            _log.error("%s", self._failure)
            return
        self._free_screens()

    def _open(self, day: date) -> None:
        """Fold a day from what is durable."""
        self._kept = JournalState(self._journal, day)
        kept = self._kept.load()
        unknowns, config = self._config.unknowns, self._config
        self._flow = OrderFlow(
            day,
            commission_ppm=config.commission_ppm,
            market_of=self._market_of,
            answer_timeout_ns=self._answer_timeout_ns,
            total_is_cumulative=unknowns.fill_qty_is_cumulative,
        )
        self._flow.is_over = kept.is_over
        self._fills = [fact for fact in kept.facts if isinstance(fact, OrderFilled)]
        asks = [(ask, self._was_refused(ask)) for ask in kept.asks]
        self._flow.restore(kept.facts, asks, self._now())
        self._flow.took_effect_elsewhere(kept.elsewhere)
        self._settle(ask.request_id for ask, _ in asks if not self._flow.books.asks[ask.request_id].is_open)

    def _was_refused(self, ask: Ask) -> bool:
        known = self._journal.outcome(ask.request_id)
        return known is not None and known.outcome is RequestOutcome.REFUSED

    def _publish(self) -> None:
        """Make new facts durable, then let everybody hear them."""
        books = self._flow.books
        elsewhere, books.elsewhere_done = books.elsewhere_done, []
        bound, books.bound = books.bound, []
        facts = self._flow.take()
        try:
            numbered = self._journal.append(facts)
            for number in elsewhere:  # behind its effect: a change that is known to have had one is never looked for
                self._kept.keep_elsewhere(number)
        except LogError as error:
            self._fail(f"order events could not be journaled: {error}")
            _log.error("%s", self._failure)
            self._open(self._flow.day)  # what is not durable did not happen; the lists tell it again
            self._feed.wake()
            return
        self._settle(bound)
        self._free_screens()
        if numbered:
            self._fills += [fact for fact in numbered if isinstance(fact, OrderFilled)]
            self._feed.wake()

    def _free_screens(self) -> None:
        """Give back the screens of orders whose numbers are known: events of a known number need none."""
        asks = self._flow.books.asks
        self._screens.free(lambda request_id: request_id in asks and asks[request_id].is_open)

    def _settle(self, requests: Iterable[RequestId]) -> None:
        """Let evidence end a doubt: a request that has its number, or Kiwoom's refusal, was sent."""
        for request_id in requests:
            known, content = self._journal.outcome(request_id), self._journal.request_hash(request_id)
            is_doubt = known is not None and known.outcome is RequestOutcome.IN_DOUBT
            if is_doubt and content and request_id not in self._sending:
                try:
                    self._journal.record(request_id, content, Receipt(request_id, RequestOutcome.SENT))
                except LogError as error:  # it stays in doubt until the next start looks
                    _log.error("the outcome of %s could not be journaled: %s", request_id, error)


def _log_failure(reading: "asyncio.Task[None]") -> None:
    if not reading.cancelled() and (error := reading.exception()) is not None:
        _log.warning("%s", error)
