"""The simulated exchange: our orders against a feed of quotes. Pure: its clock is the time of the rows it is given.

Every change of orders and money is a fact, and the books are the fold of the facts: `Exchange.apply` over the journal
of an earlier run gives the same books. Commands apply the facts they return; if these cannot be made durable, the
exchange must be thrown away and folded anew from the journal.

Our own orders meet each other in a book as anybody's do.

What a fold forgets, because no fact tells it: the place of an order in its queue (it goes to the back), the price of a
best-limit or first-limit order that waits (it gets that of the first display), that a stop-limit order without a fill
was awake (it sleeps), shares taken before the latest row of what is still displayed, the feed's order books (the next
one tells), interruptions under way, today's closes of issues whose latest row is later, and which auctions crossed (the
rows given to `restore` tell). Circuit breakers are told by `restore_breakers`.
"""

from bisect import insort
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Final

from broker.port import OrderRequest
from broker_sim import change_entry, order_entry, outcomes, turns
from broker_sim.arrivals import NEVER, Arrivals
from broker_sim.books import Books
from broker_sim.depth_model import DepthModel
from broker_sim.floor import Floor
from broker_sim.halts import Halts
from broker_sim.legs import Leg
from broker_sim.market_view import MarketView, in_order
from broker_sim.reserves import Reserves
from broker_sim.venue_day import Item, Session, Turn, venue_day
from domain.config import SimConfig
from domain.errors import RequestRefused
from domain.instruments import Instrument
from domain.krx.calendar import NO_OVERRIDES
from domain.krx.circuit_breaker import BreakerState, MarketHalt
from domain.krx.sessions import RANDOM_END, RegularSession
from domain.messages.link import BrokerOpenOrder, BrokerPosition
from domain.messages.orders import OrderFact, OrderFilled, SubmitOrder
from domain.quotes import Depth, Quote, QuoteKind
from domain.time import NANOS_PER_DAY, kst_date
from domain.types import Krw, Market, TimeInForce, UnixNanos, VenuePhase

# No latency, no book but what rows display, no interruption that the feed does not tell.
PLAIN: Final = SimConfig(latency_ms=0, latency_jitter_ms=0, depth_levels=1, interruptions=False)


