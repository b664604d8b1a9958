"""What was asked of the control, and which order number or list row answers it. Pure.

No field of Kiwoom's carries an id of ours. While an order is in flight it has a screen of its own, which its events
echo (FID 920); lists do not, so a row is bound by its looks only where one row fits one request and no other.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from broker_win.orders.notices import RECEIVED, Action, OrderNotice
from broker_win.rows import OrderRow
from domain.types import NANOS_PER_SECOND, ClientOrderId, Krw, OrderKind, RequestId, Side, TimeInForce, UnixNanos

CLOCKS_APART: Final = 2 * NANOS_PER_SECOND  # that the PC's clock may be ahead of Kiwoom's
REACH: Final = 60 * NANOS_PER_SECOND  # an order gets to Kiwoom within it or never: a later twin is somebody else's


@dataclass(frozen=True, slots=True)
class Ask:
    """One SendOrder of ours, as it is kept in the journal."""

    request_id: RequestId
    client_order_id: ClientOrderId
    action: Action
    code: str
    side: Side
    quantity: int  # as given to SendOrder; 0: all that is left, of a cancel
    price: Krw | None  # None for kinds without one and for cancels
    original: str  # number to change; empty for a new order
    kind: OrderKind
    time_in_force: TimeInForce
    screen: str
    rqname: str
    asked_at: UnixNanos  # venue time, before SendOrder


class State(Enum):
    """How far an ask came."""

    SENDING = auto()  # on its way to SendOrder
    SENT = auto()  # SendOrder gave 0, or nobody knows; its number is waited for
    BOUND = auto()  # its number is known
    ENDED = auto()  # not sent, or rejected without a number


@dataclass(slots=True)
class Asked:
    """An ask and what became of it."""

    ask: Ask
    since: int  # monotonic ns, when it was asked, or found again after a restart
    state: State = State.SENDING
    is_blank: bool = False  # its TR answer had no number
    blank_at: int = 0  # monotonic ns of that answer
    text: str = ""  # newest message under its name

    @property
    def is_open(self) -> bool:
        """Tell whether its number is still to come, or may be."""
        return self.state in (State.SENDING, State.SENT)


def by_notice(asks: Iterable[Asked], notice: OrderNotice) -> Asked | None:
    """Give the ask an event of a new number answers: it names the ask's own screen, and nothing contradicts."""
    for asked in asks:
        if asked.is_open and not asked.is_blank and notice.screen == asked.ask.screen and _is_like(asked.ask, notice):
            return asked
    return None


def may_be_ours(asks: Iterable[Asked], notice: OrderNotice) -> bool:
    """Tell whether an event of a new number looks like an ask whose number is not known."""
    return any(asked.is_open and _is_like(asked.ask, notice) and _is_in_reach(asked.ask, notice) for asked in asks)


def by_rows(asks: Sequence[Asked], rows: Sequence[OrderRow], settled: int) -> tuple[dict[str, Asked], set[str]]:
    """Give which row (by number) is which ask, and the rows that may be ours and are not to be guessed.

    Only asks made before `settled` (monotonic ns) are bound: a younger one may not be in the lists yet while somebody
    else's twin is.
    """
    waiting = [asked for asked in asks if asked.is_open]
    fits = {row.number: [asked for asked in waiting if _fits(asked.ask, row)] for row in rows}
    bound: dict[str, Asked] = {}
    held: set[str] = set()
    for row in rows:
        fitting = fits[row.number]
        if not fitting:
            continue
        twins = [other for other in rows if any(asked is fitting[0] for asked in fits[other.number])]
        is_ripe = fitting[0].state is State.SENT and fitting[0].since <= settled
        if len(fitting) == len(twins) == 1 and is_ripe:
            bound[row.number] = fitting[0]
        else:
            held.add(row.number)
    return bound, held


def _is_like(ask: Ask, notice: OrderNotice) -> bool:
    if (ask.action, ask.code, ask.side) != (notice.action, notice.code, notice.side):
        return False
    if ask.original != notice.original:
        return False
    if ask.action is Action.CANCEL and not ask.quantity:
        return True
    if ask.price is not None and notice.price not in (None, ask.price):
        return False
    return notice.quantity is None or notice.quantity == ask.quantity


def _is_in_reach(ask: Ask, notice: OrderNotice) -> bool:
    """Only 접수 tells when an order came in; the time of other events is their own."""
    return notice.status != RECEIVED or notice.time is None or _came_after(ask, notice.time)


def _came_after(ask: Ask, order_time: int) -> bool:
    """Kiwoom tells times to the second, cut."""
    first = ask.asked_at - CLOCKS_APART
    return first - first % NANOS_PER_SECOND <= order_time <= ask.asked_at + REACH


def _fits(ask: Ask, row: OrderRow) -> bool:
    if (ask.action.value, ask.code, ask.side, ask.original) != (row.action, row.code, row.side, row.original):
        return False
    if ask.quantity and row.quantity != ask.quantity:
        return False
    if ask.price is not None and row.price != ask.price:
        return False
    return _came_after(ask, row.order_time)
