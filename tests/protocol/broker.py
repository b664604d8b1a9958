"""The broker's side: the real journal and the real gateway before a venue that does what it is told, every time.

A crash is an exception out of the journal or the wire, raised at each point where the process could die: what SQLite
committed by then stays, the rest is gone.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from broker.fences import opens
from broker.gateway import OrderGateway, content_hash, identity
from broker.journal import OrderJournal
from broker.port import Guard, OrderRequest, Receipt
from broker.refusals import fenced_off, gate_content, refuse
from broker.translate.facts import decode_fact
from domain.messages.link import BrokerOpenOrder, BrokerPosition
from domain.messages.orders import (
    CancelOrder,
    OrderAccepted,
    OrderCancelled,
    OrderFact,
    OrderFilled,
    SubmitOrder,
)
from domain.types import Gate, Krw, RequestOutcome, Side, UnixNanos
from tests.actors.builders import SAMSUNG
from tests.protocol.venue import (
    CASH,
    JOURNAL_ID,
    PRICE,
    QUANTITY,
    Venue,
    accepted,
    cancelled,
    change_refused,
    filled,
)
from tests.protocol.world import Item, Store, VenueOrder, Violation


class Content(NamedTuple):
    """What a journal file holds."""

    requests: tuple[tuple[Any, ...], ...]
    events: tuple[tuple[int, bytes], ...]
    gate: Gate
    epoch: int

    def outcome(self, request_id: str) -> str:
        return next((str(row[2]) for row in self.requests if row[0] == request_id), "")

    @property
    def last_seq(self) -> int:
        return len(self.events)


class Taken(NamedTuple):
    """One way a request at the broker can end."""

    words: str
    journal: int
    venue: Venue
    receipt: int = -1  # none when the process died
    died: bool = False


class Died(BaseException):
    """The broker's process ends here."""


class ModelJournal(OrderJournal):
    """The real journal, on a file whose content can be put there and read off. Ours to say what a crash leaves."""

    def _open(self) -> None:
        super()._open()
        self._db.execute("PRAGMA synchronous = OFF")  # the crashes here are our own

    def put(self, content: Content) -> None:
        with self._transaction() as db:
            for table in ("requests", "events", "meta"):
                db.execute(f"DELETE FROM {table}")
            db.executemany("INSERT INTO requests VALUES (?, ?, ?, ?, ?, ?)", content.requests)
            db.executemany("INSERT INTO events VALUES (?, ?)", content.events)
            meta = {"journal_id": JOURNAL_ID, "epoch": content.epoch, "gate": content.gate}
            db.executemany("INSERT INTO meta VALUES (?, ?)", [(key, str(value)) for key, value in meta.items()])
        self._journal_id, self._epoch, self._gate = JOURNAL_ID, content.epoch, content.gate
        self._last_seq = content.last_seq

    def content(self) -> Content:
        """Give what is on the disk, as a new process would find it."""
        db = self._db
        kept = dict(db.execute("SELECT key, value FROM meta"))
        # No id of a gate comes twice here, so nobody looks one up.
        rows = db.execute("SELECT * FROM requests WHERE request_id NOT LIKE 'gate-%' ORDER BY request_id")
        requests = tuple(tuple(row) for row in rows)
        events = tuple((seq, bytes(raw)) for seq, raw in db.execute("SELECT seq, payload FROM events ORDER BY seq"))
        return Content(requests, events, Gate(kept["gate"]), int(kept["epoch"]))

    def reopen(self) -> None:
        """Do what a new process does with the file."""
        self._open()


