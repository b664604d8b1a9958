"""`broker serve win`: what it prepares before any process runs."""

import importlib.util
import socket
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from broker_win import config_file
from broker_win.beats import Beat
from broker_win.config_file import WinSettings
from broker_win.emulator.plan import EmulatorPlan, ServerPlan
from cli.home import Home
from cli.serve_win import Asked, ToldClock, _plan_of, _settings, _text_of, _venue_settings, serve_win
from domain.errors import ConfigError
from domain.types import ServerKind, UnixNanos

S = 1_000_000_000
ASKED = Asked("127.0.0.1", 50051, emulator=True, faults=None, venue=(), speed=1.0, fresh=False)


def settings_in(home: Path, plan: EmulatorPlan) -> WinSettings:
    (home / "broker_win").mkdir()
    return _settings(Home(home), ASKED, home / "broker_win", plan)


def test_given_a_plan_of_a_real_server_when_settings_are_made_then_the_broker_expects_it(tmp_path: Path) -> None:
    plan = EmulatorPlan(server=ServerPlan(kind="real", accounts=("8012345611", "8012345631")))
    broker = settings_in(tmp_path, plan).broker
    assert (broker.server_kind, broker.account, broker.port) == (ServerKind.REAL, "8012345611", 50051)


def test_given_a_file_of_the_homes_own_when_settings_are_made_then_it_holds_and_reads_back(tmp_path: Path) -> None:
    own = '[broker]\nserver_kind = "real"\n[watch]\nstable_s = 7\n[[dialogs]]\ntitle = "공지"\nact = "close"\n'
    (tmp_path / "broker_win.toml").write_text(own, encoding="utf-8")
    settings = settings_in(tmp_path, EmulatorPlan())
    assert (settings.broker.server_kind, settings.watch.stable_s) == (ServerKind.REAL, 7)
    settings.path.write_text(_text_of(settings), encoding="utf-8")
    again = config_file.load(settings.path)
    assert (again.broker, again.watch, again.rules) == (settings.broker, settings.watch, settings.rules)


def test_given_settings_of_a_home_when_the_exchange_gets_them_then_who_may_connect_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "hantrade.toml"
    assert _venue_settings(path) == ""
    path.write_text('[paper]\ncash = 5\n[security.broker]\nca = "x"\n[link]\nprobe_ms = 700\n', encoding="utf-8")
    assert tomllib.loads(_venue_settings(path)) == {"paper": {"cash": 5}}


@pytest.mark.parametrize("package", ["PyQt5", "pykiwoom"])
def test_given_a_missing_package_when_the_emulator_is_asked_for_then_the_remedy_is_told(
    package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == package else found(name))
    with pytest.raises(ConfigError, match=f"expected the package {package}.*pip install"):
        _plan_of(None)


def test_given_a_port_in_use_when_started_then_nothing_is_started_and_the_option_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=f"--port must be free on 127.0.0.1, was {port}: Address already in use"):
            serve_win(tmp_path, replace(ASKED, port=port))
    assert not (tmp_path / "broker_win").exists()


def test_given_beats_when_hosts_are_away_then_the_venues_clock_runs_on_at_its_speed() -> None:
    now = [0]
    clock = ToldClock(60, lambda: now[0])
    assert clock.now() == 0
    clock.hear(Beat(1, 1, logged_in=False, venue_time=UnixNanos(5)))
    assert clock.now() == 0
    clock.hear(Beat(2, 1, logged_in=True, venue_time=UnixNanos(1_000 * S)))
    now[0] = 2 * S
    assert clock.now() == 1_120 * S
    clock.hear(Beat(3, 2, logged_in=True, venue_time=UnixNanos(1_100 * S)))
    assert clock.now() == 1_100 * S
