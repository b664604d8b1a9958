"""The orders link against a broker that the test plays: every request ends in one answer, whatever breaks."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pykka
import pytest

from actors.edges.gate import WireGate
from actors.edges.gated_read import ReadPlan
from actors.edges.order_link import OrderLink
from broker.port import OrderSessionOpened, Receipt
from domain.errors import BrokerUnavailable, InvariantError, RequestRefused
from domain.messages.link import (
    BrokerStateReceived,
    CloseLink,
    HeartbeatReceived,
    LinkFailed,
    LinkLost,
    LinkOpened,
    LoginLink,
    ReconcileLink,
)
from domain.messages.orders import OrderAccepted, OrderSent, RequestAnswered, RequestStranded, ResolveOrder
from domain.messages.trading import GateChanged
from domain.types import ClientOrderId, Gate, Krw, LinkName, Purpose, RequestId, RequestOutcome, UnixNanos
from tests.actors.link_builders import (
    WAIT_S,
    FakeClient,
    FakeDoor,
    FakeSession,
    T,
    a_cancel,
    a_modify,
    a_session,
    a_submit,
    an_opening,
    settle,
)


class House:
    """An orders link, its door, and one fake client a connection."""

    def __init__(self) -> None:
        self.door, self.gate, self.clients = FakeDoor(), WireGate(Gate.OPEN), [FakeClient()]
        self._dialled: list[FakeClient] = []
        self.now = T
        self.pause: Callable[[threading.Event], object] = lambda abandoned: None
        plan = ReadPlan(now=self._read_clock, pause=lambda abandoned, _: self.pause(abandoned))
        self.ref: Any = OrderLink.start(self.door, self._dial, self.gate, plan=plan)

    def _read_clock(self) -> UnixNanos:
        self.now = UnixNanos(self.now + 1)
        return self.now

    def _dial(self, endpoint: str) -> Any:
        client = self.clients[len(self._dialled)] if len(self.clients) > len(self._dialled) else FakeClient()
        self._dialled.append(client)
        return client

    @property
    def client(self) -> FakeClient:
        return self._dialled[-1]

    @property
    def session(self) -> FakeSession:
        return self.client.sessions[-1]

    def tell(self, *messages: Any) -> None:
        for message in messages:
            self.ref.tell(message)
        settle(self.ref)

    def connect(self, after_seq: int = 0, journal_id: str = "") -> FakeSession:
        self.tell(an_opening(after_seq=after_seq, journal_id=journal_id), ReconcileLink(LinkName.ORDERS, ()))
        assert self.door.of(BrokerStateReceived)
        self.door.forget()
        return self.session


@pytest.fixture
def house() -> Iterator[House]:
    made = House()
    yield made
    made.ref.stop(timeout=WAIT_S)


def stranded(house: House) -> list[str]:
    return [message.request_id for message in house.door.of(RequestStranded)]


@pytest.mark.parametrize("request_", [a_submit(), a_modify(), a_cancel()])
def test_given_a_link_that_is_down_when_a_request_comes_then_it_is_stranded(house: House, request_: Any) -> None:
    house.tell(request_)
    [message] = house.door.all
    assert isinstance(message, RequestStranded)
    assert message.client_order_id == "o-1"


def test_given_an_opening_when_reconciled_then_gate_and_state_follow_the_events(house: House) -> None:
    client = house.clients[0]
    client.opening = OrderSessionOpened("J", 3, 7, Gate.OPEN)
    client.opens_at_once = False
    client.account_seqs, client.orders_seq = [7], 7
    house.ref.tell(an_opening(after_seq=5, journal_id="J"))
    house.ref.tell(ReconcileLink(LinkName.ORDERS, ()))
    assert isinstance(house.door.next(), LinkOpened)
    while not client.sessions:
        pass
    session = client.sessions[0]
    session.listener["opened"](client.opening)
    session.event(6)
    session.event(7)
    assert [type(house.door.next()) for _ in range(2)] == [OrderAccepted, OrderAccepted]
    state = house.door.next()
    assert isinstance(state, BrokerStateReceived)
    assert (state.as_of_seq, state.journal_id) == (7, "J")
    assert session.asked == (5, "J")
    assert session.gates == [Gate.OPEN]


def test_given_settled_cash_when_reconciled_then_the_state_tells_it_and_else_nothing(house: House) -> None:
    house.clients.append(FakeClient())
    house.clients[0].settled = (Krw(700), Krw(800), Krw(600))
    told = []
    for _ in house.clients:
        house.tell(an_opening(), ReconcileLink(LinkName.ORDERS, ()))
        told += house.door.of(BrokerStateReceived)
        house.tell(CloseLink(LinkName.ORDERS, "again"))
        house.door.all.clear()
    assert [(state.deposit, state.d1_deposit, state.withdrawable) for state in told] == [
        (700, 800, 600),
        (None, None, None),
    ]


def test_given_another_journal_when_opened_then_events_resume_from_its_beginning(house: House) -> None:
    assert house.connect(after_seq=9, journal_id="an older one").asked == (0, "")


def test_given_a_broker_that_began_anew_when_sent_then_the_guard_carries_its_epoch(house: House) -> None:
    house.clients[0].opening = OrderSessionOpened("J", 4, 0, Gate.OPEN)
    session = house.connect()
    house.tell(a_submit())
    [(_, guard)] = session.sent
    assert (guard.journal_id, guard.epoch) == ("J", 4)


def test_given_a_journal_that_changed_while_opening_when_reconciled_then_the_step_fails(house: House) -> None:
    house.clients[0].opening = OrderSessionOpened("K", 1, 0, Gate.OPEN)
    house.tell(an_opening(), ReconcileLink(LinkName.ORDERS, ()))
    [failed] = house.door.of(LinkFailed)
    assert (failed.step, "journal changed" in failed.reason) == ("reconcile", True)


@pytest.mark.parametrize(("request_", "name"), [(a_submit(), "o-1"), (a_modify(), "m-1"), (a_cancel(), "c-1")])
def test_given_a_request_when_it_is_on_the_wire_then_when_is_told_behind_all_that_is_urgent(
    house: House, request_: Any, name: str
) -> None:
    house.connect()
    before = house.now
    house.tell(request_)
    assert house.door.all == [OrderSent(ClientOrderId("o-1"), RequestId(name), UnixNanos(before + 1))]
    assert house.door.urgent == [False]


def test_given_a_request_that_does_not_leave_when_told_then_nothing_says_it_was_sent(house: House) -> None:
    session = house.connect()
    house.gate.level = Gate.CANCELS_ONLY
    house.tell(a_submit())
    session.closed = True
    house.tell(a_cancel())
    assert stranded(house) == ["c-1"]
    assert house.door.of(OrderSent) == []


@pytest.mark.parametrize("outcome", list(RequestOutcome))
def test_given_a_request_when_its_receipt_comes_then_it_is_answered_once(house: House, outcome: RequestOutcome) -> None:
    session = house.connect()
    house.tell(a_submit(), a_cancel())
    session.receipt("o-1", outcome, code="C", text="why", as_of_seq=4)
    session.receipt("o-1", outcome)
    session.receipt("c-1")
    first, second = house.door.of(RequestAnswered)
    assert first == RequestAnswered(ClientOrderId("o-1"), RequestId("o-1"), outcome, "C", "why", False, 4)
    assert (second.client_order_id, second.request_id) == ("o-1", "c-1")


@pytest.mark.parametrize(
    ("level", "request_", "passes"),
    [
        (Gate.EXITS_ONLY, a_submit(), False),
        (Gate.EXITS_ONLY, a_submit(purpose=Purpose.EXIT), True),
        (Gate.CANCELS_ONLY, a_submit(purpose=Purpose.EXIT), False),
        (Gate.CANCELS_ONLY, a_modify(), False),
        (Gate.CANCELS_ONLY, a_cancel(), True),
    ],
)
def test_given_a_shut_gate_when_sent_then_only_what_may_pass_reaches_the_wire(
    house: House, level: Gate, request_: Any, passes: bool
) -> None:
    session = house.connect()
    house.gate.level = level  # as the core does at the release, before the request is handled here
    house.tell(request_)
    assert bool(session.sent) is passes
    if not passes:
        [answer] = house.door.all
        assert (answer.outcome, answer.code, answer.resolved) == (RequestOutcome.REFUSED, "GATE_CLOSED", False)


def test_given_requests_in_flight_when_the_session_breaks_then_each_is_stranded_once_and_the_loss_told_once(
    house: House,
) -> None:
    session = house.connect()
    house.tell(a_submit("o-1"), a_submit("o-2"), a_cancel())
    session.receipt("o-2")
    session.break_off()
    house.client.watches[0].on_end(BrokerUnavailable("heartbeats stopped"))
    house.tell(CloseLink(LinkName.ORDERS, "broke"))
    assert stranded(house) == ["o-1", "c-1"]
    [lost] = house.door.of(LinkLost)
    assert "order session" in lost.reason


def test_given_a_session_that_breaks_while_sending_when_it_is_told_twice_then_the_request_is_stranded_once(
    house: House,
) -> None:
    session = house.connect()
    house.client.on_send = lambda _: session.break_off()
    house.tell(a_submit())
    assert stranded(house) == ["o-1"]


def test_given_a_session_that_is_over_when_sent_then_nothing_reaches_the_wire(house: House) -> None:
    session = house.connect()
    session.break_off()
    house.tell(a_submit())
    assert (stranded(house), session.sent) == (["o-1"], [])


def test_given_a_closed_link_when_its_old_streams_speak_then_they_are_not_heard(house: House) -> None:
    old = house.connect()
    watch = house.client.watches[0]
    house.tell(a_submit(), CloseLink(LinkName.ORDERS, "test"))
    assert stranded(house) == ["o-1"]
    house.connect()
    old.event(1)
    old.receipt("o-1")
    old.break_off()
    watch.on_beat(a_session())
    watch.on_end(BrokerUnavailable("late"))
    assert house.door.all == []


def test_given_a_new_connection_when_an_old_session_ends_late_then_its_requests_stay_in_flight(house: House) -> None:
    old = house.connect()
    new = house.connect()
    house.tell(a_submit("o-9"))
    old.break_off()
    assert house.door.of(RequestStranded) == []
    new.receipt("o-9")
    assert [answer.request_id for answer in house.door.of(RequestAnswered)] == ["o-9"]


def test_given_an_answer_about_later_events_when_resolved_then_those_are_heard_first(house: House) -> None:
    session = house.connect()
    house.client.resolved["o-1"] = Receipt("o-1", RequestOutcome.SENT, as_of_seq=2)
    house.ref.tell(ResolveOrder(ClientOrderId("o-1"), RequestId("o-1")))
    session.event(1)
    session.event(2)
    settle(house.ref)
    kinds = [type(message) for message in house.door.all]
    assert kinds == [OrderAccepted, OrderAccepted, RequestAnswered]
    assert house.door.all[-1].resolved


def test_given_a_session_that_breaks_when_resolving_then_the_wait_ends_and_the_fate_stays_open(house: House) -> None:
    session = house.connect()
    house.client.resolved["o-1"] = Receipt("o-1", RequestOutcome.SENT, as_of_seq=2)
    house.ref.tell(ResolveOrder(ClientOrderId("o-1"), RequestId("o-1")))
    session.break_off()
    settle(house.ref)
    assert house.door.of(RequestAnswered) == []
    assert len(house.door.of(LinkLost)) == 1


def test_given_a_broker_that_does_not_answer_when_resolving_then_the_link_is_lost(house: House) -> None:
    house.connect()
    house.client.fails["resolve"] = BrokerUnavailable("deadline")
    house.tell(ResolveOrder(ClientOrderId("o-1"), RequestId("o-1")))
    [lost] = house.door.all
    assert "o-1" in lost.reason


def test_given_reads_of_different_moments_when_reconciling_then_they_are_read_again(house: House) -> None:
    client = house.clients[0]
    client.account_seqs = [1, 2, 0]
    house.connect()
    assert client.account_seqs == [0]


def test_given_reads_that_never_agree_when_reconciling_then_the_step_fails(house: House) -> None:
    house.clients[0].account_seqs = [5]
    house.tell(an_opening(), ReconcileLink(LinkName.ORDERS, ()))
    [failed] = house.door.of(LinkFailed)
    assert (failed.step, failed.link) == ("reconcile", LinkName.ORDERS)


def test_given_a_session_that_is_refused_when_reconciling_then_the_loss_is_told_once_without_a_wait(
    house: House,
) -> None:
    client = house.clients[0]
    client.opens_at_once = False
    house.ref.tell(an_opening(after_seq=9, journal_id="J"))
    house.ref.tell(ReconcileLink(LinkName.ORDERS, ()))
    while not client.sessions:
        pass
    client.sessions[0].break_off(RequestRefused("AHEAD_OF_JOURNAL", "the journal ends at 3"))
    settle(house.ref)
    assert [type(message) for message in house.door.all] == [LinkOpened, LinkLost]


def test_given_a_gate_change_when_the_link_is_up_then_the_broker_hears_it(house: House) -> None:
    house.tell(GateChanged(Gate.EXITS_ONLY, "while down"))
    house.gate.level = Gate.EXITS_ONLY
    session = house.connect()
    house.tell(GateChanged(Gate.CANCELS_ONLY, "halt"))
    assert session.gates == [Gate.EXITS_ONLY, Gate.CANCELS_ONLY]


def test_given_a_halt_when_the_broker_answers_then_it_is_in_force_there_too(house: House) -> None:
    assert "link is down" in house.gate.await_broker(0)
    house.connect()
    assert house.gate.await_broker(0) == ""
    house.client.answers_gate = False
    house.gate.level = Gate.CANCELS_ONLY
    house.tell(GateChanged(Gate.CANCELS_ONLY, "halt"))
    assert "did not confirm" in house.gate.await_broker(0)
    house.client.sessions[-1].answer_gates()
    assert house.gate.await_broker(0) == ""


def test_given_gates_in_a_row_when_an_older_one_is_answered_then_the_newest_is_not_taken_for_confirmed(
    house: House,
) -> None:
    house.connect()
    house.client.answers_gate = False
    house.gate.level = Gate.EXITS_ONLY
    house.gate.level = Gate.CANCELS_ONLY  # the link takes the first only now
    house.tell(GateChanged(Gate.EXITS_ONLY, "pause"))
    house.client.sessions[-1].answer_gates()
    assert "did not confirm" in house.gate.await_broker(0)


def test_given_a_gate_that_was_confirmed_when_the_session_ends_then_it_is_not_known_any_more(house: House) -> None:
    session = house.connect()
    session.break_off()
    assert "link is down" in house.gate.await_broker(9)


def test_given_somebody_who_waits_for_the_broker_when_the_session_ends_then_nobody_waits_on(house: House) -> None:
    session = house.connect()
    house.client.answers_gate = False
    house.gate.level = Gate.CANCELS_ONLY
    house.tell(GateChanged(Gate.CANCELS_ONLY, "halt"))
    found: list[str] = []
    waiting = threading.Thread(target=lambda: found.append(house.gate.await_broker(60)))
    waiting.start()
    session.break_off()
    waiting.join(10)
    assert "link is down" in found[0]


def test_given_a_broker_that_refuses_the_gate_when_set_then_the_link_is_lost(house: House) -> None:
    house.connect()
    house.client.refuses_gate = True
    house.tell(GateChanged(Gate.CANCELS_ONLY, "halt"))
    [lost] = house.door.of(LinkLost)
    assert "refused the gate" in lost.reason


def refuse_for_its_gate(session: FakeSession, request_id: str = "o-1") -> None:
    session.receipt(request_id, RequestOutcome.REFUSED, code="GATE_CLOSED", text="the gate is CANCELS_ONLY")


def hold_the_link(house: House) -> threading.Event:
    """Keep the link's thread busy until the event is set."""
    busy, go_on = threading.Event(), threading.Event()

    def hold(_: object) -> None:
        busy.set()
        go_on.wait(WAIT_S)

    house.client.on_send = hold
    house.ref.tell(a_cancel())
    assert busy.wait(WAIT_S)
    return go_on


