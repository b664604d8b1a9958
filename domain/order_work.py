"""What an order needs done: which legs to cancel or move, which answers are overdue. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from domain.config import ExecutionConfig
from domain.instruments import Instrument
from domain.krx.ticks import is_on_tick
from domain.order_terms import in_words
from domain.orders import ChangeKind, ClientOrder, Leg
from domain.quotes import Quote
from domain.types import Krw, OrderKind, Purpose, RequestId, Side, TimeInForce
from fsm import change_request
from fsm.client_order import State

NANOS_PER_MS = 1_000_000
MAX_DOUBLINGS = 6  # of the wait between two questions about the same request
AT_BROKER = (State.WORKING, State.PARTIAL)
# A leg that lives can be cancelled whatever is unknown of another request, and whatever the order is suspected of.
CANCELLABLE = (*AT_BROKER, State.UNKNOWN_CANCEL, State.UNKNOWN_REPLACE, State.QUARANTINED)
# When an order goes that cannot be cancelled now, in words.
CANCELLED_LATER = {
    State.PENDING_SUBMIT: "as soon as the broker has it",
    State.SUBMITTED: "as soon as the broker has it",
    State.UNKNOWN_SUBMIT: "should the broker turn out to have it",
    State.PENDING_REPLACE: "as soon as its change is answered",
}
# Kinds that trade when the book comes to them. The others wait by design: for a trade at the stop price, for the
# closing auction, for a window of their own.
PATIENT = frozenset({OrderKind.LIMIT, OrderKind.MARKET, OrderKind.BEST_LIMIT, OrderKind.FIRST_LIMIT, OrderKind.MID})
# Kinds without a price that could be moved: the market, the middle or a close gives it.
UNPRICED = frozenset({OrderKind.MARKET, OrderKind.MID, OrderKind.PRE_OPEN_CLOSE, OrderKind.POST_CLOSE})
# Kinds whose price the venue makes at arrival and need not tell: wherever they rest, they can be moved.
UNTOLD = frozenset({OrderKind.BEST_LIMIT, OrderKind.FIRST_LIMIT})
BY_HAND = "operator:"  # begin of the origin of what a person asked for
ANSWERABLE = (change_request.State.SENT, change_request.State.RECEIVED)


@dataclass(frozen=True, slots=True)
class Asked:
    """How often the broker was asked about a request, and when it was asked or answered last (system time, ns)."""

    times: int = 0
    at: int = 0

    def is_due(self, now: int, first_wait: int) -> bool:
        """Tell whether to wait no longer: twice as long each time, whichever way the clock was moved."""
        return abs(now - self.at) > (first_wait << min(self.times, MAX_DOUBLINGS))


def live_legs(order: ClientOrder) -> list[Leg]:
    """Give the legs that can still trade, oldest first."""
    return [item for item in order.live_legs if item.leaves_qty > 0]


def may_move(order: ClientOrder) -> bool:
    """Tell whether an order's price can be changed; one that trades at once or not at all ends by itself."""
    return order.kind not in UNPRICED and order.time_in_force is TimeInForce.DAY


def overstays(order: ClientOrder, rested: int, settings: ExecutionConfig) -> bool:
    """Tell whether an order at the broker has rested (venue time, ns) longer than its purpose allows.

    One that a person placed rests where it was put: it is theirs to move.
    """
    if order.origin.startswith(BY_HAND) and not settings.hurry_hand_orders:
        return False
    is_entry = order.purpose is Purpose.ENTRY
    patience_ms = settings.entry_patience_ms if is_entry else settings.exit_patience_ms
    if order.status not in AT_BROKER or order.kind not in PATIENT or not (is_entry or may_move(order)):
        return False
    return rested > patience_ms * NANOS_PER_MS


def legs_to_cancel(order: ClientOrder) -> list[Leg]:
    """Give the live legs no cancel is on its way for."""
    if order.status not in CANCELLABLE:
        return []
    asked = {r.original_venue_order_id for r in order.requests if r.is_open and r.kind is ChangeKind.CANCEL}
    return [item for item in live_legs(order) if item.venue_order_id not in asked]


