"""NautilusTrader's order matching engine on the stream of `matching_stream.py`, called directly: no data engine,
strategy, risk engine or portfolio around it. Orders are its order objects in its cache, its events applied to them.

`python -m bench.matching_nautilus QUOTES`, run by the Python of `make bench-peer`; gives JSON.
"""

import gc
import json
import sys
import time
from typing import Any

from nautilus_trader.backtest.engine import OrderMatchingEngine
from nautilus_trader.backtest.models import FillModel, MakerTakerFeeModel
from nautilus_trader.cache.cache import Cache
from nautilus_trader.common.component import MessageBus, TestClock
from nautilus_trader.common.factories import OrderFactory
from nautilus_trader.core.uuid import UUID4
from nautilus_trader.execution.messages import CancelOrder
from nautilus_trader.model.currencies import KRW
from nautilus_trader.model.data import QuoteTick
from nautilus_trader.model.enums import AccountType, BookType, OmsType, OrderSide
from nautilus_trader.model.events import OrderCanceled, OrderFilled, OrderSubmitted
from nautilus_trader.model.identifiers import AccountId, InstrumentId, StrategyId, Symbol, TraderId, Venue
from nautilus_trader.model.instruments import Equity
from nautilus_trader.model.objects import Price, Quantity

from bench.matching_stream import SHARES, SHOWN, TICK, Done, Step, events_of, steps

TRADER, STRATEGY, ACCOUNT = TraderId("BENCH-001"), StrategyId("S-001"), AccountId("KRX-001")
ONE = InstrumentId(Symbol("SHARE"), Venue("KRX"))


def run(made: list[Step]) -> Done:
    """Run the stream. Quotes are made before the clock runs."""
    clock = TestClock()
    bus, cache = MessageBus(TRADER, clock), Cache()
    share = Equity(ONE, ONE.symbol, KRW, 0, Price.from_int(TICK), Quantity.from_int(1), 0, 0)
    cache.add_instrument(share)
    engine = OrderMatchingEngine(
        share,
        1,
        FillModel(),
        MakerTakerFeeModel(),
        BookType.L1_MBP,
        OmsType.NETTING,
        AccountType.MARGIN,
        bus,
        cache,
        clock,
    )
    counted = {"fills": 0, "shares": 0, "cancelled": 0}

    def on_event(event: Any) -> None:
        cache.order(event.client_order_id).apply(event)
        if isinstance(event, OrderFilled):
            counted["fills"] += 1
            counted["shares"] += int(event.last_qty)
        elif isinstance(event, OrderCanceled):
            counted["cancelled"] += 1

    bus.register("ExecEngine.process", on_event)
    factory = OrderFactory(TRADER, STRATEGY, clock, cache)
    shown, quantity = Quantity.from_int(SHOWN), Quantity.from_int(SHARES)
    prices = {
        price: Price.from_int(price) for step in made for price in (step.bid, step.bid + TICK, step.limit) if price
    }
    ticks = [
        QuoteTick(ONE, prices[step.bid], prices[step.bid + TICK], shown, shown, number, number)
        for number, step in enumerate(made)
    ]
    sides = {1: OrderSide.BUY, -1: OrderSide.SELL}
    orders: dict[int, Any] = {}
    gc.collect()
    gc.freeze()
    begin, cpu = time.monotonic(), time.process_time()
    for step, tick in zip(made, ticks, strict=True):
        engine.process_quote_tick(tick)
        if step.order_id:
            side = sides[step.side]
            if step.limit:
                order = factory.limit(ONE, side, quantity, prices[step.limit])
            else:
                order = factory.market(ONE, side, quantity)
            orders[step.order_id] = order
            order.apply(OrderSubmitted(TRADER, STRATEGY, ONE, order.client_order_id, ACCOUNT, UUID4(), 0, 0))
            cache.add_order(order)
            engine.process_order(order, ACCOUNT)
        elif step.cancel and not orders[step.cancel].is_closed:
            order = orders[step.cancel]
            command = CancelOrder(TRADER, STRATEGY, ONE, order.client_order_id, order.venue_order_id, UUID4(), 0)
            engine.process_cancel(command, ACCOUNT)
    seconds, spent = time.monotonic() - begin, time.process_time() - cpu
    still_open = sum(not order.is_closed for order in orders.values())
    return Done(events_of(made), counted["fills"], counted["shares"], counted["cancelled"], still_open, seconds, spent)


if __name__ == "__main__":
    print(json.dumps(run(steps(int(sys.argv[1])))))
