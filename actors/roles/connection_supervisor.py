"""The connection supervisor: both links' machines, back-off, and the judgement of every quote."""

from collections.abc import Iterable
from datetime import date
from typing import Any, ClassVar

from actors.core.role import Role
from actors.roles.link_state import NANOS_PER_MS, Feed, Link, Uptime
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
from domain.status import LinksQuery, LinksView, QuotesQuery, WatchedQuote
from domain.types import LinkName, UnixNanos, VenuePhase
from fsm import connection as fsm
from fsm.connection import State

ORDERS_GRACE_NS = 2_000 * NANOS_PER_MS  # how long quotes wait for the orders link at the start
STEP_TIMEOUTS = 4  # call timeouts a connecting, log-in or reconciling step may take in all
BUSY = (State.CONNECTING, State.LOGGING_IN, State.RECONCILING)
MUTE_PATIENCE = 6  # times `mute_after_ms` a link may stay DEGRADED before it is dialled anew
UP = (State.READY, State.DEGRADED)


class ConnectionSupervisor(Role):
    """Bring links up, keep them up, judge what they bring.

    Hears: run, clock, everything links say, order facts (to resume behind the last one).
    Says: link effects, ConnectionChanged, SubscribeQuotes, QuotesJudged.
    Keeps: both machines, heartbeats, the quality book.
    """

    NAME: ClassVar[str] = "connection_supervisor"
    STATE_VERSION: ClassVar[int] = 2  # links know since when the venue is in its phase
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
        self.after_seq = 0  # last order event heard without a gap before it
        self.journal_id = ""
        self.gap = ""  # order events were missed: what must not be guessed
        self.awaiting: tuple[str, ...] = ()  # symbols to subscribe once the orders link is ready
        self.account_due = False  # a day was planned since the account was asked for: it is opened anew for each

    # ---- fold --------------------------------------------------------------------------------------------------

    def evolve(self, message: Any, stamp: Stamp) -> None:
        """Fold one message."""
        match message:
            case QuotesReceived(batch=batch):
                self.feed.last_at = stamp.system_time
                self.feed.conflated += batch.conflated
                self.links[LinkName.QUOTES].last_beat = stamp.system_time
            case QuotesJudged(rows=rows):
                self.book.fold(rows)
                self.feed.judged(message)
            case ClockTicked(stepped_back=stepped_back):
                if stepped_back:
                    for link in self.links.values():
                        link.clock_stepped_back(stamp.system_time, self.settings)
                    self.feed.last_at = min(self.feed.last_at, stamp.system_time)
            case HeartbeatReceived(link=name, phase=phase):
                self.links[name].last_beat = stamp.system_time
                self.links[name].told(phase, stamp.system_time)
            case ConnectionChanged():
                self._changed(message, stamp)
            case ReconcileLink(link=LinkName.ORDERS):
                self.account_due = False
            case LinkOpened(link=name, session=session) | LinkLoggedIn(link=name, session=session):
                self.links[name].last_beat = stamp.system_time
                self.links[name].told(session.phase, stamp.system_time)
            case InstrumentsReceived(instruments=instruments):
                self.instruments |= {item.symbol: item for item in instruments}
                self.awaiting = tuple(item.symbol for item in instruments)
            case SessionPlanned(trading_date=day, open_time=opens, close_time=closes, is_session=is_session):
                self._plan(date.fromisoformat(day), opens, closes, is_session)
            case QuotesEnded():
                self.feed.ended = True
            case RunStarted(config=config):
                self._begin_run(config, stamp)
            case _ if isinstance(message, FACTS):
                self._seen(message.journal_id, message.event_seq)

    def _plan(self, day: date, opens: UnixNanos, closes: UnixNanos, is_session: bool) -> None:
        self.feed.ended, self.account_due = False, True
        if is_session:
            self.book.plan(day, opens, closes)

    def _begin_run(self, config: RunConfig, stamp: Stamp) -> None:
        # A new process has no open links, whatever the last one left behind.
        endpoints = {LinkName.QUOTES: config.quotes_endpoint, LinkName.ORDERS: config.orders_endpoint}
        self.links = {name: Link(name, endpoints[name], since=stamp.system_time) for name in LinkName}
        self.settings, self.server_kind, self.symbols = config.link, config.server_kind, config.symbols
        self.feed = Feed()
        self.uptime = Uptime(began=stamp.system_time)

    def _seen(self, journal_id: str, event_seq: int) -> None:
        if journal_id != self.journal_id:
            self.journal_id, self.after_seq = journal_id, 0  # another journal is heard from its first event on
        if event_seq > self.after_seq + 1:
            self.gap = f"order event {self.after_seq + 1} is missing, {event_seq} came"
        else:
            self.after_seq, self.gap = max(self.after_seq, event_seq), ""

    def _changed(self, change: ConnectionChanged, stamp: Stamp) -> None:
        self.links[change.link].changed(change, stamp, self.settings)
        if change.link is LinkName.QUOTES and change.to_state != State.RECONCILING:
            self.awaiting = ()  # subscribed, or the connection they came over is gone
        both = all(item.state is State.READY for item in self.links.values())
        self.uptime.changed(both, stamp.system_time)

    # ---- decisions ---------------------------------------------------------------------------------------------

    def decide(self, message: Any, stamp: Stamp) -> Iterable[Message]:
        """Move the machines and judge quotes."""
        match message:
            case QuotesReceived(batch=batch):
                rows, verdicts = quality.judge(batch.rows, self.book, self.instruments)
                heard = self._move(self.links[LinkName.QUOTES], "heard", "quotes flow again", stamp)
                return [*heard, QuotesJudged(stamp.seq, rows, verdicts)]
            case HeartbeatReceived(link=name, logged_in=False) if self.links[name].state in UP:
                return self._fail(self.links[name], "the broker is not logged in any more", stamp)
            case RunStarted():
                return [
                    out for link in self.links.values() for out in self._connect(link, "connect", "run begins", stamp)
                ]
            case ClockTicked():
                return [out for link in self.links.values() for out in self._tick(link, stamp)]
            case LinkOpened(link=name, session=session):
                return self._opened(self.links[name], session, stamp)
            case LinkLoggedIn(link=name, session=session):
                link = self.links[name]
                if not session.logged_in and link.state is State.LOGGING_IN:
                    return self._fail(link, "log-in did not succeed", stamp)
                return self._reconcile(link, "logged_in", stamp)
            case InstrumentsReceived():
                return self._instruments(message, stamp)
            case SessionPlanned():
                return self._reconcile(self.links[LinkName.ORDERS], "resync", stamp, "the account opens for a new day")
            case ReconcileReported(agreed=agreed, differences=differences):
                return self._reconciled(agreed, differences, stamp)
            case LinkFailed(link=name, step=step, reason=reason):
                return self._fail(self.links[name], f"{step}: {reason}", stamp)
            case LinkLost(link=name, reason=reason):
                return self._fail(self.links[name], reason, stamp)
            case StopReady(reason=reason):
                return [out for link in self.links.values() for out in self._end(link, reason, stamp)]
            case _ if self.gap and isinstance(message, FACTS):
                return self._fail(self.links[LinkName.ORDERS], self.gap, stamp)
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

    def _fail(self, link: Link, reason: str, stamp: Stamp) -> list[Message]:
        """Hang up and back off, from wherever the link stands: a loss may overtake the opening at the door."""
        moved = self._move(link, "attempt_failed" if link.state in BUSY else "lost", reason, stamp)
        return [*moved, CloseLink(link.name, reason)] if moved else []

    def _reconciled(self, agreed: bool, differences: tuple[str, ...], stamp: Stamp) -> list[Message]:
        link = self.links[LinkName.ORDERS]
        if agreed and self.account_due and link.state is State.RECONCILING:
            return [ReconcileLink(link.name, self.symbols)]  # what was read may be the account of another day
        if agreed:
            return [*self._move(link, "reconciled", "books agree", stamp), *self._subscribe(stamp)]
        if link.state is not State.RECONCILING:
            return []
        return self._fail(link, "books differ: " + "; ".join(differences), stamp)

    def _end(self, link: Link, reason: str, stamp: Stamp) -> list[Message]:
        return [*self._move(link, "stop", reason, stamp), CloseLink(link.name, reason)]

    def _opened(self, link: Link, session: SessionInfo, stamp: Stamp) -> list[Message]:
        if link.state is not State.CONNECTING:
            return []
        if link.name is LinkName.ORDERS and session.server_kind != self.server_kind:
            reason = f"orders need a {self.server_kind} server, this one is {session.server_kind}"
            return [*self._move(link, "give_up", reason, stamp), CloseLink(link.name, reason)]
        if not session.logged_in:
            return [*self._move(link, "opened", "log-in needed", stamp), LoginLink(link.name)]
        return self._reconcile(link, "opened_logged_in", stamp)

    def _reconcile(self, link: Link, trigger: str, stamp: Stamp, why: str = "logged in") -> list[Message]:
        moved = self._move(link, trigger, why, stamp)
        return [*moved, ReconcileLink(link.name, self.symbols)] if moved else []

    def _instruments(self, message: InstrumentsReceived, stamp: Stamp) -> list[Message]:
        link = self.links[LinkName.QUOTES]
        if link.state is not State.RECONCILING:
            return []
        symbols = tuple(item.symbol for item in message.instruments)
        if not symbols:
            reason = "the broker serves none of the symbols watched: " + ", ".join(self.symbols[:10])
            return self._fail(link, reason, stamp)
        return self._subscribe(stamp) if self.links[LinkName.ORDERS].state is State.READY else []

    def _subscribe(self, stamp: Stamp) -> list[Message]:
        """Start the quotes. They wait a moment for the orders link: a recorded day begins with its first reader."""
        link, symbols = self.links[LinkName.QUOTES], self.awaiting
        if link.state is not State.RECONCILING or not symbols:
            return []
        moved = self._move(link, "reconciled", f"{len(symbols)} instruments", stamp)
        return [*moved, SubscribeQuotes(symbols)]

    def _tick(self, link: Link, stamp: Stamp) -> list[Message]:
        now, quiet = stamp.system_time, stamp.system_time - link.last_beat
        if link.state is State.BACKING_OFF and now >= link.retry_at:
            return self._connect(link, "retry", f"attempt {link.attempts + 1}", stamp)
        if link.state in BUSY and now - link.since > STEP_TIMEOUTS * self.settings.call_timeout_ms * NANOS_PER_MS:
            return self._fail(link, f"no answer while {link.state.value}", stamp)
        if link.state in UP and quiet > self.settings.heartbeat_timeout_ms * NANOS_PER_MS:
            return self._fail(link, f"no heartbeat for {quiet // NANOS_PER_MS} ms", stamp)
        if link.name is LinkName.QUOTES:
            grace_over = now - link.since > ORDERS_GRACE_NS
            return (self._subscribe(stamp) if grace_over else []) or self._mute(link, stamp)
        return []

    def _mute(self, link: Link, stamp: Stamp) -> list[Message]:
        """Judge the silence of an open quotes link.

        Quotes are expected in continuous trading alone, and from its begin on: nothing need come through a halt.
        """
        if link.phase is not VenuePhase.CONTINUOUS or self.feed.ended:
            return self._move(link, "heard", "no quotes are expected now", stamp)
        silent, limit = (
            stamp.system_time - max(self.feed.last_at, link.since, link.phase_since),
            self.settings.mute_after_ms * NANOS_PER_MS,
        )
        if link.state is State.DEGRADED and silent > MUTE_PATIENCE * limit:
            return self._fail(link, "connected, but no quotes for long: subscribing anew", stamp)
        if silent > limit:
            return self._move(link, "mute", f"connected, but no quote for {self.settings.mute_after_ms} ms", stamp)
        return []

    # ---- views -------------------------------------------------------------------------------------------------

    def view(self, query: Any) -> Any:
        """Answer LinksQuery and QuotesQuery."""
        match query:
            case LinksQuery(now=now):
                return self._links_view(now)
            case QuotesQuery(symbols=symbols):
                wanted = symbols or tuple(sorted(self.book.last))
                return tuple(self._watched(s) for s in wanted if s in self.book.last)
        return super().view(query)

    def _watched(self, symbol: str) -> WatchedQuote:
        known = self.instruments.get(symbol)
        quality_word = self.feed.last_verdict.get(symbol, "ok")
        refused = self.feed.refused_by_symbol.get(symbol, 0)
        return WatchedQuote(self.book.last[symbol], known.name if known else "", quality_word, refused)

    def _links_view(self, now: UnixNanos) -> LinksView:
        return LinksView(
            states={name: link.state.value for name, link in self.links.items()},
            reasons={name: link.reason for name, link in self.links.items()},
            feed_age_ms=(now - self.feed.last_at) // NANOS_PER_MS if self.feed.last_at else None,
            uptime_ppm=self.uptime.ppm(now),
            quotes=self.feed.rows,
            refused=self.feed.refused,
            flagged=self.feed.flagged,
            conflated=self.feed.conflated,
            unknown_limits=sum(1 for item in self.instruments.values() if item.upper_limit is None),
            symbols=len(self.instruments),
        )
