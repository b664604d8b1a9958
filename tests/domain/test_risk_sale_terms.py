"""How something is sold out: at the market where it can be, as the venue takes it elsewhere, or not now."""

from datetime import date

import pytest

from domain.config import RunConfig
from domain.krx.order_phases import order_day
from domain.messages.link import HeartbeatReceived
from domain.messages.market import SymbolInterrupted
from domain.quotes import Quote, QuoteKind
from domain.risk import RiskState
from domain.risk.sale_terms import SaleTerms, is_sale_of, sale_terms
from domain.risk_config import RiskConfig
from domain.time import from_kst
from domain.types import Krw, LinkName, OrderKind, VenuePhase
from tests.actors.money_builders import SAMSUNG, an_instrument

DAY = date(2026, 11, 23)  # a Monday after the KRX after-market has begun
MARKET, BID = SaleTerms(OrderKind.MARKET), SaleTerms(OrderKind.BEST_LIMIT)
AT_THE_LIMIT = SaleTerms(OrderKind.LIMIT, Krw(7_000))


def a_state(hour: int, minute: int = 0, price: int = 10_000, bid: int = 9_990) -> RiskState:
    """Give what risk knows at a moment of a day."""
    state, at = RiskState(), from_kst(DAY, hour, minute)
    state.config = RunConfig("paper", risk=RiskConfig(check_sessions=True, escalate_s=60))
    state.conduct.day = order_day(DAY)
    state.instruments[SAMSUNG] = an_instrument()  # limits 7,000 to 13,000
    state.quotes[SAMSUNG] = Quote(SAMSUNG, at, price, 1, 1, bid, price + 10, 1, 1, QuoteKind.TRADE)
    state.venue_time = at
    return state


@pytest.mark.parametrize(
    ("hour", "minute", "price", "bid", "terms"),
    [
        (8, 15, 10_000, 9_990, None),  # no venue of ours is open
        (8, 45, 10_000, 9_990, MARKET),  # the opening auction
        (9, 0, 10_000, 9_990, MARKET),
        (15, 19, 10_000, 9_990, MARKET),
        (15, 25, 10_000, 9_990, MARKET),  # the closing auction
        (15, 35, 10_000, 9_990, None),  # orders for the close alone
        (15, 50, 10_000, 9_990, None),
        (16, 30, 10_000, 9_990, BID),  # the after-market takes no market orders
        (20, 30, 10_000, 9_990, None),
        (10, 0, 7_000, 0, AT_THE_LIMIT),
        (10, 0, 7_000, 7_000, MARKET),
        (15, 25, 7_000, 0, AT_THE_LIMIT),
        (16, 30, 7_000, 0, AT_THE_LIMIT),
    ],
)
def test_given_a_phase_of_the_day_when_something_is_sold_out_then_the_order_is_one_the_venue_takes(
    hour: int, minute: int, price: int, bid: int, terms: SaleTerms | None
) -> None:
    assert sale_terms(a_state(hour, minute, price, bid), SAMSUNG) == terms


def test_given_an_interruption_or_a_breaker_when_something_is_sold_out_then_only_the_breaker_makes_it_wait() -> None:
    state = a_state(10)
    state.stops.fold(SymbolInterrupted(SAMSUNG, True, Krw(9_000), "", from_kst(DAY, 9, 59)))
    assert sale_terms(state, SAMSUNG) == MARKET
    state.stops.fold(HeartbeatReceived(LinkName.QUOTES, from_kst(DAY, 10, 0), VenuePhase.HALTED, True))
    assert sale_terms(state, SAMSUNG) is None


def test_given_a_heartbeat_later_than_the_last_quote_when_the_phase_is_asked_for_then_it_counts() -> None:
    state = a_state(15, 19)
    state.stops.fold(HeartbeatReceived(LinkName.QUOTES, from_kst(DAY, 15, 35), VenuePhase.CLOSED, True))
    assert sale_terms(state, SAMSUNG) is None


def test_given_an_instrument_that_is_not_tradable_when_something_is_sold_out_then_it_waits() -> None:
    state = a_state(10)
    state.instruments[SAMSUNG] = an_instrument(tradable=False)
    assert sale_terms(state, SAMSUNG) is None


def test_given_settings_of_an_older_version_when_something_is_sold_out_then_it_is_always_at_the_market() -> None:
    for state in (a_state(8, 15), a_state(10, 0, 7_000, 0)):
        state.config = RunConfig("paper")
        state.conduct.day = None
        assert sale_terms(state, SAMSUNG) == MARKET


@pytest.mark.parametrize(
    ("order_id", "is_sale"),
    [("L-12-005930", True), ("a-b-12-005930", True), ("L-12", False), ("L-005930", False), ("L-x-005930", False)],
)
def test_given_an_id_when_asked_then_a_sale_is_told_from_other_orders(order_id: str, is_sale: bool) -> None:
    assert is_sale_of("005930", order_id) is is_sale
