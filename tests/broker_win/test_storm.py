"""Orders in a storm: events that come first, twice, late and never, sends that fail, a process that is replaced.

Afterwards the broker's journal says of every order what the venue says, to the share and the won.
"""

import random
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from broker.server import BrokerServerThread
from broker_win.emulator.plan import OrdersPlan, TimesPlan, UnknownsPlan
from broker_win.emulator.sim_house import SimHouse
from domain.messages.link import BrokerDayOrder
from domain.messages.orders import (
    CancelOrder,
    ModifyOrder,
    OrderAccepted,
    OrderCancelled,
    OrderFilled,
    OrderReplaced,
    SubmitOrder,
)
from domain.types import (
    ClientOrderId,
    DayOrderAction,
    Krw,
    OrderKind,
    Purpose,
    RequestId,
    RequestOutcome,
    Side,
    UnixNanos,
)
from tests.broker.contract import Case, Desk, a_desk
from tests.broker_sim.builders import SYMBOL, a_quote, an_instrument
from tests.broker_win.emulated import EmulatedPc, MainThread
from tests.broker_win.test_contract_emulator import open_market

ORDERS = 30
DEADLINE_S = 60.0
STORM = OrdersPlan(
    chejan_first_ppm=300_000,
    balance_late_ppm=300_000,
    answer_lost_ppm=80_000,
    chejan_lost_ppm=80_000,
    chejan_twice_ppm=150_000,
    send_fails_ppm=80_000,
    swallowed_ppm=80_000,
)
TIMES = TimesPlan(tr_ms=(0, 2), order_ms=(0, 10), chejan_ms=(0, 10), message_ms=(0, 3))


