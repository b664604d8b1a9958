"""Indicators of the last row (spread, distances), and the rule of agreement: exact in whole won, unknown says why."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.indicators.agreement import agrees
from domain.indicators.limit_distance import limit_distance
from domain.indicators.spread import spread
from domain.indicators.vi_distance import trigger_above, upward_percents, vi_distance
from domain.instruments import Instrument
from domain.krx.brakes import VolatilityGroup, on_trade, volatility_of_day
from domain.krx.order_phases import OrderPhase
from domain.messages.trading import SignalInput
from domain.quotes import Quote, QuoteKind
from domain.types import Krw, Market, Symbol

ON = date(2026, 1, 13)
KOSPI200, OTHER = VolatilityGroup.KOSPI200, VolatilityGroup.OTHER
SAMSUNG = Instrument(Symbol("005930"), "삼성전자", Market.KOSPI, Krw(10_000), Krw(7_000), Krw(13_000), True)


def a_row(price: int = 10_000, bid: int = 9_990, ask: int = 10_000, kind: QuoteKind = QuoteKind.TRADE) -> Quote:
    return Quote("005930", 0, price, 1, 100, bid, ask, 5, 5, int(kind))


def said(item: SignalInput) -> tuple[str, Any, str]:
    return item.verdict, item.value, item.quality


def test_given_a_book_when_judged_then_a_wide_spread_is_against_and_a_narrow_one_is_no_reason_to_buy() -> None:
    assert said(spread(a_row(), 1_000)) == ("neutral", 1_000.0, "ok")
    assert said(spread(a_row(), 999)) == ("against", 1_000.0, "ok")


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (None, "no quote"),
        (a_row(bid=0), "no bid"),
        (a_row(ask=0), "no ask"),
        (a_row(bid=0, ask=0), "no book"),
        (a_row(bid=10_000), "bid 10000 is not below ask 10000"),
        (a_row(bid=10_010), "bid 10010 is not below ask 10000"),
        (a_row(kind=QuoteKind.AUCTION_TRADE), "the last row is an auction's price"),
    ],
)
def test_given_no_book_to_trade_in_when_judged_then_the_spread_is_unknown_not_zero(row: Quote | None, why: str) -> None:
    assert said(spread(row, 8_000)) == ("unknown", None, why)


@pytest.mark.parametrize(
    ("ask", "verdict", "distance"),
    [(12_620, "against", 380), (12_621, "against", 379), (10_000, "neutral", 3_000), (7_100, "against", 100)],
)
def test_given_a_daily_limit_when_judged_then_the_nearer_one_counts(ask: int, verdict: str, distance: int) -> None:
    found = limit_distance(a_row(ask=ask), SAMSUNG, 30_111)
    assert said(found) == (verdict, distance * 1_000_000 / ask, "ok")
    last = limit_distance(a_row(price=ask, ask=0), SAMSUNG, 30_111)
    assert said(last) == said(found)


def test_given_no_limits_or_no_price_when_judged_then_the_distance_is_unknown() -> None:
    assert said(limit_distance(a_row(), replace(SAMSUNG, upper_limit=None), 1)) == ("unknown", None, "no daily limits")
    assert said(limit_distance(a_row(0, 0, 0), SAMSUNG, 1)) == ("unknown", None, "no price")
    assert said(limit_distance(None, SAMSUNG, 1)) == ("unknown", None, "no quote")


@pytest.mark.parametrize(
    ("row", "reference", "group", "trigger"),
    [
        (a_row(10_800, 10_790, 10_810), 10_000, OTHER, 11_000),  # the static one is nearer
        (a_row(10_000, 9_990, 10_010), 10_000, OTHER, 10_600),  # the dynamic one is
        (a_row(10_000, 9_990, 10_010), 10_000, KOSPI200, 10_300),
        (a_row(0, 9_990, 10_010), 10_000, OTHER, 11_000),  # nothing traded yet: the static one alone
        (a_row(10_000, 9_990, 0), 12_510, OTHER, 10_600),
    ],
)
def test_given_two_triggers_when_judged_then_the_nearer_one_counts(
    row: Quote, reference: int, group: VolatilityGroup, trigger: int
) -> None:
    price = row.ask_price or row.price
    exact = (trigger - price) * 1_000_000 / price
    assert said(vi_distance(row, reference, ON, group, int(exact))) == ("neutral", exact, "ok")
    assert said(vi_distance(row, reference, ON, group, int(exact) + 1)) == ("against", exact, "ok")


@pytest.mark.parametrize(
    ("row", "reference", "on", "why"),
    [
        (None, 10_000, ON, "no quote"),
        (a_row(0, 0, 0), 10_000, ON, "no price"),
        (a_row(), None, ON, "no base price"),
        (a_row(), 0, ON, "no base price"),
        (a_row(), 10_000, date(2015, 6, 12), "rules of interruptions on 2015-06-12 are not known"),
    ],
)
def test_given_no_reference_or_no_rule_when_judged_then_the_distance_is_unknown(
    row: Quote | None, reference: int | None, on: date, why: str
) -> None:
    assert said(vi_distance(row, reference, on, OTHER, 20_000)) == ("unknown", None, why)


def test_given_a_price_beyond_the_trigger_when_judged_then_it_is_against() -> None:
    found = vi_distance(a_row(11_100, 11_090, 11_100), 10_000, ON, OTHER, 0)
    assert (found.verdict, found.value) == ("against", -100 * 1_000_000 / 11_100)


@given(st.integers(1, 10**7), st.sampled_from(VolatilityGroup))
def test_for_any_reference_the_trigger_is_the_first_price_the_rule_trips_at(
    reference: int, group: VolatilityGroup
) -> None:
    percents = upward_percents(ON, group)
    assert percents is not None
    trigger = trigger_above(reference, percents[0])
    state = volatility_of_day(reference, ON, group)
    assert on_trade(state, trigger, 0, OrderPhase.CONTINUOUS)[1] is not None
    assert trigger - 1 == reference or on_trade(state, trigger - 1, 0, OrderPhase.CONTINUOUS)[1] is None


def inputs(*verdicts: str) -> tuple[SignalInput, ...]:
    return tuple(SignalInput(f"i{number}", None, verdict) for number, verdict in enumerate(verdicts))


@pytest.mark.parametrize(
    ("verdicts", "least_for", "most_against", "why"),
    [
        (("for", "for", "unknown"), 2, 0, ""),
        (("for", "neutral", "unknown"), 2, 0, "1 of 3 inputs speak for it, at least 2 needed, unknown: i2"),
        (("for", "neutral"), 2, 0, "1 of 2 inputs speak for it, at least 2 needed"),
        (("for", "against", "against"), 1, 1, "2 speak against it (i1, i2), at most 1 allowed"),
        (
            ("against",),
            1,
            0,
            "0 of 1 inputs speak for it, at least 1 needed; 1 speak against it (i0), at most 0 allowed",
        ),
        ((), 0, 99, ""),
        ((), 1, 99, "0 of 0 inputs speak for it, at least 1 needed"),
    ],
)
def test_given_inputs_when_counted_then_the_rule_says_why_not(
    verdicts: tuple[str, ...], least_for: int, most_against: int, why: str
) -> None:
    assert agrees(inputs(*verdicts), least_for, most_against) == why


@given(
    st.lists(st.sampled_from(["for", "against", "neutral", "unknown"]), max_size=8),
    st.integers(0, 8),
    st.integers(0, 8),
)
def test_for_any_inputs_one_that_becomes_unknown_never_makes_them_agree_by_more(
    verdicts: list[str], least_for: int, most_against: int
) -> None:
    agreed = agrees(inputs(*verdicts), least_for, most_against) == ""
    assert agreed == (verdicts.count("for") >= least_for and verdicts.count("against") <= most_against)
