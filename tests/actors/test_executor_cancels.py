"""A person cancels an order that is not to be cancelled yet: the wish is kept, and goes out once it can."""

from typing import Any

import pytest

from domain.config import ExecutionConfig
from domain.messages import Message
from domain.messages.operator import CommandAnswered, ManualCancelRequested
from domain.messages.orders import CancelOrder, ModifyOrder, RequestStranded
from domain.types import ClientOrderId, LinkName, RequestId, RequestOutcome, Side
from tests.actors.builders import SECOND, House, Venue, a_quote, a_run, approved, broker_state, judged, link_is, only
from tests.actors.test_executor import (
    REFUSED,
    SENT,
    VOID,
    a_change,
    a_house,
    a_working_order,
    answered,
    executor,
    restarted,
    status,
)

REMEMBERS: dict[str, Any] = {"execution": ExecutionConfig(remember_cancels=True)}


def cancel_by_hand(house: House) -> list[Message]:
    return house.hear(ManualCancelRequested("c", "kim", ClientOrderId("o1")))


def test_given_a_run_that_does_not_remember_when_an_order_is_not_at_the_broker_then_its_cancel_is_refused():
    house, market = a_house(), Venue()
    order = approved()
    house.hear(order)
    [answer] = only(CommandAnswered, cancel_by_hand(house))
    assert (answer.accepted, answer.code) == (False, "WRONG_STATE")
    assert only(CancelOrder, house.hear(answered("o1"), market.accepts(order, "1"))) == []


@pytest.mark.parametrize("is_received", [False, True])
def test_given_an_order_on_its_way_when_cancelled_then_the_cancel_goes_out_once_with_the_acceptance(is_received: bool):
    house, market, order = a_house(**REMEMBERS), Venue(), approved()
    house.hear(order, *([answered("o1")] if is_received else []))
    for _ in range(2):  # asking again changes nothing
        [answer] = cancel_by_hand(house)
        assert answer == CommandAnswered("c", True, "", "it is cancelled as soon as the broker has it", "o1")
    [sent] = only(CancelOrder, house.hear(market.accepts(order, "1")))
    assert sent.original_venue_order_id == "1"
    [second] = cancel_by_hand(house)
    assert (second.code, status(house)) == ("WRONG_STATE", "PENDING_CANCEL")  # type: ignore[attr-defined]
    house.hear(answered("o1", request=sent.request_id), market.cancels(order, 10, sent.request_id))
    assert (status(house), executor(house).to_cancel) == ("CANCELLED", {})


@pytest.mark.parametrize("outcome", [REFUSED, VOID])
def test_given_a_cancel_that_waits_when_the_order_never_reaches_the_venue_then_none_goes_out(outcome: RequestOutcome):
    house = a_house(**REMEMBERS)
    house.hear(approved())
    cancel_by_hand(house)
    out = house.hear(answered("o1", outcome))
    assert (only(CancelOrder, out), status(house), executor(house).to_cancel) == ([], "REJECTED", {})


def test_given_a_cancel_that_waits_when_the_fill_is_first_then_only_what_is_open_is_cancelled():
    house, market, order = a_house(**REMEMBERS), Venue(), approved()
    house.hear(order)
    cancel_by_hand(house)
    house.hear(answered("o1"))
    [sent] = only(CancelOrder, house.hear(market.accepts(order, "1"), market.fills(order, 4, 6)))
    house.hear(market.fills(order, 6, 0), answered("o1", REFUSED, sent.request_id))
    assert (status(house), executor(house).to_cancel) == ("FILLED", {})


def test_given_a_cancel_that_waits_when_the_run_ends_then_the_next_one_cancels_what_the_broker_turns_out_to_have():
    house, market, order = a_house(**REMEMBERS), Venue(), approved()
    house.hear(order, link_is(LinkName.ORDERS, "BACKING_OFF", "READY"))
    house.hear(RequestStranded(ClientOrderId("o1"), RequestId("o1"), "the link was closed"))
    [answer] = only(CommandAnswered, cancel_by_hand(house))
    assert (answer.accepted, answer.text) == (True, "it is cancelled should the broker turn out to have it")
    again = restarted(house)
    again.hear(a_run(**REMEMBERS), link_is(LinkName.ORDERS, "RECONCILING", "CONNECTING"), broker_state())
    again.hear(answered("o1", SENT, resolved=True), link_is(LinkName.ORDERS))
    assert len(only(CancelOrder, again.hear(market.accepts(order, "1")))) == 1


def test_given_a_change_on_its_way_when_cancelled_then_the_cancel_follows_its_answer_and_no_other_change_does():
    house, market = a_house(**REMEMBERS), Venue()
    a_working_order(house, market)
    [modify, *_] = only(ModifyOrder, house.hear(a_change("o1", None, 10_050)))
    [answer] = only(CommandAnswered, cancel_by_hand(house))
    assert (answer.accepted, answer.text) == (True, "it is cancelled as soon as its change is answered")
    house.hear(answered("o1", REFUSED, modify.request_id))
    [sent] = only(CancelOrder, house.tick(6.0))  # what was refused a moment ago is not asked again at once
    house.hear(answered("o1", REFUSED, sent.request_id))
    [refused] = only(CommandAnswered, house.hear(a_change("o1", None, 10_060)))
    assert (refused.code, status(house)) == ("NO_CHANGE", "WORKING")
    assert len(only(CancelOrder, house.tick(6.0))) == 1


def test_given_an_exit_that_is_to_go_when_its_move_was_refused_then_the_next_quote_cancels_and_does_not_move_it():
    house, market = a_house(**REMEMBERS), Venue()
    a_working_order(house, market, side=Side.SELL)
    [move] = only(ModifyOrder, house.hear(judged(a_quote(40, 9_900))))
    cancel_by_hand(house)
    house.hear(answered("o1", REFUSED, move.request_id))
    house.now += 6 * SECOND  # quotes come more often than the clock ticks
    out = house.hear(judged(a_quote(41, 9_800)))
    assert (only(ModifyOrder, out), len(only(CancelOrder, out))) == ([], 1)
