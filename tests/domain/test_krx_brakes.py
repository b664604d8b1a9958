"""Volatility interruptions."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import ConfigError, InvariantError
from domain.krx.brakes import (
    VOLATILITY_RATES,
    InterruptionKind,
    VolatilityGroup,
    VolatilityState,
    on_trade,
    released_without_trade,
    volatility_of_day,
    volatility_rate,
)
from domain.krx.order_phases import OrderPhase
from domain.time import from_kst

NOW = date(2026, 11, 20)
AT = from_kst(NOW, 10, 0)
SECOND = 1_000_000_000
P = OrderPhase
LARGE, SMALL = VolatilityGroup.KOSPI200, VolatilityGroup.OTHER


def a_stock(base: int = 10_000, group: VolatilityGroup = SMALL, last: int | None = None) -> VolatilityState:
    state = volatility_of_day(base, NOW, group)
    if last is None:
        return state
    state, tripped = on_trade(state, last, AT, P.CONTINUOUS)
    assert tripped is None
    return state


@pytest.mark.parametrize(
    ("group", "phase", "last", "price", "trips"),
    [
        (LARGE, P.CONTINUOUS, 10_000, 10_299, False),
        (LARGE, P.CONTINUOUS, 10_000, 10_300, True),
        (LARGE, P.CONTINUOUS, 10_000, 9_700, True),
        (SMALL, P.CONTINUOUS, 10_000, 10_599, False),
        (SMALL, P.CONTINUOUS, 10_000, 9_400, True),
        (LARGE, P.CLOSING_AUCTION, 10_000, 10_199, False),
        (LARGE, P.CLOSING_AUCTION, 10_000, 9_800, True),
        (SMALL, P.CLOSING_AUCTION, 10_000, 10_399, False),
        (SMALL, P.CLOSING_AUCTION, 10_000, 10_400, True),
        (SMALL, P.POST_CLOSE_TRADING, 10_000, 12_000, False),
        (SMALL, P.PRE_OPEN_OFF_HOURS, 10_000, 12_000, False),
    ],
)
def test_given_a_last_trade_when_the_next_jumps_then_the_groups_percentage_counts(
    group: VolatilityGroup, phase: OrderPhase, last: int, price: int, trips: bool
) -> None:
    after, tripped = on_trade(a_stock(group=group, last=last), price, AT, phase)
    assert (tripped is not None) is trips
    if tripped is not None:
        assert (tripped.kind, tripped.price, tripped.reference) == (InterruptionKind.DYNAMIC, price, last)
        assert after.last == last  # the tripping price does not trade
        assert after.interrupted == tripped


@pytest.mark.parametrize(
    ("reference", "last", "price", "trips"),
    [  # published triggers: 114190, 424870, 071950 and 456160
        (12_510, 13_700, 13_770, True), (12_510, 13_700, 13_760, False), (4_905, 5_380, 5_400, True),
        (11_590, 12_700, 12_750, True), (11_590, 12_700, 12_740, False), (118_400, 129_900, 130_300, True),
    ],
)  # fmt: skip
def test_given_a_slow_rise_when_ten_percent_are_reached_then_the_static_measure_trips(
    reference: int, last: int, price: int, trips: bool
) -> None:
    state = VolatilityState(NOW, SMALL, reference=a_stock(reference).reference, last=a_stock(last).reference)
    _, tripped = on_trade(state, price, AT, P.CONTINUOUS)
    assert (tripped is not None) is trips
    if tripped is not None:
        assert (tripped.kind, tripped.reference) == (InterruptionKind.STATIC, reference)


def test_given_an_interruption_when_its_auction_crosses_then_the_next_ten_percent_count_from_there() -> None:
    state = a_stock(10_000, last=10_900)
    state, tripped = on_trade(state, 11_000, AT, P.CONTINUOUS)
    assert tripped is not None
    assert tripped.kind is InterruptionKind.STATIC
    assert (tripped.nominal_end - AT, tripped.latest_end - AT) == (120 * SECOND, 150 * SECOND)
    with pytest.raises(InvariantError, match="CONTINUOUS"):
        on_trade(state, 11_000, AT + SECOND, P.CONTINUOUS)
    state, none = on_trade(state, 11_200, tripped.nominal_end, P.INTERRUPTION_AUCTION)
    assert none is None
    assert (state.reference, state.last, state.interrupted, state.count) == (11_200, 11_200, None, 1)
    state, none = on_trade(state, 11_800, AT + 200 * SECOND, P.CONTINUOUS)
    assert none is None
    state, again = on_trade(state, 12_320, AT + 201 * SECOND, P.CONTINUOUS)
    assert again is not None
    assert again.kind is InterruptionKind.STATIC
    assert state.count == 2


def test_given_both_measures_when_they_trip_at_once_then_both_are_named() -> None:
    _, tripped = on_trade(a_stock(10_000, last=10_200), 11_100, AT, P.CONTINUOUS)
    assert tripped is not None
    assert (tripped.kind, tripped.reference) == (InterruptionKind.BOTH, 10_000)


def test_given_an_opening_auction_when_it_crosses_then_its_price_is_the_reference() -> None:
    state, tripped = on_trade(a_stock(10_000), 10_900, AT, P.OPENING_AUCTION)
    assert tripped is None
    assert (state.reference, state.last) == (10_900, 10_900)
    _, far = on_trade(a_stock(10_000), 11_000, AT, P.OPENING_AUCTION)
    assert far is not None
    assert far.kind is InterruptionKind.STATIC
    assert far.phase is P.OPENING_AUCTION


def test_given_liquidation_when_it_trades_anywhere_then_nothing_trips() -> None:
    state, tripped = on_trade(a_stock(2_110), 52, AT, P.CONTINUOUS, liquidation=True)
    assert tripped is None
    assert state.last == 52


def test_given_an_auction_without_a_cross_when_it_ends_then_the_reference_stays() -> None:
    state, tripped = on_trade(a_stock(10_000, last=10_900), 11_000, AT, P.CONTINUOUS)
    assert tripped is not None
    after = released_without_trade(state)
    assert (after.reference, after.last, after.interrupted) == (10_000, 10_900, None)


def test_given_nxt_and_the_after_market_when_asked_by_day_then_the_brake_came_on_2026_09_14() -> None:
    before, since = date(2026, 9, 11), date(2026, 9, 14)
    for phase in (P.NXT_PRE, P.NXT_MAIN, P.NXT_AFTER, P.AFTER_MARKET):
        assert volatility_rate(phase, SMALL, before) is None
        rate = volatility_rate(phase, SMALL, since)
        assert rate is not None
        assert not rate.confirmed
    assert volatility_rate(P.OFF_HOURS_SINGLE, SMALL, before) is not None
    assert volatility_rate(P.OFF_HOURS_SINGLE, SMALL, since) is None


def test_given_the_table_then_no_two_rows_hold_at_once() -> None:
    keys = [(rate.phase, rate.group) for rate in VOLATILITY_RATES]
    assert len(keys) == len(set(keys))
    assert all(rate.source for rate in VOLATILITY_RATES)


def test_given_no_price_or_an_early_day_when_asked_then_it_is_refused() -> None:
    with pytest.raises(InvariantError, match="price expected"):
        on_trade(a_stock(), 0, AT, P.CONTINUOUS)
    with pytest.raises(InvariantError, match="base price"):
        volatility_of_day(0, NOW)
    with pytest.raises(ConfigError, match="2015-06-15"):
        volatility_of_day(10_000, date(2015, 6, 12))


@given(
    st.integers(1_000, 200_000),
    st.sampled_from(VolatilityGroup),
    st.lists(st.integers(-80, 80), max_size=40),
)
def test_for_any_path_what_trades_is_within_both_measures_and_what_trips_is_not(
    base: int, group: VolatilityGroup, moves: list[int]
) -> None:
    state, price = volatility_of_day(base, NOW, group), base
    percent = 3 if group is LARGE else 6
    for number, move in enumerate(moves):
        price = max(1, price + price * move // 1_000)
        last, reference = state.last, state.reference
        near = abs(price - reference) * 100 < 10 * reference
        near_last = last is None or abs(price - last) * 100 < percent * last
        after, tripped = on_trade(state, price, AT + number * SECOND, P.CONTINUOUS)
        assert (tripped is None) == (near and near_last)
        if tripped is None:
            assert (after.last, after.reference) == (price, reference)
            state = after
        else:
            assert (after.last, after.reference, after.count) == (last, reference, state.count + 1)
            state, none = on_trade(after, price, tripped.nominal_end, P.INTERRUPTION_AUCTION)
            assert none is None
            assert state.reference == state.last == price
