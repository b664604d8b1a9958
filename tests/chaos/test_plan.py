"""A seed gives one plan, and the plans hold what they are for."""

import json
import time
from pathlib import Path

import pytest

from broker_sim.faults_file import parse_faults
from chaos.__main__ import main, plans
from chaos.child import spoil_clock
from chaos.control import Control
from chaos.plan import ALONE, SCENARIOS, WIRE_FAULTS, plan_of
from chaos.report import percentile

NAMES = [*SCENARIOS, *ALONE]
SEEDS = range(30)


@pytest.mark.parametrize("name", NAMES)
def test_given_a_seed_when_drawn_again_then_the_plan_is_the_same_and_another_seed_gives_another(name: str) -> None:
    assert plan_of(name, 7, 3, 20) == plan_of(name, 7, 3, 20)
    assert len({plan_of(name, seed, 0, 20) for seed in SEEDS}) > 1
    assert plan_of(name, 7, 0, 20) != plan_of(name, 7, 1, 20)


@pytest.mark.parametrize("name", ["kills", "more-kills", "slice"])
def test_given_a_number_of_kills_when_drawn_then_so_many_are_planned(name: str) -> None:
    for seed in SEEDS:
        assert plan_of(name, seed, 0, 20).kills == 20


@pytest.mark.parametrize("name", ["orders-link", "quotes-link", "slice"])
def test_given_scenarios_of_wires_when_drawn_then_each_fault_comes_once(name: str) -> None:
    steps = plan_of(name, 1, 0, 20).steps
    assert sorted(step.what for step in steps if step.what != "kill") == sorted(WIRE_FAULTS)


@pytest.mark.parametrize("name", NAMES)
def test_given_any_plan_when_drawn_then_its_layout_has_what_its_steps_name(name: str) -> None:
    every = {"trader", "quotes", "orders"}
    there = {"paper": {"trader", "quotes"}, "one": every, "two": every, "spare": every}
    for seed in SEEDS:
        plan = plan_of(name, seed, 0, 20)
        for step in plan.steps:
            assert set(step.whom) <= there[plan.layout], plan
            assert plan.layout in ("two", "spare") or step.what not in ("kill", "clock") or "orders" not in step.whom


def test_given_plans_of_a_misbehaving_broker_when_read_then_the_broker_takes_them() -> None:
    for seed in SEEDS:
        plan = parse_faults(plan_of("misbehaving", seed, 0, 20).faults, "plan")
        assert plan.messages
        assert plan.maintenance
        assert plan.repair.on_read


def test_given_turns_when_asked_for_then_every_scenario_comes_in_each() -> None:
    wanted = plans(1, None, 5, 0, once=False)
    first = [next(wanted) for _ in SCENARIOS]
    second = [next(wanted) for _ in SCENARIOS]
    assert len({plan.seed for plan in [*first, *second]}) == 2 * len(SCENARIOS)
    assert [plan.name for plan in second] == list(SCENARIOS)
    for turn, plan in enumerate([first[0], second[0]]):
        assert plan == plan_of(plan.name, 1, turn, 5), "as a failure says to play it again"


def test_given_plan_when_called_then_it_prints_the_steps_and_does_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--plan", "--seed", "3", "--only", "kills", "--kills", "4"]) == 0
    [line] = capsys.readouterr().out.splitlines()
    assert json.loads(line)["seed"] == "3/0/kills"


@pytest.mark.parametrize("arguments", [["--minutes", "0"], ["--kills", "-1"], ["--only", "nothing"]])
def test_given_a_bad_option_when_called_then_it_is_refused(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        main(arguments)
    assert refused.value.code == 2


def test_given_times_when_asked_for_a_percentile_then_it_is_the_smallest_not_exceeded_by_so_many() -> None:
    assert percentile([], 0.5) is None
    assert percentile([5.4], 0.99) == 5
    assert percentile([3, 1, 2, 4], 0.5) == 2
    assert percentile(list(range(1, 101)), 0.99) == 99
    assert percentile(list(range(1, 102)), 0.99) == 100


def test_given_a_control_when_its_driver_writes_then_the_process_has_another_clock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "time_ns", lambda: 1_000)
    driver = Control.make(tmp_path / "control")
    process = Control(driver.path)
    spoil_clock(process)
    assert time.time_ns() == 1_000
    driver.clock_ns = -400
    driver.disk_full = True
    assert (time.time_ns(), process.disk_full) == (600, True)
    driver.clock_ns = 9
    assert (time.time_ns(), process.disk_full) == (1_009, True)
    driver.close()
    process.close()
