"""What the account's lists prove and nobody told: after a restart, a lost line, a lost event. Pure.

Theory: a row shows one number at one moment after reading began. Its open shares say up to which place the shares were
used by then, so what it shows as filled is compared with what was booked before that place, and what events told since
stands behind it. Lists lag and rows are not of one moment, so absence proves nothing: what no row explains waits for a
second reading, or for the end of the day.
"""

from typing import TYPE_CHECKING

from broker_win.orders import asks
from broker_win.orders.books import Now
from broker_win.orders.known import Change, Leg
from broker_win.orders.notices import CONFIRMED, FILLED, REJECTED, Action
from broker_win.rows import OrderLists, OrderRow
from domain.time import kst_date
from domain.types import (
    ClientOrderId,
    Krw,
    OrderKind,
    RequestId,
    TimeInForce,
    UnixNanos,
    Venue,
    VenueOrderId,
)

if TYPE_CHECKING:
    from broker_win.orders.flow import OrderFlow


def learn(flow: "OrderFlow", lists: OrderLists, now: Now) -> None:
    """Tell what the lists prove. Those of another day prove nothing."""
    if kst_date(lists.read_at) != flow.day:
        return
    _bind(flow, lists, now)
    for row in lists.rows:  # oldest first: a number before what changes it
        known = flow.books.known
        leg, change = known.legs.get(row.number), known.changes.get(row.number)
        if leg is not None and _is_refused(row) and not row.filled_qty:
            flow.rejected(leg, f"Kiwoom's list says {row.status}", lists.read_at)
        elif leg is not None and row.action != Action.CANCEL.value:
            _fills(flow, leg, row, lists.read_at)
            _outcomes(flow, leg, row, lists)
            _rest(flow, leg, row, lists)
        elif change is not None and change.is_open and _is_refused(row):
            flow.books.refuse(change, "REJECTED", f"Kiwoom's list says {row.status}", lists.read_at)


# ---- whose row is it -----------------------------------------------------------------------------------------------


def _bind(flow: "OrderFlow", lists: OrderLists, now: Now) -> None:
    books = flow.books
    fresh = [row for row in lists.rows if not books.known.has(row.number)]
    bound, held, stuck = asks.by_rows(list(books.asks.values()), fresh, now.mono - flow.answer_timeout_ns)
    for row in fresh:
        if row.number in bound:
            books.bind(bound[row.number], row.number, row.order_time)
        elif row.number not in held and row.number not in flow.held and not _is_refused(row):
            _adopt(flow, row)
    for number in stuck:
        flow.doubts[f"number {number}"] = f"{number} may be a request of ours without a number, or somebody else's"


def _adopt(flow: "OrderFlow", row: OrderRow) -> None:
    """Take in a number that was given to somebody else."""
    known = flow.books.known
    original = known.legs.get(row.original)
    number, action = VenueOrderId(row.number), Action(row.action)
    if action is not Action.NEW and original is not None:
        price = row.price if action is Action.MODIFY else None
        owner, nobody = original.client_order_id, RequestId("")
        known.changes[number] = Change(number, original.number, action, owner, nobody, row.quantity, price)
    elif action is not Action.NEW:
        flow.doubts[f"number {number}"] = f"{number} changes {row.original}, which is not known"
    elif row.quantity > 0:
        kind = OrderKind.LIMIT if row.price else OrderKind.MARKET
        leg = Leg(
            *(number, ClientOrderId(""), row.code, row.side, row.quantity, row.price or None, kind),
            *(TimeInForce.DAY, Venue.KRX),
        )
        flow.books.adopt(leg, row.order_time)


# ---- what became of its shares -------------------------------------------------------------------------------------


