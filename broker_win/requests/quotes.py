"""Quotes out of CommKwRqData (optkwfid). Time is an argument."""

import logging
from collections.abc import Iterable
from typing import Final

from broker_win import text
from broker_win.requests.tables import Row, cell, code_of, price_of, quantity_of, time_of
from domain.errors import BrokerUnavailable
from domain.quotes import Quote, QuoteKind
from domain.time import kst_date
from domain.types import NANOS_PER_SECOND, UnixNanos

MOST_CODES: Final = 100  # in one request
TRCODE: Final = "optkwfid"
_AHEAD: Final = 60 * NANOS_PER_SECOND  # clocks of PC and venue differ
_log = logging.getLogger(__name__)


def quotes_of(rows: Iterable[Row], now: UnixNanos) -> list[Quote]:
    """Give the quotes of today; a row that cannot be read is left out and told in the log, the others hold."""
    found = []
    for row in rows:
        try:
            quote = quote_of(row, now)
        except BrokerUnavailable as error:
            _log.warning("the quote of %s is left out: %s", row["종목코드"], error)
            continue
        if quote is not None:
            found.append(quote)
    return found


def quote_of(row: Row, now: UnixNanos) -> Quote | None:
    """Give the quote of one row, None where there is none of today: a blank row, another day, no time yet.

    Before the first trade 현재가 is the base price: the price is 0 then. Raises BrokerUnavailable for a cell that
    cannot be read.
    """
    if not row["종목코드"]:
        return None
    today = kst_date(now)
    if row["일자"].strip("0") and cell(TRCODE, row, "일자", text.yyyymmdd) != today:
        return None
    volume = quantity_of(TRCODE, row, "거래량")
    name = "체결시간" if volume else "호가시간"
    if not row[name].strip("0"):
        return None
    at = time_of(TRCODE, row, name, today)
    if at > now + _AHEAD:  # a time of day of another day: without 일자 nothing else tells
        return None
    return Quote(
        symbol=code_of(TRCODE, row, "종목코드"),
        venue_time=at,
        price=price_of(TRCODE, row, "현재가") if volume else 0,
        last_qty=quantity_of(TRCODE, row, "체결량") if volume else 0,
        cumulative_volume=volume,
        bid_price=price_of(TRCODE, row, "매수호가"),
        ask_price=price_of(TRCODE, row, "매도호가"),
        bid_qty=quantity_of(TRCODE, row, "우선매수잔량"),
        ask_qty=quantity_of(TRCODE, row, "우선매도잔량"),
        kind=QuoteKind.TRADE if volume else QuoteKind.BOOK,
    )
