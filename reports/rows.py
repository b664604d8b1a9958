"""The parts of payloads that a report needs, as the log has them: JSON of the message of the same name.

A field that the message got later has its default here, so that older logs can be read.
"""

from typing import Any

import msgspec

from domain.types import Krw, Purpose, Side, UnixNanos


class Mark(msgspec.Struct, gc=False):
    """Of EquityMarked and, for the first moment of a date, of AccountOpened."""

    cash: Krw
    equity: Krw
    unrealized_pnl: Krw
    positions: int
    venue_time: UnixNanos


class Opened(msgspec.Struct, gc=False):
    """Of AccountOpened."""

    cash: Krw
    start_equity: Krw
    venue_time: UnixNanos


class Held(msgspec.Struct, gc=False):
    """One holding as the broker books it."""

    symbol: str
    quantity: int
    cost_basis: Krw


class BrokerState(msgspec.Struct):
    """Of BrokerStateReceived."""

    positions: tuple[Held, ...]


class Approved(msgspec.Struct, gc=False):
    """Of OrderApproved."""

    client_order_id: str
    side: Side
    quantity: int
    origin: str
    rationale: str
    venue_time: UnixNanos
    symbol: str = ""
    arrival_price: Krw | None = None
    overridden: tuple[str, ...] = ()


class Reference(msgspec.Struct, gc=False):
    """Of SignalFormed: the mark when it was formed. Anything else that leads to an order has none."""

    reference_price: Krw | None = None


class Scored(msgspec.Struct, gc=False):
    """Of SignalScored: what accuracy is told from."""

    strategy: str
    symbol: str
    purpose: Purpose
    confidence: float
    horizon_s: int
    horizon_sessions: int
    formed_at: UnixNanos
    gross_ppm: int
    cost_ppm: int
    won: bool | None


class Sent(msgspec.Struct, gc=False):
    """Of OrderSent."""

    client_order_id: str
    request_id: str
    sent_at: UnixNanos


class Received(msgspec.Struct, gc=False):
    """Of QuotesReceived."""

    received_at: UnixNanos = UnixNanos(0)


class Run(msgspec.Struct):
    """Of RunStarted; the configuration stays as it is, because settings of any version are compared."""

    run_id: str
    version: str
    config: dict[str, Any]


class Denied(msgspec.Struct, gc=False):
    """Of OrderDenied."""

    reason: str
