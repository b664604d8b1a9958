"""Somebody who trades through a broker that dies all the time: orders and cancels, each resolved after a loss."""

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from random import Random
from typing import Any

from broker.client import BrokerClient
from broker.port import Guard, OrderRequest, OrderSessionOpened, Receipt
from domain.errors import BrokerUnavailable, HantradeError
from domain.messages.orders import CancelOrder, OrderAccepted, OrderFact, OrderFilled, SubmitOrder
from domain.time import kst_text
from domain.types import (
    NANOS_PER_SECOND,
    ClientOrderId,
    Krw,
    OrderKind,
    Purpose,
    RequestId,
    RequestOutcome,
    Side,
    UnixNanos,
    VenueOrderId,
    VenuePhase,
)

logger = logging.getLogger("trader")
EVERY_S = 0.15
VALID_S = 3
CALL_S = 3.0
CANCELS = 0.25  # share of requests
MOST_SHARES = 5
CLOSE = "15:30:00"
OPEN = (VenuePhase.OPENING_AUCTION, VenuePhase.CONTINUOUS, VenuePhase.CLOSING_AUCTION, VenuePhase.HALTED)


class Trader(threading.Thread):
    """Trades until told to stop. `sent` and `doubt` may be read by others."""

    def __init__(self, address: str, seed: int) -> None:
        """Connect to nothing yet."""
        super().__init__(name="soak-trader", daemon=True)
        self._address, self._random = address, Random(seed)
        self._count, self._seed = 0, seed
        self._journal_id, self._last_seq = "", 0
        self._open: dict[str, tuple[VenueOrderId, str, int]] = {}  # client id -> number, symbol, leaves
        self._held: dict[str, int] = {}
        self._prices: dict[str, Krw] = {}
        self._has_traded = False  # today
        self._sent_at: dict[str, float] = {}  # id -> monotonic s; what is on its way is not asked for
        self._guard: Callable[[], Guard] | None = None
        self.sent: list[str] = []  # ids of new orders
        self.doubt: set[str] = set()  # ids without an end
        self.phase = VenuePhase.CLOSED
        self.day_over = False
        self.failures = 0  # sessions that broke
        self.trading, self.stopping = threading.Event(), threading.Event()

    def new_day(self) -> None:
        """Forget yesterday's holdings and orders; begin to trade."""
        self._open, self._held, self.sent = {}, {}, []
        self.doubt.clear()  # yesterday's stay in doubt
        self.day_over = self._has_traded = False
        self.trading.set()

    def run(self) -> None:
        """Keep a session, and make the best of it."""
        while not self.stopping.is_set():
            client = BrokerClient(self._address, CALL_S)
            try:
                self._session(client)
            except HantradeError as error:
                logger.info("the session is over: %s", error)
                self.failures += 1
            finally:
                client.close()
            self.stopping.wait(EVERY_S)

    def _session(self, client: BrokerClient) -> None:
        if not client.session().logged_in:
            return
        over, opened = threading.Event(), threading.Event()

        def on_opened(found: OrderSessionOpened) -> None:
            if found.journal_id != self._journal_id:
                self._journal_id, self._last_seq = found.journal_id, 0
            self._guard = lambda: Guard(found.journal_id, found.epoch, _until())
            opened.set()

        def on_end(_reason: Any, _unanswered: tuple[str, ...]) -> None:
            over.set()
            opened.set()

        self._listen(client)
        ears = (self._on_event, self._on_receipt, on_opened, on_end)
        orders = client.order_session(self._last_seq, self._journal_id, *ears, f"soak-{self._seed}")
        opened.wait(CALL_S)
        while not over.is_set() and not self.stopping.is_set():
            self._resolve(client)
            session = client.session()
            self.phase = session.phase
            self._has_traded = self._has_traded or session.phase is VenuePhase.CONTINUOUS
            is_late = kst_text(session.venue_time) >= CLOSE  # the exchange's clock stands behind its last row
            self.day_over = self._has_traded and (is_late or session.phase not in OPEN)
            if self.trading.is_set() and session.phase is VenuePhase.CONTINUOUS and self._guard is not None:
                self._act(orders, self._guard())
            over.wait(EVERY_S)

    def _listen(self, client: BrokerClient) -> None:
        """Keep the newest price of every instrument; the stream ends with its client."""
        listed, _ = client.instruments()
        stream = client.quotes([one.symbol for one in listed])

        def read() -> None:
            with suppress(HantradeError):
                for _raw, batch in stream:
                    self._prices.update({row.symbol: Krw(row.price) for row in batch.rows if row.price})

        threading.Thread(target=read, name="soak-quotes", daemon=True).start()

    def _resolve(self, client: BrokerClient) -> None:
        """Ask for what has no end yet; requests on their way get some time first."""
        for name in list(self.doubt):
            if name in self._fresh():
                continue
            receipt = client.resolve(name)
            if receipt.outcome is not RequestOutcome.IN_DOUBT:
                self.doubt.discard(name)

    def _fresh(self) -> set[str]:
        now = time.monotonic()
        self._sent_at = {name: at for name, at in self._sent_at.items() if now - at < VALID_S}
        return set(self._sent_at)

    def _act(self, orders: Any, guard: Guard) -> None:
        if self._open and self._random.random() < CANCELS:
            name, (number, _symbol, _leaves) = self._random.choice(sorted(self._open.items()))
            request = RequestId(self._new_id("c"))
            cancel = CancelOrder(request, ClientOrderId(name), number, 0, guard.valid_until)
            self._send(orders, request, cancel, guard)
            self._open.pop(name, None)  # asked once
            return
        prices = dict(self._prices)
        if not prices:
            return
        symbol, newest = self._random.choice(sorted(prices.items()))
        held = self._held.get(symbol, 0)
        side = Side.SELL if held and self._random.random() < 0.5 else Side.BUY
        quantity = min(held, MOST_SHARES) if side is Side.SELL else self._random.randint(1, MOST_SHARES)
        market = self._random.random() < 0.3
        kind, price = (OrderKind.MARKET, None) if market else (OrderKind.LIMIT, newest)
        purpose = Purpose.EXIT if side is Side.SELL else Purpose.ENTRY
        name = ClientOrderId(self._new_id("o"))
        submit = SubmitOrder(name, symbol, side, kind, purpose, quantity, price, guard.valid_until)
        self.sent.append(name)
        if side is Side.SELL:
            self._held[symbol] = held - quantity
        self._send(orders, name, submit, guard)

    def _send(self, orders: Any, name: str, request: OrderRequest, guard: Guard) -> None:
        self.doubt.add(name)
        self._fresh()
        self._sent_at[name] = time.monotonic()
        with suppress(BrokerUnavailable):  # it never left; resolving writes it off
            orders.request(request, guard)

    def _new_id(self, letter: str) -> str:
        self._count += 1
        return f"soak-{self._seed}-{letter}{self._count}"

    def _on_receipt(self, receipt: Receipt) -> None:
        if receipt.outcome is not RequestOutcome.IN_DOUBT:
            self.doubt.discard(receipt.request_id)

    def _on_event(self, fact: OrderFact) -> None:
        self._last_seq = max(self._last_seq, fact.event_seq)
        if isinstance(fact, OrderAccepted):
            self._open[fact.client_order_id] = (fact.venue_order_id, fact.symbol, fact.quantity)
        elif isinstance(fact, OrderFilled):
            if fact.side is Side.BUY:
                self._held[fact.symbol] = self._held.get(fact.symbol, 0) + fact.last_qty
            if not fact.leaves_qty:
                self._open.pop(fact.client_order_id, None)


def _until() -> UnixNanos:
    return UnixNanos(time.time_ns() + VALID_S * NANOS_PER_SECOND)
