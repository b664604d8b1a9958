"""Each check of the chaos suite finds the defect it is for, and nothing in what is true."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chaos import checks
from chaos.books import read_venue
from chaos.checks import Finding, Halt, LiveAccount, all_findings
from domain.messages.orders import OrderAccepted, OrderFilled
from tests.chaos.world import World, a_world

Doctor = Callable[[World], None]


@pytest.fixture(scope="module")
def true(tmp_path_factory: pytest.TempPathFactory) -> World:
    return a_world(tmp_path_factory.mktemp("world"))


@pytest.fixture
def world(true: World, tmp_path: Path) -> World:
    return true.copied(tmp_path / "copy")


def found(world: World, live: LiveAccount | None = None) -> set[str]:
    return {finding.check for finding in all_findings(world.venue, None, world.trader, live)}


def test_given_a_true_log_and_journal_when_checked_then_nothing_is_found(true: World) -> None:
    venue, trader = true.venue, true.trader
    assert (len(trader.submits), len(trader.intents), len(venue.fills)) == (3, 4, len(venue.fills))
    assert venue.holdings.total() == 5
    assert sum(venue.filled.values()) == 15
    assert all_findings(venue, None, trader, LiveAccount(venue.cash, dict(venue.holdings))) == []
    assert [*checks.chain(true.log), *checks.replayed(true.log)] == []


def twice_at_the_venue(world: World) -> None:
    world.add_fact(replace(world.fact(OrderAccepted), venue_order_id="77"))


def nobody_asked(world: World) -> None:
    world.add_fact(replace(world.fact(OrderAccepted), client_order_id="log0-999", venue_order_id="77"))


def acted_on_unasked(world: World) -> None:
    world.sql("INSERT INTO requests VALUES ('log0-999', 'h', 'SENT', '', '', 1)")


def one_execution_twice(world: World) -> None:
    world.add_fact(world.fact(OrderFilled))


def booked_but_never_filled(world: World) -> None:
    fill = world.fact(OrderFilled)
    world.sql("DELETE FROM events WHERE seq = ?", fill.event_seq)


def filled_but_never_booked(world: World) -> None:
    fill = world.fact(OrderFilled)
    world.add_fact(replace(fill, trade_id="999", last_qty=1))


def nobody_answers_for_it(world: World) -> None:
    world.sql("DELETE FROM requests WHERE request_id = ?", world.fact(OrderFilled).client_order_id)


def rejected_but_taken(world: World) -> None:
    def void(fact: dict[str, Any]) -> None:
        fact["client_order_id"] = "another"

    world.overwrite("SubmitOrder", void)


def still_in_doubt(world: World) -> None:
    world.sql("UPDATE requests SET outcome = 'IN_DOUBT' WHERE request_id = ?", world.fact(OrderFilled).client_order_id)


def another_outcome(world: World) -> None:
    world.sql("UPDATE requests SET outcome = 'REFUSED' WHERE request_id = ?", world.fact(OrderFilled).client_order_id)


def a_won_missing(world: World) -> None:
    world.sql("UPDATE meta SET value = value - 1 WHERE key = 'sim.cash'")


def a_share_missing(world: World) -> None:
    def less(booked: dict[str, Any]) -> None:
        booked["position_qty"] -= 1

    world.overwrite("FillBooked", less)


def a_fill_cut_short(world: World) -> None:
    def less(fact: dict[str, Any]) -> None:
        fact["last_qty"] -= 1

    world.overwrite("OrderFilled", less)


@pytest.mark.parametrize(
    ("defect", "check"),
    [
        (twice_at_the_venue, "doubled"),
        (nobody_asked, "doubled"),
        (acted_on_unasked, "doubled"),
        (one_execution_twice, "doubled"),
        (booked_but_never_filled, "doubled"),
        (filled_but_never_booked, "lost"),
        (nobody_answers_for_it, "lost"),
        (rejected_but_taken, "doubled"),
        (still_in_doubt, "outcome"),
        (another_outcome, "outcome"),
        (a_won_missing, "books"),
        (a_share_missing, "books"),
        (a_fill_cut_short, "lost"),
    ],
)
def test_given_a_planted_defect_when_checked_then_its_check_finds_it(world: World, defect: Doctor, check: str) -> None:
    defect(world)
    assert check in found(world)


def test_given_an_intent_twice_in_the_log_when_checked_then_it_is_doubled(true: World) -> None:
    trader = true.trader
    trader.intents[next(iter(trader.submits))] += 1
    assert [finding.check for finding in checks.doubled(true.venue, trader)] == ["doubled"]


def test_given_a_broker_that_answers_another_account_when_checked_then_books_differ(true: World) -> None:
    venue = true.venue
    assert found(true, LiveAccount(venue.cash + 1, dict(venue.holdings))) == {"books"}
    assert found(true, LiveAccount(venue.cash, {})) == {"books"}


def test_given_a_process_that_says_an_order_never_arrived_when_it_did_then_it_is_lost(
    true: World, world: World
) -> None:
    world.sql("UPDATE requests SET outcome = 'REFUSED' WHERE request_id = ?", world.fact(OrderFilled).client_order_id)
    told = read_venue(world.journal)
    assert {finding.check for finding in checks.lost(true.venue, told, true.trader)} == {"lost"}


def test_given_an_order_open_in_the_books_when_checked_then_it_has_no_outcome(true: World) -> None:
    trader = true.trader
    order_id = next(iter(trader.submits))
    trader.orders[order_id] = replace(trader.orders[order_id], status="UNKNOWN_SUBMIT")
    found = list(checks.outcomes(true.venue, None, trader))
    assert found == [Finding("outcome", order_id, "is UNKNOWN_SUBMIT at the end")]


def test_given_an_order_that_reached_the_venue_when_a_halt_was_in_force_then_it_is_found(true: World) -> None:
    venue, trader = true.venue, true.trader
    order_id = min(trader.submits)
    at = venue.recorded_at[order_id]
    before, after, around = Halt(at - 20, at - 10), Halt(at, at + 10), Halt(at - 1_500_000, at + 1)
    assert list(checks.halted(venue, trader.submits, [before, after])) == []
    [found] = checks.halted(venue, trader.submits, [before, around])
    assert (found.check, found.subject) == ("halted", order_id)
    assert "1.5 ms after" in found.text
    venue.accepted.clear()  # refused behind the gate: written down, and not at the venue
    assert list(checks.halted(venue, trader.submits, [around])) == []


def test_given_a_role_that_failed_when_checked_then_it_is_found(true: World) -> None:
    trader = true.trader
    trader.failed_roles.append("portfolio: ZeroDivisionError")
    assert {finding.check for finding in all_findings(true.venue, None, trader)} == {"roles"}


def test_given_an_event_changed_in_place_when_checked_then_the_chain_is_broken(world: World) -> None:
    a_share_missing(world)
    assert [finding.check for finding in checks.chain(world.log)] == ["chain"]


def test_given_an_output_changed_in_a_log_that_is_whole_when_checked_then_the_replay_differs(world: World) -> None:
    def more(approved: dict[str, Any]) -> None:
        approved["reserved_krw"] += 1

    world.rewrite("OrderApproved", more)
    assert checks.chain(world.log) == []
    assert [finding.check for finding in checks.replayed(world.log)] == ["replay"]
