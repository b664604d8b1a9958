"""Selling out what a person or a stop wants gone: when, how much and at which kind of order.

Sales skip every rule about prices and freshness. They wait for what must be: a link that is READY, a gate that lets
exits pass, nothing open of the instrument, books that agree, a kind of order that the venue takes now.
"""

from collections.abc import Iterable

from actors.roles.verdicts import approved
from domain.messages import Message, Stamp
from domain.messages.operator import CommandAnswered, FlattenRequested
from domain.messages.risk import HoldingsLeft
from domain.messages.trading import OrderApproved
from domain.risk import Proposal, RiskState
from domain.risk.flattening import RETRY_NS
from domain.risk.sale_terms import is_sale_of, sale_terms
from domain.types import ClientOrderId, Krw, LinkName, Purpose, Side, UnixNanos


def sales(state: RiskState, stamp: Stamp, symbols: Iterable[str] | None = None) -> list[Message]:
    """Sell what is being sold out (None: all of it) and waits for nothing, in the order in which it was asked for."""
    if not state.flattening or state.links.get(LinkName.ORDERS) != "READY" or not state.gate.passes(Purpose.EXIT):
        return []
    wanted = state.flattening if symbols is None else symbols
    waiting = [symbol for symbol in wanted if symbol not in state.holds.by_symbol]
    found = [_sale(state, stamp, symbol) for symbol in waiting]
    return [sale for sale in found if sale is not None]


def put_off(state: RiskState, stamp: Stamp) -> list[Message]:
    """Sell what waited for the venue: no message but the next quote or tick says that it takes orders again."""
    if not state.flattening or not state.watches_sales:
        return []
    return sales(state, stamp)


def _sale(state: RiskState, stamp: Stamp, symbol: str) -> OrderApproved | None:
    flatten = state.flattening.get(symbol)
    if flatten is None or flatten.attempts <= 0 or symbol in state.halted:
        return None
    if state.watches_sales and flatten.tried_at and 0 <= state.clock - flatten.tried_at < RETRY_NS:
        return None
    quantity = state.ours_of(symbol)
    terms = sale_terms(state, symbol) if quantity > 0 else None
    if terms is None:
        return None
    order_id = ClientOrderId(f"{stamp.log_id}-{stamp.seq}-{symbol}")
    at = UnixNanos(state.venue_time)
    proposal = Proposal(symbol, Side.SELL, terms.kind, Purpose.EXIT, quantity, terms.limit_price, None, at)
    arrival, reason = state.arrival_price(symbol), flatten.note or "flatten"
    return approved(order_id, proposal, Krw(0), flatten.origin, reason, arrival_price=arrival)


def left_by_stop(state: RiskState) -> list[Message]:
    """Tell what the sale of a stop does not touch, where that is not what was told last."""
    if state.told_left is None:
        return []
    left = state.unsold_by_stop()
    return [HoldingsLeft(left, UnixNanos(state.venue_time))] if left != state.told_left else []


def flatten(state: RiskState, asked: FlattenRequested, stamp: Stamp) -> list[Message]:
    """Sell out what a person wants gone, and say what is sold now, what later and what never."""
    earlier = state.answers.get(asked.command_id)
    if earlier is not None:
        return [earlier]
    if asked.symbol and asked.symbol not in state.instruments and asked.symbol not in state.positions:
        text = f"{asked.symbol!r} is not an instrument of this broker"
        return [CommandAnswered(asked.command_id, False, "INSTRUMENT", text, "")]
    symbols = state.flatten_symbols(asked.symbol)
    held = [symbol for symbol in symbols if state.positions.get(symbol, 0) > 0]
    left = {symbol: why for symbol in held if (why := state.left_alone(symbol))}
    made = _made(state, symbols)
    cancels = sum(hold.is_open and hold.symbol in symbols for hold in state.holds.values()) - len(made)
    exits = len(held) - len(left)
    orders = sales(state, stamp)
    text = f"cancelling {cancels} orders, selling {exits} holdings"
    halted = [symbol for symbol in held if symbol in state.halted and symbol not in left]
    waiting = exits - len(orders) - len(made) - len(halted)
    if waiting > 0:
        text += f", {waiting} of them once nothing of it is open and the gate lets exits pass"
    if halted:
        text += f"; not {', '.join(halted)} until books agree"
    text += "".join(f"; not {symbol}: {why}" for symbol, why in left.items())
    text += _partly(state, [symbol for symbol in held if symbol not in left])
    return [*orders, CommandAnswered(asked.command_id, True, "", text, "", cancels=cancels, exits=exits)]


def _made(state: RiskState, symbols: Iterable[str]) -> list[str]:
    """Give what is sold already: the day may have opened the gate to sales before this is answered."""
    if not state.watches_sales:
        return []  # answers of runs before 0.7.0 counted them among what is cancelled
    return [name for name in symbols if any(is_sale_of(name, hold.client_order_id) for hold in state.holds.of(name))]


def _partly(state: RiskState, symbols: Iterable[str]) -> str:
    """Say of which holdings only a part is sold, because the rest is not ours."""
    parts = [(symbol, state.conduct.ours(symbol), state.positions[symbol]) for symbol in symbols]
    return "".join(
        f"; of {symbol} only {ours:,} of {held:,} shares: the rest is not ours"
        for symbol, ours, held in parts
        if ours is not None and ours < held
    )
