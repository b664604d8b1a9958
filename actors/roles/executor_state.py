"""What the executor keeps, and how it changes: the fold alone. What it does about it is in `executor.py`."""

from dataclasses import replace
from typing import Any

from actors.core.role import Role
from actors.roles.reconcile_state import Reconciliation
from domain import orders as book
from domain.config import ExecutionConfig
from domain.instruments import Instrument
from domain.messages import Stamp
from domain.messages.holdings import AdjustmentBooked, HoldingBooked
from domain.messages.link import (
    BrokerStateReceived,
    ConnectionChanged,
    InstrumentsReceived,
    OrderEvidence,
    ReconcileReported,
)
from domain.messages.market import QuotesJudged
from domain.messages.operator import FlattenRequested, ReleaseRequested
from domain.messages.orders import (
    FACTS,
    CancelOrder,
    ModifyOrder,
    OrderStateChanged,
    RequestAnswered,
    RequestStranded,
    ResolveOrder,
    SubmitOrder,
)
from domain.messages.run import ClockTicked, RunStarted, StateCarried
from domain.messages.trading import AccountOpened, DayChanged, FillBooked, GateChanged, OrderApproved, OrderDenied
from domain.order_work import Asked
from domain.orders import Change, ClientOrder
from domain.quotes import Quote
from domain.reconciliation import Finding, Own, count_absent, find, is_of_day
from domain.time import kst_date
from domain.types import ClientOrderId, Gate, Krw, LinkName, RequestId, UnixNanos
from fsm.client_order import State

CANCEL_ALL = ("CLOSED", "CLOSING", "HALTED", "REPORTING")  # states of the day in which nothing may rest
LETS_OUT = ("CLOSING", "HALTED")  # of these, those in which the gate may let exits out after all
UP = ("READY", "DEGRADED")


