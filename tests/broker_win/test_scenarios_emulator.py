"""The emulator's half of the scenario table: the control says what the table says, from a venue in this process."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from broker_win.emulator.order_input import PRICE_TYPES
from broker_win.emulator.parts import Emission, TrData
from domain.messages.orders import OrderFact
from domain.types import OrderKind, Side, TimeInForce
from tests.broker_win.scenarios import (
    SCENARIOS,
    Balance,
    Cancel,
    CancelElsewhere,
    Elsewhere,
    Event,
    Fact,
    Modify,
    Msg,
    Others,
    Place,
    Read,
    Restart,
    Scenario,
    Step,
    Told,
    Tr,
    Wait,
)
from tests.broker_win.venue_steps import Floor, a_plan

PRICE_TYPE_OF = {asked: price_type for price_type, asked in PRICE_TYPES.items()}
# fields of facts and events that hold a number or an id, and so a name in the table
NUMBERS = {"venue_order_id", "change_venue_order_id", "new_venue_order_id"}
IDS = {"client_order_id", "request_id"}
NO_NUMBER = "0000000"


class Names:
    """What each name stands for; bound when it is met first, one value to one name."""

    def __init__(self) -> None:
        self.bound: dict[tuple[str, str], str] = {}

    def fits(self, kind: str, name: str, value: str) -> bool:
        if not name or not value:
            return name == value
        known = self.bound.setdefault((kind, name), value)
        others = {other for (its_kind, its_name), other in self.bound.items() if (its_kind, its_name) != (kind, name)}
        return known == value and value not in others

    def number(self, name: str) -> str:
        return self.bound["number", name]


class Player:
    """Does the steps of a scenario and keeps what was heard."""

    def __init__(self, scenario: Scenario, folder: Path) -> None:
        plan = a_plan(kind=scenario.kind, orders=scenario.orders, unknowns=scenario.unknowns, times=scenario.times)
        self.scenario = scenario
        self.floor = Floor(folder, plan, scenario.sim)
        self.names = Names()
        self.heard: list[Emission] = []
        self.lefts: list[Event] = list(scenario.events)
        self.runs = 1

    def play(self) -> None:
        for step in self.scenario.steps:
            self.do(step)
            if self.scenario.settles and not (isinstance(step, Others) and step.unheard):
                self.hear()
        self.hear()
        assert not self.lefts, f"did not come: {self.lefts}"

    def hear(self) -> None:
        for emission in self.floor.take():
            assert self.lefts, f"not expected: {emission}"
            expected = self.lefts.pop(0)
            assert self.fits(expected, emission), f"expected {expected}, heard {emission}"

    def do(self, step: Step) -> None:
        floor = self.floor
        match step:
            case Place():
                assert self.send(step) == step.code
            case Cancel(number=number, side=side):
                kind = 3 if side is Side.BUY else 4
                assert floor.order(kind, step.quantity, 0, original=self.names.number(number)) == step.code
            case Modify(number=number, side=side):
                kind, original = (5 if side is Side.BUY else 6), self.names.number(number)
                assert floor.order(kind, step.quantity, step.price, original=original) == step.code
            case Others():
                floor.trade(step.price, step.quantity)
            case Read():
                pass
            case Wait():
                floor.wait(step.seconds)
            case Elsewhere():
                floor.desk.place_elsewhere("005930", step.side, step.quantity, step.price)
            case CancelElsewhere():
                assert floor.desk.cancel_elsewhere(self.names.number(step.number))
            case Restart():
                self.restart(step)

    def send(self, step: Place) -> int:
        kind = step.kind or (OrderKind.MARKET if step.price is None else OrderKind.LIMIT)
        price = step.price if step.told_price is None else step.told_price
        price_type = PRICE_TYPE_OF[kind, step.time_in_force]
        side = 1 if step.side is Side.BUY else 2
        return self.floor.order(side, step.quantity, price or 0, price_type=price_type, code=step.stock)

    def restart(self, step: Restart) -> None:
        self.hear()
        self.floor.house.hear(lambda fact: None, lambda rows, depths: None, lambda phase: None)  # nobody listens
        for one in step.meanwhile:
            self.do(one)
        self.runs += 1
        self.floor.restart(f"r{self.runs}")

    def fits(self, expected: Event, emission: Emission) -> bool:
        data: Any = emission.data
        match expected:
            case Tr():
                assert isinstance(data, TrData)
                number = data.single["주문번호"]
                return emission.arguments[2] == expected.trcode and self.names.fits("number", expected.number, number)
            case Msg():
                return emission.signal == "OnReceiveMsg" and str(emission.arguments[3])[1:7] == expected.code
            case Told():
                return emission.arguments[0] == "0" and self.fits_order(expected, data)
            case Balance():
                held = (str(expected.quantity), str(expected.sellable))
                return emission.arguments[0] == "1" and (data[930], data[933]) == held

    def fits_order(self, expected: Told, data: dict[int, str]) -> bool:
        quantity, price = map(str, expected.fill) if expected.fill else ("", "")
        told = (data[913], data[902], data[915], data[914])
        if told != (expected.status, str(expected.left), quantity, price):
            return False
        if bool(data[909]) != bool(expected.fill) or not self.names.fits("number", expected.number, data[9203]):
            return False
        plain = {fid: value for fid, value in expected.fids.items() if fid != 904}
        if any(data[fid] != value for fid, value in plain.items()):
            return False
        if 904 not in expected.fids or expected.fids[904] == NO_NUMBER:
            return True
        return self.names.fits("number", expected.fids[904], data[904])


def tells(names: Names, expected: Sequence[Fact], facts: Sequence[OrderFact]) -> None:
    assert [type(fact).__name__ for fact in facts] == [one.kind.__name__ for one in expected]
    for one, fact in zip(expected, facts, strict=True):
        for name, value in one.fields.items():
            told = getattr(fact, name)
            if name in NUMBERS or name in IDS:
                assert names.fits("number" if name in NUMBERS else "id", value, told), f"{name} of {fact}"
            else:
                assert told == value, f"{name} of {fact}"


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_given_a_scenario_when_played_then_the_control_says_what_the_table_says(
    scenario: Scenario, tmp_path: Path
) -> None:
    player = Player(scenario, tmp_path)
    player.play()
    # The table's facts are those of the venue where it says so: it cannot tell of something else.
    if scenario.venue_agrees and scenario.facts is not None:
        tells(player.names, scenario.facts, list(player.floor.house.venue.journal.events(0)))
    player.floor.house.close()


def test_given_the_table_when_read_then_every_name_is_unique() -> None:
    assert len({scenario.name for scenario in SCENARIOS}) == len(SCENARIOS)


def test_given_the_table_when_read_then_it_has_all_price_types_a_scenario_uses() -> None:
    assert set(PRICE_TYPE_OF) >= {(OrderKind.LIMIT, TimeInForce.IOC), (OrderKind.MARKET, TimeInForce.DAY)}
