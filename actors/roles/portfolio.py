"""The portfolio: our own books, to the won."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, ClassVar

from actors.core.role import Role
from domain.messages import Message, Stamp
from domain.messages.link import BrokerStateReceived
from domain.messages.market import QuotesEnded, QuotesJudged
from domain.messages.orders import OrderFilled
from domain.messages.run import StateCarried
from domain.messages.trading import AccountOpened, EquityMarked, FillBooked
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
    heard: list[OrderFilled] = field(default_factory=list)  # executions `broker` does not include
    booked: set[tuple[str, str]] = field(default_factory=set)  # (venue order, trade) of the trading date
    fresh_seq: int = 0  # last execution in the log that is to be booked
    marks: dict[str, int] = field(default_factory=dict)  # symbol -> won of the last judged trade
    marked_at: int = 0  # venue time of the last equity mark
    venue_time: int = 0
    fills: list[FillBooked] = field(default_factory=list)  # of the trading date
    realized: dict[str, int] = field(default_factory=dict)  # symbol -> won, of the trading date
    trips: dict[str, int] = field(default_factory=dict)  # symbol -> won realised since it was flat


class Portfolio(Role):
    """Keep cash, positions and equity.

    The account is adopted from the broker once per trading date; from then on only executions change the books. A later
    state of the broker is compared by the executor, never copied.

    Hears: broker state, executions, judged quotes, end of quotes.
    Says: AccountOpened, FillBooked, EquityMarked.
    Keeps: books, the day's totals and fills, last prices, which executions are booked.
    """

    NAME: ClassVar[str] = "portfolio"
    HEARS: ClassVar[tuple[type[Message], ...]] = (
        BrokerStateReceived,
        OrderFilled,
        QuotesJudged,
        QuotesEnded,
        StateCarried,
    )
    SAYS: ClassVar[tuple[type[Message], ...]] = (AccountOpened, FillBooked, EquityMarked)

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
                state.marks.update([(row[0], row[2]) for row in rows if row[2] > 0])
                if rows:
                    self._clock(rows[-1].venue_time)
            case OrderFilled():
                self._hear(message, stamp)
            case FillBooked():
                self._booked(message)
            case EquityMarked(equity=equity, venue_time=at):
                state.totals = state.totals.mark(equity)
                state.marked_at = at
            case BrokerStateReceived(journal_id=journal, as_of_seq=as_of):
                state.broker = message
                state.heard = [fill for fill in state.heard if fill.journal_id == journal and fill.event_seq > as_of]
                self._clock(message.venue_time)
            case AccountOpened():
                self._adopt(message)
            case QuotesEnded(venue_time=at):
                self._clock(at)
            case StateCarried():
                state.fresh_seq = 0  # sequences begin anew

    def _clock(self, at: int) -> None:
        # A recorded source may begin an earlier day than the last one: its clock then rules.
        if at > self.state.venue_time or kst_date(at) != kst_date(self.state.venue_time):
            self.state.venue_time = at

    def _hear(self, fill: OrderFilled, stamp: Stamp) -> None:
        state, key = self.state, (fill.venue_order_id, fill.trade_id)
        self._clock(fill.venue_time)
        journal, as_of = state.adopted
        if journal and fill.journal_id != journal:
            state.heard.append(fill)  # of another account: it is in the books only if that one is opened
            return
        if key in state.booked or fill.event_seq <= as_of:
            return
        state.booked.add(key)
        state.heard.append(fill)
        state.fresh_seq = stamp.seq

    def _booked(self, fill: FillBooked) -> None:
        state, symbol = self.state, fill.symbol
        state.books = state.books.adopt_fill(symbol, fill.position_qty, fill.cost_basis, fill.cash, fill.realized_pnl)
        state.totals = state.totals.add_fill(fill.realized_pnl, fill.commission, fill.tax)
        state.fills.append(fill)
        state.realized[symbol] = state.realized.get(symbol, 0) + fill.realized_pnl
        profit = state.trips.pop(symbol, 0) + fill.realized_pnl
        if fill.position_qty == 0:
            state.totals = state.totals.add_trip(Krw(profit))
        else:
            state.trips[symbol] = profit

    def _adopt(self, opened: AccountOpened) -> None:
        state = self.state
        state.books = adopted(state.broker, opened.cash)
        state.totals = DayTotals(start_equity=opened.start_equity, peak_equity=opened.start_equity)
        state.trading_date = opened.trading_date
        if state.broker is not None:
            state.adopted = (state.broker.journal_id, state.broker.as_of_seq)
        state.booked = {(fill.venue_order_id, fill.trade_id) for fill in state.heard}
        state.fills, state.realized, state.trips = [], {}, {}

    # ---- decisions ---------------------------------------------------------------------------------------------

    def decide(self, message: Any, stamp: Stamp) -> Iterable[Message]:
        """Open the account, book executions, mark equity."""
        state = self.state
        match message:
            case QuotesJudged() if self._mark_is_due():
                return (self._mark(state.books, state.totals),)
            case QuotesEnded() if state.trading_date:
                return (self._mark(state.books, state.totals),)
            case OrderFilled() if state.trading_date and state.fresh_seq == stamp.seq:
                return self._book((message,), state.books, state.totals)
            case BrokerStateReceived(venue_time=at):
                trading_date = kst_date(at).isoformat()
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
        # Executions newer than the broker's answer came in before it: they are booked on top.
        newer = self._book(tuple(self.state.heard), books, DayTotals(start_equity=equity)) if self.state.heard else []
        return [opened, *newer]

    def _book(self, fills: tuple[OrderFilled, ...], books: Books, totals: DayTotals) -> list[Message]:
        outputs: list[Message] = []
        for fill in fills:
            booking = books.book(fill.symbol, fill.side, fill.last_qty, fill.last_px, fill.commission, fill.tax)
            books = books.with_position(fill.symbol, booking.position, booking.cash)
            totals = totals.add_fill(booking.realized_pnl, fill.commission, fill.tax)
            outputs.append(
                FillBooked(
                    client_order_id=fill.client_order_id,
                    trade_id=fill.trade_id,
                    symbol=fill.symbol,
                    side=fill.side,
                    last_qty=fill.last_qty,
                    last_px=fill.last_px,
                    notional=booking.notional,
                    commission=fill.commission,
                    tax=fill.tax,
                    realized_pnl=booking.realized_pnl,
                    position_qty=booking.position.quantity,
                    cost_basis=booking.position.cost_basis,
                    cash=booking.cash,
                    venue_time=fill.venue_time,
                )
            )
        return [*outputs, self._mark(books, totals)]

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
                )
            case FillsQuery(symbol=symbol, limit=limit):
                found = [fill for fill in state.fills if symbol in ("", fill.symbol)]
                return tuple(found[-limit:] if limit else found)
            case PerformanceQuery():
                wins, costs, drawdown = totals.wins, totals.costs, totals.max_drawdown
                return PerformanceView(totals.trips, wins, totals.realized_pnl, unrealized, costs, drawdown)
        return super().view(query)

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


def adopted(broker: BrokerStateReceived | None, cash: Krw) -> Books:
    """Give books as the broker keeps them; what was paid to get in on earlier days is not known and counts as 0."""
    held = broker.positions if broker is not None else ()
    return Books(cash, {item.symbol: Position(item.quantity, item.cost_basis) for item in held if item.quantity})