class ExecutorState(Role):
    """Every client order with its legs and requests, and what is known of the broker that has them."""

    def __init__(self) -> None:
        """Start with no orders."""
        super().__init__()
        self.orders: dict[ClientOrderId, ClientOrder] = {}
        self.open: dict[ClientOrderId, None] = {}  # not closed, in the order they were made
        self.untold: dict[ClientOrderId, tuple[ClientOrder, str, str]] = {}  # as told last, trigger, alert
        self.settings = ExecutionConfig()
        self.instruments: dict[str, Instrument] = {}
        self.latest: dict[str, Quote] = {}  # of symbols with an open order
        self.positions: dict[str, int] | None = None  # own books; None before the broker's were adopted
        self.offered: dict[str, int] = {}  # holdings the broker told last
        self.books_of = ""  # journal of the account that was adopted
        self.cancel_all = False  # the day lets nothing rest
        self.halted = False
        self.to_cancel: dict[ClientOrderId, None] = {}  # a person wants them gone
        self.link_state = ""  # of the orders link
        self.link_journal = ""  # of the broker reconciled with last
        self.sent_under: dict[str, str] = {}  # request of an open order -> journal it was sent under
        self.journal_id = ""
        self.event_seq = 0
        self.heard_at: dict[str, int] = {}  # symbol -> last event of it in this journal
        self.reconciling: BrokerStateReceived | None = None
        self.resolving: dict[RequestId, ClientOrderId] = {}
        self.asked: dict[RequestId, Asked] = {}  # questions about requests, in this run
        self.venue_time = UnixNanos(0)  # of the quotes
        self.own_clock = False  # the orders' broker has a venue clock of its own
        # With two clocks: venue time of the quotes when an open order was heard of last. How long it rests is a
        # question to one clock.
        self.rests_since: dict[ClientOrderId, UnixNanos] = {}
        self.comparing = Reconciliation()

    @property
    def orders_link_up(self) -> bool:
        """Tell whether requests can go out."""
        return self.link_state in UP

    def evolve(self, message: Any, stamp: Stamp) -> None:
        """Fold one message."""
        match message:
            case QuotesJudged(rows=rows):
                if rows:
                    self._watch(rows)
            case OrderStateChanged(client_order_id=order_id):
                self.untold.pop(order_id, None)
            case ClockTicked():
                pass
            case OrderApproved():
                self._put(book.from_approved(message))
                self._rests(message.client_order_id)
            case OrderDenied():
                order = book.from_denied(message)
                self._put(order)
                self.untold[order.client_order_id] = (order._replace(status=State.NEW), "deny", "")
            case SubmitOrder() | ModifyOrder() | CancelOrder() | RequestStranded():
                self._sent(message)
                self._apply(message, stamp)
            case ResolveOrder(request_id=request_id, client_order_id=order_id):
                self.resolving[request_id] = order_id
                self.asked[request_id] = Asked(self.asked.get(request_id, Asked()).times + 1, stamp.system_time)
            case RequestAnswered(request_id=request_id, resolved=resolved):
                if resolved:
                    self.resolving.pop(request_id, None)
                    self.asked[request_id] = Asked(self.asked.get(request_id, Asked()).times, stamp.system_time)
                self._apply(message, stamp)
            case _ if isinstance(message, FACTS):
                if self._is_new(message):
                    self._hear(message, stamp)
            case OrderEvidence():
                self._book_evidence(message, stamp)
            case ReleaseRequested():
                self._release(message)
            case BrokerStateReceived():
                self._told(message, stamp)
            case _:
                self._surroundings(message)
                self.comparing.fold(message, stamp.system_time)

    def _surroundings(self, message: Any) -> None:
        match message:
            case (
                FillBooked(symbol=symbol, position_qty=quantity)
                | HoldingBooked(symbol=symbol, position_qty=quantity)
                | AdjustmentBooked(symbol=symbol, position_qty=quantity)
            ):
                if self.positions is not None and symbol:
                    self.positions[symbol] = quantity
            case AccountOpened() if self.positions is not None:  # for this date the broker's books are ours
                self.positions, self.books_of = dict(self.offered), self.link_journal
            case ReconcileReported(kind="gated", agreed=agreed):
                self.reconciling = None
                if agreed:  # numbers or holdings tie the account to our books, whatever its journal is called
                    self.books_of = self.link_journal
            case ConnectionChanged(link=LinkName.ORDERS, to_state=to_state):
                self.link_state = to_state
                if to_state not in (*UP, "RECONCILING"):
                    self.resolving, self.reconciling = {}, None
            case DayChanged(to_state=to_state):
                self.cancel_all, self.halted = to_state in CANCEL_ALL, to_state in LETS_OUT
            case GateChanged(level=level) if self.halted:  # a person may sell out, and halt again; so may a stop
                self.cancel_all = level is Gate.CANCELS_ONLY
            case FlattenRequested(symbol=symbol):
                self.to_cancel |= {o.client_order_id: None for o in self._open_orders() if symbol in ("", o.symbol)}
            case InstrumentsReceived(instruments=instruments):
                self.instruments |= {item.symbol: item for item in instruments}
            case StateCarried():
                self._forget()
            case RunStarted(config=config):
                self.settings, self.link_state = config.execution, ""
                self.own_clock = config.orders_have_own_clock
                self.resolving, self.reconciling, self.asked, self.latest = {}, None, {}, {}
                self.comparing.begin_run(config)

    def _forget(self) -> None:
        """Leave behind closed orders whose last fact is of an earlier trading date than the newest seen.

        KRX orders end with their date, and a whole further date has passed for late facts. A fact that
        comes even later finds no order, as one of an order placed elsewhere does: it changes nothing here, the
        portfolio books its shares, reconciliation tells a difference. The order's story stands in the log before.
        """
        newest = kst_date(self.venue_time)
        self.orders = {
            order_id: order
            for order_id, order in self.orders.items()
            if not order.is_closed or order_id in self.untold or kst_date(order.changed_at) >= newest
        }

    def _watch(self, rows: Any) -> None:
        self.venue_time = UnixNanos(rows[-1].venue_time)
        if self.open:
            wanted = {self.orders[order_id].symbol for order_id in self.open}
            self.latest |= {row[0]: row for row in rows if row[0] in wanted}

    def _is_new(self, fact: Any) -> bool:
        """Tell whether a fact comes next. A resumed stream may repeat; behind a gap nothing is believed."""
        if fact.journal_id != self.journal_id:  # another journal is heard from its first event on
            self.journal_id, self.event_seq, self.heard_at = fact.journal_id, 0, {}
        if fact.event_seq != self.event_seq + 1:
            return False
        self.event_seq = fact.event_seq
        order = self.orders.get(self.owner_of(fact))
        symbol = order.symbol if order is not None else getattr(fact, "symbol", "")
        self.heard_at[symbol] = fact.event_seq
        return True

    def _told(self, state: BrokerStateReceived, stamp: Stamp) -> None:
        """Take in what the broker says of the account; only what a gated run read is compared to become READY."""
        self.offered = {item.symbol: item.quantity for item in state.positions}
        if not state.run:
            if self.positions is None:
                self.positions, self.books_of = dict(self.offered), state.journal_id
            self.reconciling, self.link_journal = state, state.journal_id
        run = self.comparing.run
        is_ours = not state.run or (run is not None and run.run == state.run)
        self.comparing.fold(state, stamp.system_time)
        if not state.asked_at or not is_ours or (state.run and run is not None and run.kind == "dry_run"):
            return
        self.comparing.sightings = count_absent(self._own(state, stamp.system_time), state)
        if run is not None and run.kind == "audit" and state.run:
            finding = find(self._own(state, stamp.system_time), state)
            self.comparing.found(finding.to_do(self.comparing.halted, self.comparing.offered))

    def _hear(self, fact: Any, stamp: Stamp) -> None:
        order_id = self.owner_of(fact)
        if order_id:
            self._apply(fact if fact.client_order_id else replace(fact, client_order_id=order_id), stamp)
            self._claim(order_id, stamp)
            self._rests(order_id)
        elif fact.journal_id == self.books_of:
            self.comparing.told_orphan(fact, stamp.system_time)

    def owner_of(self, fact: Any) -> ClientOrderId:
        """Give whose fact it is; empty when nobody here knows.

        A broker that lost its journal tells of our orders without our ids. Their numbers of the day are still known.
        """
        if fact.client_order_id or not fact.venue_order_id:
            return ClientOrderId(fact.client_order_id if fact.client_order_id in self.orders else "")
        for order_id, order in reversed(self.orders.items()):
            if order.leg(fact.venue_order_id) is not None and is_of_day(order, fact.venue_time):
                return order_id
        return ClientOrderId("")

    def _sent(self, request: Any) -> None:
        if not isinstance(request, RequestStranded):
            request_id = request.client_order_id if isinstance(request, SubmitOrder) else request.request_id
            self.sent_under[request_id] = self.link_journal

    def _book_evidence(self, proved: OrderEvidence, stamp: Stamp) -> None:
        state = self.reconciling
        if state is not None:
            finding = Finding() if self.comparing.planned else find(self._own(state, stamp.system_time), state)
            self.comparing.booked(proved, finding)
        self._apply(proved, stamp)
        self._claim(ClientOrderId(proved.client_order_id), stamp)
        self._rests(ClientOrderId(proved.client_order_id))

    def _claim(self, order_id: ClientOrderId, stamp: Stamp) -> None:
        """Let an order take over what was told of its numbers before they were known as its own."""
        orphans = self.comparing.orphans
        while orphans:
            order = self.orders.get(order_id)
            numbers = [item.venue_order_id for item in order.legs if item.venue_order_id in orphans] if order else []
            if not numbers:
                return
            for orphan in orphans.pop(numbers[0]):
                self._apply(replace(orphan.fact, client_order_id=order_id), stamp)

    def _release(self, asked: ReleaseRequested) -> None:
        order = self.orders.get(asked.client_order_id)
        if order is None or order.status is not State.QUARANTINED or not asked.note.strip():
            return
        change = book.released(order, asked.note)
        self._put(change.after)
        self._untell(change)

    def _own(self, state: BrokerStateReceived, now: UnixNanos) -> Own:
        """Give our side of a comparison with what the broker told."""
        comparing, is_over = self.comparing, False
        if not self.own_clock and comparing.close_time:
            is_over = state.venue_time >= comparing.close_time
        return Own(
            orders=tuple(self.orders.values()),
            positions=self.positions or {},
            cash=None if comparing.cash is None else Krw(comparing.cash),
            heard_at=self._heard_at(),
            orphans=comparing.orphans,
            externals=comparing.externals,
            sightings=comparing.sightings,
            instruments=self.instruments,
            settings=comparing.settings,
            commission_ppm=comparing.commission_ppm,
            now=now,
            own_clock=self.own_clock,
            is_over=is_over,
        )

    def _heard_at(self) -> dict[str, int]:
        return self.heard_at if self.link_journal == self.journal_id else {}

    def _apply(self, message: Any, stamp: Stamp) -> None:
        order = self.orders.get(message.client_order_id)
        if order is None:
            return  # placed elsewhere: counted by reconciliation, never touched
        change = book.apply(order, message, stamp.system_time)
        self._put(change.after)
        if change.before != change.after or change.alert:
            self._untell(change)

    def _untell(self, change: Change) -> None:
        order_id = change.after.client_order_id
        told, before, alert = self.untold.get(order_id, (change.before, "note", ""))
        alerts = "; ".join(filter(None, (alert, change.alert)))
        self.untold[order_id] = (told, change.trigger or before, alerts)

    def _put(self, order: ClientOrder) -> None:
        order_id = order.client_order_id
        self.orders[order_id] = order
        if not order.is_closed:
            self.open.setdefault(order_id)
            return
        self.rests_since.pop(order_id, None)
        self.open.pop(order_id, None)
        self.to_cancel.pop(order_id, None)
        self.sent_under.pop(order_id, None)
        self.asked.pop(RequestId(order_id), None)
        for request in order.requests:
            self.asked.pop(request.request_id, None)
            self.sent_under.pop(request.request_id, None)

    def _rests(self, order_id: ClientOrderId) -> None:
        if self.own_clock and self.venue_time and order_id in self.open:
            self.rests_since[order_id] = self.venue_time

    def _open_orders(self) -> list[ClientOrder]:
        return [self.orders[order_id] for order_id in self.open]
