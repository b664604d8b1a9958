"""A journal that is full, locked or on a disk that fails: the caller hears why, and what was not journaled is not."""

import logging
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.rpc import status_pb2  # type: ignore[import-untyped]
from grpc_status import rpc_status

from broker.journal import OrderJournal
from broker.journal_disk import in_words
from broker.port import Receipt
from broker.server import BrokerServerThread
from broker.translate import broker as wire
from domain.errors import BrokerOutcomeUnknown, BrokerUnavailable, LogBusy, LogCorrupt, LogError, LogFull
from domain.types import Gate, RequestOutcome, UnixNanos
from hantrade.v1 import broker_pb2 as pb
from hantrade.v1 import broker_pb2_grpc, types_pb2
from tests.broker.builders import a_guard, a_submit
from tests.broker.contract import WAIT_S, a_desk
from tests.broker.fake_backend import FakeBackend, FakeVenue, open_fake

Trouble = Callable[[OrderJournal], Any]  # a context manager: the trouble lasts while it is entered


@contextmanager
def locked(journal: OrderJournal) -> Iterator[None]:
    """Hold the file as another program may, and let nobody wait for it."""
    journal._db.execute("PRAGMA busy_timeout = 0")
    with closing(sqlite3.connect(journal.path, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


@contextmanager
def full(journal: OrderJournal) -> Iterator[None]:
    """Leave the file no new page, and no room for another row in the pages of the requests."""
    pages = journal._db.execute("PRAGMA page_count").fetchone()[0]
    journal._db.execute(f"PRAGMA max_page_count = {pages}")
    with suppress(LogFull, sqlite3.OperationalError):
        for number in count():
            journal.resolve(str(number))  # the shortest rows there are
    yield
    journal._db.execute("PRAGMA max_page_count = 100000")


TROUBLES = [(full, "no space is left"), (locked, "holds it locked")]


@pytest.fixture
def venue() -> FakeVenue:
    return FakeVenue(atomic=False)


@pytest.fixture
def server(tmp_path: Path, venue: FakeVenue) -> Iterator[BrokerServerThread]:
    made = BrokerServerThread(lambda: open_fake(tmp_path / "orders.db", lambda: UnixNanos(time.time_ns()), venue))
    yield made.start()
    made.stop()


@pytest.fixture
def journal(server: BrokerServerThread) -> OrderJournal:
    assert isinstance(server.backend, FakeBackend)
    return server.backend.journal


def reason_of(error: grpc.RpcError) -> tuple[grpc.StatusCode, str]:
    """Give the status and the reason code of a failed call, as another language reads them."""
    assert isinstance(error, grpc.Call)
    status: status_pb2.Status = rpc_status.from_call(error)
    [packed] = status.details
    detail = types_pb2.ErrorDetail()
    assert packed.Unpack(detail)
    assert detail.broker_text == error.details()
    return error.code(), detail.reason_code


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Give what the broker's log holds of errors. A traceback fails the test."""
    records = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert [record.getMessage() for record in records if record.exc_info or "Traceback" in record.getMessage()] == []
    return [record.getMessage() for record in records]


@pytest.mark.parametrize(("trouble", "words"), TROUBLES)
def test_given_a_journal_that_takes_no_writes_when_an_order_comes_then_it_was_not_sent_and_the_caller_hears_why(
    server: BrokerServerThread,
    journal: OrderJournal,
    venue: FakeVenue,
    caplog: pytest.LogCaptureFixture,
    trouble: Trouble,
    words: str,
) -> None:
    with a_desk(server) as desk:
        with trouble(journal):
            desk.session.submit(a_submit(), desk.guard())
            assert desk.heard.ended.wait(WAIT_S)
        [(why, unanswered)] = desk.heard.ends
        assert unanswered == ("o-1",)
        assert isinstance(why, BrokerOutcomeUnknown)
        assert isinstance(why.__cause__, BrokerUnavailable)
        assert f"UNAVAILABLE: order journal {journal.path} cannot be written" in str(why.__cause__)
        assert words in str(why.__cause__)
        [line] = said(caplog)
        assert words in line
        assert desk.client.resolve("o-1").outcome is RequestOutcome.VOID, "it never came as far as the wire"
    assert venue.placed == []
    with a_desk(server) as again:
        assert again.ask(a_submit("o-2")).outcome is RequestOutcome.SENT


def test_given_a_journal_that_fails_behind_the_wire_when_an_order_was_sent_then_it_is_in_doubt_and_never_sent_again(
    server: BrokerServerThread, journal: OrderJournal, venue: FakeVenue, caplog: pytest.LogCaptureFixture
) -> None:
    trouble = locked(journal)
    venue.before_sending = trouble.__enter__
    with a_desk(server) as desk:
        desk.session.submit(a_submit(), desk.guard())
        assert desk.heard.ended.wait(WAIT_S)
        trouble.__exit__(None, None, None)
        venue.before_sending = lambda: None
        assert len(venue.placed) == 1
        assert len(said(caplog)) == 1
        assert desk.client.resolve("o-1").outcome is RequestOutcome.IN_DOUBT
    with a_desk(server) as again:
        assert again.ask(a_submit()).outcome is RequestOutcome.IN_DOUBT
    assert len(venue.placed) == 1


@pytest.mark.parametrize(("trouble", "words"), TROUBLES)
def test_given_a_journal_that_takes_no_writes_when_called_then_the_failure_is_typed(
    server: BrokerServerThread, journal: OrderJournal, caplog: pytest.LogCaptureFixture, trouble: Trouble, words: str
) -> None:
    guard = a_guard(journal.journal_id, journal.epoch)
    opening = pb.OrderSessionRequest(open=pb.OpenOrderSession())
    orders = [opening, wire.write_request(a_submit(), guard)]
    gates = [opening, wire.write_set_gate("g-1", Gate.CANCELS_ONLY)]
    calls: list[Callable[[Any], object]] = [
        lambda stub: stub.ResolveOrder(pb.ResolveOrderRequest(request_id="lost")),
        lambda stub: list(stub.OrderSession(iter(orders))),
        lambda stub: list(stub.OrderSession(iter(gates))),
    ]
    with grpc.insecure_channel(server.address) as channel:
        for number, call in enumerate(calls, start=1):
            with trouble(journal), pytest.raises(grpc.RpcError, match=words) as failed:
                call(broker_pb2_grpc.BrokerServiceStub(channel))
            assert reason_of(failed.value) == (grpc.StatusCode.UNAVAILABLE, "JOURNAL_UNAVAILABLE")
            assert len(said(caplog)) == number
    assert journal.gate is Gate.OPEN
    assert (journal.outcome("lost"), journal.outcome("o-1"), journal.outcome("g-1")) == (None, None, None)


@pytest.mark.parametrize(("trouble", "kind"), [(full, LogFull), (locked, LogBusy)])
def test_given_trouble_when_anything_is_written_then_it_says_so_and_nothing_is_half_there(
    tmp_path: Path, trouble: Trouble, kind: type[LogError]
) -> None:
    with closing(OrderJournal(tmp_path / "orders.db")) as journal:
        with trouble(journal):
            writes: list[Callable[[], object]] = [
                lambda: journal.begin("o-1", "h"),
                lambda: journal.record("o-1", "h", Receipt("o-1", RequestOutcome.SENT, text="x" * 5_000)),
                lambda: journal.resolve("o-2"),
                lambda: journal.set_gate("g-1", Gate.CANCELS_ONLY),
            ]
            for write in writes:
                with pytest.raises(kind):
                    write()
            assert journal.outcome("o-1") is None, "it can still be read"
        assert (journal.gate, journal.last_seq) == (Gate.OPEN, 0)
        assert journal.begin("o-1", "h")


def test_given_a_journal_that_another_program_holds_when_opened_then_it_is_busy_not_corrupt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    OrderJournal(tmp_path / "orders.db").close()
    real = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *args, **named: real(*args, **{**named, "timeout": 0}))
    with closing(real(tmp_path / "orders.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(LogBusy, match="holds it locked"):
            OrderJournal(tmp_path / "orders.db")


@pytest.mark.parametrize(
    ("code", "kind", "words"),
    [
        (sqlite3.SQLITE_IOERR_WRITE, LogError, "its disk failed"),
        (sqlite3.SQLITE_IOERR_FSYNC, LogError, "its disk failed"),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, LogBusy, "locked"),
        (sqlite3.SQLITE_LOCKED, LogBusy, "locked"),
        (sqlite3.SQLITE_FULL, LogFull, "free some"),
        (sqlite3.SQLITE_READONLY, LogError, "may write"),
        (sqlite3.SQLITE_CORRUPT, LogCorrupt, "cannot be read"),
    ],
)
def test_given_what_sqlite_says_when_put_in_words_then_its_kind_says_what_to_do(
    tmp_path: Path, code: int, kind: type[LogError], words: str
) -> None:
    error = sqlite3.OperationalError("said by SQLite")
    error.sqlite_errorcode, error.sqlite_errorname = code, "NAME"
    with pytest.raises(LogError, match=words) as raised, in_words(tmp_path / "orders.db"):
        raise error
    assert type(raised.value) is kind


def test_given_a_disk_without_room_when_a_write_fails_then_it_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode, error.sqlite_errorname = sqlite3.SQLITE_IOERR_FSYNC, "SQLITE_IOERR_FSYNC"
    monkeypatch.setattr("broker.journal_disk.NEAR_FULL_BYTES", 1 << 62)
    with pytest.raises(LogFull), in_words(tmp_path / "orders.db"):
        raise error


def test_given_a_bug_of_ours_when_put_in_words_then_it_stays_a_bug(tmp_path: Path) -> None:
    journal = OrderJournal(tmp_path / "orders.db")
    journal.close()
    with pytest.raises(sqlite3.ProgrammingError):
        journal.begin("o-1", "h")
