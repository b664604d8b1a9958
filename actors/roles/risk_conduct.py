"""What the risk manager answers to people about conduct: shares put under its care, manual mode."""

from typing import Any

from domain.messages import Message, Stamp
from domain.risk import RiskState


def outputs(state: RiskState, message: Any, stamp: Stamp) -> list[Message]:
    """Answer people who claim a holding or trade alone."""
    return []
