"""The quotes every side is given: made before the clock runs, the same for all.

500 instruments, 50 of them held; every tenth row is of a held one, as in a house that holds a tenth of what it
watches. Every `every`-th row carries MARK as its traded quantity: whoever trades answers it with one order whose limit
is the row's price. Symbol and price together name the mark, so an order at the broker finds the quote that caused it.
"""

from dataclasses import dataclass
from datetime import date

from domain.instruments import Instrument
from domain.quotes import Quote, QuoteKind
from domain.time import from_kst
from domain.types import NANOS_PER_SECOND, Krw, Market, Symbol

DAY = date(2026, 1, 13)
SYMBOLS = tuple(f"{900_000 + number}" for number in range(500))
HELD = SYMBOLS[:50]
OTHERS = SYMBOLS[50:]
HELD_EVERY = 10  # rows
MARK = 7_777  # shares of the trade that asks for an order
BASE, TICK = 100_000, 100  # KRW
STEPS = 200  # prices a held instrument's marks go through before one comes again
BEGIN = from_kst(DAY, 12, 0)
WARM_UP_BEGIN = from_kst(DAY, 9, 1)
MINUTE = 60 * NANOS_PER_SECOND
BATCH_ROWS = 256


@dataclass(frozen=True, slots=True)
class Job:
    """One measurement of one side."""

    quotes: int
    every: int  # quotes per order, a multiple of HELD_EVERY
    rate: int  # quotes per second; 0 as fast as possible
    orders: bool  # whether a peer sends orders; ours always does
    folder: str  # for what must be on disk
    profile: str = ""  # ours only: file for cProfile's figures of the core's thread
    stages: bool = False  # ours only: time every stage


def make_rows(job: Job) -> list[Quote]:
    """Give all rows of a job, in venue-time order: a millisecond each, or as paced."""
    step = NANOS_PER_SECOND // job.rate if job.rate else 1_000_000
    return [_row(index, job.every, step) for index in range(job.quotes)]


def _row(index: int, every: int, step: int) -> Quote:
    at, volume = BEGIN + index * step, 1_000_000 + index
    if index % every == every - 1:
        mark = index // every
        return _quote(HELD[mark % len(HELD)], at, BASE + TICK * (1 + mark // len(HELD) % STEPS), MARK, volume)
    if index % HELD_EVERY == HELD_EVERY - 1:
        return _quote(HELD[index // HELD_EVERY % len(HELD)], at, BASE, 10, volume)
    return _quote(OTHERS[index % len(OTHERS)], at, BASE + TICK * (index % 7), 10, volume)


def warm_up_rows(minute: int) -> list[Quote]:
    """Give one trade of every instrument in a minute before the measurement; it ends the bar of the minute before."""
    at = WARM_UP_BEGIN + minute * MINUTE
    return [_quote(symbol, at, BASE, 10, 1_000 + minute) for symbol in SYMBOLS]


def _quote(symbol: str, at: int, price: int, shares: int, volume: int) -> Quote:
    # The ask stays at the base: an order at any mark's price fills at once.
    return Quote(symbol, at, price, shares, volume, BASE - TICK, BASE, 1_000_000, 1_000_000, int(QuoteKind.TRADE))


def instruments() -> list[Instrument]:
    """Give the instruments the broker serves."""
    limits = (Krw(BASE), Krw(BASE * 7 // 10), Krw(BASE * 13 // 10))
    return [Instrument(Symbol(symbol), "", Market.KOSPI, *limits, True) for symbol in SYMBOLS]


def marks(rows: list[Quote]) -> dict[int, tuple[str, int]]:
    """Give index -> (symbol, price) of the rows that ask for an order."""
    return {index: (row.symbol, row.price) for index, row in enumerate(rows) if row.last_qty == MARK}
