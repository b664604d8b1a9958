"""What was subscribed and what came of it: a first quote of each instrument, and none that fell silent.

Nothing is done per row: at ticks of the clock the last rows in the quality book are looked at. An instrument's silence
is measured in venue time against the newest row of the whole feed, so that it means the same on an accelerated feed;
the silence of the whole feed is the link's (DEGRADED). Silence counts in continuous trading only, for what may trade
and has traded.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from actors.roles.link_state import NANOS_PER_MS, Feed, Link
from domain.config import LinkConfig
from domain.instruments import Instrument
from domain.messages.link import SubscriptionProved, SymbolsMuted
from domain.quotes import Quote
from domain.time import kst_text
from domain.types import NANOS_PER_SECOND, VenuePhase
from fsm.connection import State

LOOK_NS = NANOS_PER_SECOND  # system time between two looks
UNSERVED = "not served by this source"


@dataclass(slots=True)
class Subscription:
    """The open subscription of quotes."""

    symbols: int = 0
    since: int = 0  # system time it was asked for; 0 while there is none
    row_before: int = 0  # venue time of the newest row then
    since_row: int = 0  # venue time the rows have come to when they were seen to flow first; 0 until then
    unproved: dict[str, tuple[int, int]] = field(default_factory=dict)  # symbol -> time and volume of its row then
    missing: dict[str, str] = field(default_factory=dict)  # told as missing -> why
    is_proved: bool = False
    unserved: tuple[str, ...] = ()  # known from another source, not served by this one
    muted: dict[str, None] = field(default_factory=dict)
    looked_at: int = 0
    continuous_until: int = 0  # venue time; 0 when no session is planned

    # ---- fold --------------------------------------------------------------------------------------------------

    def begin(
        self,
        symbols: tuple[str, ...],
        last: Mapping[str, Quote],
        row_time: int,
        now: int,
        unserved: tuple[str, ...] = (),
    ) -> None:
        """Begin: each instrument owes a row newer than the one known; the unserved ones will never send one."""
        self.unserved = unserved
        self.symbols, self.since, self.is_proved = len(symbols), now, False
        self.row_before, self.since_row = row_time, 0
        self.unproved = {symbol: _mark(last.get(symbol)) for symbol in symbols}
        self.missing = {}

    def end(self) -> None:
        """Note that the connection is gone."""
        self.since, self.unproved, self.missing, self.unserved = 0, {}, {}, ()

    def new_run(self) -> None:
        """Begin a run: nothing is subscribed, and nobody is known to be silent."""
        self.end()
        self.muted = {}

    def planned(self, close_auction: int, *, is_new: bool) -> None:
        """Take a session in; a new date forgets who was silent."""
        self.continuous_until = close_auction
        if is_new:
            self.muted = {}

    def looked(self, last: Mapping[str, Quote], row_time: int, now: int) -> None:
        """Cross off what has come."""
        if now - self.looked_at >= LOOK_NS or now < self.looked_at:
            self.looked_at = now
            if not self.since_row and row_time > self.row_before:
                self.since_row = row_time
            if self.unproved:
                self.unproved = {s: mark for s, mark in self.unproved.items() if _mark(last.get(s)) == mark}

    def proved(self, told: SubscriptionProved) -> None:
        """Note what was told of the proof."""
        self.missing, self.is_proved = dict(told.missing), not told.missing

    def spoke(self, told: SymbolsMuted) -> None:
        """Note who is silent."""
        for symbol in told.heard:
            self.muted.pop(symbol, None)
        self.muted |= dict.fromkeys(told.muted)

    # ---- decisions ---------------------------------------------------------------------------------------------

    def judge(
        self,
        link: Link,
        feed: Feed,
        last: Mapping[str, Quote],
        instruments: Mapping[str, Instrument],
        settings: LinkConfig,
        now: int,
    ) -> list[SubscriptionProved | SymbolsMuted]:
        """Say what is new, at the tick that looked. Changes nothing."""
        if not self.since or self.looked_at != now or link.state is not State.READY:
            return []
        is_continuous = link.phase is VenuePhase.CONTINUOUS and not feed.ended
        is_continuous = is_continuous and not 0 < self.continuous_until <= feed.row_time
        said: list[SubscriptionProved | SymbolsMuted] = []
        if settings.first_quote_ms:
            said += self._proof(link, last, instruments, settings, now if is_continuous else 0)
        if settings.symbol_mute_ms and is_continuous:
            said += self._silence(link, feed, last, instruments, settings)
        return said

    def _proof(
        self,
        link: Link,
        last: Mapping[str, Quote],
        instruments: Mapping[str, Instrument],
        settings: LinkConfig,
        now: int,
    ) -> list[SubscriptionProved]:
        if self.is_proved:
            return []
        unserved = dict.fromkeys(self.unserved, UNSERVED)
        if not self.unproved:
            is_told = bool(unserved) and self.missing == unserved
            return [] if is_told else [SubscriptionProved(self.symbols, tuple(unserved.items()))]
        waited = now - max(self.since, link.phase_since)
        if self.missing or waited < settings.first_quote_ms * NANOS_PER_MS:
            return []
        missing = tuple((s, _why(instruments.get(s), last.get(s))) for s in self.unproved)
        return [SubscriptionProved(self.symbols - len(missing), (*missing, *unserved.items()))]

    def _silence(
        self,
        link: Link,
        feed: Feed,
        last: Mapping[str, Quote],
        instruments: Mapping[str, Instrument],
        settings: LinkConfig,
    ) -> list[SymbolsMuted]:
        limit = settings.symbol_mute_ms * NANOS_PER_MS
        oldest = feed.row_time - limit
        heard = tuple(s for s in self.muted if s in last and last[s].venue_time >= oldest)
        muted: list[str] = []
        if self.since_row and max(link.phase_from, self.since_row) < oldest:  # else nobody is silent for long enough
            for symbol, row in last.items():
                if row[1] < oldest and row[4] > 0 and symbol not in self.muted:
                    known = instruments.get(symbol)
                    if known is not None and known.tradable:
                        muted.append(symbol)
        return [SymbolsMuted(tuple(muted), heard)] if muted or heard else []

    def unproved_view(self) -> dict[str, str]:
        """Give each instrument without a first quote, with the reason where time was up."""
        waiting = {symbol: self.missing.get(symbol, "waiting for its first quote") for symbol in self.unproved}
        return waiting | dict.fromkeys(self.unserved, UNSERVED)


def _mark(row: Quote | None) -> tuple[int, int]:
    """Tell one row from another: time and cumulative volume."""
    return (row.venue_time, row.cumulative_volume) if row is not None else (0, 0)


def _why(known: Instrument | None, row: Quote | None) -> str:
    if known is not None and not known.tradable:
        return "not tradable"
    if row is None:
        return "no quote yet today"
    if row.cumulative_volume == 0:
        return "no trade yet today"
    return f"silent since {kst_text(row.venue_time)}"
