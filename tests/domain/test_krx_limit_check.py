"""Whether bars keep their limits, and why where they do not."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.krx.limit_check import BarHistory, DayBar, Finding, LimitReason, check_history, leverage_in
from domain.krx.limits import price_limits
from domain.types import Market

FIRST, LAST = date(2026, 1, 2), date(2026, 3, 31)
R = LimitReason


def a_bar(number: int, *prices: int, base: int | None, shares: int | None = 1_000) -> DayBar:
    """One day; `prices` are open, high, low, close, or the close alone."""
    opened, high, low, close = prices if len(prices) == 4 else prices * 4
    return DayBar(FIRST + timedelta(days=number), opened, high, low, close, 10, base, shares)


def a_halt(number: int, close: int, shares: int | None = 1_000) -> DayBar:
    return DayBar(FIRST + timedelta(days=number), 0, 0, 0, close, 0, close, shares)


def calm(start: int, end: int, price: int = 10_000) -> list[DayBar]:
    return [a_bar(number, price, base=price) for number in range(start, end)]


def a_history(bars: Sequence[DayBar], **fields: object) -> BarHistory:
    plain = BarHistory("000020", "동화약품", Market.KOSDAQ, tuple(bars), (FIRST, LAST))
    return replace(plain, **fields)  # type: ignore[arg-type]


def check(bars: Sequence[DayBar], **fields: object) -> list[Finding]:
    return list(check_history(a_history(bars, **fields)))


def reasons(bars: Sequence[DayBar], **fields: object) -> list[LimitReason]:
    return [found.reason for found in check(bars, **fields)]


def to_the_end(bars: list[DayBar]) -> list[DayBar]:
    """Give bars moved so that the last one is the file's last day."""
    shift = LAST - bars[-1].day
    return [replace(bar, day=bar.day + shift) for bar in bars]


def test_given_prices_at_both_limits_when_checked_then_nothing_is_found() -> None:
    assert check([*calm(0, 3), a_bar(3, 10_000, 13_000, 7_000, 13_000, base=10_000), *calm(4, 60)]) == []


@pytest.mark.parametrize(("high", "low"), [(13_010, 9_000), (11_000, 6_990)])
def test_given_a_price_beyond_when_nothing_explains_it_then_it_is_unexplained(high: int, low: int) -> None:
    [found] = check([*calm(0, 20), a_bar(20, 10_000, high, low, 10_000, base=10_000), *calm(21, 60)])
    assert (found.reason, found.lower, found.upper) == (R.UNEXPLAINED, 7_000, 13_000)
    assert (found.bar.high, found.bar.low) == (high, low)


def test_given_konex_when_checked_then_its_width_is_15_percent() -> None:
    wide = [*calm(0, 20), a_bar(20, 10_000, 12_000, 10_000, 12_000, base=10_000), *calm(21, 89)]
    assert reasons(wide) == []
    assert reasons(wide, market=Market.KONEX) == [R.UNEXPLAINED]


def test_given_a_halted_day_when_checked_then_it_is_no_trade() -> None:
    assert check([*calm(0, 5), replace(a_halt(5, 10_000), base=1), *calm(6, 60)]) == []


def test_given_a_first_row_in_mid_file_when_within_the_listing_range_then_it_is_a_listing_day() -> None:
    def opened_at(high: int) -> list[DayBar]:
        return [a_bar(9, 21_050, high, 20_250, 34_850, base=10_000), *calm(10, 60, 34_850)]

    [found] = check(opened_at(39_500))
    assert found.reason is R.LISTING_DAY
    assert "6,000 to 40,000" in found.text
    assert reasons(opened_at(40_050)) == [R.UNEXPLAINED]


def test_given_a_listing_date_from_outside_when_checked_then_it_decides() -> None:
    bars = [a_bar(9, 20_000, 39_500, 20_000, 34_850, base=10_000), *calm(10, 60, 34_850)]
    assert reasons(bars, listed_on=bars[0].day) == [R.LISTING_DAY]
    assert reasons(bars, listed_on=date(2001, 1, 2)) == [R.UNEXPLAINED]
    relisted = [a_bar(9, 18_000, 20_000, 16_000, 19_000, base=10_000), *calm(10, 60, 19_000)]
    [found] = check(relisted, listed_on=date(2001, 1, 2))
    assert (found.reason, "no row before" in found.text) == (R.BASE_SET_ANEW, True)


def test_given_a_listing_before_2023_06_26_when_checked_then_the_opening_auction_had_its_range() -> None:
    first, last = date(2023, 1, 2), date(2023, 3, 31)

    def listed(opened: int, high: int) -> list[LimitReason]:
        bar = replace(a_bar(0, opened, high, opened, high, base=10_000), day=date(2023, 2, 1))
        return reasons([bar], file_days=(first, last), listed_on=bar.day)

    assert listed(20_000, 26_000) == [R.LISTING_DAY]
    assert listed(20_000, 26_050) == [R.UNEXPLAINED]
    assert listed(20_050, 26_000) == [R.UNEXPLAINED]


