"""The naive rival of every strategy: it enters each watched instrument at the end of every minute.

It buys at the ask and closes at the bid as a signal would (`scorekeeper.py`), but without any reason to. Whatever a
market gives to everybody on a day, it gets, too.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping

from actors.roles.score_claims import STALE_NS
from domain.bars import MINUTE_NS
from domain.messages.trading import BaselineScored
from domain.quotes import Quote
from domain.scoring.outcome import outcome
from domain.types import NANOS_PER_SECOND, Krw, Side, UnixNanos

Last = Mapping[str, Quote]
CostOf = Callable[[str], int | None]  # symbol -> ppm of a round trip; None when its market is not known
NEVER = 2**63 - 1


class AlwaysIn:
    """Shadow entries that wait for the end of their horizons, and what came of those of the day."""

    __slots__ = ("asks", "due", "held", "totals")

    def __init__(self) -> None:
        """Start with none."""
        self.asks: dict[int, dict[str, int]] = {}  # moment of entry (UTC ns) -> symbol -> KRW paid
        self.due: dict[int, deque[int]] = {}  # horizon (s) -> moments of entry that wait, in order
        self.totals: dict[tuple[str, int], list[int]] = {}  # symbol, horizon (s) -> entries, wins, gross, costs
        self.held: dict[str, dict[str, dict[int, int]]] = {}  # date -> symbol -> KRW paid -> entries, over sessions

    def enter(
        self, at: int, on: str, watched: Iterable[str], last: Last, seconds: Iterable[int], sessions: bool
    ) -> None:
        """Enter at the end of a minute whatever had a row in it and shows both sides of its book."""
        since, found = at - MINUTE_NS, {}
        for symbol in watched:
            row = last.get(symbol)
            if row is not None and row[1] > since and 0 < row[5] < row[6]:
                found[symbol] = row[6]
        if not found:
            return
        for horizon in seconds:
            self.asks[at] = found
            self.due.setdefault(horizon, deque()).append(at)
        if sessions:
            held = self.held.setdefault(on, {})
            for symbol, ask in found.items():
                paid = held.setdefault(symbol, {})
                paid[ask] = paid.get(ask, 0) + 1

    def next_due(self, until: int) -> int:
        """Give when the next horizon ends before a moment; NEVER when none does."""
        ends = [waiting[0] + horizon * NANOS_PER_SECOND for horizon, waiting in self.due.items() if waiting]
        soonest = min(ends, default=NEVER)
        return soonest if soonest < until else NEVER

    def close(self, now: int, until: int, last: Last, cost_of: CostOf) -> None:
        """Close every entry whose horizon ended before `now`; those that end at `until` or later wait for the close."""
        for horizon, waiting in self.due.items():
            length = horizon * NANOS_PER_SECOND
            while waiting and waiting[0] + length < min(now, until):
                at = waiting.popleft()
                for symbol, ask in self.asks[at].items():
                    row = last.get(symbol)
                    if row is not None and row[1] > at and at + length - row[1] <= STALE_NS:
                        self._count(symbol, horizon, ask, row[5] or row[2], cost_of(symbol))
        first = min((waiting[0] for waiting in self.due.values() if waiting), default=NEVER)
        while self.asks and (oldest := next(iter(self.asks))) < first:
            del self.asks[oldest]

    def end_day(self, is_whole: bool, last: Last, auction: int, cost_of: CostOf) -> None:
        """Close what waits for the closing price; what has none, and what the data did not reach, counts for nothing.

        `auction` is when the closing auction begins: a horizon that ends before it needed a row that never came.
        """
        for horizon, waiting in self.due.items() if is_whole else ():
            for at in waiting:
                if at + horizon * NANOS_PER_SECOND >= auction:
                    for symbol, ask in self.asks[at].items():
                        row = last.get(symbol)
                        if row is not None and row[1] > at:
                            self._count(symbol, horizon, ask, row[2], cost_of(symbol))
        self.due, self.asks = {}, {}

    def told(self, on: str, now: int) -> Iterator[BaselineScored]:
        """Give what came of the entries of a date so far, horizons in seconds."""
        for (symbol, horizon), counted in sorted(self.totals.items()):
            yield _scored(symbol, on, (horizon, 0), counted, now)

    def end_sessions(self, entered: str, count: int, last: Last, cost_of: CostOf, now: int) -> Iterator[BaselineScored]:
        """Close the entries of an earlier date that were to be held for so many sessions, at today's closing prices."""
        for symbol, paid in sorted(self.held.get(entered, {}).items()):
            row, cost = last.get(symbol), cost_of(symbol)
            if row is None or row[2] <= 0 or cost is None:
                continue
            counted = [0, 0, 0, 0]
            for ask, entries in paid.items():
                _add(counted, ask, row[2], cost, entries)
            yield _scored(symbol, entered, (0, count), counted, now)

    def forget(self, symbol: str, before: str) -> None:
        """Drop the entries of dates before one: their prices cannot be compared with later ones."""
        for on, held in self.held.items():
            if on < before:
                held.pop(symbol, None)

    def _count(self, symbol: str, horizon: int, ask: int, price: int, cost: int | None) -> None:
        if price > 0 and cost is not None:
            _add(self.totals.setdefault((symbol, horizon), [0, 0, 0, 0]), ask, price, cost, 1)


def _add(counted: list[int], ask: int, price: int, cost: int, entries: int) -> None:
    found = outcome(Side.BUY, Krw(ask), Krw(price), cost)
    counted[0] += entries
    counted[1] += entries * found.won
    counted[2] += entries * found.gross_ppm
    counted[3] += entries * found.cost_ppm


def _scored(symbol: str, on: str, horizon: tuple[int, int], counted: list[int], now: int) -> BaselineScored:
    seconds, sessions = horizon
    entries, wins, gross, costs = counted
    return BaselineScored(symbol, on, seconds, sessions, entries, wins, gross, costs, UnixNanos(now))
