"""The orders link and the network between a trader and its broker, as far as the core and the journal can tell."""

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from broker.gateway import identity
from broker.port import Guard, OrderRequest
from domain.instruments import Instrument
from domain.messages import Message
from domain.messages.link import (
    BrokerStateReceived,
    CloseLink,
    InstrumentsReceived,
    LinkLost,
    LinkOpened,
    OpenLink,
    ReconcileLink,
)
from domain.messages.orders import (
    CancelOrder,
    ModifyOrder,
    RequestAnswered,
    RequestStranded,
    ResolveOrder,
    SubmitOrder,
)
from domain.messages.trading import GateChanged
from domain.types import ClientOrderId, Gate, Krw, LinkName, Market, RequestId, RequestOutcome, Symbol, UnixNanos

if TYPE_CHECKING:
    from tests.attack.storm import Storm

SYMBOLS = ("005930", "120110", "000250")
MARKETS = {"005930": Market.KOSPI, "120110": Market.KOSPI, "000250": Market.KOSDAQ}


def listing() -> tuple[Instrument, ...]:
    return tuple(
        Instrument(Symbol(code), code, MARKETS[code], Krw(10_000), Krw(7_000), Krw(13_000), True) for code in SYMBOLS
    )


class Wire:
    """The orders link and the network, as far as the core and the journal can tell."""

    def __init__(self, storm: "Storm") -> None:
        self.storm = storm
        self.gate = Gate.CANCELS_ONLY
        self.up = False
        self.out: deque[tuple[OrderRequest | GateChanged, Guard | None]] = deque()
        self.back: deque[Message] = deque()  # in order: facts, resolved answers, broker states
        self.receipts: deque[RequestAnswered] = deque()
        self.flying: dict[str, ClientOrderId] = {}
        self.pulled = 0
        self.guard = ("", 0)

    def carry_out(self, message: Message) -> None:
        match message:
            case OpenLink(link=LinkName.QUOTES):
                self.storm.post(LinkOpened(LinkName.QUOTES, self.storm.session()), later=True)
            case OpenLink(link=LinkName.ORDERS):
                self.open(message)
            case ReconcileLink(link=LinkName.QUOTES):
                self.storm.post(InstrumentsReceived(listing(), ()), later=True)
            case ReconcileLink(link=LinkName.ORDERS):
                self.reconcile()
            case CloseLink(link=LinkName.ORDERS):
                self.hang_up("closed")
            case SubmitOrder() | ModifyOrder() | CancelOrder():
                self.send(message)
            case ResolveOrder():
                self.resolve(message)
            case GateChanged(level=level):
                self.gate = level
                if self.up:
                    self.out.append((message, None))

    def open(self, message: OpenLink) -> None:
        self.hang_up("opened anew")
        journal = self.storm.venue.journal
        self.up, self.guard = True, (journal.journal_id, journal.epoch)
        self.pulled = message.after_seq if message.journal_id == journal.journal_id else 0
        self.storm.post(LinkOpened(LinkName.ORDERS, self.storm.session()), later=True)

    def hang_up(self, why: str) -> None:
        """What had not arrived is lost or comes much later; what is in flight is stranded."""
        for entry in self.out:
            if self.storm.chance(0.5):
                self.storm.limbo.append(entry)
        self.out.clear()
        self.back.clear()
        self.receipts.clear()
        self.up = False
        flying, self.flying = self.flying, {}
        for request_id, owner in flying.items():
            self.storm.post(RequestStranded(owner, RequestId(request_id), why), later=True)

    def lose(self, why: str) -> None:
        self.hang_up(why)
        self.storm.post(LinkLost(LinkName.ORDERS, why), later=True)

    def send(self, request: OrderRequest) -> None:
        request_id = identity(request)
        if not self.up:
            self.storm.post(RequestStranded(request.client_order_id, RequestId(request_id), "down"), later=True)
            return
        if not isinstance(request, CancelOrder) and not self.gate.passes(request.purpose):
            refused = (RequestOutcome.REFUSED, "GATE_CLOSED", "the gate", False, 0)
            answer = RequestAnswered(request.client_order_id, RequestId(request_id), *refused)
            self.storm.post(answer, later=True)
            return
        self.flying[request_id] = request.client_order_id
        self.out.append((request, Guard(*self.guard, request.valid_until)))

    def pull(self) -> None:
        for fact in self.storm.venue.journal.events(self.pulled):
            self.back.append(fact)
            self.pulled = fact.event_seq

    def resolve(self, effect: ResolveOrder) -> None:
        if not self.up or self.storm.chance(0.05):
            self.lose("resolving failed")
            return
        found = self.storm.venue.journal.resolve(effect.request_id)
        self.pull()
        answer = (found.outcome, found.code, found.text, True, found.as_of_seq)
        self.back.append(RequestAnswered(effect.client_order_id, effect.request_id, *answer))

    def reconcile(self) -> None:
        if not self.up:
            return
        self.pull()
        self.out.append((GateChanged(self.gate, "reconcile"), None))
        venue = self.storm.venue
        books = venue.exchange
        state = (Krw(books.books.account.cash), tuple(books.positions()), tuple(books.open_orders()))
        where = (venue.journal.journal_id, venue.journal.last_seq, books.now)
        rows, orderable = tuple(books.books.day_orders.rows()), Krw(books.orderable_cash)
        asked_at = UnixNanos(self.storm.now)
        told = BrokerStateReceived(*state, *where, orderable_cash=orderable, day_orders=rows, asked_at=asked_at)
        self.back.append(told)

    def step(self) -> None:
        """Let one thing move: a request arrive, or a word come back."""
        moves: list[Callable[[], None]] = []
        if self.out:
            moves.append(self.arrive)
        if self.up:
            moves.append(self.pull)
        if self.back:
            moves.append(lambda: self.storm.post(self.back.popleft()))
        if self.receipts:
            moves.append(self.hear_receipt)
        if moves:
            self.storm.draw.choice(moves)()

    def hear_receipt(self) -> None:
        answer = self.receipts.popleft()
        if self.flying.pop(answer.request_id, None) is not None:
            self.storm.post(answer)

    def arrive(self) -> None:
        request, guard = self.out.popleft()
        receipt = self.storm.reach(request, guard)
        if receipt is not None and not isinstance(request, GateChanged):
            said = (receipt.outcome, receipt.code, receipt.text, False, receipt.as_of_seq)
            self.receipts.append(RequestAnswered(request.client_order_id, RequestId(receipt.request_id), *said))
