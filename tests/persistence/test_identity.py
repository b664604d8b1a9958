"""A log that was restored or copied goes on under another identity."""

import shutil
from contextlib import closing
from pathlib import Path

import pytest

from domain.errors import ConfigError, LogBusy, LogError
from persistence import schema
from persistence.files import find_chain, read_log_file
from persistence.identity import renew_identity
from persistence.reader import connect_read_only
from persistence.verify import verify, verify_chain
from tests.persistence.chains import a_day, days
from tests.persistence.logs import open_log


def renewed_in(path: Path) -> str | None:
    with closing(connect_read_only(path)) as conn:
        return schema.read_meta(conn).get(schema.RENEWED)


def test_given_a_closed_log_when_renewed_then_an_empty_one_with_another_identity_follows_its_end(
    tmp_path: Path,
) -> None:
    path = tmp_path / "paper-1.db"
    log_id, seq, head = a_day(path, "day1")
    done = renew_identity(path, "restored from a backup")
    assert (done.previous_log_id, done.previous_seq, done.previous_path) == (log_id, seq, path)
    new = read_log_file(done.path)
    assert (new.log_id, new.last_seq, new.previous) == (done.log_id, 0, (seq, head))
    assert new.log_id != log_id
    assert done.path.match("paper-*.db"), "a start of the same mode must find it"
    assert renewed_in(done.path) == "restored from a backup"
    assert renewed_in(path) is None
    assert sorted(file.name for file in tmp_path.glob("*.making*")) == []


def test_given_a_renewed_log_when_verified_then_both_files_are_one_chain(tmp_path: Path) -> None:
    path = days(tmp_path, 2)[-1]
    done = renew_identity(path, "copied to another host")
    report = verify_chain(done.path)
    assert (report.ok, report.complete) == (True, True)
    assert [file.log_id for file in report.files] == ["day1", "day2", done.log_id]
    assert [file.path for file in find_chain(done.path).files][-2:] == [path, done.path]


def test_given_two_copies_when_both_are_renewed_then_no_two_identities_are_alike(tmp_path: Path) -> None:
    path = tmp_path / "paper-1.db"
    a_day(path, "day1")
    ids = {"day1"}
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        shutil.copy(path, tmp_path / name / path.name)
        ids.add(renew_identity(tmp_path / name / path.name, "copied").log_id)
    assert len(ids) == 3


def test_given_a_log_another_follows_when_renewed_then_it_is_refused_and_the_follower_is_named(tmp_path: Path) -> None:
    first, second = days(tmp_path, 2)
    with pytest.raises(LogError, match=second.name):
        renew_identity(first, "restored")
    path = renew_identity(second, "restored").path
    with pytest.raises(LogError, match=path.name):
        renew_identity(second, "restored once more")


def test_given_a_log_without_an_event_when_renewed_then_it_is_set_aside_and_nothing_is_lost_before_it(
    tmp_path: Path,
) -> None:
    path, unused = tmp_path / "paper-1.db", tmp_path / "paper-2.db"
    _, seq, head = a_day(path, "day1")
    open_log(unused, create_id=lambda: "day2", previous=(head, seq), reserve_bytes=0).close()
    done = renew_identity(unused, "restored")
    assert not unused.exists()
    assert read_log_file(unused.with_name("paper-2.db.unused")).log_id == "day2"
    assert read_log_file(done.path).previous == (seq, head)
    assert verify_chain(done.path).complete
    assert verify(path).ok


def test_given_a_log_that_is_being_written_when_renewed_then_it_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "paper-1.db"
    with closing(open_log(path, reserve_bytes=0)), pytest.raises(LogBusy):
        renew_identity(path, "restored")
    assert list(tmp_path.glob("*.db")) == [path]


@pytest.mark.parametrize("why", ["", "  "])
def test_given_no_reason_when_renewed_then_it_is_refused(tmp_path: Path, why: str) -> None:
    a_day(tmp_path / "paper-1.db", "day1")
    with pytest.raises(ConfigError, match="why"):
        renew_identity(tmp_path / "paper-1.db", why)


def test_given_no_log_when_renewed_then_it_is_refused_and_nothing_is_made(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="existing file"):
        renew_identity(tmp_path / "paper-1.db", "restored")
    assert list(tmp_path.iterdir()) == []


def test_given_the_same_identity_again_when_renewed_then_it_is_refused(tmp_path: Path) -> None:
    a_day(tmp_path / "paper-1.db", "day1")
    with pytest.raises(LogError, match="new identity"):
        renew_identity(tmp_path / "paper-1.db", "restored", create_id=lambda: "day1")
