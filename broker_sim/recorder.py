"""Writes quotes and order books as they come to Parquet, one file a day and kind, for later back-tests.

While a day is recorded its rows lie in parts, each a whole Parquet file written beside and renamed into place: a killed
recorder loses what it had not flushed yet and nothing else, and the folder can be read at any moment. When another day
begins, or the recorder is closed, the parts of a day become one file. Parts left by a killed recorder are carried on on
the same day and put together later. A finished file is never written again.

Columns are those of `tick_file.py` and `book_file.py`. The metadata of a file says what the rows cannot: instruments
and their limits, the source, rows dropped by conflation on the way (`hantrade.conflated`), and gaps (`hantrade.gaps`, a
JSON list of {from, to, reason} in KST), during which rows may be missing.
"""

import json
import re
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final

from broker_sim.data_file import CONFLATED_META, GAPS_META, INSTRUMENTS_META
from broker_sim.recorded_instruments import write_instruments
from broker_sim.recorded_parts import SOURCE_META, UNTIL_META, book_frame, join_parts, meta_of, tick_frame, write_whole
from domain.errors import ConfigError
from domain.instruments import Instrument
from domain.quotes import Depth, Quote, QuoteBatch
from domain.time import kst_date, kst_full_text

TICKS: Final = "ticks"
BOOKS: Final = "books"
MOST_ROWS: Final = 100_000  # kept unwritten
_PART: Final = re.compile(r"(\d{4}-\d{2}-\d{2})\.(ticks|books)\.part-(\d{5})\.parquet")


@dataclass(slots=True)
class Summary:
    """What was recorded by this recorder."""

    rows: int = 0
    books: int = 0
    conflated: int = 0  # rows dropped on the way, as the batches say
    gaps: int = 0
    files: list[Path] = field(default_factory=list)  # finished ones


class _Day:
    """Rows of one day that are not written yet."""

    def __init__(self) -> None:
        self.rows: list[Quote] = []
        self.books: list[Depth] = []
        self.conflated = 0
        self.gaps: list[dict[str, str]] = []


