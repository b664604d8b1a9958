"""Client orders by example: one known case each."""

from dataclasses import replace

import pytest

from domain.errors import InvariantError
from domain.messages.trading import OrderDenied
from domain.orders import from_denied, link_lost, quarantined, released, timed_out
from domain.types import ClientOrderId, Krw, OrderKind, Purpose, RequestOutcome, Side, UnixNanos
from fsm import change_request, leg
from fsm.client_order import State
from fsm.machine import MachineError
from tests.domain.order_builders import (
    BETTER,
    ID,
    NOW,
    PRICE,
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
    without_history,
)

SENT = answered(RequestOutcome.SENT)
WORKING = (a_submit(), SENT, accepted())


def test_given_a_denial_when_made_then_it_is_closed_with_the_reason() -> None:
    denied = OrderDenied(
        ID, "005930", Side.BUY, OrderKind.LIMIT, Purpose.ENTRY, 0, PRICE, "CASH", "short by 1", "s", "why", UnixNanos(5)
    )
    order = from_denied(denied)
    assert (order.status, order.is_closed, order.leaves_qty) == (State.DENIED, True, 0)
    assert order.reason == "CASH: short by 1"


def test_given_an_approval_when_submitted_sent_and_accepted_then_it_works_with_one_live_leg() -> None:
    order = an_order(*WORKING)
    assert (order.status, order.submitted_at, order.leaves_qty) == (State.WORKING, NOW, 2)
    [only] = order.legs
    assert (only.venue_order_id, only.state, only.leaves_qty, only.limit_price) == ("A", leg.State.LIVE, 2, PRICE)


def test_given_a_working_order_when_filled_in_two_then_it_is_filled_and_the_leg_dead() -> None:
    order = an_order(*WORKING, filled(2, "t1", leaves=1))
    assert (order.status, order.leaves_qty) == (State.PARTIAL, 1)
    order = step(order, filled(3, "t2")).after
    assert (order.status, order.filled_notional, order.trades) == (State.FILLED, 2 * PRICE, (("A", "t1"), ("A", "t2")))
    assert order.legs[0].dead_reason is leg.DeadReason.FILLED


def test_given_a_pending_cancel_when_a_part_fills_then_it_stays_pending_and_ends_cancelled() -> None:
    order = an_order(*WORKING, a_cancel(), filled(2, "t1", leaves=1))
    assert order.status is State.PENDING_CANCEL
    order = step(order, cancelled(3, 1)).after
    assert (order.status, order.filled_qty, order.cancelled_qty) == (State.CANCELLED, 1, 1)
    assert order.requests[0].state is change_request.State.CONFIRMED


@pytest.mark.parametrize(("fills", "status"), [(0, State.WORKING), (1, State.PARTIAL)])
def test_given_a_pending_cancel_when_refused_then_the_quantities_say_what_stands(fills: int, status: State) -> None:
    order = an_order(*WORKING, a_cancel(), *[filled(2, "t1", leaves=1)][:fills], refused(3, "c"))
    assert order.status is status


def test_given_a_whole_modify_when_confirmed_then_the_new_leg_lives_at_the_new_price() -> None:
    order = an_order(*WORKING, a_modify(), received(2, "m", number="B"))
    assert [item.state for item in order.legs] == [leg.State.LIVE, leg.State.EXPECTED]
    order = step(order, replaced(3, 2)).after
    assert (order.status, order.limit_price) == (State.WORKING, BETTER)
    old, new = order.legs
    assert (old.state, old.dead_reason) == (leg.State.DEAD, leg.DeadReason.REPLACED)
    assert (new.state, new.leaves_qty, new.limit_price) == (leg.State.LIVE, 2, BETTER)


def test_given_a_partial_modify_when_confirmed_then_two_legs_live() -> None:
    order = an_order(*WORKING, a_modify(quantity=1), replaced(2, 1, leaves=1))
    assert [(item.venue_order_id, item.leaves_qty) for item in order.live_legs] == [("A", 1), ("B", 1)]
    assert (order.status, order.leaves_qty) == (State.WORKING, 2)


