"""What an order needs done, rule by rule."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.config import ExecutionConfig
from domain.order_work import (
    Asked,
    bad_change,
    legs_to_cancel,
    legs_to_move,
    overdue_requests,
    overstays,
    touch,
    unknown_requests,
    waiting_requests,
)
from domain.orders import ChangeKind, ChangeRequest, ClientOrder, Leg, from_approved
from domain.types import Krw, OrderKind, Purpose, RequestId, Side, TimeInForce, UnixNanos, VenueOrderId
from fsm import change_request, leg
from fsm.client_order import State
from tests.actors.builders import DAY, SECOND, a_quote, an_instrument, approved


def a_leg(number: str, open_qty: int, price: int | None = 10_000) -> Leg:
    limit = None if price is None else Krw(price)
    return Leg(VenueOrderId(number), leg.State.LIVE, open_qty, is_sized=True, limit_price=limit)


def an_order(*legs: Leg, status: State = State.WORKING, requests: tuple[ChangeRequest, ...] = ()) -> ClientOrder:
    made = from_approved(approved(quantity=10))
    return made._replace(legs=legs, status=status, requests=requests, submitted_at=UnixNanos(SECOND))


def a_request(state: str, of: str = "1", kind: ChangeKind = ChangeKind.CANCEL, name: str = "r") -> ChangeRequest:
    at = UnixNanos(2 * SECOND)
    return ChangeRequest(RequestId(name), kind, VenueOrderId(of), 0, None, change_request.State(state), at)


@pytest.mark.parametrize(
    ("status", "asked_for", "expected"),
    [
        (State.WORKING, (), ["1", "2"]),
        (State.UNKNOWN_CANCEL, (a_request("UNKNOWN"),), ["2"]),
        (State.UNKNOWN_REPLACE, (a_request("UNKNOWN", kind=ChangeKind.MODIFY),), ["1", "2"]),
        (State.WORKING, (a_request("REFUSED"),), ["1", "2"]),
        (State.PENDING_REPLACE, (), []),
        (State.FILLED, (), []),
    ],
)
def test_given_two_live_legs_when_asked_what_to_cancel_then_no_leg_is_cancelled_twice(
    status: State, asked_for: tuple[ChangeRequest, ...], expected: list[str]
):
    order = an_order(a_leg("1", 6), a_leg("2", 4), status=status, requests=asked_for)
    assert [item.venue_order_id for item in legs_to_cancel(order)] == expected


@given(st.lists(st.tuples(st.integers(1, 9), st.sampled_from([None, 10_000, 10_050])), max_size=4), st.integers(1, 40))
def test_for_any_legs_moves_stay_within_each_leg_and_the_quantity(legs: list[tuple[int, int | None]], quantity: int):
    order = an_order(*[a_leg(str(n), shares, price) for n, (shares, price) in enumerate(legs)])
    moves = legs_to_move(order, Krw(10_050), quantity)
    assert sum(shares for _, shares in moves) <= quantity
    assert all(0 < shares <= item.leaves_qty and item.limit_price == 10_000 for item, shares in moves)


def test_given_a_quote_when_asked_for_the_touch_then_it_is_the_other_side_of_a_fresh_book():
    sell, quote = an_order()._replace(side=Side.SELL), a_quote(1)
    at = quote.venue_time
    assert (touch(sell, quote, at), touch(an_order(), quote, at), touch(sell, None, at)) == (9_990, 10_010, None)
    assert touch(sell, quote, at + 1) is None
    assert touch(sell, quote._replace(bid_price=0), at) is None


@pytest.mark.parametrize(
    ("kind", "force", "entry_goes", "exit_moves"),
    [
        (OrderKind.LIMIT, TimeInForce.DAY, True, True),
        (OrderKind.BEST_LIMIT, TimeInForce.DAY, True, True),
        (OrderKind.FIRST_LIMIT, TimeInForce.DAY, True, True),
        (OrderKind.MARKET, TimeInForce.DAY, True, False),
        (OrderKind.MID, TimeInForce.DAY, True, False),
        (OrderKind.LIMIT, TimeInForce.IOC, True, False),
        (OrderKind.LIMIT, TimeInForce.FOK, True, False),
        (OrderKind.STOP_LIMIT, TimeInForce.DAY, False, False),
        (OrderKind.CONDITIONAL_LIMIT, TimeInForce.DAY, False, False),
        (OrderKind.PRE_OPEN_CLOSE, TimeInForce.DAY, False, False),
        (OrderKind.POST_CLOSE, TimeInForce.DAY, False, False),
        (OrderKind.OFF_HOURS_SINGLE, TimeInForce.DAY, False, False),
    ],
)
def test_given_a_kind_when_it_rests_too_long_then_only_what_can_be_helped_is_touched(
    kind: OrderKind, force: TimeInForce, entry_goes: bool, exit_moves: bool
):
    settings = ExecutionConfig()
    entry = an_order(a_leg("1", 10))._replace(kind=kind, time_in_force=force)
    leave = entry._replace(side=Side.SELL, purpose=Purpose.EXIT)
    for order, patience_ms, goes in (
        (entry, settings.entry_patience_ms, entry_goes),
        (leave, settings.exit_patience_ms, exit_moves),
    ):
        assert not overstays(order, patience_ms * 1_000_000, settings)
        assert overstays(order, patience_ms * 1_000_000 + 1, settings) is goes
        by_hand = order._replace(origin="operator:cli:mina")
        left = replace(settings, hurry_hand_orders=False)
        assert not overstays(by_hand, patience_ms * 1_000_000 + 1, left), "a person's order is theirs to move"
        assert overstays(by_hand, patience_ms * 1_000_000 + 1, settings) is goes, "as runs before 0.3.0 did"


@pytest.mark.parametrize("kind", [OrderKind.LIMIT, OrderKind.MARKET, OrderKind.BEST_LIMIT, OrderKind.FIRST_LIMIT])
def test_given_a_leg_whose_price_nobody_told_when_moved_then_only_kinds_priced_by_the_venue_go(kind: OrderKind):
    order = an_order(a_leg("1", 10, None))._replace(kind=kind)
    moves = [(item.venue_order_id, shares) for item, shares in legs_to_move(order, Krw(10_050))]
    assert moves == ([("1", 10)] if kind in (OrderKind.BEST_LIMIT, OrderKind.FIRST_LIMIT) else [])
    told = order._replace(legs=(a_leg("1", 10, 10_050),))
    assert legs_to_move(told, Krw(10_050)) == []


@pytest.mark.parametrize("kind", list(OrderKind))
def test_given_a_kind_when_a_person_changes_its_price_then_what_has_none_is_refused_with_the_reason(kind: OrderKind):
    order = an_order(a_leg("1", 10))._replace(kind=kind)
    found = bad_change(order, None, Krw(10_050), an_instrument(), DAY)
    unpriced = kind in (OrderKind.MARKET, OrderKind.MID, OrderKind.PRE_OPEN_CLOSE, OrderKind.POST_CLOSE)
    assert (found is not None and found[0]) == ("KIND" if unpriced else False)
    at_once = order._replace(time_in_force=TimeInForce.IOC)
    assert bad_change(at_once, None, Krw(10_050), an_instrument(), DAY) is not None


def test_given_states_of_a_submit_and_of_requests_when_asked_then_what_waits_and_what_is_unknown_differ():
    assert waiting_requests(an_order(status=State.SUBMITTED)) == {"o1": SECOND}
    assert waiting_requests(an_order(status=State.UNKNOWN_SUBMIT)) == {}
    assert unknown_requests(an_order(status=State.UNKNOWN_SUBMIT)) == ["o1"]
    requests = (a_request("SENT", name="a"), a_request("UNKNOWN", name="b"), a_request("CONFIRMED", name="c"))
    order = an_order(a_leg("1", 10), status=State.UNKNOWN_CANCEL, requests=requests)
    assert (list(waiting_requests(order)), unknown_requests(order)) == (["a"], ["b"])
    assert unknown_requests(order._replace(status=State.CANCELLED)) == []


@given(st.integers(0, 12), st.integers(-(10**12), 10**12))
def test_for_any_question_the_wait_doubles_up_to_a_bound_whichever_way_the_clock_goes(times: int, passed: int):
    asked = Asked(times, SECOND)
    assert asked.is_due(SECOND + passed, 10) == (abs(passed) > 10 * 2 ** min(times, 6))


def test_given_an_order_without_an_answer_when_the_limit_has_passed_then_it_is_overdue():
    order = an_order(status=State.PENDING_SUBMIT)
    assert overdue_requests(order, {}, 3 * SECOND, 2 * SECOND) == []
    assert overdue_requests(order, {}, 3 * SECOND + 1, 2 * SECOND) == ["o1"]
    vouched = {RequestId("o1"): Asked(1, 3 * SECOND)}
    assert overdue_requests(order, vouched, 7 * SECOND, 2 * SECOND) == []


def test_given_a_price_on_the_edge_of_the_limits_when_a_change_is_asked_then_it_is_fine():
    order, known = an_order(a_leg("1", 10)), an_instrument()
    assert bad_change(order, 10, Krw(13_000), known, DAY) is None
    assert bad_change(order, None, Krw(13_010), known, DAY) == (
        *("PRICE_LIMIT", "limit_price 13,010 is outside today's limits 7,000 to 13,000"),
    )
    assert bad_change(order, None, Krw(99_999_999), None, DAY) is None
