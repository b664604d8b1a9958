"""An exchange whose facts are durable: journal, gateway and exchange kept in step.

Every fact is in the journal before anyone hears of it, and the exchange's books are the fold of the journal, so a
killed process loses nothing. What could not be journaled did not happen: the books are folded anew.
"""

from bisect import bisect_left
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import date

from broker.event_feed import OrderEventFeed
from broker.gateway import OrderGateway
from broker.journal import OrderJournal
from broker.port import Guard, IndexMoved, MarketNews, OrderRequest, Receipt
from broker_sim.corporate_actions import ActionTable, adjustments
from broker_sim.exchange import PLAIN, Exchange
from broker_sim.index_file import RecordedIndex
from broker_sim.index_tape import IndexTape
from domain.config import SimConfig
from domain.messages.orders import OrderFact, OrderFilled
from domain.quotes import Depth, Quote
from domain.settlement import Standing
from domain.time import kst_date
from domain.types import UnixNanos

CASH, CLOCK, SOURCE, ENDED = "sim.cash", "sim.clock", "sim.source", "sim.ended"  # kept beside the journal


class DurableVenue:
    """The wire of the gateway, and the only writer of the journal. Used on one event loop."""

    atomic: bool = True  # the exchange is the fold of the journal: a crash between the two loses both or neither

    def __init__(
        self,
        journal: OrderJournal,
        cash: int,
        commission_ppm: int,
        overrides: Mapping[str, tuple[str, str]],
        now: Callable[[], int],
        actions: ActionTable | None = None,
        *,
        config: SimConfig = PLAIN,
        seed: int = 1,
    ) -> None:
        """Fold the journal. `cash` (won) opens a new account; an old one keeps what it was opened with.

        `actions` whose date the journal's clock has not reached are applied as it does. `config` and `seed` are those
        of the exchange.
        """
        if journal.get_meta(CASH) is None:
            journal.set_meta(CASH, str(cash))
        self.journal = journal
        self._commission_ppm = commission_ppm
        self._overrides = overrides
        self._config = config
        self._seed = seed
        self._gateway = OrderGateway(journal, self, lambda: UnixNanos(now()))
        self._feed = OrderEventFeed(journal)
        self.exchange, self.fills = self._fold()
        self._actions = actions or ActionTable()
        self._acted = kst_date(self.kept_clock())  # the last date whose corporate actions are over
        self._tape: IndexTape | None = None  # indices still to come
        self.on_news: Callable[[MarketNews], None] = lambda _news: None  # hears indices played and interruptions

    def place(self, request: OrderRequest) -> Sequence[OrderFact]:
        """Hand a request to the exchange, for the gateway."""
        return self.exchange.place(request)

    def request(self, request: OrderRequest, guard: Guard) -> Receipt:
        """Take one request through the gateway. Raises LogError when it cannot be durable; then it did not happen."""
        self._apply_actions(self.exchange.now)  # where the disk was full when the date began
        try:
            receipt, facts = self._gateway.handle(request, guard)
        except Exception:
            self._refold()
            raise
        self._publish(facts)
        return receipt

    def look(self, request: OrderRequest, guard: Guard) -> Receipt | None:
        """Answer what needs no wire, see `Looks.look`. Raises LogError when a refusal cannot be durable."""
        return self._gateway.look(request, guard)

    def begin(self, venue_time: UnixNanos) -> None:
        """Take the clock of a source whose session opens; it may go back. Raises LogError like `request`.

        An index played until then is taken off: `play` one again.
        """
        self._apply_actions(venue_time)
        self._store(self.exchange.begin(venue_time))
        self._tape = None

    def play(self, index: RecordedIndex | None) -> None:
        """Play the indices of the clock's day from now on. Values up to the clock count as heard: a halt stands."""
        self._tape = IndexTape(index) if index is not None else None
        self._restore_breakers()

    def on_quotes(
        self, rows: Sequence[Quote], venue_time: UnixNanos | None = None, depths: Sequence[Depth] = ()
    ) -> None:
        """Let rows and order books trade, then move the clock. Raises LogError like `request`.

        A value of an index that is played comes before the rows and books of its moment.
        """
        if self._tape is not None:
            last_row = rows[-1].venue_time if rows else 0
            last_depth = depths[-1].venue_time if depths else 0
            for market, when, index in self._tape.due(max(last_row, last_depth, venue_time or 0)):
                row_at = bisect_left(rows, when, key=lambda row: row.venue_time)
                depth_at = bisect_left(depths, when, key=lambda depth: depth.venue_time)
                self._trade(rows[:row_at], depths[:depth_at])
                rows, depths = rows[row_at:], depths[depth_at:]
                self._store(self.exchange.on_index(market, index, UnixNanos(when)))
                self._tell_interruptions()
                self.on_news(IndexMoved(UnixNanos(when), market, index, self._tape.previous_close(market)))
        self._trade(rows, depths)
        if venue_time is not None:
            self._apply_actions(venue_time)
            self._store(self.exchange.advance(venue_time))
        self._tell_interruptions()

    def _tell_interruptions(self) -> None:
        news = self.exchange.halts.news
        if news:
            told, news[:] = list(news), []
            for one in told:
                self.on_news(one)

    def _trade(self, rows: Sequence[Quote], depths: Sequence[Depth]) -> None:
        for part in self._actions.by_day(rows, self._acted):
            if part:
                self._apply_actions(UnixNanos(part[0].venue_time))
            last = kst_date(part[-1].venue_time) if part else date.max
            behind = [depth for depth in depths if kst_date(depth.venue_time) <= last]
            depths = depths[len(behind) :]
            self._store(self.exchange.on_quotes(part, behind))
        if depths:
            self._apply_actions(UnixNanos(depths[0].venue_time))
            self._store(self.exchange.on_quotes((), depths))

    def end_of_data(self) -> None:
        """End the day with its feed."""
        self._store(self.exchange.end_of_data())
        self.keep_clock()

    def standing(self) -> Standing:
        """Give the deposits on the clock's day."""
        return self.exchange.books.account.ledger.standing(self.exchange.day, self._overrides)

    def events(self, after_seq: int) -> AsyncIterator[OrderFact]:
        """Stream every fact with a greater seq, then new ones as they happen; never ends."""
        return self._feed.after(after_seq)

    def kept_clock(self) -> UnixNanos:
        """Give the venue time an earlier run had reached, 0 when there was none."""
        return UnixNanos(max(int(self.journal.get_meta(CLOCK) or 0), self.exchange.books.last_time))

    def keep_clock(self) -> None:
        """Make the venue time durable, once the corporate actions due by then are."""
        if self.exchange.now and not self._actions.due(self._acted, self.exchange.day):
            self.journal.set_meta(CLOCK, str(self.exchange.now))

    def restore(self, now: UnixNanos, rows: Sequence[Quote] = (), ended: bool = False) -> None:
        """Put the clock where an earlier run was, with its latest rows."""
        self.exchange.restore(now, rows, ended)
        self.exchange.restore_taken(self.fills)

    def _apply_actions(self, venue_time: UnixNanos) -> None:
        """Open the date of a venue time with the corporate actions due by then, all of them or none."""
        day = kst_date(venue_time) if len(self._actions) else self._acted
        if day <= self._acted:
            return
        facts = self.exchange.advance(venue_time)  # orders of an earlier day expire first
        account, due = self.exchange.books.account, self._actions.due(self._acted, day)
        facts += [self.exchange.emit(fact) for fact in adjustments(account, due, self.exchange.now)]
        self._store(facts)
        self._acted = day

    def _store(self, facts: list[OrderFact]) -> None:
        if not facts:
            return
        try:
            numbered = self.journal.append(facts)
        except Exception:
            self._refold()
            raise
        self._publish(numbered)

    def _publish(self, facts: Sequence[OrderFact]) -> None:
        if not facts:
            return
        self.fills += [fact for fact in facts if isinstance(fact, OrderFilled)]
        self._feed.wake()

    def _fold(self) -> tuple[Exchange, list[OrderFilled]]:
        cash = int(self.journal.get_meta(CASH) or 0)
        exchange = Exchange(cash, self._commission_ppm, self._overrides, config=self._config, seed=self._seed)
        fills = []
        for fact in self.journal.events(0):
            exchange.apply(fact)
            if isinstance(fact, OrderFilled):
                fills.append(fact)
        return exchange, fills

    def _refold(self) -> None:
        # Only the books go back; the market's own state stays.
        seen = self.exchange
        seen.halts.end_all()  # a fold forgets interruptions under way
        self._tell_interruptions()
        self.exchange, self.fills = self._fold()
        self.exchange.set_instruments(seen.instruments.values())
        if seen.now:
            self.restore(seen.now, list(seen.latest.values()), seen.ended)
            self._restore_breakers()

    def _restore_breakers(self) -> None:
        exchange = self.exchange
        if self._tape is not None and self._tape.day == exchange.day:
            exchange.restore_breakers(self._tape.rewind(exchange.now, exchange.session))
