"""Daily price limits (가격제한폭): how far from the base price a day's prices may lie."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from domain.errors import ConfigError, InvariantError
from domain.instruments import Instrument
from domain.krx.ticks import round_down, round_up, tick_size
from domain.types import Krw, Market


class LimitRegime(StrEnum):
    """Which rule an instrument's limits follow on a day."""

    NORMAL = "NORMAL"
    LISTING = "LISTING"  # 신규상장일: first day of a new listing
    LIQUIDATION = "LIQUIDATION"  # 정리매매: the last sessions before delisting


UNLIMITED: Final = Krw(10**12)  # stands for "no upper limit"; far above any price
LIQUIDATION_SESSIONS: Final = 7  # KRX regulation portal, RGL03010306, read 2026-11-23
MOST_LEVERAGE: Final = 3  # ETN reach 3x, ETF 2x; instruments listed 2026-08-21


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


@dataclass(frozen=True, slots=True)
class ListingRate:
    """Limits of the first day of a new listing in percent of the offer price (공모가)."""

    markets: tuple[Market, ...]
    since: date
    auction_percents: tuple[int, int]  # what the opening price may be
    day_percents: tuple[int, int] | None  # what the day may reach; None: the ordinary width around the opening price
    source: str


_BOARDS: Final = (Market.KOSPI, Market.KOSDAQ)  # KONEX is left out by the rule; funds open at their net asset value
LISTING_RATES: Final = (
    ListingRate(
        _BOARDS, date(2015, 6, 15), (90, 200), None, "Maeil Business 2023-06-22, Hankyung 2023-04-13; read 2026-11-23"
    ),
    ListingRate(
        _BOARDS,
        date(2023, 6, 26),
        (60, 400),
        (60, 400),
        "Ajunews 2023-04-13, Maeil Business 2023-06-22; read 2026-11-23",
    ),
)
_FUNDS: Final = (Market.ETF, Market.ETN)


def listing_rate(market: Market, on: date) -> ListingRate | None:
    """Give the rule of a listing day, None for funds: their first day has the ordinary limits (unconfirmed).

    Raises ConfigError for KONEX, whose rule is not known here, and for a day before 2015-06-15.
    """
    if market in _FUNDS:
        return None
    known = [rate for rate in LISTING_RATES if market in rate.markets and rate.since <= on]
    if not known:
        allowed = "kospi, kosdaq, etf or etn from 2015-06-15"
        raise ConfigError(f"market expected {allowed} for a listing day, was {market.value.lower()} on {on}")
    return max(known, key=lambda rate: rate.since)


def price_limits(
    base: int, market: Market, on: date, *, regime: LimitRegime = LimitRegime.NORMAL, leverage: int = 1
) -> tuple[Krw, Krw]:
    """Give (lower, upper) in won, both inclusive and on the tick grid, for a base price (won, > 0).

    The width is cut at the tick of the *base* and then multiplied by `leverage` (2 for a 2x ETF, inverse or not:
    ±60 %); the upper limit is then cut at its own tick. A base off the grid (an adjusted price) narrows the lower limit
    to the grid. `regime` LISTING takes the offer price as base since 2023-06-26 and the opening price before;
    LIQUIDATION has no limits: (lowest valid price, UNLIMITED). Prefer the broker's limits: see `limits_of_day`.

    Raises InvariantError when the base is not positive, ConfigError for a day before 2015-06-15, for a leverage other
    than 1 to 3 or one on a share, and for a listing on KONEX.
    Source: KRX regulation portal, KOSDAQ base price and limits, with 879 limit-down cases since 2023-02 checked
    by krx-quant-core 0.8.0; leverage: public code of 2026; liquidation: KRX regulation portal RGL03010306.
    """
    if base <= 0:
        raise InvariantError(f"base price expected > 0 won, was {base!r}")
    _check_leverage(leverage, market)
    if regime is LimitRegime.LIQUIDATION:
        return round_up(1, market, on), UNLIMITED
    if regime is LimitRegime.LISTING and (rate := listing_rate(market, on)) is not None and rate.day_percents:
        return _span(base, market, on, *rate.day_percents)
    width = _cut(base * limit_percent(market, on), base, market, on) * leverage
    return _around(base, width, width, market, on)


