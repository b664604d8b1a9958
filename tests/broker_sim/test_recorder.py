"""Recording what a broker sends, and reading it again."""

import asyncio
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import polars as pl
import pytest

from broker.client import BrokerClient
from broker.server import BrokerServerThread
from broker_sim.backend import SimBackend
from broker_sim.bar_ticks import ticks_of
from broker_sim.data_file import CONFLATED_META, GAPS_META
from broker_sim.record_session import record
from broker_sim.recorder import Recorder
from broker_sim.recording import Recording
from cli.compose import running
from domain.errors import BrokerUnavailable, ConfigError
from domain.instruments import Instrument
from domain.messages.link import SessionInfo
from domain.quotes import Depth, Quote, QuoteBatch, QuoteKind
from domain.time import NANOS_PER_DAY
from domain.types import NANOS_PER_SECOND, Gate, ServerKind, UnixNanos, VenuePhase
from tests.broker_sim.builders import CASH, DAY, FakeClock, a_day, a_file, a_quote, an_instrument, at


def a_batch(seq: int, rows: Sequence[Quote], depths: Sequence[Depth] = (), conflated: int = 0) -> QuoteBatch:
    return QuoteBatch("run", seq, rows, conflated, False, 0, tuple(depths))


def some_rows(count: int, start: int | None = None) -> list[Quote]:
    first = at(10, 0) if start is None else start
    return [
        a_quote(9_990 + n % 3 * 10, first + n * NANOS_PER_SECOND, cumulative_volume=1_000 + 50 * n)
        for n in range(count)
    ]


def a_book(row: Quote, levels: int = 3) -> Depth:
    bids = tuple((row.bid_price - 10 * n, 5 + n) for n in range(levels))
    return Depth(row.symbol, row.venue_time, bids, ((row.ask_price, 7),))


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def a_recorder(folder: Path, clock: Clock | None = None) -> Recorder:
    recorder = Recorder(folder, "127.0.0.1:1", 10, clock or Clock())
    recorder.on_instruments([an_instrument()])
    return recorder


def read(folder: Path) -> tuple[list[Quote], list[Depth]]:
    recording = Recording.load(folder)
    return list(ticks_of(recording, 1)), list(recording.depths())


def test_given_batches_when_recorded_then_rows_books_and_instruments_read_back(tmp_path: Path) -> None:
    rows = some_rows(20)
    rows[3] = rows[3]._replace(kind=int(QuoteKind.BOOK), last_qty=0, cumulative_volume=rows[2].cumulative_volume)
    rows[5] = rows[5]._replace(venue_time=rows[5].venue_time + 123)  # finer than a microsecond
    books = [a_book(row) for row in rows[::4]]
    recorder = a_recorder(tmp_path)
    recorder.on_batch(a_batch(1, rows[:12], books[:3]))
    recorder.on_batch(a_batch(2, rows[12:], books[3:]))
    recorder.close()

    assert sorted(path.name for path in tmp_path.iterdir()) == ["2026-01-13.books.parquet", "2026-01-13.ticks.parquet"]
    assert read(tmp_path) == (rows, books)
    recording = Recording.load(tmp_path)
    assert recording.instruments == {"120110": an_instrument()}
    assert (recording.refused, recording.warnings) == ({}, ())
    assert (recorder.summary.rows, recorder.summary.books, recorder.summary.gaps) == (20, 5, 0)


def test_given_a_killed_recorder_when_read_then_what_was_flushed_is_there(tmp_path: Path) -> None:
    clock, rows = Clock(), some_rows(9)
    recorder = a_recorder(tmp_path, clock)
    recorder.on_batch(a_batch(1, rows[:4]))
    recorder.flush_if_due()
    assert list(tmp_path.iterdir()) == []
    clock.now = 10
    recorder.flush_if_due()
    recorder.on_batch(a_batch(2, rows[4:6]))
    clock.now = 20
    recorder.flush_if_due()
    recorder.on_batch(a_batch(3, rows[6:]))  # never flushed: it is killed here

    assert read(tmp_path)[0] == rows[:6]