def test_given_the_files_first_day_when_it_may_be_a_listing_then_the_text_says_so() -> None:
    [found] = check([a_bar(0, 20_000, base=10_000), *calm(1, 60, 20_000)])
    assert found.reason is R.LISTING_DAY
    assert "as far as the file tells" in found.text
    stray = [a_bar(0, 10_000, 20_000, 10_000, 10_000, base=10_000), *calm(1, 60)]
    assert reasons(stray) == [R.UNEXPLAINED]
    konex = [a_bar(0, 20_000, base=10_000), *calm(1, 60, 20_000)]
    assert reasons(konex, market=Market.KONEX) == [R.UNEXPLAINED]
    later = [a_bar(9, 20_000, base=10_000), *calm(10, 60, 20_000)]
    assert reasons(later, market=Market.KONEX) == [R.LISTING_DAY]


def test_given_no_base_when_checked_then_only_a_first_row_is_explained() -> None:
    assert reasons([a_bar(9, 20_000, base=None), *calm(10, 60, 20_000)]) == [R.LISTING_DAY]
    assert reasons([*calm(0, 9), a_bar(9, 10_000, base=None), *calm(10, 60)]) == [R.UNEXPLAINED]
    assert reasons([*calm(0, 9), a_bar(9, 10_000, base=0), *calm(10, 60)]) == [R.UNEXPLAINED]


LIQUIDATION = [  # 001140 in January 2026: open, high, low, close, base
    (52, 86, 52, 86, 2_110), (74, 76, 60, 60, 86), (62, 62, 60, 62, 60), (67, 104, 67, 68, 62),
    (56, 62, 47, 62, 68), (50, 132, 50, 85, 62), (61, 61, 14, 14, 85),
]  # fmt: skip


def liquidation(start: int) -> list[DayBar]:
    return [a_bar(start + number, *row[:4], base=row[4]) for number, row in enumerate(LIQUIDATION)]


def test_given_a_code_that_leaves_after_seven_sessions_when_checked_then_they_were_liquidation() -> None:
    bars = [*calm(0, 5, 2_110), a_halt(5, 2_110), *liquidation(6)]
    found = check(bars)
    assert {one.reason for one in found} == {R.LIQUIDATION}
    assert "traded day 1 of at most 7" in found[0].text
    assert "traded day 7 of at most 7" in found[-1].text
    assert set(reasons([*calm(0, 6, 2_110), *liquidation(6)])) == {R.UNEXPLAINED}  # no halt before
    gap = [*calm(0, 5, 2_110), *liquidation(18)]  # halted days may have no rows
    assert set(reasons(gap)) == {R.LIQUIDATION}


def test_given_an_eighth_session_before_the_end_when_out_of_limits_then_it_is_not_liquidation() -> None:
    early = a_bar(5, 1_000, base=2_110)
    assert reasons([*calm(0, 5, 2_110), early, *liquidation(6)])[0] is R.UNEXPLAINED


def test_given_a_code_still_there_at_the_end_when_it_came_out_of_a_halt_then_it_is_liquidation() -> None:
    halt = [a_halt(number, 2_110) for number in (5, 6, 7)]
    bars = to_the_end([*calm(0, 5, 2_110), *halt, *liquidation(8)[:4]])
    found = check(bars)
    assert [one.reason for one in found] == [R.LIQUIDATION] * 3
    assert "traded day 1 of at most 7" in found[0].text
    short = to_the_end([*calm(0, 5, 2_110), *halt[:2], *liquidation(7)[:4]])
    assert set(reasons(short)) == {R.UNEXPLAINED}
    assert set(reasons(short, is_delisted=True)) == {R.LIQUIDATION}
    no_halt = to_the_end([*calm(0, 5, 2_110), *liquidation(6)[:4]])
    assert set(reasons(no_halt)) == set(reasons(no_halt, is_delisted=True)) == {R.UNEXPLAINED}


def test_given_a_rarely_traded_code_when_one_late_price_is_out_then_a_day_without_trades_is_no_halt() -> None:
    bars = to_the_end([*calm(0, 5), a_halt(5, 10_000), a_bar(6, 10_000, base=10_000), a_bar(7, 20_000, base=10_000)])
    assert reasons(bars) == [R.UNEXPLAINED]
    [found] = check(bars, is_delisted=True)
    assert found.reason is R.LIQUIDATION
    assert "delisted since" in found.text


