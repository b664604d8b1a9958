"""Quotes, their quality, attention."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from domain.messages.base import Message, message
from domain.quotes import Quote, QuoteBatch
from domain.types import Krw, Market, UnixNanos


@message
class QuotesReceived(Message):
    """One batch as it came. `raw` are the bytes of the broker's message; the log keeps them, not the rows."""

    STREAM: ClassVar[str] = "quotes"
    batch: QuoteBatch
    raw: bytes
    received_at: UnixNanos = UnixNanos(0)  # system time at which the link had it whole; 0 in logs before 0.7.0

    def when(self) -> UnixNanos | None:
        """Give the venue time of the last row."""
        rows = self.batch.rows
        return UnixNanos(rows[-1].venue_time) if rows else None


@message
class QuotesEnded(Message):
    """The quote source has no more data today."""

    STREAM: ClassVar[str] = "quotes"
    venue_time: UnixNanos


@message
class IndexReceived(Message):
    """The index of a market, as its broker streams it."""

    STREAM: ClassVar[str] = "index/{market}"
    market: Market  # KOSPI or KOSDAQ
    value: int  # hundredths of a point
    previous_close: int  # hundredths of a point; 0 when not told
    venue_time: UnixNanos


@message
class SymbolInterrupted(Message):
    """A volatility interruption (VI) of one instrument began or ended."""

    STREAM: ClassVar[str] = "market/{symbol}"
    symbol: str
    active: bool
    trigger_price: Krw  # that set it off; 0 when not told
    reason: str  # as received
    venue_time: UnixNanos


@dataclass(frozen=True, slots=True)
class QuoteVerdict:
    """What the quality rules say of one row."""

    row: int  # index in the batch received
    symbol: str
    rule: str  # name of the rule, see domain/quality.py
    detail: str  # value and what was expected
    refused: bool  # True: dropped. False: kept and flagged


@message
class QuotesJudged(Message):
    """The rows of one batch that passed the quality rules; `source_seq` is the batch in the log.

    The log keeps the verdicts only: reading it back rebuilds `rows` from the batch less the refused ones.
    """

    STREAM: ClassVar[str] = "quotes"
    source_seq: int
    rows: Sequence[Quote]
    verdicts: tuple[QuoteVerdict, ...]

    def when(self) -> UnixNanos | None:
        """Give the venue time of the last row."""
        return UnixNanos(self.rows[-1].venue_time) if self.rows else None


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """Search ratio of one day: relative, never a count."""

    day: str  # YYYY-MM-DD, KST
    ratio: float


@message
class TrendReceived(Message):
    """A search-attention series as its source gave it. Absent is unknown, never zero."""

    STREAM: ClassVar[str] = "trend/{symbol}"
    symbol: str
    source: str  # naver, google, shifted-demo
    keyword_version: int
    fetched_at: UnixNanos
    points: tuple[TrendPoint, ...]  # oldest first


@message
class AttentionFetched(Message):
    """What a source's series said of one day, measured where it was received: the series itself is not kept.

    Takes the place of TrendReceived where the operator keeps no series because the source's terms forbid it.
    """

    STREAM: ClassVar[str] = "trend/{symbol}"
    symbol: str
    source: str  # naver, google
    keyword_version: int
    fetched_at: UnixNanos
    trading_date: str  # YYYY-MM-DD, KST: measured for this date, from the days before it
    as_of: str  # last day used, YYYY-MM-DD; empty when unknown
    asvi: float | None  # abnormal search volume, log units; None when unknown
    z: float | None  # robust z of asvi; None when unknown
    reason: str  # why something is unknown, else empty


@message
class TrendsMissing(Message):
    """A source gave no series of these instruments. Absent is unknown, never zero."""

    STREAM: ClassVar[str] = "trend"
    source: str
    symbols: tuple[str, ...]
    trading_date: str  # YYYY-MM-DD, KST: of the request
    reason: str  # in words
    again: bool  # True: asking later may help; False: not before the next date or without a person


@dataclass(frozen=True, slots=True)
class Opinion:
    """What one source says of attention to an instrument."""

    source: str
    as_of: str  # last day used, YYYY-MM-DD; empty when unknown
    asvi: float | None  # log units
    z: float | None  # robust standard deviations
    reason: str  # why something is unknown, else empty


@message
class AttentionMeasured(Message):
    """Attention to one instrument for one trading day, from what was known before it."""

    STREAM: ClassVar[str] = "attention/{symbol}"
    symbol: str
    source: str  # naver, google, shifted-demo, unknown
    as_of: str  # last day of the series used, YYYY-MM-DD; empty when unknown
    asvi: float | None  # abnormal search volume, log units; None when unknown
    z: float | None  # robust z of asvi; None when unknown
    reason: str
    quality: str = "ok"  # ok, contradicted (sources disagree), unknown
    opinions: tuple[Opinion, ...] = ()  # of every source asked, the one used first; empty with a single source


@message
class FetchTrends(Message):
    """Effect: get the search series of these symbols that were known before the trading date."""

    STREAM: ClassVar[str] = "trend"
    IS_EFFECT: ClassVar[bool] = True
    symbols: tuple[str, ...]
    trading_date: str  # YYYY-MM-DD, KST


@dataclass(frozen=True, slots=True)
class DayBar:
    """One past session of one instrument."""

    day: str  # YYYY-MM-DD, KST
    open: Krw
    high: Krw
    low: Krw
    close: Krw
    volume: int  # shares


@message
class FetchHistory(Message):
    """Effect: get daily bars of these instruments from before the trading date, for strategies that need them."""

    STREAM: ClassVar[str] = "history"
    IS_EFFECT: ClassVar[bool] = True
    symbols: tuple[str, ...]
    trading_date: str  # YYYY-MM-DD, KST; nothing of it or later is wanted
    days: int  # most bars of each


@message
class HistoryReceived(Message):
    """Daily bars of one instrument from before the trading date, adjusted for corporate actions if the broker can."""

    STREAM: ClassVar[str] = "history/{symbol}"
    symbol: str
    trading_date: str  # YYYY-MM-DD, KST: of the request
    bars: tuple[DayBar, ...]  # oldest first; empty: the broker has none
    reason: str  # why there are none, else empty
