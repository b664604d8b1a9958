"""The file of a snapshot: whole or not there, of this very log or left aside with a reason."""

import os
import zlib
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.messages.run import RoleState
from persistence import snapshots
from persistence.reader import LogReader
from persistence.snapshots import Found, Snapshot, pack, path_of, unpack
from tests.persistence.logs import a_codec, a_record, open_log

STATE = RoleState(1, {"count": 3, "names": {"$": "tuple", "v": ["삼성전자", None]}})


def a_log(folder: Path, log_id: str = "L1") -> Path:
    """Two commits: events 1 to 3, and 4."""
    path = folder / f"{log_id}.db"
    with closing(open_log(path, create_id=lambda: log_id)) as log:
        log.commit([a_record(1), a_record(2), a_record(3)], durable=False)
        log.commit([a_record(4)], durable=False)
    return path


def a_snapshot(path: Path, **changes: Any) -> Snapshot:
    with LogReader(path, a_codec()) as reader:
        commit = snapshots.commit_at(reader, 3)
        assert commit is not None
        return replace(Snapshot(reader.log_id, 3, commit.hash, {"portfolio": STATE}, {}, {"x": ["y"]}), **changes)


def found(path: Path) -> Found:
    with LogReader(path, a_codec()) as reader:
        return snapshots.find(reader)


def test_given_a_snapshot_of_a_commit_when_looked_for_then_it_is_found_as_it_was(tmp_path: Path) -> None:
    path = a_log(tmp_path)
    assert found(path) == Found()
    data = pack(a_snapshot(path))
    snapshots.write(path, data)
    assert found(path) == Found(a_snapshot(path), data)
    snapshots.write(path, pack(a_snapshot(path, told={})))
    assert found(path).snapshot == a_snapshot(path, told={})
    assert sorted(p.name for p in tmp_path.iterdir() if "snapshot" in p.name) == ["L1.db.snapshot"]


def body(text: bytes, form: int = 1) -> bytes:
    packed = zlib.compress(text)
    return b"hantrade snapshot %d %s\n" % (form, sha256(packed).hexdigest().encode()) + packed


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "no snapshot"),
        (b"{}", "no snapshot"),
        (b"SQLite format 3\0" * 9, "no snapshot"),
        (body(b"{}", form=2), "format 2, this hantrade reads 1"),
        (b"hantrade snapshot 1 00\n", "digest is wrong"),
        (body(b"{}"), "cannot be read"),
        (body(b"[]"), "cannot be read"),
        (body(b"not json"), "cannot be read"),
        (body(b"[" * 100_000), "cannot be read"),
    ],
)
def test_given_a_file_that_is_no_whole_snapshot_when_looked_for_then_the_reason_names_it(
    tmp_path: Path, data: bytes, says: str
) -> None:
    path = a_log(tmp_path)
    path_of(path).write_bytes(data)
    answer = found(path)
    assert (answer.snapshot, answer.data) == (None, b"")
    assert says in answer.problem
    assert str(path_of(path)) in answer.problem


@given(st.data())
def test_for_any_byte_that_is_changed_or_cut_off_a_file_is_refused(data: st.DataObject) -> None:
    whole = pack(Snapshot("L1", 3, "ab", {"portfolio": STATE}, {}, {}))
    assert unpack(whole) == Snapshot("L1", 3, "ab", {"portfolio": STATE}, {}, {})
    at = data.draw(st.integers(0, len(whole) - 1))
    other = data.draw(st.integers(0, 255).filter(lambda byte: byte != whole[at]))
    for broken in (whole[:at], whole[:at] + bytes([other]) + whole[at + 1 :]):
        with pytest.raises(ValueError, match="it "):
            unpack(broken)


