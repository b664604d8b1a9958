"""The bench of the Windows broker's quotes does real work: nothing here is timed, only counted."""

from dataclasses import replace
from importlib.util import find_spec

import pytest

from bench.outcome import Size
from bench.quotes import HELD_EVERY, SYMBOLS, Job
from bench.win_feed import FeedEngine, make_events, number_of
from bench.win_quotes import AIM_P99_MS, AIM_RATE, OURS, PLANS, SINGLE, evaluate, lines, one
from bench.win_side import Sent, Taken
from broker_win.emulator.parts import Emission
from broker_win.realtime.auctions import Auctions
from broker_win.realtime.quotes import QuoteMaker
from broker_win.realtime.stamps import Stamps
from domain.types import UnixNanos

JOB = Job(400, HELD_EVERY, 0, False, "")


@pytest.mark.skipif(not (find_spec("PyQt5") and find_spec("pykiwoom")), reason="PyQt5 or pykiwoom is not installed")
@pytest.mark.processes
@pytest.mark.timeout(110)
def test_given_qt_installed_when_the_smallest_plan_is_run_then_every_quote_arrived_on_both_sides() -> None:
    plan = PLANS[Size.SMALL]
    ours, theirs = one(OURS, plan.quotes, plan.rate), one(SINGLE, plan.peer_quotes, plan.rate)
    assert len(ours.from_slot) + ours.conflated == plan.quotes
    assert (len(theirs.from_slot), theirs.conflated) == (plan.peer_quotes, 0)
    assert all(slot > 0 for slot in (*ours.from_slot, *theirs.from_slot))
    assert all(due >= slot for slot, due in zip(ours.from_slot, ours.from_due, strict=True))
    made = lines(plan.rate, [ours], [theirs])
    assert [(line.unit, line.aim) for line in made] == [
        ("quotes/s", AIM_RATE),
        ("ms", None),
        ("ms", None),
        ("ms", AIM_P99_MS),
        ("ms", None),
    ]
    assert all(line.ours > 0 and line.peers[0][1] > 0 for line in made)


def test_given_a_quote_that_never_arrived_when_evaluated_then_the_run_fails() -> None:
    sent, taken = Sent([1, 2, 3], [2, 3, 4]), Taken([5, 0, 9], 1)
    found = evaluate(OURS, sent, taken)
    assert (found.from_slot, found.from_due, found.conflated) == ([3, 5], [4, 6], 1)
    with pytest.raises(RuntimeError, match="2 quotes arrived and 0 were conflated of 3"):
        evaluate(OURS, sent, replace(taken, conflated=0))


def test_given_the_made_events_when_read_then_each_makes_one_row_that_carries_its_number(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    noon = UnixNanos(1_794_538_800_000_000_000)  # 12:00 KST
    monkeypatch.setattr("time.time_ns", lambda: noon)
    maker = QuoteMaker(Stamps(), Auctions())
    numbers = []
    for event in make_events(JOB):
        assert maker.hear(*event, noon)
        rows, _ = maker.take()
        numbers += [number_of(row) for row in rows]
    assert numbers == list(range(JOB.quotes))


def test_given_the_source_when_it_may_begin_then_it_waits_until_every_symbol_is_registered() -> None:
    engine = FeedEngine(JOB)
    sent: list[Emission] = []
    fields: list[str] = []

    def send(emission: Emission) -> None:
        sent.append(emission)
        fields.append(engine.call("GetCommRealData", (emission.arguments[0], 13)))

    engine.bind(send, lambda: None)
    engine.go()
    engine.call("SetRealReg", ("3000", ";".join(SYMBOLS[1:]), "10", "0"))
    engine.due()
    assert (sent, engine.next_at()) == ([], None)
    engine.call("SetRealReg", ("3001", SYMBOLS[0], "10", "0"))
    while engine.next_at() is not None:
        engine.due()
    assert [tuple(emission.arguments) for emission in sent] == make_events(JOB)
    assert fields[0] == "1000000"
    assert all(0 < due <= at for due, at in zip(engine.due_at, engine.sent, strict=True))
