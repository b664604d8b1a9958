"""Where stops lie, to the won, and which of them a price reaches."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.krx.brakes import INTERRUPTION_NS
from domain.quotes import Quote, QuoteKind
from domain.risk.stops import (
    Levels,
    Reached,
    ends_interruption,
    is_indicative,
    is_locked,
    levels,
    reached,
    sellable_price,
    why,
)
from domain.risk_config import StopTerms
from domain.types import NANOS_PER_SECOND, PPM, Krw
from tests.actors.money_builders import an_instrument, at

TRADE, BOOK, CROSS = QuoteKind.TRADE, QuoteKind.BOOK, QuoteKind.AUCTION_TRADE


def a_row(
    price: int = 10_000, bid: int = 9_990, ask: int = 10_010, kind: QuoteKind = TRADE, volume: int = 1, **to: Any
) -> Quote:
    return Quote("005930", to.get("at", at(1)), price, 1, volume, bid, ask, 5, 5, kind)


@pytest.mark.parametrize(
    ("terms", "quantity", "cost", "peak", "expected"),
    [
        (StopTerms(stop_loss_ppm=30_000), 10, 100_000, 0, Levels(stop=9_700)),
        (StopTerms(stop_loss_ppm=30_000), 3, 30_001, 0, Levels(stop=9_700)),  # 9,700.32 a share: 9,701 is above it
        (StopTerms(stop_loss_ppm=30_000), 3, 29_999, 0, Levels(stop=9_699)),
        (StopTerms(stop_loss_ppm=PPM - 1), 1, 10_000, 0, Levels(stop=0)),
        (StopTerms(take_profit_ppm=50_000), 10, 100_000, 0, Levels(target=10_500)),
        (StopTerms(take_profit_ppm=50_000), 3, 30_001, 0, Levels(target=10_501)),  # 10,500.35 a share
        (StopTerms(take_profit_ppm=50_000), 3, 29_999, 0, Levels(target=10_500)),
        (StopTerms(take_profit_ppm=10 * PPM), 1, 10_000, 0, Levels(target=110_000)),
        (StopTerms(trailing_ppm=20_000), 10, 100_000, 10_455, Levels(trailing=10_245)),  # 10,245.9
        (StopTerms(trailing_ppm=20_000), 10, 100_000, 0, Levels()),  # no sellable price seen yet
        (StopTerms(hold_s=60), 10, 100_000, 0, Levels(sell_at=at(60))),
        (StopTerms(stop_loss_ppm=30_000, take_profit_ppm=50_000), 10, 0, 0, Levels()),  # shares that cost nothing
        (StopTerms(), 10, 100_000, 10_500, Levels()),
    ],
)
def test_given_terms_when_levels_are_asked_for_then_they_are_exact(
    terms: StopTerms, quantity: int, cost: int, peak: int, expected: Levels
) -> None:
    assert levels(terms, quantity, cost, at(0), peak) == expected


@given(
    st.integers(1, 10**6), st.integers(1, 10**11), st.integers(1, PPM - 1), st.integers(1, 10**6), st.integers(0, 10**7)
)
def test_for_any_position_a_level_is_the_last_price_that_reaches_its_share_of_cost_or_peak(
    quantity: int, cost: int, ppm: int, peak: int, price: int
) -> None:
    it = levels(StopTerms(ppm, ppm, ppm), quantity, cost, 0, peak)
    assert it.stop is not None
    assert it.target is not None
    assert it.trailing is not None
    assert (price <= it.stop) == (price * quantity * PPM <= cost * (PPM - ppm))
    assert (price >= it.target) == (price * quantity * PPM >= cost * (PPM + ppm))
    assert (price <= it.trailing) == (price * PPM <= peak * (PPM - ppm))


ALL = Levels(stop=9_700, trailing=9_900, target=10_500, sell_at=at(60))


@pytest.mark.parametrize(
    ("where", "price", "seconds", "expected"),
    [
        (ALL, 9_901, 59, None),
        (ALL, 9_900, 59, ("trailing", 9_900, 0)),
        (ALL, 9_701, 99, ("trailing", 9_900, 199)),
        (ALL, 9_700, 99, ("stop_loss", 9_700, 0)),  # three at once: the stop loss comes first
        (ALL, 9_000, 1, ("stop_loss", 9_700, 700)),  # a gap: it sells all the same, and says how far it is
        (ALL, 10_499, 59, None),
        (ALL, 10_510, 99, ("take_profit", 10_500, 10)),
        (ALL, 10_499, 60, ("time", None, 0)),
        (Levels(trailing=10_600, target=10_500), 10_550, 1, ("trailing", 10_600, 50)),
        (Levels(), 1, 10**6, None),
    ],
)
def test_given_levels_when_a_price_comes_then_the_first_in_order_is_reached_with_its_gap(
    where: Levels, price: int, seconds: int, expected: tuple[str, int | None, int] | None
) -> None:
    hit = reached(where, price, at(seconds))
    assert (hit and (hit.rule, hit.level, hit.gap)) == expected
    assert hit is None or (hit.price, hit.at) == (price, at(seconds))


@pytest.mark.parametrize(
    ("row", "price"),
    [
        (a_row(), 9_990),
        (a_row(bid=0), 10_000),
        (a_row(kind=BOOK, price=10_000, bid=9_500), 9_500),
        (a_row(kind=CROSS, price=9_800, bid=9_900, ask=9_700), 9_800),  # the crossed book before it is no offer
        (a_row(kind=CROSS, price=9_800, bid=9_790, ask=9_810), 9_790),
        (a_row(bid=12_900, ask=10_010), 10_000),  # a crossed book beside a trade is flagged: its bid is none
        (a_row(price=0, bid=0, kind=BOOK), 0),
    ],
)
def test_given_a_row_when_asked_then_the_sellable_price_is_the_bid_or_the_last_trade(row: Quote, price: int) -> None:
    assert sellable_price(row) == price


@pytest.mark.parametrize(
    ("row", "indicative"),
    [
        (a_row(), False),
        (a_row(kind=BOOK), False),
        (a_row(kind=BOOK, volume=0), True),  # before the opening cross
        (a_row(kind=BOOK, bid=10_010, ask=10_010), True),
        (a_row(kind=BOOK, bid=10_010, ask=0), False),  # nobody sells: an upper limit
        (a_row(kind=CROSS, bid=10_010, ask=10_000), False),
    ],
)
def test_given_a_row_when_asked_then_what_an_auction_would_give_is_told_apart(row: Quote, indicative: bool) -> None:
    assert is_indicative(row) is indicative


@pytest.mark.parametrize(
    ("kind", "after", "ends"),
    [
        (CROSS, 1, True),
        (CROSS, 0, False),
        (TRADE, INTERRUPTION_NS - 1, False),  # a late print
        (TRADE, INTERRUPTION_NS, True),
        (BOOK, INTERRUPTION_NS + NANOS_PER_SECOND, False),
    ],
)
def test_given_an_interruption_when_rows_come_then_only_a_print_that_proves_its_end_does(
    kind: QuoteKind, after: int, ends: bool
) -> None:
    assert ends_interruption(a_row(kind=kind, at=at(1) + after), at(1)) is ends


def test_given_a_lower_limit_when_nobody_buys_then_it_is_locked_and_else_not() -> None:
    known = an_instrument()  # limits 7,000 to 13,000
    assert is_locked(a_row(price=7_000, bid=0, ask=7_000), known)
    assert not is_locked(a_row(price=7_000, bid=7_000, ask=7_010), known)
    assert not is_locked(a_row(price=7_010, bid=0), known)
    assert not is_locked(a_row(price=7_000, bid=0), an_instrument(base=None))
    assert not is_locked(None, known)


@pytest.mark.parametrize(
    ("rule", "level", "gap", "words"),
    [
        ("stop_loss", 9_700, 0, "stop_loss: 9,700 KRW reached 9,700 KRW, 3.00 % below cost 10,000 KRW"),
        ("stop_loss", 9_800, 9, "stop_loss: 9,700 KRW reached 9,800 KRW, 9 KRW beyond it, 3.00 % below cost 9,000 KRW"),
        ("trailing", 9_700, 0, "trailing: 9,700 KRW reached 9,700 KRW, 2.00 % below the peak 10,455 KRW"),
        ("take_profit", 9_700, 0, "take_profit: 9,700 KRW reached 9,700 KRW, 5.00 % above cost 10,000 KRW"),
        ("time", None, 0, "time: held since 2026-01-13 09:00:00, 60 s or longer; sellable at 9,700 KRW"),
    ],
)  # fmt: skip
def test_given_a_stop_that_is_reached_when_it_is_explained_then_value_limit_and_distance_are_named(
    rule: str, level: int | None, gap: int, words: str
) -> None:
    cost = 90_000 if gap else 100_000
    hit = Reached(rule, Krw(9_700), None if level is None else Krw(level), Krw(gap), at(60))
    assert why(StopTerms(30_000, 50_000, 20_000, 60), hit, 10, cost, 10_455, at(0)) == words
