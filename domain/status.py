"""Questions about connections, the day, orders and quotes, and their answers. Money questions are in `views.py`."""

from dataclasses import dataclass, field

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
    stop: str = "RUNNING"  # state of the stop machine


@dataclass(frozen=True, slots=True)
class LinksQuery:
    """How are the links? `now` is system time."""

    now: UnixNanos


@dataclass(frozen=True, slots=True)
class SourceView:
    """A source of quotes."""

    endpoint: str
    in_use: bool
    is_well: bool  # by its last probe; the one in use is not probed
    reason: str  # why it is not well


@dataclass(frozen=True, slots=True)
class LinksView:
    """Both links, the feed and its quality."""

    states: dict[LinkName, str]
    reasons: dict[LinkName, str]
    feed_age_ms: int | None  # system time since the last batch; None before the first
    uptime_ppm: int  # as `up_ppm`; before any market time all of it while both links are READY, else 0
    quotes: int  # rows judged since the run began
    refused: int
    flagged: int
    conflated: int
    unknown_limits: int  # instruments without daily limits
    symbols: int
    market_ms: int = 0  # market time of the trading date so far, see domain/uptime.py
    up_ppm: int = 0  # share of it with both links READY
    degraded_ppm: int = 0  # share of it with a link DEGRADED
    down_ppm: int = 0  # share of it with a link down
    planned_ms: int = 0  # of the time down, within known maintenance
    maintenance: str = ""  # under way now, in words
    quotes_source: str = ""  # where quotes come from, HOST:PORT
    on_backup: bool = False
    orders_path: str = ""  # where orders go, HOST:PORT; empty: the simulator beside the trader, or the quotes broker
    server_kinds: dict[LinkName, str] = field(default_factory=dict)  # as told last; empty before the first session
    unproved: dict[str, str] = field(default_factory=dict)  # subscribed, no quote yet -> why
    muted: tuple[str, ...] = ()  # instruments that fell silent
    contradicted: tuple[str, ...] = ()  # instruments of which another source tells otherwise
    sources: tuple[SourceView, ...] = ()  # in the order of preference
    verdicts: dict[str, int] = field(default_factory=dict)  # by quality rule, since the run began


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
