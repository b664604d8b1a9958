"""What the rows of one order prove that no event has told, as the sums of each order number say it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from domain.inferred import Money
from domain.krx.costs import fill_costs
from domain.messages.link import BrokerDayOrder, OrderEvidence
from domain.orders import ClientOrder, FactKind, Leg
from domain.reconciliation.own import Difference, Own
from domain.reconciliation.rows import Row
from domain.time import kst_date
from domain.types import DayOrderAction, DayOrderState, Krw, Market, TimeInForce
from fsm import change_request

NEW, MODIFY, CANCEL = DayOrderAction.NEW, DayOrderAction.MODIFY, DayOrderAction.CANCEL
CONFIRMED, REJECTED, RECEIVED = DayOrderState.CONFIRMED, DayOrderState.REJECTED, DayOrderState.RECEIVED
AT_ONCE = (TimeInForce.IOC, TimeInForce.FOK)
NOTHING = Krw(0)


@dataclass(slots=True)
class _Tally:
    """One order number as our books will have it once the evidence so far is booked."""

    row: BrokerDayOrder
    quantity: int
    is_sized: bool
    filled: int
    cancelled: int
    expired: int
    moved: int
    money: Money

    @property
    def gone(self) -> int:
        """Give the shares that left otherwise than by a fill."""
        return self.cancelled + self.expired + self.moved

    @property
    def leaves(self) -> int:
        """Give the shares still open."""
        return max(0, self.quantity - self.filled - self.gone)


@dataclass(slots=True)
class Proofs:
    """Evidence about one order, and what cannot be brought together."""

    evidence: list[OrderEvidence] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)


def prove(order: ClientOrder, rows: Sequence[Row], own: Own) -> Proofs:
    """Compare the rows of an order with its legs and requests; what is missing here becomes evidence.

    A number of which something was told before it was known as ours is only claimed: once the order has taken over what
    was told, another look proves the rest.
    """
    return _Prover(order, rows, own).run()


class _Prover:
    """Works through the rows of one order: appearances and moves, then fills, then what else ended shares."""

    def __init__(self, order: ClientOrder, rows: Sequence[Row], own: Own) -> None:
        self.order, self.rows, self.own = order, rows, own
        self.proofs = Proofs()
        self.tallies: dict[str, _Tally] = {}
        self.later: set[str] = set()  # numbers to be claimed first: what was told of them is not the order's yet
        self.moves = {fact.new_venue_order_id for fact in order.facts if fact.kind is FactKind.REPLACED}

    def run(self) -> Proofs:
        for row, request_id in self.rows:
            if row.state is REJECTED:
                self._refused(row, request_id)
            elif row.action is NEW or (row.action is MODIFY and row.state is CONFIRMED):
                self._appeared(row, request_id)
        for tally in self.tallies.values():
            self._filled(tally)
        for number, tally in self.tallies.items():
            self._cancelled(number, tally)
            self._ended(number, tally)
        return self.proofs

    # ---- one function per kind of evidence ---------------------------------------------------------------------

    def _refused(self, row: BrokerDayOrder, request_id: str) -> None:
        why = f"number {row.venue_order_id} is refused in the broker's list"
        request = self.order.request(request_id)
        if row.action is NEW:
            if not self.order.is_closed:
                self._say("rejected", row, self.order.quantity, 0, why=why)
        elif request is not None and request.is_open:
            leaves = getattr(self.order.leg(row.original_venue_order_id), "leaves_qty", 0)
            self._say("resolved", row, 0, leaves, number=row.original_venue_order_id, request=request_id, why=why)

    def _appeared(self, row: BrokerDayOrder, request_id: str) -> None:
        number = row.venue_order_id
        if row.original_venue_order_id in self.later:
            self.later.add(number)
            return
        tally = _tally(row, self.order.leg(number))
        if self.order.leg(number) is None and number in self.own.orphans:
            self.later.add(number)
        else:
            self.tallies[number] = tally
        if row.action is NEW:
            if not tally.is_sized:
                tally.quantity, tally.is_sized = row.quantity, True
                self._say("accepted", row, row.quantity, tally.leaves, price=row.limit_price)
        elif number not in self.moves:
            old = self.tallies.get(row.original_venue_order_id)
            if old is not None:
                old.moved += row.quantity
            tally.quantity, tally.is_sized = row.quantity, True
            self._say(
                "replaced",
                row,
                row.quantity,
                old.leaves if old is not None else 0,
                number=row.original_venue_order_id,
                new=number,
                price=row.limit_price,
                request=request_id,
            )
        elif self._is_open(request_id):
            self._did(row, request_id, getattr(self.order.leg(row.original_venue_order_id), "leaves_qty", 0))
        if tally.quantity != row.quantity:
            self._differs(number, f"{tally.quantity} shares given here, {row.quantity} at the broker")

    def _filled(self, tally: _Tally) -> None:
        row, more = tally.row, tally.row.filled_qty - tally.filled
        notional = row.filled_notional - tally.money.notional
        if more < 0 or (more > 0 and notional <= 0):
            here, there = (tally.filled, tally.money.notional), (row.filled_qty, row.filled_notional)
            words = "{} shares filled for {:,} KRW here, {} for {:,} KRW at the broker"
            self._differs(row.venue_order_id, words.format(*here, *there))
        elif more > 0:
            tally.filled = row.filled_qty
            # A list that is behind with its own open shares must not make its own fills look like later ones.
            shown = min(row.leaves_qty, tally.leaves)
            self._say("filled", row, more, shown, money=_money(row, notional, tally.money, self.own))
        elif notional:
            words = f"fills are worth {tally.money.notional:,} KRW here, {row.filled_notional:,} KRW at the broker"
            subject = f"money of {row.venue_order_id}"
            self.proofs.differences.append(Difference(subject, f"order {row.venue_order_id}: {words}"))

    def _cancelled(self, number: str, tally: _Tally) -> None:
        """Give shares that cancels took away to the requests that are still open first, then to others' hands."""
        rows = [item for item in self.rows if _cancels(item.row, number) and item.row.state is CONFIRMED]
        missing = sum(item.row.quantity for item in rows) - tally.cancelled
        for row, request_id in sorted(rows, key=lambda item: not self._is_open(item.request_id)):
            shares = min(row.quantity, missing)
            request = self.order.request(request_id)
            if shares > 0 and (request is None or request.is_open):
                missing -= shares
                tally.cancelled += shares
                self._say("cancelled", row, shares, tally.leaves, number=number, request=request_id)
            elif request is not None and request.is_open:
                self._did(row, request_id, tally.leaves)

    def _ended(self, number: str, tally: _Tally) -> None:
        """Account for what left the number otherwise: at once, by the venue itself, or with the session."""
        row = tally.row
        missing = row.quantity - row.leaves_qty - row.filled_qty - tally.gone
        if missing < 0:
            words = f"{tally.leaves} open here, {row.leaves_qty} at the broker"
            self._differs(number, words)
        elif missing:
            waiting = [item for item in self.rows if _cancels(item.row, number) and item.row.state is RECEIVED]
            request = waiting[0].request_id if len(waiting) == 1 else ""
            if self.own.is_over and not request and self.order.time_in_force not in AT_ONCE:
                tally.expired += missing
                self._say("expired", row, missing, 0)
            else:
                tally.cancelled += missing
                self._say("cancelled", row, missing, tally.leaves, request=request)

    def _did(self, row: BrokerDayOrder, request_id: str, leaves: int) -> None:
        """Answer a request whose shares are in the books already."""
        number, why = row.original_venue_order_id, f"number {row.venue_order_id} is confirmed in the broker's list"
        self._say("resolved", row, row.quantity, leaves, number=number, request=request_id, why=why)

    # ---- words -------------------------------------------------------------------------------------------------

    def _is_open(self, request_id: str) -> bool:
        request = self.order.request(request_id)
        return request is not None and request.state in change_request.OPEN

    def _say(
        self,
        fact: str,
        row: BrokerDayOrder,
        quantity: int,
        leaves: int,
        *,
        number: str = "",
        new: str = "",
        money: Money | None = None,
        price: Krw | None = None,
        request: str = "",
        why: str = "the broker's list shows it",
    ) -> None:
        notional, commission, tax = money or Money()
        self.proofs.evidence.append(
            OrderEvidence(
                client_order_id=self.order.client_order_id,
                fact=fact,
                venue_order_id=number or row.venue_order_id,
                symbol=row.symbol,
                side=row.side,
                quantity=quantity,
                leaves_qty=leaves,
                notional=notional,
                commission=commission,
                tax=tax,
                limit_price=price,
                new_venue_order_id=new,
                request_id=request,
                reason=why,
                venue_time=row.order_time,
            )
        )

    def _differs(self, number: str, words: str) -> None:
        self.proofs.differences.append(Difference(f"order {number}", f"order {number}: {words}", self.order.symbol))


