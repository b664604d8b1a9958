"""Values and limits beside the rules: every rule has them, and the rule alone says whether it passed."""

from domain.messages.market import QuotesJudged
from domain.quotes import Quote
from domain.risk import RULES, Proposal, RiskState
from domain.risk.measures import measure
from domain.types import Krw, OrderKind, Purpose, Side, UnixNanos

AT = UnixNanos(1_768_263_000_000_000_000)


def a_proposal(side: Side, price: int | None = 10_000, quantity: int = 3) -> Proposal:
    kind = OrderKind.MARKET if price is None else OrderKind.LIMIT
    purpose = Purpose.ENTRY if side is Side.BUY else Purpose.EXIT
    return Proposal("005930", side, kind, purpose, quantity, None if price is None else Krw(price), None, AT)


def test_given_nothing_known_when_measured_then_every_rule_that_covers_an_order_tells_value_and_limit() -> None:
    told = {
        item.code for side in Side for price in (10_000, None) for item in measure(RiskState(), a_proposal(side, price))
    }
    assert told == {rule.code for rule in RULES}
    for item in measure(RiskState(), a_proposal(Side.BUY)):
        assert item.value
        assert item.limit


def test_given_a_mark_when_a_price_is_far_from_it_then_the_distance_stands_beside_what_is_allowed() -> None:
    state = RiskState()
    state.fold(QuotesJudged(1, (Quote("005930", AT, 8_000, 1, 1, 7_990, 8_010, 5, 5, 1),), ()), UnixNanos(0))
    collar = next(item for item in measure(state, a_proposal(Side.BUY)) if item.code == "COLLAR")
    assert (collar.value, collar.limit) == ("25.00 % from 8,000 KRW", "3.00 % of the mark")
    assert collar.problem is not None
    collar = next(item for item in measure(state, a_proposal(Side.BUY, 8_000)) if item.code == "COLLAR")
    assert collar.problem is None
