"""What risk knows, as a fold of messages. The only place where it changes."""

from dataclasses import dataclass
from typing import Any

from domain.flows import is_split
from domain.messages.holdings import AdjustmentBooked, FillRevised, HoldingBooked
from domain.messages.link import (
    BrokerStateReceived,
    ConnectionChanged,
    ExternalOrderSeen,
    InstrumentsReceived,
    SourcesCompared,
    SymbolHalted,
    SymbolReleased,
)
from domain.messages.market import QuotesJudged
from domain.messages.operator import CommandAnswered, FlattenRequested, HaltRequested, ManualOrderRequested
from domain.messages.orders import OrderStateChanged
from domain.messages.risk import HoldingsLeft, LimitsUnlocked, StopTriggered
from domain.messages.run import RunStarted
from domain.messages.trading import (
    AccountOpened,
    DayChanged,
    EquityMarked,
    FillBooked,
    GateChanged,
    LossLimitHit,
    ModifyApproved,
    OrderApproved,
    OrderDenied,
    SignalFormed,
    StopChanged,
)
from domain.proved_shares import leg_of
from domain.quality import confirmed
from domain.risk.account_watch import moved_by
from domain.risk.doubts import QuoteDoubts
from domain.risk.holds import Hold
from domain.risk.rule import BUY
from domain.risk.selling_out import SellingOut
from domain.risk.sizing import cost
from domain.time import kst_date
from domain.types import Krw, Purpose, Side, UnixNanos

_OF_AN_ORDER = frozenset({SignalFormed, ManualOrderRequested, OrderApproved, OrderStateChanged, CommandAnswered})


