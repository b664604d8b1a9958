"""Prove that a log is what was written: hash chain, no gap in the sequence, no event outside a commit, sound pages.

`verify_chain` proves the files before it as well, and that each begins where the one before ends.
"""

import sqlite3
from dataclasses import dataclass, replace
from pathlib import Path

from domain.errors import LogCorrupt
from persistence import schema
from persistence.chain import commit_hash, genesis_hash
from persistence.files import LogChain, LogFile, find_chain, has_commit, read_log_file
from persistence.reader import connect_read_only
from persistence.record import Record

_COMMITS_PER_PAGE = 200


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """What `verify` found."""

    events: int  # events proven good
    ok: bool
    first_bad_seq: int | None  # first event that is not proven; None when all are, or when the damage is in no event
    problem: str  # empty when ok
    head_hash: str  # of the last good commit, hex; keep it elsewhere to notice a log that was cut off at a commit


@dataclass(frozen=True, slots=True)
class FileReport:
    """What `verify_chain` found in one file, also against the file that follows it."""

    log_path: str
    log_id: str  # empty when it cannot be read
    events: int  # events proven good
    ok: bool
    first_bad_seq: int | None  # as in VerifyReport
    problem: str  # empty when ok
    head_hash: str  # of the last good commit, hex


@dataclass(frozen=True, slots=True)
class ChainReport:
    """What `verify_chain` found."""

    files: tuple[FileReport, ...]  # oldest first
    missing: str  # what the first file begins after when that is not in the folder; empty when nothing is missing
    notes: tuple[str, ...]  # copies, files that cannot be read

    @property
    def events(self) -> int:
        """Count the events proven good, of all files."""
        return sum(file.events for file in self.files)

    @property
    def ok(self) -> bool:
        """Tell whether all that is there is good. A missing earlier file does not count here."""
        return all(file.ok for file in self.files)

    @property
    def complete(self) -> bool:
        """Tell whether the files reach back to a log that follows no other."""
        return not self.missing

    @property
    def first_bad(self) -> FileReport | None:
        """Give the oldest file that is not as written."""
        return next((file for file in self.files if not file.ok), None)

    @property
    def head_hash(self) -> str:
        """Give the head of the newest file, hex."""
        return self.files[-1].head_hash


class _DamageError(Exception):
    def __init__(self, seq: int | None, problem: str) -> None:
        super().__init__(problem)
        self.seq = seq


class _Chain:
    """How far the chain is proven."""

    def __init__(self, genesis: bytes) -> None:
        self.seq = 0
        self.hash = genesis

    def take(self, commit: tuple[int, int, str, str], events: list[Record]) -> None:
        first, last, prev_hash, stored = commit
        expected = self.seq + 1
        if first != expected or last < first:
            raise _DamageError(expected, f"a commit expected to begin at {expected}, was {first} to {last}")
        for seq, record in enumerate(events, first):
            if record.seq != seq:
                raise _DamageError(seq, f"event {seq} is missing")
        if len(events) != last - first + 1:
            raise _DamageError(first + len(events), f"event {first + len(events)} is missing")
        if prev_hash != self.hash.hex():
            raise _DamageError(first, f"the commit at {first} does not follow from the one before")
        computed = commit_hash(self.hash, events)
        if computed.hex() != stored:
            raise _DamageError(first, f"the commit of events {first} to {last} was changed after it was written")
        self.seq, self.hash = last, computed


def verify(path: Path) -> VerifyReport:
    """Check a whole log; one that is being written is checked up to its end at the start.

    Damage is in the report, not raised. Raises ConfigError when there is no file, LogTooNew for a newer log.
    """
    chain = _Chain(b"")
    try:
        conn = connect_read_only(path)
    except LogCorrupt as error:
        return VerifyReport(0, False, 1, str(error), "")
    try:
        meta = schema.read_meta(conn)
        chain.hash = genesis_hash(*(meta[key] or "" for key in schema.META_KEYS))
        _check(conn, chain)
    except _DamageError as error:
        return VerifyReport(chain.seq, False, error.seq, str(error), chain.hash.hex())
    except LogCorrupt as error:
        return VerifyReport(0, False, 1, str(error), "")
    except (
        sqlite3.Error,
        ValueError,
        TypeError,
        OverflowError,
    ) as error:  # pages, texts or numbers that cannot be read
        problem = f"the file is damaged behind event {chain.seq}: {error}"
        return VerifyReport(chain.seq, False, chain.seq + 1, problem, chain.hash.hex())
    finally:
        conn.close()
    return VerifyReport(chain.seq, True, None, "", chain.hash.hex())


