"""The port every backend implements, in domain terms. `servicer.py` puts it on the wire, `client.py` is its far end.

All methods run on the servicer's event loop and MUST NOT block it. Reads MAY be repeated; orders MUST NOT be.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from domain.errors import RequestRefused
from domain.instruments import Instrument
from domain.messages.link import BrokerDayOrder, BrokerOpenOrder, BrokerPosition, SessionInfo
from domain.messages.orders import CancelOrder, ModifyOrder, OrderFact, OrderFilled, SubmitOrder
from domain.quotes import Quote, QuoteBatch
from domain.types import CandleInterval, Gate, Krw, Market, RequestOutcome, UnixNanos, VenuePhase

OrderRequest = SubmitOrder | ModifyOrder | CancelOrder


@dataclass(frozen=True, slots=True)
class Guard:
    """What must hold when a request reaches the wire; the time is system time."""

    journal_id: str
    epoch: int
    valid_until: UnixNanos


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a request, durable in the journal when given."""

    request_id: str
    outcome: RequestOutcome
    code: str = ""  # reason code when REFUSED
    text: str = ""
    as_of_seq: int = 0  # last event in the journal when the answer was made


@dataclass(frozen=True, slots=True)
class OrderSessionOpened:
    """First answer of an order session: requests carry its journal and epoch."""

    journal_id: str
    epoch: int
    last_seq: int  # the session has caught up once this event was received
    gate: Gate


@dataclass(frozen=True, slots=True)
class AccountState:
    """Cash of the account; events up to as_of_seq are included. `cash` is the D+2 deposit: settled or not."""

    account: str  # masked
    cash: Krw
    orderable_cash: Krw
    commission: Krw  # of the day
    tax: Krw  # of the day
    as_of_seq: int
    deposit: Krw | None = None  # settled today (예수금); None when the broker does not tell
    d1_deposit: Krw | None = None  # settled on the next session
    withdrawable: Krw | None = None  # today


@dataclass(frozen=True, slots=True)
class Candle:
    """One recorded bar."""

    start: UnixNanos
    open: Krw
    high: Krw
    low: Krw
    close: Krw
    volume: int  # shares


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition search (조건검색) made in the broker's own program; number and name belong together."""

    index: int
    name: str


@dataclass(frozen=True, slots=True)
class ConditionNews:
    """What fits a condition (first), or one symbol that came to fit or does not any more."""

    venue_time: UnixNanos
    symbols: tuple[str, ...] = ()  # first only: all that fit
    entered: str = ""
    left: str = ""


@dataclass(frozen=True, slots=True)
class PhaseChanged:
    """The phase of the day changed; `code` is the venue's own, as received."""

    venue_time: UnixNanos
    phase: VenuePhase
    code: str


@dataclass(frozen=True, slots=True)
class VolatilityInterruption:
    """A volatility interruption (VI) of one instrument began or ended."""

    venue_time: UnixNanos
    symbol: str
    active: bool
    trigger_price: Krw  # 0 when not told
    reason: str  # as received: 정적, 동적, 동적+정적
    times: int  # of today in this instrument, 0 when not told


@dataclass(frozen=True, slots=True)
class IndexMoved:
    """The index of a market."""

    venue_time: UnixNanos
    market: Market  # KOSPI or KOSDAQ
    value: int  # hundredths of a point
    previous_close: int  # hundredths of a point, 0 when not told


MarketNews = PhaseChanged | VolatilityInterruption | IndexMoved


