"""Faults of the disk and of people with files: what a commit does, what a person reads, what stands afterwards."""

import os
import re
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from actors.core.core import Core
from actors.core.kernel import Kernel
from actors.roster import make_roles
from domain.errors import LogBusy, LogCorrupt, LogError, LogFull
from domain.messages import Message
from domain.messages.operator import CommandAnswered, HaltRequested, ManualOrderRequested
from domain.messages.orders import SubmitOrder
from domain.messages.trading import GateChanged
from domain.risk_config import RiskConfig
from domain.types import Gate, Krw, LinkName, OrderKind, Side
from persistence.event_log import EventLog
from persistence.reader import LogReader
from persistence.record import Record
from persistence.verify import verify
from tests.actors.builders import SAMSUNG, T0, a_quote, a_run, broker_state, instruments, opened, received
from tests.actors.trader_house import a_house, until
from tests.persistence.disks import break_down, fill, make_read_only, memory_disk, nobody, real_disk
from tests.persistence.logs import a_codec, a_record, open_log

KB = 1 << 10


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    with memory_disk(tmp_path / "small", "3m") as folder:
        yield folder


@pytest.fixture
def real(tmp_path: Path) -> Iterator[Path]:
    with real_disk(tmp_path / "real") as folder:
        yield folder


@pytest.fixture
def log(tmp_path: Path) -> Iterator[EventLog]:
    with closing(_begun(tmp_path / "a.db")) as log:
        yield log


def _begun(path: Path, commits: int = 3, **options: object) -> EventLog:
    log = open_log(path, **options)
    log._conn.execute("PRAGMA busy_timeout = 20")  # five seconds are a long time in a test
    for _ in range(commits):
        _add(log)
    return log


def _add(log: EventLog, size: int = 100, *, durable: bool = True) -> None:
    log.commit([a_record(log.last_seq + 1, raw=os.urandom(size))], durable=durable)


def _refused(act: Callable[[], object], *said: str, kind: type[LogError] = LogError) -> str:
    """Give the one line of a refusal."""
    with pytest.raises(kind) as caught:
        act()
    text = str(caught.value)
    assert type(caught.value) is kind, text
    assert "\n" not in text
    for part in said:
        assert part in text
    return text


# ---- no space ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("left", [0, 4 * KB, 12 * KB, 40 * KB, 64 * KB])
def test_given_a_full_disk_when_a_log_is_made_then_it_is_refused_and_made_once_there_is_room(
    small: Path, left: int
) -> None:
    path = small / "a.db"
    ballast = fill(small, left)
    _refused(lambda: open_log(path), f"{path} cannot be opened: no space is left on its disk", kind=LogFull)
    ballast.unlink()
    _begun(path).close()
    assert verify(path).events == 3


@pytest.mark.parametrize("left", [0, 4 * KB, 16 * KB, 36 * KB, 40 * KB, 52 * KB])
def test_given_a_full_disk_when_a_log_is_opened_then_nothing_of_it_is_lost(small: Path, left: int) -> None:
    path = small / "a.db"
    _begun(path).close()
    ballast = fill(small, left)

    def go_on() -> None:
        with closing(open_log(path)) as log:
            for _ in range(9):  # 40 KB are enough to open it, not to append
                _add(log, 6 * KB)

    _refused(go_on, f"{path} cannot be", "no space is left on its disk; free some", kind=LogFull)
    ballast.unlink()
    report = verify(path)
    assert report.ok
    with closing(open_log(path)) as log:
        assert log.last_seq == report.events >= 3
        _add(log)
    assert verify(path).events == report.events + 1


def _fill_up(log: EventLog, size: int) -> None:
    for _ in range(2_000):
        try:
            _add(log, size, durable=False)
        except LogFull as error:
            assert "cannot be appended to: no space is left on its disk" in str(error)
            return
    raise AssertionError("the disk never filled up")


def test_given_a_disk_too_full_for_the_wal_when_the_reserve_is_freed_then_the_last_commits_fit(small: Path) -> None:
    path = small / "a.db"
    with closing(_begun(path, reserve_bytes=256 * KB)) as log:
        fill(small, 100 * KB)
        _fill_up(log, 1_000)
        assert log.release_reserve()
        assert not log.release_reserve()
        end = log.last_seq
        for _ in range(5):
            _add(log, 1_000)
    assert verify(path).events == end + 5


