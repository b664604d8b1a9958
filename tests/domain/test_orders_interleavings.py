"""Explore every interleaving of loss, delay, duplicate and reordering over order × leg × request, for 1 and 2 shares.

A node is what was delivered so far and what the client made of it. Edges are: the client asks for its next change, any
true message not yet delivered arrives (as far as it can exist: its request was made), a receipt arrives, the answer
is overdue, the link breaks, and, for shorter scripts, the broker's lists are read at any point of the story. A message
lost for good is a node whose remaining edges are never taken, so the
invariants are checked in every node; a resync delivers what is missing, so every node leads to the end.
"""

from collections.abc import Callable

import pytest

from domain.messages.orders import CancelOrder, ModifyOrder, OrderFilled
from domain.orders import Change, ClientOrder, FactKind, link_lost, timed_out
from domain.types import RequestOutcome
from fsm import change_request, client_order, leg
from fsm.client_order import State
from tests.domain.order_builders import ID, a_cancel, a_modify, a_submit, an_order, answered, step, without_history
from tests.domain.tiny_lists import proved_by_lists
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

READ = [script for script in SCRIPTS if len(script[1]) < 2]


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


Node = tuple[frozenset[int], int, ClientOrder]  # delivered, happenings the lists have proved, what the client knows


class Exploration:
    """Walk all nodes of one history, depth first, each once."""

    def __init__(
        self, quantity: int, wants: tuple[Want, ...], story: tuple[Happening, ...], reads_lists: bool = False
    ) -> None:
        self.quantity, self.wants, self.story, self.reads_lists = quantity, wants, story, reads_lists
        self.seen: set[Node] = set()
        self.ends = 0

    def run(self) -> None:
        todo: list[Node] = [(frozenset[int](), 0, an_order(a_submit(self.quantity), quantity=self.quantity))]
        while todo:
            node = todo.pop()
            if node in self.seen:
                continue
            self.seen.add(node)
            self.check(*node)
            todo += self.following(*node)

    def following(self, delivered: frozenset[int], read: int, order: ClientOrder) -> list[Node]:
        nodes = [(delivered, read, change.after) for change in (timed_out(order), link_lost(order, "gone"))]
        nodes += [(delivered, read, step(order, intent(want)).after) for want in self.wants if may_ask(order, want)]
        for request in (ID, *(item.request_id for item in order.requests)):
            change = step(order, answered(RequestOutcome.SENT, request, resolved=False))
            assert not change.alert
            nodes.append((delivered, read, change.after))
        for index, happening in enumerate(self.story):
            if happening.needs and order.request(happening.needs) is None:
                continue  # nobody asked for it yet
            change = step(order, happening.message)
            if index in delivered:
                assert change.after == order, "a duplicate changed something"
            else:
                assert not change.alert, (change.alert, happening.message)
                nodes.append((delivered | {index}, read, change.after))
        if self.reads_lists:
            nodes += self.proved(delivered, read, order)
        # Which bookings came first must not matter: fold orders of arrival together, and drop what is only words.
        return [
            (have, proved, without_history(after)._replace(reason="", changed_at=order.decided_at))
            for have, proved, after in nodes
        ]

    def proved(self, delivered: frozenset[int], read: int, order: ClientOrder) -> list[Node]:
        """Read the lists at any point that is not before what was heard."""
        nodes: list[Node] = []
        for until in range(max([read, *(index + 1 for index in delivered)], default=0), len(self.story) + 1):
            past = self.story[:until]
            if any(item.needs and order.request(item.needs) is None for item in past):
                break  # nobody asked for it yet
            if past:
                nodes.append((delivered, until, proved_by_lists(order, past)))
        return nodes

    def check(self, delivered: frozenset[int], read: int, order: ClientOrder) -> None:
        told = [self.story[index] for index in delivered]
        fills = [item.message for item in told if isinstance(item.message, OrderFilled)]
        waiting = [item.outstanding for item in order.inferred if item.kind is FactKind.FILLED]
        assert order.status is not State.QUARANTINED
        shares = sum(fill.last_qty for fill in fills) + sum(item.quantity for item in waiting)
        worth = sum(fill.last_qty * fill.last_px for fill in fills) + sum(item.money.notional for item in waiting)
        assert order.filled_qty == shares <= self.quantity
        assert order.filled_notional == worth
        newest = max([read, *(index + 1 for index in delivered)])
        if order.is_closed:
            live_there = sum(self.story[newest - 1].leaves.values()) if newest else self.quantity
            assert live_there == 0, "called closed while live"
            assert not order.live_legs
        else:
            assert order.quantity == order.filled_qty + order.leaves_qty + order.cancelled_qty + order.expired_qty
            assert order.leaves_qty > 0, "open with nothing left open"
        if newest and (read == newest or delivered == frozenset(range(newest))):
            self.check_truth(order, self.story[newest - 1])
        if len(delivered) == len(self.story):
            assert not waiting, "all details came, and some shares still wait for theirs"
            self.ends += 1

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


@pytest.mark.parametrize(("quantity", "wants"), READ, ids=lambda item: repr(item) if isinstance(item, int) else None)
def test_for_any_mix_of_lists_and_events_the_order_ends_as_by_the_events_alone(
    quantity: int, wants: tuple[Want, ...]
) -> None:
    for story in histories(quantity, wants):
        exploration = Exploration(quantity, wants, story, reads_lists=True)
        exploration.run()
        assert exploration.ends, "the whole story was never delivered"
        if all(item.needs == "" for item in story):
            alone = an_order(a_submit(quantity), *(item.message for item in story), quantity=quantity)
            ends = [order for delivered, _, order in exploration.seen if len(delivered) == len(story)]
            for order in ends:
                assert (order.status, order.filled_qty, order.filled_notional, order.leaves_qty, order.inferred) == (
                    alone.status,
                    alone.filled_qty,
                    alone.filled_notional,
                    alone.leaves_qty,
                    (),
                )


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
