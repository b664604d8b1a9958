"""Holdings that changed without a trade."""

from typing import ClassVar

from domain.messages.base import Message, message
from domain.types import Krw, UnixNanos


@message
class HoldingBooked(Message):
    """One corporate action in the books, to the won."""

    STREAM: ClassVar[str] = "portfolio/{symbol}"
    symbol: str
    action: str  # SPLIT, CASH_DIVIDEND
    note: str  # in words, e.g. `5 for 1`
    quantity_before: int  # of our books
    position_qty: int  # after it
    cost_basis: Krw  # after it
    received: Krw  # by the account, tax taken off
    tax: Krw  # withheld
    income: Krw  # of `received`; not a result of trading
    realized_pnl: Krw  # where it left no share: what came less what the shares had cost; else 0
    cash: Krw  # after it
    venue_time: UnixNanos
