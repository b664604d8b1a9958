"""TRs about bars: opt10080 (minutes) and opt10081 (days), newest first, the one that is forming included.

The servers give bars of one length; longer ones are put together here. Where the servers have longer ones than asked
for, those come as they are.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from broker_win.emulator.texts import day, number, signed, text
from broker_win.emulator.tr_case import CODE, Case, Row, Sheet, Tr
from broker_win.emulator.tr_quotes import MILLION
from domain.quotes import Quote
from domain.time import NANOS_PER_DAY, NANOS_PER_MINUTE, from_kst, kst_date, kst_datetime

RANGES: Final = ("1", "3", "5", "10", "15", "30", "45", "60")  # 틱범위


class Bar(NamedTuple):
    """One bar; prices in KRW."""

    start: int  # UTC ns
    open: int
    high: int
    low: int
    close: int
    volume: int


def minute_bars(case: Case) -> Sheet:
    """Answer opt10080. 체결시간 is the start of the bar."""
    one = case.instrument
    if one is None:
        return Sheet({CODE: ""})
    wanted = case.inputs.get("틱범위", "").strip().partition(":")[0]
    length = (int(wanted) if wanted in RANGES else 1) * NANOS_PER_MINUTE
    bars = grouped(_known(case), length)
    closes = _closes(bars)
    rows = []
    for bar in reversed(bars):
        base = _close_before(closes, bar.start, case)
        rows.append(
            Row(
                str(bar.start),
                {
                    "현재가": signed(bar.close, base),
                    "거래량": number(bar.volume),
                    "체결시간": text(kst_datetime(bar.start).strftime("%Y%m%d%H%M%S")),
                    "시가": signed(bar.open, base),
                    "고가": signed(bar.high, base),
                    "저가": signed(bar.low, base),
                },
            )
        )
    return Sheet({CODE: text(one.symbol)}, rows)


def day_bars(case: Case) -> Sheet:
    """Answer opt10081: days up to 기준일자, prices without a sign, the code in the first row only."""
    one = case.instrument
    if one is None:
        return Sheet({CODE: ""})
    until = case.inputs.get("기준일자", "").strip() or day(case.now)
    bars = [bar for bar in grouped(_known(case), NANOS_PER_DAY) if day(bar.start) <= until]
    rows = [
        Row(
            day(bar.start),
            {
                CODE: text(one.symbol if number_ == 0 else ""),
                "현재가": number(bar.close),
                "거래량": number(bar.volume),
                "거래대금": number(bar.close * bar.volume // MILLION),
                "일자": text(day(bar.start)),
                "시가": number(bar.open),
                "고가": number(bar.high),
                "저가": number(bar.low),
            },
        )
        for number_, bar in enumerate(reversed(bars))
    ]
    return Sheet({CODE: text(one.symbol)}, rows)


def grouped(bars: Iterable[Bar], length: int) -> list[Bar]:
    """Put bars together into longer ones (ns) that begin at whole multiples of the Korean day, oldest first."""
    found: list[Bar] = []
    for bar in bars:
        midnight = from_kst(kst_date(bar.start), 0, 0)
        start = midnight + (bar.start - midnight) // length * length
        if found and found[-1].start == start:
            last = found[-1]
            found[-1] = Bar(
                start, last.open, max(last.high, bar.high), min(last.low, bar.low), bar.close, last.volume + bar.volume
            )
        else:
            found.append(bar._replace(start=start))
    return found


def _known(case: Case) -> list[Bar]:
    bars = [Bar(*(int(getattr(bar, name)) for name in Bar._fields)) for bar in case.rows("candles")]
    forming = _forming(bars, case.quotes.get(case.code))
    return [*bars, forming] if forming else bars


def _forming(bars: Sequence[Bar], quote: Quote | None) -> Bar | None:
    """Give the bar that is not told yet, as far as the latest quote tells it: shares beyond the bars, one price."""
    if quote is None or quote.price <= 0:
        return None
    gaps = [later.start - bar.start for bar, later in pairwise(bars) if later.start > bar.start]
    length = min(gaps, default=NANOS_PER_MINUTE)
    if bars and quote.venue_time < bars[-1].start + length:
        return None
    today = kst_date(quote.venue_time)
    told = sum(bar.volume for bar in bars if kst_date(bar.start) == today)
    if quote.cumulative_volume <= told:
        return None
    start = quote.venue_time - quote.venue_time % length
    return Bar(start, quote.price, quote.price, quote.price, quote.price, quote.cumulative_volume - told)


def _closes(bars: Iterable[Bar]) -> dict[int, int]:
    """Give the last close by day (ordinal), oldest first."""
    return {kst_date(bar.start).toordinal(): bar.close for bar in bars}


def _close_before(closes: dict[int, int], start: int, case: Case) -> int | None:
    today = kst_date(start)
    if today == kst_date(case.now):
        return case.base(case.code)
    before = [close for ordinal, close in closes.items() if ordinal < today.toordinal()]
    return before[-1] if before else None


CHART_TRS: Final = {
    "opt10080": Tr(minute_bars, ("candles", "quotes"), registers=True),
    "opt10081": Tr(day_bars, ("candles", "quotes"), registers=True),
}
