"""Recovery: the fold, whole or from a snapshot on, gives the same state; nothing is decided; carried states load."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from actors.core.kernel import Kernel
from actors.recovery import carried, fold, recover, recover_fully, recover_quickly, snapshot_of
from actors.roles.executor import Executor
from actors.roles.portfolio import Portfolio
from actors.roles.strategist import Strategist
from actors.roster import make_roles
from cli.compose import codec
from domain.errors import LogError
from domain.messages import Stamp
from domain.messages.link import BrokerOpenOrder, BrokerPosition, ReconcileReported
from domain.messages.market import QuotesJudged
from domain.messages.operator import HaltRequested, ManualOrderRequested
from domain.messages.orders import CancelOrder, RequestAnswered, ResolveOrder, SubmitOrder
from domain.messages.run import RunStarted, StateCarried
from domain.messages.trading import OrderDenied, SignalFormed
from domain.risk_config import RiskConfig
from domain.types import Krw, LinkName, OrderKind, RequestId, RequestOutcome, Side, VenueOrderId
from persistence import snapshots
from persistence.reader import LogReader
from tests.actors.builders import (
    SAMSUNG,
    House,
    Venue,
    a_quote,
    a_run,
    approved,
    broker_state,
    instruments,
    opened,
    received,
)
from tests.actors.builders import venue as venue_time
from tests.actors.log_writer import commits_of, states_of, write_log
from tests.actors.test_executor import SCRIPTS
from tests.actors.test_house import HouseGame
from tests.actors.trader_house import a_broker, a_trader, until
from tests.persistence.logs import a_codec, open_log

OLD, NEW = Portfolio.STATE_VERSION, Portfolio.STATE_VERSION + 1
NEEDED = rf"follows log L .*is needed beside it: state of portfolio expected version {NEW}, was {OLD}"
FEW = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def a_house(log_id: str = "L") -> House:
    """A house that trades, with an order that rests, one that is filled and one whose fate is not known."""
    house, venue = House(*make_roles(), log_id=log_id), Venue()
    house.hear(a_run(), opened(LinkName.QUOTES), instruments(), opened(LinkName.ORDERS), broker_state())
    for second in (1, 4, 8, 12):
        house.hear(received(a_quote(second)))
    for name, quantity in (("c1", 10), ("c2", 5), ("c3", 2)):
        house.tick(1)
        house.hear(received(a_quote(20 + 10 * int(name[1]))))
        house.hear(ManualOrderRequested(name, "kim", SAMSUNG, Side.BUY, OrderKind.LIMIT, quantity, Krw(9_990), ""))
    first, second, _ = house.said(SubmitOrder)
    house.hear(venue.accepts(first), venue.accepts(second, "2"), venue.fills(second, 5, 0, "2"))
    return house


def reconnect(house: House) -> None:
    """Let the links of a new run come up at the broker of `a_house`, which never saw the third order."""
    resting, lost = list(house.core.kernel.role("executor").open)  # type: ignore[attr-defined]
    there = BrokerOpenOrder(VenueOrderId("1"), resting, SAMSUNG, Side.BUY, 10, 10, Krw(9_990))
    state = broker_state(there, as_of=3, positions=[BrokerPosition(SAMSUNG, 5, Krw(50_000))])
    house.hear(opened(LinkName.QUOTES), instruments(), opened(LinkName.ORDERS), state)
    assert house.said(ReconcileReported) == []  # it waits for the answer
    house.hear(RequestAnswered(lost, RequestId(lost), RequestOutcome.VOID, "", "", resolved=True, as_of_seq=3))
    [report] = house.said(ReconcileReported)
    assert report.agreed, report


def a_log(folder: Path) -> Path:
    return write_log(folder / "day.db", a_house())


def reading(path: Path) -> LogReader:
    return LogReader(path, a_codec())


def put_snapshot(path: Path, change: Callable[[snapshots.Snapshot], snapshots.Snapshot], at: int | None = None) -> None:
    """Write a snapshot of a log, at its end or at a commit, changed in some way but sound as a file."""
    with closing(reading(path)) as reader:
        commit = snapshots.commit_at(reader, at or reader.last_seq())
        assert commit is not None
        kernel = Kernel(make_roles(), reader.log_id)
        fold(kernel, reader, commit.last_seq)
        snapshots.write(path, snapshots.pack(change(snapshot_of(kernel, commit.hash))))


def with_state(name: str, **attributes: Any) -> Callable[[snapshots.Snapshot], snapshots.Snapshot]:
    def change(snapshot: snapshots.Snapshot) -> snapshots.Snapshot:
        state = snapshot.roles[name]
        return replace(snapshot, roles=snapshot.roles | {name: replace(state, state=state.state | attributes)})

    return change


def with_version(name: str, version: int) -> Callable[[snapshots.Snapshot], snapshots.Snapshot]:
    return lambda one: replace(one, roles=one.roles | {name: replace(one.roles[name], version=version)})


# ---- a snapshot and what came after it -------------------------------------------------------------------------


@FEW
@given(SCRIPTS)
def test_for_any_run_and_every_commit_a_snapshot_and_its_tail_are_the_fold_of_all(
    tmp_path_factory: pytest.TempPathFactory, script: list[tuple[str, int]]
) -> None:
    game = HouseGame()
    for step, pick in script:
        game.play(step, pick)
    path = write_log(tmp_path_factory.mktemp("log") / "day.db", game.house)
    with closing(reading(path)) as reader:
        whole = states_of(recover_fully(reader).kernel)
        assert whole == states_of(game.house.core.kernel), "the live state is not the fold"
        walking = Kernel(make_roles(), reader.log_id)
        for seq, commit_hash in commits_of(reader):
            fold(walking, reader, seq)
            data = snapshots.pack(snapshot_of(walking, commit_hash))
            found = snapshots.unpack(data)
            again = recover(reader, reader.log_id, found)
            assert states_of(again) == whole, f"from the snapshot at {seq}"


def test_given_a_snapshot_when_recovering_then_only_what_came_after_is_read(tmp_path: Path) -> None:
    path = a_log(tmp_path)
    put_snapshot(path, lambda one: one, at=30)
    with closing(reading(path)) as reader:
        seen: list[int] = []
        steps = reader.folding
        reader.folding = lambda low, high=None: (seen.append(low), steps(low, high))[1]  # type: ignore[method-assign]
        found = recover_quickly(reader)
        assert seen == [found.began_at + 1]
        assert found.problem == ""
        assert states_of(found.kernel) == states_of(recover_fully(reader).kernel)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (with_version("portfolio", 99), f"portfolio expected version {OLD}, was 99"),
        (lambda one: replace(one, roles={k: v for k, v in one.roles.items() if k != "executor"}), "executor"),
        (lambda one: replace(one, roles=one.roles | {"oracle": one.roles["executor"]}), "oracle"),
        (with_state("executor", orders={"$": "actors.roles.executor:Gone", "v": 1}), "orders cannot be read"),
        (with_state("executor", orders={"$": "os:system", "v": 1}), "orders cannot be read"),
        (with_state("executor", more=1), "differs in more"),
        (lambda one: replace(one, benched={"notifier": "x"}), "notifier failed"),
    ],
)
def test_given_a_snapshot_that_does_not_load_when_recovering_then_all_is_folded_into_fresh_roles(
    tmp_path: Path, change: Any, says: str
) -> None:
    path = a_log(tmp_path)
    put_snapshot(path, change)
    with closing(reading(path)) as reader:
        found = recover_quickly(reader)
        assert (found.began_at, found.snapshot) == (0, b"")
        assert says in found.problem
        assert str(path) in found.problem
        assert states_of(found.kernel) == states_of(recover_fully(reader).kernel)


def test_given_a_wrong_state_that_makes_a_role_fail_on_the_tail_when_recovering_then_the_log_alone_counts(
    tmp_path: Path,
) -> None:
    path = a_log(tmp_path)
    put_snapshot(path, with_state("connection_supervisor", book="nothing"), at=30)
    with closing(reading(path)) as reader:
        found = recover_quickly(reader)
        assert "connection_supervisor failed" in found.problem
        assert found.kernel.benched == {}
        assert states_of(found.kernel) == states_of(recover_fully(reader).kernel)


# ---- nothing is decided over the past --------------------------------------------------------------------------


class Eager(Strategist):
    """An upgraded strategist that would say something on every quote."""

    def decide(self, message: Any, stamp: Stamp) -> Any:
        if isinstance(message, QuotesJudged):
            raise AssertionError(f"decided on the quote of {stamp.seq}")
        return super().decide(message, stamp)


def test_given_an_upgraded_strategy_when_recovering_then_no_role_decides_on_an_old_quote(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = a_log(tmp_path)
    roles = [Eager() if role.NAME == "strategist" else role for role in make_roles()]
    monkeypatch.setattr("actors.recovery.make_roles", lambda: roles)
    for role in roles:
        monkeypatch.setattr(role, "decide", lambda *_: pytest.fail("a role decided during recovery"))
    with closing(reading(path)) as reader:
        assert recover_fully(reader).kernel.benched == {}


def test_given_a_changed_limit_between_two_runs_when_the_second_begins_then_it_acts_on_its_own_inputs_only(
    tmp_path: Path,
) -> None:
    path = a_log(tmp_path)
    with closing(reading(path)) as reader:
        kernel = recover_fully(reader).kernel
    before, house = kernel.last_seq, House()
    house.core.kernel, house.now = kernel, house.now + 60_000_000_000
    # Every order of the first run would have broken the new limit.
    house.hear(RunStarted("r2", "0.2.0", replace(a_run().config, risk=RiskConfig(max_order_krw=Krw(1)))))
    house.tick(1)
    reconnect(house)
    assert house.said(SubmitOrder, OrderDenied, SignalFormed) == []
    house.hear(received(a_quote(60)))
    house.hear(ManualOrderRequested("c9", "kim", SAMSUNG, Side.BUY, OrderKind.LIMIT, 1, Krw(10_000), ""))
    [denied] = house.said(OrderDenied)
    assert denied.reason == "ORDER_VALUE", denied
    for item in house.core.history:  # whatever is said in this run follows from an input of it
        assert item.causation_seq == 0 or item.causation_seq > before


# ---- a log that follows another --------------------------------------------------------------------------------


def rolled(folder: Path, house: House, states: Callable[[StateCarried], StateCarried] = lambda one: one) -> House:
    """Write the log of a house and begin another that follows it; give the house that goes on."""
    path = write_log(folder / "one.db", house)
    with closing(open_log(path)) as log:
        head = (log.last_hash.hex(), log.last_seq)
    message = StateCarried("L", head[1], head[0], house.core.kernel.dump().roles)
    after = House(*make_roles(), log_id="M")
    after.now = house.now + 60_000_000_000
    after.hear(states(message))
    write_log(folder / "two.db", after, previous=head)
    return after


def test_given_a_log_that_follows_another_when_it_is_folded_then_it_stands_where_that_one_ended(tmp_path: Path) -> None:
    house = a_house()
    house.hear(HaltRequested("h", "kim", "look"))
    after = rolled(tmp_path, house)
    with closing(reading(tmp_path / "two.db")) as reader:
        kernel = recover_fully(reader).kernel
    assert states_of(kernel) == states_of(after.core.kernel)
    was, now = states_of(house.core.kernel), states_of(kernel)
    # The portfolio forgets the last sequence it booked, the kernel has its own; all else is as it was.
    assert {name for name in was if was[name] != now[name]} == {"(kernel)", "portfolio"}
    day: Any = kernel.role("trading_day")
    assert (day.locked, day.state) == (True, "HALTED")


def test_given_open_orders_when_a_new_log_follows_then_they_are_resolved_reconciled_and_cancelled_under_new_ids(
    tmp_path: Path,
) -> None:
    house = a_house()
    resting, _, lost = (order.client_order_id for order in house.said(SubmitOrder))
    after = rolled(tmp_path, house)
    after.hear(a_run())
    reconnect(after)
    assert [asked.client_order_id for asked in after.said(ResolveOrder)] == [lost]
    after.hear(HaltRequested("h", "kim", "look"))
    [cancel] = after.said(CancelOrder)
    assert cancel.request_id.startswith(f"{resting}-cM.")  # one of the log before may have had the same sequence
    assert after.core.kernel.benched == {}


def test_given_a_role_with_another_version_when_a_carried_state_is_folded_then_the_log_before_gives_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = a_house()
    rolled(tmp_path, house)
    monkeypatch.setattr(Portfolio, "STATE_VERSION", Portfolio.STATE_VERSION + 1)
    with closing(reading(tmp_path / "two.db")) as reader:
        kernel = recover_fully(reader).kernel
        assert states_of(kernel)["risk_manager"] == states_of(house.core.kernel)["risk_manager"]
        portfolio: Any = kernel.role("portfolio")
        assert portfolio.state.books == house.core.kernel.role("portfolio").state.books  # type: ignore[attr-defined]
        (tmp_path / "one.db").rename(tmp_path / "one.old")
        with pytest.raises(LogError, match=NEEDED):
            recover_fully(reader)
        (tmp_path / "one.old").rename(tmp_path / "one.db")
        with closing(sqlite3.connect(tmp_path / "one.db")) as other, other:
            other.execute("UPDATE commits SET hash = 'ab' WHERE last_seq = (SELECT max(last_seq) FROM commits)")
        with pytest.raises(LogError, match=NEEDED):  # of the same name, but not what was followed
            recover_fully(reader)


def test_given_a_role_that_is_new_or_gone_when_a_carried_state_is_folded_then_the_roles_there_are_have_theirs(
    tmp_path: Path,
) -> None:
    house = a_house()

    def other(message: StateCarried) -> StateCarried:
        states = {name: one for name, one in message.states.items() if name != "notifier"}
        return replace(message, states=states | {"oracle": message.states["notifier"]})

    path = write_log(tmp_path / "one.db", house)
    with closing(reading(path)) as reader, closing(open_log(tmp_path / "two.db", create_id=lambda: "M")):
        head = snapshots.head_of(reader)
        assert head is not None
        message = other(StateCarried("L", head.last_seq, head.hash, house.core.kernel.dump().roles))
        with closing(reading(tmp_path / "two.db")) as two:
            found = carried(message, two)
    assert found.states == house.core.kernel.dump().roles


def test_given_closed_orders_of_earlier_dates_when_a_new_log_begins_then_they_stay_behind_and_nothing_else() -> None:
    role = Executor()
    house = House(role)
    house.hear(a_run(), opened(LinkName.ORDERS))
    venue = Venue()
    orders: dict[str, Any] = {}
    for name, day in (("old", 0), ("kept", 1), ("open", 0)):
        house.hear(approved(name, venue_time=venue_time(86_400 * day)))
        venue.at = 86_400 * day + 1.0
        orders[name] = house.said(SubmitOrder)[-1]
        house.hear(venue.accepts(orders[name], f"n{name}"))
        if name != "open":
            house.hear(venue.fills(orders[name], 10, 0, f"n{name}"))
    house.hear(QuotesJudged(1, (a_quote(86_400 + 5),), ()))
    role.evolve(StateCarried("L", 1, "", {}), Stamp(1, house.now, "M"))  # type: ignore[arg-type]
    assert set(role.orders) == {"kept", "open"}
    assert set(role.open) == {"open"}
    before = dict(role.orders)
    late = Venue(seq=venue.seq).fills(orders["old"], 1, 0, "nold")
    role.evolve(late, Stamp(2, house.now, "M"))  # type: ignore[arg-type]
    assert role.orders == before


def test_given_remembered_sequences_when_a_new_log_begins_then_they_mean_nothing_there(tmp_path: Path) -> None:
    after = rolled(tmp_path, a_house())
    portfolio: Any = after.core.kernel.role("portfolio")
    assert portfolio.state.fresh_seq == 0
    after.hear(a_run())
    day: Any = after.core.kernel.role("trading_day")
    assert day.lifted_seq == 0


@pytest.mark.processes
def test_given_a_whole_day_of_a_real_trader_when_it_has_ended_then_its_live_states_are_the_fold_of_its_log(
    tmp_path: Path,
) -> None:
    with a_broker(tmp_path, speed=0) as broker, a_trader(tmp_path, broker.address) as trader:
        until(lambda: trader.reader.status().day == "CLOSED" and trader.reader.status().quotes > 100)
        trader.system.stop("the day is over")
        live = states_of(trader.system.kernel)
    with LogReader(tmp_path / "log.db", codec()) as reader:
        assert states_of(recover_fully(reader).kernel) == live
