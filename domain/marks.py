"""The last price of each instrument, and which of them are of the newest day: a split makes the older ones wrong."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from domain.adjustments import adjusted_mark
from domain.quotes import Quote
from domain.time import NANOS_PER_DAY, from_kst, kst_date


@dataclass(slots=True)
class Marks:
    """Won per share of the last judged trade by symbol; what has none yet is not in it."""

    today: dict[str, int] = field(default_factory=dict)  # of the day that holds `since`
    before: dict[str, int] = field(default_factory=dict)  # of any earlier one
    since: int = 0  # venue time at which the day of `today` begins in Korea, UTC ns; 0 before the first row

    def get(self, symbol: str, /) -> int | None:
        """Give the mark of an instrument, None when there is none."""
        mark = self.today.get(symbol)
        return self.before.get(symbol) if mark is None else mark

    def take(self, rows: Sequence[Quote]) -> None:
        """Take judged rows in order of time. A source may begin an earlier day: its rows are then of today."""
        if not rows:
            return
        newest = rows[-1].venue_time
        if not 0 <= newest - self.since < NANOS_PER_DAY:
            self.before |= self.today
            self.today, self.since = {}, from_kst(kst_date(newest), 0, 0)
            self.before.update([(row[0], row[2]) for row in rows if row[2] > 0 and row.venue_time < self.since])
            rows = [row for row in rows if row.venue_time >= self.since]
        self.today.update([(row[0], row[2]) for row in rows if row[2] > 0])

    def adjust(self, symbol: str, at: int, before: int, after: int, received: int) -> None:
        """Take a split in at its venue time: `before` shares became `after` and `received` won.

        Prices of its day are of the new shares already.
        """
        if after <= 0:
            return
        is_new = self.since >= from_kst(kst_date(at), 0, 0)
        for marks in (self.before,) if is_new else (self.before, self.today):
            if symbol in marks:
                marks[symbol] = adjusted_mark(marks[symbol], before, after, received)
