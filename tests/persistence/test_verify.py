"""No change of the file goes unnoticed, and no damage ends in a traceback."""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from domain.errors import LogError, LogTooNew
from domain.messages.operator import PauseRequested
from domain.messages.run import ClockTicked, StateCarried
from domain.messages.trading import NoticeRaised
from domain.types import Severity, UnixNanos
from persistence.reader import LogReader
from persistence.record import Record
from persistence.verify import ChainReport, verify, verify_chain
from tests.persistence.chains import a_day, by_sql, cut, days
from tests.persistence.logs import T0, a_codec, a_quote, a_record, add, open_log, quotes_received


def _write(path: Path, commits: int = 12) -> None:
    log = open_log(path, reserve_bytes=0)
    for number in range(commits):
        seq = log.last_seq + 1
        add(
            log,
            (quotes_received(*[a_quote(venue_time=T0 + number)] * 5), 0),
            (NoticeRaised(Severity.INFO, "topic", f"notice {number}"), seq),
            (ClockTicked(UnixNanos(T0), False), 0),
            (PauseRequested(f"c{number}", "cli", "note"), 0),
        )
    log.close()


def _answers(path: Path) -> list[list[Record]]:
    """Give what readers see: everything, and by each index."""
    with LogReader(path, a_codec()) as reader:
        return [
            list(reader.events()),
            list(reader.events(type="PauseRequested")),
            list(reader.events(stream_prefix="notice")),
        ]


@dataclass(frozen=True, repr=False)
class Good:
    """A sound log: where a changed copy may go, its bytes, and what readers see of it."""

    path: Path
    content: bytes
    answers: list[list[Record]]


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Good:
    path = tmp_path_factory.mktemp("good") / "a.db"
    _write(path)
    return Good(path.with_name("changed.db"), path.read_bytes(), _answers(path))


@settings(max_examples=150, deadline=None)
@given(where=st.floats(0, 1, exclude_max=True), bits=st.integers(1, 255))
@example(where=0.0, bits=1)
def test_for_any_flipped_byte_verify_fails_or_no_reader_sees_it(good: Good, where: float, bits: int) -> None:
    path, content, answers = good.path, good.content, good.answers
    changed = bytearray(content)
    changed[int(where * len(content))] ^= bits
    path.write_bytes(changed)
    try:
        is_ok = verify(path).ok
    except LogError:  # a newer schema
        return
    assert not is_ok or _answers(path) == answers


def test_for_any_byte_of_a_payload_a_flip_is_found_at_its_commit(good: Good) -> None:
    path, content, answers = good.path, good.content, good.answers
    record = next(record for record in answers[0] if b"notice 7" in record.payload)
    start = content.index(record.payload)
    for offset in range(start, start + len(record.payload)):
        changed = bytearray(content)
        changed[offset] ^= 0x01
        path.write_bytes(changed)
        report = verify(path)
        assert (report.ok, report.first_bad_seq, report.events) == (False, record.seq - 1, record.seq - 2)


@pytest.mark.parametrize("share", [0.0, 0.001, 0.1, 0.5, 0.9, 0.999])
def test_given_a_truncated_file_when_verified_then_it_is_not_ok(good: Good, share: float) -> None:
    path, content = good.path, good.content
    path.write_bytes(content[: int(share * len(content))])
    report = verify(path)
    assert not report.ok
    assert report.problem
    assert report.first_bad_seq is None or report.first_bad_seq <= 48


@pytest.mark.parametrize("page", range(1, 8))
def test_given_a_page_of_noise_when_verified_then_it_is_not_ok(good: Good, page: int) -> None:
    path, content = good.path, good.content
    noise = bytes((index * 73 + page) % 251 for index in range(4096))
    path.write_bytes(content[: page * 4096] + noise + content[(page + 1) * 4096 :])
    assert not verify(path).ok


def _sql(path: Path, statement: str) -> None:
    conn = sqlite3.connect(path)
    conn.execute(statement)
    conn.commit()
    conn.close()


