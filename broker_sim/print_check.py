"""Simulated prints held against the bars they were made from: what must hold for every file, day and seed.

A defect found here is the simulator's, never the data's. What is looked at: prints stay inside their bar, the open
comes first and the close last, the extremes are touched when the bar has the shares for it, volumes are exact, auctions
cross once and at the right time, nothing prints before the open or while the closing auction collects orders, and a
single price inside continuous trading stands behind a silence of two minutes.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from broker_sim.bar_file import Bar
from broker_sim.data_file import DataKind
from broker_sim.findings import Findings, Verdict
from broker_sim.recording import Recording
from domain.krx.brakes import INTERRUPTION_NS
from domain.krx.sessions import RANDOM_END
from domain.quotes import Quote, QuoteKind
from domain.time import kst_text
from domain.types import NANOS_PER_SECOND

RULES: Final = {
    "outside_bar": "a print lies beyond the high or low of its bar",
    "open_not_first": "a bar with the shares for it does not begin with its open",
    "close_not_last": "a bar does not end with its close",
    "extreme_missed": "a bar with the shares for it does not touch its high or low",
    "volume_differs": "the prints of a bar do not sum to its volume",
    "cumulative_differs": "a row's cumulative volume is not the sum of the prints so far",
    "out_of_order": "a print comes before the one before it",
    "no_bar": "a print lies in no bar",
    "opening_cross": "the open's bar does not begin with one auction print within 35 s of the open",
    "closing_cross": "the closing bar is not one auction print within 35 s of the close",
    "before_open": "a print lies before the open",
    "in_closing_auction": "a print lies where the closing auction collects orders",
    "stray_cross": "an auction print inside continuous trading has no two minutes of silence before it",
    "outside_limits": "a print lies outside the limits of the day",
}
LEAST_SILENCE: Final = INTERRUPTION_NS - NANOS_PER_SECOND  # a bar may leave no room for the last second
ALL_POINTS: Final = 4  # shares a bar needs for open, high, low and close


@dataclass(slots=True)
class PrintCount:
    """How much was checked."""

    rows: int = 0
    prints: int = 0
    volume: int = 0  # shares printed
    recorded_volume: int = 0  # shares of the bars
    crosses: int = 0  # single prices of volatility interruptions
    late_opens: int = 0  # of these, opening crosses an interruption delayed


class _Symbol:
    """One symbol's bars and where its prints have come to."""

    __slots__ = ("at", "bars", "last", "last_time", "prices", "total", "volume")

    def __init__(self, bars: list[Bar]) -> None:
        self.bars = bars
        self.at = -1  # bar of the latest print
        self.prices: list[int] = []  # prints of that bar
        self.volume = 0
        self.total = 0
        self.last = 0
        self.last_time = 0