class Storm:
    """A person who orders at random while the market moves at random."""

    def __init__(self, folder: Path, main: MainThread, seed: int, unknowns: UnknownsPlan) -> None:
        self.draw = random.Random(seed)
        self.pc = EmulatedPc(
            folder, main, [an_instrument()], orders=STORM, times=TIMES, unknowns=unknowns, answer_timeout_s=0.3
        )
        self.case = Case(lambda: self.pc.opened(open_market), SYMBOL, Krw(9_000))
        self.sent: dict[str, SubmitOrder] = {}
        self.receipts: dict[str, Any] = {}
        self.volume = 1_000

    def run(self) -> None:
        half = ORDERS // 2
        for first in (0, half):  # another process takes over in the middle
            with self.a_server() as server, a_desk(server) as desk:
                for number in range(first, first + half):
                    self.submit(desk, f"o-{number}")
                    self.move_market()
                    self.change_one(desk, number)
                self.settle(server)
                self.check(server)

    def a_server(self) -> Any:
        from tests.broker.contract import a_server

        return a_server(self.case)

    def submit(self, desk: Desk, name: str) -> None:
        price, side = Krw(10_000 + 10 * self.draw.randint(-6, 6)), self.draw.choice([Side.BUY, Side.BUY, Side.SELL])
        quantity = self.draw.randint(1, 60)
        order = SubmitOrder(ClientOrderId(name), SYMBOL, side, OrderKind.LIMIT, Purpose.ENTRY, quantity, price, soon())
        self.sent[name] = order
        self.receipts[name] = desk.ask(order)

    def change_one(self, desk: Desk, number: int) -> None:
        known = [fact for fact in desk.heard.all if isinstance(fact, OrderAccepted) and fact.client_order_id]
        if not known or self.draw.random() < 0.5:
            return
        leg = self.draw.choice(known)
        if self.draw.random() < 0.6:
            desk.ask(CancelOrder(RequestId(f"c-{number}"), leg.client_order_id, leg.venue_order_id, 0, soon()))
            return
        price = Krw(10_000 + 10 * self.draw.randint(-6, 6))
        quantity = self.draw.randint(1, leg.quantity)
        desk.ask(
            ModifyOrder(
                RequestId(f"m-{number}"),
                leg.client_order_id,
                leg.venue_order_id,
                Purpose.ENTRY,
                quantity,
                price,
                soon(),
            )
        )

    def move_market(self) -> None:
        price = 10_000 + 10 * self.draw.randint(-5, 5)
        self.volume += 25

        def move(house: SimHouse) -> None:
            row = a_quote(price, when=house.now() + 50_000_000, last_qty=25, cumulative_volume=self.volume)
            house.on_quotes([row._replace(bid_qty=25, ask_qty=25)])

        self.pc.let(move)

    def settle(self, server: BrokerServerThread) -> None:
        """Ask for the day's orders as a trader's audit does, until they answer what no event did."""
        deadline = time.monotonic() + DEADLINE_S
        while self.differences(server) and time.monotonic() < deadline:
            server.call(server.backend.day_orders, DEADLINE_S)

    def check(self, server: BrokerServerThread) -> None:
        assert self.differences(server) == []

    def differences(self, server: BrokerServerThread) -> list[str]:
        truth: list[BrokerDayOrder] = self.pc.let(lambda house: house.venue.exchange.books.day_orders.rows())
        facts = list(server.backend._journal.events(0))  # type: ignore[attr-defined]  # the broker's own journal
        shares: dict[str, int] = defaultdict(int)
        money: dict[str, int] = defaultdict(int)
        for fact in facts:
            if isinstance(fact, OrderFilled):
                shares[fact.venue_order_id] += fact.last_qty
                money[fact.venue_order_id] += fact.last_qty * fact.last_px
        found = [
            f"{row.venue_order_id}: {shares[row.venue_order_id]} for {money[row.venue_order_id]} here,"
            f" {row.filled_qty} for {row.filled_notional} there"
            for row in truth
            if (shares[row.venue_order_id], money[row.venue_order_id]) != (row.filled_qty, row.filled_notional)
        ]
        left = leaves_of(facts)
        found += [
            f"{row.venue_order_id}: {left.get(row.venue_order_id)} open here, {row.leaves_qty} there"
            for row in truth
            if row.action is not DayOrderAction.CANCEL and left.get(row.venue_order_id, 0) != row.leaves_qty
        ]
        numbers = {row.venue_order_id for row in truth}
        found += [f"{number}: nobody knows it there" for number in shares if number not in numbers]
        return [*found, *self.doubled(truth, facts)]

    def doubled(self, truth: list[BrokerDayOrder], facts: list[Any]) -> list[str]:
        """Name orders that stand more often at the venue than they were sent."""
        news = [row for row in truth if row.action is DayOrderAction.NEW]
        may_stand = [name for name, receipt in self.receipts.items() if receipt.outcome is not RequestOutcome.REFUSED]
        found = [f"{len(news)} orders there, {len(may_stand)} sent"] if len(news) > len(may_stand) else []
        legs: dict[str, set[str]] = defaultdict(set)
        for fact in facts:
            if isinstance(fact, OrderAccepted) and fact.client_order_id:
                legs[fact.client_order_id].add(fact.venue_order_id)
        return found + [f"{order} stands as {sorted(numbers)}" for order, numbers in legs.items() if len(numbers) > 1]


def leaves_of(facts: list[Any]) -> dict[str, int]:
    """Give the shares open under each number, as the facts tell."""
    left: dict[str, int] = defaultdict(int)
    for fact in facts:
        if isinstance(fact, OrderAccepted):
            left[fact.venue_order_id] += fact.quantity
        elif isinstance(fact, OrderFilled):
            left[fact.venue_order_id] -= fact.last_qty
        elif isinstance(fact, OrderCancelled):
            left[fact.venue_order_id] -= fact.cancelled_qty
        elif isinstance(fact, OrderReplaced):
            left[fact.venue_order_id] -= fact.moved_qty
            left[fact.new_venue_order_id] += fact.moved_qty
    return left


def soon() -> UnixNanos:
    return UnixNanos(time.time_ns() + 60_000_000_000)


@pytest.mark.parametrize(
    ("seed", "unknowns"),
    [
        (1, UnknownsPlan()),
        (2, UnknownsPlan(reject_by_event=True, cancel_loses_by_event=True, fill_qty_is_cumulative=False)),
    ],
)
def test_for_any_storm_the_journal_says_what_the_venue_says(
    tmp_path: Path, main_thread: MainThread, seed: int, unknowns: UnknownsPlan
) -> None:
    Storm(tmp_path, main_thread, seed, unknowns).run()
