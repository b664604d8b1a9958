"""Appending: all or nothing, one writer, full disks, logs that are not ours."""

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from domain.errors import ConfigError, InvariantError, LogBusy, LogCorrupt, LogError, LogFull, LogTooNew
from persistence import migrations, schema
from persistence.event_log import EventLog
from persistence.reader import LogReader
from persistence.verify import verify
from tests.persistence.logs import a_codec, a_record, open_log


def _seqs(path: Path) -> list[int]:
    with LogReader(path, a_codec()) as reader:
        return [record.seq for record in reader.events()]


def test_given_commits_when_opened_again_then_the_chain_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "logs" / "a.db"
    log = open_log(path)
    log.commit([a_record(1), a_record(2, causation_seq=1)], durable=True)
    log.commit([a_record(3, raw=b"\x00\xff")], durable=False)
    head = log.last_hash
    log.close()
    log = open_log(path, create_id=None)
    assert (log.log_id, log.last_seq, log.last_hash) == ("L1", 3, head)
    log.commit([a_record(4)], durable=False)
    log.commit([], durable=True)
    log.close()
    report = verify(path)
    assert (report.ok, report.events, report.head_hash) == (True, 4, log.last_hash.hex())
    with LogReader(path, a_codec()) as reader:
        assert list(reader.events()) == [
            a_record(1),
            a_record(2, causation_seq=1),
            a_record(3, raw=b"\x00\xff"),
            a_record(4),
        ]


@pytest.mark.parametrize("records", [[a_record(2)], [a_record(1), a_record(3)], [a_record(1, causation_seq=1)]])
def test_given_a_gap_or_a_cause_in_the_future_when_committed_then_nothing_is_written(
    tmp_path: Path, records: list[object]
) -> None:
    log = open_log(tmp_path / "a.db")
    with pytest.raises(InvariantError):
        log.commit(records, durable=False)  # type: ignore[arg-type]  # built in the table above
    log.commit([a_record(1)], durable=False)
    log.close()
    assert _seqs(tmp_path / "a.db") == [1]


def test_given_a_row_sqlite_refuses_when_committed_then_the_rows_before_it_are_undone(tmp_path: Path) -> None:
    log = open_log(tmp_path / "a.db")
    with pytest.raises(OverflowError):
        log.commit([a_record(1), a_record(2, venue_time=2**63)], durable=False)
    log.commit([a_record(1)], durable=False)
    log.close()
    assert _seqs(tmp_path / "a.db") == [1]


