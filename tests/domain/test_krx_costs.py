"""Costs of a fill."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import ConfigError, InvariantError
from domain.krx.costs import (
    COMMISSION_RATES,
    CUT_TO_TEN_WON,
    CUT_TO_WON,
    ROUNDINGS,
    Costs,
    Rounding,
    commission,
    commission_rate,
    cut_to_won,
    fill_costs,
    rounding_of,
    transaction_tax,
)
from domain.types import Krw, Market, Side

NOW = date(2026, 1, 13)
NOTIONALS = st.integers(0, 10**12)
MARKETS = st.sampled_from(Market)


@pytest.mark.parametrize(
    ("traded", "ppm"),
    [
        (date(2019, 5, 29), 3_000), (date(2019, 5, 30), 2_500), (date(2020, 12, 28), 2_500),
        (date(2020, 12, 29), 2_300),  # settled on the first session of 2021
        (date(2021, 6, 15), 2_300), (date(2022, 6, 15), 2_300), (date(2023, 6, 15), 2_000),
        (date(2023, 12, 26), 2_000), (date(2023, 12, 27), 1_800), (date(2024, 6, 17), 1_800),
        (date(2024, 12, 26), 1_800), (date(2024, 12, 27), 1_500), (date(2025, 6, 16), 1_500),
        (date(2025, 12, 26), 1_500), (date(2025, 12, 29), 2_000), (date(2025, 12, 30), 2_000), (NOW, 2_000),
    ],
)  # fmt: skip
@pytest.mark.parametrize("market", [Market.KOSPI, Market.KOSDAQ])
def test_given_a_sale_when_taxed_then_the_rate_of_the_settlement_date_counts(
    traded: date, ppm: int, market: Market
) -> None:
    assert transaction_tax(1_000_000, market, traded) == ppm


def test_given_konex_and_funds_when_taxed_then_they_have_their_own_rates() -> None:
    taxes = {market: transaction_tax(1_000_000, market, NOW) for market in (Market.KONEX, Market.ETF, Market.ETN)}
    assert taxes == {Market.KONEX: 1_000, Market.ETF: 0, Market.ETN: 0}


def test_given_fractions_when_taxed_then_both_taxes_are_cut_separately() -> None:
    # 3,999 won: 1.9995 and 5.9985 are cut to 1 and 5; cut together it would be 7
    assert transaction_tax(3_999, Market.KOSPI, NOW) == 6
    assert transaction_tax(3_999, Market.KOSDAQ, NOW) == 7


def test_given_both_sides_when_filled_then_only_the_sale_is_taxed() -> None:
    buy = fill_costs(Side.BUY, 713_000, Market.KOSPI, NOW, 150)
    sell = fill_costs(Side.SELL, 713_000, Market.KOSPI, NOW, 150)
    assert buy == Costs(Krw(106), Krw(0))
    assert sell == Costs(Krw(106), Krw(356 + 1_069))
    assert sell.total == 106 + 356 + 1_069


def test_given_a_negative_notional_when_charged_then_it_is_our_bug() -> None:
    with pytest.raises(InvariantError, match="-1"):
        commission(-1, 150)


def test_given_a_day_before_the_table_when_taxed_then_it_is_refused() -> None:
    with pytest.raises(ConfigError, match="1995-06-19"):
        transaction_tax(1_000, Market.KOSPI, date(1995, 6, 15))


@given(NOTIONALS, st.integers(0, 999_999))
def test_for_any_rate_cutting_loses_less_than_a_won(notional: int, ppm: int) -> None:
    won = cut_to_won(notional, ppm)
    assert 0 <= notional * ppm - won * 1_000_000 < 1_000_000


@given(NOTIONALS, NOTIONALS, MARKETS, st.dates(date(2019, 1, 1), date(2027, 12, 1)))
def test_for_any_split_of_a_sale_the_parts_cost_at_most_the_whole(a: int, b: int, market: Market, on: date) -> None:
    parts = [fill_costs(Side.SELL, part, market, on, 150) for part in (a, b)]
    whole = fill_costs(Side.SELL, a + b, market, on, 150)
    assert whole.total - 3 <= sum(part.total for part in parts) <= whole.total  # three amounts are cut


def test_given_named_rates_and_roundings_when_asked_then_they_are_the_published_ones() -> None:
    assert {rate.name: rate.ppm for rate in COMMISSION_RATES} == {"default": 150, "mock": 3_500}
    assert commission(500_000, commission_rate("mock").ppm) == 1_750
    assert (rounding_of("won"), rounding_of("ten-won")) == (CUT_TO_WON, CUT_TO_TEN_WON)
    assert all(one.source for one in (*COMMISSION_RATES, *ROUNDINGS))


def test_given_a_rounding_when_charged_then_commission_is_cut_at_its_unit_and_tax_at_a_won() -> None:
    assert fill_costs(Side.SELL, 713_000, Market.KOSPI, NOW, 150, rounding=CUT_TO_TEN_WON) == Costs(
        Krw(100), Krw(356 + 1_069)
    )
    hundred = Rounding("hundred", 100, 100, "made up")
    assert fill_costs(Side.SELL, 713_000, Market.KOSPI, NOW, 150, rounding=hundred) == Costs(Krw(100), Krw(300 + 1_000))


def test_given_an_ad_hoc_settlement_date_when_taxed_then_it_decides_the_year() -> None:
    traded = date(2025, 12, 26)
    assert fill_costs(Side.SELL, 1_000_000, Market.KOSDAQ, traded, 0).tax == 1_500
    assert fill_costs(Side.SELL, 1_000_000, Market.KOSDAQ, traded, 0, settled=date(2026, 1, 2)).tax == 2_000


@pytest.mark.parametrize("name", ["", "Won", "half-up"])
def test_given_an_unknown_name_when_asked_then_the_known_ones_are_listed(name: str) -> None:
    with pytest.raises(ConfigError, match="rounding expected one of won, ten-won"):
        rounding_of(name)
    with pytest.raises(ConfigError, match="rate expected one of default, mock"):
        commission_rate(name)


@given(NOTIONALS, st.integers(0, 10_000), st.sampled_from(ROUNDINGS), st.sampled_from(Side), MARKETS)
def test_for_any_rounding_costs_lie_within_a_unit_under_the_won(
    notional: int, ppm: int, rounding: Rounding, side: Side, market: Market
) -> None:
    exact = fill_costs(side, notional, market, NOW, ppm)
    cut = fill_costs(side, notional, market, NOW, ppm, rounding=rounding)
    assert 0 <= exact.commission - cut.commission < rounding.commission_unit
    assert cut.commission % rounding.commission_unit == 0
    assert cut.tax == exact.tax
