"""A stage for the emulated control: servers that say what a test puts there, a clock and a desktop of its own."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from broker.port import AccountState, Candle, MarketNews, OrderRequest, Receipt
from broker_win.emulator.engine import KiwoomEngine
from broker_win.emulator.house import Held
from broker_win.emulator.parts import Emission
from broker_win.emulator.plan import EmulatorPlan
from domain.instruments import Instrument
from domain.messages.link import BrokerDayOrder, BrokerPosition
from domain.messages.orders import OrderFact
from domain.quotes import Depth, Quote, QuoteKind
from domain.time import from_kst
from domain.types import (
    DayOrderAction,
    DayOrderState,
    Krw,
    Market,
    Side,
    Symbol,
    UnixNanos,
    VenuePhase,
)

DAY = date(2026, 9, 11)  # a Friday
NINE = from_kst(DAY, 9, 0)
MS = 1_000_000
ACCOUNT = "8012345611"
SAMSUNG, HYNIX, KOSDAQ_ONE, FUND = "005930", "000660", "035900", "069500"


def an_instrument(code: str, name: str, base: int, market: Market = Market.KOSPI, **more: Any) -> Instrument:
    """Make one with limits of 30 %."""
    return Instrument(
        Symbol(code),
        name,
        market,
        Krw(base),
        Krw(base * 7 // 10),
        Krw(base * 13 // 10),
        more.pop("tradable", True),
        **more,
    )


def a_quote(code: str, price: int, volume: int = 1_000, at: int = NINE, quantity: int = 10) -> Quote:
    """Make a trade with a best price on each side."""
    return Quote(code, at, price, quantity, volume, price - 100, price + 100, 50, 60, int(QuoteKind.TRADE))


def a_day_order(number: int, **more: Any) -> BrokerDayOrder:
    """Make one: 10 shares of Samsung bought at 60,000, not filled."""
    told: dict[str, Any] = {
        "venue_order_id": f"{number:07d}",
        "original_venue_order_id": "",
        "client_order_id": "",
        "request_id": "",
        "symbol": SAMSUNG,
        "side": Side.BUY,
        "action": DayOrderAction.NEW,
        "state": DayOrderState.RECEIVED,
        "quantity": 10,
        "leaves_qty": 10,
        "filled_qty": 0,
        "filled_notional": Krw(0),
        "limit_price": Krw(60_000),
        "commission": None,
        "tax": None,
        "order_time": UnixNanos(NINE + number * MS * 1_000),
    }
    return BrokerDayOrder(**{**told, **more})


class FakeHouse:
    """Servers that answer at once with what `answers` holds; nothing trades here."""

    def __init__(self) -> None:
        """Open at nine with four instruments, two of them traded."""
        listed = (
            an_instrument(SAMSUNG, "삼성전자", 60_000),
            an_instrument(HYNIX, "SK하이닉스", 200_000),
            an_instrument(KOSDAQ_ONE, "JYP Ent.", 70_000, Market.KOSDAQ),
            an_instrument(FUND, "KODEX 200", 40_000, Market.ETF),
        )
        self._instruments = {str(one.symbol): one for one in listed}
        self.is_up = True
        self.is_replaying = False
        self.clock: int = NINE
        self.answers: dict[str, Any] = {
            "account": AccountState(
                "****5611",
                Krw(1_000_000),
                Krw(700_000),
                Krw(0),
                Krw(0),
                0,
                Krw(1_500_000),
                Krw(1_200_000),
                Krw(600_000),
            ),
            "positions": [BrokerPosition(SAMSUNG, 10, Krw(590_005), Krw(0), 7)],
            "day_orders": [],
            "fills": [],
            "quotes": [a_quote(SAMSUNG, 61_000), a_quote(HYNIX, 190_000)],
            "candles": [],
        }
        self.placed: list[OrderRequest] = []
        self.late: list[Callable[[], None]] | None = None  # answers wait here when it is a list
        self.on_fact: Callable[[OrderFact], None] = lambda _: None
        self.on_rows: Callable[[Sequence[Quote], Sequence[Depth]], None] = lambda _, __: None
        self.heard = 0

    @property
    def instruments(self) -> Mapping[str, Instrument]:
        """Give what is listed."""
        return self._instruments

    def list_more(self, one: Instrument) -> None:
        """List another."""
        self._instruments[str(one.symbol)] = one

    def held(self, symbol: str) -> Held:
        """Give nothing."""
        del symbol
        return Held()

    def now(self) -> UnixNanos:
        """Give the clock."""
        return UnixNanos(self.clock)

    def phase(self) -> VenuePhase:
        """Give the session."""
        return VenuePhase.CONTINUOUS

    def read(self, what: str, then: Callable[[Any], None], symbol: str = "") -> None:
        """Give what was put there."""
        answer = self.answers[what]
        if isinstance(answer, dict):
            answer = answer.get(symbol, [])
        if self.late is None:
            then(answer)
        else:
            self.late.append(lambda: then(answer))

    def place(self, request: OrderRequest, then: Callable[[Receipt], None]) -> None:
        """Keep the order."""
        del then
        self.placed.append(request)

    def hear(
        self,
        on_fact: Callable[[OrderFact], None],
        on_rows: Callable[[Sequence[Quote], Sequence[Depth]], None],
        on_phase: Callable[[VenuePhase], None],
    ) -> None:
        """Keep whom to tell."""
        self.on_fact, self.on_rows, self.heard = on_fact, on_rows, self.heard + 1
        on_phase(VenuePhase.CONTINUOUS)

    def hear_market(self, on_news: Callable[[MarketNews], None]) -> None:
        """Do nothing: its market has no news."""

    def watch(self, codes: Sequence[str]) -> None:
        """Do nothing: a test tells rows by itself."""

    def close(self) -> None:
        """Hang up."""


class FakeDesktop:
    """Dialogs that stand until a test closes them."""

    def __init__(self) -> None:
        """Start empty."""
        self.titles: list[str] = []  # of all that were ever opened
        self.standing: dict[str, str] = {}

    def open(self, title: str, text: str) -> str:
        """Open one."""
        assert text
        self.titles.append(title)
        self.standing[str(len(self.titles))] = title
        return str(len(self.titles))

    def is_open(self, dialog_id: str) -> bool:
        """Tell whether it stands."""
        return dialog_id in self.standing

    def close_all(self) -> None:
        """Click everything away."""
        self.standing.clear()


class Stage:
    """An engine, and what came out of it."""

    def __init__(self, path: Path, plan: EmulatorPlan | None = None, house: FakeHouse | None = None) -> None:
        """Set the stage; nobody is logged in."""
        self.house = house or FakeHouse()
        self.desktop = FakeDesktop()
        self.time = 0  # monotonic ns
        self.sent: list[Emission] = []
        self.frozen: list[float] = []
        self.deaths = 0
        self.on_event: Callable[[Emission], None] = lambda _: None
        self.engine = KiwoomEngine(
            self.house,
            plan or EmulatorPlan(),
            lambda: self.time,
            path,
            self.desktop,
            block=self.frozen.append,
            die=self._die,
            run="test",
        )
        self.engine.bind(self._hear, lambda: None)

    def call(self, method: str, *arguments: str | int) -> Any:
        """Call a method."""
        return self.engine.call(method, arguments)

    def run(self, ms: int) -> list[Emission]:
        """Let so much time pass, step by step; give what came meanwhile."""
        before, until = len(self.sent), self.time + ms * MS
        while (at := self.engine.next_at()) is not None and at <= until:
            self.time = max(self.time, at)
            self.engine.due()
        self.time = until
        self.engine.due()
        return self.sent[before:]

    def login(self) -> None:
        """Log in."""
        assert self.call("CommConnect") == 0
        assert ("OnEventConnect", (0,)) in [(one.signal, one.arguments) for one in self.run(1_000)]

    def ask(self, trcode: str, inputs: Mapping[str, str], *, rqname: str = "q", more: bool = False) -> int:
        """Set inputs and ask on screen 1001."""
        for name, value in inputs.items():
            self.call("SetInputValue", name, value)
        return int(self.call("CommRqData", rqname, trcode, 2 if more else 0, "1001"))

    def read(
        self, trcode: str, inputs: Mapping[str, str], *names: str, more: bool = False
    ) -> tuple[list[list[str]], bool]:
        """Ask and read fields of all rows (of index 0 when there are none) while the answer lasts."""
        got: list[tuple[list[list[str]], bool]] = []

        def hear(emission: Emission) -> None:
            if emission.signal == "OnReceiveTrData":
                rows = max(1, self.call("GetRepeatCnt", trcode, "q"))
                cells = [[self.call("GetCommData", trcode, "q", row, name) for name in names] for row in range(rows)]
                got.append((cells, emission.arguments[4] == "2"))

        self.on_event = hear
        assert self.ask(trcode, inputs, more=more) == 0
        self.run(2_000)
        self.on_event = lambda _: None
        [answer] = got
        return answer

    def signals(self) -> list[str]:
        """Give the names of the events so far."""
        return [one.signal for one in self.sent]

    def _hear(self, emission: Emission) -> None:
        self.sent.append(emission)
        self.on_event(emission)

    def _die(self) -> None:
        self.deaths += 1


def some_candles(count: int, start: int = NINE, length: int = 60_000 * MS) -> list[Candle]:
    """Make bars in a row whose close rises by 10 won each."""
    return [
        Candle(
            UnixNanos(start + number * length),
            Krw(60_000 + 10 * number),
            Krw(60_100 + 10 * number),
            Krw(59_900 + 10 * number),
            Krw(60_010 + 10 * number),
            100,
        )
        for number in range(count)
    ]