def listing_auction_limits(offer: int, market: Market, on: date) -> tuple[Krw, Krw]:
    """Give (lower, upper) in won for the opening auction of a listing day, from the offer price (won, > 0).

    Since 2023-06-26 they are the day's limits, 60 % to 400 %; before, 90 % to 200 %, and the price found there is the
    day's base. Raises like `price_limits`. Source: `LISTING_RATES`.
    """
    if offer <= 0:
        raise InvariantError(f"offer price expected > 0 won, was {offer!r}")
    rate = listing_rate(market, on)
    return price_limits(offer, market, on) if rate is None else _span(offer, market, on, *rate.auction_percents)


def resumption_auction_limits(evaluation: int, market: Market, on: date) -> tuple[Krw, Krw]:
    """Give (lower, upper) in won for the opening auction after a capital reduction, split-off or relisting.

    `evaluation` (won, > 0) is the price computed for that day; the auction may take 50 % to 200 % of it, and what it
    finds is the day's base for the ordinary limits. Raises InvariantError when `evaluation` is not positive.
    Source: KOSDAQ Business Regulation art. 22 and its Enforcement Rules art. 27, quoted in an issuer's notice of
    2010-09-29 (Biosmart); Hankyung 2002-06-28; read 2026-11-23. That it still holds for every case is unconfirmed.
    """
    if evaluation <= 0:
        raise InvariantError(f"evaluation price expected > 0 won, was {evaluation!r}")
    return _span(evaluation, market, on, 50, 200)


def off_hours_single_limits(close: int, day: tuple[int, int], market: Market, on: date) -> tuple[Krw, Krw]:
    """Give (lower, upper) in won of the off-hours single price: 10 % around the close, inside the day's limits.

    Raises InvariantError when the close is not positive. Held until 2026-09-13.
    Source: brokers' session tables of 2025, read 2026-11-22; that it is cut like the daily limits is unconfirmed.
    """
    if close <= 0:
        raise InvariantError(f"close expected > 0 won, was {close!r}")
    lower, upper = _span(close, market, on, 90, 110)
    return Krw(max(lower, day[0])), Krw(min(upper, day[1]))


def limits_of_day(
    instrument: Instrument, on: date, *, regime: LimitRegime = LimitRegime.NORMAL, leverage: int = 1
) -> tuple[Krw, Krw] | None:
    """Give (lower, upper) in won of a day: the broker's own where it gave both, else by the rule, None without a base.

    The broker knows what the rule cannot: listing days, liquidation, rights, leverage. Raises like `price_limits`.
    """
    if instrument.lower_limit is not None and instrument.upper_limit is not None:
        return instrument.lower_limit, instrument.upper_limit
    if not instrument.base_price:
        return None
    return price_limits(instrument.base_price, instrument.market, on, regime=regime, leverage=leverage)


def base_of_close(close: int, market: Market, on: date) -> Krw:
    """Give the base price (won) that follows from a previous close: the close, an off-grid one taken up to the grid.

    Source: derived from the exchange's own figures: after closes half a tick off (2,022 for 2,022.5) the next day's
    `close - change` is 2,025 in all 55 cases of January and February 2026 (marcap).
    """
    return round_up(close, market, on)


def _check_leverage(leverage: int, market: Market) -> None:
    if not 1 <= leverage <= MOST_LEVERAGE:
        raise ConfigError(f"leverage expected 1 to {MOST_LEVERAGE}, was {leverage!r}")
    if leverage != 1 and market not in _FUNDS:
        raise ConfigError(
            f"leverage expected 1 on {market.value.lower()} (only etf and etn have more), was {leverage!r}"
        )


def _cut(hundredths: int, base: int, market: Market, on: date) -> int:
    tick = tick_size(base, market, on)
    return hundredths // 100 // tick * tick


def _span(base: int, market: Market, on: date, low: int, high: int) -> tuple[Krw, Krw]:
    """Limits from two percentages of the base; cut like the ordinary ones (unconfirmed off the grid)."""
    down, up = (_cut(base * percent, base, market, on) for percent in (100 - low, high - 100))
    return _around(base, down, up, market, on)


def _around(base: int, down: int, up: int, market: Market, on: date) -> tuple[Krw, Krw]:
    lower = round_up(base - down, market, on)  # on the grid whenever the base is
    return lower, max(lower, round_down(base + up, market, on))
