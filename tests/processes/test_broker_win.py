"""The whole Windows broker as processes: parent, host with the emulated control, the exchange as Kiwoom's servers."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from broker.client import BrokerClient
from broker_win.emulator.desktop import WINDOWS, FolderDesktop, FolderWindows
from broker_win.exit_codes import ExitCode
from domain.types import ServerKind
from tests.processes.harness import DEADLINE_S, Place, a_place, killed, wait_until

pytestmark = pytest.mark.processes

WATCH = """
[watch]
beat_timeout_s = 3
hang_timeout_s = 2
end_grace_s = 2
backoff_first_s = 1
backoff_max_s = 1
stable_s = 1
breaker_starts = 50
[rest]
windows = []
"""


@dataclass
class Win:
    """The Windows broker of a place."""

    place: Place
    parent: Any

    @property
    def folder(self) -> Path:
        return self.place.home / "broker_win"

    @property
    def state(self) -> dict[str, Any]:
        """What the parent wrote down."""
        found: dict[str, Any] = json.loads((self.folder / "broker_win.state.json").read_text(encoding="utf-8"))
        return found

    @property
    def said(self) -> str:
        return self.place.said("win")

    def host(self, after: int = 0) -> int:
        """Wait for a host that is logged in, another than one of before; give its number."""

        def up() -> int:
            with suppress(FileNotFoundError):
                state = self.state
                if state["state"] == "UP" and state["pid"] != after:
                    return int(state["pid"])
            return 0

        return int(wait_until(up, f"a host behind {after}: {self.said}"))

    def client(self) -> BrokerClient:
        return BrokerClient(f"127.0.0.1:{self.place.port}", 3.0)


def a_win(place: Place, *args: str, settings: str = WATCH) -> Win:
    place.home.mkdir(exist_ok=True)
    (place.home / "broker_win.toml").write_text(settings, encoding="utf-8")
    serve = ("broker", "serve", "win", "--emulator", "--port", str(place.port), "--symbols", "120110,001430")
    parent = place.spawn("win", *serve, *args)
    win = Win(place, parent)
    wait_until(lambda: "broker win listens on" in win.said or parent.poll() is not None, "the Windows broker")
    assert parent.poll() is None, win.said
    return win


@pytest.fixture(scope="module")
def win(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Win]:
    with a_place(tmp_path_factory.mktemp("win")) as place:
        yield a_win(place, "--speed", "20")


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with a_place(tmp_path) as place:
        yield place


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def children(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_given_the_windows_broker_when_asked_then_it_is_kiwooms_mock_server_behind_brokerservice(win: Win) -> None:
    win.host()
    client = win.client()
    try:
        session = client.session()
        listed, _ = client.instruments()
    finally:
        client.close()
    assert (session.server_kind, session.logged_in, session.account) == (ServerKind.MOCK, True, "******5611")
    assert session.speed_milli == 20_000
    assert sorted(one.symbol for one in listed) == ["001430", "120110"]
    assert f"broker win listens on 127.0.0.1:{win.place.port}\n" in win.said


def test_given_a_port_that_is_taken_when_another_host_starts_then_it_ends_and_does_not_log_in(
    win: Win, tmp_path: Path
) -> None:
    """A second log-in with the same name would end that of the first."""
    win.host()
    text = (win.folder / "emulator.toml").read_text(encoding="utf-8")
    config = tmp_path / "emulator.toml"
    config.write_text(re.sub(r"(?m)^journal = .*$", f'journal = "{tmp_path}/orders.db"', text), encoding="utf-8")
    venue = re.search(r"broker sim serves\s+address=(\S+)", win.said)
    assert venue is not None
    arguments = ("--config", str(config), "--emulator", venue[1], "--openapi", str(tmp_path / "openapi"))
    command = [sys.executable, "-m", "broker_win", "host", *arguments]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=subprocess.DEVNULL, stderr=pipe, text=True) as other:
        assert other.stderr is not None
        said = other.stderr.read()
        assert other.wait(DEADLINE_S) == ExitCode.BUSY, said
    assert f"port must be free on 127.0.0.1, was {win.place.port}" in said
    assert "LOGGING_IN" not in said


def test_given_a_host_that_is_killed_when_its_parent_sees_it_then_another_serves_on_the_same_address(win: Win) -> None:
    before = win.host()
    os.kill(before, signal.SIGKILL)
    assert win.host(before) != before
    assert "note: the host was killed by signal 9" in win.said
    client = win.client()
    try:
        assert wait_until(lambda: client.session().logged_in, "the log-in")
    finally:
        client.close()


def test_given_a_host_that_freezes_when_no_beat_comes_then_it_is_killed_and_started_again(win: Win) -> None:
    before = win.host()
    os.kill(before, signal.SIGSTOP)
    win.host(before)
    assert not lives(before)
    assert "kill: no beat for 3 s: the process hangs" in win.said


def test_given_a_notice_when_it_stands_then_its_button_is_pressed_and_the_host_goes_on(win: Win) -> None:
    host = win.host()
    screen = FolderDesktop(win.folder / "openapi" / WINDOWS)
    FolderWindows(screen._folder, host).open("안녕하세요. 키움증권 입니다.", "점검 안내")
    wait_until(lambda: not screen.windows(host), "the notice to be closed")
    assert win.host() == host


def test_given_the_window_of_a_lost_line_when_it_stands_then_the_host_is_started_again(win: Win) -> None:
    before = win.host()
    FolderWindows(win.folder / "openapi" / WINDOWS, before).open("KHOpenAPI", "통신 연결이 끊겼습니다")
    win.host(before)
    assert 'kill: window "KHOpenAPI": the line to Kiwoom is lost' in win.said


def test_given_the_parent_is_killed_when_its_children_hear_it_then_host_and_exchange_end(win: Win) -> None:
    host = win.host()
    family = children(win.parent.pid)
    assert host in family
    assert len(family) == 2
    killed(win.parent)
    wait_until(lambda: not any(map(lives, family)), "host and exchange to end")


def test_given_a_lost_line_when_106_comes_then_the_host_ends_and_another_logs_in(place: Place) -> None:
    faults = place.root / "faults.toml"
    faults.write_text('[hangs]\nlost_lines = ["09:01"]\n', encoding="utf-8")
    win = a_win(place, "--speed", "90", "--faults", str(faults))
    wait_until(lambda: "the host ended with 10 (LINE_LOST); started again at once" in win.said, f"-106: {win.said}")
    win.host()
    win.parent.send_signal(signal.SIGTERM)
    assert win.parent.wait(DEADLINE_S) == 0, win.said
    assert "note: the host ended with 0 (ENDED)" in win.said


def test_given_no_emulator_off_windows_when_served_then_what_to_do_is_told(place: Place) -> None:
    said = place.run("broker", "serve", "win")
    assert said.code == 2
    assert "--emulator plays Kiwoom here" in said.err
    assert said.err.count("\n") == 1


def test_given_a_knob_of_the_simulator_when_given_to_win_then_it_is_refused(place: Place) -> None:
    said = place.run("broker", "serve", "win", "--emulator", "--start-now")
    assert (said.code, said.err) == (
        2,
        "hantrade: --start-now belongs to `broker serve sim`; Kiwoom has no such knob\n",
    )
    said = place.run("broker", "serve", "sim", "--emulator")
    assert (said.code, said.err) == (2, "hantrade: --emulator belongs to `broker serve win`\n")
