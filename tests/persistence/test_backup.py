"""A backup is a consistent copy of what is being written, and a changed or missing file of it is never put back."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from domain.errors import ConfigError, LogCorrupt, LogError
from persistence.backup import LIST_NAME, back_up, put_back, read_backup
from persistence.verify import verify_chain
from tests.persistence.logs import a_record, open_log

LOG, SETTINGS = "logs/paper-1.db", "hantrade.toml"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    root = tmp_path / "a home"
    (root / "logs").mkdir(parents=True)
    with closing(open_log(root / LOG)) as log:
        log.commit([a_record(1), a_record(2)], durable=True)
    (root / SETTINGS).write_text("[paper]\ncash = 5\n")
    return root


def test_given_a_log_that_is_written_when_backed_up_then_the_copy_is_whole_and_stays_as_it_was(home: Path) -> None:
    target = home / "backups" / "one"
    with closing(open_log(home / LOG)) as log:
        log.commit([a_record(3)], durable=True)
        files = back_up(home, [LOG, SETTINGS], target, now=lambda: 7)
        log.commit([a_record(4)], durable=True)
    assert [item.name for item in files] == [LOG, SETTINGS]
    assert read_backup(target) == files
    assert not list(target.glob("**/*-wal"))
    verified = verify_chain(target / LOG)
    assert (verified.ok, verified.events) == (True, 3)
    put_back(target, files, home.parent / "other")
    with closing(open_log(home.parent / "other" / LOG)) as restored:
        assert restored.last_seq == 3


@pytest.mark.parametrize("change", ["byte", "gone", "list", "outside"])
def test_given_a_backup_that_is_not_what_was_copied_when_read_then_the_file_is_named(home: Path, change: str) -> None:
    target = home / "copy"
    back_up(home, [LOG, SETTINGS], target)
    listed = target / LIST_NAME
    match change:
        case "byte":
            data = bytearray((target / LOG).read_bytes())
            data[-1] ^= 1
            (target / LOG).write_bytes(data)
        case "gone":
            (target / SETTINGS).unlink()
        case "list":
            listed.write_text(listed.read_text()[:-20])
        case "outside":
            listed.write_text(listed.read_text().replace(SETTINGS, "../" + SETTINGS))
    named = {"byte": LOG, "gone": SETTINGS, "list": LIST_NAME, "outside": "../" + SETTINGS}[change]
    with pytest.raises(LogCorrupt, match=named):
        read_backup(target)


def test_given_a_folder_with_files_when_backed_up_into_then_it_is_refused_and_kept(home: Path) -> None:
    with pytest.raises(ConfigError, match="new or empty folder"):
        back_up(home, [LOG], home)
    assert (home / SETTINGS).exists()


def test_given_a_backup_that_was_cut_off_when_read_then_it_is_no_backup(home: Path, tmp_path: Path) -> None:
    (home / "logs" / "broken.db").write_bytes(b"no database at all, but as long as a header" * 20)
    with pytest.raises(LogError, match=r"broken\.db cannot be copied"):
        back_up(home, [LOG, "logs/broken.db"], tmp_path / "half")
    with pytest.raises(ConfigError, match="is no backup"):
        read_backup(tmp_path / "half")


def test_given_a_copy_when_opened_by_any_tool_then_it_is_one_plain_file(home: Path, tmp_path: Path) -> None:
    back_up(home, [LOG], tmp_path / "one")
    with closing(sqlite3.connect(tmp_path / "one" / LOG)) as db:
        assert db.execute("PRAGMA journal_mode").fetchone() == ("delete",)
        assert db.execute("SELECT count(*) FROM events").fetchone() == (2,)
