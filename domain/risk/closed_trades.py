"""Closed trades of the trading date: how many in a row lost, when the last one did, when a position was closed.

A trade goes from flat to flat: what all sells of the position realised together decides. A detail of an execution that
comes later (FillRevised) changes the position it belongs to, or the trade closed last in its instrument: the streak and
the time of the last loss are then counted anew. What was approved before stays approved.
"""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from domain.messages.holdings import AdjustmentBooked, FillRevised, HoldingBooked
from domain.messages.operator import CommandAnswered
from domain.messages.risk import LimitsUnlocked
from domain.messages.trading import FillBooked


class Closed(NamedTuple):
    """One closed trade."""

    symbol: str
    profit: int  # won, costs of both sides included; 0 is neither won nor lost
    at: int  # venue time


@dataclass(slots=True)
class ClosedTrades:
    """What rules of conduct need of past trades."""

    open: dict[str, int] = field(default_factory=dict)  # symbol -> won realised since its position was opened
    today: list[Closed] = field(default_factory=list)  # of the trading date, in order
    counted_from: int = 0  # of these: a person lifted the streak of those before
    closed_at: dict[str, int] = field(default_factory=dict)  # symbol -> venue time its position was closed last
    losing_streak: int = 0
    last_loss_at: int = 0  # 0: none on the trading date

    def fold(self, message: Any, at: int) -> None:
        """Take one message in; `at` is its venue time, by the clock of the quotes."""
        match message:
            case FillBooked(symbol=symbol, realized_pnl=realized, position_qty=left):
                self.open[symbol] = self.open.get(symbol, 0) + realized
                if not left:
                    self._close(symbol, at)
            case HoldingBooked(symbol=symbol, quantity_before=before, position_qty=0, realized_pnl=realized) if before:
                self.open[symbol] = self.open.get(symbol, 0) + realized
                self._close(symbol, at)
            case AdjustmentBooked(symbol=symbol, position_qty=0):
                self.open.pop(symbol, None)  # a person closed it: no trade
            case FillRevised(symbol=symbol, realized_pnl=realized) if realized:
                self._revise(symbol, realized)
            case LimitsUnlocked() | CommandAnswered():  # a person's resume was accepted
                self.counted_from = len(self.today)
                self._count()

    def open_account(self, held: set[str]) -> None:
        """Begin a new trading date; positions that are held no more ended without a trade of ours."""
        self.open = {symbol: won for symbol, won in self.open.items() if symbol in held}
        self.today, self.counted_from = [], 0
        self._count()

    def _close(self, symbol: str, at: int) -> None:
        self.today.append(Closed(symbol, self.open.pop(symbol), at))
        self.closed_at[symbol] = at
        self._count()

    def _revise(self, symbol: str, realized: int) -> None:
        if symbol in self.open:
            self.open[symbol] += realized
            return
        last = next((i for i in reversed(range(len(self.today))) if self.today[i].symbol == symbol), None)
        if last is not None:
            trade = self.today[last]
            self.today[last] = trade._replace(profit=trade.profit + realized)
            self._count()

    def _count(self) -> None:
        self.losing_streak = 0
        for trade in reversed(self.today[self.counted_from :]):
            if trade.profit >= 0:
                break
            self.losing_streak += 1
        self.last_loss_at = next((trade.at for trade in reversed(self.today) if trade.profit < 0), 0)
