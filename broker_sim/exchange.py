"""The simulated exchange: our orders against a feed of quotes. Pure: its clock is the time of the rows it is given.

Every change of orders and money is a fact, and the books are the fold of the facts: `Exchange.apply` over the journal
of an earlier run gives the same books. Commands apply the facts they return; if these cannot be made durable, the
exchange must be thrown away and folded anew from the journal.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Final

from broker.port import OrderRequest
from broker_sim import order_entry
from broker_sim.books import Books
from broker_sim.legs import Leg, venue_order_id
from broker_sim.matching import Match, match_row
from domain.instruments import Instrument
from domain.krx.calendar import NO_OVERRIDES
from domain.krx.costs import fill_costs
from domain.krx.sessions import RANDOM_END, RegularSession, phase_at, regular_session
from domain.messages.link import BrokerOpenOrder, BrokerPosition
from domain.messages.orders import OrderExpired, OrderFact, OrderFilled
from domain.quotes import Quote, QuoteKind
from domain.time import NANOS_PER_DAY, from_kst, kst_date
from domain.types import PPM, Krw, Market, Side, TradeId, UnixNanos, VenuePhase

MARKET_RESERVE_PERCENT: Final = 130  # of the last known price, where the day's upper limit is not known


class Exchange:
    """Books, the latest quotes, the venue clock and the day's session."""

    def __init__(self, cash: int, commission_ppm: int, overrides: Mapping[str, tuple[str, str]] = NO_OVERRIDES) -> None:
        """Open an account with cash (won); commission in parts per million of each fill."""
        self.books = Books(cash)
        self.instruments: dict[str, Instrument] = {}
        self.latest: dict[str, Quote] = {}  # of the day
        self.now = UnixNanos(0)  # venue time; 0 before the first row
        self.session: RegularSession | None = None
        self.ended = False  # the feed has no more data today
        self._commission_ppm = commission_ppm
        self._overrides = overrides
        self._day: tuple[int, int] = (0, 0)  # venue time from, to (exclusive)
        self._taken: dict[tuple[str, Side], int] = {}  # displayed shares we took since the symbol's last row

    # ---- state ----------------------------------------------------------------------------------------------

    def apply(self, fact: OrderFact) -> None:
        """Fold one fact of an earlier run or of this one."""
        self.books.apply(fact)

    def set_instruments(self, instruments: Iterable[Instrument]) -> None:
        """Take instruments; ones known already are replaced."""
        self.instruments.update((instrument.symbol, instrument) for instrument in instruments)

    def restore(self, now: UnixNanos, rows: Iterable[Quote] = (), ended: bool = False) -> None:
        """Put the clock where an earlier run was, with its rows so far; nothing trades. Facts are applied before."""
        self._open_day(now)
        self.ended = ended
        self.latest = {row.symbol: row for row in rows}

    def restore_taken(self, fills: Iterable[OrderFilled]) -> None:
        """Count earlier fills at or after each symbol's latest row as taken from what it displays."""
        for fill in fills:
            row = self.latest.get(fill.symbol)
            if row and fill.venue_time >= row.venue_time:
                self._take(fill.symbol, fill.side, fill.last_qty)

    @property
    def phase(self) -> VenuePhase:
        """Give the phase of the day by calendar and clock, DATA_ENDED once the feed is over."""
        if self.ended:
            return VenuePhase.DATA_ENDED
        return phase_at(self.session, self.now) if self.session else VenuePhase.CLOSED

    @property
    def day(self) -> date:
        """Give the trading date of the clock."""
        return kst_date(self.now)

    @property
    def orderable_cash(self) -> Krw:
        """Give cash less what open buys reserve; 0 while a reserve cannot be told."""
        return Krw(max(0, self.free_cash()))

    def free_cash(self, without: int = 0) -> int:
        """Give cash less the reserves of open buys but for one leg; may be below 0."""
        free = int(self.books.account.cash)
        for leg in self.books.legs.values():
            if leg.side is Side.BUY and leg.number != without:
                price = leg.limit_price or self.reserve_price(leg.symbol)
                free -= self.reserve(leg.symbol, leg.leaves_qty, price) if price else free
        return free

    def reserve(self, symbol: str, quantity: int, price: int) -> int:
        """Give the cash (won) a buy of shares at a price holds, commission included."""
        notional = quantity * price
        return notional + fill_costs(Side.BUY, notional, self._market(symbol), self.day, self._commission_ppm).total

    def reserve_price(self, symbol: str) -> int | None:
        """Give the price (won) a market buy reserves at: the upper limit, else 1.3 times the ask or last price."""
        instrument, row = self.instruments.get(symbol), self.latest.get(symbol)
        if instrument and instrument.upper_limit:
            return instrument.upper_limit
        seen = (row.ask_price or row.price) if row else 0
        return seen * MARKET_RESERVE_PERCENT // 100 if seen else None

    def sellable(self, symbol: str) -> int:
        """Give the shares held less those in open sells."""
        held = self.books.account.holdings.get(symbol)
        selling = (leg for leg in self.books.legs.values() if leg.symbol == symbol and leg.side is Side.SELL)
        return (held.quantity if held else 0) - sum(leg.leaves_qty for leg in selling)

    def displayed(self, row: Quote, side: Side) -> tuple[int, int]:
        """Give (price, shares still ours to take) of the best that an order of this side would meet."""
        price, shown = (row.ask_price, row.ask_qty) if side is Side.BUY else (row.bid_price, row.bid_qty)
        return price, max(0, shown - self._taken.get((row.symbol, side), 0))

    def positions(self) -> list[BrokerPosition]:
        """Give what is held or was traded today, by symbol."""
        return [
            BrokerPosition(symbol, held.quantity, held.position.cost_basis, Krw(held.realized_pnl))
            for symbol, held in sorted(self.books.account.holdings.items())
        ]

    def open_orders(self) -> list[BrokerOpenOrder]:
        """Give live legs, oldest first."""
        return [
            BrokerOpenOrder(
                leg.venue_order_id,
                leg.client_order_id,
                leg.symbol,
                leg.side,
                leg.quantity,
                leg.leaves_qty,
                leg.limit_price,
            )
            for leg in self.books.legs.values()
        ]

    # ---- time and quotes ------------------------------------------------------------------------------------

    def advance(self, now: UnixNanos) -> list[OrderFact]:
        """Move the clock. Orders expire with their session; another day starts clean."""
        facts: list[OrderFact] = []
        start, end = self._day
        if not start <= now < end:
            if self.session:
                facts = self._expire(UnixNanos(max(self.now, self.session.close + RANDOM_END)))
            self._open_day(now)
        elif now > self.now:
            self.now = now
        if self.session and self.books.legs and self.now > self.session.close + RANDOM_END:
            facts += self._expire(self.now)
        return facts

    def begin(self, now: UnixNanos) -> list[OrderFact]:
        """Take the clock of a source whose session opens. It goes back when the source replays."""
        facts = self.advance(now)
        if now < self.now:
            self.now = now
            self.ended = False
            self.latest = {symbol: row for symbol, row in self.latest.items() if row.venue_time <= now}
            self._taken = {}
        return facts

    def on_quotes(self, rows: Sequence[Quote]) -> list[OrderFact]:
        """Take rows in order of time and trade. A row older than the symbol's last one is left aside."""
        facts: list[OrderFact] = []
        for row in rows:
            when = UnixNanos(row.venue_time)
            if self.ended:  # rows after the end: the source goes on, or has begun its day again
                self.ended = False
                facts += self.begin(when)
            facts += self.advance(when)
            before = self.latest.get(row.symbol)
            if before is not None and row.venue_time < before.venue_time:
                continue
            self.latest[row.symbol] = row
            if self._taken:
                for side in Side:
                    self._taken.pop((row.symbol, side), None)
            if self.books.legs:
                facts += self._trade(row, before)
        return facts

    def end_of_data(self) -> list[OrderFact]:
        """End the day with the feed: what is open expires."""
        self.ended = True
        return self._expire(self.now)

    def place(self, request: OrderRequest) -> list[OrderFact]:
        """Take one request at the venue's clock. Rejections are facts. Raises RequestRefused without a clock."""
        return order_entry.place(self, request)

    def meet(self, leg: Leg) -> list[OrderFact]:
        """Let an arriving leg take what the opposite best displays, in continuous trading."""
        row = self.latest.get(leg.symbol)
        if row is None or self.phase is not VenuePhase.CONTINUOUS:
            return []
        price, shown = self.displayed(row, leg.side)
        if not price or not shown or not leg.crosses(price):
            return []
        return self._fill(Match(leg.number, min(shown, leg.leaves_qty), price, True))

    def emit(self, fact: OrderFact) -> OrderFact:
        """Apply a new fact and hand it on."""
        self.books.apply(fact)
        return fact

    # ---- inside ---------------------------------------------------------------------------------------------

    def _open_day(self, now: UnixNanos) -> None:
        day = kst_date(now)
        midnight = from_kst(day, 0, 0)
        self._day = (midnight, midnight + NANOS_PER_DAY)
        self.session = regular_session(day, self._overrides)
        self.books.open_day(day)
        self.now = now
        self.ended = False
        self.latest = {}
        self._taken = {}

    def _trade(self, row: Quote, before: Quote | None) -> list[OrderFact]:
        # By the row's time, not the clock's: heartbeats may have moved the clock ahead of rows under way.
        phase = phase_at(self.session, row.venue_time) if self.session else VenuePhase.CLOSED
        continuous = phase is VenuePhase.CONTINUOUS
        crossing = row.kind == QuoteKind.AUCTION_TRADE and phase is VenuePhase.CLOSING_AUCTION
        legs = [leg for leg in self.books.legs.values() if leg.symbol == row.symbol]
        if not legs or not (continuous or crossing):
            return []
        facts: list[OrderFact] = []
        for match in match_row(row, before, legs, continuous):
            facts += self._fill(match)
        return facts

    def _fill(self, match: Match) -> list[OrderFact]:
        leg = self.books.legs[match.number]
        quantity = min(match.quantity, self._affordable(leg, match.price))
        if quantity <= 0:
            return []
        market = self._market(leg.symbol)
        costs = fill_costs(leg.side, quantity * match.price, market, self.day, self._commission_ppm)
        if match.displayed:
            self._take(leg.symbol, leg.side, quantity)
        filled = OrderFilled(
            journal_id="",
            event_seq=0,
            venue_time=self.now,
            client_order_id=leg.client_order_id,
            venue_order_id=leg.venue_order_id,
            trade_id=TradeId(f"{self.books.account.trades + 1:06d}"),
            symbol=leg.symbol,
            side=leg.side,
            last_qty=quantity,
            last_px=Krw(match.price),
            commission=costs.commission,
            tax=costs.tax,
            leaves_qty=leg.leaves_qty - quantity,
        )
        return [self.emit(filled)]

    def _affordable(self, leg: Leg, price: int) -> int:
        # A limit buy is covered by its reserve. A market buy where the day's upper limit is unknown may run past it.
        if leg.side is Side.SELL or leg.limit_price is not None:
            return leg.leaves_qty
        return max(0, self.free_cash(without=leg.number)) * PPM // (price * (PPM + self._commission_ppm))

    def _expire(self, when: UnixNanos) -> list[OrderFact]:
        return [
            self.emit(OrderExpired("", 0, when, leg.client_order_id, venue_order_id(leg.number), leg.leaves_qty))
            for leg in list(self.books.legs.values())
        ]

    def _take(self, symbol: str, side: Side, quantity: int) -> None:
        self._taken[symbol, side] = self._taken.get((symbol, side), 0) + quantity

    def _market(self, symbol: str) -> Market:
        # A holding may outlive its listing; then it costs what a KOSPI share costs.
        known = self.instruments.get(symbol)
        return known.market if known else Market.KOSPI
