"""`python -m bench.assumptions`: how much fills and prices of the simulated exchange hang on what it assumes.

No speed here. One recorded day is traded again and again with one assumption changed at a time: every ten minutes each
instrument is bought once, passively (a limit at the best bid) or aggressively (a limit at the best ask), for a share of
what it traded in the ten minutes before, and what is unfilled a minute later is cancelled. A run has one way and one
size, so that orders of different runs never take each other's liquidity. Prices are compared with the middle of best
bid and best ask at the moment of the decision, in basis points; a passive order that was never filled has no price, so
read price and share of filled together.
"""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Final, NamedTuple

from broker_sim.bar_ticks import ticks_of
from broker_sim.exchange import Exchange
from broker_sim.recording import Recording
from cli.sample import sample_path
from domain.config import SimConfig
from domain.messages.orders import CancelOrder, OrderAccepted, OrderFact, OrderFilled, SubmitOrder
from domain.quotes import Quote
from domain.time import NANOS_PER_MINUTE
from domain.types import ClientOrderId, Krw, OrderKind, Purpose, RequestId, Side, UnixNanos, VenueOrderId

EVERY: Final = 10 * NANOS_PER_MINUTE
PATIENCE: Final = NANOS_PER_MINUTE
CASH: Final = 10**13  # never the reason for anything
COMMISSION_PPM: Final = 150
SEED: Final = 1
ROWS: Final = 8  # handed on at once: about two seconds of the sample, and a decision sees the last of them
ALWAYS: Final = UnixNanos(2**62)

BASE: Final = SimConfig()
VARIANTS: Final = {
    "as configured": BASE,
    "no latency": replace(BASE, latency_ms=0, latency_jitter_ms=0),
    "latency 500 ms": replace(BASE, latency_ms=500, latency_jitter_ms=0),
    "latency 3 s": replace(BASE, latency_ms=3_000, latency_jitter_ms=0),
    "others' cancels proportional": replace(BASE, cancel_model="proportional"),
    "best level only": replace(BASE, depth_levels=1),
    "no volatility interruptions": replace(BASE, interruptions=False),
}


class Way(NamedTuple):
    """How a run trades."""

    name: str
    aggressive: bool
    percent: int  # of the shares traded in the ten minutes before


WAYS: Final = (
    Way("passive, 1 %", False, 1),
    Way("passive, 20 %", False, 20),
    Way("aggressive, 1 %", True, 1),
    Way("aggressive, 20 %", True, 20),
)


@dataclass(slots=True)
class Tally:
    """What came of the orders of one run."""

    orders: int = 0
    asked: int = 0  # shares
    filled: int = 0  # shares
    weighted_bp: float = 0.0  # basis points over the middle, times shares times price
    notional: int = 0  # won
    waits: list[float] = field(default_factory=list)  # seconds of venue time from decision to fill, one per fill

    def row(self) -> str:
        """Give the cells of a table."""
        share = self.filled / self.asked if self.asked else 0.0
        price = f"{self.weighted_bp / self.notional:+.1f}" if self.notional else "–"
        waits = sorted(self.waits)
        wait = f"{waits[len(waits) // 2]:.1f}" if waits else "–"
        return f"{self.orders:,} | {100 * share:.1f} | {price} | {wait}"


