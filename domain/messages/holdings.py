"""Holdings that changed without a trade."""

from typing import ClassVar

from domain.messages.base import Message, message
from domain.types import Krw, Side, UnixNanos


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


@message
class AdjustmentBooked(Message):
    """A person's adjustment in the books."""

    STREAM: ClassVar[str] = "portfolio/{symbol}"
    command_id: str
    caller: str
    symbol: str  # empty when only cash changed
    quantity_before: int
    position_qty: int  # after it
    cost_basis: Krw  # after it
    cash_before: Krw
    cash: Krw  # after it
    note: str
    venue_time: UnixNanos
    kind: str = ""  # deposit, withdrawal, dividend, fee, correction; empty in logs before 0.7.0: a correction


@message
class FlowBooked(Message):
    """Money or shares that came to the account, or left it, between two trading dates without an order of ours.

    Found when a date's account is opened: the broker's books against ours, both at the same marks. It is no result of
    trading: returns are told free of it, and limits on losses move with it.
    """

    STREAM: ClassVar[str] = "portfolio"
    trading_date: str  # YYYY-MM-DD, KST, of the account opened
    amount: Krw  # cash and shares at mark together; negative left
    cash: Krw  # of it in cash
    text: str  # what differed, in words
    venue_time: UnixNanos


@message
class FillRevised(Message):
    """The detail of shares that were booked from the broker's sums: what it changes, shares never.

    The sums had no price per execution; the money of the detail replaces their share of it. A trade id that begins with
    `inferred:` is no detail: sums prove shares that are in the books already, because the trading date began with the
    broker's own books. Nothing changes then, and nothing will when their details come.
    """

    STREAM: ClassVar[str] = "portfolio/{symbol}"
    client_order_id: str
    venue_order_id: str
    trade_id: str  # of the detail; `inferred:<order number>:<shares>` for sums of shares that are there already
    symbol: str
    side: Side
    quantity: int  # shares of it that were booked before
    notional: Krw  # added to what was booked (or taken)
    commission: Krw  # added (or taken)
    tax: Krw  # added (or taken)
    realized_pnl: Krw  # added (or taken)
    cost_basis: Krw  # after it
    cash: Krw  # after it
    venue_time: UnixNanos
