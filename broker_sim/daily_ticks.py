"""How a bar of a whole day becomes ticks: a guess, far weaker than that of minute bars. It serves back-tests over long
spans; what a strategy does inside the day on such data means little.

*Opening cross*: 2 % of the volume at the open, within 30 s of the session's open. *Closing cross*: 1 % at the close,
within 30 s of the nominal close. Both are the medians of 1,881 complete symbol-days of minute bars (2025-09 to 2026-01,
screened stocks).
*Between*: 76 prints, one in each equal slot of continuous trading, at a seeded millisecond. The path goes from the open
over both extremes to the close, the extreme nearer to the way the day went first three times in four, at seeded slots;
between these points it goes straight, with seeded noise, on the tick grid, never outside the bar. Volumes follow the
median of those symbol-days by half hours: a quarter in the first, about 4 % in later ones.
*Few shares*: a day with fewer shares than prints has as many prints as shares; the close comes first, then the open,
then the extremes. A day without volume is one row of the book at the close, no trade.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from broker_sim.bar_file import Bar
from broker_sim.draws import Draws
from broker_sim.touch import Touch
from domain.instruments import Instrument
from domain.krx.sessions import RegularSession
from domain.krx.ticks import round_down
from domain.quotes import Quote, QuoteKind

SLOTS: Final = 76
OPENING_PERMILLE: Final = 20
CLOSING_PERMILLE: Final = 10
CROSS_SPREAD_MS: Final = 30_000
MILLI: Final = 1_000_000  # ns
# Median share of the day's volume by half hours from the open, in thousandths.
HALF_HOURS: Final = (223, 110, 78, 59, 47, 42, 39, 37, 37, 39, 39, 43, 36)
TYPICAL_PART: Final = 256  # of the day's volume so far, a made-up displayed size; see `depth_model.py`


def daily_rows(bar: Bar, instrument: Instrument, session: RegularSession, seed: int) -> Iterator[Quote]:
    """Give the rows of one day in order of time. They sum to the bar's volume and stay inside it."""
    draws = Draws(seed, "daily", instrument.symbol, bar.start)
    touch = Touch(instrument, session.day, seed)
    total = before = 0
    for when, price, size, kind in _prints(bar, instrument, session, draws):
        total += size
        best = touch.around(price, before, total // TYPICAL_PART + 1, draws)
        shown = price if size else 0
        yield Quote(instrument.symbol, when, shown, size, total, *best, int(kind))
        before = price


def _prints(
    bar: Bar, instrument: Instrument, session: RegularSession, draws: Draws
) -> Iterator[tuple[int, int, int, QuoteKind]]:
    opening = session.open + draws.below(CROSS_SPREAD_MS) * MILLI
    closing = session.close + (1 + draws.below(CROSS_SPREAD_MS)) * MILLI
    if not bar.volume:
        yield opening, bar.close, 0, QuoteKind.BOOK
        return
    inside = min(SLOTS, bar.volume - 2)
    if inside < 1:
        if bar.volume > 1:
            yield opening, bar.open, 1, QuoteKind.AUCTION_TRADE
        yield closing, bar.close, 1, QuoteKind.AUCTION_TRADE
        return
    prices = _path(bar, instrument, session, inside, draws)
    sizes = _sizes(bar.volume, inside)
    yield opening, bar.open, sizes[0], QuoteKind.AUCTION_TRADE
    begin = session.open + CROSS_SPREAD_MS * MILLI
    slot = (session.close_auction - begin) // inside // MILLI
    for index, price in enumerate(prices):
        when = begin + (index * slot + draws.below(slot)) * MILLI
        yield when, price, sizes[index + 1], QuoteKind.TRADE
    yield closing, bar.close, sizes[-1], QuoteKind.AUCTION_TRADE


def _path(bar: Bar, instrument: Instrument, session: RegularSession, count: int, draws: Draws) -> list[int]:
    """Give the prices between the crosses; both extremes are among them when there is room for two."""
    low_first = (bar.close >= bar.open) == (draws.below(4) < 3)
    extremes = (bar.low, bar.high) if low_first else (bar.high, bar.low)
    if count == 1:
        return [extremes[0]]
    first = draws.below(count - 1)
    second = first + 1 + draws.below(count - 1 - first)
    points = [(-1, bar.open), (first, extremes[0]), (second, extremes[1]), (count, bar.close)]
    noise = (bar.high - bar.low) // 8
    prices = []
    for (start, from_price), (end, to_price) in pairwise(points):
        for index in range(start + 1, min(end, count - 1) + 1):
            if index == end:
                prices.append(to_price)
                continue
            straight = from_price + (to_price - from_price) * (index - start) // (end - start)
            wanted = straight + draws.below(2 * noise + 1) - noise
            price = int(round_down(max(wanted, 1), instrument.market, session.day))
            prices.append(min(max(price, bar.low), bar.high))
    return prices


def _sizes(volume: int, inside: int) -> list[int]:
    """Split the day's shares into opening cross, `inside` prints and closing cross, each at least one."""
    spare = volume - inside - 2
    opening, closing = spare * OPENING_PERMILLE // 1_000, spare * CLOSING_PERMILLE // 1_000
    weights = [HALF_HOURS[index * len(HALF_HOURS) // inside] for index in range(inside)]
    rest, total = spare - opening - closing, sum(weights)
    sizes = [1 + opening, *(1 + rest * weight // total for weight in weights), 1 + closing]
    sizes[1] += volume - sum(sizes)  # what cutting left over
    return sizes
