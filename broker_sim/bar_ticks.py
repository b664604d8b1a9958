"""How a recorded bar becomes ticks. A bar tells little of its inside; these are all our assumptions.

*Prices.* The bar's path is open, one extreme, the other extreme, close. The extreme nearer to the way the bar went
(low first in a rising bar) comes first three times in four. Points that repeat the one before are left out. Up to four
further prints, on the tick grid, lie at seeded places between the points. Recorded prices are kept as they are, half
ticks too. A bar with fewer shares than points keeps the points that matter most: close, then open, then the extremes.
*Volume.* Each print gets at least one share; the prints of a bar sum to its volume exactly.
*Time.* The bar is cut into as many equal slots as it has prints; each print lies at a seeded millisecond of its slot.
A bar that reaches into the closing auction is squeezed to end before it. Nothing before a print tells of a later bar.
*Book.* An uptick was bought at the ask, a downtick sold at the bid, otherwise a seeded coin tells. The spread is one
tick; around a half-tick print the bid is the tick below and the ask the tick above. A side beyond the daily limit
(where known) is empty. Displayed sizes are seeded around an eighth of the bar's volume.
*Auctions.* The first print of a bar that begins at the open is the cross of the opening auction. The first bar at or
after the nominal close is the closing cross: one print of its whole volume. Both come up to 30 s late, as they do.
*No volume.* A bar without volume moves the book only: one row at its close, no trade.

Draws are named by seed, code and bar start, so a symbol's ticks do not depend on which others are replayed.
"""

from collections.abc import Iterator
from datetime import date
from typing import Final

from broker_sim.draws import Draws
from broker_sim.recording import Bar, Recording
from domain.instruments import Instrument
from domain.krx.sessions import RegularSession
from domain.krx.ticks import round_down, round_up, tick_size
from domain.quotes import Quote, QuoteKind
from domain.types import NANOS_PER_SECOND

MILLI: Final = 1_000_000  # ns
EXTRA_PRINTS: Final = 4
CROSS_SPREAD_MS: Final = 30_000  # random end of an auction; closing crosses measured 15:30:03 to 15:30:32 in 2026


class BarTicks:
    """Ticks of one instrument, bar by bar. Keeps the day's volume and the last price between bars."""

    def __init__(self, instrument: Instrument, session: RegularSession, bar_seconds: int, seed: int) -> None:
        """Take what the prices are judged by."""
        self._instrument = instrument
        self._session = session
        self._bar_ns = bar_seconds * NANOS_PER_SECOND
        self._seed = seed
        self._volume = 0
        self._last = 0
        self._around: dict[int, tuple[int, int, int]] = {}  # price -> tick below, itself when valid, tick above

    def rows(self, bar: Bar) -> list[Quote]:
        """Make the rows of the next bar, in order of time."""
        draws = Draws(self._seed, self._instrument.symbol, bar.start)
        if not bar.volume:
            return [self._book_row(bar, draws)]
        if bar.start >= self._session.close:
            start = bar.start + (1 + draws.below(CROSS_SPREAD_MS)) * MILLI
            return [self._print(start, bar.close, bar.volume, bar.volume, QuoteKind.AUCTION_TRADE, draws)]
        prices = _path(bar, self._instrument, self._session.day, draws)
        sizes = _split(bar.volume, len(prices), draws)
        slot = self._span(bar) // len(prices) // MILLI
        rows = []
        for index, (price, size) in enumerate(zip(prices, sizes, strict=True)):
            opening = index == 0 and bar.start == self._session.open
            when = bar.start + (index * slot + draws.below(min(slot, CROSS_SPREAD_MS) if opening else slot)) * MILLI
            kind = QuoteKind.AUCTION_TRADE if opening else QuoteKind.TRADE
            rows.append(self._print(when, price, size, bar.volume, kind, draws))
        return rows

    def _span(self, bar: Bar) -> int:
        return min(self._bar_ns, self._session.close_auction - bar.start)

    def _print(self, when: int, price: int, size: int, volume: int, kind: QuoteKind, draws: Draws) -> Quote:
        coin = draws.below(2)
        bought = coin == 1 if self._last in (0, price) else price > self._last
        self._volume += size
        self._last = price
        return self._row(when, price, size, bought, volume, kind, draws)

    def _book_row(self, bar: Bar, draws: Draws) -> Quote:
        when = bar.start + self._span(bar) - (1 + draws.below(1_000)) * MILLI
        row = self._row(when, bar.close, 0, draws.below(2) == 1, 0, QuoteKind.BOOK, draws)
        return row._replace(price=self._last)

    def _row(self, when: int, price: int, size: int, bought: bool, volume: int, kind: QuoteKind, draws: Draws) -> Quote:
        below, exact, above = self._neighbours(price)
        if exact:
            bid, ask = (below, price) if bought else (price, above)
        else:
            bid, ask = below, above
        lower, upper = self._instrument.lower_limit, self._instrument.upper_limit
        if bid <= 0 or (lower is not None and bid < lower):
            bid = 0
        if upper is not None and ask > upper:
            ask = 0
        typical = volume // 8 + 1
        bid_qty = 1 + typical * (25 + draws.below(100)) // 100 if bid else 0
        ask_qty = 1 + typical * (25 + draws.below(100)) // 100 if ask else 0
        return Quote(self._instrument.symbol, when, price, size, self._volume, bid, ask, bid_qty, ask_qty, int(kind))

    def _neighbours(self, price: int) -> tuple[int, int, int]:
        found = self._around.get(price)
        if found is None:
            market, day = self._instrument.market, self._session.day
            below = 0 if price <= 1 else int(round_down(price - 1, market, day))
            exact = price if price % tick_size(price, market, day) == 0 else 0
            found = self._around[price] = (below, exact, int(round_up(price + 1, market, day)))
        return found


def ticks_of(recording: Recording, seed: int) -> Iterator[Quote]:
    """Give every row of a recording in order of venue time, made bar by bar as it is asked for."""
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
