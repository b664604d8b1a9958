"""A fake broker client and a door that keeps what comes through, for the tests of both links."""

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from broker.port import AccountState, Guard, MarketNews, OrderRequest, OrderSessionOpened, Receipt
from domain.errors import BrokerUnavailable, HantradeError, RequestRefused
from domain.instruments import Instrument
from domain.messages import Message
from domain.messages.link import OpenLink, SessionInfo
from domain.messages.orders import CancelOrder, ModifyOrder, OrderAccepted, SubmitOrder
from domain.quotes import Quote, QuoteBatch, QuoteKind
from domain.types import (
    ClientOrderId,
    Gate,
    Krw,
    LinkName,
    OrderKind,
    Purpose,
    RequestId,
    RequestOutcome,
    ServerKind,
    Side,
    UnixNanos,
    VenueOrderId,
    VenuePhase,
)

WAIT_S = 5.0
T = UnixNanos(1_768_262_400_000_000_000)
SYMBOL = "005930"


class FakeDoor:
    """Stands for the core: keeps inputs; a test commits them by hand."""

    def __init__(self) -> None:
        self.all: list[Any] = []
        self.urgent: list[bool] = []  # of each of them
        self._came: queue.Queue[Message] = queue.Queue()
        self.uncommitted: list[Callable[[], None]] = []

    def __call__(
        self, message: Message, *, source: str, urgent: bool = False, on_committed: Callable[[], None] | None = None
    ) -> None:
        assert source.startswith("link/")
        self.all.append(message)
        self.urgent.append(urgent)
        if on_committed is not None:
            self.uncommitted.append(on_committed)
        self._came.put(message)

    def next(self) -> Any:
        """Wait for the next input."""
        return self._came.get(timeout=WAIT_S)

    def forget(self) -> None:
        """Forget what came so far."""
        self.all.clear()
        self.urgent.clear()
        while not self._came.empty():
            self._came.get_nowait()

    def next_of(self, kind: type[Message]) -> Any:
        """Wait for the next input of a kind; others are skipped."""
        while not isinstance(message := self.next(), kind):
            pass
        return message

    def commit(self) -> None:
        """Commit the oldest input that somebody waits for."""
        self.uncommitted.pop(0)()

    def commit_all(self) -> None:
        """Commit whatever somebody waits for."""
        while self.uncommitted:
            self.commit()

    def of(self, kind: type[Message]) -> list[Any]:
        return [message for message in self.all if isinstance(message, kind)]


class FakeSession:
    """An order session whose far end is the test."""

    def __init__(self, client: "FakeClient", listener: dict[str, Callable[..., None]], asked: tuple[int, str]) -> None:
        self.client, self.listener, self.asked = client, listener, asked
        self.sent: list[tuple[OrderRequest, Guard]] = []
        self.gates: list[Gate] = []
        self.unanswered: list[str] = []
        self.closed = False
        self.broken = False

    def submit(self, request: SubmitOrder, guard: Guard) -> None:
        self._send(request, guard)

    def modify(self, request: ModifyOrder, guard: Guard) -> None:
        self._send(request, guard)

    def cancel(self, request: CancelOrder, guard: Guard) -> None:
        self._send(request, guard)

    def _send(self, request: OrderRequest, guard: Guard) -> None:
        if self.client.on_send is not None:
            self.client.on_send(request)
        if self.closed or self.broken:
            raise BrokerUnavailable("the session is over")
        self.sent.append((request, guard))

    def set_gate(self, request_id: str, level: Gate) -> None:
        if self.closed or self.broken:
            raise BrokerUnavailable("the session is over")
        self.gates.append(level)
        self.unanswered.append(request_id)
        if self.client.answers_gate:
            self.answer_gates()

    def answer_gates(self) -> None:
        while self.unanswered:
            self._answer_gate(self.unanswered.pop(0))

    def _answer_gate(self, request_id: str) -> None:
        outcome = RequestOutcome.REFUSED if self.client.refuses_gate else RequestOutcome.SENT
        self.listener["receipt"](Receipt(request_id, outcome, "NO" if self.client.refuses_gate else ""))

    def receipt(self, request_id: str, outcome: RequestOutcome = RequestOutcome.SENT, **more: Any) -> None:
        self.listener["receipt"](Receipt(request_id, outcome, **more))

    def event(self, seq: int) -> None:
        self.listener["event"](an_event(seq))

    def break_off(self, reason: HantradeError | None = None) -> None:
        self.broken = True
        self.listener["end"](reason or BrokerUnavailable("gone"), ())

    def close(self) -> None:
        self.closed = True