def test_given_a_modify_when_refused_after_it_got_a_number_then_that_leg_never_lived() -> None:
    order = an_order(*WORKING, a_modify(), received(2, "m", number="B"), refused(3, "m"))
    assert order.status is State.WORKING
    assert order.legs[1].dead_reason is leg.DeadReason.NEVER_LIVED


def test_given_a_fill_that_outruns_the_acceptance_when_both_came_then_nothing_is_lost() -> None:
    order = an_order(a_submit(), filled(2, "t1", leaves=1))
    assert (order.status, order.live_legs[0].leaves_qty) == (State.PARTIAL, 1)
    change = step(order, accepted())
    assert (change.after.status, change.alert) == (State.PARTIAL, "")
    assert without_history(change.after) == without_history(an_order(a_submit(), accepted(), filled(2, "t1", leaves=1)))


@pytest.mark.parametrize(
    ("messages", "unknown", "request_id", "after_sent"),
    [
        ((a_submit(),), State.UNKNOWN_SUBMIT, ID, State.SUBMITTED),
        ((a_submit(), SENT), State.UNKNOWN_SUBMIT, ID, State.SUBMITTED),
        ((*WORKING, a_cancel()), State.UNKNOWN_CANCEL, "c", State.PENDING_CANCEL),
        ((*WORKING, a_modify()), State.UNKNOWN_REPLACE, "m", State.PENDING_REPLACE),
    ],
)
def test_given_a_pending_request_when_it_is_lost_then_unknown_until_evidence(
    messages: tuple[object, ...], unknown: State, request_id: str, after_sent: State
) -> None:
    order = an_order(*messages)
    in_doubt = answered(RequestOutcome.IN_DOUBT, request_id)
    for change in (timed_out(order), link_lost(order, "x"), step(order, stranded(request_id)), step(order, in_doubt)):
        assert (change.after.status, change.after.is_unknown) == (unknown, True)
        assert change.after.reason
        assert step(change.after, in_doubt).after.status is unknown
        assert step(change.after, answered(RequestOutcome.SENT, request_id)).after.status is after_sent
        settled = step(change.after, answered(RequestOutcome.VOID, request_id)).after.status
        assert settled is (State.REJECTED if request_id == ID else State.WORKING)


def test_given_a_working_order_when_the_link_is_lost_then_nothing_is_unknown() -> None:
    order = an_order(*WORKING)
    assert link_lost(order, "x").after == order
    assert timed_out(order).trigger == ""


def test_given_two_acceptances_when_the_second_comes_then_quarantined_and_alerted_until_released() -> None:
    change = step(an_order(*WORKING), accepted(2, "X"))
    assert (change.after.status, change.trigger) == (State.QUARANTINED, "two_matches")
    assert "A, X" in change.alert
    order = step(change.after, filled(3, "t1", leaves=1)).after
    assert (order.status, order.filled_qty) == (State.QUARANTINED, 1)
    order = released(order, "both are ours").after
    assert (order.status, len(order.live_legs)) == (State.PARTIAL, 2)
    # The doubled order ends only when both numbers did.
    order = released(an_order(*WORKING, accepted(2, "X")), "cancel both").after
    for message in (a_cancel("c1"), a_cancel("c2", "X"), cancelled(3, 2, "c1")):
        order = step(order, message).after
        assert not order.is_closed
    assert step(order, cancelled(4, 2, "c2", "X")).after.status is State.CANCELLED


def test_given_a_working_order_when_a_number_nobody_asked_for_trades_then_quarantined() -> None:
    change = step(an_order(*WORKING), filled(2, "t1", "X", leaves=1))
    assert change.after.status is State.QUARANTINED
    assert change.after.filled_qty == 1
    assert change.alert


def test_given_a_closed_order_when_a_late_fill_comes_then_it_is_booked_and_alerted_and_stays_closed() -> None:
    order = an_order(*WORKING, a_cancel(), cancelled(2, 2))
    change = step(order, filled(3, "t1"))
    assert (change.after.status, change.after.filled_qty, change.trigger) == (State.CANCELLED, 1, "late_fill")
    assert "late fill" in change.alert


