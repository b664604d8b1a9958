"""Bars out of opt10080 and opt10081. Pure: time is an argument.

Kiwoom gives the newest first, with signed prices, the bar that is forming included, and two rows a day whose time of
day is 888888 or 999999: trades after hours, read as 16:00 and 18:00 (as breadum/kiwoom does). A bar's time is taken
for its begin, the common reading; no source confirms it.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from broker.port import Candle
from broker_win import text
from broker_win.requests.tables import Row, cell, price_of, quantity_of
from domain.errors import BrokerUnavailable
from domain.time import NANOS_PER_DAY, NANOS_PER_MINUTE, from_kst
from domain.types import CandleInterval, UnixNanos

SPECIAL: Final = {"888888": 16, "999999": 18}  # hour of the Korean day


def start_of(interval: CandleInterval, row: Row) -> UnixNanos:
    """Give the begin of a row's bar (UTC ns). Raises BrokerUnavailable when it cannot be read."""
    if interval is CandleInterval.DAY:
        return from_kst(cell("opt10081", row, "일자", text.yyyymmdd), 0, 0)
    return cell("opt10080", row, "체결시간", _moment)


def bars_of(
    interval: CandleInterval, rows: Iterable[Row], since: UnixNanos | None, until: UnixNanos | None, now: UnixNanos
) -> list[Candle]:
    """Give the bars of a page that began in [since, until) and ended by now, newest first as they came.

    A day's bar has ended when the day is over: shares are traded until 20:00. Rows without a trade are no bars.
    Raises BrokerUnavailable when a cell cannot be read.
    """
    trcode = "opt10081" if interval is CandleInterval.DAY else "opt10080"
    length = interval.minutes * NANOS_PER_MINUTE or NANOS_PER_DAY
    found = []
    for row in rows:
        start = start_of(interval, row)
        if start + length > now or (since is not None and start < since) or (until is not None and start >= until):
            continue
        open_, high, low, close = (price_of(trcode, row, name) for name in ("시가", "고가", "저가", "현재가"))
        if open_ and high and low and close:
            found.append(Candle(start, open_, high, low, close, quantity_of(trcode, row, "거래량")))
        elif open_ or high or low:
            raise BrokerUnavailable(f"{trcode} expected four prices or none but the close, was {row}")
    return found


def joined(pages: Sequence[Sequence[Candle]]) -> list[Candle]:
    """Put pages, newest first, together: oldest first, each begin once.

    Where trades after hours share their time with a bar of the session, the bar that came first, the newer, holds.
    """
    found: dict[int, Candle] = {}
    for page in pages:
        for candle in page:
            found.setdefault(candle.start, candle)
    return [found[start] for start in sorted(found)]


def check_follows(interval: CandleInterval, before: Row, rows: Sequence[Row]) -> None:
    """Check that a page goes on where the one before ended (`before`: its last row). Raises BrokerUnavailable."""
    if not rows:
        return
    end = start_of(interval, before)
    if start_of(interval, rows[0]) > end or start_of(interval, rows[-1]) >= end:
        raise BrokerUnavailable("a page of bars expected older ones than the page before, it began anew")


def _moment(cell: str) -> UnixNanos:
    day, time = text.yyyymmdd(cell[:8]), cell[8:]
    return from_kst(day, SPECIAL[time], 0) if time in SPECIAL else text.hhmmss(time, day)