class FakeWatch:
    def __init__(self, on_beat: Callable[[SessionInfo], None], on_end: Callable[[HantradeError | None], None]) -> None:
        self.on_beat, self.on_end = on_beat, on_end


class FakeMarket:
    """A stream of market news that the test speaks on."""

    def __init__(self, on_news: Callable[[MarketNews], None], on_end: Callable[[HantradeError | None], None]) -> None:
        self.on_news, self.on_end = on_news, on_end


class FakeStream:
    """Batches the test feeds; ends by close()."""

    def __init__(self) -> None:
        self.feed: queue.Queue[tuple[bytes, QuoteBatch] | HantradeError | None] = queue.Queue()
        self.taken = 0

    def __iter__(self) -> Iterator[tuple[bytes, QuoteBatch]]:
        return self

    def __next__(self) -> tuple[bytes, QuoteBatch]:
        found = self.feed.get()
        if found is None:
            raise StopIteration
        if isinstance(found, HantradeError):
            raise found
        self.taken += 1
        return found

    def close(self) -> None:
        self.feed.put(None)


class FakeClient:
    """A broker as the links see it; every answer can be set, every failure asked for."""

    def __init__(self) -> None:
        self.info = a_session()
        self.fails: dict[str, BaseException] = {}
        self.opening = OrderSessionOpened("J", 3, 0, Gate.OPEN)
        self.opens_at_once = True
        self.refuses_gate = False
        self.answers_gate = True
        self.account_seqs = [0]  # as_of_seq of one account after another; the last one stays
        self.settled: tuple[Krw | None, ...] = ()  # deposit, D+1 deposit, withdrawable
        self.orders_seq = 0
        self.lists: dict[str, list[list[Any]]] = {}  # positions, open_orders, day_orders: one reading after another
        self.on_read: Callable[[str], None] = lambda _: None
        self.sessions: list[FakeSession] = []
        self.watches: list[FakeWatch] = []
        self.streams: list[FakeStream] = []
        self.markets: list[FakeMarket] = []
        self.asked_depth: list[bool] = []  # of each subscription
        self.resolved: dict[str, Receipt] = {}
        self.on_send: Callable[[OrderRequest], None] | None = None
        self.closed = threading.Event()

    def _maybe_fail(self, name: str) -> None:
        if name in self.fails:
            raise self.fails[name]

    def session(self) -> SessionInfo:
        self._maybe_fail("session")
        return self.info

    def login(self) -> SessionInfo:
        self._maybe_fail("login")
        return self.info

    def watch(self, interval_s: float, on_beat: Any, on_end: Any) -> FakeWatch:
        self.watches.append(FakeWatch(on_beat, on_end))
        return self.watches[-1]

    def watch_market(self, on_news: Any, on_end: Any) -> "FakeMarket":
        self._maybe_fail("watch_market")
        self.markets.append(FakeMarket(on_news, on_end))
        return self.markets[-1]

    def order_session(
        self, after_seq: int, journal_id: str, on_event: Any, on_receipt: Any, on_opened: Any, on_end: Any, rhythm: Any
    ) -> FakeSession:
        self._maybe_fail("order_session")
        listener = {"event": on_event, "receipt": on_receipt, "opened": on_opened, "end": on_end}
        made = FakeSession(self, listener, (after_seq, journal_id))
        self.sessions.append(made)
        if self.opens_at_once:
            on_opened(self.opening)
        return made

    def account(self) -> AccountState:
        self._maybe_fail("account")
        seq = self.account_seqs.pop(0) if len(self.account_seqs) > 1 else self.account_seqs[0]
        return AccountState("SIM", Krw(1_000), Krw(1_000), Krw(0), Krw(0), seq, *self.settled)

    def positions(self) -> tuple[list[Any], int]:
        return self._list("positions", [])

    def open_orders(self) -> tuple[list[Any], int]:
        return self._list("open_orders", [])

    def day_orders(self) -> tuple[list[Any], int]:
        if "day_orders" not in self.lists:
            self._maybe_fail("day_orders")
            raise RequestRefused("NOT_OFFERED", "no list of the day")
        return self._list("day_orders", [])

    def _list(self, name: str, rows: list[Any]) -> tuple[list[Any], int]:
        """Give a list: one after another of those set, the last one stays."""
        self.on_read(name)
        self._maybe_fail(name)
        readings = self.lists.get(name, [rows])
        return (readings.pop(0) if len(readings) > 1 else readings[0]), self.orders_seq

    def resolve(self, request_id: str) -> Receipt:
        self._maybe_fail("resolve")
        return self.resolved[request_id]

    def instruments(self, symbols: Sequence[str]) -> tuple[list[Instrument], list[str]]:
        self._maybe_fail("instruments")
        return [], list(symbols)

    def quotes(self, symbols: Sequence[str], depth: bool) -> FakeStream:
        self._maybe_fail("quotes")
        self.asked_depth.append(depth)
        self.streams.append(FakeStream())
        return self.streams[-1]

    def close(self) -> None:
        for session in self.sessions:
            session.close()
            session.listener["end"](None, ())
        for stream in self.streams:
            stream.close()
        self.closed.set()


