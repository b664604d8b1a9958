"""Quotes, their quality, attention."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from domain.messages.base import Message, message
from domain.quotes import Quote, QuoteBatch
from domain.types import UnixNanos


@message
class QuotesReceived(Message):
    """One batch as it came. `raw` are the bytes of the broker's message; the log keeps them, not the rows."""

    STREAM: ClassVar[str] = "quotes"
    batch: QuoteBatch
    raw: bytes

    def when(self) -> UnixNanos | None:
        """Give the venue time of the last row."""
        rows = self.batch.rows
        return UnixNanos(rows[-1].venue_time) if rows else None


@message
class QuotesEnded(Message):
    """The quote source has no more data today."""

    STREAM: ClassVar[str] = "quotes"
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
    source: str  # naver, shifted-demo
    keyword_version: int
    fetched_at: UnixNanos
    points: tuple[TrendPoint, ...]  # oldest first


@message
class AttentionMeasured(Message):
    """Attention to one instrument for one trading day, from what was known before it."""

    STREAM: ClassVar[str] = "attention/{symbol}"
    symbol: str
    source: str  # naver, shifted-demo, unknown
    as_of: str  # last day of the series used, YYYY-MM-DD; empty when unknown
    asvi: float | None  # abnormal search volume, log units; None when unknown
    z: float | None  # robust z of asvi; None when unknown
    reason: str


@message
class FetchTrends(Message):
    """Effect: get the search series of these symbols that were known before the trading date."""

    STREAM: ClassVar[str] = "trend"
    IS_EFFECT: ClassVar[bool] = True
    symbols: tuple[str, ...]
    trading_date: str  # YYYY-MM-DD, KST
