"""How a recorded bar becomes ticks. A bar tells little of its inside; these are all our assumptions.

*Prices.* The bar's path is open, one extreme, the other extreme, close. The extreme nearer to the way the bar went
(low first in a rising bar) comes first three times in four. Points that repeat the one before are left out. Up to four
further prints, on the tick grid, lie at seeded places between the points. Recorded prices are kept as they are, half
ticks too. A bar with fewer shares than points keeps the points that matter most: close, then open, then the extremes.
*Volume.* Each print gets at least one share; the prints of a bar sum to its volume exactly.
*Time.* The bar is cut into as many equal slots as it has prints; each print lies at a seeded millisecond of its slot.
A bar that reaches into the closing auction is squeezed to end before it. Nothing before a print tells of a later bar.
*Book.* Best prices are those of `touch.py`; typical displayed sizes are an eighth of the bar's volume.
*Auctions.* The first print of a bar that begins at the open is the cross of the opening auction. The first bar at or
after the nominal close is the closing cross: one print of its whole volume. Both come up to 30 s late, as they do. The
first print behind a gap that `bar_gaps.py` takes for a volatility interruption is the single price of its auction; it
comes at least two minutes after the print before, where the bar leaves room for that.
*No volume.* A bar without volume moves the book only: one row at its close, no trade.

Draws are named by seed, code and bar start, so a symbol's ticks do not depend on which others are replayed.
"""

from collections.abc import Iterator
from datetime import date
from heapq import merge
from typing import Final

from broker_sim.bar_file import Bar
from broker_sim.bar_gaps import BarGaps
from broker_sim.daily_ticks import daily_rows
from broker_sim.data_file import DataKind
from broker_sim.draws import Draws
from broker_sim.recording import Recording
from broker_sim.touch import Touch
from domain.instruments import Instrument
from domain.krx.brakes import INTERRUPTION_NS
from domain.krx.sessions import RegularSession
from domain.krx.ticks import round_down
from domain.quotes import Quote, QuoteKind
from domain.types import NANOS_PER_SECOND

MILLI: Final = 1_000_000  # ns
EXTRA_PRINTS: Final = 4
LEAST_ROOM: Final = NANOS_PER_SECOND  # left in a bar for its prints behind an interruption
CROSS_SPREAD_MS: Final = 30_000  # random end of an auction; closing crosses measured 15:30:03 to 15:30:32 in 2026


