"""Questions about connections, the day, orders and quotes, and their answers. Money questions are in `views.py`."""

from dataclasses import dataclass

from domain.messages.trading import SignalFormed
from domain.quotes import Quote
from domain.types import Gate, LinkName, UnixNanos


@dataclass(frozen=True, slots=True)
class DayQuery:
    """How is the trading day?"""


@dataclass(frozen=True, slots=True)
class DayView:
    """The trading day."""

    state: str
    gate: Gate
    gate_reason: str
    trading_date: str  # YYYY-MM-DD, KST; empty before the first session
    venue_time: UnixNanos  # 0 before the first quote
    data_ended: bool


@dataclass(frozen=True, slots=True)
class LinksQuery:
    """How are the links? `now` is system time."""

    now: UnixNanos


@dataclass(frozen=True, slots=True)
class LinksView:
    """Both links, the feed and its quality."""

    states: dict[LinkName, str]
    reasons: dict[LinkName, str]
    feed_age_ms: int | None  # system time since the last batch; None before the first
    uptime_ppm: int  # share of the time since the first attempt with both links READY
    quotes: int  # rows judged since the run began
    refused: int
    flagged: int
    conflated: int
    unknown_limits: int  # instruments without daily limits
    symbols: int


@dataclass(frozen=True, slots=True)
class QuotesQuery:
    """Latest quotes; empty means all."""

    symbols: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WatchedQuote:
    """A quote as judged."""

    quote: Quote
    name: str
    quality: str  # ok, or the last rule that flagged or refused a row
    refused: int  # rows today


@dataclass(frozen=True, slots=True)
class OrdersQuery:
    """Orders, newest first."""

    open_only: bool = False
    symbol: str = ""
    client_order_id: str = ""
    limit: int = 1000


@dataclass(frozen=True, slots=True)
class SignalsQuery:
    """Signals, newest first."""

    symbol: str = ""
    limit: int = 1000


@dataclass(frozen=True, slots=True)
class SignalView:
    """A signal with its place in the log."""

    seq: int
    signal: SignalFormed


@dataclass(frozen=True, slots=True)
class SignalsView:
    """Signals, and how many used which attention."""

    signals: tuple[SignalView, ...]
    by_attention: dict[str, int]