def _cancels(row: BrokerDayOrder, number: str) -> bool:
    return row.action is CANCEL and row.original_venue_order_id == number


def _tally(row: BrokerDayOrder, item: Leg | None) -> _Tally:
    if item is None:
        return _Tally(row, row.quantity, False, 0, 0, 0, 0, Money())
    gone = (item.filled_qty, item.cancelled_qty, item.expired_qty, item.moved_qty)
    return _Tally(row, item.quantity if item.is_sized else row.quantity, item.is_sized, *gone, item.money)


def _money(row: BrokerDayOrder, notional: int, booked: Money, own: Own) -> Money:
    """Give what shares cost or brought that the list shows and nobody booked; costs by rate where it does not tell."""
    known = own.instruments.get(row.symbol)
    market = known.market if known is not None else Market.KOSPI
    costs = fill_costs(row.side, notional, market, kst_date(row.order_time), own.commission_ppm)
    commission = costs.commission if row.commission is None else max(0, row.commission - booked.commission)
    tax = costs.tax if row.tax is None else max(0, row.tax - booked.tax)
    return Money(Krw(notional), Krw(commission), Krw(tax))


def in_words(items: Iterable[OrderEvidence]) -> list[str]:
    """Say what evidence tells that books do not have."""
    return [_in_words(item) for item in items]


def _in_words(item: OrderEvidence) -> str:
    who = f"order {item.client_order_id}"
    match item.fact:
        case "filled":
            return f"{who}: {item.quantity} shares filled under number {item.venue_order_id} that no event told"
        case "accepted":
            return f"{who}: is number {item.venue_order_id} at the broker, which no event told"
        case "replaced":
            return f"{who}: {item.quantity} shares are under number {item.new_venue_order_id}, which no event told"
        case "cancelled" | "expired":
            return f"{who}: {item.quantity} shares {item.fact} under number {item.venue_order_id}, which no event told"
        case "resolved":
            done = "took effect" if item.quantity else "changed nothing"
            return f"{who}: request {item.request_id} {done}: {item.reason}"
    return f"{who}: {item.fact}: {item.reason}"
