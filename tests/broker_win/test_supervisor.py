"""The parent's shell over hosts that are played: what it does with decisions, and what it writes down."""

import json
import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from broker_win.beats import Beat, line_of
from broker_win.dialogs import SeenWindow
from broker_win.rest_plan import RestPlan
from broker_win.supervisor import Supervisor
from broker_win.watch import Watch, WatchConfig
from domain.time import from_kst
from fsm.win_host import State
from tests.broker_win.test_rest_plan import MONDAY

S = 1_000_000_000


class PlayedHost:
    """A process that does what the test says."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.said: list[str] = []
        self.code: int | None = None
        self.asked = self.killed = 0

    def lines(self) -> list[str]:
        said, self.said = self.said, []
        return said

    def exit_code(self) -> int | None:
        return self.code

    def ask(self) -> None:
        self.asked += 1

    def kill(self) -> None:
        self.killed += 1
        self.code = -9

    def beats(self, **values: Any) -> None:
        beat = Beat(1, self.pid, address="127.0.0.1:7", qt_age_ms=1, loop_age_ms=1, logged_in=True)
        self.said.append(line_of(replace(beat, **values)))


class PlayedDesktop:
    """Windows that stand until they are pressed."""

    def __init__(self) -> None:
        self.standing: list[SeenWindow] = []
        self.pressed: list[tuple[str, str]] = []

    def windows(self, pid: int) -> list[SeenWindow]:
        return list(self.standing)

    def press(self, window: SeenWindow, button: str) -> bool:
        self.pressed.append((window.title, button))
        self.standing.remove(window)
        return True


class House:
    """A supervisor with everything around it played."""

    def __init__(self, folder: Path, **config: Any) -> None:
        self.now, self.venue, self.held = 0, int(from_kst(MONDAY, 12, 0)), ""
        self.hosts: list[PlayedHost] = []
        self.desktop = PlayedDesktop()
        self.broken = False
        self.state_file = folder / "state.json"
        self.supervisor = Supervisor(
            Watch(WatchConfig(**config), RestPlan(("daily 04:00-07:10",))),
            self.launch,
            self.desktop,
            monotonic=lambda: self.now,
            venue=lambda: self.venue,
            system=lambda: self.venue,
            held=lambda: self.held,
            state_file=self.state_file,
        )

    def launch(self) -> PlayedHost:
        if self.broken:
            raise FileNotFoundError("no such python")
        self.hosts.append(PlayedHost(100 + len(self.hosts)))
        return self.hosts[-1]

    def step(self, seconds: int = 1) -> None:
        self.now += seconds * S
        self.venue += seconds * S
        self.supervisor.step()

    @property
    def host(self) -> PlayedHost:
        return self.hosts[-1]

    @property
    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.state_file.read_text(encoding="utf-8"))
        return found


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def test_given_a_host_when_it_beats_then_it_is_up_and_what_is_known_is_written_down(house: House) -> None:
    house.step()
    house.host.beats(rss_mb=123)
    house.host.said.append("something else")
    house.step()
    assert house.supervisor.watch.state is State.UP
    assert (house.state["state"], house.state["pid"], house.state["beat"]["rss_mb"]) == ("UP", 100, 123)


def test_given_a_frozen_host_when_patience_ends_then_it_is_killed_and_another_started(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="broker_win.supervisor")
    house.step()
    house.host.beats()
    house.step()
    house.step(10)
    assert house.hosts[0].killed == 1
    house.step()
    assert len(house.hosts) == 2
    assert "kill: no beat for 10 s: the process hangs" in caplog.text
    assert "note: the host was killed by signal 9; started again at once" in caplog.text


def test_given_a_host_that_ended_when_looked_at_then_its_last_beats_are_heard_first(house: House) -> None:
    house.step()
    house.host.beats()
    house.host.code = 10
    house.step()
    assert [decision.what.value for decision in house.supervisor.told] == ["note", "start"]
    assert len(house.hosts) == 2


def test_given_windows_when_they_stand_then_buttons_are_pressed_and_alerts_kept(house: House) -> None:
    house.step()
    house.host.beats()
    house.desktop.standing = [SeenWindow("1", "안녕하세요. 키움증권 입니다."), SeenWindow("2", "opstarter")]
    house.step()
    house.step()
    assert house.desktop.pressed == [("안녕하세요. 키움증권 입니다.", "확인")]
    [alert] = house.state["alerts"]
    assert "python -m broker_win update" in alert["text"]
    assert alert["at"].startswith("2026-01-12 12:00:0")


def test_given_the_night_when_it_comes_then_the_host_is_asked_to_end_and_started_in_the_morning(house: House) -> None:
    house.step()
    house.host.beats()
    house.step()
    house.venue = from_kst(MONDAY, 4, 0)
    house.step()
    assert (house.host.asked, house.host.killed) == (1, 0)
    house.host.code = 0
    house.step()
    house.step()
    assert (house.state["state"], house.state["pid"], len(house.hosts)) == ("RESTING", None, 1)
    house.venue = from_kst(MONDAY, 7, 10)
    house.step()
    assert len(house.hosts) == 2


def test_given_an_update_when_it_holds_the_host_then_nothing_runs_until_it_is_over(house: House) -> None:
    house.step()
    house.held = "an update is under way"
    house.step()
    house.host.code = 0
    house.step()
    assert house.state["why"] == "an update is under way"
    house.held = ""
    house.step()
    assert len(house.hosts) == 2


def test_given_a_host_that_cannot_be_started_when_tried_then_it_ends_with_a_word_to_a_person(house: House) -> None:
    house.broken = True
    house.step()
    assert house.supervisor.is_over
    assert house.state["alerts"]


def test_given_a_stop_when_the_host_has_ended_then_it_is_over(house: House) -> None:
    house.step()
    house.supervisor.stop("Ctrl-C")
    assert house.host.asked == 1
    house.step()
    assert not house.supervisor.is_over
    house.host.code = 0
    house.step()
    assert house.supervisor.is_over
    assert len(house.hosts) == 1


def test_given_a_disk_that_takes_nothing_when_it_steps_then_the_watch_goes_on(tmp_path: Path) -> None:
    house = House(tmp_path / "missing")
    house.step()
    house.host.beats()
    house.step()
    assert house.supervisor.watch.state is State.UP
