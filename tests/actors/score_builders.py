"""A scorekeeper's desk: one role, a clock of rows, and days of its own."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from actors.roles.scorekeeper import Scorekeeper
from domain.config import RunConfig, SignalConfig, StrategyConfig
from domain.day_plan import plan_session
from domain.instruments import Instrument
from domain.messages import Message, Stamp
from domain.messages.link import InstrumentsReceived
from domain.messages.market import QuotesEnded, QuotesJudged, QuoteVerdict
from domain.messages.run import RunStarted
from domain.messages.trading import BaselineScored, SignalFormed, SignalScored
from domain.quotes import Quote, QuoteKind
from domain.signal_views import ScoresQuery, ScoresView
from domain.time import from_kst
from domain.types import Krw, Market, Purpose, Side, Symbol, UnixNanos

ON = date(2026, 1, 13)  # a Tuesday
A, B = "120110", "005930"
S = 1_000_000_000
COST = 2 * 150 + 2_000  # ppm: commission twice, the sale's tax of 2026


def at(minute: float, on: date = ON) -> UnixNanos:
    """Give the venue time so many minutes after 09:00."""
    return UnixNanos(from_kst(on, 9, 0) + int(minute * 60) * S)


def row(minute: float, price: int = 10_000, symbol: str = A, on: date = ON, **fields: int) -> Quote:
    """A trade at a price with the bid 10 won below and the ask 10 above it."""
    book = {"bid_price": price - 10, "ask_price": price + 10} | fields
    trade = int(QuoteKind.TRADE)
    return Quote(symbol, at(minute, on), price, 1, 1, book["bid_price"], book["ask_price"], 9, 9, trade)


def a_signal(of: Quote, seconds: int = 600, sessions: int = 0, **fields: Any) -> SignalFormed:
    """An entry formed on a row."""
    given = {"strategy": "s", "side": Side.BUY, "purpose": Purpose.ENTRY, "confidence": 0.8} | fields
    return SignalFormed(
        symbol=of.symbol,
        strength=1.0,
        horizon_s=seconds,
        reference_price=Krw(of.price),
        limit_price=Krw(of.ask_price or of.price),
        attention="naver",
        inputs=(),
        rationale="",
        venue_time=UnixNanos(of.venue_time),
        horizon_sessions=sessions,
        regime="calm",
        **given,
    )


def started(scores: bool = True, symbols: tuple[str, ...] = (A, B), **params: Any) -> RunStarted:
    strategies = (StrategyConfig("s", params),)
    config = RunConfig("paper", symbols=symbols, signals=SignalConfig(scores=scores), strategies=strategies)
    return RunStarted("run", "0", config)


def served(base: int | None = 10_000) -> InstrumentsReceived:
    price = None if base is None else Krw(base)
    made = [Instrument(Symbol(s), "", Market.KOSPI, price, None, None, True) for s in (A, B)]
    return InstrumentsReceived(tuple(made), ())


class ScoreDesk:
    """A scorekeeper and what it said; remembers everything for a fold."""

    def __init__(self, **config: Any) -> None:
        self.keeper = Scorekeeper()
        self.said: list[Any] = []
        self.past: list[tuple[Message, Stamp]] = []
        if config.pop("begins", True):
            self.hear(started(**config), served(), plan_session(ON, {}))

    def hear(self, *messages: Message) -> list[Any]:
        said: list[Any] = []
        for message in messages:
            stamp = self._fold(message)
            outputs = list(self.keeper.decide(message, stamp))
            for output in outputs:
                self._fold(output)
            said += outputs
        self.said += said
        return said

    def _fold(self, message: Message) -> Stamp:
        stamp = Stamp(len(self.past) + 1, UnixNanos(0), "log")
        self.keeper.evolve(message, stamp)
        self.past.append((message, stamp))
        return stamp

    def rows(self, *rows: Quote, flagged: Sequence[int] = ()) -> list[Any]:
        verdicts = tuple(QuoteVerdict(index, rows[index].symbol, "price_jump", "", False) for index in flagged)
        return self.hear(QuotesJudged(1, rows, verdicts))

    def signal(self, of: Quote, *args: Any, **fields: Any) -> int:
        """Form a signal on a row that was heard; give its sequence."""
        self.hear(a_signal(of, *args, **fields))
        return len(self.past)

    def signals(self) -> list[SignalScored]:
        return [item for item in self.said if isinstance(item, SignalScored)]

    def baselines(self) -> list[BaselineScored]:
        return [item for item in self.said if isinstance(item, BaselineScored)]

    def view(self) -> ScoresView:
        found = self.keeper.view(ScoresQuery())
        assert isinstance(found, ScoresView)
        return found

    def session(self, on: date, price: int = 10_000, base: int | None = 10_000, close: int | None = None) -> list[Any]:
        """Live through a whole session with a row at its begin, in its middle and at its close."""
        said = self.hear(served(base), plan_session(on, {}))
        for symbol in (A, B):
            said += self.rows(row(0.5, price, symbol, on))
        said += self.rows(row(200, price, on=on), row(200, price, B, on))
        end = close or price
        return said + self.rows(row(390, end, on=on), row(390, end, B, on)) + self.end(390, on)

    def end(self, minute: float, on: date = ON) -> list[Any]:
        return self.hear(QuotesEnded(at(minute, on)))

    def folded(self) -> "ScoreDesk":
        again = ScoreDesk(begins=False)
        for message, stamp in self.past:
            again.keeper.evolve(message, stamp)
        again.past = list(self.past)
        return again


def days(count: int) -> list[date]:
    """Give sessions from ON on; none of them falls on a weekend for small counts."""
    return [ON + timedelta(days=n) for n in range(count)]
