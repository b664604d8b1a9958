"""The home folder: who runs, which log is the newest, what a dead process leaves behind."""

import fcntl
import json
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.home import AlreadyRunning, Home, Running, new_log, newest_log
from cli.main import app
from domain.errors import ConfigError


def a_note(pid: int) -> Running:
    return Running(pid, "127.0.0.1:1", "log.db", "run", "paper")


def test_given_a_claimed_home_when_claimed_again_then_it_is_refused_with_the_pid_until_it_is_given_back(
    tmp_path: Path,
) -> None:
    home = Home(tmp_path)
    with home.claim("trader"):
        home.announce("trader", a_note(os.getpid()))
        assert home.running("trader") == a_note(os.getpid())
        with pytest.raises(AlreadyRunning, match=rf"pid {os.getpid()}"), home.claim("trader"):
            pass
        with home.claim("broker-1"):
            assert home.running("broker-1") is None
    assert home.running("trader") is None
    with home.claim("trader"):
        assert home.running("trader") is None


def test_given_the_note_of_a_dead_process_when_its_pid_lives_on_in_another_then_nothing_runs(tmp_path: Path) -> None:
    home = Home(tmp_path)
    with home.claim("trader"):
        pass
    home.announce("trader", a_note(os.getpid()))
    assert home.running("trader") is None


def test_given_a_lock_that_is_held_when_the_note_is_broken_or_of_a_dead_process_then_nothing_runs(
    tmp_path: Path,
) -> None:
    home = Home(tmp_path)
    with home.claim("trader"):
        note = tmp_path / "run" / "trader.json"
        for text in ("", "{", '{"pid": 1}', "[]", json.dumps({"pid": 2**22 + 1} | a_note_fields())):
            note.write_text(text)
            assert home.running("trader") is None


def a_note_fields() -> dict[str, str]:
    return {"address": "a:1", "log_path": "l", "run_id": "r", "mode": "paper"}


def test_given_a_reader_that_looks_at_the_lock_when_claimed_then_the_claim_is_patient(tmp_path: Path) -> None:
    home = Home(tmp_path)
    with home.claim("trader"):
        pass
    with (tmp_path / "run" / "trader.lock").open() as reader:
        fcntl.flock(reader, fcntl.LOCK_SH)
        with pytest.raises(AlreadyRunning, match="unknown"), home.claim("trader"):
            pass
        fcntl.flock(reader, fcntl.LOCK_UN)
        with home.claim("trader"):
            pass


def test_given_a_home_that_is_a_file_when_used_then_one_line_names_it(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="file"):
        Home(tmp_path / "file").running("trader")


def test_given_logs_when_the_newest_is_asked_for_then_the_one_written_to_last_is_given(tmp_path: Path) -> None:
    home = Home(tmp_path)
    with pytest.raises(ConfigError, match="no event log"):
        newest_log(tmp_path)
    first = new_log(home, "paper")
    first.touch()
    second = new_log(home, "paper")
    assert second != first
    second.touch()
    os.utime(first, (1, 1))
    os.utime(second, (2, 2))
    assert newest_log(tmp_path) == second
    first.with_name(first.name + "-wal").touch()
    assert newest_log(tmp_path) == second  # who only reads a log leaves an empty WAL
    first.with_name(first.name + "-wal").write_bytes(b"frames")
    assert newest_log(tmp_path) == first


def test_given_home_before_or_after_the_command_or_as_a_variable_when_read_then_it_is_that_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runner = CliRunner()
    monkeypatch.delenv("HANTRADE_HOME", raising=False)
    monkeypatch.setattr("cli.main.set_up_logging", lambda verbose: None)
    here, there = tmp_path / "here", tmp_path / "there"
    for args, variable, used in (
        (["--home", str(here), "status"], "", here),
        (["status", "--home", str(here)], "", here),
        (["--home", str(there), "status", "--home", str(here)], "", here),
        (["status"], str(there), there),
        (["--home", str(here), "status"], str(there), here),
    ):
        with monkeypatch.context() as patch:
            patch.setenv("HANTRADE_HOME", variable)
            found = runner.invoke(app, args)
        assert isinstance(found.exception, ConfigError)
        assert str(used / "logs") in str(found.exception)


def test_given_init_when_run_then_commented_files_are_written_once(tmp_path: Path) -> None:
    runner = CliRunner()
    assert runner.invoke(app, ["init", "--home", str(tmp_path)]).exit_code == 0
    before = (tmp_path / "hantrade.toml").read_text()
    assert before.startswith("# hantrade settings")
    (tmp_path / "hantrade.toml").write_text("mine")
    (tmp_path / "krx.toml").write_text("# my holidays")
    refused = runner.invoke(app, ["init", "--home", str(tmp_path)])
    assert isinstance(refused.exception, ConfigError)
    assert (tmp_path / "hantrade.toml").read_text() == "mine"
    assert runner.invoke(app, ["init", "--force", "--home", str(tmp_path)]).exit_code == 0
    assert (tmp_path / "hantrade.toml").read_text() == before
    assert (tmp_path / "krx.toml").read_text() == "# my holidays"
