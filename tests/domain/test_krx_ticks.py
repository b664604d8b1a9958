"""Tick tables by market and date, and moving on them."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvariantError
from domain.krx.ticks import TICK_TABLES, is_half_tick, is_on_tick, round_down, round_up, step, tick_size
from domain.types import Market

NOW = date(2026, 1, 13)
OLD = date(2023, 1, 24)
K, Q, N, E = Market.KOSPI, Market.KOSDAQ, Market.KONEX, Market.ETF

PRICES = st.one_of(st.integers(1, 60_000), st.integers(1, 3_000_000))
MARKETS = st.sampled_from(Market)
DAYS = st.dates(date(2018, 1, 1), date(2027, 12, 31))


@pytest.mark.parametrize("market", [K, Q, N])
@pytest.mark.parametrize(
    ("price", "tick"),
    [
        (1, 1), (1_999, 1), (2_000, 5), (4_999, 5), (5_000, 10), (19_999, 10), (20_000, 50), (49_999, 50),
        (50_000, 100), (199_999, 100), (200_000, 500), (499_999, 500), (500_000, 1_000), (2_500_000, 1_000),
    ],
)  # fmt: skip
def test_given_todays_table_when_asked_then_bands_are_from_and_below(price: int, tick: int, market: Market) -> None:
    assert tick_size(price, market, date(2023, 1, 25)) == tick
    assert tick_size(price, market, NOW) == tick


@pytest.mark.parametrize(
    ("price", "kospi", "kosdaq"),
    [
        (999, 1, 1), (1_000, 5, 5), (4_999, 5, 5), (5_000, 10, 10), (10_000, 50, 50), (50_000, 100, 100),
        (99_999, 100, 100), (100_000, 500, 100), (499_999, 500, 100), (500_000, 1_000, 100),
    ],
)  # fmt: skip
def test_given_the_table_before_2023_01_25_when_asked_then_the_boards_differ(
    price: int, kospi: int, kosdaq: int
) -> None:
    assert (tick_size(price, K, OLD), tick_size(price, Q, OLD)) == (kospi, kosdaq)


@pytest.mark.parametrize("market", [Market.ETF, Market.ETN])
def test_given_a_fund_when_asked_then_it_has_its_own_grid(market: Market) -> None:
    assert [tick_size(price, market, NOW) for price in (1, 1_999, 2_000, 1_000_000)] == [1, 1, 5, 5]
    assert [tick_size(price, market, date(2023, 1, 31)) for price in (1_999, 2_000)] == [5, 5]


@pytest.mark.parametrize("price", [0, -1])
def test_given_no_price_when_asked_then_it_is_refused_and_never_valid(price: int) -> None:
    with pytest.raises(InvariantError, match=f"was {price}"):
        tick_size(price, K, NOW)
    assert not is_on_tick(price, K, NOW)
    assert not is_half_tick(price, K, NOW)


@pytest.mark.parametrize(
    ("price", "market", "half"),
    [
        (257_750, K, True), (257_500, K, False), (257_600, K, False),
        (2_032, Q, True), (2_037, Q, True), (2_033, Q, False),  # 2.5 and 7.5 won are cut
        (20_025, K, True), (1_500, K, False), (31_707, E, True), (31_708, E, False),
    ],
)  # fmt: skip
def test_given_an_execution_at_the_middle_when_judged_then_half_ticks_are_known(
    price: int, market: Market, half: bool
) -> None:
    assert is_half_tick(price, market, NOW) is half


@pytest.mark.parametrize(
    ("price", "ticks", "expected"),
    [
        (1_999, 1, 2_000), (1_999, 2, 2_005), (2_000, -1, 1_999), (19_990, 3, 20_100), (20_100, -3, 19_990),
        (199_900, 1, 200_000), (500_000, -1, 499_500), (71_300, 0, 71_300), (71_350, 1, 71_400), (71_350, -1, 71_300),
        (3, -10, 1), (1, -1, 1),
    ],
)  # fmt: skip
def test_given_a_price_when_stepped_then_bands_are_crossed_and_it_stays_positive(
    price: int, ticks: int, expected: int
) -> None:
    assert step(price, ticks, K, NOW) == expected


def test_given_all_tables_then_every_tick_divides_the_next_and_the_edge_between() -> None:
    for table in TICK_TABLES:
        assert len(table.ticks) == len(table.edges) + 1
        assert list(table.edges) == sorted(set(table.edges))
        for edge, low, high in zip(table.edges, table.ticks, table.ticks[1:], strict=False):
            assert high % low == 0
            assert edge % high == 0


@given(PRICES, MARKETS, DAYS)
def test_for_any_price_rounding_gives_the_neighbours_on_the_grid(price: int, market: Market, on: date) -> None:
    down, up = round_down(price, market, on), round_up(price, market, on)
    assert down <= price <= up
    assert is_on_tick(up, market, on)
    assert down == 0 or is_on_tick(down, market, on)
    assert not any(is_on_tick(between, market, on) for between in range(down + 1, min(up, down + 1_000)))
    assert (down == up) == is_on_tick(price, market, on)


@given(PRICES, MARKETS, DAYS, st.integers(1, 60))
def test_for_any_valid_price_stepping_up_then_down_comes_back(price: int, market: Market, on: date, n: int) -> None:
    start = round_up(price, market, on)
    above = step(start, n, market, on)
    assert above > start
    assert is_on_tick(above, market, on)
    assert step(above, -n, market, on) == start


@given(PRICES, MARKETS, DAYS, st.integers(-60, 60).filter(bool))
def test_for_any_price_a_step_ends_on_the_grid_above_zero(price: int, market: Market, on: date, n: int) -> None:
    assert is_on_tick(step(price, n, market, on), market, on)
