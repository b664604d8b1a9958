"""Walk every table: each pair of state and trigger, the way out of every open state, the pages in docs."""

from enum import StrEnum
from typing import Any

import pytest

from fsm import broker_login, change_request, client_order, connection, leg, stop, trading_day, win_host
from fsm.machine import MachineError, Table
from fsm.machines import MACHINES
from tools import diagrams

EACH = pytest.mark.parametrize("table", MACHINES.values(), ids=MACHINES.keys())
RAW: list[tuple[list[list[Any]], Table[Any]]] = [
    (client_order.CLIENT_ORDER, client_order.MACHINE),
    (leg.LEG, leg.MACHINE),
    (change_request.CHANGE_REQUEST, change_request.MACHINE),
    (connection.CONNECTION, connection.MACHINE),
    (broker_login.LOGIN, broker_login.MACHINE),
    (trading_day.TRADING_DAY, trading_day.MACHINE),
    (stop.STOP, stop.MACHINE),
    (win_host.WIN_HOST, win_host.MACHINE),
]


class Light(StrEnum):
    RED = "RED"
    GREEN = "GREEN"


def sources(row: list[Any]) -> list[StrEnum]:
    source = row[1]
    return [source] if isinstance(source, StrEnum) else list(source)


@EACH
def test_given_any_state_and_trigger_when_looked_up_then_it_is_in_the_table_or_raises(table: Table[Any]) -> None:
    moves = {(row.source, row.trigger): row.dest for row in table.rows()}
    for state in table.states:
        for trigger in (*table.triggers(), "no_such_trigger"):
            held = state
            if (state.value, trigger) in moves:
                held = table.next_state(state, trigger)
                assert held.value == moves[state.value, trigger]
                assert trigger in table.allowed(state)
            else:
                with pytest.raises(MachineError) as caught:
                    held = table.next_state(state, trigger)
                assert held is state
                assert (caught.value.machine, caught.value.state, caught.value.trigger) == (
                    table.name,
                    state.value,
                    trigger,
                )
                assert caught.value.allowed == table.allowed(state)


@pytest.mark.parametrize(("raw", "table"), RAW, ids=[table.name for _, table in RAW])
def test_given_a_table_when_its_rows_are_spelled_out_then_none_is_lost_or_doubled(
    raw: list[list[Any]], table: Table[Any]
) -> None:
    spelled = [(row[0], source.value, row[2].value) for row in raw for source in sources(row)]
    assert len({(trigger, source) for trigger, source, _ in spelled}) == len(spelled)
    assert sorted(spelled) == sorted(tuple(row) for row in table.rows())


@EACH
def test_given_an_open_state_when_moves_are_followed_then_a_final_state_is_reachable(table: Table[Any]) -> None:
    for start in table.states:
        seen, todo = {start.value}, [start.value]
        while todo:
            here = todo.pop()
            fresh = {row.dest for row in table.rows() if row.source == here} - seen
            seen |= fresh
            todo += fresh
        assert any(table.is_final(table.states(state)) for state in seen), start


@EACH
def test_given_a_table_when_moves_are_followed_from_its_begin_then_every_state_is_reached(table: Table[Any]) -> None:
    seen, todo = {table.initial.value}, [table.initial.value]
    while todo:
        here = todo.pop()
        fresh = {row.dest for row in table.rows() if row.source == here} - seen
        seen |= fresh
        todo += fresh
    assert seen == {state.value for state in table.states}


def test_given_two_rows_of_one_trigger_and_source_when_built_then_it_is_refused() -> None:
    rows = [["go", Light.RED, Light.GREEN], ["go", Light.RED, Light.RED]]
    with pytest.raises(ValueError, match="two rows for trigger 'go' in RED"):
        Table("light", Light, rows, initial=Light.RED)


def test_given_the_pages_in_docs_when_compared_with_the_tables_then_they_are_fresh() -> None:
    assert diagrams.stale(diagrams.PAGES) == []


def test_given_a_stale_a_missing_and_a_left_over_page_when_checked_then_all_are_named(tmp_path: Any) -> None:
    for name, table in MACHINES.items():
        (tmp_path / f"{name}.md").write_text(diagrams.page(table), encoding="utf-8")
    (tmp_path / "leg.md").write_text("old", encoding="utf-8")
    (tmp_path / "connection.md").unlink()
    (tmp_path / "gone.md").write_text("x", encoding="utf-8")
    assert diagrams.stale(tmp_path) == ["connection.md", "gone.md", "leg.md"]


# ---- rules that a reader of the issue expects to find in the tables --------------------------------------------


def test_given_unknown_orders_when_their_moves_are_listed_then_no_move_sends_anything_again() -> None:
    senders = {"submit"}
    for state in client_order.UNKNOWN:
        assert not senders & set(client_order.MACHINE.allowed(state))
        assert "ask_replace" not in client_order.MACHINE.allowed(state)


def test_given_quarantine_when_it_is_left_then_only_by_release() -> None:
    exits = [row for row in client_order.MACHINE.rows() if row.source == "QUARANTINED" and row.dest != "QUARANTINED"]
    assert exits
    assert all(row.trigger.startswith("release_") for row in exits)


def test_given_a_closed_order_when_its_moves_are_listed_then_only_quarantine_is_reached() -> None:
    for row in client_order.MACHINE.rows():
        if row.source in client_order.CLOSED:
            assert row.dest in (row.source, "QUARANTINED")


def test_given_a_connection_when_ready_is_reached_then_from_reconciling_or_a_mute_link() -> None:
    into = {row.source for row in connection.MACHINE.rows() if row.dest == "READY"}
    assert into == {"RECONCILING", "DEGRADED"}


def test_given_a_halted_day_when_it_is_left_then_by_a_person_or_by_the_end_of_the_day() -> None:
    exits = {(row.trigger, row.dest) for row in trading_day.MACHINE.rows() if row.source == "HALTED"}
    assert exits == {("unlock", "PAUSED"), ("close", "CLOSING")}


def test_given_a_stop_when_its_moves_are_listed_then_it_never_goes_back_to_entries_and_sells_only_once_asked() -> None:
    assert not [row for row in stop.MACHINE.rows() if row.dest == "RUNNING"]
    assert {(row.source, row.trigger) for row in stop.MACHINE.rows() if row.dest == "FLATTENING"} == {
        ("CONFIRMING", "flatten")
    }


def test_given_a_stop_when_moves_are_followed_from_any_step_then_it_can_end_without_another_answer() -> None:
    # By time-outs alone: nobody confirms anything, and sales are called off once.
    alone = {"block", "cancel", "give_up", "call_off", "end"}
    for state in stop.State:
        if state is stop.State.RUNNING:
            continue
        way: list[stop.State] = [state]
        while moves := [trigger for trigger in stop.MACHINE.allowed(way[-1]) if trigger in alone]:
            way.append(stop.next_state(way[-1], moves[0]))
            assert len(way) < 9, way
        assert way[-1] is stop.State.STOPPED, way