class BarTicks:
    """Ticks of one instrument, bar by bar. Keeps the day's volume and the last print between bars."""

    def __init__(self, instrument: Instrument, session: RegularSession, bar_seconds: int, seed: int) -> None:
        """Take what the prices are judged by."""
        self._instrument = instrument
        self._session = session
        self._bar_ns = bar_seconds * NANOS_PER_SECOND
        self._gaps = BarGaps(instrument, session, self._bar_ns)
        self._touch = Touch(instrument, session.day, seed)
        self._volume = 0
        self._last = 0
        self._last_time = 0

    def rows(self, bar: Bar) -> list[Quote]:
        """Make the rows of the next bar, in order of time."""
        draws = self._touch.draws(bar.start)
        resumes = self._gaps.begins_with_a_cross(bar)
        if not bar.volume:
            return [self._book_row(bar, draws)]
        if bar.start >= self._session.close:
            start = bar.start + (1 + draws.below(CROSS_SPREAD_MS)) * MILLI
            return [self._print(start, bar.close, bar.volume, bar.volume, QuoteKind.AUCTION_TRADE, draws)]
        prices = _path(bar, self._instrument, self._session.day, draws)
        sizes = _split(bar.volume, len(prices), draws)
        end = bar.start + self._span(bar)
        begin = bar.start
        if resumes and self._last_time:
            begin = max(begin, min(self._last_time + INTERRUPTION_NS, end - LEAST_ROOM))
        slot = (end - begin) // len(prices) // MILLI
        crossing = resumes or bar.start == self._session.open
        rows = []
        for index, (price, size) in enumerate(zip(prices, sizes, strict=True)):
            cross = crossing and index == 0
            when = begin + (index * slot + draws.below(min(slot, CROSS_SPREAD_MS) if cross else slot)) * MILLI
            kind = QuoteKind.AUCTION_TRADE if cross else QuoteKind.TRADE
            rows.append(self._print(when, price, size, bar.volume, kind, draws))
        return rows

    def _span(self, bar: Bar) -> int:
        return min(self._bar_ns, self._session.close_auction - bar.start)

    def _print(self, when: int, price: int, size: int, volume: int, kind: QuoteKind, draws: Draws) -> Quote:
        best = self._touch.around(price, self._last, volume // 8 + 1, draws)
        self._volume += size
        self._last, self._last_time = price, when
        return Quote(self._instrument.symbol, when, price, size, self._volume, *best, int(kind))

    def _book_row(self, bar: Bar, draws: Draws) -> Quote:
        when = bar.start + self._span(bar) - (1 + draws.below(1_000)) * MILLI
        best = self._touch.beside(bar.close, 1, draws, bought=draws.below(2) == 1)
        return Quote(self._instrument.symbol, when, self._last, 0, self._volume, *best, int(QuoteKind.BOOK))


def ticks_of(recording: Recording, seed: int) -> Iterator[Quote]:
    """Give every row of a recording in order of venue time: recorded rows as they are, rows of bars as they are made.

    Rows of bars come in order of time and code; recorded rows of one moment in the order of their file.
    """
    if recording.moments is not None:
        return recording.moments.rows(seed, recording.instruments, recording.session)
    if recording.kind is DataKind.DAILY:
        days = (
            daily_rows(bar, recording.instruments[code], recording.session, seed)
            for code, bars in recording.bars.items()
            for bar in bars
        )
        return merge(*days, key=_time_and_code)
    return _ticks_of_bars(recording, seed)


def _ticks_of_bars(recording: Recording, seed: int) -> Iterator[Quote]:
    makers = {
        code: BarTicks(instrument, recording.session, recording.bar_seconds, seed)
        for code, instrument in recording.instruments.items()
    }
    waiting: list[Quote] = []
    for start, bars in recording.in_order():
        due = sum(1 for row in waiting if row.venue_time < start)  # bars off the common grid may overlap
        yield from waiting[:due]
        waiting = waiting[due:]
        for code, bar in bars:
            waiting += makers[code].rows(bar)
        waiting.sort(key=_time_and_code)
    yield from waiting


def _time_and_code(row: Quote) -> tuple[int, str]:
    return row.venue_time, row.symbol


def _path(bar: Bar, instrument: Instrument, day: date, draws: Draws) -> list[int]:
    """Give the prices of a bar's prints in order: its points and prints on the grid between them."""
    low_first = (bar.close >= bar.open) == (draws.below(4) < 3)
    points = [bar.open, *((bar.low, bar.high) if low_first else (bar.high, bar.low)), bar.close]
    needed = [price for index, price in enumerate(points) if index == 0 or price != points[index - 1]]
    if len(needed) > bar.volume:
        return [*needed[:-1][: bar.volume - 1], bar.close]
    prices = needed
    for _ in range(min(EXTRA_PRINTS, bar.volume - len(needed))):
        at = draws.below(len(prices))
        first = prices[at]
        second = prices[at + 1] if at + 1 < len(prices) else first
        low, high = min(first, second), max(first, second)
        wanted = low + draws.below(high - low + 1)
        price = int(round_down(wanted, instrument.market, day))
        if low <= price <= high and at + 1 < len(prices):
            prices = [*prices[: at + 1], price, *prices[at + 1 :]]
    return prices


def _split(volume: int, parts: int, draws: Draws) -> list[int]:
    """Split shares into parts of at least one; seeded weights, the rest goes to the last."""
    weights = [50 + draws.below(100) for _ in range(parts)]
    total = sum(weights)
    spare = volume - parts
    sizes = [1 + spare * weight // total for weight in weights]
    sizes[-1] += volume - sum(sizes)
    return sizes
