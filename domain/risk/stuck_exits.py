"""Sales that do not get done: what keeps them, and what a person can do. Each is told once, not at every quote."""

from typing import TYPE_CHECKING

from domain.messages.risk import ExitStuck
from domain.risk.holds import Hold
from domain.risk.stops import is_locked
from domain.time import kst_text
from domain.types import NANOS_PER_SECOND, LinkName, Purpose, Side, UnixNanos

if TYPE_CHECKING:
    from domain.risk.flattening import Flatten
    from domain.risk.state import RiskState

LIMIT_LOCK, NOT_FILLED, ATTEMPTS, HALTED = "LIMIT_LOCK", "NOT_FILLED", "ATTEMPTS", "HALTED"
Finding = tuple[str, str]  # reason, and why and what to do in words


def stuck_exits(state: "RiskState") -> list[ExitStuck]:
    """Say which sales do not get done and were not told so yet.

    One reason is told of each until the sale is done; only that nothing is tried any more may come after another.
    """
    found = []
    for symbol, flatten in state.flattening.items():
        told = [reason for reason, _ in state.stops.stuck.get(symbol, ())]
        if ATTEMPTS in told or state.ours_of(symbol) == 0:
            continue
        finding = _finding(state, symbol, flatten)
        if finding is None or (told and finding[0] != ATTEMPTS):
            continue
        left, since = state.ours_of(symbol), UnixNanos(flatten.since)
        why = flatten.note or "flatten"
        text = f"{left:,} shares of {symbol} are not sold since {kst_text(since)} ({why}): {finding[1]}"
        found.append(ExitStuck(symbol, finding[0], text, left, since, UnixNanos(state.clock)))
    return found


def _finding(state: "RiskState", symbol: str, flatten: "Flatten") -> Finding | None:
    orders = list(state.holds.of(symbol))
    if flatten.attempts <= 0 and not orders:
        again = f"`hantrade flatten {symbol}` tries again, `hantrade orders submit` sells at a price"
        return ATTEMPTS, f"the venue sent every sale back, none is tried any more; {again}"
    stands_still = _stands_still(state, symbol, flatten)
    if stands_still:
        return HALTED, stands_still
    quote, known = state.quotes.get(symbol), state.instruments.get(symbol)
    if is_locked(quote, known) and quote is not None:
        wait = "it waits in the queue and is not sent again" if orders else "one sale will wait in the queue"
        leave = "it trades when somebody buys, or ends with the day; `hantrade orders cancel` takes it out"
        return LIMIT_LOCK, f"nobody buys at the lower limit {quote.price:,} KRW; {wait}; {leave}"
    waited = state.clock - flatten.since
    if not orders or waited <= _patience(state):
        return None
    return NOT_FILLED, _waits_for(orders, waited // NANOS_PER_SECOND, flatten.attempts)


def _stands_still(state: "RiskState", symbol: str, flatten: "Flatten") -> str:
    """Say what stops the instrument, or us; empty when nothing does.

    That the way to the broker is shut is not told of what a person flattens: the answer said that it waits.
    """
    if symbol in state.halted:
        return f"{state.halt_reason(symbol)}; it is sold once they agree: `hantrade reconcile`"
    known = state.instruments.get(symbol)
    if known is not None and not known.tradable:
        return "it is not tradable today; it is sold once it is, the broker knows when"
    since = state.stops.interrupted.get(symbol)
    if since is not None and state.clock - since > _patience(state):
        return f"a volatility interruption since {kst_text(since)}; it trades in the auction that ends it"
    if state.stops.market_halted:
        return "a circuit breaker stopped the market; it is sold once trading goes on"
    if not flatten.rule and not flatten.by_limit:
        return ""
    link = state.links.get(LinkName.ORDERS, "DISCONNECTED")
    if link != "READY":
        return (
            f"the orders link is {link}; what rests at the venue goes on there, nothing new is sent until it is READY"
        )
    if state.gate.passes(Purpose.EXIT):
        return ""
    gate = f"the gate is {state.gate.value} and the day {state.day}"
    if state.day not in ("TRADING", "PAUSED", "HALTED"):
        return f"{gate}: its stop is judged anew on the next trading date"
    return f"{gate}; `hantrade resume` or `hantrade flatten {symbol}` lets it out"


def _waits_for(orders: list[Hold], seconds: int, attempts: int) -> str:
    unknown = [hold for hold in orders if hold.is_unresolved]
    if unknown:
        order = unknown[0]
        return f"order {order.client_order_id} is {order.status}; nothing is sent before it is resolved"
    order = next((hold for hold in orders if hold.side is Side.SELL), orders[0])
    still = f"after {seconds:,} s order {order.client_order_id} is {order.status} with {order.remaining:,} shares open"
    then = "it is tried again" if attempts > 0 else "it is yours to sell: no attempt is left"
    return f"{still}; `hantrade orders cancel {order.client_order_id}`, then {then}"


def _patience(state: "RiskState") -> int:
    return state.config.risk.escalate_s * NANOS_PER_SECOND
