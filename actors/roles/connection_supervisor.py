"""The connection supervisor: both links' machines, back-off, and the judgement of every quote."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any, ClassVar

from actors.core.role import Role
from domain import quality
from domain.config import LinkConfig, RunConfig
from domain.instruments import Instrument
from domain.messages import Message, Stamp
from domain.messages.link import (
    CloseLink,
    ConnectionChanged,
    HeartbeatReceived,
    InstrumentsReceived,
    LinkFailed,
    LinkLoggedIn,
    LinkLost,
    LinkOpened,
    LoginLink,
    OpenLink,
    ReconcileLink,
    ReconcileReported,
    SessionInfo,
    SubscribeQuotes,
)
from domain.messages.market import QuotesEnded, QuotesJudged, QuotesReceived
from domain.messages.orders import FACTS
from domain.messages.run import ClockTicked, RunStarted
from domain.messages.trading import SessionPlanned, StopReady
from domain.quotes import Quote
from domain.status import LinksQuery, LinksView, QuotesQuery, WatchedQuote
from domain.types import LinkName, UnixNanos, VenuePhase
from fsm import connection as fsm
from fsm.connection import State

NANOS_PER_MS = 1_000_000
STEP_TIMEOUTS = 4  # call timeouts a connecting, log-in or reconciling step may take in all
BUSY = (State.CONNECTING, State.LOGGING_IN, State.RECONCILING)
UP = (State.READY, State.DEGRADED)



@dataclass(slots=True)
class Link:
    """One link as the supervisor sees it. Times are system time, ns."""

    name: LinkName
    endpoint: str = ""
    state: State = State.DISCONNECTED
    reason: str = ""
    since: int = 0
    attempts: int = 0  # since the last READY
    retry_at: int = 0
    last_beat: int = 0
    phase: VenuePhase = VenuePhase.CLOSED


@dataclass(slots=True)
class Uptime:
    """How long both links were READY since the first attempt; ns of system time."""

    began: int = 0
    ready_since: int = 0  # 0 while not ready
    ready_total: int = 0


@dataclass(slots=True)
class Feed:
    """What came through the quotes link in this run."""

    rows: int = 0
    refused: int = 0
    flagged: int = 0
    conflated: int = 0
    last_at: int = 0  # system time of the last batch
    ended: bool = False
    latest: dict[str, Quote] = field(default_factory=dict)
    last_verdict: dict[str, str] = field(default_factory=dict)
    refused_by_symbol: dict[str, int] = field(default_factory=dict)


class ConnectionSupervisor(Role):
    """Bring links up, keep them up, judge what they bring.

    Hears: run, clock, everything links say, order facts (to resume behind the last one).
    Says: link effects, ConnectionChanged, SubscribeQuotes, QuotesJudged.
    Keeps: both machines, heartbeats, the quality book.
    """

    NAME: ClassVar[str] = "connection_supervisor"
    HEARS: ClassVar[tuple[type[Message], ...]] = (
        RunStarted,
        ClockTicked,
        LinkOpened,
        LinkFailed,
        LinkLost,
        LinkLoggedIn,
        HeartbeatReceived,
        InstrumentsReceived,
        ReconcileReported,
        QuotesReceived,
        QuotesEnded,
        SessionPlanned,
        StopReady,
        *FACTS,
    )
    SAYS: ClassVar[tuple[type[Message], ...]] = (
        OpenLink,
        CloseLink,
        LoginLink,
        ReconcileLink,
        SubscribeQuotes,
        ConnectionChanged,
        QuotesJudged,
    )

    def __init__(self) -> None:
        """Start with both links down."""
        super().__init__()
        self.links = {name: Link(name) for name in LinkName}
        self.settings = LinkConfig()
        self.server_kind = ""
        self.symbols: tuple[str, ...] = ()
        self.instruments: dict[str, Instrument] = {}
        self.book = quality.QualityBook()
        self.feed = Feed()
        self.uptime = Uptime()
        self.after_seq = 0
        self.journal_id = ""

    # ---- fold --------------------------------------------------------------------------------------------------

    def evolve(self, message: Any, stamp: Stamp) -> None:
        """Fold one message."""
        match message:
            case QuotesReceived(batch=batch):
                self.feed.last_at = stamp.system_time
                self.feed.conflated += batch.conflated
                self.links[LinkName.QUOTES].last_beat = stamp.system_time
            case QuotesJudged():
                self._judged(message)
            case HeartbeatReceived(link=name, phase=phase):
                self.links[name].last_beat = stamp.system_time
                self.links[name].phase = phase
            case ConnectionChanged():
                self._changed(message, stamp)
            case LinkOpened(link=name, session=session) | LinkLoggedIn(link=name, session=session):
                self.links[name].last_beat = stamp.system_time
                self.links[name].phase = session.phase
            case InstrumentsReceived(instruments=instruments):
                self.instruments |= {item.symbol: item for item in instruments}
            case SessionPlanned(trading_date=day, open_time=opens, close_time=closes, is_session=is_session):
                self.book.begin_day(date.fromisoformat(day), (opens, closes) if is_session else None)
            case QuotesEnded():
                self.feed.ended = True
            case RunStarted(config=config):
                self._begin_run(config, stamp)
            case _ if isinstance(message, FACTS):
                self._seen(message.journal_id, message.event_seq)

    def _begin_run(self, config: RunConfig, stamp: Stamp) -> None:
        # A new process has no open links, whatever the last one left behind.
        endpoints = {LinkName.QUOTES: config.quotes_endpoint, LinkName.ORDERS: config.orders_endpoint}
        self.links = {name: Link(name, endpoints[name], since=stamp.system_time) for name in LinkName}
        self.settings, self.server_kind, self.symbols = config.link, config.server_kind, config.symbols
        self.feed = Feed()
        self.uptime = Uptime(began=stamp.system_time)

    def _seen(self, journal_id: str, event_seq: int) -> None:
        if journal_id != self.journal_id:
            self.journal_id, self.after_seq = journal_id, event_seq
        else:
            self.after_seq = max(self.after_seq, event_seq)

    def _judged(self, judged: QuotesJudged) -> None:
        self.book.fold(judged.rows)
        feed = self.feed
        feed.rows += len(judged.rows)
        for row in judged.rows:
            feed.latest[row.symbol] = row
        for verdict in judged.verdicts:
            feed.last_verdict[verdict.symbol] = verdict.rule
            if verdict.refused:
                feed.rows += 1
                feed.refused += 1
                feed.refused_by_symbol[verdict.symbol] = feed.refused_by_symbol.get(verdict.symbol, 0) + 1
            else:
                feed.flagged += 1

    def _changed(self, change: ConnectionChanged, stamp: Stamp) -> None:
        link = self.links[change.link]
        link.state, link.reason, link.since = State(change.to_state), change.reason, stamp.system_time
        if link.state is State.READY:
            link.attempts = 0
            link.last_beat = stamp.system_time
        elif link.state is State.CONNECTING:
            link.attempts += 1
        elif link.state is State.BACKING_OFF:
            link.retry_at = stamp.system_time + self._backoff_ns(link, stamp)
        both = all(item.state is State.READY for item in self.links.values())
        if both and self.uptime.ready_since == 0:
            self.uptime.ready_since = stamp.system_time
        elif not both and self.uptime.ready_since:
            self.uptime.ready_total += stamp.system_time - self.uptime.ready_since
            self.uptime.ready_since = 0

    def _backoff_ns(self, link: Link, stamp: Stamp) -> int:
        """Exponential with a ceiling; up to half of it is jitter, drawn from the sequence so that a replay agrees."""
        ceiling = min(self.settings.backoff_first_ms << min(link.attempts, 16), self.settings.backoff_max_ms)
        digest = hashlib.blake2b(f"{stamp.log_id}:{stamp.seq}".encode(), digest_size=4).digest()
        jitter = int.from_bytes(digest) % (ceiling // 2 + 1)
        return (ceiling - jitter) * NANOS_PER_MS

    # ---- decisions ---------------------------------------------------------------------------------------------

    def decide(self, message: Any, stamp: Stamp) -> Iterable[Message]:
        """Move the machines and judge quotes."""
        match message:
            case QuotesReceived(batch=batch):
                rows, verdicts = quality.judge(batch.rows, self.book, self.instruments)
                judged = QuotesJudged(stamp.seq, rows, verdicts)
                return [*self._heard(stamp), judged]
            case RunStarted():
                return [out for link in self.links.values() for out in self._connect(link, "connect", "run begins", stamp)]
            case ClockTicked():
                return [out for link in self.links.values() for out in self._tick(link, stamp)]
            case LinkOpened(link=name, session=session):
                return self._opened(self.links[name], session, stamp)
            case LinkLoggedIn(link=name, session=session):
                if not session.logged_in:
                    return self._fail(self.links[name], "attempt_failed", "log-in did not succeed", stamp)
                return self._reconcile(self.links[name], "logged_in", stamp)
            case InstrumentsReceived():
                return self._instruments(message, stamp)
            case ReconcileReported(agreed=agreed, differences=differences):
                orders = self.links[LinkName.ORDERS]
                if agreed:
                    return self._move(orders, "reconciled", "books agree", stamp)
                return self._fail(orders, "attempt_failed", "books differ: " + "; ".join(differences), stamp)
            case LinkFailed(link=name, step=step, reason=reason):
                return self._fail(self.links[name], "attempt_failed", f"{step}: {reason}", stamp)
            case LinkLost(link=name, reason=reason):
                return self._fail(self.links[name], "lost", reason, stamp)
            case StopReady(reason=reason):
                return [out for link in self.links.values() for out in self._stop(link, reason, stamp)]
        return ()

    def _move(self, link: Link, trigger: str, reason: str, stamp: Stamp) -> list[Message]:
        if trigger not in fsm.MACHINE.allowed(link.state):
            return []  # an answer that came too late, e.g. a failure after the link was given up
        to_state = fsm.MACHINE.next_state(link.state, trigger)
        at = stamp.system_time
        return [ConnectionChanged(link.name, link.state.value, to_state.value, trigger, reason, at)]

    def _connect(self, link: Link, trigger: str, reason: str, stamp: Stamp) -> list[Message]:
        moved = self._move(link, trigger, reason, stamp)
        resume = (self.after_seq, self.journal_id) if link.name is LinkName.ORDERS else (0, "")
        return [*moved, OpenLink(link.name, link.endpoint, link.attempts + 1, *resume)] if moved else []

    def _fail(self, link: Link, trigger: str, reason: str, stamp: Stamp) -> list[Message]:
        moved = self._move(link, trigger, reason, stamp)
        return [*moved, CloseLink(link.name, reason)] if moved else []

    def _stop(self, link: Link, reason: str, stamp: Stamp) -> list[Message]:
        return [*self._move(link, "stop", reason, stamp), CloseLink(link.name, reason)]

    def _opened(self, link: Link, session: SessionInfo, stamp: Stamp) -> list[Message]:
        if link.state is not State.CONNECTING:
            return []
        if link.name is LinkName.ORDERS and session.server_kind != self.server_kind:
            reason = f"orders need a {self.server_kind} server, this one is {session.server_kind}"
            return self._fail(link, "give_up", reason, stamp)
        if not session.logged_in:
            return [*self._move(link, "opened", "log-in needed", stamp), LoginLink(link.name)]
        return self._reconcile(link, "opened_logged_in", stamp)

    def _reconcile(self, link: Link, trigger: str, stamp: Stamp) -> list[Message]:
        moved = self._move(link, trigger, "logged in", stamp)
        return [*moved, ReconcileLink(link.name, self.symbols)] if moved else []

    def _instruments(self, message: InstrumentsReceived, stamp: Stamp) -> list[Message]:
        link = self.links[LinkName.QUOTES]
        symbols = tuple(item.symbol for item in message.instruments)
        if not symbols:
            reason = "the broker serves none of the symbols watched: " + ", ".join(self.symbols[:10])
            return self._fail(link, "attempt_failed", reason, stamp)
        moved = self._move(link, "reconciled", f"{len(symbols)} instruments", stamp)
        return [*moved, SubscribeQuotes(symbols)] if moved else []

    def _heard(self, stamp: Stamp) -> list[Message]:
        return self._move(self.links[LinkName.QUOTES], "heard", "quotes flow again", stamp)

    def _tick(self, link: Link, stamp: Stamp) -> list[Message]:
        now, quiet = stamp.system_time, stamp.system_time - link.last_beat
        if link.state is State.BACKING_OFF and now >= link.retry_at:
            return self._connect(link, "retry", f"attempt {link.attempts + 1}", stamp)
        if link.state in BUSY and now - link.since > STEP_TIMEOUTS * self.settings.call_timeout_ms * NANOS_PER_MS:
            return self._fail(link, "attempt_failed", f"no answer while {link.state.value}", stamp)
        if link.state in UP and quiet > self.settings.heartbeat_timeout_ms * NANOS_PER_MS:
            return self._fail(link, "lost", f"no heartbeat for {quiet // NANOS_PER_MS} ms", stamp)
        mute_ns = self.settings.mute_after_ms * NANOS_PER_MS
        expected = link.name is LinkName.QUOTES and link.phase is VenuePhase.CONTINUOUS and not self.feed.ended
        if link.state is State.READY and expected and now - max(self.feed.last_at, link.since) > mute_ns:
            return self._move(link, "mute", f"connected, but no quote for {self.settings.mute_after_ms} ms", stamp)
        return []

    # ---- views -------------------------------------------------------------------------------------------------

    def view(self, query: Any) -> Any:
        """Answer LinksQuery and QuotesQuery."""
        match query:
            case LinksQuery(now=now):
                return self._links_view(now)
            case QuotesQuery(symbols=symbols):
                wanted = symbols or tuple(sorted(self.feed.latest))
                return tuple(self._watched(s) for s in wanted if s in self.feed.latest)
        return super().view(query)

    def _watched(self, symbol: str) -> WatchedQuote:
        known = self.instruments.get(symbol)
        quality_word = self.feed.last_verdict.get(symbol, "ok")
        refused = self.feed.refused_by_symbol.get(symbol, 0)
        return WatchedQuote(self.feed.latest[symbol], known.name if known else "", quality_word, refused)

    def _links_view(self, now: UnixNanos) -> LinksView:
        up = self.uptime
        ready = up.ready_total + (now - up.ready_since if up.ready_since else 0)
        total = now - up.began
        return LinksView(
            states={name: link.state.value for name, link in self.links.items()},
            reasons={name: link.reason for name, link in self.links.items()},
            feed_age_ms=(now - self.feed.last_at) // NANOS_PER_MS if self.feed.last_at else None,
            uptime_ppm=ready * 1_000_000 // total if up.began and total > 0 else 0,
            quotes=self.feed.rows,
            refused=self.feed.refused,
            flagged=self.feed.flagged,
            conflated=self.feed.conflated,
            unknown_limits=sum(1 for item in self.instruments.values() if item.upper_limit is None),
            symbols=len(self.instruments),
        )
