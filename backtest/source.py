"""The stored days of a back-test, oldest first."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from broker_sim.data_file import data_files
from broker_sim.recording import Recording, days_in
from domain.errors import DataError
from domain.krx.calendar import Overrides


@dataclass(slots=True)
class Source:
    """Days of one file or folder. Of several days, a symbol may be missing on some."""

    path: Path
    days: tuple[date, ...]  # ascending
    symbols: tuple[str, ...] | None  # None: all of each day
    overrides: Overrides
    absent: dict[str, list[date]] = field(default_factory=dict)  # symbols asked for -> days without them, so far

    def load(self) -> Iterator[Recording]:
        """Read the days one by one; a day without any of the symbols is left out. Raises DataError."""
        for day in self.days:
            recording = self._read(day)
            if recording is not None:
                yield recording

    def codes(self) -> tuple[str, ...]:
        """Give the symbols that will be traded, in order. Raises DataError."""
        if self.symbols is not None:
            return self.symbols
        by_day = [item for one in data_files(self.path) for item in one.codes().items()]
        return tuple(sorted({code for day, codes in by_day if day in self.days for code in codes}))

    def _read(self, day: date) -> Recording | None:
        try:
            return Recording.load(self.path, day, self.symbols, self.overrides)
        except DataError:
            if self.symbols is None or len(self.days) == 1:
                raise
        there = Recording.load(self.path, day, None, self.overrides).instruments
        for code in self.symbols:
            if code not in there:
                self.absent.setdefault(code, []).append(day)
        found = tuple(code for code in self.symbols if code in there)
        return Recording.load(self.path, day, found, self.overrides) if found else None


def check_symbols(path: Path, days: tuple[date, ...], symbols: tuple[str, ...]) -> None:
    """Refuse symbols that none of the days has, of a single day each one it has not. Raises DataError."""
    there = {code for one in data_files(path) for day, codes in one.codes().items() if day in days for code in codes}
    missing = [code for code in symbols if code not in there]
    if missing and (len(days) == 1 or len(missing) == len(symbols)):
        span = f"{days[0]}" if len(days) == 1 else f"{days[0]} to {days[-1]}"
        raise DataError(f"{path}: symbols expected among the {len(there)} of {span}, unknown {', '.join(missing)}")


def chosen_days(path: Path, begin: date | None, end: date | None) -> tuple[date, ...]:
    """Give the days of a file from `begin` to `end` (inclusive; None: its first, its last). Raises DataError."""
    found = days_in(path)
    days = tuple(day for day in found if (begin is None or day >= begin) and (end is None or day <= end))
    if not days:
        span = f"{begin or 'the first'} to {end or 'the last'}"
        raise DataError(f"{path}: days expected within {found[0]} to {found[-1]}, none lies in {span}")
    return days
