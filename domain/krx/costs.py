"""What a fill costs: commission on both sides, transaction tax on sales, by the rate of the settlement date."""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Final

from domain.errors import ConfigError, InvariantError
from domain.krx.calendar import settlement_date
from domain.types import PPM, Krw, Market, Side


@dataclass(frozen=True, slots=True)
class Costs:
    """Costs of one fill in won."""

    commission: Krw
    tax: Krw  # transaction tax and rural tax together

    @property
    def total(self) -> Krw:
        """Give the sum."""
        return Krw(self.commission + self.tax)


@dataclass(frozen=True, slots=True)
class CommissionRate:
    """A broker's rate per side, by name."""

    name: str
    ppm: int  # of the notional; 150 is 0.015 %
    source: str


COMMISSION_RATES: Final = (
    CommissionRate("default", 150, "Kiwoom online, KRX: settings of many public repositories; read 2026-11-22"),
    CommissionRate(
        "mock", 3_500, "Kiwoom mock server: two public repositories; tax there unconfirmed; read 2026-11-22"
    ),
)


@dataclass(frozen=True, slots=True)
class Rounding:
    """How amounts become whole won: each is cut down to a multiple of its unit."""

    name: str
    commission_unit: int  # won
    tax_unit: int  # won; for transaction tax and rural tax each on its own
    source: str


# Both unconfirmed: reconcile with the broker's reported fee and tax (FID 938, 939).
CUT_TO_WON: Final = Rounding("won", 1, 1, "fractions of a won are cut (원 미만 절사); read 2026-11-22")
CUT_TO_TEN_WON: Final = Rounding("ten-won", 10, 1, "some brokers cut commission at 10 won; read 2026-11-22")
ROUNDINGS: Final = (CUT_TO_WON, CUT_TO_TEN_WON)


@dataclass(frozen=True, slots=True)
class TaxRate:
    """Rates on the notional of a sale, in parts per million."""

    market: Market
    settled_from: date
    transaction_ppm: int  # 증권거래세
    rural_ppm: int  # 농어촌특별세
    source: str


_PRESS_2019: Final = "fntimes 2019-04-02 and 2019-05-30, Hankook Ilbo 2019-05-21; read 2026-11-23"
_TABLE: Final = "Namu wiki table quoted by krx-quant-core 0.8.0; read 2026-11-22"
_2025: Final = "Hanyang Securities notice 2024-12-26; moneymindsite.com; read 2026-11-23"
_2026: Final = "studygov.kr and brunch of 2026-01; read 2026-11-22"

TAX_RATES: Final = (
    TaxRate(Market.KOSPI, date(1996, 1, 1), 1_500, 1_500, _PRESS_2019),
    TaxRate(Market.KOSPI, date(2019, 6, 3), 1_000, 1_500, _PRESS_2019),
    TaxRate(Market.KOSPI, date(2021, 1, 1), 800, 1_500, _TABLE),
    TaxRate(Market.KOSPI, date(2023, 1, 1), 500, 1_500, _TABLE),
    TaxRate(Market.KOSPI, date(2024, 1, 1), 300, 1_500, _TABLE),
    TaxRate(Market.KOSPI, date(2025, 1, 1), 0, 1_500, _2025),
    TaxRate(Market.KOSPI, date(2026, 1, 1), 500, 1_500, _2026),
    TaxRate(Market.KOSDAQ, date(1996, 1, 1), 3_000, 0, _PRESS_2019),
    TaxRate(Market.KOSDAQ, date(2019, 6, 3), 2_500, 0, _PRESS_2019),
    TaxRate(Market.KOSDAQ, date(2021, 1, 1), 2_300, 0, _TABLE),
    TaxRate(Market.KOSDAQ, date(2023, 1, 1), 2_000, 0, _TABLE),
    TaxRate(Market.KOSDAQ, date(2024, 1, 1), 1_800, 0, _TABLE),
    TaxRate(Market.KOSDAQ, date(2025, 1, 1), 1_500, 0, _2025),
    TaxRate(Market.KOSDAQ, date(2026, 1, 1), 2_000, 0, _2026),
    TaxRate(Market.KONEX, date(1996, 1, 1), 3_000, 0, _PRESS_2019),
    TaxRate(Market.KONEX, date(2019, 6, 3), 1_000, 0, _PRESS_2019),
    TaxRate(Market.ETF, date.min, 0, 0, "exempt; public code of 2026; read 2026-11-22"),
    TaxRate(Market.ETN, date.min, 0, 0, "exempt; public code of 2026; read 2026-11-22"),
)


