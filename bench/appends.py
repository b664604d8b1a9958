"""Durable appends: commits of 100 records, each on the disk (WAL, synchronous=FULL) before the next begins.

Ours adds the hash chain, the checks of the sequence and two partial indexes, and keeps the bytes of quote batches in
their own table. `sqlite-utils` puts the same ten columns into one table with a primary key; `eventsourcing` keeps id,
version, type and one blob (payload and bytes) under its own key. Neither has a chain. Page size, WAL and checkpoint
settings are the same and are asked back of every connection. Records are made before the clock runs.
"""

import cProfile
import gc
import pstats
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import repeat
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlite_utils import Database

from actors.core.core import to_record
from actors.core.kernel import Kernel
from actors.roster import make_roles
from bench.fresh import TOP, apart
from bench.house import House, Venue, wide_config
from bench.outcome import Line, Size, say
from bench.traffic import OPEN, batches, listed, symbols, walk
from broker.translate.quotes import decode_batch, encode_batch
from domain.messages.operator import ManualOrderRequested
from domain.quotes import QuoteBatch
from domain.types import NANOS_PER_SECOND, Krw, OrderKind, Side
from persistence.codec import MessageCodec
from persistence.event_log import EventLog
from persistence.record import Record
from persistence.verify import verify

AIM_APPENDS = 60_000
COMMIT = 100  # records
TEMPLATES = 10_000  # records of the real core; then they come again under new sequences
ROWS = 24  # of a quote batch
ORDER_EVERY = 12  # batches
CHECKPOINT_PAGES = 4_000
FULL = 2  # PRAGMA synchronous
NAMES = Record._fields

Append = Callable[[Sequence[Any]], None]


def measure(size: Size) -> list[Line]:
    """Append the same records three ways in turns. `eventsourcing` is left out when it is not installed."""
    records, rounds = (2_000, 1) if size is Size.SMALL else (60_000, 3)
    rates: dict[str, list[float]] = {name: [] for name in SIDES}
    for number in range(rounds):
        for name in SIDES:
            rate, cpu, about = apart(append_all, name, records)
            rates[name].append(rate)
            say(f"appends, {name}, round {number + 1}: {rate:,.0f}/s, {cpu:.1f} µs of CPU per record; {about}")
    ours, *peers = ((name, statistics.median(found)) for name, found in rates.items())
    title = f"durable appends, commits of {COMMIT}, hash chain"
    return [Line(title, "records/s", ours[1], AIM_APPENDS, tuple(peers))]


def append_all(name: str, count: int) -> tuple[float, float, str]:
    """Append so many records one way; give records per second, CPU µs per record, and what they were."""
    records = made_records(count)
    with tempfile.TemporaryDirectory(prefix="hantrade-bench-") as folder, SIDES[name](Path(folder)) as (append, shape):
        chunks = [[shape(one) for one in records[at : at + COMMIT]] for at in range(0, count, COMMIT)]
        gc.collect()
        gc.freeze()
        begin, cpu = time.monotonic(), time.process_time()
        for chunk in chunks:
            append(chunk)
        seconds, spent = time.monotonic() - begin, time.process_time() - cpu
    payload = sum(len(one.payload) for one in records) / count
    raw = sum(len(one.raw or b"") for one in records) / count
    return count / seconds, spent * 1e6 / count, f"payload {payload:.0f} B, quote bytes {raw:.0f} B on average"


def made_records(count: int) -> list[Record]:
    """Give records as the core writes them: quote batches, orders with all that follows, clock and heartbeats."""
    codes, coder = symbols(200), MessageCodec(decode_batch)
    kernel: Any = Kernel(make_roles(), "bench")
    numbered: list[Any] = []
    handle = kernel.handle

    def kept(*args: Any) -> list[Any]:
        found: list[Any] = handle(*args)
        numbered.extend(found)
        return found

    kernel.handle = kept
    house = House(kernel, Venue(listed(codes), matches_all=False))
    house.begin(wide_config(), OPEN)
    wanted = min(count, TEMPLATES)
    chunks = batches(walk(codes, wanted * ROWS, 1_000, begin=OPEN + 60 * NANOS_PER_SECOND), repeat(ROWS))
    for number, rows in enumerate(chunks):
        if len(numbered) >= wanted:
            break
        house.quotes(rows, encode_batch(QuoteBatch("bench", number, rows, 0, False, rows[-1].venue_time)))
        if number % ORDER_EVERY == 0:
            row = rows[-1]
            what = (row.symbol, Side.BUY, OrderKind.LIMIT, 1, Krw(row.ask_price), "")
            house.say(ManualOrderRequested(f"b{number}", "bench", *what), "desk")
    house.end()
    templates = [to_record(item, "bench", coder) for item in numbered[:wanted]]
    return [_again(templates[index % wanted], index + 1) for index in range(count)]


