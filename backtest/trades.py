"""The figures of a log: days, profit after costs, win rate, drawdown. Round trips: `domain/performance/trades.py`."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from backtest.history import History, OrderStory
from domain.performance.drawdown import max_drawdown
from domain.performance.trades import Entry, Trade, each_once, rebooked, trades_of
from domain.time import kst_date
from domain.types import PPM, Krw


def reasons(order_ids: Iterable[str], orders: Mapping[str, OrderStory]) -> str:
    """Give the rationale of these orders, each once."""
    return each_once(orders[i].approved.rationale for i in order_ids if i in orders)


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
