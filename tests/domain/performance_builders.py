"""Movements of money and shares, trades and dates, for the tests of performance."""

from datetime import date, timedelta

from domain.messages.holdings import AdjustmentBooked, FillRevised, HoldingBooked
from domain.messages.trading import FillBooked
from domain.performance.model import ClosedTrade, DayLine, EquityPoint
from domain.types import ClientOrderId, Krw, Side, UnixNanos

SYMBOL = "005930"
DAY = date(2026, 1, 12)  # a Monday


def a_fill(side: Side, quantity: int, notional: int, costs: int = 0, at: int = 1, order: str = "o") -> FillBooked:
    what = (ClientOrderId(order), "t", SYMBOL, side, quantity, Krw(notional // quantity), Krw(notional), Krw(costs))
    return FillBooked(*what, Krw(0), Krw(0), 0, Krw(0), Krw(0), UnixNanos(at))


def a_revision(side: Side, quantity: int, notional: int, costs: int = 0, order: str = "o") -> FillRevised:
    what = (order, "V1", "t", SYMBOL, side, quantity, Krw(notional), Krw(costs), Krw(0), Krw(0))
    return FillRevised(*what, Krw(0), Krw(0), UnixNanos(6))


def an_action(before: int, after: int, received: int = 0, at: int = 1) -> HoldingBooked:
    money = (Krw(0), Krw(received), Krw(0), Krw(received), Krw(0), Krw(0))
    return HoldingBooked(SYMBOL, "SPLIT", "", before, after, *money, UnixNanos(at))


def an_adjustment(before: int, after: int, cost_basis: int, cash: int = 0, at: int = 1) -> AdjustmentBooked:
    money = (Krw(cost_basis), Krw(0), Krw(cash))
    return AdjustmentBooked("c", "kim", SYMBOL, before, after, *money, "found", UnixNanos(at))


def a_trade(realized: int, costs: int = 0, opened_at: int = 0, **words: str) -> ClosedTrade:
    """Give a trade that bought for 1,000,000 won."""
    paid, at = Krw(1_000_000), UnixNanos(opened_at)
    money = (1, paid, Krw(paid + realized + costs), Krw(costs), Krw(realized))
    told = {"symbol": SYMBOL, "strategy": "trend", "exit_reason": "stop: low", **words}
    return ClosedTrade(
        told["symbol"], told["strategy"], at, UnixNanos(at + 1), *money, "up", told["exit_reason"], by_hand=False
    )


def a_day(start: int, end: int, flow: int = 0, day: int = 0, turnover: int = 0, costs: int = 0) -> DayLine:
    money = (Krw(start), Krw(end), Krw(flow), Krw(0), Krw(0), Krw(costs), Krw(0), Krw(turnover))
    return DayLine(DAY + timedelta(days=day), *money, 0, 0, 0, 0, 0, 0)


def points(*values: int | tuple[int, int]) -> list[EquityPoint]:
    """Give points one nanosecond apart: equity, or equity and what came just before it."""
    pairs = [value if isinstance(value, tuple) else (value, 0) for value in values]
    return [EquityPoint(UnixNanos(at), Krw(equity), Krw(flow)) for at, (equity, flow) in enumerate(pairs)]
