"""Builders of messages about money and risk, and a fold that checks what roles promise."""

import copy
from datetime import date
from typing import Any

from actors.core.role import Role
from domain.config import RunConfig
from domain.instruments import Instrument
from domain.messages import Message, Stamp
from domain.messages.link import BrokerPosition, BrokerStateReceived, ConnectionChanged, InstrumentsReceived
from domain.messages.market import QuotesJudged
from domain.messages.operator import FlattenRequested, ManualOrderRequested
from domain.messages.orders import OrderFilled, OrderStateChanged
from domain.messages.run import RunStarted
from domain.messages.trading import AccountOpened, DayChanged, FillBooked, GateChanged, SignalFormed
from domain.quotes import Quote, QuoteKind
from domain.risk_config import RiskConfig
from domain.time import from_kst
from domain.types import (
    Gate,
    Krw,
    LinkName,
    Market,
    OrderKind,
    Purpose,
    Side,
    Symbol,
    TradeId,
    UnixNanos,
    VenueOrderId,
)

OPEN = from_kst(date(2026, 1, 13), 9, 0)
SAMSUNG, COLON = "005930", "120110"


def at(seconds: float) -> UnixNanos:
    """Give a venue time so many seconds after the open."""
    return UnixNanos(OPEN + int(seconds * 1_000_000_000))


class Desk:
    """One role with numbered messages: checks that decide changes nothing and keeps the log for a second fold."""

    def __init__(self, role: Role) -> None:
        self.role = role
        self.log: list[tuple[Message, Stamp]] = []

    def say(self, message: Message) -> list[Any]:
        """Hand one message over, fold what the role says, give it."""
        stamp = self._number(message)
        self.role.evolve(message, stamp)
        before = state_of(self.role)
        outputs = list(self.role.decide(message, stamp))
        assert state_of(self.role) == before, f"decide changed the state on {message!r}"
        assert all(isinstance(output, self.role.SAYS) for output in outputs)
        for output in outputs:
            self.role.evolve(output, self._number(output))
        return outputs

    def refolded(self) -> Role:
        """Give a fresh role that folded the log."""
        fresh = type(self.role)()
        for message, stamp in self.log:
            fresh.evolve(message, stamp)
        return fresh

    def _number(self, message: Message) -> Stamp:
        stamp = Stamp(len(self.log) + 1, at(len(self.log)), "L")
        self.log.append((message, stamp))
        return stamp


def state_of(role: Role) -> Any:
    """Copy the whole state of a role."""
    kept = {key: value for key, value in vars(role).items() if not key.startswith(("actor_", "_actor"))}
    return copy.deepcopy(kept)


def a_run(**risk: int) -> RunStarted:
    return RunStarted("r1", "0.1.0", RunConfig(mode="paper", risk=RiskConfig(**risk)))


