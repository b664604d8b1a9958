"""How the house behaved: pace of orders, past trades, what of the holdings is ours. Folded by the risk manager."""

from dataclasses import dataclass
from typing import Any

from domain.risk.conduct_facts import NO_CONDUCT, ConductFacts
from domain.types import UnixNanos


@dataclass(slots=True)
class Conduct:
    """What rules of conduct need, of the trading date and of positions."""

    def fold(self, message: Any, now: UnixNanos) -> None:
        """Take one message in; `now` is system time."""

    def facts(self, symbol: str, venue_time: int, now: UnixNanos) -> ConductFacts:
        """Give what rules look at for an order of an instrument."""
        return NO_CONDUCT
