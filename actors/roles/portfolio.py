"""The portfolio: our own books, to the won."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, ClassVar

from actors.core.role import Role
from domain.book_facts import Execution, add, adopted, after, book_facts, key_of
from domain.marks import Marks
from domain.messages import Message, Stamp
from domain.messages.holdings import HoldingBooked
from domain.messages.link import BrokerStateReceived
from domain.messages.market import QuotesEnded, QuotesJudged
from domain.messages.orders import HoldingAdjusted, OrderFilled
from domain.messages.run import RunStarted, StateCarried
from domain.messages.trading import AccountOpened, EquityMarked, FillBooked, SessionPlanned
from domain.portfolio import Books, DayTotals, Position, market_value
from domain.time import kst_date
from domain.types import NANOS_PER_SECOND, Krw, UnixNanos
from domain.views import (
    CashQuery,
    CashView,
    FillsQuery,
    PerformanceQuery,
    PerformanceView,
    PositionsQuery,
    PositionView,
)

MARK_EVERY_NS = 10 * NANOS_PER_SECOND  # venue time between two equity marks on quotes


@dataclass(slots=True)
class PortfolioState:
    """All the portfolio keeps."""

    books: Books = field(default_factory=Books)
    totals: DayTotals = field(default_factory=DayTotals)
    trading_date: str = ""  # of the account opened last; empty before the first
    broker: BrokerStateReceived | None = None  # what the broker said last
    adopted: tuple[str, int] = ("", 0)  # journal and last event in the books the day began with
    heard: list[Execution] = field(default_factory=list)  # executions and actions `broker` does not include
    booked: set[tuple[str, str, str, str]] = field(default_factory=set)  # `key_of` what is booked, of two dates
    fresh_seq: int = 0  # last execution or action in the log that is to be booked
    marks: Marks = field(default_factory=Marks)
    marked_at: int = 0  # venue time of the last equity mark
    venue_time: int = 0
    fills: list[FillBooked] = field(default_factory=list)  # of the trading date
    realized: dict[str, int] = field(default_factory=dict)  # symbol -> won, of the trading date
    trips: dict[str, int] = field(default_factory=dict)  # symbol -> won realised since it was flat
    income: int = 0  # won without a trade, of `income_date`: an action comes before its date's account is opened
    income_date: str = ""
    own_clock: bool = False  # the orders' broker has a venue clock of its own: then only that of the quotes counts
    planned: str = ""  # trading date of the quotes


class Portfolio(Role):
    """Keep cash, positions and equity.

    The account is adopted from the broker once per trading date; from then on only executions and corporate actions
    change the books. A later state of the broker is compared by the executor, never copied.

    Hears: run, session, broker state, executions, corporate actions, judged quotes, end of quotes.
    Says: AccountOpened, FillBooked, HoldingBooked, EquityMarked.
    Keeps: books, the day's totals, fills and income, last prices, what is booked.
    """

    NAME: ClassVar[str] = "portfolio"
    STATE_VERSION: ClassVar[int] = 3  # 2: marks by day, income; 3: what is booked is known by its journal and date too
    HEARS: ClassVar[tuple[type[Message], ...]] = (
        RunStarted,
        SessionPlanned,
        BrokerStateReceived,
        OrderFilled,
        HoldingAdjusted,
        QuotesJudged,
        QuotesEnded,
        StateCarried,
    )
    SAYS: ClassVar[tuple[type[Message], ...]] = (AccountOpened, FillBooked, HoldingBooked, EquityMarked)

    def __init__(self) -> None:
        """Start without an account."""
        super().__init__()
        self.state = PortfolioState()

    # ---- state -------------------------------------------------------------------------------------------------

    def evolve(self, message: Any, stamp: Stamp) -> None:
        """Fold one message."""
        state = self.state
        match message:
            case QuotesJudged(rows=rows):
                state.marks.take(rows)
                if rows:
                    self._clock(rows[-1].venue_time)
            case OrderFilled() | HoldingAdjusted():
                self._hear(message, stamp)
            case FillBooked():
                self._booked(message)
            case HoldingBooked():
                self._adjusted(message)
            case EquityMarked(equity=equity, venue_time=at):
                state.totals = state.totals.mark(equity)
                state.marked_at = at
            case BrokerStateReceived(journal_id=journal, as_of_seq=as_of):
                state.broker = message
                state.heard = [fill for fill in state.heard if fill.journal_id == journal and fill.event_seq > as_of]
                self._orders_clock(message.venue_time)
            case AccountOpened():
                self._adopt(message)
            case QuotesEnded(venue_time=at):
                self._clock(at)
            case RunStarted(config=config):
                state.own_clock = config.orders_have_own_clock
            case SessionPlanned(trading_date=on):
                state.planned = on
            case StateCarried():
                state.fresh_seq = 0  # sequences begin anew

    def _clock(self, at: int) -> None:
        # A recorded source may begin an earlier day than the last one: its clock then rules.
        if at > self.state.venue_time or kst_date(at) != kst_date(self.state.venue_time):
            self.state.venue_time = at

    def _date(self, at: int) -> str:
        """Give the trading date of a moment at the orders' broker."""
        return (self.state.planned if self.state.own_clock else "") or kst_date(at).isoformat()

    def _orders_clock(self, at: int) -> None:
        if not self.state.own_clock:
            self._clock(at)

    def _hear(self, fact: Execution, stamp: Stamp) -> None:
        state, key = self.state, key_of(fact)
        self._orders_clock(fact.venue_time)
        journal, as_of = state.adopted
        if journal and fact.journal_id != journal:
            state.heard.append(fact)  # of another account: it is in the books only if that one is opened
        elif key in state.booked or fact.event_seq <= as_of:
            return
        else:
            state.booked.add(key)
            state.heard.append(fact)
            state.fresh_seq = stamp.seq
        if isinstance(fact, HoldingAdjusted) and fact.action == "SPLIT":
            # Here and not with its booking: equity is marked in the same breath, and the price is everybody's.
            state.marks.adjust(fact.symbol, fact.venue_time, fact.quantity_before, fact.quantity, fact.cash)

    def _booked(self, fill: FillBooked) -> None:
        state = self.state
        state.books, state.totals = after(fill, state.books), add(fill, state.totals)
        state.fills.append(fill)
        self._realized(fill.symbol, fill.realized_pnl, fill.position_qty)

    def _realized(self, symbol: str, amount: int, left: int) -> None:
        state = self.state
        state.realized[symbol] = state.realized.get(symbol, 0) + amount
        profit = state.trips.pop(symbol, 0) + amount
        if left == 0:
            state.totals = state.totals.add_trip(Krw(profit))
        else:
            state.trips[symbol] = profit

    def _adjusted(self, booked: HoldingBooked) -> None:
        state = self.state
        state.books, state.totals = after(booked, state.books), add(booked, state.totals)
        if booked.quantity_before and not booked.position_qty:
            self._realized(booked.symbol, booked.realized_pnl, 0)
        on = self._date(booked.venue_time)
        state.income = booked.income + (state.income if on == state.income_date else 0)
        state.income_date = on

    def _adopt(self, opened: AccountOpened) -> None:
        state = self.state
        # What the broker's books hold already may be delivered again: it stays known, of this date and the last one.
        dates = (state.trading_date, opened.trading_date)
        state.booked = {key for key in state.booked if key[1] in dates} | {key_of(fact) for fact in state.heard}
        state.books = adopted(state.broker, opened.cash)
        state.totals = DayTotals(start_equity=opened.start_equity, peak_equity=opened.start_equity)
        state.trading_date = opened.trading_date
        if state.broker is not None:
            state.adopted = (state.broker.journal_id, state.broker.as_of_seq)
        state.fills, state.realized, state.trips = [], {}, {}

    # ---- decisions ---------------------------------------------------------------------------------------------

    def decide(self, message: Any, stamp: Stamp) -> Iterable[Message]:
        """Open the account, book executions and corporate actions, mark equity."""
        state = self.state
        match message:
            case QuotesJudged() if self._mark_is_due():
                return (self._mark(state.books, state.totals),)
            case QuotesEnded() if state.trading_date:
                return (self._mark(state.books, state.totals),)
            case OrderFilled() | HoldingAdjusted() if state.trading_date and state.fresh_seq == stamp.seq:
                return self._book((message,), state.books, state.totals)
            case BrokerStateReceived(venue_time=at):
                trading_date = self._date(at)
                return () if trading_date == state.trading_date else self._open(message, trading_date)
        return ()

    def _mark_is_due(self) -> bool:
        state = self.state
        if not state.books.positions or not state.trading_date:
            return False
        return not 0 <= state.venue_time - state.marked_at < MARK_EVERY_NS

    def _open(self, broker: BrokerStateReceived, trading_date: str) -> list[Message]:
        books = adopted(broker, broker.cash)
        equity = books.equity(self.state.marks)
        opened = AccountOpened(trading_date, broker.cash, equity, broker.venue_time)
        # What is newer than the broker's answer came in before it: it is booked on top.
        newer = self._book(self.state.heard, books, DayTotals(start_equity=equity)) if self.state.heard else []
        return [opened, *newer]

    def _book(self, facts: Iterable[Execution], books: Books, totals: DayTotals) -> list[Message]:
        booked, books, totals = book_facts(facts, books, totals)
        return [*booked, self._mark(books, totals)]

    def _mark(self, books: Books, totals: DayTotals) -> EquityMarked:
        value = books.value(self.state.marks)
        return EquityMarked(
            cash=books.cash,
            equity=Krw(books.cash + value),
            unrealized_pnl=Krw(value - books.paid()),
            realized_pnl=totals.realized_pnl,
            costs=totals.costs,
            positions=len(books.positions),
            venue_time=UnixNanos(self.state.venue_time),
        )

    # ---- questions ---------------------------------------------------------------------------------------------

    def view(self, query: Any) -> Any:
        """Answer PositionsQuery, CashQuery, FillsQuery and PerformanceQuery."""
        state = self.state
        totals, unrealized = state.totals, state.books.unrealized(state.marks)
        match query:
            case PositionsQuery():
                return tuple(self._position(symbol, held) for symbol, held in sorted(state.books.positions.items()))
            case CashQuery():
                return CashView(
                    trading_date=state.trading_date,
                    cash=state.books.cash,
                    equity=state.books.equity(state.marks),
                    start_equity=totals.start_equity,
                    commission=totals.commission,
                    tax=totals.tax,
                    realized_pnl=totals.realized_pnl,
                    unrealized_pnl=unrealized,
                    income=Krw(state.income if state.income_date == state.trading_date else 0),
                    **self._settled(),
                )
            case FillsQuery(symbol=symbol, limit=limit):
                found = [fill for fill in state.fills if symbol in ("", fill.symbol)]
                return tuple(found[-limit:] if limit else found)
            case PerformanceQuery():
                wins, costs, drawdown = totals.wins, totals.costs, totals.max_drawdown
                return PerformanceView(totals.trips, wins, totals.realized_pnl, unrealized, costs, drawdown)
        return super().view(query)

    def _settled(self) -> dict[str, Krw | None]:
        """Give what the broker told of settled cash: no trade of its day moves it, a dividend since then does."""
        broker, heard = self.state.broker, self.state.heard
        actions = [fact for fact in heard if isinstance(fact, HoldingAdjusted)]
        since = sum(fact.cash for fact in actions if broker is not None and fact.journal_id == broker.journal_id)
        told = {name: getattr(broker, name, None) for name in ("deposit", "d1_deposit", "withdrawable")}
        return {name: None if amount is None else Krw(amount + since) for name, amount in told.items()}

    def _position(self, symbol: str, held: Position) -> PositionView:
        mark = self.state.marks.get(symbol)
        return PositionView(
            symbol=symbol,
            quantity=held.quantity,
            cost_basis=held.cost_basis,
            average_price=Krw(held.cost_basis // held.quantity),
            mark=None if mark is None else Krw(mark),
            unrealized_pnl=Krw(market_value(held, mark) - held.cost_basis),
            realized_pnl=Krw(self.state.realized.get(symbol, 0)),
            sellable=max(0, held.quantity),
        )
