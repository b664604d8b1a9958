"""At which kind of order something is sold out: what the venue takes now, the market where it can be."""

from typing import TYPE_CHECKING, NamedTuple

from domain.krx.order_kinds import allowed_at
from domain.krx.order_phases import INTERRUPTED
from domain.risk.stops import is_locked
from domain.time import kst_date
from domain.types import Krw, Market, OrderKind, TimeInForce, Venue

if TYPE_CHECKING:
    from domain.risk.state import RiskState


class SaleTerms(NamedTuple):
    """How to sell."""

    kind: OrderKind
    limit_price: Krw | None = None  # of a limit order


AT_MARKET = SaleTerms(OrderKind.MARKET)
AT_THE_BID = SaleTerms(OrderKind.BEST_LIMIT)


def is_sale_of(symbol: str, order_id: str) -> bool:
    """Tell by its id whether an order sells an instrument out: other orders end with a sequence, these with it."""
    head, _, tail = order_id.rpartition("-")
    _, dash, seq = head.rpartition("-")
    return tail == symbol and bool(dash) and seq.isdigit()


def sale_terms(state: "RiskState", symbol: str) -> SaleTerms | None:
    """Give how an instrument can be sold now; None while the venue takes no order that would do.

    At the lower limit without a bid it is a limit order there: it waits in the queue, where a market order may be sent
    back. In the after-market, which takes no market orders, it is one at the best bid.
    Source: `domain.krx.order_kinds`.
    """
    known = state.instruments.get(symbol)
    terms = AT_MARKET
    if state.watches_sales and known is not None:
        if not known.tradable:
            return None
        if is_locked(state.quotes.get(symbol), known):
            terms = SaleTerms(OrderKind.LIMIT, known.lower_limit)
    day = state.conduct.day
    if day is None:
        return terms  # the phases of the day are not looked at
    if state.stops.market_halted:
        return None
    now = state.clock
    phases = day.at(now, Venue.KRX)
    if symbol in state.stops.interrupted:
        phases = tuple(INTERRUPTED.get(phase, phase) for phase in phases)
    market = known.market if known is not None else Market.KOSPI
    for one in (terms, AT_THE_BID):
        if allowed_at(one.kind, TimeInForce.DAY, Venue.KRX, phases, kst_date(now), market=market) is None:
            return one
    return None
