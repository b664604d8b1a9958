"""What of ours is compared with the broker's lists."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from domain.config import ReconcileConfig
from domain.instruments import Instrument
from domain.messages.link import BrokerStateReceived, ExternalOrderSeen
from domain.messages.orders import OrderFact
from domain.orders import ClientOrder
from domain.time import kst_date
from domain.types import Krw, RequestId, UnixNanos


class Orphan(NamedTuple):
    """A fact about an order that nobody here knows."""

    at: UnixNanos  # system time it was heard
    fact: OrderFact


class Sighting(NamedTuple):
    """How often the lists were read whole without a trace of a request."""

    snapshots: int
    first_at: UnixNanos  # system time


class Difference(NamedTuple):
    """Something that differs and that the lists do not explain."""

    subject: str  # what it is about: the same while it stands, whatever its numbers do
    words: str
    symbol: str = ""  # instrument in which it makes new orders unsafe; empty for none


@dataclass(frozen=True, slots=True)
class Own:
    """Own side of a comparison. Times are system time, ns."""

    orders: tuple[ClientOrder, ...]  # closed ones of the day too
    positions: Mapping[str, int]  # symbol -> shares
    cash: Krw | None  # None before the first account
    heard_at: Mapping[str, int] = field(default_factory=dict)  # symbol -> last event heard of it
    orphans: Mapping[str, tuple[Orphan, ...]] = field(default_factory=dict)  # by venue order number
    externals: Mapping[str, ExternalOrderSeen] = field(default_factory=dict)  # as told last, open ones
    sightings: Mapping[RequestId, Sighting] = field(default_factory=dict)  # the lists compared now included
    instruments: Mapping[str, Instrument] = field(default_factory=dict)
    settings: ReconcileConfig = field(default_factory=ReconcileConfig)
    commission_ppm: int = 0
    now: UnixNanos = UnixNanos(0)
    own_clock: bool = False  # the orders' broker has a venue clock of its own: times of both do not compare
    is_over: bool = False  # the session of the day is over: what ended without a word expired

    def is_current(self, symbol: str, state: BrokerStateReceived) -> bool:
        """Tell whether the broker's answer is not older than what was heard of an instrument."""
        return self.heard_at.get(symbol, 0) <= state.as_of_seq


def is_of_day(order: ClientOrder, at: int) -> bool:
    """Tell whether an order belongs to the trading date of a moment at the broker, or may.

    Numbers are unique per day only, and the lists show one day.
    """
    return kst_date(order.changed_at) >= kst_date(at)
