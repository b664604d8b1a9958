"""A finished log as Parquet files that any tool reads, with the proof that nothing of it is lost.

    events.parquet   the columns of the table, payloads as the text they are
    raw.parquet      seq, raw: the bytes of quote batches as they came
    quotes.parquet   the same decoded, one row per quote: for people, the proof does not need them
    commits.parquet  first_seq, last_seq, prev_hash, hash
    meta.parquet     key, value
    manifest.json    identity, head of the hash chain, and per file its rows, bytes and SHA-256

`check` recomputes the hash chain from events, raw, commits and meta alone, and decodes the quotes again.
"""

import hashlib
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from domain.errors import ConfigError, LogCorrupt, LogError
from persistence import schema, tables
from persistence.chain import commit_hash, genesis_hash
from persistence.codec import MessageCodec
from persistence.export import EVENT_COLUMNS, QUOTE_COLUMNS
from persistence.lock import WriterLock
from persistence.reader import LogReader
from persistence.record import Record
from persistence.verify import verify

FORMAT = 1
MANIFEST = "manifest.json"
_PAGE = 2_000
_SELECTS = {
    "events": (
        "SELECT seq, run_id, recorded_at, venue_time, type, stream, causation_seq, role, CAST(payload AS BLOB)"
        " FROM events NOT INDEXED WHERE seq > ? ORDER BY seq"
    ),
    "raw": "SELECT seq, raw FROM quotes WHERE seq > ? ORDER BY seq",
    "commits": "SELECT first_seq, last_seq, prev_hash, hash FROM commits WHERE first_seq > ? ORDER BY first_seq",
}
_COLUMNS: dict[str, tables.Columns] = {
    "events": EVENT_COLUMNS,
    "raw": {"seq": int, "raw": bytes},
    "quotes": QUOTE_COLUMNS,
    "commits": {"first_seq": int, "last_seq": int, "prev_hash": str, "hash": str},
    "meta": {"key": str, "value": str},
}


