"""The connection supervisor: both links' machines, back-off, sources, and the judgement of every quote.

What it keeps is in `connection_state.py`; when quotes move is in `sources.py`, when orders may in `orders_route.py`.
"""

from collections.abc import Iterable
from typing import Any, ClassVar

from actors.roles.connection_moves import BUSY, ConnectionMoves
from actors.roles.connection_state import ORDERS, QUOTES
from actors.roles.connection_view import links_view, watched
from actors.roles.link_state import NANOS_PER_MS, UP, Link
from domain import quality
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
    OrdersRouted,
    ProbeSource,
    ReconcileLink,
    ReconcileReported,
    SessionInfo,
    SourceChanged,
    SourceProbed,
    SourcesCompared,
    SubscribeQuotes,
    SubscriptionProved,
    SymbolsMuted,
    UptimeMeasured,
)
from domain.messages.market import QuotesEnded, QuotesJudged, QuotesReceived
from domain.messages.operator import CommandAnswered, OrdersRouteRequested
from domain.messages.orders import FACTS, OrderStateChanged
from domain.messages.run import ClockTicked, RunStarted
from domain.messages.trading import DayChanged, GateChanged, OrderApproved, SessionPlanned, StopReady
from domain.status import LinksQuery, QuotesQuery
from domain.types import VenuePhase
from fsm.connection import State

ORDERS_GRACE_NS = 2_000 * NANOS_PER_MS  # how long quotes wait for the orders link at the start
STEP_TIMEOUTS = 4  # call timeouts a connecting, log-in or reconciling step may take in all
MUTE_PATIENCE = 6  # times `mute_after_ms` a link may stay DEGRADED before it is dialled anew


