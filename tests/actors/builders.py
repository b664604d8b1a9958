"""A house of roles without threads, the facts of a venue, and other things the tests of core and roles are built of."""

import copy
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, ClassVar

from actors.core.core import to_record
from actors.core.inline import InlineCore
from actors.core.kernel import Kernel
from actors.core.replay import ReplayReport, replay
from actors.core.role import Role
from domain.config import RunConfig
from domain.instruments import Instrument
from domain.messages import Message
from domain.messages.link import (
    BrokerStateReceived,
    ConnectionChanged,
    InstrumentsReceived,
    LinkOpened,
    SessionInfo,
)
from domain.messages.market import QuotesJudged, QuotesReceived
from domain.messages.orders import OrderAccepted, OrderCancelled, OrderFilled, SubmitOrder
from domain.messages.run import ClockTicked, RunStarted
from domain.messages.trading import OrderApproved
from domain.quotes import Quote, QuoteBatch
from domain.time import from_kst
from domain.types import (
    ClientOrderId,
    Gate,
    Krw,
    LinkName,
    Market,
    OrderKind,
    Purpose,
    RequestId,
    ServerKind,
    Side,
    Symbol,
    TradeId,
    UnixNanos,
    VenueOrderId,
    VenuePhase,
)
from persistence.codec import MessageCodec
from tests.persistence.logs import a_codec, quotes_received

DAY = date(2026, 1, 13)
OPEN = from_kst(DAY, 9, 0)
T0 = 1_800_000_000_000_000_000  # system time of the first message
SECOND = 1_000_000_000
SAMSUNG = "005930"


def venue(seconds: float = 0) -> UnixNanos:
    """Give a venue time so many seconds after the open."""
    return UnixNanos(OPEN + int(seconds * SECOND))


class House:
    """Roles on an inline core with a clock that is moved by hand."""

    def __init__(self, *roles: Role, log_id: str = "L") -> None:
        self.now = T0
        self.core = InlineCore(Kernel(roles, log_id), lambda: UnixNanos(self.now))

    def hear(self, *messages: Message) -> list[Message]:
        """Give all that follows from the messages."""
        return [out for message in messages for out in self.core.post(message)]

    def tick(self, seconds: float = 0.5) -> list[Message]:
        """Move the clock and let it tick."""
        self.now += int(seconds * SECOND)
        return self.hear(ClockTicked(UnixNanos(self.now), seconds < 0))

    def said(self, *kinds: type[Message]) -> list[Any]:
        """Give every message of these kinds so far."""
        return [item.message for item in self.core.history if isinstance(item.message, kinds)]

    def folded(self, make: Callable[[], Sequence[Role]]) -> Kernel:
        """Give fresh roles that folded all that happened."""
        kernel = Kernel(make(), self.core.kernel.log_id)
        for item in self.core.history:
            kernel.fold(item.message, item.stamp, item.role)
        return kernel

    def replayed(self, make: Callable[[], Sequence[Role]], codec: MessageCodec | None = None) -> ReplayReport:
        """Replay all that happened."""
        codec = codec or a_codec()
        entries = [(to_record(item, "r", codec), item.message) for item in self.core.history]
        return replay(entries, make, codec, self.core.kernel.log_id)


def state_of(role: Role) -> dict[str, Any]:
    """Give what a role keeps, Pykka's own things left out, copied."""
    skip = vars(Role())
    kept = {key: value for key, value in vars(role).items() if key not in skip}
    return {key: _plain(copy.deepcopy(value)) for key, value in kept.items()}


def _plain(value: Any) -> Any:
    """Give a thing of __slots__ without __eq__ as its fields."""
    slots = getattr(type(value), "__slots__", None)
    if slots and "__eq__" not in vars(type(value)) and not isinstance(value, tuple):
        return {name: getattr(value, name) for name in slots}
    return value


def only(kind: type[Any], messages: Sequence[Message]) -> list[Any]:
    return [message for message in messages if isinstance(message, kind)]


# ---- a run and its links ---------------------------------------------------------------------------------------


def a_run(**changes: Any) -> RunStarted:
    fields: dict[str, Any] = {"mode": "paper", "symbols": (SAMSUNG,)}
    return RunStarted("r1", "0.1.0", RunConfig(**(fields | changes)))


