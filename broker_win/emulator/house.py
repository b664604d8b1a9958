"""Kiwoom's servers behind the emulated control: a simulated venue that lives on when the control's process dies.

Two of them: `SimHouse` in this process, for tests that bring their own quotes and clock, and `RemoteHouse`, a
BrokerService of broker_sim in a process of its own. All callbacks come on the control's thread.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from broker.port import MarketNews, OrderRequest, Receipt
from domain.instruments import Instrument
from domain.messages.orders import OrderFact
from domain.quotes import Depth, Quote
from domain.types import Krw, UnixNanos, VenuePhase

READS = ("account", "positions", "day_orders", "fills", "quotes", "candles")


@dataclass(frozen=True, slots=True)
class Held:
    """Shares of one instrument after the facts heard so far."""

    quantity: int = 0
    cost: Krw = Krw(0)  # what was paid for them, without costs
    realized: Krw = Krw(0)  # of the day, costs included


class House(Protocol):
    """The servers. Symbols are 6-character codes; order numbers 7 digits, unique per day."""

    @property
    def instruments(self) -> Mapping[str, Instrument]:
        """Give what is listed, by code; empty while the servers were never reached."""

    @property
    def is_up(self) -> bool:
        """Tell whether the servers answer."""

    @property
    def is_replaying(self) -> bool:
        """Tell whether the fact being heard is one of before: of an earlier process, or missed while they were away."""

    def held(self, symbol: str) -> Held:
        """Give the shares held after the fact being heard."""

    def now(self) -> UnixNanos:
        """Give the venue's clock."""

    def phase(self) -> VenuePhase:
        """Give the phase of the venue's day."""

    def read(self, what: str, then: Callable[[Any], None], symbol: str = "") -> None:
        """Read one of `READS` and hand it over: what the port gives (AccountState, lists of rows), or an exception."""

    def place(self, request: OrderRequest, then: Callable[[Receipt], None]) -> None:
        """Send a request to the venue. What it gives rise to is heard as facts, before or after the receipt.

        A receipt in doubt: the line broke. Raises BrokerUnavailable when it did not leave.
        """

    def hear(
        self,
        on_fact: Callable[[OrderFact], None],
        on_rows: Callable[[Sequence[Quote], Sequence[Depth]], None],
        on_phase: Callable[[VenuePhase], None],
    ) -> None:
        """Hear what happens from now on. Facts of the day that came before are heard first. Called once."""

    def hear_market(self, on_news: Callable[[MarketNews], None]) -> None:
        """Hear interruptions and indices from now on, where the servers tell them. Called once."""

    def watch(self, codes: Sequence[str]) -> None:
        """Hear rows of these codes from now on, all that are to be heard."""

    def close(self) -> None:
        """Hang up."""