@pytest.mark.parametrize("checkpoints", [False, True])
def test_given_a_disk_too_full_for_a_checkpoint_when_the_reserve_is_freed_then_the_checkpoint_does_not_take_it(
    small: Path, checkpoints: bool
) -> None:
    """The usual way: a WAL of full size is folded into a database that cannot grow, and then grows itself."""
    path = small / "a.db"
    log = _begun(path, reserve_bytes=96 * KB)
    log._conn.execute("PRAGMA wal_autocheckpoint = 100")
    for _ in range(40):
        _add(log, 16 * KB, durable=False)
    ballast = fill(small, 40 * KB)
    _fill_up(log, 16 * KB)
    assert verify(path).ok
    assert log.release_reserve()
    if checkpoints:  # as if nothing had been done about it: this is what the freed space would go to
        log._conn.execute("PRAGMA wal_autocheckpoint = 100")
    end, fitted = log.last_seq, 0
    with suppress(LogFull):
        for _ in range(3):
            _add(log)
            fitted += 1
    assert (fitted < 3) if checkpoints else (fitted == 3)
    assert log.last_seq == end + fitted
    end = log.last_seq
    log.close()  # cannot fold the WAL either, and leaves it
    assert verify(path).events == end
    ballast.unlink()
    with closing(open_log(path)) as log:
        assert log.last_seq == end
        _add(log)
    assert verify(path).events == end + 1
    assert not path.with_name("a.db-wal").exists() or path.with_name("a.db-wal").stat().st_size == 0


# ---- another program holds the database -----------------------------------------------------------------------


def test_given_a_reader_that_stays_when_commits_go_on_then_the_wal_grows_and_shrinks_after_it(
    log: EventLog, tmp_path: Path
) -> None:
    path, wal = tmp_path / "a.db", tmp_path / "a.db-wal"
    log._conn.execute("PRAGMA wal_autocheckpoint = 20")
    log._conn.execute(f"PRAGMA journal_size_limit = {200 * KB}")
    for _ in range(60):
        _add(log, 4 * KB, durable=False)
    usual = wal.stat().st_size
    reader = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, isolation_level=None)
    reader.execute("BEGIN")
    [seen] = reader.execute("SELECT max(seq) FROM events").fetchone()
    for _ in range(60):
        _add(log, 4 * KB, durable=False)
    grown = wal.stat().st_size
    assert grown > usual + 200 * KB
    assert reader.execute("SELECT max(seq) FROM events").fetchone() == (seen,)  # undisturbed
    reader.close()
    for _ in range(3):
        _add(log, 4 * KB, durable=False)
    assert wal.stat().st_size <= 200 * KB < grown
    assert verify(path).events == log.last_seq


@pytest.mark.parametrize("begin", ["BEGIN IMMEDIATE", "BEGIN EXCLUSIVE"])
def test_given_another_writer_when_appended_then_it_says_so_and_nothing_is_half_written(
    log: EventLog, tmp_path: Path, begin: str
) -> None:
    path, end = tmp_path / "a.db", log.last_seq
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute(begin)
        _refused(lambda: _add(log), f"{path} cannot be appended to: another program holds it locked")
        assert log.last_seq == end
        assert verify(path).events == end
    _add(log)  # the log itself is sound; it is the core that gives up
    assert verify(path).events == end + 1


