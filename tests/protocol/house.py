"""The parts put together, and the state from which every exploration begins: a trading day, links up, no orders."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from actors.core.core import Core
from actors.edges import order_link
from domain.config import ExecutionConfig, LinkConfig, RunConfig
from domain.messages import Message
from domain.messages.operator import (
    HaltRequested,
    ManualCancelRequested,
    ManualOrderRequested,
    ResumeRequested,
)
from domain.messages.run import RunStarted
from domain.order_work import CANCELLABLE
from domain.risk_config import RiskConfig
from domain.types import ClientOrderId, OrderKind, Side
from tests.actors.builders import SAMSUNG, T0, a_quote, received
from tests.protocol.broker import Broker
from tests.protocol.explore import Exploration, Found
from tests.protocol.link import Links
from tests.protocol.parts import Command, Rules
from tests.protocol.steps import Model
from tests.protocol.trader import Books, Trader
from tests.protocol.venue import PRICE, QUANTITY
from tests.protocol.world import Budget, Violation, World

# Back-off 0: an attempt is made at the next tick, and no time of the roles depends on a sequence.
LINK = LinkConfig(backoff_first_ms=0, backoff_max_ms=0, mute_after_ms=10**9)
CONFIG = RunConfig(
    "paper",
    symbols=(SAMSUNG,),
    orders_endpoint="paper",
    link=LINK,
    execution=ExecutionConfig(),
    risk=RiskConfig(),
    strategies=(),
)


def run_begins(run_id: str) -> Message:
    return RunStarted(run_id, "0.1.0", CONFIG)


def an_order(books: Books) -> Message | None:
    return ManualOrderRequested("c1", "kim", SAMSUNG, Side.BUY, OrderKind.LIMIT, QUANTITY, PRICE, "")


def a_cancel(books: Books) -> Message | None:
    """Cancel as soon as the order can be cancelled."""
    for name, status, _ in books.orders:
        if status in CANCELLABLE:
            return ManualCancelRequested("c2", "kim", ClientOrderId(name))
    return None


def a_halt(books: Books) -> Message | None:
    """Halt at any moment after the order was made."""
    return HaltRequested("c3", "kim", "stop") if books.orders else None


def halt_now(books: Books) -> Message | None:
    """Halt while it trades."""
    return HaltRequested("c4", "kim", "stop") if books.day == "TRADING" else None


def a_resume(books: Books) -> Message | None:
    """Lift a halt."""
    return ResumeRequested("c5", "kim", "safe") if books.day == "HALTED" else None


@contextmanager
def a_model(
    folder: Path, rules: Rules, *, atomic: bool, core_type: type[Core] = Core, model_type: type[Model] = Model
) -> Iterator[Model]:
    trader = Trader(core_type)
    broker = Broker(folder, atomic=atomic, messages=trader.messages)
    patience, order_link.CATCH_UP_S = order_link.CATCH_UP_S, 0.0  # what can come has come: nobody else runs
    thresholds = gc.get_threshold()
    gc.set_threshold(200_000, 20, 100)  # nearly all that is made is kept: to look at it often took a fifth of the time
    try:
        yield model_type(trader, broker, Links(trader, broker), rules)
    finally:
        order_link.CATCH_UP_S = patience
        gc.set_threshold(*thresholds)
        broker.close()


def a_start(model: Model, left: Budget) -> World:
    """Bring a new house up to trading, then forget how."""
    trader = model.trader
    kernel = trader.fresh()
    nothing = Budget(0, 0, 0, 0, 0)
    world = World(kernel, log=kernel, journal=model.broker.new(), now=T0, left=nothing, script=99)
    world = world._replace(urgent=(trader.message(run_begins("r1")),))
    for _ in range(200):
        step: Any = next(model.on_schedule(world), None)
        if step is None:
            break
        world = step[1]
    world = model.settle(world._replace(normal=(trader.message(received(a_quote(seconds=1))),)))
    world = _quiet(model, world)
    books = trader.books[world.kernel]
    assert (books.link, books.day) == ("READY", "TRADING"), books
    return world._replace(left=left, script=0, calm=0, tail=frozenset(), log=world.kernel)


def _quiet(model: Model, world: World) -> World:
    while (step := next(model.on_schedule(world), None)) is not None:
        world = step[1]
    return world


class Case(NamedTuple):
    """One exploration: what people say, what stands behind the broker, and what may go wrong."""

    name: str
    script: tuple[Command, ...]
    simulated: bool  # the venue is the fold of the journal; else it outlives the broker
    left: Budget
    fine: bool = False

    @property
    def title(self) -> str:
        """Name it for a person."""
        venue = "sim" if self.simulated else "venue"
        names = ("crashes", "breaks", "jumps", "doubles", "fills", "waits")
        allowed = [f"{count} {name}" for name, count in zip(names, self.left, strict=True) if count]
        return " ".join([self.name, venue, "fine" if self.fine else "", *allowed]).replace("  ", " ")

    @property
    def rules(self) -> Rules:
        return Rules(
            self.script, gates=a_halt in self.script or halt_now in self.script, fine=self.fine, start=run_begins
        )


def explored(folder: Path, case: Case, *, core: type[Core] = Core, model: type[Model] = Model) -> Exploration:
    """Explore a case from the begin of a trading day. Raises Found."""
    with a_model(folder, case.rules, atomic=case.simulated, core_type=core, model_type=model) as made:
        try:
            start = a_start(made, case.left)
        except Violation as broken:
            raise Found(str(broken), ["the first run begins"]) from broken
        return Exploration(made, start).run()
