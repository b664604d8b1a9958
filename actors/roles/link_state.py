"""What the connection supervisor keeps: one record per link, the uptime of both, and the feed of this run."""

import hashlib
from dataclasses import dataclass, field

from domain.config import LinkConfig
from domain.messages import Stamp
from domain.messages.link import ConnectionChanged
from domain.messages.market import QuotesJudged
from domain.types import LinkName, VenuePhase
from fsm.connection import State

NANOS_PER_MS = 1_000_000
MAX_DOUBLINGS = 16


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

    def told(self, phase: VenuePhase, now: int) -> None:
        """Take the phase of the venue in."""
        if phase is not self.phase:
            self.phase, self.phase_since = phase, now

    def changed(self, change: ConnectionChanged, stamp: Stamp, settings: LinkConfig) -> None:
        """Take a move of the machine in."""
        now = stamp.system_time
        self.state, self.reason, self.since = State(change.to_state), change.reason, now
        if self.state is State.READY:
            self.last_beat = now
            self.ready_at = self.ready_at or now
        elif self.state is State.CONNECTING:
            self.attempts += 1
        elif self.state is State.BACKING_OFF:
            # A link that comes up and breaks at once must back off like one that never came up.
            if self.ready_at and now - self.ready_at >= settings.backoff_max_ms * NANOS_PER_MS:
                self.attempts = 0
            self.ready_at = 0
            self.retry_at = now + backoff_ns(self.attempts, stamp, settings)

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


@dataclass(slots=True)
class Uptime:
    """How long both links were READY since the first attempt; ns of system time."""

    began: int = 0
    ready_since: int = 0  # 0 while not ready
    ready_total: int = 0

    def changed(self, both_ready: bool, now: int) -> None:
        """Note whether both links are READY from now on."""
        if both_ready and self.ready_since == 0:
            self.ready_since = now
        elif not both_ready and self.ready_since:
            self.ready_total += max(0, now - self.ready_since)
            self.ready_since = 0

    def ppm(self, now: int) -> int:
        """Give the share of the time with both links READY, parts per million; 0 before the first attempt."""
        ready = self.ready_total + (max(0, now - self.ready_since) if self.ready_since else 0)
        total = now - self.began
        return min(ready * 1_000_000 // total, 1_000_000) if self.began and total > 0 else 0


@dataclass(slots=True)
class Feed:
    """What came through the quotes link in this run."""

    rows: int = 0
    refused: int = 0
    flagged: int = 0
    conflated: int = 0
    last_at: int = 0  # system time of the last batch
    ended: bool = False
    last_verdict: dict[str, str] = field(default_factory=dict)
    refused_by_symbol: dict[str, int] = field(default_factory=dict)

    def judged(self, judged: QuotesJudged) -> None:
        """Count what the quality rules said of one batch."""
        self.rows += len(judged.rows)
        for verdict in judged.verdicts:
            self.last_verdict[verdict.symbol] = verdict.rule
            if verdict.refused:
                self.rows += 1
                self.refused += 1
                self.refused_by_symbol[verdict.symbol] = self.refused_by_symbol.get(verdict.symbol, 0) + 1
            else:
                self.flagged += 1
