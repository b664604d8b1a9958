"""The files of a chain are found by what stands in them, and nothing in the folder is touched."""

import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.errors import ConfigError, LogCorrupt
from persistence.files import Carried, find_chain, read_log_file
from tests.persistence.chains import a_day, by_sql, days


@pytest.mark.parametrize("carry", [True, False])
def test_given_days_under_odd_names_when_looked_for_then_they_come_oldest_first(tmp_path: Path, carry: bool) -> None:
    paths = days(tmp_path, carry=carry)
    found = find_chain(paths[-1])
    assert [file.path for file in found.files] == paths
    assert [file.log_id for file in found.files] == ["day1", "day2", "day3"]
    assert (found.missing, found.notes) == ("", ())
    assert [file.path for file in find_chain(paths[1]).files] == paths[:2]  # backwards only


def test_given_a_log_when_read_then_it_says_who_it_is_and_what_it_follows(tmp_path: Path) -> None:
    first, second = days(tmp_path, 2)
    one, two = read_log_file(first), read_log_file(second)
    assert (one.last_seq, one.previous, one.carried) == (8, None, None)
    assert two.previous == (8, one.head_hash)
    assert two.carried == Carried("day1", 8, one.head_hash)


def test_given_an_empty_log_before_it_when_looked_for_then_it_is_found_by_its_genesis(tmp_path: Path) -> None:
    head = a_day(tmp_path / "a.db", "day1", commits=0)
    assert head[1] == 0
    a_day(tmp_path / "b.db", "day2", head, carry=False)
    assert [file.log_id for file in find_chain(tmp_path / "b.db").files] == ["day1", "day2"]


def test_given_other_files_in_the_folder_when_looked_for_then_they_do_not_disturb(tmp_path: Path) -> None:
    paths = days(tmp_path)
    a_day(tmp_path / "stranger.db", "stranger")
    a_day(tmp_path / "no-ending", "stranger2")
    (tmp_path / "diary.db").write_text("dear diary " * 500)
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / "empty.db").touch()
    (tmp_path / "folder.db").mkdir()
    (tmp_path / "gone.db").symlink_to(tmp_path / "nowhere.db")
    by_sql(tmp_path / "other.db", "CREATE TABLE t(x)")
    before = {path: path.read_bytes() for path in sorted(tmp_path.glob("*")) if path.suffix == ".db" and path.is_file()}
    found = find_chain(paths[-1])
    assert [file.path for file in found.files] == paths
    assert found.notes == ()
    assert {path: path.read_bytes() for path in before} == before


def test_given_a_missing_day_when_looked_for_then_it_is_named_with_what_cannot_be_read(tmp_path: Path) -> None:
    first, second, third = days(tmp_path)
    head = read_log_file(first).head_hash
    first.write_bytes(b"noise" * 4_000)
    found = find_chain(third)
    assert [file.path for file in found.files] == [second, third]
    assert found.missing == f"{second.name} begins after event 8, hash {head} of log day1"
    assert [first.name in note for note in found.notes] == [True]


def test_given_copies_when_looked_for_then_the_one_that_fits_is_taken_and_both_are_told(tmp_path: Path) -> None:
    first, second = days(tmp_path, 2)
    older = tmp_path / "0 copy.db"  # comes first by name
    shutil.copy(first, older)
    by_sql(older, "DELETE FROM events WHERE seq > 6", "DELETE FROM commits WHERE first_seq > 6")
    shutil.copy(second, tmp_path / "second copy.db")
    found = find_chain(second)
    assert [file.path for file in found.files] == [first, second]
    assert found.notes == (
        f"second copy.db is log day2 too, up to event 9; {second.name} was checked",
        f"0 copy.db is log day1 too, up to event 6 with another head; {first.name} was checked",
    )


def test_given_a_log_that_follows_itself_when_looked_for_then_it_ends(tmp_path: Path) -> None:
    a_day(tmp_path / "a.db", "day1", ("day1", 9, "ab" * 32))
    found = find_chain(tmp_path / "a.db")
    assert len(found.files) == 1
    assert "begins after event 9" in found.missing


def test_given_a_relative_path_when_looked_for_then_the_days_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = days(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert [file.path.name for file in find_chain(Path(paths[-1].name)).files] == [path.name for path in paths]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE meta SET value = 'nine' WHERE key = 'previous_seq'",
        'UPDATE events SET payload = \'{"previous_seq": "nine"}\' WHERE seq = 1',
        "DROP TABLE commits",
    ],
)
def test_given_a_log_whose_words_on_itself_are_broken_when_read_then_one_clear_error(
    tmp_path: Path, statement: str
) -> None:
    path = days(tmp_path, 2)[-1]
    by_sql(path, statement)
    with pytest.raises(LogCorrupt, match="하루2"):
        read_log_file(path)
    with pytest.raises(ConfigError):
        read_log_file(tmp_path / "none.db")


def test_given_a_writer_on_the_newest_day_when_looked_for_then_it_is_not_held_up(tmp_path: Path) -> None:
    paths = days(tmp_path)
    conn = sqlite3.connect(paths[-1], isolation_level=None)
    conn.execute("BEGIN IMMEDIATE")
    assert len(find_chain(paths[-1]).files) == 3
    conn.close()


def test_given_a_folder_that_may_not_be_listed_when_looked_for_then_it_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = days(tmp_path, 2)

    def forbidden(_: Path) -> Iterator[Path]:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", forbidden)
    found = find_chain(second)
    assert [file.path for file in found.files] == [second]
    assert found.notes == (f"the folder {tmp_path} cannot be listed: Permission denied",)
    assert first.exists()