def a_session(**changes: Any) -> SessionInfo:
    fields: dict[str, Any] = {"venue_time": T, "phase": VenuePhase.CONTINUOUS, "journal_id": "J", "epoch": 3} | changes
    return SessionInfo(ServerKind.SIMULATED, True, "SIM", gate=Gate.OPEN, run_id="run", **fields)


def an_opening(link: LinkName = LinkName.ORDERS, after_seq: int = 0, journal_id: str = "") -> OpenLink:
    return OpenLink(link, "nowhere:1", 1, after_seq, journal_id)


def an_event(seq: int) -> OrderAccepted:
    order, leg = ClientOrderId("o-1"), VenueOrderId("V1")
    return OrderAccepted("J", seq, T, order, leg, SYMBOL, Side.BUY, 1, Krw(100))


def a_submit(order: str = "o-1", purpose: Purpose = Purpose.ENTRY) -> SubmitOrder:
    return SubmitOrder(ClientOrderId(order), SYMBOL, Side.BUY, OrderKind.LIMIT, purpose, 1, Krw(100), UnixNanos(2**62))


def a_modify(order: str = "o-1", request: str = "m-1") -> ModifyOrder:
    ids = (RequestId(request), ClientOrderId(order), VenueOrderId("V1"))
    return ModifyOrder(*ids, Purpose.ENTRY, 1, Krw(100), UnixNanos(2**62))


def a_cancel(order: str = "o-1", request: str = "c-1") -> CancelOrder:
    return CancelOrder(RequestId(request), ClientOrderId(order), VenueOrderId("V1"), 1, UnixNanos(2**62))


def a_batch(seq: int, rows: int = 1, end: bool = False) -> tuple[bytes, QuoteBatch]:
    quotes = tuple(Quote(SYMBOL, UnixNanos(T + seq), 100, 1, 1, 99, 100, 1, 1, QuoteKind.TRADE) for _ in range(rows))
    return b"raw", QuoteBatch("run", seq, quotes, 0, end, T)


def settle(link: Any) -> None:
    """Wait until the link's actor has handled what it was told."""
    assert link.ask("ping", timeout=WAIT_S) == "pong"