@pytest.mark.parametrize(
    ("statement", "first_bad_seq"),
    [
        ("UPDATE events SET venue_time = venue_time + 1 WHERE seq = 5", 5),
        ("UPDATE events SET venue_time = NULL WHERE seq = 5", 5),
        ("UPDATE events SET role = 'other' WHERE seq = 8", 5),
        ("UPDATE events SET stream = stream || ' ' WHERE seq = 1", 1),
        ("DELETE FROM events WHERE seq = 6", 6),
        ("DELETE FROM events WHERE seq = 48", 48),
        ("DELETE FROM commits WHERE first_seq = 9", 9),
        ("DELETE FROM commits WHERE first_seq = 45", 45),
        ("DELETE FROM quotes WHERE seq = 5", 5),
        ("UPDATE quotes SET raw = raw || x'00' WHERE seq = 5", 5),
        ("INSERT INTO quotes VALUES (6, x'00')", 5),
        ("INSERT INTO quotes VALUES (99, x'00')", 49),
        ("INSERT INTO events SELECT 49, run_id, 1, 1, type, stream, 0, role, payload FROM events WHERE seq = 1", 49),
        ("INSERT INTO events SELECT 0, run_id, 1, 1, type, stream, 0, role, payload FROM events WHERE seq = 1", 49),
        ("UPDATE commits SET hash = upper(hash) WHERE first_seq = 13", 13),
        ("UPDATE commits SET last_seq = last_seq + 1 WHERE first_seq = 13", 13),
        ("UPDATE meta SET value = 'L2' WHERE key = 'log_id'", 1),
        ("UPDATE meta SET value = '1' WHERE key = 'created_at'", 1),
        ("DELETE FROM meta WHERE key = 'log_id'", 1),
        ("DROP TABLE quotes", 1),
    ],
)
def test_given_an_edit_by_sql_when_verified_then_it_is_found(
    tmp_path: Path, statement: str, first_bad_seq: int
) -> None:
    path = tmp_path / "a.db"
    _write(path)
    _sql(path, statement)
    report = verify(path)
    assert not report.ok
    assert report.first_bad_seq == first_bad_seq


@pytest.mark.parametrize("cut", [1, 3_000, 8_000, 40_000])
def test_given_a_torn_wal_when_opened_then_a_run_of_whole_commits_stands_and_goes_on(tmp_path: Path, cut: int) -> None:
    live, torn = tmp_path / "live.db", tmp_path / "torn.db"
    log = open_log(live)
    for seq in range(1, 21):
        log.commit([a_record(seq, raw=bytes(2_000))], durable=False)
    for ending in ("", "-wal"):  # as a power failure leaves it; the writer is still open
        torn.with_name(torn.name + ending).write_bytes(live.with_name(live.name + ending).read_bytes())
    log.close()
    wal = torn.with_name(torn.name + "-wal")
    wal.write_bytes(wal.read_bytes()[:-cut])
    report = verify(torn)
    assert report.ok
    assert 0 < report.events < 20
    log = open_log(torn)
    log.commit([a_record(report.events + 1)], durable=True)
    log.close()
    assert verify(torn).events == report.events + 1


def test_given_a_writer_when_verified_then_it_is_checked_up_to_its_end(tmp_path: Path) -> None:
    log = open_log(tmp_path / "a.db")
    steps: list[Callable[[], None]] = [lambda: log.commit([a_record(log.last_seq + 1)], durable=False)] * 5
    for count, step in enumerate(steps, 1):
        step()
        assert verify(tmp_path / "a.db").events == count
    log.close()


# ---- over day files -----------------------------------------------------------------------------------------


def _tell(report: ChainReport) -> list[tuple[str, int, bool, int | None]]:
    return [(file.log_id, file.events, file.ok, file.first_bad_seq) for file in report.files]


@pytest.mark.parametrize("carry", [True, False])
def test_given_a_chain_of_days_when_verified_then_each_is_proven_from_the_first_on(tmp_path: Path, carry: bool) -> None:
    paths = days(tmp_path, carry=carry)
    more = 1 if carry else 0
    report = verify_chain(paths[-1])
    assert _tell(report) == [("day1", 8, True, None), ("day2", 8 + more, True, None), ("day3", 8 + more, True, None)]
    assert (report.ok, report.complete, report.events, report.first_bad) == (True, True, 24 + 2 * more, None)
    assert report.head_hash == verify(paths[-1]).head_hash
    alone = verify_chain(paths[-1], only=True)
    assert (len(alone.files), alone.ok, alone.complete) == (1, True, False)
    assert verify_chain(paths[0], only=True).complete


def test_given_an_older_day_edited_when_verified_then_it_and_its_first_bad_event_are_named(tmp_path: Path) -> None:
    paths = days(tmp_path)
    by_sql(paths[1], "UPDATE events SET payload = '{}' WHERE seq = 5")
    report = verify_chain(paths[-1])
    assert _tell(report) == [("day1", 8, True, None), ("day2", 3, False, 4), ("day3", 9, True, None)]
    assert report.first_bad is report.files[1]


def test_given_an_older_day_cut_behind_a_commit_when_verified_then_the_first_lost_event_is_named(
    tmp_path: Path,
) -> None:
    paths = days(tmp_path)
    cut(paths[0], 6)
    assert verify(paths[0]).ok  # nothing in the file itself tells it
    report = verify_chain(paths[-1])
    assert _tell(report)[0] == ("day1", 6, False, 7)
    assert f"ends at event 6, but {paths[1].name} was begun behind event 8" in report.files[0].problem
    assert [file.ok for file in report.files[1:]] == [True, True]


def test_given_an_older_day_that_went_on_when_verified_then_what_came_after_is_not_good(tmp_path: Path) -> None:
    paths = days(tmp_path)
    log = open_log(paths[0], reserve_bytes=0)
    log.commit([a_record(9)], durable=False)
    log.close()
    report = verify_chain(paths[-1])
    assert _tell(report)[0] == ("day1", 8, False, 9)
    assert f"goes on behind event 8, where {paths[1].name} was begun" in report.files[0].problem


