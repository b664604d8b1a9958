"""Every request passes the gateway once."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from broker.gateway import OrderGateway, content_hash
from broker.journal import OrderJournal
from domain.errors import BrokerOutcomeUnknown, InvariantError, RequestRefused
from domain.messages.orders import OrderAccepted
from domain.types import Gate, Purpose, RequestOutcome, Side, UnixNanos
from tests.broker.builders import a_cancel, a_guard, a_modify, a_submit
from tests.broker.fake_backend import FakeVenue


class Setting:
    """A gateway over a journal, a venue and a clock that tests move."""

    def __init__(self, path: Path, atomic: bool) -> None:
        self.journal = OrderJournal(path)
        self.venue = FakeVenue(atomic)
        self.time = UnixNanos(1_000)
        self.gateway = OrderGateway(self.journal, self.venue, lambda: self.time)
        self.guard = a_guard(self.journal.journal_id, self.journal.epoch, UnixNanos(2_000))


@pytest.fixture(params=[True, False], ids=["atomic", "not atomic"])
def at(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Setting]:
    made = Setting(tmp_path / "orders.db", request.param)
    yield made
    made.journal.close()


def test_given_a_request_when_handled_then_it_is_sent_once_and_remembered(at: Setting) -> None:
    receipt, [accepted] = at.gateway.handle(a_submit(), at.guard)
    assert (receipt.outcome, receipt.as_of_seq) == (RequestOutcome.SENT, 1)
    assert isinstance(accepted, OrderAccepted)
    assert (accepted.event_seq, accepted.journal_id) == (1, at.journal.journal_id)
    assert at.gateway.handle(a_submit(), at.guard) == (receipt, [])
    assert len(at.venue.placed) == 1


def test_given_a_first_outcome_when_the_id_comes_again_after_its_deadline_then_it_is_the_same(at: Setting) -> None:
    first, _ = at.gateway.handle(a_submit(), at.guard)
    at.time = UnixNanos(9_000)
    again = a_submit(valid_until=UnixNanos(9_500))
    assert at.gateway.handle(again, replace(at.guard, epoch=99)) == (first, [])


def test_given_an_id_when_it_comes_with_other_content_then_the_first_stays(at: Setting) -> None:
    first, _ = at.gateway.handle(a_submit(), at.guard)
    for other in (a_submit(quantity=11), a_submit(price=None), a_submit(side=Side.SELL), a_cancel("o-1")):
        receipt, facts = at.gateway.handle(other, at.guard)
        assert (receipt.outcome, receipt.code, facts) == (RequestOutcome.REFUSED, "ID_REUSED", [])
    assert at.gateway.handle(a_submit(), at.guard) == (first, [])
    assert len(at.venue.placed) == 1


def test_given_a_void_id_when_it_comes_then_it_is_refused_for_ever(at: Setting) -> None:
    at.journal.resolve("o-1")
    for _ in range(2):
        assert at.gateway.handle(a_submit(), at.guard)[0].code == "VOIDED"
    assert at.journal.resolve("o-1").outcome is RequestOutcome.VOID
    assert at.venue.placed == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"journal_id": "other"}, "WRONG_JOURNAL"),
        ({"epoch": 0}, "STALE_EPOCH"),
        ({"epoch": 2}, "STALE_EPOCH"),
        ({"valid_until": UnixNanos(999)}, "EXPIRED"),
    ],
)
def test_given_a_guard_that_does_not_hold_when_handled_then_the_refusal_is_final(
    at: Setting, change: dict[str, object], code: str
) -> None:
    receipt, facts = at.gateway.handle(a_submit(), replace(at.guard, **change))  # type: ignore[arg-type]
    assert (receipt.outcome, receipt.code, facts) == (RequestOutcome.REFUSED, code, [])
    assert at.gateway.handle(a_submit(), at.guard)[0] == receipt
    assert at.venue.placed == []


@pytest.mark.parametrize("level", list(Gate))
@pytest.mark.parametrize("purpose", list(Purpose))
def test_given_a_gate_when_handled_then_only_what_may_pass_passes(at: Setting, level: Gate, purpose: Purpose) -> None:
    at.journal.set_gate("g", level)
    passes = level is Gate.OPEN or (level is Gate.EXITS_ONLY and purpose is Purpose.EXIT)
    for request in (a_submit(purpose=purpose), replace(a_modify(), purpose=purpose)):
        receipt, _ = at.gateway.handle(request, at.guard)
        assert receipt.code == ("" if passes else "GATE_CLOSED")
    assert at.gateway.handle(a_cancel(), at.guard)[0].outcome is RequestOutcome.SENT


def test_given_a_refusal_by_the_venue_when_handled_then_it_is_final(at: Setting) -> None:
    at.venue.failure = RequestRefused("OFF_TICK", "9,001 is off tick")
    first, _ = at.gateway.handle(a_submit(), at.guard)
    assert (first.outcome, first.code, first.text) == (RequestOutcome.REFUSED, "OFF_TICK", "9,001 is off tick")
    assert at.gateway.handle(a_submit(), at.guard)[0] == first
    assert at.venue.placed == []


def test_given_an_unknown_fate_when_handled_then_it_stays_in_doubt_and_is_not_sent_again(at: Setting) -> None:
    at.venue.failure = BrokerOutcomeUnknown("no answer in 5 s")
    for _ in range(2):
        assert at.gateway.handle(a_submit(), at.guard)[0].outcome is RequestOutcome.IN_DOUBT
    assert at.journal.resolve("o-1").outcome is RequestOutcome.IN_DOUBT
    assert at.venue.placed == []


def test_given_a_slow_disk_when_the_deadline_passes_before_the_wire_then_nothing_is_sent(tmp_path: Path) -> None:
    at = Setting(tmp_path / "orders.db", atomic=False)
    begin = at.journal.begin

    def slow_begin(request_id: str, request_hash: str) -> None:
        begin(request_id, request_hash)
        at.time = UnixNanos(2_001)

    at.journal.begin = slow_begin  # type: ignore[method-assign]
    assert at.gateway.handle(a_submit(), at.guard)[0].code == "EXPIRED"
    assert at.venue.placed == []
    at.journal.close()


def test_given_a_wire_that_is_not_atomic_when_sending_then_the_request_is_on_disk_first(tmp_path: Path) -> None:
    at = Setting(tmp_path / "orders.db", atomic=False)
    seen: list[object] = []
    at.venue.before_sending = lambda: seen.append(at.journal.outcome("o-1"))
    at.gateway.handle(a_submit(), at.guard)
    assert [one.outcome for one in seen] == [RequestOutcome.IN_DOUBT]  # type: ignore[attr-defined]
    at.journal.close()


def test_given_a_bug_on_a_wire_that_is_not_atomic_when_sent_then_the_request_is_in_doubt(tmp_path: Path) -> None:
    at = Setting(tmp_path / "orders.db", atomic=False)
    at.venue.failure = InvariantError("bug")
    with pytest.raises(InvariantError):
        at.gateway.handle(a_submit(), at.guard)
    assert at.gateway.handle(a_submit(), at.guard)[0].outcome is RequestOutcome.IN_DOUBT
    assert at.venue.placed == []
    at.journal.close()


def test_given_two_deadlines_when_hashed_then_the_content_is_the_same() -> None:
    assert content_hash(a_submit(valid_until=UnixNanos(1))) == content_hash(a_submit(valid_until=UnixNanos(2)))
    assert content_hash(a_modify()) != content_hash(a_cancel("m-1"))
