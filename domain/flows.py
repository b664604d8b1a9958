"""What came to an account or left it between two dates without an order of ours, at the marks of that moment."""

from domain.messages.holdings import FlowBooked
from domain.portfolio import Books, Prices, market_value
from domain.types import Krw, UnixNanos

MOST_NAMED = 5  # instruments in the text


def flow_between(
    ours: Books, opening: Books, marks: Prices, trading_date: str, venue_time: UnixNanos
) -> FlowBooked | None:
    """Compare our books with those a date opens with; None when nothing came or left.

    Shares count at mark, one without a mark at the cost basis its books tell. What our books got wrong (a fee we
    reckoned otherwise, a fill nobody told) is in it too: which it was, the broker's statement says.
    """
    cash = opening.cash - ours.cash
    shares, parts = 0, []
    for symbol in sorted({*ours.positions, *opening.positions}):
        before, after = ours.position(symbol), opening.position(symbol)
        if before.quantity == after.quantity:
            continue
        mark = marks.get(symbol)
        shares += market_value(after, mark) - market_value(before, mark)
        parts.append(f"{symbol} {after.quantity:,} shares, expected {before.quantity:,}")
    if not cash and not parts:
        return None
    if cash:
        parts.insert(0, f"cash {opening.cash:,} KRW, expected {ours.cash:,} KRW")
    more = f" and {len(parts) - MOST_NAMED} more" if len(parts) > MOST_NAMED else ""
    text = "; ".join(parts[:MOST_NAMED]) + more
    return FlowBooked(trading_date, Krw(cash + shares), Krw(cash), text, venue_time)
