"""Reading: filters, causes, following, and a writer at the same time."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from domain.errors import ConfigError, LogCorrupt
from domain.messages.market import QuotesJudged, QuotesReceived, QuoteVerdict
from domain.messages.orders import RequestStranded
from domain.messages.run import ClockTicked, RunEnded
from domain.messages.trading import NoticeRaised, OrderApproved
from domain.types import ClientOrderId, Krw, OrderKind, Purpose, RequestId, Severity, Side, UnixNanos
from persistence import reader as reader_module
from persistence.codec import UnknownEvent
from persistence.reader import LogReader
from persistence.stats import runs, stats
from tests.persistence.logs import T0, a_codec, a_quote, a_record, add, open_log, quotes_received

SECOND = 1_000_000_000


def _approved(order_id: str, symbol: str, at: int) -> OrderApproved:
    kind, price, reserved = OrderKind.LIMIT, Krw(12_300), Krw(123_000)
    return OrderApproved(
        ClientOrderId(order_id), symbol, Side.BUY, kind, Purpose.ENTRY, 10, price, reserved, "s", "", UnixNanos(at)
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Two runs: quotes at 1, judged at 2, an order at 3 with a notice at 4; a tick at 5; another order; the end."""
    path = tmp_path / "a.db"
    log = open_log(path)
    good, bad = a_quote("120110", T0), a_quote("005930", T0 + SECOND)
    add(
        log,
        (quotes_received(good, bad), 0),
        (QuotesJudged(1, (good,), (QuoteVerdict(1, "005930", "crossed", "…", True),)), 1),
        (_approved("L1-2", "120110", T0 + SECOND), 2),
        (NoticeRaised(Severity.INFO, "order", "one"), 3),
        (ClockTicked(UnixNanos(T0), False), 0),
    )
    add(
        log,
        (_approved("L1-6", "005930", T0 + 5 * SECOND), 0),
        (RequestStranded(ClientOrderId("L1-6"), RequestId("L1-6"), "cut"), 6),
    )
    add(log, (RunEnded("r2", "done"), 0), run_id="r2")
    log.close()
    return path


@pytest.fixture
def reader(path: Path) -> LogReader:
    return LogReader(path, a_codec())


def _seqs(records: object) -> list[int]:
    return [record.seq for record in records]  # type: ignore[attr-defined]  # an iterable of records


@pytest.mark.parametrize(
    ("wanted", "seqs"),
    [
        ({}, [1, 2, 3, 4, 5, 6, 7, 8]),
        ({"from_seq": 3, "to_seq": 5}, [3, 4, 5]),
        ({"reverse": True, "to_seq": 3}, [3, 2, 1]),
        ({"type": "OrderApproved"}, [3, 6]),
        ({"type": "QuotesReceived"}, [1]),
        ({"type": "ClockTicked"}, [5]),
        ({"type": "NoSuchType"}, []),
        ({"stream_prefix": "order/"}, [3, 6, 7]),
        ({"stream_prefix": "order/L1-6"}, [6, 7]),
        ({"stream_prefix": "quotes"}, [1, 2]),
        ({"stream_prefix": "o"}, [3, 6, 7]),
        ({"symbol": "120110"}, [1, 3]),
        ({"symbol": "005930"}, [1, 2, 6, 7]),  # 7 names the order only
        ({"symbol": "00593"}, []),
        ({"symbol": "005930", "type": "RequestStranded"}, [7]),
        ({"since": T0 + SECOND}, [1, 3, 4, 5, 6, 7, 8]),
        ({"since": T0 + 2 * SECOND}, [6, 7, 8]),
        ({"until": T0 + 2 * SECOND}, [1, 2, 3, 4, 5]),
        ({"until": T0}, []),
        ({"since": T0 + 99 * SECOND}, []),
        ({"since": T0 + 6, "until": T0 + 8, "clock": "recorded"}, [6, 7]),
    ],
)
def test_given_a_filter_when_read_then_only_what_fits_comes(
    reader: LogReader, wanted: dict[str, object], seqs: list[int]
) -> None:
    assert _seqs(reader.events(**wanted)) == seqs  # type: ignore[arg-type]  # from the table above


