"""The service's half of the scenario table: what BrokerService makes of each sequence, through Qt and pykiwoom."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from broker.port import Guard, OrderRequest, Receipt
from broker_win.backend import WinBackend
from broker_win.emulator.plan import OrdersPlan, ServerPlan, UnknownsPlan
from broker_win.emulator.sim_house import SimHouse
from broker_win.requests import asker
from domain.messages.orders import (
    CancelOrder,
    ChangeReceived,
    ModifyOrder,
    OrderAccepted,
    OrderFact,
    OrderReplaced,
    SubmitOrder,
)
from domain.types import (
    ClientOrderId,
    Krw,
    Market,
    OrderKind,
    Purpose,
    RequestId,
    RequestOutcome,
    ServerKind,
    Side,
    UnixNanos,
    VenueOrderId,
)
from tests.broker_sim.builders import at
from tests.broker_win import emulated
from tests.broker_win.emulated import EmulatedPc, MainThread
from tests.broker_win.scenarios import (
    SCENARIOS,
    Cancel,
    CancelElsewhere,
    Elsewhere,
    Modify,
    Others,
    Place,
    Read,
    Restart,
    Scenario,
    Step,
    Wait,
)
from tests.broker_win.test_scenarios_emulator import Names, tells
from tests.broker_win.venue_steps import ACCOUNT, KOSDAQ, a_row, a_stock

WAIT_S = 8.0
NEVER = UnixNanos(2**62)
WATCH = 1  # what always waits in the engine: its look at the servers
SHARED = ("fill_qty_is_cumulative", "cancel_qty_zero_is_all")  # unknowns that the process is told, too


class Houses:
    """Opens venues as the scenario assumes them."""

    def __init__(self, scenario: Scenario) -> None:
        self.opened = partial(SimHouse.opened, sim=scenario.sim)


class Run:
    """Does the steps of a scenario as whoever trades, and keeps what the service says."""

    def __init__(self, scenario: Scenario, folder: Path, main: MainThread) -> None:
        stocks = [a_stock(), a_stock(KOSDAQ, 50_000, Market.KOSDAQ)]
        self.scenario, self.main = scenario, main
        self.pc = EmulatedPc(
            folder,
            main,
            stocks,
            server=ServerPlan(kind=scenario.kind, accounts=(ACCOUNT,), login_ms=1),
            orders=OrdersPlan(**scenario.orders),
            unknowns=UnknownsPlan(**scenario.unknowns),
            times=replace(scenario.times, tr_ms=(1, 1)),
        )
        told = {name: value for name, value in scenario.unknowns.items() if name in SHARED}
        self.pc.config = replace(
            self.pc.config,
            server_kind=ServerKind.MOCK if scenario.kind == "mock" else ServerKind.REAL,
            unknowns=replace(self.pc.config.unknowns, **told),
        )
        self.backend: WinBackend
        self.facts: list[OrderFact] = []
        self.numbers: dict[str, str] = {}  # by id
        self.roots: dict[str, str] = {}  # client order id of each number's name
        self.receipts: dict[str, Receipt] = {}

    async def play(self) -> None:
        steps, begin = list(self.scenario.steps), self.open_market
        while True:
            async with self.pc.opened(begin) as self.backend:
                restart = await self.do_until_restart(steps)
                if restart is None:
                    await self.until(lambda: len(self.facts) >= len(self.scenario.facts or ()))
                    await self.settle()  # what is said too much comes now
                    return
            begin = partial(self.meanwhile, restart)

    async def do_until_restart(self, steps: list[Step]) -> Restart | None:
        while steps:
            step = steps.pop(0)
            if isinstance(step, Restart):
                return step
            await self.do(step)
            if self.scenario.settles and not (isinstance(step, Others) and step.unheard):
                await self.settle()
        return None

    def open_market(self, house: SimHouse) -> None:
        house.on_quotes([a_row(when=at(9, 59, 59))], at(10, 0))

    def meanwhile(self, restart: Restart, house: SimHouse) -> None:
        for step in restart.meanwhile:
            assert isinstance(step, Others)
            trade(house, step)

    async def do(self, step: Step) -> None:
        engine = self.pc.engine
        assert engine is not None
        match step:
            case Place() | Cancel() | Modify():
                await self.request(step)
            case Others():
                house = self.pc.house
                assert house is not None
                self.main.post(lambda: trade(house, step))  # not waited for: what is asked next comes right behind it
            case Read():
                await self.backend.day_orders()
            case Wait():
                await self.let(lambda house: house.set_time(UnixNanos(house.now() + step.seconds * 1_000_000_000)))
            case Elsewhere():
                await self.let(lambda _: engine.desk.place_elsewhere("005930", step.side, step.quantity, step.price))
            case CancelElsewhere():
                await self.let(lambda _: engine.desk.cancel_elsewhere(self.numbers[step.number]))

    async def request(self, step: Place | Cancel | Modify) -> None:
        name, asked = self.written(step)
        session = await self.backend.session()
        guard = Guard(session.journal_id, session.epoch, UnixNanos(time.time_ns() + 10**10))
        self.receipts[name] = await self.backend.request(asked, guard)

    def written(self, step: Place | Cancel | Modify) -> tuple[str, OrderRequest]:
        purpose = Purpose.ENTRY if step.side is Side.BUY else Purpose.EXIT
        if isinstance(step, Place):
            self.roots[step.order] = step.order
            kind = step.kind or (OrderKind.MARKET if step.price is None else OrderKind.LIMIT)
            price = None if step.price is None else Krw(step.price)
            asked = (ClientOrderId(step.order), step.stock, step.side, kind, purpose, step.quantity, price, NEVER)
            return step.order, SubmitOrder(*asked, step.time_in_force)
        root = self.roots[step.request] = self.roots[step.number]
        client, number = ClientOrderId(root), VenueOrderId(self.numbers[step.number])
        request = RequestId(step.request)
        if isinstance(step, Cancel):
            return step.request, CancelOrder(request, client, number, step.quantity, NEVER)
        return step.request, ModifyOrder(request, client, number, purpose, step.quantity, Krw(step.price), NEVER)

    async def settle(self) -> None:
        """Wait until the control has nothing more to say, and hear what the service made of it."""
        engine = self.pc.engine
        assert engine is not None
        await self.until_there(lambda _: len(engine._schedule._heap) <= WATCH)
        await self.hear()

    async def until_there(self, so: Callable[[SimHouse], bool]) -> None:
        ends = time.monotonic() + WAIT_S
        while not await self.let(so):
            assert time.monotonic() < ends, "the control does not come to rest"
            await asyncio.sleep(0.002)

    async def until(self, so: Callable[[], bool]) -> None:
        ends = time.monotonic() + WAIT_S
        while not so():
            assert time.monotonic() < ends, f"only these came: {self.facts}"
            await asyncio.sleep(0.005)
            await self.hear()

    async def hear(self) -> None:
        last = self.backend.last_event_seq()
        if last <= len(self.facts):
            return
        async for fact in self.backend.order_events(len(self.facts)):
            self.facts.append(fact)
            if isinstance(fact, OrderAccepted):
                self.numbers[fact.client_order_id] = fact.venue_order_id
            elif isinstance(fact, ChangeReceived):
                self.numbers[fact.request_id] = fact.change_venue_order_id
            elif isinstance(fact, OrderReplaced):
                self.numbers[fact.request_id] = fact.new_venue_order_id
            if fact.event_seq >= last:
                return

    async def let(self, happen: Callable[[SimHouse], Any]) -> Any:
        return await asyncio.get_running_loop().run_in_executor(None, self.pc.let, happen)


def trade(house: SimHouse, step: Others) -> None:
    when = UnixNanos(house.now() + 1_000_000_000)
    house.on_quotes([a_row(step.price, step.quantity, ask=step.price + 20, when=when)], when)


@pytest.mark.parametrize("scenario", [one for one in SCENARIOS if one.facts is not None], ids=lambda one: one.name)
def test_given_a_scenario_when_played_through_the_whole_process_then_the_facts_are_those_of_the_table(
    scenario: Scenario, tmp_path: Path, main_thread: MainThread, qt: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(emulated, "SimHouse", Houses(scenario))
    monkeypatch.setattr(asker, "WORDS_S", 0.02)  # texts come 1 ms behind an answer here
    run = Run(scenario, tmp_path, main_thread)
    asyncio.run(run.play())
    tells(Names(), scenario.facts or (), run.facts)
    asked = {name: scenario.receipts.get(name, RequestOutcome.SENT) for name in run.receipts}
    assert {name: receipt.outcome for name, receipt in run.receipts.items()} == asked
    assert set(scenario.receipts) <= set(run.receipts)