def cut_to_won(notional: int, ppm: int) -> Krw:
    """Give a rate's share of a notional (won), fractions of a won cut (원 미만 절사).

    Source: rounding rule of commission, tax and rural tax, each on its own; read 2026-11-22. Unconfirmed: some brokers
    cut commission at 10 won. Reconcile with the broker's reported fee and tax.
    """
    if notional < 0:
        raise InvariantError(f"notional expected >= 0 won, was {notional!r}")
    return Krw(notional * ppm // PPM)


def commission_rate(name: str) -> CommissionRate:
    """Give a commission rate by name. Raises ConfigError for an unknown one."""
    for rate in COMMISSION_RATES:
        if rate.name == name:
            return rate
    raise ConfigError(f"rate expected one of {', '.join(rate.name for rate in COMMISSION_RATES)}, was {name!r}")


def rounding_of(name: str) -> Rounding:
    """Give a rounding by name. Raises ConfigError for an unknown one."""
    for rounding in ROUNDINGS:
        if rounding.name == name:
            return rounding
    raise ConfigError(f"rounding expected one of {', '.join(one.name for one in ROUNDINGS)}, was {name!r}")


def commission(notional: int, ppm: int, rounding: Rounding = CUT_TO_WON) -> Krw:
    """Give the broker's commission on one side of a trade (won)."""
    return _cut(cut_to_won(notional, ppm), rounding.commission_unit)


def _cut(won: Krw, unit: int) -> Krw:
    return won if unit == 1 else Krw(won - won % unit)


@lru_cache(maxsize=512)
def tax_rate(market: Market, trade_date: date, settled: date | None = None) -> TaxRate:
    """Give the rates for a sale traded on a day. The date that counts is the settlement date, two sessions later.

    `settled` gives that date where the calendar alone does not (an ad-hoc closing).
    Raises ConfigError for a sale settled before the first known rate (1996).
    """
    settles = settled or settlement_date(trade_date)
    known = [rate for rate in TAX_RATES if rate.market is market and rate.settled_from <= settles]
    if not known:
        raise ConfigError(f"settlement date expected 1996 or later (transaction tax), was {settles.isoformat()}")
    return max(known, key=lambda rate: rate.settled_from)


def transaction_tax(
    notional: int,
    market: Market,
    trade_date: date,
    rounding: Rounding = CUT_TO_WON,
    settled: date | None = None,
) -> Krw:
    """Give the tax on a sale (won): transaction tax and rural tax, each cut on its own; ETF and ETN are exempt.

    Source: Securities Transaction Tax Act rates by year, see `TAX_RATES`.
    """
    rate = tax_rate(market, trade_date, settled)
    transaction, rural = cut_to_won(notional, rate.transaction_ppm), cut_to_won(notional, rate.rural_ppm)
    return Krw(_cut(transaction, rounding.tax_unit) + _cut(rural, rounding.tax_unit))


def fill_costs(
    side: Side,
    notional: int,
    market: Market,
    trade_date: date,
    commission_ppm: int,
    *,
    rounding: Rounding = CUT_TO_WON,
    settled: date | None = None,
) -> Costs:
    """Give the costs of one fill (won): commission on either side, tax on sales only, rounded by a policy.

    `settled` as in `tax_rate`.
    """
    is_sale = side is Side.SELL
    tax = transaction_tax(notional, market, trade_date, rounding, settled) if is_sale else Krw(0)
    return Costs(commission(notional, commission_ppm, rounding), tax)
