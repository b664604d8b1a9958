"""Orders go another way when a person says so, the old way being stopped and reconciled; never otherwise."""

from typing import Any

import pytest

from actors.roles.connection_supervisor import ConnectionSupervisor
from domain.messages import Message
from domain.messages.link import (
    CloseLink,
    ConnectionChanged,
    LinkLost,
    OpenLink,
    OrdersRouted,
    ReconcileReported,
)
from domain.messages.operator import CommandAnswered, OrdersRouteRequested
from domain.messages.orders import OrderStateChanged
from domain.messages.trading import DayChanged, GateChanged
from domain.status import LinksQuery
from domain.types import Gate, LinkName, ServerKind, Side, UnixNanos
from fsm.connection import State
from tests.actors.builders import House, Venue, a_run, approved, only, opened, state_of, venue
from tests.actors.money_builders import order_state
from tests.actors.test_connection_supervisor import AGREED, ORDERS, ready, role, state

OLD, NEW = "a:1", "b:2"
RUN = {"orders_endpoint": OLD}


class Order:
    """What `order_state` needs of an order."""

    client_order_id, symbol, quantity, limit_price = "o1", "005930", 10, 10_000
    side, purpose = Side.BUY, "ENTRY"


def ask(endpoint: str = NEW, note: str = "its host died") -> OrdersRouteRequested:
    return OrdersRouteRequested("c1", "kim", endpoint, note)


def the_day(state: str, gate: Gate = Gate.CANCELS_ONLY) -> list[Message]:
    return [GateChanged(gate, "x"), DayChanged("TRADING", state, "t", "because", venue(1))]


def rested(**run: Any) -> House:
    """Give a house that was halted, with nothing open and books that agree."""
    house = ready(**(RUN | run))
    house.hear(*the_day("HALTED"))
    return house


def answer(house: House, asked: Message) -> CommandAnswered:
    [found] = only(CommandAnswered, house.hear(asked))
    assert isinstance(found, CommandAnswered)
    return found


def endpoint(house: House) -> str:
    found: str = role(house).view(LinksQuery(UnixNanos(house.now))).orders_path
    return found


@pytest.mark.parametrize("state_of_day", ["PAUSED", "HALTED", "CLOSED"])
def test_given_an_old_way_at_rest_when_asked_then_it_is_hung_up_and_the_new_one_dialled(state_of_day: str):
    house = ready(**RUN)
    house.hear(*the_day(state_of_day, Gate.EXITS_ONLY))
    closed, routed, changed, dialled, answered = house.hear(ask())
    assert isinstance(closed, CloseLink) and closed.link is ORDERS
    assert routed == OrdersRouted(OLD, NEW, "routed by kim: its host died")
    assert isinstance(changed, ConnectionChanged)
    assert (changed.from_state, changed.to_state, changed.trigger) == ("READY", "CONNECTING", "redirect")
    assert dialled == OpenLink(ORDERS, NEW, 1, 0, "")
    assert answered == CommandAnswered("c1", True, "", "orders go to b:2 from now on", "")
    house.hear(opened(ORDERS), AGREED)
    assert (state(house, ORDERS), endpoint(house)) == (State.READY, NEW)


def unknown(status: str) -> OrderStateChanged:
    found = order_state(Order, status)
    assert isinstance(found, OrderStateChanged)
    return found


FILLED = [unknown("WORKING"), unknown("FILLED")]


@pytest.mark.parametrize(
    ("before", "asked", "code", "words"),
    [
        ([], ask(note="  "), "NOTE_NEEDED", "needs a note"),
        ([], ask("b2"), "ENDPOINT", "'b2': HOST:PORT is expected"),
        ([], ask("b:0"), "ENDPOINT", "'b:0'"),
        (the_day("TRADING", Gate.OPEN), ask(), "WRONG_STATE", "the day is TRADING and the gate OPEN"),
        (the_day("PAUSED", Gate.OPEN), ask(), "WRONG_STATE", "the gate OPEN"),
        (the_day("CLOSING"), ask(), "WRONG_STATE", "the day is CLOSING"),
        ([approved()], ask(), "ORDERS_OPEN", "1 order is not closed"),
        ([unknown("WORKING")], ask(), "ORDERS_OPEN", "1 order is not closed"),
        ([unknown("UNKNOWN_SUBMIT")], ask(), "ORDERS_OPEN", "the fate of 1 is not known"),
        ([unknown("QUARANTINED")], ask(), "ORDERS_OPEN", "the fate of 1 is not known"),
        ([unknown("WORKING"), unknown("FILLED")], ask(), "NOT_RECONCILED", "since the last order event"),
        ([Venue().accepts(approved())], ask(), "NOT_RECONCILED", "hantrade reconcile"),
        ([ReconcileReported(False, ("x",), 0, 0, kind="audit")], ask(), "NOT_RECONCILED", "books"),
        ([ReconcileReported(True, (), 0, 1, kind="audit")], ask(), "NOT_RECONCILED", "books"),
        ([ReconcileReported(True, ("seen once",), 0, 0, kind="audit", run="a1")], ask(), "NOT_RECONCILED", "books"),
        ([*FILLED, ReconcileReported(True, ("no audit",), 0, 0, kind="audit")], ask(), "NOT_RECONCILED", "books"),
        ([LinkLost(ORDERS, "x"), "dial"], ask(), "WRONG_STATE", "the orders link is CONNECTING"),
    ],
)
def test_given_something_open_or_in_doubt_when_asked_then_it_is_refused_and_nothing_moves(
    before: list[Any], asked: Message, code: str, words: str
):
    house = rested()
    for message in before:
        house.tick(1) if message == "dial" else house.hear(message)
    found = answer(house, asked)
    assert (found.accepted, found.code) == (False, code)
    assert words in found.text
    assert (house.said(OrdersRouted), endpoint(house)) == ([], OLD)


