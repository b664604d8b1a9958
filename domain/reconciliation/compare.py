"""The comparison: what the broker's lists prove, and what differs all the same."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from domain.messages.link import BrokerStateReceived, ExternalOrderSeen, OrderEvidence
from domain.reconciliation import externals
from domain.reconciliation.absence import absent, ended_with_their_day, look
from domain.reconciliation.evidence import in_words, prove
from domain.reconciliation.own import Difference, Own, Sighting, is_of_day
from domain.reconciliation.rows import Matched, match
from domain.types import RequestId


@dataclass(frozen=True, slots=True)
class Finding:
    """What one reading of the lists says. Differences are those left once the evidence is booked."""

    evidence: tuple[OrderEvidence, ...] = ()
    externals: tuple[ExternalOrderSeen, ...] = ()  # new, changed or gone
    open_externals: int = 0
    differences: tuple[Difference, ...] = ()
    unsaid: frozenset[str] = frozenset()  # instruments the answer says nothing about: something newer was heard of them
    is_ours: bool = True  # something of the day ties the account to our books

    @property
    def wrong(self) -> dict[str, str]:
        """Give the instruments whose books differ, with why."""
        found: dict[str, list[str]] = {}
        for item in self.differences:
            if item.symbol:
                found.setdefault(item.symbol, []).append(item.words)
        return {symbol: "; ".join(words) for symbol, words in found.items()}

    def agrees(self, symbol: str) -> bool:
        """Tell whether an instrument was compared and nothing of it differs."""
        return symbol not in self.unsaid and symbol not in self.wrong

    def words(self) -> tuple[str, ...]:
        """Say all of it: what no event told, then what differs."""
        return (*in_words(self.evidence), *(item.words for item in self.differences))

    def to_do(self, halted: Mapping[str, str], refused: Collection[str] = ()) -> dict[str, str]:
        """Give what a gated run would book, halt or release, with words, by a subject that stays while it stands.

        `refused` is evidence the books did not take when it was offered.
        """
        fresh = [item for item in self.evidence if identity(item) not in refused]
        told = zip(fresh, in_words(fresh), strict=True)
        found = {f"{i.fact} {i.client_order_id} {i.venue_order_id} {i.request_id}": words for i, words in told}
        found |= {f"halt {symbol}": why for symbol, why in self.wrong.items() if symbol not in halted}
        open_still = {item.symbol for item in self.evidence}
        again = (symbol for symbol in sorted(halted) if self.agrees(symbol) and symbol not in open_still)
        return found | {f"release {symbol}": f"{symbol}: books agree again" for symbol in again}


def identity(proved: OrderEvidence) -> str:
    """Tell evidence apart from other evidence of the same order, whenever it is said."""
    where = f"{proved.client_order_id} {proved.venue_order_id} {proved.new_venue_order_id} {proved.request_id}"
    return f"{where} {proved.fact} {proved.quantity} {proved.leaves_qty}"


def count_absent(own: Own, state: BrokerStateReceived) -> dict[RequestId, Sighting]:
    """Give the sightings with these lists included."""
    return look(own, state, match(own, state))


def find(own: Own, state: BrokerStateReceived) -> Finding:
    """Compare own books with one whole set of the broker's answers."""
    matched = match(own, state)
    evidence, differences = _by_rows(own, state, matched)
    never_came, spoken_for = absent(own, state, matched)
    evidence += [*never_came, *ended_with_their_day(own, state)]
    differences += [*matched.doubts, *spoken_for, *_unlisted(own, state, matched)]
    expected = _after(own, evidence)
    differences += [*_positions(own, state, matched, expected), *_cash(own, state, evidence)]
    return Finding(
        evidence=tuple(evidence),
        externals=tuple(externals.changed(own, state, matched)),
        open_externals=externals.count(own, state, matched),
        differences=tuple(differences),
        unsaid=frozenset(symbol for symbol in own.heard_at if not own.is_current(symbol, state)),
        is_ours=_is_ours(own, state, matched),
    )


def _by_rows(own: Own, state: BrokerStateReceived, matched: Matched) -> tuple[list[OrderEvidence], list[Difference]]:
    evidence: list[OrderEvidence] = []
    differences: list[Difference] = []
    for order in own.orders:
        rows = matched.rows.get(order.client_order_id)
        if rows and own.is_current(order.symbol, state):
            proofs = prove(order, rows, own)
            evidence += proofs.evidence
            differences += proofs.differences
    return evidence, differences


def _unlisted(own: Own, state: BrokerStateReceived, matched: Matched) -> Iterator[Difference]:
    """Tell of numbers that live here and that the broker does not show."""
    rows = {row.row.venue_order_id for mine in matched.rows.values() for row in mine}
    there = {item.venue_order_id: item.leaves_qty for item in state.open_orders}
    for order in own.orders:
        if order.is_closed or not is_of_day(order, state.venue_time) or not own.is_current(order.symbol, state):
            continue
        for item in order.live_legs:
            number, here = item.venue_order_id, item.leaves_qty
            if state.day_orders is not None and number not in rows and here:
                words = f"order {number}: {here} open here, not in the broker's list"
            elif state.day_orders is None and here != there.get(number, 0):
                words = f"order {number}: {here} open here, {there.get(number, 0)} at the broker"
            else:
                continue
            yield Difference(f"order {number}", words, order.symbol)


def _after(own: Own, evidence: list[OrderEvidence]) -> dict[str, int]:
    after = dict(own.positions)
    for item in evidence:
        if item.fact == "filled":
            after[item.symbol] = after.get(item.symbol, 0) + item.side.sign * item.quantity
    return after


def _positions(
    own: Own, state: BrokerStateReceived, matched: Matched, expected: Mapping[str, int]
) -> Iterator[Difference]:
    theirs = {item.symbol: item.quantity for item in state.positions}
    for symbol in sorted(theirs.keys() | expected.keys()):
        here, there = expected.get(symbol, 0), theirs.get(symbol, 0)
        if here != there and own.is_current(symbol, state):
            elsewhere = [row for row in matched.strangers if row.symbol == symbol and row.filled_qty]
            numbers = ", ".join(row.venue_order_id for row in elsewhere)
            words = f"{symbol}: {here} shares here, {there} at the broker"
            words += f"; numbers {numbers} were filled and are not ours" if numbers else ""
            yield Difference(f"shares of {symbol}", words, symbol)


def _cash(own: Own, state: BrokerStateReceived, evidence: list[OrderEvidence]) -> Iterator[Difference]:
    """Tell a difference of cash. It makes no order unsafe: deposits, fees and dividends move it without an order."""
    if own.cash is None or max(own.heard_at.values(), default=0) > state.as_of_seq:
        return
    booked = sum(-item.side.sign * item.notional - item.commission - item.tax for item in evidence)
    here = own.cash + booked
    if here != state.cash:
        yield Difference("cash", f"cash: {here:,} KRW here, {state.cash:,} KRW at the broker")


def _is_ours(own: Own, state: BrokerStateReceived, matched: Matched) -> bool:
    """Tell whether the account behind another journal is the one our books are of.

    A number of the day that we know says so; where we have none, the same holdings and the same cash do.
    """
    if matched.rows:
        return True
    if any(order.legs and is_of_day(order, state.venue_time) for order in own.orders):
        return False
    theirs = {item.symbol: item.quantity for item in state.positions if item.quantity}
    ours = {symbol: quantity for symbol, quantity in own.positions.items() if quantity}
    return bool(ours) and ours == theirs and own.cash == state.cash
