"""Bars: one completed stretch of time in which something traded.

One-minute bars are built row by row, the bar of a session out of its minutes: that costs nothing for a single row.
"""

from typing import NamedTuple

from domain.quotes import Quote, QuoteKind
from domain.types import NANOS_PER_SECOND

MINUTE_S, DAY_S = 60, 86_400  # lengths of bars; a day's bar is one session, not 24 hours
MINUTE_NS = MINUTE_S * NANOS_PER_SECOND
_BOOK = int(QuoteKind.BOOK)


class Bar(NamedTuple):
    """One completed minute or session in which something traded."""

    symbol: str
    start: int  # UTC ns; of a session's bar: midnight in Korea of its date
    open: int  # KRW
    high: int  # KRW
    low: int  # KRW
    close: int  # KRW
    volume: int  # shares
    interval_s: int = MINUTE_S  # MINUTE_S or DAY_S


class MinuteBars:
    """Bars of one symbol. Minutes without a trade make no bar: silence is no price.

    Volume is the growth of the cumulative volume, not the sum of the trades seen, because a slow link conflates rows
    and a conflated trade still counted at the venue.
    """

    __slots__ = ("_close", "_counted", "_end", "_high", "_low", "_open", "_volume", "symbol")

    def __init__(self, symbol: str) -> None:
        """Start with no bar open."""
        self.symbol = symbol
        self._end = 0  # UTC ns, end of the minute of the open bar; 0 when none is open
        self._open = self._high = self._low = self._close = 0
        self._volume = -1  # cumulative volume of the last row; -1 before the first
        self._counted = 0  # cumulative volume up to the begin of the open bar

    def add(self, row: Quote) -> Bar | None:
        """Take one row in venue-time order; give the bar that ended before it, if any."""
        _, time, price, qty, volume, _, _, _, _, kind = row
        done = self._finish() if self._end and time >= self._end else None
        if kind == _BOOK or price <= 0:
            return done
        if not self._end:
            self._end = time - time % MINUTE_NS + MINUTE_NS
            self._counted = self._volume if self._volume >= 0 else volume - qty
            self._open = self._high = self._low = price
        elif price > self._high:
            self._high = price
        elif price < self._low:
            self._low = price
        self._close = price
        self._volume = volume
        return done

    @property
    def volume(self) -> int:
        """Give the shares traded today up to the last trade seen; 0 before the first."""
        return max(self._volume, 0)

    def end(self) -> Bar | None:
        """Close the open bar, if any: nothing more comes."""
        return self._finish() if self._end else None

    def _finish(self) -> Bar:
        """Close the open bar. A counter that fell within it gives volume 0, never a negative one."""
        grown = max(self._volume - self._counted, 0)
        start, self._end = self._end - MINUTE_NS, 0
        return Bar(self.symbol, start, self._open, self._high, self._low, self._close, grown)


class SessionBar:
    """The bar of one session of one symbol, made of its minutes.

    Open is the first trade that was seen (the opening cross), close the last one: with the closing auction's print,
    which is a minute of its own, that is the official close. Volume is the venue's own count.
    """

    __slots__ = ("_close", "_high", "_low", "_open")

    def __init__(self) -> None:
        """Start without a trade."""
        self._open = self._high = self._low = self._close = 0

    def add(self, bar: Bar) -> None:
        """Take a completed minute, in order."""
        if not self._open:
            self._open, self._high, self._low = bar.open, bar.high, bar.low
        else:
            self._high, self._low = max(self._high, bar.high), min(self._low, bar.low)
        self._close = bar.close

    def end(self, symbol: str, start: int, volume: int) -> Bar | None:
        """Give the bar of the session that began its day at `start` (UTC ns) and traded so many shares; None: none."""
        if not self._open:
            return None
        return Bar(symbol, start, self._open, self._high, self._low, self._close, volume, DAY_S)
