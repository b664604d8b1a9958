"""What came to an account or left it between two dates without an order of ours, at the marks of that moment."""

from collections.abc import Iterable, Iterator

from domain.messages.holdings import FlowBooked
from domain.messages.link import BrokerPosition
from domain.portfolio import Books, Prices, market_value
from domain.types import Krw, UnixNanos

MOST_NAMED = 5  # instruments in the text


def untold_splits(ours: Books, offered: Iterable[BrokerPosition]) -> Iterator[tuple[str, int, int]]:
    """Give holdings that were split overnight although no broker told of it: symbol, shares before and after.

    Shares changed and what they cost did not, to the won a share: a split, a consolidation or shares for free. Whoever
    buys pays, whoever sells takes cost away. Kiwoom tells of no corporate action; that it keeps the purchase amount
    (매입금액) over one is unconfirmed. Without this, yesterday's price would value today's shares.
    """
    for item in offered:
        before = ours.position(item.symbol)
        if is_split(before.quantity, before.cost_basis, item.quantity, item.cost_basis):
            yield item.symbol, before.quantity, item.quantity


def is_split(quantity_before: int, cost_before: int, quantity: int, cost: int) -> bool:
    """Tell whether a holding was split: other shares at the same cost (won, to the won a share)."""
    if quantity_before <= 0 or quantity <= 0 or quantity_before == quantity:
        return False
    return abs(cost_before - cost) <= min(quantity_before, quantity)


def after_splits(ours: Books, offered: Iterable[BrokerPosition]) -> Books:
    """Give our books with the shares that untold splits left; cost stays."""
    for symbol, _, after in untold_splits(ours, offered):
        held = ours.position(symbol)
        ours = ours.with_position(symbol, held._replace(quantity=after), ours.cash)
    return ours


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