def _again(record: Record, seq: int) -> Record:
    """Give a record a new sequence, its cause as far before it as it was."""
    cause = record.causation_seq and record.causation_seq + seq - record.seq
    return record._replace(seq=seq, causation_seq=cause)


# ---- the sides: a folder -> how to append, how a record looks there ------------------------------------------------

Shape = Callable[[Record], Any]
Opened = tuple[Append, Shape]


@contextmanager
def _ours(folder: Path) -> Iterator[Opened]:
    path = folder / "events.db"
    log = EventLog.open(path, create_id=lambda: "bench")
    appended = [0]

    def append(chunk: Sequence[Record]) -> None:
        log.commit(chunk, durable=True)
        appended[0] += len(chunk)

    log_conn: Any = log
    yield append, lambda record: record
    check_settings(log_conn._conn)
    log.close()
    found = verify(path)
    if not found.ok or found.events != appended[0]:
        raise RuntimeError(f"the log of the measurement is not whole: {found}")


@contextmanager
def _sqlite_utils(folder: Path) -> Iterator[Opened]:
    conn = sqlite3.connect(folder / "rows.db")
    conn.execute("PRAGMA journal_mode = WAL")
    conn.execute("PRAGMA synchronous = FULL")
    conn.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
    table: Any = Database(conn)["events"]
    kinds = (int, str, int, int, str, str, int, str, str, bytes)
    table.create(dict(zip(NAMES, kinds, strict=True)), pk="seq")
    yield lambda chunk: table.insert_all(chunk, batch_size=COMMIT), _as_row
    check_settings(conn)
    conn.close()


def _as_row(record: Record) -> dict[str, Any]:
    return dict(zip(NAMES, record, strict=True)) | {"payload": record.payload.decode()}


@contextmanager
def _eventsourcing(folder: Path) -> Iterator[Opened]:
    from eventsourcing.persistence import StoredEvent
    from eventsourcing.sqlite import SQLiteApplicationRecorder, SQLiteDatastore

    datastore = SQLiteDatastore(str(folder / "stored.db"))
    recorder = SQLiteApplicationRecorder(datastore)
    recorder.create_table()
    with datastore.get_connection(commit=True) as conn:
        cursor = conn.cursor()
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
    origin = UUID(int=1)

    def shape(record: Record) -> StoredEvent:
        return StoredEvent(origin, record.seq, record.type, record.payload + (record.raw or b""))

    yield recorder.insert_events, shape
    with datastore.get_connection(commit=True) as conn:
        raw: Any = conn
        check_settings(raw._sqlite_conn)
    datastore.close()


def check_settings(conn: sqlite3.Connection) -> None:
    """Raise RuntimeError when a connection did not write as the bench says."""
    names = ("journal_mode", "synchronous", "wal_autocheckpoint", "page_size")
    found = tuple(conn.execute(f"PRAGMA {name}").fetchone()[0] for name in names)
    if found != ("wal", FULL, CHECKPOINT_PAGES, 4096):
        raise RuntimeError(f"the settings expected wal, {FULL}, {CHECKPOINT_PAGES}, 4096, were {found}")


def _sides() -> dict[str, Callable[[Path], Any]]:
    """Give all that can be measured here, ours first."""
    from importlib.util import find_spec

    found: dict[str, Callable[[Path], Any]] = {"hantrade": _ours, "sqlite-utils insert_all": _sqlite_utils}
    if find_spec("eventsourcing") is not None:
        found["eventsourcing SQLiteApplicationRecorder"] = _eventsourcing
    return found


SIDES = _sides()


def profile(size: Size) -> None:
    """Print where the time of our appends goes."""
    profiler = cProfile.Profile()
    profiler.runcall(append_all, "hantrade", 2_000 if size is Size.SMALL else 30_000)
    pstats.Stats(profiler).sort_stats("tottime").print_stats(TOP)