@pytest.mark.parametrize("kind", ["gated", "audit", "manual"])
def test_given_an_order_event_when_books_agree_after_it_then_orders_may_go_another_way(kind: str):
    house = rested()
    house.hear(Venue().accepts(approved()), ReconcileReported(True, (), 0, 0, kind="dry_run"))
    assert answer(house, ask()).code == "NOT_RECONCILED", "a dry run proves nothing"
    house.hear(ReconcileReported(True, (), 0, 0, kind=kind))
    assert answer(house, ask()).accepted


def test_given_a_way_that_broke_after_books_agreed_when_asked_then_it_may_change_while_it_backs_off():
    house = rested()
    house.hear(LinkLost(ORDERS, "its host died"))
    assert answer(house, ask()).accepted
    assert state(house, ORDERS) is State.CONNECTING


def test_given_a_route_when_it_is_asked_for_again_then_nothing_moves():
    house = rested()
    assert answer(house, ask(OLD)).text == "orders go to a:1 already"
    assert house.said(OrdersRouted) == []


def test_given_the_wrong_kind_of_server_on_the_new_way_when_it_answers_then_the_link_fails_and_may_go_back():
    house = rested()
    house.hear(ask(), opened(ORDERS, server_kind=ServerKind.REAL))
    assert state(house, ORDERS) is State.FAILED
    assert answer(house, ask("")).accepted, "nothing means the way configured"
    assert endpoint(house) == OLD


def test_given_a_broker_of_another_account_on_the_new_way_when_books_differ_there_then_the_way_back_is_open():
    house = rested()
    house.hear(ask(), opened(ORDERS), ReconcileReported(False, ("another account",), 0, 0))
    assert state(house, ORDERS) is State.BACKING_OFF
    assert answer(house, ask("")).accepted
    house.hear(opened(ORDERS), AGREED, LinkLost(ORDERS, "x"))
    house.tick(1)
    house.hear(opened(ORDERS), ReconcileReported(False, ("cash",), 0, 0))
    assert answer(house, ask()).code == "NOT_RECONCILED", "orders were sent over this way"


def test_given_another_door_to_the_same_broker_when_orders_go_there_then_events_resume_behind_the_last():
    house = rested()
    market, order = Venue("J"), approved()
    house.hear(market.accepts(order), market.fills(order, 10, 0), AGREED)
    assert [m for m in house.hear(ask()) if isinstance(m, OpenLink)] == [OpenLink(ORDERS, NEW, 1, 2, "J")]
    house.hear(opened(ORDERS), AGREED, market.accepts(order))
    assert (role(house).after_seq, role(house).gap, state(house, ORDERS)) == (3, "", State.READY)


def test_given_a_late_answer_of_the_old_way_when_it_comes_then_it_is_not_taken_for_the_new_one():
    house = rested()
    house.hear(ask())
    late = opened(ORDERS)
    house.hear(type(late)(ORDERS, late.session, OLD))
    assert state(house, ORDERS) is State.CONNECTING


def test_given_events_of_both_ways_when_routed_to_and_fro_then_each_journal_resumes_behind_its_last():
    house = rested()
    market, other = Venue("J"), Venue("K")
    order = approved()
    house.hear(market.accepts(order), market.fills(order, 10, 0), AGREED, ask(), opened(ORDERS, journal_id="K"), AGREED)
    house.hear(other.accepts(order), AGREED)
    dialled = [m for m in house.hear(ask("")) if isinstance(m, OpenLink)]
    assert dialled == [OpenLink(ORDERS, OLD, 1, 2, "J")]
    house.hear(opened(ORDERS), AGREED)
    dialled = [m for m in house.hear(ask()) if isinstance(m, OpenLink)]
    assert dialled == [OpenLink(ORDERS, NEW, 1, 1, "K")]


@pytest.mark.parametrize(("configured", "goes_to"), [(OLD, NEW), ("c:3", "c:3"), (NEW, NEW)])
def test_given_a_route_when_a_new_run_begins_then_it_holds_until_the_configuration_says_another_way(
    configured: str, goes_to: str
):
    house = rested()
    house.hear(ask())
    house.hear(a_run(orders_endpoint=configured))
    assert [m.endpoint for m in house.said(OpenLink) if m.link is LinkName.ORDERS][-1] == goes_to
    [again] = house.folded(lambda: [ConnectionSupervisor()]).roles
    assert state_of(again) == state_of(role(house))