def _fills(flow: "OrderFlow", leg: Leg, row: OrderRow, at: UnixNanos) -> None:
    """Book the shares a row shows as filled and no execution told."""
    used = leg.quantity - row.leaves
    before = leg.filled_before(used)
    if before is None or leg.is_rejected:
        return  # an older list than one that was read
    shares, won = row.filled_qty - before[0], row.filled_notional - before[1]
    if shares > 0 and row.filled_qty + leg.gone > used:
        # Shares left since, or the row is of two moments: another reading tells.
        flow.doubts[f"number {leg.number}"] = f"the list's row of {leg.number} is older than what was told"
    elif shares > 0 and won >= shares:
        flow.books.fill_by_list(leg, shares, won, used, at)
    elif shares:
        words = f"the list shows {row.filled_qty} shares of {leg.number} for {row.filled_notional} KRW,"
        flow.doubts[f"number {leg.number}"] = f"{words} {before[0]} for {before[1]} KRW were told before"


def _outcomes(flow: "OrderFlow", leg: Leg, row: OrderRow, lists: OrderLists) -> None:
    """Let changes of a leg take effect that the lists show as confirmed, for the shares its row shows as gone."""
    for other in lists.rows:
        change = flow.books.known.changes.get(other.number)
        if change is None or change.original != leg.number or not change.is_open or not _took_effect(other):
            continue
        told = other.confirmed or other.quantity or _unexplained(leg, row)
        shares = min(told, _unexplained(leg, row))
        if shares <= 0:
            continue  # the leg's row is of an earlier moment than this one
        if change.action is Action.MODIFY:
            flow.books.replace(leg, change, shares, other.price or change.price or Krw(0), lists.read_at)
        else:
            flow.books.cancel_by(leg, change, shares, lists.read_at)


def _rest(flow: "OrderFlow", leg: Leg, row: OrderRow, lists: OrderLists) -> None:
    """Say how shares ended that are gone, were not filled, and that no change took.

    A change that is under way may have taken them: until it is known what it did, nobody else is said to have. What a
    modify took is open under its number.
    """
    shares, books, at = _unexplained(leg, row), flow.books, lists.read_at
    gap = flow.gaps.pop(leg.number, None)
    if shares <= 0 or leg.is_rejected:
        return
    is_whole = row.leaves == 0
    changes, unbound = _under_way(flow, leg, lists)
    is_day = leg.time_in_force is TimeInForce.DAY
    actions = {*(change.action for change in changes), *(Action(other.action) for other in unbound)}
    if is_whole and not (is_day or actions or books.is_asked(leg.number)):
        books.cancel(leg, shares, "", at)
    elif is_whole and flow.is_over and not any(_is_effective_modify(other) for other in unbound):
        books.expire(leg, shares, at)
    elif actions and not (is_whole and actions == {Action.CANCEL}):
        return  # an order all gone need not wait for its cancels: whoever took its shares, none of them is open
    elif gap is not None and gap[0] == shares and at - gap[1] >= flow.answer_timeout_ns:
        books.cancel(leg, shares, "", at)  # twice seen, by nobody's change in either list: the venue did it
    else:
        flow.gaps[leg.number] = gap if gap is not None and gap[0] == shares else (shares, at)


def _under_way(flow: "OrderFlow", leg: Leg, lists: OrderLists) -> tuple[list[Change], list[OrderRow]]:
    """Give the changes of a leg that are open, and the rows of such that may be ours; without those refused."""
    known = flow.books.known
    refused = {row.number for row in lists.rows if _is_refused(row)}
    changes = [change for change in known.changes_of(leg.number) if change.number not in refused]
    rows = [row for row in lists.rows if row.original == leg.number and row.number not in refused]
    return changes, [row for row in rows if not known.has(row.number)]


def _unexplained(leg: Leg, row: OrderRow) -> int:
    """Give the shares a row shows as not open, less those filled (by it, or as told before) and known to have left."""
    told = leg.filled_before(leg.quantity - row.leaves) or (0, 0)
    return leg.quantity - row.leaves - max(row.filled_qty, told[0]) - leg.gone


def _is_refused(row: OrderRow) -> bool:
    return REJECTED in row.status


def _is_effective_modify(row: OrderRow) -> bool:
    return row.action == Action.MODIFY.value and _took_effect(row)


def _took_effect(row: OrderRow) -> bool:
    return row.confirmed > 0 or row.filled_qty > 0 or CONFIRMED in row.status or FILLED in row.status
