"""Two sources beside each other: what contradicts, what is stale, and what is no contradiction."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.instruments import Instrument
from domain.quotes import Quote
from domain.sources import CLOCKS_NS, Comparison, Doubts, are_clocks_alike, compare
from domain.time import from_kst
from domain.types import Market, Symbol

DAY = date(2026, 1, 13)
NINE = from_kst(DAY, 9, 0)
SECOND = 1_000_000_000
SAMSUNG = "005930"
KNOWN = {SAMSUNG: Instrument(Symbol(SAMSUNG), "", Market.KOSPI, None, None, None, True)}


def a_row(price: int = 10_000, seconds: float = 0, symbol: str = SAMSUNG) -> Quote:
    return Quote(symbol, NINE + int(seconds * SECOND), price, 1, 1, price - 10, price + 10, 1, 1, 1)


@pytest.mark.parametrize(
    ("here", "there", "words"),
    [
        (a_row(), a_row(), ""),
        (a_row(10_000), a_row(10_100), ""),
        (a_row(10_000), a_row(10_110), "10,000 here, 10,110 there at the same second"),
        (a_row(10_110), a_row(10_000, 0.9), "10,110 here, 10,000 there at the same second"),
        (a_row(10_000), a_row(12_000, 1.1), ""),
        (a_row(100), a_row(105), ""),
        (a_row(100), a_row(106), "100 here, 106 there at the same second"),
        (a_row(10_000), a_row(10_000, 30), ""),
        (a_row(10_000), a_row(10_000, 31), "stale here: 09:00:00 here, 09:00:31 there"),
        (a_row(10_000, 31), a_row(10_000), "stale there: 09:00:31 here, 09:00:00 there"),
    ],
)
def test_given_two_latest_trades_when_compared_then_a_difference_is_told_in_words(
    here: Quote, there: Quote, words: str
) -> None:
    expected = ((SAMSUNG, words),) if words else ()
    assert compare({SAMSUNG: here}, [there], KNOWN, DAY) == Comparison((SAMSUNG,), expected)


def test_given_an_accelerated_feed_when_compared_then_staleness_is_measured_by_its_speed() -> None:
    assert compare({SAMSUNG: a_row()}, [a_row(seconds=300)], KNOWN, DAY, 60_000).differences == ()


@pytest.mark.parametrize("there", [a_row(symbol="000250"), a_row(0)])
def test_given_an_instrument_one_side_lacks_when_compared_then_it_is_left_out(there: Quote) -> None:
    assert compare({SAMSUNG: a_row()}, [there], KNOWN, DAY) == Comparison((), ())


def test_given_an_instrument_without_a_market_when_compared_then_the_percentage_alone_counts() -> None:
    assert compare({SAMSUNG: a_row(100)}, [a_row(103)], {}, DAY).differences != ()


@pytest.mark.parametrize(
    ("apart", "speed", "alike"),
    [(CLOCKS_NS, None, True), (CLOCKS_NS + 1, None, False), (60 * CLOCKS_NS, 60_000, True), (CLOCKS_NS + 1, 0, False)],
)
def test_given_two_venue_clocks_when_asked_then_they_are_alike_within_what_travel_explains(
    apart: int, speed: int | None, alike: bool
) -> None:
    assert are_clocks_alike(NINE, NINE + apart, speed) is alike
    assert are_clocks_alike(NINE + apart, NINE, speed) is alike


@given(st.integers(1, 10**7), st.integers(0, 10**6), st.integers(-40, 40))
def test_for_any_two_trades_both_sides_judge_alike(price: int, apart: int, seconds: int) -> None:
    here, there = a_row(price), a_row(price + apart, seconds)
    one, other = (
        compare({SAMSUNG: mine}, [theirs], KNOWN, DAY).differences for mine, theirs in ((here, there), (there, here))
    )
    assert bool(one) is bool(other)


@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from([None, False, True])), max_size=30))
def test_for_any_looks_a_symbol_is_contradicted_exactly_when_a_source_differed_at_its_last_two(
    looks: list[tuple[str, bool | None]],
) -> None:
    doubts = Doubts()
    seen: dict[str, list[bool]] = {"a": [], "b": []}
    for source, differs in looks:
        if differs is None:
            doubts.forget(source)
            seen[source] = []
            continue
        doubts.take(source, Comparison((SAMSUNG,), ((SAMSUNG, "x"),) if differs else ()))
        seen[source].append(differs)
        expected = any(found[-2:] == [True, True] for found in seen.values())
        assert doubts.contradicted == ((SAMSUNG,) if expected else ())
        assert doubts.of(source) == ((SAMSUNG,) if differs else ())
