"""ReadLog over real gRPC on loopback: filters, following a writer, resuming behind any cut, slow and gone readers."""

import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from actors.edges import desk_log
from actors.edges.desk_log import DeskLog
from actors.edges.desk_reader import DeskReader, RunFacts
from actors.edges.desk_server import MAX_STREAMS, DeskServer
from broker.translate.values import timestamp
from domain.types import UnixNanos
from hantrade.v1 import desk_pb2
from persistence.event_log import EventLog
from tests.actors.trader_house import DeskClient, a_desk, until
from tests.persistence.logs import T0, a_record, open_log

INVALID = grpc.StatusCode.INVALID_ARGUMENT
FAILED = grpc.StatusCode.FAILED_PRECONDITION
Request = desk_pb2.ReadLogRequest


@dataclass
class Desk:
    """A desk server over a log that this test writes."""

    log: EventLog
    client: DeskClient
    path: Path
    address: str

    def read(self, **fields: Any) -> list[Any]:
        return list(self.client.ReadLog(Request(**fields)))

    def seqs(self, **fields: Any) -> list[int]:
        return [answer.seq for answer in self.read(**fields) if answer.seq]


@contextmanager
def serving(path: Path, log_id: str = "L1") -> Iterator[Desk]:
    log = open_log(path, create_id=lambda: log_id)
    reader = DeskReader(lambda *_: None, RunFacts("paper", "r1", str(path)), lambda: UnixNanos(0), lambda: 0)
    server = DeskServer.start(lambda *_, **__: None, reader, "127.0.0.1", 0)
    try:
        address = server.ask("ping", timeout=5)
        with a_desk(address) as client:
            yield Desk(log, client, path, address)
    finally:
        server.stop()
        log.close()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with serving(tmp_path / "day.db") as made:
        yield made


def write(log: EventLog, count: int) -> None:
    """Append events one commit each: notices, and every fifth of an order of 120110 or 005930 by turns."""
    for _ in range(count):
        seq = log.last_seq + 1
        if seq % 5:
            log.commit([a_record(seq)], durable=False)
            continue
        turn = seq // 5 % 4  # approved and cancelled of one order, then of the other
        stream, symbol = ("order/L1-5", "120110") if turn in (1, 2) else ("order/L1-15", "005930")
        kind, payload = ("OrderApproved", f'{{"symbol":"{symbol}"}}') if turn % 2 else ("OrderCancelled", "{}")
        log.commit([a_record(seq, type=kind, stream=stream, payload=payload.encode())], durable=False)


@pytest.mark.parametrize(
    ("fields", "seqs"),
    [
        ({"from_seq": 19}, [19, 20, 21, 22]),
        ({"from_seq": 22}, [22]),
        ({"from_seq": 23}, []),
        ({"from_seq": 3, "until_seq": 4}, [3, 4]),
        ({"type": "OrderApproved"}, [5, 15]),
        ({"types": ["OrderApproved", "OrderCancelled"]}, [5, 10, 15, 20]),
        ({"type": "OrderApproved", "types": ["OrderCancelled"], "from_seq": 6}, [10, 15, 20]),
        ({"stream": "order/L1-1"}, [15, 20]),
        ({"symbol": "120110"}, [5, 10]),
        ({"symbol": "120110", "type": "OrderCancelled"}, [10]),
        ({"symbol": "005930", "from_seq": 16}, [20]),
        ({"since": timestamp(T0 + 21)}, [21, 22]),
        ({"since": timestamp(T0 + 99)}, []),
        ({"since": timestamp(T0), "from_seq": 22}, [22]),
    ],
)
def test_given_a_filter_when_read_then_what_fits_comes_in_sequence(
    desk: Desk, fields: dict[str, Any], seqs: list[int]
) -> None:
    write(desk.log, 22)
    assert desk.seqs(**fields) == seqs


@pytest.mark.parametrize(
    ("fields", "code", "field"),
    [
        ({"from_seq": -1}, INVALID, "from_seq"),
        ({"until_seq": -1}, INVALID, "until_seq"),
        ({"from_seq": 4, "until_seq": 3}, INVALID, "until_seq"),
        ({"type": "Nonsense"}, INVALID, "type"),
        ({"types": ["OrderFilled", "Nonsense"]}, INVALID, "types"),
        ({"symbol": 'x"'}, INVALID, "symbol"),
        ({"since": Timestamp(nanos=-1)}, INVALID, "since.nanos"),
        ({"log_id": "L0"}, FAILED, "log_id"),
        ({"from_seq": 9}, FAILED, "from_seq"),
        ({"from_seq": 9, "follow": True}, FAILED, "from_seq"),
    ],
)
def test_given_a_wrong_request_when_read_then_the_field_its_value_and_what_is_allowed_are_named(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, fields: dict[str, Any], code: grpc.StatusCode, field: str
) -> None:
    monkeypatch.setattr(desk_log, "POLL_S", 0.001)
    write(desk.log, 7)
    found, refused = desk.client.refusal("ReadLog", Request(**fields))
    assert (found, refused.field) == (code, field)
    assert refused.value
    assert refused.allowed


