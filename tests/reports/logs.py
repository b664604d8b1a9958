"""Logs of a trader written by hand, for what no back-test brings about."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from broker.translate.quotes import decode_batch, encode_batch
from domain.config import RunConfig
from domain.instruments import Instrument
from domain.messages import Message
from domain.messages.link import BrokerPosition, BrokerStateReceived, ConnectionChanged, InstrumentsReceived
from domain.messages.market import QuotesJudged, QuotesReceived, QuoteVerdict
from domain.messages.run import RunStarted, StateCarried
from domain.messages.trading import (
    AccountOpened,
    EquityMarked,
    FillBooked,
    OrderApproved,
    SessionPlanned,
    SignalFormed,
)
from domain.quotes import Quote, QuoteBatch
from domain.time import from_kst
from domain.types import (
    ClientOrderId,
    Krw,
    LinkName,
    Market,
    OrderKind,
    Purpose,
    Side,
    Symbol,
    UnixNanos,
)
from persistence.codec import MessageCodec
from persistence.event_log import EventLog

SYMBOL, OTHER = "005930", "035720"
MONDAY, TUESDAY, WEDNESDAY = date(2026, 3, 2 + 7), date(2026, 3, 3 + 7), date(2026, 3, 4 + 7)  # sessions
MS = 1_000_000


def a_codec() -> MessageCodec:
    return MessageCodec(decode_batch, joins=True)


def clock(day: date, hour: int, minute: int = 0, second: int = 0) -> UnixNanos:
    return from_kst(day, hour, minute, second)


class Writer:
    """One log being written; `say` gives the sequence of the message."""

    def __init__(self, path: Path, log_id: str = "L1") -> None:
        self.path = path
        self.log = EventLog.open(path, create_id=lambda: log_id, now=lambda: 0, reserve_bytes=4096)
        self.log_id = self.log.log_id
        self.seq = self.log.last_seq
        self._codec = a_codec()
        self._waiting: list[Any] = []

    def say(self, message: Message, at: int, cause: int = 0) -> int:
        self.seq += 1
        self._waiting.append(
            self._codec.record(
                message, seq=self.seq, run_id="r", recorded_at=at, causation_seq=cause, role="test" if cause else "edge"
            )
        )
        return self.seq

    def close(self) -> Path:
        self.log.commit(self._waiting, durable=False)
        self.log.close()
        return self.path

    # ---- beginnings --------------------------------------------------------------------------------------------

    def follows(self, before: "Writer", day: date, hour: int = 8) -> None:
        self.say(StateCarried(before.log_id, before.seq, "00", {}), clock(day, hour))

    def opens(
        self,
        day: date,
        *,
        cash: int = 10_000_000,
        held: Iterable[tuple[str, int, int]] = (),
        equity: int | None = None,
        config: RunConfig | None = None,
        version: str = "0.7.0",
    ) -> None:
        """Begin a run, plan the session and open the account; `held` are symbol, shares, cost basis."""
        at = clock(day, 8, 30)
        positions = tuple(BrokerPosition(*one[:2], Krw(one[2])) for one in held)
        value = sum(one.cost_basis for one in positions)
        self.say(RunStarted("r", version, config or RunConfig("paper", tell_flows=True)), at)
        plan = (clock(day, 9), clock(day, 15, 20), clock(day, 15, 30))
        self.say(SessionPlanned(day.isoformat(), True, *plan, False), at)
        state = self.say(BrokerStateReceived(Krw(cash), positions, (), "j", 0, at), at)
        whole = Krw(cash + value if equity is None else equity)
        self.say(AccountOpened(day.isoformat(), Krw(cash), whole, at), at, state)

    def lists(self, day: date, *instruments: tuple[str, str, Market]) -> None:
        found = tuple(Instrument(Symbol(s), name, market, None, None, None, True) for s, name, market in instruments)
        self.say(InstrumentsReceived(found, ()), clock(day, 8, 31))

    # ---- money -------------------------------------------------------------------------------------------------

    def fill(self, day: date, hour: int, side: Side, shares: int, price: int, left: int, **changes: Any) -> int:
        """Book a fill of its own order; commission 15 won, tax 20 on a sale."""
        at = clock(day, hour)
        order = ClientOrderId(changes.pop("order", f"{self.log_id}-{self.seq}"))
        tax = 20 if side is Side.SELL else 0
        notional = Krw(shares * price)
        made = FillBooked(
            *(order, f"t{self.seq}", SYMBOL, side, shares, Krw(price), notional, Krw(15), Krw(tax), Krw(0), left),
            *(Krw(left * price), Krw(0), at),
        )
        return self.say(replace(made, **changes), at)

    def approve(self, day: date, hour: int, side: Side, cause: int = 0, **changes: Any) -> str:
        """Let an order pass; give its id."""
        at = clock(day, hour)
        order = ClientOrderId(changes.pop("order", f"{self.log_id}-{self.seq}"))
        purpose = Purpose.ENTRY if side is Side.BUY else Purpose.EXIT
        terms = (order, SYMBOL, side, OrderKind.LIMIT, purpose, 10, Krw(1_000), Krw(0), "ema", "why: so", at)
        self.say(replace(OrderApproved(*terms), **changes), at, cause)
        return order

    def mark(self, day: date, hour: int, equity: int, cash: int | None = None, **changes: Any) -> int:
        at = clock(day, hour)
        money = (Krw(equity if cash is None else cash), Krw(equity), Krw(0), Krw(0), Krw(0))
        held = int(cash is not None and cash != equity)
        return self.say(replace(EquityMarked(*money, held, at), **changes), at)

    # ---- quotes ------------------------------------------------------------------------------------------------

    def quotes(
        self,
        day: date,
        hour: int,
        *rows: tuple[str, int],
        verdicts: tuple[QuoteVerdict, ...] = (),
        received_at: int = 0,
    ) -> int:
        """Hear a batch of (symbol, price) and judge it; give the sequence of the judgement."""
        at = clock(day, hour)
        made = tuple(Quote(symbol, at, price, 1, 1, price - 10, price + 10, 5, 5, 1) for symbol, price in rows)
        batch = QuoteBatch("q", self.seq, made, 0, False, at)
        got = self.say(QuotesReceived(batch, encode_batch(batch), UnixNanos(received_at)), at)
        refused = {one.row for one in verdicts if one.refused}
        kept = tuple(row for index, row in enumerate(made) if index not in refused)
        return self.say(QuotesJudged(got, kept, verdicts), at, got)

    def signal(self, day: date, hour: int, side: Side, reference: int, cause: int) -> int:
        at = clock(day, hour)
        purpose = Purpose.ENTRY if side is Side.BUY else Purpose.EXIT
        what = (
            "ema",
            SYMBOL,
            side,
            purpose,
            1.0,
            0.8,
            60,
            Krw(reference),
            Krw(reference),
            "unknown",
            (),
            "why: so",
            at,
        )
        return self.say(SignalFormed(*what), at, cause)

    def link(self, day: date, hour: int, before: str, after: str, trigger: str) -> None:
        at = clock(day, hour)
        self.say(ConnectionChanged(LinkName.QUOTES, before, after, trigger, "why", at), at)
