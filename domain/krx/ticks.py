"""Tick sizes (호가가격단위): which prices may be ordered, by market and date."""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Final

from domain.errors import InvariantError
from domain.types import Krw, Market


@dataclass(frozen=True, slots=True)
class TickTable:
    """One tick table: `ticks[i]` holds from `edges[i - 1]` (inclusive) to below `edges[i]`, in won."""

    markets: tuple[Market, ...]
    since: date  # first day it is in force
    edges: tuple[int, ...]
    ticks: tuple[int, ...]  # one more than edges; every tick divides the next and the edge between them
    source: str


_STOCKS: Final = (Market.KOSPI, Market.KOSDAQ, Market.KONEX)
_FUNDS: Final = (Market.ETF, Market.ETN)
_READ: Final = "read 2026-11-22"

TICK_TABLES: Final = (
    TickTable(
        _STOCKS,
        date(2023, 1, 25),
        (2_000, 5_000, 20_000, 50_000, 200_000, 500_000),
        (1, 5, 10, 50, 100, 500, 1_000),
        f"KRX reform of 2023-01-25; EKN, eToday and Yonhap of 2023-01-17; {_READ}",
    ),
    TickTable(
        (Market.KOSPI,),
        date.min,
        (1_000, 5_000, 10_000, 50_000, 100_000, 500_000),
        (1, 5, 10, 50, 100, 500, 1_000),
        f"eToday 2023-01-17, the table replaced then; {_READ}",
    ),
    TickTable(
        (Market.KOSDAQ, Market.KONEX),  # KONEX like KOSDAQ: unconfirmed
        date.min,
        (1_000, 5_000, 10_000, 50_000),
        (1, 5, 10, 50, 100),
        f"eToday 2023-01-17, the table replaced then; {_READ}",
    ),
    TickTable(
        _FUNDS,
        date(2023, 12, 18),  # planned day; eToday 2023-10-05 prints 12-08, so the day is not certain
        (2_000,),
        (1, 5),
        "KRX announcement of 2023-10-05 (Mediapen 2023-10-05); several public code bases of 2026; read 2026-11-23",
    ),
    TickTable(_FUNDS, date.min, (), (5,), "flat 5 won before (Hankyung 2022-10-31); read 2026-11-23"),
)


@lru_cache(maxsize=512)
def tick_table(market: Market, on: date) -> TickTable:
    """Give the tick table of a market on a day."""
    tables = [table for table in TICK_TABLES if market in table.markets and table.since <= on]
    return max(tables, key=lambda table: table.since)


def tick_size(price: int, market: Market, on: date) -> int:
    """Give the tick in won at a price (won, > 0). Raises InvariantError when the price is not positive.

    Source: KRX tick table, see `TICK_TABLES`.
    """
    if price <= 0:
        raise InvariantError(f"price expected > 0 won, was {price!r}")
    table = tick_table(market, on)
    return table.ticks[bisect_right(table.edges, price)]


def is_on_tick(price: int, market: Market, on: date) -> bool:
    """Tell whether a price (won) may be ordered."""
    return price > 0 and price % tick_size(price, market, on) == 0


def is_half_tick(price: int, market: Market, on: date) -> bool:
    """Tell whether a price (won) lies half a tick off the grid, as executions at the mid-point (중간가) do.

    Half of a 5-won tick is cut to whole won: 2,032 lies between 2,030 and 2,035.
    Source: recorded minute bars, 000400 on 2025-09-19; mid-point orders, jkn.co.kr 2025-03-04, read 2026-11-22.
    """
    if price <= 0:
        return False
    tick = tick_size(price, market, on)
    return tick > 1 and price % tick == tick // 2


def round_down(price: int, market: Market, on: date) -> Krw:
    """Give the highest valid price (won) not above a price > 0; 0 when there is none."""
    return Krw(price - price % tick_size(price, market, on))


def round_up(price: int, market: Market, on: date) -> Krw:
    """Give the lowest valid price (won) not below a price > 0."""
    # The edge of a band is on both grids, so rounding up inside a band never skips a valid price.
    return Krw(price + -price % tick_size(price, market, on))


def step(price: int, ticks: int, market: Market, on: date) -> Krw:
    """Move a price (won) up (ticks > 0) or down by valid prices, across bands; stops at the lowest valid price.

    From a price off the grid the first step goes to the next valid price in that direction.
    """
    lowest = tick_size(1, market, on)
    for _ in range(abs(ticks)):
        if ticks > 0:
            price = round_up(price + 1, market, on)
        elif price <= lowest:
            break
        else:
            price = round_down(price - 1, market, on)
    return Krw(max(price, lowest) if ticks else price)


def ticks_between(start: int, end: int, market: Market, on: date) -> int:
    """Give how many ticks a price (won, > 0) is from another: the steps of `step` from `start` to a valid `end`.

    Counted along the ladder, across bands; a start off the grid reaches its next valid price with the first.
    """
    table = tick_table(market, on)
    low, high = (start + 1, end) if start < end else (end, start - 1)
    count = 0
    for band in range(bisect_right(table.edges, low), len(table.ticks)):
        last = min(high, table.edges[band] - 1) if band < len(table.edges) else high
        if low > last:
            break
        count += last // table.ticks[band] - (low - 1) // table.ticks[band]
        low = last + 1
    return count