class Broker:
    """Memoised: the same request at the same journal and venue ends the same ways."""

    def __init__(self, folder: Path, *, atomic: bool, messages: Store) -> None:
        self.atomic = atomic
        self.contents = Store()
        self.receipts = Store()
        self._messages = messages
        self._journal = ModelJournal(folder / "journal.db", lambda: 0)
        self._known: dict[Any, Any] = {}
        self._facts: dict[int, list[OrderFact]] = {}

    def close(self) -> None:
        self._journal.close()

    def new(self) -> int:
        return self._keep(Content((), (), Gate.OPEN, 1))

    def _keep(self, content: Content) -> int:
        return self.contents.number(content, content)

    def content(self, journal: int) -> Content:
        found: Content = self.contents[journal]
        return found

    def facts(self, journal: int) -> list[OrderFact]:
        found = self._facts.get(journal)
        if found is None:
            events = self.content(journal).events
            found = self._facts[journal] = [decode_fact(raw, JOURNAL_ID) for _, raw in events]
        return found

    # ---- requests ----------------------------------------------------------------------------------------------

    def take(self, journal: int, place: Venue, item: Item, now: int) -> list[Taken]:
        """Give every way in which this can end: done, and one for each point where the process can die."""
        key = (journal, place, item, now)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._take(*key)
        return found

    def _take(self, journal: int, place: Venue, item: Item, now: int) -> list[Taken]:
        ends: list[Taken] = []
        point = 0
        while True:
            desk = _Desk(self, self._journal, place, point, now)
            self._journal.put(self.content(journal))
            try:
                receipt = desk.carry_out(item, self._messages)
            except Died:
                words = f"the broker dies {desk.where}"
                ends.append(Taken(words, *self._restarted(desk.venue), died=True))
                point += 1
                continue
            number = self.receipts.number(receipt, receipt)
            ends.append(Taken(_in_words(receipt), self._keep(self._journal.content()), desk.venue, number))
            return ends

    def restart(self, journal: int, place: Venue) -> tuple[int, Venue]:
        """Give journal and venue as a new process finds them."""
        key = ("restart", journal, place)
        if key not in self._known:
            self._journal.put(self.content(journal))
            self._known[key] = self._restarted(place)
        return self._known[key]  # type: ignore[no-any-return]  # by its key

    def _restarted(self, place: Venue) -> tuple[int, Venue]:
        self._journal.reopen()
        journal = self._keep(self._journal.content())
        return journal, (self.folded(journal) if self.atomic else place)

    def folded(self, journal: int) -> Venue:
        """Give the venue that is a fold of the journal: a simulated one."""
        orders: list[VenueOrder] = []
        for fact in self.facts(journal):
            match fact:
                case OrderAccepted(client_order_id=name):
                    orders.append(VenueOrder(name, "live"))
                case OrderFilled(venue_order_id=number):
                    orders[int(number) - 1] = orders[int(number) - 1]._replace(state="filled")
                case OrderCancelled(venue_order_id=number, request_id=by):
                    orders[int(number) - 1] = orders[int(number) - 1]._replace(state="cancelled", cancelled_by=by)
        return tuple(orders)

    # ---- what the venue does by itself -------------------------------------------------------------------------

    def fill(self, journal: int, place: Venue, index: int) -> tuple[int, Venue]:
        """Let one live order trade; the broker journals what it hears of it."""
        key = ("fill", journal, place, index)
        if key not in self._known:
            self._known[key] = self._fill(journal, place, index)
        return self._known[key]  # type: ignore[no-any-return]  # by its key

    def _fill(self, journal: int, place: Venue, index: int) -> tuple[int, Venue]:
        after = (*place[:index], place[index]._replace(state="filled"), *place[index + 1 :])
        self._journal.put(self.content(journal))
        self._journal.append([filled(place[index].client_order_id, index)])
        return self._keep(self._journal.content()), after

    def knows(self, journal: int, order: VenueOrder) -> bool:
        return any(
            isinstance(f, OrderAccepted) and f.client_order_id == order.client_order_id for f in self.facts(journal)
        )

    def evidence(self, journal: int, place: Venue) -> int:
        """Settle every doubt by looking at the venue, as a backend may after a crash."""
        key = ("evidence", journal, place)
        if key not in self._known:
            self._known[key] = self._evidence(journal, place)
        return self._known[key]  # type: ignore[no-any-return]  # by its key

    def _evidence(self, journal: int, place: Venue) -> int:
        content = self.content(journal)
        self._journal.put(content)
        for row in content.requests:
            if row[2] == RequestOutcome.IN_DOUBT:
                found = self._found(journal, place, str(row[0]))
                outcome = RequestOutcome.SENT if found else RequestOutcome.REFUSED
                code = "" if found else "NOT_AT_VENUE"
                self._journal.record(row[0], row[1], Receipt(row[0], outcome, code), found)
        return self._keep(self._journal.content())

    def _found(self, journal: int, place: Venue, request_id: str) -> list[OrderFact]:
        found: list[OrderFact] = []
        for index, order in enumerate(place):
            if order.client_order_id == request_id:
                found.append(accepted(request_id, index))
            if order.cancelled_by == request_id:
                found.append(cancelled(order.client_order_id, index, request_id))
        return found

    # ---- what it tells ----------------------------------------------------------------------------------------

    def positions(self, place: Venue) -> list[BrokerPosition]:
        held = QUANTITY * sum(order.state == "filled" for order in place)
        return [BrokerPosition(SAMSUNG, held, Krw(held * PRICE))] if held else []

    def cash(self, place: Venue) -> Krw:
        return Krw(CASH - PRICE * QUANTITY * sum(order.state == "filled" for order in place))

    def open_orders(self, journal: int, place: Venue) -> list[BrokerOpenOrder]:
        names = {fact.client_order_id for fact in self.facts(journal) if isinstance(fact, OrderAccepted)}
        return [
            BrokerOpenOrder(str(at + 1), name if name in names else "", SAMSUNG, Side.BUY, QUANTITY, QUANTITY, PRICE)
            for at, (name, state, _) in enumerate(place)
            if state == "live"
        ]


