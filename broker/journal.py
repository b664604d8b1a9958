"""The durable order journal next to the broker: what became of each request, and every order event, numbered.

Theory: a request is remembered before anyone learns its outcome, and an event before anyone hears it, so a repeated id
finds its first outcome and a reconnect finds every event. An id that never arrived can be written VOID, after which it
is refused for ever. A request that was on its way when the process died stays IN_DOUBT until evidence is found.

Thread rule: any thread may call; one lock serialises the calls, and `exclusive` keeps it over several. `events` reads
page by page and holds the lock only while it reads one.

A disk that is full or failed, or a program that holds the file locked for longer than SQLite waits (5 s), makes any
call raise a LogError with nothing written: what was not journaled did not happen.
"""

import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from broker.journal_disk import in_words
from broker.port import Receipt
from broker.translate.facts import decode_fact, encode_fact
from domain.errors import InvariantError, LogBusy, LogCorrupt, LogTooNew, RequestRefused
from domain.messages.orders import OrderFact
from domain.types import Gate, RequestOutcome

SCHEMA_VERSION = 1
SENDING = "SENDING"  # outcome of a request on its way to a wire that is not atomic; read as IN_DOUBT
_PAGE = 512  # events read at a time

_SCHEMA = (
    """CREATE TABLE requests (
        request_id   TEXT PRIMARY KEY,
        request_hash TEXT NOT NULL,     -- empty for an id written VOID
        outcome      TEXT NOT NULL,     -- SENDING, or a RequestOutcome
        code         TEXT NOT NULL,
        text         TEXT NOT NULL,
        recorded_at  INTEGER NOT NULL   -- ns since 1970, system time
    ) WITHOUT ROWID""",
    """CREATE TABLE events (
        seq     INTEGER PRIMARY KEY,    -- from 1, no gaps
        payload BLOB NOT NULL           -- hantrade.v1.OrderEvent
    )""",
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
)


