"""Where issues trade: which of them we have orders in, how each trades now, and what a row of the feed does to it.

An issue is kept while an order of ours is in it or shares we took are still displayed; all others cost nothing. It is
opened from the latest row and book, and again after a restart or when the clock goes back: then what is not a fact is
forgotten, so our orders go to the back of their queues.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from broker_sim.call_auction import AtAuctionPrice
from broker_sim.halts import Halts
from broker_sim.issue import Issue, Stage
from broker_sim.legs import Leg
from broker_sim.market_view import MarketView, is_within
from broker_sim.order_book import OrderBook
from broker_sim.order_queue import CancelModel, Execution
from broker_sim.venue_day import Session, VenueDay
from domain.config import SimConfig
from domain.instruments import Instrument
from domain.krx.order_phases import OrderPhase
from domain.krx.sessions import OPENING_AUCTION_MINUTES, RANDOM_END, latest_cross
from domain.messages.orders import OrderFilled
from domain.quotes import Depth, Quote, QuoteKind
from domain.time import NANOS_PER_MINUTE
from domain.types import Market, OrderKind, Venue

SOMEBODY: Final = 1 << 60  # an order number nobody has
NO_CROSS: Final = "auction_without_print"  # name in the tally
_OFF_HOURS: Final = ((OrderKind.PRE_OPEN_CLOSE, Session.PRE_OPEN), (OrderKind.POST_CLOSE, Session.POST_CLOSE))
_IN_AUCTION: Final = {
    Stage.OPENING: {OrderPhase.CONTINUOUS: OrderPhase.OPENING_AUCTION},
    Stage.INTERRUPTION: {
        OrderPhase.CONTINUOUS: OrderPhase.INTERRUPTION_AUCTION,
        OrderPhase.AFTER_MARKET: OrderPhase.OTHER_INTERRUPTION,
    },
}


class Floor:
    """The issues of one day."""

    def __init__(
        self,
        config: SimConfig,
        view: MarketView,
        halts: Halts,
        instruments: Mapping[str, Instrument],
        arrived: Callable[[], Iterable[Leg]],
        day: VenueDay,
    ) -> None:
        """Take what is read; `arrived` gives the live legs that have met the book, oldest first."""
        self.issues: dict[str, Issue | None] = {}  # None: to be opened when something happens to it
        self.day = day
        self.tally: Counter[str] = Counter()
        self._cancels = CancelModel(config.cancel_model.upper())
        self._at_auction_price = AtAuctionPrice.SHARE if config.auction_share else AtAuctionPrice.NONE
        self._view = view
        self._halts = halts
        self._instruments = instruments
        self._arrived = arrived
        self._taken: dict[str, list[OrderFilled]] = {}

    # ---- issues ---------------------------------------------------------------------------------------------

    def forget(self) -> None:
        """Drop every issue; those with live legs are opened anew."""
        self.issues = {leg.symbol: None for leg in self._arrived()}
        self._taken = {}

    def remember_taken(self, fills: Iterable[OrderFilled]) -> None:
        """Take earlier fills at or after each issue's latest row as shares of what it displays."""
        self._taken = {}
        for fill in fills:
            row = self._view.latest.get(fill.symbol)
            if row is not None and fill.venue_time >= row.venue_time:
                self._taken.setdefault(fill.symbol, []).append(fill)
                self.issues.setdefault(fill.symbol, None)

    def issue(self, symbol: str, now: int, row: Quote | None = None) -> Issue:
        """Give an issue, opened from a row (None: the latest) when it is not there."""
        issue = self.issues.get(symbol)
        if issue is not None:
            return issue
        issue = Issue(OrderBook(self._cancels, self._at_auction_price), self.stage(symbol, now))
        row = row or self._view.latest.get(symbol)
        if row is not None:
            issue.show(*self._view.book(row, self._instruments.get(symbol), self.day.day))
        for fill in self._taken.pop(symbol, ()):
            if issue.stage is Stage.CONTINUOUS:
                issue.book.take(SOMEBODY, fill.side.sign, fill.last_qty, fill.last_px)
        if symbol in self.issues:  # none of ours is in an issue that is not kept
            for leg in self._arrived():
                if leg.symbol == symbol:
                    issue.restore(leg)
        self.issues[symbol] = issue
        return issue

    def release(self, symbol: str) -> None:
        """Drop an issue in which nothing of ours is left."""
        issue = self.issues.get(symbol)
        if issue is not None and not issue.is_busy:
            del self.issues[symbol]

    # ---- how an issue trades --------------------------------------------------------------------------------

    def stage(self, symbol: str, now: int) -> Stage:
        """Tell how an issue trades at a moment, from the clock, the latest row and what stands still."""
        regular = self.day.regular
        if regular is None:
            return Stage.CLOSED
        market = self._market(symbol)
        if self._halts.is_halted(market, now):
            return Stage.HALTED
        stands = symbol in self._halts.under_way
        if now < regular.open:
            begins = regular.open - OPENING_AUCTION_MINUTES * NANOS_PER_MINUTE
            return Stage.OPENING if now >= begins else Stage.CLOSED
        if now < regular.close_auction:
            row = self._view.latest.get(symbol)
            if now <= regular.open + RANDOM_END and (row is None or row.venue_time < regular.open or not row.price):
                return Stage.OPENING
            stands = stands or self._halts.collects(market, now, row.venue_time if row else 0)
            return Stage.INTERRUPTION if stands else Stage.CONTINUOUS
        if now <= regular.close + RANDOM_END:
            return Stage.CLOSING
        if self.day.prints_of(Session.AFTER_MARKET, now):
            return Stage.INTERRUPTION if stands else Stage.CONTINUOUS
        return Stage.SINGLE if self.day.prints_of(Session.SINGLE, now) else Stage.CLOSED

    def order_phases(self, symbol: str, now: int) -> tuple[OrderPhase, ...]:
        """Give the phases in which an order in an issue is judged at a moment; empty when the venue takes none.

        An auction that has not crossed yet still collects orders, up to the latest moment of its random end.
        """
        issue, regular = self.issues.get(symbol), self.day.regular
        stage = issue.stage if issue is not None else self.stage(symbol, now)
        phases = self.day.orders.at(now, Venue.KRX)
        if self._halts.is_halted(self._market(symbol), now):
            return (OrderPhase.HALTED,) if phases else ()
        if stage is Stage.CLOSING and regular is not None and regular.close <= now < latest_cross(regular.close):
            row = self._view.latest.get(symbol)
            told = row is not None and row.venue_time >= regular.close and row.kind != QuoteKind.BOOK
            crossed = told if issue is None else issue.crossed
            return phases if crossed else (OrderPhase.CLOSING_AUCTION, *phases)
        changed = _IN_AUCTION.get(stage, {})
        return tuple(changed.get(phase, phase) for phase in phases)

    # ---- the feed -------------------------------------------------------------------------------------------

    def on_row(self, issue: Issue, row: Quote, before: Quote | None) -> list[Execution]:
        """Let a row meet an issue we are in; give what trades."""
        instrument = self._instruments.get(row.symbol)
        printed = row.kind != QuoteKind.BOOK and row.last_qty > 0 and is_within(row.price, instrument)
        found = self._print(issue, row, before) if printed else []
        if issue.stage is not Stage.CLOSED:
            found += issue.show(*self._view.book(row, instrument, self.day.day))
        if printed:
            found += issue.wake(row.price)
        return found

    def on_depth(self, issue: Issue, depth: Depth) -> list[Execution]:
        """Let an order book of the feed meet an issue we are in."""
        shown = self._view.levels(depth, self._instruments.get(depth.symbol))
        return issue.show(*shown) if issue.stage is not Stage.CLOSED else []

    def watch(self, row: Quote, before: Quote | None) -> None:
        """Take a print of an issue we are not in: it may interrupt the issue, or end an interruption."""
        halts, symbol = self._halts, row.symbol
        if not is_within(row.price, self._instruments.get(symbol)):
            return
        if symbol in halts.under_way:
            if row.kind == QuoteKind.AUCTION_TRADE or row.venue_time >= halts.under_way[symbol].nominal_end:
                halts.on_single_price(symbol, row.price)
            else:
                halts.leave_to_feed(symbol)
        elif row.kind == QuoteKind.AUCTION_TRADE:
            halts.on_single_price(symbol, row.price)
        elif halts.tripped and self._in_breaker(symbol, row, before):
            if row.venue_time >= halts.nominal_end(symbol, self._market(symbol)):
                halts.on_single_price(symbol, row.price)
        else:
            halts.on_print(row, before, self._instruments.get(symbol), self.day)

    def _in_breaker(self, symbol: str, row: Quote, before: Quote | None) -> bool:
        """Tell whether a print comes in a halt or is the one of the auction after it: no inference starts from it."""
        market, now, seen = self._market(symbol), row.venue_time, before.venue_time if before is not None else 0
        return self._halts.is_halted(market, now) or self._halts.collects(market, now, seen)

    def _print(self, issue: Issue, row: Quote, before: Quote | None) -> list[Execution]:
        price, quantity, when, symbol = row.price, row.last_qty, row.venue_time, row.symbol
        for kind, session in _OFF_HOURS:
            if self.day.prints_of(session, when):
                return issue.trade_fixed(kind, price, quantity) if price == self._fixed(symbol, kind, price) else []
        regular = self.day.regular
        is_auction = row.kind == QuoteKind.AUCTION_TRADE
        if regular is None or issue.stage in (Stage.HALTED, Stage.CLOSED):
            return []
        if issue.stage is Stage.SINGLE:
            return issue.cross(price, quantity) if self.day.prints_of(Session.SINGLE, when) else []
        if issue.stage is Stage.CLOSING:
            # The feed may cut a cross into several prints, and may not label it. Before the nominal close only a
            # labelled print is the auction's.
            if not is_auction and when < regular.close:
                return []
            self._halts.on_single_price(symbol, price)
            return issue.cross(price, quantity)
        if issue.stage is Stage.OPENING:
            return self._single_price(issue, row) if when >= regular.open else []
        found: list[Execution] = []
        if issue.stage is Stage.INTERRUPTION:
            if is_auction or when >= self._halts.nominal_end(symbol, self._market(symbol)):
                return self._single_price(issue, row)
            if symbol not in self._halts.under_way:
                return []  # a circuit breaker is no inference
            self._halts.leave_to_feed(symbol)
            found = issue.resume(before.price if before else price)
        elif is_auction:  # the feed knows of an interruption that we do not
            issue.collect(Stage.INTERRUPTION)
            return self._single_price(issue, row)
        elif self._halts.infers and self._halts.on_print(row, before, self._instruments.get(symbol), self.day):
            issue.collect(Stage.INTERRUPTION)
            return []
        return found + issue.trade(price, quantity, self._view.best_before(before))

    def _single_price(self, issue: Issue, row: Quote) -> list[Execution]:
        found = issue.cross(row.price, row.last_qty)
        self._halts.on_single_price(row.symbol, row.price)
        return found + issue.resume(row.price)

    def _fixed(self, symbol: str, kind: OrderKind, printed: int) -> int:
        instrument = self._instruments.get(symbol)
        base = instrument.base_price if instrument else None
        known = base if kind is OrderKind.PRE_OPEN_CLOSE else self._view.close_of(symbol, base)
        return known or printed  # the feed prints nothing else in these windows

    # ---- turns of the clock ---------------------------------------------------------------------------------

    def end_opening(self) -> list[tuple[str, list[Execution]]]:
        """End opening auctions that the feed never printed: nothing trades but what meets among our own orders."""
        found = []
        for symbol, issue in self._open_issues():
            if issue.stage is Stage.OPENING:
                self.tally[NO_CROSS] += 1
                row = self._view.latest.get(symbol)
                found.append((symbol, issue.resume(row.price if row and row.price else self._base(symbol))))
        return found

    def begin_closing(self) -> None:
        """Begin the closing auction: conditional limit orders join it at the market."""
        self._halts.end_all()
        for _, issue in self._open_issues():
            if issue.stage is not Stage.HALTED:
                issue.collect(Stage.CLOSING)
        for leg in self._arrived():
            issue_of = self.issues.get(leg.symbol)
            if leg.kind is OrderKind.CONDITIONAL_LIMIT and issue_of is not None:
                issue_of.to_market(leg)

    def count_uncrossed(self) -> None:
        """Count closing auctions that the feed never printed."""
        self.tally[NO_CROSS] += sum(
            issue.stage is Stage.CLOSING and not issue.crossed and bool(issue.book.entries)
            for _, issue in self._open_issues()
        )

    def halt(self, now: int) -> None:
        """Stop the issues of halted markets, and let those whose halt is over collect orders."""
        for symbol, issue in self._open_issues():
            if self._halts.is_halted(self._market(symbol), now):
                issue.collect(Stage.HALTED)
            elif issue.stage is Stage.HALTED:
                issue.collect(Stage.INTERRUPTION)

    def _open_issues(self) -> list[tuple[str, Issue]]:
        return [(symbol, issue) for symbol, issue in self.issues.items() if issue is not None]

    def _market(self, symbol: str) -> Market:
        known = self._instruments.get(symbol)
        return known.market if known else Market.KOSPI

    def _base(self, symbol: str) -> int | None:
        known = self._instruments.get(symbol)
        return known.base_price if known else None
