"""The rules every order has to pass, whatever the settings: value, limit and distance in words when one denies.

Getting out is never made hard: rules of money, confidence and order count hold for entries and buys only. Only the
operator's flatten skips rules, and it does so in one place: the risk manager. The tables are in `table.py`.
"""

from typing import Final

from domain.instruments import Instrument
from domain.krx.ticks import is_on_tick, tick_size
from domain.order_terms import in_words
from domain.risk.picture import Picture, Proposal
from domain.risk.rule import BUY, NANOS_PER_MS, Scope, percent
from domain.time import kst_date, kst_text
from domain.types import PPM, Gate, OrderKind, Purpose

_OPEN: Final = Gate.OPEN  # as in `rule.py`: reading them off their Enum takes longer than what is asked
_STOP_LIMIT: Final = OrderKind.STOP_LIMIT

# ---- rules that do not look at the quantity ------------------------------------------------------------------


def gate(proposal: Proposal, picture: Picture) -> str | None:
    """Let entries pass an open gate while trading, exits also one that is open for exits."""
    if picture.gate is _OPEN and picture.day == "TRADING" and not picture.flattening:
        return None  # whatever is proposed
    is_entry = Scope.ENTRIES.covers(proposal)
    purpose = Purpose.ENTRY if is_entry else Purpose.EXIT
    if not picture.gate.passes(purpose):
        return f"gate is {picture.gate.value}, {purpose.value} needs {'OPEN' if is_entry else 'OPEN or EXITS_ONLY'}"
    if is_entry and picture.day != "TRADING":
        return f"day is {picture.day}, ENTRY needs TRADING"
    if not is_entry or not picture.flattening:
        return None
    return f"{proposal.symbol} is being sold out by {picture.sold_out_by}"


def connection(_: Proposal, picture: Picture) -> str | None:
    """Need both links READY."""
    if picture.orders_link == picture.quotes_link == "READY":
        return None
    for name, state in (("orders", picture.orders_link), ("quotes", picture.quotes_link)):
        if state != "READY":
            return f"{name} link is {state}, needs READY"
    return None


def daily_loss(_: Proposal, picture: Picture) -> str | None:
    """Deny entries while the day's loss is at the limit or beyond; lifting the halt lets only exits pass."""
    if not picture.loss_limit_hit:
        return None
    limit = percent(picture.config.daily_loss_ppm)
    if picture.config.account.is_on:
        return f"the day's loss is at its limit of {limit} (in won: `hantrade status`); only exits pass while it is"
    return f"the day's loss reached the limit of {limit}; only exits pass today"


def instrument(proposal: Proposal, picture: Picture) -> str | None:
    """Need a known, tradable instrument."""
    if picture.instrument is None:
        return f"{proposal.symbol!r} is not an instrument of this broker"
    return None if picture.instrument.tradable else f"{proposal.symbol} is not tradable today"


def symbol_halted(_: Proposal, picture: Picture) -> str | None:
    """Deny every order in an instrument whose books differ: nobody knows what is held or open of it."""
    return picture.halted or None


def tick(proposal: Proposal, picture: Picture) -> str | None:
    """Need a price on the tick for kinds that carry one, and none for the others."""
    price = proposal.limit_price
    if not proposal.kind.has_limit_price:
        return None if price is None else f"a {in_words(proposal.kind)} order has no limit price, was {price:,} KRW"
    if price is None or price <= 0:
        return f"a {in_words(proposal.kind)} order needs a price > 0 KRW, was {price!r}"
    return _off_tick(price, proposal, picture.instrument)


def price_limit(proposal: Proposal, picture: Picture) -> str | None:
    """Keep a limit price within the daily limits, where they are known."""
    return None if proposal.limit_price is None else _outside(proposal.limit_price, picture.instrument)


def stop_price(proposal: Proposal, picture: Picture) -> str | None:
    """Need a stop price for a stop-limit order: on the tick, within the daily limits, and not reached yet.

    One that is reached already would wake at once, which is a limit order by another name or a slip of the sign.
    """
    stop, mark, is_buy = proposal.stop_price, picture.mark, proposal.side is BUY
    if proposal.kind is not _STOP_LIMIT:
        return None if stop is None else f"a {in_words(proposal.kind)} order has no stop price, was {stop:,} KRW"
    if stop is None or stop <= 0:
        return f"a stop limit order needs a stop price > 0 KRW, was {stop!r}"
    problem = _off_tick(stop, proposal, picture.instrument) or _outside(stop, picture.instrument)
    if problem is not None:
        return f"stop price: {problem}"
    if not mark or (stop - mark) * proposal.side.sign > 0:
        return None
    wanted = "above" if is_buy else "below"
    return (
        f"a {proposal.side.value} stop must be {wanted} the mark {mark:,} KRW, was {stop:,} KRW: it would wake at once"
    )