class OrderJournal:
    """One journal file, opened by one process at a time."""

    def __init__(
        self,
        path: Path,
        now: Callable[[], int] = time.time_ns,
        *,
        create_id: Callable[[], str] = lambda: secrets.token_hex(8),
        durable: bool = True,
    ) -> None:
        """Open or make the journal and begin a new epoch.

        `now` gives the system time in ns, `create_id` the identity of a journal that is made. Without `durable` nothing
        waits for the disk: for an account that may be lost with its process (a back-test). Raises LogBusy when it is
        open or locked elsewhere, LogTooNew for a newer schema, LogCorrupt when the file is not a journal or has a gap,
        LogFull and LogError when its disk is full or fails.
        """
        self.path = path
        self._now = now
        self._create_id = create_id
        self._is_durable = durable
        self._lock = threading.RLock()
        path.parent.mkdir(parents=True, exist_ok=True)
        self._epoch, self._last_seq = 0, 0
        self._guard = _take_guard(path)
        try:
            with in_words(path):
                self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
                self._open()
        except BaseException:
            self.close()
            raise

    # ---- identity ------------------------------------------------------------------------------------------

    @property
    def journal_id(self) -> str:
        """Give the identity made with the file."""
        return self._journal_id

    @property
    def epoch(self) -> int:
        """Give the number of this opening, from 1."""
        return self._epoch

    @property
    def last_seq(self) -> int:
        """Give the seq of the newest event, 0 when there is none."""
        return self._last_seq

    @property
    def gate(self) -> Gate:
        """Give the gate in force; it holds across restarts. A new journal is OPEN."""
        return self._gate

    # ---- requests ------------------------------------------------------------------------------------------

    def outcome(self, request_id: str) -> Receipt | None:
        """Give what became of a request, None when it is not known."""
        row = self._request(request_id)
        if row is None:
            return None
        known = RequestOutcome.IN_DOUBT if row[1] == SENDING else RequestOutcome(row[1])
        return Receipt(request_id, known, row[2], row[3], self._last_seq)

    def request_hash(self, request_id: str) -> str | None:
        """Give the hash of the content first seen under this id; empty for a VOID id, None when it is not known."""
        row = self._request(request_id)
        return None if row is None else str(row[0])

    def begin(self, request_id: str, request_hash: str) -> bool:
        """Note that a request is on its way, before a wire that is not atomic; False when its id is known already."""
        with self._transaction() as db:
            if self._request(request_id) is not None:
                return False
            self._put(db, request_id, request_hash, SENDING, "", "")
        return True

    def record(
        self, request_id: str, request_hash: str, receipt: Receipt, facts: Sequence[OrderFact] = ()
    ) -> list[OrderFact]:
        """Write the outcome of a request and its facts in one transaction; give the facts numbered.

        An outcome in doubt may be settled by evidence; any other is final. Raises InvariantError on a change of it.
        """
        with self._transaction() as db:
            row = self._request(request_id)
            if row is not None and (row[0] != request_hash or row[1] not in (SENDING, RequestOutcome.IN_DOUBT)):
                raise InvariantError(f"outcome of request {request_id} is final: {row[1]}, not {receipt.outcome}")
            self._put(db, request_id, request_hash, receipt.outcome, receipt.code, receipt.text)
            numbered = self._insert(db, facts)
        self._advance(numbered)
        return numbered

    def resolve(self, request_id: str) -> Receipt:
        """Give what became of a request; an id that never arrived is written VOID first."""
        with self._transaction() as db:
            known = self.outcome(request_id)
            if known is not None:
                return known
            self._put(db, request_id, "", RequestOutcome.VOID, "", "")
        return Receipt(request_id, RequestOutcome.VOID, as_of_seq=self._last_seq)

    def set_gate(self, request_id: str, level: Gate) -> Receipt:
        """Set the gate. A repeated id gives the first outcome and sets nothing: a late echo cannot open the gate."""
        request_hash = f"gate:{level}"
        with self._transaction() as db:
            row = self._request(request_id)
            if row is None:
                self._put(db, request_id, request_hash, RequestOutcome.SENT, "", "")
                _set_meta(db, "gate", level)
        if row is None:
            self._gate = level
            return Receipt(request_id, RequestOutcome.SENT, as_of_seq=self._last_seq)
        return repeated(self, request_id, request_hash)

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Let nobody else read or write meanwhile: no id is voided, no gate moved. Not to be held over a wait."""
        with self._lock:
            yield

    # ---- events --------------------------------------------------------------------------------------------

    def append(self, facts: Sequence[OrderFact]) -> list[OrderFact]:
        """Write facts in one transaction; give them numbered and with the journal's id."""
        if not facts:
            return []
        with self._transaction() as db:
            numbered = self._insert(db, facts)
        self._advance(numbered)
        return numbered

    def events(self, after_seq: int = 0) -> Iterator[OrderFact]:
        """Give every event with a greater seq, in order, up to the newest when the end is reached."""
        while True:
            with self._reading() as db:
                page = db.execute(
                    "SELECT seq, payload FROM events WHERE seq > ? ORDER BY seq LIMIT ?", (after_seq, _PAGE)
                ).fetchall()
            if not page:
                return
            for seq, payload in page:
                after_seq = seq
                yield decode_fact(payload, self._journal_id)

    # ---- meta ----------------------------------------------------------------------------------------------

    def get_meta(self, key: str) -> str | None:
        """Give a value kept beside the journal, None when there is none."""
        with self._reading() as db:
            row = db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return None if row is None else str(row[0])

    def set_meta(self, key: str, value: str) -> None:
        """Keep a value. Raises InvariantError on a key the journal itself uses."""
        if key in ("journal_id", "epoch", "gate", "schema_version"):
            raise InvariantError(f"{key} belongs to the journal")
        with self._transaction() as db:
            _set_meta(db, key, value)

    def close(self) -> None:
        """Close the file and let others open it. May be called again."""
        with self._lock:
            for name in ("_db", "_guard"):
                connection = getattr(self, name, None)
                if connection is not None:
                    connection.close()

    # ---- inside --------------------------------------------------------------------------------------------

    def _open(self) -> None:
        full = ("synchronous=FULL", "fullfsync=1")  # the last matters on macOS only
        for pragma in ("journal_mode=WAL", *(full if self._is_durable else ("synchronous=OFF",))):
            self._db.execute(f"PRAGMA {pragma}")
        with self._transaction() as db:
            version = db.execute("PRAGMA user_version").fetchone()[0]
            if version > SCHEMA_VERSION:
                raise LogTooNew(f"order journal {self.path} has schema {version}, known up to {SCHEMA_VERSION}")
            if version == 0:
                for statement in _SCHEMA:
                    db.execute(statement)
                _set_meta(db, "journal_id", self._create_id())
                _set_meta(db, "epoch", "0")
                _set_meta(db, "gate", Gate.OPEN)
                db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
            kept = dict(db.execute("SELECT key, value FROM meta"))
            self._journal_id, self._gate = str(kept["journal_id"]), Gate(kept["gate"])
            self._epoch = int(kept["epoch"]) + 1
            _set_meta(db, "epoch", str(self._epoch))
            # Whoever was sending is gone: whether the request reached the venue cannot be known from here.
            db.execute("UPDATE requests SET outcome = ? WHERE outcome = ?", (RequestOutcome.IN_DOUBT, SENDING))
            count, self._last_seq = db.execute("SELECT count(*), coalesce(max(seq), 0) FROM events").fetchone()
        if count != self._last_seq:
            raise LogCorrupt(f"order journal {self.path} holds {count} events up to seq {self._last_seq}")

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with self._lock, in_words(self.path):
            yield self._db

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock, in_words(self.path):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            finally:
                if self._db.in_transaction:  # something raised
                    self._db.execute("ROLLBACK")

    def _request(self, request_id: str) -> tuple[str, str, str, str] | None:
        with self._reading() as db:
            row: tuple[str, str, str, str] | None = db.execute(
                "SELECT request_hash, outcome, code, text FROM requests WHERE request_id = ?", (request_id,)
            ).fetchone()
        return row

    def _put(self, db: sqlite3.Connection, request_id: str, digest: str, outcome: str, code: str, text: str) -> None:
        db.execute(
            "INSERT OR REPLACE INTO requests VALUES (?, ?, ?, ?, ?, ?)",
            (request_id, digest, str(outcome), code, text, self._now()),
        )

    def _insert(self, db: sqlite3.Connection, facts: Iterable[OrderFact]) -> list[OrderFact]:
        numbered: list[OrderFact] = [
            replace(fact, journal_id=self._journal_id, event_seq=seq)
            for seq, fact in enumerate(facts, self._last_seq + 1)
        ]
        db.executemany("INSERT INTO events VALUES (?, ?)", [(f.event_seq, encode_fact(f)) for f in numbered])
        return numbered

    def _advance(self, numbered: Sequence[OrderFact]) -> None:
        if numbered:
            self._last_seq = numbered[-1].event_seq


