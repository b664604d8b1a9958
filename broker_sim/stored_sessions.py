"""The sessions of a data file or folder as daily bars: what a broker would know of the past on any of its days.

Daily bars are taken as they are, minute bars are put together: open of the first, close of the last bar of the regular
session (the closing print, where it was recorded). Of a session that both hold, the daily bar counts. Ticks and order
books make no daily bars. Prices are as stored; nothing is adjusted here.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from broker_sim.bar_file import Bar, bar_length, check_bars, collect_bars
from broker_sim.data_file import PRICES, DataFile, DataKind, data_files, traded
from domain.errors import ConfigError, DataError
from domain.krx.calendar import NO_OVERRIDES, Overrides
from domain.krx.sessions import RegularSession, regular_session
from domain.time import NANOS_PER_DAY, from_kst

if TYPE_CHECKING:
    import polars as pl

KINDS: Final = (DataKind.BARS, DataKind.DAILY)  # the later counts


class StoredSessions:
    """Daily bars by symbol, read once each."""

    def __init__(self, path: Path, overrides: Overrides = NO_OVERRIDES) -> None:
        """Take the file or folder; it is read with the first question."""
        self._path = path
        self._overrides = overrides
        self._files: list[DataFile] | None = None
        self._known: dict[str, list[Bar]] = {}

    def before(self, symbol: str, day: date, most: int = 0) -> Sequence[Bar]:
        """Give the bars of sessions before a day, oldest first, at most the newest so many (0: all).

        A bar starts at midnight in Korea of its date. Raises DataError when the data cannot be read.
        """
        bars = self._known.get(symbol)
        if bars is None:
            bars = self._known[symbol] = self._read(symbol)
        end = bisect_left([bar.start for bar in bars], from_kst(day, 0, 0))
        return bars[max(0, end - most) if most else 0 : end]

    def _read(self, symbol: str) -> list[Bar]:
        if self._files is None:
            self._files = traded(self._path, data_files(self._path))
        found: dict[date, Bar] = {}
        for kind in KINDS:
            for file in self._files:
                if file.kind is kind:
                    found.update(self._sessions(file, symbol))
        return [found[day] for day in sorted(found)]

    def _sessions(self, file: DataFile, symbol: str) -> Iterator[tuple[date, Bar]]:
        rows = _checked(file, symbol)
        if file.kind is DataKind.DAILY:
            for day, *prices, volume in rows.select("date", *PRICES, "volume").iter_rows():
                open_, high, low, close = prices
                if volume and self._session(day) is not None:
                    yield day, Bar(from_kst(day, 0, 0), open_, high, low, close, volume)
            return
        try:
            seconds = bar_length(str(file.path), rows)
        except DataError:
            return  # at most one bar a day: nothing tells how long they are
        for (day,), of_day in rows.group_by("date", maintain_order=True):
            session = self._session(cast(date, day))
            bar = None if session is None else _put_together(symbol, session, of_day, seconds)
            if session is not None and bar is not None:
                yield session.day, bar

    def _session(self, day: date) -> RegularSession | None:
        """Give the session of a day; None when the exchange was closed, or from before its hours are known."""
        try:
            return regular_session(day, self._overrides)
        except ConfigError:
            return None


def _checked(file: DataFile, symbol: str) -> "pl.DataFrame":
    """Give the sound rows of a symbol on all days, in order, with `date` and `nanos` (of the day)."""
    import polars as pl

    rows = file.of(symbol)
    before = pl.col("date").dt.epoch("d") * NANOS_PER_DAY
    of_day = pl.col("nanos") if "nanos" in rows.columns else pl.lit(0)
    checked, _ = check_bars(rows.with_columns((before + of_day).alias("nanos")))
    return checked.with_columns(pl.col("nanos") % NANOS_PER_DAY)


def _put_together(symbol: str, session: RegularSession, rows: "pl.DataFrame", seconds: int) -> Bar | None:
    """Make one session of its minutes; None when nothing traded."""
    bars = [bar for bar in collect_bars(rows, (symbol,), session, seconds)[0].get(symbol, ()) if bar.volume]
    if not bars:
        return None
    high, low = max(bar.high for bar in bars), min(bar.low for bar in bars)
    volume = sum(bar.volume for bar in bars)
    return Bar(from_kst(session.day, 0, 0), bars[0].open, high, low, bars[-1].close, volume)