def test_given_a_filled_order_when_more_is_filled_then_overfill_is_alerted() -> None:
    change = step(an_order(*WORKING, filled(2, "t1", quantity=2)), filled(3, "t2"))
    assert (change.after.status, change.after.filled_qty) == (State.FILLED, 3)
    assert "overfill" in change.alert


def test_given_a_booked_trade_when_it_comes_again_with_other_content_then_it_is_alerted_and_not_booked() -> None:
    order = an_order(*WORKING, filled(2, "t1", leaves=1))
    change = step(order, filled(3, "t1", quantity=2))
    assert change.after == order
    assert "not booked" in change.alert


def test_given_a_day_end_when_the_leg_expires_then_the_order_is_expired() -> None:
    order = an_order(*WORKING, filled(2, "t1", leaves=1), expired(3, 1))
    assert (order.status, order.expired_qty) == (State.EXPIRED, 1)


@pytest.mark.parametrize("messages", [(rejected(),), (accepted(), rejected(2)), (rejected(2), accepted())])
def test_given_a_rejection_when_heard_before_or_after_the_acceptance_then_rejected(
    messages: tuple[object, ...],
) -> None:
    order = an_order(a_submit(), *messages)
    assert (order.status, order.live_legs, order.reason) == (State.REJECTED, (), "R: no money")


@pytest.mark.parametrize("fact", [accepted(), filled(1, "t1", leaves=1)])
def test_given_a_void_submit_when_the_venue_acts_on_it_then_quarantined(fact: object) -> None:
    change = step(an_order(a_submit(), answered(RequestOutcome.VOID)), fact)
    assert (change.after.status, change.trigger) == (State.QUARANTINED, "contradict")
    assert change.after.live_legs
    assert change.alert


def test_given_a_working_order_when_a_receipt_refuses_it_then_the_venue_is_believed_and_a_person_told() -> None:
    order = an_order(*WORKING)
    change = step(order, answered(RequestOutcome.REFUSED))
    assert change.after == order
    assert change.alert


def test_given_a_refused_cancel_when_its_shares_go_anyway_then_the_shares_are_right() -> None:
    change = step(an_order(*WORKING, a_cancel(), refused(2, "c")), cancelled(3, 2))
    assert (change.after.status, change.after.requests[0].state) == (State.CANCELLED, change_request.State.CONFIRMED)
    assert change.alert


def test_given_an_unknown_modify_when_a_cancel_goes_out_then_what_is_unknown_stays_so() -> None:
    order = timed_out(an_order(*WORKING, a_modify())).after
    order = step(order, a_cancel()).after
    assert order.status is State.UNKNOWN_REPLACE
    order = step(order, received(3, "c")).after
    assert order.status is State.UNKNOWN_REPLACE
    assert step(order, refused(2, "m")).after.status is State.PENDING_CANCEL


def test_given_a_fill_of_another_symbol_when_heard_then_it_is_not_booked() -> None:
    fact = filled(2, "t1")
    wrong = replace(fact, symbol="000660")
    change = step(an_order(*WORKING), wrong)
    assert (change.after.filled_qty, change.after.status) == (0, State.QUARANTINED)
    assert "000660" in change.alert


def test_given_two_modifies_when_the_older_is_heard_last_then_the_newer_price_holds() -> None:
    newer, older = replaced(3, 2, "m2", "B", "D", price=PRICE), replaced(2, 2, "m", "A", "B")
    order = an_order(*WORKING, a_modify(), a_modify("m2"), newer, older)
    assert order.limit_price == PRICE
    assert [item.venue_order_id for item in order.live_legs] == ["D"]


def test_given_an_operator_or_evidence_when_two_matches_are_found_then_quarantined() -> None:
    change = quarantined(timed_out(an_order(a_submit())).after, "two open orders fit")
    assert (change.after.status, change.after.reason) == (State.QUARANTINED, "two open orders fit")
    assert released(change.after, "neither is ours").after.status is State.UNKNOWN_SUBMIT