class DiagnosisState(StrEnum):
    """How one thing stands."""

    OK = "OK"
    WARNING = "WARNING"
    FAILED = "FAILED"
    NOT_KNOWN = "NOT_KNOWN"


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One thing that was looked at, what was found and what a person can do."""

    name: str
    state: DiagnosisState
    detail: str
    remedy: str = ""


class BrokerBackend(Protocol):
    """One broker, whatever stands behind it."""

    async def session(self) -> SessionInfo:
        """Tell what stands behind and where its day is."""

    async def login(self) -> SessionInfo:
        """Log in with the backend's own credentials. Raises BrokerUnavailable."""

    async def instruments(self, symbols: Sequence[str]) -> tuple[list[Instrument], list[str]]:
        """Give known instruments (all when `symbols` is empty) and the symbols not known."""

    async def latest_quotes(self, symbols: Sequence[str]) -> list[Quote]:
        """Give the latest quote of each symbol that has one today (all when `symbols` is empty)."""

    def stream_quotes(
        self, symbols: Sequence[str], max_rows: int, max_delay_s: float, depth: bool = False
    ) -> AsyncIterator[QuoteBatch]:
        """Stream batches until the source ends, with order books if asked and known; a slow reader gets them conflated.

        Raises RequestRefused UNKNOWN_SYMBOL.
        """

    async def candles(
        self,
        symbol: str,
        since: UnixNanos | None,
        until: UnixNanos | None,
        interval: CandleInterval | None = None,
        adjusted: bool = False,
    ) -> list[Candle]:
        """Give bars that ended by the venue's clock, of the source's own length by default.

        Raises RequestRefused UNKNOWN_SYMBOL, and NOT_OFFERED also for a length or prices it does not have.
        """

    async def account(self) -> AccountState:
        """Give cash."""

    async def positions(self) -> tuple[list[BrokerPosition], int]:
        """Give holdings and the event seq they include."""

    async def open_orders(self) -> tuple[list[BrokerOpenOrder], int]:
        """Give open venue orders and the event seq they include."""

    async def day_orders(self) -> tuple[list[BrokerDayOrder], int]:
        """Give every venue order number of the day with its sums, oldest first, and the event seq they include.

        Raises RequestRefused NOT_OFFERED where there is no such list; BrokerUnavailable when it cannot be read whole.
        """

    async def fills(self) -> tuple[list[OrderFilled], int]:
        """Give the day's executions, oldest first, and the event seq they include."""

    async def request(self, request: OrderRequest, guard: Guard) -> Receipt:
        """Take one request: journal it, check it just before the wire, send it once.

        Repeating an id gives the first outcome.
        """

    async def set_gate(self, request_id: str, level: Gate) -> Receipt:
        """Set the gate; durable before it answers."""

    async def refuse(self, request_id: str, content: str, reason: RequestRefused) -> Receipt:
        """Refuse a request that must not go on, for ever; an id that is known keeps its first answer.

        `content` is the hash of what it asks for.
        """

    async def resolve(self, request_id: str) -> Receipt:
        """Tell what became of a request, or write it VOID."""

    def last_event_seq(self) -> int:
        """Give the seq of the newest order event, 0 when there is none."""

    def order_events(self, after_seq: int) -> AsyncIterator[OrderFact]:
        """Stream every order event with a greater seq, then new ones as they happen. Never drops one, never ends."""

    # What not every broker has; `broker.not_offered.NotOffered` refuses all of it.

    async def conditions(self) -> list[Condition]:
        """Give the condition searches of the account's owner. Raises RequestRefused NOT_OFFERED."""

    async def run_condition(self, condition: Condition) -> list[str]:
        """Give the symbols that fit now. Raises RequestRefused NOT_OFFERED, UNKNOWN_CONDITION or RATE_LIMITED."""

    def watch_condition(self, condition: Condition) -> AsyncIterator[ConditionNews]:
        """Stream what fits, then what enters and leaves. Raises RequestRefused as `run_condition`."""

    def watch_market(self) -> AsyncIterator[MarketNews]:
        """Stream phases of the day, interruptions and indices. Raises RequestRefused NOT_OFFERED."""

    async def diagnose(self, probe: bool) -> list[Diagnosis]:
        """Look at the broker's own health; `probe` asks the venue once. Raises RequestRefused NOT_OFFERED."""