@dataclass(slots=True)
class RiskState(SellingOut):
    """All that risk keeps, and how it changes."""

    def fold(self, message: Any, now: UnixNanos) -> None:
        """Take one message in; `now` is system time."""
        kind = type(message)
        if kind in _OF_AN_ORDER:  # the way of every order: parts to which these say nothing are left out
            if kind is ManualOrderRequested:
                self.watch.fold(message, now)  # a sign of life
            elif kind is not SignalFormed:
                self._fold_own(message)
            self.conduct.fold(message, now, self.venue_time)
            return
        is_quotes = kind is QuotesJudged  # the hot path, likewise
        self.watch.fold(message, now)  # first: whether a loss limit is armed is asked of it
        if not is_quotes:
            self.exposure_facts.fold(message)  # before what is held is put together
        self._fold_own(message)
        self.stops.fold(message)
        if not is_quotes:
            self.conduct.fold(message, now, self.venue_time)
            if isinstance(message, FillBooked | HoldingBooked | AdjustmentBooked):
                self._prune_flattening()  # which shares are ours is known now

    def _fold_own(self, message: Any) -> None:
        match message:
            case QuotesJudged(rows=rows, verdicts=verdicts):
                self._price(confirmed(rows, verdicts))
                if rows:
                    self._clock(rows[-1].venue_time)
                self.doubts.fold(message)
            case OrderApproved() | OrderStateChanged() | FillBooked():
                self._fold_order(message)
                self._prune_flattening()
            case EquityMarked(equity=equity):
                self.equity = equity
                if not self.loss_locked and not self.is_over_loss_limit:
                    self.loss_armed = True
            case OrderDenied():
                self._denied(message)
            case CommandAnswered(command_id=command_id) if command_id and command_id != self.conduct.resume_asked:
                self.answers[command_id] = message
            case FlattenRequested():
                self._flatten(message)
            case StopChanged():
                self._stopping(message)
            case StopTriggered():
                self._stop_reached(message)
            case HoldingsLeft(holdings=holdings):
                self.told_left = holdings
            case _:
                self._fold_surroundings(message)

    def _fold_surroundings(self, message: Any) -> None:
        match message:
            case RunStarted(config=config):
                # Links and quotes of an earlier run prove nothing about this one. What equity is marked at stays.
                self.earlier_marks |= {symbol: quote.price for symbol, quote in self.quotes.items() if quote.price > 0}
                self.config, self.links, self.quotes = config, {}, {}
                self.doubts = QuoteDoubts(config.quality)
                self._end_stop_sale()
                self._weigh_all()
            case SourcesCompared(contradicted=contradicted):
                self.doubts.contradicted = contradicted
            case InstrumentsReceived(instruments=instruments):
                self.instruments.update({item.symbol: item for item in instruments})
                self._weigh_all()
            case ConnectionChanged(link=link, to_state=to_state):
                self.links[link] = to_state
            case DayChanged(to_state=to_state, trigger=trigger):
                self.day = to_state
                if trigger == "unlock" or to_state == "TRADING":
                    self.loss_locked = False  # a hit limit locks the day too; only a person leads it back to TRADING
                if trigger == "resume":
                    self._resumed()
                if trigger != "halt":
                    self._end_limit_sale()
            case GateChanged(level=level):
                self.gate = level
            case LossLimitHit(limit=limit):
                self._limit_hit(limit)
            case LimitsUnlocked() | HaltRequested():
                self._end_limit_sale()  # another sale may open the gate later: that lets out none of these
            case HoldingBooked():
                self._adjusted(message)
            case AdjustmentBooked(symbol=symbol):
                self.watch.money_moved(moved_by(message, self._mark_of(symbol), self.costs.get(symbol, 0)))
                self._hold_shares(message)
                self._prune_flattening()
            case FillRevised():
                self._revised(message)
            case ExternalOrderSeen() | SymbolHalted() | SymbolReleased():
                self._fold_books(message)
            case BrokerStateReceived(positions=positions, venue_time=at):
                self.offered = {item.symbol: (item.quantity, item.cost_basis) for item in positions if item.quantity}
                if not self.config.orders_have_own_clock:  # how old a quote is, is a question to the quotes' clock
                    self._clock(at)
            case AccountOpened():
                self._open_account(message)
            case ModifyApproved(client_order_id=order_id, reserved_krw=reserved):
                hold = self.holds.get(order_id)
                if hold is not None and reserved > hold.reserved:  # bound from the moment the change may be sent
                    self._keep(hold.repriced(hold.limit_price, reserved))

    def _mark_of(self, symbol: str) -> int | None:
        """Give the price (won) the books mark an instrument at, also before its first quote of a run; None: at cost."""
        quote = self.quotes.get(symbol)
        return quote.price if quote is not None and quote.price > 0 else self.earlier_marks.get(symbol)

    def _fold_books(self, message: ExternalOrderSeen | SymbolHalted | SymbolReleased) -> None:
        match message:
            case ExternalOrderSeen(symbol=symbol):
                self.externals.put(message)
                self._weigh(symbol)
            case SymbolHalted(symbol=symbol, reason=reason):
                since = self.halted[symbol][1] if symbol in self.halted else self.venue_time
                self.halted[symbol] = (reason, since)
            case SymbolReleased(symbol=symbol):
                self.halted.pop(symbol, None)

    def _clock(self, at: int) -> None:
        # A recorded source may begin an earlier day than the last one: its clock then rules.
        if at > self.venue_time or kst_date(at) != kst_date(self.venue_time):
            self.venue_time = at

    def _open_account(self, opened: AccountOpened) -> None:
        self.trading_date, self.cash = opened.trading_date, opened.cash
        self.equity = self.start_equity = opened.start_equity
        if self.config.tell_flows:
            self._take_splits()
        self.positions = {symbol: quantity for symbol, (quantity, _) in self.offered.items()}
        self.costs = {symbol: cost_basis for symbol, (_, cost_basis) in self.offered.items()}
        unbooked = [(hold.symbol, hold.side.sign * max(0, hold.filled - hold.booked)) for hold in self.holds.values()]
        self.conduct.open_account(self.positions, unbooked)
        # The broker's cash and holdings include every fill told so far.
        for hold in list(self.holds.values()):
            self.holds.put(hold.with_booked(hold.filled - hold.booked))
        self._weigh_all()
        self.exposure_facts.restart(self.exposures.values)
        self.loss_locked, self.loss_armed = False, True
        self.approved_at, self.flattening, self.answers, self.denials, self.denied_exits = {}, {}, {}, [], {}
        self.stops.end_episodes(())

    def _take_splits(self) -> None:
        """Keep what was ours of a holding that was split overnight although nobody told; its old price goes."""
        for symbol, (quantity, cost_basis) in self.offered.items():
            before = self.positions.get(symbol, 0)
            if is_split(before, self.costs.get(symbol, 0), quantity, cost_basis):
                self.conduct.holdings.split(symbol, before, quantity)
                self.quotes.pop(symbol, None)

    def _fold_order(self, message: OrderApproved | OrderStateChanged | FillBooked) -> None:
        order_id = message.client_order_id
        hold = self.holds.get(order_id)
        match message:
            case OrderApproved():
                hold = self._approved(message)
            case OrderStateChanged():
                hold = self._moved(hold, message)
            case FillBooked():
                self._hold_shares(message)
                hold = hold.with_booked(message.last_qty) if hold is not None else None
        if hold is not None:
            self._keep(hold)

    def _keep(self, hold: Hold) -> None:
        self.holds.put(hold)
        if hold.side is BUY:  # what is sold counts until it is gone
            self._weigh(hold.symbol)

    def _revised(self, revised: FillRevised) -> None:
        self.cash = revised.cash
        if revised.symbol in self.positions:
            self.costs[revised.symbol] = revised.cost_basis
            self._weigh(revised.symbol)
        hold = self.holds.get(revised.client_order_id)
        if hold is not None and leg_of(revised.trade_id):  # proved late, and in the books the date began with
            self._keep(hold.with_booked(revised.quantity))

    def _hold_shares(self, booked: FillBooked | HoldingBooked | AdjustmentBooked) -> None:
        self.cash = booked.cash
        self.positions.pop(booked.symbol, None)
        self.costs.pop(booked.symbol, None)
        if booked.position_qty:
            self.positions[booked.symbol] = booked.position_qty
            self.costs[booked.symbol] = booked.cost_basis
        self._weigh(booked.symbol)

    def _adjusted(self, booked: HoldingBooked) -> None:
        self._hold_shares(booked)
        self._prune_flattening()
        quote = self.quotes.get(booked.symbol)
        if booked.action == "SPLIT":
            self.earlier_marks.pop(booked.symbol, None)
        if booked.action == "SPLIT" and quote is not None and kst_date(quote.venue_time) < kst_date(booked.venue_time):
            del self.quotes[booked.symbol]  # a price of the old shares says nothing about the new ones
            self._weigh(booked.symbol)

    def _approved(self, order: OrderApproved) -> Hold:
        self.approved_at[order.symbol, order.side] = order.venue_time
        self._attempted(order)
        return Hold(
            order.client_order_id,
            order.symbol,
            order.side,
            order.quantity,
            order.limit_price,
            order.reserved_krw,
            "NEW",
            order.quantity,
            kind=order.kind,
            stop_price=order.stop_price,
        )

    def _moved(self, hold: Hold | None, change: OrderStateChanged) -> Hold | None:
        if hold is None:
            if change.to_status == "DENIED":
                return None  # never placed: it binds nothing, and its price may be any number
            # Closed and settled long ago, or placed elsewhere: the latter binds cash and shares like our own.
            hold = self._foreign(change)
            return hold.moved(change.to_status, change.filled_qty, change.leaves_qty, self.venue_time)
        if hold.limit_price != change.limit_price and change.limit_price is not None:
            # Never less than before: a partial change leaves shares at the old price under the same order.
            hold = hold.repriced(change.limit_price, max(hold.reserved, self._reserve(change)))
        return hold.moved(change.to_status, change.filled_qty, change.leaves_qty, self.venue_time)

    def _foreign(self, change: OrderStateChanged) -> Hold:
        return Hold(
            client_order_id=change.client_order_id,
            symbol=change.symbol,
            side=change.side,
            quantity=max(1, change.quantity),
            limit_price=change.limit_price,
            reserved=self._reserve(change),
            status=change.to_status,
            leaves=change.leaves_qty,
            booked=change.filled_qty,
        )

    def _reserve(self, change: OrderStateChanged) -> Krw:
        quote = self.quotes.get(change.symbol)
        price = change.limit_price or (quote.price if quote is not None else 0)
        return cost(change.quantity, price, self.config.costs.commission_ppm) if change.side is Side.BUY else Krw(0)

    def _denied(self, denial: OrderDenied) -> None:
        self.denials.append(denial)
        if denial.purpose is Purpose.EXIT and denial.reason == "DUPLICATE":
            self.denied_exits[denial.symbol] = self.open_sells(denial.symbol)
