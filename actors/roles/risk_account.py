"""What the risk manager does about the account: levels of its limits, what reduces trading."""

from typing import Any

from domain.messages import Message, Stamp
from domain.risk import RiskState


def outputs(state: RiskState, message: Any, stamp: Stamp) -> list[Message]:
    """Say which level a limit came to, and what only lets exits pass."""
    return []
