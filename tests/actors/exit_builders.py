"""A whole house that holds shares with stops, and its venue."""

from dataclasses import replace
from typing import Any

from actors.roster import make_roles
from domain.instruments import Instrument
from domain.messages import Message
from domain.messages.link import BrokerOpenOrder, BrokerPosition, HeartbeatReceived, InstrumentsReceived, LinkLost
from domain.messages.market import SymbolInterrupted
from domain.messages.operator import StopsRequested
from domain.messages.orders import CancelOrder, OrderRejected, RequestAnswered, ResolveOrder, SubmitOrder
from domain.messages.risk import ExitStuck, StopTriggered
from domain.messages.trading import OrderApproved
from domain.quotes import Quote, QuoteKind
from domain.risk.flattening import FLATTEN_ATTEMPTS, RETRY_NS
from domain.risk_config import RiskConfig, StopTerms
from domain.types import NANOS_PER_SECOND, Krw, LinkName, RequestOutcome, Side, VenuePhase
from domain.views import RiskQuery, RiskView, StopView
from tests.actors.builders import (
    SAMSUNG,
    House,
    Venue,
    a_run,
    an_instrument,
    broker_state,
    opened,
    received,
    venue,
)
from tests.actors.money_builders import a_signal

STOP = StopTerms(stop_loss_ppm=30_000)  # at 9,700 for shares of 10,000
RISK = RiskConfig(stops=STOP, escalate_s=30, check_sessions=True)
LOWER = 7_000
AT_STOP = 9_700