def test_given_a_process_that_dies_inside_a_commit_when_opened_then_the_commits_before_it_stand(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    code = f"""
import os
from pathlib import Path
from tests.persistence.logs import a_record, open_log
log = open_log(Path({str(path)!r}))
log.commit([a_record(1), a_record(2)], durable=True)
log._conn.execute("BEGIN IMMEDIATE")
log._conn.execute("INSERT INTO quotes VALUES (3, x'00')")
os.kill(os.getpid(), 9)
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -9
    assert verify(path).ok  # straight from the WAL the dead process left
    log = open_log(path)
    assert log.last_seq == 2
    log.commit([a_record(3)], durable=False)
    log.close()
    assert verify(path).events == 3


def test_given_a_writer_when_a_second_comes_then_it_is_refused_with_the_pid(tmp_path: Path) -> None:
    log = open_log(tmp_path / "a.db")
    with pytest.raises(LogBusy, match=f"a.db is being written by the process with pid {os.getpid()}"):
        open_log(tmp_path / "a.db")
    log.commit([a_record(1)], durable=False)
    log.close()
    log.close()
    open_log(tmp_path / "a.db").close()


def test_given_no_log_when_none_may_be_made_then_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"expected an existing file"):
        open_log(tmp_path / "a.db", create_id=None)


def test_given_a_file_before_it_when_made_then_the_log_is_bound_to_its_end(tmp_path: Path) -> None:
    first = open_log(tmp_path / "a.db")
    second = open_log(tmp_path / "b.db", previous=("ab" * 32, 9))
    assert first.last_hash != second.last_hash
    first.close()
    second.close()
    with LogReader(tmp_path / "b.db", a_codec()) as reader:
        assert (reader.meta["previous_hash"], reader.meta["previous_seq"]) == ("ab" * 32, "9")


# ---- full disk ----------------------------------------------------------------------------------------------


def _fill(log: EventLog) -> int:
    """Append until no space is left; give the last sequence that is in the log."""
    for _ in range(10_000):
        seq = log.last_seq + 1
        try:
            log.commit([a_record(seq), a_record(seq + 1, raw=bytes(3_000))], durable=False)
        except LogFull:
            return log.last_seq
    raise AssertionError("the log never filled up")


def test_given_a_full_database_when_appended_then_nothing_is_half_written_and_it_goes_on_with_space(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.db"
    log = open_log(path, max_page_count=40)
    end = _fill(log)
    assert end > 0
    assert _seqs(path) == list(range(1, end + 1))  # whole commits only, read while the writer is there
    assert verify(path).ok
    with pytest.raises(LogFull, match="no space is left"):
        log.commit([a_record(end + 1, raw=bytes(9_000))], durable=True)
    assert (log.has_reserve, log.release_reserve(), log.release_reserve(), log.has_reserve) == (
        True,
        True,
        False,
        False,
    )
    log.close()
    log = open_log(path)  # the limit belongs to the connection: here is room again, and a new reserve
    assert log.has_reserve
    log.commit([a_record(end + 1)], durable=True)
    log.close()
    assert verify(path).events == end + 1


@pytest.fixture
def small_disk(tmp_path: Path) -> object:
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = (
        os.geteuid() == 0
        and subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)], check=False, capture_output=True
        ).returncode
        == 0
    )
    if not mounted:
        pytest.skip("needs the right to mount a small disk")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_given_a_full_disk_when_the_reserve_is_freed_then_the_last_commits_still_fit(small_disk: Path) -> None:
    path = small_disk / "a.db"
    log = open_log(path, reserve_bytes=256 << 10)
    end = _fill(log)
    assert log.release_reserve()
    for seq in range(end + 1, end + 6):
        log.commit([a_record(seq)], durable=True)
    log.close()
    assert verify(path).events == end + 5


def test_given_a_finished_log_on_read_only_media_when_read_then_it_can_be(small_disk: Path) -> None:
    log = open_log(small_disk / "a.db")
    log.commit([a_record(1)], durable=False)
    log.close()
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    assert _seqs(small_disk / "a.db") == [1]
    assert verify(small_disk / "a.db").ok


# ---- files that are not a log of ours -----------------------------------------------------------------------


def test_given_a_log_of_a_newer_schema_when_opened_then_it_is_left_alone(tmp_path: Path) -> None:
    path, known = tmp_path / "a.db", schema.SCHEMA_VERSION
    open_log(path).close()
    with sqlite3.connect(path) as conn:
        conn.execute("UPDATE meta SET value = ? WHERE key = 'schema_version'", (str(known + 1),))
    conn.close()
    before = path.read_bytes()
    for use in (open_log, lambda p: LogReader(p, a_codec()), verify):
        with pytest.raises(LogTooNew, match=f"schema {known + 1}, this hantrade reads up to {known}"):
            use(path)
    assert path.read_bytes() == before


def test_given_an_older_log_when_opened_then_pending_migrations_run_in_one_transaction(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, version = tmp_path / "a.db", schema.SCHEMA_VERSION + 1
    open_log(path).close()
    newer = Migrations("event_log")
    newer._migrations = [*migrations.migrations._migrations]

    @newer()
    def note(db: Database) -> None:
        db.execute("CREATE TABLE note(text TEXT)")

    monkeypatch.setattr(migrations, "migrations", newer)
    monkeypatch.setattr(schema, "SCHEMA_VERSION", version)
    log = open_log(path)
    log.commit([a_record(1)], durable=False)
    log.close()
    with LogReader(path, a_codec()) as reader:
        assert reader.meta["schema_version"] == str(version)
        assert reader.rows("SELECT * FROM note") == []


def test_given_a_log_that_is_up_to_date_when_a_trader_opens_it_then_no_table_maker_is_imported(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    open_log(path).close()
    code = (
        "import sys; from pathlib import Path; import cli.trader_process; from tests.persistence.logs import open_log;"
        " open_log(Path(sys.argv[1]), create_id=None).close(); print({'sqlite_utils', 'pandas'} & sys.modules.keys())"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code, str(path)], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_given_a_foreign_file_when_opened_then_it_is_named_and_left_alone(tmp_path: Path) -> None:
    text, other, empty = tmp_path / "text.db", tmp_path / "other.db", tmp_path / "empty.db"
    text.write_text("dear diary " * 500)
    empty.touch()
    conn = sqlite3.connect(other)
    conn.execute("CREATE TABLE events(seq INTEGER PRIMARY KEY)")
    conn.close()
    for path in (text, other):
        before = path.read_bytes()
        with pytest.raises(LogCorrupt, match="not an event log of hantrade"):
            open_log(path)
        with pytest.raises(LogCorrupt, match="not an event log of hantrade"):
            LogReader(path, a_codec())
        assert not verify(path).ok
        assert path.read_bytes() == before
    with pytest.raises(LogCorrupt):
        open_log(empty, create_id=None)


def test_given_a_log_changed_at_its_end_when_opened_then_writing_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    log = open_log(path)
    log.commit([a_record(1), a_record(2)], durable=False)
    log.close()
    conn = sqlite3.connect(path)
    conn.execute("UPDATE events SET payload = '{}' WHERE seq = 2")
    conn.commit()
    with pytest.raises(LogCorrupt, match="changed after it was written"):
        open_log(path)
    conn.execute("DELETE FROM events WHERE seq = 2")
    conn.commit()
    conn.close()
    with pytest.raises(LogCorrupt, match="expected its last event at 2, was 1"):
        open_log(path)


def test_given_a_folder_that_cannot_be_read_when_opened_then_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "a.db").mkdir()
    with pytest.raises(LogError, match="cannot be opened"):
        open_log(tmp_path / "a.db")