class Exchange:
    """Books, the latest quotes, the venue clock and the day's sessions."""

    def __init__(
        self,
        cash: int,
        commission_ppm: int,
        overrides: Mapping[str, tuple[str, str]] = NO_OVERRIDES,
        *,
        config: SimConfig = PLAIN,
        seed: int = 1,
    ) -> None:
        """Open an account with cash (won); commission in parts per million of each fill. `seed` names all draws."""
        self.books = Books(cash)
        self.instruments: dict[str, Instrument] = {}
        self.now = UnixNanos(0)  # venue time; 0 before the first row
        self.ended = False  # the feed has no more data today
        self.view = MarketView(DepthModel(seed, config.depth_levels) if config.depth_levels > 1 else None)
        self.halts = Halts(config.interruptions, lambda: self.now)
        self.arrivals = Arrivals(seed, config)
        self.reserves = Reserves(self.books, self.instruments, self.view, commission_ppm, lambda: self.day)
        self.commission_ppm = commission_ppm
        self._overrides = overrides
        self.today = venue_day(0, {"1970-01-01": ("", "")})  # a closed day until the first venue time
        self.floor = Floor(config, self.view, self.halts, self.instruments, self._arrived, self.today)
        self.nonsense = 0  # rows left aside: no market shows a price or a number of shares below 0
        self.bygone = 0  # rows left aside: of a day before the clock's, as of issues that have not traded today
        self._agenda: list[Item] = []  # what the clock turns today, in order of time
        self._rolled_from: int | None = None  # begin of the day that a row, and no session's clock, ended
        self._due = 0  # venue time of the next turn or arrival, at most the end of the day

    # ---- state ----------------------------------------------------------------------------------------------

    def apply(self, fact: OrderFact) -> None:
        """Fold one fact of an earlier run or of this one."""
        self.books.apply(fact)
        self.arrivals.apply(fact)

    def set_instruments(self, instruments: Iterable[Instrument]) -> None:
        """Take instruments; ones known already are replaced."""
        self.instruments.update((instrument.symbol, instrument) for instrument in instruments)

    def restore(self, now: UnixNanos, rows: Iterable[Quote] = (), ended: bool = False) -> None:
        """Put the clock where an earlier run was, with its rows so far; nothing trades. Facts are applied before."""
        self._open_day(now)
        self.ended = ended
        self.view.latest = {row.symbol: row for row in rows}
        if self.session and now > self.today.trades[Session.REGULAR][1]:
            self.view.keep_closes(self.today.trades[Session.REGULAR][1])
        at_once = {leg.number for leg in self.books.legs.values() if leg.time_in_force is not TimeInForce.DAY}
        self.arrivals.drop_until(now, set(self.books.legs) - at_once)
        self.floor.forget()
        self._reckon()

    def restore_taken(self, fills: Iterable[OrderFilled]) -> None:
        """Count earlier fills at or after each symbol's latest row as taken from what it displays."""
        self.floor.remember_taken(fills)

    @property
    def latest(self) -> dict[str, Quote]:
        """Give the latest row of the day by symbol."""
        return self.view.latest

    @property
    def session(self) -> RegularSession | None:
        """Give the regular session of the day, None when the exchange is closed."""
        return self.today.regular

    @property
    def phase(self) -> VenuePhase:
        """Give the phase of the day by clock; HALTED by a circuit breaker, DATA_ENDED once the feed is over."""
        if self.ended:
            return VenuePhase.DATA_ENDED
        phase = self.today.phase(self.now)
        return VenuePhase.HALTED if phase is not VenuePhase.CLOSED and self.halts.any_halted(self.now) else phase

    @property
    def day(self) -> date:
        """Give the trading date of the clock."""
        return kst_date(self.now)

    @property
    def tally(self) -> Counter[str]:
        """Count what the feed left open: interruptions inferred and overruled, auctions without a print, rows aside."""
        return self.halts.tally + self.floor.tally + Counter(nonsense=self.nonsense, bygone=self.bygone)

    @property
    def orderable_cash(self) -> Krw:
        """Give cash less what open buys reserve; 0 while a reserve cannot be told."""
        return Krw(max(0, self.free_cash()))

    def free_cash(self, without: int = 0) -> int:
        """Give cash less the reserves of open buys but for one leg; may be below 0."""
        return self.reserves.free_cash(without)

    def sellable(self, symbol: str) -> int:
        """Give the shares held less those in open sells."""
        return self.reserves.sellable(symbol)

    def positions(self) -> list[BrokerPosition]:
        """Give what is held or was traded today, by symbol."""
        return self.books.account.positions()

    def open_orders(self) -> list[BrokerOpenOrder]:
        """Give live legs, oldest first."""
        return [leg.told() for leg in self.books.legs.values()]

    # ---- time and quotes ------------------------------------------------------------------------------------

    def advance(self, now: UnixNanos) -> list[OrderFact]:
        """Move the clock. What arrives by then meets the book; orders expire with their session; days start clean."""
        facts: list[OrderFact] = []
        if now not in self.today:
            facts = self._run_until(self.today.begin + NANOS_PER_DAY - 1) if self.now else []
            self._open_day(now)
            self.floor.forget()
        facts += self._run_until(now)
        self.now = max(self.now, now)
        return facts

    def begin(self, now: UnixNanos) -> list[OrderFact]:
        """Take the clock of a source whose session opens. It goes back when the source replays."""
        self._rolled_from = None
        facts = self.advance(now)
        if now < self.now:
            self.view.forget_after(now)
            self.halts.rewind()
            self._open_day(now)
            self.floor.forget()
        return facts

    def on_quotes(self, rows: Sequence[Quote], depths: Sequence[Depth] = ()) -> list[OrderFact]:
        """Take rows and order books, each in order of time, and trade. What is older than the last one is left aside.

        A book stands behind the rows of its moment.
        """
        if not depths:
            return self._on_rows(rows)
        facts: list[OrderFact] = []
        for item in in_order(rows, depths):
            facts += self._on_depth(item) if isinstance(item, Depth) else self._on_rows((item,))
        return facts

    def end_of_data(self) -> list[OrderFact]:
        """End the day with the feed: what is open expires, changes under way are refused."""
        self.ended = True
        facts = [outcomes.expire(self, leg, self.now) for leg in list(self.books.legs.values())]
        self.floor.forget()
        changes = list(self.books.orders.changes.values())
        return facts + [change_entry.refuse_late(self, change) for change in changes]

    # ---- indices --------------------------------------------------------------------------------------------

    def set_previous_close(self, market: Market, index: int) -> None:
        """Take the previous close of a market's index (hundredths of a point) before values of the day.

        Raises InvariantError.
        """
        self.halts.set_previous_close(market, index)

    def on_index(self, market: Market, index: int, now: UnixNanos) -> list[OrderFact]:
        """Take a value of a market's index (hundredths of a point): it may break the circuit. Raises InvariantError."""
        facts = self.advance(now)
        halt = self.halts.on_index(market, index, now, self.today)
        if halt is not None:
            self.floor.halt(self.now)
            self._end_later(halt)
            self._reckon()
        return facts

    def restore_breakers(self, breakers: Mapping[Market, BreakerState]) -> None:
        """Take what an earlier run knew of the day's circuit breakers: halts stand, auctions go on."""
        self.halts.restore_breakers(breakers)
        for halt in (halt for state in breakers.values() for halt in state.halts):
            if halt.halt_end > self.now:
                self._end_later(halt)
        self.floor.halt(self.now)
        self._reckon()

    # ---- requests -------------------------------------------------------------------------------------------

    def place(self, request: OrderRequest) -> list[OrderFact]:
        """Take one request at the venue's clock. Rejections are facts. Raises RequestRefused without a clock."""
        if not self.now:
            raise RequestRefused("NO_VENUE_CLOCK", "the venue's clock is not known yet: no quotes have come")
        facts = (
            order_entry.submit(self, request) if isinstance(request, SubmitOrder) else change_entry.take(self, request)
        )
        self._reckon()
        return facts + self._run_until(self.now)

    def emit(self, fact: OrderFact) -> OrderFact:
        """Apply a new fact and hand it on."""
        self.apply(fact)
        return fact

    # ---- inside ---------------------------------------------------------------------------------------------

    def _end_later(self, halt: MarketHalt) -> None:
        if not halt.ends_day:
            insort(self._agenda, Item(halt.halt_end, halt.halt_end, Turn.HALT_ENDS, Session.REGULAR))

    def _arrived(self) -> list[Leg]:
        return [leg for leg in self.books.legs.values() if leg.number not in self.arrivals]

    def _open_day(self, now: UnixNanos) -> None:
        if now not in self.today:
            self.today = self.floor.day = venue_day(now, self._overrides)
            self.halts.open_day()
            self.view.clear()
            self.view.is_whole = self.today.regular is None or now <= self.today.regular.open + RANDOM_END
        # The end of a session is never skipped: orders of a run that was down then expire late.
        self._agenda = [item for item in self.today.turns() if item.at > now or item.turn is Turn.SESSION_ENDS]
        if any(leg.accepted_at < self.today.begin for leg in self.books.legs.values()):
            self._agenda.insert(0, Item(0, self.today.begin, Turn.DAY_BEGINS, Session.REGULAR))  # before any arrival
        self.books.open_day(self.today.day)
        self.now = now
        self.ended = False
        self._reckon()

    def _reckon(self) -> None:
        turn = self._agenda[0].at if self._agenda else NEVER
        self._due = min(turn, self.arrivals.next_at, self.today.begin + NANOS_PER_DAY)

    def _run_until(self, now: int) -> list[OrderFact]:
        facts: list[OrderFact] = []
        while True:
            turn, arrival = self._agenda[0].at if self._agenda else NEVER, self.arrivals.next_at
            if min(turn, arrival) > now:
                break
            facts += turns.turn(self, self._agenda.pop(0)) if turn <= arrival else turns.arrive(self)
        self._reckon()
        return facts

    def _is_day_doubtful(self, when: int) -> bool:
        # One row alone began the clock's day, and the day before goes on: that row's time was wrong.
        return len(self.view.latest) <= 1 and self._rolled_from is not None and when >= self._rolled_from

    def _on_rows(self, rows: Sequence[Quote]) -> list[OrderFact]:
        facts: list[OrderFact] = []
        watches = self.halts.infers
        for row in rows:
            symbol, when, price, shares = row[:4]
            if price < 0 or shares < 0 or (shares and not price) or min(row[5:9]) < 0:
                self.nonsense += 1
                continue
            if self.ended:  # rows after the end: the source goes on, or has begun its day again
                self.ended = False
                facts += self.begin(UnixNanos(when))
            if when < self.today.begin:  # only a session that opens takes the clock back to another day
                if not self._is_day_doubtful(when):
                    self.bygone += 1
                    continue
                facts += self.advance(UnixNanos(when))
            elif when >= self._due:
                if self.now and when not in self.today:
                    self._rolled_from = self.today.begin
                facts += self.advance(UnixNanos(when))
            issues, latest = self.floor.issues, self.view.latest
            if when > self.now:
                self.now = UnixNanos(when)
            before = latest.get(symbol)
            if before is not None and when < before[1]:
                continue
            if symbol in issues:  # opened as it stood before the row: the row may end its auction
                issue = self.floor.issue(symbol, self.now, before or row)
                latest[symbol] = row
                facts += outcomes.settle(self, issue, self.floor.on_row(issue, row, before))
                self.floor.release(symbol)
                continue
            latest[symbol] = row
            if watches and shares and row[9] != QuoteKind.BOOK:
                self.floor.watch(row, before)
        return facts

    def _on_depth(self, depth: Depth) -> list[OrderFact]:
        facts = self.advance(UnixNanos(depth.venue_time)) if depth.venue_time > self.now else []
        known, row = self.view.depths.get(depth.symbol), self.view.latest.get(depth.symbol)
        newest = max(known.venue_time if known else 0, row.venue_time if row else 0, self.today.begin)
        if depth.venue_time < newest:
            return facts
        self.view.depths[depth.symbol] = depth
        if depth.symbol in self.floor.issues:
            issue = self.floor.issue(depth.symbol, self.now)
            facts += outcomes.settle(self, issue, self.floor.on_depth(issue, depth))
        return facts
