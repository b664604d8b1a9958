"""A halt whatever is pending, over kills and restarts; and what a person's resume lifts."""

from typing import Any

import pytest

from actors.core.inline import InlineCore
from actors.roster import make_roles
from domain.messages import Message
from domain.messages.link import BrokerPosition, LinkLost
from domain.messages.market import QuotesEnded
from domain.messages.operator import (
    FlattenRequested,
    HaltRequested,
    ManualModifyRequested,
    ManualOrderRequested,
    ResumeRequested,
    StopRequested,
)
from domain.messages.orders import (
    CancelOrder,
    ModifyOrder,
    OrderStateChanged,
    RequestAnswered,
    RequestStranded,
    ResolveOrder,
    SubmitOrder,
)
from domain.messages.trading import GateChanged, OrderDenied, StopReady
from domain.types import Gate, Krw, LinkName, OrderKind, RequestOutcome, Side, UnixNanos
from tests.actors.builders import (
    SAMSUNG,
    House,
    Venue,
    a_quote,
    a_run,
    broker_state,
    instruments,
    only,
    opened,
    received,
)


def a_house(*held: BrokerPosition) -> House:
    house = House(*make_roles())
    begin(house, *held)
    return house


def begin(house: House, *held: BrokerPosition, seconds: float = 0) -> None:
    house.hear(a_run(), opened(LinkName.QUOTES, seconds=seconds), instruments(), opened(LinkName.ORDERS))
    house.hear(broker_state(positions=held, seconds=seconds), received(a_quote(seconds + 1)))


def killed(house: House) -> House:
    """Kill the trader: the next one folds the log."""
    after = House(log_id="L")
    kernel = house.folded(make_roles)
    after.now = house.now
    after.core = InlineCore(kernel, lambda: UnixNanos(after.now))
    return after


def an_order(house: House, name: str = "c1", side: Side = Side.BUY, quantity: int = 10) -> list[Message]:
    return house.hear(ManualOrderRequested(name, "kim", SAMSUNG, side, OrderKind.LIMIT, quantity, Krw(10_000), ""))


def pending(house: House, state: str) -> Any:
    """Bring one buy into a state; give its submit."""
    venue = Venue()
    [order] = only(SubmitOrder, an_order(house))
    if state == "PENDING_SUBMIT":
        return order
    if state == "UNKNOWN_SUBMIT":
        house.hear(RequestStranded(order.client_order_id, order.client_order_id, "lost"))
        return order
    house.hear(venue.accepts(order))
    if state == "PARTIAL":
        house.hear(venue.fills(order, 4, 6))
    if state in ("PENDING_REPLACE", "UNKNOWN_REPLACE"):
        [change] = only(ModifyOrder, house.hear(ManualModifyRequested("m", "kim", order.client_order_id, None, 9_990)))
        if state == "UNKNOWN_REPLACE":
            house.hear(RequestStranded(order.client_order_id, change.request_id, "lost"))
    return order


STATES = ("PENDING_SUBMIT", "UNKNOWN_SUBMIT", "WORKING", "PARTIAL", "PENDING_REPLACE", "UNKNOWN_REPLACE")


@pytest.mark.parametrize("state", STATES)
def test_given_a_halt_in_any_state_of_an_order_when_killed_and_restarted_then_nothing_but_cancels_goes_out(
    state: str,
) -> None:
    house = a_house()
    order = pending(house, state)
    told = house.hear(HaltRequested("h", "kim", "enough"))
    assert [item.level for item in only(GateChanged, told)] == [Gate.CANCELS_ONLY]
    after = killed(house)
    begin(after)
    for second in range(2, 200, 3):
        after.hear(received(a_quote(second)))
        after.tick(1)
        an_order(after, f"x{second}")
    assert {item.level for item in after.said(GateChanged)} == {Gate.CANCELS_ONLY}
    after.hear(FlattenRequested("f", "kim", "", "out"))  # lets exits pass; there is nothing to sell
    an_order(after, "y")
    assert not after.said(SubmitOrder, ModifyOrder)
    assert after.said(GateChanged)[-1].level is Gate.EXITS_ONLY
    assert {type(item) for item in after.said(CancelOrder, ResolveOrder)}, order


