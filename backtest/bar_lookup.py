"""Which recorded bar covers a moment."""

from bisect import bisect_right
from collections.abc import Iterable
from typing import Final

from broker_sim.recording import Bar, Recording
from domain.krx.sessions import RANDOM_END
from domain.time import NANOS_PER_DAY, from_kst
from domain.types import NANOS_PER_SECOND

FAR: Final = 1 << 62  # UTC ns, behind everything


class BarLookup:
    """The recorded bar of a symbol at a moment."""

    def __init__(self, recordings: Iterable[Recording]) -> None:
        """Take the recorded days."""
        self.since, self.until = FAR, 0  # venue time covered, UTC ns, the end exclusive
        self._starts: dict[str, list[int]] = {}
        self._bars: dict[str, list[tuple[Bar, int]]] = {}  # bar, its end (UTC ns)
        for recording in recordings:
            midnight = from_kst(recording.day, 0, 0)
            self.since, self.until = min(self.since, midnight), max(self.until, midnight + NANOS_PER_DAY)
            length = recording.bar_seconds * NANOS_PER_SECOND
            for code, bars in recording.bars.items():
                self._starts.setdefault(code, []).extend(bar.start for bar in bars)
                self._bars.setdefault(code, []).extend((bar, self._end(bar, length, recording)) for bar in bars)

    @staticmethod
    def _end(bar: Bar, length: int, recording: Recording) -> int:
        """Give the end of a bar; one that reaches the close holds the closing cross, which comes late."""
        end, close = bar.start + length, recording.session.close
        return end + RANDOM_END if bar.start < close <= end else end

    def at(self, symbol: str, when: int) -> Bar | None:
        """Give the bar that covers a moment (UTC ns), None where nothing was recorded."""
        index = bisect_right(self._starts.get(symbol, []), when) - 1
        if index < 0:
            return None
        bar, end = self._bars[symbol][index]
        return bar if when < end else None

    def knows(self, symbol: str, when: int) -> bool:
        """Tell whether there are bars of a symbol at all on the day of a moment; recorded books alone have none."""
        return self.since <= when < self.until and symbol in self._bars