class PrintCheck:
    """Checks the rows of one recording of bars."""

    def __init__(self, recording: Recording, findings: Findings, count: PrintCount) -> None:
        """Take where findings and counts go."""
        self._recording = recording
        self._session = recording.session
        self._findings = findings
        self._count = count
        self._daily = recording.kind is DataKind.DAILY
        self._bar_ns = recording.bar_seconds * NANOS_PER_SECOND
        traded = ((code, [bar for bar in bars if bar.volume]) for code, bars in recording.bars.items())
        self._symbols = {code: _Symbol(bars) for code, bars in traded}

    def run(self, rows: Iterable[Quote]) -> None:
        """Check every row of the day."""
        for row in rows:
            self._count.rows += 1
            one = self._symbols[row.symbol]
            if row.cumulative_volume != one.total + row.last_qty:
                self._fail("cumulative_differs", row, f"{row.cumulative_volume}, sum {one.total + row.last_qty}")
            one.total += row.last_qty
            if row.kind != QuoteKind.BOOK:
                self._print(one, row)
        for code, one in self._symbols.items():
            self._finish(code, one)
            for bar in one.bars[one.at + 1 :]:
                self._fail_bar("volume_differs", code, bar, f"no print, bar {bar.volume}")
            recorded = sum(bar.volume for bar in one.bars)
            self._count.recorded_volume += recorded
            self._count.volume += one.total

    def _print(self, one: _Symbol, row: Quote) -> None:
        self._count.prints += 1
        session, when = self._session, row.venue_time
        if when < one.last_time:
            self._fail("out_of_order", row, f"after {kst_text(one.last_time)}")
        if when < session.open:
            self._fail("before_open", row, "")
        elif session.close_auction <= when < session.close:
            self._fail("in_closing_auction", row, "")
        self._limits(row)
        at = one.at
        while at + 1 < len(one.bars) and one.bars[at + 1].start <= when:
            at += 1
            self._next_bar(row.symbol, one, at)
        bar = one.bars[at] if at >= 0 else None
        if bar is None or (not self._daily and when >= bar.start + self._bar_ns):
            self._fail("no_bar", row, "")
            return
        if not bar.low <= row.price <= bar.high:
            self._fail("outside_bar", row, f"{row.price}, bar {bar.low} to {bar.high}")
        if not self._daily:
            self._cross(one, row, bar)
        one.prices.append(row.price)
        one.volume += row.last_qty
        one.last_time = when

    def _cross(self, one: _Symbol, row: Quote, bar: Bar) -> None:
        auction = row.kind == QuoteKind.AUCTION_TRADE
        first = not one.prices
        if bar.start >= self._session.close:
            late = row.venue_time - self._session.close
            if not (auction and first and 0 <= late <= RANDOM_END):
                self._fail("closing_cross", row, f"{late / NANOS_PER_SECOND:.3f} s after the close")
        elif bar.start == self._session.open and first:
            late = row.venue_time - self._session.open
            if not (auction and 0 <= late <= RANDOM_END):
                self._fail("opening_cross", row, f"{late / NANOS_PER_SECOND:.3f} s after the open")
        elif auction:
            self._count.crosses += 1
            self._count.late_opens += one.last_time == 0
            silent = row.venue_time - (one.last_time or self._session.open)
            if not first or silent < LEAST_SILENCE:
                self._fail("stray_cross", row, f"{silent / NANOS_PER_SECOND:.3f} s of silence")

    def _limits(self, row: Quote) -> None:
        known = self._recording.instruments[row.symbol]
        if (known.lower_limit is not None and row.price < known.lower_limit) or (
            known.upper_limit is not None and row.price > known.upper_limit
        ):
            self._fail("outside_limits", row, f"{row.price}, {known.lower_limit} to {known.upper_limit}")

    def _next_bar(self, code: str, one: _Symbol, at: int) -> None:
        self._finish(code, one)
        one.at, one.prices, one.volume = at, [], 0

    def _finish(self, code: str, one: _Symbol) -> None:
        """Judge the prints of the bar that is over."""
        if one.at < 0:
            return  # before the first bar
        bar, prices = one.bars[one.at], one.prices
        if one.volume != bar.volume:
            self._fail_bar("volume_differs", code, bar, f"{one.volume}, bar {bar.volume}")
        if not prices:
            return
        if prices[-1] != bar.close:
            self._fail_bar("close_not_last", code, bar, f"{prices[-1]}, close {bar.close}")
        if bar.volume < ALL_POINTS or (not self._daily and bar.start >= self._session.close):
            return  # the closing cross is one print of the whole bar
        if prices[0] != bar.open:
            self._fail_bar("open_not_first", code, bar, f"{prices[0]}, open {bar.open}")
        if min(prices) != bar.low or max(prices) != bar.high:
            self._fail_bar("extreme_missed", code, bar, f"{min(prices)} to {max(prices)}, bar {bar.low} to {bar.high}")

    def _fail(self, rule: str, row: Quote, detail: str) -> None:
        words = f"{row.symbol} {self._session.day} {kst_text(row.venue_time)}: {detail}"
        self._findings.add(rule, Verdict.FAILED, RULES[rule], words)

    def _fail_bar(self, rule: str, code: str, bar: Bar, detail: str) -> None:
        words = f"{code} {self._session.day} {kst_text(bar.start)}: {detail}"
        self._findings.add(rule, Verdict.FAILED, RULES[rule], words)
