"""Backup and restore: whatever cuts a restore off, and whatever the backup held, no id is made again."""

import json
from pathlib import Path

import pytest

from cli import backups
from cli.home import Home
from domain.errors import ConfigError, LogError
from persistence.event_log import EventLog
from persistence.files import read_log_file
from persistence.identity import Renewal, renew_identity
from tests.actors.log_writer import write_log
from tests.actors.test_recovery import a_house


def a_home(root: Path) -> Home:
    home = Home(root)
    home.logs.mkdir(parents=True)
    (root / "hantrade.toml").write_text("")
    return home


def ids(home: Home) -> set[str]:
    """Give the identities of the logs a start may go on with."""
    logs = [read_log_file(path) for path in home.logs.glob("*.db")]
    followed = {log.previous for log in logs}
    return {log.log_id for log in logs if not log.last_seq or (log.last_seq, log.head_hash) not in followed}


def restored(source: Path, home: Home) -> None:
    backups.restore(source, json=False, home=home.root)


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    """Give a backup of a home with one log."""
    here = a_home(tmp_path / "here")
    write_log(here.logs / "paper-1.db", a_house())
    backups.backup(tmp_path / "backup", json=False, home=here.root)
    return tmp_path / "backup"


def test_given_a_log_that_holds_nothing_yet_when_restored_then_it_does_not_go_on_under_its_identity(
    tmp_path: Path,
) -> None:
    here, there = a_home(tmp_path / "here"), Home(tmp_path / "there")
    EventLog.open(here.logs / "paper-1.db", create_id=lambda: "first", reserve_bytes=0).close()
    follower = renew_identity(write_log(here.logs / "mock-1.db", a_house()), "restored before")
    backups.backup(tmp_path / "backup", json=False, home=here.root)
    restored(tmp_path / "backup", there)
    assert len(ids(there)) == 2
    assert not ids(there) & {"first", follower.log_id}


def test_given_a_restore_that_is_cut_off_when_anything_starts_then_it_is_refused_until_the_restore_is_done_again(
    backup: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = Home(tmp_path / "there")

    def killed(path: Path, why: str) -> Renewal:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(backups, "renew_identity", killed)
        with pytest.raises(KeyboardInterrupt):
            restored(backup, there)
    for role in ("trader", "broker-50051"):
        with pytest.raises(ConfigError, match=r"restore .*was cut off.*hantrade restore"), there.claim(role):
            pass
    restored(backup, there)
    with there.claim("trader"):
        pass
    assert ids(there)
    assert not ids(there) & ids(Home(tmp_path / "here"))


def test_given_a_file_that_cannot_be_written_when_restored_then_the_home_is_not_used(
    backup: Path, tmp_path: Path
) -> None:
    there = Home(tmp_path / "there")
    there.root.mkdir()
    (there.root / "logs").write_text("no folder")
    with pytest.raises(LogError, match="cannot be written"):
        restored(backup, there)
    with pytest.raises(ConfigError, match="was cut off"), there.claim("trader"):
        pass


def test_given_files_of_its_own_when_another_backup_is_restored_then_nothing_is_touched(
    backup: Path, tmp_path: Path
) -> None:
    there = a_home(tmp_path / "there")
    with pytest.raises(ConfigError, match=r"must not hold hantrade\.toml"):
        restored(backup, there)
    with there.claim("trader"):
        pass
    listed = json.loads((backup / "backup.json").read_text())["files"]
    assert [item["name"] for item in listed] == ["logs/paper-1.db", "hantrade.toml"]
