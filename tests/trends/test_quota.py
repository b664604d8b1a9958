"""Calls to Naver are counted on disk: over restarts, connections and processes never more than are allowed."""

import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import ConfigError
from trends.naver.errors import QuotaSpent, QuotaUnusable
from trends.quota import Quota

ID = "abcDEF123client"
TODAY = date(2026, 11, 23)
ROOT = Path(__file__).parents[2]


class Calendar:
    """Today, as the test says."""

    def __init__(self, today: date = TODAY) -> None:
        self.today = today

    def __call__(self) -> date:
        return self.today


def a_quota(folder: Path, a_day: int = 3, a_month: int | None = None, today: Calendar | None = None) -> Quota:
    return Quota(folder / "quota.db", ID, a_day, a_month, today or Calendar())


def taken_until_spent(quota: Quota) -> int:
    count = 0
    while True:
        try:
            quota.take()
        except QuotaSpent:
            return count
        count += 1


def test_given_a_days_calls_are_taken_when_one_more_is_asked_then_it_says_when_there_are_more(tmp_path: Path) -> None:
    quota = a_quota(tmp_path)
    assert taken_until_spent(quota) == 3
    with pytest.raises(QuotaSpent, match=r"^3 of 3 calls to Naver are taken in 2026-11-23; .* KST on 2026-11-24$") as e:
        quota.take()
    assert (quota.left(), quota.taken(), e.value.again, e.value.concerns_all) == (0, 3, False, True)


def test_given_fewer_calls_left_than_asked_when_taken_then_none_is(tmp_path: Path) -> None:
    quota = a_quota(tmp_path)
    quota.take(2)
    with pytest.raises(QuotaSpent, match="2 are asked"):
        quota.take(2)
    assert quota.left() == 1


def test_given_calls_taken_when_the_file_is_opened_anew_then_they_stay_taken(tmp_path: Path) -> None:
    a_quota(tmp_path).take(2)
    assert a_quota(tmp_path).left() == 1


def test_given_a_spent_day_when_the_next_begins_then_there_are_calls_again(tmp_path: Path) -> None:
    today = Calendar()
    quota = a_quota(tmp_path, today=today)
    taken_until_spent(quota)
    today.today += timedelta(days=1)
    assert quota.left() == 3
    today.today = TODAY
    assert quota.left() == 0


def test_given_a_monthly_limit_when_it_is_reached_then_days_give_none_until_the_next_month(tmp_path: Path) -> None:
    today = Calendar(date(2026, 12, 30))
    quota = a_quota(tmp_path, a_day=3, a_month=5, today=today)
    assert taken_until_spent(quota) == 3
    today.today = date(2026, 12, 31)
    assert quota.left() == quota.left_this_month() == 2
    assert taken_until_spent(quota) == 2
    with pytest.raises(QuotaSpent, match=r"^5 of 5 calls to Naver are taken in 2026-12; .* on 2027-01-01$"):
        quota.take()
    today.today = date(2027, 1, 1)
    assert quota.left() == 3


def test_given_naver_says_spent_when_a_call_is_asked_then_none_is_left_whatever_our_count(tmp_path: Path) -> None:
    today = Calendar()
    quota, other = a_quota(tmp_path, 1_000, today=today), a_quota(tmp_path, 1_000, today=today)
    quota.mark_spent()
    assert other.left() == 0
    with pytest.raises(QuotaSpent, match=r"^Naver said on 2026-11-23"):
        other.take()
    quota.unmark()
    assert other.left() == 1_000
    other.take()
    quota.mark_spent(TODAY)
    today.today += timedelta(days=1)
    assert quota.left() == 1_000


def test_given_a_call_that_never_left_when_given_back_then_its_own_day_has_it_again(tmp_path: Path) -> None:
    today = Calendar()
    quota = a_quota(tmp_path, today=today)
    day = quota.take()
    today.today += timedelta(days=1)
    quota.take()
    quota.give_back(day)
    assert quota.left() == 2
    today.today = TODAY
    assert quota.left() == 3
    quota.give_back(TODAY)
    assert (quota.left(), quota.taken()) == (3, 0)


def test_given_another_client_id_when_counted_in_the_same_file_then_it_has_calls_of_its_own(tmp_path: Path) -> None:
    taken_until_spent(a_quota(tmp_path))
    assert Quota(tmp_path / "quota.db", "another", 3, None, Calendar()).left() == 3


def test_given_calls_taken_when_the_files_are_read_then_the_client_id_is_nowhere(tmp_path: Path) -> None:
    a_quota(tmp_path).take()
    assert not [path for path in tmp_path.iterdir() if ID.encode() in path.read_bytes()]
    assert ID not in repr(vars(a_quota(tmp_path)))


@pytest.mark.parametrize(("a_day", "a_month", "named"), [(0, None, "a_day"), (-1, None, "a_day"), (1, 0, "a_month")])
def test_given_a_limit_below_one_when_made_then_it_is_named(
    tmp_path: Path, a_day: int, a_month: int | None, named: str
) -> None:
    with pytest.raises(ConfigError, match=rf"^quota {named} expected at least 1 call, was"):
        a_quota(tmp_path, a_day, a_month)


def test_given_no_calls_when_taken_then_it_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"^calls expected at least 1, was 0$"):
        a_quota(tmp_path).take(0)


def test_given_a_file_that_is_no_database_when_used_then_nothing_is_called_uncounted(tmp_path: Path) -> None:
    (tmp_path / "quota.db").write_bytes(b"not a database, " * 100)
    quota = a_quota(tmp_path)
    for use in (quota.take, quota.left, quota.mark_spent):
        with pytest.raises(QuotaUnusable, match=r"quota\.db cannot be used"):
            use()