def a_session(seconds: float = -600, **changes: Any) -> SessionInfo:
    fields: dict[str, Any] = {
        "server_kind": ServerKind.SIMULATED,
        "logged_in": True,
        "account": "****1234",
        "venue_time": venue(seconds),
        "phase": VenuePhase.CONTINUOUS,
        "journal_id": "J",
        "epoch": 1,
        "gate": Gate.OPEN,
        "run_id": "sim-1",
    }
    return SessionInfo(**(fields | changes))


def opened(link: LinkName, **changes: Any) -> LinkOpened:
    return LinkOpened(link, a_session(**changes))


def an_instrument(symbol: str = SAMSUNG) -> Instrument:
    return Instrument(Symbol(symbol), "삼성전자", Market.KOSPI, Krw(10_000), Krw(7_000), Krw(13_000), True)


def instruments(*symbols: str) -> InstrumentsReceived:
    return InstrumentsReceived(tuple(an_instrument(s) for s in symbols or (SAMSUNG,)), ())


def link_is(link: LinkName, state: str = "READY", before: str = "RECONCILING") -> ConnectionChanged:
    return ConnectionChanged(link, before, state, "t", "because", UnixNanos(T0))


def broker_state(
    *orders: Any, positions: Any = (), as_of: int = 0, journal: str = "J", seconds: float = 0
) -> BrokerStateReceived:
    return BrokerStateReceived(Krw(10_000_000), tuple(positions), orders, journal, as_of, venue(seconds))


# ---- quotes ----------------------------------------------------------------------------------------------------


def a_quote(seconds: float = 1, price: int = 10_000, symbol: str = SAMSUNG, volume: int | None = None) -> Quote:
    count = int(seconds * 1000) if volume is None else volume
    return Quote(symbol, venue(seconds), price, 1, max(count, 1), price - 10, price + 10, 5, 5, 1)


def received(*rows: Quote) -> QuotesReceived:
    return quotes_received(*rows)


def judged(*rows: Quote) -> QuotesJudged:
    return QuotesJudged(1, rows, ())


def a_batch(*rows: Quote) -> QuoteBatch:
    return QuoteBatch("sim-1", 1, rows, 0, False, T0)


# ---- orders ----------------------------------------------------------------------------------------------------


def approved(name: str = "o1", side: Side = Side.BUY, quantity: int = 10, **changes: Any) -> OrderApproved:
    fields: dict[str, Any] = {
        "client_order_id": ClientOrderId(name),
        "symbol": SAMSUNG,
        "side": side,
        "kind": OrderKind.LIMIT,
        "purpose": Purpose.ENTRY if side is Side.BUY else Purpose.EXIT,
        "quantity": quantity,
        "limit_price": Krw(10_000),
        "reserved_krw": Krw(0),
        "origin": "momentum",
        "rationale": "it rises",
        "venue_time": venue(0),
    }
    return OrderApproved(**(fields | changes))


class Venue:
    """Numbers facts the way the journal of a broker does."""

    FILLS: ClassVar[tuple[type[Message], ...]] = (OrderFilled,)

    def __init__(self, journal: str = "J", seq: int = 0) -> None:
        self.journal, self.seq, self.at = journal, seq, 1.0

    def _head(self, order: Any) -> dict[str, Any]:
        self.seq += 1
        return {
            "journal_id": self.journal,
            "event_seq": self.seq,
            "venue_time": venue(self.at),
            "client_order_id": order.client_order_id,
        }

    def accepts(self, order: SubmitOrder | OrderApproved, number: str = "1") -> OrderAccepted:
        return OrderAccepted(
            **self._head(order),
            venue_order_id=VenueOrderId(number),
            symbol=order.symbol,
            side=order.side,
            quantity=order.quantity,
            limit_price=order.limit_price,
        )

    def fills(self, order: Any, quantity: int, leaves: int, number: str = "1") -> OrderFilled:
        return OrderFilled(
            **self._head(order),
            venue_order_id=VenueOrderId(number),
            trade_id=TradeId(f"t{self.seq}"),
            symbol=order.symbol,
            side=order.side,
            last_qty=quantity,
            last_px=Krw(10_000),
            commission=Krw(0),
            tax=Krw(0),
            leaves_qty=leaves,
        )

    def cancels(
        self, order: Any, quantity: int, request: str = "", number: str = "1", leaves: int = 0
    ) -> OrderCancelled:
        return OrderCancelled(
            **self._head(order),
            request_id=RequestId(request),
            venue_order_id=VenueOrderId(number),
            cancelled_qty=quantity,
            leaves_qty=leaves,
        )

    def makes(self, kind: type[Any], order: Any, **fields: Any) -> Any:
        return kind(**self._head(order), **fields)