class Floor:
    """A house in the middle of a good day: it holds ten shares at 10,000 won, and stops are on."""

    def __init__(
        self, risk: RiskConfig = RISK, held: int = 10, symbols: tuple[str, ...] = (SAMSUNG,), at: float = 1
    ) -> None:
        self.venue, self.risk, self.symbols = Venue(), risk, symbols
        self.held = dict.fromkeys(symbols, held)
        self.house = House(*make_roles())
        self.numbers = 0
        self.venue.at = at
        self.begin()

    # ---- runs and links ----------------------------------------------------------------------------------------

    def begin(self, *orders: BrokerOpenOrder) -> None:
        """Begin a run and let its links come up."""
        self.house.hear(a_run(risk=self.risk, symbols=self.symbols), opened(LinkName.QUOTES, seconds=self.venue.at))
        self.house.hear(InstrumentsReceived(tuple(an_instrument(symbol) for symbol in self.symbols), ()))
        self.link_up(*orders)
        if self.venue.at > 0:
            self.quote(10_000)

    def link_up(self, *orders: BrokerOpenOrder) -> None:
        held = [BrokerPosition(name, shares, Krw(shares * 10_000)) for name, shares in self.held.items() if shares]
        state = broker_state(*orders, as_of=self.venue.seq, positions=held, seconds=self.venue.at)
        self.house.hear(opened(LinkName.ORDERS, seconds=self.venue.at), state)

    def next_day(self) -> None:
        """Begin the next trading date with a new run."""
        self.venue.at = 86_400
        self.begin()

    def link_lost(self) -> None:
        """Lose the orders link; it is dialled again after a while."""
        self.house.hear(LinkLost(LinkName.ORDERS, "gone"))
        for _ in range(3):
            self.house.tick(1)

    def never_arrived(self) -> None:
        """Let the broker say of what it was asked about last that it never came."""
        asked = self.said(ResolveOrder)[-1]
        void = (RequestOutcome.VOID, "", "", True, self.venue.seq)
        self.house.hear(RequestAnswered(asked.client_order_id, asked.request_id, *void))

    def reborn(self) -> "Floor":
        """Give the house that folds the log of this one; its run is still to begin."""
        again: Floor = object.__new__(Floor)
        again.__dict__ |= vars(self)
        again.house = House()
        again.house.core.kernel = self.house.folded(make_roles)
        again.house.core.history = list(self.house.core.history)
        again.house.now = self.house.now
        return again

    def instrument(self, **changes: Any) -> None:
        known: Instrument = replace(an_instrument(), **changes)
        self.house.hear(InstrumentsReceived((known,), ()))

    # ---- the market --------------------------------------------------------------------------------------------

    def quote(
        self, price: int, bid: int | None = None, kind: QuoteKind = QuoteKind.TRADE, symbol: str = SAMSUNG
    ) -> None:
        """Let a second pass and a row come."""
        self.venue.at += 1
        at, offered = self.venue.at, price if bid is None else bid
        ask = max(price, offered) + 10
        self.house.hear(received(Quote(symbol, venue(at), price, 1, int(at), offered, ask, 5, 5, kind)))

    def quotes(self, count: int, price: int, bid: int | None = None) -> None:
        for _ in range(count):
            self.quote(price, bid)

    def beat(self, phase: VenuePhase = VenuePhase.CONTINUOUS) -> None:
        self.house.hear(*[HeartbeatReceived(name, venue(self.venue.at), phase, True) for name in LinkName])

    def interruption(self, active: bool = True) -> None:
        self.house.hear(SymbolInterrupted(SAMSUNG, active, Krw(9_000), "", venue(self.venue.at)))

    # ---- the venue's word on orders ----------------------------------------------------------------------------

    def accept(self, order: SubmitOrder) -> str:
        self.numbers += 1
        self.house.hear(self.venue.accepts(order, str(self.numbers)))
        return str(self.numbers)

    def fill(self, order: Any, shares: int, leaves: int, number: str) -> None:
        self.held[order.symbol] += order.side.sign * shares
        self.house.hear(self.venue.fills(order, shares, leaves, number))

    def cancel(self, order: Any, shares: int, number: str) -> None:
        """Carry out the cancel that was asked for last; without one, the venue does it of itself."""
        asked = [item for item in self.said(CancelOrder) if item.client_order_id == order.client_order_id]
        request = asked[-1].request_id if asked else ""
        self.house.hear(self.venue.cancels(order, shares, request, number))

    def refuse_all(self, price: int) -> None:
        """Let the venue refuse each attempt of a sale; the next comes some seconds after it."""
        for attempt in range(FLATTEN_ATTEMPTS):
            if attempt:
                self.quotes(RETRY_NS // NANOS_PER_SECOND + 1, price)
            self.reject(self.sales[-1])

    def reject(self, order: Any) -> None:
        self.house.hear(self.venue.makes(OrderRejected, order, code="NO", text="no"))

    # ---- what was said -----------------------------------------------------------------------------------------

    def said(self, kind: type[Message]) -> list[Any]:
        return self.house.said(kind)

    @property
    def stops(self) -> list[StopTriggered]:
        return self.said(StopTriggered)

    @property
    def stuck(self) -> list[str]:
        return [told.reason for told in self.said(ExitStuck)]

    @property
    def sales(self) -> list[SubmitOrder]:
        return [order for order in self.said(SubmitOrder) if order.side is Side.SELL]

    @property
    def origins(self) -> list[str]:
        return [order.origin for order in self.said(OrderApproved) if order.side is Side.SELL]

    @property
    def cancels(self) -> list[CancelOrder]:
        return self.said(CancelOrder)

    def view(self) -> RiskView:
        found: RiskView = self.house.core.kernel.role("risk_manager").view(RiskQuery())
        return found

    def stop_view(self, symbol: str = SAMSUNG) -> StopView:
        risk: Any = self.house.core.kernel.role("risk_manager")
        [found] = [view for view in risk.state.stops.views(risk.state) if view.symbol == symbol]
        assert isinstance(found, StopView)
        return found

    @property
    def flattening(self) -> list[str]:
        risk: Any = self.house.core.kernel.role("risk_manager")
        return list(risk.state.flattening)

    @property
    def day(self) -> str:
        day: Any = self.house.core.kernel.role("trading_day")
        return str(day.state.value)

    def ask(self, terms: StopTerms | None, symbol: str = SAMSUNG, name: str = "s1") -> Any:
        """Let a person set stops; give the answer."""
        return self.house.hear(StopsRequested(name, "kim", symbol, terms, "why not"))[-1]

    def wait(self, seconds: int) -> None:
        """Let the clock of the machine tick."""
        for _ in range(seconds):
            self.beat()
            self.house.tick(1)


def a_strategys_exit(floor: Floor) -> tuple[SubmitOrder, str]:
    """Let a strategy's sale of everything rest at the venue."""
    floor.house.hear(a_signal(Side.SELL, 10_000, floor.venue.at))
    order = floor.sales[-1]
    return order, floor.accept(order)
