"""Sources of quotes in the order of preference, and when quotes move from one to another. Orders never move by this.

Away from a source: when its link was not READY for `failover_after_ms` (a mute link is DEGRADED, not READY), or at once
when it FAILED. While known maintenance of the source is under way nothing moves. Where to: the most preferred other
source that is well by its last probe, else the most preferred that answered at all. A source that answers no probe, or
whose venue clock is not where that of the quotes so far has come to (30 s, times the speed of a recorded source),
cannot stand in: dialling it would be in vain, or bring quotes of another moment, even of another trading day. Each move
that brought no READY link doubles the wait, so sources that answer probes and nothing else are not raced around.

Back: to a more preferred source that was well at every probe of the last `failback_after_ms`, when the source in use
has been so for as long, and not within the last ten minutes of the session, where a break costs more than it mends.
A source that quotes left again soon after they came back to it must be well twice as long next time, up to 32 times.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

from actors.roles.link_state import NANOS_PER_MS, UP, Link
from domain.config import LinkConfig, RunConfig
from domain.messages.link import ProbeSource, SourceChanged, SourceProbed
from domain.sources import Doubts
from domain.time import NANOS_PER_MINUTE, kst_date, kst_full_text
from domain.types import NANOS_PER_SECOND
from fsm.connection import State

LATE_NS = 10 * NANOS_PER_MINUTE  # venue time before the close in which quotes do not go back
STEADY_NS = 30 * NANOS_PER_MINUTE  # a source in use for so long has earned its trust again
ASTRAY_NS = 30 * NANOS_PER_SECOND  # venue time a source in real time may be away from ours and stand in for it
MOST_DOUBLINGS = 5
PROBES_UNANSWERED = 3  # times `probe_ms` until a source that does not answer is not well
MOST_SYMBOLS = 50  # asked for in turn in one probe, and as many that are in doubt; the log keeps every answer


class Move(NamedTuple):
    """A change of source."""

    to: str
    reason: str


@dataclass(slots=True)
class Source:
    """One place quotes may come from. Times are system time, ns."""

    endpoint: str
    well_since: int = 0  # every probe since then found it well; 0: not known to be well
    asked_at: int = 0
    waits: bool = False  # for the answer to a probe
    can_serve: bool = False  # it answered the last probe, and its venue clock is where ours is
    reason: str = ""  # why it is not well
    returns: int = 0  # times quotes came back to it and did not stay
    next_symbol: int = 0  # where its next probe begins among the instruments


@dataclass(slots=True)
class Sources:
    """All sources, and which is in use."""

    all: list[Source] = field(default_factory=list)
    current: int = 0
    since: int = 0  # system time the present one was chosen
    down_since: int = 0  # system time its link was READY last; 0 while it is
    fruitless: int = 0  # moves since a link was READY

    @property
    def endpoint(self) -> str:
        """Give the source in use."""
        return self.all[self.current].endpoint if self.all else ""

    @property
    def on_backup(self) -> bool:
        """Tell whether it is not the one preferred."""
        return self.current > 0

    def find(self, endpoint: str) -> Source | None:
        """Find a source that is not in use."""
        return next((one for at, one in enumerate(self.all) if one.endpoint == endpoint and at != self.current), None)

    # ---- fold --------------------------------------------------------------------------------------------------

    def begin(self, config: RunConfig, now: int) -> None:
        """Begin a run: with the source preferred, whatever was in use before."""
        self.all = [Source(endpoint) for endpoint in (config.quotes_endpoint, *config.quotes_backups)]
        self.current, self.since, self.down_since, self.fruitless = 0, now, now, 0

    def link_changed(self, to_state: str, now: int) -> None:
        """Note how the quotes link stands."""
        if to_state == State.READY:
            self.down_since, self.fruitless = 0, 0
        elif not self.down_since:
            self.down_since = now

    def asked(self, probe: ProbeSource, now: int, instruments: int) -> None:
        """Note a probe sent."""
        found = self.find(probe.endpoint)
        if found is not None:
            if found.waits:
                found.well_since, found.can_serve, found.reason = 0, False, "it does not answer"
            found.asked_at, found.waits = now, True
            following = found.next_symbol + MOST_SYMBOLS
            found.next_symbol = following if following < instruments else 0

    def answered(self, answer: SourceProbed, now: int, expected: int, speed_milli: int | None) -> None:
        """Note what a probe found. `expected` is where its venue clock should stand, 0 when none was heard yet."""
        found = self.find(answer.endpoint)
        if found is None:
            return  # it came into use meanwhile
        found.waits, found.reason, found.can_serve = False, answer.reason, answer.venue_time > 0
        if found.can_serve and expected and not _is_at(expected, answer.venue_time, speed_milli):
            found.can_serve = False
            theirs, ours = kst_full_text(answer.venue_time), kst_full_text(expected)
            found.reason = f"its venue clock stands at {theirs} KST, ours at {ours}"
        found.well_since = (found.well_since or now) if answer.is_well and found.can_serve else 0

    def changed(self, change: SourceChanged, now: int) -> None:
        """Use another source."""
        old = self.all[self.current]
        to = next(at for at, one in enumerate(self.all) if one.endpoint == change.to_endpoint)
        if now - self.since >= STEADY_NS:
            old.returns = 0
        if to < self.current:
            self.all[to].returns = min(self.all[to].returns + 1, MOST_DOUBLINGS)
        self.fruitless = min(self.fruitless + 1, MOST_DOUBLINGS) if self.down_since else 0
        self.all[to].waits = old.waits = False
        self.all[to].well_since = old.well_since = 0
        old.can_serve = False
        self.current, self.since, self.down_since = to, now, now

    def clock_stepped_back(self, now: int) -> None:
        """Let no moment lie ahead; only logs of earlier versions have such steps."""
        self.since, self.down_since = min(self.since, now), min(self.down_since, now)
        for one in self.all:
            one.asked_at, one.well_since = min(one.asked_at, now), min(one.well_since, now)

    # ---- decisions ---------------------------------------------------------------------------------------------

    def move(self, link: Link, now: int, settings: LinkConfig, until_close: int | None) -> Move | None:
        """Give the move that is due. `until_close` is venue time to the close, ns; None outside a session."""
        if len(self.all) < 2 or link.state in (State.DISCONNECTED, State.STOPPED):
            return None
        return self._away(link, now, settings) or self._back(link, now, settings, until_close)

    def _away(self, link: Link, now: int, settings: LinkConfig) -> Move | None:
        if not self.down_since or (link.is_planned and now < link.planned_until):
            return None
        down, has_failed = now - self.down_since, link.state is State.FAILED
        wait = (settings.failover_after_ms << self.fruitless) * NANOS_PER_MS
        if down < wait and not (has_failed and self.fruitless == 0):
            return None
        others = [one for at, one in enumerate(self.all) if at != self.current and one.can_serve]
        if not others:
            return None
        to = next((one for one in others if one.well_since), others[0])
        why = f"failed: {link.reason}" if has_failed else f"was not ready for {_span(down)}"
        return Move(to.endpoint, f"{self.endpoint} {why}")

    def _back(self, link: Link, now: int, settings: LinkConfig, until_close: int | None) -> Move | None:
        if link.state not in UP or (until_close is not None and until_close <= LATE_NS):
            return None
        for one in self.all[: self.current]:
            wait = (settings.failback_after_ms << one.returns) * NANOS_PER_MS
            if one.well_since and now - one.well_since >= wait and now - self.since >= wait:
                return Move(one.endpoint, f"{one.endpoint} is well for {_span(now - one.well_since)}")
        return None

    def probes(self, now: int, settings: LinkConfig, symbols: tuple[str, ...], doubts: Doubts) -> list[ProbeSource]:
        """Give the probes that are due: each source is asked for some instruments in turn, and for those it doubts."""
        due = []
        for at, one in enumerate(self.all):
            patience = settings.probe_ms * NANOS_PER_MS * (PROBES_UNANSWERED if one.waits else 1)
            if at != self.current and now - one.asked_at >= patience:
                turn = symbols[one.next_symbol : one.next_symbol + MOST_SYMBOLS]
                wanted = dict.fromkeys((*doubts.of(one.endpoint)[:MOST_SYMBOLS], *turn))
                due.append(ProbeSource(one.endpoint, tuple(wanted)))
        return due


def _is_at(expected: int, clock: int, speed_milli: int | None) -> bool:
    """Tell whether a venue clock is where it should be; of one that runs as fast as it is read only the date tells."""
    if kst_date(expected) != kst_date(clock):
        return False
    speed = 1_000 if speed_milli is None else speed_milli
    return speed == 0 or abs(expected - clock) <= ASTRAY_NS * max(speed, 1_000) // 1_000


def _span(nanos: int) -> str:
    """Tell a span of system time to a tenth of a second."""
    return f"{nanos // (NANOS_PER_SECOND // 10) / 10:g} s"