def test_given_intents_that_are_not_allowed_when_applied_then_they_raise() -> None:
    working = an_order(*WORKING)
    with pytest.raises(MachineError):
        step(working, a_submit())
    with pytest.raises(MachineError):
        step(an_order(*WORKING, a_cancel(), cancelled(2, 2)), a_cancel("c2"))
    with pytest.raises(MachineError):
        step(timed_out(an_order(*WORKING, a_modify())).after, a_modify("m2"))
    with pytest.raises(MachineError):
        released(working, "not in quarantine")
    with pytest.raises(InvariantError):
        step(an_order(*WORKING, a_cancel()), a_cancel())
    with pytest.raises(InvariantError):
        step(working, replace(a_submit(), client_order_id=ClientOrderId("x")))


# ---- what the broker's lists prove ---------------------------------------------------------------------------


def test_given_an_unknown_submit_when_the_lists_show_it_then_it_works_and_the_late_acceptance_is_the_same() -> None:
    order = timed_out(an_order(a_submit())).after
    order = step(order, proved("accepted", 2)).after
    assert (order.status, order.live_legs[0].leaves_qty) == (State.WORKING, 2)
    change = step(order, accepted())
    assert (change.after.status, change.alert, len(change.after.facts)) == (State.WORKING, "", 1)
    assert step(change.after, proved("accepted", 2)).after == change.after


def test_given_shares_that_the_lists_prove_filled_when_details_come_then_only_their_money_takes_over() -> None:
    order = an_order(*WORKING, proved("filled", 2, notional=Krw(140_003)))
    assert (order.status, order.filled_qty, order.filled_notional) == (State.FILLED, 2, 140_003)
    change = step(order, filled(2, "t1", leaves=1, price=BETTER))
    assert (change.after.filled_qty, change.trigger, change.alert) == (2, "note", "")
    assert change.after.filled_notional == BETTER + 140_003 - 70_001
    order = step(change.after, filled(3, "t2")).after
    assert (order.filled_qty, order.filled_notional, order.inferred) == (2, BETTER + PRICE, ())
    assert step(order, filled(3, "t2")).after == order


def test_given_proved_shares_when_a_detail_tells_more_than_the_leg_had_then_overfill_is_alerted() -> None:
    change = step(an_order(*WORKING, proved("filled", 2)), filled(2, "t1", quantity=3))
    assert change.after.filled_qty == 3
    assert "overfill" in change.alert


def test_given_a_proof_of_a_fill_when_the_order_was_closed_then_it_is_a_late_fill() -> None:
    change = step(an_order(*WORKING, a_cancel(), cancelled(2, 2)), proved("filled", 1))
    assert (change.trigger, change.after.filled_qty) == ("late_fill", 1)


def test_given_a_proved_cancel_when_its_event_comes_then_nothing_is_added() -> None:
    order = timed_out(an_order(*WORKING, a_cancel())).after
    order = step(order, proved("cancelled", 2, request_id="c")).after
    assert (order.status, order.requests[0].state) == (State.CANCELLED, change_request.State.CONFIRMED)
    change = step(order, cancelled(2, 2))
    assert (change.after.cancelled_qty, change.after.inferred, change.alert) == (2, (), "")


def test_given_a_proof_that_names_no_request_when_an_event_names_one_then_it_is_the_same_shares() -> None:
    order = an_order(*WORKING, a_cancel(), proved("cancelled", 2))
    order = step(order, cancelled(2, 2)).after
    assert (order.status, order.cancelled_qty) == (State.CANCELLED, 2)


def test_given_shares_proved_cancelled_when_the_event_says_expired_then_they_went_that_way_only() -> None:
    order = an_order(*WORKING, proved("cancelled", 2), expired(2, 2))
    assert (order.cancelled_qty, order.expired_qty, order.inferred) == (0, 2, ())
    order = an_order(*WORKING, proved("expired", 2), cancelled(2, 2, request=""))
    assert (order.cancelled_qty, order.expired_qty, order.inferred) == (2, 0, ())


