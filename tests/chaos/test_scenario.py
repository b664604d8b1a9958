"""What a scene finds while it plays: processes that end, sources that do not return, links and orders that stick."""

import contextlib
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from chaos import scenario
from chaos.place import Child, Place, Stuck
from chaos.plan import Plan, Step
from chaos.scenario import Outcome, Scene, play, settled_findings
from tests.chaos.world import World, a_world

AWAY = Step("away", ("quotes",), 1)


class BarePlace(Place):
    """A place that starts no process; the test says what comes of a kill, a start and a stop."""

    on_kill: Callable[[], object] = staticmethod(lambda: None)
    on_start: Callable[[], object] = staticmethod(lambda: None)
    exit_code = 0

    def start(self, *names: str) -> None:
        self.on_start()

    def kill(self, name: str) -> None:
        self.on_kill()

    def ask_to_stop(self, name: str) -> int:
        return self.exit_code


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[BarePlace]:
    for bound in ("DEADLINE_S", "QUIET_S", "TURN_S"):
        monkeypatch.setattr(scenario, bound, 0.0)  # everything is looked at once
    made = BarePlace(tmp_path / "place", "paper", 30)
    yield made
    made.leave()


def a_scene(place: Place, name: str = "kills") -> Scene:
    plan = Plan(name, "1/0/test", place.layout, 30, ())
    return Scene(plan, place, Outcome(plan, place.root), time.monotonic() + 3600)


def found(scene: Scene) -> list[tuple[str, str]]:
    return [(finding.check, finding.subject) for finding in scene._outcome.findings]


# ---- failover ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stands_in", "comes_back", "text"),
    [(True, True, ""), (False, True, "no other source within 0 s"), (True, False, "not back within 0 s")],
)
def test_given_a_source_that_dies_when_none_stands_in_or_it_does_not_return_then_failover_failed(
    place: BarePlace, stands_in: bool, comes_back: bool, text: str
) -> None:
    scene = a_scene(place)

    def switch(to_stand_in: bool) -> None:
        scene._watch.on_stand_in = to_stand_in
        scene._watch.stand_ins += to_stand_in

    if stands_in:
        place.on_kill = lambda: switch(True)
    if comes_back:
        place.on_start = lambda: switch(False)
    scene._send_away(AWAY)
    assert found(scene) == ([("failover", "quotes")] if text else [])
    assert [finding.text for finding in scene._outcome.findings] == ([text] if text else [])


# ---- process -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "finds"), [("kills", [("process", "trader")]), ("disk-full", []), ("locked", [])])
def test_given_a_process_that_ends_by_itself_when_tended_then_it_is_found_unless_it_may_and_starts_again(
    place: BarePlace, name: str, finds: list[tuple[str, str]]
) -> None:
    started: list[bool] = []
    place.on_start = lambda: started.append(True)
    ended = subprocess.Popen([sys.executable, "-c", "raise SystemExit(3)"])
    ended.wait()
    place.children["trader"] = Child("trader", ended)
    (place.root / "trader.out").write_text("one line\nwhat went wrong\n")
    scene = a_scene(place, name)
    scene._tend()
    scene._tend()
    assert found(scene) == finds
    assert all("exit 3; its last line: what went wrong" in finding.text for finding in scene._outcome.findings)
    assert (started, scene._outcome.restarts) == ([True], 0 if finds else 1)


@pytest.mark.parametrize(("code", "finds"), [(0, []), (1, ["trader", "quotes"])])
def test_given_processes_that_do_not_stop_in_order_when_stopped_then_each_is_found(
    place: BarePlace, code: int, finds: list[str]
) -> None:
    place.exit_code = code
    scene = a_scene(place)
    scene._stop()
    assert found(scene) == [("process", name) for name in finds]


@pytest.fixture(scope="module")
def true(tmp_path_factory: pytest.TempPathFactory) -> World:
    return a_world(tmp_path_factory.mktemp("world"))


def test_given_a_traceback_when_all_is_over_then_its_process_is_found(place: BarePlace, true: World) -> None:
    for file, folder, name in ((true.log, "logs", "paper-1.db"), (true.journal, "paper", "journal.db")):
        (place.home / folder).mkdir()
        shutil.copy(file, place.home / folder / name)
    outcome = a_scene(place)._outcome
    assert settled_findings(place, outcome, None) == []
    (place.root / "quotes.out").write_text("Traceback (most recent call last):\n  File x\nValueError: a bug\n")
    [finding] = settled_findings(place, outcome, None)
    assert (finding.check, finding.subject) == ("process", "quotes")
    assert "ValueError: a bug" in finding.text


# ---- stuck ---------------------------------------------------------------------------------------------------


def test_given_links_that_do_not_become_ready_and_no_files_when_played_then_it_is_stuck(
    place: BarePlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scenario, "a_place", lambda *_, **__: contextlib.nullcontext(place))
    outcome = play(Plan("kills", "1/0/test", "paper", 30, ()), tmp_path / "played", time.monotonic() + 3600)
    assert [(one.check, one.subject) for one in outcome.findings] == [("stuck", "kills"), ("stuck", "files")]
    assert "not READY" in outcome.findings[0].text


class FakeDesk:
    """A desk at which one order never closes."""

    trouble = ""

    def __init__(self, _: object) -> None:
        self.cancelled: list[str] = []

    def open_orders(self) -> list[Any]:
        return [SimpleNamespace(client_order_id="o-1", status="WORKING")]

    def cancel(self, order_id: str) -> None:
        self.cancelled.append(order_id)

    def close(self) -> None:
        pass


def test_given_an_order_that_does_not_close_when_all_is_made_whole_then_it_is_stuck(
    place: BarePlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scenario, "Desk", FakeDesk)
    scene = a_scene(place)
    scene._person.start()
    scene._watch.states = dict.fromkeys(scene._watch.states, "READY")
    with pytest.raises(Stuck, match=r"still open after 0 s: \{'WORKING': 1\}"):
        scene._settle()
