"""For any course of prices, fills and accidents: stops sell what is held and ours at most, and no stop goes unheard."""

from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from actors.roles.risk_manager import RiskManager
from actors.roster import make_roles
from domain.messages.link import BrokerOpenOrder
from domain.messages.orders import SubmitOrder
from domain.risk.flattening import RETRY_NS
from domain.risk.stops import reached, sellable_price
from domain.risk_config import StopTerms
from domain.types import NANOS_PER_SECOND, LinkName, Side
from fsm.client_order import CLOSED
from tests.actors.builders import SAMSUNG, state_of
from tests.actors.exit_builders import RISK, Floor
from tests.actors.money_builders import a_signal

TERMS = StopTerms(stop_loss_ppm=30_000, take_profit_ppm=40_000, trailing_ppm=25_000, hold_s=200)


class Course:
    """A floor, and a venue that holds what really is there."""

    def __init__(self) -> None:
        self.floor = Floor(replace(RISK, stops=TERMS, escalate_s=20))
        self.open: dict[str, list[Any]] = {}  # client order id -> order, number, shares left
        self.closed: set[str] = set()
        self.price = 10_000

    @property
    def risk(self) -> RiskManager:
        role = self.floor.house.core.kernel.role("risk_manager")
        assert isinstance(role, RiskManager)
        return role

    def take(self) -> None:
        """Let the venue accept what is new; a sale beyond what is held would be an oversell."""
        known = {item[0].client_order_id for item in self.open.values()} | self.closed
        for order in self.floor.said(SubmitOrder):
            if order.client_order_id not in known:
                self.open[order.client_order_id] = [order, self.floor.accept(order), order.quantity]
        selling = sum(left for order, _, left in self.open.values() if order.side is Side.SELL)
        assert selling <= self.floor.held[SAMSUNG], "more is offered than is held"

    def play(self, step: str, pick: int) -> None:
        floor = self.floor
        keys = list(self.open)
        match step:
            case "price":
                self.price = max(7_000, min(13_000, self.price + 10 * (pick - 50)))
                locked = self.price == 7_000
                floor.quote(self.price, bid=0 if locked else self.price - 10 * (pick % 3))
            case "rest":
                for _ in range(5):
                    floor.quote(self.price)
            case "exit" | "enter":
                side = Side.SELL if step == "exit" else Side.BUY
                floor.house.hear(a_signal(side, self.price, floor.venue.at))
            case "fill" if keys:
                self.fill(keys[pick % len(keys)], 1 + pick % 7)
            case "cancel" if keys:
                self.end(keys[pick % len(keys)])
            case "link":
                floor.link_lost()
                floor.quote(self.price)
                floor.link_up(*[_listed(*item) for item in self.open.values()])
            case "die":
                self.floor = floor.reborn()
                assert state_of(self.risk) == state_of(floor.house.core.kernel.role("risk_manager"))
        self.take()

    def fill(self, key: str, shares: int) -> None:
        order, number, left = self.open[key]
        shares = min(shares, left)
        self.open[key][2] = left - shares
        if shares == left:
            self.closed.add(key)
            del self.open[key]
        self.floor.fill(order, shares, left - shares, number)

    def end(self, key: str) -> None:
        order, number, left = self.open.pop(key)
        self.closed.add(key)
        self.floor.cancel(order, left, number)

    def look(self) -> None:
        """Check that what is beyond a stop is being sold, or a person knows why not."""
        state = self.risk.state
        position, quote = state.stops.positions.get(SAMSUNG), state.quotes.get(SAMSUNG)
        assert state.positions.get(SAMSUNG, 0) == self.floor.held[SAMSUNG]
        if position is None or quote is None:
            return
        if reached(position.levels, sellable_price(quote), quote.venue_time) is None:
            return
        under_way = SAMSUNG in state.flattening and any(
            hold.status not in CLOSED or hold.remaining for hold in state.holds.of(SAMSUNG)
        )
        assert under_way or SAMSUNG in state.stops.stuck, "a stop went unheard"


def _listed(order: Any, number: str, left: int) -> BrokerOpenOrder:
    what = (number, order.client_order_id, order.symbol, order.side)
    return BrokerOpenOrder(*what, order.quantity, left, order.limit_price, order.kind)


STEPS = st.tuples(
    st.sampled_from(("price",) * 6 + ("fill",) * 3 + ("rest", "exit", "enter", "cancel", "cancel", "link", "die")),
    st.integers(0, 100),
)


@settings(max_examples=100, deadline=None)
@given(st.lists(STEPS, min_size=10, max_size=45))
def test_for_any_course_stops_never_sell_more_than_is_held_and_none_goes_unheard(steps: list[tuple[str, int]]) -> None:
    course = Course()
    for step, pick in steps:
        course.play(step, pick)
    if course.risk.state.links[LinkName.ORDERS] == "READY" and course.floor.day == "TRADING":
        course.floor.quotes(RETRY_NS // NANOS_PER_SECOND + 2, course.price)  # a sale that ended is tried again by then
        course.take()
        course.look()
    assert course.floor.house.replayed(make_roles).identical
