"""The portfolio: our own books, to the won."""

from collections.abc import Iterable
from typing import Any, ClassVar

from actors.roles.portfolio_state import PortfolioFold
from domain import hand_adjustments
from domain.book_facts import (
    Sheet,
    adopted,
    book_facts,
    evidence_adopted,
    evidence_booked,
)
from domain.exit_costs import exit_costs
from domain.flows import after_splits, flow_between
from domain.messages import Message, Stamp
from domain.messages.holdings import AdjustmentBooked, FillRevised, FlowBooked, HoldingBooked
from domain.messages.link import BrokerStateReceived, InstrumentsReceived, OrderEvidence, ReconcileReported
from domain.messages.market import QuotesEnded, QuotesJudged
from domain.messages.operator import AdjustmentRequested, CommandAnswered
from domain.messages.orders import HoldingAdjusted, OrderFilled
from domain.messages.run import RunStarted, StateCarried
from domain.messages.trading import AccountOpened, EquityMarked, FillBooked, SessionPlanned
from domain.portfolio import Books, DayTotals, Position, market_value
from domain.proved_shares import Execution
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


class Portfolio(PortfolioFold):
    """Keep cash, positions and equity.

    The account is adopted from the broker once per trading date; from then on only executions, shares that the broker's
    sums prove, corporate actions and a person's adjustments change the books. A later state of the broker is compared
    by the executor, never copied.

    Hears: run, session, broker state, executions, evidence of fills, corporate actions, a person's adjustments, judged
        quotes, end of quotes.
    Says: AccountOpened, FlowBooked, FillBooked, FillRevised, HoldingBooked, AdjustmentBooked, EquityMarked,
        CommandAnswered.
    Keeps: books, the day's totals, fills and income, last prices, what is booked, what sums proved before executions.
    """

    NAME: ClassVar[str] = "portfolio"
    STATE_VERSION: ClassVar[int] = 6  # 5: what sums showed open; 6: markets, whether flows are told
    HEARS: ClassVar[tuple[type[Message], ...]] = (
        RunStarted,
        SessionPlanned,
        InstrumentsReceived,
        BrokerStateReceived,
        OrderFilled,
        OrderEvidence,
        ReconcileReported,
        HoldingAdjusted,
        AdjustmentRequested,
        QuotesJudged,
        QuotesEnded,
        StateCarried,
    )
    SAYS: ClassVar[tuple[type[Message], ...]] = (
        AccountOpened,
        FlowBooked,
        FillBooked,
        FillRevised,
        HoldingBooked,
        AdjustmentBooked,
        EquityMarked,
        CommandAnswered,
    )

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
                return self._book((message,), Sheet(state.books, state.totals, state.proved))
            case OrderEvidence(fact="filled") if state.fresh_seq == stamp.seq:
                return self._prove(message)
            case AdjustmentRequested():
                return self._adjust(message)
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
        sheet = Sheet(books, DayTotals(start_equity=equity), self._proved_then(broker))
        newer = self._book(self.state.heard, sheet) if self.state.heard else []
        return [opened, *self._flow(opened, sheet), *newer]

    def _flow(self, opened: AccountOpened, sheet: Sheet) -> list[Message]:
        """Tell what came or left since our books of the date before; nothing before the first account."""
        state = self.state
        if not state.tells_flows or not state.trading_date:
            return []
        _, then = book_facts(state.heard, sheet)  # what is newer than the broker's answer is in our books already
        ours = after_splits(state.books, state.broker.positions if state.broker is not None else ())
        flow = flow_between(ours, then.books, state.marks, opened.trading_date, opened.venue_time)
        return [] if flow is None else [flow]

    def _book(self, facts: Iterable[Execution], sheet: Sheet) -> list[Message]:
        booked, sheet = book_facts(facts, sheet)
        return [*booked, self._mark(sheet.books, sheet.totals)]

    def _prove(self, proved: OrderEvidence) -> list[Message]:
        state, item = self.state, self._found(proved)
        if state.begins:
            return [evidence_adopted(proved, item, state.books)]
        booked = evidence_booked(proved, item, state.books)
        sheet = Sheet(state.books, state.totals).after(booked)
        return [booked, self._mark(sheet.books, sheet.totals)]

    def _adjust(self, asked: AdjustmentRequested) -> list[Message]:
        state = self.state
        refused = hand_adjustments.refusal(asked, state.books, bool(state.trading_date))
        if refused is not None:
            return [CommandAnswered(asked.command_id, False, *refused, "")]
        booked = hand_adjustments.adjustment_booked(asked, state.books, UnixNanos(state.venue_time))
        books = hand_adjustments.after(booked, state.books)
        what = f"{asked.symbol} {asked.quantity:+,} shares, cost {asked.cost:+,} KRW, " if asked.symbol else ""
        done = f"booked: {what}cash {asked.cash:+,} KRW"
        return [booked, self._mark(books, state.totals), CommandAnswered(asked.command_id, True, "", done, "")]

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
            exit_costs=self._exit_costs(books),
        )

    def _exit_costs(self, books: Books) -> Krw:
        state = self.state
        if not books.positions or not state.tells_flows:
            return Krw(0)
        on = kst_date(state.venue_time or (state.broker.venue_time if state.broker is not None else 0))
        return exit_costs(books.positions, state.marks, state.markets, on, state.commission_ppm)

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
                    exit_costs=self._exit_costs(state.books),
                    moved=totals.moved,
                    **self._settled(),
                )
            case FillsQuery(symbol=symbol, limit=limit):
                found = [fill for fill in state.fills if symbol in ("", fill.symbol)]
                return tuple(found[-limit:] if limit else found)
            case PerformanceQuery():
                wins, costs, drawdown = totals.wins, totals.costs, totals.max_drawdown
                return PerformanceView(totals.trips, wins, totals.realized_pnl, unrealized, costs, drawdown)
        return super().view(query)

    def _settled(self) -> dict[str, Any]:
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
