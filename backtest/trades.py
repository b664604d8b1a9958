"""Round trips and the figures of a log: profit after costs, win rate, drawdown.

A day's books begin with what the broker tells of holdings, and brokers leave what it cost to get in out of the cost. So
money is booked once more here, over all days, where it balances to the won:

    equity at the end == equity at the begin + realised + income of corporate actions + adjusted by hand + not realised
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import NamedTuple

from backtest.history import History, Movement, OrderStory
from domain.adjustments import book_adjustment
from domain.hand_adjustments import after
from domain.messages.holdings import AdjustmentBooked, FillRevised
from domain.messages.trading import FillBooked
from domain.portfolio import Books
from domain.time import kst_date
from domain.types import PPM, Krw, Side


@dataclass(slots=True)
class Trade:
    """One position from its first buy to its last sell; money is KRW, times are UTC ns."""

    symbol: str
    opened_at: int
    closed_at: int = 0  # of the newest fill
    bought: int = 0  # shares
    sold: int = 0
    paid: int = 0  # notional of the buys
    received: int = 0  # notional of the sells
    costs: int = 0  # commission and tax
    realized: int = 0  # costs of both sides included
    income: int = 0  # dividends, cash for fractions of a share
    is_closed: bool = False  # flat again
    entries: dict[str, None] = field(default_factory=dict)  # order ids
    exits: dict[str, None] = field(default_factory=dict)


class Entry(NamedTuple):
    """One movement of money and shares, booked over all days; won."""

    moved: Movement
    realized: int
    income: int
    left: int  # shares held after it
    adjusted: int = 0  # by a person: cash and cost added


def rebooked(movements: Iterable[Movement], cash: Krw) -> Iterator[Entry]:
    """Book movements once more from an account that holds only cash (won), oldest first."""
    books = Books(cash)
    for moved in movements:
        symbol = moved.symbol
        if isinstance(moved, FillBooked):
            size = (moved.last_qty, moved.notional, moved.commission, moved.tax)
            booking = books.book_sum(symbol, moved.side, *size)
            books = books.with_position(symbol, booking.position, booking.cash)
            yield Entry(moved, booking.realized_pnl, 0, booking.position.quantity)
        elif isinstance(moved, FillRevised):
            booking = books.revise(symbol, moved.side, moved.quantity, moved.notional, moved.commission, moved.tax)
            books = books.with_position(symbol, booking.position, booking.cash)
            yield Entry(moved, booking.realized_pnl, 0, booking.position.quantity)
        elif isinstance(moved, AdjustmentBooked):
            money = moved.cash - moved.cash_before
            cost = moved.cost_basis - books.position(symbol).cost_basis if symbol else 0
            books = after(replace(moved, cash=Krw(books.cash + money)), books)
            yield Entry(moved, 0, 0, moved.position_qty, money + cost)
        else:
            change = moved.position_qty - moved.quantity_before
            adjusted = book_adjustment(books.position(symbol), books.cash, change, moved.received)
            books = books.with_position(symbol, adjusted.position, adjusted.cash)
            yield Entry(moved, adjusted.realized_pnl, adjusted.income, adjusted.position.quantity)


def trades_of(entries: Iterable[Entry]) -> list[Trade]:
    """Group movements (oldest first, of any number of days) into trades, in the order in which they were opened."""
    done: list[Trade] = []
    running: dict[str, Trade] = {}
    last: dict[str, Trade] = {}
    for fill, realized, income, left, _ in entries:
        if isinstance(fill, FillRevised):
            _revise(last.get(fill.symbol), fill, realized)
            continue
        trade = running.get(fill.symbol)
        if trade is None and not left and isinstance(fill, AdjustmentBooked):
            continue  # of cash alone
        if trade is None:
            trade = running[fill.symbol] = Trade(fill.symbol, fill.venue_time)
            done.append(trade)
        last[fill.symbol] = trade
        trade.closed_at = fill.venue_time
        trade.realized += realized
        trade.income += income
        if not left:
            trade.is_closed = True
            del running[fill.symbol]
        if not isinstance(fill, FillBooked):
            continue
        trade.costs += fill.commission + fill.tax
        if fill.side is Side.BUY:
            trade.bought += fill.last_qty
            trade.paid += fill.notional
            trade.entries[fill.client_order_id] = None
        else:
            trade.sold += fill.last_qty
            trade.received += fill.notional
            trade.exits[fill.client_order_id] = None
    return done


def _revise(trade: Trade | None, revised: FillRevised, realized: int) -> None:
    """Put other money into the position that runs or was closed last."""
    if trade is None:
        return  # of shares that were there before the first trade: nothing changed
    trade.realized += realized
    trade.costs += revised.commission + revised.tax
    if revised.side is Side.BUY:
        trade.paid += revised.notional
    else:
        trade.received += revised.notional


def reasons(order_ids: Iterable[str], orders: Mapping[str, OrderStory]) -> str:
    """Give the rationale of these orders, each once."""
    found = (orders[i].approved.rationale for i in order_ids if i in orders)
    return "; ".join(dict.fromkeys(text for text in found if text))


def max_drawdown(equity: Sequence[tuple[int, Krw]]) -> tuple[Krw, int]:
    """Give the deepest fall of equity from a peak before it: won, and ppm of that peak; each the largest there was.

    `equity` is in order of time, across days. A peak of 0 or less has no ppm.
    """
    peak = deepest = deepest_ppm = 0
    for index, (_, value) in enumerate(equity):
        peak = value if index == 0 else max(peak, value)
        deepest = max(deepest, peak - value)
        if peak > 0:
            deepest_ppm = max(deepest_ppm, (peak - value) * PPM // peak)
    return Krw(deepest), deepest_ppm


@dataclass(frozen=True, slots=True)
class DayFigures:
    """One trading date."""

    day: date
    orders: int
    fills: int
    realized: Krw  # costs included
    costs: Krw
    start_equity: Krw
    end_equity: Krw


def by_day(history: History, entries: Sequence[Entry]) -> list[DayFigures]:
    """Give the figures of every trading date whose account was opened, in order."""
    figures = []
    for opened in history.opened:
        day = date.fromisoformat(opened.trading_date)
        booked = [fill for fill in history.booked if kst_date(fill.venue_time) == day]
        revised = [item for item in history.revised if kst_date(item.venue_time) == day]
        marks = [value for when, value in history.equity if kst_date(when) == day]
        figures.append(
            DayFigures(
                day=day,
                orders=sum(1 for story in history.orders.values() if story.day == day),
                fills=len(booked),
                realized=Krw(sum(item.realized for item in entries if kst_date(item.moved.venue_time) == day)),
                costs=Krw(
                    sum(fill.commission + fill.tax for fill in booked)
                    + sum(change.commission + change.tax for change in revised)
                ),
                start_equity=opened.start_equity,
                end_equity=marks[-1] if marks else opened.start_equity,
            )
        )
    return figures


@dataclass(frozen=True, slots=True)
class Figures:
    """All days together; money is KRW."""

    trades: list[Trade]
    days: list[DayFigures]
    closed: int  # trades that are flat again
    wins: int  # of them with a profit after costs
    realized: int
    income: int  # of corporate actions
    adjusted: int  # by a person: cash and cost added
    commission: int
    tax: int
    start_equity: int
    end_equity: int
    drawdown: int
    drawdown_ppm: int
    cash: int
    held: dict[str, int]  # shares at the end

    @property
    def unrealized(self) -> int:
        """Give what is neither realised nor income nor adjusted: holdings at mark less all they cost."""
        return self.end_equity - self.start_equity - self.realized - self.income - self.adjusted

    @property
    def win_rate_ppm(self) -> int | None:
        """Give the share of closed trades with a profit; None when there is none."""
        return self.wins * PPM // self.closed if self.closed else None


def figures_of(history: History) -> Figures:
    """Add up a log."""
    booked, first_cash = history.booked, history.opened[0].cash if history.opened else Krw(0)
    entries = list(rebooked(history.movements, first_cash))
    trades = trades_of(entries)
    closed = [trade for trade in trades if trade.is_closed]
    start = history.opened[0].start_equity if history.opened else Krw(0)
    drawdown, drawdown_ppm = max_drawdown(history.equity)
    held = {item.moved.symbol: item.left for item in entries}
    return Figures(
        trades=trades,
        days=by_day(history, entries),
        closed=len(closed),
        wins=sum(trade.realized > 0 for trade in closed),
        realized=sum(item.realized for item in entries),
        income=sum(item.income for item in entries),
        adjusted=sum(item.adjusted for item in entries),
        commission=sum(fill.commission for fill in booked) + sum(item.commission for item in history.revised),
        tax=sum(fill.tax for fill in booked) + sum(item.tax for item in history.revised),
        start_equity=start,
        end_equity=history.equity[-1][1] if history.equity else start,
        drawdown=drawdown,
        drawdown_ppm=drawdown_ppm,
        cash=history.movements[-1].cash if history.movements else first_cash,
        held={symbol: shares for symbol, shares in held.items() if shares},
    )
