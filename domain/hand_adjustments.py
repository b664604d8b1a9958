"""What a person may adjust in our books, and what it does to them. Pure; it never makes an order.

An adjustment is no result of trading and no income: cash, shares and their cost change as the person says, and equity
of the trading date with them. The broker's own books replace ours on the next trading date.
"""

from domain.krx.codes import ALLOWED, is_code
from domain.messages.holdings import AdjustmentBooked
from domain.messages.operator import AdjustmentRequested
from domain.portfolio import FLAT, Books, Position
from domain.types import Krw, UnixNanos

KINDS = ("deposit", "withdrawal", "dividend", "fee", "correction")
WRONG_SIGN = {"deposit": -1, "dividend": -1, "withdrawal": 1, "fee": 1}  # of cash
MOVES = ("deposit", "withdrawal")  # no result of trading: returns and limits on losses leave them out


def refusal(asked: AdjustmentRequested, books: Books, is_open: bool) -> tuple[str, str] | None:
    """Say why an adjustment is refused, as code and words; None when it is not."""
    if not is_open:
        return "ACCOUNT", "no account is open yet; `hantrade status` shows the connection"
    if not asked.note.strip():
        return "NOTE_NEEDED", "an adjustment expects a note that explains the difference"
    if asked.kind and asked.kind not in KINDS:
        return "KIND", f"kind expected one of {', '.join(KINDS)}, was {asked.kind!r}"
    if asked.kind in WRONG_SIGN and asked.cash * WRONG_SIGN[asked.kind] > 0:
        return "CASH", f"a {asked.kind} expected {_sign_words(asked.kind)} won of cash, was {asked.cash:+,}"
    if not (asked.quantity or asked.cost or asked.cash):
        return "NO_CHANGE", "nothing to adjust: shares, cost and cash are all 0"
    if not asked.symbol and (asked.quantity or asked.cost):
        return "SYMBOL", f"shares {asked.quantity:,} and cost {asked.cost:,} expect a symbol, {ALLOWED}"
    if asked.symbol and not is_code(asked.symbol):
        return "SYMBOL", f"symbol expected {ALLOWED}, was {asked.symbol!r}"
    held = books.position(asked.symbol)
    quantity, cost = held.quantity + asked.quantity, held.cost_basis + asked.cost
    if quantity < 0:
        return "QUANTITY", f"shares after it expected >= 0, was {quantity:,}: {held.quantity:,} and {asked.quantity:+,}"
    if cost < 0 or (cost and not quantity):
        allowed = ">= 0" if quantity else "0 when no share is left"
        return (
            "COST",
            f"cost basis after it expected {allowed}, was {cost:,} KRW: {held.cost_basis:,} and {asked.cost:+,}",
        )
    return None


def adjustment_booked(asked: AdjustmentRequested, books: Books, venue_time: UnixNanos) -> AdjustmentBooked:
    """Give what an adjustment that is not refused does to books."""
    held = books.position(asked.symbol) if asked.symbol else FLAT
    return AdjustmentBooked(
        command_id=asked.command_id,
        caller=asked.caller,
        symbol=asked.symbol,
        quantity_before=held.quantity,
        position_qty=held.quantity + asked.quantity,
        cost_basis=Krw(held.cost_basis + asked.cost),
        cash_before=books.cash,
        cash=Krw(books.cash + asked.cash),
        note=asked.note,
        venue_time=venue_time,
        kind=asked.kind,
    )


def _sign_words(kind: str) -> str:
    return "more than 0" if WRONG_SIGN[kind] < 0 else "less than 0"


def after(booked: AdjustmentBooked, books: Books) -> Books:
    """Give the books after it. What was paid to get in stays with shares that stay."""
    if not booked.symbol:
        return Books(booked.cash, books.positions)
    paid = books.position(booked.symbol).cost_commission
    return books.with_position(booked.symbol, Position(booked.position_qty, booked.cost_basis, paid), booked.cash)
