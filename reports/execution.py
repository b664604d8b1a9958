"""How orders went: what became of them, how fast they left, and what their fills cost against the prices before."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence

from domain.messages.trading import FillBooked
from domain.order_work import BY_HAND
from domain.types import Side
from reports.model import ExecutionPart
from reports.queries import Asked
from reports.reading import DayFacts
from reports.rows import Approved
from reports.slips import Slip, Slips

NANOS_PER_MS = 1_000_000


def slips_of(days: Iterable[DayFacts]) -> Slips:
    """Hold every fill against the prices before it. A fill of an order without either price is not measured.

    A price of 0 is not told. One loop with plain numbers: it runs for every fill of a year.
    """
    orders: dict[str, Asked] = {}
    by_order: dict[str, Slip] = {}
    measured = decision_cost = arrival_cost = decision_value = arrival_value = 0
    buy = Side.BUY
    for facts in days:
        if facts.rounds is not None:
            apart = facts.rounds.slips
            measured += apart.measured
            decision_cost, arrival_cost = decision_cost + apart.decision_cost, arrival_cost + apart.arrival_cost
            decision_value, arrival_value = decision_value + apart.decision_value, arrival_value + apart.arrival_value
        orders.update([(asked.order.client_order_id, asked) for asked in facts.approved])
        for _, moved in facts.moved:
            if not isinstance(moved, FillBooked):
                continue
            order_id = moved.client_order_id
            found = orders.get(order_id)
            if found is None:
                continue
            _, order, decision, _ = found
            arrival = order.arrival_price
            if not decision and not arrival:
                continue
            shares, notional = moved.last_qty, moved.notional
            sign = 1 if moved.side is buy else -1
            measured += 1
            decided = decision_slip = arrived = arrival_slip = 0
            if decision:
                value = decision * shares
                decided, decision_slip = shares, sign * (notional - value)
                decision_value += value
                decision_cost += decision_slip
            if arrival:
                value = arrival * shares
                arrived, arrival_slip = shares, sign * (notional - value)
                arrival_value += value
                arrival_cost += arrival_slip
            before = by_order.get(order_id)
            if before is not None:
                decided, decision_slip = decided + before[0], decision_slip + before[1]
                arrived, arrival_slip = arrived + before[2], arrival_slip + before[3]
            by_order[order_id] = decided, decision_slip, arrived, arrival_slip
    return Slips(decision_cost, arrival_cost, decision_value, arrival_value, measured, by_order)


def reactions_of(days: Iterable[DayFacts]) -> list[float]:
    """Give the time from a quote's arrival to the sending of the order it led to, in ms, ascending.

    An order by hand and one that no quote led to are not measured, nor is one of a log that does not tell either.
    """
    found = []
    for facts in days:
        if facts.reactions is not None:
            found += facts.reactions
        if not facts.sent:
            continue
        sent = {
            one.client_order_id: one.sent_at for one in reversed(facts.sent) if one.request_id == one.client_order_id
        }
        for asked in facts.approved:
            at, received = sent.get(asked.order.client_order_id), asked.received_at
            if at and received and not is_by_hand(asked.order) and at >= received:
                found.append((at - received) / NANOS_PER_MS)
    return sorted(found)


def filled_by_order(days: Iterable[DayFacts]) -> dict[str, int]:
    """Give the shares filled of each order."""
    filled: dict[str, int] = {}
    for facts in days:
        for _, moved in facts.moved:
            if isinstance(moved, FillBooked):
                filled[moved.client_order_id] = filled.get(moved.client_order_id, 0) + moved.last_qty
    return filled


def is_by_hand(order: Approved) -> bool:
    """Tell whether a person asked for an order."""
    return order.origin.startswith(BY_HAND)


def percentile(ascending: Sequence[float], share: float) -> float | None:
    """Give the smallest value that at least `share` of all do not exceed (nearest rank); None without any."""
    return ascending[max(0, math.ceil(share * len(ascending)) - 1)] if ascending else None


def execution_of(days: Sequence[DayFacts], slips: Slips, reactions: Sequence[float]) -> ExecutionPart:
    """Sum up what became of the orders that were decided in a period."""
    denied, rejected = Counter[str](), Counter[str]()
    unknown: set[str] = set()
    cancelled: set[str] = set()
    filled = filled_by_order(days)
    for facts in days:
        denied.update(facts.denied)
        rejected.update(facts.rejected.values())
        unknown |= facts.doubtful
        cancelled |= facts.cancelled
    orders = [asked.order for facts in days for asked in facts.approved]
    shares = [filled.get(order.client_order_id, 0) for order in orders]
    whole = sum(done >= order.quantity for done, order in zip(shares, orders, strict=True))
    none = shares.count(0)
    apart = [facts.rounds for facts in days if facts.rounds is not None]
    count = len(orders) + sum(rounds.orders for rounds in apart)
    whole += sum(rounds.filled for rounds in apart)
    return ExecutionPart(
        orders=count,
        by_hand=sum(map(is_by_hand, orders)) + sum(rounds.by_hand for rounds in apart),
        denied=dict(denied.most_common()),
        rejected=dict(rejected.most_common()),
        unknown=len(unknown),
        filled=whole,
        partly=count - whole - none,
        unfilled=none,
        cancels=len(cancelled),
        reaction_ms_p50=percentile(reactions, 0.5),
        reaction_ms_p99=percentile(reactions, 0.99),
        reactions=len(reactions),
        decision_slip_ppm=slips.decision_ppm,
        arrival_slip_ppm=slips.arrival_ppm,
        slips=slips.measured,
    )