def an_instrument(symbol: str = SAMSUNG, base: int | None = 10_000, tradable: bool = True) -> Instrument:
    low, high = (None, None) if base is None else (Krw(base * 7 // 10), Krw(base * 13 // 10))
    known = None if base is None else Krw(base)
    return Instrument(Symbol(symbol), "삼성전자", Market.KOSPI, known, low, high, tradable)


def instruments(*items: Instrument, unknown: tuple[str, ...] = ()) -> InstrumentsReceived:
    return InstrumentsReceived(items or (an_instrument(), an_instrument(COLON)), unknown)


def a_link(link: LinkName, state: str = "READY", before: str = "RECONCILING") -> ConnectionChanged:
    return ConnectionChanged(link, before, state, "t", "because", at(0))


def a_day(state: str = "TRADING", trigger: str = "open", before: str = "ARMED") -> DayChanged:
    return DayChanged(before, state, trigger, "because", at(0))


def a_gate(level: Gate = Gate.OPEN) -> GateChanged:
    return GateChanged(level, "because")


def prices(seconds: float = 1, **by_symbol: int) -> QuotesJudged:
    """Give one judged batch; keyword names are symbols with a leading s."""
    wanted = by_symbol or {f"s{SAMSUNG}": 10_000, f"s{COLON}": 10_000}
    rows = [
        Quote(name[1:], at(seconds), price, 1, 1, price, price + 10, 10, 10, QuoteKind.TRADE)
        for name, price in wanted.items()
    ]
    return QuotesJudged(1, rows, ())


def broker_state(
    cash: int = 10_000_000, *held: tuple[str, int, int], as_of: int = 0, journal: str = "J", seconds: float = 0
) -> BrokerStateReceived:
    positions = tuple(BrokerPosition(symbol, quantity, Krw(cost)) for symbol, quantity, cost in held)
    return BrokerStateReceived(Krw(cash), positions, (), journal, as_of, at(seconds))


def an_account(cash: int = 10_000_000, equity: int | None = None, day: str = "2026-01-13") -> AccountOpened:
    return AccountOpened(day, Krw(cash), Krw(cash if equity is None else equity), at(0))


def an_execution(
    seq: int, side: Side = Side.BUY, quantity: int = 10, price: int = 10_000, **changes: Any
) -> OrderFilled:
    fields: dict[str, Any] = {
        "journal_id": "J",
        "event_seq": seq,
        "venue_time": at(seq),
        "client_order_id": "L-1",
        "venue_order_id": VenueOrderId("V1"),
        "trade_id": TradeId(f"T{seq}"),
        "symbol": SAMSUNG,
        "side": side,
        "last_qty": quantity,
        "last_px": Krw(price),
        "commission": Krw(quantity * price * 150 // 1_000_000),
        "tax": Krw(quantity * price * 2_000 // 1_000_000 if side is Side.SELL else 0),
        "leaves_qty": 0,
    }
    return OrderFilled(**(fields | changes))


def a_signal(side: Side = Side.BUY, price: int = 10_000, seconds: float = 1, **changes: Any) -> SignalFormed:
    fields: dict[str, Any] = {
        "strategy": "momentum",
        "symbol": SAMSUNG,
        "side": side,
        "purpose": Purpose.ENTRY if side is Side.BUY else Purpose.EXIT,
        "strength": 0.8,
        "confidence": 0.8,
        "horizon_s": 600,
        "reference_price": Krw(price),
        "limit_price": Krw(price),
        "attention": "unknown",
        "inputs": (),
        "rationale": "it rises",
        "venue_time": at(seconds),
    }
    return SignalFormed(**(fields | changes))


def by_hand(
    side: Side = Side.BUY, quantity: int = 10, price: int | None = 10_000, **changes: Any
) -> ManualOrderRequested:
    fields: dict[str, Any] = {
        "command_id": "",
        "caller": "kim",
        "symbol": SAMSUNG,
        "side": side,
        "kind": OrderKind.MARKET if price is None else OrderKind.LIMIT,
        "quantity": quantity,
        "limit_price": None if price is None else Krw(price),
        "note": "by hand",
    }
    return ManualOrderRequested(**(fields | changes))


def flatten(symbol: str = "", command_id: str = "f1") -> FlattenRequested:
    return FlattenRequested(command_id, "kim", symbol, "out")


def order_state(
    order: Any, status: str, filled: int = 0, leaves: int | None = None, **changes: Any
) -> OrderStateChanged:
    fields: dict[str, Any] = {
        "client_order_id": order.client_order_id,
        "symbol": order.symbol,
        "side": order.side,
        "purpose": order.purpose,
        "from_status": "WORKING",
        "to_status": status,
        "trigger": "t",
        "quantity": order.quantity,
        "filled_qty": filled,
        "leaves_qty": order.quantity - filled if leaves is None else leaves,
        "limit_price": order.limit_price,
        "reason": "because",
        "venue_time": at(1),
    }
    return OrderStateChanged(**(fields | changes))


def a_booking(
    order: Any, quantity: int, position: int, cash: int, price: int = 10_000, trade: str = "T1"
) -> FillBooked:
    notional, commission = quantity * price, quantity * price * 150 // 1_000_000
    return FillBooked(
        client_order_id=order.client_order_id,
        trade_id=trade,
        symbol=order.symbol,
        side=order.side,
        last_qty=quantity,
        last_px=Krw(price),
        notional=Krw(notional),
        commission=Krw(commission),
        tax=Krw(0),
        realized_pnl=Krw(0),
        position_qty=position,
        cost_basis=Krw(position * price),
        cash=Krw(cash),
        venue_time=at(1),
    )