def verify_chain(path: Path, *, only: bool = False) -> ChainReport:
    """Check a log and the files before it in its folder, from the first one on; with `only` just this file.

    Damage is in the report, not raised. Raises ConfigError when there is no file, LogTooNew for a newer log.
    """
    try:
        chain = LogChain((read_log_file(path),), "", ()) if only else find_chain(path)
    except LogCorrupt as error:
        report = _file_report(path, "", verify(path))
        if report.ok:  # sound as a file, yet what it says of the file before it cannot be read
            report = replace(report, events=0, ok=False, first_bad_seq=1, problem=str(error))
        return ChainReport((report,), "what it begins after cannot be read", ())
    reports = [_file_report(log.path, log.log_id, verify(log.path)) for log in chain.files]
    for at, log in enumerate(chain.files):
        if reports[at].ok:
            reports[at] = _against_itself(reports[at], log)
        if at > 0 and reports[at - 1].ok and reports[at].first_bad_seq != 1:  # one bad from its start proves nothing
            reports[at - 1] = _against_next(reports[at - 1], log)
    return ChainReport(tuple(reports), _missing(chain, only), chain.notes)


def _missing(chain: LogChain, only: bool) -> str:
    log = chain.files[-1]
    if only and log.previous is not None:
        return f"{log.path.name} begins after {log.begins}, which was not checked"
    return f"{chain.missing}, which is not in this folder" if chain.missing else ""


def _file_report(path: Path, log_id: str, found: VerifyReport) -> FileReport:
    return FileReport(str(path), log_id, found.events, found.ok, found.first_bad_seq, found.problem, found.head_hash)


def _against_itself(report: FileReport, log: LogFile) -> FileReport:
    """Hold the first event of a file against its table meta."""
    carried = log.carried
    if carried is None or (carried.previous_seq, carried.previous_hash) == log.previous:
        return report
    said = f"event {carried.previous_seq:,}, hash {carried.previous_hash}"
    meta = "that it follows no other log" if log.previous is None else "event {:,}, hash {}".format(*log.previous)
    problem = f"its first event says that it follows {said}; its table meta says {meta}"
    return replace(report, events=0, ok=False, first_bad_seq=1, problem=problem)


def _against_next(report: FileReport, following: LogFile) -> FileReport:
    """Hold the end of a file that is sound in itself against what the file after it was begun behind."""
    seq, hash_ = following.previous or (0, "")
    if (report.events, report.head_hash) == (seq, hash_):
        return report
    name = following.path.name
    if report.events < seq:
        problem = f"ends at event {report.events:,}, but {name} was begun behind event {seq:,}: its end was cut off"
        return replace(report, ok=False, first_bad_seq=report.events + 1, problem=problem)
    if report.events > seq and has_commit(Path(report.log_path), seq, hash_):
        problem = f"goes on behind event {seq:,}, where {name} was begun"
        return replace(report, events=seq, ok=False, first_bad_seq=seq + 1, problem=problem, head_hash=hash_)
    problem = f"its hash at event {seq:,} is not {hash_}, behind which {name} was begun: it is not what it was then"
    return replace(report, events=0, ok=False, first_bad_seq=1, problem=problem)


def _check(conn: sqlite3.Connection, chain: _Chain) -> None:
    # One statement is one snapshot: what a trader appends meanwhile is in none of the figures.
    first_event, last_event, first_quotes, last_quotes, last_commit = conn.execute(
        "SELECT coalesce((SELECT min(seq) FROM events), 1), coalesce((SELECT max(seq) FROM events), 0),"
        " coalesce((SELECT min(seq) FROM quotes), 1), coalesce((SELECT max(seq) FROM quotes), 0),"
        " coalesce((SELECT max(last_seq) FROM commits), 0)"
    ).fetchone()
    while chain.seq < last_commit:
        commits = conn.execute(
            "SELECT first_seq, last_seq, prev_hash, hash FROM commits WHERE first_seq > ? ORDER BY first_seq"
            f" LIMIT {_COMMITS_PER_PAGE}",
            (chain.seq,),
        ).fetchall()
        if not commits:
            raise _DamageError(chain.seq + 1, f"the commit of event {chain.seq + 1} is missing")
        for commit in commits:
            chain.take(commit, _events(conn, commit[0], commit[1]))
    if first_event < 1 or last_event > last_commit:
        raise _DamageError(last_commit + 1, f"events outside every commit: {first_event} to {last_event}")
    if first_quotes < 1 or last_quotes > last_commit:
        raise _DamageError(last_commit + 1, f"quote bytes outside every commit: {first_quotes} to {last_quotes}")
    found = conn.execute("PRAGMA integrity_check(1)").fetchone()[0]  # also holds the indexes against the tables
    if found != "ok":
        raise _DamageError(None, f"the file is damaged outside the events: {found}")


def _events(conn: sqlite3.Connection, first: int, last: int) -> list[Record]:
    sql = (
        "SELECT e.seq, e.run_id, e.recorded_at, e.venue_time, e.type, e.stream, e.causation_seq, e.role,"
        " CAST(e.payload AS BLOB), q.raw FROM events e NOT INDEXED LEFT JOIN quotes q ON q.seq = e.seq"
        " WHERE e.seq BETWEEN ? AND ? ORDER BY e.seq"
    )
    return [Record(*row) for row in conn.execute(sql, (first, last))]
