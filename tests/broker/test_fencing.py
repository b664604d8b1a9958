"""What an old session can still do after its caller reconnected: nothing that is news. Over a real server and wire."""

import gc
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from broker.client import BrokerClient
from broker.fences import Fences, opens
from broker.journal import OrderJournal
from broker.refusals import fenced_off, gate_content, refuse
from broker.server import BrokerServerThread
from domain.types import Gate, RequestOutcome, UnixNanos
from tests.broker.builders import a_cancel, a_submit
from tests.broker.contract import WAIT_S, Desk, Heard, a_desk
from tests.broker.fake_backend import FakeVenue, open_fake
from tests.broker.held_wire import HeldWire


@pytest.fixture
def venue() -> FakeVenue:
    return FakeVenue()


@pytest.fixture
def server(tmp_path: Path, venue: FakeVenue) -> Iterator[BrokerServerThread]:
    made = BrokerServerThread(lambda: open_fake(tmp_path / "orders.db", lambda: UnixNanos(time.time_ns()), venue))
    yield made.start()
    made.stop()


@pytest.fixture
def wire(server: BrokerServerThread) -> Iterator[HeldWire]:
    made = HeldWire(server.port)
    yield made
    made.close()


@pytest.fixture
def old(wire: HeldWire) -> Iterator[Desk]:
    """Give a session over the wire that can be held back."""
    client, heard = BrokerClient(wire.address, call_timeout_s=WAIT_S), Heard()
    session = heard.listen(client)
    yield Desk(client, session, heard, heard.opened())
    client.close()


def test_given_an_order_that_floats_when_it_was_resolved_void_then_it_is_refused_when_it_comes(
    server: BrokerServerThread, wire: HeldWire, old: Desk, venue: FakeVenue
) -> None:
    other = BrokerClient(server.address, call_timeout_s=WAIT_S)
    wire.hold()
    old.session.submit(a_submit(), old.guard())
    assert wire.floating.wait(WAIT_S)
    assert other.resolve("o-1").outcome is RequestOutcome.VOID
    wire.let_go()
    receipt = old.heard.receipt()
    assert (receipt.outcome, receipt.code) == (RequestOutcome.REFUSED, "VOIDED")
    assert venue.placed == []
    other.close()


def test_given_an_order_that_floats_when_its_caller_reconnected_then_it_is_refused_for_ever(
    server: BrokerServerThread, wire: HeldWire, old: Desk, venue: FakeVenue
) -> None:
    wire.hold()
    old.session.submit(a_submit(), old.guard())
    assert wire.floating.wait(WAIT_S)
    with a_desk(server) as new:
        wire.let_go()
        assert old.heard.receipt().code == "STALE_SESSION"
        found = new.client.resolve("o-1")
        assert (found.outcome, found.code) == (RequestOutcome.REFUSED, "STALE_SESSION")
        assert new.ask(a_submit()).code == "STALE_SESSION"
    assert venue.placed == []


def test_given_a_gate_that_floats_when_the_new_session_shut_it_then_it_stays_shut(
    server: BrokerServerThread, wire: HeldWire, old: Desk
) -> None:
    wire.hold()
    old.session.set_gate("g-old", Gate.OPEN)
    assert wire.floating.wait(WAIT_S)
    with a_desk(server) as new:
        new.gate("g-new", Gate.CANCELS_ONLY)
        wire.let_go()
        assert old.heard.receipt().code == "STALE_SESSION"
        assert new.client.session().gate is Gate.CANCELS_ONLY


def test_given_a_cancel_that_floats_when_its_caller_reconnected_then_it_passes(
    server: BrokerServerThread, wire: HeldWire, old: Desk, venue: FakeVenue
) -> None:
    old.ask(a_submit())
    wire.hold()
    old.session.cancel(a_cancel(), old.guard())
    assert wire.floating.wait(WAIT_S)
    with a_desk(server):
        wire.let_go()
        assert old.heard.receipt().outcome is RequestOutcome.SENT
    assert len(venue.placed) == 2


def test_given_a_session_that_is_fenced_off_when_the_newer_one_ends_then_it_stays_so(
    server: BrokerServerThread,
) -> None:
    with a_desk(server) as older:
        with a_desk(server):
            pass
        assert older.ask(a_submit()).code == "STALE_SESSION"


def test_given_no_name_when_two_sessions_are_open_then_both_are_served(server: BrokerServerThread) -> None:
    with a_desk(server, client_name="") as one, a_desk(server, client_name="") as two:
        for number, desk in enumerate((one, two)):
            assert desk.ask(a_submit(f"o-{number}")).outcome is RequestOutcome.SENT


# ---- the rules -----------------------------------------------------------------------------------------------


def test_given_callers_when_they_enter_then_only_older_ones_of_the_name_are_stale() -> None:
    fences = Fences()
    first, other, second = fences.enter("a"), fences.enter("b"), fences.enter("a")
    assert [entry.is_stale for entry in (first, other, second)] == [True, False, False]


def test_given_many_callers_that_left_when_counted_then_none_is_remembered() -> None:
    fences = Fences()
    for number in range(1_000):
        fences.enter(f"caller-{number}")
    gc.collect()
    assert len(fences._callers) == 0


@pytest.mark.parametrize("now", list(Gate))
@pytest.mark.parametrize("wanted", list(Gate))
def test_for_any_two_levels_one_opens_when_something_more_passes(now: Gate, wanted: Gate) -> None:
    order = [Gate.CANCELS_ONLY, Gate.EXITS_ONLY, Gate.OPEN]
    assert opens(now, wanted) is (order.index(wanted) > order.index(now))


def test_given_a_refused_gate_when_asked_for_again_then_the_first_answer_stands(tmp_path: Path) -> None:
    journal = OrderJournal(tmp_path / "orders.db")
    first = refuse(journal, "g-1", gate_content(Gate.OPEN), fenced_off("a gate that closes"))
    assert journal.set_gate("g-1", Gate.OPEN) == first
    assert journal.set_gate("g-1", Gate.EXITS_ONLY).code == "ID_REUSED"
    sent = journal.set_gate("g-2", Gate.EXITS_ONLY)
    assert refuse(journal, "g-2", gate_content(Gate.EXITS_ONLY), fenced_off("nothing")) == sent
    journal.close()
