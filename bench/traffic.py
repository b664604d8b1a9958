"""Quotes that move: a seeded random walk per instrument, for what is measured without a broker process."""

import random
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import islice

from bench.quotes import MARK
from domain.instruments import Instrument
from domain.quotes import Quote, QuoteKind
from domain.time import from_kst
from domain.types import NANOS_PER_SECOND, Krw, Market, Symbol

DAY = date(2026, 1, 13)
OPEN = from_kst(DAY, 9, 0)
BASE, TICK = 100_000, 100  # KRW; the tick is that of 50,000 to 200,000 in every market
LOW, HIGH = 75_000, 125_000  # KRW, inside the day's limits
SHOWN = 1_000_000  # shares at the best price: an order at the touch fills at once and whole
_TRADE = int(QuoteKind.TRADE)


def symbols(count: int) -> tuple[str, ...]:
    """Give so many codes."""
    return tuple(f"{900_000 + number}" for number in range(count))


def listed(codes: Sequence[str]) -> list[Instrument]:
    """Give the instruments of these codes."""
    limits = (Krw(BASE), Krw(BASE * 7 // 10), Krw(BASE * 13 // 10))
    return [Instrument(Symbol(code), "", Market.KOSPI, *limits, True) for code in codes]


def walk(codes: Sequence[str], count: int, rate: int, *, begin: int = OPEN, seed: int = 1) -> Iterator[Quote]:
    """Give so many trades, `rate` a venue second from `begin` (UTC ns). The same arguments give the same rows."""
    step = NANOS_PER_SECOND // rate
    return moves(codes, (begin + index * step for index in range(count)), seed=seed)


def moves(
    codes: Sequence[str], times: Iterable[int], *, seed: int = 1, marked: Sequence[str] = (), every: int = 0
) -> Iterator[Quote]:
    """Give a trade at each of these times (UTC ns, growing), at bid or ask of a moving book.

    With `every`, each such row is one of the `marked` in turn and carries MARK as its shares.
    """
    draw = random.Random(seed).random
    bids = dict.fromkeys(codes, BASE)
    volumes = dict.fromkeys(codes, 1_000_000)
    many = len(codes)
    for index, at in enumerate(times):
        is_mark = every and index % every == every - 1
        code = marked[index // every % len(marked)] if is_mark else codes[int(draw() * many)]
        bid, move = bids[code], draw()
        if move < 0.25 and bid > LOW:
            bid -= TICK
        elif move > 0.75 and bid < HIGH:
            bid += TICK
        bids[code] = bid
        shares = MARK if is_mark else 1 + int(draw() * 50)
        volumes[code] += shares
        price = bid + TICK if shares & 1 else bid
        yield Quote(code, at, price, shares, volumes[code], bid, bid + TICK, SHOWN, SHOWN, _TRADE)


def batches(rows: Iterator[Quote], sizes: Iterator[int]) -> Iterator[list[Quote]]:
    """Cut rows into batches of these sizes, to the last row."""
    while chunk := list(islice(rows, next(sizes))):
        yield chunk


def live_sizes(seed: int = 1) -> Iterator[int]:
    """Give batch sizes as at 1,000 quotes/s with a delay of 1 ms: the first row and what comes while it waits."""
    draw = random.Random(seed).random
    while True:  # Poisson with mean 1 on top of the first row, by inversion
        share, more, left = 0.36787944117144233, 0, draw()
        while left > share and more < 8:
            left, more = left - share, more + 1
            share /= more
        yield 1 + more
