"""The version update: automatic log-in is put aside and always back in its place."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from broker_win.beats import Beat, line_of
from broker_win.update import (
    ASIDE,
    AUTO_LOGIN,
    FRESH_S,
    STEPS,
    Person,
    Update,
    is_held,
    put_aside,
    restore,
    restore_left_over,
    write_hold,
)
from domain.errors import ConfigError


class PlayedHost:
    """Logs in when automatic log-in stands in its place."""

    def __init__(self, folder: Path) -> None:
        self._logs_in = (folder / AUTO_LOGIN).exists()
        self.killed = False

    def lines(self) -> list[str]:
        return ["noise", line_of(Beat(1, 5, logged_in=self._logs_in))]

    def exit_code(self) -> int | None:
        return None

    def kill(self) -> None:
        self.killed = True


@pytest.fixture
def openapi(tmp_path: Path) -> Path:
    folder = tmp_path / "OpenAPI"
    (folder / "system").mkdir(parents=True)
    (folder / AUTO_LOGIN).write_bytes(b"auto")
    return folder


def an_update(openapi: Path, wait: Callable[[str], None], hosts: list[PlayedHost], said: list[str]) -> Update:
    def launch() -> PlayedHost:
        hosts.append(PlayedHost(openapi))
        return hosts[-1]

    return Update(
        openapi, openapi.parent / "hold.json", launch, Person(said.append, wait), sleep=lambda _s: None, login_tries=3
    )


def test_given_a_person_when_every_step_is_done_then_log_in_is_automatic_again(openapi: Path) -> None:
    hosts: list[PlayedHost] = []
    said: list[str] = []
    seen: list[tuple[bool, bool, int]] = []

    def wait(_text: str) -> None:
        living = sum(not host.killed for host in hosts)
        seen.append(((openapi / AUTO_LOGIN).exists(), (openapi.parent / "hold.json").exists(), living))

    assert an_update(openapi, wait, hosts, said).run()
    assert seen == [(True, True, 0), (False, True, 1), (False, True, 0), (False, True, 1)]
    assert (openapi / AUTO_LOGIN).read_bytes() == b"auto"
    assert not (openapi / ASIDE).exists()
    assert not (openapi.parent / "hold.json").exists()
    assert all(host.killed for host in hosts)
    assert [step for step in STEPS if any(step in text for text in said)] == list(STEPS)


@pytest.mark.parametrize("at", range(4))
def test_given_an_interruption_when_at_any_step_then_the_file_is_back_and_no_host_runs(openapi: Path, at: int) -> None:
    hosts: list[PlayedHost] = []
    left = [at]

    def wait(_text: str) -> None:
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1

    with pytest.raises(KeyboardInterrupt):
        an_update(openapi, wait, hosts, []).run()
    assert (openapi / AUTO_LOGIN).read_bytes() == b"auto"
    assert not (openapi.parent / "hold.json").exists()
    assert all(host.killed for host in hosts)


def test_given_log_in_that_stays_by_hand_when_checked_then_the_person_is_told_what_to_do(openapi: Path) -> None:
    (openapi / AUTO_LOGIN).unlink()
    said: list[str] = []
    assert not an_update(openapi, lambda _text: None, [], said).run()
    assert "tick AUTO" in said[-1]


def test_given_no_openapi_when_begun_then_the_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="give --openapi FOLDER"):
        an_update(tmp_path / "none" / "OpenAPI", lambda _text: None, [], []).run()


def test_given_a_power_cut_when_the_parent_starts_later_then_the_file_is_put_back(openapi: Path) -> None:
    hold = openapi.parent / "hold.json"
    write_hold(hold, openapi)
    put_aside(openapi)
    stamped = hold.stat().st_mtime
    assert is_held(hold, stamped + FRESH_S - 1)
    assert restore_left_over(hold, stamped + FRESH_S - 1) == ""
    assert "Autologin.dat is back" in restore_left_over(hold, stamped + FRESH_S)
    assert (openapi / AUTO_LOGIN).read_bytes() == b"auto"
    assert not hold.exists()
    assert restore_left_over(hold, stamped + FRESH_S) == ""


def test_given_a_new_automatic_log_in_when_restored_then_the_new_one_stays(openapi: Path) -> None:
    put_aside(openapi)
    (openapi / AUTO_LOGIN).write_bytes(b"new")
    assert restore(openapi)
    assert (openapi / AUTO_LOGIN).read_bytes() == b"new"
    assert not (openapi / ASIDE).exists()


@pytest.mark.parametrize("content", ["", "[]", '{"openapi": 1}', json.dumps({"other": 1})])
def test_given_a_broken_hold_file_when_found_then_it_is_cleared_away(
    tmp_path: Path, content: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("broker_win.update.DEFAULT_FOLDER", tmp_path / "OpenAPI")
    hold: Any = tmp_path / "hold.json"
    hold.write_text(content, encoding="utf-8")
    os.utime(hold, (1, 1))
    assert restore_left_over(hold, 1_000.0)
    assert not hold.exists()
