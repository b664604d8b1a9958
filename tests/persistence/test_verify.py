"""No change of the file goes unnoticed, and no damage ends in a traceback."""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from domain.errors import LogError
from domain.messages.operator import PauseRequested
from domain.messages.run import ClockTicked
from domain.messages.trading import NoticeRaised
from domain.types import Severity, UnixNanos
from persistence.reader import LogReader
from persistence.record import Record
from persistence.verify import verify
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
