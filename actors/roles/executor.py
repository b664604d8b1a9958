"""The executor: takes approved orders to their end, and never sends anything twice."""

from collections.abc import Iterable
from typing import Any, ClassVar

from actors.core.role import Role
from domain import orders as book
from domain.config import ExecutionConfig
from domain.instruments import Instrument
from domain.krx.ticks import is_on_tick
from domain.messages import Message, Stamp
from domain.messages.link import BrokerStateReceived, ConnectionChanged, InstrumentsReceived, ReconcileReported
from domain.messages.market import QuotesJudged
from domain.messages.operator import CommandAnswered, FlattenRequested, ManualCancelRequested, ManualModifyRequested
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
from domain.messages.run import ClockTicked, RunStarted
from domain.messages.trading import DayChanged, FillBooked, OrderApproved, OrderDenied
from domain.orders import Change, ClientOrder
from domain.quotes import Quote
from domain.status import OrdersQuery
from domain.time import kst_date
from domain.types import ClientOrderId, Krw, LinkName, Purpose, RequestId, Side, UnixNanos
from fsm import change_request, leg
from fsm.client_order import State

NANOS_PER_MS = 1_000_000
AT_BROKER = (State.WORKING, State.PARTIAL)
PENDING = (State.PENDING_SUBMIT, State.SUBMITTED, State.PENDING_CANCEL, State.PENDING_REPLACE)