def test_given_parts_of_a_killed_recorder_when_recorded_on_then_they_are_joined_with_a_gap_told(tmp_path: Path) -> None:
    clock, rows = Clock(), some_rows(9)
    killed = a_recorder(tmp_path, clock)
    killed.on_batch(a_batch(1, rows[:4]))
    clock.now = 10
    killed.flush_if_due()

    recorder = a_recorder(tmp_path)
    recorder.on_batch(a_batch(1, rows[6:]))
    recorder.close()

    assert [path.name for path in tmp_path.iterdir()] == ["2026-01-13.ticks.parquet"]
    assert read(tmp_path)[0] == rows[:4] + rows[6:]
    [warning] = Recording.load(tmp_path).warnings
    assert "from 2026-01-13 10:00:03 to 2026-01-13 10:00:06 (the recorder was stopped)" in warning


def test_given_midnight_when_it_passes_then_the_old_day_is_finished_and_the_new_one_has_its_own_file(
    tmp_path: Path,
) -> None:
    recorder = a_recorder(tmp_path)
    rows, later = some_rows(3), some_rows(3, at(10, 0) + NANOS_PER_DAY)
    recorder.on_batch(a_batch(1, [*rows, later[0]]))
    assert [path.name for path in recorder.summary.files] == ["2026-01-13.ticks.parquet"]
    recorder.on_batch(a_batch(2, later[1:]))
    recorder.close()

    assert sorted(path.name for path in tmp_path.iterdir()) == ["2026-01-13.ticks.parquet", "2026-01-14.ticks.parquet"]
    assert list(ticks_of(Recording.load(tmp_path, DAY), 1)) == rows
    assert read(tmp_path)[0] == later


def test_given_a_finished_day_when_recorded_again_then_it_is_refused_and_untouched(tmp_path: Path) -> None:
    recorder = a_recorder(tmp_path)
    recorder.on_batch(a_batch(1, some_rows(3)))
    recorder.close()
    before = (tmp_path / "2026-01-13.ticks.parquet").read_bytes()

    with pytest.raises(ConfigError, match="exists already"):
        a_recorder(tmp_path).on_batch(a_batch(1, some_rows(3)))
    assert (tmp_path / "2026-01-13.ticks.parquet").read_bytes() == before


def test_given_a_recorder_killed_while_joining_when_read_or_carried_on_then_no_row_is_there_twice(
    tmp_path: Path,
) -> None:
    clock, rows = Clock(), some_rows(4)
    recorder = a_recorder(tmp_path, clock)
    recorder.on_batch(a_batch(1, rows))
    clock.now = 10
    recorder.flush_if_due()
    part = next(tmp_path.iterdir())
    copy = part.read_bytes()
    recorder.close()
    part.write_bytes(copy)  # the parts were not removed yet

    assert read(tmp_path)[0] == rows
    later = a_recorder(tmp_path)
    later.on_batch(a_batch(1, some_rows(1, at(10, 0) + NANOS_PER_DAY)))
    later.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["2026-01-13.ticks.parquet", "2026-01-14.ticks.parquet"]
    assert list(ticks_of(Recording.load(tmp_path, DAY), 1)) == rows


def test_given_lost_batches_and_conflation_when_recorded_then_the_file_says_so(tmp_path: Path) -> None:
    recorder, rows = a_recorder(tmp_path), some_rows(6)
    recorder.on_batch(a_batch(1, rows[:2], conflated=4))
    recorder.on_batch(a_batch(3, rows[2:4], conflated=3))
    recorder.on_lost("broker is gone")
    recorder.on_batch(a_batch(1, rows[4:]))
    recorder.close()

    meta = pl.read_parquet_metadata(tmp_path / "2026-01-13.ticks.parquet")
    assert meta[CONFLATED_META] == "7"
    assert [gap["reason"] for gap in json.loads(meta[GAPS_META])] == ["batch 3 followed 1", "broker is gone"]
    assert (recorder.summary.conflated, recorder.summary.gaps) == (7, 2)
    assert len(Recording.load(tmp_path).warnings) == 3


class FakeBroker:
    """A broker whose streams are scripted: batches, or an error."""

    def __init__(self, streams: list[list[QuoteBatch | Exception]], *, first: Exception | None = None) -> None:
        self.streams = streams
        self.first = first
        self.closed = 0

    def session(self) -> SessionInfo:
        return SessionInfo(ServerKind.SIMULATED, True, "", UnixNanos(0), VenuePhase.CONTINUOUS, "", 1, Gate.OPEN, "run")

    def instruments(self, symbols: Sequence[str] = ()) -> tuple[list[Instrument], list[str]]:
        if self.first:
            raise self.first
        return [an_instrument()], [code for code in symbols if code != "120110"]

    def quotes(self, symbols: Sequence[str], *, depth: bool = False) -> Iterator[tuple[bytes, QuoteBatch]]:
        assert (list(symbols), depth) == (["120110"], True)
        for one in self.streams.pop(0):
            if isinstance(one, Exception):
                raise one
            yield b"", one

    def close(self) -> None:
        self.closed += 1


