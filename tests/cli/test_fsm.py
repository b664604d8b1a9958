"""`hantrade fsm show`."""

import json

import pytest
from typer.testing import CliRunner

from cli.fsm import app
from fsm.machines import MACHINES


@pytest.mark.parametrize("name", MACHINES)
def test_given_a_machine_when_shown_then_table_and_diagram_are_printed(name: str) -> None:
    result = CliRunner().invoke(app, ["show", name])
    assert result.exit_code == 0
    assert "stateDiagram-v2" in result.stdout
    assert MACHINES[name].theory.splitlines()[0] in result.stdout


def test_given_json_when_shown_then_each_line_is_one_row() -> None:
    result = CliRunner().invoke(app, ["show", "leg", "--json"])
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(row["trigger"], row["source"], row["dest"]) for row in rows] == [tuple(r) for r in MACHINES["leg"].rows()]


def test_given_an_unknown_machine_when_shown_then_one_line_names_the_allowed() -> None:
    result = CliRunner().invoke(app, ["show", "nope"])
    assert result.exit_code == 2
    assert result.stderr.strip().splitlines() == [f"hantrade: NAME must be one of {', '.join(MACHINES)}, was 'nope'"]


def test_given_the_help_when_read_then_it_names_every_machine() -> None:
    said = CliRunner().invoke(app, ["show", "--help"], env={"COLUMNS": "200"}).stdout
    assert [name for name in MACHINES if name not in said] == []
