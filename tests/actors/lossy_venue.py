"""A venue that keeps the truth, and an event stream to the trader that loses, delays and doubles what it tells."""

from dataclasses import replace
from typing import Any

from actors.roles.executor import Executor
from actors.roles.portfolio import Portfolio
from broker_sim.day_orders import DayOrders
from domain.config import ReconcileConfig
from domain.messages import Message
from domain.messages.link import BrokerPosition, BrokerStateReceived
from domain.messages.orders import (
    CancelOrder,
    ChangeReceived,
    ChangeRefused,
    ModifyOrder,
    OrderAccepted,
    OrderCancelled,
    OrderExpired,
    OrderFilled,
    OrderReplaced,
    RequestAnswered,
    ResolveOrder,
    SubmitOrder,
)
from domain.messages.trading import OrderApproved
from domain.types import ClientOrderId, Krw, LinkName, RequestOutcome, Side, TradeId, UnixNanos, VenueOrderId
from tests.actors.builders import (
    DAY,
    SAMSUNG,
    T0,
    House,
    a_run,
    approved,
    broker_state,
    instruments,
    link_is,
    only,
    venue,
)

CASH, HELD = 10_000_000, 100


class TrueVenue:
    """Books of the account and the day's list, fed by every fact; `told` of them is the trader's luck."""

    def __init__(self, anonymous: frozenset[str] = frozenset()) -> None:
        """Start with cash and shares. Of orders in `anonymous` the broker does not know that they are ours."""
        self.cash, self.shares = CASH, HELD
        self.day = DayOrders()
        self.day.open_day(DAY)
        self.legs: dict[str, list[Any]] = {}  # number -> order, open shares
        self.filled: dict[str, tuple[int, int]] = {}  # order -> shares, won
        self.anonymous = anonymous
        self._count = 0

    def _head(self, order_id: str) -> dict[str, Any]:
        self._count += 1
        return {"journal_id": "J", "event_seq": 0, "venue_time": venue(self._count), "client_order_id": order_id}

    def _number(self) -> VenueOrderId:
        return VenueOrderId(f"{self._count + 1:07d}")

    def _happens(self, fact: Any) -> Any:
        self.day.apply(fact)
        return replace(fact, client_order_id=ClientOrderId("")) if fact.client_order_id in self.anonymous else fact

    def takes(self, order: SubmitOrder) -> list[Any]:
        number = self._number()
        self.legs[number] = [order, order.quantity]
        terms = {"symbol": order.symbol, "side": order.side, "quantity": order.quantity}
        head = self._head(order.client_order_id)
        return [self._happens(OrderAccepted(**head, venue_order_id=number, **terms, limit_price=order.limit_price))]

    def fills(self, number: str, shares: int, price: int) -> list[Any]:
        order, left = self.legs[number]
        shares = min(shares, left)
        self.legs[number][1] = left - shares
        notional = shares * price
        commission = notional * 150 // 1_000_000
        tax = notional * 2_000 // 1_000_000 if order.side is Side.SELL else 0
        self.cash -= order.side.sign * notional + commission + tax
        self.shares += order.side.sign * shares
        had = self.filled.get(order.client_order_id, (0, 0))
        self.filled[order.client_order_id] = (had[0] + shares, had[1] + notional)
        head = self._head(order.client_order_id)
        fact = OrderFilled(
            **head,
            venue_order_id=VenueOrderId(number),
            trade_id=TradeId(f"t{self._count}"),
            symbol=order.symbol,
            side=order.side,
            last_qty=shares,
            last_px=Krw(price),
            commission=Krw(commission),
            tax=Krw(tax),
            leaves_qty=left - shares,
        )
        return [self._happens(fact)]

    def changes(self, request: CancelOrder | ModifyOrder) -> list[Any]:
        """Carry out a change, or refuse it where nothing is left."""
        order_id, number = request.client_order_id, request.original_venue_order_id
        order, left = self.legs[number]
        new = self._number()
        is_modify = isinstance(request, ModifyOrder)
        about = {"request_id": request.request_id, "venue_order_id": number}
        price = request.limit_price if isinstance(request, ModifyOrder) else None
        facts: list[Any] = [
            ChangeReceived(
                **self._head(order_id),
                **about,
                change_venue_order_id=new,
                quantity=request.quantity,
                limit_price=price,
            )
        ]
        if not left:
            facts.append(ChangeRefused(**self._head(order_id), **about, code="LATE", text="nothing is left"))
        elif is_modify:
            moved = min(left, request.quantity)
            self.legs[number][1] = left - moved
            self.legs[new] = [order, moved]
            more = {"new_venue_order_id": new, "moved_qty": moved, "limit_price": price, "leaves_qty": left - moved}
            facts.append(OrderReplaced(**self._head(order_id), **about, **more))
        else:
            self.legs[number][1] = 0
            facts.append(OrderCancelled(**self._head(order_id), **about, cancelled_qty=left, leaves_qty=0))
        return [self._happens(fact) for fact in facts]

    def ends(self, number: str) -> list[Any]:
        """End what is open of a number by itself."""
        order, left = self.legs[number]
        self.legs[number][1] = 0
        head = self._head(order.client_order_id)
        return [self._happens(OrderExpired(**head, venue_order_id=VenueOrderId(number), expired_qty=left))]

    def open_numbers(self) -> list[str]:
        return [number for number, (_, left) in self.legs.items() if left]

    def lists(self, as_of: int, asked_at: int, run: str = "") -> BrokerStateReceived:
        """Give what the broker's queries answer."""
        rows = tuple(
            replace(row, client_order_id="", request_id="") if row.client_order_id in self.anonymous else row
            for row in self.day.rows()
        )
        held = (BrokerPosition(SAMSUNG, self.shares, Krw(1_000_000)),) if self.shares else ()
        at, asked = venue(self._count + 1), UnixNanos(asked_at)
        state = BrokerStateReceived(Krw(self.cash), held, (), "J", as_of, at, day_orders=rows, run=run)
        return replace(state, asked_at=asked, read_at=asked)


