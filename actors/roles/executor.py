"""The executor: takes approved orders to their end, and never sends anything twice."""

from collections.abc import Iterable
from typing import Any, ClassVar

from actors.roles.by_hand import ByHand
from domain import order_intents as intents
from domain import order_work as work
from domain.messages import Message, Stamp
from domain.messages.holdings import AdjustmentBooked, FillRevised, HoldingBooked
from domain.messages.link import (
    BrokerStateReceived,
    ConnectionChanged,
    ExternalOrderSeen,
    InstrumentsReceived,
    OrderEvidence,
    ReadBroker,
    ReadBrokerFailed,
    ReconcileReported,
    SymbolHalted,
    SymbolReleased,
)
from domain.messages.market import QuotesJudged
from domain.messages.operator import (
    CommandAnswered,
    FlattenRequested,
    ManualCancelRequested,
    ReconcileRequested,
    ReleaseRequested,
)
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
    ModifyApproved,
    OrderApproved,
    OrderDenied,
    SessionPlanned,
)
from domain.order_work import Asked
from domain.orders import ClientOrder
from domain.status import OrdersQuery
from domain.types import ClientOrderId, LinkName, Purpose
from domain.views import ComparisonQuery

NANOS_PER_MS = 1_000_000


class Executor(ByHand):
    """Work orders: submit, cancel what rests too long, move exits to the touch, resolve what is unknown.

    Hears: approvals and denials, facts and receipts, what people ask for, stops of positions, the broker's lists,
        bookings, the day, quotes, the clock, what another log carried over.
    Says: SubmitOrder, ModifyOrder, CancelOrder, ResolveOrder, RequestStranded, OrderStateChanged, OrderEvidence,
        SymbolHalted, SymbolReleased, ExternalOrderSeen, ReadBroker, ReadBrokerFailed, ReconcileReported,
        CommandAnswered.
    Keeps: every client order with its legs and requests, which change of it is not told yet, the last event heard,
        what is being resolved, which cancels are wanted, how books compared with the broker's.
    """

    NAME: ClassVar[str] = "executor"
    STATE_VERSION: ClassVar[int] = 6  # 5: what lists showed open; 6: limits of the account that sell, cancels kept
    HEARS: ClassVar[tuple[type[Message], ...]] = (
        StateCarried,
        RunStarted,
        ClockTicked,
        InstrumentsReceived,
        ConnectionChanged,
        QuotesJudged,
        DayChanged,
        OrderApproved,
        OrderDenied,
        RequestAnswered,
        RequestStranded,
        BrokerStateReceived,
        ReadBrokerFailed,
        OrderEvidence,
        AccountOpened,
        FillBooked,
        FillRevised,
        HoldingBooked,
        AdjustmentBooked,
        SessionPlanned,
        FlattenRequested,
        StopTriggered,
        LossLimitHit,
        GateChanged,
        ManualCancelRequested,
        ModifyApproved,
        ReconcileRequested,
        ReleaseRequested,
        SubmitOrder,
        ModifyOrder,
        CancelOrder,
        *FACTS,
    )
    SAYS: ClassVar[tuple[type[Message], ...]] = (
        SubmitOrder,
        ModifyOrder,
        CancelOrder,
        ResolveOrder,
        RequestStranded,
        OrderStateChanged,
        OrderEvidence,
        SymbolHalted,
        SymbolReleased,
        ExternalOrderSeen,
        ReadBroker,
        ReadBrokerFailed,
        ReconcileReported,
        CommandAnswered,
    )

    # ---- decisions ---------------------------------------------------------------------------------------------

    def decide(self, message: Any, stamp: Stamp) -> Iterable[Message]:
        """Answer what was heard."""
        match message:
            case QuotesJudged():
                return self._work(stamp) if self.open else ()
            case ClockTicked():
                return [*(self._tick(stamp) if self.open else ()), *self._watch_books(stamp)]
            case OrderApproved():
                return [intents.submit(message, self._valid_until(stamp))]
            case OrderDenied() | SubmitOrder() | ModifyOrder() | CancelOrder():
                return self._report(message.client_order_id)
            case BrokerStateReceived(run=run):
                if run:
                    return self._looked(message, stamp)
                if self.link_state != "RECONCILING":
                    return ()  # it came after the link was given up; the next one counts
                return self._resolve(self._open_orders()) or self._settle(stamp)
            case OrderEvidence(client_order_id=order_id):
                return [*self._report(ClientOrderId(order_id)), *self._booked(stamp)]
            case ConnectionChanged(link=LinkName.ORDERS):
                return [*self._link_moved(), *self._cancel_wanted(stamp)]
            case DayChanged() | GateChanged() | FlattenRequested() | StopTriggered():
                return self._cancel_wanted(stamp)
            case ReconcileRequested() | ReadBrokerFailed() | ReleaseRequested():
                return self._by_hand(message)
            case ManualCancelRequested():
                return self._manual_cancel(message, stamp)
            case ModifyApproved():
                return self._manual_modify(message, stamp)
            case RunStarted():
                return self._strand()
            case RequestAnswered() | RequestStranded():
                return self._on_order(message.client_order_id, stamp)
            case _ if isinstance(message, FACTS):
                return self._on_order(self.owner_of(message), stamp)
        return ()

    def _on_order(self, order_id: ClientOrderId, stamp: Stamp) -> list[Message]:
        """Tell what changed; ask about what became unknown; cancel what became cancellable and is to go."""
        outputs = [*self._report(order_id), *self._settle(stamp)]
        order = self.orders.get(order_id)
        if order is None or order.is_closed:
            return outputs
        if self.orders_link_up and order.is_unknown:
            outputs += [item for item in self._resolve([order]) if item.request_id not in self.asked]
        return outputs + self._cancel(order, stamp) if self._is_to_go(order) else outputs

    def _strand(self) -> list[Message]:
        """At the begin of a run nothing of an earlier one is sent; what was on its way is unknown until resolved."""
        why = "the run before ended without an answer"
        return [
            RequestStranded(order.client_order_id, request, why)
            for order in self._open_orders()
            for request in work.waiting_requests(order)
        ]

    def _tick(self, stamp: Stamp) -> list[Message]:
        """Give up waiting for what is overdue, ask again about what is unknown, cancel what is still to go."""
        now, limit = stamp.system_time, self._patience()
        why = f"no answer for {self.settings.submit_timeout_ms} ms or more"
        outputs: list[Message] = [
            RequestStranded(order.client_order_id, request, why)
            for order in self._open_orders()
            for request in work.overdue_requests(order, self.asked, now, limit)
        ]
        if self.orders_link_up:
            again = self._resolve(self._open_orders())
            outputs += [item for item in again if self.asked.get(item.request_id, Asked()).is_due(now, limit)]
        return outputs + self._cancel_wanted(stamp)

    # ---- working an order --------------------------------------------------------------------------------------

    def _work(self, stamp: Stamp) -> list[Message]:
        """Cancel entries and move exits that rest too long (venue time of the quotes)."""
        outputs: list[Message] = []
        if self.cancel_all or not self.orders_link_up:
            return outputs
        for order in self._open_orders():
            since = self.rests_since.get(order.client_order_id, order.changed_at)
            if not work.overstays(order, self.venue_time - since, self.settings):
                continue
            if work.was_refused_lately(order, stamp.system_time, self._patience()):
                continue
            if order.purpose is Purpose.ENTRY or self._is_going(order):  # a move would put its cancel off again
                outputs += self._cancel(order, stamp)
            elif order.symbol not in self.comparing.halted:  # nothing new goes out where books differ, a price neither
                price = work.touch(order, self.latest.get(order.symbol), since)
                outputs += self._modify(order, price, None, stamp) if price is not None else []
        return outputs

    def _is_to_go(self, order: ClientOrder) -> bool:
        return self.cancel_all or order.client_order_id in self.to_cancel

    def _cancel_wanted(self, stamp: Stamp) -> list[Message]:
        return [out for order in self._open_orders() if self._is_to_go(order) for out in self._cancel(order, stamp)]

    def view(self, query: Any) -> Any:
        """Answer OrdersQuery with ClientOrders, newest first, and ComparisonQuery."""
        if isinstance(query, ComparisonQuery):
            return self._comparison()
        if not isinstance(query, OrdersQuery):
            return super().view(query)
        if query.client_order_id:
            found = self.orders.get(ClientOrderId(query.client_order_id))
            return (found,) if found else ()
        pool = [self.orders[i] for i in (self.open if query.open_only else self.orders)]
        chosen = [order for order in reversed(pool) if query.symbol in ("", order.symbol)]
        return tuple(chosen[: query.limit])