class Executor(Role):
    """Work orders: submit, cancel what rests too long, move exits to the touch, resolve what is unknown.

    Hears: approvals and denials, facts and receipts, people's cancels and modifies, the day, quotes, the clock.
    Says: SubmitOrder, ModifyOrder, CancelOrder, ResolveOrder, RequestStranded, OrderStateChanged, ReconcileReported,
    CommandAnswered.
    Keeps: every client order with its legs and requests, the last event seen, what is being resolved.
    """

    NAME: ClassVar[str] = "executor"
    HEARS: ClassVar[tuple[type[Message], ...]] = (
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
        FillBooked,
        FlattenRequested,
        ManualCancelRequested,
        ManualModifyRequested,
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
        ReconcileReported,
        CommandAnswered,
    )

    def __init__(self) -> None:
        """Start with no orders."""
        super().__init__()
        self.orders: dict[ClientOrderId, ClientOrder] = {}
        self.open: dict[ClientOrderId, None] = {}  # not closed, in the order they were made
        self.settings = ExecutionConfig()
        self.instruments: dict[str, Instrument] = {}
        self.latest: dict[str, Quote] = {}
        self.positions: dict[str, int] | None = None  # own books; None before the broker's were adopted
        self.cancel_all = False  # the day is closing or halted
        self.orders_link_up = False
        self.journal_id = ""
        self.event_seq = 0
        self.reconciling: BrokerStateReceived | None = None
        self.resolving: dict[RequestId, ClientOrderId] = {}
        self.venue_time = UnixNanos(0)
        self._change: Change | None = None  # what the message just folded did to an order

    # ---- fold --------------------------------------------------------------------------------------------------

    def evolve(self, message: Any, stamp: Stamp) -> None:
        """Fold one message."""
        self._change = None
        match message:
            case QuotesJudged(rows=rows):
                for row in rows:
                    self.latest[row.symbol] = row
                if rows:
                    self.venue_time = UnixNanos(rows[-1].venue_time)
            case ClockTicked() | OrderStateChanged():
                pass
            case _ if isinstance(message, FACTS):
                if self._is_new(message.journal_id, message.event_seq):
                    self._apply(message, stamp)
            case OrderApproved():
                self._add(book.from_approved(message), "approve")
            case OrderDenied():
                self._add(book.from_denied(message), "deny")
            case RequestAnswered(request_id=request_id, resolved=resolved):
                self._apply(message, stamp)
                if resolved:
                    self.resolving.pop(request_id, None)
            case SubmitOrder() | ModifyOrder() | CancelOrder() | RequestStranded():
                self._apply(message, stamp)
            case ResolveOrder(request_id=request_id, client_order_id=order_id):
                self.resolving[request_id] = order_id
            case BrokerStateReceived():
                self._adopt(message)
            case ReconcileReported():
                self.reconciling = None
            case FillBooked(symbol=symbol, position_qty=quantity):
                if self.positions is not None:
                    self.positions[symbol] = quantity
            case ConnectionChanged(link=LinkName.ORDERS, to_state=to_state):
                self.orders_link_up = to_state in ("READY", "RECONCILING")
                if not self.orders_link_up:
                    self.resolving, self.reconciling = {}, None
            case DayChanged(to_state=to_state):
                self.cancel_all = to_state in ("CLOSING", "HALTED", "REPORTING")
            case InstrumentsReceived(instruments=instruments):
                self.instruments |= {item.symbol: item for item in instruments}
            case RunStarted(config=config):
                self.settings = config.execution
                self.orders_link_up, self.resolving, self.reconciling = False, {}, None

    def _is_new(self, journal_id: str, event_seq: int) -> bool:
        """Tell whether a fact was not heard before; a resumed stream may repeat."""
        if journal_id == self.journal_id and event_seq <= self.event_seq:
            return False
        self.journal_id, self.event_seq = journal_id, event_seq
        return True

    def _add(self, order: ClientOrder, trigger: str) -> None:
        self._put(order)
        self._change = Change(order, order, trigger, "")

    def _apply(self, message: Any, stamp: Stamp) -> None:
        order = self.orders.get(message.client_order_id)
        if order is None:
            return  # placed elsewhere: counted by reconciliation, never touched
        self._change = book.apply(order, message, stamp.system_time)
        self._put(self._change.after)

    def _put(self, order: ClientOrder) -> None:
        self.orders[order.client_order_id] = order
        if order.is_closed:
            self.open.pop(order.client_order_id, None)
        else:
            self.open.setdefault(order.client_order_id)

    def _adopt(self, state: BrokerStateReceived) -> None:
        if self.positions is None:
            self.positions = {item.symbol: item.quantity for item in state.positions}
        self.reconciling = state

    # ---- decisions ---------------------------------------------------------------------------------------------

    def decide(self, message: Any, stamp: Stamp) -> Iterable[Message]:
        """Answer what was heard."""
        match message:
            case QuotesJudged():
                return self._work(stamp) if self.open else ()
            case ClockTicked():
                return self._time_out(stamp) if self.open else ()
            case OrderApproved():
                return self._submit(message, stamp)
            case OrderDenied() | SubmitOrder() | ModifyOrder() | CancelOrder():
                return self._report()
            case RequestAnswered() | RequestStranded():
                return [*self._report(), *self._follow_up(message.client_order_id, stamp), *self._settle(stamp)]
            case _ if isinstance(message, FACTS):
                return [*self._report(), *self._follow_up(message.client_order_id, stamp)]
            case BrokerStateReceived():
                unknown = self._unknown_requests()
                return [ResolveOrder(order, request) for order, request in unknown] or self._settle(stamp)
            case DayChanged(to_state="CLOSING" | "HALTED"):
                return self._cancel_where(lambda _: True, stamp)
            case FlattenRequested(symbol=symbol):
                return self._cancel_where(lambda order: symbol in ("", order.symbol), stamp)
            case ManualCancelRequested():
                return self._manual_cancel(message, stamp)
            case ManualModifyRequested():
                return self._manual_modify(message, stamp)
            case RunStarted():
                return self._strand(stamp)
        return ()

    def _submit(self, approved: OrderApproved, stamp: Stamp) -> list[Message]:
        intent = SubmitOrder(
            client_order_id=approved.client_order_id,
            symbol=approved.symbol,
            side=approved.side,
            kind=approved.kind,
            purpose=approved.purpose,
            quantity=approved.quantity,
            limit_price=approved.limit_price,
            valid_until=self._valid_until(stamp),
        )
        return [intent]

    def _report(self) -> list[Message]:
        """Tell what the message just folded changed."""
        change = self._change
        if change is None or (change.before == change.after and not change.alert and change.trigger != "deny"):
            return []
        return [self._changed(change.before, change.after, change.trigger, change.alert)]

    def _changed(self, before: ClientOrder, after: ClientOrder, trigger: str, alert: str) -> Message:
        return OrderStateChanged(
            client_order_id=after.client_order_id,
            symbol=after.symbol,
            side=after.side,
            purpose=after.purpose,
            from_status=before.status.value,
            to_status=after.status.value,
            trigger=trigger,
            quantity=after.quantity,
            filled_qty=after.filled_qty,
            leaves_qty=after.leaves_qty,
            limit_price=after.limit_price,
            reason=alert or after.reason,
            venue_time=after.changed_at or self.venue_time,
        )

    def _follow_up(self, order_id: ClientOrderId, stamp: Stamp) -> list[Message]:
        """Cancel what became cancellable after the day closed or halted; ask about what became unknown."""
        order = self.orders.get(order_id)
        if order is None or order.is_closed:
            return []
        if order.is_unknown and self.orders_link_up:
            asked = [item for item in self._unknown_requests() if item[0] == order_id]
            return [ResolveOrder(owner, request) for owner, request in asked if request not in self.resolving]
        return self._cancel(order, stamp) if self.cancel_all else []

    # ---- unknown fates -----------------------------------------------------------------------------------------

    def _strand(self, stamp: Stamp) -> list[Message]:
        """At the begin of a run nothing of an earlier one is sent; what was on its way is unknown until resolved."""
        why = "the run before ended without an answer"
        return [
            RequestStranded(order.client_order_id, request, why)
            for order in self._open_orders()
            for request in pending_requests(order)
        ]

    def _unknown_requests(self) -> list[tuple[ClientOrderId, RequestId]]:
        return [
            (order.client_order_id, request)
            for order in self._open_orders()
            if order.is_unknown
            for request in pending_requests(order)
        ]

    def _settle(self, stamp: Stamp) -> list[Message]:
        """End a reconciliation once nothing is being resolved: own books against the broker's."""
        state = self.reconciling
        if state is None or self.resolving:
            return []
        unknown = sum(1 for order in self._open_orders() if order.is_unknown)
        differences = tuple(self._differences(state))
        return [ReconcileReported(not differences, differences, len(self.open), unknown)]

    def _differences(self, state: BrokerStateReceived) -> Iterable[str]:
        if state.journal_id == self.journal_id and state.as_of_seq < self.event_seq:
            return  # facts newer than the snapshot were heard; it says nothing about now
        theirs = {item.symbol: item.quantity for item in state.positions if item.quantity}
        ours = {symbol: quantity for symbol, quantity in (self.positions or {}).items() if quantity}
        for symbol in sorted(theirs.keys() | ours.keys()):
            if theirs.get(symbol, 0) != ours.get(symbol, 0):
                yield f"{symbol}: {ours.get(symbol, 0)} shares here, {theirs.get(symbol, 0)} at the broker"
        live = {leg.venue_order_id: leg.leaves_qty for order in self._open_orders() for leg in live_legs(order)}
        open_there = {item.venue_order_id: item for item in state.open_orders if item.client_order_id}
        for number in sorted(live.keys() | open_there.keys()):
            there = open_there[number].leaves_qty if number in open_there else 0
            if live.get(number, 0) != there:
                yield f"order {number}: {live.get(number, 0)} open here, {there} at the broker"

    def _time_out(self, stamp: Stamp) -> list[Message]:
        limit = self.settings.submit_timeout_ms * NANOS_PER_MS
        return [
            RequestStranded(order.client_order_id, request, f"no answer for {self.settings.submit_timeout_ms} ms")
            for order in self._open_orders()
            if order.status in PENDING and not order.is_unknown and stamp.system_time - asked_at(order) > limit
            for request in pending_requests(order)
        ]

    # ---- working an order --------------------------------------------------------------------------------------

    def _work(self, stamp: Stamp) -> list[Message]:
        """Cancel entries and move exits that rest too long (venue time)."""
        outputs: list[Message] = []
        for order in self._open_orders():
            if order.status not in AT_BROKER or self.cancel_all:
                continue
            rested = self.venue_time - order.changed_at
            if order.purpose is Purpose.ENTRY and rested > self.settings.entry_patience_ms * NANOS_PER_MS:
                outputs += self._cancel(order, stamp)
            elif order.purpose is Purpose.EXIT and rested > self.settings.exit_patience_ms * NANOS_PER_MS:
                outputs += self._to_touch(order, stamp)
        return outputs

    def _to_touch(self, order: ClientOrder, stamp: Stamp) -> list[Message]:
        quote = self.latest.get(order.symbol)
        if quote is None or order.limit_price is None:
            return []
        touch = quote.bid_price if order.side is Side.SELL else quote.ask_price
        if touch <= 0 or touch == order.limit_price:
            return []
        return self._modify(order, None, Krw(touch), stamp)

    def _modify(self, order: ClientOrder, quantity: int | None, price: Krw | None, stamp: Stamp) -> list[Message]:
        for open_leg in live_legs(order):
            wanted = open_leg.limit_price if price is None else price
            if wanted is None or (wanted == open_leg.limit_price and quantity is None):
                continue
            return [
                ModifyOrder(
                    request_id=RequestId(f"{order.client_order_id}-m{stamp.seq}"),
                    client_order_id=order.client_order_id,
                    original_venue_order_id=open_leg.venue_order_id,
                    purpose=order.purpose,
                    quantity=min(quantity or open_leg.leaves_qty, open_leg.leaves_qty),
                    limit_price=wanted,
                    valid_until=self._valid_until(stamp),
                )
            ]
        return []

    def _cancel(self, order: ClientOrder, stamp: Stamp) -> list[Message]:
        if order.status not in AT_BROKER:
            return []  # a change is on its way or the fate is open: wait for it
        return [
            CancelOrder(
                request_id=RequestId(f"{order.client_order_id}-c{stamp.seq}-{open_leg.venue_order_id}"),
                client_order_id=order.client_order_id,
                original_venue_order_id=open_leg.venue_order_id,
                quantity=0,
                valid_until=self._valid_until(stamp),
            )
            for open_leg in live_legs(order)
        ]

    def _cancel_where(self, chosen: Any, stamp: Stamp) -> list[Message]:
        return [out for order in self._open_orders() if chosen(order) for out in self._cancel(order, stamp)]

    def _valid_until(self, stamp: Stamp) -> UnixNanos:
        return UnixNanos(stamp.system_time + self.settings.request_ttl_ms * NANOS_PER_MS)

    def _open_orders(self) -> list[ClientOrder]:
        return [self.orders[order_id] for order_id in self.open]

    # ---- people ------------------------------------------------------------------------------------------------

    def _manual_cancel(self, asked: ManualCancelRequested, stamp: Stamp) -> list[Message]:
        order = self.orders.get(asked.client_order_id)
        problem = self._not_changeable(asked.client_order_id, order)
        if problem or order is None:
            return [CommandAnswered(asked.command_id, False, *problem, asked.client_order_id)]
        cancels = self._cancel(order, stamp)
        done = CommandAnswered(asked.command_id, True, "", "cancel sent", asked.client_order_id, len(cancels))
        return [*cancels, done]

    def _manual_modify(self, asked: ManualModifyRequested, stamp: Stamp) -> list[Message]:
        order = self.orders.get(asked.client_order_id)
        problem = self._not_changeable(asked.client_order_id, order) or self._bad_price(order, asked.limit_price)
        if problem or order is None:
            return [CommandAnswered(asked.command_id, False, *problem, asked.client_order_id)]
        modifies = self._modify(order, asked.quantity, asked.limit_price, stamp)
        if not modifies:
            text = "nothing to change: same price and quantity, or a market order"
            return [CommandAnswered(asked.command_id, False, "NO_CHANGE", text, asked.client_order_id)]
        return [*modifies, CommandAnswered(asked.command_id, True, "", "modify sent", asked.client_order_id)]

    def _not_changeable(self, order_id: str, order: ClientOrder | None) -> tuple[str, str] | tuple[()]:
        if order is None:
            return "UNKNOWN_ORDER", f"client_order_id {order_id} is not known; `hantrade orders list` shows all"
        if order.status not in AT_BROKER:
            return "WRONG_STATE", f"order {order_id} is {order.status.value}; it must be WORKING or PARTIAL"
        if not self.orders_link_up:
            return "CONNECTION", "the orders link is not up"
        return ()

    def _bad_price(self, order: ClientOrder | None, price: Krw | None) -> tuple[str, str] | tuple[()]:
        known = self.instruments.get(order.symbol) if order is not None else None
        if price is None or known is None:
            return ()
        if price <= 0 or not is_on_tick(price, known.market, kst_date(self.venue_time)):
            return "TICK", f"limit_price {price:,} is not on the tick grid of {known.symbol}"
        if known.lower_limit is not None and known.upper_limit is not None:
            inside = known.lower_limit <= price <= known.upper_limit
            limits = f"{known.lower_limit:,} to {known.upper_limit:,}"
            return () if inside else ("PRICE_LIMIT", f"limit_price {price:,} is outside today's limits {limits}")
        return ()

    def view(self, query: Any) -> Any:
        """Answer OrdersQuery with ClientOrders, newest first."""
        if not isinstance(query, OrdersQuery):
            return super().view(query)
        if query.client_order_id:
            found = self.orders.get(ClientOrderId(query.client_order_id))
            return (found,) if found else ()
        pool = [self.orders[i] for i in (self.open if query.open_only else self.orders)]
        chosen = [order for order in reversed(pool) if query.symbol in ("", order.symbol)]
        return tuple(chosen[: query.limit])


def live_legs(order: ClientOrder) -> list[Any]:
    """Give the legs that can still trade, oldest first."""
    return [item for item in order.legs if item.state is leg.State.LIVE and item.leaves_qty > 0]


def pending_requests(order: ClientOrder) -> list[RequestId]:
    """Give the requests of an order whose fate is open: its submit, or its cancels and modifies."""
    if order.status in (State.PENDING_SUBMIT, State.SUBMITTED, State.UNKNOWN_SUBMIT):
        return [RequestId(order.client_order_id)]
    ended = (change_request.State.CONFIRMED, change_request.State.REFUSED)
    return [item.request_id for item in order.requests if item.state not in ended]


def asked_at(order: ClientOrder) -> int:
    """Give when the youngest pending request was made, system time."""
    sent = [item.sent_at for item in order.requests if item.request_id in pending_requests(order)]
    return max([order.submitted_at, *sent]) if sent else order.submitted_at
