"""NautilusTrader's back-test engine on the same ticks with the same two averages. One equity per code, cash account.

`python -m bench.nautilus QUOTES INSTRUMENTS RATE BEGIN FAST SLOW`, run by the Python of `make bench-peer`; gives JSON.
"""

import gc
import json
import sys
import time
from collections.abc import Sequence
from decimal import Decimal

from nautilus_trader.backtest.config import BacktestEngineConfig
from nautilus_trader.backtest.engine import BacktestEngine
from nautilus_trader.common.config import LoggingConfig
from nautilus_trader.config import StrategyConfig
from nautilus_trader.indicators import ExponentialMovingAverage
from nautilus_trader.model.currencies import KRW
from nautilus_trader.model.data import QuoteTick
from nautilus_trader.model.enums import AccountType, OmsType, OrderSide, PriceType
from nautilus_trader.model.identifiers import InstrumentId, Symbol, TraderId, Venue
from nautilus_trader.model.instruments import Equity
from nautilus_trader.model.objects import Money, Price, Quantity
from nautilus_trader.trading.strategy import Strategy

from bench.traffic import symbols, walk
from domain.quotes import Quote

VENUE = Venue("KRX")


class CrossConfig(StrategyConfig, frozen=True):  # type: ignore[misc, call-arg]  # not typed
    """Which instruments, and over how many quotes the averages run."""

    instruments: tuple[InstrumentId, ...]
    fast: int
    slow: int


class Cross(Strategy):  # type: ignore[misc]  # not typed
    """Buy one share at the market where the averages of the mid price cross upwards, sell it where they cross back."""

    def __init__(self, config: CrossConfig) -> None:
        """Make two averages for each instrument."""
        super().__init__(config)
        self.averages = {
            one: (
                ExponentialMovingAverage(config.fast, PriceType.MID),
                ExponentialMovingAverage(config.slow, PriceType.MID),
            )
            for one in config.instruments
        }
        self.above = dict.fromkeys(config.instruments, False)

    def on_start(self) -> None:
        """Subscribe."""
        for one in self.config.instruments:
            self.subscribe_quote_ticks(one)

    def on_quote_tick(self, tick: QuoteTick) -> None:
        """Fold one tick."""
        one = tick.instrument_id
        fast, slow = self.averages[one]
        fast.handle_quote_tick(tick)
        slow.handle_quote_tick(tick)
        above = fast.value > slow.value
        if above is self.above[one]:
            return
        self.above[one] = above
        if slow.count <= self.config.slow:  # as ours: nothing before the slow average is warm
            return
        is_flat = self.portfolio.is_flat(one)
        if above and is_flat:
            self._order(one, OrderSide.BUY)
        elif not above and not is_flat:
            self._order(one, OrderSide.SELL)

    def _order(self, one: InstrumentId, side: OrderSide) -> None:
        self.submit_order(self.order_factory.market(one, side, Quantity.from_int(1)))


def back_test_here(quotes: int, instruments: int, rate: int, begin: int, fast: int, slow: int) -> dict[str, float]:
    """Make the rows and run."""
    codes = symbols(instruments)
    return back_test(list(walk(codes, quotes, rate, begin=begin)), codes, fast, slow)


def back_test(rows: Sequence[Quote], codes: Sequence[str], fast: int, slow: int) -> dict[str, float]:
    """Run their engine over these rows; give the fields of `Tested`. Data are made and sorted before the clock runs."""
    engine = BacktestEngine(
        BacktestEngineConfig(trader_id=TraderId("BENCH-001"), logging=LoggingConfig(bypass_logging=True))
    )
    engine.add_venue(
        VENUE, OmsType.NETTING, AccountType.CASH, starting_balances=[Money(10**12, KRW)], base_currency=KRW
    )
    ids = {code: InstrumentId(Symbol(code), VENUE) for code in codes}
    for one in ids.values():
        tick, lot = Price.from_int(100), Quantity.from_int(1)
        fee = Decimal("0.00015")
        engine.add_instrument(Equity(one, one.symbol, KRW, 0, tick, lot, 0, 0, maker_fee=fee, taker_fee=fee))
    size = Quantity.from_int(rows[0].bid_qty)
    prices = {price: Price.from_int(price) for row in rows for price in (row.bid_price, row.ask_price)}
    engine.add_data(
        [QuoteTick(ids[row[0]], prices[row[5]], prices[row[6]], size, size, row[1], row[1]) for row in rows]
    )
    engine.add_strategy(Cross(CrossConfig(instruments=tuple(ids.values()), fast=fast, slow=slow)))
    gc.collect()
    gc.freeze()
    begin, cpu = time.monotonic(), time.process_time()
    engine.run()
    seconds, spent = time.monotonic() - begin, time.process_time() - cpu
    orders, fills = engine.cache.orders_total_count(), len(engine.cache.orders_closed())
    engine.dispose()
    return {"quotes": len(rows), "seconds": seconds, "cpu_s": spent, "orders": orders, "fills": fills}


if __name__ == "__main__":
    print(json.dumps(back_test_here(*map(int, sys.argv[1:]))))
