"""What the signals group measures with, made from a seed: search series, minutes, rows. Plain lists of numbers.

Only the standard library: the peer's Python makes the same, so nothing has to be carried over and a difference in the
figures is a difference in the arithmetic.
"""

import random
from typing import NamedTuple

SEARCH_DAYS = 180  # as many as a source is asked for; attention needs 125
MINUTES = 60  # completed bars of each symbol, the new one included
MOMENTUM = (5, 20)  # bars looked back
VOLUME, SHORT, LONG = 20, 10, 30  # bars of normal volume; returns that are judged, and those before them
STATIC_PERCENT, DYNAMIC_PERCENT = 10, 6  # of interruptions; not KOSPI 200
LIMIT_PERCENT = 30
TRADE, AUCTION = 1, 3  # as QuoteKind
# What makes figures comparable, also in the Python that has no hantrade: names of the values, in their order.
ATTENTION_NAMES = ("asvi", "z")
INPUT_NAMES = (
    *(f"momentum_{bars}" for bars in MOMENTUM),
    *("volume_surprise", "volatility_regime", "vi_distance", "limit_distance", "spread"),
)
Values = list[list[float | None]]


class Row(NamedTuple):
    """One row of one symbol."""

    symbol: int  # from 0
    price: int  # KRW
    bid: int  # KRW
    ask: int  # KRW
    kind: int


def base_price(symbol: int) -> int:
    """Give the base price of a symbol, KRW."""
    return 5_000 + 10 * (symbol % 9_000)


def searches(symbols: int) -> list[list[float]]:
    """Make daily search ratios of each symbol, oldest first: busier on weekdays, rounded as Naver does."""
    draw = random.Random(1)
    made = []
    for symbol in range(symbols):
        level = 2 + symbol % 40
        made.append([round(level * (0.8 + draw.random()) * (1.2, 0.8)[day % 7 > 4], 5) for day in range(SEARCH_DAYS)])
    return made


def minutes(symbols: int) -> list[list[tuple[int, int]]]:
    """Make (close, volume) of each symbol's minutes, oldest first: a walk of ticks, volumes skewed to the right."""
    draw = random.Random(2)
    made = []
    for symbol in range(symbols):
        price, rows = base_price(symbol), []
        for _ in range(MINUTES):
            price = max(1_000, price + 5 * draw.randrange(-4, 5))
            rows.append((price, 1 + int(100 * draw.expovariate(1) ** 2)))
        made.append(rows)
    return made


def rows(symbols: int, laps: int) -> list[Row]:
    """Make rows of each symbol in turn: a first lap of opening auctions, then trades with a book around them."""
    draw = random.Random(3)
    made = []
    for lap in range(laps):
        for symbol in range(symbols):
            price = base_price(symbol) + 5 * draw.randrange(-20, 21)
            bid = price - 5 * draw.randrange(2)
            made.append(Row(symbol, price, bid, bid + 5 * draw.randrange(1, 4), TRADE if lap else AUCTION))
    return made