def test_given_proved_replacements_when_their_events_come_then_legs_stay_and_no_older_price_returns() -> None:
    order = timed_out(an_order(*WORKING, a_modify(), a_modify("m2", "A"))).after
    order = step(order, proved("replaced", 2, request_id="m")).after
    order = step(order, proved("replaced", 2, "B", request_id="m2", new_venue_order_id="D", limit_price=PRICE)).after
    assert (order.limit_price, [item.venue_order_id for item in order.live_legs]) == (PRICE, ["D"])
    order = step(order, replaced(2, 2)).after
    assert (order.limit_price, order.live_legs[0].leaves_qty) == (PRICE, 2)
    order = step(order, replaced(3, 2, "m2", "B", "D", price=PRICE)).after
    assert (order.limit_price, order.leaves_qty, len(order.live_legs)) == (PRICE, 2, 1)
    assert not any(fact.is_inferred for fact in order.facts if fact.new_venue_order_id)


def test_given_an_order_that_is_nowhere_when_proved_absent_then_rejected_and_any_sign_of_life_contradicts() -> None:
    order = timed_out(an_order(a_submit())).after
    order = step(order, proved("absent")).after
    assert (order.status, order.reason, order.leaves_qty) == (State.REJECTED, "the lists say so", 0)
    assert step(order, rejected()).after.status is State.REJECTED
    for fact in (accepted(), filled(1, "t1"), proved("accepted", 2), proved("filled", 1)):
        change = step(order, fact)
        assert (change.after.status, change.trigger) == (State.QUARANTINED, "contradict")
        assert change.alert


def test_given_an_order_with_a_number_when_proved_absent_then_the_lists_contradict_it() -> None:
    change = step(an_order(*WORKING), proved("absent"))
    assert change.after.status is State.QUARANTINED
    assert "do not know" in change.alert


def test_given_a_proved_refusal_when_events_come_then_the_same_is_no_news_and_a_fill_contradicts() -> None:
    order = step(timed_out(an_order(a_submit())).after, proved("rejected")).after
    assert (order.status, order.reason) == (State.REJECTED, "the lists say so")
    assert step(order, rejected()).after.status is State.REJECTED
    assert step(order, accepted()).after.status is State.REJECTED  # received first, then refused
    assert step(order, filled(1, "t1")).after.status is State.QUARANTINED


@pytest.mark.parametrize(
    ("quantity", "state"), [(0, change_request.State.REFUSED), (2, change_request.State.CONFIRMED)]
)
def test_given_an_unknown_change_when_resolved_then_it_is_answered_and_no_share_moves(
    quantity: int, state: change_request.State
) -> None:
    order = timed_out(an_order(*WORKING, a_cancel())).after
    change = step(order, proved("resolved", quantity, request_id="c"))
    assert (change.after.requests[0].state, change.after.status) == (state, State.WORKING)
    assert change.after.cancelled_qty == 0


@pytest.mark.parametrize("fact", [proved("filled", 0), proved("cancelled", -1), proved("wished", 1)])
def test_given_evidence_that_makes_no_sense_when_heard_then_it_is_not_booked_and_alerted(fact: object) -> None:
    order = an_order(*WORKING)
    change = step(order, fact)
    assert change.after == order
    assert "not booked" in change.alert


def test_given_evidence_of_another_symbol_when_heard_then_it_is_not_booked() -> None:
    change = step(an_order(*WORKING), replace(proved("filled", 1), symbol="000660"))
    assert (change.after.filled_qty, change.after.status) == (0, State.QUARANTINED)


def test_given_fills_and_proofs_when_summed_then_each_leg_knows_its_money() -> None:
    order = an_order(*WORKING, proved("filled", 1, commission=Krw(9)), filled(2, "t1"), proved("filled", 1))
    [leg_] = order.legs
    assert leg_.money.notional == order.filled_notional == 2 * PRICE
    assert leg_.money.commission == 0  # the detail's, not the inferred
