"""All that risk knows and what it is asked; how messages change it is in `state.py`."""

from dataclasses import dataclass, field, replace
from typing import Final

from domain.config import RunConfig
from domain.instruments import Instrument
from domain.messages.link import (
    ExternalOrderSeen,
)
from domain.messages.operator import CommandAnswered
from domain.messages.risk import Unsold
from domain.messages.trading import (
    OrderDenied,
)
from domain.quotes import Quote
from domain.risk.account_watch import AccountWatch
from domain.risk.conduct import Conduct
from domain.risk.doubts import QuoteDoubts
from domain.risk.exposure_facts import ExposureFacts
from domain.risk.exposures import NO_EXPOSURES, ExposureBook, Exposures
from domain.risk.flattening import Flatten
from domain.risk.holds import Hold
from domain.risk.open_orders import Elsewhere, Holds
from domain.risk.picture import Picture, Proposal
from domain.risk.rule import BUY
from domain.risk.sizing import cost, loss_limit_krw
from domain.risk.stop_book import StopBook
from domain.risk_config import StopTerms
from domain.time import kst_text
from domain.types import Gate, Krw, LinkName, Side

_ORDERS: Final = LinkName.ORDERS  # as in `rule.py`
_QUOTES: Final = LinkName.QUOTES


@dataclass(slots=True)
class RiskKnown:
    """All that risk keeps."""

    config: RunConfig = field(default_factory=lambda: RunConfig(mode=""))
    instruments: dict[str, Instrument] = field(default_factory=dict)
    links: dict[LinkName, str] = field(default_factory=dict)  # state of the connection machine
    day: str = "CLOSED"
    gate: Gate = Gate.CANCELS_ONLY
    quotes: dict[str, Quote] = field(default_factory=dict)  # last judged row, of this run
    earlier_marks: dict[str, int] = field(default_factory=dict)  # last prices of the runs before, won
    venue_time: int = 0
    trading_date: str = ""  # of the account opened last
    cash: int = 0
    equity: int = 0
    start_equity: int = 0
    positions: dict[str, int] = field(default_factory=dict)  # symbol -> shares, none is 0
    costs: dict[str, int] = field(default_factory=dict)  # symbol -> cost basis of what is held, won
    offered: dict[str, tuple[int, int]] = field(default_factory=dict)  # shares and cost basis the broker told last
    holds: Holds = field(default_factory=Holds)  # orders that are open or whose fills are not all booked
    externals: Elsewhere = field(default_factory=Elsewhere)  # open orders that are not ours
    exposures: ExposureBook = field(default_factory=ExposureBook)  # what is held and being bought
    halted: dict[str, tuple[str, int]] = field(default_factory=dict)  # symbol -> why books differ, venue time since
    doubts: QuoteDoubts = field(default_factory=QuoteDoubts)  # of this run
    approved_at: dict[tuple[str, Side], int] = field(default_factory=dict)  # venue time
    loss_locked: bool = False  # the daily loss limit was hit and no person has lifted it
    loss_armed: bool = True  # it may hit: not since it did, until a person resumed and equity was above it again
    flattening: dict[str, Flatten] = field(default_factory=dict)
    told_left: tuple[Unsold, ...] | None = None  # what the sale of a stop does not touch; None: no stop sells, or tells
    answers: dict[str, CommandAnswered] = field(default_factory=dict)  # by command id, of the trading date
    denials: list[OrderDenied] = field(default_factory=list)  # of the trading date
    denied_exits: dict[str, tuple[str, ...]] = field(default_factory=dict)  # symbol -> sells open when it was said

    conduct: Conduct = field(default_factory=Conduct)
    exposure_facts: ExposureFacts = field(default_factory=ExposureFacts)
    stops: StopBook = field(default_factory=StopBook)
    watch: AccountWatch = field(default_factory=AccountWatch)

    # ---- questions ---------------------------------------------------------------------------------------------

    def exposures_of(self, symbol: str) -> Exposures:
        """Give what is held and being bought, as an instrument that is to be bought sees it."""
        book, limits, bound = self.exposures, self.config.risk, self.holds.by_symbol.get(symbol)
        own, (sector, market) = book.values.get(symbol, 0), book.groups.get(symbol) or self._groups(symbol)
        buying = bound.buying if bound is not None else 0
        if symbol in self.externals.by_symbol:
            buying += self.externals.shares(symbol, Side.BUY)
        return Exposures(  # by place, as is the picture: names cost a microsecond of every order
            book.gross,
            book.sectors.get(sector, 0),
            sector,
            book.markets.get(market, 0),
            book.others(symbol),
            self.positions.get(symbol, 0) + buying,
            self.exposure_facts.volumes.get(symbol),
            own,
            symbol,
            self.exposure_facts if limits.max_correlated_ppm else None,
        )

    @property
    def is_over_loss_limit(self) -> bool:
        """Tell whether the trading date's loss, realised and not, stands at the daily limit or beyond, to the won.

        With limits on the account the loss counts net of what getting out would cost.
        """
        if self.config.risk.account.is_on:
            return self.watch.is_over_daily_loss
        loss, limit = self.daily_loss
        return bool(self.trading_date) and 0 < loss >= limit

    @property
    def daily_loss(self) -> tuple[int, int]:
        """Give the loss of the trading date (gains are 0) and the one that halts, both won."""
        if self.config.risk.account.is_on:
            daily = self.watch.losses()[0]
            return daily.amount, daily.limit
        limit = loss_limit_krw(self.start_equity, self.config.risk.daily_loss_ppm)
        return max(0, self.start_equity - self.equity), limit

    @property
    def watches_sales(self) -> bool:
        """Tell whether sales wait for what the venue takes, and whether one that does not get done is told."""
        risk = self.config.risk
        return risk.escalate_s > 0 or risk.check_sessions or risk.stops != StopTerms()

    @property
    def clock(self) -> int:
        """Give the venue's time (UTC ns), also while nothing is quoted: of the quotes, or of a later heartbeat."""
        return max(self.venue_time, self.stops.heard_at) if self.quotes else self.stops.heard_at or self.venue_time

    def left_alone(self, symbol: str) -> str:
        """Say why a holding is never sold by us; empty when it may be, or a part of it."""
        if symbol in self.config.risk.never_sell:
            return "never sold by settings"
        return "its shares are not ours" if self.conduct.ours(symbol) == 0 else ""

    def flatten_symbols(self, symbol: str) -> tuple[str, ...]:
        """Give the instruments a flatten of `symbol` (empty: all) is about, in order."""
        touched = {*self.positions, *self.holds.by_symbol}
        return tuple(sorted(name for name in touched if symbol in ("", name)))

    def open_sells(self, symbol: str) -> tuple[str, ...]:
        """Give the ids of the sells that bind shares of an instrument."""
        return tuple(hold.client_order_id for hold in self.holds.of(symbol) if hold.side is Side.SELL)

    def selling(self, symbol: str) -> int:
        """Give the shares bound by open sells, ours and others in the account."""
        return self.holds.selling(symbol) + self.externals.shares(symbol, Side.SELL)

    def selling_elsewhere(self, symbol: str) -> int:
        """Give the shares bound by open sells in the account that are not ours."""
        return self.externals.shares(symbol, Side.SELL)

    def sellable_ours(self, symbol: str) -> int:
        """Give the shares that may be sold by us now: held, bound by no open sell, ours, and not marked never to sell.

        Of shares that are ours, those in open sells of ours are gone; sells elsewhere are of others' shares.
        """
        if symbol in self.config.risk.never_sell:
            return 0
        elsewhere, ours = self.selling_elsewhere(symbol), self.conduct.ours(symbol)
        selling = self.selling(symbol) - elsewhere
        free = self.positions.get(symbol, 0) - elsewhere - selling
        return max(0, free if ours is None else min(free, ours - selling))

    def ours_of(self, symbol: str) -> int:
        """Give the shares that we may sell once no sell of ours is open: held, ours, and not marked never to sell."""
        if symbol in self.config.risk.never_sell:
            return 0
        free, ours = self.positions.get(symbol, 0) - self.selling_elsewhere(symbol), self.conduct.ours(symbol)
        return max(0, free if ours is None else min(free, ours))

    def reserved(self) -> Krw:
        """Give the cash open buys hold (won), ours and others in the account."""
        return Krw(self.holds.reserve + self.externals.reserve)

    def _bound(self, item: ExternalOrderSeen) -> int:
        """Give the won an open buy that is not ours holds; without a price, up to the daily limit."""
        if item.side is Side.SELL:
            return 0
        known, quote = self.instruments.get(item.symbol), self.quotes.get(item.symbol)
        limit = known.upper_limit if known is not None else None
        price = item.limit_price or limit or (quote.price if quote is not None else 0)
        return cost(item.leaves_qty, price, self.config.costs.commission_ppm)

    def _bound_elsewhere(self, symbol: str) -> int:
        return sum([self._bound(item) for item in self.externals.of(symbol)])

    def arrival_price(self, symbol: str) -> Krw | None:
        """Give what an instrument stands at: the middle of bid and ask cut to won, else the last trade.

        None: nothing is known of it in this run, or it is not to be told.
        """
        quote = self.quotes.get(symbol)
        if quote is None or not self.config.risk.tell_arrival:
            return None
        if quote.bid_price > 0 and quote.ask_price > 0:
            return Krw((quote.bid_price + quote.ask_price) // 2)
        return Krw(quote.price) if quote.price > 0 else None

    def halt_reason(self, symbol: str) -> str:
        """Say why books differ in an instrument and since when; empty while they agree."""
        why, since = self.halted.get(symbol, ("", 0))
        when = f" since {kst_text(since)}" if since else ""
        return f"books differ in {symbol}{when}: {why}" if why else ""

    def picture_without(self, hold: Hold, proposal: Proposal) -> Picture:
        """Put together what the rules need to judge a change of one open order, as if that order were not there."""
        there = self.picture(proposal)
        is_buy = hold.side is Side.BUY
        return replace(
            there,
            orderable=there.orderable + (hold.reserve if is_buy else 0),
            exposure=there.exposure - (hold.reserve if is_buy else 0),
            exposures=there.exposures.without(hold.reserve, hold.remaining) if is_buy else there.exposures,
            selling=there.selling - (0 if is_buy else hold.remaining),
            open_orders=there.open_orders - 1,
            last_same_at=None,
            unresolved=tuple(other for other in there.unresolved if other != hold),
        )

    def picture(self, proposal: Proposal) -> Picture:
        """Put together what the rules need to judge a proposal."""
        symbol, quote, config = proposal.symbol, self.quotes.get(proposal.symbol), self.config
        flatten, bound = self.flattening.get(symbol), self.holds.by_symbol.get(symbol)
        selling = elsewhere = self.selling_elsewhere(symbol) if symbol in self.externals.by_symbol else 0
        if bound is not None:
            selling += bound.selling
        return Picture(
            config.risk,
            config.costs.commission_ppm,
            self.instruments.get(symbol),
            quote.price if quote is not None and quote.price > 0 else None,
            quote.venue_time if quote is not None else None,
            self.gate,
            self.day,
            self.links.get(_ORDERS, "DISCONNECTED"),
            self.links.get(_QUOTES, "DISCONNECTED"),
            self.equity,
            self.cash - self.holds.reserve - self.externals.reserve,
            self.exposures.values.get(symbol, 0),
            self.positions.get(symbol, 0),
            selling,
            self.holds.open_count,
            self.approved_at.get((symbol, proposal.side)),
            self.holds.unresolved(symbol) if bound is not None and bound.unresolved else (),
            self.loss_locked or self.is_over_loss_limit,
            flatten is not None,
            flatten.seller if flatten is not None else "",
            self.halt_reason(symbol) if symbol in self.halted else "",
            self.doubts.of(symbol, proposal.quality),
            self.exposures_of(symbol) if proposal.side is BUY else NO_EXPOSURES,
            self.conduct.facts(symbol, self.venue_time, interrupted_at=self.stops.interrupted.get(symbol)),
            self.watch.causes,
            elsewhere,
        )

    def _groups(self, symbol: str) -> tuple[str, str]:
        known = self.instruments.get(symbol)
        return self.config.risk.sectors.get(symbol, ""), known.market.value if known is not None else ""
