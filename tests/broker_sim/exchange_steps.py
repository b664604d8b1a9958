"""What tests of the exchange say often: orders of every kind, and what came of them."""

from dataclasses import replace
from datetime import date
from typing import Any

from broker_sim.exchange import Exchange
from domain.config import SimConfig
from domain.messages.orders import OrderFact, OrderFilled, SubmitOrder
from domain.quotes import Quote, QuoteKind
from domain.types import Krw, OrderKind, Side, UnixNanos
from tests.broker_sim.builders import CASH, a_quote, a_submit, an_instrument, at

AFTER_MARKET_DAY = date(2026, 9, 15)  # the second day of the KRX after-market


def kinds(facts: list[OrderFact]) -> list[str]:
    return [type(fact).__name__ for fact in facts]


def fills(facts: list[OrderFact]) -> list[tuple[int, int, int]]:
    return [(fact.last_qty, fact.last_px, fact.leaves_qty) for fact in facts if isinstance(fact, OrderFilled)]


def an_order(
    kind: OrderKind,
    quantity: int = 10,
    price: int | None = None,
    side: Side = Side.BUY,
    name: str = "c1",
    **changes: Any,
) -> SubmitOrder:
    """Give an order of any kind; `price` is its limit."""
    if (stop := changes.get("stop_price")) is not None:
        changes["stop_price"] = Krw(stop)
    limit = None if price is None else Krw(price)
    return replace(a_submit(quantity, 10_000, side, name), kind=kind, limit_price=limit, **changes)


def a_venue(when: int | None = None, cash: int = CASH, rows: list[Quote] | None = None, **config: Any) -> Exchange:
    """Give an exchange with one issue and no assumption but those named; its clock stands where the rows end."""
    quiet = {"latency_ms": 0, "latency_jitter_ms": 0, "depth_levels": 1, "interruptions": False}
    exchange = Exchange(cash, 150, config=SimConfig(**(quiet | config)))
    exchange.set_instruments([an_instrument(), an_instrument("000660", 500_000)])
    if when is not None:
        exchange.advance(UnixNanos(when))
    assert exchange.on_quotes(rows or []) == []
    return exchange


def a_book(when: int, bid: int = 9_990, ask: int = 10_000, **changes: Any) -> Quote:
    """Give a row that only displays."""
    fields: dict[str, Any] = {"bid_price": bid, "ask_price": ask, "last_qty": 0, "kind": int(QuoteKind.BOOK)}
    return a_quote(10_000, when, **(fields | changes))


def a_cross(price: int, when: int, quantity: int = 50, **changes: Any) -> Quote:
    """Give the print of a call auction."""
    return a_quote(price, when, kind=int(QuoteKind.AUCTION_TRADE), last_qty=quantity, **changes)


def a_holder(shares: int, when: int, rows: list[Quote] | None = None, **config: Any) -> Exchange:
    """Give an exchange whose account holds shares bought at 10,000 on the day before."""
    yesterday = at(10, 0) - 86_400 * 10**9
    exchange = a_venue(cash=10 * CASH, rows=[a_quote(when=yesterday, ask_qty=shares)], **config)
    exchange.place(a_submit(shares, name="held"))
    exchange.advance(UnixNanos(yesterday + 10**9))  # what is under way has arrived
    exchange.advance(UnixNanos(when))
    exchange.on_quotes(rows or [])
    assert exchange.sellable(a_quote().symbol) == shares
    return exchange
