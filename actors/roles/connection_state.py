"""What the connection supervisor keeps, and how it changes: the fold alone. What it does is in its own module."""

from datetime import date
from typing import Any

from actors.core.role import Role
from actors.roles.link_state import Feed, Link, standing_of
from actors.roles.orders_route import OrdersRoute
from actors.roles.sources import Sources
from actors.roles.subscriptions import Subscription
from domain import quality
from domain.accounts import AccountMark
from domain.config import LinkConfig, RunConfig
from domain.instruments import Instrument
from domain.maintenance import Window, parse
from domain.messages import Stamp
from domain.messages.link import (
    ConnectionChanged,
    HeartbeatReceived,
    InstrumentsReceived,
    LinkFailed,
    LinkLoggedIn,
    LinkOpened,
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
from domain.messages.orders import FACTS, OrderStateChanged
from domain.messages.run import ClockTicked, RunStarted
from domain.messages.trading import DayChanged, GateChanged, OrderApproved, SessionPlanned
from domain.sources import Comparison, Doubts, are_clocks_alike, compare
from domain.types import LinkName
from domain.uptime import Uptime
from fsm.connection import State

QUOTES, ORDERS = LinkName.QUOTES, LinkName.ORDERS
NOT_COMPARED = Comparison((), ())


class ConnectionState(Role):
    """Both links, where quotes come from, where orders go, what was subscribed, and the account of uptime."""

    def __init__(self) -> None:
        """Start with both links down."""
        super().__init__()
        self.links = {name: Link(name) for name in LinkName}
        self.settings = LinkConfig()
        self.windows: tuple[Window, ...] = ()
        self.server_kind = ""
        self.account = AccountMark()  # orders must go to
        self.symbols: tuple[str, ...] = ()
        self.instruments: dict[str, Instrument] = {}
        self.book = quality.QualityBook()
        self.feed = Feed()
        self.sources = Sources()
        self.subscription = Subscription()
        self.doubts = Doubts()
        self.contradicted: tuple[str, ...] = ()  # as told last
        self.uptime = Uptime()
        self.route = OrdersRoute()
        self.after_seq = 0  # last order event heard without a gap before it
        self.journal_id = ""
        self.gap = ""  # order events were missed: what must not be guessed
        self.awaiting: tuple[str, ...] = ()  # symbols to subscribe once the orders link is ready
        self.account_due = False  # a day was planned since the account was asked for: it is opened anew for each

    def evolve(self, message: Any, stamp: Stamp) -> None:
        """Fold one message."""
        now = stamp.system_time
        match message:
            case QuotesReceived(batch=batch):
                self.feed.last_at = now
                self.feed.conflated += batch.conflated
                self.links[QUOTES].last_beat = now
            case QuotesJudged(rows=rows, verdicts=verdicts):
                self.book.fold(rows, verdicts)
                self.feed.judged(message, now)
                if rows and self.uptime.is_recorded:
                    self._market_clock(rows[-1][1], now)
            case ClockTicked(stepped_back=stepped_back):
                if stepped_back:
                    self._stepped_back(now)
                self.uptime.advance(now)
                self.subscription.looked(self.book.last, self.feed.row_time, now)
            case HeartbeatReceived():
                self._beat(message, now)
            case ConnectionChanged():
                self._changed(message, stamp)
            case LinkOpened(link=name, session=session) | LinkLoggedIn(link=name, session=session):
                if not self.is_stale(message):
                    self._session(self.links[name], session, now)
            case QuotesEnded():
                self.feed.ended = True
                if self.uptime.is_recorded:
                    self.uptime.ended(now)
            case RunStarted(config=config):
                self._begin_run(config, now)
            case InstrumentsReceived(instruments=instruments):
                self.instruments |= {item.symbol: item for item in instruments}
                self.awaiting = tuple(item.symbol for item in instruments)
            case SessionPlanned():
                self._plan(message, now)
            case _:
                if not self._evolve_orders(message):
                    self._evolve_sources(message, now)

    def _evolve_orders(self, message: Any) -> bool:
        """Fold what is about orders and their way; False when the message is not."""
        match message:
            case ReconcileLink(link=LinkName.ORDERS):
                self.account_due = False
            case OrderStateChanged(client_order_id=order_id, to_status=status):
                self.route.order(order_id, status)
            case DayChanged() | GateChanged() | OrderApproved() | ReconcileReported():
                self.route.fold(message)
            case OrdersRouted(to_endpoint=endpoint):
                self.journal_id, self.after_seq = self.route.routed(message, self.journal_id, self.after_seq)
                self.links[ORDERS].endpoint, self.gap = endpoint, ""
            case _ if isinstance(message, FACTS):
                self.route.fold(message)
                self._seen(message.journal_id, message.event_seq)
            case _:
                return False
        return True

    def _evolve_sources(self, message: Any, now: int) -> None:
        """Fold what is about the subscription of quotes and their sources."""
        match message:
            case SubscribeQuotes(symbols=symbols):
                served = set(symbols)
                others = tuple(s for s in self.instruments if s not in served) if self.sources.on_backup else ()
                self.subscription.begin(symbols, self.book.last, self.feed.row_time, now, others)
            case SubscriptionProved():
                self.subscription.proved(message)
            case SymbolsMuted():
                self.subscription.spoke(message)
            case UptimeMeasured():
                self.uptime.tell(now)
            case ProbeSource():
                self.sources.asked(message, now, len(self.instruments))
            case SourceProbed(endpoint=endpoint, is_well=is_well):
                self.sources.answered(message, now, self.feed.expected_clock(now), self.feed.speed_milli)
                if is_well:
                    self.doubts.take(endpoint, self.comparison(message, now))
                else:
                    self.doubts.forget(endpoint)
            case SourcesCompared(contradicted=contradicted):
                self.contradicted = contradicted
            case SourceChanged():
                self._source_changed(message, now)

    # ---- links -------------------------------------------------------------------------------------------------

    def is_stale(self, message: LinkOpened | LinkLoggedIn | LinkFailed) -> bool:
        """Tell whether an answer is of a broker that is not dialled any more."""
        endpoint = "" if isinstance(message, LinkLoggedIn) else message.endpoint
        return endpoint not in ("", self.links[message.link].endpoint)

    def _stepped_back(self, now: int) -> None:
        for link in self.links.values():
            link.clock_stepped_back(now, self.settings)
        self.feed.last_at = min(self.feed.last_at, now)
        self.sources.clock_stepped_back(now)

    def _beat(self, beat: HeartbeatReceived, now: int) -> None:
        link = self.links[beat.link]
        link.last_beat = now
        link.told(beat.phase, beat.venue_time, now)
        if link.name is QUOTES:
            self.feed.clock(beat.venue_time, now)
            self._market_clock(beat.venue_time, now)

    def _session(self, link: Link, session: SessionInfo, now: int) -> None:
        link.opened(session, now)
        if link.name is QUOTES:
            self.feed.speed_milli = session.speed_milli
            self.feed.clock(session.venue_time, now)
            self.uptime.source(is_recorded=session.speed_milli is not None, now=now)
            self._market_clock(session.venue_time, now)

    def _market_clock(self, venue_time: int, now: int) -> None:
        if self.uptime.is_recorded and not self.feed.ended:  # a recording may end before its session does
            self.uptime.venue_clock(venue_time, now)

    def _changed(self, change: ConnectionChanged, stamp: Stamp) -> None:
        now = stamp.system_time
        self.links[change.link].changed(change, stamp, self.settings, self.windows)
        if change.link is QUOTES:
            self.sources.link_changed(change.to_state, now)
            if change.to_state != State.RECONCILING:
                self.awaiting = ()  # subscribed, or the connection they came over is gone
            if change.to_state not in (State.READY, State.DEGRADED):
                self.subscription.end()
        self.uptime.stands(standing_of(self.links.values()), now)

    def _begin_run(self, config: RunConfig, now: int) -> None:
        # A new process has no open links, whatever the last one left behind.
        self.route.begin(config.orders_endpoint)
        endpoints = {QUOTES: config.quotes_endpoint, ORDERS: self.route.endpoint}
        self.links = {name: Link(name, endpoints[name], since=now) for name in LinkName}
        self.book.configure(config.quality)
        self.settings, self.server_kind, self.symbols = config.link, config.server_kind, config.symbols
        self.account = AccountMark(config.account_end, config.account_check)
        self.windows = parse(config.link.maintenance)
        self.feed = Feed()
        self.sources.begin(config, now)
        self.subscription.new_run()
        self.doubts = Doubts()
        self.uptime.new_run(now)

    def _plan(self, plan: SessionPlanned, now: int) -> None:
        self.feed.ended, self.account_due = False, True
        if not plan.is_session:
            return
        day = date.fromisoformat(plan.trading_date)
        is_new = day != self.book.trading_date
        if is_new:
            self.feed.row_time = 0
        self.subscription.planned(plan.close_auction_time, is_new=is_new)
        self.book.plan(day, plan.open_time, plan.close_time, plan.close_auction_time)
        self.uptime.plan(plan.trading_date, plan.open_time, plan.close_time, now)

    # ---- orders ------------------------------------------------------------------------------------------------

    def _seen(self, journal_id: str, event_seq: int) -> None:
        if journal_id != self.journal_id:
            self.journal_id, self.after_seq = journal_id, 0  # another journal is heard from its first event on
        if event_seq > self.after_seq + 1:
            self.gap = f"order event {self.after_seq + 1} is missing, {event_seq} came"
        else:
            self.after_seq, self.gap = max(self.after_seq, event_seq), ""

    # ---- sources -----------------------------------------------------------------------------------------------

    def comparison(self, probed: SourceProbed, now: int) -> Comparison:
        """Compare the latest of another source with ours, where both speak of one market at one time."""
        ours = self.feed.expected_clock(now)
        if not (ours and are_clocks_alike(ours, probed.venue_time, self.feed.speed_milli)):
            return NOT_COMPARED
        return compare(self.book.last, probed.quotes, self.instruments, self.book.trading_date, self.feed.speed_milli)

    def _source_changed(self, change: SourceChanged, now: int) -> None:
        """Begin anew: rows, proof and doubts were about the other source. The venue's clock is the same market's."""
        self.sources.changed(change, now)
        self.links[QUOTES].endpoint = change.to_endpoint
        self.doubts = Doubts()
        self.feed.row_time, before = 0, self.book
        self.book = quality.QualityBook()
        self.book.configure(before.config)
        if before.trading_date is not None:
            self.book.plan(before.trading_date, before.open_time, before.close_time, before.close_auction)
