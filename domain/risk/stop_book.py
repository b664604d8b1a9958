"""Positions with their stops: cost, begin, peak, and which stop a quote reached. Folded by the risk manager.

A position lives until its last share is gone; so do its begin, its peak and the stops a person gave it. Nights and
restarts change none of them. What is sold is decided elsewhere: this only says what prices say.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from domain.messages.holdings import AdjustmentBooked, FillRevised, HoldingBooked
from domain.messages.link import BrokerStateReceived, ConnectionChanged, HeartbeatReceived
from domain.messages.market import QuotesJudged, SymbolInterrupted
from domain.messages.risk import ExitStuck, StopsSet
from domain.messages.run import RunStarted
from domain.messages.trading import AccountOpened, FillBooked, SessionPlanned
from domain.quality import confirmed
from domain.quotes import Quote, QuoteKind
from domain.risk import stops
from domain.risk.stops import NO_LEVELS, NO_TERMS, Levels, Reached
from domain.risk_config import StopTerms
from domain.types import Krw, LinkName, UnixNanos, VenuePhase
from domain.views import StopView

if TYPE_CHECKING:
    from domain.risk.state import RiskState

UP = ("READY", "DEGRADED")
_BOOK = int(QuoteKind.BOOK)


@dataclass(slots=True)
class Watched:
    """One position."""

    quantity: int  # shares in the account
    cost_basis: int  # won
    began_at: int  # venue time of its first fill from flat; of the opening, when it was there before
    peak: int = 0  # KRW, highest sellable price since; 0 when none was seen
    terms: StopTerms = NO_TERMS  # in force
    levels: Levels = NO_LEVELS
    is_on: bool = False  # it has a stop

    def arm(self, terms: StopTerms) -> None:
        """Take terms into force, and see where its stops lie now."""
        self.terms, self.is_on = terms, terms != NO_TERMS
        self.levels = stops.levels(terms, self.quantity, self.cost_basis, self.began_at, self.peak)


@dataclass(slots=True)
class StopBook:
    """Every position that the risk manager watches."""

    positions: dict[str, Watched] = field(default_factory=dict)
    own: dict[str, StopTerms] = field(default_factory=dict)  # that a person gave a position
    hits: dict[str, Reached] = field(default_factory=dict)  # of the batch judged last, the first of each position
    stuck: dict[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)  # symbol -> what was told: reason, text
    interrupted: dict[str, int] = field(default_factory=dict)  # symbol -> venue time since
    unsettled: set[str] = field(default_factory=set)  # stood still; until the first trade
    heard_at: int = 0  # venue time of the quotes link's newest heartbeat
    _general: StopTerms = NO_TERMS  # of the settings
    _is_on: bool = False  # any position has stops
    _halted: dict[LinkName, bool] = field(default_factory=dict)  # the venue stands still, by the word of a link
    _offered: dict[str, tuple[int, int]] = field(default_factory=dict)  # symbol -> shares, cost the broker told last
    _open_time: int = 0  # of the regular session, UTC ns
    _close_auction_time: int = 0  # likewise

    @property
    def market_halted(self) -> bool:
        """Tell whether the market stands still by a circuit breaker."""
        return any(self._halted.values())

    # ---- the fold ----------------------------------------------------------------------------------------------

    def fold(self, message: Any) -> None:
        """Take one message in."""
        match message:
            case QuotesJudged(rows=rows, verdicts=verdicts):
                if self.hits:
                    self.hits = {}
                if self._is_on and not self.market_halted:
                    self._see(confirmed(rows, verdicts))
            case FillBooked() | HoldingBooked() | AdjustmentBooked():
                self._booked(message)
            case FillRevised(symbol=symbol, cost_basis=cost) if symbol in self.positions:
                self.positions[symbol].cost_basis = cost
                self._arm(symbol)
            case BrokerStateReceived(positions=held):
                self._offered = {item.symbol: (item.quantity, item.cost_basis) for item in held if item.quantity > 0}
            case AccountOpened(venue_time=at):
                self._open(at)
            case StopsSet(symbol=symbol, terms=terms):
                self.own.pop(symbol, None)
                if terms is not None:
                    self.own[symbol] = terms
                self._arm(symbol)
            case ExitStuck(symbol=symbol, reason=reason, text=text):
                self.stuck[symbol] = (*self.stuck.get(symbol, ()), (reason, text))
            case _:
                self._surroundings(message)

    def _surroundings(self, message: Any) -> None:
        match message:
            case RunStarted(config=config):
                self._general = config.risk.stops
                # What an earlier run was told of the market proves nothing about this one; the next trade does.
                self.hits, self.interrupted, self.unsettled, self._halted, self.heard_at = {}, {}, set(), {}, 0
                for symbol in self.positions:
                    self._arm(symbol)
            case SessionPlanned():
                self._open_time, self._close_auction_time = message.open_time, message.close_auction_time
            case SymbolInterrupted(symbol=symbol, active=True, venue_time=at):
                self.interrupted[symbol] = at
            case SymbolInterrupted(symbol=symbol) if self.interrupted.pop(symbol, None) is not None:
                self.unsettled.add(symbol)
            case HeartbeatReceived(link=link, phase=phase, venue_time=at):
                if link is LinkName.QUOTES:
                    self.heard_at = at
                self._stands_still(link, is_halted=phase is VenuePhase.HALTED)
            case ConnectionChanged(link=link, to_state=to_state) if to_state not in UP:
                self._stands_still(link, is_halted=False)

    def begin_episode(self, symbol: str) -> None:
        """Forget what was told of an earlier attempt to sell an instrument out."""
        self.stuck.pop(symbol, None)

    def end_episodes(self, going_on: Iterable[str]) -> None:
        """Forget what was told of sales that are done; `going_on` are the instruments still being sold out."""
        if self.stuck:
            self.stuck = {symbol: self.stuck[symbol] for symbol in going_on if symbol in self.stuck}

    def _stands_still(self, link: LinkName, *, is_halted: bool) -> None:
        was_halted = self.market_halted
        self._halted[link] = is_halted
        if was_halted and not self.market_halted:
            self.unsettled |= set(self.positions)

    def _booked(self, booked: FillBooked | HoldingBooked | AdjustmentBooked) -> None:
        symbol, quantity = booked.symbol, booked.position_qty
        if not symbol:
            return
        if quantity <= 0:
            self._close(symbol)
            return
        position = self.positions.get(symbol)
        if position is None:
            position = self.positions[symbol] = Watched(quantity, booked.cost_basis, booked.venue_time)
        position.quantity, position.cost_basis = quantity, booked.cost_basis
        if isinstance(booked, HoldingBooked) and booked.action == "SPLIT":
            position.peak = 0  # a price of the old shares says nothing about the new ones
        self._arm(symbol)

    def _open(self, at: UnixNanos) -> None:
        """Begin a trading date with the broker's books."""
        for symbol in [*self.positions, *self.own]:
            if symbol not in self._offered:
                self._close(symbol)
        for symbol, (quantity, cost) in self._offered.items():
            position = self.positions.setdefault(symbol, Watched(quantity, cost, at))
            if position.quantity != quantity:  # a split, perhaps, that nobody told
                position.peak = 0
            position.quantity, position.cost_basis = quantity, cost
            self._arm(symbol)
        self.hits, self.interrupted, self.unsettled = {}, {}, set()

    def _close(self, symbol: str) -> None:
        self.positions.pop(symbol, None)
        self.own.pop(symbol, None)
        self.hits.pop(symbol, None)
        self._note_terms()

    def _arm(self, symbol: str) -> None:
        position = self.positions.get(symbol)
        if position is not None:
            position.arm(self.own.get(symbol, self._general))
        self._note_terms()

    def _note_terms(self) -> None:
        self._is_on = any(position.is_on for position in self.positions.values())

    # ---- quotes ------------------------------------------------------------------------------------------------

    def _see(self, rows: Iterable[Quote]) -> None:
        positions = self.positions
        for row in rows:
            position = positions.get(row[0])
            if position is not None and position.is_on:
                self._price(position, row)

    def _price(self, position: Watched, row: Quote) -> None:
        symbol, at = row.symbol, row.venue_time
        if not self._open_time <= at < self._close_auction_time or not self._is_real(row):
            return
        price = stops.sellable_price(row)
        if price <= 0:
            return
        if price > position.peak:
            position.peak = price
            position.arm(position.terms)
        if symbol not in self.hits:
            hit = stops.reached(position.levels, price, at)
            if hit is not None:
                self.hits[symbol] = hit

    def _is_real(self, row: Quote) -> bool:
        """Tell whether one could sell at the price of a row: no auction is under way, nothing stands still."""
        if stops.is_indicative(row):
            return False
        symbol = row.symbol
        since = self.interrupted.get(symbol)
        if since is not None:
            if not stops.ends_interruption(row, since):
                return False
            del self.interrupted[symbol]
        if symbol in self.unsettled:
            if row.kind == _BOOK:
                return False
            self.unsettled.remove(symbol)
        return True

    # ---- questions ---------------------------------------------------------------------------------------------

    def why(self, symbol: str, hit: Reached) -> str:
        """Say in words why a position is sold."""
        held = self.positions[symbol]
        return stops.why(held.terms, hit, held.quantity, held.cost_basis, held.peak, held.began_at)

    def levels_under(self, symbol: str, terms: StopTerms) -> Levels:
        """Give where stops of a position would lie under other terms. Raises KeyError for what is not held."""
        held = self.positions[symbol]
        return stops.levels(terms, held.quantity, held.cost_basis, held.began_at, held.peak)

    def views(self, state: "RiskState") -> tuple[StopView, ...]:
        """Give every position with what would make the risk manager sell it, by symbol."""
        return tuple(self._view(state, symbol) for symbol in sorted(self.positions))

    def _view(self, state: "RiskState", symbol: str) -> StopView:
        position, quote, told = self.positions[symbol], state.quotes.get(symbol), self.stuck.get(symbol, ())
        at = position.levels
        price = stops.sellable_price(quote) if quote is not None else 0
        return StopView(
            symbol=symbol,
            quantity=position.quantity,
            ours=state.ours_of(symbol),
            stop_price=_won(at.stop),
            target_price=_won(at.target),
            trailing_price=_won(at.trailing),
            sell_at=None if at.sell_at is None else UnixNanos(at.sell_at),
            peak_price=_won(position.peak or None),
            sellable_price=_won(price or None),
            own_terms=symbol in self.own,
            stuck=told[-1][1] if told else "",
            never_sell=symbol in state.config.risk.never_sell,
        )


def _won(price: int | None) -> Krw | None:
    return None if price is None else Krw(price)