@pytest.mark.parametrize("commits", [3, 4, 5])
def test_given_an_older_day_made_anew_under_its_identity_when_verified_then_nothing_of_it_is_good(
    tmp_path: Path, commits: int
) -> None:
    paths = days(tmp_path)
    paths[1].unlink()
    a_day(paths[1], "day2", commits=commits)  # as long as the old one less its first event, and sound in itself
    report = verify_chain(paths[-1])
    assert not report.ok
    assert report.first_bad is report.files[0]
    assert report.files[0].log_id == "day2"
    assert report.files[0].first_bad_seq in (1, report.files[0].events + 1)


def test_given_hashes_made_anew_after_an_edit_when_verified_then_the_day_after_tells(tmp_path: Path) -> None:
    head = a_day(tmp_path / "a.db", "day1")
    a_day(tmp_path / "b.db", "day2", head)
    (tmp_path / "a.db").unlink()
    log = open_log(tmp_path / "a.db", create_id=lambda: "day1", reserve_bytes=0)
    for seq in range(1, 9, 2):
        log.commit([a_record(seq, role="forger"), a_record(seq + 1, causation_seq=seq)], durable=False)
    log.close()
    report = verify_chain(tmp_path / "b.db")
    assert _tell(report)[0] == ("day1", 0, False, 1)
    assert "its hash at event 8 is not" in report.files[0].problem


@pytest.mark.parametrize("swap", [True, False])
def test_given_an_older_day_swapped_or_removed_when_verified_then_it_is_told_and_not_complete(
    tmp_path: Path, swap: bool
) -> None:
    paths = days(tmp_path)
    head = verify(paths[0]).head_hash
    paths[0].unlink()
    if swap:
        a_day(paths[0], "stranger")
    report = verify_chain(paths[-1])
    assert (report.ok, report.complete, [file.log_id for file in report.files]) == (True, False, ["day2", "day3"])
    assert (
        report.missing == f"{paths[1].name} begins after event 8, hash {head} of log day1, which is not in this folder"
    )


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE meta SET value = '7' WHERE key = 'previous_seq'",
        f"UPDATE meta SET value = '{'ab' * 32}' WHERE key = 'previous_hash'",
        "UPDATE meta SET value = NULL WHERE key IN ('previous_seq', 'previous_hash')",
        "UPDATE meta SET value = 'seven' WHERE key = 'previous_seq'",
        "UPDATE events SET payload = replace(payload, 'day1', 'day9') WHERE seq = 1",
        "UPDATE events SET payload = 'x' WHERE seq = 1",
    ],
)
def test_given_a_day_whose_words_on_the_one_before_were_changed_when_verified_then_it_is_bad_from_its_start(
    tmp_path: Path, statement: str
) -> None:
    first, second = days(tmp_path, 2)
    by_sql(second, statement)
    report = verify_chain(second)
    assert _tell(report)[-1][1:] == (0, False, 1)
    assert report.first_bad is report.files[-1]
    if len(report.files) == 2:
        assert report.files[0].log_path == str(first)


def test_given_a_first_event_at_odds_with_the_identity_when_verified_then_the_day_is_bad(tmp_path: Path) -> None:
    a_day(tmp_path / "a.db", "day1")
    log = open_log(tmp_path / "b.db", create_id=lambda: "day2", previous=("cd" * 32, 8), reserve_bytes=0)
    add(log, (StateCarried("day1", 8, "ab" * 32, {}), 0))
    log.close()
    assert verify(tmp_path / "b.db").ok
    report = verify_chain(tmp_path / "b.db")
    assert _tell(report)[-1] == ("day2", 0, False, 1)
    assert "its first event says that it follows event 8, hash abab" in report.files[-1].problem


def test_given_a_chain_with_damaged_pages_when_verified_then_it_ends_in_a_report(tmp_path: Path) -> None:
    paths = days(tmp_path)
    for path in paths:
        content = path.read_bytes()
        for page in range(len(content) // 4096):
            path.write_bytes(content[: page * 4096] + bytes(4096) + content[(page + 1) * 4096 :])
            report = verify_chain(paths[-1])
            assert not (report.ok and report.complete), (path, page)
        path.write_bytes(content)
    assert verify_chain(paths[-1]).complete


def test_given_a_newer_schema_when_verified_then_the_newest_is_refused_and_an_older_one_told(tmp_path: Path) -> None:
    first, second = days(tmp_path, 2)
    for path in (first, second):
        by_sql(path, "UPDATE meta SET value = '999' WHERE key = 'schema_version'")
        if path == first:
            report = verify_chain(second)
            assert (report.complete, "upgrade hantrade" in report.notes[0]) == (False, True)
    with pytest.raises(LogTooNew):
        verify_chain(second)