def recorded_from(broker: FakeBroker, folder: Path, symbols: Sequence[str] = ()) -> tuple[Recorder, list[float]]:
    recorder, waits = a_recorder(folder), []

    def wait(seconds: float) -> bool:
        waits.append(seconds)
        return not broker.streams

    record(lambda: broker, recorder, symbols, depth=True, wait=wait, say=lambda _: None)
    recorder.close()
    return recorder, waits


def test_given_a_broken_stream_when_recorded_then_it_is_read_again_after_growing_waits(tmp_path: Path) -> None:
    rows, gone = some_rows(4), BrokerUnavailable("broker is gone")
    last = a_batch(1, rows[2:])._replace(end_of_data=True)
    broker = FakeBroker([[a_batch(1, rows[:2]), gone], [gone], [gone], [last]])

    recorder, waits = recorded_from(broker, tmp_path)

    assert read(tmp_path)[0] == rows
    assert (waits, recorder.summary.gaps, broker.closed) == ([0.25, 0.5, 1.0], 1, 4)


def test_given_a_stream_that_ends_early_when_told_to_stop_then_what_came_is_kept(tmp_path: Path) -> None:
    rows = some_rows(2)

    _, waits = recorded_from(FakeBroker([[a_batch(1, rows)]]), tmp_path)

    assert (read(tmp_path)[0], waits) == (rows, [0.25])


def test_given_no_broker_when_recording_begins_then_it_says_so_at_once(tmp_path: Path) -> None:
    with pytest.raises(BrokerUnavailable, match="nobody"):
        recorded_from(FakeBroker([], first=BrokerUnavailable("nobody answers")), tmp_path)


def test_given_an_unknown_symbol_when_recording_begins_then_it_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="unknown 999999"):
        recorded_from(FakeBroker([[]]), tmp_path, ("120110", "999999"))


def test_given_a_folder_that_cannot_be_made_when_recording_begins_then_it_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="--out"):
        a_recorder(tmp_path / "file" / "deeper")


def test_given_a_simulated_day_when_recorded_over_the_wire_then_its_replay_gives_the_same_rows(tmp_path: Path) -> None:
    bars = a_day(prev_close=10_000) + a_day("000660", prev_close=10_000)
    recording = Recording.load(a_file(tmp_path, bars))
    clock = FakeClock()

    def make() -> SimBackend:
        journal = tmp_path / "sim.db"
        return SimBackend.recorded(recording, journal, cash=CASH, commission_ppm=150, speed=0, clock=clock)

    server = BrokerServerThread(lambda: running(make)).start()
    try:
        recorder = Recorder(tmp_path / "out", server.address, 10, Clock())
        record(lambda: BrokerClient(server.address), recorder, (), depth=True, wait=lambda _: True, say=lambda _: None)
        recorder.close()
    finally:
        server.stop()

    again = Recording.load(tmp_path / "out")
    assert list(ticks_of(again, 1)) == list(ticks_of(recording, 1))
    assert again.instruments == recording.instruments
    assert again.bars["000660"][-1].close == recording.bars["000660"][-1].close
    assert (again.refused, again.warnings) == ({}, ())


def test_given_a_recorded_day_with_books_when_served_again_then_a_second_recording_is_the_same(tmp_path: Path) -> None:
    rows = some_rows(30)
    recorder = a_recorder(tmp_path / "first")
    recorder.on_batch(a_batch(1, rows, [a_book(row) for row in rows]))
    recorder.close()
    first = Recording.load(tmp_path / "first")

    async def serve() -> None:
        clock = FakeClock()
        backend = SimBackend.recorded(
            first,
            tmp_path / "sim.db",
            cash=CASH,
            commission_ppm=150,
            speed=0,
            clock=clock,
            now=clock,
            sleep=clock.sleep,
        )
        second = a_recorder(tmp_path / "second")
        async for batch in backend.stream_quotes([], 4, 0.0, True):
            second.on_batch(batch)
        second.close()
        await backend.close()

    asyncio.run(serve())
    assert read(tmp_path / "second") == read(tmp_path / "first") == (rows, [a_book(row) for row in rows])
