"""What the portfolio keeps, and how it changes: the fold alone. What it says about it is in `portfolio.py`."""

from dataclasses import dataclass, field
from typing import Any

from actors.core.role import Role
from domain import hand_adjustments, proved_shares
from domain.book_facts import Booked, Sheet, adopted, key_of
from domain.flows import untold_splits
from domain.inferred import Money
from domain.marks import Marks
from domain.messages import Stamp
from domain.messages.holdings import AdjustmentBooked, FillRevised, HoldingBooked
from domain.messages.link import BrokerStateReceived, InstrumentsReceived, OrderEvidence, ReconcileReported
from domain.messages.market import QuotesEnded, QuotesJudged
from domain.messages.orders import HoldingAdjusted, OrderFilled
from domain.messages.run import RunStarted, StateCarried
from domain.messages.trading import AccountOpened, EquityMarked, FillBooked, SessionPlanned
from domain.portfolio import Books, DayTotals
from domain.proved_shares import Execution, Ledger, Proved, leg_of
from domain.quality import confirmed
from domain.time import kst_date
from domain.types import Krw, Market


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
    fresh_seq: int = 0  # last execution, action or evidence in the log that is to be booked
    proved: Ledger = ()  # shares that sums proved and no execution has told
    begins: bool = False  # the date began with what the broker said last: it holds what that proves
    marks: Marks = field(default_factory=Marks)
    marked_at: int = 0  # venue time of the last equity mark
    venue_time: int = 0
    fills: list[FillBooked] = field(default_factory=list)  # of the trading date
    realized: dict[str, int] = field(default_factory=dict)  # symbol -> won, of the trading date
    trips: dict[str, int] = field(default_factory=dict)  # symbol -> won realised since it was flat
    trips_done: dict[str, int] = field(default_factory=dict)  # symbol -> won its last closed position realised
    income: int = 0  # won without a trade, of `income_date`: an action comes before its date's account is opened
    income_date: str = ""
    own_clock: bool = False  # the orders' broker has a venue clock of its own: then only that of the quotes counts
    planned: str = ""  # trading date of the quotes
    tells_flows: bool = False  # FlowBooked and costs of getting out are told
    commission_ppm: int = 0  # of this run
    markets: dict[str, Market] = field(default_factory=dict)  # symbol -> where it is listed


