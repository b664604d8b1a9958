"""Quotes: one row is one change of one instrument, a batch is what travels and is numbered as one event."""

from collections.abc import Sequence
from enum import IntEnum
from typing import NamedTuple


class QuoteKind(IntEnum):
    """What a row tells. Values are those of the proto enum."""

    TRADE = 1
    BOOK = 2
    AUCTION_TRADE = 3


class Quote(NamedTuple):
    """Last trade and top of the book of one instrument.

    A NamedTuple, not a dataclass: thousands a second are made on the hot path.
    """

    symbol: str
    venue_time: int  # UTC ns
    price: int  # KRW of the last trade, 0 before the first
    last_qty: int  # shares of this trade, 0 for a book change
    cumulative_volume: int  # shares today, this row included
    bid_price: int  # KRW, 0 when there is none
    ask_price: int  # KRW, 0 when there is none
    bid_qty: int  # shares displayed
    ask_qty: int  # shares displayed
    kind: int  # QuoteKind


class Depth(NamedTuple):
    """Displayed book of one instrument at one moment: (price in KRW, shares) by level, best first, no empty levels."""

    symbol: str
    venue_time: int  # UTC ns
    bids: tuple[tuple[int, int], ...]
    asks: tuple[tuple[int, int], ...]


class QuoteBatch(NamedTuple):
    """Rows in venue-time order, as one message of the broker's stream."""

    run_id: str  # run of the quote source
    seq: int  # number of the batch in its subscription, from 1, no gaps
    rows: Sequence[Quote]
    conflated: int  # rows dropped by conflation since the batch before
    end_of_data: bool
    sent_at: int  # UTC ns on the broker's clock
    depths: tuple[Depth, ...] = ()  # in order of venue time; one stands behind the rows of its moment
