"""The rules of vn.py's risk manager (vnpy_riskmanager 2.0.0, compiled) on the orders of `risk_ours.py`.

Its engine checks an order and then hears of it, as in trading; orders are its own objects. What stands around it needs
a desktop and numeric libraries: for imports alone these are empty stand-ins, and the main engine is one that knows
contracts. Rules, engine and event queue are theirs.

`python -m bench.risk_vnpy DECISIONS`, run by the Python of `make bench-peer`; gives JSON: nanoseconds of each decision.
"""

import gc
import json
import sys
import time
from types import ModuleType
from typing import Any

LISTED, OPEN_ORDERS = 200, 1_000  # as in risk_ours, which its Python cannot import
NEVER = 10**9


class _Anything(ModuleType):
    """A module that is imported and never used."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Nothing()


class _Nothing:
    """Anything that an import asks of it."""

    def __call__(self, *_: Any, **__: Any) -> Any:
        return self

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __or__(self, _: Any) -> Any:
        return self

    __ror__ = __or__


def engine_and_orders() -> tuple[Any, Any]:
    """Make the engine with all of its rules in force and none that bites; give it with the module of its objects."""
    for name in ("numpy", "talib", "loguru", "tzlocal", "requests", "qrcode", "requests.exceptions"):
        sys.modules.setdefault(name, _Anything(name))
    sys.modules["tzlocal"].get_localzone_name = lambda: "Asia/Seoul"  # type: ignore[attr-defined]  # a stand-in
    from vnpy.event import EventEngine
    from vnpy.trader import object as objects
    from vnpy.trader.constant import Exchange, Product
    from vnpy_riskmanager.engine import RiskEngine

    class MainEngine:
        """Knows contracts."""

        def __init__(self) -> None:
            self.contracts = {
                f"{900_000 + number}.SSE": objects.ContractData(
                    "G", f"{900_000 + number}", Exchange.SSE, "", Product.EQUITY, 1, 10, max_volume=10_000
                )
                for number in range(LISTED)
            }

        def get_contract(self, name: str) -> Any:
            return self.contracts.get(name)

        def write_log(self, msg: str, **_: Any) -> None:
            if "失败" in msg:
                raise RuntimeError(f"a rule was not loaded: {msg}")

        def send_order(self, *_: Any) -> str:
            return ""

    engine = RiskEngine(MainEngine(), EventEngine())
    for rule in engine.rules.values():
        rule.update_setting(dict.fromkeys((name for name in rule.parameters if name.endswith("_limit")), NEVER))
    return engine, objects


def run(decisions: int) -> dict[str, Any]:
    """Judge so many orders. Raises RuntimeError when one is refused."""
    engine, objects = engine_and_orders()
    from vnpy.event import Event
    from vnpy.trader.constant import Direction, Exchange, OrderType, Status

    def order(number: int, status: Any) -> Any:
        symbol = f"{900_000 + 7 * number % LISTED}"
        facts = (OrderType.LIMIT, Direction.LONG)
        made = objects.OrderData("G", symbol, Exchange.SSE, str(number), *facts, price=10_000, volume=10, status=status)
        return Event("eOrder.", made)

    for number in range(OPEN_ORDERS):
        engine.process_order_event(order(number, Status.NOTTRADED))
    wall, cpu = [], []
    gc.collect()
    gc.freeze()
    for number in range(OPEN_ORDERS, OPEN_ORDERS + decisions):
        symbol = f"{900_000 + 7 * number % LISTED}"
        asked = objects.OrderRequest(symbol, Exchange.SSE, Direction.LONG, OrderType.LIMIT, 10, 10_000)
        sent = order(number, Status.SUBMITTING)
        spent, begin = time.thread_time_ns(), time.perf_counter_ns()
        passes = engine.check_allowed(asked, "G")
        engine.process_order_event(sent)
        wall.append(time.perf_counter_ns() - begin)
        cpu.append(time.thread_time_ns() - spent)
        if not passes:
            raise RuntimeError(f"expected every order to pass, was refused: {asked}")
        engine.process_order_event(order(number, Status.CANCELLED))
        engine.event_engine._queue.queue.clear()  # nobody shows them here
    return {"wall": wall, "cpu": cpu, "rules": sorted(type(rule).__name__ for rule in engine.rules.values())}


if __name__ == "__main__":
    print(json.dumps(run(int(sys.argv[1]))))