class PortfolioFold(Role):
    """Our own books, folded."""

    def __init__(self) -> None:
        """Start without an account."""
        super().__init__()
        self.state = PortfolioState()

    def evolve(self, message: Any, stamp: Stamp) -> None:
        """Fold one message."""
        state = self.state
        match message:
            case QuotesJudged(rows=rows, verdicts=verdicts):
                state.marks.take(confirmed(rows, verdicts))
                if rows:
                    self._clock(rows[-1].venue_time)
            case OrderFilled() | HoldingAdjusted():
                self._hear(message, stamp)
            case OrderEvidence(fact="filled"):
                self._hear_evidence(message, stamp)
            case FillBooked():
                self._booked(message)
            case FillRevised():
                self._revised(message)
            case AdjustmentBooked(symbol=symbol, position_qty=left):
                before = state.books.equity(state.marks)
                state.books = hand_adjustments.after(message, state.books)
                if message.kind in hand_adjustments.MOVES:
                    state.totals = state.totals.move(Krw(state.books.equity(state.marks) - before))
                if symbol and not left:
                    state.trips.pop(symbol, None)  # a person closed it: no trade, no trip
            case HoldingBooked():
                self._adjusted(message)
            case EquityMarked(equity=equity, venue_time=at):
                state.totals = state.totals.mark(equity)
                state.marked_at = at
            case BrokerStateReceived(journal_id=journal, as_of_seq=as_of):
                state.broker = message
                state.heard = [fill for fill in state.heard if fill.journal_id == journal and fill.event_seq > as_of]
                state.begins = self._date(message.venue_time) != state.trading_date  # then decide opens the account
                self._orders_clock(message.venue_time)
                if state.begins and state.tells_flows and state.trading_date:
                    for name, had, has in untold_splits(state.books, message.positions):
                        state.marks.adjust(name, message.venue_time, had, has, 0)
            case AccountOpened():
                self._adopt(message)
            case ReconcileReported(kind="gated", agreed=True) if state.trading_date:
                self._follow_journal()
            case QuotesEnded(venue_time=at):
                self._clock(at)
            case RunStarted(config=config):
                state.own_clock = config.orders_have_own_clock
                state.tells_flows, state.commission_ppm = config.tell_flows, config.costs.commission_ppm
            case InstrumentsReceived(instruments=instruments):
                state.markets.update({item.symbol: item.market for item in instruments})
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

    def _hear_evidence(self, proved: OrderEvidence, stamp: Stamp) -> None:
        state = self.state
        if proved.quantity <= 0:
            return
        if not state.trading_date:
            # Whenever an account is opened, it is from a state that holds these shares.
            state.proved = proved_shares.prove_adopted(state.proved, self._shown(proved), proved.quantity)
            return
        self._follow_journal()
        state.proved = proved_shares.put(state.proved, self._shown(proved))
        state.fresh_seq = stamp.seq

    def _follow_journal(self) -> None:
        """Go on under another journal of the broker: the executor tied it to these books by numbers or holdings.

        What was heard under it until then is in the books by what its lists proved.
        """
        state, journal = self.state, self._journal()
        if journal and journal != state.adopted[0] and state.broker is not None:
            state.proved = proved_shares.moved(state.proved, state.adopted[0], journal)
            state.adopted = (journal, state.broker.as_of_seq)

    def _journal(self) -> str:
        """Give the journal of the broker that spoke last: what evidence is about."""
        return self.state.broker.journal_id if self.state.broker is not None else ""

    def _found(self, proved: OrderEvidence) -> Proved:
        number, order, at = proved.venue_order_id, proved.client_order_id, proved.venue_time
        return proved_shares.find(self.state.proved, self._journal(), number, order, at)

    def _shown(self, proved: OrderEvidence) -> Proved:
        return self._found(proved)._replace(shown_qty=proved.leaves_qty)

    def _enter(self, event: Booked) -> None:
        state = self.state
        sheet = Sheet(state.books, state.totals).after(event)
        state.books, state.totals = sheet.books, sheet.totals

    def _booked(self, fill: FillBooked) -> None:
        state, leg = self.state, leg_of(fill.trade_id)
        self._enter(fill)
        if leg:
            item = proved_shares.find(state.proved, state.adopted[0], leg, fill.client_order_id, fill.venue_time)
            money = Money(fill.notional, fill.commission, fill.tax)
            state.proved = proved_shares.prove_booked(state.proved, item, fill.last_qty, money)
        proved_shares.enter_fill(state.fills, fill)
        self._realized(fill.symbol, fill.realized_pnl, fill.position_qty)

    def _revised(self, revised: FillRevised) -> None:
        state = self.state
        self._enter(revised)
        item = proved_shares.find(
            state.proved,
            state.adopted[0],
            revised.venue_order_id,
            revised.client_order_id,
            revised.venue_time,
        )
        if leg_of(revised.trade_id):
            state.proved = proved_shares.prove_adopted(state.proved, item, revised.quantity)
            return
        left = proved_shares.tell(item, revised.quantity, Money()).left
        state.proved = proved_shares.put(state.proved, left)
        state.heard = proved_shares.without(state.heard, revised)
        proved_shares.enter_revision(state.fills, revised, item.booked.quantity - left.booked.quantity)
        self._realized_later(revised.symbol, revised.realized_pnl)

    def _realized_later(self, symbol: str, amount: int) -> None:
        """Add what a revision realised to the position it belongs to: the one held, else the one closed last."""
        state = self.state
        if not amount:
            return
        state.realized[symbol] = state.realized.get(symbol, 0) + amount
        if symbol in state.books.positions:
            state.trips[symbol] = state.trips.get(symbol, 0) + amount
        elif symbol in state.trips_done:
            profit = state.trips_done[symbol]
            state.totals = state.totals.revise_trip(Krw(profit), Krw(profit + amount))
            state.trips_done[symbol] = profit + amount

    def _realized(self, symbol: str, amount: int, left: int) -> None:
        state = self.state
        state.realized[symbol] = state.realized.get(symbol, 0) + amount
        profit = state.trips.pop(symbol, 0) + amount
        if left == 0:
            state.totals = state.totals.add_trip(Krw(profit))
            state.trips_done[symbol] = profit
        else:
            state.trips[symbol] = profit

    def _adjusted(self, booked: HoldingBooked) -> None:
        state = self.state
        self._enter(booked)
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
            state.proved = self._proved_then(state.broker)
        state.fills, state.realized, state.trips, state.trips_done = [], {}, {}, {}

    def _proved_then(self, broker: BrokerStateReceived) -> Ledger:
        return proved_shares.adopt(self.state.proved, kst_date(broker.venue_time).isoformat())