def test_given_a_broker_whose_gate_was_closed_behind_ours_when_it_refuses_then_it_is_told_ours_again(
    house: House,
) -> None:
    session = house.connect()
    house.tell(a_submit("o-1"), a_submit("o-2"))
    refuse_for_its_gate(session, "o-1")
    settle(house.ref)
    assert session.gates == [Gate.OPEN, Gate.OPEN], "at the opening, and after the refusal"
    refuse_for_its_gate(session, "o-1")  # an echo
    session.receipt("o-2")
    settle(house.ref)
    assert session.gates == [Gate.OPEN, Gate.OPEN], "once for each refusal"
    assert [answer.outcome for answer in house.door.of(RequestAnswered)] == [
        RequestOutcome.REFUSED,
        RequestOutcome.SENT,
    ]
    assert house.gate.await_broker(0) == ""


def test_given_an_exit_that_is_refused_when_our_gate_lets_exits_pass_then_the_broker_is_told_no_more_than_that(
    house: House,
) -> None:
    session = house.connect()
    house.gate.level = Gate.EXITS_ONLY
    house.tell(a_submit("o-1", purpose=Purpose.EXIT))
    refuse_for_its_gate(session)
    settle(house.ref)
    assert session.gates == [Gate.OPEN, Gate.EXITS_ONLY]


