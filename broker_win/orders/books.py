"""Facts made, each folded as soon as it is made. Pure: time is handed in."""

from collections.abc import Callable
from typing import NamedTuple

from broker_win.orders.asks import Asked, State
from broker_win.orders.known import Change, Known, Leg, by_list
from broker_win.orders.notices import Action
from domain.krx.costs import fill_costs
from domain.messages.orders import (
    ChangeReceived,
    ChangeRefused,
    OrderAccepted,
    OrderCancelled,
    OrderExpired,
    OrderFact,
    OrderFilled,
    OrderRejected,
    OrderReplaced,
)
from domain.time import kst_date
from domain.types import ClientOrderId, Krw, Market, RequestId, TimeInForce, TradeId, UnixNanos, Venue, VenueOrderId


class Now(NamedTuple):
    """Two clocks at one moment."""

    venue: UnixNanos  # UTC ns
    mono: int  # ns, only goes forward: what time-outs are counted by


class Books:
    """The day's numbers and requests, and the facts that nobody took yet. Numbers of facts are left at 0."""

    def __init__(self, commission_ppm: int, market_of: Callable[[str], Market]) -> None:
        """Start without an order. Costs are by rate: `commission_ppm` of each fill, tax by date and market."""
        self.known = Known()
        self.asks: dict[str, Asked] = {}  # by request
        self.bound: list[RequestId] = []  # requests whose fate became known, not taken yet
        self.elsewhere_done: list[str] = []  # changes made elsewhere that took effect, not taken yet
        self._commission_ppm, self._market_of = commission_ppm, market_of
        self._facts: list[OrderFact] = []

    def take(self) -> list[OrderFact]:
        """Give what was told since, once."""
        facts, self._facts = self._facts, []
        return facts

    def is_asked(self, number: str) -> bool:
        """Tell whether a request to change a number may be under way whose own number is not known."""
        return any(asked.is_open and asked.ask.original == number for asked in self.asks.values())

    # ---- requests ----------------------------------------------------------------------------------------------

    def bind(self, asked: Asked, number: str, at: UnixNanos) -> None:
        """Let a request have its number."""
        ask = asked.ask
        asked.state = State.BOUND
        self.bound.append(ask.request_id)
        if ask.action is Action.NEW:
            self._tell(
                OrderAccepted(
                    journal_id="",
                    event_seq=0,
                    venue_time=at,
                    client_order_id=ask.client_order_id,
                    venue_order_id=VenueOrderId(number),
                    symbol=ask.code,
                    side=ask.side,
                    quantity=ask.quantity,
                    limit_price=ask.price,
                    kind=ask.kind,
                    time_in_force=ask.time_in_force,
                )
            )
            return
        self._tell(
            ChangeReceived(
                journal_id="",
                event_seq=0,
                venue_time=at,
                client_order_id=ask.client_order_id,
                request_id=ask.request_id,
                venue_order_id=VenueOrderId(ask.original),
                change_venue_order_id=VenueOrderId(number),
                quantity=ask.quantity,
                limit_price=ask.price,
            )
        )

    def reject(self, asked: Asked, code: str, text: str, at: UnixNanos) -> None:
        """Let a request be refused before it got a number."""
        ask = asked.ask
        asked.state = State.ENDED
        self.bound.append(ask.request_id)
        if ask.action is Action.NEW:
            self.reject_order(ask.client_order_id, code, text, at)
        else:
            self._refuse(ask.client_order_id, ask.request_id, ask.original, code, text, at)

    def reject_order(self, client_order_id: ClientOrderId, code: str, text: str, at: UnixNanos) -> None:
        """Let an order of ours be rejected."""
        self._tell(
            OrderRejected(
                journal_id="", event_seq=0, venue_time=at, client_order_id=client_order_id, code=code, text=text
            )
        )

    # ---- orders ------------------------------------------------------------------------------------------------

    def adopt(self, leg: Leg, at: UnixNanos) -> None:
        """Take in an order that was placed elsewhere."""
        self._tell(
            OrderAccepted(
                journal_id="",
                event_seq=0,
                venue_time=at,
                client_order_id=ClientOrderId(""),
                venue_order_id=leg.number,
                symbol=leg.code,
                side=leg.side,
                quantity=leg.quantity,
                limit_price=leg.price,
                kind=leg.kind,
                time_in_force=TimeInForce.DAY,
                venue=Venue.KRX,
            )
        )

    def fill(self, leg: Leg, quantity: int, price: Krw, leaves: int, trade_id: str, at: UnixNanos) -> None:
        """Book an execution with what it costs; `leaves` shares were open after it."""
        costs = fill_costs(leg.side, quantity * price, self._market_of(leg.code), kst_date(at), self._commission_ppm)
        self._tell(
            OrderFilled(
                journal_id="",
                event_seq=0,
                venue_time=at,
                client_order_id=leg.client_order_id,
                venue_order_id=leg.number,
                trade_id=TradeId(trade_id),
                symbol=leg.code,
                side=leg.side,
                last_qty=quantity,
                last_px=price,
                commission=costs.commission,
                tax=costs.tax,
                leaves_qty=leaves,
            )
        )

    def fill_by_list(self, leg: Leg, quantity: int, notional: int, used: int, at: UnixNanos) -> None:
        """Book shares whose executions were not told, for so many won together: at one price, or at two 1 KRW apart.

        A list accounts for all shares before the place `used`; the trade ids keep it.
        """
        price, dearer = divmod(notional, quantity)
        for shares, each in ((quantity - dearer, price), (dearer, price + 1)):
            if shares:
                trade_id = by_list(leg.number, leg.filled + shares, used)
                self.fill(leg, shares, Krw(each), max(0, leg.leaves - shares), trade_id, at)

    def cancel(self, leg: Leg, quantity: int, request_id: str, at: UnixNanos) -> None:
        """Let shares of a leg be cancelled; nobody's request when it is empty."""
        self._tell(
            OrderCancelled(
                journal_id="",
                event_seq=0,
                venue_time=at,
                client_order_id=leg.client_order_id,
                request_id=RequestId(request_id),
                venue_order_id=leg.number,
                cancelled_qty=quantity,
                leaves_qty=leg.leaves - quantity,
            )
        )

    def expire(self, leg: Leg, quantity: int, at: UnixNanos) -> None:
        """Let shares of a leg end with the day."""
        self._tell(
            OrderExpired(
                journal_id="",
                event_seq=0,
                venue_time=at,
                client_order_id=leg.client_order_id,
                venue_order_id=leg.number,
                expired_qty=quantity,
            )
        )

    # ---- changes -----------------------------------------------------------------------------------------------

    def replace(self, leg: Leg, change: Change, moved: int, price: Krw, at: UnixNanos) -> None:
        """Let shares move to the number of a modify."""
        self._close(change)
        self._tell(
            OrderReplaced(
                journal_id="",
                event_seq=0,
                venue_time=at,
                client_order_id=leg.client_order_id,
                request_id=change.request_id,
                venue_order_id=leg.number,
                new_venue_order_id=change.number,
                moved_qty=moved,
                limit_price=price,
                leaves_qty=max(0, leg.leaves - moved),
            )
        )

    def cancel_by(self, leg: Leg, change: Change, quantity: int, at: UnixNanos) -> None:
        """Let a cancel take effect."""
        self._close(change)
        self.cancel(leg, quantity, change.request_id, at)

    def refuse(self, change: Change, code: str, text: str, at: UnixNanos) -> None:
        """Let a change that had a number be refused, or do nothing."""
        self._close(change)
        if change.request_id:
            self._refuse(change.client_order_id, change.request_id, change.original, code, text, at)

    # ---- inside ------------------------------------------------------------------------------------------------

    def _close(self, change: Change) -> None:
        change.is_open = False
        if not change.request_id:
            self.elsewhere_done.append(change.number)

    def _refuse(
        self, order: ClientOrderId, request: RequestId, number: str, code: str, text: str, at: UnixNanos
    ) -> None:
        self._tell(
            ChangeRefused(
                journal_id="",
                event_seq=0,
                venue_time=at,
                client_order_id=order,
                request_id=request,
                venue_order_id=VenueOrderId(number),
                code=code,
                text=text,
            )
        )

    def _tell(self, fact: OrderFact) -> None:
        self.known.apply(fact)
        self._facts.append(fact)