class Recorder:
    """Takes batches of one source. May be flushed from another thread."""

    def __init__(self, folder: Path, source: str, flush_s: float, clock: Callable[[], float]) -> None:
        """Write into a folder (made when missing), at least every `flush_s` seconds of a monotonic clock.

        Raises ConfigError when the folder cannot be written.
        """
        self.summary = Summary()
        self._folder = folder
        self._source = source
        self._flush_s = flush_s
        self._clock = clock
        self._flushed_at = clock()
        self._instruments: dict[str, Instrument] = {}
        self._days: dict[date, _Day] = {}
        self._known: dict[date, int] = {}  # days begun here -> last part written
        self._until = 0  # venue time of the newest row
        self._broken = ""  # why rows may be missing before the next one
        self._seq = 0
        self._lock = threading.Lock()
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigError(f"--out: {folder} expected a folder that can be written: {error.strerror}") from None

    def check(self, day: date) -> None:
        """Raise ConfigError when a day was recorded here already and finished."""
        for kind in (TICKS, BOOKS):
            if (path := self._final(day, kind)).exists():
                raise ConfigError(f"--out: {path} exists already and is never written again; choose another folder")

    def on_instruments(self, instruments: Iterable[Instrument]) -> None:
        """Take the instruments of the source; they go into the metadata."""
        with self._lock:
            self._instruments.update((one.symbol, one) for one in instruments)

    def on_lost(self, reason: str) -> None:
        """Say that the stream broke; what follows stands behind a gap."""
        with self._lock:
            self._broken = self._broken or reason
            self._seq = 0

    def on_batch(self, batch: QuoteBatch) -> None:
        """Take one batch. Raises ConfigError when its day was finished before, OSError when it cannot be written."""
        with self._lock:
            if self._seq and batch.seq != self._seq + 1:
                self._broken = self._broken or f"batch {batch.seq} followed {self._seq}"
            self._seq = batch.seq
            for row in batch.rows:
                self._day_of(row.venue_time).rows.append(row)
                self._until = max(self._until, row.venue_time)
            for depth in batch.depths:
                self._day_of(depth.venue_time).books.append(depth)
            if batch.conflated and batch.rows:
                self._day_of(batch.rows[-1].venue_time).conflated += batch.conflated
            self.summary.rows += len(batch.rows)
            self.summary.books += len(batch.depths)
            self.summary.conflated += batch.conflated
            newest = max(self._days, default=None)
            if len(self._days) > 1 or any(len(day.rows) >= MOST_ROWS for day in self._days.values()):
                self._flush()
            for day in [day for day in self._known if newest is not None and day < newest]:
                self._finish(day)

    def flush_if_due(self) -> None:
        """Write what waits when the time has come. Safe from any thread."""
        with self._lock:
            if self._clock() - self._flushed_at >= self._flush_s:
                self._flush()

    def close(self) -> None:
        """Write what waits and put the parts of each day together."""
        with self._lock:
            self._flush()
            for day in list(self._known):
                self._finish(day)

    # ---- inside -------------------------------------------------------------------------------------------------

    def _day_of(self, venue_time: int) -> _Day:
        day = kst_date(venue_time)
        found = self._days.get(day)
        if found is None:
            found = self._days[day] = _Day()
            if day not in self._known:
                self._open(day)
        if self._broken:
            found.gaps.append(
                {
                    "from": kst_full_text(self._until) if self._until else "",
                    "to": kst_full_text(venue_time),
                    "reason": self._broken,
                }
            )
            self.summary.gaps += 1
            self._broken = ""
        return found

    def _open(self, day: date) -> None:
        """Begin a day: carry on behind the parts of a killed recorder, put older days together."""
        self.check(day)
        names = sorted(path for path in self._folder.iterdir())
        left = [(found, path) for path in names if (found := _PART.fullmatch(path.name))]
        parts = [path for found, path in left if found[1] == day.isoformat()]
        self._known[day] = max((int(found[3]) for found, _ in left if found[1] == day.isoformat()), default=0)
        if parts:
            self._broken = self._broken or "the recorder was stopped"
            self._until = max(self._until, *(int(meta_of(path).get(UNTIL_META, 0)) for path in parts))
        for old in {date.fromisoformat(found[1]) for found, _ in left} - set(self._known):
            if old < day:
                self._finish(old)

    def _flush(self) -> None:
        for day, waiting in sorted(self._days.items()):
            self._known[day] += 1
            meta = self._meta(waiting)
            number = self._known[day]
            if waiting.rows:
                write_whole(self._part(day, TICKS, number), tick_frame(waiting.rows), meta)
                waiting.rows = []  # should the books fail, these are not written again
            if waiting.books:
                write_whole(self._part(day, BOOKS, number), book_frame(waiting.books), meta)
        self._days = {}
        self._flushed_at = self._clock()

    def _meta(self, waiting: _Day) -> dict[str, str]:
        return {
            INSTRUMENTS_META: write_instruments(self._instruments[code] for code in sorted(self._instruments)),
            SOURCE_META: self._source,
            CONFLATED_META: str(waiting.conflated),
            GAPS_META: json.dumps(waiting.gaps, ensure_ascii=False),
            UNTIL_META: str(max((row.venue_time for row in waiting.rows), default=self._until)),
        }

    def _finish(self, day: date) -> None:
        """Put the parts of a day together."""
        self._known.pop(day, None)
        for kind in (TICKS, BOOKS):
            parts = sorted(
                path
                for path in self._folder.iterdir()
                if (found := _PART.fullmatch(path.name)) and found[1] == day.isoformat() and found[2] == kind
            )
            if not parts:
                continue
            path = self._final(day, kind)
            if not path.exists():  # it does when a recorder was killed between writing it and removing the parts
                join_parts(parts, path)
            for part in parts:
                part.unlink()
            self.summary.files.append(path)

    def _final(self, day: date, kind: str) -> Path:
        return self._folder / f"{day.isoformat()}.{kind}.parquet"

    def _part(self, day: date, kind: str, number: int) -> Path:
        return self._folder / f"{day.isoformat()}.{kind}.part-{number:05d}.parquet"