def test_given_a_file_that_unpacks_to_more_than_any_snapshot_when_read_then_it_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = pack(Snapshot("L1", 3, "ab", {"portfolio": STATE}, {}, {}))
    monkeypatch.setattr(snapshots, "MAX_BYTES", 10)
    with pytest.raises(ValueError, match="larger than any snapshot"):
        unpack(data)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"log_id": "other"}, "of log other, this is L1"),
        ({"last_seq": 2}, "no commit that ends at 2"),
        ({"last_seq": 0}, "no commit that ends at 0"),
        ({"last_seq": 5}, "no commit that ends at 5"),
        ({"commit_hash": "00" * 32}, "commit at 3 is another one"),
    ],
)
def test_given_a_snapshot_that_is_not_of_this_log_when_looked_for_then_it_is_left_aside(
    tmp_path: Path, changes: dict[str, Any], says: str
) -> None:
    path = a_log(tmp_path)
    snapshots.write(path, pack(a_snapshot(path, **changes)))
    answer = found(path)
    assert answer.snapshot is None
    assert says in answer.problem


def test_given_a_log_that_lost_its_tail_and_went_on_otherwise_when_looked_for_then_the_snapshot_is_left_aside(
    tmp_path: Path,
) -> None:
    path = a_log(tmp_path)
    snapshot = pack(a_snapshot(path))
    path.unlink()
    with closing(open_log(path)) as log:
        snapshots.write(path, snapshot)
        assert "no commit that ends at 3" in found(path).problem
        log.commit([a_record(1), a_record(2, role="other"), a_record(3)], durable=False)
    assert "commit at 3 is another one" in found(path).problem


def test_given_a_folder_in_its_place_when_looked_for_then_the_reason_says_so(tmp_path: Path) -> None:
    path = a_log(tmp_path)
    path_of(path).mkdir()
    assert "cannot be read" in found(path).problem


def crash(*_: Any) -> None:
    raise OSError("the power went")


@pytest.mark.parametrize("moment", ["fsync", "replace"])
def test_given_a_write_that_is_cut_off_when_looked_for_then_the_snapshot_before_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    path = a_log(tmp_path)
    snapshots.write(path, pack(a_snapshot(path)))
    monkeypatch.setattr(*((os, "fsync") if moment == "fsync" else (Path, "replace")), crash)
    with pytest.raises(OSError, match="power"):
        snapshots.write(path, pack(a_snapshot(path, told={})))
    assert found(path).snapshot == a_snapshot(path)
    assert not list(tmp_path.glob("*.tmp"))


def test_given_drafts_of_killed_writers_when_tidied_then_only_they_go(tmp_path: Path) -> None:
    path = a_log(tmp_path)
    snapshots.write(path, pack(a_snapshot(path)))
    (tmp_path / "L1.db.snapshot.77.tmp").write_bytes(b"half")
    (tmp_path / "other.db.snapshot.77.tmp").write_bytes(b"half")
    snapshots.tidy(path)
    assert {p.name for p in tmp_path.glob("*snapshot*")} == {"L1.db.snapshot", "other.db.snapshot.77.tmp"}


def test_given_a_disk_with_little_room_when_written_then_the_room_is_left_to_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = a_log(tmp_path)
    real: Callable[[Any], Any] = os.statvfs
    space = real(tmp_path)
    free = (snapshots.KEEP_FREE_BYTES - 1) // space.f_frsize

    class Small:
        f_bavail, f_frsize = free, space.f_frsize

    monkeypatch.setattr(os, "statvfs", lambda _: Small)
    with pytest.raises(OSError, match="less than 32 MB"):
        snapshots.write(path, b"x")
    assert not path_of(path).exists()


def test_given_a_log_when_its_commits_are_asked_for_then_each_event_has_the_one_it_is_in(tmp_path: Path) -> None:
    with LogReader(a_log(tmp_path), a_codec()) as reader:
        ends = [commit.last_seq for seq in (1, 3, 4, 99) if (commit := snapshots.commit_at(reader, seq))]
        assert ends == [3, 3, 4, 4]
        assert snapshots.head_of(reader) == snapshots.commit_at(reader, 4)
        assert snapshots.commit_at(reader, 0) is None