@pytest.mark.parametrize("when", ["HALTED", "CLOSED", "PREFLIGHT"])
def test_given_the_loss_limit_was_hit_when_a_person_resumes_then_exits_pass_and_entries_once_it_recovers(
    when: str,
) -> None:
    house = a_house(BrokerPosition(SAMSUNG, 300, Krw(3_000_000)))
    for second in (12, 23, 34):
        house.hear(received(a_quote(second, 10_000 - second * 70)))
    assert an_order(house, "c1") and not house.said(SubmitOrder)
    note = ResumeRequested("r", "kim", "looked at it")
    held = BrokerPosition(SAMSUNG, 300, Krw(3_000_000))
    if when == "HALTED":
        house.hear(note)
    else:
        house.hear(StopRequested("s", "kim", "over"))
        assert house.said(StopReady)
        house = killed(house)
        if when == "CLOSED":
            house.hear(note)
        house.hear(a_run(), opened(LinkName.QUOTES, seconds=40), instruments())
        if when == "PREFLIGHT":
            house.hear(note)
        house.hear(opened(LinkName.ORDERS), broker_state(positions=[held], seconds=40))
    house.hear(received(a_quote(45, 7_600)))
    buy = (SAMSUNG, Side.BUY, OrderKind.LIMIT, 1, Krw(7_600))
    denials = [item.reason for item in only(OrderDenied, house.hear(ManualOrderRequested("c2", "kim", *buy, "")))]
    assert house.said(GateChanged)[-1].level is Gate.OPEN
    assert "DAILY_LOSS" in denials, "the loss still stands"
    sale = (SAMSUNG, Side.SELL, OrderKind.LIMIT, 1, Krw(7_600))
    assert not only(OrderDenied, house.hear(ManualOrderRequested("c3", "kim", *sale, "")))
    house.hear(received(a_quote(60, 10_000)))
    house.hear(received(a_quote(75, 10_000)))  # the mark is back: nothing is lost any more
    buy = (SAMSUNG, Side.BUY, OrderKind.LIMIT, 1, Krw(10_000))
    denials = [item.reason for item in only(OrderDenied, house.hear(ManualOrderRequested("c4", "kim", *buy, "")))]
    assert "DAILY_LOSS" not in denials


def test_given_an_unresolved_order_when_the_day_ends_and_the_broker_tells_late_then_a_stop_still_ends() -> None:
    house = a_house()
    [order] = only(SubmitOrder, an_order(house))
    house.hear(LinkLost(LinkName.ORDERS, "gone"), RequestStranded(order.client_order_id, order.client_order_id, "gone"))
    house.hear(QuotesEnded(a_quote(20_000).venue_time))
    for _ in range(30):
        house.tick(1)
    house.hear(StopRequested("s", "kim", "over"))
    for _ in range(30):
        house.tick(1)
    assert house.said(StopReady)
    after = killed(house)
    begin(after, seconds=86_400)
    assert only(ResolveOrder, after.said(ResolveOrder))
    answer = (order.client_order_id, order.client_order_id, RequestOutcome.VOID, "", "", True, 0)
    after.hear(RequestAnswered(*answer))
    after.hear(received(a_quote(86_402)))
    assert only(SubmitOrder, an_order(after, "c9"))


def test_given_a_quarantined_order_when_halted_then_every_leg_of_it_that_lives_is_cancelled() -> None:
    house, venue = a_house(), Venue()
    [order] = only(SubmitOrder, an_order(house))
    house.hear(venue.accepts(order, "1"), venue.accepts(order, "2"))
    assert house.said(OrderStateChanged)[-1].to_status == "QUARANTINED"
    told = house.hear(HaltRequested("h", "kim", "enough"))
    cancels = only(CancelOrder, told)
    assert [item.original_venue_order_id for item in cancels] == ["1", "2"]
    house.hear(*[venue.cancels(order, 10, item.request_id, item.original_venue_order_id) for item in cancels])
    assert not only(CancelOrder, house.tick(10))
