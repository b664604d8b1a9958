"""Search series as they were received, kept for a while: an SQLite file in the home folder.

A value is keyed by the words it is of (symbol and version), source, day, and when it was fetched: a source may tell
another value of the same day later, and each answer has a scale of its own. So nothing is overwritten, an answer is
kept whole, and a reader gets what was known at a moment.

Naver's terms may forbid keeping results at all (docs/trends.md), so values are bounded by age and by the size of the
file, are gone from the file once they are deleted, and with an age of 0 none are kept. What words a series was fetched
with is ours and stays. Any number of processes and threads may use one file; each call opens and closes it.
"""

import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from domain.config import KeywordSet
from domain.errors import HantradeError
from domain.keywords import SUGGESTED, changed_words, check_versions
from domain.messages.market import TrendPoint, TrendReceived
from domain.types import NANOS_PER_SECOND, UnixNanos

FILE: Final = "series.db"
FORMAT: Final = 1
BUSY_S: Final = 15.0  # how long another process may hold the file
NANOS_PER_HOUR: Final = 3_600 * NANOS_PER_SECOND
BYTES_PER_MB: Final = 1_000_000
_TABLES: Final = """
CREATE TABLE IF NOT EXISTS words (symbol TEXT, version INTEGER, words TEXT, PRIMARY KEY (symbol, version));
CREATE TABLE IF NOT EXISTS answers (
    id INTEGER PRIMARY KEY, symbol TEXT, version INTEGER, source TEXT, fetched_at INTEGER,
    first_day TEXT, last_day TEXT, UNIQUE (symbol, version, source, fetched_at));
CREATE INDEX IF NOT EXISTS answers_by_age ON answers (fetched_at);
CREATE TABLE IF NOT EXISTS ratios (answer INTEGER, day TEXT, ratio REAL, PRIMARY KEY (answer, day)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS told (text TEXT PRIMARY KEY);
"""


class StoreUnusable(HantradeError):
    """The file cannot be read or written. What is in it is unknown; a source can still be asked."""