def test_given_another_writer_that_lets_go_in_time_when_appended_then_the_commit_waits_for_it(
    log: EventLog, tmp_path: Path
) -> None:
    log._conn.execute("PRAGMA busy_timeout = 10000")
    code = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], isolation_level=None); c.execute('BEGIN IMMEDIATE')"
    code += "; print('held', flush=True); sys.stdin.readline()"
    held = [shutil.which("python3") or "python3", "-c", code, str(tmp_path / "a.db")]
    with subprocess.Popen(held, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdin is not None
        assert other.stdout.readline() == b"held\n"
        other.stdin.close()  # it ends by and by, while this commit already waits
        _add(log)
    assert verify(tmp_path / "a.db").events == 4


def test_given_a_program_that_holds_the_database_for_itself_when_opened_then_it_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.db"
    _begun(path).close()
    connect = sqlite3.connect
    with closing(connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        other.execute("COMMIT")
        monkeypatch.setattr(sqlite3, "connect", lambda *args, **options: connect(*args, **options | {"timeout": 0.02}))
        _refused(lambda: open_log(path), f"{path} cannot be opened: another program holds it locked")


def test_given_a_writer_that_got_past_the_lock_when_appended_then_the_clash_is_told(
    log: EventLog, tmp_path: Path
) -> None:
    with closing(sqlite3.connect(tmp_path / "a.db", isolation_level=None)) as other:
        other.execute("INSERT INTO events SELECT seq + 1, '', 1, 1, '', '', 0, '', '' FROM events WHERE seq = 3")
    _refused(lambda: _add(log), "another program has written to it", "`hantrade log verify`", kind=LogCorrupt)
    assert verify(tmp_path / "a.db").events == 3


# ---- read-only, no rights, I/O errors -------------------------------------------------------------------------


def test_given_a_read_only_file_system_when_opened_then_one_clear_line(small: Path) -> None:
    path = small / "a.db"
    _begun(path).close()
    subprocess.run(["mount", "-o", "remount,ro", str(small)], check=True)
    for name in ("a.db", "new.db", "folder/new.db"):
        _refused(
            lambda name=name: open_log(small / name), f"{small / name} cannot be opened: its file system is read-only"
        )
    assert verify(path).events == 3
    subprocess.run(["mount", "-o", "remount,rw", str(small)], check=True)
    _begun(path).close()


def test_given_a_disk_that_goes_read_only_when_appended_then_it_says_so_and_what_stood_stands(real: Path) -> None:
    path = real / "a.db"
    with closing(_begun(path)) as log:
        make_read_only(real)
        for durable in (True, False):
            _refused(
                lambda durable=durable: _add(log, durable=durable), f"{path} cannot be appended to: its file system"
            )
        assert log.last_seq == 3
        assert verify(path).events == 3
    _refused(lambda: open_log(path), f"{path} cannot be opened: its file system is read-only")
    assert verify(path).events == 3


def test_given_a_disk_that_breaks_down_when_appended_then_it_says_so(real: Path) -> None:
    path = real / "a.db"
    with closing(_begun(path)) as log:
        break_down(real)
        _refused(lambda: _add(log), f"{path} cannot be appended to: its disk failed", "check the disk")
        assert log.last_seq == 3
    _refused(lambda: open_log(path), f"{path} cannot be opened: its disk failed")


@pytest.fixture
def shared() -> Iterator[Path]:
    """Give a folder that every user may enter."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.mark.parametrize("what", ["folder", "a.db", "a.db.lock", "a.db-wal"])
def test_given_no_right_when_opened_then_the_file_is_named(shared: Path, what: str) -> None:
    path, folder = shared / "logs" / "a.db", shared / "logs"
    folder.mkdir()
    log = _begun(path)
    if what == "a.db-wal":
        shutil.copy(folder / what, shared / "wal")
    log.close()
    if what == "a.db-wal":
        (shared / "wal").rename(folder / what)
    for file in (folder, *folder.iterdir()):
        file.chmod(0o777 if file.is_dir() else 0o666)
    target = folder if what == "folder" else folder / what
    target.chmod(0o555 if what == "folder" else 0o444)
    with nobody():
        if what == "folder":
            _refused(lambda: open_log(folder / "new.db"), f"no right to write {folder / 'new.db.lock'}; give it to")
            _refused(lambda: open_log(path), f"{path} cannot be opened: no right to write {folder}; give it to")
        else:
            _refused(lambda: open_log(path), f"{path} cannot be opened: no right to write {target}; give it to")
    folder.chmod(0o755)
    assert verify(path).events == 3


def test_given_a_folder_in_the_place_of_a_file_and_the_other_way_round_when_opened_then_it_is_told(
    tmp_path: Path,
) -> None:
    (tmp_path / "a.db").mkdir()
    (tmp_path / "file").touch()
    (tmp_path / "b.db.lock").mkdir()
    (tmp_path / "c.db.reserve").mkdir()
    for path, said in (
        ("a.db", f"{tmp_path / 'a.db'} is a folder, a file is needed"),
        ("b.db", f"{tmp_path / 'b.db.lock'} is a folder, a file is needed"),
        ("c.db", f"{tmp_path / 'c.db.reserve'} is a folder, a file is needed"),
        ("file/d.db", f"{tmp_path / 'file'} is a file, a folder is needed"),
    ):
        _refused(lambda path=path: open_log(tmp_path / path), f"{tmp_path / path} cannot be opened: ", said)
    _refused(lambda: open_log(tmp_path / ("x" * 300)), "File name too long")
    assert [file.name for file in tmp_path.glob("a.db*")] == ["a.db"]


@pytest.mark.parametrize("name", ["거래 기록 13일.db", "100% #1?.db", "a 'b' \"c\".db", "ㄱ/ㄴ ㄷ/ㄹ.db"])
def test_given_an_odd_name_when_used_then_it_works(tmp_path: Path, name: str) -> None:
    path = tmp_path / "제 폴더" / name
    with closing(_begun(path)):
        with pytest.raises(LogBusy, match=f"^{re.escape(str(path))} is being written"):
            open_log(path)
        assert verify(path).events == 3
    with closing(_begun(path, create_id=None)) as log:
        assert log.last_seq == 6
    assert [file.name for file in path.parent.glob("*.db")] == [path.name]


# ---- files that go away ----------------------------------------------------------------------------------------

LOST = "while the log was being written: what is appended now would be lost; put the file back"


@pytest.mark.parametrize("ending", ["", "-wal", "-shm", ".lock"])
def test_given_a_file_of_the_log_deleted_when_an_order_is_to_go_then_the_commit_fails_loudly(
    log: EventLog, tmp_path: Path, ending: str
) -> None:
    file = tmp_path / f"a.db{ending}"
    file.unlink()
    _refused(lambda: _add(log), f"{file} was deleted or moved {LOST}")
    assert log.last_seq == 3


def test_given_a_deleted_log_when_no_order_goes_then_it_is_noticed_after_a_while(log: EventLog, tmp_path: Path) -> None:
    (tmp_path / "a.db").unlink()

    def go_on() -> None:
        for _ in range(64):
            _add(log, durable=False)

    _refused(go_on, "was deleted or moved")


def test_given_a_deleted_wal_when_closed_then_its_commits_are_saved(log: EventLog, tmp_path: Path) -> None:
    (tmp_path / "a.db-wal").unlink()
    _refused(lambda: _add(log), "a.db-wal was deleted")
    log.close()
    assert verify(tmp_path / "a.db").events == 3


def test_given_a_moved_log_when_it_is_put_back_then_nothing_is_lost(log: EventLog, tmp_path: Path) -> None:
    path, away = tmp_path / "a.db", tmp_path / "away.db"
    path.rename(away)
    _refused(lambda: _add(log), f"{path} was deleted or moved")
    log.close()
    assert (tmp_path / "a.db-wal").stat().st_size > 0  # left where it was: it belongs to the file that was moved
    away.rename(path)
    with closing(open_log(path)) as again:
        assert again.last_seq == 3
        _add(again)
    assert verify(path).events == 4


def test_given_a_moved_folder_when_it_is_put_back_then_nothing_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "logs" / "a.db"
    with closing(_begun(path)) as log:
        path.parent.rename(tmp_path / "old")
        _refused(lambda: _add(log), f"{path} was deleted or moved")
        (tmp_path / "old").rename(path.parent)
        _add(log)
    assert verify(path).events == 4


def test_given_another_log_put_in_its_place_when_appended_then_neither_is_harmed(log: EventLog, tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    other = _begun(tmp_path / "other.db", 5, create_id=lambda: "other")
    for ending in ("", "-wal"):
        (tmp_path / f"other.db{ending}").rename(tmp_path / f"a.db{ending}")
    _refused(lambda: _add(log), f"{path} was replaced by another file {LOST}")
    log.close()
    assert verify(path).events == 5
    other.close()


def test_given_a_relative_path_when_the_working_folder_changes_then_the_log_is_not_missed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with closing(_begun(Path("a.db"))) as log:
        (tmp_path / "sub").mkdir()
        monkeypatch.chdir(tmp_path / "sub")
        _add(log)
    assert verify(tmp_path / "a.db").events == 4


# ---- the core with real roles ----------------------------------------------------------------------------------

RISK = RiskConfig(duplicate_window_ms=0, max_open_orders=1_000, price_collar_ppm=300_000)
BEGIN = (a_run(risk=RISK), opened(LinkName.QUOTES), instruments(), opened(LinkName.ORDERS), broker_state())


class Trader:
    """A core of real roles on a real log, drained by hand, and what it released."""

    def __init__(self, path: Path, **options: object) -> None:
        self.path, self.log = path, _begun(path, 0, **options)
        self.released, self.died, self.orders = list[Message](), list[BaseException](), 0
        release: Any = lambda item: self.released.append(item.message)  # noqa: E731
        now: Any = lambda: T0  # noqa: E731
        self.core = Core(
            Kernel(make_roles(), self.log.log_id), self.log, a_codec(), "r1", now, release, self.died.append
        )
        self.hear(*BEGIN, received(a_quote(1)))
        self.hear(self.order())
        assert len(self.sent()) == 1  # so that what comes next is the fault's doing
        self.released.clear()

    def order(self) -> ManualOrderRequested:
        self.orders += 1
        price = Krw(10_000 - 10 * (self.orders % 5))
        return ManualOrderRequested(f"c{self.orders}", "kim", SAMSUNG, Side.BUY, OrderKind.LIMIT, 1, price, "")

    def hear(self, *messages: Message) -> None:
        for message in messages:
            self.core.post(message, source="test")
        while self.core.drain():
            pass

    def sent(self) -> list[Message]:
        return [item for item in self.released if isinstance(item, SubmitOrder)]


def test_given_a_full_disk_when_an_order_is_to_go_then_it_goes_once_trading_halts_and_cancels_still_fit(
    small: Path,
) -> None:
    trader = Trader(small / "a.db", reserve_bytes=512 * KB)
    try:
        ballast = fill(small, 150 * KB)
        while trader.log.has_reserve:  # every order needs its intent on the disk
            trader.hear(trader.order())
            assert trader.orders < 100
        assert len(trader.sent()) == trader.orders - 1 > 1
        assert len(trader.sent()) == sum(record.type == "SubmitOrder" for record in _records(trader.path)) - 1
        assert [item.level for item in trader.released if isinstance(item, GateChanged)] == [Gate.CANCELS_ONLY]
        trader.released.clear()
        trader.hear(trader.order(), HaltRequested("c-halt", "kim", "the disk is full"))
        assert not trader.sent()
        assert any(isinstance(item, CommandAnswered) and item.accepted for item in trader.released)
        types = [record.type for record in _records(trader.path)]
        assert (types.count("LogSpaceLow"), types.count("HaltRequested")) == (1, 1)
        ballast.unlink()
    finally:
        trader.log.close()
    assert verify(trader.path).ok


def _records(path: Path) -> list[Record]:
    with LogReader(path, a_codec()) as reader:
        return list(reader.events(raw=False))


def _lock(folder: Path) -> Callable[[], None]:
    other = sqlite3.connect(folder / "a.db", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    return other.close


def _hide(folder: Path) -> Callable[[], None]:
    (folder / "a.db").rename(folder / "away.db")
    return lambda: None if (folder / "a.db").exists() else (folder / "away.db").rename(folder / "a.db") and None


def _freeze(folder: Path) -> Callable[[], None]:
    make_read_only(folder)
    return lambda: None


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (_lock, "another program holds it locked"),
        (_hide, "was deleted or moved while the log was being written"),
        (_freeze, "its file system is read-only"),
    ],
)
def test_given_a_log_that_takes_nothing_when_an_order_is_to_go_then_nothing_leaves_and_the_core_ends(
    real: Path, fault: Callable[[Path], Callable[[], None]], said: str
) -> None:
    trader = Trader(real / "a.db")
    end = trader.log.last_seq
    mend = fault(real)
    try:
        trader.core.post(trader.order(), source="test")
        trader.core.start()
        trader.core.stop()
        assert not trader.core.alive
        assert trader.released == []
        assert isinstance(trader.died[0], LogError)
        assert said in str(trader.died[0])
        assert str(trader.path) in str(trader.died[0])
    finally:
        trader.log.close()
        mend()
    report = verify(trader.path)
    assert (report.ok, report.events) == (True, end)


def test_given_a_running_trader_when_its_log_is_deleted_then_the_run_ends_with_the_gate_shut(tmp_path: Path) -> None:
    with a_house(tmp_path) as house:
        system = house.trader.system
        until(lambda: house.trader.reader.status().connection == "READY")
        (tmp_path / "log.db").unlink()
        until(system.stopped.is_set)
        assert isinstance(system.failure, LogError)
        assert f"{tmp_path / 'log.db'} was deleted or moved" in str(system.failure)
        assert system.gate.level is Gate.CANCELS_ONLY