@dataclass(frozen=True, slots=True)
class ArchivedFile:
    """One file of an archive."""

    rows: int
    bytes: int
    sha256: str  # hex


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an archive says of itself."""

    format: int
    log: str  # name of the file it was
    log_id: str
    schema_version: int
    version: str  # of hantrade, the one that wrote the archive
    events: int
    commits: int
    head_hash: str  # hex
    previous_seq: int | None
    previous_hash: str | None  # hex, of the log before
    log_bytes: int  # of the file it was
    undecoded: int  # quote batches that this version could not decode: kept as bytes only
    files: dict[str, ArchivedFile]

    @property
    def bytes(self) -> int:
        """Add up the Parquet files."""
        return sum(file.bytes for file in self.files.values())


@dataclass(frozen=True, slots=True)
class ArchiveReport:
    """What `check` found."""

    ok: bool
    events: int  # proven good
    head_hash: str  # hex, recomputed
    problem: str  # empty when ok


class _DamageError(Exception):
    """The archive is not what was written."""


def archive(path: Path, folder: Path, codec: MessageCodec, version: str) -> Manifest:
    """Write a log as a new folder of Parquet files and prove it by reading it back. The log stays.

    Raises LogBusy while a trader writes it, LogCorrupt when it does not verify, ConfigError when the folder exists.
    """
    if folder.exists():
        raise ConfigError(f"--out expected a folder that is not there yet, was {str(folder)!r}")
    with _unused(path):
        report = verify(path)
        if not report.ok:
            raise LogCorrupt(f"{path} is not as it was written and is not archived: {report.problem}")
        part = folder.with_name(f".{folder.name}.part")
        shutil.rmtree(part, ignore_errors=True)  # of an attempt that was cut off
        try:
            part.mkdir(parents=True)
            with LogReader(path, codec) as reader:
                manifest = _write(reader, part, codec, version, report.head_hash)
            found = check(part, codec)
            if not found.ok or (found.events, found.head_hash) != (report.events, report.head_hash):
                raise LogError(f"the archive of {path} could not be read back equal: {found.problem or 'another head'}")
            part.rename(folder)
            tables.sync(folder.parent)
        except OSError as error:
            raise LogError(f"{folder} cannot be written: {error.strerror or error}") from error
        finally:
            shutil.rmtree(part, ignore_errors=True)
    return manifest


def remove(path: Path, folder: Path, codec: MessageCodec) -> None:
    """Delete a log whose archive is proven to hold all of it. Raises LogBusy, LogError when it does not."""
    with _unused(path):
        report, found, manifest = verify(path), check(folder, codec), read_manifest(folder)
        same = (found.events, found.head_hash) == (report.events, report.head_hash)
        if not (report.ok and found.ok and same):
            raise LogError(f"{path} stays: {report.problem or found.problem or f'{folder} is of {manifest.log_id}'}")
        for suffix in ("", "-wal", "-shm", ".reserve", ".snapshot"):  # the lock stays, see persistence/lock.py
            path.with_name(path.name + suffix).unlink(missing_ok=True)


def read_manifest(folder: Path) -> Manifest:
    """Read what an archive says of itself. Raises ConfigError when it is none, LogCorrupt, LogError for a newer one."""
    path = folder / MANIFEST
    if not path.is_file():
        raise ConfigError(f"expected the folder of an archive with {MANIFEST}, was {str(folder)!r}")
    try:
        manifest = msgspec.json.decode(path.read_bytes(), type=Manifest)
    except ValueError as error:
        raise LogCorrupt(f"{path} cannot be read: {error}") from error
    if manifest.format > FORMAT:
        raise LogError(f"{folder} has archive format {manifest.format}, this hantrade reads up to {FORMAT}: upgrade")
    return manifest


def check(folder: Path, codec: MessageCodec) -> ArchiveReport:
    """Prove an archive from its files alone. Damage is in the report. Raises ConfigError when it is no archive."""
    from polars.exceptions import PolarsError

    events, head = 0, b""
    try:
        manifest = read_manifest(folder)
        _check_files(folder, manifest)
        for events, head in _chain(folder, manifest):  # noqa: B007 - the last one counts
            pass
        if (events, head.hex()) != (manifest.events, manifest.head_hash):
            raise _DamageError(f"it ends at event {events} with head {head.hex()}, not as the manifest says")
        _check_quotes(folder, manifest, codec)
    except (_DamageError, LogCorrupt) as error:
        return ArchiveReport(False, events, head.hex(), str(error))
    except (PolarsError, ValueError, TypeError, AttributeError, OSError) as error:  # values that no archive holds
        return ArchiveReport(False, events, head.hex(), f"a file cannot be read behind event {events}: {error}")
    return ArchiveReport(True, events, head.hex(), "")


def restore(folder: Path, path: Path, codec: MessageCodec) -> ArchiveReport:
    """Make a log of an archive again, proven to end with the same head. Raises ConfigError, LogCorrupt, LogError."""
    for left in (path.with_name(path.name + suffix) for suffix in ("-wal", "-journal")):
        if left.exists() and left.stat().st_size > 0:  # of a log that was there: SQLite would put it into this one
            raise ConfigError(f"--log expected a name without leftovers, {str(left)!r} is there: remove it first")
    report, manifest = check(folder, codec), read_manifest(folder)
    if not report.ok:
        raise LogCorrupt(f"{folder} is not as it was written: {report.problem}")
    with tables.appearing(path, option="--log") as part:
        try:
            with closing(sqlite3.connect(part, isolation_level=None)) as conn:
                conn.execute("PRAGMA journal_mode = MEMORY")  # nothing is left beside a file that does not appear
                meta = dict(_read(folder, manifest, "meta"))
                schema.create(conn, meta)
                conn.execute("BEGIN")
                _insert(conn, "events", 9, _read(folder, manifest, "events"))
                _insert(conn, "quotes", 2, _read(folder, manifest, "raw"))
                _insert(conn, "commits", 4, _read(folder, manifest, "commits"))
                conn.execute("COMMIT")
        except sqlite3.Error as error:
            raise LogError(f"{path} cannot be written: {error}") from error
        again = verify(part)
        if not again.ok or again.head_hash != report.head_hash:
            raise LogError(f"{folder} could not be restored: {again.problem or 'another head'}")
    return report


# ---- writing ---------------------------------------------------------------------------------------------------


@contextmanager
def _unused(path: Path) -> Iterator[None]:
    """Hold the log against a trader. Raises LogBusy, ConfigError when there is no log, LogError."""
    if not path.is_file():
        raise ConfigError(f"log expected an existing file, was {str(path)!r}")
    try:
        lock = WriterLock(path.with_name(path.name + ".lock"))
    except OSError as error:
        raise LogError(f"{path} cannot be held against a trader: {error.strerror}") from error
    try:
        yield
    finally:
        lock.release()


def _write(reader: LogReader, folder: Path, codec: MessageCodec, version: str, head_hash: str) -> Manifest:
    undecoded = 0

    def quotes() -> Iterator[list[tuple[Any, ...]]]:
        nonlocal undecoded
        for page in _pages(reader, "raw"):
            rows = []
            for seq, raw in page:
                decoded = _decoded(codec, seq, raw)
                undecoded += decoded is None
                rows += decoded or []
            yield rows

    meta = sorted((key, value) for key, value in reader.meta.items() if key != "schema_version")
    sources: dict[str, Any] = {name: _pages(reader, name) for name in _SELECTS} | {"quotes": quotes(), "meta": [meta]}
    files = {}
    for name, columns in _COLUMNS.items():
        path = folder / f"{name}.parquet"
        rows = tables.write_parquet(sources[name], columns, path)
        tables.sync(path)
        files[path.name] = ArchivedFile(rows, path.stat().st_size, _sha256(path))
    previous_seq = reader.meta["previous_seq"]
    manifest = Manifest(
        format=FORMAT,
        log=reader.path.name,
        log_id=reader.log_id,
        schema_version=int(reader.meta["schema_version"] or 0),
        version=version,
        events=files["events.parquet"].rows,
        commits=files["commits.parquet"].rows,
        head_hash=head_hash,
        previous_seq=None if previous_seq is None else int(previous_seq),
        previous_hash=reader.meta["previous_hash"],
        log_bytes=reader.path.stat().st_size,
        undecoded=undecoded,
        files=files,
    )
    path = folder / MANIFEST
    path.write_bytes(msgspec.json.format(msgspec.json.encode(asdict(manifest))) + b"\n")
    tables.sync(path)
    tables.sync(folder)
    return manifest


def _pages(reader: LogReader, name: str) -> Iterator[list[tuple[Any, ...]]]:
    last = -(2**63)
    while rows := reader.rows(f"{_SELECTS[name]} LIMIT {_PAGE}", (last,)):
        last = rows[-1][0]
        try:
            yield [(*row[:8], row[8].decode()) for row in rows] if name == "events" else rows
        except UnicodeDecodeError as error:
            raise LogCorrupt(f"{reader.path} holds a payload that is no UTF-8 in events up to {last}") from error


def _decoded(codec: MessageCodec, seq: int, raw: bytes) -> list[tuple[Any, ...]] | None:
    try:
        return [(seq, *row) for row in codec.batch(Record(seq, "", 0, None, "", "", 0, "", b"", raw)).rows]
    except ValueError:
        return None


# ---- reading back ----------------------------------------------------------------------------------------------


def _read(folder: Path, manifest: Manifest, name: str) -> Iterator[tuple[Any, ...]]:
    return tables.read_parquet(folder / f"{name}.parquet", manifest.files[f"{name}.parquet"].rows)


def _check_files(folder: Path, manifest: Manifest) -> None:
    for name in _COLUMNS:
        path, said = folder / f"{name}.parquet", manifest.files.get(f"{name}.parquet")
        if said is None or not path.is_file():
            raise _DamageError(f"{path.name} is missing")
        if path.stat().st_size != said.bytes or _sha256(path) != said.sha256:
            raise _DamageError(f"{path.name} was changed after it was written")


def _chain(folder: Path, manifest: Manifest) -> Iterator[tuple[int, bytes]]:
    """Give last event and head behind every commit, recomputed."""
    meta = dict(_read(folder, manifest, "meta"))
    head, last = genesis_hash(*(meta.get(key) or "" for key in schema.META_KEYS)), 0
    yield last, head
    events, raws = _read(folder, manifest, "events"), _read(folder, manifest, "raw")
    raw = next(raws, None)
    for first, end, prev_hash, stored in _read(folder, manifest, "commits"):
        records = []
        for row in islice(events, max(0, end - first + 1)):
            bytes_ = None
            if raw is not None and raw[0] == row[0]:
                bytes_, raw = raw[1], next(raws, None)
            records.append(Record(*row)._replace(payload=row[8].encode(), raw=bytes_))
        if first != last + 1 or [record.seq for record in records] != list(range(first, end + 1)):
            raise _DamageError(f"events {last + 1} to {end} are not all there")
        head = commit_hash(head, records) if prev_hash == head.hex() else b""
        if head.hex() != stored:
            raise _DamageError(f"the commit of events {first} to {end} was changed after it was written")
        last = end
        yield last, head
    if next(events, None) is not None or raw is not None:
        raise _DamageError(f"events or quote bytes behind the last commit at {last}")


def _check_quotes(folder: Path, manifest: Manifest, codec: MessageCodec) -> None:
    found = _read(folder, manifest, "quotes")
    for seq, raw in _read(folder, manifest, "raw"):
        for row in _decoded(codec, seq, raw) or ():
            if next(found, None) != row:
                raise _DamageError(f"quotes.parquet differs from the bytes of event {seq}")
    if next(found, None) is not None:
        raise _DamageError("quotes.parquet holds more quotes than there are")


def _insert(conn: sqlite3.Connection, table: str, width: int, rows: Iterator[tuple[Any, ...]]) -> None:
    conn.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * width)})", rows)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