def repeated(journal: OrderJournal, request_id: str, request_hash: str) -> Receipt:
    """Answer an id that is in the journal: its first outcome, or a refusal that leaves the first as it is."""
    first = journal.outcome(request_id)
    if first is None:
        raise InvariantError(f"request {request_id} is not in the journal")
    if first.outcome is RequestOutcome.VOID:
        return replace(first, outcome=RequestOutcome.REFUSED, code="VOIDED", text="this id was written void")
    if journal.request_hash(request_id) != request_hash:
        text = "this id was used with other content; its first outcome stands"
        return replace(first, outcome=RequestOutcome.REFUSED, code="ID_REUSED", text=text)
    return first


def refusal(request_id: str, reason: RequestRefused, as_of_seq: int = 0) -> Receipt:
    """Make the receipt of a refused request."""
    return Receipt(request_id, RequestOutcome.REFUSED, reason.code, reason.text, as_of_seq)


def _set_meta(db: sqlite3.Connection, key: str, value: str) -> None:
    db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, str(value)))


def _take_guard(path: Path) -> sqlite3.Connection:
    """Hold a lock file as long as the journal is open.

    SQLite's own file lock is used because it is the same on Windows and POSIX and ends with the process; the journal
    itself stays unlocked, so that tools may read it meanwhile.
    """
    guard = sqlite3.connect(
        path.with_name(path.name + ".lock"), isolation_level=None, timeout=0, check_same_thread=False
    )
    try:
        guard.execute("PRAGMA journal_mode=MEMORY")
        guard.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        guard.close()
        raise LogBusy(f"order journal {path} is in use by another broker") from error
    return guard
