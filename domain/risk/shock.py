"""A market shock: an index fell by a share of its highest value within a sliding window of venue time."""

from collections import deque
from dataclasses import dataclass, field

from domain.time import kst_date
from domain.types import NANOS_PER_SECOND, PPM


@dataclass(slots=True)
class IndexWindow:
    """What of one index counts: values that no later one tops, oldest and highest first."""

    highs: deque[tuple[int, int]] = field(default_factory=deque)  # venue time, hundredths of a point
    at: int = 0  # venue time of the newest

    def put(self, value: int, at: int, window_s: int) -> None:
        """Take a value in; one exactly `window_s` venue seconds old still counts.

        Values of another Korean date do not: the gap over a night is no shock. One that comes late counts as of the
        newest venue time seen.
        """
        if kst_date(at) != kst_date(self.at):
            self.highs.clear()
        else:
            at = max(at, self.at)
        self.at = at
        while self.highs and self.highs[-1][1] <= value:
            self.highs.pop()
        self.highs.append((at, value))
        while self.highs[0][0] < at - window_s * NANOS_PER_SECOND:
            self.highs.popleft()

    @property
    def highest(self) -> int:
        """Give the highest value within the window, in hundredths of a point; 0 before the first."""
        return self.highs[0][1] if self.highs else 0

    @property
    def newest(self) -> int:
        """Give the newest value, in hundredths of a point; 0 before the first."""
        return self.highs[-1][1] if self.highs else 0

    def is_shock(self, drop_ppm: int) -> bool:
        """Tell whether the newest value is `drop_ppm` of the highest, or more, below it."""
        return bool(drop_ppm) and 0 < (self.highest - self.newest) * PPM >= drop_ppm * self.highest
