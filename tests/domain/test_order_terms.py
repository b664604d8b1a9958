"""Terms of orders in words, and what can never be."""

import pytest

from domain.order_terms import impossible, in_words, terms_in_words
from domain.types import OrderKind, TimeInForce, Venue

DAY, IOC, FOK = TimeInForce.DAY, TimeInForce.IOC, TimeInForce.FOK


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        ((OrderKind.LIMIT, 9_990), "at 9,990 KRW"),
        ((OrderKind.MARKET, None), "at market"),
        ((OrderKind.MARKET, None, IOC), "at market IOC"),
        ((OrderKind.BEST_LIMIT, None), "best limit"),
        ((OrderKind.BEST_LIMIT, 9_990, FOK, Venue.NXT), "best limit at 9,990 KRW FOK on NXT"),
        ((OrderKind.STOP_LIMIT, 9_990, DAY, Venue.SOR, 9_980), "stop limit at 9,990 KRW once 9,980 KRW trades on SOR"),
    ],
)
def test_given_terms_when_told_then_only_what_is_unusual_is_added(terms: tuple[object, ...], words: str) -> None:
    assert terms_in_words(*terms) == words  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "force", "venue", "field"),
    [
        (OrderKind.CONDITIONAL_LIMIT, IOC, Venue.KRX, "time_in_force"),
        (OrderKind.FIRST_LIMIT, FOK, Venue.KRX, "time_in_force"),
        (OrderKind.STOP_LIMIT, IOC, Venue.KRX, "time_in_force"),
        (OrderKind.POST_CLOSE, FOK, Venue.KRX, "time_in_force"),
        (OrderKind.POST_CLOSE, DAY, Venue.NXT, "venue"),
        (OrderKind.OFF_HOURS_SINGLE, DAY, Venue.NXT, "venue"),
    ],
)
def test_given_what_no_session_takes_when_looked_at_then_the_field_is_named_with_what_is_allowed(
    kind: OrderKind, force: TimeInForce, venue: Venue, field: str
) -> None:
    found = impossible(kind, force, venue)
    assert found is not None
    assert found[0] == field
    assert in_words(kind) in found[2]
    assert "DAY" in found[2] or "KRX" in found[2]


@pytest.mark.parametrize("kind", list(OrderKind))
def test_given_a_day_order_at_krx_when_looked_at_then_some_session_takes_it(kind: OrderKind) -> None:
    assert impossible(kind, DAY, Venue.KRX) is None
    assert impossible(kind, DAY, Venue.SOR) is None