def test_given_a_file_of_a_newer_version_when_used_then_it_is_left_alone(tmp_path: Path) -> None:
    a_quota(tmp_path).take()
    with sqlite3.connect(tmp_path / "quota.db") as file:
        file.execute("PRAGMA user_version = 2")
    file.close()
    with pytest.raises(QuotaUnusable, match="format 2 is of a newer version"):
        a_quota(tmp_path).take()


def test_given_a_folder_that_is_none_when_used_then_the_error_names_the_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(QuotaUnusable, match=r"file/quota\.db cannot be used"):
        a_quota(tmp_path / "file").take()


def test_given_a_folder_that_does_not_exist_when_used_then_it_is_made(tmp_path: Path) -> None:
    quota = a_quota(tmp_path / "new" / "folder")
    quota.take()
    assert quota.left() == 2


STEPS = st.lists(
    st.tuples(
        st.integers(0, 2),  # which connection
        st.sampled_from(["take", "take", "take", "back", "mark", "unmark", "day", "reopen"]),
        st.integers(1, 4),
    ),
    max_size=30,
)


@settings(max_examples=40)
@given(STEPS, st.integers(1, 8), st.none() | st.integers(1, 12))
def test_for_any_steps_of_several_connections_no_day_or_month_gives_more_than_is_allowed(
    steps: list[tuple[int, str, int]], a_day: int, a_month: int | None
) -> None:
    today = Calendar(date(2026, 11, 27))
    with tempfile.TemporaryDirectory() as folder:
        quotas = [a_quota(Path(folder), a_day, a_month, today) for _ in range(3)]
        granted: dict[date, int] = {}
        marked: set[date] = set()
        for who, step, calls in steps:
            month = sum(count for day, count in granted.items() if day.month == today.today.month)
            left = a_day - granted.get(today.today, 0)
            left = min(left, left if a_month is None else a_month - month)
            left = 0 if today.today in marked else left
            assert [quota.left() for quota in quotas] == [left] * 3
            match step:
                case "take":
                    try:
                        day = quotas[who].take(calls)
                    except QuotaSpent:
                        assert calls > left
                    else:
                        assert calls <= left
                        granted[day] = granted.get(day, 0) + calls
                case "back" if granted.get(today.today):
                    granted[today.today] -= 1
                    quotas[who].give_back(today.today)
                case "mark":
                    quotas[who].mark_spent()
                    marked.add(today.today)
                case "unmark":
                    quotas[who].unmark()
                    marked.discard(today.today)
                case "day":
                    today.today += timedelta(days=1)
                case "reopen":
                    quotas[who] = a_quota(Path(folder), a_day, a_month, today)
            assert all(count <= a_day for count in granted.values())


def test_given_threads_with_connections_of_their_own_when_all_take_then_together_as_many_as_allowed(
    tmp_path: Path,
) -> None:
    counts: list[int] = []
    threads = [
        threading.Thread(target=lambda: counts.append(taken_until_spent(a_quota(tmp_path, 40)))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(counts) == 4
    assert sum(counts) == 40


CHILD = """
import sys
from datetime import date
from pathlib import Path
from typing import Any
from trends.naver.errors import QuotaSpent
from trends.quota import Quota
quota = Quota(Path(sys.argv[1]), sys.argv[2], 30, None, lambda: date(2026, 11, 23))
count = 0
try:
    while True:
        quota.take()
        count += 1
        if len(sys.argv) > 3:
            print("taken", flush=True)
            sys.stdin.read()
except QuotaSpent:
    print(count)
"""


def a_child(path: Path, *more: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, str(path), ID, *more],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_given_a_count_that_is_being_read_when_another_wants_to_write_then_it_must_wait(tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "quota.db", timeout=0, isolation_level=None)
    refused: list[str] = []

    def today() -> date:  # asked in the middle of taking, before the count is read
        try:
            other.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            refused.append(str(error))
        return TODAY

    Quota(tmp_path / "quota.db", ID, 3, None, today).take()
    other.close()
    assert refused == ["database is locked"]


def test_given_a_call_is_taken_when_written_then_the_disk_must_have_it_before_this_returns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[sqlite3.Connection] = []
    modes: list[int] = []
    connect = sqlite3.connect

    def kept(*args: Any, **named: Any) -> sqlite3.Connection:
        opened.append(connect(*args, **named))
        return opened[-1]

    def today() -> date:
        modes.append(opened[-1].execute("PRAGMA synchronous").fetchone()[0])
        return TODAY

    monkeypatch.setattr(sqlite3, "connect", kept)
    Quota(tmp_path / "quota.db", ID, 3, None, today).take()
    assert modes == [3]  # EXTRA: FULL and the removal of the journal


def test_given_processes_at_once_when_all_take_then_together_as_many_as_allowed(tmp_path: Path) -> None:
    children = [a_child(tmp_path / "quota.db") for _ in range(3)]
    assert sum(int(child.communicate()[0]) for child in children) == 30
    assert [child.returncode for child in children] == [0, 0, 0]


def test_given_a_process_killed_between_taking_and_calling_when_counted_then_the_call_is_taken(tmp_path: Path) -> None:
    with a_child(tmp_path / "quota.db", "stop") as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "taken\n"
        os.kill(child.pid, signal.SIGKILL)
    assert a_quota(tmp_path, 30).left() == 29


def test_given_a_writer_that_stops_in_the_middle_when_counted_then_nothing_is_taken(tmp_path: Path) -> None:
    def stopped() -> date:
        raise KeyboardInterrupt

    a_quota(tmp_path).take()
    with pytest.raises(KeyboardInterrupt):
        Quota(tmp_path / "quota.db", ID, 3, None, stopped).take()
    assert a_quota(tmp_path).left() == 2
