"""Explore every interleaving of loss, delay, duplicate and reordering over order × leg × request, for 1 and 2 shares.

A node is what was delivered so far and what the client made of it. Edges are: the client asks for its next change, any
true message not yet delivered arrives (as far as it can exist: its request was made), a receipt arrives, the answer
is overdue, the link breaks. A message lost for good is a node whose remaining edges are never taken, so the
invariants are checked in every node; a resync delivers what is missing, so every node leads to the end.
"""

from collections.abc import Callable

import pytest

from domain.messages.orders import CancelOrder, ModifyOrder, OrderFilled
from domain.orders import Change, ClientOrder, link_lost, timed_out
from domain.types import RequestOutcome
from fsm import change_request, client_order, leg
from fsm.client_order import State
from tests.domain.order_builders import ID, a_cancel, a_modify, a_submit, an_order, answered, step, without_history
from tests.domain.tiny_venue import Happening, Want, histories

CANCEL = Want("c", "A", 0)
MODIFY = Want("m", "A", 2, "B")
PART = Want("m", "A", 1, "B")
CANCEL_NEW = Want("cb", "B", 0)
AGAIN = Want("m2", "B", 1, "D")

SCRIPTS = [
    (1, ()),
    (2, ()),
    (1, (CANCEL,)),
    (2, (CANCEL,)),
    (1, (MODIFY,)),
    (2, (MODIFY,)),
    (2, (PART,)),
    (1, (MODIFY, CANCEL)),
    (1, (MODIFY, CANCEL_NEW)),
    (2, (PART, CANCEL_NEW)),
    (1, (MODIFY, AGAIN)),
]


def intent(want: Want) -> CancelOrder | ModifyOrder:
    if want.quantity:
        return a_modify(want.request_id, want.leg, want.quantity)
    return a_cancel(want.request_id, want.leg)


def may_ask(order: ClientOrder, want: Want) -> bool:
    trigger = "ask_replace" if want.quantity else "ask_cancel"
    known = order.leg(want.leg)
    knows_leg = known is not None and known.state is leg.State.LIVE
    return (
        knows_leg and order.request(want.request_id) is None and trigger in client_order.MACHINE.allowed(order.status)
    )


class Exploration:
    """Walk all nodes of one history, depth first, each once."""

    def __init__(self, quantity: int, wants: tuple[Want, ...], story: tuple[Happening, ...]) -> None:
        self.quantity, self.wants, self.story = quantity, wants, story
        self.seen: set[tuple[frozenset[int], ClientOrder]] = set()
        self.ends = 0

    def run(self) -> None:
        todo = [(frozenset[int](), an_order(a_submit(self.quantity), quantity=self.quantity))]
        while todo:
            delivered, order = todo.pop()
            if (delivered, order) in self.seen:
                continue
            self.seen.add((delivered, order))
            self.check(delivered, order)
            todo += self.following(delivered, order)

    def following(self, delivered: frozenset[int], order: ClientOrder) -> list[tuple[frozenset[int], ClientOrder]]:
        nodes = [(delivered, change.after) for change in (timed_out(order), link_lost(order, "gone"))]
        nodes += [(delivered, step(order, intent(want)).after) for want in self.wants if may_ask(order, want)]
        for request in (ID, *(item.request_id for item in order.requests)):
            change = step(order, answered(RequestOutcome.SENT, request, resolved=False))
            assert not change.alert
            nodes.append((delivered, change.after))
        for index, happening in enumerate(self.story):
            if happening.needs and order.request(happening.needs) is None:
                continue  # nobody asked for it yet
            change = step(order, happening.message)
            if index in delivered:
                assert change.after == order, "a duplicate changed something"
            else:
                assert not change.alert, (change.alert, happening.message)
                nodes.append((delivered | {index}, change.after))
        # Which bookings came first must not matter: fold orders of arrival together, and drop what is only words.
        return [
            (have, without_history(after)._replace(reason="", changed_at=order.decided_at)) for have, after in nodes
        ]

    def check(self, delivered: frozenset[int], order: ClientOrder) -> None:
        told = [self.story[index] for index in delivered]
        fills = [item.message for item in told if isinstance(item.message, OrderFilled)]
        assert order.status is not State.QUARANTINED
        assert order.filled_qty == sum(fill.last_qty for fill in fills) <= self.quantity
        assert order.filled_notional == sum(fill.last_qty * fill.last_px for fill in fills)
        if order.is_closed:
            live_there = sum(self.story[max(delivered)].leaves.values()) if delivered else self.quantity
            assert live_there == 0, "called closed while live"
            assert not order.live_legs
        else:
            assert order.quantity == order.filled_qty + order.leaves_qty + order.cancelled_qty + order.expired_qty
            assert order.leaves_qty > 0, "open with nothing left open"
        if delivered and delivered == frozenset(range(max(delivered) + 1)):
            self.check_truth(order, self.story[max(delivered)])
        self.ends += len(delivered) == len(self.story)

    def check_truth(self, order: ClientOrder, latest: Happening) -> None:
        """Everything up to a point was heard, in whatever order: the client knows what the venue knows."""
        known = {item.venue_order_id: item.leaves_qty for item in order.legs if item.state is not leg.State.EXPECTED}
        assert {number: leaves for number, leaves in known.items() if leaves} == {
            number: leaves for number, leaves in latest.leaves.items() if leaves
        }
        if not sum(latest.leaves.values()):
            assert order.status is self.truth(order)
            return
        assert order.status in client_order.STANDING
        if not any(item.is_open for item in order.requests):
            assert order.status is (State.PARTIAL if order.filled_qty else State.WORKING)

    def truth(self, order: ClientOrder) -> State:
        if order.filled_qty == self.quantity:
            return State.FILLED
        return State.EXPIRED if order.expired_qty else State.CANCELLED


@pytest.mark.parametrize(("quantity", "wants"), SCRIPTS, ids=lambda item: repr(item) if isinstance(item, int) else None)
def test_for_any_interleaving_the_order_ends_where_the_truth_does(quantity: int, wants: tuple[Want, ...]) -> None:
    stories = list(histories(quantity, wants))
    assert stories
    for story in stories:
        exploration = Exploration(quantity, wants, story)
        exploration.run()
        assert exploration.ends, "the whole story was never delivered"


@pytest.mark.parametrize("lost", [RequestOutcome.VOID, RequestOutcome.REFUSED])
def test_for_any_interleaving_a_submit_that_never_reached_the_venue_is_rejected(lost: RequestOutcome) -> None:
    waits: list[Callable[[ClientOrder], Change]] = [
        timed_out,
        lambda order: link_lost(order, "gone"),
        lambda order: step(order, answered(RequestOutcome.IN_DOUBT)),
    ]
    for first in waits:
        for second in waits:
            order = second(first(an_order(a_submit())).after).after
            assert order.status is State.UNKNOWN_SUBMIT
            order = step(order, answered(lost)).after
            assert (order.status, order.leaves_qty) == (State.REJECTED, 0)
            assert step(order, answered(lost)).after == order


def test_for_any_state_of_a_request_every_answer_is_taken() -> None:
    for state in change_request.State:
        for trigger in ("receipt", "receive", "confirm", "refuse"):
            assert change_request.next_state(state, trigger) in change_request.State
