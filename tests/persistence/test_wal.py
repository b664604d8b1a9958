"""The write-ahead log that is given its size beforehand: SQLite takes it, keeps it, and a cut-off one is left alone."""

from pathlib import Path

import pytest

from persistence.event_log import EventLog
from persistence.verify import verify
from persistence.wal import prepare_wal
from tests.persistence.logs import a_record

SIZE = 1 << 20


def _wal(path: Path) -> Path:
    return path.with_name(path.name + "-wal")


def test_given_a_size_when_a_new_log_takes_commits_then_its_wal_does_not_grow(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    log = EventLog.open(path, create_id=lambda: "L", wal_bytes=SIZE)
    assert _wal(path).stat().st_size == SIZE
    for seq in range(1, 50):
        log.commit([a_record(seq)], durable=True)
        assert _wal(path).stat().st_size == SIZE
    assert verify(path).ok
    log.close()
    again = EventLog.open(path, create_id=None, wal_bytes=SIZE)
    assert (again.last_seq, _wal(path).stat().st_size) == (49, SIZE)
    again.close()
    assert verify(path).events == 49


def test_given_a_wal_that_holds_commits_when_prepared_then_it_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    log = EventLog.open(path, create_id=lambda: "L")
    log.commit([a_record(1), a_record(2)], durable=True)
    before = _wal(path).read_bytes()
    prepare_wal(path, SIZE)
    assert before
    assert _wal(path).read_bytes() == before
    log.close()


def test_given_a_folder_without_room_or_rights_when_prepared_then_nothing_is_left_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("persistence.wal.os.fsync", full)
    prepare_wal(tmp_path / "log.db", SIZE)
    assert list(tmp_path.iterdir()) == []


def test_given_the_empty_wal_a_reader_left_when_prepared_then_it_gets_its_size(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    EventLog.open(path, create_id=lambda: "L").close()
    _wal(path).touch()
    prepare_wal(path, SIZE)
    assert _wal(path).stat().st_size == SIZE
    log = EventLog.open(path, create_id=None)
    log.commit([a_record(1)], durable=True)
    log.close()
    assert verify(path).events == 1
