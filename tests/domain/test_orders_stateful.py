"""Drive one order with anything at all, true or not, and see that the books and the machine hold together."""

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from domain.orders import Change, ClientOrder, FactKind, link_lost, released, timed_out
from domain.types import Krw, RequestOutcome
from fsm import client_order, leg
from fsm.client_order import State
from tests.domain.order_builders import (
    ID,
    a_cancel,
    a_modify,
    a_submit,
    accepted,
    an_order,
    answered,
    cancelled,
    expired,
    filled,
    proved,
    received,
    refused,
    rejected,
    replaced,
    step,
    stranded,
)

PROVED = st.sampled_from(["accepted", "filled", "cancelled", "replaced", "expired", "rejected", "absent", "resolved"])
LEGS = st.sampled_from(["A", "B", "C"])
SHARES = st.integers(1, 3)
REQUESTS = st.sampled_from(["c0", "c1", "m0", "m1"])


class AnyOrder(RuleBasedStateMachine):
    """Messages of a confused venue. Facts and answers never raise; intents are made when the table allows them."""

    order: ClientOrder

    @initialize(quantity=st.integers(1, 5))
    def begin(self, quantity: int) -> None:
        self.order = an_order(a_submit(quantity), quantity=quantity)
        self.seq = 0
        self.said: list[Any] = []
        self.fills: dict[tuple[str, str], tuple[int, int]] = {}  # told: shares, won

    def next(self) -> int:
        self.seq += 1
        return self.seq

    def take(self, change: Change) -> None:
        assert change.before is self.order or change.before == self.order
        if change.trigger:
            assert client_order.next_state(change.before.status, change.trigger) is change.after.status
        else:
            assert change.after.status is change.before.status
        if change.before.is_closed and not change.after.is_closed:
            assert change.after.status is State.QUARANTINED
            assert change.alert
        self.order = change.after

    def say(self, fact: Any) -> None:
        self.said.append(fact)
        self.take(step(self.order, fact))
        assert step(self.order, fact).after == self.order, "a duplicate changed something"

    @rule(shares=SHARES, number=LEGS)
    def accept(self, shares: int, number: str) -> None:
        self.say(accepted(self.next(), number, shares))

    @rule(number=LEGS, trade=st.integers(0, 5), shares=SHARES, leaves=st.integers(0, 3), price=st.integers(1, 9))
    def fill(self, number: str, trade: int, shares: int, leaves: int, price: int) -> None:
        self.fills.setdefault((number, f"t{trade}"), (shares, shares * price))
        self.say(filled(self.next(), f"t{trade}", number, shares, leaves, Krw(price)))

    @rule(
        fact=st.sampled_from(
            ["accepted", "filled", "cancelled", "replaced", "expired", "rejected", "absent", "resolved"]
        ),
        number=LEGS,
        shares=SHARES,
        notional=st.integers(1, 30),
        request=st.one_of(REQUESTS, st.just("")),
    )
    def prove(self, fact: str, number: str, shares: int, notional: int, request: str) -> None:
        new = "C" if number == "B" else "B"
        won = Krw(notional if fact == "filled" else 0)
        evidence = proved(fact, shares, number, notional=won, request_id=request, new_venue_order_id=new)
        self.take(step(self.order, evidence))

    @rule(request=REQUESTS, number=LEGS, shares=SHARES)
    def cancel(self, request: str, number: str, shares: int) -> None:
        self.say(cancelled(self.next(), shares, request, number))

    @rule(request=REQUESTS, old=LEGS, new=LEGS, shares=SHARES)
    def replace(self, request: str, old: str, new: str, shares: int) -> None:
        if old != new:
            self.say(replaced(self.next(), shares, request, old, new))

    @rule(number=LEGS, shares=SHARES)
    def expire(self, number: str, shares: int) -> None:
        self.say(expired(self.next(), shares, number))

    @rule()
    def reject(self) -> None:
        self.say(rejected(self.next()))

    @rule(request=REQUESTS, number=LEGS)
    def receive(self, request: str, number: str) -> None:
        self.take(step(self.order, received(self.next(), request, "A", number)))

    @rule(request=REQUESTS)
    def refuse(self, request: str) -> None:
        self.take(step(self.order, refused(self.next(), request)))

    @rule(request=st.one_of(REQUESTS, st.just(str(ID))), outcome=st.sampled_from(RequestOutcome))
    def answer(self, request: str, outcome: RequestOutcome) -> None:
        self.take(step(self.order, answered(outcome, request)))

    @rule(request=st.one_of(REQUESTS, st.just(str(ID))))
    def strand(self, request: str) -> None:
        self.take(step(self.order, stranded(request)))

    @rule(request=REQUESTS, number=LEGS)
    def ask(self, request: str, number: str) -> None:
        is_cancel = request.startswith("c")
        trigger = "ask_cancel" if is_cancel else "ask_replace"
        if self.order.request(request) is None and trigger in client_order.MACHINE.allowed(self.order.status):
            self.take(step(self.order, a_cancel(request, number) if is_cancel else a_modify(request, number)))

    @rule()
    def wait_too_long(self) -> None:
        self.take(timed_out(self.order))

    @rule()
    def lose_the_link(self) -> None:
        self.take(link_lost(self.order, "gone"))

    @rule()
    def release(self) -> None:
        if self.order.status is State.QUARANTINED:
            self.take(released(self.order, "looked at it"))

    @invariant()
    def books_hold(self) -> None:
        order = self.order
        inferred = [item.outstanding for item in order.inferred if item.kind is FactKind.FILLED]
        # Details and what waits for details: never a share or a won more or less.
        assert order.filled_qty == sum(told[0] for told in self.fills.values()) + sum(i.quantity for i in inferred)
        worth = sum(told[1] for told in self.fills.values()) + sum(i.money.notional for i in inferred)
        assert order.filled_notional == sum(item.money.notional for item in order.legs) == worth
        assert order.filled_qty == sum(item.filled_qty for item in order.legs)
        assert all(item.outstanding.quantity > 0 for item in order.inferred)
        assert order.leaves_qty >= 0
        assert len(set(order.trades)) == len(order.trades)
        assert len({item.venue_order_id for item in order.legs}) == len(order.legs)

    @invariant()
    def closed_means_dead(self) -> None:
        order = self.order
        if order.is_closed:
            assert order.leaves_qty == 0
            assert all(item.state is leg.State.DEAD for item in order.legs)
        elif order.status is not State.QUARANTINED and order.leaves_qty == 0:
            assert any(item.leaves_qty for item in order.live_legs), "stuck: nothing open, not closed"


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(max_examples=150, stateful_step_count=25, deadline=None, derandomize=True)