class _Desk:
    """One process taking one item: gateway, wire and venue, with a death after so many points."""

    def __init__(self, broker: Broker, journal: ModelJournal, place: Venue, dies_at: int, now: int) -> None:
        self.atomic = broker.atomic
        self.venue = place
        self.where = ""
        self._broker = broker
        self._journal = journal
        self._points = dies_at
        self._dies_at = dies_at
        self._now = now
        self._passed = 0
        self._request: Any = None
        self._guard: Guard | None = None

    def carry_out(self, item: Item, messages: Store) -> Receipt:
        self.point("before it looks at it")
        if item.stale and item.kind != "resolve" and (refused := self._fenced(item, messages)) is not None:
            receipt = refused
        elif item.kind == "gate":
            receipt = self._journal.set_gate(item.what, item.level)
        elif item.kind == "resolve":
            receipt = self._journal.resolve(item.what)
        else:
            request: OrderRequest = messages[item.message]
            self._request, self._guard = request, Guard(item.journal_id, item.epoch, request.valid_until)
            journal: Any = _Points(self._journal, self.point)
            gateway = OrderGateway(journal, self, lambda: UnixNanos(self._now))
            receipt, _ = gateway.handle(request, self._guard)
        self.point("before it answers")
        return receipt

    def _fenced(self, item: Item, messages: Store) -> Receipt | None:
        """Do what `broker.order_session` does with a session that is fenced off."""
        if item.kind == "gate":
            if not opens(self._journal.gate, item.level):
                return None
            return refuse(self._journal, item.what, gate_content(item.level), fenced_off("a gate that closes"))
        request: OrderRequest = messages[item.message]
        if isinstance(request, CancelOrder):
            return None
        return refuse(self._journal, item.what, content_hash(request), fenced_off("a cancel"))

    def point(self, where: str) -> None:
        """Die here if this is the one."""
        if self._passed == self._dies_at:
            self.where = where
            raise Died
        self._passed += 1

    def place(self, request: OrderRequest) -> Sequence[OrderFact]:
        """Be the venue: an obedient one, which would take the same order twice."""
        self._may_reach(request)
        facts = self._obey(request)
        self.point("after the wire")
        return facts

    def _may_reach(self, request: OrderRequest) -> None:
        outcome = self._broker.content(self._broker._keep(self._journal.content())).outcome(identity(request))
        if outcome == RequestOutcome.VOID:
            raise Violation(f"{identity(request)} is void in the journal and reaches the venue")
        if self._now > request.valid_until:
            raise Violation(f"{identity(request)} reaches the venue after it was valid")
        if isinstance(request, SubmitOrder) and not self._journal.gate.passes(request.purpose):
            raise Violation(f"{identity(request)} passes the broker's gate, which is {self._journal.gate}")

    def _obey(self, request: OrderRequest) -> list[OrderFact]:
        if isinstance(request, SubmitOrder):
            self.venue = (*self.venue, VenueOrder(request.client_order_id, "live"))
            return [accepted(request.client_order_id, len(self.venue) - 1)]
        assert isinstance(request, CancelOrder), "nothing is modified here"
        index = int(request.original_venue_order_id) - 1
        order = self.venue[index]
        if order.state != "live":
            return [change_refused(request)]
        gone = order._replace(state="cancelled", cancelled_by=request.request_id)
        self.venue = (*self.venue[:index], gone, *self.venue[index + 1 :])
        return [cancelled(order.client_order_id, index, request.request_id)]


class _Points:
    """The journal as the gateway sees it, with a death before and after each of its commits."""

    def __init__(self, journal: ModelJournal, point: Callable[[str], None]) -> None:
        self._journal = journal
        self._point = point

    def __getattr__(self, name: str) -> Any:
        return getattr(self._journal, name)

    def begin(self, request_id: str, request_hash: str) -> bool:
        self._point("before it notes that it sends")
        noted = self._journal.begin(request_id, request_hash)
        self._point("after it noted that it sends")
        return noted

    def record(self, request_id: str, digest: str, receipt: Receipt, facts: Sequence[OrderFact] = ()) -> Any:
        self._point("before it notes the outcome")
        numbered = self._journal.record(request_id, digest, receipt, facts)
        self._point("after it noted the outcome")
        return numbered


def _in_words(receipt: Receipt) -> str:
    return f"the broker answers {receipt.outcome} {receipt.code}".rstrip()
