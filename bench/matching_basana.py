"""basana's back-testing exchange on the stream of `matching_stream.py`, through its public API.

`python -m bench.matching_basana QUOTES`, run by the Python of `make bench-peer`; gives JSON. It knows bars, not quotes:
each quote is a bar at the bid, and a buy limit is a tick lower, so that it trades at the same quote as elsewhere.
"""

import asyncio
import gc
import json
import sys
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from basana import Bar, BarEvent, FifoQueueEventSource, OrderOperation, Pair, PairInfo, backtesting_dispatcher
from basana.backtesting.errors import Error
from basana.backtesting.exchange import Exchange
from basana.backtesting.liquidity import InfiniteLiquidity

from bench.matching_stream import SHARES, SHOWN, TICK, Done, Step, events_of, steps

PAIR = Pair("SHARE", "KRW")
BEGIN = datetime(2026, 1, 13, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)


async def run(made: list[Step]) -> Done:
    """Run the stream. Bars are made before the clock runs."""
    dispatcher = backtesting_dispatcher()
    exchange = Exchange(
        dispatcher,
        {"KRW": Decimal(10**15), "SHARE": Decimal(10**12)},
        liquidity_strategy_factory=InfiniteLiquidity,
        default_pair_info=PairInfo(0, 0),
        immediate_order_processing=True,
    )
    prices = {step.bid: Decimal(step.bid) for step in made}
    limits = {
        (step.side, step.limit): Decimal(step.limit - TICK if step.side > 0 else step.limit)
        for step in made
        if step.limit
    }
    bars = []
    for number, step in enumerate(made):
        at, price = BEGIN + number * MILLISECOND, prices[step.bid]
        bars.append(BarEvent(at + MILLISECOND, Bar(at, PAIR, price, price, price, price, Decimal(SHOWN), MILLISECOND)))
    coming = iter(made)
    ids: dict[int, str] = {}
    amount = Decimal(SHARES)
    operations = {1: OrderOperation.BUY, -1: OrderOperation.SELL}
    cancelled = 0

    async def on_bar(_: BarEvent) -> None:
        nonlocal cancelled
        step = next(coming)
        if step.order_id:
            side = operations[step.side]
            if step.limit:
                order = await exchange.create_limit_order(side, PAIR, amount, limits[step.side, step.limit])
            else:
                order = await exchange.create_market_order(side, PAIR, amount)
            ids[step.order_id] = order.id
        elif step.cancel:
            try:
                await exchange.cancel_order(ids[step.cancel])
                cancelled += 1
            except Error:  # it has traded
                pass

    exchange.add_bar_source(FifoQueueEventSource(events=bars))
    exchange.subscribe_to_bar_events(PAIR, on_bar)
    gc.collect()
    gc.freeze()
    begin, cpu = time.monotonic(), time.process_time()
    await dispatcher.run(stop_signals=[])
    seconds, spent = time.monotonic() - begin, time.process_time() - cpu
    orders = await exchange.get_orders()
    fills = [fill for order in orders for fill in order.fills]
    shares = sum(int(order.amount_filled) for order in orders)
    still_open = sum(order.is_open for order in orders)
    return Done(events_of(made), len(fills), shares, cancelled, still_open, seconds, spent)


if __name__ == "__main__":
    print(json.dumps(asyncio.run(run(steps(int(sys.argv[1]))))))