def test_given_a_log_that_rolled_when_an_old_sequence_is_resumed_then_the_new_log_is_named(tmp_path: Path) -> None:
    with serving(tmp_path / "monday.db", "MON") as monday:
        write(monday.log, 9)
        last = monday.read()[-1]
    assert (last.log_id, last.head_seq) == ("MON", 9)
    with serving(tmp_path / "tuesday.db", "TUE") as tuesday:
        write(tuesday.log, 3)
        _, refused = tuesday.client.refusal("ReadLog", Request(from_seq=last.scanned_seq + 1, log_id="MON"))
        assert refused.code == "WRONG_LOG"
        assert "TUE" in refused.text
        _, refused = tuesday.client.refusal("ReadLog", Request(from_seq=last.scanned_seq + 1))
        assert refused.code == "AHEAD_OF_LOG"
        assert "0 to 4, one behind the last of log TUE" in refused.text


def test_given_no_wish_for_progress_when_nothing_fits_then_nothing_comes(desk: Desk) -> None:
    write(desk.log, 4)
    assert desk.read(type="OrderFilled") == []


def test_given_a_wish_for_progress_when_nothing_fits_then_it_is_told_how_far_the_log_was_looked_through(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk_log, "WINDOW", 3)
    write(desk.log, 7)
    told = [(a.seq, a.scanned_seq, a.head_seq, a.log_id) for a in desk.read(type="OrderApproved", progress=True)]
    assert told == [(0, 3, 7, "L1"), (5, 5, 7, "L1"), (0, 6, 7, "L1"), (0, 7, 7, "L1")]
    [only] = desk.read(from_seq=8, progress=True)
    assert (only.seq, only.scanned_seq) == (0, 7)


@given(cuts=st.lists(st.integers(0, 9), max_size=8), window=st.integers(1, 9), symbol=st.booleans(), tell=st.booleans())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_for_any_cuts_a_resumed_reading_misses_nothing_and_gets_nothing_twice(
    desk: Desk, cuts: list[int], window: int, symbol: bool, tell: bool
) -> None:
    write(desk.log, 30 - desk.log.last_seq)
    wanted: dict[str, Any] = {"symbol": "120110"} if symbol else {"types": ["NoticeRaised", "OrderCancelled"]}
    everything = desk.seqs(**wanted)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(desk_log, "WINDOW", window)
        got: list[int] = []
        known = 0  # largest scanned_seq
        for cut in [*cuts, 1_000]:
            stream = desk.client.ReadLog(Request(from_seq=known + 1, log_id="L1", progress=tell, **wanted))
            for _, answer in zip(range(cut), stream, strict=False):
                known = answer.scanned_seq
                got += [answer.seq] if answer.seq else []
            stream.cancel()
    assert got == everything


def test_given_a_writer_when_two_follow_and_one_is_cut_and_resumes_then_both_have_everything(desk: Desk) -> None:
    write(desk.log, 20)
    more, total = 200, 220

    def steady() -> list[int]:
        return [a.seq for a in desk.client.ReadLog(Request(follow=True, until_seq=total))]

    def cut_often() -> list[int]:
        got: list[int] = []
        while len(got) < total:
            stream = desk.client.ReadLog(Request(from_seq=len(got) + 1, follow=True, until_seq=total))
            got += [answer.seq for _, answer in zip(range(17), stream, strict=False)]
            stream.cancel()
        return got

    with ThreadPoolExecutor(3) as pool:
        readers = [pool.submit(steady), pool.submit(cut_often)]
        pool.submit(write, desk.log, more).result(30)
        found = [reader.result(30) for reader in readers]
    assert found == [list(range(1, total + 1))] * 2


def test_given_a_follower_of_rare_events_when_others_are_written_then_it_hears_of_them_as_progress(desk: Desk) -> None:
    write(desk.log, 4)
    following = desk.client.ReadLog(Request(type="OrderApproved", follow=True, progress=True))
    assert next(following).scanned_seq == 4
    write(desk.log, 1)
    assert next(following).seq == 5
    write(desk.log, 2)
    assert next(following).scanned_seq in (6, 7)
    following.cancel()


def test_given_followers_that_left_when_others_come_then_their_threads_are_free(desk: Desk) -> None:
    write(desk.log, 3)
    streams = [desk.client.ReadLog(Request(follow=True), 60) for _ in range(MAX_STREAMS)]
    for stream in streams:
        assert next(stream).seq == 1
    code, refused = desk.client.refusal("ReadLog", Request())
    assert code is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert str(MAX_STREAMS) in refused.text
    for stream in streams:
        stream.cancel()

    def all_again() -> bool:
        again = [desk.client.ReadLog(Request(), 60) for _ in range(MAX_STREAMS)]
        try:
            return all(next(stream).seq == 1 for stream in again)
        except grpc.RpcError:
            return False
        finally:
            for stream in again:
                stream.cancel()

    until(all_again)


def test_given_a_slow_reader_when_the_writer_goes_on_then_the_wal_can_be_emptied(desk: Desk) -> None:
    write(desk.log, 50)
    slow = DeskLog(str(desk.path)).read(Request(follow=True), threading.Event())
    assert next(slow).seq == 1  # it stands in the middle of a page now
    write(desk.log, 50)
    assert emptied(desk.path) == (0, 0)
    holding = sqlite3.connect(desk.path)
    cursor = holding.execute("SELECT seq FROM events")  # what an open cursor does: the check above can fail
    cursor.fetchone()
    write(desk.log, 1)
    busy, frames = emptied(desk.path)
    assert busy or frames
    holding.close()
    assert [answer.seq for _, answer in zip(range(100), slow, strict=False)][-1] == 101


def emptied(path: Path) -> tuple[int, int]:
    """Move the WAL into the database; give whether somebody was in the way, and the frames that stayed."""
    conn = sqlite3.connect(path, timeout=0)
    try:
        busy, frames, _ = conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return busy, frames
    finally:
        conn.close()
