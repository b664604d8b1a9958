"""One recorded day, ready to be replayed, whatever kind of file it comes from."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from hashlib import blake2b
from pathlib import Path

from broker_sim.bar_file import Bar
from broker_sim.data_file import DataKind, days_in
from broker_sim.index_file import RecordedIndex
from broker_sim.moments import Moments
from domain.instruments import Instrument
from domain.krx.calendar import NO_OVERRIDES, Overrides
from domain.krx.sessions import RegularSession
from domain.quotes import Depth
from domain.types import UnixNanos

__all__ = ["Bar", "Recording", "days_in"]


@dataclass(frozen=True, slots=True)
class Recording:
    """One day: instruments and what was recorded of them. `bar_ticks.ticks_of` gives the rows, `depths` the books."""

    path: Path
    day: date
    session: RegularSession
    bar_seconds: int
    instruments: dict[str, Instrument]  # in order of code
    bars: dict[str, list[Bar]]  # of ticks: minutes summed up; a symbol whose book alone was recorded has none
    refused: dict[str, int]  # why rows were refused -> how many
    kind: DataKind = DataKind.BARS
    warnings: tuple[str, ...] = ()  # one line each: what is guessed, missing or doubtful
    moments: Moments | None = None  # recorded rows; None: they are made from the bars
    index: RecordedIndex | None = None  # of the markets; circuit breakers are judged by it

    @classmethod
    def load(
        cls,
        path: Path,
        day: date | None = None,
        symbols: tuple[str, ...] | None = None,
        overrides: Overrides = NO_OVERRIDES,
    ) -> "Recording":
        """Read a day (None: the last) of some symbols (None or empty: all of that day) from a file or a folder.

        A folder stands for its data files; ticks and order books of a day go together, and go before minute bars,
        those before daily ones. An index goes with any of them. Raises DataError in one line naming file, field, value
        and what is allowed.
        """
        from broker_sim.recorded_day import load

        return load(cls, path, day, symbols, overrides)

    @property
    def first(self) -> UnixNanos:
        """Give the moment of the first row or bar (UTC ns)."""
        if self.moments is not None:
            return UnixNanos(self.moments.quotes["time"][0])
        return UnixNanos(max(self.session.open, min(bars[0].start for bars in self.bars.values() if bars)))

    def in_order(self) -> Iterator[tuple[int, list[tuple[str, Bar]]]]:
        """Give (start, bars that begin then), in order of time and code."""
        by_start: dict[int, list[tuple[str, Bar]]] = {}
        for code, bars in self.bars.items():
            for bar in bars:
                by_start.setdefault(bar.start, []).append((code, bar))
        for start in sorted(by_start):
            yield start, by_start[start]

    def depths(self) -> Iterator[Depth]:
        """Give the recorded order books of these instruments in order of venue time; nothing where there are none."""
        if self.moments is None:
            return iter(())
        return (depth for depth in self.moments.depths() if depth.symbol in self.instruments)

    def fingerprint(self, seed: int) -> str:
        """Name this replay by content: same rows, instruments and seed, same name, wherever the file lies."""
        digest = blake2b(digest_size=12)
        digest.update(f"{self.day} {self.bar_seconds} {seed} {self.session}".encode())
        if self.index is not None:
            digest.update(f"{self.index}".encode())
        if self.moments is not None:
            digest.update(f"{self.instruments}".encode())
            digest.update(self.moments.digest())
            return digest.hexdigest()
        for code, bars in self.bars.items():
            digest.update(f"{self.instruments[code]}{bars}".encode())
        return digest.hexdigest()