def test_given_a_refusal_when_our_gate_was_shut_before_the_link_tells_it_then_the_broker_hears_the_shut_one(
    house: House,
) -> None:
    session = house.connect()
    house.tell(a_submit("o-1"))
    go_on = hold_the_link(house)
    refuse_for_its_gate(session)  # our gate is open, the link does not come to tell it
    house.gate.level = Gate.CANCELS_ONLY
    house.ref.tell(GateChanged(Gate.CANCELS_ONLY, "halt"))
    go_on.set()
    settle(house.ref)
    assert session.gates == [Gate.OPEN, Gate.CANCELS_ONLY, Gate.CANCELS_ONLY]


@pytest.mark.parametrize("what", ["closed here", "stalled", "another reason", "a cancel"])
def test_given_a_refusal_that_says_nothing_of_the_brokers_gate_when_it_comes_then_the_gate_is_not_told(
    house: House, what: str
) -> None:
    session = house.connect()
    house.tell(a_submit("o-1"), a_cancel())
    if what == "closed here":
        house.gate.level = Gate.CANCELS_ONLY
    house.gate.stalled = what == "stalled"
    if what == "another reason":
        session.receipt("o-1", RequestOutcome.REFUSED, code="EXPIRED")
    else:
        refuse_for_its_gate(session, "c-1" if what == "a cancel" else "o-1")
    settle(house.ref)
    assert len(house.door.of(RequestAnswered)) == 1
    assert session.gates == [Gate.OPEN]


