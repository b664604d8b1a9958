"""A source of real-time strings behind the emulated control: trades and order books of 500 symbols, as they are due.

Every string carries its number: a trade as the day's volume, a book as the shares of its best bid. Half are trades (43
fields), half books of ten levels (103 fields); all values are filled in, as Kiwoom does.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from bench.quotes import SYMBOLS, Job
from broker_win.control import Value
from broker_win.emulator.parts import Emission
from broker_win.realtime.books import BOOK, LEVELS
from broker_win.realtime.layouts import field_order
from broker_win.realtime.ticks import TRADE
from domain.quotes import Quote, QuoteKind
from domain.time import kst_text
from domain.types import NANOS_PER_SECOND

FIRST: Final = 1_000_000  # number of the first event
PRICE, TICK = 100_000, 100
MOST_AT_ONCE: Final = 256  # then the loop of the control gets its turn


class Real(NamedTuple):
    """One event."""

    code: str
    real_type: str
    text: str


def make_events(job: Job) -> list[Real]:
    """Make all events before the clock runs, stamped with the time of now."""
    stamp = kst_text(time.time_ns()).replace(":", "")
    trade, book = _trade_values(stamp), _book_values(stamp)
    places = {real_type: field_order(real_type) for real_type in (TRADE, BOOK)}
    events = []
    for number in range(job.quotes):
        code, told = SYMBOLS[number // 2 % len(SYMBOLS)], str(FIRST + number)
        real_type = BOOK if number % 2 else TRADE
        values = book | {71: told} if number % 2 else trade | {13: told}
        events.append(Real(code, real_type, "\t".join(values.get(fid, "+12345") for fid in places[real_type])))
    return events


def number_of(row: Quote) -> int:
    """Give the place of a row's event in the list, from 0."""
    return (row.bid_qty if row.kind == QuoteKind.BOOK else row.cumulative_volume) - FIRST


def _trade_values(stamp: str) -> dict[int, str]:
    return {20: stamp, 10: f"+{PRICE}", 15: "-10", 27: f"+{PRICE}", 28: f"-{PRICE - TICK}"}


def _book_values(stamp: str) -> dict[int, str]:
    values = {21: stamp}
    for level in range(LEVELS):
        values |= {41 + level: f"+{PRICE + TICK * level}", 61 + level: str(100 + level)}
        values |= {51 + level: f"-{PRICE - TICK * (1 + level)}", 71 + level: str(200 + level)}
    return values


class FeedEngine:
    """What stands behind the emulated control: it sends the events, answers for their fields, takes registrations."""

    def __init__(self, job: Job) -> None:
        """Make the events; they begin when `go` is called and every symbol is registered."""
        self.events = make_events(job)
        self.sent = [0] * job.quotes  # monotonic ns: the slot is called
        self.due_at = [0] * job.quotes
        self._step = NANOS_PER_SECOND // job.rate if job.rate else 0
        self._begin = 0
        self._next = 0
        self._registered: set[str] = set()
        self._gone = False
        self._fields: list[str] = []
        self._places = {
            real_type: {fid: place for place, fid in enumerate(field_order(real_type))} for real_type in (TRADE, BOOK)
        }
        self._place: Mapping[int, int] = {}

    def bind(self, send: Callable[[Emission], None], wake: Callable[[], None]) -> None:
        """Take the way out."""
        self._send, self._wake = send, wake

    def go(self) -> None:
        """Begin, on the control's thread, as soon as somebody listens."""
        self._gone = True
        self._start()

    def call(self, method: str, arguments: tuple[Value, ...]) -> Any:
        """Answer what the two sides ask."""
        if method == "GetCommRealData":
            place = self._place.get(int(arguments[1]))
            return "" if place is None else self._fields[place]
        if method == "SetRealReg":
            self._registered.update(str(arguments[1]).split(";"))
            self._start()
            return 0
        if method == "SetRealRemove":
            return None
        raise KeyError(method)

    def due(self) -> None:
        """Send what is due."""
        until = min(len(self.events), self._next + MOST_AT_ONCE)
        while self._next < until:
            now = time.monotonic_ns()
            due = self._begin + self._next * self._step
            if not self._begin or due > now:
                return
            event, number = self.events[self._next], self._next
            self._fields, self._place = event.text.split("\t"), self._places[event.real_type]
            self._next += 1
            self.due_at[number], self.sent[number] = due, now
            self._send(Emission("OnReceiveRealData", event))

    def next_at(self) -> int | None:
        """Give when the next event is due."""
        if not self._begin or self._next >= len(self.events):
            return None
        return self._begin + self._next * self._step

    def close(self) -> None:
        """Send nothing more."""
        self._next = len(self.events)

    def _start(self) -> None:
        if self._gone and not self._begin and self._registered.issuperset(SYMBOLS):
            self._begin = time.monotonic_ns()
            self._wake()
