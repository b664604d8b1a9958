"""How a stop goes on: what each step waits for, and for how long. The steps are those of `fsm/stop.py`. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from domain.config import ExecutionConfig
from domain.messages.holdings import AdjustmentBooked, HoldingBooked
from domain.messages.link import BrokerStateReceived
from domain.messages.operator import StopRequested
from domain.messages.risk import HoldingsLeft, Unsold
from domain.messages.trading import AccountOpened, FillBooked, StopChanged
from domain.types import NANOS_PER_SECOND, UnixNanos
from fsm import client_order
from fsm.client_order import State as Order
from fsm.stop import SELLING, State

STOP_PATIENCE_NS = 15 * NANOS_PER_SECOND  # system time open orders get to be confirmed closed
NEVER_SOLD = "never sold by settings"
_NANOS_PER_MS = 1_000_000
# No cancel is to be asked for: one is on its way, or nothing may be sent before the order's fate is known.
ASKED = frozenset({Order.PENDING_CANCEL, Order.QUARANTINED, *client_order.UNKNOWN})
_BEFORE_SALE = (State.RUNNING, State.BLOCKING, State.CANCELLING, State.CONFIRMING)

Move = tuple[str, str]  # trigger and reason


@dataclass(slots=True)
class Stop:
    """Where the stop of this run stands, and what the account holds."""

    state: State = State.RUNNING
    stepwise: bool = False  # its steps are told; runs of older versions told only that it was ready
    tells: bool = False  # settings: the stops of this run are stepwise
    patience_ns: int = 0  # settings: system time a flatten gets
    flatten: bool = False  # a person wants everything sold, and nothing has called that off
    called_off: str = ""  # why it was
    cancelling_since: UnixNanos = UnixNanos(0)  # system time
    selling_since: UnixNanos = UnixNanos(0)  # system time
    offered: dict[str, int] = field(default_factory=dict)  # holdings the broker told last, shares
    held: dict[str, int] = field(default_factory=dict)  # own books, shares; none is 0
    never_sell: tuple[str, ...] = ()  # settings: symbols that no sale touches
    tells_unsold: bool = False  # settings: what a sale leaves is not waited for, and told at the end
    is_sale_asked: bool = False  # a person wanted everything sold, whatever came of it
    left: dict[str, Unsold] = field(default_factory=dict)  # what the sale does not touch, as risk told it

    # ---- the fold ----------------------------------------------------------------------------------------------

    @property
    def to_sell(self) -> int:
        """Give the number of holdings that a flatten sells."""
        return sum(quantity > self._stays(symbol, quantity) for symbol, quantity in self.held.items())

    @property
    def left_alone(self) -> list[str]:
        """Give the holdings that settings never sell, by symbol."""
        return sorted(symbol for symbol in self.held if symbol in self.never_sell)

    def begin_run(self, settings: ExecutionConfig, never_sell: tuple[str, ...] = ()) -> None:
        """Forget the stop of an earlier run; holdings stay."""
        self.never_sell, self.tells_unsold = never_sell, settings.stop_tells_unsold
        self.is_sale_asked, self.left = False, {}
        self.state, self.stepwise, self.flatten, self.called_off = State.RUNNING, False, False, ""
        self.tells, self.patience_ns = settings.stop_steps, settings.flatten_patience_ms * _NANOS_PER_MS

    def fold(self, message: Any, now: UnixNanos) -> None:
        """Take one message in; `now` is system time."""
        match message:
            case StopRequested(flatten=flatten):
                self._asked(flatten, now)
            case StopChanged(to_state=to_state):
                self._moved(State(to_state), now)
            case HoldingsLeft(holdings=holdings):
                self.left = {item.symbol: item for item in holdings}
            case BrokerStateReceived(positions=positions):
                self.offered = {item.symbol: item.quantity for item in positions if item.quantity}
            case AccountOpened():
                self.held = dict(self.offered)
            case FillBooked() | HoldingBooked() | AdjustmentBooked():
                self.held.pop(message.symbol, None)
                if message.position_qty and message.symbol:
                    self.held[message.symbol] = message.position_qty

    def _asked(self, flatten: bool, now: UnixNanos) -> None:
        if self.state is State.RUNNING:
            self.cancelling_since = now
        self.stepwise = self.stepwise or self.tells or flatten
        if flatten and self.state in _BEFORE_SALE:
            self.flatten, self.called_off, self.is_sale_asked = True, "", True

    def _moved(self, to_state: State, now: UnixNanos) -> None:
        if self.state in SELLING and to_state is State.CANCELLING:
            self.flatten, self.cancelling_since = False, now
        if to_state is State.FLATTENING:
            self.selling_since, self.left = now, {}
        self.state = to_state

    def call_off(self, reason: str) -> None:
        """Note that nothing is to be sold any more."""
        if self.flatten:
            self.flatten, self.called_off = False, f"the sale is called off: {reason}"

    # ---- what comes next ---------------------------------------------------------------------------------------

    def due(self, now: int, orders: Mapping[str, str], is_blocked: bool, is_closed: bool, no_sale: str) -> Move | None:
        """Give the next move, None while the step waits.

        `orders` are those open with their states, `no_sale` says why nothing can be sold (empty: it can). A day that is
        closed has given up already on what is open.
        """
        is_late = is_closed or abs(now - self.cancelling_since) >= STOP_PATIENCE_NS  # whichever way the clock was moved
        match self.state:
            case State.BLOCKING if is_blocked:
                return "block", "no entry and no exit passes the gate"
            case State.CANCELLING:
                return self._cancelled(is_late, orders)
            case State.CONFIRMING:
                return self._confirmed(is_late, orders, no_sale)
            case State.FLATTENING | State.CONFIRMING_FLAT:
                return self._sold(now, orders)
            case State.STOPPING if is_closed:
                return "end", "the day is closed"
        return None

    def _cancelled(self, is_late: bool, orders: Mapping[str, str]) -> Move | None:
        unasked = [name for name, status in orders.items() if status not in ASKED]
        if not unasked:
            return "cancel", f"{_count(len(orders), 'cancel')} asked for" if orders else "nothing is open"
        if is_late:
            return "cancel", f"{_count(len(unasked), 'order')} could not be cancelled in time"
        return None

    def _confirmed(self, is_late: bool, orders: Mapping[str, str], no_sale: str) -> Move | None:
        if orders and not is_late:
            return None
        reasons = [f"{_count(len(orders), 'order')} not confirmed closed" if orders else "nothing is open"]
        if self.flatten and self.to_sell:
            holdings = _count(self.to_sell, "holding")
            if not no_sale:
                return "flatten", f"{reasons[0]}; {holdings} to sell"
            reasons.append(f"{holdings} not sold: {no_sale}")
        reasons += [self.called_off] if self.called_off else []
        return "give_up" if orders else "confirm", "; ".join(reasons)

    def _sold(self, now: int, orders: Mapping[str, str]) -> Move | None:
        if self.called_off:
            return "call_off", self.called_off
        rest = self.tells_unsold and len(self.held) - self.to_sell
        if self.state is State.FLATTENING and (orders or not self.to_sell):
            none = f"none of {_count(rest, 'holding')} may be sold" if rest else "nothing is held any more"
            return "sell", f"{_count(self.to_sell, 'holding')} to sell" if orders else none
        if self.state is State.CONFIRMING_FLAT and not orders and not self.to_sell:
            return "confirm", f"{_count(rest, 'holding')} not to be sold left" if rest else "everything is sold"
        if abs(now - self.selling_since) < self.patience_ns:
            return None
        left = f"{_count(self.to_sell, 'holding')} and {_count(len(orders), 'open order')}"
        return "call_off", f"{self._too_late}: {left} left"

    # ---- what is left ------------------------------------------------------------------------------------------

    def unsold(self, no_sale: str) -> tuple[Unsold, ...]:
        """Give the shares that are held although all was to be sold, by symbol; `no_sale` as for `due`."""
        if not (self.tells_unsold and self.is_sale_asked):
            return ()
        failed = self.called_off or (no_sale if self.flatten else self._too_late)
        found = []
        for symbol, quantity in sorted(self.held.items()):
            stays = self._stays(symbol, quantity)
            why = self.left[symbol].reason if symbol in self.left else NEVER_SOLD
            found += [Unsold(symbol, stays, why)] if stays else []
            found += [Unsold(symbol, quantity - stays, failed)] if quantity > stays else []
        return tuple(found)

    def _stays(self, symbol: str, quantity: int) -> int:
        """Give the shares of a holding that no sale touches."""
        if symbol in self.never_sell:
            return quantity
        return min(self.left[symbol].quantity, quantity) if symbol in self.left else 0

    @property
    def _too_late(self) -> str:
        return f"not sold within {self.patience_ns / NANOS_PER_SECOND:g} s"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
