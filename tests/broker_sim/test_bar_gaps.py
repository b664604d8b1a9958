"""Gaps of minute bars that tell of a volatility interruption."""

from hypothesis import given
from hypothesis import strategies as st

from broker_sim.bar_file import Bar
from broker_sim.bar_gaps import BarGaps
from broker_sim.bar_ticks import BarTicks
from domain.krx.sessions import regular_session
from domain.quotes import Quote, QuoteKind
from domain.types import NANOS_PER_SECOND
from tests.broker_sim.builders import DAY, an_instrument, at

SESSION = regular_session(DAY)
assert SESSION is not None
MINUTE = 60 * NANOS_PER_SECOND


def a_bar(minute: int, price: int, high: int | None = None, volume: int = 100) -> Bar:
    return Bar(at(9, 0) + minute * MINUTE, price, high or price, price, price, volume)


def crosses(bars: list[Bar], base: int | None = 10_000, bar_ns: int = MINUTE) -> list[bool]:
    assert SESSION is not None
    gaps = BarGaps(an_instrument(base=base), SESSION, bar_ns)
    return [gaps.begins_with_a_cross(bar) for bar in bars]


def test_given_a_gap_just_short_of_ten_percent_when_seen_then_the_next_bar_begins_with_a_cross() -> None:
    assert crosses([a_bar(0, 10_000), a_bar(1, 10_900, 10_990), a_bar(3, 11_050)]) == [False, False, True]


def test_given_a_fall_just_short_of_ten_percent_when_seen_then_the_next_bar_begins_with_a_cross() -> None:
    assert crosses([a_bar(0, 10_000), a_bar(1, 9_010), a_bar(3, 8_950)]) == [False, False, True]


def test_given_a_thin_issue_far_from_the_threshold_when_it_pauses_then_nothing_is_read_into_it() -> None:
    assert crosses([a_bar(0, 10_000), a_bar(1, 10_500), a_bar(9, 10_510)]) == [False, False, False]


def test_given_a_price_near_the_threshold_when_bars_follow_at_once_then_nothing_is_read_into_it() -> None:
    assert crosses([a_bar(0, 10_000), a_bar(1, 10_990), a_bar(2, 10_990)]) == [False, False, False]


def test_given_an_interruption_when_over_then_its_price_is_the_next_reference() -> None:
    bars = [a_bar(0, 10_000), a_bar(1, 10_990), a_bar(3, 11_100), a_bar(4, 11_000), a_bar(7, 11_050), a_bar(8, 12_200)]
    assert crosses([*bars, a_bar(11, 12_300)]) == [False, False, True, False, False, False, True]


def test_given_no_bar_at_the_open_when_it_pauses_then_no_reference_is_known() -> None:
    assert crosses([a_bar(5, 10_990), a_bar(8, 11_100)]) == [False, False]


def test_given_bars_of_five_minutes_when_one_is_missing_then_nothing_is_read_into_it() -> None:
    assert crosses([a_bar(0, 10_000), a_bar(5, 10_990), a_bar(15, 11_100)], bar_ns=5 * MINUTE) == [False] * 3


def test_given_a_first_bar_in_the_third_minute_when_far_from_the_base_then_it_is_the_delayed_opening_cross() -> None:
    assert crosses([a_bar(2, 11_000)]) == [True]
    assert crosses([a_bar(2, 10_990)]) == [False]
    assert crosses([a_bar(2, 11_000)], base=None) == [True]
    assert crosses([a_bar(3, 11_000)]) == crosses([a_bar(1, 11_000)]) == [False]


def test_given_a_bar_without_volume_behind_the_gap_when_seen_then_it_is_no_cross() -> None:
    assert crosses([a_bar(0, 10_000), a_bar(1, 10_990), a_bar(3, 11_050, volume=0)]) == [False] * 3


@given(st.integers(0, 2**32), st.integers(1, 10_000), st.integers(1, 10_000), st.integers(2, 20))
def test_for_any_seed_the_cross_is_one_print_after_two_minutes_of_silence(
    seed: int, before: int, behind: int, gap: int
) -> None:
    assert SESSION is not None
    ticks = BarTicks(an_instrument(), SESSION, 60, seed)
    bars = [a_bar(0, 10_000), a_bar(1, 10_900, 10_990, before), a_bar(1 + gap, 11_050, 11_080, behind)]
    rows = [ticks.rows(bar) for bar in bars]

    first, *rest = rows[2]
    assert first.kind == QuoteKind.AUCTION_TRADE
    assert all(row.kind == QuoteKind.TRADE for row in rest)
    if behind >= 2:
        assert first.price == 11_050
    assert first.venue_time - rows[1][-1].venue_time >= 119 * NANOS_PER_SECOND
    times = [row.venue_time for row in rows[2]]
    assert times == sorted(set(times))
    assert times[-1] < bars[2].start + MINUTE
    assert sum(row.last_qty for row in rows[2]) == behind


def kinds(rows: list[Quote]) -> list[int]:
    return [row.kind for row in rows]


def test_given_the_gap_of_a_quiet_issue_when_made_then_its_first_print_is_an_ordinary_trade() -> None:
    assert SESSION is not None
    ticks = BarTicks(an_instrument(), SESSION, 60, 1)
    rows = [ticks.rows(bar) for bar in (a_bar(0, 10_000), a_bar(1, 10_100), a_bar(9, 10_110))]

    assert set(kinds(rows[2])) == {int(QuoteKind.TRADE)}
