"""Limits on the whole account: daily loss, drawdown, shocks, silence. Folded by the risk manager."""

from dataclasses import dataclass
from typing import Any

from domain.messages.risk import Cause
from domain.types import UnixNanos


@dataclass(slots=True)
class AccountWatch:
    """How far the account is from its limits, and why only exits pass."""

    causes: tuple[Cause, ...] = ()  # in force

    def fold(self, message: Any, now: UnixNanos) -> None:
        """Take one message in; `now` is system time."""