class Run:
    """One way of trading one day under one set of assumptions."""

    def __init__(self, recording: Recording, sim: SimConfig, way: Way) -> None:
        """Open an exchange and an account that never runs short."""
        self._exchange = Exchange(CASH, COMMISSION_PPM, config=sim, seed=SEED)
        self._exchange.set_instruments(recording.instruments.values())
        self._way = way
        self._session = recording.session
        self._next: dict[str, int] = {}  # venue time of the next decision
        self._volume: dict[str, int] = {}  # shares of the day at the last decision
        self._mid: dict[str, float] = {}  # by order
        self._decided: dict[str, int] = {}  # by order: venue time
        self._numbers: dict[str, VenueOrderId] = {}  # of orders that may be open
        self._due: list[tuple[int, str]] = []  # when to cancel what, in order of time
        self.tally = Tally()

    def take(self, rows: list[Quote]) -> None:
        """Let a chunk of rows trade, then cancel what is late and decide."""
        self._hear(self._exchange.on_quotes(rows))
        now = rows[-1].venue_time
        while self._due and self._due[0][0] <= now:
            self._cancel(self._due.pop(0)[1])
        for row in {row.symbol: row for row in rows}.values():
            if row.venue_time >= self._next.get(row.symbol, self._session.open + EVERY):
                self._decide(row, now)

    def _decide(self, row: Quote, now: int) -> None:
        before = self._volume.get(row.symbol)
        self._next[row.symbol] = row.venue_time + EVERY
        self._volume[row.symbol] = row.cumulative_volume
        late = now + PATIENCE >= self._session.close_auction
        quantity = 0 if before is None else (row.cumulative_volume - before) * self._way.percent // 100
        if late or quantity <= 0 or not row.bid_price or not row.ask_price:
            return
        price = row.ask_price if self._way.aggressive else row.bid_price
        name = f"{row.symbol}-{row.venue_time}"
        order = SubmitOrder(
            client_order_id=ClientOrderId(name),
            symbol=row.symbol,
            side=Side.BUY,
            kind=OrderKind.LIMIT,
            purpose=Purpose.ENTRY,
            quantity=quantity,
            limit_price=Krw(price),
            valid_until=ALWAYS,
        )
        self._mid[name] = (row.bid_price + row.ask_price) / 2
        self._decided[name] = self._exchange.now
        self.tally.orders += 1
        self.tally.asked += quantity
        self._due.append((now + PATIENCE, name))
        self._hear(self._exchange.place(order))

    def _cancel(self, name: str) -> None:
        number = self._numbers.pop(name, None)
        leg = self._exchange.books.legs.get(int(number)) if number else None
        if number is None or leg is None:
            return
        request = CancelOrder(RequestId(f"c-{name}"), ClientOrderId(name), number, 0, ALWAYS)
        self._hear(self._exchange.place(request))

    def _hear(self, facts: list[OrderFact]) -> None:
        for fact in facts:
            if isinstance(fact, OrderAccepted):
                self._numbers[fact.client_order_id] = fact.venue_order_id
            elif isinstance(fact, OrderFilled):
                mid, notional = self._mid[fact.client_order_id], fact.last_qty * fact.last_px
                self.tally.filled += fact.last_qty
                self.tally.notional += notional
                self.tally.weighted_bp += 10_000 * (fact.last_px - mid) / mid * notional
                self.tally.waits.append((fact.venue_time - self._decided[fact.client_order_id]) / 1e9)


def chunks(rows: Iterator[Quote]) -> Iterator[list[Quote]]:
    """Cut rows into what is handed on at once."""
    chunk: list[Quote] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) >= ROWS:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def main(arguments: list[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.assumptions", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data", type=Path, default=None, help="recorded bars (default: the packaged sample)")
    parser.add_argument("--day", type=date.fromisoformat, default=None, help="YYYY-MM-DD (default: the file's last)")
    chosen = parser.parse_args(arguments)
    recording = Recording.load(chosen.data or sample_path(), chosen.day)
    day = list(chunks(iter(ticks_of(recording, SEED))))
    print(f"{recording.day}, {len(recording.instruments)} instruments, {sum(map(len, day)):,} rows, seed {SEED}\n")
    print("| way | assumption | orders | shares filled, % | price over the middle, bp | median wait, s |")
    print("|---|---|---:|---:|---:|---:|")
    for way in WAYS:
        for name, sim in VARIANTS.items():
            run = Run(recording, sim, way)
            for rows in day:
                run.take(rows)
            print(f"| {way.name} | {name} | {run.tally.row()} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
