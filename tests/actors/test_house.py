"""All roles together: whatever happens, the gate follows the day, nothing is sent twice, and a stop ends."""

from typing import Any

from hypothesis import given

from actors.roles.connection_supervisor import ConnectionSupervisor
from actors.roles.trading_day import TradingDay
from actors.roster import make_roles
from domain.day_plan import gate_for
from domain.messages.link import BrokerOpenOrder, BrokerPosition, HeartbeatReceived, LinkLost
from domain.messages.operator import (
    FlattenRequested,
    HaltRequested,
    ManualOrderRequested,
    ResumeRequested,
    StopRequested,
)
from domain.messages.orders import CancelOrder, ModifyOrder, OrderStateChanged, SubmitOrder
from domain.messages.run import RoleFailed
from domain.messages.trading import DayChanged, StopReady
from domain.types import Gate, Krw, LinkName, OrderKind, Side, VenuePhase
from fsm import trading_day
from fsm.client_order import CLOSED
from fsm.connection import State as LinkState
from tests.actors.builders import (
    SAMSUNG,
    House,
    Venue,
    a_quote,
    a_run,
    broker_state,
    instruments,
    opened,
    received,
    venue,
)
from tests.actors.test_executor import SCRIPTS, Game, executor


def beats(seconds: float) -> list[HeartbeatReceived]:
    return [HeartbeatReceived(name, venue(seconds), VenuePhase.CONTINUOUS, True) for name in LinkName]


class HouseGame(Game):
    """The executor's game with every role in the house."""

    def __init__(self) -> None:
        self.house, self.market = House(*make_roles()), Venue()
        self.facts, self.names, self.seconds = [], [], 1.0
        self.house.hear(a_run(), opened(LinkName.QUOTES), instruments(), opened(LinkName.ORDERS), broker_state())
        self.house.hear(*beats(1))

    def day(self) -> TradingDay:
        found = self.house.core.kernel.role("trading_day")
        assert isinstance(found, TradingDay)
        return found

    def play(self, step: str, pick: int) -> None:
        if step == "approve":  # by hand, so that risk judges it
            self.seconds += pick + 3
            side = Side.BUY if pick % 4 else Side.SELL
            name, price = f"c{len(self.house.core.history)}", Krw(10_000)
            asked = ManualOrderRequested(name, "kim", SAMSUNG, side, OrderKind.LIMIT, 1 + pick, price, "")
            self.house.hear(received(a_quote(self.seconds, 10_000 + 10 * (pick % 5))), asked)
        else:
            super().play(step, pick)
        self.names = list(executor(self.house).orders)
        self.market.at = self.seconds

    def surroundings(self, step: str, pick: int) -> None:
        house = self.house
        match step:
            case "tick" | "wait":
                for _ in range(1 if step == "tick" else 10):
                    house.tick(1.0)
                    house.hear(*beats(self.seconds))
            case "quote":
                self.seconds += pick * 5
                house.hear(received(a_quote(self.seconds, 10_000 + 10 * (pick % 7))))
            case "down":
                house.hear(LinkLost(LinkName.ORDERS, "x"))
            case "up":
                self.bring_up()
            case "halt" | "trade":
                house.hear(HaltRequested("", "kim", "") if step == "halt" else ResumeRequested("", "kim", "ok"))
            case "flatten":
                house.hear(FlattenRequested(f"f{len(house.core.history)}", "kim", "", ""))
            case "repeat" if self.facts:
                house.hear(self.facts[pick % len(self.facts)])
            case "restart":
                self.house = House()
                self.house.core.kernel, self.house.now = house.folded(make_roles), house.now
                self.house.core.history = list(house.core.history)
                self.house.hear(a_run())

    def bring_up(self) -> None:
        """Let both links come up at a broker that agrees with our books."""
        house, links = self.house, self.house.core.kernel.role("connection_supervisor")
        assert isinstance(links, ConnectionSupervisor)
        for name in LinkName:
            while links.links[name].state is LinkState.BACKING_OFF:
                house.tick(0.5)
                house.hear(*beats(self.seconds))
        held = [BrokerPosition(s, n, Krw(n * 10_000)) for s, n in (executor(house).positions or {}).items()]
        state = broker_state(*self.open_there(), positions=held, as_of=self.market.seq, seconds=self.seconds)
        house.hear(opened(LinkName.QUOTES), instruments(), opened(LinkName.ORDERS), state)

    def open_there(self) -> list[BrokerOpenOrder]:
        return [
            BrokerOpenOrder(
                leg.venue_order_id, o.client_order_id, o.symbol, o.side, o.quantity, leg.leaves_qty, o.limit_price
            )
            for o in executor(self.house).orders.values()
            for leg in o.live_legs
            if leg.leaves_qty
        ]


@given(SCRIPTS)
def test_for_any_sequence_the_house_holds_together_and_a_stop_ends_it(script: list[tuple[str, int]]):
    game = HouseGame()
    assert game.day().state == "TRADING"
    for step, pick in script:
        game.play(step, pick)
        assert game.day().gate is (Gate.EXITS_ONLY if game.day().let_out else gate_for(game.day().state))
    house = game.house
    assert (house.core.kernel.benched, house.said(RoleFailed)) == ({}, [])
    ids = [getattr(m, "request_id", m.client_order_id) for m in house.said(SubmitOrder, ModifyOrder, CancelOrder)]
    assert len(ids) == len(set(ids))
    state = trading_day.State.CLOSED
    for move in house.said(DayChanged):
        assert move.from_state == state
        state = trading_day.next_state(state, move.trigger)
    story: dict[str, Any] = {}
    for told in house.said(OrderStateChanged):
        assert told.from_status == story.get(told.client_order_id, "NEW")
        story[told.client_order_id] = told.to_status
    still_open = {name for name, status in story.items() if status not in CLOSED}
    assert still_open == set(executor(house).open) == set(game.day().open_orders)
    assert house.replayed(make_roles).identical
    house.hear(StopRequested("", "kim", "bye"))
    for _ in range(40):
        house.tick()
    assert house.said(StopReady)
