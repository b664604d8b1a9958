"""Daily price limits."""

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from domain.errors import ConfigError, InvariantError
from domain.instruments import Instrument
from domain.krx.limits import (
    UNLIMITED,
    LimitRegime,
    base_of_close,
    limits_of_day,
    listing_auction_limits,
    off_hours_single_limits,
    price_limits,
    resumption_auction_limits,
)
from domain.krx.ticks import is_on_tick, round_down
from domain.types import Krw, Market, Symbol

NOW = date(2026, 1, 13)
BASES = st.one_of(st.integers(1, 60_000), st.integers(1, 1_500_000))
DAYS = st.dates(date(2018, 1, 1), date(2027, 12, 31))


@pytest.mark.parametrize(
    ("base", "upper", "lower"),
    [
        (1_999, 2_595, 1_400), (4_990, 6_480, 3_495), (9_750, 12_670, 6_830), (9_940, 12_920, 6_960),
        (24_250, 31_500, 17_000), (45_050, 58_500, 31_550), (199_900, 259_500, 140_000), (239_000, 310_500, 167_500),
    ],
)  # fmt: skip
@pytest.mark.parametrize("market", [Market.KOSPI, Market.KOSDAQ])
def test_given_a_known_base_when_computed_then_the_limits_are_the_exchanges(
    base: int, upper: int, lower: int, market: Market
) -> None:
    assert price_limits(base, market, NOW) == (lower, upper)


def test_given_konex_when_computed_then_the_limits_are_15_percent() -> None:
    assert price_limits(10_000, Market.KONEX, NOW) == (8_500, 11_500)


def test_given_a_fund_when_computed_then_its_own_grid_is_used() -> None:
    assert price_limits(30_700, Market.ETF, NOW) == (21_490, 39_910)


def test_given_a_base_off_the_grid_when_computed_then_the_limits_are_on_it_and_inside() -> None:
    assert price_limits(239_123, Market.KOSPI, NOW) == (167_700, 310_500)


def test_given_no_base_when_computed_then_it_is_refused() -> None:
    with pytest.raises(InvariantError, match="was 0"):
        price_limits(0, Market.KOSPI, NOW)


def test_given_a_day_before_the_rule_when_computed_then_the_first_day_is_named() -> None:
    with pytest.raises(ConfigError, match="2015-06-15"):
        price_limits(10_000, Market.KOSPI, date(2015, 6, 12))