def test_given_a_file_with_holes_when_checked_then_absent_rows_prove_nothing() -> None:
    bars = [a_bar(9, 20_000, base=10_000), *calm(10, 15, 20_000)]
    assert reasons(bars) == [R.LISTING_DAY]
    assert reasons(bars, is_continuous=False) == [R.UNEXPLAINED]
    gone = [*calm(0, 5, 2_110), a_halt(5, 2_110), *liquidation(6)]
    assert set(reasons(gone, is_continuous=False)) == {R.UNEXPLAINED}


def test_given_a_base_set_anew_when_the_auction_took_half_to_double_then_it_is_explained() -> None:
    def resumed(opened: int, high: int) -> list[DayBar]:
        first = a_bar(10, opened, high, opened, high, base=2_500)
        return [*calm(0, 9, 500), a_halt(9, 500), first, *calm(11, 60, high)]

    [found] = check(resumed(4_000, 5_000))
    assert found.reason is R.BASE_SET_ANEW
    assert "2,500" in found.text
    assert "500" in found.text
    assert reasons(resumed(5_010, 5_100)) == [R.UNEXPLAINED]
    assert reasons(resumed(4_000, 5_300)) == [R.UNEXPLAINED]
    assert reasons(resumed(2_500, 3_000)) == []  # within the new base's limits


def test_given_a_change_of_shares_without_a_new_base_when_checked_then_the_ratio_explains_it() -> None:
    def split(price: int) -> list[DayBar]:
        return [*calm(0, 9), a_bar(9, price, base=10_000, shares=5_000)] + [
            replace(bar, shares=5_000) for bar in calm(10, 60, price)
        ]

    [found] = check(split(2_100))
    assert found.reason is R.BASE_NOT_ADJUSTED
    assert "the base would be 2,000" in found.text
    assert reasons(split(900)) == [R.UNEXPLAINED]
    bought_back = [*calm(0, 9), a_bar(9, 13_500, base=10_000, shares=900), *calm(10, 60, 13_500)]
    assert reasons(bought_back) == [R.UNEXPLAINED]


def test_given_a_leveraged_fund_when_checked_then_its_name_widens_the_limits() -> None:
    bars = [*calm(0, 9), a_bar(9, 10_000, 15_000, 10_000, 15_000, base=10_000), *calm(10, 89)]
    assert reasons(bars, market=Market.ETF, leverage=2) == [R.LEVERAGE]
    assert reasons(bars, market=Market.ETF) == [R.UNEXPLAINED]
    far = [*calm(0, 9), a_bar(9, 10_000, 16_005, 10_000, 15_000, base=10_000), *calm(10, 89)]
    assert reasons(far, market=Market.ETF, leverage=2) == [R.UNEXPLAINED]


@pytest.mark.parametrize(
    ("name", "market", "leverage"),
    [
        ("KODEX 레버리지", Market.ETF, 2), ("KODEX 200선물인버스2X", Market.ETF, 2),
        ("메리츠 3X 레버리지 국채3년 ETN", Market.ETN, 3), ("삼성 인버스 2X 항셍테크 TR ETN(H) B", Market.ETN, 2),
        ("KODEX 200", Market.ETF, 1), ("TIGER 2XX", Market.ETF, 1), ("레버리지홀딩스", Market.KOSPI, 1),
        ("이상한 9X", Market.ETF, 1),
    ],
)  # fmt: skip
def test_given_a_name_when_read_then_its_leverage_is_known(name: str, market: Market, leverage: int) -> None:
    assert leverage_in(name, market) == leverage


def test_given_a_listed_defect_when_nothing_else_explains_then_it_is_named() -> None:
    bars = [*calm(0, 20), a_bar(20, 20_000, base=10_000), *calm(21, 60)]
    [found] = check(bars, defects={bars[20].day: "close_change_beyond_30pct"})
    assert (found.reason, found.text) == (R.LISTED_DEFECT, "listed defect: close_change_beyond_30pct")
    assert reasons(bars, defects={bars[19].day: "close_change_beyond_30pct"}) == [R.UNEXPLAINED]


@given(
    st.integers(1_000, 300_000),
    st.sampled_from([Market.KOSPI, Market.KOSDAQ, Market.KONEX]),
    st.integers(0, 100),
    st.sampled_from([-1, 0, 1]),
)
def test_for_any_base_exactly_what_leaves_the_limits_is_found(base: int, market: Market, at: int, beyond: int) -> None:
    base -= base % 1_000
    lower, upper = price_limits(base, market, FIRST)
    price = {-1: lower - 1, 0: lower + (upper - lower) * at // 100, 1: upper + 1}[beyond]
    bars = [*calm(0, 20, base), a_bar(20, price, base=base), *calm(21, 60, base)]
    assert reasons(bars, market=market) == ([R.UNEXPLAINED] if beyond else [])