class ConnectionSupervisor(ConnectionMoves):
    """Bring links up, keep them up, judge what they bring.

    Hears: run, clock, everything links say, order facts (to resume behind the last one), how other sources are, how
        orders and the day stand (whether orders may go another way), an operator's wish that they do.
    Says: link effects, ConnectionChanged, SubscribeQuotes and its proof, QuotesJudged, which source quotes come from
        and which way orders go, uptime.
    Keeps: both machines, heartbeats, the quality book, sources, the orders' route, the account of uptime.
    """

    NAME: ClassVar[str] = "connection_supervisor"
    # 4: verdicts by rule; 5: how far prices move, prints that wait to be confirmed
    STATE_VERSION: ClassVar[int] = 7
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
        SourceProbed,
        SessionPlanned,
        OrderApproved,
        OrderStateChanged,
        DayChanged,
        GateChanged,
        OrdersRouteRequested,
        ConnectionChanged,
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
        SubscriptionProved,
        SymbolsMuted,
        ProbeSource,
        SourceChanged,
        SourcesCompared,
        OrdersRouted,
        UptimeMeasured,
        CommandAnswered,
    )

    def decide(self, message: Any, stamp: Stamp) -> Iterable[Message]:
        """Move the machines and judge quotes."""
        match message:
            case QuotesReceived(batch=batch):
                rows, verdicts = quality.judge(batch.rows, self.book, self.instruments)
                heard = self._move(self.links[QUOTES], "heard", "quotes flow again", stamp)
                return [*heard, QuotesJudged(stamp.seq, rows, verdicts)]
            case HeartbeatReceived(link=name, logged_in=False) if self.links[name].state in UP:
                return self._fail(self.links[name], "the broker is not logged in any more", stamp)
            case RunStarted():
                withdrawn = [SourcesCompared("", 0, (), ())] if self.contradicted else []  # it was said of the last run
                opens = [self._connect(link, "connect", "run begins", stamp) for link in self.links.values()]
                return [*withdrawn, *opens[0], *opens[1]]
            case ClockTicked():
                return self._ticked(stamp)
            case ConnectionChanged() | QuotesEnded():
                return self._measured(stamp)
            case LinkOpened(link=name, session=session):
                return [] if self.is_stale(message) else self._opened(self.links[name], session, stamp)
            case LinkLoggedIn(link=name, session=session):
                return self._logged_in(self.links[name], session, stamp)
            case InstrumentsReceived():
                return self._instruments(message, stamp)
            case SessionPlanned():
                return self._reconcile(self.links[ORDERS], "resync", stamp, "the account opens for a new day")
            case ReconcileReported():
                return self._reconciled(message, stamp)
            case LinkFailed(link=name, step=step, reason=reason):
                return [] if self.is_stale(message) else self._fail(self.links[name], f"{step}: {reason}", stamp)
            case LinkLost(link=name, reason=reason):
                return self._fail(self.links[name], reason, stamp)
            case SourceProbed():
                return self._compared(message, stamp)
            case OrdersRouteRequested():
                return self._route(message, stamp)
            case StopReady(reason=reason):
                return [out for link in self.links.values() for out in self._end(link, reason, stamp)]
            case _ if self.gap and isinstance(message, FACTS):
                # The session in use will not say it again: only one that is resumed before the gap does.
                return self._fail(self.links[ORDERS], self.gap, stamp)
        return ()

    # ---- coming up ---------------------------------------------------------------------------------------------

    def _opened(self, link: Link, session: SessionInfo, stamp: Stamp) -> list[Message]:
        if link.state is not State.CONNECTING:
            return []
        if wrong := self._wrong(link, session):
            return self._give_up(link, wrong, stamp)
        if not session.logged_in:
            return [*self._move(link, "opened", "log-in needed", stamp), LoginLink(link.name)]
        return self._reconcile(link, "opened_logged_in", stamp)

    def _logged_in(self, link: Link, session: SessionInfo, stamp: Stamp) -> list[Message]:
        if link.state is State.LOGGING_IN:
            if wrong := self._wrong(link, session):  # which server it is may be known only after the log-in
                return self._give_up(link, wrong, stamp)
            if not session.logged_in:
                return self._fail(link, f"log-in did not succeed{_because(session.trouble)}", stamp)
        return self._reconcile(link, "logged_in", stamp)

    def _wrong(self, link: Link, session: SessionInfo) -> str:
        """Say why orders must not go there; empty when they may."""
        if link.name is not ORDERS:
            return ""
        if session.server_kind != self.server_kind:
            return f"orders need a {self.server_kind} server, this one is {session.server_kind}"
        if session.logged_in and not self.account.fits(session.account, session.account_check):
            same = " (another one that ends so)" if session.account.endswith(self.account.end) else ""
            is_ = f"this one is {session.account or 'none'}{same}"
            return f"orders need the account that ends in {self.account.end}, {is_}"
        return ""

    def _give_up(self, link: Link, reason: str, stamp: Stamp) -> list[Message]:
        return [*self._move(link, "give_up", reason, stamp), CloseLink(link.name, reason)]

    def _reconcile(self, link: Link, trigger: str, stamp: Stamp, why: str = "logged in") -> list[Message]:
        moved = self._move(link, trigger, why, stamp)
        return [*moved, ReconcileLink(link.name, self.symbols)] if moved else []

    def _reconciled(self, report: ReconcileReported, stamp: Stamp) -> list[Message]:
        link, found = self.links[ORDERS], "; ".join(report.differences)
        if report.kind != "gated":  # of books compared while the link is up; a dry run only tells
            is_wrong = not report.agreed and report.kind != "dry_run"
            return self._reconcile(link, "resync", stamp, f"books differ: {found}") if is_wrong else []
        if report.agreed and self.account_due and link.state is State.RECONCILING:
            return [ReconcileLink(link.name, self.symbols)]  # what was read may be the account of another day
        if report.agreed:
            return [*self._move(link, "reconciled", "books agree", stamp), *self._subscribe(stamp)]
        if link.state is not State.RECONCILING:
            return []
        return self._fail(link, f"books differ: {found}", stamp)

    def _instruments(self, message: InstrumentsReceived, stamp: Stamp) -> list[Message]:
        link = self.links[QUOTES]
        if link.state is not State.RECONCILING:
            return []
        symbols = tuple(item.symbol for item in message.instruments)
        if not symbols:
            reason = "the broker serves none of the symbols watched: " + ", ".join(self.symbols[:10])
            return self._fail(link, reason, stamp)
        return self._subscribe(stamp) if self.links[ORDERS].state is State.READY else []

    def _subscribe(self, stamp: Stamp) -> list[Message]:
        """Start the quotes. They wait a moment for the orders link: a recorded day begins with its first reader."""
        link, symbols = self.links[QUOTES], self.awaiting
        if link.state is not State.RECONCILING or not symbols:
            return []
        moved = self._move(link, "reconciled", f"{len(symbols)} instruments", stamp)
        return [*moved, SubscribeQuotes(symbols)]

    # ---- the clock ---------------------------------------------------------------------------------------------

    def _ticked(self, stamp: Stamp) -> list[Message]:
        now, quotes = stamp.system_time, self.links[QUOTES]
        said = self._away_or_back(quotes, stamp)
        if not said:
            said = [out for link in self.links.values() for out in self._tick(link, stamp)]
            said += self.sources.probes(now, self.settings, tuple(self.instruments), self.doubts)
        said += self.subscription.judge(quotes, self.feed, self.book.last, self.instruments, self.settings, now)
        return [*said, *self._measured(stamp)]

    def _tick(self, link: Link, stamp: Stamp) -> list[Message]:
        now, quiet = stamp.system_time, stamp.system_time - link.last_beat
        if link.state is State.BACKING_OFF and now >= link.retry_at:
            return self._connect(link, "retry", f"attempt {link.attempts + 1}", stamp)
        if link.state in BUSY and now - link.since > STEP_TIMEOUTS * self.settings.call_timeout_ms * NANOS_PER_MS:
            return self._fail(link, f"no answer while {link.state.value}", stamp)
        if link.state in UP and quiet > self.settings.heartbeat_timeout_ms * NANOS_PER_MS:
            return self._fail(link, f"no heartbeat for {quiet // NANOS_PER_MS} ms", stamp)
        if link.name is QUOTES:
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

    def _measured(self, stamp: Stamp) -> list[Message]:
        """Say the account of uptime when something of it is new."""
        now = stamp.system_time
        if not (self.settings.measures_uptime and self.uptime.news(now)):
            return []
        found = self.uptime.figures(now)
        parts = (found.market, found.up, found.degraded, found.down, found.planned)
        return [UptimeMeasured(self.uptime.trading_date, *parts)]

    # ---- other sources, another way ----------------------------------------------------------------------------

    def _away_or_back(self, quotes: Link, stamp: Stamp) -> list[Message]:
        """Move quotes to another source when that is due."""
        book, clock = self.book, self.feed.venue_time
        in_session = book.trading_date is not None and book.open_time <= clock < book.close_time
        move = self.sources.move(
            quotes, stamp.system_time, self.settings, book.close_time - clock if in_session else None
        )
        if move is None:
            return []
        is_backup = move.to != self.sources.all[0].endpoint
        told = SourceChanged(self.sources.endpoint, move.to, is_backup, move.reason)
        cleared = [SourcesCompared(move.to, 0, (), ())] if self.contradicted else []
        return [*self._redirect(quotes, told, stamp), *cleared]

    def _compared(self, probed: SourceProbed, stamp: Stamp) -> list[Message]:
        found = self.comparison(probed, stamp.system_time) if probed.is_well else None
        symbols, differences = found if found is not None else ((), ())
        contradicted = self.doubts.contradicted
        if not symbols and contradicted == self.contradicted:
            return []
        return [SourcesCompared(probed.endpoint, len(symbols), differences, contradicted)]

    def _route(self, asked: OrdersRouteRequested, stamp: Stamp) -> list[Message]:
        """Send orders another way, or say why not."""
        link, to = self.links[ORDERS], asked.endpoint or self.route.configured
        name = to or "the simulator beside the trader"
        if to == link.endpoint:
            return [CommandAnswered(asked.command_id, True, "", f"orders go to {name} already", "")]
        refusal = self.route.refusal(asked, link)
        if refusal is not None:
            return [CommandAnswered(asked.command_id, False, refusal.code, refusal.text, "")]
        routed = OrdersRouted(link.endpoint, to, f"routed by {asked.caller}: {asked.note}")
        journal_id, after_seq = self.route.resumes(to, self.journal_id, self.after_seq)
        answer = CommandAnswered(asked.command_id, True, "", f"orders go to {name} from now on", "")
        return [*self._redirect(link, routed, stamp, after_seq, journal_id), answer]

    # ---- views -------------------------------------------------------------------------------------------------

    def view(self, query: Any) -> Any:
        """Answer LinksQuery and QuotesQuery."""
        match query:
            case LinksQuery(now=now):
                return links_view(self, now)
            case QuotesQuery(symbols=symbols):
                wanted = symbols or tuple(sorted(self.book.last))
                return tuple(watched(self, s) for s in wanted if s in self.book.last)
        return super().view(query)


def _because(trouble: str) -> str:
    return f": {trouble}" if trouble else ""