@given(BASES, st.sampled_from(Market), DAYS)
def test_for_any_base_the_limits_are_on_the_grid_and_within_the_rate(base: int, market: Market, on: date) -> None:
    assume(is_on_tick(base, market, on))
    lower, upper = price_limits(base, market, on)
    percent = 15 if market is Market.KONEX else 30
    assert is_on_tick(lower, market, on)
    assert is_on_tick(upper, market, on)
    assert lower <= base <= upper
    assert Fraction(base - lower, base) <= Fraction(percent, 100)
    assert upper == round_down(base * (100 + percent) // 100, market, on)


@given(BASES, st.sampled_from(Market), DAYS)
def test_for_any_base_even_off_the_grid_both_limits_may_be_ordered(base: int, market: Market, on: date) -> None:
    lower, upper = price_limits(base, market, on)
    assert is_on_tick(lower, market, on)
    assert is_on_tick(upper, market, on)
    assert lower <= upper


def test_given_leverage_when_computed_then_the_width_is_cut_first_and_then_multiplied() -> None:
    # 30 % of 10,015 is 3,004.5: cut at the 5-won tick to 3,000, doubled 6,000; 60 % cut at once would be 6,005
    assert price_limits(19_985, Market.ETF, NOW, leverage=2) == (7_995, 31_975)
    assert price_limits(10_015, Market.ETF, NOW, leverage=2) == (4_015, 16_015)
    assert price_limits(10_000, Market.ETN, NOW, leverage=3) == (1_000, 19_000)


@pytest.mark.parametrize(("market", "leverage"), [(Market.ETF, 0), (Market.ETF, 4), (Market.KOSPI, 2)])
def test_given_an_impossible_leverage_when_computed_then_it_is_refused(market: Market, leverage: int) -> None:
    with pytest.raises(ConfigError, match=f"leverage expected .*{leverage}"):
        price_limits(10_000, market, NOW, leverage=leverage)


def test_given_a_listing_day_when_computed_then_the_offer_price_is_the_base_since_2023_06_26() -> None:
    listing = LimitRegime.LISTING
    assert price_limits(10_000, Market.KOSDAQ, NOW, regime=listing) == (6_000, 40_000)
    assert price_limits(2_000, Market.KOSDAQ, NOW, regime=listing) == (1_200, 8_000)  # 0115H0 reached 8,000
    assert price_limits(10_000, Market.KOSPI, date(2023, 6, 26), regime=listing) == (6_000, 40_000)
    assert listing_auction_limits(10_000, Market.KOSPI, NOW) == (6_000, 40_000)


def test_given_a_listing_before_when_computed_then_the_auction_has_its_range_and_the_day_the_ordinary_width() -> None:
    on = date(2023, 6, 23)
    assert listing_auction_limits(10_000, Market.KOSPI, on) == (9_000, 20_000)
    assert price_limits(20_000, Market.KOSPI, on, regime=LimitRegime.LISTING) == (14_000, 26_000)  # 260 % of the offer
    assert price_limits(9_000, Market.KOSPI, on, regime=LimitRegime.LISTING) == (6_300, 11_700)  # 63 %


def test_given_a_fund_when_listed_then_its_limits_are_the_ordinary_ones() -> None:
    usual = price_limits(10_000, Market.ETF, NOW)
    assert price_limits(10_000, Market.ETF, NOW, regime=LimitRegime.LISTING) == usual
    assert listing_auction_limits(10_000, Market.ETF, NOW) == usual


@pytest.mark.parametrize(("market", "on"), [(Market.KONEX, NOW), (Market.KOSPI, date(2015, 6, 12))])
def test_given_a_listing_of_no_known_rule_when_computed_then_it_is_refused(market: Market, on: date) -> None:
    with pytest.raises(ConfigError, match="listing day"):
        price_limits(10_000, market, on, regime=LimitRegime.LISTING)
    with pytest.raises(ConfigError, match="listing day"):
        listing_auction_limits(10_000, market, on)


def test_given_no_offer_price_when_computed_then_it_is_refused() -> None:
    with pytest.raises(InvariantError, match="offer price"):
        listing_auction_limits(0, Market.KOSPI, NOW)


def test_given_a_resumption_when_computed_then_the_auction_takes_half_to_double() -> None:
    assert resumption_auction_limits(2_040, Market.KOSDAQ, NOW) == (1_020, 4_080)  # Biosmart 2010-10-15
    with pytest.raises(InvariantError, match="evaluation price"):
        resumption_auction_limits(0, Market.KOSDAQ, NOW)


def test_given_the_off_hours_single_price_when_computed_then_it_stays_within_the_day() -> None:
    day = price_limits(10_000, Market.KOSPI, NOW)
    assert off_hours_single_limits(10_000, day, Market.KOSPI, NOW) == (9_000, 11_000)
    assert off_hours_single_limits(12_500, day, Market.KOSPI, NOW) == (11_250, 13_000)
    assert off_hours_single_limits(7_200, day, Market.KOSPI, NOW) == (7_000, 7_920)
    with pytest.raises(InvariantError, match="close expected"):
        off_hours_single_limits(0, day, Market.KOSPI, NOW)


def test_given_liquidation_when_computed_then_there_is_no_limit() -> None:
    assert price_limits(2_110, Market.KOSPI, NOW, regime=LimitRegime.LIQUIDATION) == (1, UNLIMITED)
    assert price_limits(250, Market.KONEX, NOW, regime=LimitRegime.LIQUIDATION) == (1, UNLIMITED)


def an_instrument(base: int | None, lower: int | None = None, upper: int | None = None) -> Instrument:
    won = [None if value is None else Krw(value) for value in (base, lower, upper)]
    return Instrument(Symbol("000020"), "동화약품", Market.KOSPI, won[0], won[1], won[2], tradable=True)


def test_given_an_instrument_when_asked_then_the_brokers_limits_win() -> None:
    assert limits_of_day(an_instrument(10_000, 6_000, 40_000), NOW) == (6_000, 40_000)
    assert limits_of_day(an_instrument(10_000), NOW) == (7_000, 13_000)
    assert limits_of_day(an_instrument(10_000, 6_000), NOW) == (7_000, 13_000)
    assert limits_of_day(an_instrument(10_000), NOW, regime=LimitRegime.LISTING) == (6_000, 40_000)
    assert limits_of_day(an_instrument(None), NOW) is None


@pytest.mark.parametrize(("close", "base"), [(2_022, 2_025), (2_027, 2_030), (17_035, 17_040), (1_999, 1_999)])
def test_given_a_close_off_the_grid_when_the_next_day_begins_then_the_base_is_taken_up(close: int, base: int) -> None:
    assert base_of_close(close, Market.KOSDAQ, NOW) == base


@given(BASES, st.sampled_from((Market.ETF, Market.ETN)), st.integers(1, 3))
def test_for_any_fund_leverage_multiplies_the_ordinary_width(base: int, market: Market, leverage: int) -> None:
    assume(is_on_tick(base, market, NOW))
    lower, upper = price_limits(base, market, NOW)
    low, high = price_limits(base, market, NOW, leverage=leverage)
    assert base - low == leverage * (base - lower)
    assert is_on_tick(high, market, NOW)
    assert leverage * (upper - base) <= high - base + 4 * leverage  # each upper limit is cut at its own tick


@given(BASES, st.sampled_from((Market.KOSPI, Market.KOSDAQ)))
def test_for_any_offer_a_listing_day_is_wider_than_an_ordinary_one(base: int, market: Market) -> None:
    lower, upper = price_limits(base, market, NOW)
    low, high = price_limits(base, market, NOW, regime=LimitRegime.LISTING)
    assert low <= lower <= upper <= high <= 4 * base
    assert is_on_tick(low, market, NOW)
    assert is_on_tick(high, market, NOW)
