"""A small broker in memory behind the real journal and gateway. Market orders fill at once at 10,000 KRW."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from broker.event_feed import OrderEventFeed
from broker.gateway import OrderGateway
from broker.journal import OrderJournal
from broker.not_offered import NotOffered
from broker.port import AccountState, Candle, Guard, OrderRequest, Receipt
from broker.refusals import refuse
from domain.errors import BrokerUnavailable, RequestRefused
from domain.instruments import Instrument
from domain.messages.link import BrokerDayOrder, BrokerOpenOrder, BrokerPosition, SessionInfo
from domain.messages.orders import (
    ModifyOrder,
    OrderAccepted,
    OrderCancelled,
    OrderFact,
    OrderFilled,
    OrderReplaced,
    SubmitOrder,
)
from domain.quotes import Quote, QuoteBatch
from domain.types import (
    CandleInterval,
    ClientOrderId,
    Gate,
    Krw,
    Market,
    ServerKind,
    Side,
    Symbol,
    TradeId,
    UnixNanos,
    VenueOrderId,
    VenuePhase,
)

SYMBOLS = ("120110", "005930")
VENUE_TIME = UnixNanos(1_768_262_400_000_000_123)
FILL_PRICE = Krw(10_000)


class FakeVenue:
    """The wire: every order gets a number; a market order fills at once. `failure` is raised once."""

    def __init__(self, atomic: bool = True) -> None:
        self.atomic = atomic
        self.placed: list[OrderRequest] = []
        self.failure: Exception | None = None
        self.before_sending: Callable[[], None] = lambda: None

    def place(self, request: OrderRequest) -> Sequence[OrderFact]:
        self.before_sending()
        if self.failure is not None:
            failure, self.failure = self.failure, None
            raise failure
        self.placed.append(request)
        number = VenueOrderId(f"{len(self.placed):07d}")
        if isinstance(request, SubmitOrder):
            return self._submit(request, number)
        if isinstance(request, ModifyOrder):
            old, order = request.original_venue_order_id, request.client_order_id
            moved, price = request.quantity, request.limit_price
            return [OrderReplaced("", 0, VENUE_TIME, order, request.request_id, old, number, moved, price, 0)]
        leg, quantity = request.original_venue_order_id, request.quantity
        return [OrderCancelled("", 0, VENUE_TIME, request.client_order_id, request.request_id, leg, quantity, 0)]

    def _submit(self, order: SubmitOrder, number: VenueOrderId) -> list[OrderFact]:
        if order.symbol not in SYMBOLS:
            raise RequestRefused("UNKNOWN_SYMBOL", f"{order.symbol} is not listed", field="symbol", value=order.symbol)
        common = ("", 0, VENUE_TIME, order.client_order_id, number)
        facts: list[OrderFact] = [OrderAccepted(*common, order.symbol, order.side, order.quantity, order.limit_price)]
        if order.limit_price is None:
            trade = TradeId(f"T{number}")
            money = (FILL_PRICE, Krw(15), Krw(0))
            facts.append(OrderFilled(*common, trade, order.symbol, order.side, order.quantity, *money, 0))
        return facts


@dataclass
class Books:
    """Open orders and fills folded from the journal's facts."""

    open_orders: dict[str, BrokerOpenOrder] = field(default_factory=dict)
    fills: list[OrderFilled] = field(default_factory=list)

    def book(self, facts: Iterable[OrderFact]) -> None:
        for fact in facts:
            if isinstance(fact, OrderAccepted):
                self.open_orders[fact.venue_order_id] = BrokerOpenOrder(
                    fact.venue_order_id,
                    fact.client_order_id,
                    fact.symbol,
                    fact.side,
                    fact.quantity,
                    fact.quantity,
                    fact.limit_price,
                )
            elif isinstance(fact, OrderFilled):
                self.fills.append(fact)
                self._leave(fact.venue_order_id, fact.leaves_qty)
            elif isinstance(fact, OrderCancelled):
                self._leave(fact.venue_order_id, fact.leaves_qty)
            elif isinstance(fact, OrderReplaced):
                old = self.open_orders[fact.venue_order_id]
                self.open_orders[fact.new_venue_order_id] = replace(
                    old,
                    venue_order_id=fact.new_venue_order_id,
                    quantity=fact.moved_qty,
                    leaves_qty=fact.moved_qty,
                    limit_price=fact.limit_price,
                )
                self._leave(fact.venue_order_id, fact.leaves_qty)

    def _leave(self, number: str, leaves: int) -> None:
        if leaves == 0:
            self.open_orders.pop(number, None)
        elif number in self.open_orders:
            self.open_orders[number] = replace(self.open_orders[number], leaves_qty=leaves)


