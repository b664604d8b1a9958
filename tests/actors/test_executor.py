"""The executor: every order is told truthfully, worked to its end, and never sent twice."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.role import Role
from actors.roles.executor import Executor
from domain.config import ExecutionConfig
from domain.messages import Message
from domain.messages.link import BrokerOpenOrder, BrokerPosition, ReconcileReported
from domain.messages.operator import CommandAnswered, FlattenRequested, ManualCancelRequested
from domain.messages.orders import (
    CancelOrder,
    ChangeRefused,
    ModifyOrder,
    OrderReplaced,
    OrderStateChanged,
    RequestAnswered,
    RequestStranded,
    ResolveOrder,
    SubmitOrder,
)
from domain.messages.trading import DayChanged, FillBooked, ModifyApproved, OrderDenied
from domain.status import OrdersQuery
from domain.types import (
    ClientOrderId,
    Krw,
    LinkName,
    OrderKind,
    Purpose,
    RequestId,
    RequestOutcome,
    Side,
    TimeInForce,
    VenueOrderId,
)
from domain.types import Venue as OrderVenue
from fsm import client_order
from tests.actors.builders import (
    SAMSUNG,
    House,
    Venue,
    a_quote,
    a_run,
    approved,
    broker_state,
    instruments,
    judged,
    link_is,
    only,
    state_of,
    venue,
)

SENT, REFUSED, VOID, IN_DOUBT = (RequestOutcome(name) for name in ("SENT", "REFUSED", "VOID", "IN_DOUBT"))


def a_house(*roles: Role, journal: str = "J", **changes: Any) -> House:
    """Give an executor whose orders link is READY; `changes` are of its run."""
    house = House(*(roles or (Executor(),)))
    house.hear(a_run(**changes), instruments(), link_is(LinkName.ORDERS, "RECONCILING", "CONNECTING"))
    house.hear(broker_state(journal=journal), link_is(LinkName.ORDERS), day("TRADING"))
    return house


def executor(house: House) -> Executor:
    role = house.core.kernel.role("executor")
    assert isinstance(role, Executor)
    return role


def day(state: str) -> DayChanged:
    return DayChanged("ARMED", state, "t", "because", venue(0))


def answered(
    order: str, outcome: RequestOutcome = SENT, request: str = "", resolved: bool = False, as_of: int = 0
) -> RequestAnswered:
    request_id = RequestId(request or order)
    return RequestAnswered(ClientOrderId(order), request_id, outcome, "", "text", resolved, as_of)


def a_change(order: str, quantity: int | None, price: int | None) -> ModifyApproved:
    limit = None if price is None else Krw(price)
    return ModifyApproved("c", ClientOrderId(order), quantity, limit, Krw(0), venue(0))


def status(house: House, order: str = "o1") -> str:
    return executor(house).orders[ClientOrderId(order)].status.value


def a_working_order(house: House, market: Venue, name: str = "o1", number: str = "1", **changes: Any) -> Any:
    order = approved(name, **changes)
    house.hear(order, answered(name), market.accepts(order, number))
    return order


def flatten(symbol: str = "") -> FlattenRequested:
    return FlattenRequested("c", "kim", symbol, "")


# ---- submitting and telling ------------------------------------------------------------------------------------


def test_given_an_approval_when_heard_then_one_intent_goes_out_and_is_told():
    house = a_house()
    out = house.hear(approved())
    assert [type(m) for m in out] == [SubmitOrder, OrderStateChanged]
    assert (out[1].from_status, out[1].to_status) == ("NEW", "PENDING_SUBMIT")  # type: ignore[attr-defined]
    assert house.tick() == []


def test_given_a_denial_when_heard_then_it_is_told_and_nothing_is_sent():
    order = approved()
    denied = OrderDenied(
        order.client_order_id,
        SAMSUNG,
        Side.BUY,
        OrderKind.LIMIT,
        Purpose.ENTRY,
        10,
        Krw(1),
        "GATE",
        "shut",
        "x",
        "",
        venue(0),
    )
    [told] = a_house().hear(denied)
    assert isinstance(told, OrderStateChanged)
    assert (told.from_status, told.to_status, told.trigger) == ("NEW", "DENIED", "deny")


class Booker(Role):
    """Books fills before the executor decides, as the portfolio does."""

    NAME = "portfolio"
    HEARS = (*Venue.FILLS,)

    def decide(self, message: Any, stamp: Any) -> Sequence[Message]:
        fill = (message.client_order_id, message.trade_id, message.symbol, message.side, message.last_qty)
        zero = Krw(0)
        return [FillBooked(*fill, message.last_px, zero, zero, zero, zero, 7, zero, zero, message.venue_time)]


def test_given_a_role_that_books_the_fill_first_when_a_fill_comes_then_the_executor_still_tells_it():
    house, market = a_house(Booker(), Executor()), Venue()
    order = a_working_order(house, market)
    told = only(OrderStateChanged, house.hear(market.fills(order, 10, 0)))
    assert [(m.from_status, m.to_status, m.filled_qty) for m in told] == [("WORKING", "FILLED", 10)]
    assert executor(house).positions == {SAMSUNG: 7}


def test_given_a_repeated_fact_when_the_stream_resumes_then_nothing_happens_twice():
    house, market = a_house(), Venue()
    order = a_working_order(house, market)
    fill = market.fills(order, 4, 6)
    assert len(house.hear(fill)) == 1
    assert house.hear(fill) == []
    assert executor(house).orders[order.client_order_id].filled_qty == 4


def test_given_a_gap_in_the_events_when_a_later_fact_comes_then_it_is_not_believed_before_the_missing_one():
    house, market = a_house(), Venue()
    order = a_working_order(house, market)
    missed, later = market.fills(order, 4, 6), market.fills(order, 6, 0)
    house.hear(later)
    assert status(house) == "WORKING"
    house.hear(missed, later)
    assert status(house) == "FILLED"


# ---- unknown fates ---------------------------------------------------------------------------------------------


def restarted(house: House) -> House:
    """Give the house a new process would fold."""
    again = House()
    again.core.kernel = house.folded(lambda: [Executor()])
    again.core.history = list(house.core.history)
    again.now = house.now
    return again


def test_given_a_kill_after_the_intent_when_a_new_run_begins_then_the_order_is_resolved_and_never_sent():
    house = a_house()
    house.hear(approved())
    again = restarted(house)
    out = again.hear(a_run())
    assert [type(m) for m in out] == [RequestStranded, OrderStateChanged]
    assert status(again) == "UNKNOWN_SUBMIT"
    again.hear(link_is(LinkName.ORDERS, "RECONCILING", "CONNECTING"))
    assert [type(m) for m in again.hear(broker_state())] == [ResolveOrder]
    out = again.hear(answered("o1", VOID, resolved=True))
    assert [type(m) for m in out] == [OrderStateChanged, ReconcileReported]
    assert status(again) == "REJECTED"
    assert len(again.said(SubmitOrder)) == 1


def test_given_pending_changes_when_a_new_run_begins_then_each_is_unknown_until_resolved():
    house, market = a_house(), Venue()
    a_working_order(house, market)
    house.hear(ManualCancelRequested("c", "kim", ClientOrderId("o1")))
    again = restarted(house)
    again.hear(a_run(), link_is(LinkName.ORDERS, "RECONCILING", "CONNECTING"))
    assert status(again) == "UNKNOWN_CANCEL"
    [asked] = only(ResolveOrder, again.hear(broker_state(open_there("1", 10), as_of=1)))
    [told, reported] = again.hear(answered("o1", VOID, asked.request_id, resolved=True))
    assert (told.to_status, reported.agreed) == ("WORKING", True)


def open_there(number: str, leaves: int, order: str = "o1") -> BrokerOpenOrder:
    return BrokerOpenOrder(number, order, SAMSUNG, Side.BUY, 10, leaves, Krw(10_000))


def test_given_an_overdue_answer_when_the_clock_ticks_then_it_is_stranded_once_and_asked_about():
    house = a_house()
    house.hear(approved())
    assert house.tick(4.0) == []
    out = house.tick(2.0)
    assert [type(m) for m in out] == [RequestStranded, OrderStateChanged, ResolveOrder]
    assert [house.tick() for _ in range(8)] == [[]] * 8


def test_given_an_answer_in_doubt_when_it_stays_so_then_the_question_is_put_again_ever_more_slowly():
    house = a_house()
    house.hear(approved())
    assert only(ResolveOrder, house.hear(answered("o1", IN_DOUBT)))
    assert only(ResolveOrder, house.hear(answered("o1", IN_DOUBT, resolved=True))) == []
    asked = 0
    for _ in range(240):  # two minutes
        for _ in only(ResolveOrder, house.tick()):
            asked += 1
            house.hear(answered("o1", IN_DOUBT, resolved=True))
    assert 2 <= asked <= 5
    assert status(house) == "UNKNOWN_SUBMIT"


def test_given_a_submit_the_broker_vouches_for_when_no_event_follows_then_the_log_is_not_flooded():
    house = a_house()
    house.hear(approved())
    for _ in range(240):
        for _ in only(ResolveOrder, house.tick()):
            house.hear(answered("o1", SENT, resolved=True))
    assert 2 <= len(house.said(RequestStranded)) <= 5
    assert len(house.said(SubmitOrder)) == 1


def test_given_a_clock_set_back_an_hour_when_it_ticks_then_the_overdue_answer_is_still_missed():
    house = a_house()
    house.hear(approved())
    assert only(RequestStranded, house.tick(-3600.0))


def test_given_a_link_that_is_down_when_a_request_is_stranded_then_it_is_resolved_only_in_reconciliation():
    house = a_house()
    house.hear(approved(), link_is(LinkName.ORDERS, "BACKING_OFF", "READY"))
    out = house.hear(RequestStranded(ClientOrderId("o1"), RequestId("o1"), "the link was closed"))
    assert only(ResolveOrder, [*out, *house.tick(60)]) == []
    assert house.hear(broker_state()) == []  # a late answer of the old connection
    house.hear(link_is(LinkName.ORDERS, "RECONCILING", "CONNECTING"))
    assert only(ResolveOrder, house.hear(broker_state()))


# ---- reconciliation --------------------------------------------------------------------------------------------


def reconcile(house: House, state: Any) -> ReconcileReported:
    house.hear(link_is(LinkName.ORDERS, "BACKING_OFF", "READY"), link_is(LinkName.ORDERS, "RECONCILING", "CONNECTING"))
    [reported] = only(ReconcileReported, house.hear(state))
    assert isinstance(reported, ReconcileReported)
    return reported


def test_given_books_that_agree_when_reconciled_then_it_says_so():
    house, market = a_house(), Venue()
    a_working_order(house, market)
    assert reconcile(house, broker_state(open_there("1", 10), as_of=1)).agreed


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (broker_state(open_there("1", 3), as_of=1), "order 1: 10 open here, 3 at the broker"),
        (broker_state(as_of=1), "order 1: 10 open here, 0 at the broker"),
        (broker_state(open_there("1", 10), open_there("9", 5, "ghost"), as_of=1), "order 9: 0 open here, 5 at the"),
        (
            broker_state(open_there("1", 10), positions=[BrokerPosition(SAMSUNG, 5, Krw(1))], as_of=1),
            "0 shares here, 5",
        ),
        (broker_state(open_there("1", 10), as_of=1, journal="K"), "was sent under journal J, the broker's is K"),
    ],
)
def test_given_books_that_differ_when_reconciled_then_the_difference_is_named(state: Any, words: str):
    house, market = a_house(), Venue()
    a_working_order(house, market)
    reported = reconcile(house, state)
    assert not reported.agreed
    assert words in "; ".join(reported.differences)


def test_given_a_fact_newer_than_the_brokers_answer_when_reconciled_then_only_its_symbol_is_left_out():
    house, market = a_house(), Venue()
    order = a_working_order(house, market)
    house.hear(market.fills(order, 4, 6))
    there = broker_state(open_there("1", 10), positions=[BrokerPosition("000660", 1, Krw(1))], as_of=1)
    assert reconcile(house, there).differences == ("000660: 0 shares here, 1 at the broker",)


def test_given_an_order_sent_under_another_journal_when_it_is_unknown_then_that_journal_is_not_asked():
    house = a_house()
    house.hear(approved(), RequestStranded(ClientOrderId("o1"), RequestId("o1"), "x"))
    house.hear(link_is(LinkName.ORDERS, "BACKING_OFF", "READY"), link_is(LinkName.ORDERS, "RECONCILING", "CONNECTING"))
    out = house.hear(broker_state(journal="K"))
    assert [type(m) for m in out] == [ReconcileReported]
    assert status(house) == "UNKNOWN_SUBMIT"


# ---- cancels ---------------------------------------------------------------------------------------------------


def test_given_a_halt_before_the_acceptance_when_the_order_is_accepted_then_it_is_cancelled():
    house, market = a_house(), Venue()
    order = approved()
    house.hear(order)
    assert only(CancelOrder, house.hear(day("HALTED"))) == []
    assert len(only(CancelOrder, house.hear(market.accepts(order)))) == 1


def test_given_a_flatten_before_the_acceptance_when_the_order_is_accepted_then_it_is_cancelled():
    house, market = a_house(), Venue()
    order = approved()
    house.hear(order, flatten())
    assert len(only(CancelOrder, house.hear(market.accepts(order)))) == 1


def test_given_a_link_that_is_down_when_the_day_closes_then_cancels_go_out_once_it_is_up():
    house, market = a_house(), Venue()
    a_working_order(house, market)
    house.hear(link_is(LinkName.ORDERS, "BACKING_OFF", "READY"))
    assert only(CancelOrder, house.hear(day("CLOSING"))) == []
    assert len(only(CancelOrder, house.hear(link_is(LinkName.ORDERS)))) == 1


def test_given_a_refused_cancel_when_the_day_is_halted_then_it_is_tried_again_by_the_clock_and_not_at_once():
    house, market = a_house(), Venue()
    order = a_working_order(house, market)
    [cancel] = only(CancelOrder, house.hear(day("HALTED")))
    refused = market.makes(
        ChangeRefused, order, request_id=cancel.request_id, venue_order_id=VenueOrderId("1"), code="BUSY", text="later"
    )
    assert only(CancelOrder, house.hear(refused)) == []
    assert only(CancelOrder, house.tick(1.0)) == []
    [second] = only(CancelOrder, house.tick(5.0))
    assert second.request_id != cancel.request_id


def test_given_a_replace_in_doubt_when_the_day_is_halted_then_the_live_leg_is_cancelled_all_the_same():
    house, market = a_house(), Venue()
    a_working_order(house, market)
    [modify, _, _] = house.hear(a_change("o1", None, 10_050))
    house.hear(answered("o1", IN_DOUBT, modify.request_id))  # type: ignore[attr-defined]
    assert status(house) == "UNKNOWN_REPLACE"
    assert len(only(CancelOrder, house.hear(day("HALTED")))) == 1
    assert only(CancelOrder, house.hear(day("CLOSING"))) == []  # it is on its way


def two_legs(house: House, market: Venue, **changes: Any) -> Any:
    """Give an order of 10 with 2 filled, 5 resting at 10,000 and 3 at 10,050."""
    order = a_working_order(house, market, **changes)
    house.hear(market.fills(order, 2, 8))
    [modify, *_] = house.hear(a_change("o1", 3, 10_050))
    house.hear(
        market.makes(
            OrderReplaced,
            order,
            request_id=modify.request_id,  # type: ignore[attr-defined]
            venue_order_id=VenueOrderId("1"),
            new_venue_order_id=VenueOrderId("2"),
            moved_qty=3,
            limit_price=Krw(10_050),
            leaves_qty=5,
        )
    )
    return order


def test_given_a_partial_fill_and_two_legs_when_cancelled_then_each_leg_is_cancelled_once():
    house, market = a_house(), Venue()
    two_legs(house, market)
    assert status(house) == "PARTIAL"
    out = house.hear(ManualCancelRequested("c", "kim", ClientOrderId("o1")))
    assert [m.original_venue_order_id for m in only(CancelOrder, out)] == ["1", "2"]
    [answer] = only(CommandAnswered, out)
    assert (answer.accepted, answer.cancels) == (True, 2)


def test_given_two_legs_when_an_exit_rests_too_long_then_both_go_to_the_touch_and_only_once():
    house, market = a_house(), Venue()
    two_legs(house, market, side=Side.SELL)
    late = judged(a_quote(40, 9_900))
    assert [(m.original_venue_order_id, m.limit_price) for m in only(ModifyOrder, house.hear(late))] == [
        ("1", 9_890),
        ("2", 9_890),
    ]
    assert house.hear(judged(a_quote(41, 9_800)), judged(a_quote(90, 9_700))) == []


def test_given_a_refused_move_when_quotes_go_on_then_it_is_not_repeated_on_each_of_them():
    house, market = a_house(), Venue()
    a_working_order(house, market, side=Side.SELL)
    [modify] = only(ModifyOrder, house.hear(judged(a_quote(40, 9_900))))
    house.hear(answered("o1", REFUSED, modify.request_id))
    assert only(ModifyOrder, house.hear(*[judged(a_quote(41 + n, 9_900)) for n in range(50)])) == []
    house.tick(6.0)
    assert len(only(ModifyOrder, house.hear(judged(a_quote(99, 9_900))))) == 1


def test_given_an_entry_that_rests_too_long_when_a_quote_comes_then_it_is_cancelled_once():
    house, market = a_house(), Venue()
    a_working_order(house, market)
    assert house.hear(judged(a_quote(50))) == []
    assert len(only(CancelOrder, house.hear(judged(a_quote(70)), judged(a_quote(71))))) == 1


def test_given_a_broker_with_a_clock_ahead_when_an_entry_rests_too_long_then_the_quotes_clock_counts():
    house, market = a_house(), Venue()
    house.hear(a_run(orders_endpoint="elsewhere:1"), link_is(LinkName.ORDERS), judged(a_quote(10)))
    market.at = 3_600.0
    a_working_order(house, market)
    assert only(CancelOrder, house.hear(judged(a_quote(70)))) == []
    assert len(only(CancelOrder, house.hear(judged(a_quote(71))))) == 1


def test_given_a_broker_with_a_clock_behind_when_an_exit_was_moved_then_it_rests_again_before_it_moves_again():
    house, market = a_house(), Venue()
    house.hear(a_run(orders_endpoint="elsewhere:1"), link_is(LinkName.ORDERS), judged(a_quote(3_600)))
    order = a_working_order(house, market, side=Side.SELL, venue_time=venue(3_600))
    [modify] = only(ModifyOrder, house.hear(judged(a_quote(3_640, 9_900))))
    ids = {
        "request_id": modify.request_id,
        "venue_order_id": VenueOrderId("1"),
        "new_venue_order_id": VenueOrderId("2"),
    }
    moved = market.makes(OrderReplaced, order, moved_qty=10, limit_price=Krw(9_890), leaves_qty=0, **ids)
    house.hear(answered("o1", request=modify.request_id), moved)
    assert only(ModifyOrder, house.hear(judged(a_quote(3_641, 9_800)))) == []
    assert len(only(ModifyOrder, house.hear(judged(a_quote(3_680, 9_800))))) == 1


@pytest.mark.parametrize("kind", [OrderKind.STOP_LIMIT, OrderKind.CONDITIONAL_LIMIT, OrderKind.POST_CLOSE])
def test_given_a_kind_that_waits_by_design_when_it_rests_then_it_is_left_until_the_day_ends(kind: OrderKind):
    house, market = a_house(), Venue()
    a_working_order(house, market, kind=kind)
    assert house.hear(judged(a_quote(5_000))) == []
    assert len(only(CancelOrder, house.hear(day("CLOSING")))) == 1


def test_given_terms_when_approved_then_the_intent_and_the_order_carry_them():
    house = a_house()
    terms = {"time_in_force": TimeInForce.IOC, "venue": OrderVenue.SOR, "stop_price": Krw(10_100)}
    [submit, _] = house.hear(approved(kind=OrderKind.STOP_LIMIT, **terms))
    order = executor(house).orders[ClientOrderId("o1")]
    for found in (submit, order):
        assert {name: getattr(found, name) for name in terms} == terms


# ---- people ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("quantity", "price", "code"),
    [
        (0, 10_050, "QUANTITY"),
        (-5, 10_050, "QUANTITY"),
        (11, 10_050, "QUANTITY"),
        (None, 10_051, "TICK"),
        (None, -50, "TICK"),
        (None, 13_050, "PRICE_LIMIT"),
        (None, 10_000, "NO_CHANGE"),
        (5, None, "NO_CHANGE"),
    ],
)
def test_given_a_senseless_change_when_asked_then_it_is_refused_with_a_reason(quantity: int, price: int, code: str):
    house, market = a_house(), Venue()
    a_working_order(house, market)
    house.hear(judged(a_quote(2)))
    asked = a_change("o1", quantity, price)
    [answer] = house.hear(asked)
    assert isinstance(answer, CommandAnswered)
    assert (answer.accepted, answer.code) == (False, code)


def test_given_a_replace_in_doubt_when_a_cancel_is_on_its_way_then_only_the_replace_is_asked_about():
    house, market = a_house(), Venue()
    order = a_working_order(house, market)
    [modify, *_] = only(ModifyOrder, house.hear(a_change("o1", None, 10_050)))
    house.hear(answered("o1", IN_DOUBT, modify.request_id), day("HALTED"))
    house.hear(market.fills(order, 1, 9), link_is(LinkName.ORDERS))
    assert {m.request_id for m in house.said(ResolveOrder)} == {modify.request_id}


def test_given_no_such_order_or_no_link_when_a_cancel_is_asked_then_it_is_refused():
    house, market = a_house(), Venue()
    a_working_order(house, market)
    [unknown] = house.hear(ManualCancelRequested("c", "kim", ClientOrderId("zzz")))
    house.hear(link_is(LinkName.ORDERS, "BACKING_OFF", "READY"))
    [down] = house.hear(ManualCancelRequested("c", "kim", ClientOrderId("o1")))
    assert (unknown.code, down.code) == ("UNKNOWN_ORDER", "CONNECTION")  # type: ignore[attr-defined]


def test_given_orders_when_listed_then_newest_come_first_and_filters_hold():
    house, market = a_house(), Venue()
    first = a_working_order(house, market)
    a_working_order(house, market, "o2", "2")
    house.hear(market.fills(first, 10, 0))
    role = executor(house)
    assert [o.client_order_id for o in role.view(OrdersQuery())] == ["o2", "o1"]
    assert [o.client_order_id for o in role.view(OrdersQuery(open_only=True))] == ["o2"]
    assert role.view(OrdersQuery(symbol="000660")) == ()
    assert [o.client_order_id for o in role.view(OrdersQuery(client_order_id="o1"))] == ["o1"]


# ---- any sequence ----------------------------------------------------------------------------------------------

ORDER_STEPS = "approve accept fill cancelled cancel modify answer refuse doubt strand resolve"
OTHER_STEPS = "tick wait quote down up halt trade flatten restart repeat"
WEIGHTED = [*["approve", "accept", "fill", "modify"] * 3, *ORDER_STEPS.split() * 2, *OTHER_STEPS.split()]
SCRIPTS = st.integers(0, 40).flatmap(
    lambda size: st.lists(st.tuples(st.sampled_from(WEIGHTED), st.integers(0, 20)), min_size=size, max_size=size)
)


class Game:
    """Plays any sequence against an executor, with a venue that only says what is possible."""

    def __init__(self, remembers: bool = False) -> None:
        self.run = {"execution": ExecutionConfig(remember_cancels=remembers)}
        self.house, self.market = a_house(**self.run), Venue()
        self.facts: list[Message] = []
        self.names: list[str] = []
        self.sent_before_run: set[str] = set()

    def play(self, step: str, pick: int) -> None:
        house, market, role = self.house, self.market, executor(self.house)
        orders = [role.orders[ClientOrderId(n)] for n in self.names]
        order = orders[pick % len(orders)] if orders else None
        legs = list(order.live_legs) if order else []
        leg = next((item for item in legs if item.leaves_qty), None)
        open_requests = [r for r in order.requests if r.is_open] if order else []
        match step:
            case "approve":
                self.names.append(f"o{len(self.names)}")
                house.hear(approved(self.names[-1], side=Side.SELL if pick % 2 else Side.BUY))
            case "accept" if order and not order.legs and not order.is_closed:
                self.fact(market.accepts(order, f"{self.names.index(order.client_order_id)}00"))  # type: ignore[arg-type]
            case "fill" if order and leg:
                self.fact(market.fills(order, 1, leg.leaves_qty - 1, leg.venue_order_id))
            case "cancelled" if order and leg:
                asked = [r for r in open_requests if r.original_venue_order_id == leg.venue_order_id]
                request = asked[0].request_id if asked else ""
                self.fact(market.cancels(order, leg.leaves_qty, request, leg.venue_order_id))
            case "cancel" if order:
                house.hear(ManualCancelRequested("c", "kim", order.client_order_id))
            case "modify" if order:
                house.hear(a_change(order.client_order_id, 1 + pick % 3, 10_050))
            case "answer" | "refuse" | "doubt" if order:
                outcome = {"answer": SENT, "refuse": REFUSED, "doubt": IN_DOUBT}[step]
                request = open_requests[0].request_id if open_requests else order.client_order_id
                house.hear(answered(order.client_order_id, outcome, request))
            case "strand" if order:
                request = open_requests[0].request_id if open_requests else order.client_order_id
                house.hear(RequestStranded(order.client_order_id, RequestId(request), "x"))
            case "resolve":
                for request, owner in list(role.resolving.items()):
                    house.hear(answered(owner, (SENT, VOID, IN_DOUBT)[pick % 3], request, resolved=True))
            case _:
                self.surroundings(step, pick)

    def surroundings(self, step: str, pick: int) -> None:
        house = self.house
        match step:
            case "tick" | "wait":
                house.tick(0.5 if step == "tick" else 10.0)
            case "quote":
                house.hear(judged(a_quote(pick * 10, 9_900 + pick % 3 * 10)))
            case "down":
                house.hear(link_is(LinkName.ORDERS, "BACKING_OFF", "READY"))
            case "up":
                house.hear(link_is(LinkName.ORDERS, "RECONCILING", "CONNECTING"), broker_state(as_of=self.market.seq))
                house.hear(link_is(LinkName.ORDERS))
            case "halt" | "trade":
                house.hear(day("HALTED" if step == "halt" else "TRADING"))
            case "flatten":
                house.hear(flatten())
            case "repeat" if self.facts:
                assert house.hear(self.facts[pick % len(self.facts)]) == []
            case "restart":
                self.house = restarted(house)
                self.house.hear(a_run(**self.run))
                pending = {"PENDING_SUBMIT", "SUBMITTED", "PENDING_CANCEL", "PENDING_REPLACE"}
                assert not pending & {order.status.value for order in executor(self.house).orders.values()}

    def fact(self, fact: Message) -> None:
        self.facts.append(fact)
        self.house.hear(fact)


@given(SCRIPTS, st.booleans())
def test_for_any_sequence_nothing_is_sent_twice_and_what_is_told_is_one_unbroken_story(
    steps: list[tuple[str, int]], remembers: bool
):
    game = Game(remembers)
    for step, pick in steps:
        game.play(step, pick)
    house = game.house
    assert house.core.kernel.benched == {}
    intents = house.said(SubmitOrder, ModifyOrder, CancelOrder)
    ids = [getattr(m, "request_id", m.client_order_id) for m in intents]
    assert len(ids) == len(set(ids))
    story = dict.fromkeys(game.names, "NEW")
    for told in house.said(OrderStateChanged):
        assert told.from_status == story[told.client_order_id]
        story[told.client_order_id] = told.to_status
        assert told.trigger in client_order.MACHINE.triggers()
    assert story == {name: status(house, name) for name in game.names}
    assert set(executor(house).open) == {n for n in game.names if story[n] not in client_order.CLOSED}


@given(SCRIPTS, st.booleans())
def test_for_any_sequence_the_fold_gives_the_live_state_and_the_replay_the_same_outputs(
    steps: list[tuple[str, int]], remembers: bool
):
    game = Game(remembers)
    for step, pick in steps:
        game.play(step, pick)
    house = game.house
    [again] = house.folded(lambda: [Executor()]).roles
    assert state_of(again) == state_of(executor(house))
    report = house.replayed(lambda: [Executor()])
    assert report.identical or report.outputs == 0, report


@given(SCRIPTS)
def test_for_any_sequence_an_honest_broker_leads_every_order_to_its_end(steps: list[tuple[str, int]]):
    game = Game()
    for step, pick in steps:
        game.play(step, pick)
    for step in ("up", "halt", *["resolve_void", "wait", "cancel_all"] * 12):
        role = executor(game.house)
        if step == "resolve_void":
            for request, owner in list(role.resolving.items()):
                game.house.hear(answered(owner, VOID, request, resolved=True))
        elif step == "cancel_all":
            for order in [role.orders[i] for i in role.open]:
                for request in [r for r in order.requests if r.is_open and r.kind == "CANCEL"]:
                    leg = order.leg(request.original_venue_order_id)
                    if leg and leg.leaves_qty:
                        game.fact(game.market.cancels(order, leg.leaves_qty, request.request_id, leg.venue_order_id))
                    break
        else:
            game.play(step, 0)
    left = {n: status(game.house, n) for n in executor(game.house).open}
    assert set(left.values()) <= {"QUARANTINED"}, left