def test_given_a_refusal_of_an_old_connection_when_a_new_one_is_open_then_nobody_is_told(house: House) -> None:
    old = house.connect()
    house.tell(a_submit("o-1"))
    go_on = hold_the_link(house)
    house.ref.tell(CloseLink(LinkName.ORDERS, "test"))
    house.ref.tell(an_opening())
    house.ref.tell(ReconcileLink(LinkName.ORDERS, ()))
    refuse_for_its_gate(old)
    go_on.set()
    settle(house.ref)
    assert (old.gates, house.session.gates) == ([Gate.OPEN], [Gate.OPEN])


@pytest.mark.parametrize(("step", "call"), [("open", "session"), ("login", "login"), ("reconcile", "order_session")])
def test_given_a_broker_that_fails_when_a_step_is_asked_then_the_step_is_told_and_the_actor_lives(
    house: House, step: str, call: str
) -> None:
    house.clients[0].fails[call] = BrokerUnavailable("no")
    house.ref.tell(an_opening())
    if step == "login":
        house.ref.tell(LoginLink(LinkName.ORDERS))
    elif step == "reconcile":
        house.ref.tell(ReconcileLink(LinkName.ORDERS, ()))
    settle(house.ref)
    [failed] = house.door.of(LinkFailed)
    assert failed.step == step


def test_given_a_link_that_failed_to_open_when_opened_again_then_it_opens(house: House) -> None:
    house.clients[0].fails["session"] = BrokerUnavailable("no")
    house.tell(an_opening())
    house.connect()


def test_given_heartbeats_when_they_come_then_the_core_hears_them(house: House) -> None:
    house.connect()
    house.client.watches[0].on_beat(a_session())
    [beat] = house.door.of(HeartbeatReceived)
    assert beat.link is LinkName.ORDERS


@pytest.mark.parametrize("bug", [InvariantError("books"), KeyError("a bug")])
def test_given_a_bug_when_an_effect_is_carried_out_then_the_actor_dies_and_hangs_up(
    house: House, bug: Exception
) -> None:
    house.connect()
    client = house.client
    client.fails["resolve"] = bug
    house.ref.tell(ResolveOrder(ClientOrderId("o-1"), RequestId("o-1")))
    assert client.closed.wait(WAIT_S)
    with pytest.raises(pykka.ActorDeadError):
        settle(house.ref)
    assert not house.ref.is_alive()