def legs_to_move(order: ClientOrder, price: Krw, quantity: int | None = None) -> list[tuple[Leg, int]]:
    """Give the legs that do not rest at a price, each with the shares to move there; oldest first.

    `quantity` bounds the shares in all, None means everything open.
    """
    if order.status not in AT_BROKER:
        return []
    moves: list[tuple[Leg, int]] = []
    left = order.leaves_qty if quantity is None else quantity
    for item in live_legs(order):
        shares = min(item.leaves_qty, left)
        is_elsewhere = order.kind in UNTOLD if item.limit_price is None else item.limit_price != price
        if is_elsewhere and shares > 0:
            moves.append((item, shares))
            left -= shares
    return moves


def touch(order: ClientOrder, quote: Quote | None, since: int) -> Krw | None:
    """Give the price at which the order would trade now; None when the quote is missing or older than `since`.

    `since` is the venue time of the quotes since when the order rests as it is.
    """
    if quote is None or quote.venue_time < since:
        return None
    price = quote.bid_price if order.side is Side.SELL else quote.ask_price
    return Krw(price) if price > 0 else None


def unknown_requests(order: ClientOrder) -> list[RequestId]:
    """Give the requests whose fate is open: the submit, or cancels and modifies.

    A request still on its way is none of them: asking for it could overtake it, and then it would be void.
    """
    if order.status is State.UNKNOWN_SUBMIT:
        return [RequestId(order.client_order_id)]
    lost = change_request.State.UNKNOWN
    return [item.request_id for item in order.requests if item.state is lost] if order.is_unknown else []


def waiting_requests(order: ClientOrder) -> dict[RequestId, int]:
    """Give the requests an answer is expected for, with the system time they were made; unknown ones left out."""
    if order.status in (State.PENDING_SUBMIT, State.SUBMITTED):
        return {RequestId(order.client_order_id): order.submitted_at}
    if order.is_closed:
        return {}
    return {item.request_id: item.sent_at for item in order.requests if item.state in ANSWERABLE}


def overdue_requests(order: ClientOrder, asked: Mapping[RequestId, Asked], now: int, limit: int) -> list[RequestId]:
    """Give the requests whose answer is overdue. One the broker vouched for gets longer each time."""
    found = []
    for request, made_at in waiting_requests(order).items():
        known = asked.get(request, Asked(0, made_at))
        if known.is_due(now, limit):
            found.append(request)
    return found


def was_refused_lately(order: ClientOrder, now: int, pause: int) -> bool:
    """Tell whether a change was refused a moment ago: the same again would be refused again."""
    refused = change_request.State.REFUSED
    return any(item.state is refused and abs(now - item.sent_at) < pause for item in order.requests)


def bad_change(
    order: ClientOrder, quantity: int | None, price: Krw | None, known: Instrument | None, on: date
) -> tuple[str, str] | None:
    """Say what is wrong with a change a person asks for, as code and words; None when nothing is."""
    if not may_move(order):
        force = "" if order.time_in_force is TimeInForce.DAY else f" {order.time_in_force.value}"
        return "KIND", f"the price of a {in_words(order.kind)}{force} order cannot be changed; cancel it instead"
    if quantity is not None and not 0 < quantity <= order.leaves_qty:
        return "QUANTITY", f"quantity must be 1 to {order.leaves_qty}, which are open, was {quantity}"
    if price is None:
        return None
    if price <= 0 or (known is not None and not is_on_tick(price, known.market, on)):
        return "TICK", f"limit_price {price:,} is not on the tick grid of {order.symbol}"
    if known is None or known.lower_limit is None or known.upper_limit is None:
        return None
    if known.lower_limit <= price <= known.upper_limit:
        return None
    limits = f"{known.lower_limit:,} to {known.upper_limit:,}"
    return "PRICE_LIMIT", f"limit_price {price:,} is outside today's limits {limits}"
