"""Builders and a clock that moves only when told."""

import asyncio
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from broker_sim.exchange import Exchange
from domain.instruments import Instrument
from domain.krx.limits import price_limits
from domain.messages.orders import CancelOrder, ModifyOrder, SubmitOrder
from domain.quotes import Quote, QuoteKind
from domain.time import from_kst
from domain.types import (
    ClientOrderId,
    Krw,
    Market,
    OrderKind,
    Purpose,
    RequestId,
    Side,
    Symbol,
    UnixNanos,
    VenueOrderId,
)

DAY = date(2026, 1, 13)
SYMBOL = "120110"
CASH = 10_000_000
NEVER = UnixNanos(2**62)


def at(hh: int, mm: int, ss: int = 0, day: date = DAY) -> UnixNanos:
    return from_kst(day, hh, mm, ss)


def an_instrument(symbol: str = SYMBOL, base: int | None = 10_000, **changes: Any) -> Instrument:
    lower, upper = price_limits(base, Market.KOSPI, DAY) if base else (None, None)
    fields = {"tradable": True, "market": Market.KOSPI, **changes}
    return Instrument(
        Symbol(symbol), "이름", fields["market"], Krw(base) if base else None, lower, upper, fields["tradable"]
    )


def a_quote(price: int = 10_000, when: int | None = None, **changes: Any) -> Quote:
    row = Quote(
        symbol=SYMBOL,
        venue_time=at(10, 0) if when is None else when,
        price=price,
        last_qty=50,
        cumulative_volume=1_000,
        bid_price=price - 10,
        ask_price=price,
        bid_qty=30,
        ask_qty=40,
        kind=int(QuoteKind.TRADE),
    )
    return row._replace(**changes)


def an_exchange(cash: int = CASH, rows: Sequence[Quote] | None = None, **changes: Any) -> Exchange:
    exchange = Exchange(cash, commission_ppm=150)
    exchange.set_instruments([an_instrument(**changes), an_instrument("000660", 500_000)])
    assert exchange.on_quotes([a_quote()] if rows is None else rows) == []
    return exchange


def a_submit(
    quantity: int = 10, price: int | None = 10_000, side: Side = Side.BUY, name: str = "c1", symbol: str = SYMBOL
) -> SubmitOrder:
    kind = OrderKind.LIMIT if price is not None else OrderKind.MARKET
    limit = None if price is None else Krw(price)
    return SubmitOrder(ClientOrderId(name), symbol, side, kind, Purpose.ENTRY, quantity, limit, NEVER)


def a_modify(leg: str, quantity: int, price: int, name: str = "c1", request: str = "m1") -> ModifyOrder:
    return ModifyOrder(
        RequestId(request), ClientOrderId(name), VenueOrderId(leg), Purpose.ENTRY, quantity, Krw(price), NEVER
    )


def a_cancel(leg: str, quantity: int = 0, name: str = "c1", request: str = "x1") -> CancelOrder:
    return CancelOrder(RequestId(request), ClientOrderId(name), VenueOrderId(leg), quantity, NEVER)


def a_bar(code: object = SYMBOL, time: str = "09:00:00", **changes: object) -> dict[str, Any]:
    bar: dict[str, Any] = {"code": code, "date": "2026-01-13", "time": time}
    bar |= {"open": 10_000, "high": 10_050, "low": 9_990, "close": 10_020, "volume": 800}
    return bar | changes


def a_file(folder: Path, bars: Sequence[dict[str, Any]], name: str = "bars.parquet") -> Path:
    path = folder / name
    pl.DataFrame(list(bars)).write_parquet(path)
    return path


def a_day(code: str = SYMBOL, until: str = "15:30", **changes: Any) -> list[dict[str, Any]]:
    """Bars every ten minutes of 2026-01-13 up to a time, the closing print included."""
    times = [f"{hh:02d}:{mm:02d}" for hh in range(9, 16) for mm in range(0, 60, 10)]
    return [a_bar(code, f"{time}:00", **changes) for time in times if time <= until and not "15:20" <= time < "15:30"]


class FakeClock:
    """System time in ns that moves when somebody sleeps on it or advances it."""

    def __init__(self) -> None:
        self.now = 1_000_000_000_000

    def __call__(self) -> int:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += max(1, round(seconds * 1e9))
        await asyncio.sleep(0)
