"""Power loss at any moment: what is left is a row of whole commits, no durable one of them missing, and it goes on."""

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.errors import LogCorrupt, LogError
from persistence.verify import verify
from tests.actors.builders import a_run
from tests.persistence.logs import a_record, open_log
from tests.persistence.power import FRAME, HEADER, PAGE, STEP, Kept, Scribe, Written, a_mixed_day, put, quotes, stands

INSIDE = (1, FRAME, STEP - 1)  # bytes of a frame that reached the disk


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    found = a_mixed_day(tmp_path_factory.mktemp("live"))
    sizes = [later.frames - earlier.frames for earlier, later in zip(found.commits, found.commits[1:], strict=False)]
    # Without these the tests below would prove less than they say.
    assert {item.durable for item in found.commits} == {True, False}
    assert max(sizes) > 3
    assert found.base.last_seq > 0
    assert len(found.wal) > HEADER + found.frames * STEP, "frames of before the checkpoint lie behind the new ones"
    return found


@pytest.fixture
def room() -> Iterator[Path]:
    """Give a folder for copies, in memory where there is such a place: hundreds are synced to the disk otherwise."""
    memory = Path("/dev/shm")  # a folder of its own in it
    folder = Path(tempfile.mkdtemp(dir=memory if os.access(memory, os.W_OK) else None))
    yield folder
    shutil.rmtree(folder)


def _durable_before(kept: Kept, frames: int) -> int:
    return max((item.last_seq for item in kept.commits if item.durable and item.frames <= frames), default=0)


def test_given_a_wal_cut_at_every_frame_when_opened_then_the_whole_commits_before_it_stand(
    kept: Kept, room: Path
) -> None:
    seen = set()
    for frames in range(kept.frames + 1):
        expected = kept.behind(frames)
        assert expected.last_seq >= _durable_before(kept, frames)
        stands(put(room, kept.database, kept.wal[: HEADER + frames * STEP]), expected)
        seen.add(expected.last_seq)
    assert seen == {kept.base.last_seq, *(item.last_seq for item in kept.commits)}


def test_given_a_wal_cut_inside_a_frame_when_opened_then_the_commit_of_that_frame_is_not_there(
    kept: Kept, room: Path
) -> None:
    for frames in range(kept.frames):
        at = HEADER + frames * STEP
        for inside in INSIDE:
            stands(put(room, kept.database, kept.wal[: at + inside]), kept.behind(frames))


@pytest.mark.parametrize("old", ["zeros", "old bytes"])
@pytest.mark.parametrize("rest", [True, False])
def test_given_a_frame_of_which_half_was_written_when_opened_then_the_log_ends_before_its_commit(
    kept: Kept, room: Path, old: str, rest: bool
) -> None:
    for frames in range(kept.frames):
        at = HEADER + frames * STEP
        half, end = at + STEP // 2, at + STEP
        instead = bytes(end - half) if old == "zeros" else kept.older_wal[half:end]
        if instead == kept.wal[half:end]:
            continue  # the page had zeros there anyway: the frame is whole
        torn = kept.wal[:half] + instead + (kept.wal[end:] if rest else b"")
        stands(put(room, kept.database, torn), kept.behind(frames))


@pytest.mark.parametrize("size", [0, 1, 16, 24, HEADER - 1, HEADER])
def test_given_a_wal_whose_head_is_torn_when_opened_then_the_database_stands_alone(
    kept: Kept, room: Path, size: int
) -> None:
    stands(put(room, kept.database, kept.wal[:size]), kept.base)
    stands(put(room, kept.database, kept.wal[:size] + bytes(HEADER - size)), kept.base)


def test_given_frames_of_an_older_wal_behind_the_end_when_opened_then_they_are_not_taken_up(
    kept: Kept, room: Path
) -> None:
    for item in kept.commits:
        end = HEADER + item.frames * STEP
        stands(put(room, kept.database, kept.wal[:end] + kept.older_wal[end:]), item)


def test_given_zeros_behind_the_end_when_opened_then_the_log_ends_there(kept: Kept, room: Path) -> None:
    """A WAL that was given its size beforehand holds zeros where nothing was written yet."""
    for item in (kept.base, *kept.commits):
        end = HEADER + item.frames * STEP if item is not kept.base else 0
        stands(put(room, kept.database, kept.wal[:end] + bytes(1 << 20)), item)


@pytest.mark.parametrize("wal", [None, b"", bytes(1 << 20)])
def test_given_a_cut_while_the_wal_got_its_size_when_opened_then_the_database_stands(
    kept: Kept, room: Path, wal: bytes | None
) -> None:
    path = put(room, kept.database, wal)
    log = open_log(path, create_id=None, wal_bytes=2 << 20)
    assert (log.last_seq, log.last_hash) == (kept.base.last_seq, kept.base.head)
    log.close()
    stands(path, kept.base)


def test_given_a_writer_that_commits_in_two_steps_when_held_against_this_then_it_is_caught(
    kept: Kept, room: Path
) -> None:
    """The checks above can fail: an event that stands without its commit, a commit that is lost."""
    path = put(room, kept.database, kept.wal)
    conn = sqlite3.connect(path)
    conn.execute(
        "INSERT INTO events SELECT seq + 1, run_id, 1, 1, type, stream, 0, role, payload FROM events"
        " ORDER BY seq DESC LIMIT 1"
    )
    conn.commit()
    conn.close()
    with pytest.raises(AssertionError, match="events outside every commit"):
        stands(path, kept.commits[-1])
    with pytest.raises(LogCorrupt, match="expected its last event at"):
        open_log(path, create_id=None)
    with pytest.raises(AssertionError):
        stands(put(room, kept.database, kept.wal[: HEADER + kept.frames * STEP - 1]), kept.commits[-1])
    with pytest.raises(AssertionError):
        stands(put(room, kept.database, kept.wal[: HEADER + (kept.frames - 1) * STEP]), kept.commits[-1])


