"""What was asked of the control, and which order number or list row answers it. Pure.

No field of Kiwoom's carries an id of ours. While an order is in flight it has a screen of its own, which its events
echo (FID 920); lists do not, so a row is bound by its looks only where nothing but requests alike may be meant.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final, NamedTuple

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
    """Give the ask an event of a new number answers: it names the ask's own screen, and nothing contradicts.

    The newest one: where screens ran out, one that nothing ever answered may have had it before.
    """
    for asked in reversed(list(asks)):
        if asked.is_open and not asked.is_blank and notice.screen == asked.ask.screen and _is_like(asked.ask, notice):
            return asked
    return None


def may_be_ours(asks: Iterable[Asked], notice: OrderNotice) -> bool:
    """Tell whether an event of a new number looks like an ask whose number is not known."""
    return any(asked.is_open and _is_like(asked.ask, notice) and _is_in_reach(asked.ask, notice) for asked in asks)


class Owners(NamedTuple):
    """Which row is whose."""

    bound: dict[str, Asked]  # by number
    held: set[str]  # numbers that may be ours and are not to be guessed, yet
    stuck: set[str]  # of them: time tells no more


def by_rows(asks: Sequence[Asked], rows: Sequence[OrderRow], settled: int) -> Owners:
    """Give which row (by number) is which ask.

    Only asks made before `settled` (monotonic ns) are bound: a younger one may not be in the lists yet while somebody
    else's twin is. Of asks that are alike in everything nobody can tell which row is whose, and nobody needs to: they
    are bound in the order of their times, once there is a row for each, or no further one can come.
    """
    waiting = [asked for asked in asks if asked.is_open]
    fits = _best_fits(waiting, rows)
    owners = Owners({}, set(), set())
    seen: set[str] = set()
    for row in rows:
        if not fits[row.number] or row.number in seen:
            continue
        numbers, ours = _twins(row.number, fits)
        seen |= numbers
        is_ripe = all(asked.state is State.SENT and asked.since <= settled for asked in ours)
        is_late = is_ripe and all(asked.since <= settled - REACH for asked in ours)
        of_them = [other for other in rows if other.number in numbers]
        pairs = _in_order(of_them, ours) if is_late or (is_ripe and len(of_them) == len(ours)) else {}
        owners.bound.update(pairs)
        if not pairs:
            owners.held.update(numbers)
        if not pairs and is_late:
            owners.stuck.update(numbers)
    return owners


def _best_fits(waiting: Sequence[Asked], rows: Sequence[OrderRow]) -> dict[str, list[Asked]]:
    """Give the asks each row may be.

    Events of a market order have price 0; that its row has it, too, no source says and is not relied on: a market order
    fits any price, but the row with price 0 and the limit order with a row's price come first.
    """
    exact = {row.number: [one for one in waiting if _fits(one.ask, row) and _has_price(one.ask, row)] for row in rows}
    sure = {asked.ask.request_id for fitting in exact.values() for asked in fitting}
    return {
        row.number: exact[row.number]
        or [one for one in waiting if one.ask.request_id not in sure and _fits(one.ask, row)]
        for row in rows
    }


def _has_price(ask: Ask, row: OrderRow) -> bool:
    return not (ask.kind is OrderKind.MARKET and ask.action is Action.NEW) or row.price == 0


def _twins(number: str, fits: Mapping[str, Sequence[Asked]]) -> tuple[set[str], list[Asked]]:
    """Give the rows and asks that may be taken for one another."""
    numbers, ours = {number}, list(fits[number])
    while True:
        more = {other for other, fitting in fits.items() if any(one is asked for one in fitting for asked in ours)}
        if more <= numbers:
            return numbers, ours
        numbers |= more
        ours += [one for other in more for one in fits[other] if not any(one is asked for asked in ours)]


def _in_order(rows: Sequence[OrderRow], ours: Sequence[Asked]) -> dict[str, Asked]:
    """Pair every row with an ask; nothing where the asks differ, or a row is left over: it is somebody else's."""
    if len({_looks(asked.ask) for asked in ours}) > 1:
        return {}
    left = sorted(ours, key=lambda asked: asked.ask.asked_at)
    pairs = {}
    for row in sorted(rows, key=lambda row: (row.order_time, row.number)):
        first = next((asked for asked in left if _fits(asked.ask, row)), None)
        if first is None:
            return {}
        pairs[row.number] = first
        left = [asked for asked in left if asked is not first]
    return pairs


def _looks(ask: Ask) -> tuple[object, ...]:
    return (
        *(ask.action, ask.code, ask.side, ask.quantity, ask.price),
        *(ask.original, ask.kind, ask.time_in_force),
    )


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
