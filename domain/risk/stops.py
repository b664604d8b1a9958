"""Where the stops of a position lie, which of them a price reaches, and by how much. Exact won per share; pure.

A level is the last price that reaches its stop: so whole won decide, and what a person reads is what decides.
"""

from typing import NamedTuple

from domain.instruments import Instrument
from domain.krx.brakes import INTERRUPTION_NS
from domain.quotes import Quote, QuoteKind
from domain.risk.rule import percent
from domain.risk_config import StopTerms
from domain.time import kst_full_text
from domain.types import NANOS_PER_SECOND, PPM, Krw, UnixNanos

STOP_LOSS, TRAILING, TAKE_PROFIT, TIME = "stop_loss", "trailing", "take_profit", "time"
NO_TERMS = StopTerms()
_BOOK, _AUCTION = int(QuoteKind.BOOK), int(QuoteKind.AUCTION_TRADE)


class Levels(NamedTuple):
    """Prices (KRW) that reach the stops of one position; None where a stop is off, or not known yet."""

    stop: int | None = None  # at or below it
    trailing: int | None = None  # at or below it
    target: int | None = None  # at or above it
    sell_at: int | None = None  # venue time, UTC ns


NO_LEVELS = Levels()


class Reached(NamedTuple):
    """A stop that a price reached."""

    rule: str  # stop_loss, trailing, take_profit, time
    price: Krw  # sellable price that did it
    level: Krw | None  # price of the stop; None for time
    gap: Krw  # won per share by which the price is beyond the level
    at: UnixNanos  # venue time of the quote


def levels(terms: StopTerms, quantity: int, cost_basis: int, began_at: int, peak: int) -> Levels:
    """Give where stops lie for shares (> 0) of a cost (won), begun at a venue time, with a peak price (0: none).

    The price p reaches a stop loss when p * quantity * PPM <= cost * (PPM - ppm), and a target when it is
    >= cost * (PPM + ppm). Shares that cost nothing have neither: no loss or gain can be told of them.
    """
    shares = quantity * PPM
    stop = cost_basis * (PPM - terms.stop_loss_ppm) // shares if terms.stop_loss_ppm and cost_basis > 0 else None
    target = -(-cost_basis * (PPM + terms.take_profit_ppm) // shares) if terms.take_profit_ppm else None
    trailing = peak * (PPM - terms.trailing_ppm) // PPM if terms.trailing_ppm and peak else None
    return Levels(
        stop=stop,
        trailing=trailing,
        target=target if cost_basis > 0 else None,
        sell_at=began_at + terms.hold_s * NANOS_PER_SECOND if terms.hold_s else None,
    )


def reached(at_levels: Levels, price: int, at: int) -> Reached | None:
    """Give the stop that a sellable price reaches at a venue time; of several the first of the order of the levels."""
    stop, trailing, target, sell_at = at_levels
    if stop is not None and price <= stop:
        return Reached(STOP_LOSS, Krw(price), Krw(stop), Krw(stop - price), UnixNanos(at))
    if trailing is not None and price <= trailing:
        return Reached(TRAILING, Krw(price), Krw(trailing), Krw(trailing - price), UnixNanos(at))
    if target is not None and price >= target:
        return Reached(TAKE_PROFIT, Krw(price), Krw(target), Krw(price - target), UnixNanos(at))
    if sell_at is not None and at >= sell_at:
        return Reached(TIME, Krw(price), None, Krw(0), UnixNanos(at))
    return None


def sellable_price(quote: Quote) -> int:
    """Give the price (KRW) shares can be sold at: the bid, or the last trade where there is none; 0 before the first.

    Beside a crossed book it is the trade: with the print of an auction that book is the one before it, elsewhere a
    fault of the feed, and no peak and no target is to come of its bid.
    """
    if 0 < quote.ask_price <= quote.bid_price:
        return quote.price
    return quote.bid_price or quote.price


def is_indicative(quote: Quote) -> bool:
    """Tell whether a row shows what an auction would give, before it has given it: a crossed book, or no trade yet."""
    if quote.kind != _BOOK:
        return False
    return quote.cumulative_volume == 0 or 0 < quote.ask_price <= quote.bid_price


def ends_interruption(quote: Quote, since: int) -> bool:
    """Tell whether a row proves that a volatility interruption begun at a venue time is over, though nobody said so.

    Nothing trades while it lasts, so the print of its auction does, and any trade once its nominal end has passed.
    Trades before that may be late prints. Source: `domain.krx.brakes`.
    """
    if quote.kind == _AUCTION:
        return quote.venue_time > since
    return quote.kind != _BOOK and quote.venue_time >= since + INTERRUPTION_NS


def is_locked(quote: Quote | None, known: Instrument | None) -> bool:
    """Tell whether an instrument stands at its lower limit with nobody who buys."""
    if quote is None or known is None or known.lower_limit is None:
        return False
    return quote.bid_price == 0 and quote.price == known.lower_limit


def why(terms: StopTerms, hit: Reached, quantity: int, cost_basis: int, peak: int, began_at: int) -> str:
    """Say in words why a position is sold: value, limit and how far the price is beyond it."""
    each = cost_basis // quantity
    match hit.rule:
        case "stop_loss":
            bound = f"{percent(terms.stop_loss_ppm)} below cost {each:,} KRW"
        case "trailing":
            bound = f"{percent(terms.trailing_ppm)} below the peak {peak:,} KRW"
        case "take_profit":
            bound = f"{percent(terms.take_profit_ppm)} above cost {each:,} KRW"
        case _:
            since = kst_full_text(began_at)
            return f"time: held since {since}, {terms.hold_s:,} s or longer; sellable at {hit.price:,} KRW"
    beyond = f", {hit.gap:,} KRW beyond it" if hit.gap else ""
    return f"{hit.rule}: {hit.price:,} KRW reached {hit.level:,} KRW{beyond}, {bound}"
