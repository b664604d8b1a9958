"""The tutorial shows the example, the example has twenty lines, and it trades when it is plugged in."""

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from cli.sample import sample_path

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples/strategies"
SHOWN = re.compile(r"<!-- file: (\S+) -->\n```\w+\n(.*?)```", re.DOTALL)


@pytest.mark.parametrize("page", ["strategies.md", "strategies.ko.md"])
def test_given_the_page_when_read_then_every_file_it_shows_is_the_file(page: str) -> None:
    shown = dict(SHOWN.findall((ROOT / "docs" / page).read_text(encoding="utf-8")))
    names = ("falling_minutes.py", "pyproject.toml", "hantrade.toml")
    assert shown == {f"examples/strategies/{name}": (EXAMPLE / name).read_text(encoding="utf-8") for name in names}


def test_given_the_strategy_when_its_lines_are_counted_then_there_are_twenty() -> None:
    text = (EXAMPLE / "falling_minutes.py").read_text(encoding="utf-8")
    assert len([line for line in text.splitlines() if line.strip()]) == 20


def installed(folder: Path) -> Path:
    """Put the example into a folder for `sys.path` as an installer would, without building a wheel."""
    project = tomllib.loads((EXAMPLE / "pyproject.toml").read_text(encoding="utf-8"))
    about = project["project"]
    for name in project["tool"]["hatch"]["build"]["targets"]["wheel"]["include"]:
        (folder / name).write_bytes((EXAMPLE / name).read_bytes())
    info = folder / f"{about['name'].replace('-', '_')}-{about['version']}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {about['name']}\nVersion: {about['version']}\n")
    points = [f"{name} = {value}" for name, value in about["entry-points"]["hantrade.strategies"].items()]
    (info / "entry_points.txt").write_text("\n".join(["[hantrade.strategies]", *points, ""]))
    home = folder / "home"
    home.mkdir()
    (home / "hantrade.toml").write_bytes((EXAMPLE / "hantrade.toml").read_bytes())
    return folder


def test_given_the_example_when_plugged_in_and_back_tested_then_it_trades_and_exits_sell(tmp_path: Path) -> None:
    env = {**os.environ, "PYTHONPATH": str(installed(tmp_path)), "HANTRADE_HOME": str(tmp_path / "home")}
    symbols = ["--symbols", "046310"]
    done = subprocess.run(
        [sys.executable, "-m", "cli.main", "backtest", "run", "--data", str(sample_path()), *symbols, "--json"],
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
        cwd=ROOT,
        env=env,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["trades_closed"] > 0
    assert (found["positions"], found["verified"], found["replay_identical"]) == ({}, True, True)
    log = ["signals", "--log", found["log_path"], "--json"]
    told = subprocess.run(
        [sys.executable, "-m", "cli.main", *log], capture_output=True, text=True, check=True, cwd=ROOT, env=env
    )
    rows = [json.loads(line) for line in told.stdout.splitlines()]
    strategies = {row["strategy"] for row in rows}
    assert "falling_minutes" in strategies
    assert strategies <= {"falling_minutes", "exit_target", "exit_stop", "exit_time", "exit_close"}
    assert len(strategies) > 1, "what it bought was sold by exit strategies"
