"""Which order-taking phases a venue is in at a moment. Two may hold at once: 08:30 has an auction and off-hours."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from domain.krx.calendar import NO_OVERRIDES, Overrides
from domain.krx.sessions import Phase, latest_cross, phases
from domain.types import UnixNanos, Venue


class OrderPhase(StrEnum):
    """A phase in which a venue takes orders in its own way."""

    PRE_OPEN_OFF_HOURS = "PRE_OPEN_OFF_HOURS"  # KRX 08:30-08:40 at the previous close
    OPENING_AUCTION = "OPENING_AUCTION"  # KRX 08:30-09:00
    CONTINUOUS = "CONTINUOUS"  # KRX 09:00-15:20
    CLOSING_AUCTION = "CLOSING_AUCTION"  # KRX 15:20-15:30
    POST_CLOSE_ENTRY = "POST_CLOSE_ENTRY"  # KRX 15:30-15:40, off-hours orders are collected
    POST_CLOSE_TRADING = "POST_CLOSE_TRADING"  # KRX 15:40-16:00 at today's close
    OFF_HOURS_SINGLE = "OFF_HOURS_SINGLE"  # KRX 16:00-18:00 until 2026-09-13
    AFTER_MARKET = "AFTER_MARKET"  # KRX 16:00-20:00 since 2026-09-14
    NXT_PRE = "NXT_PRE"  # 08:00-08:50
    NXT_MAIN = "NXT_MAIN"  # 09:00:30-15:20
    NXT_AFTER_ENTRY = "NXT_AFTER_ENTRY"  # 15:30-15:40, orders are collected
    NXT_AFTER = "NXT_AFTER"  # 15:40-20:00
    # not by the clock: whoever runs the book knows them
    INTERRUPTION_AUCTION = "INTERRUPTION_AUCTION"  # KRX, regular session: a volatility interruption, circuit breaker
    OTHER_INTERRUPTION = "OTHER_INTERRUPTION"  # the same in the KRX after-market or on NXT
    HALTED = "HALTED"  # suspended, or inside a circuit breaker's halt: cancels only


BY_CLOCK: Final = {
    ("KRX", "pre_open_off_hours"): OrderPhase.PRE_OPEN_OFF_HOURS,
    ("KRX", "opening_auction"): OrderPhase.OPENING_AUCTION,
    ("KRX", "continuous"): OrderPhase.CONTINUOUS,
    ("KRX", "closing_auction"): OrderPhase.CLOSING_AUCTION,
    ("KRX", "post_close_order_entry"): OrderPhase.POST_CLOSE_ENTRY,
    ("KRX", "post_close_off_hours"): OrderPhase.POST_CLOSE_TRADING,
    ("KRX", "off_hours_single_price"): OrderPhase.OFF_HOURS_SINGLE,
    ("KRX", "after_market"): OrderPhase.AFTER_MARKET,
    ("NXT", "pre_market"): OrderPhase.NXT_PRE,
    ("NXT", "main_market"): OrderPhase.NXT_MAIN,
    ("NXT", "after_market_order_entry"): OrderPhase.NXT_AFTER_ENTRY,
    ("NXT", "after_market"): OrderPhase.NXT_AFTER,
}
NXT_PHASES: Final = frozenset(phase for (venue, _), phase in BY_CLOCK.items() if venue == "NXT")
KRX_PHASES: Final = frozenset(OrderPhase) - NXT_PHASES - {OrderPhase.OTHER_INTERRUPTION, OrderPhase.HALTED}
INTERRUPTED: Final = {  # what a phase is for an instrument whose trading a volatility interruption holds up
    OrderPhase.CONTINUOUS: OrderPhase.INTERRUPTION_AUCTION,
    OrderPhase.AFTER_MARKET: OrderPhase.OTHER_INTERRUPTION,
    OrderPhase.NXT_PRE: OrderPhase.OTHER_INTERRUPTION,
    OrderPhase.NXT_MAIN: OrderPhase.OTHER_INTERRUPTION,
    OrderPhase.NXT_AFTER: OrderPhase.OTHER_INTERRUPTION,
}
AUCTIONS: Final = frozenset(
    {
        OrderPhase.OPENING_AUCTION,
        OrderPhase.CLOSING_AUCTION,
        OrderPhase.INTERRUPTION_AUCTION,
        OrderPhase.OTHER_INTERRUPTION,
    }
)


@dataclass(frozen=True, slots=True)
class PhaseSpan:
    """One order-taking phase of a day; moments are UTC ns, the end is nominal and exclusive."""

    phase: OrderPhase
    venue: Venue  # KRX or NXT
    start: UnixNanos
    end: UnixNanos
    latest_end: UnixNanos  # auctions end at a random moment up to here; equal to `end` elsewhere
    confirmed: bool


@dataclass(frozen=True, slots=True)
class OrderDay:
    """The order-taking phases of one day on both venues, in order of start; none when the exchange is closed."""

    day: date
    spans: tuple[PhaseSpan, ...]
    changes: tuple[int, ...]  # moments (UTC ns) at which a span begins or ends
    between: tuple[tuple[OrderPhase, ...], ...]  # of both venues, before the first change, after it, after the next ..

    def at(self, nanos: int, venue: Venue) -> tuple[OrderPhase, ...]:
        """Give the phases a venue is in at a moment (UTC ns), for SOR those of both; empty when it takes no orders.

        Judged by the nominal ends: an auction that has not crossed yet still counts as over.
        """
        there = self.between[bisect_right(self.changes, nanos)]  # looked up: every order asks
        if venue is Venue.SOR:
            return there
        return tuple([phase for phase in there if (phase in NXT_PHASES) is (venue is Venue.NXT)])


def order_day(day: date, overrides: Overrides = NO_OVERRIDES) -> OrderDay:
    """Give the order-taking phases of a day; compute it once and ask it for each order.

    Raises ConfigError like `regular_session`. Source: `sessions.phases`.
    """
    spans = tuple(_span(phase) for phase in phases(day, overrides))
    changes = tuple(sorted({moment for span in spans for moment in (span.start, span.end)}))
    return OrderDay(day, spans, changes, ((), *(_phases_at(spans, moment) for moment in changes)))


def _phases_at(spans: Sequence[PhaseSpan], nanos: int) -> tuple[OrderPhase, ...]:
    return tuple(span.phase for span in spans if span.start <= nanos < span.end)


def _span(phase: Phase) -> PhaseSpan:
    kind = BY_CLOCK[phase.venue, phase.name]
    latest = latest_cross(phase.end) if kind in AUCTIONS else phase.end
    return PhaseSpan(kind, Venue(phase.venue), phase.start, phase.end, latest, phase.confirmed)
