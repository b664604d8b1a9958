"""NautilusTrader's RiskEngine on the orders of `risk_ours.py`: its cache with 100 positions and 1,000 open orders.

A cash account, a limit on the notional of each instrument, a wide limit on the rate of orders. What is approved goes to
an execution engine that only counts it; orders and commands are its own objects, made before the clock runs.

`python -m bench.risk_nautilus DECISIONS`, run by the Python of `make bench-peer`; gives JSON: nanoseconds of each.
"""

import gc
import json
import sys
import time
from typing import Any

from nautilus_trader.accounting.accounts.cash import CashAccount
from nautilus_trader.cache.cache import Cache
from nautilus_trader.common.component import MessageBus, TestClock
from nautilus_trader.common.factories import OrderFactory
from nautilus_trader.core.uuid import UUID4
from nautilus_trader.execution.messages import SubmitOrder
from nautilus_trader.model.currencies import KRW
from nautilus_trader.model.enums import AccountType, LiquiditySide, OmsType, OrderSide, OrderType
from nautilus_trader.model.events import AccountState, OrderAccepted, OrderFilled, OrderSubmitted
from nautilus_trader.model.identifiers import (
    AccountId,
    InstrumentId,
    PositionId,
    StrategyId,
    Symbol,
    TradeId,
    TraderId,
    Venue,
    VenueOrderId,
)
from nautilus_trader.model.instruments import Equity
from nautilus_trader.model.objects import AccountBalance, Money, Price, Quantity
from nautilus_trader.model.position import Position
from nautilus_trader.portfolio.portfolio import Portfolio
from nautilus_trader.risk.config import RiskEngineConfig
from nautilus_trader.risk.engine import RiskEngine

LISTED, HELD, OPEN_ORDERS = 200, 100, 1_000  # as in risk_ours, which its Python cannot import
TRADER, STRATEGY, ACCOUNT = TraderId("BENCH-001"), StrategyId("S-001"), AccountId("KRX-001")
IDS = [InstrumentId(Symbol(f"{900_000 + number}"), Venue("KRX")) for number in range(LISTED)]


class House:
    """Their engine and what it looks at."""

    def __init__(self) -> None:
        """Make the day of `risk_ours`."""
        self.clock = TestClock()
        self.bus, self.cache = MessageBus(TRADER, self.clock), Cache()
        self.passed = 0
        self.bus.register("ExecEngine.execute", self._execute)
        self.bus.register("ExecEngine.process", self._denied)
        self.shares = [Equity(one, one.symbol, KRW, 0, Price.from_int(10), Quantity.from_int(1), 0, 0) for one in IDS]
        for share in self.shares:
            self.cache.add_instrument(share)
        money = Money(10**12, KRW)
        balance = AccountBalance(money, Money(0, KRW), money)
        state = AccountState(ACCOUNT, AccountType.CASH, KRW, True, [balance], [], {}, UUID4(), 0, 0)
        self.cache.add_account(CashAccount(state))
        self.factory = OrderFactory(TRADER, STRATEGY, self.clock, self.cache)
        portfolio = Portfolio(self.bus, self.cache, self.clock)
        limits = {str(one): 3_000_000 for one in IDS}
        config = RiskEngineConfig(max_order_submit_rate="100000000/00:00:01", max_notional_per_order=limits)
        self.engine = RiskEngine(portfolio, self.bus, self.cache, self.clock, config)
        self.engine.start()
        for number in range(HELD):
            self._hold(number)
        for number in range(OPEN_ORDERS):
            self._open(self._limit(number, 9_800))

    def _execute(self, _: Any) -> None:
        self.passed += 1

    def _denied(self, event: Any) -> None:
        raise RuntimeError(f"expected every order to pass, was {event}")

    def _limit(self, number: int, price: int) -> Any:
        one = IDS[7 * number % LISTED]
        return self.factory.limit(one, OrderSide.BUY, Quantity.from_int(10), Price.from_int(price))

    def _open(self, order: Any) -> None:
        self.cache.add_order(order)
        facts = (TRADER, STRATEGY, order.instrument_id, order.client_order_id)
        order.apply(OrderSubmitted(*facts, ACCOUNT, UUID4(), 0, 0))
        order.apply(OrderAccepted(*facts, VenueOrderId(order.client_order_id.value), ACCOUNT, UUID4(), 0, 0))
        self.cache.update_order(order)

    def _hold(self, number: int) -> None:
        order = self.factory.limit(IDS[number], OrderSide.BUY, Quantity.from_int(100), Price.from_int(10_000))
        self._open(order)
        fill = OrderFilled(
            TRADER,
            STRATEGY,
            order.instrument_id,
            order.client_order_id,
            order.venue_order_id,
            ACCOUNT,
            TradeId(str(number)),
            PositionId(f"P-{number}"),
            OrderSide.BUY,
            OrderType.LIMIT,
            Quantity.from_int(100),
            Price.from_int(10_000),
            KRW,
            Money(0, KRW),
            LiquiditySide.TAKER,
            UUID4(),
            0,
            0,
        )
        order.apply(fill)
        self.cache.update_order(order)
        self.cache.add_position(Position(self.shares[number], fill), OmsType.NETTING)

    def command(self, number: int) -> Any:
        """Make the next order and the command that asks for it."""
        order = self._limit(number, 10_000)
        self.cache.add_order(order)
        return SubmitOrder(TRADER, STRATEGY, order, UUID4(), 0)


def run(decisions: int) -> dict[str, Any]:
    """Judge so many orders. Raises RuntimeError when one is refused."""
    house = House()
    if (len(house.cache.positions_open()), len(house.cache.orders_open())) != (HELD, OPEN_ORDERS):
        raise RuntimeError("expected 100 positions and 1,000 open orders")
    wall, cpu = [], []
    execute = house.engine.execute
    gc.collect()
    gc.freeze()
    for number in range(decisions):
        command = house.command(number)
        spent, begin = time.thread_time_ns(), time.perf_counter_ns()
        execute(command)
        wall.append(time.perf_counter_ns() - begin)
        cpu.append(time.thread_time_ns() - spent)
    if house.passed != decisions:
        raise RuntimeError(f"expected {decisions} orders to pass, was {house.passed}")
    return {"wall": wall, "cpu": cpu}


if __name__ == "__main__":
    print(json.dumps(run(int(sys.argv[1]))))
