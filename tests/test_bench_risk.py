"""The risk group of the bench measures real work: counted here, never timed; every check of it is shown to fail."""

import pytest

from bench import risk, risk_ours
from bench.outcome import Size
from bench.risk_ours import ALL_ON, Desk, Took
from domain.risk import RULES
from domain.risk.check_views import check_views
from tests.actors.money_builders import state_of


def test_given_the_busy_day_when_it_is_made_then_every_check_is_on_and_correlations_are_known() -> None:
    state = Desk().role.state
    assert [view.name for view in check_views(state) if not view.is_on] == []
    assert (len(state.positions), state.holds.open_count) == (risk_ours.HELD, risk_ours.OPEN_ORDERS)
    assert len(state.exposure_facts.rows) == len(state.exposure_facts.counted) == risk_ours.LISTED
    known = {ppm for row in state.exposure_facts.rows.values() for ppm in row}
    assert len(known) > 10


def test_given_a_few_decisions_when_measured_then_each_is_counted_and_the_desk_stays_as_it_was() -> None:
    found = risk_ours.times(3)
    assert {name: (len(took.wall), len(took.cpu)) for name, took in found.items()} == {
        "signals": (3, 3),
        "by hand": (3, 3),
        "signals, verdict folded": (3, 3),
        "by hand, verdict folded": (3, 3),
    }
    for peer in risk.PEERS:
        assert len(risk_ours.times_by(peer.codes, 2).wall) == 2


def test_given_an_order_that_is_denied_when_measured_then_the_run_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(risk_ours, "PRICE", risk_ours.PRICE + 5)  # off the tick
    with pytest.raises(RuntimeError, match="expected every order to pass"):
        risk_ours.times(1)
    with pytest.raises(RuntimeError, match="expected every order to pass"):
        risk_ours.times_by(("TICK",), 1)
    with pytest.raises(RuntimeError, match="rules of these codes"):
        risk_ours.times_by(("TICK", "NONE"), 1)


def test_given_decide_when_an_order_is_asked_for_then_nothing_is_kept_there() -> None:
    desk = Desk()
    before = state_of(desk.role)
    list(desk.role.decide(risk_ours._signal(desk.next(), desk.at), desk.stamp()))
    after = state_of(desk.role)
    before["state"].quotes = after["state"].quotes  # of the next quote
    before["state"].venue_time, before["state"].watch = after["state"].venue_time, after["state"].watch
    assert after == before
    assert {rule.code for rule in RULES} >= {code for peer in risk.PEERS for code in peer.codes}


def test_given_times_when_told_then_shares_are_of_all_decisions() -> None:
    took = Took([1_000 * number for number in range(1, 101)], [1_000] * 100)
    assert (risk.at(took.wall, 0.5), risk.at(took.wall, 0.99), risk.at(took.cpu, 1)) == (51, 100, 1)
    longer = Took([2 * each for each in took.wall], took.cpu)
    found = {
        "signals": [took],
        "signals, verdict folded": [longer],
        **{risk._same(peer): [took] for peer in risk.PEERS},
    }
    alone = [*risk.lines(found, "signals"), *risk.equal(found, risk.PEERS[0])]
    assert [(line.ours, line.peers) for line in alone] == [(each, ()) for each in (51, 100, 102, 200, 51, 100)]
    assert [line.aim for line in alone] == [None, 50, None, None, None, None]
    beside = risk.lines(found | {peer.name: [took] for peer in risk.PEERS}, "signals")
    assert [len(line.peers) for line in beside] == [0, 0, 2, 2]
    assert ALL_ON.tell_arrival
    assert set(risk.SIZES) == set(Size)
