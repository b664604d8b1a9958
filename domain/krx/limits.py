"""Daily price limits (가격제한폭): how far from the base price a day's prices may lie."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from domain.errors import ConfigError, InvariantError
from domain.krx.ticks import round_down, round_up, tick_size
from domain.types import Krw, Market


@dataclass(frozen=True, slots=True)
class LimitRate:
    """Width of the daily limit in percent of the base price."""

    markets: tuple[Market, ...]
    since: date
    percent: int
    source: str


_READ: Final = "read 2026-11-22"
LIMIT_RATES: Final = (
    LimitRate(
        (Market.KOSPI, Market.KOSDAQ, Market.ETF, Market.ETN),
        date(2015, 6, 15),
        30,
        f"KRX regulation portal, base price and limits; {_READ}",
    ),
    LimitRate((Market.KONEX,), date(2015, 6, 15), 15, f"KRX regulation portal, base price and limits; {_READ}"),
)


def limit_percent(market: Market, on: date) -> int:
    """Give the width in percent. Raises ConfigError for a day before the first one known."""
    rates = [rate for rate in LIMIT_RATES if market in rate.markets]
    known = [rate for rate in rates if rate.since <= on]
    if not known:
        first = min(rate.since for rate in rates)
        raise ConfigError(f"date expected {first.isoformat()} or later (price limits), was {on.isoformat()}")
    return max(known, key=lambda rate: rate.since).percent


def price_limits(base: int, market: Market, on: date) -> tuple[Krw, Krw]:
    """Give (lower, upper) in won, both inclusive and on the tick grid, for a base price (won, > 0).

    The width is cut at the tick of the *base*; the upper limit is then cut at its own tick. A base off the grid
    (an adjusted price) narrows the lower limit to the grid. Leveraged ETFs, new listings and liquidation trading have
    other limits: prefer the day's limits from the broker.

    Raises InvariantError when the base is not positive, ConfigError for a day before 2015-06-15.
    Source: KRX regulation portal, KOSDAQ base price and limits, with 879 limit-down cases since 2023-02 checked
    by krx-quant-core 0.8.0; read 2026-11-22.
    """
    if base <= 0:
        raise InvariantError(f"base price expected > 0 won, was {base!r}")
    tick = tick_size(base, market, on)
    width = base * limit_percent(market, on) // 100 // tick * tick
    lower = round_up(base - width, market, on)  # base - width is on the grid whenever the base is
    return lower, max(lower, round_down(base + width, market, on))
