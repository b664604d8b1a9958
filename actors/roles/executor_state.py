"""What the executor keeps, and how it changes: the fold alone. What it does about it is in `executor.py`."""

from typing import Any

from actors.roles.compared_state import ComparedState
from domain import orders as book
from domain.config import ExecutionConfig
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
from domain.messages.operator import FlattenRequested, ManualCancelRequested, ReleaseRequested
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
from domain.messages.risk import StopTriggered
from domain.messages.run import ClockTicked, RunStarted, StateCarried
from domain.messages.trading import (
    AccountOpened,
    DayChanged,
    FillBooked,
    GateChanged,
    LossLimitHit,
    OrderApproved,
    OrderDenied,
)
from domain.order_work import CANCELLED_LATER, Asked
from domain.orders import ClientOrder
from domain.quotes import Quote
from domain.time import kst_date
from domain.types import ClientOrderId, Gate, LinkName, RequestId, UnixNanos
from fsm.client_order import State

CANCEL_ALL = ("CLOSED", "CLOSING", "HALTED", "REPORTING")  # states of the day in which nothing may rest
LETS_OUT = ("CLOSING", "HALTED")  # of these, those in which the gate may let exits out after all
UP = ("READY", "DEGRADED")


class ExecutorState(ComparedState):
    """Every client order with its legs and requests, and what is known of the broker that has them."""

    def __init__(self) -> None:
        """Start with no orders."""
        super().__init__()
        self.settings = ExecutionConfig()
        self.latest: dict[str, Quote] = {}  # of symbols with an open order
        self.cancel_all = False  # the day lets nothing rest
        self.halted = False
        self.sells_on_halt = False  # settings: a limit of the account that halts also sells
        self.link_state = ""  # of the orders link
        self.resolving: dict[RequestId, ClientOrderId] = {}

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
            case ManualCancelRequested(client_order_id=order_id):
                wanted = self.orders.get(order_id)
                if wanted is not None and self._cancels_later(wanted):
                    self.to_cancel[order_id] = None
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
            case FlattenRequested(symbol=symbol) | StopTriggered(symbol=symbol):
                self.to_cancel |= {o.client_order_id: None for o in self._open_orders() if symbol in ("", o.symbol)}
            case LossLimitHit() if self.sells_on_halt:  # exits will pass before the fate of all of these is known
                self.to_cancel |= {order.client_order_id: None for order in self._open_orders()}
            case InstrumentsReceived(instruments=instruments):
                self.instruments |= {item.symbol: item for item in instruments}
            case StateCarried():
                self._forget()
            case RunStarted(config=config):
                self.settings, self.link_state = config.execution, ""
                self.sells_on_halt = config.risk.account.is_on and config.risk.account.flatten_on_halt
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

    def _cancels_later(self, order: ClientOrder) -> bool:
        """Tell whether a person's cancel of an order is kept until it can go out."""
        return self.settings.remember_cancels and order.status in CANCELLED_LATER

    def _sent(self, request: Any) -> None:
        if not isinstance(request, RequestStranded):
            request_id = request.client_order_id if isinstance(request, SubmitOrder) else request.request_id
            self.sent_under[request_id] = self.link_journal

    def _release(self, asked: ReleaseRequested) -> None:
        order = self.orders.get(asked.client_order_id)
        if order is None or order.status is not State.QUARANTINED or not asked.note.strip():
            return
        change = book.released(order, asked.note)
        self._put(change.after)
        self._untell(change)
