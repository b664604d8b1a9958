"""Counts calls to Naver on disk, so that restarts and several processes together never make more than are allowed.

A call is taken before it is made: a crash in between wastes one, never the other way round. Days and months are those
of KST. That Naver's own count begins anew at midnight KST is not confirmed: its word (`mark_spent`) goes before ours.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Final, NamedTuple

from domain.errors import ConfigError
from trends.naver.errors import QuotaSpent, QuotaUnusable
from trends.naver.hosts import key_hash

BUSY_S: Final = 10.0  # another process holds the file for some ms
FORMAT: Final = 1
_TABLE: Final = """
CREATE TABLE IF NOT EXISTS calls (
    key TEXT NOT NULL,           -- hash of the client id
    day TEXT NOT NULL,           -- YYYY-MM-DD, KST
    taken INTEGER NOT NULL,      -- calls
    spent INTEGER NOT NULL DEFAULT 0,  -- 1: Naver said that none are left
    PRIMARY KEY (key, day)
) STRICT
"""


class _Count(NamedTuple):
    day: int
    month: int
    is_spent: bool


class Quota:
    """Calls of one client id. May be used from any thread and process; each use opens the file for itself."""

    def __init__(self, path: Path, key_id: str, a_day: int, a_month: int | None, today: Callable[[], date]) -> None:
        """Count in this file, made when it is not there; of `key_id`, the client id, only a hash is kept.

        `a_day` and `a_month` are calls (a_month None: no limit), `today` gives the KST day. Raises ConfigError.
        """
        for name, value in (("a_day", a_day), ("a_month", 1 if a_month is None else a_month)):
            if value < 1:
                raise ConfigError(f"quota {name} expected at least 1 call, was {value}")
        self.path = path
        self.a_day = a_day
        self.a_month = a_month
        self.today = today
        self._key = key_hash(key_id)

    def take(self, calls: int = 1) -> date:
        """Take calls that are about to be made; durable when this returns. Give the day they were taken from.

        Raises QuotaSpent when so many are not left (nothing is taken then), QuotaUnusable.
        """
        if calls < 1:
            raise ConfigError(f"calls expected at least 1, was {calls}")
        with self._writing() as file:
            day = self.today()  # after the file is ours: waiting for it may go past midnight
            count = self._count(file, day)
            self._check(count, calls, day)
            self._add(file, day, calls)
        return day

    def give_back(self, day: date, calls: int = 1) -> None:
        """Give calls back that were taken on a day and never left this machine. Raises QuotaUnusable."""
        with self._writing() as file:
            self._add(file, day, -calls)

    def mark_spent(self, day: date | None = None) -> None:
        """Take Naver's word that no calls are left on a day (None: today), whatever our count. Raises QuotaUnusable."""
        self._set_spent(day or self.today(), 1)

    def unmark(self) -> None:
        """Forget that Naver said so today, for a person who knows better. Our count stays. Raises QuotaUnusable."""
        self._set_spent(self.today(), 0)

    def left(self) -> int:
        """Give how many calls are left today. Raises QuotaUnusable."""
        return self._left(self._now())

    def left_this_month(self) -> int | None:
        """Give how many calls are left this month, None without such a limit. Raises QuotaUnusable."""
        return None if self.a_month is None else max(0, self.a_month - self._now().month)

    def taken(self) -> int:
        """Give how many calls were taken today. Raises QuotaUnusable."""
        return self._now().day

    def _now(self) -> _Count:
        with self._open() as file:
            return self._count(file, self.today())

    def _left(self, count: _Count) -> int:
        if count.is_spent:
            return 0
        of_month = self.a_day if self.a_month is None else self.a_month - count.month
        return max(0, min(self.a_day - count.day, of_month))

    def _check(self, count: _Count, calls: int, day: date) -> None:
        left = self._left(count)
        if calls <= left:
            return
        tomorrow = f"it resets at 00:00 KST on {day + timedelta(days=1)}"
        if count.is_spent:
            raise QuotaSpent(f"Naver said on {day} that the day's quota is spent", tomorrow)
        of_month = self.a_month is not None and self.a_month - count.month < self.a_day - count.day
        taken, limit = (count.month, self.a_month) if of_month else (count.day, self.a_day)
        period = f"{day:%Y-%m}" if of_month else str(day)
        first = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
        reset = f"it resets at 00:00 KST on {first}" if of_month else tomorrow
        asked = "" if calls == 1 else f", {calls} are asked"
        raise QuotaSpent(f"{taken:,} of {limit:,} calls to Naver are taken in {period}{asked}", reset)

    def _count(self, file: sqlite3.Connection, day: date) -> _Count:
        month = f"{day:%Y-%m}"
        query = "SELECT day, taken, spent FROM calls WHERE key = ? AND day BETWEEN ? AND ?"
        rows = file.execute(query, (self._key, f"{month}-01", f"{month}-31")).fetchall()
        of_day = [row for row in rows if row[0] == day.isoformat()]
        return _Count(
            sum(int(row[1]) for row in of_day), sum(int(row[1]) for row in rows), any(row[2] for row in of_day)
        )

    def _add(self, file: sqlite3.Connection, day: date, calls: int) -> None:
        file.execute(
            "INSERT INTO calls (key, day, taken) VALUES (?, ?, max(0, ?)) "
            "ON CONFLICT (key, day) DO UPDATE SET taken = max(0, taken + ?)",
            (self._key, day.isoformat(), calls, calls),
        )

    def _set_spent(self, day: date, spent: int) -> None:
        with self._writing() as file:
            file.execute(
                "INSERT INTO calls (key, day, taken, spent) VALUES (?, ?, 0, ?) "
                "ON CONFLICT (key, day) DO UPDATE SET spent = excluded.spent",
                (self._key, day.isoformat(), spent),
            )

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """Hold the file for writing, from before it is read until what was written is on disk."""
        with self._open() as file:
            file.execute("BEGIN IMMEDIATE")
            try:
                yield file
                file.execute("COMMIT")
            except BaseException:
                if file.in_transaction:
                    file.execute("ROLLBACK")
                raise

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        file = None
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            file = sqlite3.connect(self.path, timeout=BUSY_S, isolation_level=None)
            # EXTRA is FULL that also makes the removal of the rollback journal durable: without it a power cut may
            # bring the journal back, and with it the count from before the last call.
            file.execute("PRAGMA synchronous = EXTRA")
            file.execute("PRAGMA fullfsync = ON")  # macOS: down to the platter
            self._prepare(file)
            yield file
        except (sqlite3.Error, OSError) as error:
            todo = "calls are not made uncounted; mend or move the file away, a new one counts from 0"
            raise QuotaUnusable(f"the count of calls in {self.path} cannot be used: {error}", todo) from error
        finally:
            if file is not None:
                file.close()

    def _prepare(self, file: sqlite3.Connection) -> None:
        found = int(file.execute("PRAGMA user_version").fetchone()[0])
        if found > FORMAT:
            raise sqlite3.DatabaseError(f"format {found} is of a newer version, this one knows {FORMAT}")
        if found < FORMAT:
            file.execute(_TABLE)
            file.execute(f"PRAGMA user_version = {FORMAT}")