def data_age(proposal: Proposal, picture: Picture) -> str | None:
    """Need a quote of the instrument that is not too old, in venue time."""
    if picture.quoted_at is None or not picture.mark:
        return f"no trade of {proposal.symbol} seen in this run"
    age, limit = proposal.venue_time - picture.quoted_at, picture.config.max_data_age_ms
    if age <= limit * NANOS_PER_MS:
        return None
    age_ms = -(-age // NANOS_PER_MS)
    return f"last quote is {age_ms:,} ms old, {age_ms - limit:,} ms over the limit of {limit:,} ms"


def data_quality(_: Proposal, picture: Picture) -> str | None:
    """Need quotes of the instrument that no rule doubts and no other source contradicts."""
    return picture.doubt or None


def collar(proposal: Proposal, picture: Picture) -> str | None:
    """Keep a limit price near the mark."""
    price, mark, limit = proposal.limit_price, picture.mark, picture.config.price_collar_ppm
    if price is None or not mark or abs(price - mark) * PPM <= limit * mark:
        return None
    away = percent(abs(price - mark) * PPM // mark)
    allowed = limit * mark // PPM
    over = abs(price - mark) - allowed
    return f"{price:,} KRW is {away} from the mark {mark:,} KRW, {over:,} KRW over the {percent(limit)} allowed"


def confidence(proposal: Proposal, picture: Picture) -> str | None:
    """Need a signal to be sure enough."""
    value, floor = proposal.confidence_ppm, picture.config.min_confidence_ppm
    if value is None or value >= floor:
        return None
    return f"confidence {percent(value)} is {percent(floor - value)} below the floor of {percent(floor)}"


def open_orders(_: Proposal, picture: Picture) -> str | None:
    """Keep the number of open orders bounded."""
    count, limit = picture.open_orders, picture.config.max_open_orders
    return None if count < limit else f"{count} orders are open, {count + 1 - limit} too many for the limit of {limit}"


def duplicate(proposal: Proposal, picture: Picture) -> str | None:
    """Deny a repeated buy or order by hand within the window, and a sell of what open sells already sell."""
    is_sale = proposal.side is not BUY
    if is_sale and picture.selling and max(1, proposal.quantity) > picture.sellable:
        return f"open sells bind {picture.selling:,} of {picture.held:,} shares: another would oversell"
    if picture.last_same_at is None or (is_sale and not proposal.by_hand):
        return None
    since, window = proposal.venue_time - picture.last_same_at, picture.config.duplicate_window_ms
    if not 0 <= since < window * NANOS_PER_MS:
        return None
    since_ms = since // NANOS_PER_MS
    what = f"{proposal.side.value} {proposal.symbol}"
    return f"{what} was approved {since_ms:,} ms ago, {window - since_ms:,} ms inside the window of {window:,} ms"


# ---- rules that do -------------------------------------------------------------------------------------------


def quantity(proposal: Proposal, _: Picture) -> str | None:
    """Need at least one share."""
    return None if proposal.quantity > 0 else f"quantity expected > 0 shares, was {proposal.quantity}"


def twin(proposal: Proposal, picture: Picture) -> str | None:
    """Deny what may be on the market already: the same order, its fate unknown."""
    if not picture.unresolved:
        return None
    wanted = (proposal.side, proposal.quantity, proposal.kind, proposal.limit_price, proposal.stop_price)
    for hold in picture.unresolved:
        if hold.is_like(*wanted):
            return f"order {hold.client_order_id} is the same and {hold.status}: resolve it first"
    return None


def unresolved_twin(proposal: Proposal, picture: Picture) -> str | None:
    """Deny what may be on the market already: an order of these shares and price nobody knows the fate of."""
    if not picture.unresolved or not picture.config.tell_unresolved_twins:
        return None  # logs before 0.4.0 tell it as TWIN
    wanted = (proposal.side, proposal.quantity, proposal.limit_price)
    for hold in picture.unresolved:
        if hold.status == "UNKNOWN_SUBMIT" and (hold.side, hold.quantity, hold.limit_price) == wanted:
            when = f" since {kst_text(hold.since)}" if hold.since else ""
            price = "without a price" if hold.limit_price is None else f"at {hold.limit_price:,} KRW"
            what = f"{hold.side.value} {hold.quantity:,} {hold.symbol} {price}"
            return f"order {hold.client_order_id}, {what}, is {hold.status}{when}: it may be on the market"
    return None


def sellable(proposal: Proposal, picture: Picture) -> str | None:
    """Sell only what is held and not bound by open sells."""
    over = proposal.quantity - picture.sellable
    if over <= 0:
        return None
    return f"{proposal.quantity:,} shares are {over:,} more than the {picture.sellable:,} that can be sold"


def _off_tick(price: int, proposal: Proposal, known: Instrument | None) -> str | None:
    on = kst_date(proposal.venue_time)
    if known is None or is_on_tick(price, known.market, on):
        return None
    size = tick_size(price, known.market, on)
    return f"{price:,} KRW is {price % size:,} KRW off the tick of {size:,} KRW"


def _outside(price: int, known: Instrument | None) -> str | None:
    if known is None:
        return None
    if known.lower_limit is not None and price < known.lower_limit:
        return f"{price:,} KRW is {known.lower_limit - price:,} KRW below the lower limit {known.lower_limit:,} KRW"
    if known.upper_limit is not None and price > known.upper_limit:
        return f"{price:,} KRW is {price - known.upper_limit:,} KRW above the upper limit {known.upper_limit:,} KRW"
    return None
