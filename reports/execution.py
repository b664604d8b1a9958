"""How orders went: what became of them, how fast they left, and what their fills cost against the prices before."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from domain.messages.trading import FillBooked
from domain.order_work import BY_HAND
from domain.types import PPM
from reports.model import ExecutionPart
from reports.reading import DayFacts
from reports.rows import Approved

NANOS_PER_MS = 1_000_000


class Prices(NamedTuple):
    """Prices of one order before it was filled (won); None: not told."""

    decision: int | None  # mark when the signal was formed
    arrival: int | None  # when risk let it pass


@dataclass(slots=True)
class Slip:
    """Fills against one price. `cost` is positive where fills were worse."""

    shares: int = 0
    value: int = 0  # won of these shares at the price
    cost: int = 0  # won

    def add(self, shares: int, price: int | None, notional: int, sign: int) -> None:
        """Take one fill in: `notional` won for `shares`, `sign` of its side. A price of 0 or none is not told."""
        if price:
            self.shares += shares
            self.value += shares * price
            self.cost += sign * (notional - shares * price)

    @property
    def per_share(self) -> float | None:
        """Give won a share; None when nothing was measured."""
        return self.cost / self.shares if self.shares else None

    @property
    def ppm(self) -> float | None:
        """Give parts per million of the price, weighted by notional; None when nothing was measured."""
        return self.cost * PPM / self.value if self.value else None


@dataclass(slots=True)
class Slips:
    """All fills of a period and of each of its orders."""

    decision: Slip = field(default_factory=Slip)
    arrival: Slip = field(default_factory=Slip)
    measured: int = 0  # fills with either price
    by_order: dict[str, tuple[Slip, Slip]] = field(default_factory=dict)  # decision, arrival

    def of(self, order_ids: Iterable[str]) -> tuple[float | None, float | None]:
        """Give won a share over some orders against decision and arrival."""
        decision, arrival = Slip(), Slip()
        for found in (self.by_order[i] for i in order_ids if i in self.by_order):
            for total, part in zip((decision, arrival), found, strict=True):
                total.shares, total.cost = total.shares + part.shares, total.cost + part.cost
        return decision.per_share, arrival.per_share


def slips_of(days: Iterable[DayFacts]) -> Slips:
    """Hold every fill against the prices before it. A fill of an order without either price is not measured."""
    slips = Slips()
    prices: dict[str, Prices] = {}
    for facts in days:
        for asked in facts.approved:
            decision, arrival = facts.references.get(asked.cause), asked.order.arrival_price
            if decision or arrival:
                prices[asked.order.client_order_id] = Prices(decision, arrival)
        for _, moved in facts.moved:
            if not isinstance(moved, FillBooked):
                continue
            found = prices.get(moved.client_order_id)
            if found is None:
                continue
            slips.measured += 1
            parts = slips.by_order.get(moved.client_order_id)
            if parts is None:
                parts = slips.by_order[moved.client_order_id] = (Slip(), Slip())
            sign = moved.side.sign
            for price, slip, total in zip(found, parts, (slips.decision, slips.arrival), strict=True):
                slip.add(moved.last_qty, price, moved.notional, sign)
                total.add(moved.last_qty, price, moved.notional, sign)
    return slips


def reactions_of(days: Iterable[DayFacts]) -> list[float]:
    """Give the time from a quote's arrival to the sending of the order it led to, in ms, ascending.

    An order by hand and one that no quote led to are not measured, nor is one of a log that does not tell either.
    """
    found = []
    for facts in days:
        if not facts.sent:
            continue
        sent = {
            one.client_order_id: one.sent_at for one in reversed(facts.sent) if one.request_id == one.client_order_id
        }
        for asked in facts.approved:
            at, received = sent.get(asked.order.client_order_id), facts.received.get(asked.seq)
            if at and received and not is_by_hand(asked.order) and at >= received:
                found.append((at - received) / NANOS_PER_MS)
    return sorted(found)


def is_by_hand(order: Approved) -> bool:
    """Tell whether a person asked for an order."""
    return order.origin.startswith(BY_HAND)


def percentile(ascending: Sequence[float], share: float) -> float | None:
    """Give the smallest value that at least `share` of all do not exceed (nearest rank); None without any."""
    return ascending[max(0, math.ceil(share * len(ascending)) - 1)] if ascending else None


def execution_of(days: Sequence[DayFacts], slips: Slips, reactions: Sequence[float]) -> ExecutionPart:
    """Sum up what became of the orders that were decided in a period."""
    filled = Counter[str]()
    denied, rejected = Counter[str](), Counter[str]()
    unknown: set[str] = set()
    cancelled: set[str] = set()
    for facts in days:
        filled.update(_shares(facts))
        denied.update(facts.denied)
        rejected.update(facts.rejected.values())
        unknown |= facts.doubtful
        cancelled |= facts.cancelled
    orders = [asked.order for facts in days for asked in facts.approved]
    whole = sum(filled[order.client_order_id] >= order.quantity for order in orders)
    none = sum(not filled[order.client_order_id] for order in orders)
    return ExecutionPart(
        orders=len(orders),
        by_hand=sum(map(is_by_hand, orders)),
        denied=dict(denied.most_common()),
        rejected=dict(rejected.most_common()),
        unknown=len(unknown),
        filled=whole,
        partly=len(orders) - whole - none,
        unfilled=none,
        cancels=len(cancelled),
        reaction_ms_p50=percentile(reactions, 0.5),
        reaction_ms_p99=percentile(reactions, 0.99),
        reactions=len(reactions),
        decision_slip_ppm=slips.decision.ppm,
        arrival_slip_ppm=slips.arrival.ppm,
        slips=slips.measured,
    )


def _shares(facts: DayFacts) -> dict[str, int]:
    found: dict[str, int] = {}
    for _, moved in facts.moved:
        if isinstance(moved, FillBooked):
            found[moved.client_order_id] = found.get(moved.client_order_id, 0) + moved.last_qty
    return found
