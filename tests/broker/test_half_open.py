"""The whole story of a half-open connection, over a real server: noticed, stranded, resolved, and too late."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from broker.client import BrokerClient
from broker.server import BrokerServerThread
from domain.errors import BrokerOutcomeUnknown
from domain.types import Gate, RequestOutcome, UnixNanos
from tests.broker.builders import a_guard, a_submit
from tests.broker.contract import WAIT_S, Heard, a_desk
from tests.broker.fake_backend import FakeVenue, open_fake
from tests.broker.held_wire import HeldWire
from tests.broker.metronome import Metronome


@pytest.fixture
def venue() -> FakeVenue:
    return FakeVenue()


@pytest.fixture
def server(tmp_path: Path, venue: FakeVenue) -> Iterator[BrokerServerThread]:
    made = BrokerServerThread(lambda: open_fake(tmp_path / "orders.db", lambda: UnixNanos(time.time_ns()), venue))
    yield made.start()
    made.stop()


def test_given_a_connection_that_falls_half_open_when_the_promise_is_over_then_its_order_is_void_however_late_it_comes(
    server: BrokerServerThread, venue: FakeVenue
) -> None:
    wire, heard, metronome = HeldWire(server.port), Heard(), Metronome()
    client = BrokerClient(wire.address, call_timeout_s=WAIT_S)
    session = heard.listen(client, rhythm=metronome.rhythm)
    opened = heard.opened()
    metronome.beat()
    session.set_gate("g-1", Gate.OPEN)
    assert heard.receipt().request_id == "g-1", "and with it the echo came"

    wire.hold()
    session.submit(a_submit(), a_guard(opened.journal_id, opened.epoch))
    session.set_gate("g-2", Gate.EXITS_ONLY)
    assert wire.floating.wait(WAIT_S)
    for _ in range(5):
        metronome.beat()
    assert not heard.ended.is_set(), "a few late ones are no end"
    metronome.last_beat(1.0)
    assert heard.ended.wait(WAIT_S)
    [(reason, unanswered)] = heard.ends
    assert isinstance(reason, BrokerOutcomeUnknown)
    assert "half open" in str(reason)
    assert unanswered == ("o-1", "g-2")

    with a_desk(server) as new:
        assert new.client.resolve("o-1").outcome is RequestOutcome.VOID
        new.gate("g-3", Gate.CANCELS_ONLY)
        wire.let_go()
        client.close()
        late = new.ask(a_submit())
        assert (late.outcome, late.code) == (RequestOutcome.REFUSED, "VOIDED")
        assert new.client.session().gate is Gate.CANCELS_ONLY
    assert venue.placed == []
    wire.close()
