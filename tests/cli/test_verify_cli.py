"""`hantrade log verify` over the files of several days: what a person and a program read."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from actors.core.kernel import Kernel
from actors.roster import make_roles
from cli.log import app
from cli.log_choice import carry
from domain.types import LinkName
from persistence.verify import verify
from tests.actors.builders import a_run, broker_state, instruments, opened
from tests.persistence.chains import a_day, by_sql, cut, days
from tests.persistence.power import Scribe

runner = CliRunner()


@pytest.fixture
def chain(tmp_path: Path) -> list[Path]:
    return days(tmp_path)


def _run(path: Path, *args: str) -> Result:
    return runner.invoke(app, ["verify", "--log", str(path), *args])


def _last(result: Result) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(result.stdout.splitlines()[-1])
    return found


def test_given_sound_days_when_verified_then_a_line_each_and_a_verdict(chain: list[Path]) -> None:
    result = _run(chain[-1])
    assert result.exit_code == 0
    heads = [verify(path).head_hash for path in chain]
    assert result.stdout.splitlines() == [
        f"{chain[0]}: 8 events, unbroken; head {heads[0]}",
        f"{chain[1]}: 9 events, unbroken; head {heads[1]}",
        f"{chain[2]}: 9 events, unbroken; head {heads[2]}",
        "as written: 3 files, 26 events, from the first one to the head",
    ]
    found = _last(_run(chain[-1], "--json"))
    assert (found["events"], found["ok"], found["first_bad_seq"], found["complete"]) == (26, True, None, True)
    assert (found["log_path"], found["head_hash"]) == (str(chain[2]), heads[2])
    assert [(file["log_path"], file["log_id"], file["events"]) for file in found["files"]] == [
        (str(chain[0]), "day1", 8),
        (str(chain[1]), "day2", 9),
        (str(chain[2]), "day3", 9),
    ]


def test_given_only_when_verified_then_just_the_one_file_is_proven(chain: list[Path]) -> None:
    by_sql(chain[0], "UPDATE events SET role = 'forger' WHERE seq = 3")
    result = _run(chain[-1], "--only")
    assert result.exit_code == 0
    assert len(result.stdout.splitlines()) == 2
    assert f"{chain[2].name} begins after event 9, hash " in result.stdout.splitlines()[-1]
    found = _last(_run(chain[-1], "--only", "--json"))
    assert (found["events"], found["ok"], found["complete"], len(found["files"])) == (9, True, False, 1)
    assert _last(_run(chain[0], "--only", "--json"))["ok"] is False


def test_given_an_edited_day_when_verified_then_exit_1_and_its_file_and_event_are_named(chain: list[Path]) -> None:
    by_sql(chain[1], "UPDATE events SET role = 'forger' WHERE seq = 5")
    result = _run(chain[-1])
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert lines[1] == (
        f"{chain[1]}: NOT as written; first bad event 4: the commit of events 4 to 5 was changed after it was written"
        " (3 events before it are good)"
    )
    assert lines[-1] == f"NOT as written: the first fault is in {chain[1]}"
    result = _run(chain[-1], "--json")
    assert result.exit_code == 1
    found = _last(result)
    assert (found["ok"], found["first_bad_log"], found["first_bad_seq"]) == (False, str(chain[1]), 4)
    assert found["events"] == 8 + 3 + 9


def test_given_a_day_cut_at_a_commit_when_verified_then_it_reads_well(chain: list[Path]) -> None:
    cut(chain[0], 6)
    result = _run(chain[-1])
    assert result.exit_code == 1
    assert result.stdout.splitlines()[0] == (
        f"{chain[0]}: NOT as written; first bad event 7: ends at event 6, but {chain[1].name} was begun behind event 8:"
        " its end was cut off (6 events before it are good)"
    )


@pytest.mark.parametrize("swap", [True, False])
def test_given_a_day_swapped_or_removed_when_verified_then_exit_0_and_what_is_missing_is_told(
    chain: list[Path], swap: bool
) -> None:
    head = verify(chain[0]).head_hash
    chain[0].unlink()
    if swap:
        a_day(chain[0], "stranger")
    result = _run(chain[-1])
    assert result.exit_code == 0
    assert result.stdout.splitlines()[-1] == (
        f"as written as far as it goes back (2 files, 18 events); {chain[1].name} begins after event 8, hash {head}"
        " of log day1, which is not in this folder"
    )
    found = _last(_run(chain[-1], "--json"))
    assert (found["ok"], found["complete"], found["events"]) == (True, False, 18)


def test_given_a_day_in_the_place_of_another_when_verified_then_exit_1(chain: list[Path]) -> None:
    chain[0].unlink()
    a_day(chain[0], "day1", commits=2)
    result = _run(chain[-1])
    assert result.exit_code == 1
    assert "ends at event 4" in result.stdout.splitlines()[0]


def test_given_a_copy_when_verified_then_it_is_noted(chain: list[Path]) -> None:
    shutil.copy(chain[0], chain[0].with_name("zz copy.db"))
    result = _run(chain[-1])
    assert result.exit_code == 0
    assert f"note: zz copy.db is log day1 too, up to event 8; {chain[0].name} was checked" in result.stdout


def test_given_help_when_asked_then_only_is_explained() -> None:
    assert "--only" in runner.invoke(app, ["verify", "--help"], env={"COLUMNS": "200"}).stdout


def test_given_a_real_roll_when_verified_then_both_days_are_proven_and_a_cut_of_the_first_is_found(
    tmp_path: Path,
) -> None:
    old, new = tmp_path / "paper-1.db", tmp_path / "paper-2.db"
    scribe = Scribe(old, checkpoint_pages=1_000)
    scribe.hear(a_run())
    before = scribe.last.last_seq
    scribe.hear(opened(LinkName.QUOTES), instruments(), opened(LinkName.ORDERS), broker_state())
    scribe.log.close()
    carry(old, new, Kernel(make_roles(), "L1"))
    found = _last(_run(new, "--json"))
    assert [Path(file["log_path"]).name for file in found["files"]] == [old.name, new.name]
    assert (found["ok"], found["complete"]) == (True, True)
    cut(old, before)
    result = _run(new)
    assert result.exit_code == 1
    assert f"first bad event {before + 1}: ends at event {before}" in result.stdout
