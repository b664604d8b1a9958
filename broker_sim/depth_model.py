"""The displayed book behind the best prices, for feeds that show only those. Nothing here is measured for the day at
hand: it is a seeded guess, the same for the same seed on every machine, so that two runs meet the same book.

*Level 1* is what the row displays: its price, and its size where it gives one. A price of 0 is an empty side. Where a
row gives a price without a size, the size is made up like that of a deeper level.
*Deeper levels* lie on the tick grid within the limits of the day (where known), each beyond the one before.
*Sizes* belong to a price, not to a distance from the best: a level keeps its size while the best moves to and fro. It
is drawn anew every ten minutes, prices staggered, and follows the volume of the day in steps of two, staggered too.
*Shape.* Five received ten-level books (005930 twice, 088350, 000020, 005380 on NXT) show no hump and no slope behind
the best: the geometric mean of levels 2 to 10 lies between 0.5 and 1.5 of the side's median in no order. Only the best
is thinner. So levels 2 and beyond are drawn from one distribution: log-normal around the typical size with a standard
deviation of 0.7 of the logarithm (liquid sides had 0.3 to 0.7, the two of a thin issue 1.2 and 2.1).
*Typical size.* 1/256 of the shares traded so far today; before the first trade the larger of the two displayed sizes.
Three of those books could be set beside a volume: 1/60 and about 1/100 (005930), 1/4,000 (088350 on a day of 70 million
shares). 1/256 is near their geometric mean; one issue may be off by ten times either way.
*Gaps.* A level drawn below one share is empty and skipped, as a thin issue's book skips prices (000020: 12 prices for
10 levels); the book ends early when three times its levels were tried.
"""

from datetime import date
from typing import Final

from broker_sim.draws import Draws
from domain.instruments import Instrument
from domain.krx.ticks import round_down, round_up
from domain.quotes import Depth, Quote
from domain.time import NANOS_PER_MINUTE

BUCKET_MINUTES: Final = 10  # how long a size is kept
PRICES_PER_LEVEL: Final = 3  # prices tried for each level asked for
TYPICAL_PART: Final = 256  # a level's share of the volume so far
# exp(0.7 z) in thousandths at the 16 mid-quantiles of a standard normal z: the log-normal above, in whole numbers.
WEIGHTS: Final = (271, 397, 493, 581, 667, 755, 847, 947, 1056, 1180, 1325, 1500, 1720, 2030, 2516, 3685)
_STAGGER: Final = 64
_ROOT_OF_TWO: Final = (181, 128)  # a power of two below the volume is low by the root of two on average

Levels = tuple[tuple[int, int], ...]


class _Draw:
    """What was drawn for one price of one instrument."""

    __slots__ = ("bucket", "shift", "stagger", "weight")

    def __init__(self, shift: int, stagger: int) -> None:
        self.shift = shift  # minutes by which this price's buckets are moved
        self.stagger = stagger
        self.bucket = -1
        self.weight = 0


class _Known:
    """What is remembered of one instrument; forgotten and drawn again, everything comes out the same."""

    __slots__ = ("draws", "of", "sides")

    def __init__(self) -> None:
        self.of: tuple[int, int, date, Instrument | None] = (-1, -1, date.min, None)  # minute, stepped volume
        self.sides: dict[int, Levels] = {}  # best bid, or the best ask negated -> the levels behind it
        self.draws: dict[int, _Draw] = {}


class DepthModel:
    """Gives the book a row may have stood before. Pure: what it remembers only saves time."""

    def __init__(self, seed: int, levels: int) -> None:
        """Take the seed and how many levels a side has at most; 1 makes up none."""
        self._seed = seed
        self._levels = levels
        self._known: dict[str, _Known] = {}

    def of(self, row: Quote, instrument: Instrument, day: date) -> Depth:
        """Give the book of one row: prices in KRW, shares > 0, best first. `day` picks the tick table."""
        symbol, venue_time, bid, ask, bid_qty, ask_qty = row[0], row[1], row[5], row[6], row[7], row[8]
        known = self._known.get(symbol)
        if known is None:
            known = self._known[symbol] = _Known()
        volume = _stepped(row[4] if row[4] > 0 else TYPICAL_PART * max(bid_qty, ask_qty, 1))
        of = (venue_time // NANOS_PER_MINUTE, volume, day, instrument)
        if known.of != of:
            known.of = of
            known.sides.clear()
        bids: Levels = ()
        asks: Levels = ()
        if bid > 0:
            bids = ((bid, bid_qty if bid_qty > 0 else self._size(known, symbol, bid) or 1),)
            behind = known.sides.get(bid)
            bids += self._behind(known, bid, -1, instrument) if behind is None else behind
        if ask > 0:
            asks = ((ask, ask_qty if ask_qty > 0 else self._size(known, symbol, ask) or 1),)
            behind = known.sides.get(-ask)
            asks += self._behind(known, ask, 1, instrument) if behind is None else behind
        return Depth(symbol, venue_time, bids, asks)

    def _behind(self, known: _Known, best: int, way: int, instrument: Instrument) -> Levels:
        """Make the levels behind a best price, away from the other side."""
        day, market, lower, upper = known.of[2], instrument.market, instrument.lower_limit, instrument.upper_limit
        found: list[tuple[int, int]] = []
        price = best
        if way > 0 and lower is not None:
            price = max(best, lower - 1)  # a best price beyond the limits is the feed's; nothing is added out there
        elif way < 0 and upper is not None:
            price = min(best, upper + 1)
        for _ in range((self._levels - 1) * PRICES_PER_LEVEL):
            if len(found) >= self._levels - 1:
                break
            if way < 0:
                price = int(round_down(price - 1, market, day)) if price > 1 else 0
                if price <= 0 or (lower is not None and price < lower):
                    break
            else:
                price = int(round_up(price + 1, market, day))
                if upper is not None and price > upper:
                    break
            if size := self._size(known, instrument.symbol, price):
                found.append((price, size))
        levels = known.sides[-way * best] = tuple(found)
        return levels

    def _size(self, known: _Known, symbol: str, price: int) -> int:
        """Give the shares at a price now, 0 for none."""
        minute, volume, _, _ = known.of
        draw = known.draws.get(price)
        if draw is None:
            named = Draws(self._seed, "depth", symbol, price)
            draw = known.draws[price] = _Draw(named.below(BUCKET_MINUTES), named.below(_STAGGER))
        bucket = (minute + draw.shift) // BUCKET_MINUTES
        if bucket != draw.bucket:
            draw.bucket = bucket
            draw.weight = WEIGHTS[Draws(self._seed, "depth", symbol, price, bucket).below(len(WEIGHTS))]
        # The power of two below the volume, moved by the stagger: each price doubles at another volume.
        moved = _STAGGER + draw.stagger
        power = 1 << (volume * moved // _STAGGER).bit_length() - 1
        over, under = _ROOT_OF_TWO
        return power * _STAGGER * over * draw.weight // (moved * under * 1_000 * TYPICAL_PART)


def _stepped(volume: int) -> int:
    """Cut to the four highest binary digits, so that what is remembered holds for a while. `volume` is > 0."""
    spare = max(volume.bit_length() - 4, 0)
    return volume >> spare << spare