# ---- the database during a checkpoint --------------------------------------------------------------------------


class Checkpoint:
    """Database before and after a checkpoint, and the WAL both belong to."""

    def __init__(self, folder: Path) -> None:
        scribe = Scribe(folder / "live.db", checkpoint_pages=0)
        scribe.hear(a_run())
        scribe.log._conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self.base = scribe.last
        for number in range(1, 7):
            scribe.hear(quotes(number, 90 if number % 3 == 1 else 4), durable=number % 2 == 0)
        self.last: Written = scribe.last
        self.before, self.wal = scribe.path.read_bytes(), scribe.wal.read_bytes()
        scribe.log._conn.execute("PRAGMA wal_checkpoint(PASSIVE)")
        self.after = scribe.path.read_bytes()
        scribe.log.close()
        assert len(self.after) > len(self.before)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    return Checkpoint(tmp_path_factory.mktemp("checkpoint"))


def test_given_a_checkpoint_cut_off_at_any_page_when_opened_then_the_wal_makes_it_whole(
    checkpoint: Checkpoint, room: Path
) -> None:
    before, after = checkpoint.before, checkpoint.after
    for at in range(0, len(after) + 1, PAGE):
        for torn in (0, PAGE // 2):  # and inside a page
            done = after[: at + torn]
            stands(put(room, done + before[len(done) :], checkpoint.wal), checkpoint.last)
            backwards = before[: at + torn] + bytes(max(0, at + torn - len(before))) + after[at + torn :]
            stands(put(room, backwards, checkpoint.wal), checkpoint.last)


def test_given_a_wal_that_is_gone_when_opened_then_the_last_checkpoint_stands(
    checkpoint: Checkpoint, room: Path
) -> None:
    stands(put(room, checkpoint.after, None), checkpoint.last)
    stands(put(room, checkpoint.after, b""), checkpoint.last)
    stands(put(room, checkpoint.before, None), checkpoint.base)


def test_given_half_a_checkpoint_and_no_wal_when_opened_then_it_is_never_taken_for_sound(
    checkpoint: Checkpoint, room: Path
) -> None:
    """No power failure leaves this: the WAL is begun anew after the database is on the disk. A person can."""
    heads = {checkpoint.base.head.hex(): checkpoint.base, checkpoint.last.head.hex(): checkpoint.last}
    refused = 0
    for at in range(PAGE, len(checkpoint.after), PAGE):
        for done in (checkpoint.after[:at], checkpoint.after[:at] + checkpoint.before[at:]):
            path = put(room, done, None)
            report = verify(path)
            if report.ok:
                assert report.events == heads[report.head_hash].last_seq
                continue
            refused += 1
            try:
                open_log(path, create_id=None, reserve_bytes=0).close()
            except LogError as error:
                assert isinstance(error, LogCorrupt), error
                assert str(path) in str(error)
    assert refused > 0


# ---- the beginning, and the files beside -----------------------------------------------------------------------


def test_given_a_log_cut_while_it_was_made_when_opened_then_it_is_made_or_whole(tmp_path: Path) -> None:
    live = tmp_path / "live.db"
    log = open_log(live, reserve_bytes=0)
    empty = Written(0, True, 0, log.last_hash, b"")
    database, wal = live.read_bytes(), live.with_name("live.db-wal").read_bytes()
    log.close()
    frames = (len(wal) - HEADER) // STEP
    for count in range(frames + 1):
        path = put(tmp_path, database, wal[: HEADER + count * STEP])
        if count < frames:
            with pytest.raises(LogCorrupt, match=r"after\.db is empty"):
                open_log(path, create_id=None)
        log = open_log(path, reserve_bytes=0)  # the same identity and time: the same genesis
        assert (log.last_seq, log.last_hash) == (0, empty.head)
        log.commit([a_record(1)], durable=True)
        log.close()
        assert verify(path).events == 1


@pytest.mark.parametrize("index", [b"", b"\xff" * 100, bytes(32_768), b"\xa5" * 32_768, b"\x5a" * 70_000])
def test_given_an_index_of_the_wal_that_is_garbage_when_opened_then_it_is_made_anew(
    kept: Kept, room: Path, index: bytes
) -> None:
    path = put(room, kept.database, kept.wal)
    path.with_name("after.db-shm").write_bytes(index)
    stands(path, kept.commits[-1])


@pytest.mark.parametrize("beside", ["missing", "left over", "garbage"])
def test_given_lock_and_reserve_in_any_state_when_opened_then_the_log_stands(
    kept: Kept, room: Path, beside: str
) -> None:
    path = put(room, kept.database, kept.wal)
    lock, reserve = path.with_name("after.db.lock"), path.with_name("after.db.reserve")
    if beside == "left over":
        lock.write_text("4711\n")  # of a process that is no more; another may have its number by now
        reserve.write_bytes(os.urandom(4096))
    elif beside == "garbage":
        lock.write_bytes(b"\xff\x00" * 500)
        reserve.write_bytes(b"x")  # torn while it was written
    log = open_log(path, create_id=None)
    assert (log.last_seq, log.has_reserve) == (kept.commits[-1].last_seq, True)
    assert reserve.stat().st_size == 4096
    assert lock.read_text() == f"{os.getpid()}\n"
    log.close()
    stands(path, kept.commits[-1])