class Trader:
    """Portfolio and executor beside the venue; hears what is told, in the numbering of the broker's journal."""

    def __init__(self, market: TrueVenue, **reconcile: int) -> None:
        self.market, self.seq = market, 0
        self.house = House(Portfolio(), Executor())
        settings = ReconcileConfig(**({"audit_ms": 0} | reconcile))
        self.house.hear(a_run(reconcile=settings), instruments(), link_is(LinkName.ORDERS, "RECONCILING", "CONNECTING"))
        self.house.hear(replace(market.lists(0, T0), as_of_seq=0), link_is(LinkName.ORDERS))

    @property
    def executor(self) -> Executor:
        role = self.house.core.kernel.role("executor")
        assert isinstance(role, Executor)
        return role

    @property
    def books(self) -> Any:
        role: Any = self.house.core.kernel.role("portfolio")
        return role.state.books

    def hear(self, *facts: Any) -> list[Message]:
        """Deliver facts of the venue next."""
        out: list[Message] = []
        for fact in facts:
            self.seq += 1
            out += self.house.hear(replace(fact, event_seq=self.seq))
        return out

    def submits(self, name: str, side: Side, quantity: int, price: int) -> SubmitOrder:
        order: OrderApproved = approved(name, side, quantity, limit_price=Krw(price), venue_time=venue(0))
        [submit] = only(SubmitOrder, self.house.hear(order))
        assert isinstance(submit, SubmitOrder)
        return submit

    def receipt(self, request: SubmitOrder | CancelOrder | ModifyOrder) -> None:
        request_id: Any = getattr(request, "request_id", request.client_order_id)
        answer = (RequestOutcome.SENT, "", "", False, self.seq)
        self.house.hear(RequestAnswered(request.client_order_id, request_id, *answer))

    def reconciles(self, state: BrokerStateReceived | None = None) -> list[Message]:
        """Lose the link and run the gated run; the broker's journal cannot tell of anything."""
        moves = (("BACKING_OFF", "READY"), ("RECONCILING", "CONNECTING"))
        self.house.hear(*(link_is(LinkName.ORDERS, *move) for move in moves))
        out = self.house.hear(state or self.market.lists(self.seq, self.house.now))
        for asked in only(ResolveOrder, out):
            answer = (RequestOutcome.IN_DOUBT, "", "cannot tell", True, self.seq)
            out += self.house.hear(RequestAnswered(asked.client_order_id, asked.request_id, *answer))
        return [*out, *self.house.hear(link_is(LinkName.ORDERS))]


__all__ = ["CASH", "HELD", "Trader", "TrueVenue", "broker_state"]