class Window(NamedTuple):
    """The days an answer is about, both included, YYYY-MM-DD. One without a value is unknown; later ones may come."""

    first: str
    last: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What a source said at one moment about one set of words, on a scale of its own."""

    received: TrendReceived
    window: Window


class Kept(NamedTuple):
    """What the file holds."""

    answers: int
    values: int
    bytes: int
    oldest: int | None  # UTC ns of the oldest fetch


class SeriesStore:
    """The file of one home. `hours` 0 keeps no values; `now` gives UTC ns."""

    def __init__(self, path: Path, *, hours: int, megabytes: int, now: Callable[[], int]) -> None:
        """Take the place and the bounds; nothing is opened or made yet."""
        self.path = path
        self.hours = hours
        self._bytes = megabytes * BYTES_PER_MB
        self._now = now

    def check(self, sets: Sequence[KeywordSet]) -> None:
        """Refuse words that changed under a version series were fetched with. Raises ConfigError, StoreUnusable."""
        check_versions(self.words(), [one for one in sets if one.version != SUGGESTED])

    def words(self) -> dict[tuple[str, int], tuple[str, ...]]:
        """Give the words of every (symbol, version) that was ever fetched. Raises StoreUnusable."""
        with self._reading() as db:
            rows = db.execute("SELECT symbol, version, words FROM words").fetchall() if db else []
        return {(symbol, version): tuple(json.loads(words)) for symbol, version, words in rows}

    def keep(self, answers: Sequence[Answer], sets: Sequence[KeywordSet]) -> None:
        """Keep answers and the words they are of, then drop what is too old or too much. Raises StoreUnusable.

        An answer that is kept already stays as it is.
        """
        with self._writing() as db:
            for one in sets:
                self._remember(db, one)
            for answer in answers if self.hours else ():
                self._insert(db, answer)
            self._prune(db)

    def prune(self) -> None:
        """Drop what is too old or too much; everything where no values may be kept. Raises StoreUnusable."""
        if self.path.exists():
            with self._writing() as db:
                self._prune(db)

    def as_known_at(self, symbol: str, version: int, source: str, instant: UnixNanos) -> tuple[Answer, ...]:
        """Give every answer kept that was received until then (UTC ns), the newest first. Raises StoreUnusable."""
        with self._reading() as db:
            if db is None or not self.hours:
                return ()
            rows = db.execute(
                "SELECT id, fetched_at, first_day, last_day FROM answers WHERE symbol = ? AND version = ?"
                " AND source = ? AND fetched_at <= ? AND fetched_at >= ? ORDER BY fetched_at DESC",
                (symbol, version, source, instant, self._oldest()),
            ).fetchall()
            return tuple(_answer(db, (symbol, source, version), row) for row in rows)

    def newest(self, words: KeywordSet, source: str, window: Window) -> Answer | None:
        """Give the newest answer that covers a window, None when none does. Raises StoreUnusable."""
        with self._reading() as db:
            if db is None or not self.hours:
                return None
            row = db.execute(
                "SELECT id, fetched_at, first_day, last_day FROM answers WHERE symbol = ? AND version = ?"
                " AND source = ? AND first_day <= ? AND last_day >= ? AND fetched_at >= ?"
                " ORDER BY fetched_at DESC LIMIT 1",
                (words.symbol, words.version, source, *window, self._oldest()),
            ).fetchone()
            return None if row is None else _answer(db, (words.symbol, source, words.version), row)

    def sources(self, symbol: str) -> tuple[tuple[str, int], ...]:
        """Give the (source, version) pairs there are answers of, newest answer first. Raises StoreUnusable."""
        with self._reading() as db:
            if db is None or not self.hours:
                return ()
            return tuple(
                db.execute(
                    "SELECT source, version FROM answers WHERE symbol = ? AND fetched_at >= ?"
                    " GROUP BY source, version ORDER BY max(fetched_at) DESC",
                    (symbol, self._oldest()),
                )
            )

    def kept(self) -> Kept:
        """Tell what the file holds. Raises StoreUnusable."""
        with self._reading() as db:
            if db is None:
                return Kept(0, 0, 0, None)
            answers, oldest = db.execute("SELECT count(*), min(fetched_at) FROM answers").fetchone()
            (values,) = db.execute("SELECT count(*) FROM ratios").fetchone()
        return Kept(answers, values, self.path.stat().st_size, oldest)

    def first_time(self, text: str) -> bool:
        """Tell whether this text was not told in this home before, and remember it. Raises StoreUnusable."""
        with self._writing() as db:
            return db.execute("INSERT OR IGNORE INTO told VALUES (?)", (text,)).rowcount == 1

    def _oldest(self) -> int:
        return self._now() - self.hours * NANOS_PER_HOUR

    def _remember(self, db: sqlite3.Connection, one: KeywordSet) -> None:
        key = (one.symbol, one.version)
        found = db.execute("SELECT words FROM words WHERE symbol = ? AND version = ?", key).fetchone()
        if found is not None and one.version == SUGGESTED and changed_words(json.loads(found[0]), one.keywords):
            self._drop(db, "symbol = ? AND version = ?", key)
            db.execute("DELETE FROM words WHERE symbol = ? AND version = ?", key)
        told = json.dumps(one.keywords, ensure_ascii=False)
        db.execute("INSERT OR IGNORE INTO words VALUES (?, ?, ?)", (*key, told))

    def _insert(self, db: sqlite3.Connection, answer: Answer) -> None:
        of, (first, last) = answer.received, answer.window
        key = (of.symbol, of.keyword_version, of.source, of.fetched_at)
        made = db.execute("INSERT OR IGNORE INTO answers VALUES (NULL, ?, ?, ?, ?, ?, ?)", (*key, first, last))
        if made.rowcount == 1:
            rows = [(made.lastrowid, point.day, point.ratio) for point in of.points]
            db.executemany("INSERT INTO ratios VALUES (?, ?, ?)", rows)

    def _prune(self, db: sqlite3.Connection) -> None:
        if not self.hours:
            self._drop(db, "1")
            return
        self._drop(db, "fetched_at < ?", (self._oldest(),))
        while _used(db) > self._bytes:
            (oldest,) = db.execute("SELECT min(fetched_at) FROM answers").fetchone()
            if oldest is None:
                return
            self._drop(db, "fetched_at = ?", (oldest,))

    def _drop(self, db: sqlite3.Connection, which: str, values: Sequence[object] = ()) -> None:
        db.execute(f"DELETE FROM ratios WHERE answer IN (SELECT id FROM answers WHERE {which})", values)
        db.execute(f"DELETE FROM answers WHERE {which}", values)

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection | None]:
        """Open the file to read; None where there is none, which makes none."""
        if not self.path.exists():
            yield None
            return
        with self._told(), closing(self._open()) as db:
            yield db

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._told():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with closing(self._open()) as db:
                db.execute("BEGIN IMMEDIATE")
                yield db
                db.execute("COMMIT")

    def _open(self) -> sqlite3.Connection:
        db = sqlite3.connect(self.path, timeout=BUSY_S, isolation_level=None)
        try:
            db.execute("PRAGMA secure_delete = ON")  # nothing of what is deleted stays readable in the file
            (found,) = db.execute("PRAGMA user_version").fetchone()
            if found > FORMAT:
                raise StoreUnusable(f"{self.path} expected format {FORMAT}, was {found}: a newer hantrade wrote it")
            if found < FORMAT:
                # What is deleted is given back. For a new file only: on one with tables it changes nothing, slowly.
                db.execute("PRAGMA auto_vacuum = FULL")
                db.executescript(f"BEGIN IMMEDIATE; {_TABLES} PRAGMA user_version = {FORMAT}; COMMIT;")
        except BaseException:
            db.close()
            raise
        return db

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError, ValueError) as error:
            hint = "it may be deleted, versions of words are then not checked against it"
            raise StoreUnusable(f"search series in {self.path} cannot be used: {error}; {hint}") from error


def _answer(db: sqlite3.Connection, of: tuple[str, str, int], row: tuple[int, int, str, str]) -> Answer:
    number, fetched_at, first_day, last_day = row
    rows = db.execute("SELECT day, ratio FROM ratios WHERE answer = ? ORDER BY day", (number,))
    points = tuple(TrendPoint(day, ratio) for day, ratio in rows)
    return Answer(TrendReceived(*of, UnixNanos(fetched_at), points), Window(first_day, last_day))


def _used(db: sqlite3.Connection) -> int:
    """Give the bytes in use; pages freed by this transaction do not count."""
    names = ("page_count", "freelist_count", "page_size")
    pages, free, size = (db.execute(f"PRAGMA {name}").fetchone()[0] for name in names)
    return int((pages - free) * size)