@pytest.mark.parametrize("page", [1, 2, 3])
def test_given_small_pages_when_read_then_nothing_is_lost_or_doubled(
    path: Path, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    monkeypatch.setattr(reader_module, "_PAGE", page)
    with LogReader(path, a_codec()) as reader:
        assert _seqs(reader.events()) == [1, 2, 3, 4, 5, 6, 7, 8]
        assert _seqs(reader.events(reverse=True)) == [8, 7, 6, 5, 4, 3, 2, 1]
        assert _seqs(reader.events(stream_prefix="order/L1-6")) == [6, 7]


@pytest.mark.parametrize("wanted", [{"type": "OrderApproved"}, {"stream_prefix": "order/L1-6"}])
def test_given_a_rare_type_or_one_subject_when_read_then_an_index_is_used(
    reader: LogReader, wanted: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    plans: list[str] = []
    rows = reader.rows

    def explained(sql: str, args: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
        plans.extend(str(row[3]) for row in rows("EXPLAIN QUERY PLAN " + sql, args))
        return rows(sql, args)

    monkeypatch.setattr(reader, "rows", explained)
    list(reader.events(**wanted))  # type: ignore[arg-type]  # from the table above
    assert any("INDEX events_" in plan for plan in plans), plans


def test_given_any_record_when_asked_then_causes_and_consequences_are_found(reader: LogReader) -> None:
    assert _seqs(reader.causes(4)) == [3, 2, 1]
    assert reader.causes(1) == []
    assert _seqs(reader.consequences(1)) == [2, 3, 4]
    assert _seqs(reader.consequences(6)) == [7]
    assert reader.consequences(8) == []
    assert reader.record(99) is None
    assert (reader.causes(99), reader.consequences(99)) == ([], [])


def test_given_a_judgement_when_read_alone_then_its_rows_are_looked_up(reader: LogReader) -> None:
    record = reader.record(2)
    assert record is not None
    message = reader.decode(record)
    assert isinstance(message, QuotesJudged)
    assert message.rows == (a_quote("120110", T0),)


def test_given_a_log_when_read_in_order_then_every_message_comes_back(reader: LogReader) -> None:
    messages = [message for _, message in reader.messages()]
    assert not any(isinstance(message, UnknownEvent) for message in messages)
    assert isinstance(messages[0], QuotesReceived)
    assert messages[7] == RunEnded("r2", "done")


def test_given_a_type_of_another_version_when_read_then_the_rest_still_comes(tmp_path: Path) -> None:
    log = open_log(tmp_path / "a.db")
    log.commit([a_record(1, type="FromTheFuture"), a_record(2)], durable=False)
    log.close()
    with LogReader(tmp_path / "a.db", a_codec()) as reader:
        first, second = (message for _, message in reader.messages())
    assert isinstance(first, UnknownEvent)
    assert isinstance(second, NoticeRaised)


def test_given_a_log_when_counted_then_the_figures_are_right(reader: LogReader) -> None:
    found = stats(reader)
    assert (found.log_id, found.events, found.commits, found.quote_rows) == ("L1", 8, 3, 2)
    assert found.by_type["OrderApproved"] == 2
    assert found.by_stream_kind == {"order": 3, "quotes": 2, "clock": 1, "notice": 1, "run": 1}
    assert (found.first_recorded_at, found.last_recorded_at) == (T0 + 1, T0 + 8)
    assert (found.first_venue_time, found.last_venue_time) == (T0, T0 + 5 * SECOND)
    assert found.quote_bytes > 0
    assert found.bytes >= reader.path.stat().st_size
    assert [(run.run_id, run.first_seq, run.last_seq, run.ended) for run in runs(reader)] == [
        ("r1", 1, 7, False),
        ("r2", 8, 8, True),
    ]


def test_given_an_empty_log_when_counted_then_nothing_breaks(tmp_path: Path) -> None:
    open_log(tmp_path / "a.db").close()
    with LogReader(tmp_path / "a.db", a_codec()) as reader:
        found = stats(reader)
        assert (found.events, found.commits, found.quote_rows, found.first_venue_time) == (0, 0, 0, None)
        assert (reader.last_seq(), list(reader.events())) == (0, [])


def test_given_a_writer_when_read_then_each_commit_is_seen_whole(tmp_path: Path) -> None:
    log = open_log(tmp_path / "a.db")
    with LogReader(tmp_path / "a.db", a_codec()) as reader:
        for count in range(1, 30):
            log.commit([a_record(2 * count - 1), a_record(2 * count)], durable=False)
            assert reader.last_seq() == 2 * count
            assert len(list(reader.events())) == 2 * count
    log.close()


def test_given_a_writer_when_followed_then_new_events_come_as_they_are_committed(tmp_path: Path) -> None:
    log = open_log(tmp_path / "a.db")
    log.commit([a_record(1)], durable=False)
    naps: list[float] = []

    def sleep(seconds: float) -> None:
        naps.append(seconds)
        seq = log.last_seq + 1
        log.commit([a_record(seq, type="ClockTicked", stream="clock"), a_record(seq + 1)], durable=False)

    with LogReader(tmp_path / "a.db", a_codec()) as reader:
        everything = reader.follow(0.5, sleep)
        assert [next(everything).seq for _ in range(5)] == [1, 2, 3, 4, 5]
        assert naps == [0.5, 0.5]
        notices = reader.follow(0.5, sleep, from_seq=2, type="NoticeRaised")
        assert [next(notices).seq for _ in range(3)] == [3, 5, 7]
    log.close()


def test_given_a_follower_that_stopped_reading_when_written_then_the_wal_stays_bounded(tmp_path: Path) -> None:
    log = open_log(tmp_path / "a.db")
    log.commit([a_record(1)], durable=False)
    with LogReader(tmp_path / "a.db", a_codec()) as reader:
        following = reader.follow(0.5, lambda _: None)
        next(following)  # a page was read, its cursor is closed
        for _ in range(60):
            log.commit([a_record(log.last_seq + 1, raw=bytes(1 << 20))], durable=False)
        assert (tmp_path / "a.db-wal").stat().st_size < 40 << 20
    log.close()


def test_given_no_file_or_a_broken_one_when_read_then_the_error_is_ours(tmp_path: Path, path: Path) -> None:
    with pytest.raises(ConfigError, match="expected an existing file"):
        LogReader(tmp_path / "none.db", a_codec())
    pages = path.stat().st_size // 4096
    path.write_bytes(path.read_bytes()[:4096] + bytes(range(256)) * 16 * (pages - 1))
    with pytest.raises(LogCorrupt, match=str(path)), LogReader(path, a_codec()) as reader:
        list(reader.events())


def test_given_a_reader_when_it_tries_to_write_then_the_file_refuses(reader: LogReader) -> None:
    with pytest.raises(Exception, match="readonly"):
        reader.rows("DELETE FROM events")


@pytest.mark.parametrize("column", ["run_id", "recorded_at", "venue_time", "type", "stream", "causation_seq", "role"])
def test_given_a_column_of_another_kind_when_read_then_the_log_is_called_damaged_there(path: Path, column: str) -> None:
    with closing(sqlite3.connect(path)) as conn:
        conn.execute(f"UPDATE events SET {column} = x'ff41' WHERE seq = 3")
        conn.commit()
    with LogReader(path, a_codec()) as reader:
        assert [record.seq for record in reader.events(to_seq=2)] == [1, 2]
        with pytest.raises(LogCorrupt, match="is damaged at event 3: a column holds no value of its kind") as raised:
            list(reader.events())
    assert raised.value.first_bad_seq == 3
