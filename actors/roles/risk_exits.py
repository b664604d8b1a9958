"""What the risk manager does about open positions: stops, and sales that do not get done."""

from typing import Any

from domain.messages import Message, Stamp
from domain.risk import RiskState


def outputs(state: RiskState, message: Any, stamp: Stamp) -> list[Message]:
    """Say which stops are reached and which sales are stuck; answer people who set stops."""
    return []
