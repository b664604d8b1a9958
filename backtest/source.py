"""The stored days of a back-test, oldest first, each with the previous close its limits come from."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import NamedTuple

from broker_sim.recording import Recording, days_in
from domain.errors import DataError
from domain.instruments import Instrument
from domain.krx.limits import price_limits
from domain.types import Krw


class StoredDay(NamedTuple):
    """One day to trade."""

    recording: Recording
    carried: tuple[str, ...]  # symbols whose base price is the close of the stored day before
    broken: tuple[str, ...]  # symbols whose prices do not fit that close: a split or a fresh listing; no limits known


@dataclass(slots=True)
class Source:
    """Days of one file. A symbol may be missing on some of them."""

    path: Path
    days: tuple[date, ...]  # ascending
    symbols: tuple[str, ...] | None  # None: all of each day
    overrides: Mapping[str, tuple[str, str]]
    absent: dict[str, list[date]] = field(default_factory=dict)  # wanted symbols -> days without them
    _closes: dict[str, int] = field(default_factory=dict)  # symbol -> KRW, newest close of the days given so far

    def load(self) -> Iterator[StoredDay]:
        """Read the days one by one. Raises DataError."""
        for day in self.days:
            recording = self._read(day)
            if recording is None:
                continue
            yield self._based(recording)
            self._closes.update((code, bars[-1].close) for code, bars in recording.bars.items() if bars)

    def _read(self, day: date) -> Recording | None:
        if self.symbols is None:
            return Recording.load(self.path, day, None, self.overrides)
        whole = Recording.load(self.path, day, None, self.overrides)
        there = tuple(code for code in self.symbols if code in whole.instruments)
        for code in self.symbols:
            if code not in there:
                self.absent.setdefault(code, []).append(day)
        if not there:
            return None
        kept = set(there)
        return replace(
            whole,
            instruments={code: one for code, one in whole.instruments.items() if code in kept},
            bars={code: bars for code, bars in whole.bars.items() if code in kept},
        )

    def _based(self, recording: Recording) -> StoredDay:
        carried, broken, instruments = [], [], dict(recording.instruments)
        for code, instrument in recording.instruments.items():
            close = self._closes.get(code)
            if instrument.base_price is not None or close is None:
                continue
            based = _with_base(instrument, close, recording.day)
            bars = recording.bars[code]
            low, high = min(bar.low for bar in bars), max(bar.high for bar in bars)
            if (based.lower_limit or 0) <= low and high <= (based.upper_limit or high):
                instruments[code] = based
                carried.append(code)
            else:
                broken.append(code)
        return StoredDay(replace(recording, instruments=instruments), tuple(carried), tuple(broken))


def _with_base(instrument: Instrument, close: int, day: date) -> Instrument:
    base = Krw(close)
    lower, upper = price_limits(base, instrument.market, day)
    return replace(instrument, base_price=base, lower_limit=lower, upper_limit=upper)


def chosen_days(path: Path, begin: date | None, end: date | None) -> tuple[date, ...]:
    """Give the days of a file from `begin` to `end` (inclusive; None: its first, its last). Raises DataError."""
    found = days_in(path)
    days = tuple(day for day in found if (begin is None or day >= begin) and (end is None or day <= end))
    if not days:
        span = f"{begin or 'the first'} to {end or 'the last'}"
        raise DataError(f"{path}: days expected within {found[0]} to {found[-1]}, none lies in {span}")
    return days
