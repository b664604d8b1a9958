"""`hantrade broker faults`, and a faults file that `broker serve sim` refuses."""

import json
from pathlib import Path

import pytest

from cli.main import app
from domain.errors import ConfigError
from tests.cli.demo_house import runner


def test_given_the_printed_example_when_checked_then_it_says_what_it_switches_on(tmp_path: Path) -> None:
    path = tmp_path / "faults.toml"
    path.write_text(runner.invoke(app, ["broker", "faults", "--example"]).stdout, encoding="utf-8")
    done = runner.invoke(app, ["broker", "faults", str(path)])
    assert done.exit_code == 0
    assert "messages.filled.lost_ppm=20000" in done.stdout.splitlines()
    assert "requests.order_rate=5" in done.stdout.splitlines()


def test_given_a_file_when_checked_with_json_then_one_object_says_it(tmp_path: Path) -> None:
    path = tmp_path / "faults.toml"
    path.write_text("seed = 7\n[messages.filled]\nlost_ppm = 20_000\n")
    done = runner.invoke(app, ["broker", "faults", str(path), "--json"])
    assert json.loads(done.stdout) == {
        "file": str(path), "seed": 7, "switched_on": ["messages.filled.lost_ppm=20000"],
    }  # fmt: skip
    assert done.stdout.count("\n") == 1


def test_given_an_empty_file_when_checked_then_it_says_that_nothing_is_switched_on(tmp_path: Path) -> None:
    path = tmp_path / "faults.toml"
    path.write_text("")
    assert runner.invoke(app, ["broker", "faults", str(path)]).stdout == "nothing is switched on\n"


@pytest.mark.parametrize("args", [[], ["FILE", "--example"]])
def test_given_neither_or_both_when_asked_then_usage_is_told(args: list[str]) -> None:
    done = runner.invoke(app, ["broker", "faults", *args])
    assert isinstance(done.exception, ConfigError)
    assert "a FILE or --example is expected" in str(done.exception)


def test_given_a_wrong_file_when_served_then_nothing_starts_and_one_line_names_it(tmp_path: Path) -> None:
    path = tmp_path / "faults.toml"
    path.write_text("[messages.filled]\nlost = 1\n")
    home = tmp_path / "home"
    done = runner.invoke(app, ["broker", "serve", "sim", "--port", "0", "--faults", str(path), "--home", str(home)])
    assert isinstance(done.exception, ConfigError)
    assert str(done.exception).startswith(
        f"{path}: unknown field messages.filled.lost, was 1; allowed here: one of lost_ppm"
    )
    assert not (home / "broker_sim").exists()
