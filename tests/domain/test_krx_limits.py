"""Daily price limits."""

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from domain.errors import ConfigError, InvariantError
from domain.krx.limits import price_limits
from domain.krx.ticks import is_on_tick, round_down
from domain.types import Market

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
