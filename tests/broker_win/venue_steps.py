"""A venue in this process behind the parts of the emulated control: market, clock and emitter move when told."""

import json
from collections.abc import Callable, Mapping
from heapq import heappop, heappush
from importlib.resources import files
from pathlib import Path
from typing import Any

from broker_sim.exchange import PLAIN
from broker_win.emulator.order_desk import OrderDesk
from broker_win.emulator.parts import Emission, TrData
from broker_win.emulator.plan import EmulatorPlan, OrdersPlan, ServerPlan, TimesPlan, TrPlan, UnknownsPlan
from broker_win.emulator.sim_house import SimHouse
from domain.config import SimConfig
from domain.instruments import Instrument
from domain.quotes import Quote, QuoteKind
from domain.types import Krw, Market, Symbol, UnixNanos
from tests.broker_sim.builders import at

SYMBOL = "005930"
KOSDAQ = "035720"
ACCOUNT = "8012345611"
SLOT_TIMES = TimesPlan(order_ms=(10, 10), chejan_ms=(5, 5), message_ms=(1, 1))


class FakeEmitter:
    """Time that moves when told, and everything that was sent."""

    def __init__(self) -> None:
        self.now = 1_000_000_000
        self.sent: list[Emission] = []
        self._waiting: list[tuple[int, int, Callable[[], None]]] = []
        self._count = 0

    def emit(self, emission: Emission, after_ms: int = 0) -> None:
        self.later(after_ms, lambda: self.sent.append(emission))

    def later(self, after_ms: int, act: Callable[[], None]) -> None:
        self._count += 1
        heappush(self._waiting, (self.now + after_ms * 1_000_000, self._count, act))

    def advance(self, ms: int) -> None:
        until = self.now + ms * 1_000_000
        while self._waiting and self._waiting[0][0] <= until:
            self.now, _, act = heappop(self._waiting)
            act()
        self.now = until

    def settle(self) -> None:
        """Let everything that waits come."""
        while self._waiting:
            self.advance((self._waiting[0][0] - self.now) // 1_000_000)


def a_stock(symbol: str = SYMBOL, base: int = 10_000, market: Market = Market.KOSPI) -> Instrument:
    lower, upper = Krw(base * 7 // 10), Krw(base * 13 // 10)
    return Instrument(Symbol(symbol), "삼성전자", market, Krw(base), lower, upper, True)


def a_row(
    price: int = 10_000,
    last_qty: int = 0,
    *,
    bid: int | None = None,
    ask: int | None = None,
    bid_qty: int = 1_000,
    ask_qty: int = 1_000,
    when: int | None = None,
    symbol: str = SYMBOL,
    volume: int = 0,
) -> Quote:
    """A row: asks at the price, bids 10 below it, where nothing else is said."""
    return Quote(
        symbol,
        at(10, 0) if when is None else when,
        price,
        last_qty,
        volume,
        price - 10 if bid is None else bid,
        price if ask is None else ask,
        bid_qty,
        ask_qty,
        int(QuoteKind.TRADE if last_qty else QuoteKind.BOOK),
    )


def a_plan(
    *,
    kind: str = "mock",
    orders: Mapping[str, Any] | None = None,
    unknowns: Mapping[str, Any] | None = None,
    trs: Mapping[str, Any] | None = None,
    times: TimesPlan = SLOT_TIMES,
) -> EmulatorPlan:
    return EmulatorPlan(
        server=ServerPlan(kind=kind, accounts=(ACCOUNT,)),
        times=times,
        orders=OrdersPlan(**(orders or {})),
        unknowns=UnknownsPlan(**(unknowns or {})),
        trs=TrPlan(**({"orders_per_second": 1_000} | dict(trs or {}))),
    )


class Floor:
    """A venue at 10:00 with one stock at 10,000 won, and an order desk before it."""

    def __init__(self, folder: Path, plan: EmulatorPlan | None = None, sim: SimConfig = PLAIN, run: str = "r1") -> None:
        self.folder, self.sim, self.plan = folder, sim, plan or a_plan()
        self.emitter = FakeEmitter()
        self.account_code = 0
        self.open(run)
        self.house.on_quotes([a_row(when=at(9, 59, 59))], at(10, 0))

    def open(self, run: str) -> None:
        """Begin a process of the control: a desk that knows nothing, before the venue as it is."""
        instruments = [a_stock(), a_stock(KOSDAQ, 50_000, Market.KOSDAQ)]
        self.house = SimHouse.opened(self.folder / "sim.db", instruments, sim=self.sim, now=lambda: 1)
        self.desk = OrderDesk(
            self.house,
            self.emitter,
            self.plan,
            lambda account: self.account_code,
            latest=lambda code: self.house.venue.exchange.latest.get(code),
            run=run,
        )
        self.house.hear(self.desk.on_fact, lambda rows, depths: None, lambda phase: None)

    def restart(self, run: str) -> None:
        self.house.close()
        self.open(run)

    def order(
        self,
        kind: int,
        quantity: int,
        price: int,
        *,
        price_type: str = "00",
        original: str = "",
        screen: str = "4001",
        rqname: str = "rq",
        code: str = SYMBOL,
        account: str = ACCOUNT,
    ) -> int:
        """SendOrder: 1 buy, 2 sell, 3 and 4 cancel, 5 and 6 modify."""
        return self.desk.send_order((rqname, screen, account, kind, code, quantity, price, price_type, original))

    def trade(self, price: int, last_qty: int, seconds: int = 1) -> None:
        """Let others trade, so many seconds later; bids stand 10 below the price then, asks 20 above it."""
        when = UnixNanos(self.house.now() + seconds * 1_000_000_000)
        self.house.on_quotes([a_row(price, last_qty, ask=price + 20, when=when)], when)

    def wait(self, seconds: int = 1) -> None:
        """Move the venue's clock."""
        self.house.set_time(UnixNanos(self.house.now() + seconds * 1_000_000_000))

    def take(self) -> list[Emission]:
        """Let all events come and take them."""
        self.emitter.settle()
        sent, self.emitter.sent = self.emitter.sent, []
        return sent


def brief(emission: Emission) -> tuple[Any, ...]:
    """Say an order event in short: what a scenario compares."""
    data = emission.data
    if emission.signal == "OnReceiveTrData":
        assert isinstance(data, TrData)
        return ("tr", emission.arguments[2], data.single["주문번호"])
    if emission.signal == "OnReceiveMsg":
        return ("msg", str(emission.arguments[3])[1:7])
    assert isinstance(data, dict)
    if emission.arguments[0] == "0":
        return ("order", data[9203], data[913], data[902], data[915])
    return ("balance", data[930], data[933])


def defined_fids(kind: str) -> tuple[int, ...]:
    """Give the FIDs of a real type in the order of Kiwoom's definitions."""
    raw = json.loads(files("broker_win.data").joinpath("openapi_defs.json").read_text("utf-8"))
    return tuple(raw["real"][kind])
