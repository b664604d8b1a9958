"""Lots: every buy on its own, sold first in first out, beside the average cost of the books.

A lot has shares, what was paid for them and what it cost to get in. A sale takes the oldest lots; its notional and its
costs go to its parts by shares (`portion`), so that no won is lost or made. Once a position is sold, both ways realised
the same won in sum; in between they differ by which shares are said to be left.

    realised of a part = its share of the sale - what the lot cost - costs of getting in and out
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from domain.errors import InvariantError
from domain.messages.holdings import AdjustmentBooked, FillRevised, HoldingBooked
from domain.messages.trading import FillBooked
from domain.performance.trades import Entry
from domain.portfolio import portion
from domain.types import Krw, UnixNanos


class Lot(NamedTuple):
    """Shares that came at once. Shares and basis are below 0 where more was sold than the books knew of."""

    opened_at: UnixNanos
    quantity: int
    basis: Krw  # notional paid for them
    costs: Krw  # commission and tax of getting in
    order_id: str = ""  # empty: not by an order

    def part(self, shares: int) -> "Lot":
        """Give so many (0 to all) of its shares with their part of the money."""
        held = abs(self.quantity)
        basis, costs = portion(self.basis, shares, held), portion(self.costs, shares, held)
        return self._replace(quantity=shares if self.quantity > 0 else -shares, basis=Krw(basis), costs=Krw(costs))

    def less(self, part: "Lot") -> "Lot":
        """Give what is left of it."""
        quantity, basis = self.quantity - part.quantity, self.basis - part.basis
        return self._replace(quantity=quantity, basis=Krw(basis), costs=Krw(self.costs - part.costs))


class Part(NamedTuple):
    """Shares of one lot that one fill closed."""

    lot: Lot  # the shares closed, with what they cost
    proceeds: Krw  # their share of the fill's notional; below 0 where a buy closed shares sold before
    costs: Krw  # their share of the fill's commission and tax
    realized: Krw


class Closed(NamedTuple):
    """What one movement realised, lot by lot, beside the average cost of the books."""

    entry: Entry  # its `realized` is by average cost
    parts: tuple[Part, ...]
    realized: Krw  # of the parts, and of what a movement realised without closing shares


@dataclass(slots=True)
class Lots:
    """All lots after some movements."""

    held: dict[str, list[Lot]] = field(default_factory=dict)  # symbol -> open ones, oldest first
    closed: list[Closed] = field(default_factory=list)


def lots_of(entries: Iterable[Entry]) -> Lots:
    """Follow movements as booked anew (`rebooked`), oldest first, lot by lot."""
    lots = Lots()
    for entry in entries:
        moved = entry.moved
        held = lots.held.get(moved.symbol, [])
        parts: tuple[Part, ...] = ()
        realized = 0
        if isinstance(moved, FillBooked):
            parts = _fill(held, moved)
        elif isinstance(moved, FillRevised):
            held, realized = _revised(held, moved)
        elif isinstance(moved, HoldingBooked):
            held, realized = _acted(held, moved)
        elif moved.symbol:
            held = _adjusted(held, moved, entry.adjusted - (moved.cash - moved.cash_before))
        realized += sum(part.realized for part in parts)
        if held:
            lots.held[moved.symbol] = held
        else:
            lots.held.pop(moved.symbol, None)
        if parts or realized or entry.realized:
            lots.closed.append(Closed(entry, parts, Krw(realized)))
    return lots


def _fill(held: list[Lot], fill: FillBooked) -> tuple[Part, ...]:
    """Close the oldest lots of the other side; what is left of the fill is a lot of its own. Changes the list."""
    sign, left = fill.side.sign, fill.last_qty
    notional, costs = int(fill.notional), fill.commission + fill.tax
    if left <= 0:
        raise InvariantError(f"shares to book expected > 0, was {left!r}")
    parts = []
    while left and held and held[0].quantity * sign < 0:
        shares = min(left, abs(held[0].quantity))
        lot = held[0].part(shares)
        mine, paid = portion(notional, shares, left), portion(costs, shares, left)
        proceeds = -sign * mine
        parts.append(Part(lot, Krw(proceeds), Krw(paid), Krw(proceeds - lot.basis - lot.costs - paid)))
        rest = held[0].less(lot)
        held[:1] = [rest] if rest.quantity else []
        left, notional, costs = left - shares, notional - mine, costs - paid
    if left:
        basis = Krw(sign * notional)
        held.append(Lot(fill.venue_time, sign * left, basis, Krw(costs), fill.client_order_id))
    return tuple(parts)


def _revised(held: list[Lot], revised: FillRevised) -> tuple[list[Lot], int]:
    """Put other money into shares that are booked: as much as their lots can hold, the rest is realised.

    It goes to the newest open lot of the order, else to the newest of all: which shares they were is not told.
    """
    sign, costs = revised.side.sign, revised.commission + revised.tax
    total = sum(lot.quantity for lot in held)
    kept = min(abs(total), revised.quantity) if total * sign > 0 else 0
    basis = sign * portion(revised.notional, kept, revised.quantity)
    paid = portion(costs, kept, revised.quantity)
    after = list(held)
    if kept:
        own = [at for at, lot in enumerate(after) if lot.order_id == revised.client_order_id]
        at = own[-1] if own else len(after) - 1
        after[at] = after[at]._replace(basis=Krw(after[at].basis + basis), costs=Krw(after[at].costs + paid))
    return after, -sign * revised.notional - costs + basis + paid


def _acted(held: list[Lot], booked: HoldingBooked) -> tuple[list[Lot], int]:
    """Give the lots after a corporate action: other shares for the same money. A dividend leaves them alone."""
    change = booked.position_qty - booked.quantity_before
    before = sum(lot.quantity for lot in held)
    if not change:
        return held, 0
    if not before + change:  # cash for all of it; shares nobody knew of bring income and realise nothing
        return [], booked.received - sum(lot.basis + lot.costs for lot in held) if held else 0
    return _rescaled(held, before + change, booked.venue_time), 0


def _rescaled(held: list[Lot], quantity: int, at: UnixNanos) -> list[Lot]:
    """Spread so many shares over the lots by what they hold; a lot left without a share gives its money to the next."""
    before = sum(lot.quantity for lot in held)
    if before * quantity <= 0:
        basis, costs = sum(lot.basis for lot in held), sum(lot.costs for lot in held)
        return [Lot(at, quantity, Krw(basis), Krw(costs))]
    after: list[Lot] = []
    shares, given, waiting = 0, 0, Lot(at, 0, Krw(0), Krw(0))
    for lot in held:
        shares += lot.quantity
        upto = portion(abs(quantity), abs(shares), abs(before)) * (1 if quantity > 0 else -1)
        money = Krw(waiting.basis + lot.basis), Krw(waiting.costs + lot.costs)
        waiting = lot._replace(quantity=upto - given, basis=money[0], costs=money[1])
        if waiting.quantity:
            after.append(waiting)
            given, waiting = upto, Lot(at, 0, Krw(0), Krw(0))
    return after


def _adjusted(held: list[Lot], booked: AdjustmentBooked, cost: int) -> list[Lot]:
    """Give the lots after a person's adjustment: what came is a lot, what left are the oldest; nothing is realised.

    `cost` is what their cost changed by in the books. What was paid to get in stays with shares that stay.
    """
    before, basis = sum(lot.quantity for lot in held), sum(lot.basis for lot in held)
    change, costs = booked.position_qty - before, 0
    if not booked.position_qty:
        return []
    if before < 0:
        paid = sum(lot.costs for lot in held)
        return [Lot(booked.venue_time, booked.position_qty, Krw(basis + cost), Krw(paid))]
    if change > 0:
        return [*held, Lot(booked.venue_time, change, Krw(cost), Krw(0))]
    kept, gone = [], -change
    for lot in held:
        part = lot.part(min(gone, lot.quantity))
        gone, costs = gone - part.quantity, costs + part.costs
        rest = lot.less(part)
        if rest.quantity:
            kept.append(rest._replace(costs=Krw(rest.costs + costs)))
            costs = 0
    return _with_basis(kept, basis + cost)


def _with_basis(lots: list[Lot], basis: int) -> list[Lot]:
    """Give the lots another sum of what was paid for them, the difference spread by shares."""
    left, shares = basis - sum(lot.basis for lot in lots), sum(lot.quantity for lot in lots)
    after = []
    for lot in lots:
        mine = portion(left, lot.quantity, shares)
        after.append(lot._replace(basis=Krw(lot.basis + mine)))
        left, shares = left - mine, shares - lot.quantity
    return after
