"""The servers in this process: a simulated venue that tests feed with quotes and a clock. Nothing waits here."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from broker.journal import OrderJournal
from broker.port import AccountState, Candle, Guard, MarketNews, OrderRequest, Receipt
from broker_sim.backend import ACCOUNT
from broker_sim.exchange import PLAIN
from broker_sim.venue import DurableVenue
from broker_win.emulator.house import READS, Held
from broker_win.emulator.house_facts import HouseFacts
from domain.config import SimConfig
from domain.errors import BrokerUnavailable, InvariantError
from domain.instruments import Instrument
from domain.krx.calendar import NO_OVERRIDES
from domain.messages.orders import OrderFact
from domain.quotes import Depth, Quote
from domain.time import kst_date
from domain.types import Krw, UnixNanos, VenuePhase

MOCK_COMMISSION_PPM: Final = 3_500  # Kiwoom's mock server, domain/krx/costs.py
VALID_FOR_NS: Final = 60_000_000_000  # of a request, system time; it goes out at once


class SimHouse:
    """A House over a DurableVenue, all on one thread; answers and facts come before a call returns."""

    def __init__(self, venue: DurableVenue, now: Callable[[], int] = time.time_ns) -> None:
        """Stand before a venue; `now` gives system time in UTC ns, for what requests are valid until."""
        self.venue = venue
        self.is_up = True  # a test may take the servers away
        self.bars: dict[str, list[Candle]] = {}  # what reads of candles give
        self._system = now
        self._facts = HouseFacts(self.now)
        self._on_rows: Callable[[Sequence[Quote], Sequence[Depth]], None] | None = None
        self._on_phase: Callable[[VenuePhase], None] | None = None
        self._phase = venue.exchange.phase
        self._watched: frozenset[str] = frozenset()
        self._closed = False

    @classmethod
    def opened(
        cls,
        journal_path: Path,
        instruments: Iterable[Instrument],
        *,
        cash: int = 100_000_000,
        commission_ppm: int = MOCK_COMMISSION_PPM,
        sim: SimConfig = PLAIN,
        seed: int = 1,
        overrides: Mapping[str, tuple[str, str]] = NO_OVERRIDES,
        now: Callable[[], int] = time.time_ns,
    ) -> "SimHouse":
        """Open a venue whose account lives in a journal, as an earlier process left it. Raises LogError."""
        journal = OrderJournal(journal_path, durable=False)
        venue = DurableVenue(journal, cash, commission_ppm, overrides, now, config=sim, seed=seed)
        if begin := venue.kept_clock():
            venue.restore(begin)
        venue.exchange.set_instruments(instruments)
        return cls(venue, now)

    # ---- the house --------------------------------------------------------------------------------------------

    @property
    def instruments(self) -> Mapping[str, Instrument]:
        """Give what is listed, by code."""
        return self.venue.exchange.instruments

    @property
    def is_replaying(self) -> bool:
        """Tell whether the fact being heard is one of before."""
        return self._facts.is_replaying

    def held(self, symbol: str) -> Held:
        """Give the shares held after the fact being heard."""
        return self._facts.held(symbol)

    def now(self) -> UnixNanos:
        """Give the venue's clock."""
        return self.venue.exchange.now

    def phase(self) -> VenuePhase:
        """Give the phase of the venue's day."""
        return self.venue.exchange.phase

    def read(self, what: str, then: Callable[[Any], None], symbol: str = "") -> None:
        """Read one of `READS` at once; BrokerUnavailable is handed over while the servers are away."""
        if what not in READS:
            raise InvariantError(f"a read expected one of {', '.join(READS)}, was {what!r}")
        then(self._read(what, symbol) if self.is_up else BrokerUnavailable("the emulated servers are away"))

    def place(self, request: OrderRequest, then: Callable[[Receipt], None]) -> None:
        """Send a request; its receipt comes first, then its facts. Raises BrokerUnavailable and LogError."""
        if not self.is_up:
            raise BrokerUnavailable("the emulated servers are away")
        journal = self.venue.journal
        until = UnixNanos(self._system() + VALID_FOR_NS)
        then(self.venue.request(request, Guard(journal.journal_id, journal.epoch, until)))
        self.catch_up()

    def hear(
        self,
        on_fact: Callable[[OrderFact], None],
        on_rows: Callable[[Sequence[Quote], Sequence[Depth]], None],
        on_phase: Callable[[VenuePhase], None],
    ) -> None:
        """Hear facts of the day so far, then what happens."""
        self._on_rows, self._on_phase, self._phase = on_rows, on_phase, self.phase()
        self._facts.replays_until = self.venue.journal.last_seq
        self._facts.listen(on_fact)
        self.catch_up()

    def hear_market(self, on_news: Callable[[MarketNews], None]) -> None:
        """Hear what the exchange interrupts, and the indices it is played."""
        self.venue.on_news = on_news

    def watch(self, codes: Sequence[str]) -> None:
        """Hear rows of these codes from now on."""
        self._watched = frozenset(codes)

    def close(self) -> None:
        """Close the journal; the account is there for the next one. May be called again."""
        if not self._closed:
            self._closed = True
            self.venue.keep_clock()
            self.venue.journal.close()

    # ---- what a test lets happen --------------------------------------------------------------------------------

    def on_quotes(
        self, rows: Sequence[Quote], venue_time: UnixNanos | None = None, depths: Sequence[Depth] = ()
    ) -> None:
        """Let quotes and order books come, each in order of time; facts of what traded are told first."""
        self.venue.on_quotes(rows, venue_time, depths)
        self.catch_up()
        if self._on_rows is not None:
            wanted = [row for row in rows if row.symbol in self._watched]
            books = [depth for depth in depths if depth.symbol in self._watched]
            if wanted or books:
                self._on_rows(wanted, books)

    def set_time(self, venue_time: UnixNanos) -> None:
        """Move the venue's clock; a clock that stood at 0 begins there."""
        if self.venue.exchange.now:
            self.venue.on_quotes((), venue_time)
        else:
            self.venue.begin(venue_time)
        self.catch_up()

    def catch_up(self) -> None:
        """Tell facts and the phase that were not told yet: after a change made to the venue itself."""
        if self._on_phase is None:
            return
        for fact in self.venue.journal.events(self._facts.last_seq):
            self._facts.take(fact)
        phase = self.phase()
        if phase is not self._phase:
            self._phase = phase
            self._on_phase(phase)

    # ---- inside ----------------------------------------------------------------------------------------------

    def _read(self, what: str, symbol: str) -> Any:
        exchange = self.venue.exchange
        if what == "account":
            return self._account()
        if what == "positions":
            return [replace(held, sellable=exchange.sellable(held.symbol)) for held in exchange.positions()]
        if what == "day_orders":
            return exchange.books.day_orders.rows()
        if what == "fills":
            return [fill for fill in self.venue.fills if kst_date(fill.venue_time) == exchange.day]
        if what == "candles":
            return list(self.bars.get(symbol, ()))
        codes = [symbol] if symbol else sorted(exchange.latest)
        return [exchange.latest[code] for code in codes if code in exchange.latest]

    def _account(self) -> AccountState:
        account, standing = self.venue.exchange.books.account, self.venue.standing()
        orderable = self.venue.exchange.orderable_cash
        return AccountState(
            account=ACCOUNT,
            cash=account.cash,
            orderable_cash=orderable,
            commission=Krw(account.commission),
            tax=Krw(account.tax),
            as_of_seq=self.venue.journal.last_seq,
            deposit=standing.deposit,
            d1_deposit=standing.d1_deposit,
            withdrawable=standing.withdrawable(account.cash - orderable),
        )