class FakeBackend(NotOffered):
    """The port over the fake venue. Lives on one event loop."""

    def __init__(self, journal: OrderJournal, venue: FakeVenue, now: Callable[[], UnixNanos]) -> None:
        self.journal = journal
        self.venue = venue
        self.logged_in = True
        self.login_fails = False
        self.batches: list[QuoteBatch] = []  # what stream_quotes gives; then it ends
        self._gateway = OrderGateway(journal, venue, now)
        self._feed = OrderEventFeed(journal)
        self._books = Books()
        self._books.book(journal.events())

    async def session(self) -> SessionInfo:
        return SessionInfo(
            server_kind=ServerKind.SIMULATED,
            logged_in=self.logged_in,
            account="******1234",
            venue_time=VENUE_TIME,
            phase=VenuePhase.CONTINUOUS,
            journal_id=self.journal.journal_id,
            epoch=self.journal.epoch,
            gate=self.journal.gate,
            run_id="run-1",
            speed_milli=0,
        )

    async def login(self) -> SessionInfo:
        if self.login_fails:
            raise BrokerUnavailable("the venue does not answer")
        return await self.session()

    async def instruments(self, symbols: Sequence[str]) -> tuple[list[Instrument], list[str]]:
        known = [
            Instrument(Symbol(one), "", Market.KOSPI, Krw(10_000), Krw(7_000), Krw(13_000), True)
            for one in symbols or SYMBOLS
            if one in SYMBOLS
        ]
        return known, [one for one in symbols if one not in SYMBOLS]

    async def latest_quotes(self, symbols: Sequence[str]) -> list[Quote]:
        latest = {row.symbol: row for batch in self.batches for row in batch.rows}
        return [row for name, row in latest.items() if not symbols or name in symbols]

    async def stream_quotes(
        self, symbols: Sequence[str], max_rows: int, max_delay_s: float, depth: bool = False
    ) -> AsyncIterator[QuoteBatch]:
        for one in symbols:
            if one not in SYMBOLS:
                raise RequestRefused("UNKNOWN_SYMBOL", f"{one} is not listed", field="symbols", value=one)
        for batch in self.batches:
            yield batch
        if not self.batches:
            await asyncio.Event().wait()  # a source that is silent

    async def candles(
        self,
        symbol: str,
        since: UnixNanos | None,
        until: UnixNanos | None,
        interval: CandleInterval | None = None,
        adjusted: bool = False,
    ) -> list[Candle]:
        raise RequestRefused("NOT_OFFERED", "bars are not kept here")

    async def account(self) -> AccountState:
        spent = sum(fill.last_px * fill.last_qty * fill.side.sign for fill in self._books.fills)
        commission = Krw(sum(fill.commission for fill in self._books.fills))
        cash = Krw(10_000_000 - spent - commission)
        return AccountState("******1234", cash, cash, commission, Krw(0), self.journal.last_seq)

    async def positions(self) -> tuple[list[BrokerPosition], int]:
        held: dict[str, int] = {}
        for fill in self._books.fills:
            held[fill.symbol] = held.get(fill.symbol, 0) + fill.last_qty * fill.side.sign
        rows = [BrokerPosition(one, quantity, Krw(quantity * FILL_PRICE)) for one, quantity in held.items()]
        return rows, self.journal.last_seq

    async def open_orders(self) -> tuple[list[BrokerOpenOrder], int]:
        return list(self._books.open_orders.values()), self.journal.last_seq

    async def day_orders(self) -> tuple[list[BrokerDayOrder], int]:
        raise RequestRefused("NOT_OFFERED", "this broker has no list of the day")

    async def fills(self) -> tuple[list[OrderFilled], int]:
        return list(self._books.fills), self.journal.last_seq

    async def request(self, request: OrderRequest, guard: Guard) -> Receipt:
        receipt, facts = self._gateway.handle(request, guard)
        self._publish(facts)
        return receipt

    async def set_gate(self, request_id: str, level: Gate) -> Receipt:
        return self.journal.set_gate(request_id, level)

    async def refuse(self, request_id: str, content: str, reason: RequestRefused) -> Receipt:
        return refuse(self.journal, request_id, content, reason)

    async def resolve(self, request_id: str) -> Receipt:
        return self.journal.resolve(request_id)

    def last_event_seq(self) -> int:
        return self.journal.last_seq

    def order_events(self, after_seq: int) -> AsyncIterator[OrderFact]:
        return self._feed.after(after_seq)

    async def trade(self, venue_order_id: str, quantity: int) -> None:
        """Let the venue trade an open order, outside any request."""
        order = self._books.open_orders[venue_order_id]
        fill = OrderFilled(
            "",
            0,
            VENUE_TIME,
            ClientOrderId(order.client_order_id),
            VenueOrderId(venue_order_id),
            TradeId(f"T{self.journal.last_seq}"),
            order.symbol,
            Side(order.side),
            quantity,
            FILL_PRICE,
            Krw(15),
            Krw(0),
            order.leaves_qty - quantity,
        )
        self._publish(self.journal.append([fill]))

    def _publish(self, facts: list[OrderFact]) -> None:
        self._books.book(facts)
        if facts:
            self._feed.wake()


@asynccontextmanager
async def open_fake(
    path: Path, now: Callable[[], UnixNanos], venue: FakeVenue | None = None
) -> AsyncIterator[FakeBackend]:
    """Open the journal, give the backend, close the journal."""
    journal = OrderJournal(path)
    try:
        yield FakeBackend(journal, venue or FakeVenue(), now)
    finally:
        journal.close()
