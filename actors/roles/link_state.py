"""What the connection supervisor keeps of its two links and of the feed of this run."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field

from domain.config import LinkConfig
from domain.maintenance import PATIENCE_NS, Window, under_way
from domain.messages import Stamp
from domain.messages.link import ConnectionChanged, SessionInfo
from domain.messages.market import QuotesJudged
from domain.quality import NOTES
from domain.types import LinkName, UnixNanos, VenuePhase
from domain.uptime import Standing
from fsm.connection import State

NANOS_PER_MS = 1_000_000
MAX_DOUBLINGS = 16
UP = (State.READY, State.DEGRADED)


@dataclass(slots=True)
class Link:
    """One link as the supervisor sees it. Times are system time, ns."""

    name: LinkName
    endpoint: str = ""
    state: State = State.DISCONNECTED
    reason: str = ""
    since: int = 0
    attempts: int = 0  # since it was last up for a while
    retry_at: int = 0
    last_beat: int = 0
    ready_at: int = 0  # when it came up last; 0 once it is down
    phase: VenuePhase = VenuePhase.CLOSED
    phase_since: int = 0  # when the venue was first said to be in it
    phase_from: int = 0  # the same, venue time
    server_kind: str = ""  # of the session opened last; empty before the first
    is_planned: bool = False  # away for known maintenance
    planned_until: int = 0  # when a link that is not back from maintenance is lost like any other

    def told(self, phase: VenuePhase, venue_time: UnixNanos, now: int) -> None:
        """Take the phase of the venue in."""
        if phase is not self.phase:
            self.phase, self.phase_since, self.phase_from = phase, now, venue_time

    def opened(self, session: SessionInfo, now: int) -> None:
        """Take a session in."""
        self.last_beat, self.server_kind = now, session.server_kind.value
        self.told(session.phase, session.venue_time, now)

    def is_maintained(self, now: int, windows: Iterable[Window]) -> bool:
        """Tell whether a loss now is one that was known before."""
        is_late = self.is_planned and self.state not in UP and now < self.planned_until
        return is_late or under_way(windows, now, self.server_kind) is not None

    def changed(
        self, change: ConnectionChanged, stamp: Stamp, settings: LinkConfig, windows: tuple[Window, ...] = ()
    ) -> None:
        """Take a move of the machine in."""
        now = stamp.system_time
        self.state, self.reason, self.since = State(change.to_state), change.reason, now
        if change.trigger == "redirect":
            self.attempts, self.ready_at = 0, 0
        if self.state is State.READY:
            self.last_beat = now
            self.ready_at = self.ready_at or now
            self.is_planned, self.planned_until = False, 0
        elif self.state is State.CONNECTING:
            self.attempts += 1
        elif self.state is State.BACKING_OFF:
            # A link that comes up and breaks at once must back off like one that never came up.
            if self.ready_at and now - self.ready_at >= settings.backoff_max_ms * NANOS_PER_MS:
                self.attempts = 0
            self.ready_at = 0
            self.retry_at = now + backoff_ns(self.attempts, stamp, settings)
            self._maintained(change.planned, now, windows)

    def _maintained(self, is_planned: bool, now: int, windows: tuple[Window, ...]) -> None:
        """Wait for the end of maintenance instead of dialling into it."""
        found = under_way(windows, now, self.server_kind) if is_planned else None
        if found is not None:
            self.planned_until = found.end + PATIENCE_NS
            self.retry_at += max(0, found.end - now)  # behind its end by the wait: not all traders at once
        self.is_planned = is_planned

    def clock_stepped_back(self, now: int, settings: LinkConfig) -> None:
        """Let no moment lie ahead: a retry or a time-out would wait as long as the clock was put back.

        Our clock does not go back any more (docs/decisions/0017); logs of earlier versions may.
        """
        self.since, self.last_beat = min(self.since, now), min(self.last_beat, now)
        self.ready_at, self.phase_since = min(self.ready_at, now), min(self.phase_since, now)
        self.retry_at = min(self.retry_at, now + settings.backoff_max_ms * NANOS_PER_MS)


def backoff_ns(attempts: int, stamp: Stamp, settings: LinkConfig) -> int:
    """Give the wait before the next attempt, ns: doubled by attempt up to a ceiling.

    Up to half of it is jitter, drawn from the sequence so that a replay agrees.
    """
    doublings = min(max(attempts - 1, 0), MAX_DOUBLINGS)
    ceiling = min(settings.backoff_first_ms << doublings, settings.backoff_max_ms)
    digest = hashlib.blake2b(f"{stamp.log_id}:{stamp.seq}".encode(), digest_size=4).digest()
    jitter = int.from_bytes(digest) % (ceiling // 2 + 1)
    return (ceiling - jitter) * NANOS_PER_MS


def standing_of(links: Iterable[Link]) -> Standing:
    """Tell how the links stand together."""
    found = tuple(links)
    if all(link.state is State.READY for link in found):
        return Standing.UP
    down = [link for link in found if link.state not in UP]
    if not down:
        return Standing.DEGRADED
    return Standing.PLANNED if all(link.is_planned for link in down) else Standing.DOWN


@dataclass(slots=True)
class Feed:
    """What came through the quotes link in this run."""

    rows: int = 0
    refused: int = 0
    flagged: int = 0
    conflated: int = 0
    last_at: int = 0  # system time of the last batch
    row_time: int = 0  # venue time of the newest row
    venue_time: int = 0  # the venue's clock as told last, by a row, a heartbeat or a session
    told_at: int = 0  # system time then
    speed_milli: int | None = None  # of the source in use, see SessionInfo
    ended: bool = False
    last_verdict: dict[str, str] = field(default_factory=dict)
    refused_by_symbol: dict[str, int] = field(default_factory=dict)
    verdicts: dict[str, int] = field(default_factory=dict)  # by rule

    def clock(self, venue_time: int, now: int) -> None:
        """Hear the venue's clock."""
        self.venue_time, self.told_at = venue_time, now

    def expected_clock(self, now: int) -> int:
        """Give the venue time that the clock told last has come to; 0 when none was told."""
        speed = 1_000 if self.speed_milli is None else self.speed_milli
        return self.venue_time + (now - self.told_at) * speed // 1_000 if self.venue_time else 0

    def judged(self, judged: QuotesJudged, now: int) -> None:
        """Count what the quality rules said of one batch, and read the clock of its last row."""
        rows = judged.rows
        self.rows += len(rows)
        if rows:
            newest = rows[-1][1]
            self.row_time = max(self.row_time, newest)
            if newest >= self.venue_time:  # not `>`: a fold of many batches at once hears the last of them only
                self.venue_time, self.told_at = newest, now
        for verdict in judged.verdicts:
            self.verdicts[verdict.rule] = self.verdicts.get(verdict.rule, 0) + 1
            if verdict.rule in NOTES:
                continue
            self.last_verdict[verdict.symbol] = verdict.rule
            if verdict.refused:
                self.rows += 1
                self.refused += 1
                self.refused_by_symbol[verdict.symbol] = self.refused_by_symbol.get(verdict.symbol, 0) + 1
            else:
                self.flagged += 1
